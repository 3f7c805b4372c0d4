/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The rule for an address: from the process's list of mappings to the object's table, and a cache before both. What is
 * seldom needed is a global function, which the verifier looks at once, and not in each step of a walk.
 */
#ifndef MEMTRAWL_RULES_BPF_H
#define MEMTRAWL_RULES_BPF_H

#include "maps.bpf.h"
#include "threads.bpf.h"

#include "rule_words.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_UNWIND_MAPPINGS_MAX);
	__type(key, u32);
	__type(value, struct mt_unwind_mapping);
} unwind_mappings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_UNWIND_PAGES_MAX);
	__type(key, u32);
	__type(value, struct mt_unwind_page);
} unwind_pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mt_unwind_rules);
} unwind_rules SEC(".maps");

/* Rows, in chunks that user space makes as it needs them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MT_UNWIND_CHUNKS_MAX);
	__uint(key_size, sizeof(u32));
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(u32));
			__uint(value_size, sizeof(struct mt_unwind_chunk));
		});
} unwind_chunks SEC(".maps");

/*
 * Rules that were found before, by list of mappings and address: mt_cache_key(). A word each, so that whoever reads it
 * while another one writes it gets either. Lists and tables do not change, so nothing in it is ever wrong.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mt_unwind_cache);
} unwind_cache SEC(".maps");

/* ---- the mapping */

static __always_inline const struct mt_unwind_mapping *mapping_at(u32 index)
{
	return bpf_map_lookup_elem(&unwind_mappings, &index);
}

enum { NO_MAPPING = ~0U };

/* Does the entry belong to the process that is walked, and have the address in it? Then it holds, wherever it is from.
 */
static __always_inline bool mapping_has(const struct mt_walk *walk, u32 number, u64 address)
{
	const struct mt_unwind_mapping *mapping = mapping_at(number);

	return mapping && number - MT_UNWIND_FIRST(walk->mappings) < MT_UNWIND_COUNT(walk->mappings) &&
	       address >= mapping->start && address < mapping->limit;
}

static __always_inline u32 search_mappings(u64 list, u64 address)
{
	u32 low = MT_UNWIND_FIRST(list), high = low + MT_UNWIND_COUNT(list), middle;
	const struct mt_unwind_mapping *mapping;

	for (u32 i = 0; i < MT_UNWIND_MAPPINGS_BITS; i++) {
		if (low >= high)
			break;
		middle = (low + high) / 2;
		mapping = mapping_at(middle);
		if (!mapping)
			break;
		if (address < mapping->start)
			high = middle;
		else if (address >= mapping->limit)
			low = middle + 1;
		else
			return middle;
	}
	return NO_MAPPING;
}

/* The entry with the address in it; that where an address near this one was found last is looked at first. */
__noinline u32 unwind__find_mapping(u32 tid, u64 address)
{
	struct mt_thread *thread = thread__find(tid);
	u32 number, *hint;

	if (!thread)
		return NO_MAPPING;
	hint = &thread->walk.hints[(address >> 16 ^ address >> 24) % MT_WALK_HINTS];
	number = *hint;
	if (!mapping_has(&thread->walk, number, address)) {
		number = search_mappings(thread->walk.mappings, address);
		*hint = number;
	}
	return number;
}

/* ---- its object's table */

static __always_inline u32 search_page(const struct mt_unwind_page *page, u32 address)
{
	u32 chunk = page->row / MT_UNWIND_CHUNK_ROWS;
	const struct mt_unwind_chunk *rows;
	void *map = bpf_map_lookup_elem(&unwind_chunks, &chunk);

	rows = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	return rows ? mt_unwind_search(rows->row, page->row, page->count, address) : MT_RULE_NONE;
}

/* The number of the rule for an address in that mapping; MT_RULE_NONE where it has no table. */
__noinline u32 unwind__search_table(u32 number, u64 address)
{
	const struct mt_unwind_mapping *mapping = mapping_at(number);
	const struct mt_unwind_page *page;
	u64 place;
	u32 index;

	if (!mapping || !mapping->object)
		return MT_RULE_NONE;
	address -= mapping->bias;
	place = (address >> MT_UNWIND_PAGE_SHIFT) - mapping->first_page;
	if (place >= mapping->page_count)
		return MT_RULE_NONE;
	index = mapping->pages + (u32)place;
	page = bpf_map_lookup_elem(&unwind_pages, &index);
	return page && page->count ? search_page(page, address & 0xffff) : MT_RULE_NONE;
}

/* ---- both, and the cache */

enum { NO_RULE = ~0U };

/* The number of the rule for the code before `pc`, by its table, for the cache, too. NO_RULE: it is in no mapping. */
__noinline u32 unwind__search(u32 tid, u64 pc)
{
	struct mt_unwind_cache *cache = bpf_map_lookup_elem(&unwind_cache, &zero);
	struct mt_thread *thread = thread__find(tid);
	u32 mapping = unwind__find_mapping(tid, pc - 1), rule;
	u64 key;

	if (!thread || !cache || mapping == NO_MAPPING)
		return NO_RULE;
	rule = unwind__search_table(mapping, pc - 1);
	/* a function's first byte, as makecontext() puts it there: nobody called from it, a stack was made by hand */
	if (rule == MT_RULE_NONE && unwind__search_table(mapping, pc))
		rule = MT_RULE_BOTTOM;
	key = mt_cache_key(thread->walk.mappings, pc);
	if (!(pc >> MT_UNWIND_ADDRESS_BITS))
		*(volatile u64 *)&cache->word[mt_cache_place(key)] = mt_cache_word(key, rule);
	return rule;
}

/* By the cache, and else by the table. */
static __always_inline u32 rule_number(const struct mt_unwind_cache *cache, u64 mappings, u32 tid, u64 pc)
{
	u64 key = mt_cache_key(mappings, pc);
	u64 rule = mt_cache_rule(key, *(volatile u64 *)&cache->word[mt_cache_place(key)]);

	if (rule < MT_RULES_MAX && !(pc >> MT_UNWIND_ADDRESS_BITS))
		return rule;
	return unwind__search(tid, pc);
}

#endif
