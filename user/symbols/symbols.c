/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "symbols/demangle.h"
#include "symbols/object.h"

/* What is known of a file, or of the file behind a mapping. */
struct entry {
	struct object *object; /* NULL for none */
	bool tried;            /* mappings: it was looked for */
};

struct symbols {
	symbols_open_fn open;
	void *cookie;
	struct entry *entries;
	size_t count, capacity;
	struct index_map *by_key; /* hash of the build id, or file_key(), to the index of an entry */
};

/* One call's state. */
struct naming {
	struct symbols *symbols;
	struct profile *profile;
	struct entry *mappings;      /* of the profile */
	struct index_map *functions; /* function_key() to the index in the profile */
};

struct symbols *symbols__new(symbols_open_fn open, void *cookie)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->open = open;
	symbols->cookie = cookie;
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
		object__free(symbols->entries[i].object);
	free(symbols->entries);
	index_map__free(symbols->by_key);
	free(symbols);
}

/* ---- objects */

/* Files without a build id are told apart by what changes when they do. */
static int file_key(int fd, uint64_t *key)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*key = fnv64_u64(FNV64_BASIS, st.st_dev);
	*key = fnv64_u64(*key, st.st_ino);
	*key = fnv64_u64(*key, (uint64_t)st.st_size);
	*key = fnv64_u64(*key, (uint64_t)st.st_mtim.tv_sec);
	*key = fnv64_u64(*key, (uint64_t)st.st_mtim.tv_nsec);
	return 0;
}

/* Two strings with one hash are no accident: the build id is the object's own word, and is compared. */
static bool is_mapped_file(const struct object *object, const char *build_id)
{
	const char *own = object__build_id(object);

	return !build_id || (own && strcmp(own, build_id) == 0);
}

static struct object *cached(const struct symbols *symbols, uint64_t key, const char *build_id)
{
	uint32_t index = index_map__get(symbols->by_key, key);

	if (index == INDEX_MAP_NONE || !is_mapped_file(symbols->entries[index].object, build_id))
		return NULL;
	return symbols->entries[index].object;
}

/* Takes the object over; frees it when memory is short. */
static int keep(struct symbols *symbols, uint64_t key, struct object *object)
{
	struct entry entry = {.object = object};

	if (!array__push(symbols->entries, symbols->count, symbols->capacity, entry)) {
		object__free(object);
		return -ENOMEM;
	}
	return index_map__put(symbols->by_key, key, (uint32_t)(symbols->count - 1));
}

/* *object stays NULL for a file that cannot be read or is not the one mapped; -ENOMEM only. */
static int read_object(struct symbols *symbols, int fd, const char *name, const char *build_id, uint64_t key,
		       struct object **object)
{
	struct object *new;
	int ret;

	if (!build_id) {
		if (file_key(fd, &key))
			return 0;
		*object = cached(symbols, key, NULL);
		if (*object)
			return 0;
	}
	ret = object__open(fd, name, &new);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	if (!is_mapped_file(new, build_id)) {
		object__free(new);
		return 0;
	}
	ret = keep(symbols, key, new);
	if (!ret)
		*object = new;
	return ret;
}

static int find_object(struct symbols *symbols, const char *name, const char *build_id, uint64_t start,
		       struct object **object)
{
	uint64_t key = 0;
	int fd, ret;

	*object = NULL;
	if (build_id) {
		key = fnv64_string(FNV64_BASIS, build_id);
		*object = cached(symbols, key, build_id);
		if (*object)
			return 0;
	}
	fd = symbols->open(symbols->cookie, name, build_id, start);
	if (fd < 0)
		return 0;
	ret = read_object(symbols, fd, name, build_id, key, object);
	close(fd);
	return ret;
}

/* Finds the object of a mapping at the first location in it. "[vdso]" and the like have no file. */
static int try_mapping(struct naming *naming, uint32_t index)
{
	struct profile_mapping *mapping = &naming->profile->mappings[index];
	const char *name = profile__text(naming->profile, mapping->filename, "");
	const char *build_id = profile__text(naming->profile, mapping->build_id, "");
	struct object *object = NULL;
	int ret = 0;

	naming->mappings[index].tried = true;
	if (name[0] == '/')
		ret = find_object(naming->symbols, name, *build_id ? build_id : NULL, mapping->start, &object);
	if (!object)
		return ret;
	naming->mappings[index].object = object;
	mapping->has_functions = object__has_functions(object);
	mapping->has_lines = object__has_lines(object);
	return 0;
}

/* ---- names into the profile */

static int intern(struct profile *profile, const char *text, uint32_t *string)
{
	char cut[NAME_MAX_BYTES + 1];
	size_t length = strnlen(text, NAME_MAX_BYTES);

	memcpy(cut, text, length);
	cut[length] = '\0';
	*string = profile__string(profile, cut);
	return *string == PROFILE_NONE ? -ENOMEM : 0;
}

static uint64_t function_key(const struct profile_function *function)
{
	uint64_t key = fnv64_u64(FNV64_BASIS, function->name);

	key = fnv64_u64(key, function->system_name);
	return fnv64_u64(key, function->filename);
}

static bool same_function(const struct profile_function *a, const struct profile_function *b)
{
	return a->name == b->name && a->system_name == b->system_name && a->filename == b->filename;
}

/* The index of the function in the profile, which has it once. */
static int add_function(struct naming *naming, const struct profile_function *function, uint32_t *index)
{
	uint64_t key = function_key(function);

	*index = index_map__get(naming->functions, key);
	if (*index != INDEX_MAP_NONE && same_function(&naming->profile->functions[*index], function))
		return 0;
	*index = profile__add_function(naming->profile, function);
	if (*index == PROFILE_NONE)
		return -ENOMEM;
	return index_map__put(naming->functions, key, *index);
}

/* The functions that the profile has already, from an earlier call or a file. */
static int index_functions(struct naming *naming)
{
	const struct profile *profile = naming->profile;
	int ret = 0;

	for (size_t i = 0; !ret && i < profile->function_count; i++)
		ret = index_map__put(naming->functions, function_key(&profile->functions[i]), (uint32_t)i);
	return ret;
}

static int make_line(struct naming *naming, const struct object_line *from, struct profile_line *line)
{
	struct profile_function function = {.filename = PROFILE_NONE};
	char name[NAME_MAX_BYTES + 1];
	int ret;

	demangle(from->function, name, sizeof(name));
	ret = intern(naming->profile, name, &function.name);
	if (!ret)
		ret = intern(naming->profile, from->system_name, &function.system_name);
	if (!ret && from->file)
		ret = intern(naming->profile, from->file, &function.filename);
	line->line = from->line;
	return ret ? ret : add_function(naming, &function, &line->function);
}

static int name_location(struct naming *naming, uint32_t index)
{
	struct object_line found[OBJECT_LINES_MAX];
	struct profile_line lines[OBJECT_LINES_MAX];
	const struct profile_location *location = &naming->profile->locations[index];
	const struct entry *mapped = &naming->mappings[location->mapping];
	size_t count;
	int ret = 0;

	if (!mapped->tried)
		ret = try_mapping(naming, location->mapping);
	if (ret || !mapped->object)
		return ret;
	count = object__lines(mapped->object, location->offset, found);
	for (size_t i = 0; !ret && i < count; i++)
		ret = make_line(naming, &found[i], &lines[i]);
	if (ret || !count)
		return ret;
	return profile__set_lines(naming->profile, index, lines, (uint32_t)count);
}

int symbols__name_profile(struct symbols *symbols, struct profile *profile)
{
	struct naming naming = {.symbols = symbols, .profile = profile};
	int ret = -ENOMEM;

	naming.mappings = calloc(profile->mapping_count + 1, sizeof(*naming.mappings));
	naming.functions = index_map__new();
	if (!naming.mappings || !naming.functions)
		goto cleanup;
	ret = index_functions(&naming);
	for (size_t i = 0; !ret && i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];

		if (location->line_count || location->mapping >= profile->mapping_count)
			continue; /* named already; a note, or code outside all files */
		ret = name_location(&naming, (uint32_t)i);
	}
cleanup:
	index_map__free(naming.functions);
	free(naming.mappings);
	return ret;
}

int symbols__name_runtime_code(struct profile *profile, const struct perf_map *map)
{
	struct naming naming = {.profile = profile, .functions = index_map__new()};
	int ret = naming.functions ? index_functions(&naming) : -ENOMEM;

	for (size_t i = 0; !ret && i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		struct object_line found = {.file = NULL};
		struct profile_line line = {0};

		if (location->mapping != PROFILE_NONE || location->line_count || !location->address)
			continue;
		found.function = found.system_name = perf_map__find(map, location->address);
		if (!found.function)
			continue;
		ret = make_line(&naming, &found, &line);
		if (!ret)
			ret = profile__set_lines(profile, (uint32_t)i, &line, 1);
	}
	index_map__free(naming.functions);
	return ret;
}
