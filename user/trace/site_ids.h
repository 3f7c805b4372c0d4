/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The site ids of a process image by stack key, as far as they were found out: who looks at the same process again and
 * again need not read its stacks each time, which is most of what a look takes.
 */
#ifndef MEMTRAWL_TRACE_SITE_IDS_H
#define MEMTRAWL_TRACE_SITE_IDS_H

#include <stdbool.h>
#include <stdint.h>

struct site_ids;

struct site_ids *site_ids__new(void); /* NULL when memory is short */
void site_ids__free(struct site_ids *ids);

bool site_ids__get(const struct site_ids *ids, uint64_t stack, uint64_t *id);
/* For a stack that is not there yet. When memory is short, it stays unknown. */
void site_ids__put(struct site_ids *ids, uint64_t stack, uint64_t id);

#endif
