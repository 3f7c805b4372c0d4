/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/naming.h"

#include <errno.h>

#include "lib/hash.h"

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

/* With the functions that the profile has already, from an earlier call or a file. */
int naming__begin(struct naming *naming, struct profile *profile)
{
	int code = 0;

	*naming = (struct naming){.profile = profile, .functions = index_map__new()};
	if (!naming->functions)
		return -ENOMEM;
	for (size_t i = 0; !code && i < profile->function_count; i++)
		code = index_map__put(naming->functions, function_key(&profile->functions[i]), (uint32_t)i);
	return code;
}

void naming__free(struct naming *naming)
{
	index_map__free(naming->functions);
}

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

static int make_line(struct naming *naming, const struct name_set *set, const struct name_line *from,
		     struct profile_line *line)
{
	struct profile_function function = {
		.name = profile__string(naming->profile, name_set__text(set, from->function)),
		.system_name = profile__string(naming->profile, name_set__text(set, from->system_name)),
		.filename = profile__string(naming->profile, name_set__text(set, from->file)),
	};

	if (function.name == PROFILE_NONE || function.system_name == PROFILE_NONE ||
	    (from->file != NAME_NONE && function.filename == PROFILE_NONE))
		return -ENOMEM;
	line->line = from->line;
	return add_function(naming, &function, &line->function);
}

int naming__name(struct naming *naming, uint32_t location, const struct name_set *set, uint64_t place)
{
	struct profile_line lines[NAME_LINES_MAX];
	const struct name_line *found;
	size_t count;
	int code = 0;

	if (!name_set__find(set, place, &found, &count) || !count)
		return 0;
	for (size_t i = 0; !code && i < count; i++)
		code = make_line(naming, set, &found[i], &lines[i]);
	return code ? code : profile__set_lines(naming->profile, location, lines, (uint32_t)count);
}
