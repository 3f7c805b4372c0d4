/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/features.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "heap.skel.h"
#include "iter.skel.h"
#include "trace/objects.h"

static bool has_iterator(void)
{
	struct iter_bpf *iter = iter_bpf__open();
	bool has = iter && !iter_bpf__load(iter);

	iter_bpf__destroy(iter);
	return has;
}

static void probe_rung(struct features *features, enum rung rung)
{
	const struct objects_sizes sizes = {.live = 1024, .sites = 64};
	struct heap_bpf *heap = NULL;
	struct error err = {0};

	if (objects__load(rung, true, &sizes, &heap, &err)) {
		snprintf(features->why_not[rung], sizeof(features->why_not[rung]), "%s", err.text);
		return;
	}
	features->rungs[rung] = true;
	if (features->best == RUNG_COUNT && !calibrate__traps(heap, rung, &features->costs, &err))
		features->best = rung;
	heap_bpf__destroy(heap);
}

void features__probe(struct features *features)
{
	memset(features, 0, sizeof(*features));
	features->best = RUNG_COUNT;
	for (int rung = 0; rung < RUNG_COUNT; rung++)
		probe_rung(features, (enum rung)rung);
	features->iterator = has_iterator();
}
