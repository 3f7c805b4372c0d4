/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <sys/mman.h>

#include "lib/array.h"
#include "scratch.h"
#include "target/elf_file.h"

#define BUILD_ID "0123456789abcdef0123456789abcdef01234567"

/* Without the C library, so that it has these functions and no others. */
static const char source[] = "extern int imported(int);\n"
			     "static int zeroes[4096]; int filled[4] = { 1, 2, 3, 4 };\n"
			     "int visible(int x) { return imported(x) * filled[x & 3] + zeroes[x & 4095]++; }\n"
			     "static __attribute__((noinline)) int hidden(int x) { return visible(x) + 1; }\n"
			     "__attribute__((weak)) int weak(int x) { return hidden(x) + 2; }\n"
			     "int old_api(int x) { return weak(x) + 3; }\n"
			     "__asm__(\".symver old_api, api@VERSION_1\");\n"
			     "static void *resolve(void) { return visible; }\n"
			     "int indirect(int x) __attribute__((ifunc(\"resolve\")));\n";

static const char imported[] = "int imported(int x) { return x; }\n";

#define FLAGS "-nostdlib -shared -fPIC -O1 -Wl,--version-script=versions -Wl,--build-id=0x" BUILD_ID

static int make(void **state)
{
	if (scratch__make(state))
		return -1;
	scratch__write("source.c", source, strlen(source));
	scratch__write("versions", "VERSION_1 { global: *; };\n", 26);
	/* Linked against what it imports, so that it has an undefined symbol which is a function. */
	scratch__write("imported.c", imported, strlen(imported));
	scratch__run("gcc -nostdlib -shared -fPIC imported.c -o libimported.so");
	scratch__run("gcc " FLAGS " -Wl,--hash-style=gnu source.c -L. -limported -o lib.so");
	scratch__run("gcc " FLAGS " -Wl,--hash-style=sysv source.c -L. -limported -o sysv.so");
	scratch__run("gcc -c source.c -o source.o");
	scratch__run("strip lib.so -o stripped.so");
	scratch__run(
		"gcc -nostdlib -shared -fPIC -Wl,--version-script=versions -Wl,--build-id=none source.c -o plain.so");
	return 0;
}

static struct elf_file *open_file(const char *name)
{
	struct error err = {0};
	struct elf_file *file;
	int fd = scratch__open(name);

	if (elf_file__open(fd, name, &file, &err))
		fail_msg("%s", err.text);
	close(fd); /* it has taken a copy */
	return file;
}

/* Opens bytes as a file, and returns the error. */
static int open_bytes(const void *data, size_t size, struct elf_file **file, struct error *err)
{
	int fd = memfd_create("elf", MFD_CLOEXEC), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	ret = elf_file__open(fd, "elf", file, err);
	close(fd);
	return ret;
}

struct list {
	struct elf_symbol symbols[32];
	size_t count;
};

static int add(const struct elf_symbol *symbol, void *cookie)
{
	struct list *list = cookie;

	assert_true(list->count < ARRAY_SIZE(list->symbols));
	list->symbols[list->count++] = *symbol;
	return 0;
}

/* The one symbol of that name and table. */
static const struct elf_symbol *get(const struct list *list, const char *name, bool dynamic)
{
	const struct elf_symbol *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->symbols[i].name, name) != 0 || list->symbols[i].dynamic != dynamic)
			continue;
		assert_null(found);
		found = &list->symbols[i];
	}
	return found;
}

static void check_symbol(const struct list *list, const char *file, const char *name, bool dynamic, bool global)
{
	const struct elf_symbol *symbol = get(list, name, dynamic);
	uint64_t address, size = 0;

	assert_non_null(symbol);
	address = scratch__symbol(file, dynamic ? "-D" : "", name, &size);
	assert_true(size > 0);
	assert_int_equal(symbol->address, address);
	assert_int_equal(symbol->size, size);
	assert_int_equal(symbol->global, global);
}

static void build_ids(void **state)
{
	struct elf_file *file;

	(void)state;
	file = open_file("lib.so");
	assert_string_equal(elf_file__build_id(file), BUILD_ID);
	elf_file__free(file);
	file = open_file("stripped.so");
	assert_string_equal(elf_file__build_id(file), BUILD_ID);
	elf_file__free(file);
	file = open_file("plain.so");
	assert_null(elf_file__build_id(file));
	elf_file__free(file);
}

static void symbols_of_both_tables(void **state)
{
	struct elf_file *file = open_file("lib.so");
	struct list list = {.count = 0};

	(void)state;
	assert_true(elf_file__has_symtab(file));
	assert_int_equal(elf_file__each_function(file, add, &list), 0);
	check_symbol(&list, "lib.so", "visible", true, true);
	check_symbol(&list, "lib.so", "weak", true, true);
	check_symbol(&list, "lib.so", "old_api", true, true);
	check_symbol(&list, "lib.so", "api", true, true);
	check_symbol(&list, "lib.so", "visible", false, true);
	check_symbol(&list, "lib.so", "weak", false, true);
	check_symbol(&list, "lib.so", "old_api", false, true);
	check_symbol(&list, "lib.so", "api", false, true); /* api@VERSION_1 in the table */
	check_symbol(&list, "lib.so", "hidden", false, false);
	check_symbol(&list, "lib.so", "resolve", false, false);
	assert_int_equal(list.count, 10); /* no import, no IFUNC, no data */
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.symbols[i].dynamic, i < 4); /* .dynsym first */
	elf_file__free(file);
}

static void check_dynamic(const struct list *list, const char *file)
{
	check_symbol(list, file, "visible", true, true);
	check_symbol(list, file, "weak", true, true);
	check_symbol(list, file, "old_api", true, true);
	check_symbol(list, file, "api", true, true);
	assert_int_equal(list->count, 4);
}

static void symbols_of_stripped(void **state)
{
	struct elf_file *file = open_file("stripped.so");
	struct list list = {.count = 0};

	(void)state;
	assert_false(elf_file__has_symtab(file));
	assert_int_equal(elf_file__each_function(file, add, &list), 0);
	check_dynamic(&list, "stripped.so");
	elf_file__release(file);
	assert_non_null(get(&list, "api", true)); /* names outlive the descriptor */
	elf_file__free(file);
}

/* Opens a copy without section headers. */
static struct elf_file *open_without_sections(const char *name)
{
	struct elf_file *file = NULL;
	Elf64_Ehdr header;
	unsigned char *data;
	size_t size;

	data = scratch__read(name, &size);
	memcpy(&header, data, sizeof(header));
	header.e_shoff = 0;
	header.e_shnum = header.e_shstrndx = 0;
	memcpy(data, &header, sizeof(header));
	assert_int_equal(open_bytes(data, size, &file, NULL), 0);
	assert_false(elf_file__has_symtab(file));
	free(data);
	return file;
}

/* Then the table is found through PT_DYNAMIC, and counted by either hash table. */
static void symbols_without_sections(void **state)
{
	static const char *const names[] = {"lib.so", "sysv.so"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct elf_file *file = open_without_sections(names[i]);
		struct list list = {.count = 0};

		assert_string_equal(elf_file__build_id(file), BUILD_ID);
		assert_int_equal(elf_file__each_function(file, add, &list), 0);
		check_dynamic(&list, names[i]);
		elf_file__free(file);
	}
}

static int count(const struct elf_symbol *symbol, void *cookie)
{
	assert_int_equal(symbol->name[0], 'f');
	++*(int *)cookie;
	return 0;
}

/* A chain of the hash table ends at a hash with bit 0 set, whatever the others are: try several. */
static void many_symbols_without_sections(void **state)
{
	char command[256];

	(void)state;
	for (int n = 8; n < 17; n++) { /* in three buckets */
		struct elf_file *file;
		int counted = 0;

		scratch__run(
			scratch__format(command, sizeof(command),
					"for i in $(seq %d); do echo \"int f$i(void) { return $i; }\"; done > many.c;"
					"gcc -nostdlib -shared -fPIC -Wl,--hash-style=gnu many.c -o many.so",
					n));
		file = open_without_sections("many.so");
		assert_int_equal(elf_file__each_function(file, count, &counted), 0);
		assert_int_equal(counted, n);
		elf_file__free(file);
	}
}

static int stop(const struct elf_symbol *symbol, void *cookie)
{
	(void)symbol;
	return ++*(int *)cookie == 2 ? 77 : 0;
}

static void visitor_stops(void **state)
{
	struct elf_file *file = open_file("lib.so");
	int calls = 0;

	(void)state;
	assert_int_equal(elf_file__each_function(file, stop, &calls), 77);
	assert_int_equal(calls, 2);
	elf_file__free(file);
}

static void addresses_and_offsets(void **state)
{
	struct elf_file *file = open_file("lib.so");
	uint64_t address = 0, size = 0, offset = 0, back = 0;
	int32_t filled[4] = {0};

	(void)state;
	/* Data lies at another address than offset, so that mixing them up shows. */
	address = scratch__symbol("lib.so", "", "filled", &size);
	assert_int_equal(size, sizeof(filled));
	assert_true(elf_file__offset_of(file, address, &offset));
	assert_int_not_equal(offset, address);
	assert_int_equal(elf_file__read(file, offset, filled, sizeof(filled)), sizeof(filled));
	assert_int_equal(filled[0], 1);
	assert_int_equal(filled[3], 4);
	assert_true(elf_file__address_of(file, offset, &back));
	assert_int_equal(back, address);
	/* The zero-filled part has no offset. */
	assert_false(elf_file__offset_of(file, scratch__symbol("lib.so", "", "zeroes", NULL) + 4096, &offset));
	assert_false(elf_file__offset_of(file, UINT64_MAX, &offset));
	assert_false(elf_file__address_of(file, 1ULL << 40, &address));
	elf_file__free(file);
}

static void segments_and_sections(void **state)
{
	struct elf_file *file = open_file("lib.so");
	size_t loads = 0, executable = 0, count = 0;
	struct elf_segment segment;
	struct elf_section section;
	uint64_t address, offset;

	(void)state;
	assert_int_equal(elf_file__machine(file), EM_X86_64);
	for (; elf_file__segment(file, count, &segment); count++) {
		if (segment.type != PT_LOAD)
			continue;
		loads++;
		executable += segment.executable;
		assert_true(segment.file_size <= segment.memory_size);
		assert_true(elf_file__offset_of(file, segment.address, &offset));
		assert_int_equal(offset, segment.offset);
	}
	assert_true(loads >= 2 && executable == 1);
	assert_false(elf_file__segment(file, count, &segment));
	assert_false(elf_file__segment(file, SIZE_MAX, &segment));
	assert_true(elf_file__section(file, ".text", &section));
	address = scratch__symbol("lib.so", "-D", "visible", NULL);
	assert_true(address >= section.address && address - section.address < section.size);
	assert_true(elf_file__offset_of(file, section.address, &offset));
	assert_int_equal(offset, section.offset);
	assert_false(section.compressed);
	assert_false(elf_file__section(file, ".tex", &section));
	assert_false(elf_file__section(file, ".text.", &section));
	assert_false(elf_file__section(file, "", &section));
	assert_false(elf_file__section(file, ".bss", &section)); /* nothing of it is in the file */
	assert_false(elf_file__section(file, ".a-name-that-is-longer-than-any-that-we-look-for", &section));
	elf_file__free(file);
}

static void reads_end_with_the_file(void **state)
{
	struct elf_file *file = open_file("lib.so");
	char data[16];
	size_t size;

	(void)state;
	free(scratch__read("lib.so", &size));
	assert_int_equal(elf_file__read(file, 0, data, 4), 4);
	assert_memory_equal(data, ELFMAG, 4);
	assert_int_equal(elf_file__read(file, size - 5, data, sizeof(data)), 5);
	assert_int_equal(elf_file__read(file, size, data, sizeof(data)), 0);
	assert_int_equal(elf_file__read(file, UINT64_MAX, data, sizeof(data)), 0);
	elf_file__free(file);
}

static void refuse(const void *data, size_t size, int code, const char *text)
{
	struct elf_file *file = (struct elf_file *)1;
	struct error err = {0};

	assert_int_equal(open_bytes(data, size, &file, &err), code);
	assert_null(file);
	assert_string_equal(err.text, text);
	assert_int_equal(err.status, STATUS_REFUSED);
}

/* The library with one field of its header changed. */
static void refuse_header(size_t offset, const void *value, size_t value_size, int code, const char *text)
{
	size_t size;
	unsigned char *data = scratch__read("lib.so", &size);

	memcpy(data + offset, value, value_size);
	refuse(data, size, code, text);
	free(data);
}

static void refusals(void **state)
{
	const uint16_t arm = EM_ARM, core = ET_CORE, none = 0, many = 257, odd = 57;
	const uint64_t outside = 1 << 20;

	(void)state;
	refuse("", 0, -ENOEXEC, "elf: not an ELF file");
	refuse("#!/bin/sh\n", 10, -ENOEXEC, "elf: not an ELF file");
	refuse("\177ELF", 4, -ENOEXEC, "elf: truncated ELF file: it ends in its header");
	refuse("\177ELF\2\1\1", 7, -ENOEXEC, "elf: truncated ELF file: it ends in its header");
	refuse("\177ELF\1\1\1", 7, -ENOEXEC, "elf: not a 64-bit ELF file: only those are supported");
	refuse_header(EI_CLASS, "\1", 1, -ENOEXEC, "elf: not a 64-bit ELF file: only those are supported");
	refuse_header(EI_DATA, "\2", 1, -ENOEXEC, "elf: not a little-endian ELF file: only those are supported");
	refuse_header(offsetof(Elf64_Ehdr, e_machine), &arm, 2, -ENOEXEC,
		      "elf: built for ELF machine 40: only x86-64 and arm64 are supported");
	refuse_header(offsetof(Elf64_Ehdr, e_type), &core, 2, -ENOEXEC,
		      "elf: an ELF file, but no program or shared library (type 4)");
	refuse_header(offsetof(Elf64_Ehdr, e_phnum), &none, 2, -ENOEXEC, "elf: damaged ELF file: no program headers");
	refuse_header(offsetof(Elf64_Ehdr, e_phnum), &many, 2, -ENOEXEC,
		      "elf: damaged ELF file: bad number or size of program headers");
	refuse_header(offsetof(Elf64_Ehdr, e_phentsize), &odd, 2, -ENOEXEC,
		      "elf: damaged ELF file: bad number or size of program headers");
	refuse_header(offsetof(Elf64_Ehdr, e_phoff), &outside, 8, -ENOEXEC,
		      "elf: truncated ELF file: program headers are outside of it");
	refuse_header(offsetof(Elf64_Ehdr, e_shoff), &outside, 8, -ENOEXEC,
		      "elf: truncated ELF file: section headers are outside of it");
	refuse_header(offsetof(Elf64_Ehdr, e_shentsize), &odd, 2, -ENOEXEC,
		      "elf: damaged ELF file: bad size of section headers");
}

static void refuse_other_files(void **state)
{
	struct error err = {0};
	struct elf_file *file;
	int fd;

	(void)state;
	fd = scratch__open("source.o");
	assert_int_equal(elf_file__open(fd, "source.o", &file, &err), -ENOEXEC);
	assert_string_equal(err.text, "source.o: an ELF file, but no program or shared library (type 1)");
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	assert_int_equal(elf_file__open(fd, "/dev/zero", &file, &err), -ENOEXEC);
	assert_string_equal(err.text, "/dev/zero: not a regular file");
	close(fd);
	assert_int_equal(elf_file__open(-1, "nothing", &file, &err), -EBADF);
	assert_null(file);
}

/* A table of a terabyte, all hole: nothing of that size is allocated or read. */
static void refuse_sparse(void **state)
{
	struct error err = {0};
	struct elf_file *file;
	Elf64_Shdr section;
	Elf64_Ehdr header;
	unsigned char *data;
	size_t size;
	int fd;

	(void)state;
	data = scratch__read("lib.so", &size);
	memcpy(&header, data, sizeof(header));
	for (size_t i = 0; i < header.e_shnum; i++) {
		unsigned char *at = data + header.e_shoff + i * sizeof(section);

		memcpy(&section, at, sizeof(section));
		if (section.sh_type == SHT_SYMTAB)
			section.sh_size = 1ULL << 40;
		memcpy(at, &section, sizeof(section));
	}
	scratch__write("sparse.so", data, size);
	free(data);
	assert_int_equal(truncate(scratch__path("sparse.so"), 1LL << 41), 0);
	fd = scratch__open("sparse.so");
	assert_int_equal(elf_file__open(fd, "sparse.so", &file, &err), -EFBIG);
	assert_string_equal(err.text, "sparse.so: damaged ELF file: its symbol table is too large");
	close(fd);
}

/* The section headers are last: every shorter copy lacks some of what its header announces. */
static void truncated(void **state)
{
	struct elf_file *file;
	unsigned char *data;
	size_t size;

	(void)state;
	data = scratch__read("lib.so", &size);
	for (size_t length = 0; length < size; length++) {
		struct error err = {0};

		assert_int_equal(open_bytes(data, length, &file, &err), -ENOEXEC);
		assert_null(file);
		assert_int_equal(strncmp(err.text, "elf: ", 5), 0);
		assert_null(strchr(err.text, '\n'));
		assert_true(length < SELFMAG || strstr(err.text, "truncated"));
	}
	assert_int_equal(open_bytes(data, size, &file, NULL), 0);
	elf_file__free(file);
	free(data);
}

/* The file is cut while it is open. */
static void truncated_later(void **state)
{
	struct list list = {.count = 0};
	struct elf_file *file;

	(void)state;
	scratch__run("cp lib.so shrinking.so");
	file = open_file("shrinking.so");
	assert_int_equal(truncate(scratch__path("shrinking.so"), 100), 0);
	assert_int_equal(elf_file__each_function(file, add, &list), -EIO);
	assert_int_equal(list.count, 0);
	elf_file__free(file);
}

static int check_name(const struct elf_symbol *symbol, void *cookie)
{
	*(size_t *)cookie += strlen(symbol->name);
	assert_null(strchr(symbol->name, '@'));
	return 0;
}

/* Half of the flips hit the headers, where they matter. */
static void flip(unsigned char *data, size_t size, uint64_t *seed)
{
	int count = 1 + (int)(scratch__random(seed) % 8);

	for (int i = 0; i < count; i++) {
		uint64_t random = scratch__random(seed);
		size_t at = (random & 1 ? random >> 8 : (random >> 8) % 1024) % size;

		data[at] = (unsigned char)(random & 2 ? random >> 56 : 0xff);
	}
}

static void flipped(void **state)
{
	size_t size, length = 0, opened = 0;
	unsigned char *data, *copy;
	uint64_t seed = 1, out;

	(void)state;
	data = scratch__read("lib.so", &size);
	copy = malloc(size);
	for (int i = 0; i < 5000; i++) {
		struct error err = {0};
		struct elf_file *file;
		int ret;

		memcpy(copy, data, size);
		flip(copy, size, &seed);
		ret = open_bytes(copy, size, &file, &err);
		assert_int_equal(!ret, file != NULL);
		assert_int_equal(!ret, !err.text[0]);
		if (ret) {
			assert_true(ret == -ENOEXEC || ret == -EFBIG);
			continue;
		}
		opened++;
		assert_int_equal(elf_file__each_function(file, check_name, &length), 0);
		elf_file__offset_of(file, scratch__random(&seed) % 65536, &out);
		elf_file__address_of(file, scratch__random(&seed) % 65536, &out);
		elf_file__free(file);
	}
	/* Both kinds occurred, so that the test tests something. */
	assert_true(opened > 500 && opened < 4500);
	assert_true(length > 0);
	free(copy);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build_ids),
		cmocka_unit_test(symbols_of_both_tables),
		cmocka_unit_test(symbols_of_stripped),
		cmocka_unit_test(symbols_without_sections),
		cmocka_unit_test(many_symbols_without_sections),
		cmocka_unit_test(visitor_stops),
		cmocka_unit_test(addresses_and_offsets),
		cmocka_unit_test(segments_and_sections),
		cmocka_unit_test(reads_end_with_the_file),
		cmocka_unit_test(refusals),
		cmocka_unit_test(refuse_other_files),
		cmocka_unit_test(refuse_sparse),
		cmocka_unit_test(truncated),
		cmocka_unit_test(truncated_later),
		cmocka_unit_test(flipped),
	};

	return cmocka_run_group_tests_name("elf_file", tests, make, scratch__remove);
}
