/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "heap.skel.h"
#include "lib/array.h"
#include "lib/slice.h"
#include "lib/units.h"
#include "trace/budget.h"
#include "trace/map_array.h"
#include "trace/objects.h"
#include "trace/pages.h"
#include "trace/unwinding.h"

const struct session_options session_defaults = {
	.adaptive = true,
	.max_overhead = 50,
	.frames = 64,
	.live_max = MT_LIVE_DEFAULT,
	.sites_max = MT_SITES_DEFAULT,
	.heap = true,
	.resident_max = RESIDENT_DEFAULT,
};

int64_t unix_ns_of(uint64_t monotonic)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000LL + now.tv_nsec - (int64_t)(monotonic_ns() - monotonic);
}

/* ---- loading */

static uint64_t available_memory(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
}

/* The tables are made whole when they are loaded: better to refuse than to push the host into its OOM killer. */
static int check_memory(enum rung rung, const struct objects_sizes *sizes, struct error *err)
{
	uint64_t needed = objects__memory(rung, sizes), available = available_memory();
	char a[32], b[32];

	if (needed <= available / 2)
		return 0;
	return error__set(
		err, -ENOMEM, "tables for %u live blocks%s need %s, more than half of the %s free: use --max-live%s",
		sizes->live, sizes->page_blocks ? " and resident pages" : "",
		units__format_bytes(a, sizeof(a), (double)needed), units__format_bytes(b, sizeof(b), (double)available),
		sizes->page_blocks ? " and --max-resident" : "");
}

/* A session can do without return traps, but one that it takes costs more than a return probe's: exact takes them all.
 */
static int first_rung(const struct session_options *options, enum rung forced)
{
	bool exact = !options->adaptive && !options->period;

	return exact && forced == RUNG_COUNT ? RUNG_MULTI : RUNG_SESSION;
}

/* A block is used wherever a page of it is: as memory is not always touched densely, there is room for twice the size.
 */
static uint32_t page_blocks(uint64_t resident_max)
{
	return (uint32_t)(2 * (resident_max >> MT_PAGES_SHIFT)) + 64;
}

static int load(struct session *session, struct error *err)
{
	struct heap_bpf *heap = NULL;
	struct objects_sizes sizes = {.without_heap = !session->options.heap,
				      .live = session->options.heap ? session->options.live_max : 1,
				      .sites = session->options.sites_max,
				      .mappings = session->options.mappings,
				      .hold = session->options.hold};
	enum rung forced;
	int code = rung__forced(&forced, err);

	if (code)
		return code;
	if (session->options.pages)
		sizes.page_blocks = page_blocks(session->options.resident_max);
	for (int rung = first_rung(&session->options, forced); rung < RUNG_COUNT; rung++) {
		if (forced != RUNG_COUNT && (int)forced != rung)
			continue;
		session->rung = (enum rung)rung;
		code = check_memory(session->rung, &sizes, err);
		if (code)
			return code;
		code = objects__load(session->rung, true, &sizes, &heap, err);
		if (code != -EOPNOTSUPP)
			break;
	}
	if (code == -EOPNOTSUPP && forced != RUNG_COUNT)
		return error__prefix(err, code, "MEMTRAWL_FORCE_RUNG=%s", rung__name(forced));
	if (!code)
		programs__from_object(heap, &session->programs);
	return code;
}

static const char *const map_names[] = {
	"session",      "processes",  "counters",        "targets",       "free_slots",    "ended",
	"sites",        "stacks",     "buckets",         "live",          "thread_slots",  "threads",
	"probes",       "events",     "unwind_mappings", "unwind_pages",  "unwind_rules",  "unwind_chunks",
	"unwind_cache", "regions",    "mapping_sites",   "mapping_calls", "mapping_locks", "mapping_registers",
	"pages",        "page_sites", "page_seed",       "page_calls",
};

_Static_assert(ARRAY_SIZE(map_names) == SESSION_MAPS, "maps have names");

const char *session_maps__name(int number)
{
	return map_names[number];
}

static void take_maps(struct session *session)
{
	int *fds = (int *)&session->maps;

	for (int i = 0; i < SESSION_MAPS; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(session->programs.heap->obj, map_names[i]);

		fds[i] = map && bpf_map__autocreate(map) ? bpf_map__fd(map) : -1;
	}
}

int session__map_arrays(struct session *session, struct error *err)
{
	session->shared = map_array(session->maps.session, sizeof(*session->shared));
	if (!session->shared)
		return error__set(err, -errno, "cannot map the session's switches: %s", error__reason(errno));
	session->processes = map_array(session->maps.processes, MT_SLOTS_MAX * sizeof(*session->processes));
	if (!session->processes)
		return error__set(err, -errno, "cannot map the process table: %s", error__reason(errno));
	return 0;
}

static void set_switches(struct session *session)
{
	const struct session_options *options = &session->options;
	struct mt_session *shared = session->shared;

	shared->build = programs__build();
	shared->period = options->period;
	shared->largest_period = options->period;
	shared->live_capacity = options->live_max;
	shared->frames = options->frames;
	shared->unwind = options->unwind;
	shared->follow_forks = options->follow_forks;
	shared->count_details = options->count_details;
	shared->adaptive = options->adaptive;
	shared->max_overhead = (uint32_t)(options->max_overhead * 100);
	shared->rung = session->rung;
	shared->without_heap = !options->heap;
	shared->epoch_ns = monotonic_ns();
}

struct session *session__allocate(void)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session)
		pthread_mutex_init(&session->lock, NULL);
	return session;
}

int session__new(const struct session_options *options, struct session **result, struct error *err)
{
	struct session *session = session__allocate();
	int code;

	if (!session)
		return error__set(err, -ENOMEM, "out of memory");
	session->options = *options;
	code = load(session, err);
	if (code)
		goto fail;
	take_maps(session);
	code = session__map_arrays(session, err);
	if (code)
		goto fail;
	set_switches(session);
	code = session__open_events(session, err);
	if (!code)
		code = attach__events(&session->programs, &session->links, err);
	if (!code)
		code = budget__new(session, &session->budget, err);
	if (code)
		goto fail;
	*result = session;
	return 0;
fail:
	session__free(session);
	return code;
}

/* ---- counting */

/* The state is a word of its own, so that programs running meanwhile see either the old or the new one. */
static void set_state(const struct session *session, const struct tracked *tracked, enum mt_process_state state)
{
	struct mt_process *entry = &session->processes[tracked->slot];

	if (state == MT_PROCESS_LIVE)
		entry->since_ns = monotonic_ns();
	else
		entry->until_ns = monotonic_ns();
	__atomic_store_n(&entry->state, (uint32_t)state, __ATOMIC_RELEASE);
}

void session__begin(struct session *session)
{
	for (uint32_t slot = (uint32_t)session->count; session->options.follow_forks && slot < MT_SLOTS_MAX; slot++)
		bpf_map_update_elem(session->maps.free_slots, NULL, &slot, BPF_ANY);
	for (size_t i = 0; i < session->count; i++)
		if (!session->tracked[i]->armed)
			set_state(session, session->tracked[i], MT_PROCESS_LIVE);
	session->shared->since_ns = monotonic_ns(); /* last: who sees it may take it that counting goes on */
	budget__begin(session->budget);
	slice__shorten();
	for (size_t i = 0; session->options.pages && i < session->count; i++)
		if (!session->tracked[i]->armed)
			pages__seed(session, session->tracked[i]);
}

bool session__all_ended(const struct session *session)
{
	for (size_t i = 0; i < session->count; i++)
		if (!session->tracked[i]->ended)
			return false;
	return true;
}

int session__pause(struct session *session, bool pause, struct error *err)
{
	int code = 0;

	session->shared->paused = pause;
	for (size_t i = 0; !code && i < session->count; i++) {
		struct tracked *tracked = session->tracked[i];

		if (pause)
			links__close_kind(&tracked->links, LINK_ALLOC);
		else if (!tracked->ended && session->options.heap)
			code = tracked__attach_allocations(session, tracked, err);
	}
	return code;
}

/* ---- the end */

void session__end(struct session *session)
{
	if (session->end_ns)
		return;
	session->end_ns = monotonic_ns();
	session__settle_pause(session->shared, session->end_ns);
	for (size_t i = 0; i < session->count; i++)
		if (!session->tracked[i]->ended)
			set_state(session, session->tracked[i], MT_PROCESS_EXITED);
	for (size_t i = 0; i < session->count; i++)
		links__close(&session->tracked[i]->links);
	links__close(&session->links);
}

/* Descriptors that came from pins are our own; an object closes its own. */
static void close_pinned(const struct session *session)
{
	const int *maps = (const int *)&session->maps;

	for (int i = 0; i < SESSION_MAPS; i++)
		if (maps[i] > 0)
			close(maps[i]);
	for (int i = 0; i < PROGRAM_COUNT; i++)
		if (session->programs.fds[i] > 0)
			close(session->programs.fds[i]);
}

void session__free(struct session *session)
{
	if (!session)
		return;
	for (size_t i = 0; i < session->count; i++)
		tracked__free(session->tracked[i]);
	free(session->tracked);
	links__close(&session->links);
	budget__free(session->budget);
	unwinding__free(session->unwinding);
	ring_buffer__free(session->events);
	if (session->shared)
		munmap(session->shared, sizeof(*session->shared));
	if (session->processes)
		munmap(session->processes, MT_SLOTS_MAX * sizeof(*session->processes));
	if (session->programs.heap)
		heap_bpf__destroy(session->programs.heap);
	else
		close_pinned(session);
	free(session->pins);
	free(session->note);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

/* Of a pause that goes on, if there is one: user space's, or else that of the programs. */
static uint64_t paused_since(const struct mt_session *shared)
{
	return shared->paused_since_ns ? shared->paused_since_ns : shared->capped_ns;
}

uint64_t session__paused_ns(const struct mt_session *shared)
{
	uint64_t since = paused_since(shared);

	return shared->paused_ns + (since ? monotonic_ns() - since : 0);
}

void session__settle_pause(struct mt_session *shared, uint64_t now)
{
	uint64_t since = paused_since(shared);

	if (since)
		shared->paused_ns += now - since;
	shared->paused_since_ns = shared->capped_ns = 0;
}

int session__counters(const struct session_maps *maps, uint32_t slot, struct mt_counters *sum)
{
	int cpus = libbpf_num_possible_cpus(), code = 0;
	struct mt_counters *each;

	memset(sum, 0, sizeof(*sum));
	if (cpus <= 0)
		return cpus ? cpus : -EINVAL;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->counters, &slot, each))
		code = -errno;
	for (int i = 0; !code && i < cpus; i++)
		for (size_t j = 0; j < sizeof(*sum) / sizeof(uint64_t); j++)
			((uint64_t *)sum)[j] += ((const uint64_t *)&each[i])[j];
	free(each);
	return code;
}
