/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that are kept for 6 s after they were sent, lest they be asked for again: some 1.2 MB, each freed on time. */
#include "leaks.h"

enum { DELAY = 6, PACKETS_MAX = 4096 };

const char *const leaking[] = {NULL};

static struct packet {
	double sent;
	size_t size;
	char data[];
} * packets[PACKETS_MAX]; /* a ring */
static uint64_t sent, dropped;

SITE static struct packet *packet_new(double now)
{
	size_t size = sizeof(struct packet) + random_size(&rng, 64, 1500);
	struct packet *packet = filled(malloc(size), size);

	packet->sent = now;
	packet->size = size - sizeof(*packet);
	return packet;
}

static void drop_old(double now)
{
	for (; dropped < sent && packets[dropped % PACKETS_MAX]->sent + DELAY <= now; dropped++)
		free(packets[dropped % PACKETS_MAX]);
}

SITE static char *encrypt(const struct packet *packet)
{
	char *encrypted = checked(malloc(packet->size + 16));

	memcpy(encrypted, packet->data, packet->size);
	memset(encrypted + packet->size, 0, 16);
	return encrypted;
}

static void send_one(double now)
{
	struct packet *packet = packet_new(now);
	char *encrypted;

	work(10);
	encrypted = encrypt(packet);
	work(15);
	free(encrypted);
	packets[sent++ % PACKETS_MAX] = packet;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		drop_old(pace.now);
		send_one(pace.now);
	}
}
