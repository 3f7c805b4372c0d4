/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointers as .eh_frame and .eh_frame_hdr have them (LSB Core, "DWARF Exception Header Encoding"; DW_EH_PE_*). */
#ifndef MEMTRAWL_UNWIND_POINTER_H
#define MEMTRAWL_UNWIND_POINTER_H

#include "unwind/cursor.h"

/* What they count from. */
struct pointer_base {
	const unsigned char *bytes; /* of the section; a cursor that reads pointers is in there */
	uint64_t address;           /* of bytes[0] */
	uint64_t data;              /* for DW_EH_PE_datarel */
};

/*
 * Reads a pointer. False if it is cut off, or of an encoding that needs more than the section to resolve: indirect,
 * relative to text or to the function, aligned, omitted.
 */
bool pointer__read(struct cursor *cursor, unsigned int encoding, const struct pointer_base *base, uint64_t *value);

/* Reads past one of any encoding whose size is known, also an indirect one. */
bool pointer__skip(struct cursor *cursor, unsigned int encoding);

#endif
