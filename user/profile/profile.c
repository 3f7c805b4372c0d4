/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"

const char *profile__loss_name(enum mt_loss loss)
{
	static const char *const names[] = {
#define X(id, name, words) [MT_LOSS_##id] = (name),
		MT_LOSSES(X)
#undef X
	};

	return names[loss];
}

const char *profile__loss_words(enum mt_loss loss)
{
	static const char *const sentences[] = {
#define X(id, name, words) [MT_LOSS_##id] = (words),
		MT_LOSSES(X)
#undef X
	};

	return sentences[loss];
}

const char *profile__source_name(enum profile_source source)
{
	return source == SOURCE_PAGES ? "pages" : "heap";
}

struct profile *profile__new(void)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return NULL;
	profile->string_index = index_map__new();
	if (!profile->string_index) {
		free(profile);
		return NULL;
	}
	return profile;
}

static void free_process(struct profile_process *process)
{
	free(process->host);
	free(process->boot_id);
	free(process->comm);
	free(process->exe);
	free(process->cmdline);
	free(process->build_id);
}

void profile__free(struct profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->site_count; i++)
		free(profile->sites[i].frames);
	for (size_t i = 0; i < profile->location_count; i++)
		free(profile->locations[i].lines);
	for (size_t i = 0; i < profile->string_count; i++)
		free(profile->strings[i]);
	for (size_t i = 0; i < profile->mapped_count; i++)
		free(profile->mapped[i].frames);
	free(profile->mapped);
	free(profile->looks);
	free(profile->points);
	for (size_t i = 0; i < profile->resident.named_count; i++)
		free(profile->resident.named[i].name);
	free(profile->resident.named);
	free(profile->sites);
	free(profile->locations);
	free(profile->functions);
	free(profile->mappings);
	free(profile->strings);
	free(profile->end_reason);
	free(profile->limit.cgroup);
	profile_trigger__free(&profile->trigger);
	free_process(&profile->process);
	index_map__free(profile->string_index);
	free(profile);
}

/*
 * string_index holds strings and notes under the hash of their text (notes under another basis). A key that another
 * text has already taken is passed over for the next one; what is found is always compared, so the two cannot mix.
 */
static uint32_t find_string(const struct profile *profile, const char *text, uint64_t *key)
{
	uint32_t i;

	for (*key = hash__text(text);; ++*key) {
		i = index_map__get(profile->string_index, *key);
		if (i == INDEX_MAP_NONE || (i < profile->string_count && !strcmp(profile->strings[i], text)))
			return i;
	}
}

uint32_t profile__string(struct profile *profile, const char *text)
{
	uint64_t key;
	uint32_t i;
	char *copy;

	if (!text)
		return PROFILE_NONE;
	i = find_string(profile, text, &key);
	if (i != INDEX_MAP_NONE)
		return i;
	copy = strdup(text);
	if (!copy || !array__push(profile->strings, profile->string_count, profile->string_capacity, copy)) {
		free(copy);
		return PROFILE_NONE;
	}
	i = (uint32_t)profile->string_count - 1;
	if (index_map__put(profile->string_index, key, i)) {
		profile->string_count--;
		free(copy);
		return PROFILE_NONE;
	}
	/* cppcheck-suppress memleak ; it is profile->strings's now */
	return i;
}

const char *profile__text(const struct profile *profile, uint32_t string, const char *otherwise)
{
	return string == PROFILE_NONE ? otherwise : profile->strings[string];
}

uint32_t profile__add_mapping(struct profile *profile, const struct profile_mapping *mapping)
{
	if (!array__push(profile->mappings, profile->mapping_count, profile->mapping_capacity, *mapping))
		return PROFILE_NONE;
	return (uint32_t)profile->mapping_count - 1;
}

uint32_t profile__add_function(struct profile *profile, const struct profile_function *function)
{
	if (!array__push(profile->functions, profile->function_count, profile->function_capacity, *function))
		return PROFILE_NONE;
	return (uint32_t)profile->function_count - 1;
}

uint32_t profile__add_location(struct profile *profile, uint32_t mapping, uint64_t address, uint64_t offset)
{
	struct profile_location location = {
		.mapping = mapping,
		.address = address,
		.offset = mapping == PROFILE_NONE ? address : offset,
	};

	if (!array__push(profile->locations, profile->location_count, profile->location_capacity, location))
		return PROFILE_NONE;
	return (uint32_t)profile->location_count - 1;
}

int profile__set_lines(struct profile *profile, uint32_t location, const struct profile_line *lines, uint32_t count)
{
	struct profile_location *l = &profile->locations[location];
	struct profile_line *copy = NULL;

	if (count) {
		copy = calloc(count, sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		memcpy(copy, lines, count * sizeof(*copy));
	}
	free(l->lines);
	l->lines = copy;
	l->line_count = count;
	return 0;
}

bool profile__is_note(const struct profile_location *location)
{
	return location->mapping == PROFILE_NONE && !location->address;
}

/* What a location without code says: the name of its first line's function, or NULL. */
static const char *note_text(const struct profile *profile, const struct profile_location *location)
{
	if (!location->line_count || location->lines[0].function == PROFILE_NONE)
		return NULL;
	return profile__text(profile, profile->functions[location->lines[0].function].name, NULL);
}

static uint32_t find_note(const struct profile *profile, const char *text, uint64_t *key)
{
	const struct profile_location *location;
	const char *found;
	uint32_t i;

	for (*key = fnv64_u64(hash__text(text), 1);; ++*key) {
		i = index_map__get(profile->string_index, *key);
		if (i == INDEX_MAP_NONE)
			return i;
		location = i < profile->location_count ? &profile->locations[i] : NULL;
		found = location && profile__is_note(location) ? note_text(profile, location) : NULL;
		if (found && !strcmp(found, text))
			return i;
	}
}

uint32_t profile__add_note(struct profile *profile, const char *text)
{
	struct profile_function function = {.filename = PROFILE_NONE};
	struct profile_line line = {0};
	uint64_t key;
	uint32_t i;

	i = find_note(profile, text, &key);
	if (i != INDEX_MAP_NONE)
		return i;
	function.name = function.system_name = profile__string(profile, text);
	if (function.name == PROFILE_NONE)
		return PROFILE_NONE;
	line.function = profile__add_function(profile, &function);
	if (line.function == PROFILE_NONE)
		return PROFILE_NONE;
	i = profile__add_location(profile, PROFILE_NONE, 0, 0);
	if (i == PROFILE_NONE)
		return PROFILE_NONE;
	if (profile__set_lines(profile, i, &line, 1) || index_map__put(profile->string_index, key, i)) {
		free(profile->locations[--profile->location_count].lines);
		return PROFILE_NONE;
	}
	return i;
}
