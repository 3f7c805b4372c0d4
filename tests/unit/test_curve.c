/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/buf.h"
#include "render/curve.h"

#define SECOND 1000000000ULL

static void check(const struct history *history, size_t width, size_t height, const char *expected)
{
	struct buf out = {0};

	render__curve(history, width, height, &out);
	assert_false(buf__failed(&out));
	assert_string_equal(out.data ? out.data : "", expected);
	buf__free(&out);
}

static void a_line_is_straight(void **state)
{
	struct history history = {0};

	(void)state;
	history__add(&history, 100 * SECOND, 0);
	history__add(&history, 107 * SECOND, 7 << 20);
	check(&history, 24, 3,
	      " 7.0M┤         ⣀⣀⡠⠤⠤⠒⠒⠊⠉\n"
	      "    0┤⣀⡠⠤⠤⠒⠒⠊⠉⠉\n"
	      "      7.0 s ago      now\n");
}

static void steps_have_no_gaps(void **state)
{
	struct history history = {0};

	(void)state;
	history__add(&history, 0, 1024);
	history__add(&history, 9 * SECOND, 1024);
	history__add(&history, 10 * SECOND, 4096);
	history__add(&history, 19 * SECOND, 4096);
	check(&history, 24, 4,
	      " 4.0K┤         ⡸⠉⠉⠉⠉⠉⠉⠉⠉\n"
	      "     │         ⡇\n"
	      " 1.0K┤⣀⣀⣀⣀⣀⣀⣀⣀⡸\n"
	      "      19.0 s ago     now\n");
}

static void falls_have_no_gaps_either(void **state)
{
	struct history history = {0};

	(void)state;
	history__add(&history, 0, 4096);
	history__add(&history, 9 * SECOND, 4096);
	history__add(&history, 10 * SECOND, 1024);
	history__add(&history, 19 * SECOND, 1024);
	check(&history, 24, 4,
	      " 4.0K┤⠉⠉⠉⠉⠉⠉⠉⠉⢱\n"
	      "     │         ⡇\n"
	      " 1.0K┤         ⢱⣀⣀⣀⣀⣀⣀⣀⣀\n"
	      "      19.0 s ago     now\n");
}

static void what_stays_is_a_line_in_the_middle(void **state)
{
	struct history history = {0};

	(void)state;
	history__add(&history, 0, 4096);
	check(&history, 24, 3,
	      " 4.0K┤\n"
	      " 4.0K┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉\n"
	      "      0 ms ago       now\n");
}

static void without_room_there_is_nothing(void **state)
{
	struct history history = {0};

	(void)state;
	check(&history, 80, 20, ""); /* no points */
	history__add(&history, 0, 4096);
	check(&history, 23, 20, "");
	check(&history, 80, 2, "");
	check(&history, 0, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_straight),
		cmocka_unit_test(steps_have_no_gaps),
		cmocka_unit_test(falls_have_no_gaps_either),
		cmocka_unit_test(what_stays_is_a_line_in_the_middle),
		cmocka_unit_test(without_room_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
