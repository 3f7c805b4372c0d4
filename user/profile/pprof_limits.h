/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of a pprof file is taken in: it may come from anywhere, and be made to exhaust memory. */
#ifndef MEMTRAWL_PROFILE_PPROF_LIMITS_H
#define MEMTRAWL_PROFILE_PPROF_LIMITS_H

#include <stddef.h>

#define PPROF_BYTES_MAX ((size_t)1 << 30) /* uncompressed */
#define PPROF_MEMORY_MAX                                                                                               \
	((size_t)1 << 30) /* of the messages in it: an empty one takes two bytes there, seventy here                   \
			   */

#endif
