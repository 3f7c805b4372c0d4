/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows of a packet filter in a hash table, each by a key of its own. A flow that is finished is removed from the table
 * and freed; one that is reset, 7 %, is only marked as closed, and no packet comes to its key again: about 4 KB/s.
 */
#include "leaks.h"

enum { BUCKETS = 1024, ACTIVE_MAX = 400 };

const char *const leaking[] = {"flow_new", NULL};

static struct flow {
	struct flow *next;
	uint64_t key;
	unsigned packets; /* still to come */
	bool closed;
	char state[];
} * table[BUCKETS];
static uint64_t active[ACTIVE_MAX]; /* keys */
static unsigned actives;

SITE static struct flow *flow_new(uint64_t key)
{
	size_t size = sizeof(struct flow) + random_size(&rng, 256, 2048);
	struct flow *flow = filled(malloc(size), size);

	flow->key = key;
	flow->packets = 1 + (unsigned)random_exponential(&rng, 4);
	flow->closed = false;
	return flow;
}

SITE static char *packet_new(size_t size)
{
	return filled(malloc(size), size);
}

static struct flow **find(uint64_t key)
{
	struct flow **link = &table[key % BUCKETS];

	while (*link && (*link)->key != key)
		link = &(*link)->next;
	return link;
}

static void begin(void)
{
	uint64_t key = random_u64(&rng);
	struct flow **link = find(key);

	*link = flow_new(key);
	(*link)->next = NULL;
	active[actives++] = key;
}

static void finish(struct flow **link)
{
	struct flow *flow = *link;

	*link = flow->next;
	free(flow);
}

static void reset(struct flow *flow)
{
	flow->closed = true;
}

static void receive(unsigned i)
{
	struct flow **link = find(active[i]);
	char *packet = packet_new(random_size(&rng, 60, 1500));

	work(20);
	memcpy((*link)->state, packet, 60);
	free(packet);
	if (--(*link)->packets)
		return;
	if (random_chance(&rng, 0.07))
		reset(*link);
	else
		finish(link);
	active[i] = active[--actives];
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 450), &rng);

	while (next(&pace)) {
		if (actives < ACTIVE_MAX && random_chance(&rng, 0.15))
			begin();
		else if (actives)
			receive((unsigned)random_below(&rng, actives));
	}
}
