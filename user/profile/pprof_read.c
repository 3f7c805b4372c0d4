/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/gzip.h"
#include "lib/hash.h"
#include "profile/pprof.h"
#include "profile/pprof.pb-c.h"
#include "profile/pprof_extra.h"
#include "profile/pprof_limits.h"
#include "profile/pprof_looks.h"

typedef Perftools__Profiles__Profile pb_profile;
typedef Perftools__Profiles__Sample pb_sample;
typedef Perftools__Profiles__Mapping pb_mapping;
typedef Perftools__Profiles__Location pb_location;
typedef Perftools__Profiles__Function pb_function;

/* Ids may be any numbers but 0; in the profile all is by index. Mappings, functions and locations keep their order. */
struct reader {
	const pb_profile *pb;
	struct profile *profile;
	struct index_map *mappings, *functions, *locations;       /* ids to indexes */
	int live_objects, live_bytes, alloc_objects, alloc_bytes; /* positions in Sample.value, -1 if not there */
	struct error *err;
};

/* ---- memory of the messages */

struct allowance {
	size_t left;
	bool exceeded;
};

static void *bounded_alloc(void *cookie, size_t size)
{
	struct allowance *allowance = cookie;

	if (size > allowance->left) {
		allowance->exceeded = true;
		return NULL;
	}
	allowance->left -= size;
	return malloc(size);
}

static void bounded_free(void *cookie, void *block)
{
	(void)cookie;
	free(block);
}

/* ---- checks */

static int bad(struct reader *reader, const char *what)
{
	return error__set(reader->err, -EINVAL, "not a valid pprof profile: %s", what);
}

static bool string_valid(const struct reader *reader, int64_t string)
{
	return string >= 0 && (uint64_t)string < reader->pb->n_string_table;
}

/* The text of a string index, which has been checked. */
static const char *text_of(const struct reader *reader, int64_t string)
{
	return reader->pb->string_table[string];
}

/* Interns a string of the file; *string is PROFILE_NONE for the empty one if `optional`. */
static int read_string(struct reader *reader, int64_t index, bool optional, uint32_t *string)
{
	*string = PROFILE_NONE;
	if (!string_valid(reader, index))
		return bad(reader, "a string index is out of range");
	if (optional && !*text_of(reader, index))
		return 0;
	*string = profile__string(reader->profile, text_of(reader, index));
	return *string == PROFILE_NONE ? -ENOMEM : 0;
}

/* Notes that `id` is the message number `index` of its kind. */
static int add_id(struct reader *reader, struct index_map *map, uint64_t id, size_t index, const char *what)
{
	if (!id)
		return error__set(reader->err, -EINVAL, "not a valid pprof profile: a %s has the id 0", what);
	if (index_map__get(map, id) != INDEX_MAP_NONE)
		return error__set(reader->err, -EINVAL, "not a valid pprof profile: two %ss have the id %llu", what,
				  (unsigned long long)id);
	return index_map__put(map, id, (uint32_t)index);
}

/* ---- the parts */

static int find_sample_type(const struct reader *reader, const char *name, const char *other_name)
{
	for (size_t i = 0; i < reader->pb->n_sample_type; i++) {
		const char *type = text_of(reader, reader->pb->sample_type[i]->type);

		if (!strcmp(type, name) || (other_name && !strcmp(type, other_name)))
			return (int)i;
	}
	return -1;
}

/* Go and its followers say inuse_space, tcmalloc says space. */
static int read_sample_types(struct reader *reader)
{
	const pb_profile *pb = reader->pb;

	if (!pb->n_string_table || *pb->string_table[0])
		return bad(reader, "its string table does not begin with an empty string");
	if (pb->n_sample_type > 64)
		return bad(reader, "it has more than 64 sample types");
	for (size_t i = 0; i < pb->n_sample_type; i++)
		if (!string_valid(reader, pb->sample_type[i]->type) || !string_valid(reader, pb->sample_type[i]->unit))
			return bad(reader, "a string index is out of range");
	reader->live_objects = find_sample_type(reader, "inuse_objects", "objects");
	reader->live_bytes = find_sample_type(reader, "inuse_space", "space");
	reader->alloc_objects = find_sample_type(reader, "alloc_objects", NULL);
	reader->alloc_bytes = find_sample_type(reader, "alloc_space", NULL);
	if (reader->live_bytes < 0)
		return error__set(reader->err, -EINVAL, "no heap profile: it has no sample type inuse_space");
	return 0;
}

static int read_mapping(struct reader *reader, const pb_mapping *mapping, size_t index)
{
	struct profile_mapping m = {
		.start = mapping->memory_start,
		.limit = mapping->memory_limit,
		.offset = mapping->file_offset,
		.has_functions = mapping->has_functions,
		.has_lines = mapping->has_line_numbers,
	};
	int code;

	code = add_id(reader, reader->mappings, mapping->id, index, "mapping");
	if (!code)
		code = read_string(reader, mapping->filename, false, &m.filename);
	if (!code)
		code = read_string(reader, mapping->build_id, true, &m.build_id);
	if (!code && profile__add_mapping(reader->profile, &m) == PROFILE_NONE)
		code = -ENOMEM;
	return code;
}

static int read_function(struct reader *reader, const pb_function *function, size_t index)
{
	struct profile_function f;
	int code;

	code = add_id(reader, reader->functions, function->id, index, "function");
	if (!code)
		code = read_string(reader, function->name, false, &f.name);
	if (!code)
		code = read_string(reader, function->system_name, false, &f.system_name);
	if (!code)
		code = read_string(reader, function->filename, true, &f.filename);
	if (!code && profile__add_function(reader->profile, &f) == PROFILE_NONE)
		code = -ENOMEM;
	return code;
}

static int read_lines(struct reader *reader, const pb_location *location, uint32_t index)
{
	struct profile_line *lines = calloc(location->n_line + 1, sizeof(*lines));
	int code = lines ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < location->n_line; i++) {
		uint64_t id = location->line[i]->function_id;
		int64_t line = location->line[i]->line;

		lines[i].line = line > 0 && line <= UINT32_MAX ? (uint32_t)line : 0;
		lines[i].function = id ? index_map__get(reader->functions, id) : PROFILE_NONE;
		if (id && lines[i].function == INDEX_MAP_NONE)
			code = bad(reader, "a line refers to a function that is not there");
	}
	if (!code && location->n_line)
		code = profile__set_lines(reader->profile, index, lines, (uint32_t)location->n_line);
	free(lines);
	return code;
}

static int read_location(struct reader *reader, const pb_location *location, size_t index)
{
	const struct profile_mapping *mapping;
	uint32_t m = PROFILE_NONE, l;
	uint64_t offset = 0;
	int code;

	code = add_id(reader, reader->locations, location->id, index, "location");
	if (code)
		return code;
	if (location->mapping_id) {
		m = index_map__get(reader->mappings, location->mapping_id);
		if (m == INDEX_MAP_NONE)
			return bad(reader, "a location refers to a mapping that is not there");
		mapping = &reader->profile->mappings[m];
		offset = location->address - mapping->start + mapping->offset;
	}
	l = profile__add_location(reader->profile, m, location->address, offset);
	return l == PROFILE_NONE ? -ENOMEM : read_lines(reader, location, l);
}

/* A value of the sample; 0 where the file has no such type. */
static uint64_t value_of(const pb_sample *sample, int position)
{
	return position < 0 ? 0 : (uint64_t)sample->value[position];
}

static bool is_mapped(const struct reader *reader, const pb_sample *sample)
{
	for (size_t i = 0; i < sample->n_value; i++)
		if (sample->value[i])
			return false;
	for (size_t i = 0; i < sample->n_label; i++)
		if (string_valid(reader, sample->label[i]->key) &&
		    pprof_label__find_mapped(text_of(reader, sample->label[i]->key)))
			return true;
	return false;
}

typedef const struct pprof_label *label_finder(const char *key);

/* Sets what the labels say of the site. Labels of others, such as Go's "bytes", mean nothing here. */
static int read_labels(struct reader *reader, const pb_sample *sample, label_finder *find, struct profile_site *site)
{
	for (size_t i = 0; i < sample->n_label; i++) {
		const struct pprof_label *label;

		if (!string_valid(reader, sample->label[i]->key))
			return bad(reader, "a string index is out of range");
		label = find(text_of(reader, sample->label[i]->key));
		if (label && sample->label[i]->num < 0)
			return bad(reader, "a label has a negative value");
		if (label)
			pprof_label__set(label, site, (uint64_t)sample->label[i]->num);
	}
	return 0;
}

static int read_sample(struct reader *reader, const pb_sample *sample, uint32_t *frames)
{
	struct profile_site *site;

	if (sample->n_value != reader->pb->n_sample_type)
		return bad(reader, "a sample has not one value for each sample type");
	for (size_t i = 0; i < sample->n_value; i++)
		if (sample->value[i] < 0)
			return bad(reader, "a sample has a negative value (a diff is not a profile)");
	for (size_t i = 0; i < sample->n_location_id; i++) {
		frames[i] = index_map__get(reader->locations, sample->location_id[i]);
		if (frames[i] == INDEX_MAP_NONE)
			return bad(reader, "a sample refers to a location that is not there");
	}
	if (is_mapped(reader, sample)) {
		reader->profile->mapped_known = true;
		site = profile__add_mapped(reader->profile, frames, (uint32_t)sample->n_location_id);
		/* its numbers are in its labels alone */
		return site ? read_labels(reader, sample, pprof_label__find_mapped, site) : -ENOMEM;
	}
	site = profile__add_site(reader->profile, frames, (uint32_t)sample->n_location_id);
	if (!site)
		return -ENOMEM;
	site->live_objects = value_of(sample, reader->live_objects);
	site->live_bytes = value_of(sample, reader->live_bytes);
	/* without a history, what lives is all that is known to have been allocated */
	site->alloc_objects = reader->alloc_objects < 0 ? site->live_objects : value_of(sample, reader->alloc_objects);
	site->alloc_bytes = reader->alloc_bytes < 0 ? site->live_bytes : value_of(sample, reader->alloc_bytes);
	site->free_objects = site->alloc_objects > site->live_objects ? site->alloc_objects - site->live_objects : 0;
	site->free_bytes = site->alloc_bytes > site->live_bytes ? site->alloc_bytes - site->live_bytes : 0;
	return read_labels(reader, sample, pprof_label__find, site);
}

static int read_samples(struct reader *reader)
{
	uint32_t *frames;
	size_t most = 0;
	int code = 0;

	for (size_t i = 0; i < reader->pb->n_sample; i++)
		if (reader->pb->sample[i]->n_location_id > most)
			most = reader->pb->sample[i]->n_location_id;
	frames = calloc(most + 1, sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	for (size_t i = 0; !code && i < reader->pb->n_sample; i++)
		code = read_sample(reader, reader->pb->sample[i], frames);
	free(frames);
	return code;
}

static int read_parts(struct reader *reader)
{
	const pb_profile *pb = reader->pb;
	int code;

	code = read_sample_types(reader);
	for (size_t i = 0; !code && i < pb->n_mapping; i++)
		code = read_mapping(reader, pb->mapping[i], i);
	for (size_t i = 0; !code && i < pb->n_function; i++)
		code = read_function(reader, pb->function[i], i);
	for (size_t i = 0; !code && i < pb->n_location; i++)
		code = read_location(reader, pb->location[i], i);
	if (!code)
		code = read_samples(reader);
	return code;
}

/* ---- what pprof has no field for */

/* For profiles of others: what can be told from pprof's own fields. */
static int fill_in(struct reader *reader)
{
	struct profile *profile = reader->profile;
	const pb_profile *pb = reader->pb;
	const struct profile_mapping *program = profile->mapping_count ? &profile->mappings[0] : NULL;
	const char *exe = program ? profile__text(profile, program->filename, NULL) : NULL;
	const char *build_id = program ? profile__text(profile, program->build_id, NULL) : NULL;

	profile->end_ns = pb->time_nanos;
	profile->start_ns = pb->time_nanos;
	if (pb->duration_nanos > 0) {
		__builtin_sub_overflow(pb->time_nanos, pb->duration_nanos, &profile->start_ns);
		profile->seconds = (double)pb->duration_nanos / 1e9;
	}
	if (pb->period > 1) {
		profile->sampling.mode = SAMPLING_POISSON;
		profile->sampling.period_bytes = profile->sampling.largest_period_bytes = (uint64_t)pb->period;
	}
	profile->process.exe = exe && *exe ? strdup(exe) : NULL;
	profile->process.build_id = build_id ? strdup(build_id) : NULL;
	if ((exe && *exe && !profile->process.exe) || (build_id && !profile->process.build_id))
		return -ENOMEM;
	return 0;
}

/* Where all samples are those that were written: what was looked at is not told of what is merged or left out. */
static int read_looks(struct reader *reader)
{
	int code = reader->pb->looks ? pprof_looks__read(reader->pb->looks, reader->profile) : 0;

	return code == -EINVAL ? bad(reader, "its looks do not fit its samples") : code;
}

/* Adds up one member of all sites; false above INT64_MAX, so that nobody who adds up sites need fear an overflow. */
static bool sum_sites(const struct profile_site *sites, size_t count, size_t offset, uint64_t *sum)
{
	*sum = 0;
	for (size_t i = 0; i < count; i++) {
		const uint64_t *member = (const void *)((const char *)&sites[i] + offset);

		if (__builtin_add_overflow(*sum, *member, sum) || *sum > INT64_MAX)
			return false;
	}
	return true;
}

/* Checks that the sites can be added up, and sets the totals from them where the file does not tell them. */
static int total(struct reader *reader, bool known)
{
	struct profile *profile = reader->profile;
	struct profile_totals *totals = &profile->totals;
	uint64_t ignored;
	const struct {
		size_t offset;
		uint64_t *sum;
	} sums[] = {
		{offsetof(struct profile_site, live_bytes), &totals->live_bytes},
		{offsetof(struct profile_site, live_objects), &totals->live_objects},
		{offsetof(struct profile_site, alloc_bytes), &totals->alloc_bytes},
		{offsetof(struct profile_site, alloc_objects), &totals->alloc_objects},
		{offsetof(struct profile_site, free_bytes), &totals->free_bytes},
		{offsetof(struct profile_site, free_objects), &totals->free_objects},
		{offsetof(struct profile_site, temporary_objects), &totals->temporary_objects},
		{offsetof(struct profile_site, peak_bytes), &ignored},
		{offsetof(struct profile_site, older_bytes), &ignored},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		if (!sum_sites(profile->sites, profile->site_count, sums[i].offset, known ? &ignored : sums[i].sum) ||
		    !sum_sites(profile->mapped, profile->mapped_count, sums[i].offset, &ignored))
			return bad(reader, "its values are too large to add up");
	profile__sum_mapped(profile);
	if (!known && totals->peak_live_bytes < totals->live_bytes)
		totals->peak_live_bytes = totals->live_bytes;
	return 0;
}

static int read_rest(struct reader *reader)
{
	bool found = false, whole = false;
	int code = 0;

	for (size_t i = 0; !code && !found && i < reader->pb->n_comment; i++) {
		if (!string_valid(reader, reader->pb->comment[i]))
			return bad(reader, "a string index is out of range");
		code = pprof_extra__read(reader->profile, text_of(reader, reader->pb->comment[i]), &found, &whole,
					 reader->err);
	}
	if (!code && !found)
		code = fill_in(reader);
	if (!code && whole)
		code = read_looks(reader);
	if (!code)
		code = total(reader, whole);
	if (!code && !whole)
		code = profile__merge_sites(reader->profile);
	return code;
}

/* ---- from bytes to a profile */

static int convert(const pb_profile *pb, struct profile **profile, struct error *err)
{
	struct reader reader = {.pb = pb, .err = err};
	int code = -ENOMEM;

	reader.profile = profile__new();
	reader.mappings = index_map__new();
	reader.functions = index_map__new();
	reader.locations = index_map__new();
	if (reader.profile && reader.mappings && reader.functions && reader.locations)
		code = read_parts(&reader);
	if (!code)
		code = read_rest(&reader);
	index_map__free(reader.mappings);
	index_map__free(reader.functions);
	index_map__free(reader.locations);
	if (code)
		profile__free(reader.profile);
	else
		*profile = reader.profile;
	return code;
}

static int parse(const void *data, size_t size, struct profile **profile, struct error *err)
{
	struct allowance allowance = {.left = PPROF_MEMORY_MAX};
	ProtobufCAllocator allocator = {bounded_alloc, bounded_free, &allowance};
	pb_profile *pb;
	int code;

	if (size > PPROF_BYTES_MAX)
		return error__set(err, -EFBIG, "larger than a profile may be (1 GiB)");
	pb = perftools__profiles__profile__unpack(&allocator, size, data);
	if (!pb && allowance.exceeded)
		return error__set(err, -EFBIG, "more messages than a profile may have (1 GiB of them)");
	if (!pb)
		return error__set(err, -EINVAL, "not a pprof profile");
	code = convert(pb, profile, err);
	perftools__profiles__profile__free_unpacked(pb, &allocator);
	return code;
}

static int expand_failed(int code, struct error *err)
{
	if (code == -EINVAL)
		return error__set(err, code, "damaged or incomplete: its gzip data ends early or is wrong");
	if (code == -EFBIG)
		return error__set(err, code, "larger than a profile may be (1 GiB uncompressed)");
	return code;
}

int pprof__decode(const void *data, size_t size, struct profile **profile, struct error *err)
{
	struct buf expanded = {0};
	int code = 0;

	*profile = NULL;
	if (!size)
		return error__set(err, -EINVAL, "empty");
	if (gzip__is(data, size)) {
		code = gzip__expand(data, size, PPROF_BYTES_MAX, &expanded);
		code = code ? expand_failed(code, err)
			    : parse(expanded.data ? expanded.data : "", expanded.size, profile, err);
	} else {
		code = parse(data, size, profile, err);
	}
	buf__free(&expanded);
	return code == -ENOMEM ? error__set(err, code, "it does not fit into memory") : code;
}

int profile__load(const char *path, struct profile **profile, struct error *err)
{
	size_t size;
	char *data;
	int code;

	*profile = NULL;
	code = file__read(AT_FDCWD, path, PPROF_BYTES_MAX, &data, &size);
	if (code)
		return error__set(err, code, "cannot read %s: %s", path,
				  code == -EFBIG ? "larger than a profile may be (1 GiB)" : error__reason(code));
	code = pprof__decode(data, size, profile, err);
	free(data);
	return code ? error__prefix(err, code, "cannot read %s", path) : 0;
}
