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
	uint64_t hash = text ? hash__text(text) : 0;
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
	if (index_map__put(set->by_text, hash, (uint32_t)(set->string_count - 1))) {
		set->string_count--;
		free(copy);
		return NAME_NONE;
	}
	/* cppcheck-suppress memleak ; it is set->strings's now */
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
	*count = set->places[index].count;
	*lines = *count ? set->lines + set->places[index].first : NULL;
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

/* The parts of a message, in its own numbering; lines and places need not be aligned. */
struct message {
	uint64_t kinds;
	size_t string_count, line_count, place_count;
	const char *lines, *places;
	uint32_t *strings; /* the numbers that they have in the set */
};

static struct name_line line_of(const struct message *message, size_t index)
{
	struct name_line line;

	memcpy(&line, message->lines + index * sizeof(line), sizeof(line));
	return line;
}

static struct place place_of(const struct message *message, size_t index)
{
	struct place place;

	memcpy(&place, message->places + index * sizeof(place), sizeof(place));
	return place;
}

static int read_strings(struct name_set *set, struct wire *wire, struct message *message)
{
	message->string_count = wire__count(wire, sizeof(uint64_t));
	message->strings = malloc((message->string_count + 1) * sizeof(*message->strings));
	if (!message->strings)
		return -ENOMEM;
	for (size_t i = 0; i < message->string_count; i++) {
		const char *text = wire__text(wire);

		if (!text)
			return -EPROTO;
		message->strings[i] = name_set__string(set, text);
		if (message->strings[i] == NAME_NONE)
			return -ENOMEM;
	}
	return 0;
}

static int read_message(struct name_set *set, struct wire *wire, struct message *message)
{
	size_t line_bytes, place_bytes;
	int code;

	message->kinds = wire__number_to(wire, NAMES_FUNCTIONS | NAMES_LINES);
	code = read_strings(set, wire, message);
	if (code)
		return code;
	message->lines = wire__bytes(wire, &line_bytes);
	message->places = wire__bytes(wire, &place_bytes);
	message->line_count = line_bytes / sizeof(struct name_line);
	message->place_count = place_bytes / sizeof(struct place);
	if (!wire__done(wire) || line_bytes % sizeof(struct name_line) || place_bytes % sizeof(struct place))
		return -EPROTO;
	return 0;
}

/* Each line belongs to one place, in their order: what is made of a message is no larger than the message. */
static bool is_sound(const struct message *message)
{
	size_t used = 0;

	for (size_t i = 0; i < message->place_count; i++) {
		struct place place = place_of(message, i);

		if (place.count > NAME_LINES_MAX || place.first != used || place.count > message->line_count - used)
			return false;
		used += place.count;
	}
	for (size_t i = 0; i < message->line_count; i++) {
		struct name_line line = line_of(message, i);

		if (line.function >= message->string_count || line.system_name >= message->string_count ||
		    (line.file != NAME_NONE && line.file >= message->string_count))
			return false;
	}
	return used == message->line_count;
}

static int add_place(struct name_set *set, const struct message *message, size_t index)
{
	struct place place = place_of(message, index);
	struct name_line lines[NAME_LINES_MAX];

	if (index_map__get(set->by_place, place.place) != INDEX_MAP_NONE)
		return 0; /* known already: it would be there twice, and more often with each time that it is stored */
	for (uint32_t i = 0; i < place.count; i++) {
		lines[i] = line_of(message, place.first + i);
		lines[i].function = message->strings[lines[i].function];
		lines[i].system_name = message->strings[lines[i].system_name];
		if (lines[i].file != NAME_NONE)
			lines[i].file = message->strings[lines[i].file];
	}
	return name_set__add(set, place.place, lines, place.count);
}

int name_set__read(struct name_set *set, struct wire *wire)
{
	struct message message = {.strings = NULL};
	int code = read_message(set, wire, &message);

	if (!code && !is_sound(&message))
		code = -EPROTO;
	for (size_t i = 0; !code && i < message.place_count; i++)
		code = add_place(set, &message, i);
	if (!code)
		name_set__mark(set, (unsigned int)message.kinds);
	free(message.strings);
	return code;
}

/* By way of a message: that is all the renumbering there is. */
int name_set__merge(struct name_set *set, const struct name_set *from)
{
	struct buf message = {0};
	struct wire wire;
	int code;

	name_set__put(from, &message);
	wire = wire__of(message.data, message.size);
	code = buf__failed(&message) ? -ENOMEM : name_set__read(set, &wire);
	buf__free(&message);
	return code;
}
