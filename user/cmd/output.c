/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/on_leak.h"
#include "lib/file.h"
#include "profile/pprof.h"

size_t output__width(const struct output_options *output)
{
	struct winsize size;

	if (output->path || !isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

int output__check(const struct output_options *output, size_t count, struct error *err)
{
	enum output_format format;
	int code = output_options__format(output, &format, err);

	if (code || output->path || (format != FORMAT_HTML && format != FORMAT_PPROF))
		return code;
	if (isatty(STDOUT_FILENO))
		return error__usage(err, "%s is no format for a terminal: give -o FILE, or redirect the output",
				    format == FORMAT_HTML ? "html" : "pprof");
	if (format == FORMAT_HTML && count > 1)
		return error__usage(err, "%zu processes make as many pages: give -o FILE, which has a name for each",
				    count);
	return 0;
}

static void gather(struct document_set *set, const struct buf *buf)
{
	static const char begin[] = "{\n  \"schema\": \"memtrawl.set/1\",\n  \"documents\": [\n";

	buf__add_string(&set->text, set->count++ ? ",\n" : begin);
	buf__add(&set->text, buf->data, buf->size);
}

int output__write(const struct buf *buf, const struct output_options *output, struct error *err)
{
	if (buf__failed(buf))
		return error__set(err, -ENOMEM, "cannot make the output: out of memory");
	if (output->path)
		return file__replace(output->path, buf->data, buf->size, 0644, err);
	if (output->set) {
		gather(output->set, buf);
		return 0;
	}
	if (fwrite(buf->data, 1, buf->size, stdout) != buf->size || fflush(stdout)) {
		int code = -errno;

		return error__set(err, code, "cannot write to standard output: %s", error__reason(code));
	}
	return 0;
}

void output__begin_set(struct document_set *set, size_t count, struct output_options *output)
{
	enum output_format format;

	memset(set, 0, sizeof(*set));
	if (count > 1 && !output->path && !output_options__format(output, &format, NULL) && format == FORMAT_JSON)
		output->set = set;
}

int output__end_set(struct document_set *set, struct output_options *output, struct error *err)
{
	int code = 0;

	output->set = NULL;
	if (set->count) {
		buf__add_string(&set->text, "]\n}\n");
		code = output__write(&set->text, output, err);
	}
	buf__free(&set->text);
	return code;
}

static struct report_request request_of(const struct report_options *options, enum report_group group,
					enum report_sort sort, enum output_format format)
{
	struct report_request request = {
		.group = options->group == OPTION_NOT_GIVEN ? group : (enum report_group)options->group,
		.sort = options->sort == OPTION_NOT_GIVEN ? sort : (enum report_sort)options->sort,
		.top_n = options->top_n,
		.min_bytes = options->min_bytes,
		.older_seconds = (double)options->older_ns / 1e9,
		.filter = options->filter,
		.significant = options->significant,
		.sources = options->sources,
		.suppressions = options->suppressions,
	};

	if (request.top_n == TOP_N_NOT_GIVEN)
		request.top_n = format == FORMAT_TEXT ? TOP_N_DEFAULT : 0;
	return request;
}

static enum report_sort default_sort(enum report_kind kind)
{
	if (kind == REPORT_LEAKS)
		return SORT_SCORE;
	return kind == REPORT_REACH ? SORT_LOST : SORT_LIVE;
}

struct report_request output__request(const struct report_options *options, enum report_kind kind,
				      enum output_format format)
{
	return request_of(options, GROUP_STACK, default_sort(kind), format);
}

static int write_report(const struct report *report, enum output_format format, const struct output_options *output,
			struct error *err)
{
	struct buf buf = {0};
	int code;

	switch (format) {
	case FORMAT_TEXT:
	case FORMAT_PPROF: /* has been dealt with */
		render__text(report, output__width(output), &buf);
		break;
	case FORMAT_JSON:
		render__json(report, &buf);
		break;
	case FORMAT_CSV:
		render__csv(report, &buf);
		break;
	case FORMAT_FOLDED:
		render__folded(report, &buf);
		break;
	case FORMAT_HTML:
		render__html(report, &buf);
		break;
	}
	code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int write_pprof(const struct profile *profile, const struct output_options *output, struct error *err)
{
	struct buf buf = {0};
	int code;

	code = pprof__encode(profile, &buf);
	if (code)
		error__set(err, code, "cannot write the profile: %s", error__reason(code));
	else
		code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int no_score(struct error *err)
{
	return error__usage(err,
			    "--sort score is for leaks; live, alloc, objects, peak, growth, age or temporary would do");
}

/* --older asks for something that the profile may not know. */
static void warn_without_ages(const struct profile *profile, const struct report_options *options)
{
	for (size_t i = 0; i < profile->site_count; i++)
		if (profile->sites[i].oldest_age_seconds >= 0)
			return;
	if (options->older_ns && profile->site_count)
		warn("the profile does not hold the ages of blocks, so --older leaves nothing of it");
}

static int run_on_leak(const struct report *report, const char *command, struct error *err)
{
	struct buf document = {0};
	int code;

	render__json(report, &document);
	if (buf__failed(&document))
		code = error__set(err, -ENOMEM, "cannot run --on-leak: out of memory");
	else
		code = on_leak__run(command, document.data, err);
	buf__free(&document);
	return code;
}

int output__profile(enum report_kind kind, const struct profile *profile, const struct report_options *options,
		    const struct output_options *output, struct error *err)
{
	struct report_request request;
	enum output_format format;
	struct report *report;
	int code;

	code = output_options__format(output, &format, err);
	if (!code)
		code = output__check(output, 1, err);
	if (code)
		return code;
	if (format == FORMAT_PPROF && !output->worst)
		return write_pprof(profile, output, err);
	if (options->sort == SORT_SCORE && kind != REPORT_LEAKS)
		return no_score(err);
	warn_without_ages(profile, options);
	request = output__request(options, kind, format);
	code = report__new(kind, profile, &request, &report, err);
	if (code)
		return code;
	if (kind == REPORT_LEAKS && output->on_leak && report->worst > LEAK_NONE)
		code = run_on_leak(report, output->on_leak, err);
	if (output->worst && report->worst > *output->worst)
		*output->worst = report->worst;
	if (!code)
		code = format == FORMAT_PPROF ? write_pprof(profile, output, err)
					      : write_report(report, format, output, err);
	report__free(report);
	return code;
}

/* Code moves from build to build, and with it the ids of sites; functions keep their names. */
static enum report_group group_for_diff(const struct profile *before, const struct profile *after)
{
	const char *a = before->process.build_id, *b = after->process.build_id;

	return a && b && strcmp(a, b) != 0 ? GROUP_FUNCTION : GROUP_STACK;
}

int output__diff(const struct profile *before, const struct profile *after, const struct report_options *options,
		 const struct output_options *output, struct error *err)
{
	struct report_request request;
	enum output_format format;
	struct report *report;
	int code;

	code = output_options__format(output, &format, err);
	if (code)
		return code;
	if (format == FORMAT_PPROF)
		return error__usage(err, "a diff cannot be written as pprof: `go tool pprof -diff_base A B` shows one");
	code = output__check(output, 1, err);
	if (code)
		return code;
	if (options->sort == SORT_SCORE)
		return no_score(err);
	request = request_of(options, group_for_diff(before, after), SORT_LIVE, format);
	code = report__new_diff(before, after, &request, &report, err);
	if (code)
		return code;
	if (output->drifted)
		*output->drifted = report->grown > 0;
	code = write_report(report, format, output, err);
	report__free(report);
	return code;
}

int output__list(const struct listing *listing, const struct output_options *output, struct error *err)
{
	enum output_format format;
	struct buf buf = {0};
	int code;

	code = output_options__table_format(output, "a list", &format, err);
	if (code)
		return code;
	if (format == FORMAT_JSON)
		render__list_json(listing, &buf);
	else if (format == FORMAT_CSV)
		render__list_csv(listing, &buf);
	else
		render__list_text(listing, output__width(output), &buf);
	code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}
