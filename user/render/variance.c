/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/variance.h"

#include <inttypes.h>

#include "lib/json_value.h"
#include "lib/units.h"
#include "render/pieces.h"

static double peak_bytes(const struct variance_row *row)
{
	return (double)row->series.peak.rss_kb * 1024;
}

static double peak_seconds(const struct variance_row *row)
{
	return (double)row->series.peak.time_us / 1e6;
}

/* ---- text */

static void add_files(const struct variance_report *report, size_t width, struct buf *out)
{
	struct buf line = {0};
	char peak[32];

	buf__add_format(&line, "%10s  %14s  %10s  %s", "peak", "at", "rows", "file");
	pieces__add_line(out, &line, width);
	for (size_t i = 0; i < report->count; i++) {
		const struct variance_row *row = &report->rows[i];

		buf__add_format(&line, "%10s  %12.3f s  %10" PRIu64 "  ",
				units__format_bytes(peak, sizeof(peak), peak_bytes(row)), peak_seconds(row),
				row->series.rows);
		pieces__add_escaped(&line, row->path);
		buf__add_string(&line, row->series.cut ? " (its last line is cut off, and left out)" : "");
		pieces__add_line(out, &line, width);
	}
	buf__free(&line);
}

void render__variance_text(const struct variance_report *report, size_t width, struct buf *out)
{
	const struct variance *peaks = report->peaks;
	char mean[32], least[32], most[32], text[32];

	add_files(report, width, out);
	buf__add_format(out, "\npeaks of %zu files\n  mean       %s\n", report->count,
			units__format_bytes(mean, sizeof(mean), peaks->mean));
	if (variance__deviation(peaks) >= 0)
		buf__add_format(out, "  deviation  %s (of a sample, n - 1)\n",
				units__format_bytes(text, sizeof(text), variance__deviation(peaks)));
	else
		buf__add_string(out, "  deviation  - (one file has none)\n");
	if (variance__coefficient(peaks) >= 0)
		buf__add_format(out, "  variation  %.2f %% of the mean\n", 100 * variance__coefficient(peaks));
	buf__add_format(out, "  range      %s to %s\n", units__format_bytes(least, sizeof(least), peaks->min),
			units__format_bytes(most, sizeof(most), peaks->max));
}

/* ---- JSON and CSV */

/* Negative: there is none. */
static json_t *number_or_null(double number)
{
	return number < 0 ? json_null() : json_value__number(number);
}

static json_t *peaks_of(const struct variance *peaks)
{
	json_t *object = json_object();

	json_object_set_new(object, "mean_bytes", json_value__number(peaks->mean));
	json_object_set_new(object, "standard_deviation_bytes", number_or_null(variance__deviation(peaks)));
	json_object_set_new(object, "coefficient_of_variation", number_or_null(variance__coefficient(peaks)));
	json_object_set_new(object, "min_bytes", json_value__count((uint64_t)peaks->min));
	json_object_set_new(object, "max_bytes", json_value__count((uint64_t)peaks->max));
	return object;
}

void render__variance_json(const struct variance_report *report, struct buf *out)
{
	json_t *root = json_object(), *files = json_array();

	json_object_set_new(root, "schema", json_string("memtrawl.variance/1"));
	json_object_set_new(root, "peaks", peaks_of(report->peaks));
	for (size_t i = 0; i < report->count; i++) {
		const struct variance_row *row = &report->rows[i];
		json_t *file = json_object();

		json_object_set_new(file, "path", json_value__text(row->path));
		json_object_set_new(file, "peak_bytes", json_value__count(row->series.peak.rss_kb * 1024));
		json_object_set_new(file, "peak_seconds", json_value__number(peak_seconds(row)));
		json_object_set_new(file, "rows", json_value__count(row->series.rows));
		json_object_set_new(file, "cut", json_boolean(row->series.cut));
		json_array_append_new(files, file);
	}
	json_object_set_new(root, "files", files);
	pieces__add_json(out, root);
}

void render__variance_csv(const struct variance_report *report, struct buf *out)
{
	buf__add_string(out, "path,peak_kb,peak_s,rows,cut\r\n");
	for (size_t i = 0; i < report->count; i++) {
		const struct rss_series *series = &report->rows[i].series;

		pieces__add_csv(out, "", report->rows[i].path);
		buf__add_format(out, ",%" PRIu64 ",%.6f,%" PRIu64 ",%d\r\n", series->peak.rss_kb,
				peak_seconds(&report->rows[i]), series->rows, series->cut);
	}
}
