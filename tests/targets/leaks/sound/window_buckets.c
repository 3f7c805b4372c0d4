/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A watcher of traffic that knows how large the packets of the last 8 s were, by host: a table of histograms for each
 * second, made when its first packet comes, and freed as a whole 8 s later. Some 1000 histograms, from 8 s on.
 */
#include "leaks.h"

enum { SECONDS = 8, CHAINS = 64, HOSTS = 4000, RANGES = 48 };

const char *const leaking[] = {NULL};

struct histogram {
	struct histogram *next;
	size_t host;
	unsigned counts[RANGES];
};

static struct histogram *window[SECONDS][CHAINS], **current = window[0];

SITE static struct histogram *histogram_new(size_t host)
{
	struct histogram *histogram = checked(calloc(1, sizeof(*histogram)));

	histogram->host = host;
	return histogram;
}

static struct histogram *histogram_of(size_t host)
{
	struct histogram **chain = &current[host % CHAINS], *histogram;

	for (histogram = *chain; histogram; histogram = histogram->next)
		if (histogram->host == host)
			return histogram;
	histogram = histogram_new(host);
	histogram->next = *chain;
	return *chain = histogram;
}

static void forget(struct histogram **chain)
{
	for (struct histogram *histogram; (histogram = *chain);) {
		*chain = histogram->next;
		free(histogram);
	}
}

static void turn_to(uint64_t second)
{
	current = window[second % SECONDS];
	for (unsigned i = 0; i < CHAINS; i++)
		forget(&current[i]);
}

SITE static char *packet_new(size_t size)
{
	return filled(malloc(size), size);
}

static void packet(void)
{
	size_t size = random_size(&rng, 40, 9000);
	char *data = packet_new(size);

	histogram_of(random_size(&rng, 1, HOSTS))->counts[size * RANGES / 9001]++;
	work(30);
	free(data);
}

void program(void)
{
	uint64_t second = 0;
	struct pace pace = pace_random(random_about(&rng, 280), &rng);

	while (next(&pace)) {
		if ((uint64_t)pace.now > second)
			turn_to(++second);
		packet();
	}
}
