/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashing, and a map from 64-bit keys to 32-bit indexes: what interning tables are made of. */
#ifndef MEMTRAWL_LIB_HASH_H
#define MEMTRAWL_LIB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): the same on every host, so fit for names on disk. */
#define FNV64_BASIS 0xcbf29ce484222325ULL
uint64_t fnv64(uint64_t hash, const void *data, size_t size);
uint64_t fnv64_string(uint64_t hash, const char *text);
/* Hashes the eight bytes of `value`, least significant first. */
uint64_t fnv64_u64(uint64_t hash, uint64_t value);

/* Of a string, for tables in memory: several times faster, and different from one version to the next. */
uint64_t hash__text(const char *text);

#define INDEX_MAP_NONE UINT32_MAX

struct index_map;

struct index_map *index_map__new(void); /* NULL when memory is short */
void index_map__free(struct index_map *map);
/* The index stored under the key, or INDEX_MAP_NONE. */
uint32_t index_map__get(const struct index_map *map, uint64_t key);
/* Stores or overwrites; `index` is not INDEX_MAP_NONE. -ENOMEM with the map unchanged. */
int index_map__put(struct index_map *map, uint64_t key, uint32_t index);
size_t index_map__count(const struct index_map *map);

#endif
