/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values as all our documents have them. Each returns a new reference, or NULL when memory is short. */
#ifndef MEMTRAWL_LIB_JSON_VALUE_H
#define MEMTRAWL_LIB_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>

/* A string, bytes that are no UTF-8 replaced by U+FFFD; null for NULL. */
json_t *json_value__text(const char *text);
/* An integer; what is above INT64_MAX counts as that (JSON readers take no more). */
json_t *json_value__count(uint64_t count);
/* A number; 0 for one that is not finite, which JSON has no word for. */
json_t *json_value__number(double number);
/* RFC 3339 in UTC of nanoseconds since 1970; null for 0, which stands for unknown. */
json_t *json_value__time(int64_t unix_ns);

/* Sets a member of an object, and takes the value over. Keys are our own, plain ASCII. */
void json_value__set(json_t *object, const char *key, json_t *value);

#endif
