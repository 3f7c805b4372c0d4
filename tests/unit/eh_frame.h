/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call frame information made by hand, entry by entry. Include after cmocka.h. */
#ifndef MEMTRAWL_TEST_EH_FRAME_H
#define MEMTRAWL_TEST_EH_FRAME_H

#include <dwarf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "unwind.h"

#define EH_FRAME_ADDRESS 0x1000000UL /* of the section's first byte */

/* Operands: an address is relative to itself, in four bytes. What linkers write. */
#define PCREL4    (DW_EH_PE_pcrel | DW_EH_PE_sdata4)

#define CODE(...) (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})

/* What compilers begin with: the CFA is rsp + 8, the return address at CFA - 8. */
#define USUAL DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1

#define RULE(cfa_, cfa_offset_, rbp_, rbp_offset_)                                                                     \
	((struct mt_unwind_rule){                                                                                      \
		.cfa = MT_CFA_##cfa_, .cfa_offset = cfa_offset_, .rbp = MT_RBP_##rbp_, .rbp_offset = rbp_offset_})
#define PLAIN(cfa_, cfa_offset_) RULE(cfa_, cfa_offset_, SAME, 0)

struct eh_frame {
	unsigned char *bytes;
	size_t size, capacity;
};

static inline void eh_frame__bytes(struct eh_frame *frame, const void *data, size_t size)
{
	if (frame->size + size > frame->capacity) {
		frame->capacity = (frame->size + size) * 2;
		frame->bytes = realloc(frame->bytes, frame->capacity);
		assert_non_null(frame->bytes);
	}
	memcpy(frame->bytes + frame->size, data, size);
	frame->size += size;
}

static inline void eh_frame__u8(struct eh_frame *frame, unsigned int value)
{
	unsigned char byte = (unsigned char)value;

	eh_frame__bytes(frame, &byte, 1);
}

static inline void eh_frame__u32(struct eh_frame *frame, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	eh_frame__bytes(frame, &word, sizeof(word));
}

static inline void eh_frame__u64(struct eh_frame *frame, uint64_t value)
{
	eh_frame__bytes(frame, &value, sizeof(value));
}

/* The length of the entry at `start` is known now. */
static inline void eh_frame__close(struct eh_frame *frame, size_t start)
{
	uint32_t length;

	while (frame->size % 4)
		eh_frame__u8(frame, DW_CFA_nop);
	length = (uint32_t)(frame->size - start - 4);
	memcpy(frame->bytes + start, &length, sizeof(length));
}

/* A CIE of version 1 with alignments 1 and -8; `data` is that of the augmentation. Returns its offset. */
static inline size_t eh_frame__cie(struct eh_frame *frame, const char *letters, const unsigned char *data,
				   size_t data_size, const unsigned char *code, size_t size)
{
	size_t start = frame->size;

	eh_frame__u32(frame, 0);
	eh_frame__u32(frame, 0); /* id */
	eh_frame__u8(frame, 1);
	eh_frame__bytes(frame, letters, strlen(letters) + 1);
	eh_frame__u8(frame, 1);
	eh_frame__u8(frame, 0x78); /* SLEB128 of -8 */
	eh_frame__u8(frame, 16);
	if (*letters == 'z')
		eh_frame__u8(frame, (unsigned int)data_size);
	eh_frame__bytes(frame, data, data_size);
	eh_frame__bytes(frame, code, size);
	eh_frame__close(frame, start);
	return start;
}

static inline size_t eh_frame__usual_cie(struct eh_frame *frame)
{
	return eh_frame__cie(frame, "zR", CODE(PCREL4), CODE(USUAL));
}

/* An FDE of a CIE that is "zR" with PCREL4. Returns its offset. */
static inline size_t eh_frame__fde(struct eh_frame *frame, size_t cie, uint64_t address, uint64_t length,
				   const unsigned char *code, size_t size)
{
	size_t start = frame->size;

	eh_frame__u32(frame, 0);
	eh_frame__u32(frame, frame->size - cie);
	eh_frame__u32(frame, address - (EH_FRAME_ADDRESS + frame->size));
	eh_frame__u32(frame, length);
	eh_frame__u8(frame, 0);
	eh_frame__bytes(frame, code, size);
	eh_frame__close(frame, start);
	return start;
}

static inline void eh_frame__free(struct eh_frame *frame)
{
	free(frame->bytes);
	*frame = (struct eh_frame){0};
}

#endif
