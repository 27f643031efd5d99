/* Counts the CPUID instructions that a program comes to, one step at a time:
 *
 *     cpuid PROGRAM [ARG]... >/dev/null
 *
 * prints their number to standard error.
 */
#include "floor.h"
#include <sys/ptrace.h>
#include <sys/user.h>

int main(int argc, char **argv)
{
	enum { CPUID = 0xa20f };
	long count = 0;
	int status;
	struct user_regs_struct at;

	if (argc < 2)
		return 125;
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		must(ptrace(PTRACE_TRACEME, 0, NULL, NULL), "trace");
		execv(argv[1], argv + 1);
		must(-1, argv[1]);
	}
	for (;;) {
		must(waitpid(child, &status, 0), "wait");
		if (!WIFSTOPPED(status))
			break;
		must(ptrace(PTRACE_GETREGS, child, NULL, &at), "registers");
		if ((ptrace(PTRACE_PEEKTEXT, child, (void *)at.rip, NULL) & 0xffff) == CPUID)
			count++;
		must(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), "step");
	}
	fprintf(stderr, "%ld\n", count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
