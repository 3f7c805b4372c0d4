/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/debug_image.h"

#include <endian.h>
#include <errno.h>
#include <gelf.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES     (64ULL << 30) /* of address space */
#define SECTIONS_MAX_BYTES (2ULL << 30)  /* of memory: all debug sections, and again what they decompress to */
#define GUARD_BYTES        4096

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool copy(int fd, struct debug_image *image, uint64_t offset, uint64_t size)
{
	uint64_t done = 0;

	if (offset > image->size || size > image->size - offset)
		return false;
	while (done < size) {
		ssize_t n = pread(fd, image->data + offset + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

/* What a section grows to, 0 if it is not compressed; false if it cannot be told. */
static bool decompressed_size(int fd, Elf_Scn *section, const GElf_Shdr *header, const char *name, uint64_t *size)
{
	unsigned char zlib[12]; /* the older kind of compression: "ZLIB" and the size, big-endian */
	GElf_Chdr compression;

	*size = 0;
	if (header->sh_flags & SHF_COMPRESSED) {
		if (!gelf_getchdr(section, &compression))
			return false;
		*size = compression.ch_size;
	} else if (starts_with(name, ".zdebug_")) {
		if (pread(fd, zlib, sizeof(zlib), (off_t)header->sh_offset) != sizeof(zlib))
			return false;
		memcpy(size, zlib + 4, sizeof(*size));
		*size = be64toh(*size);
	}
	return true;
}

/* Takes `size` off what is left, if there is as much. */
static bool spend(uint64_t *left, uint64_t size)
{
	if (size > *left)
		return false;
	*left -= size;
	return true;
}

static bool copy_section(int fd, struct debug_image *image, Elf_Scn *section, const GElf_Shdr *header, const char *name,
			 uint64_t *left)
{
	uint64_t grown;

	return decompressed_size(fd, section, header, name, &grown) && spend(left, header->sh_size) &&
	       spend(left, grown) && copy(fd, image, header->sh_offset, header->sh_size);
}

/* Copies section names and debug sections; false for any reason not to use the file, having none among them. */
static bool copy_sections(int fd, struct debug_image *image, Elf *elf)
{
	uint64_t left = SECTIONS_MAX_BYTES;
	Elf_Scn *section = NULL;
	bool any = false;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;
		bool debug;

		if (!gelf_getshdr(section, &header) || !(name = elf_strptr(elf, names, header.sh_name)))
			return false;
		if (strcmp(name, ".gnu_debugaltlink") == 0)
			return false;
		debug = starts_with(name, ".debug_") || starts_with(name, ".zdebug_");
		if (header.sh_type == SHT_NOBITS || (!debug && elf_ndxscn(section) != names))
			continue;
		if (!copy_section(fd, image, section, &header, name, &left))
			return false;
		any |= debug;
	}
	return any;
}

static bool copy_headers(int fd, struct debug_image *image, Elf *elf)
{
	GElf_Ehdr header;
	size_t count;

	return gelf_getehdr(elf, &header) && header.e_shentsize == sizeof(Elf64_Shdr) && !elf_getshdrnum(elf, &count) &&
	       count <= SECTIONS_MAX_BYTES / sizeof(Elf64_Shdr) && copy(fd, image, 0, sizeof(Elf64_Ehdr)) &&
	       copy(fd, image, header.e_shoff, count * sizeof(Elf64_Shdr));
}

bool debug_image__read(int fd, struct debug_image *image)
{
	struct stat st;
	void *data;
	Elf *elf;
	bool ok;

	*image = (struct debug_image){0};
	if (elf_version(EV_CURRENT) == EV_NONE || fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(Elf64_Ehdr) ||
	    (uint64_t)st.st_size > FILE_MAX_BYTES)
		return false;
	data = mmap(NULL, (size_t)st.st_size + GUARD_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return false;
	image->data = data;
	image->size = (size_t)st.st_size;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ok = elf && copy_headers(fd, image, elf) && copy_sections(fd, image, elf);
	elf_end(elf);
	if (!ok)
		debug_image__free(image);
	return ok;
}

void debug_image__free(struct debug_image *image)
{
	if (image->data)
		munmap(image->data, image->size + GUARD_BYTES);
	*image = (struct debug_image){0};
}

bool debug_image__strings_end(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name, *end;
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || !(name = elf_strptr(elf, names, header.sh_name)))
			return false;
		end = strrchr(name, '_');
		if (header.sh_type == SHT_NOBITS || !strstr(name, "debug_") || !end || strcmp(end, "_str") != 0)
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || (data->d_size && ((const char *)data->d_buf)[data->d_size - 1]))
			return false;
	}
	return true;
}
