/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "sampling.h"
#include "symbols/variables.h"
#include "target/elf_facts.h"

/* What a pointer comes from, before it is known what that is. */
struct place {
	uint64_t site; /* of the block that holds it, or 0 */
	uint64_t at;   /* address of the word, if no block holds it */
	pid_t tid;     /* of a register */
	uint64_t pointers, starts;
};

/* So many words outside of blocks are told apart: of those that come later only the mapping is known. */
enum { PLACES_MAX = 1 << 16 };

struct holders {
	const struct blocks *blocks;
	const uint64_t *sites;
	struct holders_question question;
	bool *targets;
	struct place *places;
	size_t place_count, place_capacity;
	struct index_map *by_key, *by_holder;
	struct holder *holders;
	size_t count, capacity;
	char **texts;
	size_t text_count, text_capacity;
	bool short_of_memory;
	struct who who;
};

static bool is_asked_for(const struct holders *holders, size_t i)
{
	const struct block *block = &holders->blocks->blocks[i];
	uint64_t address = holders->question.address;

	if (!address)
		return holders->sites[i] == holders->question.site;
	return address == block->address || (address > block->address && address - block->address < block->live.size);
}

struct holders *holders__new(const struct blocks *blocks, const uint64_t *sites,
			     const struct holders_question *question)
{
	struct holders *holders = calloc(1, sizeof(*holders));

	if (!holders)
		return NULL;
	holders->blocks = blocks;
	holders->sites = sites;
	holders->question = *question;
	holders->targets = calloc(blocks->count + 1, sizeof(*holders->targets));
	holders->by_key = index_map__new();
	holders->by_holder = index_map__new();
	if (!holders->targets || !holders->by_key || !holders->by_holder) {
		holders__free(holders);
		return NULL;
	}
	for (size_t i = 0; i < blocks->count; i++)
		holders->targets[i] = is_asked_for(holders, i);
	return holders;
}

void holders__free(struct holders *holders)
{
	if (!holders)
		return;
	for (size_t i = 0; i < holders->text_count; i++)
		free(holders->texts[i]);
	free(holders->texts);
	free(holders->holders);
	free(holders->places);
	free(holders->targets);
	index_map__free(holders->by_key);
	index_map__free(holders->by_holder);
	free(holders);
}

/* ---- while memory is looked through */

static struct place *place_of(struct holders *holders, const struct place *place)
{
	uint64_t key = fnv64_u64(fnv64_u64(fnv64_u64(FNV64_BASIS, place->site), place->at), (uint64_t)place->tid);
	uint32_t index = index_map__get(holders->by_key, key);

	if (index != INDEX_MAP_NONE)
		return &holders->places[index];
	if (index_map__put(holders->by_key, key, (uint32_t)holders->place_count) ||
	    !array__push(holders->places, holders->place_count, holders->place_capacity, *place))
		return NULL;
	return &holders->places[holders->place_count - 1];
}

static void note(void *context, const struct reach_pointer *pointer)
{
	struct holders *holders = context;
	struct place place = {.at = pointer->at, .tid = pointer->tid}, *known;

	if (pointer->source != BLOCK_NONE)
		place = (struct place){.site = holders->sites[pointer->source]};
	else if (holders->place_count >= PLACES_MAX)
		place.at &= ~((1ULL << 21) - 1); /* the same for all that are near */
	known = place_of(holders, &place);
	if (!known) {
		holders->short_of_memory = true;
		return;
	}
	known->pointers++;
	known->starts += !pointer->interior;
}

void holders__watch(struct holders *holders, struct reach *reach)
{
	reach__watch(reach, holders->targets, note, holders);
}

/* ---- what the places are */

static const char *keep_text(struct holders *holders, char *text)
{
	if (text && !array__push(holders->texts, holders->text_count, holders->text_capacity, text)) {
		free(text);
		holders->short_of_memory = true;
		return NULL;
	}
	return text;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return text ? fnv64_string(hash, text) : fnv64_u64(hash, 0);
}

static uint64_t key_of(const struct holder *holder)
{
	uint64_t key = fnv64_u64(fnv64_u64(FNV64_BASIS, holder->kind), holder->site);

	key = hash_text(hash_text(fnv64_u64(key, (uint64_t)holder->tid), holder->name), holder->object);
	return fnv64_u64(key, holder->kind == HOLDER_VARIABLE && !holder->name ? holder->at : 0);
}

/* One more of a holder, which there may be already: words of one variable, or of one stack, count together. */
static void add_holder(struct holders *holders, const struct holder *holder)
{
	uint64_t key = key_of(holder);
	uint32_t index = index_map__get(holders->by_holder, key);

	if (index != INDEX_MAP_NONE) {
		holders->holders[index].pointers += holder->pointers;
		holders->holders[index].starts += holder->starts;
		return;
	}
	if (index_map__put(holders->by_holder, key, (uint32_t)holders->count) ||
	    !array__push(holders->holders, holders->count, holders->capacity, *holder))
		holders->short_of_memory = true;
}

static pid_t stack_owner(const struct threads *threads, const struct mapping *mapping, uint64_t at)
{
	const struct thread *nearest = NULL;

	for (size_t i = 0; i < threads->count; i++) {
		const struct thread *thread = &threads->threads[i];

		if (thread->stack_pointer >= mapping->start && thread->stack_pointer < mapping->limit &&
		    thread->stack_pointer <= at + 128 && (!nearest || thread->stack_pointer > nearest->stack_pointer))
			nearest = thread;
	}
	return nearest ? nearest->tid : 0;
}

/* The file's mapping that the word belongs to: its own, or the one before, whose zeroes it is part of; NULL: no file's.
 */
static const struct mapping *file_of(const struct maps *maps, const struct mapping *mapping)
{
	if (!mapping->inode && !mapping->path && mapping > maps->mappings && mapping[-1].limit == mapping->start)
		mapping--;
	return mapping->inode && mapping->path && !mapping->shared ? mapping : NULL;
}

/* Virtual addresses in the file for addresses in the process; false if the file does not say. */
static bool find_bias(const struct elf_facts *facts, const struct mapping *mapping, uint64_t *bias)
{
	bool found = false;

	for (size_t i = 0; i < facts->load_count; i++) {
		const struct elf_load *load = &facts->loads[i];

		if (load->executable || mapping->offset + 4096 <= load->offset ||
		    mapping->offset >= load->offset + load->size)
			continue;
		*bias = mapping->start - (load->address - load->offset + mapping->offset);
		found = true;
	}
	return found;
}

/* Some words, all in the data of one file, by name. */
static void name_variables(struct holders *holders, const struct process *process, const struct mapping *mapping,
			   const struct place *places, size_t count)
{
	uint64_t *addresses = calloc(count, sizeof(*addresses)), bias = 0;
	char **names = calloc(count, sizeof(*names));
	const char *object = keep_text(holders, strdup(mapping->path));
	int fd = maps__open_file(process, mapping);
	struct elf_facts facts = {0};
	struct error err;

	if (!addresses || !names || !object)
		holders->short_of_memory = true;
	if (fd >= 0 && addresses && names && !elf_facts__read(fd, mapping->path, &facts, &err) &&
	    find_bias(&facts, mapping, &bias)) {
		for (size_t i = 0; i < count; i++)
			addresses[i] = places[i].at - bias;
		variables__read(fd, mapping->path, addresses, count, names, &err); /* else they have no names */
	}
	for (size_t i = 0; object && addresses && names && i < count; i++) {
		const struct holder holder = {
			.kind = HOLDER_VARIABLE,
			.name = keep_text(holders, names[i]),
			.object = object,
			.at = places[i].at - bias,
			.pointers = places[i].pointers,
			.starts = places[i].starts,
		};

		add_holder(holders, &holder);
	}
	elf_facts__free(&facts);
	if (fd >= 0)
		close(fd);
	free(addresses);
	free(names);
}

static void name_place(struct holders *holders, const struct threads *threads, const struct mapping *mapping,
		       const struct place *place)
{
	struct holder holder = {
		.kind = HOLDER_MEMORY,
		.at = place->at,
		.pointers = place->pointers,
		.starts = place->starts,
	};

	if (place->site) {
		holder.kind = HOLDER_BLOCK;
		holder.site = place->site;
		holder.at = 0;
	} else if (place->tid) {
		holder.kind = HOLDER_REGISTER;
		holder.tid = place->tid;
	} else if (mapping) {
		holder.tid = stack_owner(threads, mapping, place->at);
		if (holder.tid)
			holder.kind = HOLDER_STACK;
		else if (mapping->path)
			holder.name = keep_text(holders, strdup(mapping->path));
	}
	add_holder(holders, &holder);
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->site < y->site ? -1 : x->site > y->site;
}

/* Words are in the order of their addresses: those of a file's data come one after the other. */
static void name_places(struct holders *holders, const struct process *process, const struct maps *maps,
			const struct threads *threads)
{
	const struct place *places = holders->places;

	for (size_t i = 0, next; i < holders->place_count; i = next) {
		bool is_word = !places[i].site && !places[i].tid;
		const struct mapping *mapping = is_word ? maps__find(maps, places[i].at) : NULL;
		const struct mapping *file = mapping ? file_of(maps, mapping) : NULL;

		next = i + 1;
		if (!file) {
			name_place(holders, threads, mapping, &places[i]);
			continue;
		}
		while (next < holders->place_count && !places[next].site && !places[next].tid &&
		       places[next].at < mapping->limit)
			next++;
		name_variables(holders, process, file, &places[i], next - i);
	}
}

static int by_pointers(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->pointers != y->pointers)
		return x->pointers > y->pointers ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void add_target(struct holders *holders, size_t i, enum reach_class class)
{
	const struct mt_live *live = &holders->blocks->blocks[i].live;
	const struct profile_blocks blocks = {mt_sampling_bytes(live->size, live->chance), live->objects};
	struct who *who = &holders->who;

	who->site = holders->sites[i];
	profile_blocks__add(&who->blocks, &blocks);
	profile_blocks__add(&who->classes[class], &blocks);
}

int holders__name(struct holders *holders, const struct process *process, const struct contents *contents,
		  const struct threads *threads, const struct reach *reach)
{
	struct who *who = &holders->who;

	*who = (struct who){.address = holders->question.address, .site = holders->question.site};
	for (size_t i = 0; i < holders->blocks->count; i++)
		if (holders->targets[i])
			add_target(holders, i, reach__class(reach, (uint32_t)i));
	if (holders->place_count)
		qsort(holders->places, holders->place_count, sizeof(*holders->places), by_place);
	name_places(holders, process, &contents->maps, threads);
	if (holders->count)
		qsort(holders->holders, holders->count, sizeof(*holders->holders), by_pointers);
	who->holders = holders->holders;
	who->count = holders->count;
	return holders->short_of_memory ? -ENOMEM : 0;
}

const struct who *holders__answer(const struct holders *holders)
{
	return &holders->who;
}
