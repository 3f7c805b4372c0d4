/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/reaching.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/reach.h"
#include "cmd/observe.h"
#include "lib/array.h"
#include "lib/hash.h"
#include "target/contents.h"
#include "target/threads.h"
#include "trace/registers.h"

/* One look through the memory. */
struct look {
	const struct process *process;
	struct block_span *spans; /* the blocks, where they are */
	struct reach *reach;
	struct threads threads;
	struct contents before; /* what was there before the process was stopped */
	struct contents contents;
	void *room; /* for a copy, of room_bytes; NULL: there is none */
	uint64_t room_bytes;
};

static int out_of_memory(struct error *err)
{
	return error__set(err, -ENOMEM, "cannot look for what points to blocks: out of memory");
}

static void end_look(struct look *look)
{
	threads__free(&look->threads);
	reach__free(look->reach);
	contents__free(&look->before);
	contents__free(&look->contents);
	contents__free_room(look->room, look->room_bytes);
	free(look->spans);
}

/* By name: of a session that others look after it is not known which allocators were found. */
static bool has_jemalloc(const struct process *process)
{
	struct maps maps = {0};
	bool found = false;

	if (!maps__read(process, &maps, NULL))
		for (size_t i = 0; !found && i < maps.count; i++)
			found = maps.mappings[i].inode && maps.mappings[i].path &&
				strstr(maps.mappings[i].path, "jemalloc");
	maps__free(&maps);
	return found;
}

static int begin_look(struct look *look, const struct process *process, const struct blocks *blocks,
		      uint64_t pointer_mask, struct error *err)
{
	const struct reach_rules rules = {.pointer_mask = pointer_mask, .jemalloc = has_jemalloc(process)};

	*look = (struct look){.process = process};
	look->spans = array__large(blocks->count + 1, sizeof(*look->spans));
	for (size_t i = 0; look->spans && i < blocks->count; i++) {
		const struct block *block = &blocks->blocks[i];

		/* one of no bytes has an address, too */
		look->spans[i].start = block->address;
		look->spans[i].limit = block->address + (block->live.size ? block->live.size : 1);
	}
	if (look->spans)
		look->reach = reach__new(look->spans, blocks->count, &rules);
	return look->reach ? 0 : out_of_memory(err);
}

static int scan_words(void *context, const struct content *range, uint64_t address, const uint64_t *words, size_t count)
{
	return reach__scan(context, address, words, count, range->program);
}

static int scan(struct look *look, struct error *err)
{
	int code = contents__each(look->process, &look->contents, scan_words, look->reach);

	for (size_t i = 0; !code && i < look->threads.count; i++) {
		const struct thread *thread = &look->threads.threads[i];

		reach__roots(look->reach, thread->tid, look->threads.words + thread->first, thread->words);
	}
	if (!code || code == -ENOMEM)
		return code ? out_of_memory(err) : 0;
	return error__set(err, code, "cannot read the memory of PID %d: %s", look->process->pid, error__reason(code));
}

/* ---- with the process stopped */

/* Half of what is free at most: else memory is looked through where it is, and the pause is longer. */
static void make_room(struct look *look, struct profile_reach *facts)
{
	const uint64_t since_ns = monotonic_ns();
	const struct threads nobody = {0};
	struct error err;
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	if (!contents__find(look->process, &nobody, NULL, &look->before, &err)) {
		/* it may grow until then */
		look->room_bytes = look->before.copy_bytes + look->before.copy_bytes / 16 + (16 << 20);
		if (look->room_bytes / 2 < (uint64_t)pages * (uint64_t)size / 4)
			look->room = contents__room(look->room_bytes);
	}
	facts->memory_seconds += (double)(monotonic_ns() - since_ns) / 1e9;
}

static int look_at_stopped(struct look *look, struct error *err)
{
	int code = threads__stop(look->process, &look->threads, err);

	if (!code)
		code = contents__find(look->process, &look->threads, &look->before, &look->contents, err);
	if (code || !look->room || look->contents.copy_bytes > look->room_bytes)
		return code ? code : scan(look, err);
	code = contents__copy(look->process, &look->contents, look->room);
	if (code)
		return error__set(err, code, "cannot read the memory of PID %d: %s", look->process->pid,
				  error__reason(code));
	return 0;
}

static int look_with_pause(struct look *look, struct profile_reach *facts, struct error *err)
{
	uint64_t stopped_ns;
	int code;

	make_room(look, facts);
	code = look_at_stopped(look, err);
	stopped_ns = look->threads.stopped_ns;
	threads__resume(&look->threads);
	if (stopped_ns)
		facts->pause_seconds += (double)(monotonic_ns() - stopped_ns) / 1e9;
	if (!code && look->contents.copy)
		code = scan(look, err);
	return code;
}

/* ---- while it goes on */

static int look_without_pause(struct look *look, struct error *err)
{
	struct registers *registers = NULL;
	int code = registers__new(look->process, &registers, err);

	if (!code)
		code = registers__read(registers, &look->threads, err);
	if (!code)
		code = contents__find(look->process, &look->threads, NULL, &look->contents, err);
	if (!code)
		code = scan(look, err);
	registers__free(registers);
	return code;
}

/* ---- both */

static void note(const struct look *look, struct reached *reached, uint64_t since_ns)
{
	struct profile_reach *facts = &reached->facts;

	for (size_t i = 0; i < reached->blocks.count; i++) {
		reached->classes[i] = (uint8_t)reach__class(look->reach, (uint32_t)i);
		if (reached->classes[i] == REACH_INDIRECT)
			reached->leaders[i] = reach__leader(look->reach, (uint32_t)i);
	}
	facts->passes++;
	facts->seconds += (double)(monotonic_ns() - since_ns) / 1e9;
	facts->threads = look->threads.count;
	facts->scanned_bytes = look->contents.bytes;
	facts->unread_bytes = look->contents.unread_bytes + look->contents.unsought_bytes;
}

/* `holders` (or NULL) watch it, and have an answer then. */
static int look_once(const struct process *process, const struct reaching_options *options, struct reached *reached,
		     struct holders *holders, struct error *err)
{
	uint64_t since_ns = monotonic_ns();
	struct look look;
	int code = begin_look(&look, process, &reached->blocks, options->pointer_mask, err);

	if (!code && holders)
		holders__watch(holders, look.reach);
	if (!code)
		code = options->stop ? look_with_pause(&look, &reached->facts, err) : look_without_pause(&look, err);
	if (!code && reached->facts.passes)
		reach__add_reached(look.reach, reached->classes);
	if (!code && reach__solve(look.reach))
		code = out_of_memory(err);
	if (!code)
		note(&look, reached, since_ns);
	if (!code && holders && holders__name(holders, process, &look.contents, &look.threads, look.reach))
		code = out_of_memory(err);
	end_look(&look);
	return code;
}

static int read_blocks(const struct session *session, const struct tracked *tracked, struct blocks *blocks,
		       struct error *err)
{
	uint32_t generation = session->processes[tracked->slot].generation;
	int code = blocks__read(&session->maps, MT_PROCESS(tracked->slot, generation), session->shared->live_entries,
				blocks);

	return code ? error__set(err, code, "cannot read the live table: %s", error__reason(code)) : 0;
}

/* Those that are not there any more, or are others. */
static int find_gone(const struct session *session, const struct tracked *tracked, struct reached *reached,
		     struct error *err)
{
	struct blocks now;
	int code = read_blocks(session, tracked, &now, err);

	if (!code)
		blocks__compare(&reached->blocks, &now, reached->gone);
	blocks__free(&now);
	return code;
}

/* Their memory is others' now, and what is in it leads there, as from all that is not known. */
static void drop_gone(struct reached *reached)
{
	size_t kept = 0;

	for (size_t i = 0; i < reached->blocks.count; i++) {
		if (reached->gone[i])
			continue;
		reached->classes[kept] = reached->classes[i];
		reached->blocks.blocks[kept++] = reached->blocks.blocks[i];
	}
	reached->blocks.count = kept;
	memset(reached->gone, 0, kept * sizeof(*reached->gone));
}

int reaching__check(const struct session *session, struct error *err)
{
	if (session->count > 1)
		return error__usage(err, "what points to blocks can be looked for in one process: name it with -p");
	if (!session->options.heap || session->shared->without_heap)
		return error__set(err, -ENOTSUP,
				  "what points to blocks cannot be told, as only pages are watched, and no blocks");
	return 0;
}

static int check_alive(const struct tracked *tracked, struct error *err)
{
	if (!tracked->ended && process__alive(tracked->process))
		return 0;
	return error__set(err, -ESRCH,
			  "PID %d ended while it was watched, and its memory is gone (`memtrawl run` tells what a "
			  "program leaves)",
			  tracked->process->pid);
}

/* Reads the blocks, and makes room for what is to be said of each. */
static int begin(const struct session *session, const struct tracked *tracked, const struct reaching_options *options,
		 struct reached *reached, struct error *err)
{
	size_t count;
	int code;

	*reached = (struct reached){.facts.stopped = options->stop};
	code = check_alive(tracked, err);
	if (!code)
		code = read_blocks(session, tracked, &reached->blocks, err);
	if (code)
		return code;
	count = reached->blocks.count + 1;
	reached->classes = calloc(count, sizeof(*reached->classes));
	reached->leaders = calloc(count, sizeof(*reached->leaders));
	reached->gone = calloc(count, sizeof(*reached->gone));
	return reached->classes && reached->leaders && reached->gone ? 0 : out_of_memory(err);
}

int reaching__look(struct session *session, const struct tracked *tracked, const struct reaching_options *options,
		   struct reached *reached, struct error *err)
{
	int code = begin(session, tracked, options, reached, err);

	if (!code)
		code = look_once(tracked->process, options, reached, NULL, err);
	if (!code && !options->stop) {
		code = observe__wait(session, options->interval_ns, err);
		if (!code)
			code = find_gone(session, tracked, reached, err);
		if (!code) {
			drop_gone(reached);
			code = look_once(tracked->process, options, reached, NULL, err);
		}
	}
	return code ? code : find_gone(session, tracked, reached, err);
}

/* Of each block the id of its site. */
static int find_sites(const struct session *session, const struct tracked *tracked, const struct blocks *blocks,
		      uint64_t **sites, struct error *err)
{
	struct index_map *by_stack = index_map__new();
	uint64_t *stacks = calloc(blocks->count + 1, sizeof(*stacks)), *ids = NULL;
	size_t count = 0;
	int code = 0;

	*sites = calloc(blocks->count + 1, sizeof(**sites));
	if (!by_stack || !stacks || !*sites)
		code = -ENOMEM;
	for (size_t i = 0; !code && i < blocks->count; i++) {
		uint64_t stack = blocks->blocks[i].live.stack;

		if (index_map__get(by_stack, stack) != INDEX_MAP_NONE)
			continue;
		stacks[count] = stack;
		code = index_map__put(by_stack, stack, (uint32_t)count++);
	}
	ids = code ? NULL : calloc(count + 1, sizeof(*ids));
	if (!ids)
		code = out_of_memory(err);
	if (!code)
		code = session__site_ids(session, tracked, stacks, count, ids, err);
	for (size_t i = 0; !code && i < blocks->count; i++)
		(*sites)[i] = ids[index_map__get(by_stack, blocks->blocks[i].live.stack)];
	index_map__free(by_stack);
	free(stacks);
	free(ids);
	return code;
}

int reaching__who(const struct session *session, const struct tracked *tracked, const struct reaching_options *options,
		  const struct holders_question *question, struct holders **holders, struct error *err)
{
	struct reached reached;
	uint64_t *sites = NULL;
	int code = begin(session, tracked, options, &reached, err);

	*holders = NULL;
	if (!code)
		code = find_sites(session, tracked, &reached.blocks, &sites, err);
	if (!code) {
		*holders = holders__new(&reached.blocks, sites, question);
		if (!*holders)
			code = out_of_memory(err);
	}
	if (!code)
		code = look_once(tracked->process, options, &reached, *holders, err);
	free(sites);
	reached__free(&reached);
	return code;
}
