/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A video encoder in three threads: one reads frames, some 25 a second, one compresses them, and one, here the main
 * one, writes what it gets. Between them are queues of 12 at most, which go up and down as the writer pauses every 4 s
 * or so. The reader waits while the queue is full. 24 frames and 1 MB at the very most.
 */
#include <pthread.h>

#include "leaks.h"

enum { QUEUED_MAX = 12 };

const char *const leaking[] = {NULL};

struct queue {
	pthread_mutex_t mutex;
	unsigned first, count;
	char *items[QUEUED_MAX];
};

static struct queue frames = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct queue packets = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct random reading, compressing;

static bool full(struct queue *queue)
{
	bool full;

	pthread_mutex_lock(&queue->mutex);
	full = queue->count == QUEUED_MAX;
	pthread_mutex_unlock(&queue->mutex);
	return full;
}

/* Each queue has one that puts, after having seen that it is not full. */
static void put(struct queue *queue, char *item)
{
	pthread_mutex_lock(&queue->mutex);
	queue->items[(queue->first + queue->count++) % QUEUED_MAX] = item;
	pthread_mutex_unlock(&queue->mutex);
}

static char *get(struct queue *queue)
{
	char *item = NULL;

	pthread_mutex_lock(&queue->mutex);
	if (queue->count) {
		item = queue->items[queue->first];
		queue->first = (queue->first + 1) % QUEUED_MAX;
		queue->count--;
	}
	pthread_mutex_unlock(&queue->mutex);
	return item;
}

SITE static char *frame_new(void)
{
	size_t size = random_size(&reading, 20000, 40000);

	return filled(malloc(size), size);
}

SITE static char *packet_new(void)
{
	size_t size = random_size(&compressing, 300, 20000);

	return filled(malloc(size), size);
}

static void *read_frames(void *unused)
{
	struct pace pace = pace_random(60, &reading);

	while (next(&pace))
		if (!full(&frames))
			put(&frames, frame_new());
	return unused;
}

static void *compress(void *unused)
{
	struct pace pace = pace_random(80, &compressing);

	while (next(&pace)) {
		char *frame = full(&packets) ? NULL : get(&frames);

		if (!frame)
			continue;
		work(80);
		put(&packets, packet_new());
		free(frame);
	}
	return unused;
}

void program(void)
{
	pthread_t reader, compressor;
	double pause = random_about(&rng, 4);
	struct pace pace = pace_random(random_about(&rng, 90), &rng);

	reading = random_split(&rng);
	compressing = random_split(&rng);
	if (pthread_create(&reader, NULL, read_frames, NULL) || pthread_create(&compressor, NULL, compress, NULL))
		fail("no thread");
	while (next(&pace)) {
		if (pace.now >= pause + 0.7)
			pause += random_about(&rng, 4);
		if (pace.now < pause)
			free(get(&packets));
	}
	pthread_join(reader, NULL);
	pthread_join(compressor, NULL);
}
