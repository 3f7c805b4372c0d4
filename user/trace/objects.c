/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/objects.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buckets.h"
#include "heap.skel.h"
#include "lib/array.h"
#include "target/maps.h"
#include "trace/kernel_abi.h"
#include "trace/loading.h"
#include "unwind.h"

/* Hash maps may allocate as they go, safely in any context, since bpf_mem_alloc of 6.1 (7c8199e24fa0). */
static bool kernel_has_bpf_mem_alloc(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has = btf && btf__find_by_name_kind(btf, "bpf_mem_alloc", BTF_KIND_STRUCT) > 0;

	btf__free(btf);
	return has;
}

/* bpf_get_attach_cookie came to uprobes with 5.15 (7adfc6c9b315); the enum of helpers in BTF says if it is there. */
static bool kernel_has_cookies(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	const struct btf_enum *value;
	bool has = false;
	int id;

	id = btf ? btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM) : -1;
	type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	if (type) {
		value = btf_enum(type);
		for (int i = 0; i < btf_vlen(type) && !has; i++)
			has = !strcmp(btf__name_by_offset(btf, value[i].name_off), "BPF_FUNC_get_attach_cookie");
	}
	btf__free(btf);
	return has;
}

/* One of the two live tables is made, and of the two for threads the one that is found by number only beside it. */
static void size_maps(struct heap_bpf *heap, enum rung rung, const struct objects_sizes *sizes)
{
	enum { THREADS_PREALLOCATED = 4096 };
	bool hashed = rung__tables_are_hashed(rung);
	uint32_t count = mt_bucket_count(sizes->live);

	bpf_map__set_autocreate(heap->maps.live, hashed);
	bpf_map__set_autocreate(heap->maps.buckets, !hashed);
	bpf_map__set_max_entries(heap->maps.live, sizes->live);
	bpf_map__set_max_entries(heap->maps.buckets, count);
	heap->rodata->bucket_count = count;
	if (hashed)
		bpf_map__set_max_entries(heap->maps.thread_slots, 1);
	bpf_map__set_max_entries(heap->maps.sites, sizes->sites);
	bpf_map__set_max_entries(heap->maps.stacks, sizes->sites);
	bpf_map__set_max_entries(heap->maps.mapping_sites, sizes->sites);
	bpf_map__set_max_entries(heap->maps.page_sites, sizes->sites);
	if (!kernel_has_bpf_mem_alloc()) {
		bpf_map__set_map_flags(heap->maps.threads, 0);
		bpf_map__set_max_entries(heap->maps.threads, THREADS_PREALLOCATED);
	}
}

/* What --mappings takes beside the rest. */
static void choose_mappings(struct heap_bpf *heap, bool wanted)
{
	bpf_program__set_autoload(heap->progs.syscall_enter, wanted);
	bpf_program__set_autoload(heap->progs.syscall_exit, wanted);
	bpf_map__set_autocreate(heap->maps.regions, wanted);
	bpf_map__set_autocreate(heap->maps.mapping_sites, wanted);
	bpf_map__set_autocreate(heap->maps.mapping_calls, wanted);
	bpf_map__set_autocreate(heap->maps.mapping_locks, wanted);
	bpf_map__set_autocreate(heap->maps.mapping_registers, wanted);
}

/* And what pages take. */
static void choose_pages(struct heap_bpf *heap, enum rung rung, uint32_t blocks)
{
	bool hashed = rung__tables_are_hashed(rung);

	bpf_program__set_autoload(heap->progs.fault_user, blocks && !hashed);
	bpf_program__set_autoload(heap->progs.fault_kernel, blocks && !hashed);
	bpf_program__set_autoload(heap->progs.fault_user_hashed, blocks && hashed);
	bpf_program__set_autoload(heap->progs.fault_kernel_hashed, blocks && hashed);
	bpf_program__set_autoload(heap->progs.rss_changed, blocks);
	bpf_program__set_autoload(heap->progs.pages_seed, blocks);
	bpf_program__set_autoload(heap->progs.remap_enter, blocks);
	bpf_program__set_autoload(heap->progs.remap_leave, blocks);
	bpf_map__set_autocreate(heap->maps.pages, blocks);
	bpf_map__set_autocreate(heap->maps.page_sites, blocks);
	bpf_map__set_autocreate(heap->maps.page_seed, blocks);
	bpf_map__set_autocreate(heap->maps.page_calls, blocks);
	if (blocks)
		bpf_map__set_max_entries(heap->maps.pages, blocks);
}

uint64_t objects__memory(enum rung rung, const struct objects_sizes *sizes)
{
	/* Of hash maps per entry: key, value, 48 bytes of struct htab_elem, a bucket of 16 for each power of two. */
	enum { ELEMENT = 48, BUCKET = 16 };
	uint64_t live = sizeof(struct mt_live_key) + sizeof(struct mt_live) + ELEMENT + 2 * BUCKET;
	uint64_t site = sizeof(struct mt_site_key) + sizeof(struct mt_site) + ELEMENT + 2 * BUCKET;
	uint64_t stack = sizeof(uint64_t) + sizeof(struct mt_stack) + ELEMENT + 2 * BUCKET;
	uint64_t region = sizeof(struct mt_region_key) + sizeof(struct mt_region) + ELEMENT + 2 * BUCKET;
	uint64_t page = sizeof(struct mt_page_key) + sizeof(struct mt_page_block) + ELEMENT + 2 * BUCKET;
	uint64_t unwind = MT_UNWIND_MAPPINGS_MAX * sizeof(struct mt_unwind_mapping) +
			  MT_UNWIND_PAGES_MAX * sizeof(struct mt_unwind_page) + sizeof(struct mt_unwind_rules) +
			  sizeof(struct mt_unwind_cache) + 2 * sizeof(struct mt_unwind_chunk);
	uint64_t bytes = sizes->sites * (site + stack) + unwind;

	if (sizes->mappings)
		bytes += MT_REGIONS_MAX * region + sizes->sites * site;
	if (sizes->page_blocks)
		bytes += sizes->page_blocks * page + sizes->sites * site;
	if (rung__tables_are_hashed(rung))
		return bytes + sizes->live * live;
	return bytes + mt_bucket_count(sizes->live) * sizeof(struct mt_bucket) +
	       MT_THREAD_SLOTS * sizeof(struct mt_thread);
}

/* Programs at allocator functions: the rung needs some of these. */
static void choose_programs(struct heap_bpf *heap, enum rung rung)
{
	struct bpf_program *of_rung[RUNG_COUNT][3] = {
		{heap->progs.alloc_session, heap->progs.nothing_session},
		{heap->progs.alloc_entry, heap->progs.alloc_return},
		{heap->progs.alloc_entry_hashed, heap->progs.alloc_return_hashed, heap->progs.block_free_hashed},
	};
	struct bpf_program *single[] = {heap->progs.alloc_entry,  heap->progs.alloc_return, heap->progs.block_free,
					heap->progs.loader_event, heap->progs.thread_jump,  heap->progs.nothing,
					heap->progs.remap_enter,  heap->progs.remap_leave,  heap->progs.memory_call,
					heap->progs.exit_call};

	for (int r = 0; r < RUNG_COUNT; r++)
		for (size_t i = 0; i < 3; i++)
			if (of_rung[r][i])
				bpf_program__set_autoload(of_rung[r][i], r == (int)rung);
	bpf_program__set_autoload(heap->progs.block_free, !rung__tables_are_hashed(rung));
	for (size_t i = 0; i < 2; i++)
		bpf_program__set_expected_attach_type(of_rung[RUNG_SESSION][i],
						      (enum bpf_attach_type)KERNEL_ATTACH_UPROBE_SESSION);
	for (size_t i = 0; rung != RUNG_PERF && i < ARRAY_SIZE(single); i++)
		bpf_program__set_expected_attach_type(single[i], (enum bpf_attach_type)KERNEL_ATTACH_UPROBE_MULTI);
}

/* What the kernel need not verify for pages alone. */
static void leave_out_heap(struct heap_bpf *heap)
{
	struct bpf_program *programs[] = {
		heap->progs.alloc_session,      heap->progs.alloc_entry,         heap->progs.alloc_return,
		heap->progs.alloc_entry_hashed, heap->progs.alloc_return_hashed, heap->progs.block_free,
		heap->progs.block_free_hashed,  heap->progs.thread_jump,
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		bpf_program__set_autoload(programs[i], false);
}

/* A function of ours to link to; never called. */
__attribute__((noinline, used)) static void trial_target(void)
{
	asm volatile("");
}

static int find_trial_target(uint64_t *offset, struct error *err)
{
	const struct mapping *mapping;
	struct process *self = NULL;
	struct maps maps = {0};
	int code;

	code = process__open(getpid(), &self, err);
	if (!code)
		code = maps__read(self, &maps, err);
	if (!code) {
		mapping = maps__find(&maps, (uintptr_t)trial_target);
		if (mapping)
			*offset = (uintptr_t)trial_target - mapping->start + mapping->offset;
		else
			code = error__set(err, -EFAULT, "cannot find memtrawl's own code in its mappings");
	}
	maps__free(&maps);
	process__free(self);
	return code;
}

static int try_link(const struct heap_bpf *heap, enum rung rung, struct error *err)
{
	uint64_t offset = 0, cookie = 0;
	struct uprobe_multi link = {.path = "/proc/self/exe", .offsets = &offset, .cookies = &cookie, .count = 1};
	int code;

	if (rung == RUNG_PERF)
		return 0;
	code = find_trial_target(&offset, err);
	if (code)
		return code;
	link.pid = getpid();
	link.attach_type = rung == RUNG_SESSION ? KERNEL_ATTACH_UPROBE_SESSION : KERNEL_ATTACH_UPROBE_MULTI;
	link.program_fd = bpf_program__fd(rung == RUNG_SESSION ? heap->progs.nothing_session : heap->progs.nothing);
	code = kernel__link_uprobe_multi(&link);
	if (code < 0)
		return error__set(err, -EOPNOTSUPP, "this kernel cannot attach uprobes by '%s': %s", rung__name(rung),
				  error__reason(code));
	close(code);
	return 0;
}

int objects__load(enum rung rung, bool trial, const struct objects_sizes *sizes, struct heap_bpf **heap,
		  struct error *err)
{
	struct heap_bpf *loaded;
	int code;

#ifdef __aarch64__
	if (sizes->mappings) /* written, but never run; and pages may be larger there than the programs think */
		return error__set(err, -ENOSYS, "--mappings is not supported yet on this machine (arm64)");
	if (sizes->page_blocks) /* its kernel has no tracepoint at page faults */
		return error__set(err, -ENOSYS, "--source pages is not supported on this machine (arm64)");
#endif
	loading__listen();
	loaded = heap_bpf__open();
	if (!loaded)
		return loading__explain(-errno, rung__name(rung), err);
	size_maps(loaded, rung, sizes);
	choose_programs(loaded, rung);
	if (sizes->without_heap)
		leave_out_heap(loaded);
	choose_mappings(loaded, sizes->mappings);
	bpf_program__set_autoload(loaded->progs.exit_call, sizes->hold);
	choose_pages(loaded, rung, sizes->page_blocks);
	loaded->rodata->cookies_by_address = rung == RUNG_PERF && !kernel_has_cookies();
	code = heap_bpf__load(loaded);
	if (code)
		code = loading__explain(code, rung__name(rung), err);
	else if (trial)
		code = try_link(loaded, rung, err);
	if (code) {
		heap_bpf__destroy(loaded);
		return code;
	}
	*heap = loaded;
	return 0;
}
