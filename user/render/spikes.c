/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/spikes.h"

#include <inttypes.h>

#include "lib/json_value.h"
#include "lib/units.h"
#include "render/pieces.h"

/* ---- text */

static void add_spike(const struct spike *spike, struct buf *line)
{
	char rss[32], rise[32], rate[32];

	buf__add_format(line, "%14.3f s  %10s  %10s  %8.3f s", (double)spike->top_us / 1e6,
			units__format_bytes(rss, sizeof(rss), (double)spike->top_kb * 1024),
			units__format_bytes(rise, sizeof(rise), (double)(spike->top_kb - spike->start_kb) * 1024),
			spike__seconds(spike));
	if (spike__rate(spike) > 0)
		buf__add_format(line, "  %10s/s", units__format_bytes(rate, sizeof(rate), spike__rate(spike)));
	else
		buf__add_format(line, "  %12s", "-");
}

void render__spikes_table(const struct spikes *spikes, size_t width, struct buf *out)
{
	char rise[32], within[32];
	struct buf line = {0};

	buf__add_format(out, "  spikes    %zu, of more than %s within %s\n", spikes->count,
			units__format_bytes(rise, sizeof(rise), (double)spikes->options.rise_kb * 1024),
			units__format_seconds(within, sizeof(within), (double)spikes->options.within_us / 1e6));
	if (!spikes->count)
		return;
	buf__add_format(&line, "%16s  %10s  %10s  %10s  %12s", "time", "rss", "rise", "duration", "rate");
	pieces__add_line(out, &line, width);
	for (size_t i = 0; i < spikes->count; i++) {
		add_spike(&spikes->list[i], &line);
		pieces__add_line(out, &line, width);
	}
	buf__free(&line);
}

void render__spikes_text(const struct spikes_report *report, size_t width, struct buf *out)
{
	const struct rss_series *series = report->series;
	char peak[32], seconds[32];

	pieces__add_escaped(out, report->path);
	buf__add_format(
		out, "\n  rows      %" PRIu64 ", of %s%s\n", series->rows,
		units__format_seconds(seconds, sizeof(seconds), (double)(series->last_us - series->first_us) / 1e6),
		series->cut ? "; the last line is cut off, and left out" : "");
	buf__add_format(out, "  peak      %s at %.3f s\n",
			units__format_bytes(peak, sizeof(peak), (double)series->peak.rss_kb * 1024),
			(double)series->peak.time_us / 1e6);
	render__spikes_table(report->spikes, width, out);
}

/* ---- JSON */

json_t *render__spikes_definition(const struct spikes *spikes)
{
	json_t *object = json_object();

	json_object_set_new(object, "rise_bytes", json_value__count(spikes->options.rise_kb * 1024));
	json_object_set_new(object, "within_seconds", json_value__number((double)spikes->options.within_us / 1e6));
	return object;
}

json_t *render__spikes_list(const struct spikes *spikes)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spikes->count; i++) {
		const struct spike *spike = &spikes->list[i];
		double rate = spike__rate(spike);
		json_t *object = json_object();

		json_object_set_new(object, "time_seconds", json_value__number((double)spike->top_us / 1e6));
		json_object_set_new(object, "rss_bytes", json_value__count(spike->top_kb * 1024));
		json_object_set_new(object, "rise_bytes", json_value__count((spike->top_kb - spike->start_kb) * 1024));
		json_object_set_new(object, "duration_seconds", json_value__number(spike__seconds(spike)));
		json_object_set_new(object, "bytes_per_second",
				    rate > 0 ? json_value__count((uint64_t)rate) : json_null());
		json_array_append_new(array, object);
	}
	return array;
}

void render__spikes_json(const struct spikes_report *report, struct buf *out)
{
	const struct rss_series *series = report->series;
	json_t *root = json_object(), *peak = json_object();

	json_object_set_new(root, "schema", json_string("memtrawl.spikes/1"));
	json_object_set_new(root, "path", json_value__text(report->path));
	json_object_set_new(root, "rows", json_value__count(series->rows));
	json_object_set_new(root, "cut", json_boolean(series->cut));
	json_object_set_new(root, "seconds", json_value__number((double)(series->last_us - series->first_us) / 1e6));
	json_object_set_new(peak, "rss_bytes", json_value__count(series->peak.rss_kb * 1024));
	json_object_set_new(peak, "time_seconds", json_value__number((double)series->peak.time_us / 1e6));
	json_object_set_new(root, "peak", peak);
	json_object_set_new(root, "spike", render__spikes_definition(report->spikes));
	json_object_set_new(root, "spikes", render__spikes_list(report->spikes));
	pieces__add_json(out, root);
}

/* ---- CSV */

void render__spikes_csv(const struct spikes_report *report, struct buf *out)
{
	buf__add_string(out, "time_s,rss_kb,rise_kb,duration_s,kb_per_s\r\n");
	for (size_t i = 0; i < report->spikes->count; i++) {
		const struct spike *spike = &report->spikes->list[i];
		double rate = spike__rate(spike);

		buf__add_format(out, "%.6f,%" PRIu64 ",%" PRIu64 ",%.6f,", (double)spike->top_us / 1e6, spike->top_kb,
				spike->top_kb - spike->start_kb, spike__seconds(spike));
		if (rate > 0)
			buf__add_format(out, "%.0f", rate / 1024);
		buf__add_string(out, "\r\n");
	}
}
