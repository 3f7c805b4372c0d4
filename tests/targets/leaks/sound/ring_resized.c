/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels with a ring of bytes each, that open one after the other for about 7 s. A ring begins with 1 KiB and doubles
 * when a burst does not fit, until it holds the largest that its channel ever has: some 1 MB together, soon reached.
 */
#include "leaks.h"

enum { CHANNELS = 28, RING_LEAST = 1024 };

const char *const leaking[] = {NULL};

static struct channel {
	char *ring;
	size_t room, head, used, burst_most;
} channels[CHANNELS];
static unsigned opened;

SITE static char *ring_new(size_t room)
{
	return filled(malloc(room), room);
}

static void grow(struct channel *channel)
{
	char *ring = ring_new(2 * channel->room);

	for (size_t i = 0; i < channel->used; i++)
		ring[i] = channel->ring[(channel->head + i) % channel->room];
	free(channel->ring);
	channel->ring = ring;
	channel->room *= 2;
	channel->head = 0;
}

static void open_channel(void)
{
	channels[opened++] = (struct channel){
		.ring = ring_new(RING_LEAST),
		.room = RING_LEAST,
		.burst_most = random_size(&rng, 8192, 65536),
	};
}

SITE static char *message_new(size_t size)
{
	return filled(malloc(size), size);
}

static void produce(struct channel *channel)
{
	size_t size = random_size(&rng, 200, channel->burst_most);
	char *message;

	if (channel->used + size > channel->burst_most)
		size = channel->burst_most - channel->used;
	message = message_new(size + 1);
	while (channel->used + size > channel->room)
		grow(channel);
	for (size_t i = 0; i < size; i++)
		channel->ring[(channel->head + channel->used + i) % channel->room] = message[i];
	channel->used += size;
	work(15);
	free(message);
}

static void consume(struct channel *channel)
{
	size_t size = channel->used < 16384 ? channel->used : 16384;

	channel->head = (channel->head + size) % channel->room;
	channel->used -= size;
	work(15);
}

void program(void)
{
	double gap = random_about(&rng, 7) / CHANNELS;
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	while (next(&pace)) {
		struct channel *channel;

		if (opened < CHANNELS && pace.now >= opened * gap)
			open_channel();
		if (!opened)
			continue;
		channel = &channels[random_below(&rng, opened)];
		if (random_chance(&rng, 0.4))
			produce(channel);
		else
			consume(channel);
	}
}
