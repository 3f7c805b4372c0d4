/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/array.h"
#include "top/model.h"

enum { HEIGHT = 3 };

static struct census_row rows[] = {
	{.sample = {.pid = 1, .start_ns = 10}}, {.sample = {.pid = 2, .start_ns = 20}},
	{.sample = {.pid = 3, .start_ns = 30}}, {.sample = {.pid = 4, .start_ns = 40}},
	{.sample = {.pid = 5, .start_ns = 50}}, {.sample = {.pid = 6, .start_ns = 60}},
};

static struct census_group group = {.cgroup = {.path = "/web"}};

static struct census_line lines[8];
static struct census_view view = {.lines = lines};

/* "312": the rows in that order; "w" is the cgroup. */
static void arrange(const char *order)
{
	view.count = strlen(order);
	for (size_t i = 0; i < view.count; i++)
		lines[i] = order[i] == 'w' ? (struct census_line){.group = &group}
					   : (struct census_line){.row = &rows[order[i] - '1']};
}

static struct model begin(const char *order)
{
	struct model model;

	arrange(order);
	model__init(&model, &(struct census_request){.sort = CENSUS_BY_RSS});
	model__follow(&model, &view, HEIGHT);
	return model;
}

static enum model_action press(struct model *model, int key)
{
	return model__key(model, key, &view, HEIGHT);
}

static void check(const struct model *model, pid_t pid, size_t selected, size_t first)
{
	assert_int_equal(model->pid, pid);
	assert_int_equal(model->selected, selected);
	assert_int_equal(model->first, first);
}

static void keys_move_the_selection(void **state)
{
	struct model model = begin("123456");

	(void)state;
	check(&model, 1, 0, 0);
	assert_int_equal(press(&model, MODEL_KEY_UP), MODEL_DRAW);
	check(&model, 1, 0, 0);
	press(&model, MODEL_KEY_DOWN);
	press(&model, MODEL_KEY_DOWN);
	check(&model, 3, 2, 0);
	press(&model, MODEL_KEY_DOWN);
	check(&model, 4, 3, 1);
	press(&model, MODEL_KEY_PAGE_DOWN);
	check(&model, 6, 5, 3);
	press(&model, MODEL_KEY_DOWN);
	check(&model, 6, 5, 3);
	press(&model, MODEL_KEY_PAGE_UP);
	check(&model, 4, 3, 3);
	press(&model, MODEL_KEY_HOME);
	check(&model, 1, 0, 0);
	press(&model, MODEL_KEY_END);
	check(&model, 6, 5, 3);
	model__free(&model);
}

static void the_selection_follows_its_process(void **state)
{
	struct model model = begin("123456");

	(void)state;
	press(&model, MODEL_KEY_DOWN);
	check(&model, 2, 1, 0);
	arrange("654321");
	model__follow(&model, &view, HEIGHT);
	check(&model, 2, 4, 2);
	arrange("6543"); /* it has ended: what stands in its place now */
	model__follow(&model, &view, HEIGHT);
	check(&model, 3, 3, 1);
	rows[2].sample.start_ns++; /* the same pid, another process */
	arrange("3654");
	model__follow(&model, &view, HEIGHT);
	check(&model, 4, 3, 1);
	rows[2].sample.start_ns--;
	arrange("");
	model__follow(&model, &view, HEIGHT);
	check(&model, 0, 0, 0);
	assert_int_equal(press(&model, MODEL_KEY_DOWN), MODEL_DRAW);
	assert_int_equal(press(&model, MODEL_KEY_END), MODEL_DRAW);
	assert_int_equal(press(&model, MODEL_KEY_ENTER), MODEL_DRAW);
	arrange("56");
	model__follow(&model, &view, HEIGHT);
	check(&model, 5, 0, 0);
	model__free(&model);
}

static void cgroups_can_be_selected(void **state)
{
	struct model model = begin("w12");

	(void)state;
	check(&model, 0, 0, 0);
	assert_string_equal(model.path, "/web");
	assert_int_equal(press(&model, MODEL_KEY_ENTER), MODEL_DRAW);
	arrange("12w");
	model__follow(&model, &view, HEIGHT);
	check(&model, 0, 2, 0);
	press(&model, MODEL_KEY_UP);
	assert_null(model.path);
	assert_int_equal(press(&model, MODEL_KEY_ENTER), MODEL_OPEN);
	check(&model, 2, 1, 0);
	model__free(&model);
}

static void a_screen_may_be_of_any_height(void **state)
{
	struct model model = begin("123456");

	(void)state;
	press(&model, MODEL_KEY_END);
	model__follow(&model, &view, 1);
	check(&model, 6, 5, 5);
	model__follow(&model, &view, 10);
	check(&model, 6, 5, 0);
	model__follow(&model, &view, 0);
	check(&model, 6, 5, 0);
	model__key(&model, MODEL_KEY_PAGE_UP, &view, 0);
	check(&model, 5, 4, 0);
	model__free(&model);
}

static void keys_change_the_order(void **state)
{
	struct model model = begin("12");

	(void)state;
	assert_int_equal(press(&model, 's'), MODEL_REDO);
	assert_int_equal(model__request(&model).sort, CENSUS_BY_GROWTH);
	assert_int_equal(press(&model, '>'), MODEL_REDO);
	assert_int_equal(model__request(&model).sort, CENSUS_BY_PEAK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(press(&model, '<'), MODEL_REDO);
	assert_int_equal(model__request(&model).sort, CENSUS_BY_NAME);
	press(&model, 's');
	assert_int_equal(model__request(&model).sort, CENSUS_BY_RSS);
	assert_int_equal(press(&model, 't'), MODEL_REDO);
	assert_true(model__request(&model).tree);
	assert_int_equal(press(&model, 'p'), MODEL_DRAW);
	assert_true(model.paused);
	press(&model, 'p');
	assert_false(model.paused);
	assert_int_equal(press(&model, 'x'), MODEL_DRAW);
	assert_int_equal(press(&model, MODEL_KEY_NONE), MODEL_DRAW);
	model__free(&model);
}

static void a_filter_is_typed(void **state)
{
	struct model model = begin("12");

	(void)state;
	press(&model, '/');
	assert_true(model.typing);
	for (const char *c = "q\xc3\xa9s"; *c; c++) /* letters are no commands now */
		assert_int_equal(press(&model, (unsigned char)*c), MODEL_REDO);
	assert_string_equal(model__request(&model).filter, "q\xc3\xa9s");
	press(&model, MODEL_KEY_BACKSPACE);
	press(&model, MODEL_KEY_BACKSPACE);
	assert_string_equal(model.filter, "q");
	press(&model, MODEL_KEY_DOWN); /* lines can be selected meanwhile */
	check(&model, 2, 1, 0);
	assert_int_equal(press(&model, MODEL_KEY_ENTER), MODEL_REDO);
	assert_false(model.typing);
	assert_string_equal(model.filter, "q");
	assert_int_equal(press(&model, MODEL_KEY_ESCAPE), MODEL_REDO); /* undoes it */
	assert_string_equal(model.filter, "");
	press(&model, '/');
	press(&model, MODEL_KEY_BACKSPACE);
	for (int i = 0; i < 100; i++)
		press(&model, 'a');
	assert_int_equal(strlen(model.filter), MODEL_FILTER - 1);
	press(&model, MODEL_KEY_ESCAPE);
	assert_false(model.typing);
	assert_string_equal(model.filter, "");
	model__free(&model);
}

static void it_can_be_left(void **state)
{
	struct model model = begin("12");

	(void)state;
	press(&model, '?');
	assert_true(model.help);
	assert_int_equal(press(&model, 'q'), MODEL_DRAW); /* back from the help */
	assert_false(model.help);
	assert_int_equal(press(&model, 'q'), MODEL_QUIT);
	assert_int_equal(press(&model, MODEL_KEY_ESCAPE), MODEL_QUIT);
	model__free(&model);
}

static void options_are_where_it_begins(void **state)
{
	struct model model;

	(void)state;
	model__init(&model, &(struct census_request){.sort = CENSUS_BY_PID, .filter = "web", .tree = true});
	assert_int_equal(model__request(&model).sort, CENSUS_BY_PID);
	assert_string_equal(model__request(&model).filter, "web");
	assert_true(model__request(&model).tree);
	model__free(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_move_the_selection), cmocka_unit_test(the_selection_follows_its_process),
		cmocka_unit_test(cgroups_can_be_selected), cmocka_unit_test(a_screen_may_be_of_any_height),
		cmocka_unit_test(keys_change_the_order),   cmocka_unit_test(a_filter_is_typed),
		cmocka_unit_test(it_can_be_left),          cmocka_unit_test(options_are_where_it_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
