/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/pprof_extra.h"

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/json_value.h"

#define SCHEMA "memtrawl.profile-extra/1"
/* A command line may be 2 MiB long, and six times that when escaped; parsed JSON takes twenty times the room of text.
 */
#define TEXT_MAX ((size_t)16 << 20)

/* A member of some struct, and the key it is stored under. One table serves both directions. */
struct field {
	const char *key;
	size_t offset;
	enum { FIELD_U64, FIELD_S64, FIELD_DOUBLE, FIELD_STRING } type;
};

#define U64(type, member)                                                                                              \
	{                                                                                                              \
#member, offsetof(type, member), FIELD_U64                                                             \
	}
#define S64(type, member)                                                                                              \
	{                                                                                                              \
#member, offsetof(type, member), FIELD_S64                                                             \
	}
#define DOUBLE(type, member)                                                                                           \
	{                                                                                                              \
#member, offsetof(type, member), FIELD_DOUBLE                                                          \
	}
#define STRING(type, member)                                                                                           \
	{                                                                                                              \
#member, offsetof(type, member), FIELD_STRING                                                          \
	}

static const struct field process_fields[] = {
	STRING(struct profile_process, host),     STRING(struct profile_process, boot_id),
	U64(struct profile_process, start_ticks), S64(struct profile_process, start_time_ns),
	STRING(struct profile_process, comm),     STRING(struct profile_process, exe),
	STRING(struct profile_process, cmdline),  STRING(struct profile_process, build_id),
};

static const struct field window_fields[] = {
	S64(struct profile, start_ns),         S64(struct profile, end_ns),        DOUBLE(struct profile, seconds),
	DOUBLE(struct profile, older_seconds), STRING(struct profile, end_reason),
};

static const struct field sampling_fields[] = {
	U64(struct profile_sampling, period_bytes),
	U64(struct profile_sampling, largest_period_bytes),
	DOUBLE(struct profile_sampling, paused_seconds),
};

static const struct field trigger_fields[] = {
	STRING(struct profile_trigger, kind),
	U64(struct profile_trigger, level),
	U64(struct profile_trigger, value),
	S64(struct profile_trigger, time_ns),
};

static const struct field rss_fields[] = {
	U64(struct profile_rss, current_bytes), U64(struct profile_rss, peak_bytes),
	U64(struct profile_rss, anon_bytes),    U64(struct profile_rss, file_bytes),
	U64(struct profile_rss, shmem_bytes),   U64(struct profile_rss, swap_bytes),
};

static const struct field limit_fields[] = {
	STRING(struct profile_limit, cgroup),
	U64(struct profile_limit, limit_bytes),
	U64(struct profile_limit, used_bytes),
};

static const struct field totals_fields[] = {
	U64(struct profile_totals, live_bytes),        U64(struct profile_totals, live_objects),
	U64(struct profile_totals, alloc_bytes),       U64(struct profile_totals, alloc_objects),
	U64(struct profile_totals, free_bytes),        U64(struct profile_totals, free_objects),
	U64(struct profile_totals, peak_live_bytes),   S64(struct profile_totals, peak_time_ns),
	U64(struct profile_totals, temporary_objects),
};

static const struct field resident_fields[] = {
	U64(struct profile_resident, anonymous_bytes), U64(struct profile_resident, before_bytes),
	U64(struct profile_resident, unseen_bytes),    U64(struct profile_resident, swapped_bytes),
	U64(struct profile_resident, file_bytes),      U64(struct profile_resident, shmem_bytes),
	U64(struct profile_resident, live_bytes),      U64(struct profile_resident, retained_bytes),
};

static const struct field named_fields[] = {
	STRING(struct profile_named, name),
	U64(struct profile_named, resident_bytes),
};

/* ---- writing */

static json_t *write_value(const struct field *field, const void *from)
{
	const void *member = (const char *)from + field->offset;

	switch (field->type) {
	case FIELD_U64:
		return json_value__count(*(const uint64_t *)member);
	case FIELD_S64:
		return json_integer(*(const int64_t *)member);
	case FIELD_DOUBLE:
		return json_value__number(*(const double *)member);
	case FIELD_STRING:
		return json_value__text(*(char *const *)member);
	}
	return NULL;
}

static json_t *write_object(const struct field *fields, size_t count, const void *from)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, fields[i].key, write_value(&fields[i], from));
	return object;
}

static json_t *write_sampling(const struct profile_sampling *sampling)
{
	json_t *object = write_object(sampling_fields, ARRAY_SIZE(sampling_fields), sampling);

	json_object_set_new(object, "mode", json_string(sampling->mode == SAMPLING_EXACT ? "exact" : "poisson"));
	return object;
}

static json_t *write_process(const struct profile_process *process)
{
	json_t *object = write_object(process_fields, ARRAY_SIZE(process_fields), process);

	json_object_set_new(object, "pid", json_integer(process->pid));
	return object;
}

static json_t *write_loss(const struct profile *profile)
{
	json_t *object = json_object();

	for (int i = 0; i < MT_LOSS_MAX; i++)
		if (profile->loss[i])
			json_object_set_new(object, profile__loss_name(i), json_value__count(profile->loss[i]));
	return object;
}

static json_t *write_sizes(const struct profile *profile)
{
	json_t *array = json_array();
	int used = PROFILE_SIZE_BUCKETS;

	while (used && !profile->size_objects[used - 1])
		used--;
	for (int i = 0; i < used; i++)
		json_array_append_new(array, json_value__count(profile->size_objects[i]));
	return array;
}

static json_t *write_resident(const struct profile_resident *resident)
{
	json_t *object = resident->known ? write_object(resident_fields, ARRAY_SIZE(resident_fields), resident)
					 : json_null(),
	       *named = json_array();

	for (size_t i = 0; i < resident->named_count; i++) {
		json_t *each = write_object(named_fields, ARRAY_SIZE(named_fields), &resident->named[i]);

		json_object_set_new(each, "shared", json_boolean(resident->named[i].shared));
		json_array_append_new(named, each);
	}
	if (resident->known)
		json_object_set_new(object, "named", named);
	else
		json_decref(named);
	return object;
}

static const struct field activity_fields[] = {
	U64(struct mt_activity_count, calls),
	U64(struct mt_activity_count, bytes),
};

static json_t *write_activity(const struct profile_activity *activity)
{
	json_t *object = json_object();

	for (int i = 0; i < MT_ACTIVITY_MAX; i++)
		if (activity->watched >> i & 1)
			json_object_set_new(
				object, profile__activity_name(i),
				write_object(activity_fields, ARRAY_SIZE(activity_fields), &activity->kinds[i]));
	return object;
}

char *pprof_extra__write(const struct profile *profile)
{
	json_t *root = json_object();
	char *text = NULL;

	json_object_set_new(root, "schema", json_string(SCHEMA));
	json_object_set_new(root, "process", write_process(&profile->process));
	json_object_set_new(root, "window", write_object(window_fields, ARRAY_SIZE(window_fields), profile));
	json_object_set_new(root, "trigger",
			    write_object(trigger_fields, ARRAY_SIZE(trigger_fields), &profile->trigger));
	json_object_set_new(root, "sampling", write_sampling(&profile->sampling));
	json_object_set_new(root, "rss", write_object(rss_fields, ARRAY_SIZE(rss_fields), &profile->rss));
	json_object_set_new(root, "limit", write_object(limit_fields, ARRAY_SIZE(limit_fields), &profile->limit));
	json_object_set_new(root, "totals", write_object(totals_fields, ARRAY_SIZE(totals_fields), &profile->totals));
	json_object_set_new(root, "loss", write_loss(profile));
	json_object_set_new(root, "size_objects", write_sizes(profile));
	json_object_set_new(root, "source", json_string(profile__source_name(profile->source)));
	json_object_set_new(root, "resident", write_resident(&profile->resident));
	json_object_set_new(root, "activity", write_activity(&profile->activity));
	json_object_set_new(root, "mappings", json_boolean(profile->mapped_known));
	json_object_set_new(root, "samples", json_value__count(profile->site_count + profile->mapped_count));
	if (json_object_size(root) == 15) /* setters refuse what there was no memory for */
		text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(root);
	return text;
}

/* ---- reading */

static int bad_key(struct error *err, const char *key)
{
	return error__set(err, -EINVAL, "its %s comment is damaged: bad \"%s\"", SCHEMA, key);
}

static int read_string(const json_t *json, char **member)
{
	char *copy;

	if (json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return -EINVAL;
	copy = strdup(json_string_value(json));
	if (!copy)
		return -ENOMEM;
	free(*member);
	*member = copy;
	return 0;
}

/* A missing value leaves the member alone. */
static int read_value(const struct field *field, const json_t *json, void *to)
{
	void *member = (char *)to + field->offset;

	if (!json)
		return 0;
	switch (field->type) {
	case FIELD_U64:
		if (!json_is_integer(json) || json_integer_value(json) < 0)
			return -EINVAL;
		*(uint64_t *)member = (uint64_t)json_integer_value(json);
		return 0;
	case FIELD_S64:
		if (!json_is_integer(json))
			return -EINVAL;
		*(int64_t *)member = json_integer_value(json);
		return 0;
	case FIELD_DOUBLE:
		if (!json_is_number(json))
			return -EINVAL;
		*(double *)member = json_number_value(json);
		return 0;
	case FIELD_STRING:
		return read_string(json, member);
	}
	return -EINVAL;
}

static int read_object(const json_t *root, const char *key, const struct field *fields, size_t count, void *to,
		       struct error *err)
{
	const json_t *object = json_object_get(root, key);
	int code;

	if (object && !json_is_object(object))
		return bad_key(err, key);
	for (size_t i = 0; i < count; i++) {
		code = read_value(&fields[i], json_object_get(object, fields[i].key), to);
		if (code == -EINVAL)
			return bad_key(err, fields[i].key);
		if (code)
			return code;
	}
	return 0;
}

static int read_pid(const json_t *root, struct profile *profile, struct error *err)
{
	const json_t *pid = json_object_get(json_object_get(root, "process"), "pid");

	if (!pid)
		return 0;
	if (!json_is_integer(pid) || json_integer_value(pid) < 0 || json_integer_value(pid) > INT32_MAX)
		return bad_key(err, "pid");
	profile->process.pid = (pid_t)json_integer_value(pid);
	return 0;
}

static int read_mode(const json_t *root, struct profile *profile, struct error *err)
{
	const json_t *mode = json_object_get(json_object_get(root, "sampling"), "mode");

	if (!mode)
		return 0;
	if (!json_is_string(mode))
		return bad_key(err, "mode");
	if (strcmp(json_string_value(mode), "exact") != 0 && strcmp(json_string_value(mode), "poisson") != 0)
		return bad_key(err, "mode");
	profile->sampling.mode = strcmp(json_string_value(mode), "exact") != 0 ? SAMPLING_POISSON : SAMPLING_EXACT;
	return 0;
}

static int read_counts(const json_t *root, struct profile *profile, struct error *err)
{
	const json_t *loss = json_object_get(root, "loss"), *sizes = json_object_get(root, "size_objects");
	const struct field count = {.type = FIELD_U64};

	for (int i = 0; i < MT_LOSS_MAX; i++)
		if (read_value(&count, json_object_get(loss, profile__loss_name(i)), &profile->loss[i]))
			return bad_key(err, profile__loss_name(i));
	if (json_array_size(sizes) > PROFILE_SIZE_BUCKETS)
		return bad_key(err, "size_objects");
	for (size_t i = 0; i < json_array_size(sizes); i++)
		if (read_value(&count, json_array_get(sizes, i), &profile->size_objects[i]))
			return bad_key(err, "size_objects");
	return 0;
}

static int read_named(const json_t *named, struct profile *profile, struct error *err)
{
	const json_t *each;
	size_t i;

	json_array_foreach (named, i, each) {
		const char *name = json_string_value(json_object_get(each, "name"));
		const json_t *bytes = json_object_get(each, "resident_bytes");

		if (!name || !json_is_integer(bytes) || json_integer_value(bytes) < 0)
			return bad_key(err, "named");
		if (profile__add_named(profile, name, json_is_true(json_object_get(each, "shared")),
				       (uint64_t)json_integer_value(bytes)))
			return -ENOMEM;
	}
	return 0;
}

static int read_activity(const json_t *root, struct profile *profile, struct error *err)
{
	const json_t *activity = json_object_get(root, "activity");
	int code = 0;

	for (int i = 0; !code && i < MT_ACTIVITY_MAX; i++) {
		const char *key = profile__activity_name(i);
		struct mt_activity_count *count = &profile->activity.kinds[i];

		if (!json_object_get(activity, key))
			continue;
		code = read_object(activity, key, activity_fields, ARRAY_SIZE(activity_fields), count, err);
		if (!code && count->bytes > PROFILE_ACTIVITY_BYTES_MAX)
			code = bad_key(err, key);
		profile->activity.watched |= 1ULL << i;
	}
	return code;
}

static int read_source(const json_t *root, struct profile *profile, struct error *err)
{
	const json_t *source = json_object_get(root, "source"), *resident = json_object_get(root, "resident");
	const char *name = json_string_value(source);
	int code;

	if (source && (!name || (strcmp(name, "pages") != 0 && strcmp(name, "heap") != 0)))
		return bad_key(err, "source");
	profile->source = name && !strcmp(name, "pages") ? SOURCE_PAGES : SOURCE_HEAP;
	if (!resident || json_is_null(resident))
		return 0;
	if (profile->resident.known) /* there was such a comment before */
		return bad_key(err, "resident");
	code = read_object(root, "resident", resident_fields, ARRAY_SIZE(resident_fields), &profile->resident, err);
	if (!code)
		code = read_named(json_object_get(resident, "named"), profile, err);
	profile->resident.known = !code;
	return code;
}

static int read_root(const json_t *root, struct profile *profile, struct error *err)
{
	int code;

	code = read_object(root, "process", process_fields, ARRAY_SIZE(process_fields), &profile->process, err);
	if (!code)
		code = read_object(root, "window", window_fields, ARRAY_SIZE(window_fields), profile, err);
	if (!code)
		code = read_object(root, "trigger", trigger_fields, ARRAY_SIZE(trigger_fields), &profile->trigger, err);
	if (!code)
		code = read_object(root, "sampling", sampling_fields, ARRAY_SIZE(sampling_fields), &profile->sampling,
				   err);
	if (!code)
		code = read_object(root, "rss", rss_fields, ARRAY_SIZE(rss_fields), &profile->rss, err);
	if (!code)
		code = read_object(root, "limit", limit_fields, ARRAY_SIZE(limit_fields), &profile->limit, err);
	if (!code)
		code = read_object(root, "totals", totals_fields, ARRAY_SIZE(totals_fields), &profile->totals, err);
	if (!code)
		code = read_pid(root, profile, err);
	if (!code)
		code = read_mode(root, profile, err);
	if (!code)
		code = read_counts(root, profile, err);
	if (!code)
		code = read_activity(root, profile, err);
	if (!code)
		code = read_source(root, profile, err);
	return code;
}

int pprof_extra__read(struct profile *profile, const char *text, bool *found, bool *whole, struct error *err)
{
	const char *schema;
	json_t *root;
	int code = 0;

	*found = *whole = false;
	if (text[0] != '{' || !strstr(text, SCHEMA))
		return 0;
	if (strlen(text) > TEXT_MAX)
		return error__set(err, -EFBIG, "its %s comment is too large", SCHEMA);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return error__set(err, -EINVAL, "its %s comment is damaged: not JSON", SCHEMA);
	schema = json_string_value(json_object_get(root, "schema"));
	if (schema && !strcmp(schema, SCHEMA)) {
		*found = true;
		*whole = (uint64_t)json_integer_value(json_object_get(root, "samples")) ==
			 profile->site_count + profile->mapped_count;
		profile->mapped_known = profile->mapped_known || json_is_true(json_object_get(root, "mappings"));
		code = read_root(root, profile, err);
	}
	json_decref(root);
	return code;
}
