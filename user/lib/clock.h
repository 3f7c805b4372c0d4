/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time that goes on whatever is done to the calendar. */
#ifndef MEMTRAWL_LIB_CLOCK_H
#define MEMTRAWL_LIB_CLOCK_H

#include <stdint.h>

uint64_t monotonic_ns(void); /* CLOCK_MONOTONIC */

#endif
