/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target program's own account of its heap, against which memtrawl's is compared number by number.
 *
 * A program defines scenario(); main() is truth.c's. Every function that calls the allocator is a SITE and calls it
 * through the macros below, which expand to the direct call and a note, so that the innermost frame of the allocation
 * is the function named in the account. Nothing here takes memory from the heap, and no program uses stdio.
 *
 * What counts as what:
 *   - bytes are those asked for; calloc and reallocarray: count times size; aligned functions: size, not alignment
 *   - a failed allocation and free(NULL) are nothing
 *   - realloc that succeeds frees the old block and allocates the new one, the old leaving before the new arrives;
 *     one that fails is nothing; realloc(p, 0) that returns NULL has freed p, otherwise it returned 0 bytes
 *   - frees are credited to the site that allocated the block
 *   - the peak is the first moment of the highest total of live bytes
 *   - a block is temporary if the thread that allocated it frees it before its own next allocation
 *   - a free of a block from before the account began (before "ready", or before fork) is only counted as unmatched
 */
#ifndef MEMTRAWL_TESTS_TRUTH_H
#define MEMTRAWL_TESTS_TRUTH_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The compiler must neither inline, clone nor see through a function that the account names. */
#if defined(__has_attribute) && __has_attribute(noipa)
#define SITE __attribute__((noipa))
#else
#define SITE __attribute__((noinline))
#endif

/* The program's own. `args` are what is left of argv once truth.c took its own options; args[0] is the program. */
void scenario(int count, char **args);

/*
 * Optional: runs before "ready", thus before a tracer attaches. What it allocates is forgotten then, unless there is
 * no waiting (--now), where a tracer sees all from the start.
 */
void setup(int count, char **args) __attribute__((weak));

/*
 * Optional: a program says so when libc itself allocates during its scenario (thread creation, dlopen). Its sites are
 * still exact, its totals are not.
 */
extern const int truth_totals_inexact __attribute__((weak));

void truth__alloc(const char *site, const void *block, size_t size); /* a NULL block is nothing */
void truth__free(const void *block); /* call before the block is freed: another thread may get it at once */
/* Many blocks that will never be freed, noted without remembering each: 0 bytes of memory for millions of blocks. */
void truth__bulk(const char *site, uint64_t objects, uint64_t bytes);

/* Many blocks of one size, each freed by the same thread before the next is made. */
void truth__bulk_temporary(const char *site, uint64_t objects, uint64_t size);

/* A realloc in progress: what was known of the old block. */
struct truth_realloc {
	uintptr_t block;
	size_t size;
	int site; /* -1: not known */
};
struct truth_realloc truth__realloc_begin(const void *block);
void truth__realloc_end(const char *site, struct truth_realloc old, const void *block, size_t size);

/* Begin a new account, in which nothing is live: in a forked child. */
void truth__restart(void);
/* Writes the account to the file that the environment variable names, if it is set; whole or not at all. */
void truth__save(const char *variable);
/* Another key of the account's document, at its top level. `key` must be a string literal. */
void truth__extra(const char *key, uint64_t value);

/* Did this run wait for a line after "ready"? If not (--now), it ends without waiting too. */
int truth__waits(void);
/* For exec: adds what tells the second image that "ready" was said. */
#define TRUTH_STARTED "--started"

/* Prints the account and ends the program, as returning from scenario() does. */
void truth__finish(void) __attribute__((noreturn));
/* Ends the program with status 125 and a message: the target itself failed, and its account is void. */
void truth__fail(const char *what) __attribute__((noreturn));

#define TRUTH_CALL(call, bytes)                                                                                        \
	({                                                                                                             \
		void *truth_block = (call);                                                                            \
		truth__alloc(__func__, truth_block, (bytes));                                                          \
		truth_block;                                                                                           \
	})

#define truth_malloc(size)                                                                                             \
	({                                                                                                             \
		size_t truth_size = (size);                                                                            \
		TRUTH_CALL(malloc(truth_size), truth_size);                                                            \
	})

#define truth_calloc(count, size)                                                                                      \
	({                                                                                                             \
		size_t truth_count = (count), truth_size = (size);                                                     \
		TRUTH_CALL(calloc(truth_count, truth_size), truth_count *truth_size);                                  \
	})

#define TRUTH_REALLOC(old, call, bytes)                                                                                \
	({                                                                                                             \
		struct truth_realloc truth_old = truth__realloc_begin(old);                                            \
		void *truth_block = (call);                                                                            \
		truth__realloc_end(__func__, truth_old, truth_block, (bytes));                                         \
		truth_block;                                                                                           \
	})

#define truth_realloc(block, size)                                                                                     \
	({                                                                                                             \
		void *truth_given = (block);                                                                           \
		size_t truth_size = (size);                                                                            \
		TRUTH_REALLOC(truth_given, realloc(truth_given, truth_size), truth_size);                              \
	})

#define truth_reallocarray(block, count, size)                                                                         \
	({                                                                                                             \
		void *truth_given = (block);                                                                           \
		size_t truth_count = (count), truth_size = (size);                                                     \
		TRUTH_REALLOC(truth_given, reallocarray(truth_given, truth_count, truth_size),                         \
			      truth_count *truth_size);                                                                \
	})

#define truth_aligned_alloc(align, size)                                                                               \
	({                                                                                                             \
		size_t truth_size = (size);                                                                            \
		TRUTH_CALL(aligned_alloc((align), truth_size), truth_size);                                            \
	})

#define truth_memalign(align, size)                                                                                    \
	({                                                                                                             \
		size_t truth_size = (size);                                                                            \
		TRUTH_CALL(memalign((align), truth_size), truth_size);                                                 \
	})

#define truth_posix_memalign(align, size)                                                                              \
	({                                                                                                             \
		size_t truth_size = (size);                                                                            \
		void *truth_out = NULL;                                                                                \
		if (posix_memalign(&truth_out, (align), truth_size) != 0)                                              \
			truth_out = NULL;                                                                              \
		TRUTH_CALL(truth_out, truth_size);                                                                     \
	})

#define truth_free(block)                                                                                              \
	do {                                                                                                           \
		void *truth_given = (block);                                                                           \
		truth__free(truth_given);                                                                              \
		free(truth_given);                                                                                     \
	} while (0)

#ifdef __cplusplus
}
#endif
#endif
