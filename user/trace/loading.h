/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why BPF programs could not be loaded. */
#ifndef MEMTRAWL_TRACE_LOADING_H
#define MEMTRAWL_TRACE_LOADING_H

#include "lib/error.h"

/* Before an object is opened: what libbpf says is kept for the message, or shown, if MEMTRAWL_DEBUG is set. */
void loading__listen(void);

/*
 * The error of the programs `what`, of which loading failed with `code`. Returns -EPERM without the right to load any,
 * -ENOTSUP for a kernel that can load none, and -EOPNOTSUPP where others may be tried.
 */
int loading__explain(int code, const char *what, struct error *err);

#endif
