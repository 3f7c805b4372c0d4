/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of several allocators a program really calls: what the dynamic linker has bound its malloc to. */
#ifndef MEMTRAWL_TARGET_BINDING_H
#define MEMTRAWL_TARGET_BINDING_H

#include "target/maps.h"

/*
 * The mapping of the object that the main program's call of `name` ends up in, as the slot in its memory says; NULL if
 * the program does not import it (a static one) or has not called it yet.
 */
const struct mapping *binding__of(const struct process *process, const struct maps *maps, const char *name);

#endif
