/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile: what one process's memory looked like at one time, by call site. Every stage after tracing works on
 * this and nothing else; on disk it is a pprof file (profile/pprof.h).
 *
 * Its shape is pprof's: strings, functions, mappings and locations are kept once and referred to by index. A frame is
 * a location; a location has several lines where functions were inlined, innermost first. A location without a
 * mapping is not code but a note at the end of a stack, such as "[truncated]", kept as its only line's function.
 */
#ifndef MEMTRAWL_PROFILE_PROFILE_H
#define MEMTRAWL_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "activity.h"
#include "lib/error.h"
#include "loss.h"
#include "profile/trigger.h"

#define PROFILE_NONE UINT32_MAX /* no such string, mapping, function */

/* The counters are those of bpf/loss.h. */
const char *profile__loss_name(enum mt_loss loss); /* "table_full" */
const char *profile__loss_words(enum mt_loss loss);

/* What sites hold: blocks of the heap; or pages in memory, by who touched them first. Then live bytes are those that
 * are resident, and an object is a page. */
enum profile_source { SOURCE_HEAP, SOURCE_PAGES };

enum sampling_mode { SAMPLING_EXACT, SAMPLING_POISSON };

/* Who was traced. Strings are owned, NULL where unknown. */
struct profile_process {
	char *host;
	char *boot_id;
	pid_t pid;
	uint64_t start_ticks;  /* field 22 of /proc/PID/stat, ticks since boot: with pid and boot_id, its identity */
	int64_t start_time_ns; /* the same since 1970 */
	char *comm;
	char *exe;
	char *cmdline;  /* arguments joined by blanks */
	char *build_id; /* of the executable, lower-case hex */
};

struct profile_rss {
	uint64_t current_bytes, peak_bytes; /* VmRSS, VmHWM */
	uint64_t anon_bytes, file_bytes, shmem_bytes, swap_bytes;
};

/* Of the limits that the process is under, the one with the least room left. */
struct profile_limit {
	char *cgroup;         /* whose; NULL: the machine's memory; owned */
	uint64_t limit_bytes; /* 0: unknown */
	uint64_t used_bytes;  /* by all that it is for */
};

struct profile_totals {
	uint64_t live_bytes, live_objects;
	uint64_t alloc_bytes, alloc_objects;
	uint64_t free_bytes, free_objects;
	uint64_t peak_live_bytes;
	int64_t peak_time_ns; /* since 1970; 0 if nothing was ever live */
	uint64_t temporary_objects;
};

struct profile_sampling {
	enum sampling_mode mode;
	uint64_t period_bytes;         /* mean bytes between samples at the end of the window; 0 when exact */
	uint64_t largest_period_bytes; /* in force at any time of the window; differs when the table filled or the
					  budget asked */
	double paused_seconds;         /* allocation probes were off for so long */
};

/* A file that is mapped, or shared memory: what is resident of it. */
struct profile_named {
	char *name; /* owned */
	bool shared;
	uint64_t resident_bytes;
};

/* What makes up the RSS, in a profile of pages. */
struct profile_resident {
	bool known;               /* the process was there to be looked at */
	uint64_t anonymous_bytes; /* private pages: those of all sites */
	uint64_t before_bytes;    /* of them: there before tracing began */
	uint64_t unseen_bytes;    /* of them: nobody was seen touching them */
	uint64_t swapped_bytes;   /* the same, swapped out: not in the RSS */
	uint64_t file_bytes, shmem_bytes;
	/* Of the heap, where it was looked at, too: */
	uint64_t live_bytes;     /* in live blocks */
	uint64_t retained_bytes; /* in the allocator's memory beside them, touched since tracing began; exact only */
	struct profile_named *named; /* file_bytes and shmem_bytes, by name; owned */
	size_t named_count, named_capacity;
};

/* What the process asked the kernel for (bpf/activity.h), since tracing began. */
struct profile_activity {
	uint64_t watched;                                /* a bit for each of the kinds that were */
	struct mt_activity_count kinds[MT_ACTIVITY_MAX]; /* bytes of each at most PROFILE_ACTIVITY_BYTES_MAX */
};

/* Addresses may be asked for over and over: the sum of all kinds must not overflow. */
#define PROFILE_ACTIVITY_BYTES_MAX (INT64_MAX / MT_ACTIVITY_MAX)

struct profile_mapping {
	uint64_t start, limit, offset; /* addresses [start, limit) hold the file from `offset` on */
	uint32_t filename;             /* string */
	uint32_t build_id;             /* string, lower-case hex, or PROFILE_NONE */
	bool has_functions, has_lines; /* names were looked up */
};

struct profile_function {
	uint32_t name;        /* string, demangled */
	uint32_t system_name; /* string, as in the symbol table; may be the same */
	uint32_t filename;    /* string or PROFILE_NONE */
};

struct profile_line {
	uint32_t function; /* index or PROFILE_NONE */
	uint32_t line;     /* 0 if unknown */
};

struct profile_location {
	uint32_t mapping; /* index, or PROFILE_NONE for code outside all files, or a note */
	uint64_t address; /* return address - 1, in the process; 0 for a note */
	uint64_t offset;  /* the same relative to the file; the address for code outside all files; 0 for a note */
	struct profile_line *lines; /* innermost inlined function first; owned */
	uint32_t line_count;        /* 0: no name known */
};

/* Parts of the window, of equal length, the first of which begins with it. */
enum { PROFILE_BIRTHS = 24 };

/* What a site, or the process as a whole, had at a look. Allocated is counted since tracing began. */
struct profile_point {
	uint64_t live_bytes, live_objects;
	uint64_t alloc_bytes, alloc_objects;
};

/* A look at the process in the course of the window. */
struct profile_look {
	double seconds; /* since the window began */
	struct profile_rss rss;
	struct profile_point heap;               /* or pages: the sum of all sites */
	uint64_t unmatched_frees;                /* of blocks from before, since tracing began */
	uint64_t obtained_bytes, released_bytes; /* from and to the kernel, since tracing began */
};

/* What leads to a live block (analyze/reach.h). */
enum reach_class {
	REACH_REACHABLE, /* a chain of start pointers, from what the program can get at */
	REACH_POSSIBLY,  /* such a chain, but not without an interior pointer: possibly lost */
	REACH_INDIRECT,  /* only lost blocks */
	REACH_DEFINITE,  /* nothing: definitely lost */
	REACH_CLASSES,
};

struct profile_blocks {
	uint64_t bytes, objects;
};

/* How it was found out which blocks are lost. */
struct profile_reach {
	bool known;                 /* it was looked for */
	bool stopped;               /* the process stood still meanwhile */
	uint32_t passes;            /* how often memory was looked through */
	uint64_t threads;           /* whose registers were read */
	double seconds;             /* that all passes took, these two included */
	double pause_seconds;       /* that the process stood still */
	double memory_seconds;      /* of them, before it did: until there was memory for a copy */
	uint64_t scanned_bytes;     /* in the last pass */
	uint64_t unread_bytes;      /* of them: they could not be read; what only they lead to seems lost */
	struct profile_blocks gone; /* blocks that were freed meanwhile, which are in no class */
};

struct profile_site {
	uint64_t id; /* profile__site_id() of its frames */
	uint64_t alloc_bytes, alloc_objects;
	uint64_t free_bytes, free_objects;
	uint64_t live_bytes, live_objects;
	uint64_t peak_bytes;      /* live bytes at the time of the process's peak */
	double live_bytes_stderr; /* standard error of live_bytes; 0 when exact */
	uint64_t temporary_objects;
	uint64_t resident_bytes;   /* of the heap, where pages were looked at, too: live and in memory */
	uint64_t swapped_bytes;    /* of pages: swapped out, in no other number but what was allocated and not freed */
	uint64_t older_bytes;      /* live bytes of blocks at least as old as was asked for (profile.older_seconds) */
	double oldest_age_seconds; /* of its live blocks; negative if ages were not read */
	struct profile_blocks
		reach[REACH_CLASSES]; /* where that was looked for: its live blocks, by what leads to them */
	struct profile_blocks behind; /* indirectly lost blocks, of any site, that its definitely lost ones lead to */
	uint64_t births[PROFILE_BIRTHS];    /* live bytes by when they were allocated; all 0 if ages were not read */
	const struct profile_point *points; /* look_count of them, in the profile's array; NULL if there are none */
	uint32_t *frames;                   /* locations, innermost (the caller of the allocator) first; owned */
	uint32_t frame_count;
};

#define PROFILE_SIZE_BUCKETS 48

struct profile {
	struct profile_process process;
	enum profile_source source;
	int64_t start_ns, end_ns; /* window of observation, since 1970 */
	double seconds;           /* its length on the monotonic clock */
	struct profile_sampling sampling;
	struct profile_rss rss;
	struct profile_limit limit;
	struct profile_resident resident;
	struct profile_totals totals;
	struct profile_reach reach;
	struct profile_activity activity;
	uint64_t loss[MT_LOSS_MAX];
	uint64_t size_objects[PROFILE_SIZE_BUCKETS]; /* allocated objects by size: bucket b is [2^b, 2^(b+1)) */
	/*
	 * Memory that the process mapped by itself (mmap, brk), where that was looked at: sites and totals of a kind of
	 * their own, in which an object is a mapping. The allocator's memory is in there, too. Of sites and totals,
	 * only allocated, freed and live bytes and objects are set.
	 */
	bool mapped_known;
	struct profile_totals mapped_totals;
	double older_seconds;           /* threshold of site.older_bytes; 0 if none */
	char *end_reason;               /* why the window ended early, in words, or NULL; owned */
	struct profile_trigger trigger; /* what it was taken for */

	char **strings;
	size_t string_count, string_capacity;
	struct profile_mapping *mappings;
	size_t mapping_count, mapping_capacity;
	struct profile_function *functions;
	size_t function_count, function_capacity;
	struct profile_location *locations;
	size_t location_count, location_capacity;
	struct profile_site *sites;
	size_t site_count, site_capacity;
	struct profile_site *mapped;
	size_t mapped_count, mapped_capacity;
	struct profile_look *looks; /* in the course of the window, the last at its end (profile/looks.h) */
	size_t look_count;
	struct profile_point *points; /* of the sites, by site and look */

	struct index_map *string_index; /* hash of a string to its index */
};

const char *profile__source_name(enum profile_source source); /* "heap", as --source has it */

struct profile *profile__new(void); /* NULL when memory is short */
void profile__free(struct profile *profile);

/* Interns a string; PROFILE_NONE for NULL and when memory is short. */
uint32_t profile__string(struct profile *profile, const char *text);
/* The string, or `otherwise` for PROFILE_NONE. */
const char *profile__text(const struct profile *profile, uint32_t string, const char *otherwise);

/* These append and return the new index, or PROFILE_NONE when memory is short. */
uint32_t profile__add_mapping(struct profile *profile, const struct profile_mapping *mapping);
uint32_t profile__add_function(struct profile *profile, const struct profile_function *function);
/* `offset` is address - mapping.start + mapping.offset, and taken to be the address where there is no mapping. */
uint32_t profile__add_location(struct profile *profile, uint32_t mapping, uint64_t address, uint64_t offset);
/* A location for a note such as "[truncated]"; the same text gives the same location. */
uint32_t profile__add_note(struct profile *profile, const char *text);
bool profile__is_note(const struct profile_location *location);
/* Copies `lines` to the location, replacing those it has. -ENOMEM leaves it as it was. */
int profile__set_lines(struct profile *profile, uint32_t location, const struct profile_line *lines, uint32_t count);
/* Appends a site with a copy of `frames`, and computes its id. NULL when memory is short. */
struct profile_site *profile__add_site(struct profile *profile, const uint32_t *frames, uint32_t frame_count);
/* The same of one whose id is known, and that is given no frames. */
struct profile_site *profile__add_known_site(struct profile *profile, uint64_t id);

/* Live bytes that were allocated at `born`, in a window from `start` to `end`, all on one clock; what seems to be from
 * before it, as clocks are coarse, is taken to be of its start. */
void profile_site__add_birth(struct profile_site *site, uint64_t start, uint64_t end, uint64_t born, uint64_t bytes);

void profile_blocks__add(struct profile_blocks *to, const struct profile_blocks *from);

/* Adds what is resident of a file or shared memory of that name. 0 or -ENOMEM. */
int profile__add_named(struct profile *profile, const char *name, bool shared, uint64_t resident_bytes);
/* Joins those of equal names, and puts the largest first. */
void profile__sort_named(struct profile *profile);

const char *profile__activity_name(enum mt_activity kind); /* "munmap" */
/* Of all kinds that obtain memory from the kernel, or that give it back. */
uint64_t profile__obtained(const struct profile_activity *activity);
uint64_t profile__released(const struct profile_activity *activity);

/* What of the RSS is neither private pages nor files nor shared memory: the kernel's counters are read at another
 * moment, and lag. Negative if there is more than it says. */
int64_t profile__unexplained(const struct profile_rss *rss, const struct profile_resident *resident);

/* The same for a site of mapped memory. */
struct profile_site *profile__add_mapped(struct profile *profile, const uint32_t *frames, uint32_t frame_count);

/*
 * The site's name on every host: FNV-1a over, for each frame, its build id (or its file's name, where it has none, or
 * nothing outside all files) and its file offset; the text for a note.
 */
uint64_t profile__site_id(const struct profile *profile, const uint32_t *frames, uint32_t frame_count);

/* Makes totals of the sites' counts; the peak, which is no sum, stays. */
void profile__sum_sites(struct profile *profile);

/* The same for sites of mapped memory, of which what was freed becomes what was allocated and is not live any more. */
void profile__sum_mapped(struct profile *profile);

/* Joins sites with equal ids (stacks that differ only in what was cut off), adding up their counts. 0 or -ENOMEM. */
int profile__merge_sites(struct profile *profile);

#endif
