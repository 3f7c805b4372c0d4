/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "lib/hash.h"
#include "pprof_bytes.h"
#include "profile/pprof.pb-c.h"

static void check_sites(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->site_count, b->site_count);
	for (size_t i = 0; i < a->site_count; i++) {
		const struct profile_site x = a->sites[i], y = b->sites[i];

		assert_int_equal(x.frame_count, y.frame_count);
		assert_memory_equal(x.frames, y.frames, x.frame_count * sizeof(*x.frames));
		assert_memory_equal(&x, &y, offsetof(struct profile_site, frames));
	}
}

static void check_locations(const struct profile *a, const struct profile *b)
{
	assert_int_equal(a->location_count, b->location_count);
	for (size_t i = 0; i < a->location_count; i++) {
		const struct profile_location *x = &a->locations[i], *y = &b->locations[i];

		assert_int_equal(x->mapping, y->mapping);
		assert_int_equal(x->address, y->address);
		assert_int_equal(x->offset, y->offset);
		assert_int_equal(x->line_count, y->line_count);
		for (uint32_t l = 0; l < x->line_count; l++) {
			assert_int_equal(x->lines[l].line, y->lines[l].line);
			assert_int_equal(x->lines[l].function, y->lines[l].function);
			assert_string_equal(profile__text(a, a->functions[x->lines[l].function].name, ""),
					    profile__text(b, b->functions[y->lines[l].function].name, ""));
		}
	}
}

static void all_comes_back(void **state)
{
	struct profile *a = fixture_profile(), *b;
	struct buf zipped = {0}, again = {0}, plain = {0};
	struct error err = {0};

	(void)state;
	free(a->end_reason);
	a->end_reason = strdup("the target exited");
	a->trigger = (struct profile_trigger){strdup("growth"), 1000, 1001, 1795300000000000001};
	encode(&zipped, &plain);
	buf__free(&zipped);
	assert_int_equal(pprof__encode(a, &zipped), 0);
	assert_int_equal(pprof__decode(zipped.data, zipped.size, &b, &err), 0);
	check_sites(a, b);
	check_locations(a, b);
	assert_memory_equal(&a->totals, &b->totals, sizeof(a->totals));
	assert_memory_equal(&a->rss, &b->rss, sizeof(a->rss));
	assert_memory_equal(a->loss, b->loss, sizeof(a->loss));
	assert_memory_equal(a->size_objects, b->size_objects, sizeof(a->size_objects));
	assert_memory_equal(&a->sampling, &b->sampling, sizeof(a->sampling));
	assert_int_equal(b->start_ns, a->start_ns);
	assert_int_equal(b->end_ns, a->end_ns);
	assert_true(b->seconds == 30 && b->older_seconds == 10);
	assert_string_equal(b->end_reason, "the target exited");
	assert_string_equal(b->trigger.kind, "growth");
	assert_int_equal(b->trigger.level, 1000);
	assert_int_equal(b->trigger.value, 1001);
	assert_int_equal(b->trigger.time_ns, 1795300000000000001);
	assert_int_equal(b->process.pid, 812);
	assert_int_equal(b->process.start_ticks, 123456);
	assert_int_equal(b->process.start_time_ns, a->process.start_time_ns);
	assert_string_equal(b->process.host, "db1");
	assert_string_equal(b->process.boot_id, a->process.boot_id);
	assert_string_equal(b->process.comm, "server");
	assert_string_equal(b->process.exe, "/usr/bin/server");
	assert_string_equal(b->process.cmdline, "/usr/bin/server --port 80");
	assert_string_equal(b->process.build_id, "aa11");
	assert_int_equal(b->mapping_count, 2);
	assert_int_equal(b->mappings[0].start, 0x400000);
	assert_int_equal(b->mappings[0].limit, 0x500000);
	assert_int_equal(b->mappings[0].offset, 0x1000);
	assert_true(b->mappings[0].has_functions && b->mappings[0].has_lines);
	assert_true(b->mappings[1].has_functions && !b->mappings[1].has_lines);
	assert_int_equal(b->mappings[1].build_id, PROFILE_NONE);

	assert_int_equal(pprof__encode(b, &again), 0);
	assert_int_equal(again.size, zipped.size);
	assert_memory_equal(again.data, zipped.data, zipped.size);
	profile__free(a);
	profile__free(b);
	buf__free(&zipped);
	buf__free(&again);
	buf__free(&plain);
}

static void sampled_and_odd_values_come_back(void **state)
{
	struct profile *a = fixture_profile(), *b;
	struct buf first = {0}, second = {0};
	struct error err = {0};

	(void)state;
	a->sampling = (struct profile_sampling){SAMPLING_POISSON, 524288, 1048576, 0.1};
	free(a->process.comm);
	a->process.comm = strdup("bad\xff\"name\n");
	free(a->process.cmdline);
	a->process.cmdline = NULL;
	a->seconds = 1.0 / 3;
	a->loss[MT_LOSS_SAMPLED_AWAY] = UINT64_MAX;
	assert_int_equal(pprof__encode(a, &first), 0);
	assert_int_equal(pprof__decode(first.data, first.size, &b, &err), 0);
	assert_memory_equal(&a->sampling, &b->sampling, sizeof(a->sampling));
	assert_string_equal(b->process.comm, "bad\xef\xbf\xbd\"name\n");
	assert_null(b->process.cmdline);
	assert_true(b->seconds == a->seconds);
	assert_true(b->loss[MT_LOSS_SAMPLED_AWAY] == INT64_MAX);
	assert_int_equal(pprof__encode(b, &second), 0);
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.data, second.data, first.size);
	profile__free(a);
	profile__free(b);
	buf__free(&first);
	buf__free(&second);
}

/* Its sites are samples of nothing but labels: whoever adds up samples does not see them. */
static void mapped_memory_comes_back(void **state)
{
	struct profile *profile = fixture_profile(), *back;
	struct buf zipped = {0}, again = {0};
	struct error err;

	(void)state;
	fixture_mapped(profile);
	assert_int_equal(pprof__encode(profile, &zipped), 0);
	assert_int_equal(pprof__decode(zipped.data, zipped.size, &back, &err), 0);
	assert_true(back->mapped_known);
	check_sites(profile, back);
	assert_memory_equal(&back->totals, &profile->totals, sizeof(back->totals));
	assert_int_equal(back->mapped_count, profile->mapped_count);
	for (size_t i = 0; i < back->mapped_count; i++) {
		assert_int_equal(back->mapped[i].id, profile->mapped[i].id);
		assert_int_equal(back->mapped[i].live_bytes, profile->mapped[i].live_bytes);
		assert_int_equal(back->mapped[i].live_objects, profile->mapped[i].live_objects);
		assert_int_equal(back->mapped[i].alloc_bytes, profile->mapped[i].alloc_bytes);
		assert_int_equal(back->mapped[i].alloc_objects, profile->mapped[i].alloc_objects);
		assert_int_equal(back->mapped[i].free_bytes, profile->mapped[i].free_bytes);
	}
	assert_memory_equal(&back->mapped_totals, &profile->mapped_totals, sizeof(back->mapped_totals));
	assert_int_equal(pprof__encode(back, &again), 0);
	assert_int_equal(again.size, zipped.size);
	assert_memory_equal(again.data, zipped.data, again.size);
	profile__free(back);
	profile__free(profile);
	buf__free(&zipped);
	buf__free(&again);
}

static void empty_profile_comes_back(void **state)
{
	struct profile *a = profile__new(), *b;
	struct buf buf = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(pprof__encode(a, &buf), 0);
	assert_int_equal(pprof__decode(buf.data, buf.size, &b, &err), 0);
	assert_int_equal(b->site_count, 0);
	assert_null(b->process.comm);
	profile__free(a);
	profile__free(b);
	buf__free(&buf);
}

/* What stands in the file, as pprof's own readers see it. */
static void file_is_as_specified(void **state)
{
	struct buf zipped = {0}, plain = {0};
	Perftools__Profiles__Profile *pb;
	char **s;

	(void)state;
	encode(&zipped, &plain);
	pb = perftools__profiles__profile__unpack(NULL, plain.size, (const uint8_t *)plain.data);
	assert_non_null(pb);
	s = pb->string_table;
	assert_string_equal(s[0], "");
	assert_int_equal(pb->n_sample_type, 4);
	assert_string_equal(s[pb->sample_type[0]->type], "inuse_objects");
	assert_string_equal(s[pb->sample_type[0]->unit], "count");
	assert_string_equal(s[pb->sample_type[1]->type], "inuse_space");
	assert_string_equal(s[pb->sample_type[1]->unit], "bytes");
	assert_string_equal(s[pb->sample_type[2]->type], "alloc_objects");
	assert_string_equal(s[pb->sample_type[2]->unit], "count");
	assert_string_equal(s[pb->sample_type[3]->type], "alloc_space");
	assert_string_equal(s[pb->sample_type[3]->unit], "bytes");
	assert_string_equal(s[pb->default_sample_type], "inuse_space");
	assert_string_equal(s[pb->period_type->type], "space");
	assert_string_equal(s[pb->period_type->unit], "bytes");
	assert_int_equal(pb->period, 1);
	assert_int_equal(pb->time_nanos, FIXTURE_END_NS);
	assert_int_equal(pb->duration_nanos, INT64_C(30000000000));
	assert_int_equal(pb->n_sample, 4);
	assert_int_equal(pb->sample[0]->n_value, 4);
	assert_int_equal(pb->sample[1]->value[0], 1000);
	assert_int_equal(pb->sample[1]->value[1], 4 << 20);
	assert_int_equal(pb->sample[1]->value[2], 50000);
	assert_int_equal(pb->sample[1]->value[3], 200 << 20);
	assert_int_equal(pb->n_comment, 1);
	assert_memory_equal(s[pb->comment[0]], "{\"schema\":\"memtrawl.profile-extra/1\",", 37);
	assert_int_equal(pb->location[1]->address, 0x400200);
	assert_string_equal(s[pb->function[pb->location[1]->line[0]->function_id - 1]->name], "session_new");
	assert_string_equal(s[pb->function[pb->location[1]->line[1]->function_id - 1]->name], "accept_client");
	perftools__profiles__profile__free_unpacked(pb, NULL);
	buf__free(&zipped);
	buf__free(&plain);
}

/* ---- profiles of others, put together by hand */

enum { GO_STRINGS = 10 };

struct go_profile {
	Perftools__Profiles__Profile pb;
	Perftools__Profiles__ValueType types[4], *type_pointers[4];
	Perftools__Profiles__Sample samples[2], *sample_pointers[2];
	Perftools__Profiles__Mapping mapping, *mapping_pointer;
	Perftools__Profiles__Location location, *location_pointer;
	Perftools__Profiles__Line line, *line_pointer;
	Perftools__Profiles__Function function, *function_pointer;
	uint64_t ids[1];
	int64_t values[2][4];
	char *strings[GO_STRINGS];
};

/* As Go writes its heap profiles: alloc before inuse, odd ids, one stack twice with different labels. */
static void make_go_profile(struct go_profile *go)
{
	static const char *const strings[GO_STRINGS] = {
		"",          "alloc_objects", "count",    "alloc_space", "bytes", "inuse_objects", "inuse_space",
		"main.work", "/src/work.go",  "/bin/work"};

	memset(go, 0, sizeof(*go));
	perftools__profiles__profile__init(&go->pb);
	for (int i = 0; i < GO_STRINGS; i++)
		go->strings[i] = (char *)strings[i];
	for (int i = 0; i < 4; i++) {
		perftools__profiles__value_type__init(&go->types[i]);
		go->types[i].type = (int[]){1, 3, 5, 6}[i];
		go->types[i].unit = (int[]){2, 4, 2, 4}[i];
		go->type_pointers[i] = &go->types[i];
	}
	go->ids[0] = 77;
	for (int i = 0; i < 2; i++) {
		perftools__profiles__sample__init(&go->samples[i]);
		go->samples[i].location_id = go->ids;
		go->samples[i].n_location_id = 1;
		go->samples[i].value = go->values[i];
		go->samples[i].n_value = 4;
		go->sample_pointers[i] = &go->samples[i];
		memcpy(go->values[i], (int64_t[]){10, 1000, 4, 400}, sizeof(go->values[i]));
	}
	perftools__profiles__mapping__init(&go->mapping);
	go->mapping.id = 5;
	go->mapping.memory_start = 0x1000;
	go->mapping.memory_limit = 0x9000;
	go->mapping.filename = 9;
	perftools__profiles__function__init(&go->function);
	go->function.id = 1000;
	go->function.name = go->function.system_name = 7;
	go->function.filename = 8;
	perftools__profiles__line__init(&go->line);
	go->line.function_id = 1000;
	go->line.line = 12;
	perftools__profiles__location__init(&go->location);
	go->location.id = 77;
	go->location.mapping_id = 5;
	go->location.address = 0x1234;
	go->line_pointer = &go->line;
	go->location.line = &go->line_pointer;
	go->location.n_line = 1;
	go->mapping_pointer = &go->mapping;
	go->location_pointer = &go->location;
	go->function_pointer = &go->function;
	go->pb.string_table = go->strings;
	go->pb.n_string_table = GO_STRINGS;
	go->pb.sample_type = go->type_pointers;
	go->pb.n_sample_type = 4;
	go->pb.sample = go->sample_pointers;
	go->pb.n_sample = 2;
	go->pb.mapping = &go->mapping_pointer;
	go->pb.n_mapping = 1;
	go->pb.location = &go->location_pointer;
	go->pb.n_location = 1;
	go->pb.function = &go->function_pointer;
	go->pb.n_function = 1;
	go->pb.time_nanos = 5000000000;
	go->pb.duration_nanos = 2000000000;
	go->pb.period = 524288;
}

static int decode_go(const struct go_profile *go, struct profile **profile, struct error *err)
{
	size_t size = perftools__profiles__profile__get_packed_size(&go->pb);
	uint8_t *data = malloc(size + 1);
	int code;

	*err = (struct error){0};
	perftools__profiles__profile__pack(&go->pb, data);
	code = pprof__decode(data, size, profile, err);
	free(data);
	return code;
}

static void profile_of_go_is_read(void **state)
{
	struct go_profile go;
	struct profile *profile;
	struct error err;
	const struct profile_site *site;

	(void)state;
	make_go_profile(&go);
	assert_int_equal(decode_go(&go, &profile, &err), 0);
	assert_int_equal(profile->site_count, 1);
	site = &profile->sites[0];
	assert_int_equal(site->live_objects, 8);
	assert_int_equal(site->live_bytes, 800);
	assert_int_equal(site->alloc_objects, 20);
	assert_int_equal(site->alloc_bytes, 2000);
	assert_int_equal(site->free_objects, 12);
	assert_int_equal(site->free_bytes, 1200);
	assert_int_equal(profile->totals.live_bytes, 800);
	assert_int_equal(profile->totals.free_objects, 12);
	assert_int_equal(profile->totals.peak_live_bytes, 800);
	assert_int_equal(profile->locations[0].offset, 0x234);
	assert_int_equal(profile->locations[0].lines[0].line, 12);
	assert_string_equal(profile->process.exe, "/bin/work");
	assert_int_equal(profile->sampling.mode, SAMPLING_POISSON);
	assert_int_equal(profile->sampling.period_bytes, 524288);
	assert_int_equal(profile->end_ns, 5000000000);
	assert_int_equal(profile->start_ns, 3000000000);
	assert_true(profile->seconds == 2);
	profile__free(profile);
}

static void refuse(struct go_profile *go, const char *reason)
{
	struct profile *profile;
	struct error err;

	assert_int_equal(decode_go(go, &profile, &err), -EINVAL);
	assert_string_equal(err.text, reason);
	assert_int_equal(err.status, STATUS_REFUSED);
	assert_null(profile);
	make_go_profile(go);
}

static void bad_references_are_refused(void **state)
{
	struct go_profile go;

	(void)state;
	make_go_profile(&go);
	go.function.name = GO_STRINGS;
	refuse(&go, "not a valid pprof profile: a string index is out of range");
	go.mapping.build_id = -1;
	refuse(&go, "not a valid pprof profile: a string index is out of range");
	go.function.filename = INT64_MIN;
	refuse(&go, "not a valid pprof profile: a string index is out of range");
	go.types[2].unit = INT64_MAX;
	refuse(&go, "not a valid pprof profile: a string index is out of range");
	go.strings[0] = (char *)"x";
	refuse(&go, "not a valid pprof profile: its string table does not begin with an empty string");
	go.mapping.id = 0;
	refuse(&go, "not a valid pprof profile: a mapping has the id 0");
	go.function.id = 0;
	refuse(&go, "not a valid pprof profile: a function has the id 0");
	go.location.id = 0;
	refuse(&go, "not a valid pprof profile: a location has the id 0");
	go.location.mapping_id = 6;
	refuse(&go, "not a valid pprof profile: a location refers to a mapping that is not there");
	go.line.function_id = 6;
	refuse(&go, "not a valid pprof profile: a line refers to a function that is not there");
	go.ids[0] = 78;
	refuse(&go, "not a valid pprof profile: a sample refers to a location that is not there");
	go.values[1][3] = -1;
	refuse(&go, "not a valid pprof profile: a sample has a negative value (a diff is not a profile)");
	go.samples[1].n_value = 3;
	refuse(&go, "not a valid pprof profile: a sample has not one value for each sample type");
	go.values[0][1] = go.values[1][1] = INT64_MAX;
	refuse(&go, "not a valid pprof profile: its values are too large to add up");
	go.types[3].type = 7;
	refuse(&go, "no heap profile: it has no sample type inuse_space");
}

static void ids_must_be_unique(void **state)
{
	Perftools__Profiles__Location *twice[2];
	struct go_profile go;
	struct profile *profile;
	struct error err;

	(void)state;
	make_go_profile(&go);
	twice[0] = twice[1] = &go.location;
	go.pb.location = twice;
	go.pb.n_location = 2;
	assert_int_equal(decode_go(&go, &profile, &err), -EINVAL);
	assert_string_equal(err.text, "not a valid pprof profile: two locations have the id 77");
}

/* `go tool pprof -proto` with a filter keeps the comment, drops and reorders samples. */
static void samples_that_others_dropped_are_told_apart(void **state)
{
	struct buf zipped = {0}, plain = {0};
	Perftools__Profiles__Profile *pb;
	Perftools__Profiles__Sample *gone;
	struct profile *profile;
	struct error err = {0};
	uint8_t *data;
	size_t size;

	(void)state;
	encode(&zipped, &plain);
	pb = perftools__profiles__profile__unpack(NULL, plain.size, (const uint8_t *)plain.data);
	gone = pb->sample[0];
	pb->sample[0] = pb->sample[2];
	pb->sample[2] = pb->sample[3];
	pb->n_sample = 3; /* the third, the second, the fourth */
	size = perftools__profiles__profile__get_packed_size(pb);
	data = malloc(size);
	perftools__profiles__profile__pack(pb, data);
	assert_int_equal(pprof__decode(data, size, &profile, &err), 0);
	assert_int_equal(profile->site_count, 3);
	assert_true(profile->sites[0].live_bytes_stderr == 1024);
	assert_int_equal(profile->sites[0].older_bytes, 65536);
	assert_int_equal(profile->sites[1].temporary_objects, 20000);
	assert_int_equal(profile->totals.live_bytes, 65536 + (4 << 20) + 1000);
	assert_int_equal(profile->totals.alloc_objects, 12 + 50000 + 1);
	assert_string_equal(profile->process.comm, "server");
	profile__free(profile);
	free(data);
	pb->n_sample = 4;
	pb->sample[3] = pb->sample[2];
	pb->sample[2] = pb->sample[0];
	pb->sample[0] = gone;
	perftools__profiles__profile__free_unpacked(pb, NULL);
	buf__free(&zipped);
	buf__free(&plain);
}

static void refuse_comment(const char *from, const char *to, const char *reason)
{
	struct buf zipped = {0}, plain = {0};
	Perftools__Profiles__Profile *pb;
	struct profile *profile;
	struct error err = {0};
	char *comment, *at;
	uint8_t *data;
	size_t size;

	encode(&zipped, &plain);
	pb = perftools__profiles__profile__unpack(NULL, plain.size, (const uint8_t *)plain.data);
	comment = pb->string_table[pb->comment[0]];
	at = strstr(comment, from);
	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
	size = perftools__profiles__profile__get_packed_size(pb);
	data = malloc(size);
	perftools__profiles__profile__pack(pb, data);
	assert_int_equal(pprof__decode(data, size, &profile, &err), -EINVAL);
	assert_string_equal(err.text, reason);
	free(data);
	perftools__profiles__profile__free_unpacked(pb, NULL);
	buf__free(&zipped);
	buf__free(&plain);
}

static void damaged_comment_is_refused(void **state)
{
	(void)state;
	refuse_comment("\"pid\":812", "\"pid\":-12", "its memtrawl.profile-extra/1 comment is damaged: bad \"pid\"");
	refuse_comment("\"exact\"", "\"exalt\"", "its memtrawl.profile-extra/1 comment is damaged: bad \"mode\"");
	refuse_comment("\"comm\":\"server\"", "\"comm\":12345678",
		       "its memtrawl.profile-extra/1 comment is damaged: bad \"comm\"");
	refuse_comment("\"stack_truncated\":3", "\"stack_truncated\":x",
		       "its memtrawl.profile-extra/1 comment is damaged: not JSON");
	refuse_comment("\"size_objects\":[0,0", "\"size_objects\":[-10",
		       "its memtrawl.profile-extra/1 comment is damaged: bad \"size_objects\"");
}

static void bad_labels_are_refused(void **state)
{
	Perftools__Profiles__Label label = PERFTOOLS__PROFILES__LABEL__INIT, *pointer = &label;
	struct go_profile go;

	(void)state;
	make_go_profile(&go);
	go.samples[0].label = &pointer;
	go.samples[0].n_label = 1;
	label.key = GO_STRINGS;
	refuse(&go, "not a valid pprof profile: a string index is out of range");
	go.samples[0].label = &pointer;
	go.samples[0].n_label = 1;
	go.strings[7] = (char *)"peak_bytes";
	label.key = 7;
	label.num = -1;
	refuse(&go, "not a valid pprof profile: a label has a negative value");
}

static void freed_is_told_where_it_does_not_follow(void **state)
{
	struct profile *a = fixture_profile(), *b;
	struct buf buf = {0};
	struct error err = {0};

	(void)state;
	a->sites[0].free_bytes = 5;
	a->sites[0].free_objects = 1;
	a->sites[1].oldest_age_seconds = 0;
	assert_int_equal(pprof__encode(a, &buf), 0);
	assert_int_equal(pprof__decode(buf.data, buf.size, &b, &err), 0);
	check_sites(a, b);
	profile__free(a);
	profile__free(b);
	buf__free(&buf);
}

static void files_are_saved_and_errors_name_them(void **state)
{
	char *folder = fixture_folder(), *path, expected[512];
	struct profile *a = fixture_profile(), *b;
	struct error err = {0};
	struct stat st;

	(void)state;
	assert_true(asprintf(&path, "%s/x.pb.gz", folder) > 0);
	assert_int_equal(profile__load(path, &b, &err), -ENOENT);
	snprintf(expected, sizeof(expected), "cannot read %s: no such file or directory", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(profile__save(a, path, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(profile__load(path, &b, &err), 0);
	check_sites(a, b);
	profile__free(b);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_int_equal(profile__load(path, &b, &err), -EINVAL);
	snprintf(expected, sizeof(expected),
		 "cannot read %s: damaged or incomplete: its gzip data ends early or is wrong", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(profile__load(path, &b, &err), -EINVAL);
	snprintf(expected, sizeof(expected), "cannot read %s: empty", path);
	assert_string_equal(err.text, expected);
	profile__free(a);
	free(path);
	fixture_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_comes_back),
		cmocka_unit_test(sampled_and_odd_values_come_back),
		cmocka_unit_test(mapped_memory_comes_back),
		cmocka_unit_test(empty_profile_comes_back),
		cmocka_unit_test(file_is_as_specified),
		cmocka_unit_test(profile_of_go_is_read),
		cmocka_unit_test(bad_references_are_refused),
		cmocka_unit_test(ids_must_be_unique),
		cmocka_unit_test(samples_that_others_dropped_are_told_apart),
		cmocka_unit_test(damaged_comment_is_refused),
		cmocka_unit_test(bad_labels_are_refused),
		cmocka_unit_test(freed_is_told_where_it_does_not_follow),
		cmocka_unit_test(files_are_saved_and_errors_name_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
