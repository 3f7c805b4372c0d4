/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample is a look of the rss source. The kernel takes them by itself, and we read what has come of it some times a
 * second; where it cannot (before 5.15), a tick takes three system calls: wait, read the timer, run the program that
 * looks. By measurement (6.18, repeated without a pause, CPU time): the look 2.6 us, a row of the iterator 9.9 us,
 * /proc/PID/status 11.5 us, /proc/PID/statm 1.5 us. statm knows nothing of swap and adds the stack to the data, and
 * both files are off by the kernel's batches before 6.16; the look is exact on all kernels, knows the peak since the
 * last one, and has the time of its figures.
 */
#include "trace/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "trace/rss.h"
#include "trace/session.h"

#define SECOND_NS UINT64_C(1000000000)

struct recording {
	struct recording_options options;
	struct recording_state state;
	struct rss *rss;
	bool by_kernel;     /* it takes the samples, and the timer is for when there are none; else the timer does */
	int timer, waiting; /* descriptors: the latter waits for all */
	uint64_t tick_ns;   /* the timer's interval */
	uint64_t ticks;     /* of the timer until now: the first sample is none */
	uint64_t ticked;    /* samples until then */
	uint64_t until_ns;  /* those that are due later are none */
	uint64_t sampled;   /* intervals from the beginning to the last sample */
	uint64_t page_kb;
	uint64_t cpu_ns;  /* used before it began */
	uint64_t last_ns; /* of the last row */
	uint64_t last_kb, highest_kb;
};

/* ---- rows */

static void add(struct recording *recording, struct rss_sample *sample, uint64_t ns)
{
	if (ns < recording->last_ns) /* an event that was told after a later look */
		ns = recording->last_ns;
	sample->time_us = (ns - recording->state.start_ns) / 1000;
	recording->last_ns = ns;
	recording->last_kb = sample->rss_kb;
	if (sample->rss_kb > recording->highest_kb)
		recording->highest_kb = sample->rss_kb;
	recording->options.on_sample(recording->options.cookie, sample);
}

static uint64_t resident_kb(const struct mt_rss_row *row)
{
	return rss__resident(row->pages) / 1024;
}

static void add_row(struct recording *recording, const struct mt_rss_row *row)
{
	struct rss_sample sample = {
		.rss_kb = resident_kb(row),
		.size_kb = row->vm_pages * recording->page_kb,
		.data_kb = row->data_pages * recording->page_kb,
		.swap_kb = row->pages[MT_RSS_SWAP] * recording->page_kb,
	};

	add(recording, &sample, row->ns);
}

/* What was seen since the last row. A peak of all times cannot have been overwritten by a look at the same moment. */
static struct mt_rss_high high_of(const struct recording *recording, const struct mt_rss_row *row)
{
	struct mt_rss_high high = row->high;

	if (row->peak_ns > recording->last_ns && row->peak_pages > high.resident) {
		high.ns = row->peak_ns;
		high.resident = row->peak_pages;
		high.swap = row->peak[MT_RSS_SWAP];
		high.vm_pages = high.vm_pages ? high.vm_pages : row->vm_pages;
		high.data_pages = high.data_pages ? high.data_pages : row->data_pages;
	}
	return high;
}

/* `now_kb` is that of a row that will follow; 0: none will. */
static void add_high(struct recording *recording, const struct mt_rss_row *row, uint64_t now_kb)
{
	struct mt_rss_high high = high_of(recording, row);
	uint64_t high_kb = high.resident * recording->page_kb;
	uint64_t known_kb = now_kb > recording->last_kb ? now_kb : recording->last_kb;
	struct rss_sample sample = {
		.rss_kb = high_kb,
		.size_kb = high.vm_pages * recording->page_kb,
		.data_kb = high.data_pages * recording->page_kb,
		.swap_kb = high.swap * recording->page_kb,
	};

	if (high.ns < recording->state.start_ns || high_kb <= known_kb)
		return;
	if (high_kb <= recording->highest_kb && (high_kb - known_kb) * 1024 <= recording->state.bound_bytes)
		return;
	add(recording, &sample, high.ns);
	recording->state.between++;
}

static void add_sample(struct recording *recording, const struct mt_rss_row *row)
{
	struct recording_state *state = &recording->state;
	uint64_t interval_ns = recording->options.interval_ns, since_ns = row->ns - state->start_ns;
	uint64_t bound = rss__bound(recording->rss, row->threads);

	if (row->ns - since_ns % interval_ns > recording->until_ns) {
		if (row->high.ns <= recording->until_ns)
			add_high(recording, row, 0);
		return;
	}
	add_high(recording, row, resident_kb(row));
	add_row(recording, row);
	if (state->samples++)
		jitter__add(&state->jitter, since_ns % interval_ns);
	recording->sampled = since_ns / interval_ns;
	if (state->bound_bytes < bound)
		state->bound_bytes = bound;
	memcpy(state->comm, row->comm, sizeof(state->comm));
}

/* ---- what happens to the process */

static void on_event(void *cookie, const struct mt_rss_row *row)
{
	struct recording *recording = cookie;
	struct recording_state *state = &recording->state;

	if (!state->start_ns || state->ended) /* before the beginning: a command becomes itself */
		return;
	if (row->kind == MT_RSS_SAMPLE)
		add_sample(recording, row);
	if (row->kind != MT_RSS_EXEC && row->kind != MT_RSS_END)
		return;
	add_high(recording, row, resident_kb(row));
	if (row->kind == MT_RSS_EXEC) {
		state->execs++;
		return;
	}
	if (row->vm_pages) { /* else the kernel has let it go before it tells */
		add_row(recording, row);
		state->between++;
	}
	state->ended = true;
	state->end_ns = row->ns;
	state->wait_status = row->exit_code;
	memcpy(state->comm, row->comm, sizeof(state->comm));
}

/* There was no row of it. It may be about to end, or have lost its first thread: then the sample is missed. */
static int look_after(struct recording *recording, struct error *err)
{
	struct recording_state *state = &recording->state;
	int code = rss__poll(recording->rss, 0, err);

	if (code || state->ended || process__alive(recording->options.process))
		return code;
	code = rss__poll(recording->rss, 0, err);
	if (!state->ended) { /* and the event was lost */
		state->ended = true;
		state->end_ns = monotonic_ns();
		state->wait_status = -1;
	}
	return code;
}

/* ---- samples */

static int sample(struct recording *recording, struct error *err)
{
	struct mt_rss_row row;
	int code = rss__look(recording->rss, recording->options.process->pid, &row, err);

	if (code == -ESRCH)
		return look_after(recording, err);
	if (!code)
		add_sample(recording, &row);
	return code;
}

/* Of several ticks that have come meanwhile, the last one is sampled, and the others are missed. */
static int tick(struct recording *recording, uint64_t until_ns, struct error *err)
{
	uint64_t expired, before = recording->ticked;

	if (read(recording->timer, &expired, sizeof(expired)) != sizeof(expired))
		return 0;
	recording->ticks += expired;
	recording->ticked = recording->state.samples;
	if (recording->by_kernel)
		return recording->ticked == before ? look_after(recording, err) : 0;
	if (recording->state.start_ns + recording->ticks * recording->tick_ns > until_ns)
		return 0;
	return sample(recording, err);
}

/* ---- from begin to end */

static uint64_t cpu_time(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SECOND_NS +
	       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

static int wait_for(const struct recording *recording, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return fd >= 0 && epoll_ctl(recording->waiting, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int prepare_waiting(struct recording *recording, struct error *err)
{
	int code = 0;

	recording->waiting = epoll_create1(EPOLL_CLOEXEC);
	recording->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (recording->waiting < 0 || recording->timer < 0)
		code = -errno;
	if (!code)
		code = wait_for(recording, rss__fd(recording->rss));
	if (!code)
		code = wait_for(recording, recording->timer);
	if (!code)
		code = wait_for(recording, recording->options.fd);
	return code ? error__set(err, code, "cannot make a timer: %s", error__reason(code)) : 0;
}

int recording__new(const struct recording_options *options, struct recording **result, struct error *err)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	struct rss_options rss_options = {
		.only = options->process->pid,
		.interval_ns = options->interval_ns,
		.on_event = on_event,
		.cookie = recording,
	};
	int code;

	if (!recording)
		return error__set(err, -ENOMEM, "out of memory");
	recording->options = *options;
	recording->page_kb = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	recording->state.wait_status = -1;
	recording->timer = recording->waiting = -1;
	code = rss__new(&rss_options, &recording->rss, err);
	if (!code)
		code = prepare_waiting(recording, err);
	if (code)
		recording__free(recording);
	else
		*result = recording;
	return code;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS)};
}

/* The first is taken here: its time is 0. */
static int begin_samples(struct recording *recording, struct error *err)
{
	struct recording_state *state = &recording->state;
	struct itimerspec when = {0};
	int code = sample(recording, err);

	if (!code && !state->samples)
		code = error__set(err, -ESRCH, "cannot record PID %d: no such process",
				  recording->options.process->pid);
	if (code)
		return code;
	recording->by_kernel = !rss__start_samples(recording->rss, state->start_ns);
	recording->tick_ns = recording->options.interval_ns;
	if (recording->by_kernel && recording->tick_ns < SECOND_NS)
		recording->tick_ns = SECOND_NS;
	when.it_interval = timespec_of(recording->tick_ns);
	when.it_value = timespec_of(state->start_ns + recording->tick_ns);
	if (timerfd_settime(recording->timer, TFD_TIMER_ABSTIME, &when, NULL))
		return error__set(err, -errno, "cannot set a timer: %s", error__reason(errno));
	return 0;
}

int recording__begin(struct recording *recording, struct error *err)
{
	struct recording_state *state = &recording->state;
	struct timespec now;
	int code;

	code = rss__poll(recording->rss, 0, err); /* what was before */
	if (code)
		return code;
	recording->cpu_ns = cpu_time();
	clock_gettime(CLOCK_REALTIME, &now);
	state->start_time_ns = (int64_t)now.tv_sec * (int64_t)SECOND_NS + now.tv_nsec;
	state->start_ns = recording->last_ns = monotonic_ns();
	recording->until_ns = UINT64_MAX;
	return begin_samples(recording, err);
}

/* The timer wakes it, unless the end is before the next tick. */
static int timeout_ms(const struct recording *recording, uint64_t until_ns)
{
	uint64_t next_ns = recording->state.start_ns + (recording->ticks + 1) * recording->tick_ns;
	uint64_t now_ns = monotonic_ns();

	if (next_ns <= until_ns)
		return -1;
	return until_ns > now_ns ? (int)((until_ns - now_ns + 999999) / 1000000) : 0;
}

int recording__step(struct recording *recording, uint64_t until_ns, struct error *err)
{
	struct epoll_event events[3];
	int timeout = timeout_ms(recording, until_ns), count, code = 0;
	bool ticked = false, readable = false;

	recording->until_ns = until_ns;
	count = epoll_wait(recording->waiting, events, ARRAY_SIZE(events), timeout);
	if (count < 0)
		return errno == EINTR ? 0 : error__set(err, -errno, "cannot wait: %s", error__reason(errno));
	for (int i = 0; !code && i < count; i++) {
		if (events[i].data.fd == rss__fd(recording->rss))
			code = rss__poll(recording->rss, 0, err);
		ticked |= events[i].data.fd == recording->timer;
		readable |= events[i].data.fd == recording->options.fd;
	}
	if ((!code || code == -EINTR) && !recording->state.ended && ticked)
		code = tick(recording, until_ns, err);
	return code && code != -EINTR ? code : readable;
}

/* What has been since the last sample. */
static void add_rest(struct recording *recording)
{
	struct mt_rss_row row;

	if (!rss__look(recording->rss, recording->options.process->pid, &row, NULL))
		add_high(recording, &row, 0);
}

/* Samples that are due at the very end may come a moment later. */
static int take_last(struct recording *recording, uint64_t end_ns, struct error *err)
{
	struct recording_state *state = &recording->state;
	int code;

	recording->until_ns = end_ns;
	if (!recording->by_kernel)
		return state->ended ? 0 : tick(recording, end_ns, err);
	rss__stop_samples(recording->rss);
	code = rss__poll(recording->rss, 0, err);
	if (code || state->ended || recording->sampled == (end_ns - state->start_ns) / recording->options.interval_ns)
		return code;
	return sample(recording, err);
}

int recording__end(struct recording *recording, uint64_t until_ns, struct error *err)
{
	struct recording_state *state = &recording->state;
	uint64_t end_ns = monotonic_ns(), due;
	int code;

	if (end_ns > until_ns)
		end_ns = until_ns;
	code = take_last(recording, end_ns, err);
	if (!state->ended) {
		add_rest(recording);
		state->end_ns = end_ns;
	}
	if (state->end_ns < state->start_ns)
		state->end_ns = state->start_ns;
	due = (state->end_ns - state->start_ns) / recording->options.interval_ns + 1;
	state->missed = due > state->samples ? due - state->samples : 0;
	state->cpu_ns = cpu_time() - recording->cpu_ns + rss__samples_ns(recording->rss);
	rss__loss(recording->rss, &state->loss);
	return code;
}

const struct recording_state *recording__state(const struct recording *recording)
{
	return &recording->state;
}

void recording__free(struct recording *recording)
{
	if (!recording)
		return;
	if (recording->timer >= 0)
		close(recording->timer);
	if (recording->waiting >= 0)
		close(recording->waiting);
	rss__free(recording->rss);
	free(recording);
}
