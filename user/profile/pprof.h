/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles on disk: gzipped pprof (profile/pprof.proto), which `go tool pprof` and others read as it is. Sample types
 * are inuse_objects/count, inuse_space/bytes, alloc_objects/count, alloc_space/bytes, in that order; the time is that
 * of the end of the window. What pprof has no field for is in one comment: see profile/pprof_extra.h; and looks are in
 * a field of our own, which others skip.
 *
 * Text that is no UTF-8 has the bytes in question replaced by U+FFFD, as the format wants it. Counts above INT64_MAX
 * are written as that.
 */
#ifndef MEMTRAWL_PROFILE_PPROF_H
#define MEMTRAWL_PROFILE_PPROF_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "profile/profile.h"

/* Appends the profile as a gzipped pprof file; equal profiles give equal bytes. 0, -ENOMEM, or -EFBIG. */
int pprof__encode(const struct profile *profile, struct buf *out);

/*
 * Reads a pprof file, gzipped or not, of ours or of others: those need a sample type inuse_space (or space); what they
 * do not hold is filled in as far as it follows (freed = allocated - live), and stacks that differ only in labels are
 * joined. The bytes are foreign, and may be anything. On failure err says in a line what is wrong with them, and
 * -EINVAL, -EFBIG or -ENOMEM is returned. The caller frees *profile.
 */
int pprof__decode(const void *data, size_t size, struct profile **profile, struct error *err);

/* The same to and from a file; errors name it. Files are replaced whole, and made readable to their owner only. */
int profile__save(const struct profile *profile, const char *path, struct error *err);
int profile__load(const char *path, struct profile **profile, struct error *err);

#endif
