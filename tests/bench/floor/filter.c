/* Writes the system call filter of a stopped or sleeping process to standard output:
 *
 *     filter PID >FILE
 *
 * so that a floor loads the same program as the tool that it is compared with.
 */
#include "floor.h"
#include <linux/filter.h>
#include <sys/ptrace.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

int main(int argc, char **argv)
{
	static struct sock_filter program[BPF_MAXINSNS];
	pid_t pid = argc == 2 ? atoi(argv[1]) : 0;

	must(ptrace(PTRACE_ATTACH, pid, NULL, NULL), "attach");
	must(waitpid(pid, NULL, 0), "wait");
	long count = must(ptrace(PTRACE_SECCOMP_GET_FILTER, pid, NULL, program), "filter");
	must(ptrace(PTRACE_DETACH, pid, NULL, NULL), "detach");
	size_t size = (size_t)count * sizeof *program;
	return write(STDOUT_FILENO, program, size) == (ssize_t)size ? 0 : 125;
}
