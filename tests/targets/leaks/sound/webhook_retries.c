/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sender of notices, about 50 a second. One that fails is tried again, up to 4 times and ever later, unless 120 wait
 * already: then it is dropped. Few fail, but for 4 s of every 10 s or so, when most do, and the queue is soon full.
 */
#include "leaks.h"

enum { WAITING_MAX = 120, ATTEMPTS = 5 };

const char *const leaking[] = {NULL};

static struct notice {
	double due;
	unsigned attempts;
	char body[];
} * heap[WAITING_MAX];
static unsigned waiting;

SITE static struct notice *notice_new(void)
{
	size_t size = sizeof(struct notice) + random_size(&rng, 300, 6000);
	struct notice *notice = filled(malloc(size), size);

	notice->attempts = 0;
	return notice;
}

static void push(struct notice *notice)
{
	unsigned at = waiting++;

	for (; at && heap[(at - 1) / 2]->due > notice->due; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = notice;
}

static struct notice *pop(void)
{
	struct notice *first = heap[0], *last = heap[--waiting];
	unsigned at = 0, child;

	for (; (child = 2 * at + 1) < waiting; at = child) {
		if (child + 1 < waiting && heap[child + 1]->due < heap[child]->due)
			child++;
		if (last->due <= heap[child]->due)
			break;
		heap[at] = heap[child];
	}
	heap[at] = last;
	return first;
}

SITE static char *answer_new(void)
{
	size_t size = random_size(&rng, 100, 3000);

	return filled(malloc(size), size);
}

static bool deliver(bool outage)
{
	char *answer = answer_new();

	work(80);
	free(answer);
	return !random_chance(&rng, outage ? 0.85 : 0.03);
}

static void try_once(struct notice *notice, double now, bool outage)
{
	if (deliver(outage) || ++notice->attempts == ATTEMPTS || waiting == WAITING_MAX) {
		free(notice);
		return;
	}
	notice->due = now + 0.5 * (1 << notice->attempts);
	push(notice);
}

static bool is_outage(double now, double period)
{
	return now / period - (unsigned)(now / period) < 0.4;
}

void program(void)
{
	double period = random_about(&rng, 10);
	struct pace pace = pace_random(random_about(&rng, 150), &rng);

	while (next(&pace)) {
		bool outage = is_outage(pace.now, period);

		work(20);
		if (random_chance(&rng, 0.33))
			try_once(notice_new(), pace.now, outage);
		while (waiting && heap[0]->due <= pace.now)
			try_once(pop(), pace.now, outage);
	}
}
