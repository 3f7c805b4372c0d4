/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process's memory holds, as far as a program can have put a pointer there: private pages that were written to,
 * shared ones that it can write to, and of threads' stacks what is in use. Files' pages as they are on disk are not.
 */
#ifndef MEMTRAWL_TARGET_CONTENTS_H
#define MEMTRAWL_TARGET_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/maps.h"
#include "target/process.h"
#include "target/threads.h"

struct content {
	uint64_t start, limit; /* addresses [start, limit), multiples of 8 */
	uint64_t before;       /* where it is in a copy */
	uint32_t mapping;      /* index in contents.maps */
	bool program;          /* a stack, or the executable's data: no allocator keeps its lists there */
};

struct contents {
	struct maps maps;       /* as they were */
	struct content *ranges; /* by address */
	size_t count, capacity;
	uint64_t bytes;          /* of all ranges, */
	uint64_t copy_bytes;     /* and of a copy of them: a page's part is where it was in its page */
	uint64_t unsought_bytes; /* of mappings too large to be looked through page by page, as kernels before 6.7 want
				    it */
	uint64_t unread_bytes;   /* were gone, or could not be read, when they were to be */
	const char *copy;        /* of all ranges, one after the other, or NULL; borrowed */
};

/*
 * Finds them. Of the stacks of threads that stood still, what is below the stack pointer (and, on x86-64, the 128 bytes
 * of its red zone) is left out where it is certain that it is that thread's stack and nothing else. Costs some 20
 * milliseconds a gigabyte, of which most is saved where it is `known` (or NULL) what held something shortly before. The
 * caller frees *contents with contents__free(), after a failure, too.
 */
int contents__find(const struct process *process, const struct threads *threads, const struct contents *known,
		   struct contents *contents, struct error *err);
void contents__free(struct contents *contents);

/* Words from `address` on, the visitor's for the call, of one range. Anything but 0 ends the walk. */
typedef int contents_visitor(void *context, const struct content *range, uint64_t address, const uint64_t *words,
			     size_t count);

/*
 * Reads [address, address + size). What cannot be read becomes zeroes, and is added to *unread. Pages that were swapped
 * out come back into memory by that. 0 or -errno.
 */
int contents__read(const struct process *process, uint64_t address, void *data, size_t size, uint64_t *unread);

/*
 * Copies all of it to `room`, which has contents->copy_bytes, by some threads at once; what cannot be read becomes
 * zeroes. From then on it is read from there: the room must outlive the contents. 0 or -errno.
 */
int contents__copy(const struct process *process, struct contents *contents, void *room);

/*
 * Memory for copies, which is in place already: it costs no page faults any more. NULL when it is short. To be freed
 * by contents__free_room().
 */
void *contents__room(size_t bytes);
void contents__free_room(void *room, size_t bytes);

/*
 * Reads all of it, by address and piece by piece. Returns what a visit ended the walk with, or -errno.
 */
int contents__each(const struct process *process, struct contents *contents, contents_visitor *visit, void *context);

#endif
