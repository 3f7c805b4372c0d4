/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Different rules, numbered as they come. */
#ifndef MEMTRAWL_UNWIND_RULES_H
#define MEMTRAWL_UNWIND_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

struct unwind_rules;

/* With MT_CFA_NONE as number 0 and MT_CFA_UNSUPPORTED as 1. NULL if memory is short. */
struct unwind_rules *unwind_rules__new(void);
void unwind_rules__free(struct unwind_rules *rules);

/*
 * The rule's number; a new one if it is new. When there is no room for a new one, that of MT_CFA_UNSUPPORTED, and *full
 * is set.
 */
uint32_t unwind_rules__number(struct unwind_rules *rules, const struct mt_unwind_rule *rule, bool *full);

/* Copies them into an array of *count, to be freed by the caller; NULL if memory is short. */
struct mt_unwind_rule *unwind_rules__take(const struct unwind_rules *rules, size_t *count);

#endif
