/* The post's line, as the system calls that it cannot do without:
 *
 *     post ROOT PROGRAM
 *
 * as `hc-unshare -fpiumn --mount-proc --root=ROOT PROGRAM` and `unshare -fpiumn --mount-proc --root=ROOT PROGRAM`.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <sched.h>

int main(int argc, char **argv)
{
	if (argc != 3)
		return 125;
	must(unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWNET), "unshare");
	/* The parent waits; the child becomes the program. */
	pid_t child = must(fork(), "fork");
	if (child)
		return status_of(child);
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	must(chroot(argv[1]), "chroot");
	must(chdir("/"), "chdir");
	must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
	execv(argv[2], argv + 2);
	must(-1, argv[2]);
}
