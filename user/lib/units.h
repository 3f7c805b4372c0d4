/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, durations and counts as people write and read them. */
#ifndef MEMTRAWL_LIB_UNITS_H
#define MEMTRAWL_LIB_UNITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * "512K", "1.5MiB", "4096", "2g": bytes, powers of 1024, the suffixes K M G T with or without "iB" or "B" in either
 * case. -EINVAL for anything else, negative numbers and signs included; -ERANGE above INT64_MAX.
 */
int units__parse_size(const char *text, uint64_t *bytes);

/* "250ms", "30s", "5m", "2h", "1.5d", "30" (seconds): nanoseconds. -EINVAL, or -ERANGE above 2^63. */
int units__parse_duration(const char *text, uint64_t *ns);

/* A whole decimal number in [min, max]. -EINVAL, or -ERANGE outside. */
int units__parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *count);

/* "512 B", "1.5 KiB", "3.2 GiB", with the sign for negative ones. Returns `text`. */
char *units__format_bytes(char *text, size_t size, double bytes);

/* At most five characters and the sign, for tables: "512", "1.5K", "12.3M", "1023M", "3.2G". Returns `text`. */
char *units__format_short(char *text, size_t size, double bytes);

/* "250 ms", "12.5 s", "3m20s", "5h02m", "3d04h". Returns `text`. */
char *units__format_seconds(char *text, size_t size, double seconds);

/* RFC 3339 in UTC to the millisecond, as "2026-11-20T21:29:55.123Z", of nanoseconds since 1970. Returns `text`. */
char *units__format_time(char *text, size_t size, int64_t unix_ns);

#endif
