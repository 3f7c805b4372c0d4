/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/pages.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "page_words.h"
#include "target/pagemap.h"
#include "trace/hash_map.h"

enum { PAGE_BYTES = 1 << MT_PAGE_SHIFT, FORGET_STEPS_MAX = 1 << 20 };

/* ---- what is there before */

struct seeding {
	const struct session *session;
	struct mt_page_seed seed;
	struct pagemap pagemap;
};

static int run_seed(const struct session *session, const struct mt_page_seed *seed)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	uint32_t zero = 0;

	if (bpf_map_update_elem(session->maps.page_seed, &zero, seed, BPF_ANY))
		return -errno;
	return bpf_prog_test_run_opts(session->programs.fds[PROGRAM_PAGES_SEED], &run);
}

static int seed_block(void *context, struct pagemap_block *block)
{
	struct seeding *seeding = context;
	bool any = false;

	memset(seeding->seed.present, 0, sizeof(seeding->seed.present));
	pagemap__read_frames(&seeding->pagemap, block, NULL);
	for (uint32_t i = block->first; i < block->limit; i++) {
		if (pagemap__state(block, i) == PAGE_ABSENT)
			continue;
		seeding->seed.present[i / 64] |= 1ULL << i % 64;
		any = true;
	}
	seeding->seed.key.block = block->number;
	return any ? run_seed(seeding->session, &seeding->seed) : 0;
}

void pages__seed(const struct session *session, const struct tracked *tracked)
{
	struct seeding seeding = {.session = session};
	struct smaps smaps = {0};
	struct error err = {0};
	int code;

	seeding.seed.key.process = MT_PROCESS(tracked->slot, session->processes[tracked->slot].generation);
	code = smaps__read(tracked->process, &smaps, &err);
	if (!code)
		code = pagemap__open(tracked->process, &seeding.pagemap, &err);
	if (!code) {
		code = pagemap__each(&seeding.pagemap, &smaps, seed_block, &seeding);
		if (code)
			error__set(&err, code, "cannot note the pages that PID %d has already: %s",
				   tracked->process->pid, error__reason(code));
		pagemap__close(&seeding.pagemap);
	}
	if (code && code != -ESRCH)
		warn("%s", err.text);
	smaps__free(&smaps);
}

void pages__forget(const struct session *session, uint32_t process)
{
	struct mt_page_key key, next;
	int map = session->maps.pages;
	bool more = !bpf_map_get_next_key(map, NULL, &next);

	/* the next one is looked for before this one goes, as it is found by this one; it begins anew where it went */
	for (uint32_t i = 0; more && i < FORGET_STEPS_MAX; i++) {
		key = next;
		more = !bpf_map_get_next_key(map, &key, &next);
		if (key.process == process)
			bpf_map_delete_elem(map, &key);
	}
}

/* ---- reading */

struct walk {
	const struct reader *reader;
	const struct read_options *options;
	struct pagemap pagemap;
	struct index_map *by_key; /* site by the key in words */
	uint64_t now_ns;          /* since the session's epoch */
	uint64_t since_ns;        /* the same of options->since_ns, or 0 */
	uint64_t from_ns;         /* the same of the window's start */
	page_visitor *visit;      /* instead of making sites, or NULL */
	void *context;
};

static const char *note_of(uint64_t key, bool inherits, bool has_paused)
{
	if (key == MT_PAGE_BEFORE)
		return "[before attach]";
	if (key == MT_PAGE_NO_STACK)
		return "[site table full]";
	if (inherits)
		return "[inherited at fork]";
	return has_paused ? "[while faults were not watched]" : "[populated without a fault]";
}

/* The site of a key; the one of key 0 is of pages without a record. PROFILE_NONE when memory is short. */
static uint32_t site_of(const struct walk *walk, uint64_t key)
{
	const struct reader *reader = walk->reader;
	uint32_t frames[READER_FRAMES_MAX], index = index_map__get(walk->by_key, key);
	int count = 1;

	if (index != INDEX_MAP_NONE)
		return index;
	if (key >= MT_PAGE_KEYS)
		count = reader__frames(reader, key, frames, NULL);
	else
		frames[0] = profile__add_note(reader->profile, note_of(key, reader->process.parent,
								       session__paused_ns(reader->session->shared)));
	if (count < 0 || frames[0] == PROFILE_NONE || !profile__add_site(reader->profile, frames, (uint32_t)count))
		return PROFILE_NONE;
	index = (uint32_t)reader->profile->site_count - 1;
	return index_map__put(walk->by_key, key, index) ? PROFILE_NONE : index;
}

static void credit_age(const struct walk *walk, struct profile_site *site, uint64_t word)
{
	uint64_t born = mt_page_born_ns(word), age = walk->now_ns > born ? walk->now_ns - born : 0;

	if ((double)age / 1e9 > site->oldest_age_seconds)
		site->oldest_age_seconds = (double)age / 1e9;
	profile_site__add_birth(site, walk->from_ns, walk->now_ns, born, PAGE_BYTES);
	if (walk->options->older_ns && age >= walk->options->older_ns)
		site->older_bytes += PAGE_BYTES;
}

static void add_up(const struct walk *walk, uint64_t key, enum page_state state)
{
	struct profile_resident *resident = &walk->reader->profile->resident;

	if (state == PAGE_OUT)
		resident->swapped_bytes += PAGE_BYTES;
	else
		resident->anonymous_bytes += PAGE_BYTES;
	if (state == PAGE_RESIDENT && key == MT_PAGE_BEFORE)
		resident->before_bytes += PAGE_BYTES;
	if (state == PAGE_RESIDENT && !key)
		resident->unseen_bytes += PAGE_BYTES;
}

static int credit(const struct walk *walk, uint64_t word, enum page_state state)
{
	uint64_t key = mt_page_key_of(word);
	struct profile_site *site;
	uint32_t index;

	if (walk->since_ns && (key < MT_PAGE_KEYS || mt_page_born_ns(word) < walk->since_ns))
		return 0;
	index = site_of(walk, key);
	if (index == PROFILE_NONE)
		return -ENOMEM;
	site = &walk->reader->profile->sites[index];
	if (state == PAGE_OUT) {
		site->swapped_bytes += PAGE_BYTES;
		return 0;
	}
	site->live_bytes += PAGE_BYTES;
	site->live_objects++;
	if (key >= MT_PAGE_KEYS && walk->options->ages)
		credit_age(walk, site, word);
	return 0;
}

static int see_block(void *context, struct pagemap_block *block)
{
	const struct walk *walk = context;
	struct mt_page_key key = {.block = block->number, .process = walk->reader->id};
	static uint64_t words[MT_PAGES], owners[MT_PAGES];
	int code = 0;

	if (bpf_map_lookup_elem(walk->reader->session->maps.pages, &key, words))
		memset(words, 0, sizeof(words));
	pagemap__read_frames(&walk->pagemap, block, words);
	pagemap__assign(block, words, owners);
	for (uint32_t i = block->first; !code && i < block->limit; i++) {
		enum page_state state = pagemap__state(block, i);

		if (state == PAGE_ABSENT)
			continue;
		add_up(walk, mt_page_key_of(owners[i]), state);
		if (!walk->visit)
			code = credit(walk, owners[i], state);
		else if (state == PAGE_RESIDENT)
			code = walk->visit(walk->context, (block->number * MT_PAGES + i) << MT_PAGE_SHIFT,
					   mt_page_key_of(owners[i]) == MT_PAGE_BEFORE);
	}
	return code;
}

static int see_site(void *context, const void *at_key, const void *at_value)
{
	const struct walk *walk = context;
	const struct mt_site_key *key = at_key;
	const struct mt_page_site *value = at_value;
	struct profile_site *site;
	uint32_t index;

	if (key->process != walk->reader->id || !value->touched)
		return 0;
	index = site_of(walk, key->stack);
	if (index == PROFILE_NONE)
		return -ENOMEM;
	site = &walk->reader->profile->sites[index];
	site->alloc_objects += value->touched;
	site->alloc_bytes += value->touched * PAGE_BYTES;
	return 0;
}

/* Pages from before tracing began: nobody touched them since. */
static bool is_old(const struct walk *walk, size_t site)
{
	return index_map__get(walk->by_key, MT_PAGE_BEFORE) == site ||
	       (walk->reader->process.parent && index_map__get(walk->by_key, 0) == site);
}

/* A huge page is touched as a whole by one fault; what was swapped is still the site's. */
static void complete(struct profile_site *site)
{
	uint64_t held = site->live_objects + site->swapped_bytes / PAGE_BYTES;

	if (site->alloc_objects < held)
		site->alloc_objects = held;
	site->alloc_bytes = site->alloc_objects * PAGE_BYTES;
	site->free_objects = site->alloc_objects - held;
	site->free_bytes = site->free_objects * PAGE_BYTES;
	site->peak_bytes = site->live_bytes;
}

/* What is mapped of files, and shared, by name. Several mappings of one file are one. */
static int see_named(struct profile *profile, const struct mapping *mapping, const struct smap *smap)
{
	struct profile_resident *resident = &profile->resident;
	uint64_t bytes = smap->resident_bytes - smap->anonymous_bytes;
	bool shared_memory =
		mapping->path && (!strncmp(mapping->path, "/dev/shm/", 9) || !strncmp(mapping->path, "/memfd:", 7) ||
				  !strncmp(mapping->path, "/SYSV", 5) || !strncmp(mapping->path, "/dev/zero", 9));

	if (smap->resident_bytes <= smap->anonymous_bytes)
		return 0;
	if (shared_memory)
		resident->shmem_bytes += bytes;
	else
		resident->file_bytes += bytes;
	return profile__add_named(profile, mapping->path ? mapping->path : "[anonymous, shared]", mapping->shared,
				  bytes);
}

static int read_resident(struct walk *walk, struct smaps *smaps)
{
	struct profile *profile = walk->reader->profile;
	const struct process *process = walk->reader->tracked->process;
	int code = smaps__read(process, smaps, NULL);

	if (!code)
		code = pagemap__open(process, &walk->pagemap, NULL);
	if (!code) {
		code = pagemap__each(&walk->pagemap, smaps, see_block, walk);
		pagemap__close(&walk->pagemap);
		for (size_t i = 0; !code && i < smaps->count; i++)
			code = see_named(profile, &smaps->maps.mappings[i], &smaps->smaps[i]);
		profile__sort_named(profile);
		profile->resident.known = !code;
	}
	return code == -ESRCH ? 0 : code;
}

/* Is the process there, and still the program that is asked about? */
static bool is_there(const struct reader *reader)
{
	const struct mt_process *now = &reader->session->processes[reader->tracked->slot];
	bool lives = !reader->process.until_ns || reader->session->end_ns;

	return lives && MT_PROCESS(reader->tracked->slot, now->generation) == reader->id &&
	       !reader->tracked->replaced && process__alive(reader->tracked->process);
}

int pages__read(const struct reader *reader, const struct read_options *options)
{
	struct walk walk = {.reader = reader, .options = options, .by_key = index_map__new()};
	uint64_t epoch = reader->session->shared->epoch_ns;
	struct smaps smaps = {0};
	int code = walk.by_key ? 0 : -ENOMEM;

	walk.now_ns = monotonic_ns() - epoch;
	walk.since_ns = options->since_ns > epoch ? options->since_ns - epoch : 0;
	walk.from_ns = options->since_ns || reader->process.since_ns < epoch ? walk.since_ns
									     : reader->process.since_ns - epoch;
	reader->profile->source = SOURCE_PAGES;
	if (!code && is_there(reader))
		code = read_resident(&walk, &smaps);
	smaps__free(&smaps);
	if (!code)
		code = hash_map__each(reader->session->maps.page_sites, sizeof(struct mt_site_key),
				      sizeof(struct mt_page_site), see_site, &walk);
	if (options->ages)
		reader->profile->older_seconds = (double)options->older_ns / 1e9;
	for (size_t i = 0; !code && i < reader->profile->site_count; i++)
		if (!is_old(&walk, i))
			complete(&reader->profile->sites[i]);
	index_map__free(walk.by_key);
	return code;
}

int pages__look(const struct reader *reader, struct smaps *smaps, page_visitor *visit, void *context)
{
	struct walk walk = {.reader = reader, .visit = visit, .context = context};

	return is_there(reader) ? read_resident(&walk, smaps) : 0;
}
