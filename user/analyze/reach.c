/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/reach.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "analyze/jemalloc_words.h"
#include "lib/array.h"

/* How a block was reached. The first two are found while memory is scanned, and are where marking begins. */
enum {
	BY_START = 1,
	BY_INTERIOR = 2,
	MARKED_REACHABLE = 4,
	MARKED_POSSIBLY = 8,
	LOST_INDIRECT = 16,
	LOST_DEFINITE = 32,
	SEEN = 64,
};

#define INTERIOR (1U << 31) /* of an edge */

/* What holds a word, where it is no block: a pointer to the byte behind a block counts, or does not. */
#define ROOT              BLOCK_NONE
#define ROOT_WITHOUT_ENDS (UINT32_MAX - 1)

/* Words that may be pointers wait for their blocks' memory to come from main memory, so many at a time. */
enum { BATCH = 64 };

struct candidate {
	uint64_t address;
	uint64_t at;     /* where the word is; 0: in a register */
	uint32_t source; /* block that holds the word, or a root */
	uint32_t guess;
	const uint64_t
		*record; /* the word, where it may be jemalloc's: there is one before and one after it; or NULL */
};

struct reach {
	const struct block_span *blocks;
	size_t count;
	bool jemalloc;
	uint64_t pointer_mask, lowest, span; /* pointers are in [lowest, lowest + span] */
	struct block_index *index;
	uint8_t *marks;
	uint32_t *edges; /* blocks pointed to, by block that points */
	size_t edge_count, edge_capacity;
	uint32_t *edges_end; /* where each block's edges end: those of the next one begin there */
	uint32_t edged;      /* blocks before this one have their edges_end */
	uint32_t *leaders;   /* after reach__solve(): of lost blocks */
	uint32_t next;       /* the first block that does not lie before what was scanned */
	struct candidate batch[BATCH];
	size_t batched;
	const bool *targets; /* that are watched; NULL: none are */
	reach_watcher *watcher;
	void *watcher_context;
	pid_t tid; /* whose registers are being scanned */
};

struct reach *reach__new(const struct block_span *blocks, size_t count, const struct reach_rules *rules)
{
	struct reach *reach = calloc(1, sizeof(*reach));

	if (!reach)
		return NULL;
	reach->blocks = blocks;
	reach->count = count;
	reach->pointer_mask = rules->pointer_mask ? rules->pointer_mask : UINT64_MAX;
	reach->jemalloc = rules->jemalloc;
	reach->lowest = count ? blocks[0].start : UINT64_MAX;
	reach->span = count ? blocks[count - 1].limit - reach->lowest : 0;
	reach->index = block_index__new(blocks, count);
	reach->marks = array__large(count + 1, sizeof(*reach->marks));
	reach->edges_end = array__large(count + 1, sizeof(*reach->edges_end));
	reach->edge_capacity = 2 * count + 1; /* which most do with */
	reach->edges = array__large(reach->edge_capacity, sizeof(*reach->edges));
	if (reach->index && reach->marks && reach->edges_end && reach->edges)
		return reach;
	reach__free(reach);
	return NULL;
}

void reach__free(struct reach *reach)
{
	if (!reach)
		return;
	block_index__free(reach->index);
	free(reach->marks);
	free(reach->edges);
	free(reach->edges_end);
	free(reach->leaders);
	free(reach);
}

/* ---- scanning */

static bool is_record(const struct candidate *candidate, const struct block_span *block)
{
	const uint64_t *word = candidate->record;

	return word && jemalloc_words__is_record(word[-1], word[0], word[1], block->limit - block->start);
}

/*
 * glibc's header of the chunk behind the block begins in its last eight bytes where its size is 8 modulo 16, and right
 * behind it where it is a multiple of 16: a chunk is 16 bytes before its block, and has 8 more than that, rounded up to
 * a multiple of 16, and 32 at least (malloc.c, request2size).
 */
static bool may_be_header(const struct block_span *block, uint64_t address)
{
	uint64_t chunk = (block->limit - block->start + 8 + 15) & ~15ULL;

	return address == block->limit || address == block->start - 16 + (chunk < 32 ? 32 : chunk);
}

/* The block that an address points to, with INTERIOR set if not at its start; BLOCK_NONE if there is none. */
static uint32_t target_of(const struct reach *reach, const struct candidate *candidate)
{
	uint64_t address = candidate->address;
	uint32_t block = block_index__find(reach->index, address, candidate->guess);

	if (block == BLOCK_NONE || address > reach->blocks[block].limit)
		return BLOCK_NONE;
	if (candidate->source == ROOT_WITHOUT_ENDS && may_be_header(&reach->blocks[block], address))
		return BLOCK_NONE;
	if (address != reach->blocks[block].start)
		return block | INTERIOR;
	return is_record(candidate, &reach->blocks[block]) ? BLOCK_NONE : block;
}

static int add_edge(struct reach *reach, uint32_t source, uint32_t target)
{
	if ((target & ~INTERIOR) == source)
		return 0;
	if (reach->edge_count >= UINT32_MAX)
		return -ENOMEM;
	for (; reach->edged < source; reach->edged++)
		reach->edges_end[reach->edged] = (uint32_t)reach->edge_count;
	return array__push(reach->edges, reach->edge_count, reach->edge_capacity, target) ? 0 : -ENOMEM;
}

static bool is_root(const struct candidate *candidate)
{
	return candidate->source == ROOT || candidate->source == ROOT_WITHOUT_ENDS;
}

static void tell(const struct reach *reach, const struct candidate *candidate, uint32_t target)
{
	const struct reach_pointer pointer = {
		.at = candidate->at,
		.tid = reach->tid,
		.source = is_root(candidate) ? BLOCK_NONE : candidate->source,
		.target = target & ~INTERIOR,
		.interior = target & INTERIOR,
	};

	if (reach->targets && reach->targets[pointer.target])
		reach->watcher(reach->watcher_context, &pointer);
}

static int flush(struct reach *reach)
{
	int code = 0;

	for (size_t i = 0; i < reach->batched; i++) {
		struct candidate *candidate = &reach->batch[i];

		candidate->guess = block_index__guess(reach->index, candidate->address);
		if (candidate->guess != BLOCK_NONE)
			__builtin_prefetch(&reach->blocks[candidate->guess]);
	}
	for (size_t i = 0; !code && i < reach->batched; i++) {
		const struct candidate *candidate = &reach->batch[i];
		uint32_t target = target_of(reach, candidate);

		if (target == BLOCK_NONE)
			continue;
		tell(reach, candidate, target);
		if (is_root(candidate))
			reach->marks[target & ~INTERIOR] |= target & INTERIOR ? BY_INTERIOR : BY_START;
		else
			code = add_edge(reach, candidate->source, target);
	}
	reach->batched = 0;
	return code;
}

/* Words from `at` on that one block holds, or none does. */
static int scan_run(struct reach *reach, uint32_t source, uint64_t at, const uint64_t *words, size_t count)
{
	const bool records = reach->jemalloc && source == ROOT_WITHOUT_ENDS;
	uint64_t mask = reach->pointer_mask, lowest = reach->lowest, span = reach->span;
	int code = 0;

	for (size_t i = 0; !code && i < count; i++) {
		uint64_t address = words[i] & mask;

		if (address - lowest > span)
			continue;
		reach->batch[reach->batched++] = (struct candidate){
			.address = address,
			.at = at ? at + i * 8 : 0,
			.source = source,
			.record = records && i && i + 1 < count && (at + i * 8) % JEMALLOC_RECORD_ALIGNMENT == 8
					  ? &words[i]
					  : NULL,
		};
		if (reach->batched == BATCH)
			code = flush(reach);
	}
	return code;
}

void reach__watch(struct reach *reach, const bool *targets, reach_watcher *watcher, void *context)
{
	reach->targets = targets;
	reach->watcher = watcher;
	reach->watcher_context = context;
}

void reach__roots(struct reach *reach, pid_t tid, const uint64_t *words, size_t count)
{
	reach->tid = tid;
	scan_run(reach, ROOT, 0, words, count);
	flush(reach); /* roots take no memory */
	reach->tid = 0;
}

/* How many words from `address` on begin before `limit`, of `count` at most. */
static size_t words_to(uint64_t address, uint64_t limit, size_t count)
{
	uint64_t words = (limit - address + 7) / 8;

	return words < count ? (size_t)words : count;
}

int reach__scan(struct reach *reach, uint64_t address, const uint64_t *words, size_t count, bool ends)
{
	const uint32_t root = ends ? ROOT : ROOT_WITHOUT_ENDS;
	int code = 0;

	while (!code && count) {
		uint32_t source = root;
		size_t run = count;

		while (reach->next < reach->count && reach->blocks[reach->next].limit <= address)
			reach->next++;
		if (reach->next < reach->count) {
			const struct block_span *block = &reach->blocks[reach->next];

			/* a word that the block's first byte lies in the middle of is no word of the block */
			source = block->start <= address ? reach->next : root;
			run = words_to(address, source == root ? block->start : block->limit, count);
		}
		code = scan_run(reach, source, address, words, run);
		address += run * 8;
		words += run;
		count -= run;
	}
	return code ? code : flush(reach);
}

void reach__add_reached(struct reach *reach, const uint8_t *classes)
{
	for (size_t i = 0; i < reach->count; i++) {
		if (classes[i] == REACH_REACHABLE)
			reach->marks[i] |= BY_START;
		else if (classes[i] == REACH_POSSIBLY)
			reach->marks[i] |= BY_INTERIOR;
	}
}

/* ---- marking */

struct stack {
	uint32_t *blocks; /* room for all: each is pushed once for a mark */
	size_t count;
};

static uint32_t first_edge(const struct reach *reach, uint32_t block)
{
	return block ? reach->edges_end[block - 1] : 0;
}

/* Gives `mark` to all blocks that edges lead to from those on the stack, unless they have one of `seen`. */
static void spread(const struct reach *reach, struct stack *stack, uint8_t mark, uint8_t seen, bool interior)
{
	while (stack->count) {
		uint32_t block = stack->blocks[--stack->count];

		for (uint32_t i = first_edge(reach, block); i < reach->edges_end[block]; i++) {
			uint32_t target = reach->edges[i] & ~INTERIOR;

			if (reach->marks[target] & seen || (reach->edges[i] & INTERIOR && !interior))
				continue;
			reach->marks[target] |= mark;
			stack->blocks[stack->count++] = target;
		}
	}
}

static void begin(const struct reach *reach, struct stack *stack, uint32_t block, uint8_t mark)
{
	reach->marks[block] |= mark;
	stack->blocks[stack->count++] = block;
}

static void mark_reachable(const struct reach *reach, struct stack *stack)
{
	for (uint32_t i = 0; i < reach->count; i++) {
		if (!(reach->marks[i] & BY_START) || reach->marks[i] & MARKED_REACHABLE)
			continue;
		begin(reach, stack, i, MARKED_REACHABLE);
		spread(reach, stack, MARKED_REACHABLE, MARKED_REACHABLE, false);
	}
}

static void mark_possibly(const struct reach *reach, struct stack *stack)
{
	const uint8_t reached = MARKED_REACHABLE | MARKED_POSSIBLY;

	for (uint32_t i = 0; i < reach->count; i++) {
		if (reach->marks[i] & MARKED_REACHABLE) /* its start pointers have been followed; the others are now */
			stack->blocks[stack->count++] = i;
		else if (reach->marks[i] & BY_INTERIOR && !(reach->marks[i] & MARKED_POSSIBLY))
			begin(reach, stack, i, MARKED_POSSIBLY);
		spread(reach, stack, MARKED_POSSIBLY, reached, true);
	}
}

/* ---- what is lost with what */

enum { REACHED = MARKED_REACHABLE | MARKED_POSSIBLY };

/*
 * Puts the lost blocks in the order in which a walk that goes deep first leaves them. Of two, the one that is left
 * later is led to by the other one only if it leads there itself (Cormen et al., Introduction to Algorithms,
 * lemma 22.14). `next` has room for an edge of each block. Returns how many there are.
 */
static size_t order_lost(struct reach *reach, struct stack *stack, uint32_t *next, uint32_t *order)
{
	size_t ordered = 0;

	for (uint32_t i = 0; i < reach->count; i++) {
		if (reach->marks[i] & (REACHED | SEEN))
			continue;
		begin(reach, stack, i, SEEN);
		next[i] = first_edge(reach, i);
		while (stack->count) {
			uint32_t block = stack->blocks[stack->count - 1], target;

			if (next[block] == reach->edges_end[block]) {
				order[ordered++] = block;
				stack->count--;
				continue;
			}
			target = reach->edges[next[block]++] & ~INTERIOR;
			if (reach->marks[target] & (REACHED | SEEN))
				continue;
			begin(reach, stack, target, SEEN);
			next[target] = first_edge(reach, target);
		}
	}
	return ordered;
}

/* Everything that `leader` leads to and nobody else was found to. */
static void follow_lost(const struct reach *reach, struct stack *stack, uint32_t leader)
{
	begin(reach, stack, leader, LOST_DEFINITE);
	reach->leaders[leader] = leader;
	while (stack->count) {
		uint32_t block = stack->blocks[--stack->count];

		for (uint32_t i = first_edge(reach, block); i < reach->edges_end[block]; i++) {
			uint32_t target = reach->edges[i] & ~INTERIOR;

			if (reach->marks[target] & (REACHED | LOST_INDIRECT | LOST_DEFINITE))
				continue;
			reach->leaders[target] = leader;
			begin(reach, stack, target, LOST_INDIRECT);
		}
	}
}

static int divide_lost(struct reach *reach, struct stack *stack)
{
	uint32_t *next = array__large(reach->count + 1, sizeof(*next));
	uint32_t *order = array__large(reach->count + 1, sizeof(*order));
	int code = next && order ? 0 : -ENOMEM;

	for (size_t i = code ? 0 : order_lost(reach, stack, next, order); i; i--)
		if (!(reach->marks[order[i - 1]] & LOST_INDIRECT))
			follow_lost(reach, stack, order[i - 1]);
	free(next);
	free(order);
	return code;
}

int reach__solve(struct reach *reach)
{
	struct stack stack = {.blocks = array__large(reach->count + 1, sizeof(*stack.blocks))};
	int code;

	reach->leaders = array__large(reach->count + 1, sizeof(*reach->leaders));
	if (!stack.blocks || !reach->leaders) {
		free(stack.blocks);
		return -ENOMEM;
	}
	for (; reach->edged < reach->count; reach->edged++)
		reach->edges_end[reach->edged] = (uint32_t)reach->edge_count;
	mark_reachable(reach, &stack);
	mark_possibly(reach, &stack);
	code = divide_lost(reach, &stack);
	free(stack.blocks);
	return code;
}

enum reach_class reach__class(const struct reach *reach, uint32_t block)
{
	uint8_t marks = reach->marks[block];

	if (marks & MARKED_REACHABLE)
		return REACH_REACHABLE;
	if (marks & MARKED_POSSIBLY)
		return REACH_POSSIBLY;
	return marks & LOST_INDIRECT ? REACH_INDIRECT : REACH_DEFINITE;
}

uint32_t reach__leader(const struct reach *reach, uint32_t block)
{
	return reach->leaders[block];
}
