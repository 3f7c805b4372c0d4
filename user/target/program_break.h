/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a program's heap ends: brk(2). */
#ifndef MEMTRAWL_TARGET_PROGRAM_BREAK_H
#define MEMTRAWL_TARGET_PROGRAM_BREAK_H

#include <stdint.h>

#include "target/maps.h"

/*
 * The program break, rounded up to a page: the end of the heap among the process's mappings; where it has none yet, the
 * address at which it will begin. 0 if the process does not tell.
 */
uint64_t program_break__of(const struct process *process, const struct maps *maps);

/* The second of these from the text of /proc/PID/stat; 0 when that is not how one looks. */
uint64_t program_break__start(const char *stat);

#endif
