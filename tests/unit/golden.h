/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole outputs are compared with tests/golden/; MEMTRAWL_UPDATE_GOLDEN=1 writes them anew (then read the diff).
 * To be included after cmocka.h.
 */
#ifndef MEMTRAWL_TESTS_GOLDEN_H
#define MEMTRAWL_TESTS_GOLDEN_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/file.h"

/* Empties `out`. */
static inline void check_golden(const char *name, struct buf *out)
{
	char path[128], *expected;
	struct error err = {0};
	size_t size;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	assert_false(buf__failed(out));
	if (getenv("MEMTRAWL_UPDATE_GOLDEN"))
		assert_int_equal(file__replace(path, out->data, out->size, 0644, &err), 0);
	assert_int_equal(file__read(AT_FDCWD, path, 1 << 20, &expected, &size), 0);
	assert_string_equal(out->data, expected);
	assert_int_equal(out->size, size);
	free(expected);
	buf__free(out);
}

#endif
