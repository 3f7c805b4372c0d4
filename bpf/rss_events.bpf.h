/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* How user space is told of what happens to processes: a ring of rows. */
#ifndef MEMTRAWL_RSS_EVENTS_BPF_H
#define MEMTRAWL_RSS_EVENTS_BPF_H

#include "rss_rows.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MT_RSS_RING);
} rss_events SEC(".maps");

static __always_inline struct mt_rss_row *event__new(u64 mm)
{
	struct mt_rss_row *row = bpf_ringbuf_reserve(&rss_events, sizeof(*row), 0);
	struct mt_rss_loss *loss;

	if (row) {
		__builtin_memset(row, 0, sizeof(*row));
		row->mm = mm;
		return row;
	}
	loss = bpf_map_lookup_elem(&rss_loss, &zero);
	if (loss)
		loss->events_lost++;
	return NULL;
}

/*
 * To wake a reader takes an interrupt, ten times what the rest does: an end that nobody waits for is read at the next
 * look, or when the ring is half full.
 */
static __always_inline void event__submit(struct mt_rss_row *row, bool urgent)
{
	u64 flags = BPF_RB_NO_WAKEUP;

	if (urgent || only_tgid || bpf_ringbuf_query(&rss_events, BPF_RB_AVAIL_DATA) > MT_RSS_RING / 2)
		flags = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(row, flags);
}

#endif
