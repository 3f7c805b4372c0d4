/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows of 48 s, looked at each second, in which a site behaves in a way that is known. */
#ifndef MEMTRAWL_TESTS_WINDOW_H
#define MEMTRAWL_TESTS_WINDOW_H

#include <string.h>

#include "analyze/trend.h"

enum { SECONDS = 48, LOOKS = SECONDS + 1, KB = 1000, PER_BIRTH = SECONDS / PROFILE_BIRTHS };

struct window {
	struct profile_look looks[LOOKS];
	struct profile_point points[LOOKS];
	uint64_t births[PROFILE_BIRTHS];
	struct trend_input input;
};

/* Blocks of 1 KB: `allocated` of them each second. */
static inline void window_begin(struct window *window, uint64_t allocated)
{
	memset(window, 0, sizeof(*window));
	for (int i = 0; i < LOOKS; i++) {
		window->looks[i].seconds = i;
		window->points[i].alloc_bytes = allocated * KB * (uint64_t)i;
		window->points[i].alloc_objects = allocated * (uint64_t)i;
	}
	window->input = (struct trend_input){
		.seconds = SECONDS,
		.looks = window->looks,
		.points = window->points,
		.look_count = LOOKS,
		.births = window->births,
		.block_bytes = KB,
		.oldest_seconds = SECONDS,
	};
}

static inline void window_set_live(struct window *window, int look, uint64_t blocks)
{
	window->points[look].live_bytes = blocks * KB;
	window->points[look].live_objects = blocks;
	window->looks[look].heap = window->points[look]; /* there is no other site */
}

/* 10 blocks a second, and none is freed. */
static inline void window_leak(struct window *window)
{
	window_begin(window, 10);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(window, i, 10 * (uint64_t)i);
	for (int i = 0; i < PROFILE_BIRTHS; i++)
		window->births[i] = 10 * PER_BIRTH * KB;
}

#endif
