/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names as the programmer wrote them: C++ (Itanium ABI), Rust (legacy and v0). */
#ifndef MEMTRAWL_SYMBOLS_DEMANGLE_H
#define MEMTRAWL_SYMBOLS_DEMANGLE_H

#include <stddef.h>

#define NAME_MAX_BYTES 4096 /* longer names are cut */

/*
 * Writes the demangled name, or `name` itself where it is not mangled, cut to size - 1 bytes and NUL-terminated.
 * Bytes are as found: escaping is for those who print them.
 */
void demangle(const char *name, char *text, size_t size);

#endif
