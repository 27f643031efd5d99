/* A cgroup with limits, as the system calls that it cannot do without:
 *
 *     cgroup NAME PROGRAM DIRECTORY FILE=VALUE... [DIRECTORY FILE=VALUE...]...
 *
 * Makes the cgroup NAME in each DIRECTORY, which begins with a slash, writes to its control files, enters it, and becomes
 * PROGRAM, as `hc-cgroup --name=NAME -m 64m --pids-limit=10 PROGRAM`.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <sys/stat.h>

static void put(const char *path, const char *value)
{
	int file = must(open(path, O_WRONLY | O_CLOEXEC), path);
	must(write(file, value, strlen(value)), path);
	close(file);
}

int main(int argc, char **argv)
{
	char path[4096];
	const char *directory = NULL;

	if (argc < 4)
		return 125;
	for (int at = 3; at < argc; at++) {
		if (argv[at][0] == '/') {
			directory = argv[at];
			snprintf(path, sizeof path, "%s/%s", directory, argv[1]);
			must(mkdir(path, 0755), path);
		} else {
			char *value = strchr(argv[at], '=');
			if (!value || !directory)
				return 125;
			*value++ = 0;
			snprintf(path, sizeof path, "%s/%s/%s", directory, argv[1], argv[at]);
			put(path, value);
		}
	}
	for (int at = 3; at < argc; at++) {
		if (argv[at][0] == '/') {
			snprintf(path, sizeof path, "%s/%s/cgroup.procs", argv[at], argv[1]);
			put(path, "0");
		}
	}
	execv(argv[2], (char *[]){ argv[2], NULL });
	must(-1, argv[2]);
}
