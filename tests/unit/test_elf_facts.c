/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a file before its names are asked for: against readelf, zlib, and what the file was made with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <zlib.h>

#include "lib/array.h"
#include "sandbox/services.h"
#include "scratch.h"
#include "target/elf_facts.h"

#define BUILD_ID "0123456789abcdef0123456789abcdef01234567"
#define OTHER_ID "1123456789abcdef0123456789abcdef01234567"
#define SHARED   "gcc -g -O2 -shared -fPIC -nostdlib program.c -Wl,--build-id=0x"

static const char source[] = "#include <stdio.h>\n#include <stdlib.h>\n"
			     "int use(FILE *f) { div_t d = div(3, 2); return (f != 0) + d.quot; }\n";

static int make(void **state)
{
	if (scratch__make(state))
		return -1;
	scratch__write("program.c", source, strlen(source));
	scratch__run(SHARED BUILD_ID " -o whole.so && objcopy --only-keep-debug whole.so whole.debug");
	scratch__run("strip whole.so -o stripped.so && objcopy --add-gnu-debuglink=whole.debug stripped.so linked.so");
	return 0;
}

static struct elf_facts read_facts(const char *name)
{
	struct elf_facts facts;
	struct error err = {0};
	int fd = scratch__open(name);

	assert_int_equal(elf_facts__read(fd, name, &facts, &err), 0);
	close(fd);
	return facts;
}

static uint32_t crc_of(const char *name)
{
	size_t size;
	unsigned char *data = scratch__read(name, &size);
	unsigned long crc = crc32(crc32(0, NULL, 0), data, (unsigned int)size);

	free(data);
	return (uint32_t)crc;
}

/* Against readelf: "LOAD OFFSET VIRTADDR PHYSADDR FILESIZ MEMSIZ FLAGS ALIGN". */
static void check_loads(const char *name, const struct elf_facts *facts)
{
	char command[1024], line[512];
	size_t count = 0;
	FILE *readelf;

	readelf = popen(scratch__format(command, sizeof(command), "readelf -lW '%s'", scratch__path(name)), "r");
	assert_non_null(readelf);
	while (fgets(line, sizeof(line), readelf)) {
		uint64_t offset, address, size;
		char flags[8] = "";

		if (sscanf(line, " LOAD %lx %lx %*x %lx %*x %7[RWE ]", &offset, &address, &size, flags) != 4)
			continue;
		assert_true(count < facts->load_count);
		assert_int_equal(facts->loads[count].offset, offset);
		assert_int_equal(facts->loads[count].address, address);
		assert_int_equal(facts->loads[count].size, size);
		assert_int_equal(facts->loads[count].executable, strchr(flags, 'E') != NULL);
		count++;
	}
	pclose(readelf);
	assert_int_equal(facts->load_count, count);
}

static void whole(void **state)
{
	struct elf_facts facts = read_facts("whole.so");

	(void)state;
	assert_string_equal(facts.build_id, BUILD_ID);
	assert_null(facts.debug_link);
	assert_null(facts.alt_link);
	assert_null(facts.alt_build_id);
	assert_true(facts.has_debug_info);
	assert_true(facts.has_symtab);
	assert_true(facts.load_count > 1);
	check_loads("whole.so", &facts);
	elf_facts__free(&facts);
	assert_null(facts.build_id);
	elf_facts__free(&facts);
}

static void stripped(void **state)
{
	struct elf_facts facts = read_facts("linked.so");

	(void)state;
	assert_string_equal(facts.build_id, BUILD_ID);
	assert_string_equal(facts.debug_link, "whole.debug");
	assert_int_equal(facts.debug_crc, crc_of("whole.debug"));
	assert_false(facts.has_debug_info);
	assert_false(facts.has_symtab);
	check_loads("linked.so", &facts);
	elf_facts__free(&facts);
	facts = read_facts("whole.debug");
	assert_string_equal(facts.build_id, BUILD_ID);
	assert_true(facts.has_debug_info);
	assert_true(facts.has_symtab);
	elf_facts__free(&facts);
}

static void old_compression(void **state)
{
	struct elf_facts facts;

	(void)state;
	scratch__run(SHARED BUILD_ID " -gz=zlib-gnu -o gnu.so && readelf -SW gnu.so | grep -q zdebug_info");
	facts = read_facts("gnu.so");
	assert_true(facts.has_debug_info);
	elf_facts__free(&facts);
}

/* Names of all lengths, to have all kinds of padding; none that leads elsewhere. */
static void debug_links(void **state)
{
	static const struct {
		const char *section;
		size_t size;
		const char *link;
		uint32_t crc;
	} cases[] = {
		{"a\0\0\0\x01\x02\x03\x04", 8, "a", 0x04030201},
		{"abc\0\x01\x02\x03\x04", 8, "abc", 0x04030201},
		{"abcd\0\0\0\0\x01\x02\x03\x84", 12, "abcd", 0x84030201},
		{"abcd\0\0\0\0\x01\x02\x03\x84more", 16, "abcd", 0x84030201},
		{"abc\0\x01\x02\x03", 7, NULL, 0}, /* no room for the checksum */
		{"abcd\0\0\0\x01", 8, NULL, 0},    /* nor for the padding before it */
		{"\0\0\0\0\x01\x02\x03\x04", 8, NULL, 0},
		{"abcdabcd", 8, NULL, 0}, /* no end */
		{"../c\0\0\0\0\x01\x02\x03\x04", 12, NULL, 0x04030201},
		{"/c\0\0\x01\x02\x03\x04", 8, NULL, 0x04030201},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct elf_facts facts;

		scratch__write("section", cases[i].section, cases[i].size);
		scratch__run("objcopy --add-section .gnu_debuglink=section stripped.so link.so");
		facts = read_facts("link.so");
		if (cases[i].link)
			assert_string_equal(facts.debug_link, cases[i].link);
		else
			assert_null(facts.debug_link);
		assert_int_equal(facts.debug_crc, cases[i].crc);
		elf_facts__free(&facts);
	}
}

/* dwz: what two files have in common is in a third, which has sections only. */
static void alt_link(void **state)
{
	struct elf_facts facts, common;

	(void)state;
	if (scratch__try("command -v dwz >/dev/null"))
		skip();
	scratch__run(SHARED BUILD_ID " -o dwz1.so && " SHARED OTHER_ID " -DOTHER -o dwz2.so");
	scratch__run("dwz -m common -M /usr/lib/debug/.dwz/common dwz1.so dwz2.so");
	facts = read_facts("dwz1.so");
	common = read_facts("common");
	assert_string_equal(facts.build_id, BUILD_ID);
	assert_string_equal(facts.alt_link, "/usr/lib/debug/.dwz/common");
	assert_non_null(common.build_id);
	assert_int_equal(strlen(common.build_id), 40);
	assert_string_equal(facts.alt_build_id, common.build_id);
	assert_true(common.has_debug_info);
	assert_int_equal(common.load_count, 0);
	assert_null(common.alt_link);
	elf_facts__free(&facts);
	elf_facts__free(&common);
}

static void no_facts(void **state)
{
	struct elf_facts facts;
	struct error err = {0};
	int fd = scratch__open("program.c");

	(void)state;
	assert_int_equal(elf_facts__read(fd, "program.c", &facts, &err), -ENOEXEC);
	assert_string_equal(err.text, "program.c: not an ELF file");
	elf_facts__free(&facts);
	assert_null(elf_facts__build_id(fd, "program.c"));
	close(fd);
}

static void addresses(void **state)
{
	struct elf_load loads[] = {
		{0x400000, 0, 0x1800, false}, {0x402000, 0x1000, 0x1000, true}, {0x500000, 0x1800, 0x900, false}};
	const struct elf_facts facts = {.loads = loads, .load_count = ARRAY_SIZE(loads)};
	uint64_t address;

	(void)state;
	assert_true(elf_facts__address_of(&facts, 0, &address));
	assert_int_equal(address, 0x400000);
	assert_true(elf_facts__address_of(&facts, 0x1000, &address)); /* in two: that with code */
	assert_int_equal(address, 0x402000);
	assert_true(elf_facts__address_of(&facts, 0x1fff, &address));
	assert_int_equal(address, 0x402fff);
	assert_true(elf_facts__address_of(&facts, 0x20ff, &address));
	assert_int_equal(address, 0x5008ff);
	assert_false(elf_facts__address_of(&facts, 0x2100, &address));
	assert_false(elf_facts__address_of(&facts, UINT64_MAX, &address));
}

/* ---- one parser for the files of one owner */

/* The process that parses, by the kernel's list of children; 0 for none, and there is never more than one. */
static int parser(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int first = 0, second = 0;

	assert_non_null(children);
	if (fscanf(children, "%d %d", &first, &second) > 1)
		fail_msg("two children: %d, %d", first, second);
	fclose(children);
	return first;
}

static int parser_after(const char *name)
{
	struct elf_facts facts = read_facts(name);

	elf_facts__free(&facts);
	return parser();
}

static void owners(void **state)
{
	int first, second;

	(void)state;
	if (geteuid())
		skip();
	scratch__run("cp whole.so root1 && cp whole.so root2 && cp whole.so user && chown 1 user");
	first = parser_after("root1");
	assert_int_equal(parser_after("root2"), first);
	second = parser_after("user");
	assert_int_not_equal(second, first);
	assert_int_equal(parser_after("user"), second);
	first = parser_after("root1");
	assert_int_not_equal(first, second);
	assert_int_equal(parser_after("root2"), first);
}

/* ---- answers of a liar */

static void try_reply(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1); /* of its exact size, for the address sanitizer */
	struct elf_facts facts;
	struct wire wire;
	uint64_t address;

	assert_non_null(copy);
	memcpy(copy, data, size);
	wire = wire__of(copy, size);
	if (!elf_facts__parse_reply(&wire, &facts)) {
		assert_true(!facts.build_id || !strpbrk(facts.build_id, "/."));
		assert_true(!facts.alt_build_id || !strpbrk(facts.alt_build_id, "/."));
		assert_true(!facts.debug_link || !strchr(facts.debug_link, '/'));
		for (uint64_t offset = 0; offset < 0x5000; offset += 0x100)
			(void)elf_facts__address_of(&facts, offset, &address);
	}
	elf_facts__free(&facts);
	free(copy);
}

static void mutations(void **state)
{
	struct buf request = {0}, reply = {0};
	struct error err = {0};
	int fd = scratch__open("linked.so");
	struct wire wire;

	(void)state;
	wire__put_text(&request, "linked.so");
	wire = wire__of(request.data, request.size);
	assert_int_equal(serve_elf_facts(&wire, &fd, 1, &reply, &err), 0);
	for (size_t size = 0; size < reply.size; size++)
		try_reply(reply.data, size);
	for (size_t i = 0; i < reply.size; i++) {
		char original = reply.data[i];

		for (int bit = 0; bit < 8; bit++) {
			reply.data[i] = (char)(original ^ 1 << bit);
			try_reply(reply.data, reply.size);
		}
		reply.data[i] = original;
	}
	buf__free(&request);
	buf__free(&reply);
	close(fd);
}

/* What paths are made of. */
static void wrong_names(void **state)
{
	static const struct {
		const char *build_id, *link, *alt_id;
		int code;
	} cases[] = {
		{"0123", "a.debug", "ff", 0},      {NULL, NULL, NULL, 0},           {"01/2", "a", "ff", -EPROTO},
		{"..", "a", "ff", -EPROTO},        {"0123", "../a", "ff", -EPROTO}, {"0123", "/a", "ff", -EPROTO},
		{"0123", "a", "f/../..", -EPROTO}, {"01 2", "a", "ff", -EPROTO},    {"ABCD", "a", "ff", -EPROTO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf reply = {0};
		struct elf_facts facts;
		struct wire wire;

		wire__put_text(&reply, cases[i].build_id);
		wire__put_text(&reply, cases[i].link);
		wire__put_number(&reply, 7);
		wire__put_text(&reply, "/any/path");
		wire__put_text(&reply, cases[i].alt_id);
		for (int j = 0; j < 3; j++)
			wire__put_number(&reply, 0);
		wire = wire__of(reply.data, reply.size);
		assert_int_equal(elf_facts__parse_reply(&wire, &facts), cases[i].code);
		elf_facts__free(&facts);
		buf__free(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),       cmocka_unit_test(stripped), cmocka_unit_test(old_compression),
		cmocka_unit_test(debug_links), cmocka_unit_test(alt_link), cmocka_unit_test(no_facts),
		cmocka_unit_test(addresses),   cmocka_unit_test(owners),   cmocka_unit_test(mutations),
		cmocka_unit_test(wrong_names),
	};

	return cmocka_run_group_tests_name("elf_facts", tests, make, scratch__remove);
}
