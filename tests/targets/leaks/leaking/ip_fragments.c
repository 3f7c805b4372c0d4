/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router that puts datagrams together from their fragments, in a hash table by the datagram's number. When one
 * fragment was lost on the way, as happens to a tenth of the datagrams, the others wait for it for ever: about 9 KB/s.
 */
#include "leaks.h"

enum { SENDERS = 40, BUCKETS = 1024, FRAGMENTS_MAX = 6 };

const char *const leaking[] = {"fragment_new", NULL};

struct fragment {
	struct fragment *next;
	uint64_t datagram;
	size_t size;
	char data[];
};

static struct fragment *buckets[BUCKETS];

static struct sender {
	uint64_t datagram;
	unsigned sent, fragments;
} senders[SENDERS];

SITE static struct fragment *fragment_new(uint64_t datagram)
{
	size_t size = random_size(&rng, 200, 1480);
	struct fragment *fragment = filled(malloc(sizeof(*fragment) + size), sizeof(*fragment) + size);

	fragment->datagram = datagram;
	fragment->size = size;
	return fragment;
}

SITE static char *datagram_new(size_t size)
{
	return filled(malloc(size), size);
}

static unsigned arrived(const struct fragment *fragment, uint64_t datagram, size_t *size)
{
	unsigned count = 0;

	for (*size = 0; fragment; fragment = fragment->next) {
		if (fragment->datagram == datagram) {
			*size += fragment->size;
			count++;
		}
	}
	return count;
}

static void join(struct fragment **link, uint64_t datagram, char *to)
{
	for (struct fragment *fragment; (fragment = *link);) {
		if (fragment->datagram != datagram) {
			link = &fragment->next;
			continue;
		}
		memcpy(to, fragment->data, fragment->size);
		to += fragment->size;
		*link = fragment->next;
		free(fragment);
	}
}

static void receive(uint64_t datagram, unsigned fragments)
{
	struct fragment **bucket = &buckets[datagram % BUCKETS], *fragment = fragment_new(datagram);
	size_t size;
	char *joined;

	fragment->next = *bucket;
	*bucket = fragment;
	if (arrived(*bucket, datagram, &size) < fragments)
		return;
	joined = datagram_new(size);
	join(bucket, datagram, joined);
	work(60);
	free(joined);
}

static void send_one(struct sender *sender)
{
	if (sender->sent == sender->fragments) {
		sender->datagram = random_u64(&rng);
		sender->sent = 0;
		sender->fragments = 2 + (unsigned)random_below(&rng, FRAGMENTS_MAX - 1);
	}
	sender->sent++;
	if (!random_chance(&rng, 0.025))
		receive(sender->datagram, sender->fragments);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 220), &rng);

	while (next(&pace)) {
		work(25);
		send_one(&senders[random_below(&rng, SENDERS)]);
	}
}
