/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "fixture.h"
#include "golden.h"
#include "render/render.h"
#include "render/run.h"

enum { BY_SIGNAL_9 = 9, BY_EXIT_3 = 3 << 8 }; /* wait statuses */

static struct report *new_report(enum report_kind kind, const struct profile *profile, enum report_sort sort)
{
	const struct report_request request = {.group = GROUP_STACK, .sort = sort};
	struct report *report;
	struct error err = {0};

	assert_int_equal(report__new(kind, profile, &request, &report, &err), 0);
	return report;
}

static void check(const struct profile *profile, char **command, int wait_status, const char *text, const char *json)
{
	struct report *at_peak = new_report(REPORT_PROFILE, profile, SORT_PEAK);
	struct report *at_exit = new_report(REPORT_PROFILE, profile, SORT_LIVE);
	const struct run_summary summary = {command, wait_status, profile, at_peak, at_exit, NULL};
	struct buf out = {0};

	render__run_text(&summary, 0, &out);
	check_golden(text, &out);
	render__run_json(&summary, &out);
	check_golden(json, &out);
	report__free(at_peak);
	report__free(at_exit);
}

static void a_run_is_rendered(void **state)
{
	struct profile *profile = fixture_profile();
	char *command[] = {"/usr/bin/server", "--port", "80", "", "a\033[2J\xff", NULL};

	(void)state;
	profile->size_objects[0] = 1; /* 0 and 1 byte */
	profile->size_objects[5] = 1500;
	profile->size_objects[PROFILE_SIZE_BUCKETS - 1] = 2;
	check(profile, command, BY_EXIT_3, "run.txt", "run.json");
	profile__free(profile);
}

/* That its memory was looked through before it ended adds a table, and a document. */
static void what_was_lost_is_rendered(void **state)
{
	struct profile *profile = fixture_profile();
	char *command[] = {"/usr/bin/server", NULL};
	struct run_summary summary = {command, BY_EXIT_3, profile, NULL, NULL, NULL};
	struct report *at_exit, *lost;
	struct buf out = {0};
	json_t *root, *document;

	(void)state;
	fixture_reach(profile);
	at_exit = new_report(REPORT_PROFILE, profile, SORT_LIVE);
	lost = new_report(REPORT_REACH, profile, SORT_LOST);
	summary.at_peak = summary.at_exit = at_exit;
	summary.lost = lost;
	render__run_text(&summary, 0, &out);
	check_golden("run-lost.txt", &out);
	render__run_json(&summary, &out);
	root = json_loadb(out.data, out.size, 0, NULL);
	buf__free(&out);
	render__json(lost, &out);
	document = json_loadb(out.data, out.size, 0, NULL);
	assert_true(root && document && json_equal(json_object_get(root, "reach"), document));
	json_decref(root);
	json_decref(document);
	buf__free(&out);
	report__free(at_exit);
	report__free(lost);
	profile__free(profile);
}

/* It allocated nothing, and was killed. */
static void an_empty_run_is_rendered(void **state)
{
	struct profile *profile = profile__new();
	char *command[] = {"true", NULL};

	(void)state;
	profile->process.pid = 7;
	profile->process.comm = strdup("true");
	check(profile, command, BY_SIGNAL_9, "run-empty.txt", "run-empty.json");
	profile__free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_rendered),
		cmocka_unit_test(what_was_lost_is_rendered),
		cmocka_unit_test(an_empty_run_is_rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
