/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grower: as the lines on standard input say, "grow MIB MIB_PER_SECOND" allocates and touches so much more at one call
 * site, piece by piece; "shrink" frees it all; each is answered by "done". "tell MIB" before: the time (CLOCK_REALTIME,
 * nanoseconds) when so much had been allocated is said then, in a line of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1 << 18, PIECES_PER_MIB = 4, MAX = 1 << 16 };

static void *pieces[MAX];
static int count;
static unsigned int told_at;

static long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

__attribute__((noinline)) static void *leak_site(void)
{
	void *piece = malloc(PIECE);

	memset(piece, 1, PIECE);
	return piece;
}

__attribute__((noinline)) static void grow(unsigned int mib, unsigned int rate)
{
	long start = now_ns(CLOCK_MONOTONIC), due;

	for (unsigned int i = 0; i < mib * PIECES_PER_MIB && count < MAX; i++) {
		pieces[count++] = leak_site();
		if (told_at && (unsigned int)count == told_at * PIECES_PER_MIB)
			printf("%ld\n", now_ns(CLOCK_REALTIME));
		due = start + (long)(i + 1) * 1000000000 / (long)(rate * PIECES_PER_MIB);
		while (now_ns(CLOCK_MONOTONIC) < due)
			usleep(1000);
	}
}

int main(void)
{
	char line[64];
	unsigned int mib, rate;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "grow %u %u", &mib, &rate) == 2 && rate) {
			grow(mib, rate);
		} else if (!strcmp(line, "shrink\n")) {
			while (count)
				free(pieces[--count]);
		} else if (sscanf(line, "tell %u", &mib) == 1) {
			told_at = mib;
		}
		puts("done");
	}
	return 0;
}
