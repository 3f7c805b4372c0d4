/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/spikes.h"

#include <errno.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/spike_options.h"
#include "lib/array.h"
#include "render/spikes.h"

static const struct usage usage = {
	.verb = "spikes",
	.arguments = "FILE",
	.text = "Lists where RSS rose a lot in a short time, in a file that `memtrawl record` has written (-: "
		"standard\n"
		"input): when it was highest, by how much it had risen, in what time.\n",
	.min_arguments = 1,
	.max_arguments = 1,
};

static void on_sample(void *cookie, const struct rss_sample *sample)
{
	spikes__add(cookie, sample);
}

static int write_report(const struct spikes_report *report, const struct output_options *output,
			enum output_format format, struct error *err)
{
	struct buf buf = {0};
	int code;

	if (format == FORMAT_JSON)
		render__spikes_json(report, &buf);
	else if (format == FORMAT_CSV)
		render__spikes_csv(report, &buf);
	else
		render__spikes_text(report, output__width(output), &buf);
	code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int find(const char *path, const struct spikes_options *options, const struct output_options *output,
		struct error *err)
{
	struct spikes spikes = {.options = *options};
	struct rss_series series;
	const struct spikes_report report = {.path = path, .series = &series, .spikes = &spikes};
	enum output_format format;
	int code = output_options__table_format(output, "spikes", &format, err);

	if (!code)
		code = rss_series__read_file(path, on_sample, &spikes, &series, err);
	spikes__finish(&spikes);
	if (!code && spikes.failed)
		code = error__set(err, -ENOMEM, "out of memory");
	if (!code)
		code = write_report(&report, output, format, err);
	spikes__free(&spikes);
	return code;
}

enum status cmd_spikes(int argc, char **argv)
{
	struct spike_options own = SPIKE_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		spike_options__group(&own),
		output_options__group(&output),
	};
	struct spikes_options options;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = spike_options__check(&own, &options, &err);
	if (!code)
		code = find(arguments.items[0], &options, &output, &err);
	return code ? error__report(&err) : STATUS_OK;
}
