/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that is made at run time, as JIT compilers make it: one function after the other, each on a page of its own and
 * in use for some 50 ms from the moment that it is mapped. Blocks that are allocated through the n-th have 2,000 + n
 * bytes.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

enum { FUNCTIONS = 8, CALLS = 200, PAUSE_US = 200, SIZE = 2000 };

typedef void *made_function(size_t size, void *(*function)(size_t));

/* Keeps a frame pointer, and calls its second argument with its first. */
#ifdef __x86_64__
static const unsigned char code[] = {
	0x55,             /* push %rbp */
	0x48, 0x89, 0xe5, /* mov  %rsp, %rbp */
	0xff, 0xd6,       /* call *%rsi */
	0x5d,             /* pop  %rbp */
	0xc3,             /* ret */
};
#else
static const uint32_t code[] = {
	0xa9bf7bfd, /* stp x29, x30, [sp, #-16]! */
	0x910003fd, /* mov x29, sp */
	0xd63f0020, /* blr x1 */
	0xa8c17bfd, /* ldp x29, x30, [sp], #16 */
	0xd65f03c0, /* ret */
};
#endif

SITE static void *allocate(size_t size)
{
	return truth_malloc(size);
}

/* The page behind it stays out of reach, so that none joins with the next. */
static made_function *make(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	made_function *made;

	if (at == MAP_FAILED || mprotect(at, page, PROT_READ | PROT_WRITE))
		truth__fail("no room for code");
	memcpy(at, code, sizeof(code));
	if (mprotect(at, page, PROT_READ | PROT_EXEC))
		truth__fail("mprotect");
	__builtin___clear_cache(at, at + sizeof(code));
	memcpy(&made, &at, sizeof(made));
	return made;
}

SITE static void use(made_function *made, size_t size)
{
	for (int i = 0; i < CALLS; i++) {
		made(size, allocate);
		usleep(PAUSE_US);
	}
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < FUNCTIONS; i++)
		use(make(), SIZE + i);
}
