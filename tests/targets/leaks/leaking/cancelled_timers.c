/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers in a heap by the time they are due, about 80 new ones a second. A timer that fires is freed after its call;
 * one that is cancelled, about a quarter, is taken out of the heap and forgotten: about 5 KB/s.
 */
#include "leaks.h"

enum { TIMERS_MAX = 2048 };

const char *const leaking[] = {"timer_new", NULL};

static struct timer {
	double due;
	unsigned place; /* in the heap */
	char closure[];
} * heap[TIMERS_MAX];
static unsigned timers;

SITE static struct timer *timer_new(double now)
{
	size_t size = sizeof(struct timer) + random_size(&rng, 32, 700);
	struct timer *timer = filled(malloc(size), size);

	timer->due = now + 0.2 + random_exponential(&rng, 1.5);
	return timer;
}

static void put(struct timer *timer, unsigned place)
{
	heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct timer *timer, unsigned place)
{
	for (; place && heap[(place - 1) / 2]->due > timer->due; place = (place - 1) / 2)
		put(heap[(place - 1) / 2], place);
	put(timer, place);
}

static void sift_down(struct timer *timer, unsigned place)
{
	for (unsigned child; (child = 2 * place + 1) < timers; place = child) {
		if (child + 1 < timers && heap[child + 1]->due < heap[child]->due)
			child++;
		if (heap[child]->due >= timer->due)
			break;
		put(heap[child], place);
	}
	put(timer, place);
}

static void take(struct timer *timer)
{
	unsigned place = timer->place;
	struct timer *last = heap[--timers];

	if (last == timer)
		return;
	sift_down(last, place);
	sift_up(last, last->place);
}

static void arm(double now)
{
	if (timers < TIMERS_MAX)
		sift_up(timer_new(now), timers++);
}

static void fire_due(double now)
{
	while (timers && heap[0]->due <= now) {
		struct timer *timer = heap[0];

		take(timer);
		work(15);
		free(timer);
	}
}

SITE static char *event_new(void)
{
	size_t size = random_size(&rng, 64, 4096);

	return filled(malloc(size), size);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		char *event = event_new();

		fire_due(pace.now);
		if (random_chance(&rng, 0.2))
			arm(pace.now);
		else if (timers && random_chance(&rng, 0.06))
			take(heap[random_below(&rng, timers)]);
		work(20);
		free(event);
	}
}
