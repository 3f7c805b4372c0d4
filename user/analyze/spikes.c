/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/spikes.h"

#include <stdlib.h>

#include "lib/array.h"

/* ---- the lowest of the window */

static struct spike_moment *low_at(const struct spikes *spikes, size_t i)
{
	return &spikes->lows[(spikes->first + i) % spikes->low_capacity];
}

static void drop_first(struct spikes *spikes)
{
	spikes->first = (spikes->first + 1) % spikes->low_capacity;
	spikes->low_count--;
}

static void drop_before(struct spikes *spikes, uint64_t time_us)
{
	while (spikes->low_count && low_at(spikes, 0)->time_us < time_us)
		drop_first(spikes);
}

/* A larger ring begins at its array's start. */
static bool grow(struct spikes *spikes)
{
	size_t capacity = spikes->low_capacity ? spikes->low_capacity * 2 : 64;
	struct spike_moment *lows = calloc(capacity, sizeof(*lows));

	if (!lows)
		return false;
	for (size_t i = 0; i < spikes->low_count; i++)
		lows[i] = *low_at(spikes, i);
	free(spikes->lows);
	spikes->lows = lows;
	spikes->first = 0;
	spikes->low_capacity = capacity;
	return true;
}

/* Those that are not lower cannot be the lowest of a window any more, as this one will be in it for longer. */
static void push(struct spikes *spikes, const struct rss_sample *sample)
{
	while (spikes->low_count && low_at(spikes, spikes->low_count - 1)->rss_kb >= sample->rss_kb)
		spikes->low_count--;
	if (spikes->low_count == spikes->low_capacity && !grow(spikes)) {
		spikes->failed = true;
		return;
	}
	spikes->low_count++;
	*low_at(spikes, spikes->low_count - 1) =
		(struct spike_moment){.time_us = sample->time_us, .rss_kb = sample->rss_kb};
}

/* ---- spikes */

static bool rises(const struct spikes *spikes, const struct rss_sample *sample)
{
	return spikes->low_count && sample->rss_kb > low_at(spikes, 0)->rss_kb &&
	       sample->rss_kb - low_at(spikes, 0)->rss_kb > spikes->options.rise_kb;
}

static void end(struct spikes *spikes)
{
	if (!array__push(spikes->list, spikes->count, spikes->capacity, spikes->current))
		spikes->failed = true;
	spikes->inside = false;
	drop_before(spikes, spikes->current.top_us);
}

static bool is_over(const struct spikes *spikes, const struct rss_sample *sample)
{
	const struct spike *current = &spikes->current;

	if (sample->time_us - current->top_us >= spikes->options.within_us)
		return true;
	if (sample->rss_kb > current->top_kb)
		return !rises(spikes, sample);
	return current->top_kb - sample->rss_kb > spikes->options.rise_kb;
}

void spikes__add(struct spikes *spikes, const struct rss_sample *sample)
{
	uint64_t within = spikes->options.within_us;

	drop_before(spikes, sample->time_us > within ? sample->time_us - within : 0);
	if (spikes->inside && is_over(spikes, sample))
		end(spikes);
	if (!spikes->inside && rises(spikes, sample)) {
		spikes->inside = true;
		spikes->current =
			(struct spike){.start_us = low_at(spikes, 0)->time_us, .start_kb = low_at(spikes, 0)->rss_kb};
	}
	if (spikes->inside && sample->rss_kb > spikes->current.top_kb) {
		spikes->current.top_us = sample->time_us;
		spikes->current.top_kb = sample->rss_kb;
	}
	push(spikes, sample);
}

void spikes__finish(struct spikes *spikes)
{
	if (spikes->inside)
		end(spikes);
}

void spikes__free(struct spikes *spikes)
{
	free(spikes->list);
	free(spikes->lows);
	*spikes = (struct spikes){0};
}

double spike__seconds(const struct spike *spike)
{
	return (double)(spike->top_us - spike->start_us) / 1e6;
}

double spike__rate(const struct spike *spike)
{
	double seconds = spike__seconds(spike);

	return seconds > 0 ? (double)(spike->top_kb - spike->start_kb) * 1024 / seconds : 0;
}
