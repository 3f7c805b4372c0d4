/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names from debugging information that is in other files: what they say must be what the same program says that still
 * has all of it, wherever the others are found, and what is not of this program must not be taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <time.h>

#include "lib/array.h"
#include "scratch.h"
#include "symbols/debug_files.h"
#include "symbols/names.h"
#include "symbols/symbols.h"

#define BUILD_ID "0123456789abcdef0123456789abcdef01234567"
#define OTHER_ID "0123456789abcdef0123456789abcdef01234568"

static const char program[] =
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#line 10 \"/src/inner.h\"\n"
	"static inline __attribute__((always_inline)) int inner(int x) { return x * 3; }\n"
	"#line 20 \"/src/outer.c\"\n"
	"static inline __attribute__((always_inline)) int middle(int x) { return inner(x) + 1; }\n"
	"int outer(int x)\n"
	"{\n"
	"	return middle(x) * x;\n"
	"}\n"
	"__attribute__((noinline)) static int local(FILE *f) { __asm__ volatile(\"\"); return f != 0; }\n"
	"int use(FILE *f) { div_t d = { 1, 2 }; return local(f) + d.quot; }\n";

#define SHARED "gcc -g -O2 -shared -fPIC -nostdlib program.c "

static int make(void **state)
{
	if (scratch__make(state))
		return -1;
	scratch__write("program.c", program, strlen(program));
	scratch__run(SHARED "-Wl,--build-id=0x" BUILD_ID " -o whole.so && strip whole.so -o stripped.so");
	scratch__run("objcopy --only-keep-debug whole.so whole.debug");
	scratch__run(SHARED "-DOTHER -Wl,--build-id=0x" OTHER_ID " -o other.so");
	scratch__run("objcopy --only-keep-debug other.so other.debug");
	scratch__run(SHARED "-Wl,--build-id=none -o noid.so && objcopy --only-keep-debug noid.so noid.debug");
	scratch__run("strip noid.so && objcopy --add-gnu-debuglink=noid.debug noid.so");
	return 0;
}

/* ---- finding */

static int open_path(void *cookie, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	++*(int *)cookie;
	return fd < 0 ? -errno : fd;
}

static struct elf_facts read_facts(const char *name)
{
	struct elf_facts facts;
	int fd = scratch__open(name);

	assert_int_equal(elf_facts__read(fd, name, &facts, NULL), 0);
	close(fd);
	return facts;
}

static const char *folders(void)
{
	static char text[1024];

	return scratch__format(text, sizeof(text), ":/nonexistent::%s:", scratch__path("X"));
}

/* What is found for the object; a descriptor, or -errno. */
static int find(const char *object)
{
	int opened = 0, fd;
	const struct debug_finder finder = {.folders = folders(), .open_path = open_path, .cookie = &opened};
	struct elf_facts facts = read_facts(object);

	fd = debug_files__open(&finder, scratch__path(object), &facts);
	elf_facts__free(&facts);
	assert_true(opened > 0 || fd < 0);
	return fd;
}

static void assert_found(const char *object, const char *expected)
{
	struct stat found, wanted;
	int fd = find(object);

	if (fd < 0)
		fail_msg("%s: %s is not found: %d", object, expected, fd);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(stat(scratch__path(expected), &wanted), 0);
	assert_int_equal(found.st_ino, wanted.st_ino);
	close(fd);
}

static void assert_none(const char *object)
{
	assert_int_equal(find(object), -ENOENT);
}

static void by_build_id(void **state)
{
	static const char place[] = "X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug";

	(void)state;
	assert_none("stripped.so");
	scratch__run("mkdir -p X/.build-id/01 && cp whole.debug "
		     "X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug");
	assert_found("stripped.so", place);
	/* of another build, damaged, or no file */
	scratch__run("cp other.debug X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug");
	assert_none("stripped.so");
	scratch__run("head -c 200 whole.debug > X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug");
	assert_none("stripped.so");
	scratch__run("rm X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug && "
		     "mkdir X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug");
	assert_none("stripped.so");
	scratch__run("rm -r X");
}

/* The three places of a link, the nearest first. */
static void by_link(void **state)
{
	char below[1024], command[2048];

	(void)state;
	scratch__run("mkdir -p dir/.debug && cp noid.so dir");
	scratch__format(below, sizeof(below), "X%s/dir", scratch_folder);
	assert_none("dir/noid.so");
	scratch__run(scratch__format(command, sizeof(command), "mkdir -p ./%s && cp noid.debug ./%s", below, below));
	assert_found("dir/noid.so", scratch__format(command, sizeof(command), "%s/noid.debug", below));
	scratch__run("cp noid.debug dir/.debug");
	assert_found("dir/noid.so", "dir/.debug/noid.debug");
	scratch__run("cp noid.debug dir");
	assert_found("dir/noid.so", "dir/noid.debug");
	/* another checksum: the next place */
	scratch__run("printf x >> dir/noid.debug");
	assert_found("dir/noid.so", "dir/.debug/noid.debug");
	scratch__run("cp whole.debug dir/.debug/noid.debug");
	assert_found("dir/noid.so", scratch__format(command, sizeof(command), "%s/noid.debug", below));
	scratch__run("rm -r X");
	assert_none("dir/noid.so");
	scratch__run("rm -r dir");
}

/* Where there is a build id, it says more than the checksum. */
static void by_link_with_build_id(void **state)
{
	(void)state;
	scratch__run("mkdir dir && objcopy --add-gnu-debuglink=whole.debug stripped.so dir/linked.so");
	assert_none("dir/linked.so");
	scratch__run("cp whole.debug dir && printf x >> dir/whole.debug");
	assert_found("dir/linked.so", "dir/whole.debug");
	scratch__run("cp other.debug dir/whole.debug");
	assert_none("dir/linked.so");
	scratch__run("rm -r dir");
}

/* A link is a name, not a way to another folder; nor is a file its own debugging information. */
static void wrong_links(void **state)
{
	unsigned char *data;
	size_t size;

	(void)state;
	scratch__run("mkdir -p dir/aa && cp noid.debug dir && objcopy --dump-section .gnu_debuglink=link noid.so");
	data = scratch__read("link", &size);
	assert_string_equal((const char *)data, "noid.debug");
	memcpy(data, "../oid.dbg", 10);
	scratch__write("link", data, size);
	scratch__run(
		"cp noid.debug dir/oid.dbg && objcopy --update-section .gnu_debuglink=link noid.so dir/aa/noid.so");
	assert_none("dir/aa/noid.so");
	scratch__run("objcopy --remove-section .gnu_debuglink noid.so dir/noid.debug");
	scratch__run("cp dir/noid.debug copy && objcopy --add-gnu-debuglink=dir/noid.debug copy dir/noid.debug");
	assert_none("dir/noid.debug");
	free(data);
	scratch__run("rm -r dir link copy");
}

/* A file with a hole of 64 GiB, which whoever makes links can make as well: it is not read to its end. */
static void endless_file(void **state)
{
	struct timespec before, after;

	(void)state;
	scratch__run("mkdir dir && cp noid.so dir");
	if (scratch__try("truncate -s 64G dir/noid.debug 2>/dev/null")) {
		scratch__run("rm -r dir");
		skip();
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_none("dir/noid.so");
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 20);
	scratch__run("rm -r dir");
}

/* ---- names */

static struct name_set *read_names(const char *object, const char *debug, const char *alt)
{
	struct names_files files = {.name = object, .object = scratch__open(object), .debug = -1, .alt = -1};
	enum { START = 0x1000, COUNT = 0x180 };
	struct name_set *set = name_set__new();
	uint64_t offsets[COUNT];

	assert_non_null(set);
	if (debug)
		files.debug = scratch__open(debug);
	if (alt)
		files.alt = scratch__open(alt);
	for (size_t i = 0; i < COUNT; i++)
		offsets[i] = START + i;
	assert_int_equal(names__read(&files, offsets, COUNT, set, NULL), 0);
	assert_int_equal(name_set__count(set), COUNT);
	close(files.object);
	if (debug)
		close(files.debug);
	if (alt)
		close(files.alt);
	return set;
}

static void assert_same_text(const struct name_set *a, uint32_t in_a, const struct name_set *b, uint32_t in_b)
{
	const char *first = name_set__text(a, in_a), *second = name_set__text(b, in_b);

	if (!first || !second)
		assert_ptr_equal(first, second);
	else
		assert_string_equal(first, second);
}

struct tally {
	size_t named, with_line, inlined;
};

/* Compares all places, and says how much there was to compare. */
static struct tally assert_same(const struct name_set *a, const struct name_set *b)
{
	struct tally tally = {0};

	assert_int_equal(name_set__kinds(a), name_set__kinds(b));
	for (uint64_t place = 0x1000; place < 0x1180; place++) {
		const struct name_line *lines, *others;
		size_t count, other_count;

		assert_true(name_set__find(a, place, &lines, &count));
		assert_true(name_set__find(b, place, &others, &other_count));
		assert_int_equal(count, other_count);
		for (size_t i = 0; i < count; i++) {
			assert_same_text(a, lines[i].function, b, others[i].function);
			assert_same_text(a, lines[i].system_name, b, others[i].system_name);
			assert_same_text(a, lines[i].file, b, others[i].file);
			assert_int_equal(lines[i].line, others[i].line);
			tally.with_line += lines[i].line > 0;
		}
		tally.named += count > 0;
		tally.inlined += count > 1;
	}
	return tally;
}

static void check_line(const struct name_set *set, uint64_t place, size_t count, const char *function, const char *file,
		       uint32_t line)
{
	const struct name_line *lines;
	size_t found;

	assert_true(name_set__find(set, place, &lines, &found));
	assert_int_equal(found, count);
	if (!count)
		return;
	assert_string_equal(name_set__text(set, lines[0].function), function);
	assert_string_equal(file ? file : "none", file ? name_set__text(set, lines[0].file) : "none");
	if (!file)
		assert_int_equal(lines[0].file, NAME_NONE);
	assert_int_equal(lines[0].line, line);
}

/* All that the whole program says, by other files. */
static void check_like_whole(const char *object, const char *debug, const char *alt)
{
	struct name_set *whole = read_names("whole.so", NULL, NULL), *other = read_names(object, debug, alt);
	uint64_t local = scratch__symbol("whole.so", "", "local", NULL);
	struct tally tally = assert_same(whole, other);

	assert_int_equal(name_set__kinds(other), NAMES_FUNCTIONS | NAMES_LINES);
	assert_true(tally.named > 20 && tally.named < 0x180);
	assert_true(tally.with_line >= tally.named);
	assert_true(tally.inlined > 0);
	check_line(other, local, 1, "local", "/src/outer.c", 25);
	name_set__free(whole);
	name_set__free(other);
}

static void same_names(void **state)
{
	(void)state;
	check_like_whole("stripped.so", "whole.debug", NULL);
	scratch__run("eu-strip --version >/dev/null 2>&1 || exit 0; eu-strip -f eu.debug whole.so -o eu.so");
	if (!access(scratch__path("eu.so"), F_OK))
		check_like_whole("eu.so", "eu.debug", NULL);
	scratch__run("objcopy --compress-debug-sections=zlib whole.debug zlib.debug");
	check_like_whole("stripped.so", "zlib.debug", NULL);
}

/* Without it, only what is exported has a name. */
static void stripped(void **state)
{
	struct name_set *names = read_names("stripped.so", NULL, NULL);

	(void)state;
	assert_int_equal(name_set__kinds(names), NAMES_FUNCTIONS);
	check_line(names, scratch__symbol("whole.so", "", "local", NULL), 0, NULL, NULL, 0);
	check_line(names, scratch__symbol("whole.so", "", "outer", NULL), 1, "outer", NULL, 0);
	name_set__free(names);
}

/* A file that cannot be read in place of debugging information: the object's own names are there. */
static void wrong_debug_file(void **state)
{
	static const char *const wrong[] = {"program.c", "stripped.so", "cut.debug"};
	struct name_set *own = read_names("stripped.so", NULL, NULL);

	(void)state;
	scratch__run("head -c 1000 whole.debug > cut.debug");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct name_set *names = read_names("stripped.so", wrong[i], NULL);

		assert_true(assert_same(own, names).named > 0);
		name_set__free(names);
	}
	name_set__free(own);
}

/* ---- dwz */

static int find_alt(const char *debug)
{
	int opened = 0, fd;
	const struct debug_finder finder = {.folders = folders(), .open_path = open_path, .cookie = &opened};
	struct elf_facts facts = read_facts(debug);

	fd = debug_files__open_alt(&finder, &facts);
	elf_facts__free(&facts);
	return fd;
}

static void make_dwz(const char *version)
{
	char command[2048];

	scratch__run(scratch__format(command, sizeof(command),
				     SHARED "-gdwarf-%s -Wl,--build-id=0x" BUILD_ID " -o dwz1.so && " SHARED
					    "-gdwarf-%s -DOTHER -Wl,--build-id=0x" OTHER_ID " -o dwz2.so",
				     version, version));
	scratch__run("objcopy --only-keep-debug dwz1.so dwz1.debug && objcopy --only-keep-debug dwz2.so dwz2.debug && "
		     "strip dwz1.so");
	scratch__run(scratch__format(command, sizeof(command), "dwz -m common -M '%s' dwz1.debug dwz2.debug",
				     scratch__path("common")));
	scratch__run("readelf -SW dwz1.debug | grep -q gnu_debugaltlink");
}

static void common_file(void **state)
{
	static const char *const versions[] = {"4", "5"};
	struct name_set *names;
	int fd;

	(void)state;
	if (scratch__try("command -v dwz >/dev/null"))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		make_dwz(versions[i]);
		check_like_whole("dwz1.so", "dwz1.debug", "common");
		fd = find_alt("dwz1.debug");
		assert_true(fd >= 0);
		close(fd);
		/* without it, or with a wrong one: functions, but no lines */
		names = read_names("dwz1.so", "dwz1.debug", NULL);
		assert_int_equal(name_set__kinds(names), NAMES_FUNCTIONS);
		check_line(names, scratch__symbol("whole.so", "", "local", NULL), 1, "local", NULL, 0);
		name_set__free(names);
		names = read_names("dwz1.so", "dwz1.debug", "program.c");
		assert_int_equal(name_set__kinds(names), NAMES_FUNCTIONS);
		name_set__free(names);
	}
	/* not at its path, but by its build id */
	scratch__run("id=$(readelf -n common | sed -n 's/.*Build ID: //p') && mkdir -p X/.build-id/${id%${id#??}} && "
		     "mv common X/.build-id/${id%${id#??}}/${id#??}.debug");
	fd = find_alt("dwz1.debug");
	assert_true(fd >= 0);
	close(fd);
	/* of another build: its path leads to it, its build id is another */
	scratch__run("rm -r X && cp other.so common");
	assert_int_equal(find_alt("dwz1.debug"), -ENOENT);
	assert_int_equal(find_alt("whole.debug"), -ENOENT); /* refers to none */
	scratch__run("rm common");
}

/* ---- .gnu_debugdata */

static void compressed_symbols(void **state)
{
	uint64_t local = scratch__symbol("whole.so", "", "local", NULL);
	struct name_set *names;
	unsigned char *data;
	size_t size;

	(void)state;
	if (scratch__try("command -v xz >/dev/null"))
		skip();
	scratch__run("objcopy --strip-debug whole.so mini && xz -f mini && "
		     "objcopy --add-section .gnu_debugdata=mini.xz stripped.so mini.so");
	names = read_names("mini.so", NULL, NULL);
	assert_int_equal(name_set__kinds(names), NAMES_FUNCTIONS);
	check_line(names, local, 1, "local", NULL, 0);
	check_line(names, scratch__symbol("whole.so", "", "outer", NULL), 1, "outer", NULL, 0);
	name_set__free(names);
	/* every cut, and every tenth byte another one: what is exported keeps its name */
	data = scratch__read("mini.xz", &size);
	for (size_t i = 0; i < size; i += 7) {
		unsigned char original = data[i];

		if (i % 2) {
			scratch__write("wrong.xz", data, i);
		} else {
			data[i] ^= 0xff;
			scratch__write("wrong.xz", data, size);
			data[i] = original;
		}
		scratch__run("objcopy --add-section .gnu_debugdata=wrong.xz stripped.so wrong.so");
		names = read_names("wrong.so", NULL, NULL);
		check_line(names, local, 0, NULL, NULL, 0);
		check_line(names, scratch__symbol("whole.so", "", "outer", NULL), 1, "outer", NULL, 0);
		name_set__free(names);
	}
	free(data);
}

/* More than it may be, in 50 KB, and a dictionary of 1.5 GiB. */
static void compression_bombs(void **state)
{
	static const char *const commands[] = {
		"{ cat whole.so; head -c 300M /dev/zero; } | xz -0 > bomb.xz",
		"printf x | xz --lzma2=preset=0,dict=1536MiB > bomb.xz",
	};

	(void)state;
	if (scratch__try("command -v xz >/dev/null"))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct name_set *names;

		scratch__run(commands[i]);
		scratch__run("objcopy --add-section .gnu_debugdata=bomb.xz stripped.so bomb.so");
		names = read_names("bomb.so", NULL, NULL);
		check_line(names, scratch__symbol("whole.so", "", "local", NULL), 0, NULL, NULL, 0);
		check_line(names, scratch__symbol("whole.so", "", "outer", NULL), 1, "outer", NULL, 0);
		name_set__free(names);
	}
}

/* ---- all together: a profile, the files, the cache */

struct process {
	const char *object;
	int opened, tried;
};

static int open_object(void *cookie, const char *filename, const char *build_id, uint64_t start)
{
	struct process *process = cookie;

	(void)filename;
	(void)build_id;
	(void)start;
	process->opened++;
	return scratch__open(process->object);
}

static int open_beside(void *cookie, const char *path)
{
	struct process *process = cookie;

	return open_path(&process->tried, path);
}

/* What a profile with the code of a function says: the line, 0 for none, -1 where there is no name. */
static int line_of(const char *function, const char *object, const char *cache)
{
	struct process process = {.object = object};
	const struct symbols_source source = {.cookie = &process, .open = open_object, .open_path = open_beside};
	const struct symbols_options options = {.debug_folders = folders(), .cache = cache};
	struct symbols *symbols = symbols__new(&source, &options);
	struct profile *profile = profile__new();
	struct profile_mapping mapping = {.start = 0x7f0000000000, .limit = 0x7f0000100000};
	uint64_t offset = scratch__symbol("whole.so", "", function, NULL);
	const struct profile_location *location;
	uint32_t index;
	int line;

	assert_non_null(symbols);
	assert_non_null(profile);
	mapping.filename = profile__string(profile, scratch__path(object));
	mapping.build_id = profile__string(profile, BUILD_ID);
	index = profile__add_mapping(profile, &mapping);
	index = profile__add_location(profile, index, mapping.start + offset, offset);
	assert_int_equal(symbols__name_profile(symbols, profile), 0);
	assert_int_equal(process.opened, 1);
	location = &profile->locations[index];
	line = location->line_count ? (int)location->lines[0].line : -1;
	symbols__free(symbols);
	profile__free(profile);
	return line;
}

static const char debug_there[] = "mkdir -p X/.build-id/01 && "
				  "cp whole.debug X/.build-id/01/23456789abcdef0123456789abcdef01234567.debug";

/* Lines stay when the file has gone; names without are looked up again once there is one. */
static void cached(void **state)
{
	char cache[512];

	(void)state;
	scratch__format(cache, sizeof(cache), "%s", scratch__path("cache"));
	assert_int_equal(line_of("local", "stripped.so", cache), -1);
	assert_int_equal(line_of("local", "stripped.so", cache), -1);
	scratch__run("test $(ls cache | wc -l) = 1 && ls cache | grep -q '^" BUILD_ID "-[0-9]*-[0-9a-f]*.symbols$'");
	scratch__run(debug_there);
	assert_int_equal(line_of("local", "stripped.so", NULL), 25);
	assert_int_equal(line_of("local", "stripped.so", cache), 25);
	scratch__run("rm -r X && test $(ls cache/*.lines | wc -l) = 1");
	assert_int_equal(line_of("local", "stripped.so", NULL), -1);
	assert_int_equal(line_of("local", "stripped.so", cache), 25);
	scratch__run("rm -r cache");
	assert_int_equal(line_of("local", "stripped.so", cache), -1);
	scratch__run("rm -r cache");
}

/* Names from symbols are not stored as if they were from debugging information, though other places have such names. */
static void not_mixed(void **state)
{
	char cache[512];

	(void)state;
	scratch__format(cache, sizeof(cache), "%s", scratch__path("cache"));
	scratch__run(debug_there);
	assert_int_equal(line_of("local", "stripped.so", cache), 25);
	scratch__run("mv X Y");
	assert_int_equal(line_of("use", "stripped.so", cache), 0);
	scratch__run("mv Y X");
	assert_int_equal(line_of("use", "stripped.so", cache), 26);
	scratch__run("rm -r X");
	assert_int_equal(line_of("use", "stripped.so", cache), 26);
	assert_int_equal(line_of("local", "stripped.so", cache), 25);
	scratch__run("rm -r cache");
}

/* Who can put a file below the folders need not be who could have put the object there. */
static void of_others(void **state)
{
	char cache[512];

	(void)state;
	if (geteuid())
		skip();
	scratch__format(cache, sizeof(cache), "%s", scratch__path("cache"));
	scratch__run(debug_there);
	scratch__run("chown 1 X/.build-id/01/*");
	assert_int_equal(line_of("local", "stripped.so", cache), 25);
	scratch__run("test ! -e cache");
	scratch__run("chown 1 stripped.so"); /* one owner of both */
	assert_int_equal(line_of("local", "stripped.so", cache), 25);
	scratch__run("ls cache | grep -q -- '-1-[0-9a-f]*.lines$'");
	scratch__run("chown 0 stripped.so && rm -r X cache");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_build_id),
		cmocka_unit_test(by_link),
		cmocka_unit_test(by_link_with_build_id),
		cmocka_unit_test(wrong_links),
		cmocka_unit_test(endless_file),
		cmocka_unit_test(same_names),
		cmocka_unit_test(stripped),
		cmocka_unit_test(wrong_debug_file),
		cmocka_unit_test(common_file),
		cmocka_unit_test(compressed_symbols),
		cmocka_unit_test(compression_bombs),
		cmocka_unit_test(cached),
		cmocka_unit_test(not_mixed),
		cmocka_unit_test(of_others),
	};

	return cmocka_run_group_tests_name("debug_files", tests, make, scratch__remove);
}
