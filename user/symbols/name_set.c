/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/name_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"

struct place {
	uint64_t place;
	uint32_t first, count; /* lines */
};

struct name_set {
	unsigned int kinds;
	char **strings;
	size_t string_count, string_capacity;
	struct name_line *lines;
	size_t line_count, line_capacity;
	struct place *places;
	size_t place_count, place_capacity;
	struct index_map *by_text, *by_place;
};

struct name_set *name_set__new(void)
{
	struct name_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->by_text = index_map__new();
	set->by_place = index_map__new();
	if (!set->by_text || !set->by_place) {
		name_set__free(set);
		return NULL;
	}
	return set;
}

void name_set__free(struct name_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->string_count; i++)
		free(set->strings[i]);
	free(set->strings);
	free(set->lines);
	free(set->places);
	index_map__free(set->by_text);
	index_map__free(set->by_place);
	free(set);
}

/* Two strings with one hash cost a second copy of one of them, no more. */
uint32_t name_set__string(struct name_set *set, const char *text)
{
	uint64_t hash = text ? fnv64_string(FNV64_BASIS, text) : 0;
	uint32_t known = text ? index_map__get(set->by_text, hash) : INDEX_MAP_NONE;
	char *copy;

	if (!text)
		return NAME_NONE;
	if (known != INDEX_MAP_NONE && !strcmp(set->strings[known], text))
		return known;
	copy = strdup(text);
	if (!copy || !array__push(set->strings, set->string_count, set->string_capacity, copy)) {
		free(copy);
		return NAME_NONE;
	}
	if (index_map__put(set->by_text, hash, (uint32_t)(set->string_count - 1)))
		return NAME_NONE;
	return (uint32_t)(set->string_count - 1);
}

const char *name_set__text(const struct name_set *set, uint32_t string)
{
	return string < set->string_count ? set->strings[string] : NULL;
}

int name_set__add(struct name_set *set, uint64_t place, const struct name_line *lines, size_t count)
{
	struct place new = {.place = place, .first = (uint32_t)set->line_count, .count = (uint32_t)count};

	for (size_t i = 0; i < count; i++)
		if (!array__push(set->lines, set->line_count, set->line_capacity, lines[i]))
			return -ENOMEM;
	if (!array__push(set->places, set->place_count, set->place_capacity, new))
		return -ENOMEM;
	return index_map__put(set->by_place, place, (uint32_t)(set->place_count - 1));
}

bool name_set__find(const struct name_set *set, uint64_t place, const struct name_line **lines, size_t *count)
{
	uint32_t index = index_map__get(set->by_place, place);

	if (index == INDEX_MAP_NONE)
		return false;
	*lines = set->lines + set->places[index].first;
	*count = set->places[index].count;
	return true;
}

size_t name_set__count(const struct name_set *set)
{
	return set->place_count;
}

void name_set__mark(struct name_set *set, unsigned int kinds)
{
	set->kinds |= kinds;
}

unsigned int name_set__kinds(const struct name_set *set)
{
	return set->kinds;
}

/* ---- messages */

void name_set__put(const struct name_set *set, struct buf *message)
{
	wire__put_number(message, set->kinds);
	wire__put_number(message, set->string_count);
	for (size_t i = 0; i < set->string_count; i++)
		wire__put_text(message, set->strings[i]);
	wire__put_bytes(message, set->lines, set->line_count * sizeof(*set->lines));
	wire__put_bytes(message, set->places, set->place_count * sizeof(*set->places));
}

/* The numbers that the message's strings have in the set. */
static uint32_t *read_strings(struct name_set *set, struct wire *wire, size_t *count)
{
	uint32_t *numbers;

	*count = wire__count(wire, sizeof(uint64_t));
	numbers = malloc((*count + 1) * sizeof(*numbers));
	for (size_t i = 0; numbers && i < *count; i++) {
		const char *text = wire__text(wire);

		numbers[i] = name_set__string(set, text);
		if (text && numbers[i] == NAME_NONE) {
			free(numbers);
			return NULL;
		}
	}
	return numbers;
}

static bool renumber(uint32_t *string, const uint32_t *numbers, size_t count, bool optional)
{
	if (*string == NAME_NONE)
		return optional;
	if (*string >= count || numbers[*string] == NAME_NONE)
		return false;
	*string = numbers[*string];
	return true;
}

static int read_place(struct name_set *set, const struct place *place, const char *lines, size_t line_count,
		      const uint32_t *numbers, size_t count)
{
	struct name_line own[NAME_LINES_MAX];

	if (place->count > NAME_LINES_MAX || place->first > line_count || place->count > line_count - place->first)
		return -EPROTO;
	if (place->count)
		memcpy(own, lines + place->first * sizeof(*own), place->count * sizeof(*own));
	for (uint32_t i = 0; i < place->count; i++)
		if (!renumber(&own[i].function, numbers, count, false) ||
		    !renumber(&own[i].system_name, numbers, count, false) ||
		    !renumber(&own[i].file, numbers, count, true))
			return -EPROTO;
	return name_set__add(set, place->place, own, place->count);
}

int name_set__read(struct name_set *set, struct wire *wire)
{
	uint64_t kinds = wire__number_to(wire, NAMES_FUNCTIONS | NAMES_LINES);
	size_t count, line_bytes, place_bytes;
	uint32_t *numbers = read_strings(set, wire, &count);
	const char *lines = wire__bytes(wire, &line_bytes), *places = wire__bytes(wire, &place_bytes);
	int code = numbers ? 0 : -ENOMEM;

	if (!code && (!wire__done(wire) || line_bytes % sizeof(struct name_line) || place_bytes % sizeof(struct place)))
		code = -EPROTO;
	for (size_t at = 0; !code && at < place_bytes; at += sizeof(struct place)) {
		struct place place;

		memcpy(&place, places + at, sizeof(place));
		code = read_place(set, &place, lines, line_bytes / sizeof(struct name_line), numbers, count);
	}
	name_set__mark(set, (unsigned int)kinds);
	free(numbers);
	return code;
}
