/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading of the kernel's hash maps, while programs go on writing them. */
#ifndef MEMTRAWL_TRACE_HASH_MAP_H
#define MEMTRAWL_TRACE_HASH_MAP_H

#include <stddef.h>

/* Key and value are valid during the call. Anything but 0 ends the walk. */
typedef int hash_map_visitor(void *context, const void *key, const void *value);

/*
 * Calls `visit` for each element of a map (a descriptor), whose key and value have these sizes in bytes. An element
 * that comes or goes meanwhile may be visited or not. Returns what a visit ended the walk with, or -errno.
 */
int hash_map__each(int map, size_t key_size, size_t value_size, hash_map_visitor *visit, void *context);

#endif
