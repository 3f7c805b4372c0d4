/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/*
 * What a profile holds beyond pprof's own fields. What there is to say of it as a whole is a JSON object, kept as a
 * comment of the pprof file:
 *
 *	"schema"	"memtrawl.profile-extra/1"
 *	"process"	{host, boot_id, comm, exe, cmdline, build_id: string or null;
 *			 pid, start_ticks (of /proc/PID/stat), start_time_ns (since 1970): integer}
 *	"window"	{start_ns, end_ns (since 1970): integer; seconds, older_seconds: number;
 *			 end_reason: string or null}
 *	"trigger"	what the snapshot was taken for: {kind: string or null; level, value, time_ns: integer}
 *	"sampling"	{mode: "exact" or "poisson"; period_bytes, largest_period_bytes: integer;
 *			 paused_seconds: number}
 *	"rss"		{current_bytes, peak_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes: integer}
 *	"limit"		{cgroup: string or null; limit_bytes, used_bytes: integer}: see struct profile_limit
 *	"totals"	{live_bytes, live_objects, alloc_bytes, alloc_objects, free_bytes, free_objects,
 *			 peak_live_bytes, peak_time_ns, temporary_objects: integer}
 *	"loss"		{table_full, ...: integer}: those counters of bpf/loss.h that are not 0
 *	"size_objects"	array of integers: element b counts the allocated objects of 2^b to 2^(b+1)-1 bytes; those at
 *			the end that would be 0 are left out
 *	"source"	"heap" or "pages"; heap where it is missing
 *	"resident"	{anonymous_bytes, before_bytes, unseen_bytes, swapped_bytes, file_bytes, shmem_bytes,
 *			 live_bytes, retained_bytes: integer; named: array of {name: string, shared: boolean, resident_bytes: integer}}, or null: see
 *			 struct profile_resident
 *	"activity"	{brk, mmap, mremap, mprotect, arena, trim, munmap, madvise: {calls, bytes: integer}}: what was
 *			asked of the kernel, of bpf/activity.h; kinds that were not watched are left out
 *	"mappings"	boolean: mapped memory was looked at
 *	"samples"	integer: how many samples were written. Other tools drop samples and keep the comment; the
 *			totals hold for all samples together
 *
 * Readers ignore keys that they do not know; a key that is missing counts as 0 or null. pprof's tools print comments
 * above every report, so this one is kept short, and what there is to say of a sample is in labels of that sample
 * (which also stay with it whatever becomes of the others), numbers of these keys and units:
 *
 *	peak_bytes, live_bytes_stderr, older_bytes, resident_bytes, swapped_bytes: bytes;
 *	temporary_objects: count							left out where 0
 *	oldest_age: microseconds							left out where unknown
 *	free_bytes: bytes, free_objects: count		left out where just what was allocated less what lives
 *
 * A sample whose values are all 0 and that has labels mapped_live_bytes, mapped_alloc_bytes: bytes,
 * mapped_live_count, mapped_alloc_count: count, those that are 0 left out, is no part of the heap but a site of mapped
 * memory.
 */
/* clang-format on */

#ifndef MEMTRAWL_PROFILE_PPROF_EXTRA_H
#define MEMTRAWL_PROFILE_PPROF_EXTRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "profile/profile.h"

/* What a label says of a site, which has the member. Labels hold whole numbers. */
struct pprof_label {
	const char *key, *unit;
	size_t offset; /* in struct profile_site */
	enum { LABEL_COUNT, LABEL_FREED_BYTES, LABEL_FREED_OBJECTS, LABEL_STDERR, LABEL_AGE } type;
};

#define PPROF_LABELS 9
extern const struct pprof_label pprof_labels[PPROF_LABELS];

/* Labels of samples of mapped memory. */
#define PPROF_MAPPED_LABELS 4
extern const struct pprof_label pprof_mapped_labels[PPROF_MAPPED_LABELS];

/* The number to write for the site; false if the label is to be left out. */
bool pprof_label__get(const struct pprof_label *label, const struct profile_site *site, uint64_t *number);
/* Sets the site's member from a number that was read. */
void pprof_label__set(const struct pprof_label *label, struct profile_site *site, uint64_t number);
/* The label of that key, or NULL. */
const struct pprof_label *pprof_label__find(const char *key);
const struct pprof_label *pprof_label__find_mapped(const char *key);

/* The object as malloc'ed text; NULL when memory is short. */
char *pprof_extra__write(const struct profile *profile);

/*
 * If `text` is such an object, fills it into the profile, whose sites are there already, and sets *found. *whole is
 * set if as many samples were written as there are sites, so that its totals hold. Returns 0, -EINVAL with the reason
 * in err for an object that is ours but damaged, -EFBIG, or -ENOMEM.
 */
int pprof_extra__read(struct profile *profile, const char *text, bool *found, bool *whole, struct error *err);

#endif
