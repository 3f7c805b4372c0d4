/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/binding.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/services.h"
#include "target/elf_facts.h"
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

int serve_import_slot(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	const char *path = wire__text(request), *name = wire__text(request);
	struct elf_file *file = NULL;
	uint64_t slot = 0;
	int code = wire__done(request) && path && name && fd_count == 1 ? 0 : -EPROTO;

	if (!code)
		code = elf_file__open(fds[0], path, &file, err);
	if (!code && !elf_imports__slot(file, name, &slot))
		code = -ENOENT;
	wire__put_number(reply, slot);
	elf_file__free(file);
	return code;
}

/* Where the file has the address of the function that it imports by that name: its own address of the slot. */
static bool read_slot(int fd, const char *path, const char *name, uint64_t *slot)
{
	struct sandbox_reply reply;
	struct buf request = {0};
	int code;

	wire__put_text(&request, path);
	wire__put_text(&request, name);
	code = services__call(SERVICE_IMPORT_SLOT, path, &request, &fd, 1, &reply, NULL);
	if (!code) {
		*slot = wire__number(&reply.wire);
		code = wire__done(&reply.wire) ? 0 : -EPROTO;
	}
	sandbox_reply__free(&reply);
	buf__free(&request);
	return !code;
}

const struct mapping *binding__of(const struct process *process, const struct maps *maps, const char *name)
{
	const struct mapping *mapping = executable(process, maps), *target = NULL;
	struct elf_facts facts = {0};
	uint64_t slot, address, bound;
	int fd = mapping ? maps__open_file(process, mapping) : -1;

	if (fd < 0)
		return NULL;
	if (!elf_facts__read(fd, mapping->path, &facts, NULL) &&
	    elf_facts__address_of(&facts, mapping->offset, &address) && read_slot(fd, mapping->path, name, &slot) &&
	    read_word(process, mapping->start - address + slot, &bound))
		target = maps__find(maps, bound);
	elf_facts__free(&facts);
	close(fd);
	/* not bound yet: the slot leads back into the program's own linkage table */
	return target && target->inode == mapping->inode ? NULL : target;
}
