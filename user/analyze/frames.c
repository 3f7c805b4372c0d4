/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/frames.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

/* A block for each stack: frames must not move once they are handed out. */
struct frame_list {
	struct report_frame **blocks;
	size_t count, capacity;
	const struct source_lines *sources;
};

struct frame_list *frame_list__new(const struct source_lines *sources)
{
	struct frame_list *list = calloc(1, sizeof(*list));

	if (list)
		list->sources = sources;
	return list;
}

void frame_list__free(struct frame_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->blocks[i]);
	free(list->blocks);
	free(list);
}

static struct report_frame *new_block(struct frame_list *list, size_t count)
{
	struct report_frame *block = calloc(count + 1, sizeof(*block));

	if (!block || !array__push(list->blocks, list->count, list->capacity, block)) {
		free(block);
		return NULL;
	}
	return block;
}

struct report_frame *frame_list__add(struct frame_list *list, const struct report_frame *frame)
{
	struct report_frame *block = new_block(list, 1);

	if (block)
		*block = *frame;
	return block;
}

/* What all lines of the location have in common. */
static struct report_frame frame_of(const struct profile *profile, const struct profile_location *location)
{
	struct report_frame frame = {.offset = location->offset, .has_offset = !profile__is_note(location)};
	const struct profile_mapping *mapping;

	if (location->mapping != PROFILE_NONE) {
		mapping = &profile->mappings[location->mapping];
		frame.object = profile__text(profile, mapping->filename, NULL);
		frame.build_id = profile__text(profile, mapping->build_id, NULL);
		if (frame.object && !*frame.object)
			frame.object = NULL;
	}
	return frame;
}

static void set_line(const struct profile *profile, const struct profile_line *line, struct report_frame *frame)
{
	const struct profile_function *function;

	frame->line = line->line;
	if (line->function == PROFILE_NONE)
		return;
	function = &profile->functions[line->function];
	frame->function = profile__text(profile, function->name, NULL);
	if (frame->function && !*frame->function)
		frame->function = NULL;
	frame->file = profile__text(profile, function->filename, NULL);
}

static size_t add_location(const struct frame_list *list, const struct profile *profile,
			   const struct profile_location *location, struct report_frame *to)
{
	if (!location->line_count) {
		*to = frame_of(profile, location);
		return 1;
	}
	for (uint32_t i = 0; i < location->line_count; i++) {
		to[i] = frame_of(profile, location);
		set_line(profile, &location->lines[i], &to[i]);
		if (list->sources && to[i].line)
			to[i].source = source_lines__find(list->sources, to[i].file, to[i].line);
		to[i].inlined = i + 1 < location->line_count;
	}
	return location->line_count;
}

const struct report_frame *frame_list__add_site(struct frame_list *list, const struct profile *profile,
						const struct profile_site *site, size_t *count)
{
	struct report_frame *frames;
	size_t total = 0, used = 0;

	for (uint32_t i = 0; i < site->frame_count; i++) {
		uint32_t lines = profile->locations[site->frames[i]].line_count;

		total += lines ? lines : 1;
	}
	frames = new_block(list, total);
	if (!frames)
		return NULL;
	for (uint32_t i = 0; i < site->frame_count; i++)
		used += add_location(list, profile, &profile->locations[site->frames[i]], frames + used);
	*count = used;
	return frames;
}

/* By their names as the demangler and as the symbol table have them. */
static bool is_library_allocation(const char *function)
{
	static const char *const prefixes[] = {
		"operator new",
		"_Znwm",
		"_Znam",
		"std::allocator<",
		"std::allocator_traits<",
		"std::__new_allocator<",
		"__gnu_cxx::new_allocator<",
		"__gnu_cxx::__alloc_traits<",
		"std::__allocate_guarded",
	};

	for (size_t i = 0; function && i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(function, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

const struct report_frame *frames__owner(const struct report_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_library_allocation(frames[i].function))
			return &frames[i];
	return count ? &frames[0] : NULL;
}

static bool has_text(const char *in, const char *text)
{
	return in && strstr(in, text);
}

bool frames__match(const struct report_frame *frames, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (has_text(frames[i].function, text) || has_text(frames[i].file, text) ||
		    has_text(frames[i].object, text))
			return true;
	return false;
}
