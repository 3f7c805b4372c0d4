/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads through pread with every offset checked against the size that the file had when it was opened, and takes a
 * short read as an error at any time: a file that shrinks afterwards cannot hurt. No use of libelf, which maps files.
 */
#include "target/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/elf_parts.h"

/* Bounds on what a hostile (say, sparse) file can make us spend. The largest browsers stay below a quarter of them. */
#define SECTIONS_MAX (256ULL << 10)
#define SEGMENTS_MAX 256 /* a dozen is usual */
#define NOTES_MAX    (64ULL << 10)
#define SECTION_NAME 32 /* of those that are asked for */
#define BUILD_ID_MAX 64 /* bytes; the usual kinds have 8, 16, 20 or 32 */

size_t elf_file__read(const struct elf_file *file, uint64_t offset, void *data, size_t size)
{
	size_t done = 0;

	if (file->image && offset < file->size) {
		done = size < file->size - offset ? size : file->size - offset;
		memcpy(data, file->image + offset, done);
		return done;
	}
	while (done < size && offset + done < file->size) {
		ssize_t n = pread(file->fd, (char *)data + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

bool elf_parts__read_exact(const struct elf_file *file, uint64_t offset, void *data, size_t size)
{
	return elf_file__read(file, offset, data, size) == size;
}

/* Whether [offset, offset + size) lies in the file. */
bool elf_parts__in_file(const struct elf_file *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && size <= file->size - offset;
}

static int check_header(const struct elf_file *file, const char *name, struct error *err)
{
	const Elf64_Ehdr *header = &file->header;

	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return error__set(err, -ENOEXEC, "%s: not a 64-bit ELF file: only those are supported", name);
	if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		return error__set(err, -ENOEXEC, "%s: not a little-endian ELF file: only those are supported", name);
	if (header->e_machine != EM_X86_64 && header->e_machine != EM_AARCH64)
		return error__set(err, -ENOEXEC, "%s: built for ELF machine %u: only x86-64 and arm64 are supported",
				  name, header->e_machine);
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN && !(file->may_lack_code && header->e_type == ET_REL))
		return error__set(err, -ENOEXEC, "%s: an ELF file, but no program or shared library (type %u)", name,
				  header->e_type);
	return 0;
}

static int read_header(struct elf_file *file, const char *name, struct error *err)
{
	size_t n = elf_file__read(file, 0, &file->header, sizeof(file->header));

	if (n < SELFMAG || memcmp(file->header.e_ident, ELFMAG, SELFMAG) != 0)
		return error__set(err, -ENOEXEC, "%s: not an ELF file", name);
	if (n <= EI_DATA)
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: it ends in its header", name);
	/* A 32-bit header is shorter: say that before "truncated". */
	if (n < sizeof(file->header) && file->header.e_ident[EI_CLASS] == ELFCLASS64)
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: it ends in its header", name);
	return check_header(file, name, err);
}

static int check_segment(const struct elf_file *file, const Elf64_Phdr *segment, size_t index, const char *name,
			 struct error *err)
{
	uint32_t type = segment->p_type;
	uint64_t end;

	/* Of the other types nothing is read. One without bytes in the file may have any offset. */
	if ((type == PT_LOAD || type == PT_NOTE || type == PT_DYNAMIC) && segment->p_filesz &&
	    !elf_parts__in_file(file, segment->p_offset, segment->p_filesz))
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: segment %zu points outside of it", name,
				  index);
	if (type == PT_LOAD &&
	    (segment->p_filesz > segment->p_memsz || __builtin_add_overflow(segment->p_vaddr, segment->p_memsz, &end)))
		return error__set(err, -ENOEXEC, "%s: damaged ELF file: the size of segment %zu makes no sense", name,
				  index);
	return 0;
}

static int read_segments(struct elf_file *file, const char *name, struct error *err)
{
	size_t count = file->header.e_phnum;
	int ret;

	if (!count && file->may_lack_code)
		return 0;
	if (!count)
		return error__set(err, -ENOEXEC, "%s: damaged ELF file: no program headers", name);
	if (count > SEGMENTS_MAX || file->header.e_phentsize != sizeof(Elf64_Phdr))
		return error__set(err, -ENOEXEC, "%s: damaged ELF file: bad number or size of program headers", name);
	if (!elf_parts__in_file(file, file->header.e_phoff, count * sizeof(Elf64_Phdr)))
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: program headers are outside of it", name);
	file->segments = calloc(count, sizeof(*file->segments));
	if (!file->segments)
		return error__set(err, -ENOMEM, "%s: out of memory", name);
	if (!elf_parts__read_exact(file, file->header.e_phoff, file->segments, count * sizeof(Elf64_Phdr)))
		return error__set(err, -EIO, "%s: cannot read its program headers", name);
	file->segment_count = count;
	for (size_t i = 0; i < count; i++) {
		ret = check_segment(file, &file->segments[i], i, name, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- build id */

static char *to_hex(const unsigned char *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(size * 2 + 1);

	for (size_t i = 0; text && i < size; i++) {
		text[i * 2] = digits[data[i] >> 4];
		text[i * 2 + 1] = digits[data[i] & 15];
	}
	if (text)
		text[size * 2] = '\0';
	return text;
}

/*
 * Finds the GNU build id in a note segment. Name and descriptor are padded to four bytes, or to eight in a segment
 * aligned to that (the x86-64 psABI has such notes).
 */
static const unsigned char *find_build_id(const unsigned char *notes, uint64_t size, uint64_t align, size_t *id_size)
{
	Elf64_Nhdr note;
	uint64_t pos = 0, desc, next;

	while (pos <= size && size - pos >= sizeof(note)) {
		memcpy(&note, notes + pos, sizeof(note));
		/* 64-bit sums of 32-bit sizes: they cannot overflow. */
		desc = (pos + sizeof(note) + note.n_namesz + align - 1) / align * align;
		next = (desc + note.n_descsz + align - 1) / align * align;
		if (desc > size || note.n_descsz > size - desc)
			return NULL;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(notes + pos + sizeof(note), ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 && note.n_descsz &&
		    note.n_descsz <= BUILD_ID_MAX) {
			*id_size = note.n_descsz;
			return notes + desc;
		}
		pos = next;
	}
	return NULL;
}

/* Having none is fine: only being unable to tell is an error. */
static int read_notes(struct elf_file *file, uint64_t offset, uint64_t whole, uint64_t align, const char *name,
		      struct error *err)
{
	uint64_t size = whole < NOTES_MAX ? whole : NOTES_MAX;
	unsigned char *notes = malloc(size + 1);
	const unsigned char *id = NULL;
	size_t id_size = 0;
	bool failed;

	if (!notes)
		return error__set(err, -ENOMEM, "%s: out of memory", name);
	if (elf_parts__read_exact(file, offset, notes, size))
		id = find_build_id(notes, size, align, &id_size);
	if (id)
		file->build_id = to_hex(id, id_size);
	failed = id && !file->build_id;
	free(notes);
	return failed ? error__set(err, -ENOMEM, "%s: out of memory", name) : 0;
}

static int read_build_id(struct elf_file *file, const char *name, struct error *err)
{
	struct elf_section section;
	int ret = 0;

	for (size_t i = 0; !ret && i < file->segment_count && !file->build_id; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type == PT_NOTE && segment->p_filesz)
			ret = read_notes(file, segment->p_offset, segment->p_filesz, segment->p_align == 8 ? 8 : 4,
					 name, err);
	}
	if (!ret && !file->segment_count && elf_file__section(file, ".note.gnu.build-id", &section))
		ret = read_notes(file, section.offset, section.size, 4, name, err);
	return ret;
}

/* ---- sections */

bool elf_parts__read_section(const struct elf_file *file, uint64_t index, Elf64_Shdr *section)
{
	return elf_parts__read_exact(file, file->header.e_shoff + index * sizeof(*section), section, sizeof(*section));
}

int elf_parts__count_sections(const struct elf_file *file, uint64_t *count, const char *name, struct error *err)
{
	const Elf64_Ehdr *header = &file->header;
	Elf64_Shdr first;

	*count = 0;
	if (!header->e_shoff)
		return 0;
	if (header->e_shentsize != sizeof(Elf64_Shdr))
		return error__set(err, -ENOEXEC, "%s: damaged ELF file: bad size of section headers", name);
	if (!elf_parts__in_file(file, header->e_shoff, sizeof(first)) || !elf_parts__read_section(file, 0, &first))
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: section headers are outside of it", name);
	/* From 0xff00 sections on, the count is in the first one (ELF gABI, "Sections"). */
	*count = header->e_shnum ? header->e_shnum : first.sh_size;
	if (*count > SECTIONS_MAX)
		return error__set(err, -EFBIG, "%s: damaged ELF file: too many section headers", name);
	if (!elf_parts__in_file(file, header->e_shoff, *count * sizeof(Elf64_Shdr)))
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: section headers are outside of it", name);
	return 0;
}

/* ---- life */

static int read_all(struct elf_file *file, const char *name, struct error *err)
{
	int ret;

	ret = read_header(file, name, err);
	if (!ret)
		ret = read_segments(file, name, err);
	if (!ret)
		ret = read_build_id(file, name, err);
	if (!ret)
		ret = elf_symbols__find(file, name, err);
	return ret;
}

static int open_copy(struct elf_file *file, int fd, const char *name, struct error *err)
{
	struct stat st;
	int ret;

	file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (file->fd < 0 || fstat(file->fd, &st) < 0) {
		ret = -errno;
		return error__set(err, ret, "%s: cannot use its descriptor: %s", name, error__reason(ret));
	}
	if (!S_ISREG(st.st_mode))
		return error__set(err, -ENOEXEC, "%s: not a regular file", name);
	file->size = (uint64_t)st.st_size;
	return 0;
}

static int open_file(int fd, const struct elf_file *how, const char *name, struct elf_file **file, struct error *err)
{
	struct elf_file *new;
	int ret = 0;

	*file = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return error__set(err, -ENOMEM, "%s: out of memory", name);
	*new = *how;
	new->tables = calloc(ELF_TABLE_COUNT, sizeof(*new->tables));
	if (!new->tables)
		ret = error__set(err, -ENOMEM, "%s: out of memory", name);
	else if (!new->image)
		ret = open_copy(new, fd, name, err);
	if (!ret)
		ret = read_all(new, name, err);
	if (ret) {
		elf_file__free(new);
		return ret;
	}
	*file = new;
	return 0;
}

int elf_file__open(int fd, const char *name, struct elf_file **file, struct error *err)
{
	const struct elf_file how = {.fd = -1};

	return open_file(fd, &how, name, file, err);
}

int elf_file__open_any(int fd, const char *name, struct elf_file **file, struct error *err)
{
	const struct elf_file how = {.fd = -1, .may_lack_code = true};

	return open_file(fd, &how, name, file, err);
}

int elf_file__open_image(const void *image, size_t size, const char *name, struct elf_file **file, struct error *err)
{
	const struct elf_file how = {.fd = -1, .image = image, .size = size};

	return open_file(-1, &how, name, file, err);
}

void elf_file__free(struct elf_file *file)
{
	if (!file)
		return;
	for (int i = 0; file->tables && i < ELF_TABLE_COUNT; i++)
		free(file->tables[i].strings);
	free(file->tables);
	free(file->segments);
	free(file->build_id);
	elf_file__release(file);
	free(file);
}

void elf_file__release(struct elf_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->image = NULL;
}

/* ---- questions */

const char *elf_file__build_id(const struct elf_file *file)
{
	return file->build_id;
}

bool elf_file__offset_of(const struct elf_file *file, uint64_t address, uint64_t *offset)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_filesz)
			continue;
		*offset = segment->p_offset + (address - segment->p_vaddr);
		return true;
	}
	return false;
}

bool elf_file__address_of(const struct elf_file *file, uint64_t offset, uint64_t *address)
{
	bool found = false;

	/* Where segments share bytes of the file, the executable one is meant. */
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];
		bool executable = segment->p_flags & PF_X;

		if (segment->p_type != PT_LOAD || offset < segment->p_offset ||
		    offset - segment->p_offset >= segment->p_filesz || (found && !executable))
			continue;
		*address = segment->p_vaddr + (offset - segment->p_offset);
		found = true;
		if (executable)
			break;
	}
	return found;
}

uint16_t elf_file__machine(const struct elf_file *file)
{
	return file->header.e_machine;
}

bool elf_file__segment(const struct elf_file *file, size_t index, struct elf_segment *segment)
{
	const Elf64_Phdr *raw;

	if (index >= file->segment_count)
		return false;
	raw = &file->segments[index];
	*segment = (struct elf_segment){
		.type = raw->p_type,
		.executable = raw->p_flags & PF_X,
		.address = raw->p_vaddr,
		.memory_size = raw->p_memsz,
		.offset = raw->p_offset,
		.file_size = raw->p_filesz,
	};
	return true;
}

static bool has_name(const struct elf_file *file, const Elf64_Shdr *names, const Elf64_Shdr *section, const char *name)
{
	size_t size = strlen(name) + 1;
	char text[SECTION_NAME];

	return size <= sizeof(text) && section->sh_name <= names->sh_size &&
	       size <= names->sh_size - section->sh_name &&
	       elf_parts__read_exact(file, names->sh_offset + section->sh_name, text, size) &&
	       memcmp(text, name, size) == 0;
}

bool elf_file__section(const struct elf_file *file, const char *name, struct elf_section *section)
{
	uint64_t count, names_index = file->header.e_shstrndx;
	Elf64_Shdr names, raw;

	if (elf_parts__count_sections(file, &count, name, NULL) || !count || !elf_parts__read_section(file, 0, &raw))
		return false;
	/* An index that does not fit is in the first section (ELF gABI, "ELF Header", e_shstrndx). */
	if (names_index == SHN_XINDEX)
		names_index = raw.sh_link;
	if (names_index >= count || !elf_parts__read_section(file, names_index, &names) ||
	    !elf_parts__in_file(file, names.sh_offset, names.sh_size))
		return false;
	for (uint64_t i = 1; i < count && elf_parts__read_section(file, i, &raw); i++) {
		/* One without bytes has been moved to another file, with the debug information. */
		if (raw.sh_type == SHT_NOBITS || raw.sh_type == SHT_NULL || !has_name(file, &names, &raw, name))
			continue;
		*section = (struct elf_section){
			.address = raw.sh_addr,
			.offset = raw.sh_offset,
			.size = raw.sh_size,
			.compressed = raw.sh_flags & SHF_COMPRESSED,
		};
		return elf_parts__in_file(file, raw.sh_offset, raw.sh_size);
	}
	return false;
}

bool elf_file__dynamic_value(const struct elf_file *file, int64_t tag, uint64_t *value)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const Elf64_Phdr *segment = &file->segments[i];
		uint64_t count = segment->p_filesz / sizeof(Elf64_Dyn);
		Elf64_Dyn entry;

		for (uint64_t j = 0; segment->p_type == PT_DYNAMIC && j < count && j < ELF_DYNAMIC_MAX; j++) {
			if (!elf_parts__read_exact(file, segment->p_offset + j * sizeof(entry), &entry,
						   sizeof(entry)) ||
			    entry.d_tag == DT_NULL)
				return false;
			if (entry.d_tag == tag) {
				*value = entry.d_un.d_val;
				return true;
			}
		}
	}
	return false;
}
