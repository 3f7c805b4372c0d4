/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/read.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/minmax.h"
#include "sampling.h"
#include "target/nearest_limit.h"
#include "trace/ages.h"
#include "trace/hash_map.h"
#include "trace/mappings.h"
#include "trace/pages.h"
#include "trace/reached.h"
#include "trace/reader.h"
#include "trace/retention.h"
#include "trace/site_ids.h"

_Static_assert((int)PROFILE_SIZE_BUCKETS == (int)MT_SIZE_BUCKETS, "size histograms agree");

static int out_of_memory(struct error *err)
{
	return error__set(err, -ENOMEM, "out of memory");
}

/* ---- who and when */

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void describe_host(struct profile_process *to)
{
	char name[256] = "";
	size_t size;

	if (!gethostname(name, sizeof(name) - 1))
		to->host = strdup(name);
	if (!file__read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &to->boot_id, &size))
		to->boot_id[strcspn(to->boot_id, "\n")] = '\0';
}

static void describe_process(const struct reader *reader)
{
	const struct process *from = reader->tracked->process;
	struct profile_process *to = &reader->profile->process;

	describe_host(to);
	to->pid = from->pid;
	to->start_ticks = from->start_ticks;
	to->start_time_ns = from->start_time_ns;
	to->comm = copy(from->comm);
	to->exe = copy(from->exe);
	to->cmdline = copy(from->cmdline);
	to->build_id = copy(from->build_id);
}

static void describe_window(const struct reader *reader)
{
	uint64_t start = reader->process.since_ns, end = reader->process.until_ns;
	struct profile *profile = reader->profile;

	if (!end)
		end = monotonic_ns();
	profile->start_ns = unix_ns_of(start);
	profile->end_ns = unix_ns_of(end);
	profile->seconds = end > start ? (double)(end - start) / 1e9 : 0;
	profile->totals.peak_live_bytes = reader->process.peak_bytes;
	profile->totals.peak_time_ns = reader->process.peak_bytes ? unix_ns_of(reader->process.peak_ns) : 0;
}

static void describe_rss(const struct reader *reader)
{
	const struct process_rss *from = &reader->tracked->rss;
	struct process_rss now;

	if (!process__rss(reader->tracked->process, &now))
		from = &now;
	reader->profile->rss = (struct profile_rss){
		.current_bytes = from->current_bytes,
		.peak_bytes = from->peak_bytes,
		.anon_bytes = from->anon_bytes,
		.file_bytes = from->file_bytes,
		.shmem_bytes = from->shmem_bytes,
		.swap_bytes = from->swap_bytes,
	};
}

static void describe_limit(const struct reader *reader)
{
	const struct nearest_limit limit = nearest_limit__of("/proc", reader->tracked->process->pid);

	reader->profile->limit = (struct profile_limit){
		.cgroup = limit.cgroup,
		.limit_bytes = limit.limit_bytes,
		.used_bytes = limit.used_bytes,
	};
}

static void describe_sampling(const struct reader *reader)
{
	const struct mt_session *shared = reader->session->shared;
	struct profile_sampling *to = &reader->profile->sampling;

	to->period_bytes = shared->period;
	to->largest_period_bytes = shared->largest_period;
	if (shared->pressed_period > to->largest_period_bytes)
		to->largest_period_bytes = shared->pressed_period;
	to->mode = to->largest_period_bytes ? SAMPLING_POISSON : SAMPLING_EXACT;
	to->paused_seconds = (double)session__paused_ns(shared) / 1e9;
}

static void describe_counters(const struct reader *reader)
{
	memcpy(reader->profile->loss, reader->counters.loss, sizeof(reader->profile->loss));
	reader->profile->loss[MT_LOSS_LEFT_OUT] = programs__left_out(&reader->session->programs);
	memcpy(reader->profile->size_objects, reader->counters.size_objects, sizeof(reader->profile->size_objects));
}

static void describe_activity(const struct reader *reader)
{
	struct profile_activity *to = &reader->profile->activity;

	to->watched = reader->process.watches;
	for (int i = 0; i < MT_ACTIVITY_MAX; i++) {
		to->kinds[i] = reader->process.activity[i];
		to->kinds[i].bytes = min_u64(to->kinds[i].bytes, PROFILE_ACTIVITY_BYTES_MAX);
	}
}

/* ---- frames */

static uint32_t mapping_of(const struct reader *reader, const struct module *module)
{
	uint64_t key = (uint64_t)(module - reader->tracked->modules.modules);
	uint32_t index = index_map__get(reader->mappings, key);
	struct profile_mapping mapping = {.start = module->start, .limit = module->limit, .offset = module->offset};

	if (index != INDEX_MAP_NONE)
		return index;
	mapping.filename = profile__string(reader->profile, module->path);
	mapping.build_id = profile__string(reader->profile, module->build_id);
	index = profile__add_mapping(reader->profile, &mapping);
	if (index != PROFILE_NONE)
		index_map__put(reader->mappings, key, index);
	return index;
}

/* A return address, looked up at the byte before it: that still lies in the call, and in the caller. */
static uint32_t location_of(const struct reader *reader, uint64_t pc, const struct module *module)
{
	uint64_t address = pc - 1, offset = 0, key = address;
	uint32_t index, mapping = PROFILE_NONE;

	if (module) /* user addresses have 47 bits: the same one in another module is another location */
		key ^= (uint64_t)(module - reader->tracked->modules.modules + 1) << 48;
	index = index_map__get(reader->locations, key);
	if (index != INDEX_MAP_NONE)
		return index;
	if (module && module->path) {
		mapping = mapping_of(reader, module);
		offset = address - module->start + module->offset;
	}
	index = profile__add_location(reader->profile, mapping, address, offset);
	if (index != PROFILE_NONE)
		index_map__put(reader->locations, key, index);
	return index;
}

static const char *end_note(uint32_t end)
{
	switch (end) {
	case MT_END_TRUNCATED:
		return "[truncated]";
	case MT_END_UNREADABLE:
		return "[unreadable stack]";
	case MT_END_NO_FRAMES:
		return "[no frame pointer]";
	case MT_END_NO_MAPPING:
		return "[unknown code]";
	case MT_END_NO_UNWIND:
		return "[no unwind info]";
	case MT_END_UNSUPPORTED:
		return "[unwind info not followed]";
	case MT_END_BAD_FRAME:
		return "[wrong unwind info]";
	}
	return NULL;
}

/*
 * Fills `frames` (READER_FRAMES_MAX of them). A frame pointer register that is used for something else gives addresses
 * that are no code: the stack ends there. Only the direct caller is taken whatever it is. Returns the count.
 */
static uint32_t resolve_stack(const struct reader *reader, const struct mt_stack *stack, uint32_t *frames,
			      bool *settled)
{
	uint32_t count = 0, limit = stack->frames < MT_FRAMES_MAX ? stack->frames : MT_FRAMES_MAX;
	const char *note = end_note(stack->end);

	for (uint32_t i = 0; i < limit; i++) {
		const struct module *module = modules__find(&reader->tracked->modules, stack->pc[i] - 1, stack->era);

		*settled &= module != NULL;
		if (!module && i > 0) {
			note = end_note(MT_END_NO_FRAMES);
			break;
		}
		frames[count++] = location_of(reader, stack->pc[i], module);
	}
	if (note)
		frames[count++] = profile__add_note(reader->profile, note);
	return count;
}

int reader__frames(const struct reader *reader, uint64_t key, uint32_t *frames, bool *settled)
{
	struct mt_stack stack;
	uint32_t count = 0;
	bool known = true;

	if (!settled)
		settled = &known;
	*settled = true;
	if (!key) {
		frames[count++] = profile__add_note(reader->profile, "[site table full]");
	} else if (bpf_map_lookup_elem(reader->session->maps.stacks, &key, &stack)) {
		frames[count++] = profile__add_note(reader->profile, "[stack lost]");
		*settled = false;
	} else {
		count = resolve_stack(reader, &stack, frames, settled);
	}
	for (uint32_t i = 0; i < count; i++)
		if (frames[i] == PROFILE_NONE)
			return -ENOMEM;
	return (int)count;
}

/* ---- sites */

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0; /* a site read in the middle of a change may be behind by one event */
}

static struct profile_site *add_with_frames(const struct reader *reader, uint64_t stack)
{
	uint32_t frames[READER_FRAMES_MAX];
	struct profile_site *site;
	bool settled;
	int count = reader__frames(reader, stack, frames, &settled);

	if (count < 0)
		return NULL;
	site = profile__add_site(reader->profile, frames, (uint32_t)count);
	if (site && settled && reader->options->ids)
		site_ids__put(reader->options->ids, stack, site->id);
	return site;
}

static int add_site(const struct reader *reader, const struct mt_site_key *key, const struct mt_site *from)
{
	const struct site_ids *ids = reader->options->ids;
	struct profile_site *site;
	uint64_t id;

	if (!from->alloc_objects && !from->free_objects)
		return 0; /* made, but no call of it has succeeded yet */
	if (ids && site_ids__get(ids, key->stack, &id))
		site = profile__add_known_site(reader->profile, id);
	else
		site = add_with_frames(reader, key->stack);
	if (!site || index_map__put(reader->by_stack, key->stack, (uint32_t)reader->profile->site_count - 1))
		return -ENOMEM;
	site->alloc_bytes = from->alloc_bytes;
	site->alloc_objects = from->alloc_objects;
	site->free_bytes = from->free_bytes;
	site->free_objects = from->free_objects;
	site->live_bytes = difference(from->alloc_bytes, from->free_bytes);
	site->live_objects = difference(from->alloc_objects, from->free_objects);
	site->peak_bytes = from->peak_epoch == reader->process.peak_epoch ? from->peak_bytes : site->live_bytes;
	site->temporary_objects = from->temporary_objects;
	site->oldest_age_seconds = -1;
	if ((int64_t)from->live_variance > 0)
		site->live_bytes_stderr = sqrt(ldexp((double)from->live_variance, MT_VARIANCE_SHIFT));
	return 0;
}

static int see_site(void *context, const void *at_key, const void *value)
{
	const struct reader *reader = context;
	const struct mt_site_key *key = at_key;

	return key->process == reader->id ? add_site(reader, key, value) : 0;
}

static int read_sites(struct reader *reader)
{
	return hash_map__each(reader->session->maps.sites, sizeof(struct mt_site_key), sizeof(struct mt_site), see_site,
			      reader);
}

/* ---- all of it */

static int open_reader(struct reader *reader, struct error *err)
{
	const struct mt_process *now = &reader->session->processes[reader->tracked->slot];

	if (MT_PROCESS(reader->tracked->slot, now->generation) == reader->id)
		reader->process = *now;
	else if (bpf_map_lookup_elem(reader->session->maps.ended, &reader->id, &reader->process))
		return error__set(err, -ENOENT, "PID %d had no such program", reader->tracked->process->pid);
	session__counters(&reader->session->maps, reader->tracked->slot, &reader->counters);
	reader->profile = profile__new();
	reader->locations = index_map__new();
	reader->mappings = index_map__new();
	reader->by_stack = index_map__new();
	if (!reader->profile || !reader->locations || !reader->mappings || !reader->by_stack)
		return out_of_memory(err);
	return 0;
}

static int read_profile(struct reader *reader, struct error *err)
{
	const struct read_options *options = reader->options;
	int code;

	describe_process(reader);
	describe_window(reader);
	describe_rss(reader);
	if (options->limit && process__alive(reader->tracked->process))
		describe_limit(reader);
	describe_sampling(reader);
	describe_counters(reader);
	describe_activity(reader);
	code = read_sites(reader);
	if (!code)
		code = mappings__read(reader, options);
	if (!code && !reader->session->options.heap)
		code = pages__read(reader, options);
	else if (!code && reader->session->options.pages)
		code = retention__read(reader);
	if (!code && reader->session->options.heap && options->ages)
		code = ages__read(&reader->session->maps, &reader->process, reader->id, options, reader->by_stack,
				  reader->profile);
	if (!code && options->reached)
		reached__read(reader, options->reached);
	if (!code)
		code = profile__merge_sites(reader->profile);
	if (code)
		return error__set(err, code, "cannot read the session's maps: %s", error__reason(code));
	profile__sum_sites(reader->profile);
	return 0;
}

static void close_reader(struct reader *reader)
{
	index_map__free(reader->locations);
	index_map__free(reader->mappings);
	index_map__free(reader->by_stack);
}

int session__profile_image(const struct session *session, const struct tracked *tracked, uint32_t generation,
			   const struct read_options *options, struct profile **profile, struct error *err)
{
	struct reader reader = {
		.session = session,
		.tracked = tracked,
		.options = options,
		.id = MT_PROCESS(tracked->slot, generation),
	};
	int code = open_reader(&reader, err);

	if (!code)
		code = read_profile(&reader, err);
	close_reader(&reader);
	if (code)
		profile__free(reader.profile);
	else
		*profile = reader.profile;
	return code;
}

int session__profile(const struct session *session, const struct tracked *tracked, const struct read_options *options,
		     struct profile **profile, struct error *err)
{
	uint32_t generation = session->processes[tracked->slot].generation;

	/* an exec that is not followed has ended the session for this process: what it was before is the answer */
	if (tracked->replaced)
		generation--;
	return session__profile_image(session, tracked, generation, options, profile, err);
}

int session__site_ids(const struct session *session, const struct tracked *tracked, const uint64_t *stacks,
		      size_t count, uint64_t *ids, struct error *err)
{
	struct reader reader = {
		.session = session,
		.tracked = tracked,
		.id = MT_PROCESS(tracked->slot, session->processes[tracked->slot].generation),
	};
	uint32_t frames[READER_FRAMES_MAX];
	int code = open_reader(&reader, err);

	for (size_t i = 0; code >= 0 && i < count; i++) {
		code = reader__frames(&reader, stacks[i], frames, NULL);
		if (code >= 0)
			ids[i] = profile__site_id(reader.profile, frames, (uint32_t)code);
		else
			out_of_memory(err);
	}
	close_reader(&reader);
	profile__free(reader.profile);
	return code < 0 ? code : 0;
}
