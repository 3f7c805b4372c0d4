/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/site_ids.h"

#include <stdlib.h>

#include "lib/array.h"
#include "lib/hash.h"

struct site_ids {
	struct index_map *by_stack; /* of ids */
	uint64_t *ids;
	size_t count, capacity;
};

struct site_ids *site_ids__new(void)
{
	struct site_ids *ids = calloc(1, sizeof(*ids));

	if (!ids)
		return NULL;
	ids->by_stack = index_map__new();
	if (!ids->by_stack) {
		free(ids);
		return NULL;
	}
	return ids;
}

void site_ids__free(struct site_ids *ids)
{
	if (!ids)
		return;
	index_map__free(ids->by_stack);
	free(ids->ids);
	free(ids);
}

bool site_ids__get(const struct site_ids *ids, uint64_t stack, uint64_t *id)
{
	uint32_t index = index_map__get(ids->by_stack, stack);

	if (index == INDEX_MAP_NONE)
		return false;
	*id = ids->ids[index];
	return true;
}

void site_ids__put(struct site_ids *ids, uint64_t stack, uint64_t id)
{
	if (!array__push(ids->ids, ids->count, ids->capacity, id))
		return;
	if (index_map__put(ids->by_stack, stack, (uint32_t)ids->count - 1))
		ids->count--;
}
