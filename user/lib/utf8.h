/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of foreign origin are bytes; JSON and protobuf want UTF-8 (RFC 3629). */
#ifndef MEMTRAWL_LIB_UTF8_H
#define MEMTRAWL_LIB_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decodes one character of a NUL-terminated text into *c and returns its length in bytes: 1 to 4. Returns 0 at bytes
 * that are no UTF-8 (overlong forms, surrogates and values above U+10FFFF are none); *c is not set then.
 */
size_t utf8__decode(const char *text, uint32_t *c);

/* A malloc'ed copy with every byte that is no UTF-8 replaced by U+FFFD. NULL when memory is short. */
char *utf8__clean(const char *text);

#endif
