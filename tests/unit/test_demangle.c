/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/array.h"
#include "scratch.h"
#include "symbols/demangle.h"

static void check_name(const char *mangled, const char *expected)
{
	char text[NAME_MAX_BYTES + 1];

	demangle(mangled, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void names(void **state)
{
	(void)state;
	check_name("malloc", "malloc");
	check_name("", "");
	check_name("_", "_");
	check_name("_Zebra", "_Zebra");
	check_name("_ZN3fooC2ERKS_", "foo::foo(foo const&)");
	check_name("_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)");
	check_name("_ZN3foo3barEi.part.0", "foo::bar(int) [clone .part.0]");
	check_name("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt");
	check_name("_ZN77_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..convert..From$LT$$RF$$u5b$T$u5d$$GT$$GT$4from"
		   "17h0123456789abcdefE",
		   "_ZN77_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..convert..From$LT$$RF$$u5b$T$u5d$$GT$$GT$4from"
		   "17h0123456789abcdefE"); /* 77 is wrong */
	check_name("_RNvC6_123foo3bar", "123foo::bar");
	check_name("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
}

/* Cut at the size given, whatever kind of name it is. */
static void cut_names(void **state)
{
	char text[9];

	(void)state;
	demangle("a_name_that_is_long", text, sizeof(text));
	assert_string_equal(text, "a_name_t");
	demangle("_ZN3foo3barEv", text, sizeof(text));
	assert_string_equal(text, "foo::bar");
	demangle("_RNvC6_123foo3bar", text, sizeof(text));
	assert_string_equal(text, "123foo::");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * Forty levels of b<what came before, the same again>: 2^40 names in a name of a few hundred bytes. A level adds two
 * things to refer to, the template and its instance, and the instance of level i is number 2i in base 36.
 */
static void bomb(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char mangled[1024] = "_Z1fI1aEv1bIS0_S0_E", text[NAME_MAX_BYTES + 1];
	double start = seconds();

	(void)state;
	for (int i = 1; i < 40; i++) {
		char id[3] = {digits[2 * i / 36], digits[2 * i % 36], '\0'};
		const char *number = id + (id[0] == '0');
		size_t length = strlen(mangled);

		scratch__format(mangled + length, sizeof(mangled) - length, "1bIS%s_S%s_E", number, number);
	}
	demangle(mangled, text, sizeof(text));
	assert_int_equal(strlen(text), NAME_MAX_BYTES);
	assert_int_equal(strncmp(text, "void f<a>(b<a, a>, b<b<a, a>, b<a, a> >, b<b<b<", 47), 0);
	assert_true(seconds() - start < 1);
}

/* The deepest nesting that fits, in the stack that a thread has. */
static void deep_names(void **state)
{
	static const char *const parts[] = {"P", "F", "K", "N", "I", "X", "cv", "St", "1aI", "L_Z", "DpT_", "A_", "M"};
	char mangled[NAME_MAX_BYTES + 1], text[NAME_MAX_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t length = 4;

		scratch__format(mangled, sizeof(mangled), "_Z1f");
		for (; length + strlen(parts[i]) < sizeof(mangled) - 8; length += strlen(parts[i]))
			scratch__format(mangled + length, sizeof(mangled) - length, "%s", parts[i]);
		scratch__format(mangled + length, sizeof(mangled) - length, "i");
		demangle(mangled, text, sizeof(text));
		assert_true(strlen(text) > 0 && strlen(text) <= NAME_MAX_BYTES);
	}
	/* Templates do have such names; 1024 bytes would be libiberty's own limit. */
	snprintf(mangled, sizeof(mangled), "_Z2000%02000dv", 0);
	mangled[6] = 'x';
	demangle(mangled, text, sizeof(text));
	assert_int_equal(strlen(text), 2002);
	assert_string_equal(text + 1998, "00()");
}

static void overlong_name(void **state)
{
	char mangled[3 * NAME_MAX_BYTES], text[NAME_MAX_BYTES + 1];

	(void)state;
	memset(mangled, 'x', sizeof(mangled));
	memcpy(mangled, "_Z", 2);
	mangled[sizeof(mangled) - 1] = '\0';
	demangle(mangled, text, sizeof(text));
	assert_int_equal(strlen(text), NAME_MAX_BYTES);
	assert_memory_equal(text, mangled, NAME_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),      cmocka_unit_test(cut_names),     cmocka_unit_test(bomb),
		cmocka_unit_test(deep_names), cmocka_unit_test(overlong_name),
	};

	return cmocka_run_group_tests_name("demangle", tests, NULL, NULL);
}
