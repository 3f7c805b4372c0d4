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
#include "lib/units.h"
#include "trace/budget.h"
#include "trace/objects.h"
#include "trace/unwinding.h"

const struct session_options session_defaults = {
	.adaptive = true,
	.max_overhead = 50,
	.frames = 64,
	.live_max = MT_LIVE_DEFAULT,
	.sites_max = MT_SITES_DEFAULT,
};

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

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
	return error__set(err, -ENOMEM,
			  "tables for %u live blocks need %s, more than half of the %s free: use --max-live",
			  sizes->live, units__format_bytes(a, sizeof(a), (double)needed),
			  units__format_bytes(b, sizeof(b), (double)available));
}

/* A session can do without return traps, but one that it takes costs more than a return probe's: exact takes them all.
 */
static int first_rung(const struct session_options *options, enum rung forced)
{
	bool exact = !options->adaptive && !options->period;

	return exact && forced == RUNG_COUNT ? RUNG_MULTI : RUNG_SESSION;
}

static int load(struct session *session, struct error *err)
{
	struct heap_bpf *heap = NULL;
	struct objects_sizes sizes = {.live = session->options.live_max,
				      .sites = session->options.sites_max,
				      .mappings = session->options.mappings};
	enum rung forced;
	int code = rung__forced(&forced, err);

	if (code)
		return code;
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
	"session",      "processes", "counters",        "targets",       "free_slots",    "ended",
	"sites",        "stacks",    "buckets",         "live",          "thread_slots",  "threads",
	"probes",       "events",    "unwind_mappings", "unwind_pages",  "unwind_rules",  "unwind_chunks",
	"unwind_cache", "regions",   "mapping_sites",   "mapping_calls", "mapping_locks", "mapping_registers",
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
	void *shared, *processes;

	shared = mmap(NULL, sizeof(*session->shared), PROT_READ | PROT_WRITE, MAP_SHARED, session->maps.session, 0);
	if (shared == MAP_FAILED)
		return error__set(err, -errno, "cannot map the session's switches: %s", error__reason(errno));
	session->shared = shared;
	processes = mmap(NULL, MT_SLOTS_MAX * sizeof(*session->processes), PROT_READ | PROT_WRITE, MAP_SHARED,
			 session->maps.processes, 0);
	if (processes == MAP_FAILED)
		return error__set(err, -errno, "cannot map the process table: %s", error__reason(errno));
	session->processes = processes;
	return 0;
}

static void set_switches(struct session *session)
{
	const struct session_options *options = &session->options;
	struct mt_session *shared = session->shared;

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
}

static int on_event(void *cookie, void *data, size_t size);

int session__open_events(struct session *session, struct error *err)
{
	session->events = ring_buffer__new(session->maps.events, on_event, session, NULL);
	if (!session->events)
		return error__set(err, -errno, "cannot read the event ring: %s", error__reason(errno));
	return 0;
}

int session__new(const struct session_options *options, struct session **result, struct error *err)
{
	struct session *session = calloc(1, sizeof(*session));
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

/* ---- processes */

void session__free_tracked(struct tracked *tracked)
{
	if (!tracked)
		return;
	links__close(&tracked->links);
	free(tracked->attached);
	allocators__free(&tracked->allocators);
	modules__free(&tracked->modules);
	maps__free(&tracked->maps);
	process__free(tracked->process);
	free(tracked);
}

static struct attach_target target_of(const struct session *session, const struct tracked *tracked,
				      const struct alloc_object *object)
{
	return (struct attach_target){
		.process = tracked->process,
		.maps = &tracked->maps,
		.object = object,
		.slot = tracked->slot,
		.everyone = session->options.follow_forks,
	};
}

static bool is_attached(const struct tracked *tracked, const struct alloc_object *object)
{
	for (size_t i = 0; i < tracked->attached_count; i++)
		if (tracked->attached[i].device == object->device && tracked->attached[i].inode == object->inode)
			return true;
	return false;
}

/* With links that have no pid filter, a file that one process has brought in is watched for all of them. */
static bool is_watched(const struct session *session, const struct alloc_object *object)
{
	for (size_t i = 0; session->options.follow_forks && i < session->count; i++)
		if (is_attached(session->tracked[i], object))
			return true;
	return false;
}

static int attach_object(struct session *session, struct tracked *tracked, const struct alloc_object *object,
			 struct error *err)
{
	struct attach_target target = target_of(session, tracked, object);
	struct attached_file file = {.device = object->device, .inode = object->inode};
	int code;

	code = attach__frees(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && !session->shared->paused)
		code = attach__allocations(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && !array__push(tracked->attached, tracked->attached_count, tracked->attached_capacity, file))
		code = error__set(err, -ENOMEM, "out of memory");
	return code;
}

static int attach_objects(struct session *session, struct tracked *tracked, const struct allocators *found,
			  struct error *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < found->count; i++)
		if (!is_attached(tracked, &found->objects[i]) && !is_watched(session, &found->objects[i]))
			code = attach_object(session, tracked, &found->objects[i], err);
	return code;
}

int session__note_attached(struct tracked *tracked)
{
	for (size_t i = 0; i < tracked->allocators.count; i++) {
		const struct alloc_object *object = &tracked->allocators.objects[i];
		struct attached_file file = {.device = object->device, .inode = object->inode};

		if (!is_attached(tracked, object) &&
		    !array__push(tracked->attached, tracked->attached_count, tracked->attached_capacity, file))
			return -ENOMEM;
	}
	return 0;
}

/* Tells the programs where glibc's code is, which is what frees on its own account. */
static void note_libc(const struct session *session, const struct tracked *tracked)
{
	struct mt_process *entry = &session->processes[tracked->slot];

	for (size_t i = 0; i < tracked->allocators.count; i++) {
		const struct alloc_object *object = &tracked->allocators.objects[i];
		const struct mapping *mapping = maps__find(&tracked->maps, object->start);

		if (strcmp(object->kind, "glibc") || !mapping)
			continue;
		entry->libc_limit = mapping->limit;
		entry->libc_start = mapping->start;
	}
}

/* Stacks go on without: what could not be is told with each of them. */
static void update_tables(struct session *session, const struct tracked *tracked)
{
	struct error err = {0};
	int code = 0;

	if (session->options.unwind == MT_UNWIND_FP)
		return;
	if (!session->unwinding)
		code = unwinding__new(session, &session->unwinding, &err);
	if (!code)
		code = unwinding__update(session->unwinding, tracked, &err);
	if (code)
		warn("%s", err.text);
	session->processes[tracked->slot].unmapped = 0;
}

/* What is mapped now: a library may be gone again when the next look comes. */
static int look_at_mappings(struct session *session, struct tracked *tracked, struct error *err)
{
	int code;

	tracked->scanned_ns = monotonic_ns();
	code = maps__read(tracked->process, &tracked->maps, err);
	if (code)
		return code;
	if (modules__update(&tracked->modules, tracked->process, &tracked->maps))
		return error__set(err, -ENOMEM, "out of memory");
	session->processes[tracked->slot].era = tracked->modules.era;
	update_tables(session, tracked);
	return 0;
}

static int look_for_allocators(struct session *session, struct tracked *tracked, struct error *err)
{
	int code;

	tracked->unsearched = false;
	code = allocators__renew(tracked->process, &tracked->maps, session->options.specs, session->options.spec_count,
				 &tracked->allocators, err);
	if (code)
		return code;
	code = attach_objects(session, tracked, &tracked->allocators, err);
	note_libc(session, tracked);
	return code;
}

int session__rescan(struct session *session, struct tracked *tracked, struct error *err)
{
	int code = look_at_mappings(session, tracked, err);

	return code ? code : look_for_allocators(session, tracked, err);
}

static int no_allocator(const struct tracked *tracked, struct error *err)
{
	const char *why = tracked->allocators.unreadable;

	return error__set(err, -ENOENT,
			  "no allocator found in PID %d (%s)%s%s: a stripped static program needs its symbols, or name "
			  "its functions with --alloc 'LIB:FUNC(size=arg1) -> ptr' --free 'LIB:FUNC(ptr=arg1)'",
			  tracked->process->pid, tracked->process->comm, why ? "; " : "", why ? why : "");
}

/* A function that was named on the command line must be there: its blocks would be missed in silence. */
static int check_specs(const struct session *session, const struct tracked *tracked, struct error *err)
{
	const char *why = tracked->allocators.unreadable;

	for (size_t i = 0; i < session->options.spec_count && i < 64; i++) {
		const struct alloc_spec *spec = &session->options.specs[i];

		if (!(tracked->allocators.specs_found >> i & 1))
			return error__set(err, -ENOENT, "PID %d has no function %s in a file named %s%s%s",
					  tracked->process->pid, spec->function, spec->object, why ? ": " : "",
					  why ? why : "; is it stripped, or not loaded yet?");
	}
	return 0;
}

static int enter_slot(const struct session *session, const struct tracked *tracked, struct error *err)
{
	struct mt_process entry = {.tgid = (uint32_t)tracked->process->pid,
				   .start_ns = tracked->process->start_boot_ns,
				   .state = tracked->armed ? MT_PROCESS_ARMED : MT_PROCESS_FREE};
	uint32_t tgid = entry.tgid;

	if (bpf_map_update_elem(session->maps.processes, &tracked->slot, &entry, BPF_ANY) ||
	    bpf_map_update_elem(session->maps.targets, &tgid, &tracked->slot, BPF_ANY))
		return error__set(err, -errno, "cannot enter PID %d into the process table: %s", tracked->process->pid,
				  error__reason(errno));
	return 0;
}

int session__add(struct session *session, struct process *process, bool armed, struct error *err)
{
	struct tracked *tracked = calloc(1, sizeof(*tracked));
	int code = 0;

	if (!tracked) {
		process__free(process);
		return error__set(err, -ENOMEM, "out of memory");
	}
	tracked->process = process;
	tracked->slot = (uint32_t)session->count;
	tracked->armed = armed;
	process__rss(process, &tracked->rss);
	if (session->count >= MT_SLOTS_MAX)
		code = error__set(err, -E2BIG, "more than %d processes at once", MT_SLOTS_MAX);
	if (!code)
		code = enter_slot(session, tracked, err);
	if (!code && !armed)
		code = session__rescan(session, tracked, err);
	if (!code && !armed && !allocators__any(&tracked->allocators))
		code = no_allocator(tracked, err);
	if (!code && !armed)
		code = check_specs(session, tracked, err);
	if (!code && !array__push(session->tracked, session->count, session->capacity, tracked))
		code = error__set(err, -ENOMEM, "out of memory");
	if (code)
		session__free_tracked(tracked);
	return code;
}

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
}

/* ---- events */

static struct tracked *tracked_in(const struct session *session, uint32_t slot)
{
	for (size_t i = 0; i < session->count; i++)
		if (session->tracked[i]->slot == slot)
			return session->tracked[i];
	return NULL;
}

/*
 * A forked child has its parent's mappings; its files are watched already, as links have no pid filter then. One that
 * is gone again by now is known by its pid and by what it was forked from.
 */
static void on_fork(struct session *session, const struct mt_event *event)
{
	const struct tracked *parent = tracked_in(session, MT_PROCESS_SLOT(event->parent));
	struct tracked *tracked = calloc(1, sizeof(*tracked));

	if (!tracked)
		return;
	tracked->slot = MT_PROCESS_SLOT(event->process);
	if (process__open((pid_t)event->tgid, &tracked->process, NULL))
		tracked->process = process__gone((pid_t)event->tgid);
	if (parent)
		modules__copy(&tracked->modules, &parent->modules);
	if (!tracked->process || !array__push(session->tracked, session->count, session->capacity, tracked)) {
		session__free_tracked(tracked);
		return;
	}
	if (parent && tracked->process->proc_fd < 0) {
		free(tracked->process->comm);
		tracked->process->comm = strdup(parent->process->comm);
	}
	session__rescan(session, tracked, NULL);
}

/* The kernel keeps a pid filter's probes for the thread group's leader: exec from another thread loses them. */
static void attach_again(struct session *session, struct tracked *tracked)
{
	struct links lost = tracked->links;

	if (session->options.follow_forks)
		return; /* no filter */
	tracked->lost_probes = true;
	tracked->links = (struct links){0};
	tracked->attached_count = 0;
	session__rescan(session, tracked, NULL);
	links__close(&lost); /* last: perf events take long to go, and the new image does not wait */
}

static void on_exec(struct session *session, struct tracked *tracked, const struct mt_event *event)
{
	struct process *process = NULL;
	bool first = tracked->armed;

	tracked->armed = false;
	tracked->generation = MT_PROCESS_GENERATION(event->process);
	if (!session->follow_exec && !session->options.follow_forks) {
		tracked->ended = true;
		tracked->replaced = true;
		return;
	}
	if (!first && session->on_image_end)
		session->on_image_end(session, tracked);
	modules__free(&tracked->modules);
	allocators__free(&tracked->allocators);
	if (process__open(tracked->process->pid, &process, NULL))
		return;
	process__free(tracked->process);
	tracked->process = process;
	session__rescan(session, tracked, NULL);
	if (event->exit_code)
		attach_again(session, tracked);
}

static int on_event(void *cookie, void *data, size_t size)
{
	struct session *session = cookie;
	const struct mt_event *event = data;
	struct tracked *tracked;

	if (size < sizeof(*event))
		return 0;
	if (event->kind == MT_EVENT_FORK)
		on_fork(session, event);
	tracked = tracked_in(session, MT_PROCESS_SLOT(event->process));
	if (!tracked)
		return 0;
	switch (event->kind) {
	case MT_EVENT_EXEC:
		on_exec(session, tracked, event);
		break;
	case MT_EVENT_EXIT:
		tracked->ended = true;
		tracked->exit_code = event->exit_code;
		break;
	case MT_EVENT_UNMAPPED: /* session__poll() looks */
		return 0;
	case MT_EVENT_LOADER: /* several at once need one look */
		if (event->ns < tracked->scanned_ns)
			return 0;
		/* allocators are looked for when all events are through: it can take ten times as long */
		tracked->unsearched = !look_at_mappings(session, tracked, NULL);
		return 0;
	}
	if (session->on_change)
		session->on_change(session);
	return 0;
}

static void search_new_code(struct session *session)
{
	bool any = false;

	for (size_t i = 0; i < session->count; i++) {
		if (!session->tracked[i]->unsearched)
			continue;
		look_for_allocators(session, session->tracked[i], NULL);
		any = true;
	}
	if (any && session->on_change)
		session->on_change(session);
}

/* A stack led out of the code that is known. It may lead nowhere again and again: a look each tenth of a second. */
static void look_for_code(struct session *session)
{
	const uint64_t interval_ns = 100000000;

	for (size_t i = 0; i < session->count; i++) {
		struct tracked *tracked = session->tracked[i];

		if (session->processes[tracked->slot].unmapped && !tracked->ended &&
		    monotonic_ns() - tracked->scanned_ns > interval_ns)
			session__rescan(session, tracked, NULL);
	}
}

int session__poll(struct session *session, int timeout_ms, struct error *err)
{
	int code = ring_buffer__poll(session->events, timeout_ms);

	if (code == -EINTR)
		return code;
	if (code < 0)
		return error__set(err, code, "cannot read the event ring: %s", error__reason(code));
	search_new_code(session);
	look_for_code(session);
	for (size_t i = 0; i < session->count; i++) {
		struct process_rss rss;

		if (!session->tracked[i]->ended && !process__rss(session->tracked[i]->process, &rss))
			session->tracked[i]->rss = rss;
	}
	return budget__step(session->budget, err);
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

		if (pause) {
			links__close_kind(&tracked->links, LINK_ALLOC);
			continue;
		}
		for (size_t j = 0; !code && !tracked->ended && j < tracked->allocators.count; j++) {
			struct attach_target target = target_of(session, tracked, &tracked->allocators.objects[j]);

			code = attach__allocations(&session->programs, session->rung, &target, &tracked->links, err);
		}
	}
	return code;
}

/* ---- the end */

void session__end(struct session *session)
{
	if (session->end_ns)
		return;
	session->end_ns = monotonic_ns();
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
		session__free_tracked(session->tracked[i]);
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
	free(session);
}

uint64_t session__paused_ns(const struct mt_session *shared)
{
	uint64_t capped = shared->capped_ns;

	return shared->paused_ns + (capped ? monotonic_ns() - capped : 0);
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
