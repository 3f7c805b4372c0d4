/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/rss.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "rss.skel.h"
#include "trace/iterator_rows.h"
#include "trace/loading.h"
#include "trace/rss_rest.h"

struct rss {
	struct rss_options options;
	struct rss_bpf *bpf;
	struct ring_buffer *events;
	struct bpf_link *iterator;
	struct rss_rest rest;
	int waiting; /* for events and the end of a rest */
	int cpus;
	uint64_t online, page; /* CPUs, and bytes: asking takes the C library longer than a look */
	bool by_thread;        /* the kernel adds up by thread, not by CPU */
};

/* ---- loading */

enum { WAKES_A_SECOND = 4 };

static uint32_t samples_a_wake(uint64_t interval_ns)
{
	uint64_t count = 1000000000 / WAKES_A_SECOND / interval_ns;

	return count ? (uint32_t)count : 1;
}

static int load(struct rss *rss, bool raw, bool samples)
{
	struct rss_bpf *bpf = rss_bpf__open();
	int code;

	if (!bpf)
		return -errno;
	bpf->rodata->only_tgid = (uint32_t)rss->options.only;
	bpf->rodata->cpu_count = (uint32_t)rss->cpus;
	bpf->rodata->slice_changes = rss->options.slice_changes;
	if (samples) {
		bpf->rodata->sample_interval_ns = rss->options.interval_ns;
		bpf->rodata->samples_a_wake = samples_a_wake(rss->options.interval_ns);
	}
	bpf_program__set_autoload(bpf->progs.rss_start_samples, samples);
	bpf_program__set_autoload(bpf->progs.rss_stat, !raw);
	bpf_program__set_autoload(bpf->progs.rss_stat_raw, raw);
	code = rss_bpf__load(bpf);
	if (code)
		rss_bpf__destroy(bpf);
	else
		rss->bpf = bpf;
	return code;
}

/*
 * By trial: a kernel that does not take programs with BTF for the tracepoint still has the tracepoint, and one without
 * timers for programs can be asked at each time.
 */
static int load_what_works(struct rss *rss)
{
	int code = rss->options.interval_ns ? load(rss, false, true) : -1;

	if (code)
		code = load(rss, false, false);
	if (code)
		code = load(rss, true, false);
	return code;
}

static bool kernel_adds_up_by_thread(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool old = btf && btf__find_by_name_kind(btf, "mm_rss_stat", BTF_KIND_STRUCT) > 0;

	btf__free(btf);
	return old;
}

/* Without the kernel's own peak at a process's end, there would be none of those that come and go within a rest. */
static void on_busy(struct rss *rss)
{
	if (rss->bpf->bss->ends_have_mm)
		rss_rest__begin(&rss->rest);
}

static int on_event(void *cookie, void *data, size_t size)
{
	const struct mt_rss_row *row = data;
	struct rss *rss = cookie;

	if (size < sizeof(*row))
		return 0;
	if (row->kind == MT_RSS_BUSY)
		on_busy(rss);
	else if (rss->options.on_event)
		rss->options.on_event(rss->options.cookie, row);
	return 0;
}

/* The kernel goes to the one task by itself since 6.1 (f0d74c4da1f0); before, through all of them. */
static int attach_iterator(struct rss *rss)
{
	union bpf_iter_link_info info = {.task.tid = (uint32_t)rss->options.only};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	if (rss->options.only)
		rss->iterator = bpf_program__attach_iter(rss->bpf->progs.rss_now, &options);
	if (!rss->iterator)
		rss->iterator = bpf_program__attach_iter(rss->bpf->progs.rss_now, NULL);
	return rss->iterator ? 0 : -errno;
}

static int wait_for(const struct rss *rss, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(rss->waiting, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int prepare_waiting(struct rss *rss)
{
	int code = rss_rest__init(&rss->rest, rss->bpf->progs.rss_stat, &rss->bpf->links.rss_stat);

	rss->waiting = epoll_create1(EPOLL_CLOEXEC);
	if (!code && rss->waiting < 0)
		code = -errno;
	if (!code)
		code = wait_for(rss, ring_buffer__epoll_fd(rss->events));
	if (!code)
		code = wait_for(rss, rss->rest.timer);
	return code;
}

static int attach(struct rss *rss, struct error *err)
{
	int code = rss_bpf__attach(rss->bpf);

	if (code)
		return error__set(err, code, "cannot attach to the kernel's memory events: %s", error__reason(code));
	if (attach_iterator(rss))
		return error__set(err, -errno, "cannot look at all processes: %s", error__reason(errno));
	rss->events = ring_buffer__new(bpf_map__fd(rss->bpf->maps.rss_events), on_event, rss, NULL);
	if (!rss->events)
		return error__set(err, -errno, "cannot read the event ring: %s", error__reason(errno));
	code = prepare_waiting(rss);
	return code ? error__set(err, code, "cannot wait for events: %s", error__reason(code)) : 0;
}

/* Whether a process that ends has its mm is seen at the first end, and a rest waits for that: of one of our own. */
static void show_an_end(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

int rss__new(const struct rss_options *options, struct rss **result, struct error *err)
{
	struct rss *rss = calloc(1, sizeof(*rss));
	struct rss_rows rows = {0};
	int code;

	if (!rss)
		return error__set(err, -ENOMEM, "out of memory");
	rss->options = *options;
	rss->rest.timer = rss->waiting = -1;
	rss->cpus = libbpf_num_possible_cpus();
	rss->online = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	rss->page = (uint64_t)sysconf(_SC_PAGESIZE);
	rss->by_thread = kernel_adds_up_by_thread();
	loading__listen();
	code = load_what_works(rss);
	code = code ? loading__explain(code, "rss", err) : attach(rss, err);
	if (!code)
		code = rss__read(rss, &rows, err); /* so that all are known */
	rss_rows__free(&rows);
	if (!code && options->slice_changes)
		show_an_end();
	if (code)
		rss__free(rss);
	else
		*result = rss;
	return code;
}

void rss__free(struct rss *rss)
{
	if (!rss)
		return;
	if (rss->waiting >= 0)
		close(rss->waiting);
	rss_rest__free(&rss->rest);
	ring_buffer__free(rss->events);
	bpf_link__destroy(rss->iterator);
	rss_bpf__destroy(rss->bpf);
	free(rss);
}

/* ---- looks */

static int add_row(void *context, const void *row)
{
	struct rss_rows *rows = context;

	return array__push(rows->rows, rows->count, rows->capacity, *(const struct mt_rss_row *)row) ? 0 : -ENOMEM;
}

int rss__read(struct rss *rss, struct rss_rows *rows, struct error *err)
{
	int code;

	rows->count = 0;
	code = iterator_rows__each(bpf_link__fd(rss->iterator), sizeof(struct mt_rss_row), add_row, rows);
	if (code)
		return error__set(err, code, "cannot look at all processes: %s", error__reason(code));
	return 0;
}

void rss_rows__free(struct rss_rows *rows)
{
	free(rows->rows);
	memset(rows, 0, sizeof(*rows));
}

int rss__look(struct rss *rss, pid_t pid, struct mt_rss_row *row, struct error *err)
{
	uint64_t arguments[] = {(uint64_t)pid};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	if (bpf_prog_test_run_opts(bpf_program__fd(rss->bpf->progs.rss_look), &options))
		return error__set(err, -errno, "cannot look at PID %d: %s", pid, error__reason(errno));
	if (!options.retval)
		return -ESRCH;
	*row = rss->bpf->bss->looked;
	return 0;
}

int rss__start_samples(struct rss *rss, uint64_t since_ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int start = bpf_program__fd(rss->bpf->progs.rss_start_samples);

	if (start < 0)
		return -EOPNOTSUPP;
	rss->bpf->bss->sampling_since_ns = since_ns;
	return bpf_prog_test_run_opts(start, &options) || !options.retval ? -EOPNOTSUPP : 0;
}

void rss__stop_samples(struct rss *rss)
{
	rss->bpf->bss->sampling_since_ns = 0;
}

uint64_t rss__samples_ns(const struct rss *rss)
{
	return rss->bpf->bss->sampling_cost_ns;
}

int rss__poll(struct rss *rss, int timeout_ms, struct error *err)
{
	struct epoll_event event;
	int code = 0;

	if (timeout_ms && epoll_wait(rss->waiting, &event, 1, timeout_ms) < 0)
		return errno == EINTR ? -EINTR : error__set(err, -errno, "cannot wait: %s", error__reason(errno));
	rss_rest__end_when_due(&rss->rest);
	code = ring_buffer__consume(rss->events); /* those that have woken nobody, too */
	return code < 0 ? error__set(err, code, "cannot read the event ring: %s", error__reason(code)) : 0;
}

int rss__fd(const struct rss *rss)
{
	return rss->waiting;
}

/* ---- the rest */

/*
 * The image is written back as a whole: what a program notes in it at the same moment is lost, and noted again with
 * the next batch.
 */
int rss__set_alarm(struct rss *rss, const struct mt_rss_row *row, uint64_t bytes)
{
	int map = bpf_map__fd(rss->bpf->maps.images);
	struct mt_rss_image image;

	if (bpf_map_lookup_elem(map, &row->mm, &image) || image.tgid != row->tgid)
		return -ENOENT;
	image.alarm_pages = bytes / (uint64_t)sysconf(_SC_PAGESIZE);
	image.alarmed = 0;
	return bpf_map_update_elem(map, &row->mm, &image, BPF_EXIST) ? -errno : 0;
}

/*
 * How often the kernel left a program out, as the task that was running it on that CPU had been preempted: told since
 * 5.12 (9ed9e9ba2337).
 */
static uint64_t left_out(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) ? 0 : info.recursion_misses;
}

int rss__loss(const struct rss *rss, struct mt_rss_loss *sum)
{
	const struct rss_bpf *bpf = rss->bpf;
	struct mt_rss_loss *each = calloc((size_t)rss->cpus, sizeof(*each));
	uint32_t zero = 0;
	int code = 0;

	memset(sum, 0, sizeof(*sum));
	if (!each)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(rss->bpf->maps.rss_loss), &zero, each))
		code = -errno;
	for (int i = 0; !code && i < rss->cpus; i++) {
		sum->images_full += each[i].images_full;
		sum->events_lost += each[i].events_lost;
	}
	free(each);
	sum->images_full += left_out(bpf->progs.process_fork) + left_out(bpf->progs.process_exec);
	sum->events_lost += left_out(bpf->progs.process_exit) + left_out(bpf->progs.mark_victim);
	return code;
}

uint64_t rss__rest_ns(const struct rss *rss)
{
	return rss_rest__ns(&rss->rest);
}

uint64_t rss__bound(const struct rss *rss, unsigned int threads)
{
	enum { EVENTS = 64, EVENT_BYTES = 64 << 10 };
	uint64_t batch = 2 * rss->online > 32 ? 2 * rss->online : 32;

	if (rss->by_thread)
		return (uint64_t)EVENTS * EVENT_BYTES * threads;
	return rss->page * batch * rss->online;
}

uint64_t rss__resident(const __u64 pages[MT_RSS_KINDS])
{
	return (pages[MT_RSS_FILE] + pages[MT_RSS_ANON] + pages[MT_RSS_SHMEM]) * (uint64_t)sysconf(_SC_PAGESIZE);
}
