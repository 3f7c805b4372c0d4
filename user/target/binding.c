/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/binding.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "target/elf_file.h"
#include "target/elf_imports.h"

static bool read_word(const struct process *process, uint64_t address, uint64_t *word)
{
	int fd = openat(process->proc_fd, "mem", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, word, sizeof(*word), (off_t)address);

	if (fd >= 0)
		close(fd);
	return n == sizeof(*word);
}

/* The first mapping of the executable, from which its load address follows. */
static const struct mapping *executable(const struct process *process, const struct maps *maps)
{
	for (size_t i = 0; process->exe && i < maps->count; i++)
		if (maps->mappings[i].path && !strcmp(maps->mappings[i].path, process->exe))
			return &maps->mappings[i];
	return NULL;
}

const struct mapping *binding__of(const struct process *process, const struct maps *maps, const char *name)
{
	const struct mapping *mapping = executable(process, maps), *target = NULL;
	struct elf_file *file = NULL;
	uint64_t slot, address, bound;
	int fd = mapping ? maps__open_file(process, mapping) : -1;

	if (fd < 0)
		return NULL;
	if (!elf_file__open(fd, mapping->path, &file, NULL) && elf_imports__slot(file, name, &slot) &&
	    elf_file__address_of(file, mapping->offset, &address) &&
	    read_word(process, mapping->start - address + slot, &bound))
		target = maps__find(maps, bound);
	elf_file__free(file);
	close(fd);
	/* not bound yet: the slot leads back into the program's own linkage table */
	return target && target->inode == mapping->inode ? NULL : target;
}
