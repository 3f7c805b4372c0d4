/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs of the heap source, as descriptors: from the object that was loaded, or from a session's pins. */
#ifndef MEMTRAWL_TRACE_PROGRAMS_H
#define MEMTRAWL_TRACE_PROGRAMS_H

#include <stdint.h>

struct bpf_program;
struct heap_bpf;

enum program {
	PROGRAM_SESSION,
	PROGRAM_ENTRY,
	PROGRAM_RETURN,
	PROGRAM_FREE,
	PROGRAM_ACTIVITY,
	PROGRAM_HOLD,
	PROGRAM_LOADER,
	PROGRAM_JUMP,
	PROGRAM_EXEC,
	PROGRAM_EXIT,
	PROGRAM_FORK,
	PROGRAM_SYSCALL_ENTER,
	PROGRAM_SYSCALL_EXIT,
	PROGRAM_FAULT_USER,
	PROGRAM_FAULT_KERNEL,
	PROGRAM_RSS_CHANGED,
	PROGRAM_PAGES_SEED,
	PROGRAM_REMAP_ENTER,
	PROGRAM_REMAP_LEAVE,
	PROGRAM_COUNT,

	PROGRAM_FIRST_AT_CALLS = PROGRAM_SESSION, /* whose runs and traps the budget counts as calls */
	PROGRAM_LAST_AT_CALLS = PROGRAM_ACTIVITY,
	PROGRAM_FIRST_TRACEPOINT = PROGRAM_EXEC,
	PROGRAM_LAST_TRACEPOINT = PROGRAM_RSS_CHANGED,
};

struct programs {
	struct heap_bpf *heap;  /* NULL if from pins */
	int fds[PROGRAM_COUNT]; /* -1 for those that the rung and what is traced do not need */
};

void programs__from_object(struct heap_bpf *heap, struct programs *programs);
const char *programs__name(enum program program);                                            /* "alloc_session" */
struct bpf_program *programs__libbpf(const struct programs *programs, enum program program); /* heap is not NULL */

/*
 * What this build's programs and maps are known by: a hash of the object that they are loaded from. Sessions of another
 * build are laid out otherwise, and cannot be read.
 */
uint64_t programs__build(void);

struct run_time {
	uint64_t ns, count;
};

/* Of the programs from `first` to `last`: what the kernel has measured, while it was asked to (BPF_ENABLE_STATS). */
struct run_time programs__run_time(const struct programs *programs, enum program first, enum program last);

/*
 * How often the kernel left a program at a tracepoint out, as a task that was running it on that CPU had been
 * preempted: of the events of all processes. Kernels before 5.12 do not tell (9ed9e9ba2337): 0.
 */
uint64_t programs__left_out(const struct programs *programs);

#endif
