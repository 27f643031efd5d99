/* Maps files and walks their dynamic sections, and nothing more:
 *
 *     walk FILE...
 *
 * prints how many names of libraries there are in them: what a resolver has to look at in any case.
 */
#include "floor.h"
#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>

static unsigned long needed(const char *name)
{
	struct stat about;
	int file = must(open(name, O_RDONLY | O_CLOEXEC), name);
	must(fstat(file, &about), name);
	const char *map = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	must(map == MAP_FAILED ? -1 : 0, name);
	close(file);
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)map;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(map + head->e_phoff);
	unsigned long sum = 0;
	for (int i = 0; i < head->e_phnum; i++) {
		if (segments[i].p_type != PT_DYNAMIC)
			continue;
		const Elf64_Dyn *entry = (const Elf64_Dyn *)(map + segments[i].p_offset);
		for (; entry->d_tag != DT_NULL; entry++)
			sum += entry->d_tag == DT_NEEDED;
	}
	munmap((void *)map, about.st_size);
	return sum;
}

int main(int argc, char **argv)
{
	unsigned long sum = 0;
	for (int i = 1; i < argc; i++)
		sum += needed(argv[i]);
	return printf("%lu\n", sum) < 0;
}
