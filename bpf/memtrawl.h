/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The ABI between the BPF programs and user space: keys, values, enums, limits. Both sides include this one file.
 * All structs have fixed-width members and no padding of the compiler's, which the assertions at the end hold.
 *
 * Units: bytes are bytes, *_ns are nanoseconds of CLOCK_MONOTONIC. Estimates are already scaled: where sampling is
 * on, a sampled block of n bytes that had the chance p of being sampled counts as n/p bytes and 1/p objects.
 */
#ifndef MEMTRAWL_ABI_H
#define MEMTRAWL_ABI_H

#include <linux/types.h>

#include "activity.h"
#include "loss.h"

enum {
	MT_FRAMES_MAX = 127,       /* deepest stack that is kept */
	MT_SLOTS_MAX = 1024,       /* processes followed at once; a slot number has 16 bits in the cookie */
	MT_SITES_DEFAULT = 16384,  /* sites and stacks */
	MT_LIVE_DEFAULT = 1 << 20, /* live blocks */
	MT_THREADS_MAX = 65536,    /* threads of followed processes */
	MT_THREAD_SLOTS = 1024,    /* of them, found by number: a power of two */
	MT_REGIONS_MAX = 65536,    /* mapped regions, where they are recorded */
	MT_PAGES = 512,            /* pages in a block of map `pages`: 2 MiB */
	MT_PAGES_SHIFT = 21,
	MT_PAGE_SHIFT = 12,
	MT_BUCKET_BLOCKS = 7,   /* live blocks in a bucket: with what is above them their addresses are 64 bytes */
	MT_BUCKET_CHOICES = 12, /* buckets that a block may be in: its own, and others if that is full */
	MT_WINDOW = 256,        /* words of stack memory that are read at once */
	MT_WALK_HINTS = 8,      /* a power of two */
	MT_SIZE_BUCKETS = 48,   /* bucket b holds sizes of [2^b, 2^(b+1)), bucket 0 also size 0, the last all above */
	MT_BORN_SHIFT = 24,     /* mt_live.born counts 2^24 ns (16.8 ms): 32 bits last for two years */
	MT_VARIANCE_SHIFT = 16, /* mt_site.live_variance counts 2^16 square bytes */
};

/* How a stack ended, if not where the program begins. */
enum mt_end {
	MT_END_COMPLETE,
	MT_END_TRUNCATED,   /* the frame limit */
	MT_END_UNREADABLE,  /* the next frame's memory could not be read */
	MT_END_NO_FRAMES,   /* what the frame pointer register holds is no frame */
	MT_END_NO_MAPPING,  /* the address is in no executable mapping that is known */
	MT_END_NO_UNWIND,   /* nothing is known of the code at the address */
	MT_END_UNSUPPORTED, /* its rule is one that we do not follow */
	MT_END_BAD_FRAME,   /* a rule led to an address below the frame it was applied to */
	MT_END_MAX,
};

/* A stack, innermost return address first. pc[] beyond `frames` is not written. */
struct mt_stack {
	__u32 frames;
	__u16 end; /* enum mt_end */
	__u16 era; /* mt_process.era */
	__u64 pc[MT_FRAMES_MAX];
};

/* A process image: a slot and how many times the process in it has called exec since it came under tracing. */
#define MT_PROCESS(slot, generation)   ((__u32)(slot) | (__u32)(generation) << 16)
#define MT_PROCESS_SLOT(process)       ((process)&0xffff)
#define MT_PROCESS_GENERATION(process) ((process) >> 16)

/* Map `sites`. A stack of 0 gathers what could not be given a stack. */
struct mt_site_key {
	__u64 stack; /* key of map `stacks` */
	__u32 process;
	__u32 reserved;
};

/* Live bytes are alloc_bytes - free_bytes, and so for objects. */
struct mt_site {
	__u64 alloc_bytes;
	__u64 alloc_objects;
	__u64 free_bytes;
	__u64 free_objects;
	__u64 peak_bytes; /* live bytes at the peak, valid if peak_epoch is the process's; else live bytes are */
	__u64 peak_epoch;
	__u64 live_variance;     /* of the estimate of live bytes, in units of 2^MT_VARIANCE_SHIFT; 0 if exact */
	__u64 temporary_objects; /* freed before the same thread's next allocation (counted on demand) */
};

/* A tracked live block. */
struct mt_live {
	__u64 stack;
	__u64 size;    /* bytes asked for, unscaled */
	__u32 chance;  /* chance of having been sampled, in 1/2^32; 0 means certain */
	__u32 objects; /* blocks that this one stands for */
	__u32 born;    /* CLOCK_MONOTONIC >> MT_BORN_SHIFT */
	__u32 process;
};

/* Map `buckets`, where the live blocks are (bpf/buckets.h). */
struct mt_bucket {
	__u64 spilled;                   /* blocks whose own bucket this is and which are in another one */
	__u64 address[MT_BUCKET_BLOCKS]; /* of the block; 0: none, ~0: one is being put or taken */
	struct mt_live block[MT_BUCKET_BLOCKS];
};

/* Map `live`, instead of `buckets` where perf events are the rung: kernels from before 5.12 are there, and they do not
 * compare and exchange. */
struct mt_live_key {
	__u64 address;
	__u32 process;
	__u32 reserved;
};

/*
 * Map `regions`: what mmap and its kind did with a range of addresses, by its start. Ranges may overlap: of two the
 * newer is right. Bytes are whole pages.
 */
struct mt_region_key {
	__u64 start;
	__u32 process;
	__u32 reserved;
};

struct mt_region {
	__u64 length;
	__u64 stack;    /* of what mapped it: key of map `stacks`, or 0 */
	__u64 since_ns; /* CLOCK_MONOTONIC */
	__u32 flags;    /* MT_REGION_* bits */
	__u32 reserved;
};

enum {
	MT_REGION_GONE = 1, /* it was unmapped, which no other record says of all of it */
	MT_REGION_OVER = 2, /* older records may be about the same addresses */
};

/* Map `mapping_sites`, by mt_site_key: what was mapped so far. What lives of it is in `regions`, the rest was freed. */
struct mt_mapping_site {
	__u64 alloc_bytes;
	__u64 alloc_count;
};

/* Map `mapping_calls`, by thread: one of these calls, from its entry to its end. */
struct mt_mapping_call {
	__u64 entered_ns;
	__u64 brk; /* the program's break then */
};

/* Map `pages`: who touched which page, by blocks of 2 MiB. The words are described in bpf/page_words.h. */
struct mt_page_key {
	__u64 block; /* address >> MT_PAGES_SHIFT */
	__u32 process;
	__u32 reserved;
};

struct mt_page_block {
	__u64 word[MT_PAGES];
};

/* Map `page_sites`, by mt_site_key, in which the stack is as in those words. */
struct mt_page_site {
	__u64 touched; /* pages that write faults of it made, since tracing began */
};

/* Map `page_seed`, one element: pages that were there before tracing began, for program pages_seed. */
struct mt_page_seed {
	struct mt_page_key key;
	__u64 present[MT_PAGES / 64]; /* a bit for each */
};

/* Map `page_calls`, by thread: the range that it unmapped last, or what its call of mremap was given. */
struct mt_page_call {
	__u64 start, length;
	__u64 records;                          /* mt_process.page_records when that was done */
	__u64 move_from, move_length, reserved; /* move_length is 0 when it is in no such call */
};

enum mt_process_state {
	MT_PROCESS_FREE,
	MT_PROCESS_ARMED, /* not traced until it calls exec: `run`'s child before it becomes the command */
	MT_PROCESS_LIVE,
	MT_PROCESS_EXITED,
};

/* Map `processes`, indexed by slot; map `ended` keeps copies of images that called exec, by process. */
struct mt_process {
	__u64 live_bytes;
	__u64 peak_bytes;
	__u64 peak_epoch;
	__u64 peak_ns;
	__u64 start_ns;               /* of the process, CLOCK_BOOTTIME: with tgid, its identity */
	__u64 since_ns;               /* when this image came under tracing */
	__u64 until_ns;               /* when it ended, 0 while it lives */
	__u64 libc_start, libc_limit; /* code of glibc, which frees blocks on its own account when a thread ends */
	__u64 mappings;               /* MT_UNWIND_MAPPINGS: its code in map `unwind_mappings` */
	__u64 trampoline;   /* address that return probes put in place of return addresses; 0: not known yet */
	__u32 tgid;         /* in the initial pid namespace */
	__u32 generation;   /* exec calls since it came under tracing */
	__u32 state;        /* enum mt_process_state */
	__u32 parent;       /* slot of the process that forked it + 1, or 0 */
	__s32 exit_code;    /* as wait status, once it has exited */
	__u32 era;          /* addresses mean other code than in another era: a file came where one had been unloaded */
	__u32 unmapped;     /* a stack led to code in no known mapping: user space was told, and has not looked yet */
	__u32 loads;        /* events of the dynamic loader */
	__u32 loads_seen;   /* up to which user space has looked: behind, addresses may mean other code than it knows */
	__u64 page_records; /* page faults that were recorded */
	__u64 brk;          /* the program's break, as far as it was seen; 0: not known */
	__u64 watches;      /* a bit for each enum mt_activity that user space has put probes on */
	struct mt_activity_count activity[MT_ACTIVITY_MAX];
};

/*
 * Map `counters`, per CPU, indexed by slot. Not reset at exec, as traps are paid by whoever is in the slot. The calls
 * are what overhead is reckoned from: a thread that is preempted in the middle of counting one may lose it. Losses are
 * added atomically.
 */
struct mt_counters {
	__u64 alloc_calls;                   /* traps at allocation entries */
	__u64 returns;                       /* return traps */
	__u64 free_calls;                    /* traps at frees */
	__u64 stepped_allocs, stepped_frees; /* of those entries, the ones at single-stepped instructions */
	__u64 faults, faults_passed;         /* page faults; those that came while mt_session.paused was set */
	__u64 alloc_failed;                  /* allocations that returned no block */
	__u64 jiffies;                       /* when now_ns was read */
	__u64 last_freed;                    /* address of the last tracked block that was freed */
	__u64 now_ns;                        /* CLOCK_MONOTONIC to a jiffy: reading the clock costs ten times as much */
	__u64 look_ns;                       /* last look at the budget (bpf/budget.bpf.h), and the calls up to then */
	__u64 look_calls, look_returns, look_frees;
	__u64 loss[MT_LOSS_MAX];
	__u64 size_objects[MT_SIZE_BUCKETS]; /* of allocations, if mt_session.count_details */
};

/* Where a stack walk is: the registers of the frame that comes next. */
struct mt_walk {
	__u64 pc, sp, fp;
	__u64 link;       /* arm64: what the link register holds, if the frame's return address may be there; else 0 */
	__u64 mappings;   /* mt_process.mappings as it was at the start */
	__u64 trampoline; /* mt_process.trampoline */
	__u64 hash;
	__u32 interrupted; /* pc is where a signal came in, not a return address */
	__u32 mode;        /* enum mt_unwind_mode */
	__u32 limit;
	__u32 reserved;
	__u32 hints[MT_WALK_HINTS]; /* entries of `unwind_mappings` where addresses were found, by a hash of them */
};

/*
 * The allocation call that a thread is in. Only the outermost call counts, so there is one; the stack is gathered here
 * because a buffer per CPU could be overwritten by a thread that preempts this one. It is in map `thread_slots` at the
 * thread's id modulo MT_THREAD_SLOTS; where another thread is there already, in map `threads` by thread id.
 */
struct mt_thread {
	__u32 tid;          /* in `thread_slots`: whose it is, 0 for nobody's */
	__u32 spilled;      /* in `thread_slots`: threads that are in `threads` because this slot was taken */
	__u64 sp;           /* stack pointer at the call's first instruction */
	__u64 size;         /* bytes asked for */
	__u64 stack_key;    /* its stack, or 0 */
	__u64 out;          /* MT_CLASS_OUT: where the block's address will be */
	__u64 old_address;  /* MT_CLASS_REALLOC: the block that went in, if it was tracked */
	__u64 last_address; /* the block that its last allocation returned */
	struct mt_live old; /* and its record, taken out of the live table */
	__u32 process;
	__u32 chance;
	__u32 objects;
	__u32 mode; /* MT_THREAD_* bits */
	__u32 class;
	__u32 stack_process; /* that stack_key was interned for */
	struct mt_walk walk;
	struct mt_stack stack;
	__u64 window_start;          /* address that window[0] is from */
	__u64 window_edge;           /* a page could not be read from there on */
	__u64 window_reach;          /* two words can be had from so many bytes on above it, at most */
	__u64 window[MT_WINDOW + 1]; /* stack memory on its way to becoming frames; a word more than is ever read */
};

enum {
	MT_THREAD_BUSY = 1,      /* in an allocation call */
	MT_THREAD_RECORD = 2,    /* its result is to be recorded, not sampled away */
	MT_THREAD_HAS_OLD = 4,   /* old_address and old are set */
	MT_THREAD_UNMATCHED = 8, /* a block went in that was not tracked */
};

/* What a probe is for. */
enum mt_class {
	MT_CLASS_ALLOC,   /* returns the block */
	MT_CLASS_REALLOC, /* takes a block, returns it grown, shrunk or moved */
	MT_CLASS_OUT,     /* stores the block through a pointer argument: posix_memalign */
	MT_CLASS_FREE,
	MT_CLASS_LOADER, /* the dynamic loader has changed the mappings */
	MT_CLASS_JUMP,   /* longjmp: leaves calls without returning from them */
	MT_CLASS_REMAP,  /* mremap: the block is where it was, the size and the count what it was long and is to be */
	/* These are probed past their system call, whose arguments and result are where the kernel has them; the block
	 * is the first argument, if it is still there. */
	MT_CLASS_MMAP,
	MT_CLASS_MUNMAP,
	MT_CLASS_MPROTECT,
	MT_CLASS_MADVISE,
	MT_CLASS_BRK,
	MT_CLASS_EXIT, /* _Exit: the process is about to end */
	MT_CLASS_MAX,
};

/*
 * A probe's attach cookie: who it belongs to and where its arguments are at the probed instruction.
 * Register numbers are DWARF's order for x86-64 (rax 0, rdx 1, rcx 2, rbx 3, rsi 4, rdi 5, rbp 6, rsp 7, r8 8 ...).
 * On arm64 x0 is 0, and so on.
 *   bits  0-15  slot; MT_SLOT_ANY: find the process by its pid
 *        16-19  class
 *        20-24  register with the block, or with the address where it will be stored
 *        25-29  register with the size
 *        30-34  register with the count that multiplies the size
 *        36     the probed instruction is single-stepped, not emulated
 *        35     leaf: the function calls no other probed function, so a call that sampling skips needs no return trap
 */
enum {
	MT_COOKIE_CLASS_SHIFT = 16,
	MT_COOKIE_BLOCK_SHIFT = 20,
	MT_COOKIE_SIZE_SHIFT = 25,
	MT_COOKIE_COUNT_SHIFT = 30,
	MT_COOKIE_LEAF_SHIFT = 35,
	MT_COOKIE_STEPPED_SHIFT = 36,
	MT_REGISTER_NONE = 31,
	MT_SLOT_ANY = 0xffff,
	MT_COOKIE_UNKNOWN = 0xfffe, /* of a slot that is no process's */
};

/* Map `probes`: by address, and by what is left of it within a page, unless two functions have that in common. */
enum { MT_PROBE_PAGE = 4096 };

struct mt_probe_key {
	__u64 address;
	__u32 tgid;
	__u32 reserved;
};

/* Map `session`, one element, mapped by user space: the switches that change while programs run. */
struct mt_session {
	__u64 build;          /* programs__build(): first, where every build finds it */
	__u64 period;         /* mean bytes between samples; 0: every allocation */
	__u64 pressed_period; /* the largest period that a filling live table has forced, 0 if it never did */
	__u64 pressed_ns;     /* when it first did */
	__u64 live_entries;   /* blocks in the live table */
	__u64 live_capacity;
	__u64 pressed_base;   /* bytes of a mean block when the live table first filled to a half */
	__u64 bystander_hits; /* traps paid by processes that are not followed, when links have no pid filter */
	__u64 attended_ns;    /* when user space last looked after the budget */
	__u64 capped_ns;      /* since when the programs have it paused by themselves; 0: they have not */
	__u64 largest_period; /* that was ever asked for */
	__u32 frames;         /* frames to keep, 1 to MT_FRAMES_MAX */
	__u32 follow_forks;
	__u32 count_details; /* temporary allocations, and sizes */
	__u32 paused;        /* allocations and page faults are let pass; what goes is followed */
	__u32 adaptive;      /* --sample auto: the budget may change the period */
	__u32 max_overhead;  /* the budget, in 1/100 of a percent of the target's own CPU time; 0 means off */
	__u32 cost_call;   /* of an allocation call that is not recorded, in ns: probe and program, as measured last */
	__u32 cost_return; /* what it costs more if it is */
	__u32 cost_free;
	__u32 unwind;   /* enum mt_unwind_mode */
	__u64 epoch_ns; /* what times in page words count from */
	__u32 hold;     /* pid of the process to be stopped (SIGSTOP) when it is about to end by _Exit; 0: of none */
	__u32 held;     /* it was */

	/* Not read by programs: what user space wants the next command to know. */
	__u64 since_ns;        /* when the session began */
	__u64 paused_ns;       /* allocations and page faults were not watched for so long, */
	__u64 paused_since_ns; /* and are not since then; 0: they are, as far as user space is asked */
	__u32 overhead;        /* measured last, in the unit of max_overhead */
	__u32 event_rate;      /* traps a second, measured last */
	__u32 probe_share;     /* probe time in 1/100 of a percent of one CPU, measured last */
	__u32 keeper;          /* pid of the process that looks after the session, 0 for none */
	__u32 rung;            /* enum rung of user/trace/rung.h */
	__u32 detached;        /* the budget was not to be kept: probes were taken off */
	__u32 cost_emulated;   /* calibrated trap costs, ns: user/trace/calibrate.h */
	__u32 cost_stepped;
	__u32 cost_with_return;
	__u32 cost_skipped;
	/* what of the unwind tables' maps is used: where the next object's go */
	__u32 unwind_objects, unwind_rules, unwind_pages, unwind_rows;
	__u32 unwind_lists; /* lists of mappings that were made */
	__u32 without_heap; /* no allocator is watched */
};

enum mt_event_kind {
	MT_EVENT_EXEC,
	MT_EVENT_EXIT,
	MT_EVENT_FORK,
	MT_EVENT_LOADER,
	MT_EVENT_UNMAPPED, /* mt_process.unmapped */
};

/* Ring buffer `events`. */
struct mt_event {
	__u32 kind; /* enum mt_event_kind */
	__u32 process;
	__u32 tgid;
	__u32 parent; /* FORK: process that forked; else 0 */
	__u64 ns;
	__s32 exit_code; /* EXIT: as wait status; EXEC: 1 if it was not the leader of the threads that called it */
	__u32 reserved;
};

#define MT_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
MT_ASSERT_SIZE(mt_stack, 8 + 8 * 127);
MT_ASSERT_SIZE(mt_site_key, 16);
MT_ASSERT_SIZE(mt_site, 64);
MT_ASSERT_SIZE(mt_live_key, 16);
MT_ASSERT_SIZE(mt_live, 32);
MT_ASSERT_SIZE(mt_bucket, 288);
MT_ASSERT_SIZE(mt_process, 136 + 16 + 8 * 16);
MT_ASSERT_SIZE(mt_region_key, 16);
MT_ASSERT_SIZE(mt_region, 32);
MT_ASSERT_SIZE(mt_mapping_site, 16);
MT_ASSERT_SIZE(mt_mapping_call, 16);
MT_ASSERT_SIZE(mt_page_key, 16);
MT_ASSERT_SIZE(mt_page_block, 4096);
MT_ASSERT_SIZE(mt_page_seed, 80);
MT_ASSERT_SIZE(mt_page_call, 48);
MT_ASSERT_SIZE(mt_counters, (15 + 19 + 48) * 8);
MT_ASSERT_SIZE(mt_thread, 7 * 8 + 32 + 24 + 104 + 1024 + 24 + 8 * 257);
MT_ASSERT_SIZE(mt_session, 232);
MT_ASSERT_SIZE(mt_event, 32);
_Static_assert(MT_LOSS_MAX == 19, "mt_counters is sized for it");
_Static_assert(MT_ACTIVITY_MAX == 8, "mt_process is sized for it");
_Static_assert(MT_CLASS_MAX <= 16, "classes fit the cookie");
_Static_assert((int)MT_SLOTS_MAX < (int)MT_SLOT_ANY, "slot numbers fit the cookie");

#endif
