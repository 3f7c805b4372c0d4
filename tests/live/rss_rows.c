/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rss_rows [SLICE_CHANGES]: what the rss source says, for tests. A line of JSON for each event as it comes; for each
 * line on standard input one with all processes, what was lost, for how long the source rested, and the bound. Ends
 * with standard input.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "trace/rss.h"

static const char *const events[] = {"now", "end", "exec", "alarm", "victim"};

static json_t *kinds_of(const __u64 pages[MT_RSS_KINDS])
{
	json_int_t page = sysconf(_SC_PAGESIZE);

	return json_pack("{sI sI sI sI}", "file", (json_int_t)pages[MT_RSS_FILE] * page, "anon",
			 (json_int_t)pages[MT_RSS_ANON] * page, "swap", (json_int_t)pages[MT_RSS_SWAP] * page, "shmem",
			 (json_int_t)pages[MT_RSS_SHMEM] * page);
}

static json_t *json_of(const struct mt_rss_row *row)
{
	json_int_t page = sysconf(_SC_PAGESIZE);

	return json_pack("{ss si si ss so sI so sI sI sI sI sI si si si}", "event", events[row->kind], "pid",
			 (int)row->tgid, "parent", (int)row->parent, "comm", row->comm, "now", kinds_of(row->pages),
			 "peak", (json_int_t)row->peak_pages * page, "at_peak", kinds_of(row->peak), "peak_ns",
			 (json_int_t)row->peak_ns, "vm", (json_int_t)row->vm_pages * page, "faults",
			 (json_int_t)row->faults, "cpu_ns", (json_int_t)row->cpu_ns, "cgroup", (json_int_t)row->cgroup,
			 "threads", (int)row->threads, "status", (int)row->exit_code, "seen", row->mm != 0);
}

static void say(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

static void on_event(void *cookie, const struct mt_rss_row *row)
{
	(void)cookie;
	say(json_of(row));
}

static int look(struct rss *rss, struct error *err)
{
	json_t *array = json_array();
	struct mt_rss_loss loss;
	struct rss_rows rows = {0};
	int code = rss__read(rss, &rows, err);

	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(array, json_of(&rows.rows[i]));
	rss_rows__free(&rows);
	if (!code)
		code = rss__loss(rss, &loss);
	say(json_pack("{so sI sI sI sI}", "rows", array, "images_full", (json_int_t)loss.images_full, "events_lost",
		      (json_int_t)loss.events_lost, "rest_ns", (json_int_t)rss__rest_ns(rss), "bound",
		      (json_int_t)rss__bound(rss, 1)));
	return code;
}

int main(int argc, char **argv)
{
	struct rss_options options = {
		.slice_changes = argc > 1 ? (uint32_t)atoi(argv[1]) : 0,
		.on_event = on_event,
	};
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
	struct rss *rss = NULL;
	struct error err = {0};
	int code = rss__new(&options, &rss, &err);
	char line[64];

	if (code)
		return error__report(&err);
	fds[1].fd = rss__fd(rss);
	setvbuf(stdin, NULL, _IONBF, 0);
	puts("ready");
	fflush(stdout);
	while (!code && (poll(fds, 2, -1) >= 0 || errno == EINTR)) {
		code = rss__poll(rss, 0, &err);
		if (!(fds[0].revents & (POLLIN | POLLHUP)))
			continue;
		if (!fgets(line, sizeof(line), stdin))
			break;
		code = look(rss, &err);
	}
	rss__free(rss);
	return code ? error__report(&err) : STATUS_OK;
}
