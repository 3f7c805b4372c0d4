/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/pointer.h"

#include <dwarf.h>

enum {
	FORMAT = 0x0f,      /* how the value is stored */
	APPLICATION = 0x70, /* what is added to it */
};

static bool read_value(struct cursor *cursor, unsigned int format, uint64_t *value)
{
	switch (format) {
	case DW_EH_PE_absptr: /* eight bytes, as we read 64-bit files only */
	case DW_EH_PE_udata8:
	case DW_EH_PE_signed:
	case DW_EH_PE_sdata8:
		*value = cursor__u64(cursor);
		break;
	case DW_EH_PE_uleb128:
		*value = cursor__uleb(cursor);
		break;
	case DW_EH_PE_udata2:
		*value = cursor__u16(cursor);
		break;
	case DW_EH_PE_udata4:
		*value = cursor__u32(cursor);
		break;
	case DW_EH_PE_sleb128:
		*value = (uint64_t)cursor__sleb(cursor);
		break;
	case DW_EH_PE_sdata2:
		*value = (uint64_t)(int64_t)(int16_t)cursor__u16(cursor);
		break;
	case DW_EH_PE_sdata4:
		*value = (uint64_t)(int64_t)(int32_t)cursor__u32(cursor);
		break;
	default:
		return false;
	}
	return !cursor->bad;
}

bool pointer__read(struct cursor *cursor, unsigned int encoding, const struct pointer_base *base, uint64_t *value)
{
	uint64_t here = base->address + (uint64_t)(cursor->at - base->bytes);

	if (encoding == DW_EH_PE_omit || encoding & DW_EH_PE_indirect || !read_value(cursor, encoding & FORMAT, value))
		return false;
	/* Sums wrap: a distance back is stored as a large number where the format is unsigned. */
	switch (encoding & APPLICATION) {
	case DW_EH_PE_absptr:
		return true;
	case DW_EH_PE_pcrel:
		*value += here;
		return true;
	case DW_EH_PE_datarel:
		*value += base->data;
		return true;
	default:
		return false;
	}
}

bool pointer__skip(struct cursor *cursor, unsigned int encoding)
{
	uint64_t value;

	if (encoding == DW_EH_PE_omit)
		return true;
	return (encoding & APPLICATION) != DW_EH_PE_aligned && read_value(cursor, encoding & FORMAT, &value);
}
