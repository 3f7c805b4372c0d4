/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cfi__each_function() finds in a section. */
#ifndef MEMTRAWL_TESTS_CFI_SEEN_H
#define MEMTRAWL_TESTS_CFI_SEEN_H

#include "eh_frame.h"
#include "unwind/cfi.h"

#define ADVANCE(n) (DW_CFA_advance_loc | (n))
/* A realigned stack: the CFA is in the word at rbp - 8, rbp where rbp points. */
#define DRAP DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x78, DW_OP_deref, DW_CFA_expression, 6, 2, DW_OP_breg6, 0

enum { BEGIN = 0x2000, LENGTH = 0x100 };

/* What was visited: all rows, and the functions' ranges. */
struct seen {
	struct cfi_row rows[64];
	size_t row_count;
	struct cfi_function functions[16];
	size_t count;
	size_t refused;
};

static inline int see(const struct cfi_function *function, void *cookie)
{
	struct seen *seen = cookie;

	assert_true(seen->count < ARRAY_SIZE(seen->functions));
	assert_true(seen->row_count + function->row_count <= ARRAY_SIZE(seen->rows));
	assert_true(function->row_count > 0);
	seen->functions[seen->count++] = *function;
	memcpy(&seen->rows[seen->row_count], function->rows, function->row_count * sizeof(*function->rows));
	seen->row_count += function->row_count;
	return 0;
}

/* Reads from a copy of just that size, so that reading beyond it is noticed by the sanitizer. */
static inline struct seen read_section(const unsigned char *bytes, size_t size, struct cfi_section section)
{
	unsigned char *copy = malloc(size ? size : 1);
	struct seen seen = {0};

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	section.data = copy;
	section.size = size;
	section.address = EH_FRAME_ADDRESS;
	section.data_base = 0x5000;
	assert_int_equal(cfi__each_function(&section, see, &seen, &seen.refused), 0);
	free(copy);
	return seen;
}

static inline struct seen read_bytes(const unsigned char *bytes, size_t size, bool debug_frame)
{
	return read_section(bytes, size, (struct cfi_section){.debug_frame = debug_frame});
}

static inline struct seen read_frame(struct eh_frame *frame)
{
	struct seen seen = read_bytes(frame->bytes, frame->size, false);

	eh_frame__free(frame);
	return seen;
}

#endif
