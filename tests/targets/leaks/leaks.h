/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs have in common by which verdicts on leaks are measured: those in leaking/ have sites that leak, and
 * say which; those in sound/ only grow for a while, or go up and down. A program does what it does in steps at a modest
 * pace for as long as it is told, and decides by dice that a seed makes: by the same seed, the same sizes and
 * decisions. Nothing here allocates, nor may a program but at its own sites: so no stdio.
 */
#ifndef LEAKS_H
#define LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A function that is a frame of its own, whatever the compiler thinks of that. */
#define SITE          __attribute__((noipa))

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Each program defines these: the functions whose allocations leak (up to a NULL), and what it does. */
extern const char *const leaking[];
void program(void);

/* ---- dice: a state serves one thread */

struct random {
	uint64_t state;
};

extern struct random rng; /* made from the seed; main's thread draws from it */

struct random random_split(struct random *random); /* for another thread */
uint64_t random_u64(struct random *random);
uint64_t random_below(struct random *random, uint64_t n);
double random_unit(struct random *random); /* from 0 to below 1 */
bool random_chance(struct random *random, double probability);
double random_about(struct random *random, double value); /* within 20 % of it */
double random_exponential(struct random *random, double mean);

/* Log-uniform: so random_size(&rng, 1, n) is also a key of n whose frequencies are Zipf's. */
size_t random_size(struct random *random, size_t least, size_t most);

/* ---- time */

struct pace {
	double rate;         /* steps a second */
	struct random *gaps; /* draws the gaps between steps (exponential); NULL: all are the same */
	double now;          /* when the step was due, in seconds since the start: the same whenever the seed is */
};

struct pace pace_regular(double rate);
struct pace pace_random(double rate, struct random *gaps);

/* Sleeps until the next step is due; false when the time of the program is over. */
bool next(struct pace *pace);

double seconds_passed(void);

/* Computes for about so long, of CPU time, as a program does around its allocations. */
void work(unsigned microseconds);

/* ---- memory and threads; where there are none to be had, the program ends */

void fail(const char *why) __attribute__((noreturn));
void *checked(void *block);
void *filled(void *block, size_t size); /* checked, and written to throughout */

#ifdef __cplusplus
}
#endif

#endif
