/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/postmortem.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/json_value.h"
#include "lib/units.h"
#include "trace/rss.h"

static json_t *kinds_of(const __u64 pages[MT_RSS_KINDS])
{
	static const char *const names[MT_RSS_KINDS] = {"file_bytes", "anon_bytes", "swap_bytes", "shmem_bytes"};
	json_t *object = json_object();
	__u64 one[MT_RSS_KINDS] = {0};

	for (int kind = 0; kind < MT_RSS_KINDS; kind++) {
		one[MT_RSS_FILE] = pages[kind]; /* bytes of so many pages, whatever they are */
		json_object_set_new(object, names[kind], json_value__count(rss__resident(one)));
	}
	return object;
}

static void write_entry(struct journal *journal, const struct postmortem *postmortem, const char *path)
{
	const struct mt_rss_row *row = &postmortem->row;
	const char *snapshot = path ? path : postmortem->last_path;
	uint64_t rss = rss__resident(row->pages);
	json_t *details = json_object(), *process = json_object();
	char held[32];

	json_object_set_new(process, "pid", json_integer(postmortem->pid));
	json_object_set_new(process, "comm", json_value__text(postmortem->comm));
	json_object_set_new(process, "cgroup", json_value__text(postmortem->cgroup));
	json_object_set_new(process, "rss_bytes", json_value__count(rss));
	json_object_set_new(process, "growth_bytes_per_hour",
			    postmortem->growth_known ? json_value__number(postmortem->growth_per_hour) : json_null());
	json_object_update_new(process, kinds_of(row->pages));
	json_object_set_new(details, "process", process);
	json_object_set_new(details, "snapshot", json_value__text(snapshot));
	journal__write(journal, "victim", details, "PID %d (%s) is ended by the kernel for want of memory, at %s; %s%s",
		       (int)postmortem->pid, postmortem->comm, units__format_bytes(held, sizeof(held), (double)rss),
		       snapshot ? "last snapshot: " : "no snapshot", snapshot ? snapshot : "");
}

static void free_texts(struct postmortem *postmortem)
{
	free((char *)postmortem->cgroup);
	free((char *)postmortem->last_path);
}

void postmortems__add(struct postmortems *postmortems, struct journal *journal, const struct postmortem *postmortem,
		      bool wait)
{
	struct postmortem copy = *postmortem;

	for (size_t i = 0; i < postmortems->count; i++) /* told twice */
		if (postmortems->waiting[i].pid == postmortem->pid &&
		    postmortems->waiting[i].start_ns == postmortem->start_ns)
			return;
	copy.cgroup = postmortem->cgroup ? strdup(postmortem->cgroup) : NULL;
	copy.last_path = postmortem->last_path ? strdup(postmortem->last_path) : NULL;
	if (wait && array__push(postmortems->waiting, postmortems->count, postmortems->capacity, copy))
		return;
	write_entry(journal, &copy, NULL);
	free_texts(&copy);
}

void postmortems__captured(struct postmortems *postmortems, struct journal *journal, pid_t pid, uint64_t start_ns,
			   const char *path)
{
	for (size_t i = 0; i < postmortems->count; i++) {
		struct postmortem *waiting = &postmortems->waiting[i];

		if (waiting->pid != pid || waiting->start_ns != start_ns)
			continue;
		write_entry(journal, waiting, path);
		free_texts(waiting);
		*waiting = postmortems->waiting[--postmortems->count];
		return;
	}
}

void postmortems__free(struct postmortems *postmortems)
{
	for (size_t i = 0; i < postmortems->count; i++)
		free_texts(&postmortems->waiting[i]);
	free(postmortems->waiting);
	memset(postmortems, 0, sizeof(*postmortems));
}
