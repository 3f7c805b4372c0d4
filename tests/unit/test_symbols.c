/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs are compiled here whose source sets its own file names and lines, and that mark instructions with labels:
 * a label's address is what nm says, and what must be known of it stands in the source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "lib/array.h"
#include "profile/profile.h"
#include "scratch.h"
#include "symbols/symbols.h"

#define BUILD_ID "0123456789abcdef0123456789abcdef01234567"

static const char c_source[] =
	"#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \": nop\")\n"
	"#line 10 \"/src/inner.h\"\n"
	"static inline __attribute__((always_inline)) int inner(int x)\n"
	"{\n"
	"	MARK(mark_inner); /* 12 */\n"
	"	return x * 3;\n"
	"}\n"
	"#line 20 \"/src/middle.h\"\n"
	"static inline __attribute__((always_inline)) int middle(int x)\n"
	"{\n"
	"	MARK(mark_middle); /* 22 */\n"
	"	return inner(x) + 1; /* 23 */\n"
	"}\n"
	"#line 30 \"/src/outer.c\"\n"
	"int outer(int x)\n"
	"{\n"
	"	MARK(mark_outer); /* 32 */\n"
	"	if (x > 3) {\n"
	"		int y = middle(x); /* 34 */\n"
	"		return y * x;\n"
	"	}\n"
	"	return 0;\n"
	"}\n"
	"__attribute__((noinline)) static int local(int x) { MARK(mark_local); return x; } /* 39 */\n"
	"int use(int x) { return local(x) + 1; }\n"
	"__asm__(\".text\\n.globl bare\\n.type bare, @function\\nbare: nop\\nmark_bare: nop\\n\"\n"
	"	\".globl sized\\n.type sized, @function\\nsized: nop\\n.size sized, 1\\nmark_gap: nop\\n\"\n"
	"	\".globl bare2\\n.type bare2, @function\\nbare2: .skip 8192, 0x90\\nmark_far: nop\\n\");\n";

static const char cxx_source[] =
	"#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \": nop\")\n"
	"#line 10 \"/src/box.h\"\n"
	"namespace ns {\n"
	"template <typename T> struct Box {\n"
	"	T value;\n"
	"	__attribute__((always_inline)) T twice(T by) {\n"
	"		MARK(mark_twice); /* 14 */\n"
	"		return value * by;\n"
	"	}\n"
	"};\n"
	"#line 30 \"/src/box.cc\"\n"
	"__attribute__((noinline)) long hold(Box<long> &box, const char *) {\n"
	"	return box.twice(2) + 1; /* 31 */\n"
	"}\n"
	"__attribute__((noinline)) static int hidden(int x) { MARK(mark_hidden); return x; } /* 33 */\n"
	"static inline __attribute__((always_inline)) int deep(int x) { MARK(mark_deep); return x; } /* 34 */\n"
	"int call(int x) {\n"
	"	auto lambda = [](int y) __attribute__((noinline, noclone)) {\n"
	"		MARK(mark_lambda); /* 37 */\n"
	"		return hidden(y) + deep(y); /* 38 */\n"
	"	};\n"
	"	return lambda(x) + lambda(x + 1);\n"
	"}\n"
	"}\n";

#define SHARED "-O2 -shared -fPIC -nostdlib -Wl,--build-id=0x" BUILD_ID

static int make(void **state)
{
	if (scratch__make(state))
		return -1;
	scratch__write("c.c", c_source, strlen(c_source));
	scratch__write("cxx.cc", cxx_source, strlen(cxx_source));
	scratch__run("gcc -g " SHARED " c.c -o c.so && g++ -g " SHARED " cxx.cc -o cxx.so");
	scratch__run("objcopy --strip-debug c.so nodebug.so && strip c.so -o stripped.so");
	scratch__run("objcopy --strip-debug cxx.so nodebug-cxx.so");
	return 0;
}

/* ---- a profile with one mapping, and the file behind it */

struct fixture {
	struct profile *profile;
	uint32_t mapping;
	const char *file; /* in the folder; what is opened */
	int opened;
};

static int open_file(void *cookie, const char *filename, const char *build_id, uint64_t start)
{
	struct fixture *fixture = cookie;

	assert_string_equal(filename, "/usr/lib/x.so");
	assert_int_equal(start, 0x7f0000000000);
	if (build_id)
		assert_int_equal(strlen(build_id), 40);
	fixture->opened++;
	if (!fixture->file)
		return -ENOENT;
	return scratch__open(fixture->file);
}

static struct symbols *new_symbols(struct fixture *fixture)
{
	const struct symbols_source source = {.cookie = fixture, .open = open_file};
	const struct symbols_options options = {.cache = NULL};

	return symbols__new(&source, &options);
}

static struct fixture new_fixture(const char *file, const char *build_id)
{
	struct fixture fixture = {.profile = profile__new(), .file = file};
	struct profile_mapping mapping = {.start = 0x7f0000000000, .limit = 0x7f0000100000};

	assert_non_null(fixture.profile);
	mapping.filename = profile__string(fixture.profile, "/usr/lib/x.so");
	mapping.build_id = profile__string(fixture.profile, build_id);
	fixture.mapping = profile__add_mapping(fixture.profile, &mapping);
	assert_int_not_equal(fixture.mapping, PROFILE_NONE);
	return fixture;
}

/* Text addresses equal offsets in these small libraries, which readelf's own view in test_elf_file.c does not need. */
static uint64_t offset_of(const char *file, const char *mark)
{
	return scratch__symbol(file, "", mark, NULL);
}

static uint32_t add_location(struct fixture *fixture, uint64_t offset)
{
	return profile__add_location(fixture->profile, fixture->mapping, 0x7f0000000000 + offset, offset);
}

/* With a fresh cache. */
static void name(struct fixture *fixture)
{
	struct symbols *symbols = new_symbols(fixture);

	assert_non_null(symbols);
	assert_int_equal(symbols__name_profile(symbols, fixture->profile), 0);
	symbols__free(symbols); /* the profile owes it nothing */
}

static void check_line(const struct fixture *fixture, uint32_t location, uint32_t index, const char *name_expected,
		       const char *system_name, const char *file, uint32_t number)
{
	const struct profile *profile = fixture->profile;
	const struct profile_line *line;
	const struct profile_function *function;

	assert_true(index < profile->locations[location].line_count);
	line = &profile->locations[location].lines[index];
	assert_true(line->function < profile->function_count);
	function = &profile->functions[line->function];
	assert_string_equal(profile__text(profile, function->name, "none"), name_expected);
	assert_string_equal(profile__text(profile, function->system_name, "none"), system_name);
	assert_string_equal(profile__text(profile, function->filename, "none"), file);
	assert_int_equal(line->line, number);
}

static uint32_t line_count(const struct fixture *fixture, uint32_t location)
{
	return fixture->profile->locations[location].line_count;
}

/* ---- C */

static void check_c(const char *file)
{
	struct fixture fixture = new_fixture(file, BUILD_ID);
	uint32_t inner = add_location(&fixture, offset_of(file, "mark_inner"));
	uint32_t middle = add_location(&fixture, offset_of(file, "mark_middle"));
	uint32_t outer = add_location(&fixture, offset_of(file, "mark_outer"));
	uint32_t local = add_location(&fixture, offset_of(file, "mark_local"));

	name(&fixture);
	assert_int_equal(line_count(&fixture, inner), 3);
	check_line(&fixture, inner, 0, "inner", "inner", "/src/inner.h", 12);
	check_line(&fixture, inner, 1, "middle", "middle", "/src/middle.h", 23);
	check_line(&fixture, inner, 2, "outer", "outer", "/src/outer.c", 34);
	assert_int_equal(line_count(&fixture, middle), 2);
	check_line(&fixture, middle, 0, "middle", "middle", "/src/middle.h", 22);
	check_line(&fixture, middle, 1, "outer", "outer", "/src/outer.c", 34);
	assert_int_equal(line_count(&fixture, outer), 1);
	check_line(&fixture, outer, 0, "outer", "outer", "/src/outer.c", 32);
	assert_int_equal(line_count(&fixture, local), 1);
	check_line(&fixture, local, 0, "local", "local", "/src/outer.c", 39);
	assert_int_equal(fixture.profile->function_count, 4); /* each once */
	assert_true(fixture.profile->mappings[0].has_functions);
	assert_true(fixture.profile->mappings[0].has_lines);
	assert_int_equal(fixture.opened, 1);
	profile__free(fixture.profile);
}

static void inlined_chain(void **state)
{
	(void)state;
	check_c("c.so");
}

/* All the shapes that debug information comes in. */
static void dwarf_versions(void **state)
{
	(void)state;
	scratch__run("gcc -g -gdwarf-3 " SHARED " c.c -o c3.so && gcc -g -gdwarf-4 " SHARED " c.c -o c4.so");
	check_c("c3.so");
	check_c("c4.so");
	scratch__run("gcc -g -gz=zlib " SHARED " c.c -o cz.so && gcc -g -gz=zlib-gnu " SHARED " c.c -o czg.so");
	check_c("cz.so");
	check_c("czg.so");
	scratch__run("objcopy -R .debug_aranges c.so noaranges.so");
	check_c("noaranges.so");
}

static void clang(void **state)
{
	(void)state;
	if (scratch__try("command -v clang >/dev/null"))
		skip();
	scratch__run("clang -g " SHARED " c.c -o clang5.so && clang -g -gdwarf-4 " SHARED " c.c -o clang4.so");
	check_c("clang5.so");
	check_c("clang4.so");
}

static void without_debug_info(void **state)
{
	struct fixture fixture = new_fixture("nodebug.so", BUILD_ID);
	uint32_t inner = add_location(&fixture, offset_of("c.so", "mark_inner"));
	uint32_t local = add_location(&fixture, offset_of("c.so", "mark_local"));

	(void)state;
	name(&fixture);
	assert_int_equal(line_count(&fixture, inner), 1);
	check_line(&fixture, inner, 0, "outer", "outer", "none", 0);
	assert_int_equal(line_count(&fixture, local), 1);
	check_line(&fixture, local, 0, "local", "local", "none", 0);
	assert_true(fixture.profile->mappings[0].has_functions);
	assert_false(fixture.profile->mappings[0].has_lines);
	profile__free(fixture.profile);
}

/* Only .dynsym is left: no name for a local function, least of all its neighbour's. */
static void stripped(void **state)
{
	struct fixture fixture = new_fixture("stripped.so", BUILD_ID);
	uint32_t inner = add_location(&fixture, offset_of("c.so", "mark_inner"));
	uint32_t local = add_location(&fixture, offset_of("c.so", "mark_local"));

	(void)state;
	name(&fixture);
	assert_int_equal(line_count(&fixture, inner), 1);
	check_line(&fixture, inner, 0, "outer", "outer", "none", 0);
	assert_int_equal(line_count(&fixture, local), 0);
	profile__free(fixture.profile);
}

/* A symbol without a size reaches to the next one, and not for ever. */
static void unsized_symbol(void **state)
{
	struct fixture fixture = new_fixture("nodebug.so", BUILD_ID);
	uint32_t near = add_location(&fixture, offset_of("c.so", "mark_bare"));
	uint32_t gap = add_location(&fixture, offset_of("c.so", "mark_gap"));
	uint32_t far = add_location(&fixture, offset_of("c.so", "mark_far"));

	(void)state;
	name(&fixture);
	assert_int_equal(line_count(&fixture, near), 1);
	check_line(&fixture, near, 0, "bare", "bare", "none", 0);
	assert_int_equal(line_count(&fixture, gap), 0); /* another began, and ended */
	assert_int_equal(line_count(&fixture, far), 0);
	profile__free(fixture.profile);
}

/* ---- C++ */

static void check_cxx(const char *file)
{
	static const char hold[] = "ns::hold(ns::Box<long>&, char const*)", hold_raw[] = "_ZN2ns4holdERNS_3BoxIlEEPKc";
	static const char lambda_name[] = "ns::call(int)::{lambda(int)#1}::operator()(int) const";
	static const char lambda_raw[] = "_ZZN2ns4callEiENKUliE_clEi";
	struct fixture fixture = new_fixture(file, BUILD_ID);
	uint32_t twice = add_location(&fixture, offset_of(file, "mark_twice"));
	uint32_t hidden = add_location(&fixture, offset_of(file, "mark_hidden"));
	uint32_t lambda = add_location(&fixture, offset_of(file, "mark_lambda"));
	uint32_t deep = add_location(&fixture, offset_of(file, "mark_deep"));

	name(&fixture);
	assert_int_equal(line_count(&fixture, twice), 2);
	check_line(&fixture, twice, 0, "ns::Box<long>::twice(long)", "_ZN2ns3BoxIlE5twiceEl", "/src/box.h", 14);
	check_line(&fixture, twice, 1, hold, hold_raw, "/src/box.cc", 31);
	assert_int_equal(line_count(&fixture, hidden), 1);
	check_line(&fixture, hidden, 0, "ns::hidden(int)", "_ZN2nsL6hiddenEi", "/src/box.cc", 33);
	assert_int_equal(line_count(&fixture, lambda), 1);
	assert_int_equal(line_count(&fixture, deep), 2); /* the lambda is a function inside of a function */
	check_line(&fixture, deep, 0, "deep", "deep", "/src/box.cc", 34);
	check_line(&fixture, deep, 1, lambda_name, lambda_raw, "/src/box.cc", 38);
	check_line(&fixture, lambda, 0, lambda_name, lambda_raw, "/src/box.cc", 37);
	profile__free(fixture.profile);
}

static void cxx(void **state)
{
	(void)state;
	check_cxx("cxx.so");
	scratch__run("g++ -g -gdwarf-4 " SHARED " cxx.cc -o cxx4.so");
	check_cxx("cxx4.so");
}

static void cxx_without_debug_info(void **state)
{
	struct fixture fixture = new_fixture("nodebug-cxx.so", BUILD_ID);
	uint32_t twice = add_location(&fixture, offset_of("cxx.so", "mark_twice"));

	(void)state;
	name(&fixture);
	check_line(&fixture, twice, 0, "ns::hold(ns::Box<long>&, char const*)", "_ZN2ns4holdERNS_3BoxIlEEPKc", "none",
		   0);
	profile__free(fixture.profile);
}

/* ---- which file, and how often */

static void refuse(const char *file, const char *build_id)
{
	struct fixture fixture = new_fixture(file, build_id);
	uint32_t inner = add_location(&fixture, offset_of("c.so", "mark_inner"));

	name(&fixture);
	assert_int_equal(line_count(&fixture, inner), 0);
	assert_int_equal(fixture.profile->function_count, 0);
	assert_false(fixture.profile->mappings[0].has_functions);
	assert_false(fixture.profile->mappings[0].has_lines);
	assert_int_equal(fixture.opened, 1);
	profile__free(fixture.profile);
}

static void other_file(void **state)
{
	(void)state;
	refuse("c.so", "1123456789abcdef0123456789abcdef01234567");
	scratch__run("gcc -g " SHARED " -Wl,--build-id=none c.c -o noid.so");
	refuse("noid.so", BUILD_ID);
	refuse("c.c", BUILD_ID);
	refuse(NULL, BUILD_ID);
	refuse("c.c", NULL);
}

/* Without a build id in the profile there is nothing to compare. */
static void unknown_build_id(void **state)
{
	struct fixture fixture = new_fixture("c.so", NULL);
	uint32_t outer = add_location(&fixture, offset_of("c.so", "mark_outer"));

	(void)state;
	name(&fixture);
	check_line(&fixture, outer, 0, "outer", "outer", "/src/outer.c", 32);
	profile__free(fixture.profile);
}

static void not_a_file(void **state)
{
	static const char *const names[] = {"[stack]", "[heap]", "", "anon_inode:x", "//anon"};
	struct fixture fixture = {.profile = profile__new()};
	struct profile_mapping mapping = {.start = 1, .limit = 100, .build_id = PROFILE_NONE};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(names); i++) {
		mapping.filename = profile__string(fixture.profile, names[i]);
		fixture.mapping = profile__add_mapping(fixture.profile, &mapping);
		add_location(&fixture, 16);
	}
	profile__add_location(fixture.profile, PROFILE_NONE, 0x1234, 0);
	profile__add_note(fixture.profile, "[truncated]");
	name(&fixture);
	assert_int_equal(fixture.opened, 0);
	for (size_t i = 0; i + 1 < fixture.profile->location_count; i++)
		assert_int_equal(line_count(&fixture, (uint32_t)i), 0);
	profile__free(fixture.profile);
}

static void cache(void **state)
{
	struct fixture fixture = new_fixture("c.so", BUILD_ID);
	struct symbols *symbols = new_symbols(&fixture);
	uint32_t outer, local;

	(void)state;
	outer = add_location(&fixture, offset_of("c.so", "mark_outer"));
	assert_int_equal(symbols__name_profile(symbols, fixture.profile), 0);
	check_line(&fixture, outer, 0, "outer", "outer", "/src/outer.c", 32);
	/* Again, with one more: what is named stays, functions are not added twice. */
	local = add_location(&fixture, offset_of("c.so", "mark_middle"));
	assert_int_equal(symbols__name_profile(symbols, fixture.profile), 0);
	check_line(&fixture, outer, 0, "outer", "outer", "/src/outer.c", 32);
	check_line(&fixture, local, 1, "outer", "outer", "/src/outer.c", 34);
	assert_int_equal(fixture.profile->function_count, 2);
	assert_int_equal(fixture.opened, 2);
	profile__free(fixture.profile);
	/* Another profile with the same places: nothing is opened. */
	fixture.opened = 0;
	for (int i = 0; i < 2; i++) {
		struct fixture same = new_fixture("c.so", BUILD_ID);

		outer = add_location(&same, offset_of("c.so", "mark_outer"));
		local = add_location(&same, offset_of("c.so", "mark_middle"));
		assert_int_equal(symbols__name_profile(symbols, same.profile), 0);
		check_line(&same, outer, 0, "outer", "outer", "/src/outer.c", 32);
		check_line(&same, local, 1, "outer", "outer", "/src/outer.c", 34);
		assert_int_equal(same.opened, 0);
		assert_true(same.profile->mappings[0].has_lines);
		profile__free(same.profile);
	}
	/* Another profile without the build id: the file is opened to see which it is, and not read again. */
	fixture.opened = 0;
	for (int i = 0; i < 2; i++) {
		struct fixture other = new_fixture("c.so", NULL);

		outer = add_location(&other, offset_of("c.so", "mark_outer"));
		assert_int_equal(symbols__name_profile(symbols, other.profile), 0);
		assert_int_equal(line_count(&other, outer), 1);
		assert_int_equal(other.opened, 0); /* it is `fixture` that is the cookie */
		profile__free(other.profile);
		assert_int_equal(fixture.opened, i + 1);
	}
	symbols__free(symbols);
	symbols__free(NULL);
}

static void nowhere(void **state)
{
	static const uint64_t offsets[] = {0, 1, 63, 1 << 20, 1ULL << 40, INT64_MAX, UINT64_MAX};
	struct fixture fixture = new_fixture("c.so", BUILD_ID);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		add_location(&fixture, offsets[i]);
	name(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		assert_int_equal(line_count(&fixture, (uint32_t)i), 0);
	profile__free(fixture.profile);
}

/* ---- foreign bytes */

/* Names all code of the file at `path` of the folder, whatever it says; it need not know any. */
static size_t name_all(const char *file)
{
	struct fixture fixture = new_fixture(file, NULL);
	size_t named = 0;

	for (uint64_t offset = 0x1000; offset < 0x3100; offset += 0x21)
		add_location(&fixture, offset);
	name(&fixture);
	for (size_t i = 0; i < fixture.profile->location_count; i++)
		named += line_count(&fixture, (uint32_t)i) > 0;
	profile__free(fixture.profile);
	return named;
}

static void truncated(void **state)
{
	unsigned char *data;
	size_t size;

	(void)state;
	data = scratch__read("cxx.so", &size);
	for (size_t length = 0; length < size; length += 97) {
		scratch__write("cut.so", data, length);
		assert_int_equal(name_all("cut.so"), 0);
	}
	free(data);
}

/* Where the first section begins whose name begins like this. */
static size_t section_start(const char *file, const char *name_start)
{
	char command[512], line[512];
	size_t start = 0;
	FILE *readelf;

	readelf = popen(scratch__format(command, sizeof(command), "readelf -SW '%s'", scratch__path(file)), "r");
	assert_non_null(readelf);
	while (fgets(line, sizeof(line), readelf)) {
		const char *section = strstr(line, name_start);

		if (section && !start)
			assert_int_equal(sscanf(section, "%*s %*s %*x %zx", &start), 1);
	}
	pclose(readelf);
	assert_true(start > 0);
	return start;
}

static void flip_debug_info(const char *file, int rounds, uint64_t seed)
{
	size_t size, start = section_start(file, ".debug_"), named = 0;
	unsigned char *data = scratch__read(file, &size), *copy = malloc(size);

	for (int i = 0; i < rounds; i++) {
		int count = 1 + (int)(scratch__random(&seed) % 6);

		memcpy(copy, data, size);
		for (int j = 0; j < count; j++) {
			size_t at = start + scratch__random(&seed) % (size - start);

			copy[at] = (unsigned char)scratch__random(&seed);
		}
		scratch__write("flipped.so", copy, size);
		named += name_all("flipped.so") > 0;
	}
	/* Most flips leave something to be named. */
	assert_true(named > (size_t)rounds / 2);
	free(copy);
	free(data);
}

static void flipped(void **state)
{
	(void)state;
	flip_debug_info("c.so", 1500, 1);
	flip_debug_info("cxx.so", 1500, 2);
	scratch__run("g++ -g -gdwarf-4 " SHARED " cxx.cc -o flip4.so");
	flip_debug_info("flip4.so", 1000, 3);
}

/* A compressed section that claims a terabyte costs the lines, not the memory. */
static void decompression_bomb(void **state)
{
	const uint64_t huge = 1ULL << 40;
	struct fixture fixture;
	unsigned char *data;
	uint32_t inner;
	size_t size;

	(void)state;
	scratch__run("gcc -g -gz=zlib " SHARED " c.c -o bomb.so");
	data = scratch__read("bomb.so", &size);
	/* It begins with an Elf64_Chdr: ch_size at 8. */
	memcpy(data + section_start("bomb.so", ".debug_info") + 8, &huge, sizeof(huge));
	scratch__write("bomb.so", data, size);
	free(data);
	fixture = new_fixture("bomb.so", BUILD_ID);
	inner = add_location(&fixture, offset_of("c.so", "mark_inner"));
	name(&fixture);
	assert_int_equal(line_count(&fixture, inner), 1);
	check_line(&fixture, inner, 0, "outer", "outer", "none", 0);
	assert_false(fixture.profile->mappings[0].has_lines);
	profile__free(fixture.profile);
}

/* libdw would open the path in it, whatever that is. */
static void other_debug_file(void **state)
{
	struct fixture fixture;
	uint32_t inner;

	(void)state;
	scratch__write("link", "/dev/zero\0aaaaaaaaaaaaaaaaaaaa", 30);
	scratch__run("objcopy --add-section .gnu_debugaltlink=link c.so linked.so");
	fixture = new_fixture("linked.so", BUILD_ID);
	inner = add_location(&fixture, offset_of("c.so", "mark_inner"));
	name(&fixture);
	check_line(&fixture, inner, 0, "outer", "outer", "none", 0);
	assert_false(fixture.profile->mappings[0].has_lines);
	profile__free(fixture.profile);
}

/* libdw reads on where the last string has no end. */
static void unended_strings(void **state)
{
	struct fixture fixture;
	unsigned char *data;
	uint32_t inner;
	size_t size;

	(void)state;
	scratch__run("objcopy --dump-section .debug_str=strings c.so whole.so");
	check_c("whole.so");
	data = scratch__read("strings", &size);
	data[size - 1] = 'x';
	scratch__write("strings", data, size);
	free(data);
	scratch__run("objcopy --update-section .debug_str=strings c.so unended.so");
	fixture = new_fixture("unended.so", BUILD_ID);
	inner = add_location(&fixture, offset_of("c.so", "mark_inner"));
	name(&fixture);
	check_line(&fixture, inner, 0, "outer", "outer", "none", 0);
	assert_false(fixture.profile->mappings[0].has_lines);
	profile__free(fixture.profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined_chain),
		cmocka_unit_test(dwarf_versions),
		cmocka_unit_test(clang),
		cmocka_unit_test(without_debug_info),
		cmocka_unit_test(stripped),
		cmocka_unit_test(unsized_symbol),
		cmocka_unit_test(cxx),
		cmocka_unit_test(cxx_without_debug_info),
		cmocka_unit_test(other_file),
		cmocka_unit_test(unknown_build_id),
		cmocka_unit_test(not_a_file),
		cmocka_unit_test(cache),
		cmocka_unit_test(nowhere),
		cmocka_unit_test(truncated),
		cmocka_unit_test(flipped),
		cmocka_unit_test(decompression_bomb),
		cmocka_unit_test(other_debug_file),
		cmocka_unit_test(unended_strings),
	};

	return cmocka_run_group_tests_name("symbols", tests, make, scratch__remove);
}
