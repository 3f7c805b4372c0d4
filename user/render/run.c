/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/units.h"
#include "render/pieces.h"
#include "render/render.h"

/* ---- text */

static void add_end(const struct run_summary *summary, struct buf *out)
{
	int status = summary->wait_status;

	buf__add_string(out, "  ended   ");
	if (WIFSIGNALED(status))
		buf__add_format(out, "by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		buf__add_format(out, "with status %d\n", WEXITSTATUS(status));
}

static void add_peak(const struct profile *profile, struct buf *out)
{
	const struct profile_totals *totals = &profile->totals;
	char bytes[32], at[32];

	buf__add_format(out, "  peak    %s live",
			units__format_bytes(bytes, sizeof(bytes), (double)totals->peak_live_bytes));
	if (totals->peak_time_ns)
		buf__add_format(out, ", %s after the start",
				units__format_seconds(at, sizeof(at),
						      (double)(totals->peak_time_ns - profile->start_ns) / 1e9));
	buf__add_string(out, "\n");
}

static void add_temporary(const struct profile_totals *totals, struct buf *out)
{
	if (totals->alloc_objects)
		buf__add_format(out,
				"  short   %" PRIu64 " of %" PRIu64
				" blocks (%.1f%%) were freed before the same thread's next allocation\n",
				totals->temporary_objects, totals->alloc_objects,
				100.0 * (double)totals->temporary_objects / (double)totals->alloc_objects);
}

static uint64_t largest_bucket(const struct profile *profile)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < PROFILE_SIZE_BUCKETS; i++)
		if (profile->size_objects[i] > largest)
			largest = profile->size_objects[i];
	return largest;
}

static void add_histogram(const struct profile *profile, struct buf *out)
{
	enum { BAR = 40 };
	uint64_t largest = largest_bucket(profile);
	char from[32], to[32];

	if (!largest)
		return;
	buf__add_string(out, "\nblocks by size\n");
	for (size_t i = 0; i < PROFILE_SIZE_BUCKETS; i++) {
		uint64_t count = profile->size_objects[i];

		if (!count)
			continue;
		buf__add_format(out, "%10s to %-10s %10" PRIu64 " ",
				units__format_bytes(from, sizeof(from), i ? (double)(1ULL << i) : 0),
				units__format_bytes(to, sizeof(to), (double)((2ULL << i) - 1)), count);
		for (uint64_t j = 0; j < (count * BAR + largest - 1) / largest; j++)
			buf__add_string(out, "#");
		buf__add_string(out, "\n");
	}
}

void render__run_text(const struct run_summary *summary, size_t width, struct buf *out)
{
	render__text_subject(summary->at_exit, width, out);
	add_end(summary, out);
	add_peak(summary->profile, out);
	add_temporary(&summary->profile->totals, out);
	buf__add_string(out, "\nat the peak\n");
	render__text_table(summary->at_peak, width, out);
	if (summary->lost) {
		buf__add_string(out, "\nlost at exit\n");
		render__text_table(summary->lost, width, out);
	}
	buf__add_string(out, "\nlive at exit\n");
	render__text_table(summary->at_exit, width, out);
	render__text_mapped(summary->at_exit, width, out);
	add_histogram(summary->profile, out);
}

/* ---- JSON */

static json_t *command_of(char **command)
{
	json_t *array = json_array();

	for (; *command; command++) {
		struct buf text = {0};

		pieces__add_escaped(&text, *command);
		json_array_append_new(array, json_string(text.data ? text.data : ""));
		buf__free(&text);
	}
	return array;
}

static json_t *sizes_of(const struct profile *profile)
{
	json_t *array = json_array();

	for (size_t i = 0; i < PROFILE_SIZE_BUCKETS; i++) {
		if (!profile->size_objects[i])
			continue;
		json_array_append_new(array, json_pack("{s:I, s:I, s:I}", "min_bytes", (json_int_t)(i ? 1LL << i : 0),
						       "max_bytes", (json_int_t)((2ULL << i) - 1), "objects",
						       (json_int_t)profile->size_objects[i]));
	}
	return array;
}

static json_t *exit_of(int status)
{
	json_t *exit = json_object();

	json_object_set_new(exit, "status", WIFEXITED(status) ? json_integer(WEXITSTATUS(status)) : json_null());
	json_object_set_new(exit, "signal", WIFSIGNALED(status) ? json_integer(WTERMSIG(status)) : json_null());
	return exit;
}

static json_t *peak_of(const struct profile *profile)
{
	const struct profile_totals *totals = &profile->totals;
	json_t *peak = json_object();
	char time[40];

	json_object_set_new(peak, "live_bytes", json_integer((json_int_t)totals->peak_live_bytes));
	json_object_set_new(peak, "time",
			    totals->peak_time_ns
				    ? json_string(units__format_time(time, sizeof(time), totals->peak_time_ns))
				    : json_null());
	json_object_set_new(peak, "after_seconds",
			    totals->peak_time_ns ? json_real((double)(totals->peak_time_ns - profile->start_ns) / 1e9)
						 : json_null());
	return peak;
}

static json_t *document_of(const struct report *report)
{
	struct buf text = {0};
	json_t *document = NULL;

	render__json(report, &text);
	if (text.data)
		document = json_loadb(text.data, text.size, JSON_DECODE_ANY, NULL);
	buf__free(&text);
	return document ? document : json_null();
}

void render__run_json(const struct run_summary *summary, struct buf *out)
{
	json_t *root = json_object();

	json_object_set_new(root, "schema", json_string("memtrawl.run/1"));
	json_object_set_new(root, "command", command_of(summary->command));
	json_object_set_new(root, "exit", exit_of(summary->wait_status));
	json_object_set_new(root, "peak", peak_of(summary->profile));
	json_object_set_new(root, "temporary_objects",
			    json_integer((json_int_t)summary->profile->totals.temporary_objects));
	json_object_set_new(root, "sizes", sizes_of(summary->profile));
	json_object_set_new(root, "profile", document_of(summary->at_exit));
	json_object_set_new(root, "reach", summary->lost ? document_of(summary->lost) : json_null());
	pieces__add_json(out, root);
}
