/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/record.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/json_value.h"
#include "lib/units.h"
#include "render/pieces.h"
#include "render/spikes.h"

static double seconds_of(const struct record_summary *summary)
{
	return (double)(summary->state->end_ns - summary->state->start_ns) / 1e9;
}

/* Of one CPU, what recording took. */
static double cpu_percent(const struct record_summary *summary)
{
	double seconds = seconds_of(summary);

	return seconds > 0 ? (double)summary->state->cpu_ns / seconds / 1e7 : 0;
}

/* ---- text */

static void add_subject(const struct record_summary *summary, size_t width, struct buf *out)
{
	struct buf line = {0};

	pieces__add_escaped(&line, summary->state->comm);
	buf__add_format(&line, " [%d]", (int)summary->pid);
	if (summary->cmdline) {
		buf__add_string(&line, ": ");
		pieces__add_escaped(&line, summary->cmdline);
	}
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

/* Shorter than a sample's interval as a rule: three digits. */
static void add_milliseconds(struct buf *out, const char *before, uint64_t ns)
{
	buf__add_format(out, "%s%.3f ms", before, (double)ns / 1e6);
}

static void add_samples(const struct record_summary *summary, struct buf *out)
{
	const struct recording_state *state = summary->state;
	char start[40], seconds[32];

	buf__add_format(out, "  recorded  %s from %s, ",
			units__format_seconds(seconds, sizeof(seconds), seconds_of(summary)),
			units__format_time(start, sizeof(start), state->start_time_ns));
	buf__add_format(out, "%" PRIu64 " samples, one every %g ms, %" PRIu64 " missed\n", state->samples,
			(double)summary->interval_ns / 1e6, state->missed);
	if (state->jitter.count) {
		add_milliseconds(out, "  jitter    samples came ", jitter__percentile(&state->jitter, 50));
		add_milliseconds(out, " late (median), ", jitter__percentile(&state->jitter, 99));
		add_milliseconds(out, " (99 %), ", state->jitter.max_ns);
		buf__add_string(out, " (at most)\n");
	}
	buf__add_format(out, "  cost      %.2f %% of a CPU\n", cpu_percent(summary));
}

static void add_peak(const struct record_summary *summary, struct buf *out)
{
	const struct rss_sample *peak = &summary->series->peak;
	char bytes[32], bound[32];

	buf__add_format(out, "  peak      %s at %.3f s, also between samples",
			units__format_bytes(bytes, sizeof(bytes), (double)peak->rss_kb * 1024),
			(double)peak->time_us / 1e6);
	buf__add_format(out, "; at most %s short for each of anonymous, file and shared memory\n",
			units__format_bytes(bound, sizeof(bound), (double)summary->state->bound_bytes));
}

static void add_wait_status(int status, struct buf *out)
{
	if (status == -1)
		buf__add_string(out, "the process has ended\n");
	else if (WIFSIGNALED(status))
		buf__add_format(out, "the process was killed by signal %d (%s)\n", WTERMSIG(status),
				strsignal(WTERMSIG(status)));
	else
		buf__add_format(out, "the process exited with status %d\n", WEXITSTATUS(status));
}

static void add_end(const struct record_summary *summary, struct buf *out)
{
	static const char *const words[] = {
		[RECORD_TIME_OVER] = "as asked for; the process goes on\n",
		[RECORD_INTERRUPTED] = "by a signal; the process goes on\n",
		[RECORD_READER_GONE] = "as nobody reads it any more; the process goes on\n",
		[RECORD_FAILED] = "too early\n",
	};

	if (summary->state->execs)
		buf__add_format(out, "  exec      %" PRIu64 " times the process became another program\n",
				summary->state->execs);
	buf__add_string(out, "  ended     ");
	if (summary->end == RECORD_ENDED)
		add_wait_status(summary->state->wait_status, out);
	else
		buf__add_string(out, words[summary->end]);
}

static void add_file(const struct record_summary *summary, struct buf *out)
{
	const struct series_file_state *file = summary->file;
	char bytes[32];

	buf__add_format(out, "  wrote     %" PRIu64 " rows, %s, to ", file->rows,
			units__format_bytes(bytes, sizeof(bytes), (double)file->bytes));
	pieces__add_escaped(out, summary->path ? summary->path : "standard output");
	if (file->rotations)
		buf__add_format(out, ", begun anew %" PRIu64 " times", file->rotations);
	buf__add_string(out, "\n");
	if (file->code)
		buf__add_format(out, "  lost      %" PRIu64 " rows that could not be written: %s\n", file->lost_rows,
				error__reason(file->code));
}

static void add_losses(const struct mt_rss_loss *loss, struct buf *out)
{
	if (loss->images_full)
		buf__add_format(out, "  lost      %llu times peaks between samples: the kernel's table was full\n",
				(unsigned long long)loss->images_full);
	if (loss->events_lost)
		buf__add_format(out, "  lost      %llu events of processes: the ring was full\n",
				(unsigned long long)loss->events_lost);
}

void render__record_text(const struct record_summary *summary, size_t width, struct buf *out)
{
	add_subject(summary, width, out);
	add_samples(summary, out);
	add_peak(summary, out);
	add_end(summary, out);
	add_file(summary, out);
	add_losses(&summary->state->loss, out);
	render__spikes_table(summary->spikes, width, out);
}

/* ---- JSON */

static json_t *process_of(const struct record_summary *summary)
{
	json_t *object = json_object();

	json_object_set_new(object, "pid", json_integer(summary->pid));
	json_object_set_new(object, "comm", json_value__text(summary->state->comm));
	json_object_set_new(object, "cmdline", json_value__text(summary->cmdline));
	return object;
}

static json_t *peak_of(const struct record_summary *summary)
{
	json_t *object = json_object();

	json_object_set_new(object, "rss_bytes", json_value__count(summary->series->peak.rss_kb * 1024));
	json_object_set_new(object, "time_seconds", json_value__number((double)summary->series->peak.time_us / 1e6));
	json_object_set_new(object, "bound_bytes", json_value__count(summary->state->bound_bytes));
	return object;
}

static json_t *jitter_of(const struct jitter *jitter)
{
	json_t *object = json_object();

	json_object_set_new(object, "median_seconds", json_value__number((double)jitter__percentile(jitter, 50) / 1e9));
	json_object_set_new(object, "p99_seconds", json_value__number((double)jitter__percentile(jitter, 99) / 1e9));
	json_object_set_new(object, "max_seconds", json_value__number((double)jitter->max_ns / 1e9));
	return object;
}

static json_t *end_of(const struct record_summary *summary)
{
	static const char *const words[] = {
		[RECORD_ENDED] = "process_ended",     [RECORD_TIME_OVER] = "time_over",
		[RECORD_INTERRUPTED] = "interrupted", [RECORD_READER_GONE] = "reader_gone",
		[RECORD_FAILED] = "failed",
	};
	int status = summary->end == RECORD_ENDED ? summary->state->wait_status : -1;
	bool known = status != -1;
	json_t *object = json_object();

	json_object_set_new(object, "reason", json_string(words[summary->end]));
	json_object_set_new(object, "status",
			    known && WIFEXITED(status) ? json_integer(WEXITSTATUS(status)) : json_null());
	json_object_set_new(object, "signal",
			    known && WIFSIGNALED(status) ? json_integer(WTERMSIG(status)) : json_null());
	return object;
}

static json_t *file_of(const struct record_summary *summary)
{
	const struct series_file_state *file = summary->file;
	json_t *object = json_object();

	json_object_set_new(object, "path", json_value__text(summary->path));
	json_object_set_new(object, "rows", json_value__count(file->rows));
	json_object_set_new(object, "bytes", json_value__count(file->bytes));
	json_object_set_new(object, "rotations", json_value__count(file->rotations));
	json_object_set_new(object, "error", file->code ? json_string(error__reason(file->code)) : json_null());
	return object;
}

static json_t *loss_of(const struct record_summary *summary)
{
	json_t *object = json_object();

	json_object_set_new(object, "rows_unwritten", json_value__count(summary->file->lost_rows));
	json_object_set_new(object, "peaks_unseen", json_value__count(summary->state->loss.images_full));
	json_object_set_new(object, "events_lost", json_value__count(summary->state->loss.events_lost));
	return object;
}

void render__record_json(const struct record_summary *summary, struct buf *out)
{
	const struct recording_state *state = summary->state;
	json_t *root = json_object();

	json_object_set_new(root, "schema", json_string("memtrawl.record/1"));
	json_object_set_new(root, "process", process_of(summary));
	json_object_set_new(root, "start", json_value__time(state->start_time_ns));
	json_object_set_new(root, "seconds", json_value__number(seconds_of(summary)));
	json_object_set_new(root, "interval_seconds", json_value__number((double)summary->interval_ns / 1e9));
	json_object_set_new(root, "samples", json_value__count(state->samples));
	json_object_set_new(root, "missed", json_value__count(state->missed));
	json_object_set_new(root, "rows", json_value__count(summary->series->rows));
	json_object_set_new(root, "peak", peak_of(summary));
	json_object_set_new(root, "jitter", jitter_of(&state->jitter));
	json_object_set_new(root, "cpu_percent", json_value__number(cpu_percent(summary)));
	json_object_set_new(root, "execs", json_value__count(state->execs));
	json_object_set_new(root, "end", end_of(summary));
	json_object_set_new(root, "spike", render__spikes_definition(summary->spikes));
	json_object_set_new(root, "spikes", render__spikes_list(summary->spikes));
	json_object_set_new(root, "file", file_of(summary));
	json_object_set_new(root, "loss", loss_of(summary));
	pieces__add_json(out, root);
}
