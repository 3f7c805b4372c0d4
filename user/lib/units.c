/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "lib/array.h"

/* More digits than this after the point cannot change a result: 10^-18 of the largest unit is below one. */
#define FRACTION_DIGITS 18

struct decimal {
	uint64_t whole;
	uint64_t fraction; /* of `scale` */
	uint64_t scale;    /* a power of ten; 1 if there was no point */
};

/*
 * Reads digits with an optional point between digits. strtod() is not used: it takes signs, blanks, hexadecimal,
 * "inf" and the locale's own point. Returns 0, -EINVAL, or -ERANGE when the whole part does not fit.
 */
static int read_decimal(const char **text, struct decimal *decimal)
{
	const char *c = *text;
	int digits = 0;

	*decimal = (struct decimal){.scale = 1};
	if (!isdigit((unsigned char)*c))
		return -EINVAL;
	for (; isdigit((unsigned char)*c); c++)
		if (__builtin_mul_overflow(decimal->whole, 10, &decimal->whole) ||
		    __builtin_add_overflow(decimal->whole, (uint64_t)(*c - '0'), &decimal->whole))
			return -ERANGE;
	if (*c == '.') {
		if (!isdigit((unsigned char)*++c))
			return -EINVAL;
		for (; isdigit((unsigned char)*c); c++, digits++) {
			if (digits >= FRACTION_DIGITS)
				continue;
			decimal->fraction = decimal->fraction * 10 + (uint64_t)(*c - '0');
			decimal->scale *= 10;
		}
	}
	*text = c;
	return 0;
}

/* decimal * unit, rounded down; -ERANGE above `limit`. */
static int scale_decimal(const struct decimal *decimal, uint64_t unit, uint64_t limit, uint64_t *value)
{
	unsigned __int128 scaled =
		(unsigned __int128)decimal->whole * unit + (unsigned __int128)decimal->fraction * unit / decimal->scale;

	if (scaled > limit)
		return -ERANGE;
	*value = (uint64_t)scaled;
	return 0;
}

/* The size of the unit that the suffix names, or 0. */
static uint64_t size_unit(const char *suffix)
{
	static const char letters[] = "KMGT";
	uint64_t unit = 1;

	if (!*suffix)
		return 1;
	for (const char *letter = letters; *letter; letter++) {
		unit <<= 10;
		if (toupper((unsigned char)*suffix) != *letter)
			continue;
		if (!suffix[1] || !strcasecmp(suffix + 1, "B") || !strcasecmp(suffix + 1, "iB"))
			return unit;
	}
	return 0;
}

int units__parse_size(const char *text, uint64_t *bytes)
{
	struct decimal decimal;
	uint64_t unit;
	int err;

	err = read_decimal(&text, &decimal);
	if (err)
		return err;
	unit = size_unit(text);
	if (!unit || (unit == 1 && decimal.scale > 1)) /* there is no half of a byte */
		return -EINVAL;
	return scale_decimal(&decimal, unit, INT64_MAX, bytes);
}

int units__parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{"", 1000000000},   {"ms", 1000000},      {"s", 1000000000},
		{"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
	};
	struct decimal decimal;
	int err;

	err = read_decimal(&text, &decimal);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcasecmp(text, units[i].suffix))
			return scale_decimal(&decimal, units[i].ns, UINT64_C(1) << 63, ns);
	return -EINVAL;
}

int units__parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *count)
{
	struct decimal decimal;
	int err;

	err = read_decimal(&text, &decimal);
	if (err)
		return err;
	if (*text || decimal.scale > 1)
		return -EINVAL;
	if (decimal.whole < min || decimal.whole > max)
		return -ERANGE;
	*count = decimal.whole;
	return 0;
}

char *units__format_bytes(char *text, size_t size, double bytes)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;

	/* 1023.95 and more would print as 1024.0 */
	while (unit + 1 < ARRAY_SIZE(names) && fabs(bytes) >= (unit ? 1023.95 : 1023.5)) {
		bytes /= 1024;
		unit++;
	}
	if (!unit && fabs(bytes) < 0.5)
		bytes = 0; /* no "-0 B" */
	snprintf(text, size, "%.*f %s", unit ? 1 : 0, bytes, names[unit]);
	return text;
}

char *units__format_short(char *text, size_t size, double bytes)
{
	static const char *const names[] = {"", "K", "M", "G", "T", "P", "E"};
	size_t unit = 0;

	while (unit + 1 < ARRAY_SIZE(names) && fabs(bytes) >= 1023.5) {
		bytes /= 1024;
		unit++;
	}
	if (!unit && fabs(bytes) < 0.5)
		bytes = 0; /* no "-0" */
	snprintf(text, size, "%.*f%s", unit && fabs(bytes) < 99.95 ? 1 : 0, bytes, names[unit]);
	return text;
}

char *units__format_seconds(char *text, size_t size, double seconds)
{
	const char *sign = seconds < 0 ? "-" : "";
	double s = fabs(seconds);
	uint64_t whole;

	if (!(s < 1e15)) { /* longer than the universe, infinite, or not a number */
		snprintf(text, size, "%s?", sign);
		return text;
	}
	whole = (uint64_t)(s + 0.5);
	if (s < 0.0005)
		snprintf(text, size, "0 ms");
	else if (s < 0.9995)
		snprintf(text, size, "%s%.0f ms", sign, s * 1000);
	else if (s < 59.95)
		snprintf(text, size, "%s%.1f s", sign, s);
	else if (whole < 3600)
		snprintf(text, size, "%s%um%02us", sign, (unsigned int)(whole / 60), (unsigned int)(whole % 60));
	else if (whole < 86400)
		snprintf(text, size, "%s%uh%02um", sign, (unsigned int)(whole / 3600),
			 (unsigned int)(whole % 3600 / 60));
	else
		snprintf(text, size, "%s%llud%02uh", sign, (unsigned long long)(whole / 86400),
			 (unsigned int)(whole % 86400 / 3600));
	return text;
}

char *units__format_time(char *text, size_t size, int64_t unix_ns)
{
	int64_t ms = unix_ns / 1000000 - (unix_ns % 1000000 < 0);
	int64_t part = ((ms % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((ms - part) / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, (int)part);
	return text;
}
