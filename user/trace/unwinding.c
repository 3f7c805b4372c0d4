/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/unwinding.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "rule_words.h"
#include "target/elf_facts.h"
#include "trace/map_array.h"
#include "trace/mapping_lists.h"
#include "trace/session.h"
#include "unwind/table.h"

/* A file whose table is in the maps, or which has none. */
struct unwound {
	uint64_t device, inode; /* 0, 0: the vdso, of which there is one */
	uint32_t object;        /* 0: no table */
	uint32_t first_page, page_count, pages;
	uint64_t offset, address; /* a file offset in it, and the object's own address of it */
	struct elf_facts facts;   /* for other offsets; without any for the vdso */
};

enum {
	SPARES_MAX = 16,       /* chunks made ahead, at once */
	CODE_BYTES_A_ROW = 64, /* about: 50 in libc, 73 in node */
};

struct unwinding {
	struct session *session;
	struct mapping_lists lists;
	struct mt_unwind_page *pages; /* the maps, mapped */
	struct mt_unwind_rule *rules;
	struct index_map *rule_numbers;
	struct mt_unwind_chunk *chunk; /* the one that is being filled, mapped; NULL before the first */
	uint32_t number;               /* which one that is */
	int spares[SPARES_MAX]; /* the maps of the next ones, made ahead; the last one is the first to be filled */
	uint32_t spare_count;
	struct unwound *objects;
	size_t count, capacity;
};

/* ---- the maps */

static uint64_t rule_key(const struct mt_unwind_rule *rule)
{
	uint64_t key;

	memcpy(&key, rule, sizeof(key));
	return key;
}

static int recall_rules(const struct unwinding *unwinding)
{
	struct mt_session *shared = unwinding->session->shared;

	if (!shared->unwind_rules) {
		unwinding->rules[MT_RULE_BOTTOM].cfa = MT_CFA_BOTTOM;
		unwinding->rules[MT_RULE_END].cfa = MT_CFA_END;
		shared->unwind_rules = MT_RULE_FIRST;
	}
	for (uint32_t i = 0; i < shared->unwind_rules && i < MT_RULES_LISTED; i++)
		if (index_map__put(unwinding->rule_numbers, rule_key(&unwinding->rules[i]), i))
			return -ENOMEM;
	/* a chunk that somebody else has partly filled is left as it is, and the next one begun */
	shared->unwind_rows =
		(shared->unwind_rows + MT_UNWIND_CHUNK_ROWS - 1) / MT_UNWIND_CHUNK_ROWS * MT_UNWIND_CHUNK_ROWS;
	return 0;
}

int unwinding__new(struct session *session, struct unwinding **result, struct error *err)
{
	struct unwinding *unwinding = calloc(1, sizeof(*unwinding));
	const struct session_maps *maps = &session->maps;

	if (!unwinding)
		return error__set(err, -ENOMEM, "out of memory");
	unwinding->session = session;
	unwinding->pages = map_array(maps->unwind_pages, MT_UNWIND_PAGES_MAX * sizeof(struct mt_unwind_page));
	unwinding->rules = map_array(maps->unwind_rules, sizeof(struct mt_unwind_rules));
	unwinding->rule_numbers = index_map__new();
	if (mapping_lists__open(&unwinding->lists, session) || !unwinding->pages || !unwinding->rules ||
	    !unwinding->rule_numbers || recall_rules(unwinding)) {
		unwinding__free(unwinding);
		return error__set(err, -ENOMEM, "cannot map the unwind tables: out of memory");
	}
	*result = unwinding;
	return 0;
}

void unwinding__free(struct unwinding *unwinding)
{
	if (!unwinding)
		return;
	mapping_lists__close(&unwinding->lists);
	if (unwinding->pages)
		munmap(unwinding->pages, MT_UNWIND_PAGES_MAX * sizeof(*unwinding->pages));
	if (unwinding->rules)
		munmap(unwinding->rules, sizeof(struct mt_unwind_rules));
	for (size_t i = 0; i < unwinding->count; i++)
		elf_facts__free(&unwinding->objects[i].facts);
	if (unwinding->chunk)
		munmap(unwinding->chunk, sizeof(*unwinding->chunk));
	while (unwinding->spare_count)
		close(unwinding->spares[--unwinding->spare_count]);
	index_map__free(unwinding->rule_numbers);
	free(unwinding->objects);
	free(unwinding);
}

/* ---- rows, rules and pages of a table into the maps */

static uint32_t next_chunk(const struct unwinding *unwinding)
{
	return unwinding->chunk ? unwinding->number + 1
				: unwinding->session->shared->unwind_rows / MT_UNWIND_CHUNK_ROWS;
}

/*
 * Puts chunks in their places, from number on. That takes the kernel some 20 ms: it waits until no program runs that
 * may have seen what was there before. Newer kernels take several at once, and wait once for all of them.
 */
static int place_chunks(const struct unwinding *unwinding, uint32_t number, const int *maps, uint32_t count)
{
	int outer = unwinding->session->maps.unwind_chunks;
	uint32_t numbers[SPARES_MAX], placed = count;

	for (uint32_t i = 0; i < count; i++)
		numbers[i] = number + i;
	if (count > 1 && !bpf_map_update_batch(outer, numbers, maps, &placed, NULL))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (bpf_map_update_elem(outer, &numbers[i], &maps[i], BPF_ANY))
			return -errno;
	return 0;
}

/* Makes so many chunks ahead, as that takes long; fewer if that is all there can be. Nothing while there are any. */
static int make_spares(struct unwinding *unwinding, uint32_t wanted)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint32_t number = next_chunk(unwinding), count = 0;
	int maps[SPARES_MAX], code = 0;

	if (unwinding->spare_count)
		return 0;
	for (; count < wanted && count < SPARES_MAX && number + count < MT_UNWIND_CHUNKS_MAX; count++) {
		maps[count] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "unwind_rows", sizeof(uint32_t),
					     sizeof(struct mt_unwind_chunk), 1, &opts);
		if (maps[count] < 0)
			break;
	}
	code = count ? place_chunks(unwinding, number, maps, count) : -ENOSPC;
	while (count--) {
		if (code)
			close(maps[count]);
		else
			unwinding->spares[unwinding->spare_count++] = maps[count];
	}
	return code;
}

/* Goes on in the next chunk: the first spare one. */
static int begin_chunk(struct unwinding *unwinding)
{
	struct mt_unwind_chunk *chunk;
	int code = make_spares(unwinding, 1), map;

	if (code)
		return code;
	map = unwinding->spares[unwinding->spare_count - 1];
	chunk = map_array(map, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	close(map);
	unwinding->spare_count--;
	unwinding->number = next_chunk(unwinding);
	if (unwinding->chunk)
		munmap(unwinding->chunk, sizeof(*unwinding->chunk));
	unwinding->chunk = chunk;
	unwinding->session->shared->unwind_rows = unwinding->number * MT_UNWIND_CHUNK_ROWS;
	return 0;
}

/* The number among all rules. Full: as if nothing were known. */
static uint32_t global_rule(const struct unwinding *unwinding, const struct mt_unwind_rule *rule)
{
	struct mt_session *shared = unwinding->session->shared;
	uint32_t number = mt_rule_code(rule);

	if (number)
		return number;
	number = index_map__get(unwinding->rule_numbers, rule_key(rule));
	if (number != INDEX_MAP_NONE)
		return number;
	number = shared->unwind_rules;
	if (number >= MT_RULES_LISTED || index_map__put(unwinding->rule_numbers, rule_key(rule), number))
		return 0;
	unwinding->rules[number] = *rule;
	shared->unwind_rules = number + 1;
	return number;
}

/* The rows of a page, which are to be in one chunk. */
static int store_page(struct unwinding *unwinding, const struct unwind_table *table, const struct unwind_page *page,
		      const uint32_t *numbers, struct mt_unwind_page *to)
{
	struct mt_session *shared = unwinding->session->shared;
	uint32_t place = shared->unwind_rows % MT_UNWIND_CHUNK_ROWS;

	if (!unwinding->chunk || place + page->count > MT_UNWIND_CHUNK_ROWS ||
	    shared->unwind_rows / MT_UNWIND_CHUNK_ROWS != unwinding->number) {
		int code = begin_chunk(unwinding);

		if (code)
			return code;
		place = 0;
	}
	for (uint32_t i = 0; i < page->count; i++) {
		uint32_t row = table->rows[page->first + i];

		unwinding->chunk->row[place + i] = MT_UNWIND_ROW(row, numbers[row >> 16]);
	}
	*to = (struct mt_unwind_page){.row = shared->unwind_rows, .count = page->count};
	shared->unwind_rows += page->count;
	return 0;
}

static int store_pages(struct unwinding *unwinding, const struct unwind_table *table, const uint32_t *numbers,
		       struct unwound *object)
{
	struct mt_session *shared = unwinding->session->shared;
	int code = 0;

	if (table->page_count > MT_UNWIND_PAGES_MAX - shared->unwind_pages)
		return -ENOSPC;
	object->pages = shared->unwind_pages;
	object->first_page = (uint32_t)table->first_page;
	object->page_count = (uint32_t)table->page_count;
	shared->unwind_pages += object->page_count;
	for (size_t i = 0; !code && i < table->page_count; i++)
		if (table->pages[i].count)
			code = store_page(unwinding, table, &table->pages[i], numbers,
					  &unwinding->pages[object->pages + i]);
	return code;
}

/* Programs see nothing of it before a mapping names the object. */
static int store_table(struct unwinding *unwinding, const struct unwind_table *table, struct unwound *object)
{
	struct mt_session *shared = unwinding->session->shared;
	uint32_t *numbers = calloc(table->rule_count + 1, sizeof(*numbers));
	int code;

	if (!numbers)
		return -ENOMEM;
	for (size_t i = 0; i < table->rule_count; i++)
		numbers[i] = global_rule(unwinding, &table->rules[i]);
	code = store_pages(unwinding, table, numbers, object);
	if (!code && shared->unwind_objects < UINT16_MAX)
		object->object = ++shared->unwind_objects;
	free(numbers);
	return code;
}

/* ---- objects */

static int compile_vdso(const struct tracked *tracked, const struct mapping *mapping, struct unwind_table *table)
{
	int fd = process__copy_memory(tracked->process, mapping->start, mapping->limit - mapping->start), code;

	if (fd < 0)
		return fd;
	code = unwind_table__read(fd, mapping->path, table, NULL);
	close(fd);
	return code;
}

static int compile_file(const struct tracked *tracked, const struct mapping *mapping, struct unwound *object,
			struct unwind_table *table)
{
	const char *name = mapping->path ? mapping->path : "?";
	int fd = maps__open_file(tracked->process, mapping), code;

	if (fd < 0)
		return fd;
	code = elf_facts__read(fd, name, &object->facts, NULL);
	if (!code)
		code = unwind_table__read(fd, name, table, NULL);
	close(fd);
	return code;
}

static struct unwound *find_object(const struct unwinding *unwinding, uint64_t device, uint64_t inode)
{
	for (size_t i = 0; i < unwinding->count; i++)
		if (unwinding->objects[i].device == device && unwinding->objects[i].inode == inode)
			return &unwinding->objects[i];
	return NULL;
}

static bool is_vdso(const struct mapping *mapping)
{
	return !mapping->inode && mapping->path && !strcmp(mapping->path, "[vdso]");
}

/* The mapping's object, with its table in the maps if it has one. NULL when there is no room. */
static struct unwound *object_of(struct unwinding *unwinding, const struct tracked *tracked,
				 const struct mapping *mapping, int *code)
{
	struct unwound *known = find_object(unwinding, mapping->device, mapping->inode),
		       fresh = {.device = mapping->device, .inode = mapping->inode};
	struct unwind_table table = {0};

	*code = 0;
	if (known)
		return known;
	if (is_vdso(mapping) ? !compile_vdso(tracked, mapping, &table)
			     : !compile_file(tracked, mapping, &fresh, &table))
		*code = store_table(unwinding, &table, &fresh);
	unwind_table__free(&table);
	if (!*code && !array__push(unwinding->objects, unwinding->count, unwinding->capacity, fresh))
		*code = -ENOMEM;
	if (*code) {
		elf_facts__free(&fresh.facts);
		return NULL;
	}
	return &unwinding->objects[unwinding->count - 1];
}

/* ---- what is where */

static int describe(struct unwinding *unwinding, const struct tracked *tracked, const struct mapping *mapping,
		    struct mt_unwind_mapping *to)
{
	const struct unwound *object;
	uint64_t address = 0;
	int code = 0;

	*to = (struct mt_unwind_mapping){.start = mapping->start, .limit = mapping->limit};
	if (!mapping->inode && !is_vdso(mapping))
		return 0; /* code that was made at run time */
	object = object_of(unwinding, tracked, mapping, &code);
	if (!object || !object->object)
		return code;
	if (!is_vdso(mapping) && !elf_facts__address_of(&object->facts, mapping->offset, &address))
		return 0;
	to->bias = mapping->start - address;
	to->object = object->object;
	to->first_page = object->first_page;
	to->page_count = object->page_count;
	to->pages = object->pages;
	return 0;
}

/* What the tables of code that is new will take, about: chunks that will be full. */
static uint32_t chunks_for(const struct unwinding *unwinding, const struct tracked *tracked)
{
	uint64_t code = 0;

	for (size_t i = 0; i < tracked->maps.count; i++) {
		const struct mapping *mapping = &tracked->maps.mappings[i];

		if (mapping->executable && mapping->inode && !find_object(unwinding, mapping->device, mapping->inode))
			code += mapping->limit - mapping->start;
	}
	return (uint32_t)(code / CODE_BYTES_A_ROW / MT_UNWIND_CHUNK_ROWS);
}

/* All that will be needed, with the one that will be left in part and one to spare: the kernel waits once for them. */
static void make_chunks_ahead(struct unwinding *unwinding, const struct tracked *tracked)
{
	uint32_t full = chunks_for(unwinding, tracked);

	if (!unwinding->chunk || full)
		(void)make_spares(unwinding, full + 2); /* what fails here is told where a chunk is needed */
}

int unwinding__update(struct unwinding *unwinding, const struct tracked *tracked, struct error *err)
{
	struct mt_unwind_mapping *list = calloc(tracked->maps.count + 1, sizeof(*list));
	uint32_t count = 0;
	int code = list ? 0 : -ENOMEM;

	make_chunks_ahead(unwinding, tracked);
	for (size_t i = 0; !code && i < tracked->maps.count; i++)
		if (tracked->maps.mappings[i].executable)
			code = describe(unwinding, tracked, &tracked->maps.mappings[i], &list[count++]);
	if (!code)
		code = mapping_lists__publish(&unwinding->lists, tracked->slot, list, count, monotonic_ns());
	if (!code)
		(void)make_spares(unwinding, 1); /* now that nobody waits for it */
	free(list);
	if (code)
		return error__set(err, code, "cannot make unwind tables for PID %d: %s", tracked->process->pid,
				  error__reason(code));
	return 0;
}

static bool is_listed(const struct session *session, uint64_t packed, const struct mapping *mapping)
{
	struct mt_unwind_mapping listed;

	for (uint32_t i = MT_UNWIND_FIRST(packed), end = i + MT_UNWIND_COUNT(packed); i < end; i++)
		if (!bpf_map_lookup_elem(session->maps.unwind_mappings, &i, &listed) &&
		    listed.start == mapping->start && listed.limit == mapping->limit)
			return true;
	return false;
}

bool unwinding__is_current(const struct session *session, const struct tracked *tracked)
{
	uint64_t packed = session->processes[tracked->slot].mappings;

	if (session->options.unwind == MT_UNWIND_FP)
		return true;
	for (size_t i = 0; i < tracked->maps.count; i++) {
		const struct mapping *mapping = &tracked->maps.mappings[i];

		/* what the kernel maps for the probes themselves calls nothing */
		if (mapping->executable && !(mapping->path && !strcmp(mapping->path, "[uprobes]")) &&
		    !is_listed(session, packed, mapping))
			return false;
	}
	return true;
}
