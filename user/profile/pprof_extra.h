/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a profile holds beyond pprof's own fields: a JSON object, kept as a comment of the pprof file.
 *
 *	"schema"	"memtrawl.profile-extra/1"
 *	"process"	{host, boot_id, comm, exe, cmdline, build_id: string or null;
 *			 pid, start_ticks (of /proc/PID/stat), start_time_ns (since 1970): integer}
 *	"window"	{start_ns, end_ns (since 1970): integer; seconds, older_seconds: number; end_reason: string or null}
 *	"sampling"	{mode: "exact" or "poisson"; period_bytes, largest_period_bytes: integer; paused_seconds: number}
 *	"rss"		{current_bytes, peak_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes: integer}
 *	"totals"	{live_bytes, live_objects, alloc_bytes, alloc_objects, free_bytes, free_objects, peak_live_bytes,
 *			 peak_time_ns, temporary_objects: integer}
 *	"loss"		{table_full, ...: integer}, one for each counter of bpf/loss.h
 *	"size_objects"	array of integers: element b counts the allocated objects of 2^b to 2^(b+1)-1 bytes
 *	"sites"		{id: array of strings (16 hexadecimal digits); free_bytes, free_objects, peak_bytes,
 *			 temporary_objects, older_bytes: arrays of integers; live_bytes_stderr, oldest_age_seconds
 *			 (negative: unknown): arrays of numbers}, all with one element a sample, in the samples' order
 *
 * "id" is there because other tools may drop, join or reorder samples and keep the comment: an element belongs to the
 * sample whose site has that id. Readers ignore keys that they do not know; a key that is missing counts as 0 or null.
 */
#ifndef MEMTRAWL_PROFILE_PPROF_EXTRA_H
#define MEMTRAWL_PROFILE_PPROF_EXTRA_H

#include <stdbool.h>

#include "lib/error.h"
#include "profile/profile.h"

/* The object as malloc'ed text; NULL when memory is short. */
char *pprof_extra__write(const struct profile *profile);

/*
 * If `text` is such an object, fills it into the profile, whose sites are there already, and sets *found. *whole is
 * set if it describes exactly these sites in this order, so that its totals hold for them. Returns 0, -EINVAL with
 * the reason in err for an object that is ours but damaged, or -ENOMEM.
 */
int pprof_extra__read(struct profile *profile, const char *text, bool *found, bool *whole, struct error *err);

#endif
