/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/gzip.h"
#include "lib/utf8.h"
#include "profile/pprof.h"
#include "profile/pprof.pb-c.h"
#include "profile/pprof_extra.h"
#include "profile/pprof_limits.h"
#include "profile/pprof_looks.h"

typedef Perftools__Profiles__Profile pb_profile;
typedef Perftools__Profiles__ValueType pb_value_type;
typedef Perftools__Profiles__Sample pb_sample;
typedef Perftools__Profiles__Label pb_label;
typedef Perftools__Profiles__Mapping pb_mapping;
typedef Perftools__Profiles__Location pb_location;
typedef Perftools__Profiles__Line pb_line;
typedef Perftools__Profiles__Function pb_function;

#define SAMPLE_TYPES 4

/*
 * Messages refer to each other by pointer, so each kind is one array of messages and one of pointers to them, all of
 * them blocks of the writer. Ids are indexes + 1, and strings are numbered in the order in which they are first used:
 * a profile that was read back is written as the same bytes.
 */
struct writer {
	const struct profile *profile;
	pb_profile pb;
	struct pprof_looks looks;
	struct profile *strings; /* an empty profile, for its interning of strings: its string table is the file's */
	void **blocks;
	size_t block_count, block_capacity;
	bool failed; /* memory ran short */
};

static void *take(struct writer *writer, size_t count, size_t size)
{
	void *block = calloc(count + 1, size);

	if (!block || !array__push(writer->blocks, writer->block_count, writer->block_capacity, block)) {
		writer->failed = true;
		free(block);
		return NULL;
	}
	return block;
}

static void free_writer(struct writer *writer)
{
	for (size_t i = 0; i < writer->block_count; i++)
		free(writer->blocks[i]);
	free(writer->blocks);
	pprof_looks__free(&writer->looks);
	profile__free(writer->strings);
}

/* The text's index in the file's string table. */
static int64_t add_text(struct writer *writer, const char *text)
{
	uint32_t i = PROFILE_NONE;
	char *clean;

	clean = utf8__clean(text);
	if (clean)
		i = profile__string(writer->strings, clean);
	free(clean);
	if (i == PROFILE_NONE)
		writer->failed = true;
	return i;
}

static int64_t add_string(struct writer *writer, uint32_t string)
{
	return add_text(writer, profile__text(writer->profile, string, ""));
}

static int64_t clamp(uint64_t count)
{
	return count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

static pb_value_type *new_value_type(struct writer *writer, const char *type, const char *unit)
{
	pb_value_type *value_type = take(writer, 1, sizeof(*value_type));

	if (!value_type)
		return NULL;
	perftools__profiles__value_type__init(value_type);
	value_type->type = add_text(writer, type);
	value_type->unit = add_text(writer, unit);
	return value_type;
}

static void write_sample_types(struct writer *writer)
{
	static const char *const types[SAMPLE_TYPES][2] = {
		{"inuse_objects", "count"},
		{"inuse_space", "bytes"},
		{"alloc_objects", "count"},
		{"alloc_space", "bytes"},
	};

	writer->pb.sample_type = take(writer, SAMPLE_TYPES, sizeof(pb_value_type *));
	if (!writer->pb.sample_type)
		return;
	for (int i = 0; i < SAMPLE_TYPES; i++)
		writer->pb.sample_type[i] = new_value_type(writer, types[i][0], types[i][1]);
	writer->pb.n_sample_type = SAMPLE_TYPES;
	writer->pb.default_sample_type = add_text(writer, "inuse_space");
	writer->pb.period_type = new_value_type(writer, "space", "bytes");
}

/* With the frames of one site, and the values of `counts`. */
static void write_sample(const struct profile_site *site, const struct profile_site *counts, pb_sample *sample,
			 uint64_t *ids, int64_t *values)
{
	perftools__profiles__sample__init(sample);
	for (uint32_t f = 0; f < site->frame_count; f++)
		ids[f] = (uint64_t)site->frames[f] + 1;
	sample->location_id = ids;
	sample->n_location_id = site->frame_count;
	values[0] = clamp(counts->live_objects);
	values[1] = clamp(counts->live_bytes);
	values[2] = clamp(counts->alloc_objects);
	values[3] = clamp(counts->alloc_bytes);
	sample->value = values;
	sample->n_value = SAMPLE_TYPES;
}

/* Samples on their way: blocks for all of them, and where the next one goes in each. */
struct samples {
	pb_sample *sample;
	int64_t *values;
	uint64_t *ids;
	pb_label *label, **pointer;
};

/* Writes those of the labels that the site needs. */
static void write_labels(struct writer *writer, struct samples *next, const struct profile_site *site,
			 const struct pprof_label *labels, size_t label_count)
{
	size_t count = 0;
	uint64_t number;

	next->sample->label = next->pointer;
	for (size_t i = 0; i < label_count; i++) {
		if (!pprof_label__get(&labels[i], site, &number))
			continue;
		perftools__profiles__label__init(next->label);
		next->label->key = add_text(writer, labels[i].key);
		next->label->num = clamp(number);
		next->label->num_unit = add_text(writer, labels[i].unit);
		*next->pointer++ = next->label++;
		count++;
	}
	next->sample->n_label = count;
}

static void write_site(struct writer *writer, struct samples *next, const struct profile_site *site, bool mapped)
{
	static const struct profile_site nothing;
	const struct profile_site *values = mapped ? &nothing : site;

	write_sample(site, values, next->sample, next->ids, next->values);
	if (mapped)
		write_labels(writer, next, site, pprof_mapped_labels, PPROF_MAPPED_LABELS);
	else
		write_labels(writer, next, site, pprof_labels, PPROF_LABELS);
	writer->pb.sample[writer->pb.n_sample++] = next->sample++;
	next->ids += site->frame_count;
	next->values += SAMPLE_TYPES;
}

static size_t count_frames(const struct profile_site *sites, size_t count)
{
	size_t frames = 0;

	for (size_t i = 0; i < count; i++)
		frames += sites[i].frame_count;
	return frames;
}

static void write_samples(struct writer *writer)
{
	const struct profile *profile = writer->profile;
	size_t count = profile->site_count + profile->mapped_count;
	size_t frames = count_frames(profile->sites, profile->site_count) +
			count_frames(profile->mapped, profile->mapped_count);
	struct samples next;

	_Static_assert(PPROF_MAPPED_LABELS <= PPROF_LABELS, "room for the labels of either kind");
	writer->pb.sample = take(writer, count, sizeof(pb_sample *));
	next.sample = take(writer, count, sizeof(*next.sample));
	next.values = take(writer, count, SAMPLE_TYPES * sizeof(*next.values));
	next.ids = take(writer, frames, sizeof(*next.ids));
	next.label = take(writer, count, PPROF_LABELS * sizeof(*next.label));
	next.pointer = take(writer, count, PPROF_LABELS * sizeof(pb_label *));
	if (writer->failed)
		return;
	for (size_t i = 0; i < profile->site_count; i++)
		write_site(writer, &next, &profile->sites[i], false);
	for (size_t i = 0; i < profile->mapped_count; i++)
		write_site(writer, &next, &profile->mapped[i], true);
}

static void write_mappings(struct writer *writer)
{
	const struct profile *profile = writer->profile;
	pb_mapping *mappings = take(writer, profile->mapping_count, sizeof(*mappings));

	writer->pb.mapping = take(writer, profile->mapping_count, sizeof(pb_mapping *));
	if (writer->failed)
		return;
	for (size_t i = 0; i < profile->mapping_count; i++) {
		const struct profile_mapping *mapping = &profile->mappings[i];

		perftools__profiles__mapping__init(&mappings[i]);
		mappings[i].id = i + 1;
		mappings[i].memory_start = mapping->start;
		mappings[i].memory_limit = mapping->limit;
		mappings[i].file_offset = mapping->offset;
		mappings[i].filename = add_string(writer, mapping->filename);
		mappings[i].build_id = add_string(writer, mapping->build_id);
		mappings[i].has_functions = mapping->has_functions;
		mappings[i].has_filenames = mapping->has_lines;
		mappings[i].has_line_numbers = mapping->has_lines;
		mappings[i].has_inline_frames = mapping->has_lines;
		writer->pb.mapping[i] = &mappings[i];
	}
	writer->pb.n_mapping = profile->mapping_count;
}

/*
 * The address is computed from the offset: that is what a site is known by, and readers have only the address to get
 * it back from.
 */
static uint64_t address_of(const struct profile *profile, const struct profile_location *location)
{
	const struct profile_mapping *mapping;

	if (location->mapping == PROFILE_NONE)
		return location->address;
	mapping = &profile->mappings[location->mapping];
	return location->offset + mapping->start - mapping->offset;
}

/* Returns the number of lines written. */
static size_t write_location(const struct profile *profile, size_t index, pb_location *to, pb_line *lines,
			     pb_line **pointers)
{
	const struct profile_location *location = &profile->locations[index];

	perftools__profiles__location__init(to);
	to->id = index + 1;
	to->mapping_id = location->mapping == PROFILE_NONE ? 0 : (uint64_t)location->mapping + 1;
	to->address = address_of(profile, location);
	for (uint32_t i = 0; i < location->line_count; i++) {
		const struct profile_line *line = &location->lines[i];

		perftools__profiles__line__init(&lines[i]);
		lines[i].function_id = line->function == PROFILE_NONE ? 0 : (uint64_t)line->function + 1;
		lines[i].line = line->line;
		pointers[i] = &lines[i];
	}
	to->line = pointers;
	to->n_line = location->line_count;
	return location->line_count;
}

static void write_locations(struct writer *writer)
{
	const struct profile *profile = writer->profile;
	size_t total = 0, used = 0;
	pb_location *locations;
	pb_line *lines, **pointers;

	for (size_t i = 0; i < profile->location_count; i++)
		total += profile->locations[i].line_count;
	writer->pb.location = take(writer, profile->location_count, sizeof(pb_location *));
	locations = take(writer, profile->location_count, sizeof(*locations));
	lines = take(writer, total, sizeof(*lines));
	pointers = take(writer, total, sizeof(pb_line *));
	if (writer->failed)
		return;
	for (size_t i = 0; i < profile->location_count; i++) {
		used += write_location(profile, i, &locations[i], lines + used, pointers + used);
		writer->pb.location[i] = &locations[i];
	}
	writer->pb.n_location = profile->location_count;
}

static void write_functions(struct writer *writer)
{
	const struct profile *profile = writer->profile;
	pb_function *functions = take(writer, profile->function_count, sizeof(*functions));

	writer->pb.function = take(writer, profile->function_count, sizeof(pb_function *));
	if (writer->failed)
		return;
	for (size_t i = 0; i < profile->function_count; i++) {
		perftools__profiles__function__init(&functions[i]);
		functions[i].id = i + 1;
		functions[i].name = add_string(writer, profile->functions[i].name);
		functions[i].system_name = add_string(writer, profile->functions[i].system_name);
		functions[i].filename = add_string(writer, profile->functions[i].filename);
		writer->pb.function[i] = &functions[i];
	}
	writer->pb.n_function = profile->function_count;
}

static void write_rest(struct writer *writer)
{
	const struct profile *profile = writer->profile;
	double ns = profile->seconds * 1e9;
	char *extra = pprof_extra__write(profile);

	writer->pb.time_nanos = profile->end_ns;
	if (ns > 0)
		writer->pb.duration_nanos = ns < 9e18 ? llrint(ns) : INT64_MAX;
	writer->pb.period = profile->sampling.period_bytes ? clamp(profile->sampling.period_bytes) : 1;
	writer->pb.comment = take(writer, 1, sizeof(*writer->pb.comment));
	if (extra && writer->pb.comment) {
		writer->pb.comment[0] = add_text(writer, extra);
		writer->pb.n_comment = 1;
	} else {
		writer->failed = true;
	}
	free(extra);
}

static void write_looks(struct writer *writer)
{
	if (!writer->profile->look_count)
		return;
	if (pprof_looks__write(writer->profile, &writer->looks))
		writer->failed = true;
	writer->pb.looks = &writer->looks.message;
}

static int pack(struct writer *writer, struct buf *out)
{
	uint8_t *packed;
	size_t size;
	int code;

	writer->pb.string_table = writer->strings->strings;
	writer->pb.n_string_table = writer->strings->string_count;
	size = perftools__profiles__profile__get_packed_size(&writer->pb);
	if (size > PPROF_BYTES_MAX)
		return -EFBIG; /* nor would we read it back */
	packed = take(writer, size, 1);
	if (!packed)
		return -ENOMEM;
	perftools__profiles__profile__pack(&writer->pb, packed);
	code = gzip__compress(packed, size, out);
	return code;
}

int pprof__encode(const struct profile *profile, struct buf *out)
{
	struct writer writer = {.profile = profile, .strings = profile__new()};
	int code = -ENOMEM;

	perftools__profiles__profile__init(&writer.pb);
	if (!writer.strings || profile__string(writer.strings, "") == PROFILE_NONE)
		goto out;
	write_sample_types(&writer);
	write_samples(&writer);
	write_mappings(&writer);
	write_locations(&writer);
	write_functions(&writer);
	write_looks(&writer);
	write_rest(&writer);
	if (!writer.failed)
		code = pack(&writer, out);
out:
	free_writer(&writer);
	return code;
}

int profile__save(const struct profile *profile, const char *path, struct error *err)
{
	struct buf buf = {0};
	int code;

	code = pprof__encode(profile, &buf);
	if (code)
		error__set(err, code, "cannot write %s: the profile %s", path,
			   code == -EFBIG ? "is too large for a file" : "does not fit into memory");
	else
		code = file__replace(path, buf.data, buf.size, 0600, err);
	buf__free(&buf);
	return code;
}
