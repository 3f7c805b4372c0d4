/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "target/alloc_names.h"

enum { NO = PROBE_NO_ARGUMENT };

static void check(const char *text, bool is_free, const char *object, const char *function, enum mt_class class,
		  int block, int size, int count)
{
	struct alloc_spec spec;
	struct error err = {0};

	if (alloc_spec__parse(text, is_free, &spec, &err))
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(spec.object, object);
	assert_string_equal(spec.function, function);
	assert_int_equal(spec.signature.class, class);
	assert_int_equal(spec.signature.arguments[ALLOC_BLOCK], block);
	assert_int_equal(spec.signature.arguments[ALLOC_SIZE], size);
	assert_int_equal(spec.signature.arguments[ALLOC_COUNT], count);
	alloc_spec__free(&spec);
	assert_null(spec.object);
	assert_null(spec.function);
}

static void allocation_functions(void **unused)
{
	(void)unused;
	check("libpool:pool_alloc(size=arg1) -> ptr", false, "libpool", "pool_alloc", MT_CLASS_ALLOC, NO, 0, NO);
	check("libpool:pool_alloc(size=arg1) -> ptr", false, "libpool", "pool_alloc", MT_CLASS_ALLOC, NO, 0, NO);
	check("server:grab(size=arg5) -> ptr", false, "server", "grab", MT_CLASS_ALLOC, NO, 4, NO);
	check("server:grab(count=arg1,size=arg2) -> ptr", false, "server", "grab", MT_CLASS_ALLOC, NO, 1, 0);
	check("server:grab(size=arg2,count=arg1) -> ptr", false, "server", "grab", MT_CLASS_ALLOC, NO, 1, 0);
	check("server:grow(ptr=arg1,size=arg2) -> ptr", false, "server", "grow", MT_CLASS_REALLOC, 0, 1, NO);
	check("server:grow(size=arg3,ptr=arg2,count=arg4) -> ptr", false, "server", "grow", MT_CLASS_REALLOC, 1, 2, 3);
	check("server:fill(out=arg1,size=arg3)", false, "server", "fill", MT_CLASS_OUT, 0, 2, NO);
	check("/opt/x/libpool.so.1:grab(size=arg1) -> ptr", false, "/opt/x/libpool.so.1", "grab", MT_CLASS_ALLOC, NO, 0,
	      NO);
	check("lib:_ZN4pool4grabEm(size=arg2) -> ptr", false, "lib", "_ZN4pool4grabEm", MT_CLASS_ALLOC, NO, 1, NO);
}

static void blanks(void **unused)
{
	(void)unused;
	check("lib:f( size = arg1 , count = arg2 )   -> ptr", false, "lib", "f", MT_CLASS_ALLOC, NO, 0, 1);
	check("lib:f(size=arg1)-> ptr", false, "lib", "f", MT_CLASS_ALLOC, NO, 0, NO);
	check("lib:f(size=arg1) -> ptr", false, "lib", "f", MT_CLASS_ALLOC, NO, 0, NO);
}

static void free_functions(void **unused)
{
	(void)unused;
	check("libpool:pool_free(ptr=arg1)", true, "libpool", "pool_free", MT_CLASS_FREE, 0, NO, NO);
	check("libpool:pool_free(ptr=arg2)", true, "libpool", "pool_free", MT_CLASS_FREE, 1, NO, NO);
	check("libpool:pool_free(ptr=arg2,size=arg3)", true, "libpool", "pool_free", MT_CLASS_FREE, 1, 2, NO);
}

static void refuse(const char *text, bool is_free, const char *message)
{
	struct alloc_spec spec;
	struct error err = {0};

	assert_int_equal(alloc_spec__parse(text, is_free, &spec, &err), -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_string_equal(err.text, message);
	assert_null(spec.object);
	assert_null(spec.function);
}

static void no_function(void **unused)
{
	(void)unused;
	refuse("", false, "cannot understand --alloc '': expected LIB:FUNCTION(...)");
	refuse("", true, "cannot understand --free '': expected LIB:FUNCTION(...)");
	refuse("grab", false, "cannot understand --alloc 'grab': expected LIB:FUNCTION(...)");
	refuse("lib:grab", false, "cannot understand --alloc 'lib:grab': expected LIB:FUNCTION(...)");
	refuse("grab(size=arg1)", false, "cannot understand --alloc 'grab(size=arg1)': expected LIB:FUNCTION(...)");
	refuse("lib:(size=arg1)", false, "cannot understand --alloc 'lib:(size=arg1)': expected LIB:FUNCTION(...)");
	refuse("(lib:f", false, "cannot understand --alloc '(lib:f': expected LIB:FUNCTION(...)");
}

#define NOT_UNDERSTOOD(spec, why) "cannot understand --alloc '" spec "': " why

static void bad_arguments(void **unused)
{
	(void)unused;
	refuse("l:f()", false, NOT_UNDERSTOOD("l:f()", "expected NAME=argN with N from 1 to 5 at ')'"));
	refuse("l:f(", false, NOT_UNDERSTOOD("l:f(", "expected NAME=argN with N from 1 to 5 at ''"));
	refuse("l:f(size)", false, NOT_UNDERSTOOD("l:f(size)", "expected NAME=argN with N from 1 to 5 at 'size)'"));
	refuse("l:f(size=1)", false,
	       NOT_UNDERSTOOD("l:f(size=1)", "expected NAME=argN with N from 1 to 5 at 'size=1)'"));
	refuse("l:f(size=arg)", false,
	       NOT_UNDERSTOOD("l:f(size=arg)", "expected NAME=argN with N from 1 to 5 at 'size=arg)'"));
	refuse("l:f(size=arg0)", false,
	       NOT_UNDERSTOOD("l:f(size=arg0)", "expected NAME=argN with N from 1 to 5 at 'size=arg0)'"));
	refuse("l:f(size=arg6)", false,
	       NOT_UNDERSTOOD("l:f(size=arg6)", "expected NAME=argN with N from 1 to 5 at 'size=arg6)'"));
	refuse("l:f(size=arg-1)", false,
	       NOT_UNDERSTOOD("l:f(size=arg-1)", "expected NAME=argN with N from 1 to 5 at 'size=arg-1)'"));
	refuse("l:f(size=arg1,)", false,
	       NOT_UNDERSTOOD("l:f(size=arg1,)", "expected NAME=argN with N from 1 to 5 at ')'"));
	refuse("l:f(size=arg1", false, NOT_UNDERSTOOD("l:f(size=arg1", "expected ',' or ')' after 'size='"));
	refuse("l:f(size=arg1 count=arg2)", false,
	       NOT_UNDERSTOOD("l:f(size=arg1 count=arg2)", "expected ',' or ')' after 'size='"));
	refuse("l:f(size=arg4294967297)", false,
	       NOT_UNDERSTOOD("l:f(size=arg4294967297)",
			      "expected NAME=argN with N from 1 to 5 at 'size=arg4294967297)'"));
}

#define UNKNOWN "is no argument of an allocator: use size=, count=, ptr= or out="

static void unknown_and_repeated_arguments(void **unused)
{
	(void)unused;
	refuse("l:f(length=arg1)", false, NOT_UNDERSTOOD("l:f(length=arg1)", "'length=' " UNKNOWN));
	refuse("l:f(out=arg1)", true, "cannot understand --free 'l:f(out=arg1)': 'out=' " UNKNOWN);
	refuse("l:f(size=arg1,size=arg2)", false, NOT_UNDERSTOOD("l:f(size=arg1,size=arg2)", "'size=' is given twice"));
	refuse("l:f(ptr=arg1,out=arg2,size=arg3)", false,
	       NOT_UNDERSTOOD("l:f(ptr=arg1,out=arg2,size=arg3)", "'out=' is given twice"));
}

static void what_is_needed(void **unused)
{
	(void)unused;
	refuse("l:f(count=arg1)", false, NOT_UNDERSTOOD("l:f(count=arg1)", "an allocation function needs size=argN"));
	refuse("l:f(ptr=arg1) -> ptr", false,
	       NOT_UNDERSTOOD("l:f(ptr=arg1) -> ptr", "an allocation function needs size=argN"));
	refuse("l:f(size=arg1)", true, "cannot understand --free 'l:f(size=arg1)': a free function needs ptr=argN");
}

static void bad_ends(void **unused)
{
	(void)unused;
	refuse("l:f(size=arg1) -> int", false,
	       NOT_UNDERSTOOD("l:f(size=arg1) -> int", "expected '-> ptr' after the arguments"));
	refuse("l:f(size=arg1) x", false, NOT_UNDERSTOOD("l:f(size=arg1) x", "expected '-> ptr' after the arguments"));
	refuse("l:f(size=arg1)", false, NOT_UNDERSTOOD("l:f(size=arg1)", "expected '-> ptr' after the arguments"));
	refuse("l:f(size=arg1))", false, NOT_UNDERSTOOD("l:f(size=arg1))", "expected '-> ptr' after the arguments"));
}

static bool matches(const char *object, const char *path)
{
	char name[64];
	struct alloc_spec spec = {.object = name};

	assert_true(strlen(object) < sizeof(name));
	strcpy(name, object);
	return alloc_spec__matches_object(&spec, path);
}

static void objects(void **unused)
{
	(void)unused;
	assert_true(matches("libpool", "/usr/lib/libpool.so.1"));
	assert_true(matches("libpool.so", "/usr/lib/libpool.so.1"));
	assert_true(matches("libpool.so.1", "/usr/lib/libpool.so.1"));
	assert_true(matches("server", "/usr/bin/server"));
	assert_true(matches("server", "server"));
	assert_false(matches("", "/usr/bin/server"));
	assert_true(matches("/usr/bin/server", "/usr/bin/server"));
	assert_false(matches("libpool", "/usr/lib/libpool2.so"));
	assert_false(matches("libpool", "/usr/lib/libpool/other.so"));
	assert_false(matches("pool", "/usr/lib/libpool.so.1"));
	assert_false(matches("libpool.so.1.2", "/usr/lib/libpool.so.1"));
	assert_false(matches("/usr/bin/serve", "/usr/bin/server"));
	assert_false(matches("bin/server", "/usr/bin/server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocation_functions),
		cmocka_unit_test(blanks),
		cmocka_unit_test(free_functions),
		cmocka_unit_test(no_function),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(unknown_and_repeated_arguments),
		cmocka_unit_test(what_is_needed),
		cmocka_unit_test(bad_ends),
		cmocka_unit_test(objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
