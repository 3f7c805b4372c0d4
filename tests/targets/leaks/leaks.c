/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>
#include <unistd.h>

#include "leaks.h"

struct random rng = {.state = 1};

static double seconds = 80; /* how long the program runs */
static struct timespec started;

void fail(const char *why)
{
	(void)!write(STDERR_FILENO, why, strlen(why));
	(void)!write(STDERR_FILENO, "\n", 1);
	_exit(1);
}

/* ---- dice. Nothing here needs libm, that programs of C link without it. */

uint64_t random_u64(struct random *random)
{
	uint64_t bits = random->state += UINT64_C(0x9e3779b97f4a7c15);

	bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
	return bits ^ bits >> 31;
}

struct random random_split(struct random *random)
{
	return (struct random){.state = random_u64(random)};
}

uint64_t random_below(struct random *random, uint64_t n)
{
	return random_u64(random) % n;
}

double random_unit(struct random *random)
{
	return (double)(random_u64(random) >> 11) * 0x1p-53;
}

bool random_chance(struct random *random, double probability)
{
	return random_unit(random) < probability;
}

double random_about(struct random *random, double value)
{
	return value * (0.8 + 0.4 * random_unit(random));
}

/*
 * By von Neumann: draw while the numbers fall. The chance that the first of a falling run of odd length is x goes with
 * exp(-x); a run of even length adds one and is drawn again.
 */
double random_exponential(struct random *random, double mean)
{
	for (unsigned whole = 0;; whole++) {
		double first = random_unit(random), last = first, drawn;
		bool odd = true;

		for (; (drawn = random_unit(random)) < last; odd = !odd)
			last = drawn;
		if (odd)
			return mean * (whole + first);
	}
}

/* Every octave is as likely as the others; within one, the density falls with 1 / size. */
size_t random_size(struct random *random, size_t least, size_t most)
{
	unsigned octaves = 1;
	double factor, size;

	while (least << octaves <= most)
		octaves++;
	do {
		factor = 1 + random_unit(random);
		size = factor * (double)(least << random_below(random, octaves));
	} while (size >= (double)most + 1 || random_unit(random) * factor >= 1);
	return (size_t)size;
}

/* ---- time */

static double time_of(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double seconds_passed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - started.tv_sec) + (double)(now.tv_nsec - started.tv_nsec) / 1e9;
}

static void sleep_until(double passed)
{
	uint64_t ns = (uint64_t)started.tv_nsec + (uint64_t)(passed * 1e9);
	struct timespec until = {
		.tv_sec = started.tv_sec + (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
		;
}

struct pace pace_regular(double rate)
{
	return pace_random(rate, NULL);
}

struct pace pace_random(double rate, struct random *gaps)
{
	return (struct pace){.rate = rate, .gaps = gaps, .now = 0};
}

bool next(struct pace *pace)
{
	double gap = 1 / pace->rate;

	pace->now += pace->gaps ? random_exponential(pace->gaps, gap) : gap;
	sleep_until(pace->now < seconds ? pace->now : seconds);
	return seconds_passed() < seconds;
}

void work(unsigned microseconds)
{
	static __thread volatile uint32_t values[256];
	double until = time_of(CLOCK_THREAD_CPUTIME_ID) + microseconds / 1e6;

	do {
		for (unsigned i = 0; i < LENGTH(values); i++)
			values[i] = values[i] * 1664525 + values[(i + 97) % LENGTH(values)] + 1013904223;
	} while (time_of(CLOCK_THREAD_CPUTIME_ID) < until);
}

/* ---- memory */

void *checked(void *block)
{
	if (!block)
		fail("out of memory");
	return block;
}

void *filled(void *block, size_t size)
{
	return memset(checked(block), 'f', size);
}

/* ---- main */

static void append(char *line, size_t room, const char *text)
{
	if (strlen(line) + strlen(text) >= room)
		fail("too many names leak");
	strcat(line, text);
}

static void say_what_leaks(void)
{
	char line[1024] = "leaking:";

	for (const char *const *name = leaking; *name; name++) {
		append(line, sizeof(line), " ");
		append(line, sizeof(line), *name);
	}
	append(line, sizeof(line), leaking[0] ? "\n" : " -\n");
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		fail("cannot say what leaks");
}

static void parse(int count, char **args)
{
	for (int i = 1; i < count; i += 2) {
		if (i + 1 < count && !strcmp(args[i], "--seed"))
			rng.state = strtoull(args[i + 1], NULL, 10);
		else if (i + 1 < count && !strcmp(args[i], "--seconds"))
			seconds = strtod(args[i + 1], NULL);
		else
			fail("usage: PROGRAM [--seed N] [--seconds S]");
	}
}

int main(int count, char **args)
{
	parse(count, args);
	say_what_leaks();
	clock_gettime(CLOCK_MONOTONIC, &started);
	program();
	return 0;
}
