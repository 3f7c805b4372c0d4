/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How stacks are taken, in words. */
#ifndef MEMTRAWL_UNWIND_MODE_H
#define MEMTRAWL_UNWIND_MODE_H

#include "unwind.h"

enum { UNWIND_MODE_COUNT = MT_UNWIND_FP + 1 };

const char *unwind_mode__name(enum mt_unwind_mode mode);  /* as --unwind takes it: "auto" */
const char *unwind_mode__words(enum mt_unwind_mode mode); /* "unwind tables and frame pointers" */

#endif
