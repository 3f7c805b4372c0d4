/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "fixture.h"
#include "render/render.h"

#define DATA_BEGINS "<script id=\"data\" type=\"application/json\">"
#define DATA_ENDS   "</script>"

/* Reads the text of `buf`, and empties that. */
static json_t *parsed(struct buf *buf)
{
	json_error_t err;
	json_t *json;

	assert_false(buf__failed(buf));
	json = json_loads(buf->data, 0, &err);
	if (!json)
		fail_msg("line %d: %s", err.line, err.text);
	buf__free(buf);
	return json;
}

/* What could end the element or have the page load something, and who reads JavaScript's rules into JSON. */
static void check_inert(const char *data)
{
	static const char *const dangers[] = {"<", ">", "&", "\u2028", "\u2029", "\u202e", "\x7f", "\033", "\n"};

	for (size_t i = 0; i < ARRAY_SIZE(dangers); i++)
		assert_null(strstr(data, dangers[i]));
}

static void check_page(const char *page)
{
	static const char *const elsewhere[] = {"http:", "https:", "src=", "href=", "//", "url(", "@import"};
	static const char *const unsafe[] = {"innerHTML",      "outerHTML", "insertAdjacentHTML",
					     "document.write", "eval(",     "@data@",
					     "@style",         "@script"};

	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		assert_null(strstr(page, elsewhere[i]));
	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++)
		assert_null(strstr(page, unsafe[i]));
	assert_non_null(strstr(page, "content=\"default-src 'none'; script-src 'sha256-"));
	assert_non_null(strstr(page, "; style-src 'sha256-"));
}

/* Takes the data out of the page, which keeps what is around it. */
static char *cut_data(struct buf *page)
{
	char *begin = strstr(page->data, DATA_BEGINS), *end, *data;

	assert_non_null(begin);
	begin += strlen(DATA_BEGINS);
	end = strstr(begin, DATA_ENDS);
	assert_non_null(end);
	data = strndup(begin, (size_t)(end - begin));
	assert_non_null(data);
	memmove(begin, end, strlen(end) + 1);
	return data;
}

/* Puts frames into their places again. */
static void expand(json_t *sites, const json_t *frames)
{
	json_t *site, *index;
	size_t i, f;

	json_array_foreach (sites, i, site) {
		json_t *stack = json_array();

		json_array_foreach (json_object_get(site, "frames"), f, index) {
			assert_true(json_is_integer(index));
			assert_int_equal(
				json_array_append(stack, json_array_get(frames, (size_t)json_integer_value(index))), 0);
		}
		json_object_set_new(site, "frames", stack);
	}
}

static void check_equal(const struct report *report, const char *data)
{
	struct buf text = {0};
	json_t *root = json_loads(data, 0, NULL), *document = json_object_get(root, "report"), *expected;
	const json_t *frames = json_object_get(root, "frames");

	assert_non_null(root);
	assert_int_equal(json_object_size(root), 3);
	expand(json_object_get(document, "sites"), frames);
	expand(json_object_get(json_object_get(document, "mappings"), "sites"), frames);
	render__json(report, &text);
	expected = parsed(&text);
	assert_true(json_equal(document, expected));
	json_decref(expected);
	render__text_subject(report, 0, &text);
	assert_string_equal(json_string_value(json_object_get(root, "summary")), text.data);
	buf__free(&text);
	json_decref(root);
}

/* Frees the report. */
static void check_report(struct report *report)
{
	struct buf page = {0};
	char *data;

	render__html(report, &page);
	assert_false(buf__failed(&page));
	data = cut_data(&page);
	check_inert(data);
	check_page(page.data);
	check_equal(report, data);
	free(data);
	buf__free(&page);
	report__free(report);
}

static struct report *report_on(enum report_kind kind, const struct profile *profile, enum report_group group)
{
	const struct report_request request = {.group = group, .sort = SORT_LIVE};
	struct report *report;
	struct error err = {0};

	assert_int_equal(report__new(kind, profile, &request, &report, &err), 0);
	return report;
}

static void pages_hold_the_report(void **state)
{
	static const enum report_kind kinds[] = {REPORT_PROFILE, REPORT_LEAKS, REPORT_REACH};
	struct profile *profile = fixture_profile();

	(void)state;
	fixture_looks(profile);
	fixture_mapped(profile);
	fixture_reach(profile);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		check_report(report_on(kinds[i], profile, GROUP_STACK));
		check_report(report_on(kinds[i], profile, GROUP_FUNCTION));
	}
	profile__free(profile);
}

static void a_page_holds_a_diff(void **state)
{
	const struct report_request request = {.group = GROUP_STACK};
	struct profile *before = fixture_profile(), *after = fixture_profile();
	struct report *report;
	struct error err = {0};

	(void)state;
	after->sites[0].live_bytes += 1 << 20;
	before->sites[1].live_bytes = 0;
	assert_int_equal(report__new_diff(before, after, &request, &report, &err), 0);
	check_report(report);
	profile__free(before);
	profile__free(after);
}

static void a_page_holds_nothing(void **state)
{
	struct profile *profile = profile__new();

	(void)state;
	check_report(report_on(REPORT_PROFILE, profile, GROUP_STACK));
	check_report(report_on(REPORT_LEAKS, profile, GROUP_STACK));
	profile__free(profile);
}

static void hostile_names_do_not_get_out(void **state)
{
	struct profile *profile = fixture_hostile();

	(void)state;
	check_report(report_on(REPORT_PROFILE, profile, GROUP_STACK));
	check_report(report_on(REPORT_LEAKS, profile, GROUP_LINE));
	profile__free(profile);
}

/* Frames that stacks share are there once: the fixture's four stacks have nine frames, of which main is there thrice,
 * and one without a name twice. */
static void frames_are_shared(void **state)
{
	struct profile *profile = fixture_profile();
	struct report *report = report_on(REPORT_PROFILE, profile, GROUP_STACK);
	struct buf page = {0};
	json_t *root;
	char *data;

	(void)state;
	render__html(report, &page);
	data = cut_data(&page);
	root = json_loads(data, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(root, "frames")), 7);
	json_decref(root);
	free(data);
	buf__free(&page);
	report__free(report);
	profile__free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_hold_the_report), cmocka_unit_test(a_page_holds_a_diff),
		cmocka_unit_test(a_page_holds_nothing),  cmocka_unit_test(hostile_names_do_not_get_out),
		cmocka_unit_test(frames_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
