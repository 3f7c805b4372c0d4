/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/contents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/array.h"
#include "target/page_scan.h"
#include "target/pagemap.h"

enum {
	PAGE = 4096, /* the smallest: a larger one is a number of them */
	RED_ZONE = 128,
	THREAD_TOP = 64 << 10, /* of a thread's stack at most, above its thread pointer: what a C library keeps there */
	PIECE = 1 << 20,
	ENTRIES = 8192, /* of the page map that are read at once */
	FAILURES = 16,
};

#define UNSOUGHT (64ULL << 30)

struct search {
	struct contents *contents;
	int pagemap;
	const struct contents *known; /* from before, or NULL */
	size_t next;                  /* of its ranges: the first that does not lie before what was searched */
	uint64_t from;                /* nothing below it counts */
	uint32_t mapping;
	bool program;
};

static int add(void *context, uint64_t start, uint64_t limit)
{
	const struct search *search = context;
	struct contents *contents = search->contents;
	struct content *last = contents->count ? &contents->ranges[contents->count - 1] : NULL;
	struct content range = {
		.start = start > search->from ? start : search->from,
		.limit = limit,
		.mapping = search->mapping,
		.program = search->program,
	};

	if (range.start >= range.limit)
		return 0;
	/* copying is several times slower where source and destination lie unlike in their pages */
	range.before = (contents->copy_bytes + PAGE - 1) / PAGE * PAGE + range.start % PAGE;
	contents->bytes += range.limit - range.start;
	contents->copy_bytes = range.before + range.limit - range.start;
	if (last && last->limit == range.start && last->mapping == range.mapping) {
		last->limit = range.limit;
		return 0;
	}
	return array__push(contents->ranges, contents->count, contents->capacity, range) ? 0 : -ENOMEM;
}

/* ---- without PAGEMAP_SCAN */

static bool holds_something(uint64_t entry, bool shared)
{
	return entry & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED) && (shared || !(entry & PAGEMAP_FILE));
}

static int add_by_page(struct search *search, bool shared, uint64_t start, uint64_t limit)
{
	uint64_t entries[ENTRIES];
	int code = 0;

	if (limit - start > UNSOUGHT) {
		search->contents->unsought_bytes += limit - start;
		return 0;
	}
	for (uint64_t at = start; !code && at < limit;) {
		uint64_t pages = (limit - at) / PAGE;
		ssize_t got;

		if (pages > ENTRIES)
			pages = ENTRIES;
		got = pread(search->pagemap, entries, pages * 8, (off_t)(at / PAGE * 8));
		if (got < 8)
			return got < 0 ? -errno : 0;
		for (ssize_t i = 0; !code && i < got / 8; i++, at += PAGE)
			if (holds_something(entries[i], shared))
				code = add(search, at, at + PAGE);
	}
	return code;
}

/* ---- stacks */

static bool is_in(const struct mapping *mapping, uint64_t address)
{
	return address >= mapping->start && address < mapping->limit;
}

/* What threads' stacks end in: nothing else can have become one mapping with it there. */
static bool has_guard(const struct maps *maps, const struct mapping *mapping)
{
	const struct mapping *below = mapping > maps->mappings ? mapping - 1 : NULL;

	return below && below->limit == mapping->start && !below->readable && !below->writable;
}

/*
 * Is the mapping one thread's stack, and nothing but it? The first one's has a name. Those that C libraries make have
 * the thread's own data at the top, and a guard below. A stack that a program made for itself may be anything.
 */
static bool is_stack_of(const struct maps *maps, const struct mapping *mapping, const struct thread *thread)
{
	if (!is_in(mapping, thread->stack_pointer))
		return false;
	if (mapping->path && !strcmp(mapping->path, "[stack]"))
		return true;
	return !mapping->inode && !mapping->shared && is_in(mapping, thread->thread_pointer) &&
	       thread->thread_pointer > thread->stack_pointer &&
	       mapping->limit - thread->thread_pointer <= THREAD_TOP && has_guard(maps, mapping);
}

/* The lowest address in the mapping that is in use. */
static uint64_t lowest_used(const struct maps *maps, const struct mapping *mapping, const struct threads *threads)
{
	const struct thread *owner = NULL;
	uint64_t lowest;

	for (size_t i = 0; i < threads->count; i++) {
		const struct thread *thread = &threads->threads[i];

		if (!is_in(mapping, thread->stack_pointer) && !is_in(mapping, thread->thread_pointer))
			continue;
		if (owner || !thread->still || !is_stack_of(maps, mapping, thread))
			return mapping->start;
		owner = thread;
	}
	if (!owner)
		return mapping->start;
	lowest = (owner->stack_pointer & ~7ULL) - RED_ZONE;
	return lowest > mapping->start && lowest < mapping->limit ? lowest : mapping->start;
}

/* ---- whose they are */

static bool is_executables(const struct process *process, const struct mapping *mapping)
{
	return mapping->inode && mapping->path && process->exe && !strcmp(mapping->path, process->exe);
}

/* What was zeroes to begin with of a file's data is anonymous memory behind it. */
static bool is_program(const struct process *process, const struct maps *maps, const struct threads *threads, size_t i)
{
	const struct mapping *mapping = &maps->mappings[i], *below = i ? mapping - 1 : NULL;

	for (size_t t = 0; t < threads->count; t++)
		if (is_in(mapping, threads->threads[t].stack_pointer))
			return true;
	if (below && !mapping->inode && !mapping->path && below->limit == mapping->start)
		mapping = below;
	return is_executables(process, mapping);
}

/* ---- all of it */

static bool can_hold_pointers(const struct mapping *mapping)
{
	return mapping->readable && (mapping->writable || !mapping->shared) &&
	       (!mapping->path || (strcmp(mapping->path, "[vvar]") != 0 && strcmp(mapping->path, "[vsyscall]") != 0));
}

static int search_range(struct search *search, bool shared, uint64_t start, uint64_t limit)
{
	unsigned none = PAGE_SCAN_ZERO | (shared ? 0 : PAGE_SCAN_FILE);
	int code = page_scan__each(search->pagemap, start, limit, PAGE_SCAN_PRESENT | PAGE_SCAN_SWAPPED, none, add,
				   search);

	return code == -ENOTTY ? add_by_page(search, shared, start, limit) : code;
}

/* What held something before still does, or can be read as zeroes: only what lies between is looked at. */
static int search_mapping(struct search *search, const struct mapping *mapping)
{
	const struct contents *known = search->known;
	uint64_t at = mapping->start;
	int code = 0;

	while (known && search->next < known->count && known->ranges[search->next].limit <= at)
		search->next++;
	for (; !code && known && search->next < known->count; search->next++) {
		const struct content *range = &known->ranges[search->next];
		uint64_t start = range->start > at ? range->start : at;
		uint64_t limit = range->limit < mapping->limit ? range->limit : mapping->limit;

		if (start >= mapping->limit)
			break;
		if (start > at)
			code = search_range(search, mapping->shared, at, start);
		if (!code)
			code = add(search, start, limit);
		at = limit;
		if (range->limit > limit) /* it goes on in the next mapping */
			break;
	}
	return code || at >= mapping->limit ? code : search_range(search, mapping->shared, at, mapping->limit);
}

int contents__find(const struct process *process, const struct threads *threads, const struct contents *known,
		   struct contents *contents, struct error *err)
{
	struct search search = {.contents = contents, .known = known};
	struct pagemap pagemap;
	struct maps maps; /* those of the contents */
	int code;

	*contents = (struct contents){0};
	code = maps__read(process, &contents->maps, err);
	if (!code)
		code = pagemap__open(process, &pagemap, err);
	if (code)
		return code;
	search.pagemap = pagemap.pages;
	maps = contents->maps;
	for (size_t i = 0; !code && i < maps.count; i++) {
		const struct mapping *mapping = &maps.mappings[i];

		search.mapping = (uint32_t)i;
		search.program = is_program(process, &maps, threads, i);
		search.from = lowest_used(&maps, mapping, threads);
		if (can_hold_pointers(mapping))
			code = search_mapping(&search, mapping);
	}
	pagemap__close(&pagemap);
	if (code)
		error__set(err, code, "cannot read the page map of PID %d: %s", process->pid, error__reason(code));
	return code;
}

void contents__free(struct contents *contents)
{
	maps__free(&contents->maps);
	free(contents->ranges);
	*contents = (struct contents){0};
}

/* ---- reading */

int contents__read(const struct process *process, uint64_t address, void *data, size_t size, uint64_t *unread)
{
	size_t done = 0, failures = 0;

	while (done < size) {
		struct iovec local = {(char *)data + done, size - done}, remote = {.iov_len = size - done};
		size_t lost = size - done;
		ssize_t got;

		remote.iov_base = (void *)(uintptr_t)(address + done); /* NOLINT(performance-no-int-to-ptr): not ours */
		got = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);
		if (got < 0 && errno != EFAULT && errno != EIO)
			return -errno;
		if (got > 0) {
			done += (size_t)got;
			continue;
		}
		/* the page is gone, or a device's: where many follow, so are the others */
		if (++failures < FAILURES && lost > PAGE - (address + done) % PAGE)
			lost = PAGE - (address + done) % PAGE;
		memset((char *)data + done, 0, lost);
		*unread += lost;
		done += lost;
	}
	return 0;
}

static int visit_copy(const struct contents *contents, const struct content *range, contents_visitor *visit,
		      void *context)
{
	return visit(context, range, range->start, (const uint64_t *)(contents->copy + range->before),
		     (range->limit - range->start) / 8);
}

static int visit_range(const struct process *process, struct contents *contents, const struct content *range,
		       uint64_t *words, contents_visitor *visit, void *context)
{
	int code = 0;

	for (uint64_t at = range->start; !code && at < range->limit; at += PIECE) {
		size_t size = range->limit - at < PIECE ? range->limit - at : PIECE;

		code = contents__read(process, at, words, size, &contents->unread_bytes);
		if (!code)
			code = visit(context, range, at, words, size / 8);
	}
	return code;
}

int contents__each(const struct process *process, struct contents *contents, contents_visitor *visit, void *context)
{
	uint64_t *words = aligned_alloc(PAGE, PIECE); /* as the source is: see add() */
	int code = words ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < contents->count; i++) {
		const struct content *range = &contents->ranges[i];

		code = contents->copy ? visit_copy(contents, range, visit, context)
				      : visit_range(process, contents, range, words, visit, context);
	}
	free(words);
	return code;
}
