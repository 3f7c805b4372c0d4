/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an object's call frame information is, and which addresses it may speak of. */
#ifndef MEMTRAWL_UNWIND_SOURCE_H
#define MEMTRAWL_UNWIND_SOURCE_H

#include "lib/error.h"
#include "target/elf_file.h"
#include "unwind/cfi.h"

enum {
	UNWIND_SECTIONS_MAX = 2,
	UNWIND_CODE_MAX = 16,   /* executable segments; one is usual */
	UNWIND_SPAN_SHIFT = 32, /* an object's addresses span 4 GiB at most */
};

struct unwind_range {
	uint64_t begin, end;
};

struct unwind_source {
	struct cfi_section cfi[UNWIND_SECTIONS_MAX]; /* the earlier one is to be believed, where they disagree */
	unsigned char *owned[UNWIND_SECTIONS_MAX];   /* their bytes, where those are ours to free */
	size_t cfi_count;
	uint64_t base;                             /* the lowest address, rounded down to an unwind page */
	struct unwind_range code[UNWIND_CODE_MAX]; /* all within the span from `base` on */
	size_t code_count;
	struct unwind_range
		signal_return; /* a signal frame, of which there is no information; empty if there is none */
};

/*
 * Reads .eh_frame, found by PT_GNU_EH_FRAME or else by its name, and .debug_frame: of code that is built without
 * asynchronous unwind tables but with debugging information, .eh_frame has the C library's start files only. Returns 0,
 * -ENODATA if there is neither, -EOPNOTSUPP for what is only compressed, -ENOMEM or -EIO. To be
 * freed in any case.
 */
int unwind_source__read(const struct elf_file *file, struct unwind_source *source, struct error *err);

void unwind_source__free(struct unwind_source *source);

#endif
