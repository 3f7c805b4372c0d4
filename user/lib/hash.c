/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FNV64_PRIME 0x100000001b3ULL

uint64_t fnv64(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * FNV64_PRIME;
	return hash;
}

uint64_t fnv64_string(uint64_t hash, const char *text)
{
	return fnv64(hash, text, strlen(text) + 1);
}

uint64_t fnv64_u64(uint64_t hash, uint64_t value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		hash = (hash ^ (value & 0xff)) * FNV64_PRIME;
	return hash;
}

/* Eight bytes at a time, each multiplied by 2^64 over the golden ratio and folded. */
uint64_t hash__text(const char *text)
{
	const uint64_t factor = 0x9e3779b97f4a7c15ULL;
	size_t size = strlen(text);
	uint64_t hash = size * factor, word;

	for (; size >= sizeof(word); text += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, text, size);
	hash = (hash ^ word) * factor;
	return hash ^ hash >> 29;
}

/* Open addressing with linear probing, at most three quarters full. A slot is empty when its index is NONE. */
struct slot {
	uint64_t key;
	uint32_t index;
};

struct index_map {
	struct slot *slots;
	size_t capacity; /* a power of two */
	size_t count;
};

static struct slot *new_slots(size_t capacity)
{
	struct slot *slots = calloc(capacity, sizeof(*slots));

	for (size_t i = 0; slots && i < capacity; i++)
		slots[i].index = INDEX_MAP_NONE;
	return slots;
}

struct index_map *index_map__new(void)
{
	struct index_map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->capacity = 64;
	map->slots = new_slots(map->capacity);
	if (!map->slots) {
		free(map);
		return NULL;
	}
	return map;
}

void index_map__free(struct index_map *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map);
}

/* Keys are often addresses or already hashes: mix them so that neither clusters. (The finalizer of splitmix64.) */
static uint64_t mix(uint64_t key)
{
	key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9ULL;
	key = (key ^ (key >> 27)) * 0x94d049bb133111ebULL;
	return key ^ (key >> 31);
}

static struct slot *find(struct slot *slots, size_t capacity, uint64_t key)
{
	size_t i = mix(key) & (capacity - 1);

	while (slots[i].index != INDEX_MAP_NONE && slots[i].key != key)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

uint32_t index_map__get(const struct index_map *map, uint64_t key)
{
	return find(map->slots, map->capacity, key)->index;
}

static int double_capacity(struct index_map *map)
{
	struct slot *slots;
	size_t capacity;

	if (__builtin_mul_overflow(map->capacity, (size_t)2, &capacity))
		return -ENOMEM;
	slots = new_slots(capacity);
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].index != INDEX_MAP_NONE)
			*find(slots, capacity, map->slots[i].key) = map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->capacity = capacity;
	return 0;
}

int index_map__put(struct index_map *map, uint64_t key, uint32_t index)
{
	struct slot *slot;
	int err;

	if ((map->count + 1) * 4 > map->capacity * 3) {
		err = double_capacity(map);
		if (err)
			return err;
	}
	slot = find(map->slots, map->capacity, key);
	if (slot->index == INDEX_MAP_NONE)
		map->count++;
	slot->key = key;
	slot->index = index;
	return 0;
}

size_t index_map__count(const struct index_map *map)
{
	return map->count;
}
