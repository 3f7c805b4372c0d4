/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaks that are known and not to be told, in the file format of LeakSanitizer
 * (https://clang.llvm.org/docs/AddressSanitizer.html#suppressing-memory-leaks): a line `leak:PATTERN` leaves out what
 * has a frame whose function, source file or object PATTERN matches. It matches a part of the text, `*` any characters,
 * `^` at the start its beginning, `$` at the end its end. Lines that are empty or begin with `#` are passed over.
 */
#ifndef MEMTRAWL_ANALYZE_SUPPRESSIONS_H
#define MEMTRAWL_ANALYZE_SUPPRESSIONS_H

#include <stddef.h>

#include "lib/error.h"

struct report_frame;
struct suppressions;

#define SUPPRESSIONS_NONE SIZE_MAX

/* `name` is the file's, for messages. -EINVAL with the line's number for one that is none, or -ENOMEM. */
int suppressions__parse(const char *text, const char *name, struct suppressions **suppressions, struct error *err);
void suppressions__free(struct suppressions *suppressions); /* NULL is fine */

size_t suppressions__count(const struct suppressions *suppressions); /* 0 for NULL */
const char *suppressions__pattern(const struct suppressions *suppressions, size_t i);

/* The first that matches one of the frames, or SUPPRESSIONS_NONE; NULL has none. */
size_t suppressions__find(const struct suppressions *suppressions, const struct report_frame *frames, size_t count);

#endif
