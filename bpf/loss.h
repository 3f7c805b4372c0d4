/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Everything that could not be recorded: one list for the programs that count it and the outputs that tell it. */
#ifndef MEMTRAWL_LOSS_H
#define MEMTRAWL_LOSS_H

/* X(identifier, name in JSON, words on a terminal) */
#define MT_LOSSES(X)                                                                                                   \
	X(TABLE_FULL, "table_full", "allocations not tracked: the live table was full")                                \
	X(SITES_FULL, "sites_full", "allocations without a stack: the site table was full")                            \
	X(STACK_TRUNCATED, "stack_truncated", "stacks cut at the frame limit")                                         \
	X(STACK_UNREADABLE, "stack_unreadable", "stacks that ended at unreadable memory")                              \
	X(STACK_UNMAPPED, "stack_unmapped", "stacks that ended at an address in no code that is known")                \
	X(STACK_NO_UNWIND, "stack_no_unwind", "stacks that ended in code without unwind information")                  \
	X(STACK_UNSUPPORTED, "stack_unsupported", "stacks that ended at unwind information that is not followed")      \
	X(STACK_STALE, "stack_stale", "stacks taken by unwind tables from before a library came or went")              \
	X(MISSED_RETURN, "missed_return", "allocation calls whose return was not seen")                                \
	X(FREE_UNMATCHED, "free_unmatched", "frees of blocks allocated before tracing began, or sampled away")         \
	X(FREE_MISSED, "free_missed", "blocks whose free was not seen")                                                \
	X(SAMPLED_AWAY, "sampled_away", "allocations that sampling skipped")                                           \
	X(THREADS_FULL, "threads_full", "allocation calls of threads beyond the thread table")                         \
	X(EVENTS_DROPPED, "events_dropped", "process events lost")                                                     \
	X(FORK_UNTRACKED, "fork_untracked", "forked children not followed")                                            \
	X(MAPPINGS_FULL, "mappings_full", "calls of mmap and its kind not tracked: a table of mappings was full")      \
	X(PAGES_FULL, "pages_full", "page faults not recorded: the page table was full")                               \
	X(PAGES_STALE, "pages_stale", "pages unmapped or moved at once beyond what is followed: records may be old")   \
	X(LEFT_OUT, "left_out", "events, of any process, that the kernel left a program out of: it was preempted in it")

enum mt_loss {
#define X(id, name, words) MT_LOSS_##id,
	MT_LOSSES(X)
#undef X
		MT_LOSS_MAX
};

#endif
