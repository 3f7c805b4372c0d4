/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What a process, which is to say mostly its allocator, asks the kernel for: memory that it obtains, and memory that it
 * gives back. Seen at the C library's functions, past the system call, so calls that fail do not count; syscalls that a
 * program makes by itself are not seen. Bytes are whole pages of address space, touched or not.
 */
#ifndef MEMTRAWL_ACTIVITY_H
#define MEMTRAWL_ACTIVITY_H

#include <linux/types.h>

struct mt_activity_count {
	__u64 calls, bytes;
};

enum mt_activity {
	/* obtained */
	MT_ACTIVITY_BRK,      /* the program's break went up */
	MT_ACTIVITY_MMAP,     /* private anonymous memory that may be written to */
	MT_ACTIVITY_MREMAP,   /* by which a mapping grew */
	MT_ACTIVITY_MPROTECT, /* made writable by glibc, or in a static program by anyone: heaps of arenas, threads'
				 stacks */
	MT_ACTIVITY_ARENA,    /* heaps of glibc's arenas; their bytes are those that are reserved, in no sum */
	/* given back */
	MT_ACTIVITY_TRIM,    /* the break went down */
	MT_ACTIVITY_MUNMAP,  /* mappings of any kind, and by which mremap shrank one */
	MT_ACTIVITY_MADVISE, /* MADV_DONTNEED and MADV_FREE: the pages go, the addresses stay */
	MT_ACTIVITY_MAX,

	MT_ACTIVITY_FIRST_RELEASE = MT_ACTIVITY_TRIM,
};

#endif
