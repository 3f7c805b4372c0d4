/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names on disk, from one command to the next: a file for each build id, with the places that were asked for so far. A
 * cache and no more: what cannot be read or written is looked up anew, without a word.
 *
 * Anybody can make a file with another's build id, and wrong names in it. So what is kept is of files with that build
 * id, of one owner and on one file system: who can put a file there could as well have put the wrong one there.
 */
#ifndef MEMTRAWL_SYMBOLS_NAME_CACHE_H
#define MEMTRAWL_SYMBOLS_NAME_CACHE_H

#include <stdbool.h>
#include <sys/types.h>

#include "symbols/name_set.h"

#define NAME_CACHE_DIRECTORY "/var/cache/memtrawl"
#define NAME_CACHE_MAX       (256UL << 20) /* bytes of all its files; the ones used longest ago go first */

struct name_key {
	const char *build_id;
	uid_t owner;
	dev_t device;
};

/*
 * Adds what is known of the object. Names with files and lines, from debugging information, are kept apart from those
 * of symbol tables: they are better, once that is there.
 */
void name_cache__load(const char *directory, const struct name_key *key, bool with_lines, struct name_set *set);

/* Replaces what is known by the set. The directory is made if need be, for its owner only. */
void name_cache__save(const char *directory, const struct name_key *key, bool with_lines, const struct name_set *set);

#endif
