/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Tables straight from the kernel: `cat /sys/fs/bpf/memtrawl/<pid>/top` prints the sites that hold memory, `blocks` the
 * live blocks. Addresses are the process's own, those of a stack innermost first.
 */
#include "kernel.bpf.h"

#include "buckets.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The session's: user space puts its maps in the place of these before the program is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, struct mt_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4 * MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, struct mt_process);
} ended SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SITES_DEFAULT);
	__type(key, u64);
	__type(value, struct mt_stack);
} stacks SEC(".maps");

static long print(struct seq_file *seq, const char *format, u32 size, const void *data, u32 data_size)
{
	return bpf_seq_printf(seq, format, size, data, data_size);
}

static __always_inline void print_heading(struct seq_file *seq)
{
	static const char heading[] = "  live_bytes live_blocks  peak_bytes      allocs       frees  process  stack\n";

	print(seq, heading, sizeof(heading), NULL, 0);
}

/* What the site held at the peak: what it has now, if it has not changed since (see account.bpf.h). */
static __always_inline u64 peak_bytes(const struct mt_site_key *key, const struct mt_site *site)
{
	u32 id = key->process, slot = MT_PROCESS_SLOT(id);
	const struct mt_process *process = bpf_map_lookup_elem(&ended, &id);

	if (!process)
		process = bpf_map_lookup_elem(&processes, &slot);
	if (process && site->peak_epoch != process->peak_epoch)
		return site->alloc_bytes - site->free_bytes;
	return site->peak_bytes;
}

SEC("iter/bpf_map_elem")
int top(struct bpf_iter__bpf_map_elem *ctx)
{
	static const char row[] = "%12llu %11llu %11llu %11llu %11llu %8llu  %llx %llx %llx %llx %llx %llx\n";
	const struct mt_site_key *key = ctx->key;
	const struct mt_site *site = ctx->value;
	const struct mt_stack *stack;
	u64 id, data[12] = {};

	if (ctx->meta->seq_num == 0)
		print_heading(ctx->meta->seq);
	if (!key || !site || site->alloc_objects == site->free_objects)
		return 0;
	data[0] = site->alloc_bytes - site->free_bytes;
	data[1] = site->alloc_objects - site->free_objects;
	data[2] = peak_bytes(key, site);
	data[3] = site->alloc_objects;
	data[4] = site->free_objects;
	data[5] = MT_PROCESS_SLOT(key->process);
	id = key->stack;
	stack = bpf_map_lookup_elem(&stacks, &id);
	for (u32 i = 0; stack && i < 6; i++)
		data[6 + i] = i < stack->frames ? stack->pc[i] : 0;
	print(ctx->meta->seq, row, sizeof(row), data, sizeof(data));
	return 0;
}

static __always_inline void print_block(struct seq_file *seq, u64 address, const struct mt_live *block)
{
	static const char row[] = "%16llx %12llu %11llu %11llu %8llu  %016llx\n";
	u64 data[6] = {address, block->size, block->objects};

	data[3] = (bpf_ktime_get_ns() - ((u64)block->born << MT_BORN_SHIFT)) / 1000000000;
	data[4] = MT_PROCESS_SLOT(block->process);
	data[5] = block->stack;
	print(seq, row, sizeof(row), data, sizeof(data));
}

static __always_inline void print_blocks_heading(const struct bpf_iter__bpf_map_elem *ctx)
{
	static const char heading[] = "         address         size     objects age_seconds  process  stack\n";

	if (ctx->meta->seq_num == 0)
		print(ctx->meta->seq, heading, sizeof(heading), NULL, 0);
}

/* Of map `buckets`. */
SEC("iter/bpf_map_elem")
int blocks(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct mt_bucket *bucket = ctx->value;

	print_blocks_heading(ctx);
	for (u32 i = 0; bucket && i < MT_BUCKET_BLOCKS; i++)
		if (bucket->address[i] != MT_ADDRESS_NONE && bucket->address[i] != MT_ADDRESS_CLAIMED)
			print_block(ctx->meta->seq, bucket->address[i], &bucket->block[i]);
	return 0;
}

/* Of map `live`. */
SEC("iter/bpf_map_elem")
int blocks_hashed(struct bpf_iter__bpf_map_elem *ctx)
{
	const struct mt_live_key *key = ctx->key;
	const struct mt_live *block = ctx->value;

	print_blocks_heading(ctx);
	if (key && block)
		print_block(ctx->meta->seq, key->address, block);
	return 0;
}
