/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What is noted of each program from its start, or its exec, on: its peaks. */
#ifndef MEMTRAWL_RSS_IMAGES_BPF_H
#define MEMTRAWL_RSS_IMAGES_BPF_H

#include "rss_counters.bpf.h"

/* Set before loading: events of this process only, or of all (0). */
const volatile __u32 only_tgid;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_RSS_PROCESSES_MAX);
	__type(key, u64);
	__type(value, struct mt_rss_image);
} images SEC(".maps");

/* Key of `images` by process: as it ends, it may have no mm any more. Its first thread is there until it has ended. */
struct owner {
	u64 mm;
	u64 task;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_RSS_PROCESSES_MAX);
	__type(key, u32);
	__type(value, struct owner);
} owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mt_rss_loss);
} rss_loss SEC(".maps");

static __always_inline void images__put(u64 mm, u32 tgid, const struct task_struct *task)
{
	struct owner owner = {.mm = mm, .task = (u64)task};
	struct mt_rss_image image = {.tgid = tgid};
	struct mt_rss_loss *loss;

	if (!bpf_map_update_elem(&images, &mm, &image, BPF_ANY) &&
	    !bpf_map_update_elem(&owners, &tgid, &owner, BPF_ANY))
		return;
	bpf_map_delete_elem(&images, &mm);
	loss = bpf_map_lookup_elem(&rss_loss, &zero);
	if (loss)
		loss->images_full++;
}

enum { NOW = 0 }; /* instead of a time: it is asked for only if it is needed */

static __always_inline void high__note(struct mt_rss_high *high, const struct mm_struct *mm, const struct counts *now,
				       u64 ns)
{
	high->ns = ns;
	high->resident = counts__resident(now);
	high->swap = now->pages[MT_RSS_SWAP];
	high->vm_pages = BPF_CORE_READ(mm, total_vm);
	high->data_pages = BPF_CORE_READ(mm, data_vm);
}

static __always_inline void image__note(struct mt_rss_image *image, const struct mm_struct *mm,
					const struct counts *now, u64 ns)
{
	u64 resident = counts__resident(now);
	bool is_high = only_tgid && resident > image->high.resident; /* for a recording, which is of one process */

	if (!is_high && resident <= image->peak_pages)
		return;
	if (ns == NOW)
		ns = bpf_ktime_get_ns();
	if (is_high)
		high__note(&image->high, mm, now, ns);
	if (resident <= image->peak_pages)
		return;
	image->peak_pages = resident;
	image->peak_ns = ns;
	__builtin_memcpy(image->peak, now->pages, sizeof(image->peak));
}

/* What is noted at this very moment goes with it; a peak of all times stays where it is. */
static __always_inline void image__forget_high(struct mt_rss_image *image)
{
	if (image)
		__builtin_memset(&image->high, 0, sizeof(image->high));
}

#endif
