/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRAWL_TESTS_PPROF_BYTES_H
#define MEMTRAWL_TESTS_PPROF_BYTES_H

#include "fixture.h"
#include "lib/gzip.h"
#include "profile/pprof.h"

/* The fixture as a file: compressed, and not. */
static inline void encode(struct buf *zipped, struct buf *plain)
{
	struct profile *profile = fixture_profile();

	assert_int_equal(pprof__encode(profile, zipped), 0);
	assert_int_equal(gzip__expand(zipped->data, zipped->size, SIZE_MAX, plain), 0);
	profile__free(profile);
}

#endif
