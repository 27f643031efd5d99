/* Copies files whole, and nothing more:
 *
 *     copy LIST DIRECTORY [ROOT]
 *
 * each file named in LIST, a line each, from below ROOT to the same place below DIRECTORY. A name with a slash at its end
 * is a directory to be made, and `NAME -> TARGET` a symlink. No modes or times.
 */
#define _GNU_SOURCE
#include "floor.h"
#include <sys/sendfile.h>
#include <sys/stat.h>

static void directories(char *path, size_t from)
{
	for (char *slash = path + from; (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			must(-1, path);
		*slash = '/';
	}
}

static void copy(const char *source, const char *target)
{
	struct stat about;
	int from = must(open(source, O_RDONLY), source);
	must(fstat(from, &about), source);
	int to = must(open(target, O_WRONLY | O_CREAT | O_TRUNC, 0755), target);
	for (off_t left = about.st_size; left > 0;) {
		ssize_t count = copy_file_range(from, NULL, to, NULL, left, 0);
		if (count < 0)
			count = must(sendfile(to, from, NULL, left), target);
		if (count == 0)
			break;
		left -= count;
	}
	close(from);
	close(to);
}

int main(int argc, char **argv)
{
	char name[4096], source[8192], path[8192];
	FILE *list = argc == 3 || argc == 4 ? fopen(argv[1], "r") : NULL;
	if (!list)
		return 125;
	if (mkdir(argv[2], 0755) && errno != EEXIST)
		must(-1, argv[2]);
	while (fgets(name, sizeof name, list)) {
		name[strcspn(name, "\n")] = 0;
		snprintf(source, sizeof source, "%s%s", argc == 4 ? argv[3] : "", name);
		snprintf(path, sizeof path, "%s%s", argv[2], name);
		char *target = strstr(path, " -> ");
		if (target)
			*target = 0;
		directories(path, strlen(argv[2]));
		if (target)
			must(symlink(target + 4, path), path);
		else if (path[strlen(path) - 1] != '/')
			copy(source, path);
	}
	return 0;
}
