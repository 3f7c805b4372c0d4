/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the variables of an ELF file by their virtual addresses, looked up in the sandbox. */
#ifndef MEMTRAWL_SYMBOLS_VARIABLES_H
#define MEMTRAWL_SYMBOLS_VARIABLES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum { VARIABLE_NAME_MAX = 512 }; /* bytes of a name that are kept */

/*
 * Sets names[i] to that of the variable with addresses[i] in it, demangled and malloc'ed, or to NULL where the file's
 * symbol tables know none. `name` is the file's, for messages. Returns 0 or -errno; the names are the caller's either
 * way.
 */
int variables__read(int fd, const char *name, const uint64_t *addresses, size_t count, char **names, struct error *err);

#endif
