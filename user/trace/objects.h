/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPF object of the heap source: opened, sized, loaded for a rung. The only user of its skeleton. */
#ifndef MEMTRAWL_TRACE_OBJECTS_H
#define MEMTRAWL_TRACE_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "trace/rung.h"

struct heap_bpf;

struct objects_sizes {
	bool without_heap;    /* no program for allocators */
	uint32_t live;        /* entries of the live table */
	uint32_t sites;       /* sites, and stacks */
	bool mappings;        /* mmap and its kind are recorded too */
	bool hold;            /* a process can be stopped at its end */
	uint32_t page_blocks; /* blocks of pages whose faults are recorded; 0: none are */
};

/*
 * Loads the programs that the rung needs, with maps of the given sizes, and makes a trial link on a function of our
 * own where `trial` is set. Returns 0, or -errno with the reason; -EOPNOTSUPP if the kernel cannot do this rung.
 */
int objects__load(enum rung rung, bool trial, const struct objects_sizes *sizes, struct heap_bpf **heap,
		  struct error *err);

/* Kernel memory that maps of those sizes take at once, in bytes: what pre-flight compares with the memory there is. */
uint64_t objects__memory(enum rung rung, const struct objects_sizes *sizes);

#endif
