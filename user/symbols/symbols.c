/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "symbols/debug_files.h"
#include "symbols/name_cache.h"
#include "symbols/names.h"
#include "symbols/naming.h"
#include "target/elf_facts.h"

struct symbols {
	struct symbols_source source;
	struct symbols_options options;
	struct name_set **objects; /* what was looked up of each */
	size_t count, capacity;
	struct index_map *by_key; /* hash of what tells objects apart, to the index */
};

struct symbols *symbols__new(const struct symbols_source *source, const struct symbols_options *options)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->source = *source;
	symbols->options = *options;
	symbols->by_key = index_map__new();
	if (!symbols->by_key) {
		free(symbols);
		return NULL;
	}
	return symbols;
}

void symbols__free(struct symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->count; i++)
		name_set__free(symbols->objects[i]);
	free(symbols->objects);
	index_map__free(symbols->by_key);
	free(symbols);
}

/* ---- a mapping's locations */

/* Those of one mapping that have no names yet. */
struct wanted {
	const char *name;     /* of the mapped file */
	const char *build_id; /* that it should have, or NULL */
	uint64_t start;       /* of the mapping */
	uint64_t *offsets;
	uint32_t *locations;
	size_t count;
};

/* How many of the places nothing is known of: they are moved to the front. */
static size_t sort_unknown(const struct name_set *names, const struct wanted *wanted)
{
	const struct name_line *lines;
	size_t unknown = 0, count;

	for (size_t i = 0; i < wanted->count; i++) {
		uint64_t offset = wanted->offsets[i];
		uint32_t location = wanted->locations[i];

		if (name_set__find(names, offset, &lines, &count))
			continue;
		wanted->offsets[i] = wanted->offsets[unknown];
		wanted->locations[i] = wanted->locations[unknown];
		wanted->offsets[unknown] = offset;
		wanted->locations[unknown++] = location;
	}
	return unknown;
}

/* ---- objects */

/* Files without a build id are told apart by what changes when they do. */
static uint64_t file_key(const struct stat *st)
{
	uint64_t key = fnv64_u64(FNV64_BASIS, st->st_dev);

	key = fnv64_u64(key, st->st_ino);
	key = fnv64_u64(key, (uint64_t)st->st_size);
	key = fnv64_u64(key, (uint64_t)st->st_mtim.tv_sec);
	return fnv64_u64(key, (uint64_t)st->st_mtim.tv_nsec);
}

/* What was looked up of the object of that key, nothing if it is new; NULL when memory is short. */
static struct name_set *get_names(struct symbols *symbols, uint64_t key)
{
	uint32_t index = index_map__get(symbols->by_key, key);
	struct name_set *names;

	if (index != INDEX_MAP_NONE)
		return symbols->objects[index];
	names = name_set__new();
	if (!names || !array__push(symbols->objects, symbols->count, symbols->capacity, names)) {
		name_set__free(names);
		return NULL;
	}
	return index_map__put(symbols->by_key, key, (uint32_t)(symbols->count - 1)) ? NULL : names;
}

static void recall(const struct symbols *symbols, const struct name_key *key, bool with_lines, struct name_set *names)
{
	if (symbols->options.cache && key->build_id)
		name_cache__load(symbols->options.cache, key, with_lines, names);
}

/*
 * Whether a file could have been put there by nobody but who could have put the object there: one that was found where
 * the process wants it, in its own root or by a mount of its own, may be anybody's.
 */
static bool is_kin(const struct name_key *key, int fd)
{
	struct stat st;

	return fd < 0 || (!fstat(fd, &st) && (st.st_uid == key->owner || !st.st_uid) && st.st_dev == key->device);
}

/* What belongs to an object, as far as it is there. */
struct belongings {
	struct elf_facts facts, debug_facts;
	struct names_files files;
};

static void find_belongings(const struct symbols *symbols, struct belongings *all)
{
	const struct debug_finder finder = {
		.folders = symbols->options.debug_folders,
		.open_path = symbols->source.open_path,
		.cookie = symbols->source.cookie,
	};

	if (all->facts.has_debug_info)
		all->files.alt = debug_files__open_alt(&finder, &all->facts);
	else
		all->files.debug = debug_files__open(&finder, all->files.name, &all->facts);
	if (all->files.debug >= 0 && !elf_facts__read(all->files.debug, all->files.name, &all->debug_facts, NULL))
		all->files.alt = debug_files__open_alt(&finder, &all->debug_facts);
}

static void close_belongings(struct belongings *all)
{
	if (all->files.debug >= 0)
		close(all->files.debug);
	if (all->files.alt >= 0)
		close(all->files.alt);
	elf_facts__free(&all->facts);
	elf_facts__free(&all->debug_facts);
}

/* With what others have stored meanwhile. */
static void store(const struct symbols *symbols, const struct name_key *key, const struct belongings *all,
		  struct name_set *found)
{
	bool with_lines = name_set__kinds(found) & NAMES_LINES;

	if (!symbols->options.cache || !key->build_id || !is_kin(key, all->files.debug) || !is_kin(key, all->files.alt))
		return;
	recall(symbols, key, with_lines, found);
	name_cache__save(symbols->options.cache, key, with_lines, found);
}

/* Has the first places looked up in the files. What these say costs names at most. -ENOMEM only. */
static int read_names(const struct symbols *symbols, const struct belongings *all, const struct wanted *wanted,
		      size_t unknown, const struct name_key *key, struct name_set *names)
{
	struct name_set *found = name_set__new(); /* apart: of symbols only, it may be, and `names` with lines */
	int code = found ? 0 : -ENOMEM;

	if (!code && !names__read(&all->files, wanted->offsets, unknown, found, NULL)) {
		code = name_set__merge(names, found);
		store(symbols, key, all, found);
	}
	name_set__free(found);
	return code;
}

/* Looks up what is not known of the places, in the cache and then in the files. -ENOMEM only. */
static int look_up(const struct symbols *symbols, const struct wanted *wanted, int fd, const struct name_key *key,
		   struct name_set *names)
{
	struct belongings all = {.files = {.name = wanted->name, .object = fd, .debug = -1, .alt = -1}};
	size_t unknown = sort_unknown(names, wanted);
	bool with_lines;
	int code = 0;

	if (elf_facts__read(fd, wanted->name, &all.facts, NULL) ||
	    (wanted->build_id && (!all.facts.build_id || strcmp(all.facts.build_id, wanted->build_id) != 0)))
		goto cleanup; /* damaged, or not the file that was mapped */
	find_belongings(symbols, &all);
	with_lines = all.facts.has_debug_info || all.files.debug >= 0;
	if (!with_lines) {
		recall(symbols, key, false, names);
		unknown = sort_unknown(names, wanted);
	}
	if (unknown)
		code = read_names(symbols, &all, wanted, unknown, key, names);
cleanup:
	close_belongings(&all);
	return code;
}

/* From an open file. -ENOMEM only. */
static int find_in_file(struct symbols *symbols, const struct wanted *wanted, int fd, struct name_set **names)
{
	struct name_key key = {.build_id = wanted->build_id};
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	key.owner = st.st_uid;
	key.device = st.st_dev;
	if (!*names)
		*names = get_names(symbols, file_key(&st));
	if (!*names)
		return -ENOMEM;
	if (sort_unknown(*names, wanted))
		recall(symbols, &key, true, *names);
	return sort_unknown(*names, wanted) ? look_up(symbols, wanted, fd, &key, *names) : 0;
}

/* *names stays NULL, or without names, for a file that cannot be opened. -ENOMEM only. */
static int find_names(struct symbols *symbols, const struct wanted *wanted, struct name_set **names)
{
	int fd, code;

	*names = NULL;
	if (wanted->build_id) {
		*names = get_names(symbols, fnv64_string(FNV64_BASIS, wanted->build_id));
		if (!*names)
			return -ENOMEM;
		if (!sort_unknown(*names, wanted))
			return 0;
	}
	fd = symbols->source.open(symbols->source.cookie, wanted->name, wanted->build_id, wanted->start);
	if (fd < 0)
		return 0;
	code = find_in_file(symbols, wanted, fd, names);
	close(fd);
	return code;
}

/* ---- a profile */

static bool has_file(const char *name)
{
	return name[0] == '/' || strcmp(name, "[vdso]") == 0;
}

static int name_mapping(struct symbols *symbols, struct naming *naming, uint32_t mapping_index, struct wanted *wanted)
{
	struct profile_mapping *mapping = &naming->profile->mappings[mapping_index];
	struct name_set *names;
	int code;

	wanted->name = profile__text(naming->profile, mapping->filename, "");
	wanted->build_id = profile__text(naming->profile, mapping->build_id, NULL);
	if (wanted->build_id && !*wanted->build_id)
		wanted->build_id = NULL;
	wanted->start = mapping->start;
	if (!has_file(wanted->name))
		return 0;
	code = find_names(symbols, wanted, &names);
	if (code || !names)
		return code;
	mapping->has_functions = name_set__kinds(names) & NAMES_FUNCTIONS;
	mapping->has_lines = name_set__kinds(names) & NAMES_LINES;
	for (size_t i = 0; !code && i < wanted->count; i++)
		code = naming__name(naming, wanted->locations[i], names, wanted->offsets[i]);
	return code;
}

/* Collects the locations of a mapping that have no names, or all; PROFILE_NONE is outside all mappings. */
static size_t collect(const struct profile *profile, uint32_t mapping, bool again, uint32_t *locations,
		      uint64_t *places)
{
	size_t count = 0;

	for (size_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];

		if ((location->line_count && !again) || location->mapping != mapping || profile__is_note(location))
			continue;
		locations[count] = (uint32_t)i;
		places[count++] = location->offset;
	}
	return count;
}

int symbols__name_profile(struct symbols *symbols, struct profile *profile)
{
	uint64_t *offsets = calloc(profile->location_count + 1, sizeof(*offsets));
	uint32_t *locations = calloc(profile->location_count + 1, sizeof(*locations));
	struct naming naming;
	int code = naming__begin(&naming, profile);

	if (!offsets || !locations)
		code = -ENOMEM;
	for (size_t i = 0; !code && i < profile->mapping_count; i++) {
		struct wanted wanted = {.offsets = offsets, .locations = locations};

		wanted.count = collect(profile, (uint32_t)i, symbols->options.again && !profile->mappings[i].has_lines,
				       locations, offsets);
		if (wanted.count)
			code = name_mapping(symbols, &naming, (uint32_t)i, &wanted);
	}
	naming__free(&naming);
	free(locations);
	free(offsets);
	return code;
}

int symbols__name_runtime_code(struct profile *profile, int perf_map)
{
	uint64_t *addresses = calloc(profile->location_count + 1, sizeof(*addresses));
	uint32_t *locations = calloc(profile->location_count + 1, sizeof(*locations));
	struct name_set *names = name_set__new();
	struct naming naming;
	int code = naming__begin(&naming, profile);
	size_t count = 0;

	if (!addresses || !locations || !names)
		code = -ENOMEM;
	if (!code)
		count = collect(profile, PROFILE_NONE, false, locations, addresses);
	if (count && !names__read_runtime(perf_map, addresses, count, names, NULL))
		for (size_t i = 0; !code && i < count; i++)
			code = naming__name(&naming, locations[i], names, addresses[i]);
	naming__free(&naming);
	name_set__free(names);
	free(locations);
	free(addresses);
	return code;
}
