/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads foreign bytes in sequence. Reading beyond the end gives zeroes and is remembered in `bad`, so that a parser
 * can look at that once, after it has read a whole thing. x86-64's byte order.
 */
#ifndef MEMTRAWL_UNWIND_CURSOR_H
#define MEMTRAWL_UNWIND_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const unsigned char *at, *end;
	bool bad; /* something was read that is not there, or a number that does not fit */
};

static inline size_t cursor__left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* The next `size` bytes, or NULL. */
static inline const unsigned char *cursor__take(struct cursor *cursor, uint64_t size)
{
	const unsigned char *data = cursor->at;

	if (size > cursor__left(cursor)) {
		cursor->bad = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += size;
	return data;
}

#define CURSOR_READ(name, type)                                                                                        \
	static inline type cursor__##name(struct cursor *cursor)                                                       \
	{                                                                                                              \
		const unsigned char *data = cursor__take(cursor, sizeof(type));                                        \
		type value = 0;                                                                                        \
                                                                                                                       \
		if (data)                                                                                              \
			memcpy(&value, data, sizeof(value));                                                           \
		return value;                                                                                          \
	}

CURSOR_READ(u8, uint8_t)
CURSOR_READ(u16, uint16_t)
CURSOR_READ(u32, uint32_t)
CURSOR_READ(u64, uint64_t)

/*
 * Variable-length numbers (DWARF 5, section 7.6): seven bits a byte, the lowest first. Ten bytes hold 64 bits; more of
 * them are legal where they only repeat the sign, but no tool writes such, and we refuse them.
 */
enum { CURSOR_LEB_SHIFT_MAX = 63 };

/* The bits, and in *shift how many of them there are. */
static inline uint64_t cursor__leb(struct cursor *cursor, unsigned int *shift, uint8_t *last)
{
	uint64_t value = 0;

	*shift = 0;
	do {
		if (*shift > CURSOR_LEB_SHIFT_MAX) {
			cursor->bad = true;
			return 0;
		}
		*last = cursor__u8(cursor);
		value |= (uint64_t)(*last & 0x7f) << *shift;
		*shift += 7;
	} while (*last & 0x80);
	return value;
}

static inline uint64_t cursor__uleb(struct cursor *cursor)
{
	unsigned int shift;
	uint64_t value;
	uint8_t last;

	if (cursor->at < cursor->end && *cursor->at < 0x80)
		return *cursor->at++;
	value = cursor__leb(cursor, &shift, &last);
	/* Of the tenth byte, one bit fits. */
	if (shift > CURSOR_LEB_SHIFT_MAX + 1 && last > 1)
		cursor->bad = true;
	return value;
}

static inline int64_t cursor__sleb(struct cursor *cursor)
{
	unsigned int shift;
	uint64_t value;
	uint8_t last;

	value = cursor__leb(cursor, &shift, &last);
	if (cursor->bad)
		return 0;
	if (shift <= CURSOR_LEB_SHIFT_MAX && (last & 0x40))
		value |= ~0ULL << shift;
	else if (shift > CURSOR_LEB_SHIFT_MAX && last != 0 && last != 0x7f)
		cursor->bad = true;
	return (int64_t)value;
}

#endif
