/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/contents.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since 5.14 (4ca9b3859dac), later than some headers */
#endif

enum { WORKERS_MAX = 8, PIECE = 4 << 20, LITTLE = 64 << 20 };

/* The pieces that are left are taken by whoever is free. */
struct job {
	const struct process *process;
	const struct contents *contents;
	char *room;
	uint64_t next; /* of all bytes: nobody has taken those from here on */
	uint64_t unread;
	int code;
};

/* The range that holds byte `at` of all. */
static size_t range_at(const struct contents *contents, uint64_t at)
{
	size_t low = 0, high = contents->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (contents->ranges[middle].before <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int copy_piece(const struct job *job, uint64_t from, uint64_t limit, uint64_t *unread)
{
	const struct contents *contents = job->contents;
	int code = 0;

	for (size_t i = range_at(contents, from); !code && i < contents->count; i++) {
		const struct content *range = &contents->ranges[i];
		uint64_t end = range->before + (range->limit - range->start),
			 at = from > range->before ? from : range->before;

		if (at >= limit)
			break;
		if (end > limit)
			end = limit;
		if (at < end)
			code = contents__read(job->process, range->start + (at - range->before), job->room + at,
					      end - at, unread);
	}
	return code;
}

static void *work(void *context)
{
	struct job *job = context;
	uint64_t unread = 0, from, bytes = job->contents->copy_bytes;
	int code = 0;

	while (!code && (from = __atomic_fetch_add(&job->next, PIECE, __ATOMIC_RELAXED)) < bytes)
		code = copy_piece(job, from, from + PIECE < bytes ? from + PIECE : bytes, &unread);
	__atomic_fetch_add(&job->unread, unread, __ATOMIC_RELAXED);
	if (code)
		__atomic_store_n(&job->code, code, __ATOMIC_RELAXED);
	return NULL;
}

int contents__copy(const struct process *process, struct contents *contents, void *room)
{
	struct job job = {.process = process, .contents = contents, .room = room};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t workers[WORKERS_MAX];
	int count = 0;

	while (contents->copy_bytes > LITTLE && count + 1 < processors && count < WORKERS_MAX &&
	       !pthread_create(&workers[count], NULL, work, &job))
		count++;
	work(&job);
	for (int i = 0; i < count; i++)
		pthread_join(workers[i], NULL);
	if (job.code)
		return job.code;
	contents->unread_bytes = job.unread;
	contents->copy = room;
	return 0;
}

void *contents__room(size_t bytes)
{
	void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return NULL;
	madvise(room, bytes, MADV_HUGEPAGE);
	if (madvise(room, bytes, MADV_POPULATE_WRITE))
		memset(room, 0, bytes);
	return room;
}

void contents__free_room(void *room, size_t bytes)
{
	if (room)
		munmap(room, bytes);
}
