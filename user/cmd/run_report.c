/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/run_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/observe.h"
#include "cmd/output.h"
#include "render/run.h"

static int write_summary(const struct output_options *output, const struct run_summary *summary,
			 enum output_format format, struct error *err)
{
	struct buf buf = {0};
	int code = 0;

	if (format == FORMAT_JSON)
		render__run_json(summary, &buf);
	else
		render__run_text(summary, 0, &buf);
	if (format == FORMAT_TEXT && !output->path)
		fwrite(buf.data ? buf.data : "", 1, buf.size, stderr);
	else
		code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int report_on(const struct run_report *run, const struct profile *profile, const struct output_options *output,
		     enum output_format format, struct error *err)
{
	struct report_options by_peak = *run->report, by_live = *run->report;
	struct run_summary summary = {.command = run->command, .wait_status = run->wait_status, .profile = profile};
	struct report *at_peak = NULL, *at_exit = NULL, *lost = NULL;
	struct report_request request;
	int code;

	by_peak.sort = by_peak.sort == OPTION_NOT_GIVEN ? SORT_PEAK : by_peak.sort;
	request = output__request(&by_peak, REPORT_PROFILE, format);
	code = report__new(REPORT_PROFILE, profile, &request, &at_peak, err);
	by_live.suppressions = run->suppressions;
	request = output__request(&by_live, REPORT_PROFILE, format);
	if (!code)
		code = report__new(REPORT_PROFILE, profile, &request, &at_exit, err);
	request = output__request(&by_live, REPORT_REACH, format);
	if (!code && profile->reach.known)
		code = report__new(REPORT_REACH, profile, &request, &lost, err);
	summary.at_peak = at_peak;
	summary.at_exit = at_exit;
	summary.lost = lost;
	if (!code)
		code = write_summary(output, &summary, format, err);
	report__free(at_peak);
	report__free(at_exit);
	report__free(lost);
	return code;
}

/* A table is of what was lost, where that is known; a page has how it came to be, too. */
static int write_other(const struct run_report *run, const struct profile *profile, const struct output_options *output,
		       enum output_format format, struct error *err)
{
	bool of_lost = profile->reach.known && (format == FORMAT_CSV || format == FORMAT_FOLDED);
	struct report_options options = *run->report;

	options.suppressions = run->suppressions;
	return output__profile(of_lost ? REPORT_REACH : REPORT_PROFILE, profile, &options, output, err);
}

/* What is live or, where that is known, lost, and no known leak. */
static int count_leaked(const struct run_report *run, const struct profile *profile, uint64_t *leaked,
			struct error *err)
{
	const struct report_request request = {.suppressions = run->suppressions};
	const bool known = profile->reach.known;
	struct report *report;
	int code = report__new(REPORT_PROFILE, profile, &request, &report, err);

	if (code)
		return code;
	*leaked += known ? report->reach[REACH_DEFINITE].bytes + report->reach[REACH_INDIRECT].bytes
			 : profile->totals.live_bytes;
	for (size_t i = 0; i < report->suppressed_count; i++)
		*leaked -= known ? report->suppressed[i].lost_bytes : report->suppressed[i].live_bytes;
	report__free(report);
	return 0;
}

static int report_process(const struct run_report *run, const struct tracked *tracked,
			  const struct output_options *where, uint64_t *leaked, struct error *err)
{
	const struct read_options read = {.ages = true, .reached = run->reached};
	struct output_options output = *where;
	struct profile *profile = NULL;
	enum output_format format;
	char *path = NULL;
	int code;

	code = output_options__format(where, &format, err);
	if (!code)
		code = observe__profile(run->session, tracked, &read, run->looking, &profile, err);
	if (!code && tracked != run->session->tracked[0])
		code = output_options__further(where, tracked->process->pid, &path, err);
	if (code)
		goto out;
	if (path)
		output.path = path;
	code = count_leaked(run, profile, leaked, err);
	if (code)
		goto out;
	if (tracked == run->session->tracked[0]) { /* the end of the command is told as such */
		free(profile->end_reason);
		profile->end_reason = NULL;
	}
	if (format == FORMAT_TEXT || format == FORMAT_JSON)
		code = report_on(run, profile, &output, format, err);
	else
		code = write_other(run, profile, &output, format, err);
out:
	free(path);
	profile__free(profile);
	return code;
}

int run_report__write(const struct run_report *run, uint64_t *leaked, struct error *err)
{
	struct output_options output = *run->output;
	struct document_set set;
	int code = 0, ended;

	*leaked = 0;
	output__begin_set(&set, run->session->count, &output);
	for (size_t i = 0; !code && i < run->session->count; i++)
		code = report_process(run, run->session->tracked[i], &output, leaked, err);
	ended = output__end_set(&set, &output, err);
	return code ? code : ended;
}
