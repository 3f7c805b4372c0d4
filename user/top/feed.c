/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "target/cgroup.h"
#include "target/limits.h"
#include "trace/rss.h"
#include "trace/session.h"

#define CGROUP_TEXT_MAX (1U << 20)

struct feed {
	struct feed_options options;
	struct cgroup *cgroup; /* of the options */
	struct rss *rss;
	struct rss_rows rows;
	struct limits *limits;
	struct census census;
	uint64_t page_bytes;
	uint64_t first_ns, look_ns; /* CLOCK_MONOTONIC */
	uint64_t bound_bytes;
};

int feed__new(const struct feed_options *options, struct feed **result, struct error *err)
{
	const struct rss_options all = {
		.slice_changes = MT_RSS_SLICE_CHANGES,
		.on_event = options->on_event,
		.cookie = options->cookie,
	};
	struct feed *feed = calloc(1, sizeof(*feed));
	int code = 0;

	if (!feed)
		return error__set(err, -ENOMEM, "out of memory");
	feed->options = *options;
	feed->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (options->cgroup)
		code = cgroup__open(options->cgroup, &feed->cgroup, err);
	if (!code)
		code = limits__new("/proc", &feed->limits, err);
	if (!code)
		code = rss__new(&all, &feed->rss, err);
	if (code)
		feed__free(feed);
	else
		*result = feed;
	return code;
}

void feed__free(struct feed *feed)
{
	if (!feed)
		return;
	rss__free(feed->rss);
	rss_rows__free(&feed->rows);
	limits__free(feed->limits);
	cgroup__free(feed->cgroup);
	census__free(&feed->census);
	free(feed);
}

/* ---- who is wanted */

/* Asked anew each time: processes may be moved. */
static bool in_cgroup(const struct feed *feed, pid_t pid)
{
	char path[32], *text;
	bool inside;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	if (file__read(AT_FDCWD, path, CGROUP_TEXT_MAX, &text, &size))
		return false;
	inside = cgroup__contains(feed->cgroup, text);
	free(text);
	return inside;
}

static bool is_wanted(const struct feed *feed, const struct mt_rss_row *row)
{
	const struct feed_options *options = &feed->options;

	if (!options->pid_count && !options->comm && !options->cgroup)
		return true;
	for (size_t i = 0; i < options->pid_count; i++)
		if (options->pids[i] == (pid_t)row->tgid)
			return true;
	if (options->comm && !strncmp(options->comm, row->comm, sizeof(row->comm)))
		return true;
	return feed->cgroup && in_cgroup(feed, (pid_t)row->tgid);
}

/* ---- looks */

static struct census_sample sample_of(struct feed *feed, const struct mt_rss_row *row)
{
	uint64_t page = feed->page_bytes;
	struct census_sample sample = {
		.pid = (pid_t)row->tgid,
		.parent = (pid_t)row->parent,
		.start_ns = row->start_ns,
		.image = row->mm,
		.ns = row->ns,
		.rss_bytes = rss__resident(row->pages),
		.anon_bytes = row->pages[MT_RSS_ANON] * page,
		.file_bytes = row->pages[MT_RSS_FILE] * page,
		.shmem_bytes = row->pages[MT_RSS_SHMEM] * page,
		.swap_bytes = row->pages[MT_RSS_SWAP] * page,
		.peak_bytes = row->peak_pages * page,
		.peak_ns = row->peak_ns,
		.vm_bytes = row->vm_pages * page,
		.data_bytes = row->data_pages * page,
		.faults = row->faults + row->major_faults,
		.major_faults = row->major_faults,
		.cpu_ns = row->cpu_ns,
		.threads = row->threads,
		.group = limits__find(feed->limits, row->cgroup, (pid_t)row->tgid),
		.wanted = is_wanted(feed, row),
	};

	memcpy(sample.comm, row->comm, sizeof(sample.comm) - 1);
	return sample;
}

/* Of the process with the most threads; asked for once, as it is not cheap. Three kinds are resident. */
static uint64_t bound_of(const struct feed *feed)
{
	unsigned int threads = 1;

	for (size_t i = 0; i < feed->rows.count; i++)
		if (feed->rows.rows[i].threads > threads)
			threads = feed->rows.rows[i].threads;
	return 3 * rss__bound(feed->rss, threads);
}

/* Malloc'ed, or NULL. */
static struct census_cgroup *cgroups_of(struct feed *feed, size_t *count)
{
	const struct limits_cgroup *from = limits__cgroups(feed->limits, count);
	struct census_cgroup *groups = calloc(*count + 1, sizeof(*groups));

	for (size_t i = 0; groups && i < *count; i++)
		groups[i] = (struct census_cgroup){
			.path = from[i].path,
			.parent = from[i].parent,
			.limit_bytes = from[i].limit_bytes,
			.used_bytes = from[i].used_bytes,
		};
	return groups;
}

static int take_look(struct feed *feed)
{
	struct census_look look = {.ns = feed->look_ns, .count = feed->rows.count};
	struct census_cgroup *groups = NULL;
	int code = -ENOMEM;

	look.samples = calloc(look.count + 1, sizeof(*look.samples));
	limits__begin_look(feed->limits);
	for (size_t i = 0; look.samples && i < look.count; i++)
		look.samples[i] = sample_of(feed, &feed->rows.rows[i]);
	look.groups = groups = cgroups_of(feed, &look.group_count);
	limits__machine(feed->limits, &look.machine_bytes, &look.available_bytes); /* else 0: unknown */
	if (look.samples && groups)
		code = census__look(&feed->census, &look);
	free(look.samples);
	free(groups);
	return code;
}

int feed__look(struct feed *feed, struct error *err)
{
	int code = rss__read(feed->rss, &feed->rows, err);

	if (code)
		return code;
	feed->look_ns = monotonic_ns();
	if (!feed->first_ns)
		feed->first_ns = feed->look_ns;
	feed->bound_bytes = bound_of(feed);
	code = take_look(feed);
	return code ? error__set(err, code, "cannot look at all processes: %s", error__reason(code)) : 0;
}

struct rss *feed__rss(struct feed *feed)
{
	return feed->rss;
}

const struct census *feed__census(const struct feed *feed)
{
	return &feed->census;
}

int feed__wait(struct feed *feed, int timeout_ms, struct error *err)
{
	uint64_t now = monotonic_ns(), end = now + (uint64_t)timeout_ms * 1000000;
	int code;

	do { /* events come in between */
		code = rss__poll(feed->rss, (int)((end - now + 999999) / 1000000), err);
		now = monotonic_ns();
	} while (!code && now < end);
	return code;
}

int feed__fd(const struct feed *feed)
{
	return rss__fd(feed->rss);
}

static int64_t unix_ns_at_zero(clockid_t clock)
{
	struct timespec unix_time, time;

	clock_gettime(CLOCK_REALTIME, &unix_time);
	clock_gettime(clock, &time);
	return (unix_time.tv_sec - time.tv_sec) * 1000000000LL + unix_time.tv_nsec - time.tv_nsec;
}

void feed__report(const struct feed *feed, struct top_report *report)
{
	struct mt_rss_loss loss = {0};

	rss__loss(feed->rss, &loss);
	*report = (struct top_report){
		.census = &feed->census,
		.time_ns = unix_ns_of(feed->look_ns),
		.seconds = (double)(feed->look_ns - feed->first_ns) / 1e9,
		.boot_ns = unix_ns_at_zero(CLOCK_BOOTTIME),
		.monotonic_ns = unix_ns_at_zero(CLOCK_MONOTONIC),
		.peak_bound_bytes = feed->bound_bytes,
		.peaks_lost = loss.images_full,
		.events_lost = loss.events_lost,
		.rest_seconds = (double)rss__rest_ns(feed->rss) / 1e9,
	};
}
