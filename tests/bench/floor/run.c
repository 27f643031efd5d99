/* A container of a static program, as the system calls that make one, and an exec for each link of the chain:
 *
 *     run 0 ROOT JAIL FILTER PROGRAM
 *
 * as `hc-run PROGRAM`: a tmpfs on ROOT in a mount namespace of its own, PROGRAM in it as /program, and the directories
 * that are mounted on; the container's environment; and then JAIL, which is jail.c. The number is that of the link: this
 * program becomes itself four times before it becomes JAIL, and a link that has no work does nothing else.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <sched.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

/* hc-unshare -m --tmpfs */
static void make_root(const char *root)
{
	must(unshare(CLONE_NEWNS), "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
	must(mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), root);
}

/* hc-rootfs */
static void fill_root(const char *root, const char *program)
{
	static const struct { const char *name; mode_t mode; } places[] = {
		{"proc", 0755}, {"dev", 0755}, {"sys", 0755}, {"run", 0755}, {"tmp", 01777}};
	struct stat about;
	int directory = must(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), root);
	int from = must(open(program, O_RDONLY | O_CLOEXEC), program);
	must(fstat(from, &about), program);
	int to = must(openat(directory, "program", O_WRONLY | O_CREAT | O_CLOEXEC, 0755), "program");
	for (off_t left = about.st_size; left > 0;)
		left -= must(sendfile(to, from, NULL, left), "program");
	close(to);
	umask(0);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		must(mkdirat(directory, places[i].name, places[i].mode), places[i].name);
	umask(022);
}

int main(int argc, char **argv)
{
	char next[2] = "0";
	if (argc != 6)
		return 125;
	int link = *argv[1] - '0';
	if (link == 1)
		make_root(argv[2]);
	if (link == 2)
		fill_root(argv[2], argv[5]);
	/* hc-env, and the last hc-unshare */
	if (link == 3) {
		execve(argv[3], (char *[]){argv[3], argv[2], argv[4], "/program", NULL},
		       (char *[]){"PATH=/usr/bin:/bin", "HOME=/root", "container=handcraft", NULL});
		must(-1, argv[3]);
	}
	next[0] = '1' + link;
	argv[1] = next;
	execv(argv[0], argv);
	must(-1, argv[0]);
}
