/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/variance.h"

#include <errno.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "render/variance.h"

static const struct usage usage = {
	.verb = "variance",
	.arguments = "FILE...",
	.text = "Tells how much the peaks of several recordings differ, which `memtrawl record` has written: mean, "
		"standard\n"
		"deviation (of a sample), coefficient of variation, least and most.\n",
	.min_arguments = 1,
	.max_arguments = -1,
};

static int read_all(const struct arguments *files, struct variance_row *rows, struct variance *peaks, struct error *err)
{
	int code = 0;

	for (int i = 0; !code && i < files->count; i++) {
		rows[i].path = files->items[i];
		code = rss_series__read_file(files->items[i], NULL, NULL, &rows[i].series, err);
		if (!code)
			variance__add(peaks, (double)rows[i].series.peak.rss_kb * 1024);
	}
	return code;
}

static int write_report(const struct variance_report *report, const struct output_options *output,
			enum output_format format, struct error *err)
{
	struct buf buf = {0};
	int code;

	if (format == FORMAT_JSON)
		render__variance_json(report, &buf);
	else if (format == FORMAT_CSV)
		render__variance_csv(report, &buf);
	else
		render__variance_text(report, output__width(output), &buf);
	code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int compare(const struct arguments *files, const struct output_options *output, struct error *err)
{
	struct variance_row *rows = calloc((size_t)files->count, sizeof(*rows));
	struct variance peaks = {0};
	const struct variance_report report = {.rows = rows, .count = (size_t)files->count, .peaks = &peaks};
	enum output_format format;
	int code = output_options__table_format(output, "a variance", &format, err);

	if (!code && !rows)
		code = error__set(err, -ENOMEM, "out of memory");
	if (!code)
		code = read_all(files, rows, &peaks, err);
	if (!code)
		code = write_report(&report, output, format, err);
	free(rows);
	return code;
}

enum status cmd_variance(int argc, char **argv)
{
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const struct option_group groups[] = {output_options__group(&output)};
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = compare(&arguments, &output, &err);
	return code ? error__report(&err) : STATUS_OK;
}
