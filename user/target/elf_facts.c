/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/elf_facts.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/services.h"
#include "target/elf_file.h"

enum { LINK_MAX = 4096 + 64 }; /* of either section: a path, and a CRC or a build id */

/* ---- in the sandbox */

/* Reads a section that begins with a file name; *rest is what follows its NUL. NULL if there is no such. */
static char *read_link(const struct elf_file *file, const char *name, char *space, struct wire *rest)
{
	struct elf_section section;
	size_t length;

	if (!elf_file__section(file, name, &section) || section.compressed || section.size > LINK_MAX ||
	    elf_file__read(file, section.offset, space, section.size) != section.size)
		return NULL;
	length = strnlen(space, section.size);
	if (!length || length == section.size)
		return NULL;
	*rest = wire__of(space + length + 1, section.size - length - 1);
	return space;
}

/* The name, padding to four bytes, the checksum ("Separate Debug Files" of GDB's manual). */
static void put_debug_link(const struct elf_file *file, struct buf *reply)
{
	char space[LINK_MAX];
	uint32_t crc = 0;
	struct wire rest;
	char *link = read_link(file, ".gnu_debuglink", space, &rest);

	if (link) {
		size_t padding = -(strlen(link) + 1) & 3;

		if ((size_t)(rest.end - rest.at) < padding + sizeof(crc))
			link = NULL;
		else
			memcpy(&crc, rest.at + padding, sizeof(crc));
	}
	wire__put_text(reply, link && !strchr(link, '/') ? link : NULL);
	wire__put_number(reply, crc);
}

/* The path, and right after it the bytes of the build id (dwz). */
static void put_alt_link(const struct elf_file *file, struct buf *reply)
{
	char space[LINK_MAX], id[2 * 64 + 1] = "";
	struct wire rest;
	char *link = read_link(file, ".gnu_debugaltlink", space, &rest);

	for (size_t i = 0; link && i < 64 && rest.at + i < rest.end; i++) {
		id[2 * i] = "0123456789abcdef"[(unsigned char)rest.at[i] >> 4];
		id[2 * i + 1] = "0123456789abcdef"[rest.at[i] & 15];
	}
	wire__put_text(reply, link);
	wire__put_text(reply, link && *id ? id : NULL);
}

static void put_loads(const struct elf_file *file, struct buf *reply)
{
	struct elf_segment segment;
	uint64_t count = 0;

	for (size_t i = 0; elf_file__segment(file, i, &segment); i++)
		count += segment.type == PT_LOAD;
	wire__put_number(reply, count);
	for (size_t i = 0; elf_file__segment(file, i, &segment); i++) {
		if (segment.type != PT_LOAD)
			continue;
		wire__put_number(reply, segment.address);
		wire__put_number(reply, segment.offset);
		wire__put_number(reply, segment.file_size);
		wire__put_number(reply, segment.executable);
	}
}

int serve_elf_facts(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	const char *name = wire__text(request);
	struct elf_section section;
	struct elf_file *file;
	int code;

	if (!wire__done(request) || !name || fd_count != 1)
		return -EPROTO;
	code = elf_file__open_any(fds[0], name, &file, err);
	if (code)
		return code;
	wire__put_text(reply, elf_file__build_id(file));
	put_debug_link(file, reply);
	put_alt_link(file, reply);
	wire__put_number(reply, elf_file__section(file, ".debug_info", &section) ||
					elf_file__section(file, ".zdebug_info", &section));
	wire__put_number(reply, elf_file__has_symtab(file));
	put_loads(file, reply);
	elf_file__free(file);
	return 0;
}

/* ---- outside */

static bool is_hex(const char *text)
{
	return !text || !text[strspn(text, "0123456789abcdef")];
}

/* Paths are made of them: hex digits and a bare file name are all that they may be. */
static bool are_sane(const struct elf_facts *facts)
{
	return is_hex(facts->build_id) && is_hex(facts->alt_build_id) &&
	       (!facts->debug_link || !strchr(facts->debug_link, '/'));
}

int elf_facts__parse_reply(struct wire *wire, struct elf_facts *facts)
{
	enum { LOAD_SIZE = 4 * sizeof(uint64_t) };

	*facts = (struct elf_facts){0};
	facts->build_id = wire__copy(wire);
	facts->debug_link = wire__copy(wire);
	facts->debug_crc = (uint32_t)wire__number_to(wire, UINT32_MAX);
	facts->alt_link = wire__copy(wire);
	facts->alt_build_id = wire__copy(wire);
	facts->has_debug_info = wire__number(wire);
	facts->has_symtab = wire__number(wire);
	facts->load_count = wire__count(wire, LOAD_SIZE);
	facts->loads = calloc(facts->load_count + 1, sizeof(*facts->loads));
	if (!facts->loads) {
		facts->load_count = 0;
		return -ENOMEM;
	}
	for (size_t i = 0; i < facts->load_count; i++) {
		facts->loads[i].address = wire__number(wire);
		facts->loads[i].offset = wire__number(wire);
		facts->loads[i].size = wire__number(wire);
		facts->loads[i].executable = wire__number(wire);
	}
	return wire__done(wire) && are_sane(facts) ? 0 : -EPROTO;
}

int elf_facts__read(int fd, const char *name, struct elf_facts *facts, struct error *err)
{
	struct sandbox_reply reply;
	struct buf request = {0};
	int code;

	*facts = (struct elf_facts){0};
	wire__put_text(&request, name);
	code = services__call(SERVICE_ELF_FACTS, name, &request, &fd, 1, &reply, err);
	if (!code) {
		code = elf_facts__parse_reply(&reply.wire, facts);
		if (code)
			error__set(err, code, "%s: %s", name, error__reason(code));
	}
	sandbox_reply__free(&reply);
	buf__free(&request);
	return code;
}

void elf_facts__free(struct elf_facts *facts)
{
	free(facts->build_id);
	free(facts->debug_link);
	free(facts->alt_link);
	free(facts->alt_build_id);
	free(facts->loads);
	*facts = (struct elf_facts){0};
}

bool elf_facts__address_of(const struct elf_facts *facts, uint64_t offset, uint64_t *address)
{
	bool found = false;

	for (size_t i = 0; i < facts->load_count; i++) {
		const struct elf_load *load = &facts->loads[i];

		if (offset < load->offset || offset - load->offset >= load->size || (found && !load->executable))
			continue;
		*address = load->address + (offset - load->offset);
		found = true;
		if (load->executable)
			break;
	}
	return found;
}

char *elf_facts__build_id(int fd, const char *name)
{
	struct elf_facts facts;
	char *build_id = NULL;

	if (!elf_facts__read(fd, name, &facts, NULL)) {
		build_id = facts.build_id;
		facts.build_id = NULL;
	}
	elf_facts__free(&facts);
	return build_id;
}
