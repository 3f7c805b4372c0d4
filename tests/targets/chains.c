/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call chains that are known by construction, in code without frame pointers: each ends in one malloc, of a size by
 * which the test knows it. Every function does something after its call, so that it is a call and stays on the stack;
 * where a jump is wanted instead, that is said.
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "truth.h"

static volatile int sink;

SITE static void leaf(size_t size)
{
	truth_malloc(size);
	sink++;
}

/* ---- recursion: twenty of the same */

SITE static void recurse(int depth, size_t size)
{
	if (depth > 1)
		recurse(depth - 1, size);
	else
		leaf(size);
	sink++;
}

/* ---- frames of unusual size */

SITE static void with_alloca(size_t bytes, size_t size)
{
	char *room = alloca(bytes);

	memset(room, 1, bytes);
	leaf(size);
	sink += room[bytes / 2];
}

SITE static void with_array(int length, size_t size)
{
	volatile int array[length];

	array[length - 1] = length;
	leaf(size);
	sink += array[length - 1];
}

SITE static void with_large_frame(size_t size)
{
	volatile char room[1 << 20];

	room[0] = room[sizeof(room) - 1] = 1;
	leaf(size);
	sink += room[0];
}

SITE static void with_realigned_frame(size_t size)
{
	volatile char room[64] __attribute__((aligned(64)));

	room[0] = 1;
	leaf(size);
	sink += room[0];
}

/* ---- a tail call: jumped_from is not on the stack any more */

SITE static void jumped_to(size_t size)
{
	leaf(size);
	sink++;
}

SITE static void jumped_from(size_t size)
{
	sink++;
	jumped_to(size);
}

SITE static void calls_jumper(size_t size)
{
	jumped_from(size);
	sink++;
}

/* ---- signals: at an instruction, not at a call; on the same stack and on one of its own */

static size_t size_in_handler;

static void on_trap(int number)
{
	(void)number;
	leaf(size_in_handler);
	sink++;
}

SITE static void trapped(void)
{
	__asm__ volatile("int3" : : : "memory");
	sink++;
}

SITE static void with_signal(int flags, size_t size)
{
	static char stack[65536];
	stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_trap, .sa_flags = flags};

	size_in_handler = size;
	sigaltstack(&alternative, NULL);
	sigaction(SIGTRAP, &action, NULL);
	trapped();
	sink++;
}

/* ---- setjmp: the frames that were jumped over are gone */

static jmp_buf environment;

SITE static void jumps_back(void)
{
	sink++;
	longjmp(environment, 1);
}

SITE static void with_setjmp(size_t size)
{
	if (!setjmp(environment))
		jumps_back();
	leaf(size);
	sink++;
}

/* ---- a thread */

static void *in_thread(void *size)
{
	leaf((size_t)size);
	sink++;
	return NULL;
}

SITE static void with_thread(size_t size)
{
	pthread_t thread;

	pthread_create(&thread, NULL, in_thread, (void *)size);
	pthread_join(thread, NULL);
}

/* ---- a coroutine: a stack of its own, below which there is nothing */

static ucontext_t here, there;
static size_t size_in_coroutine;

static void in_coroutine(void)
{
	leaf(size_in_coroutine);
	sink++;
	swapcontext(&there, &here);
}

SITE static void with_coroutine(size_t size)
{
	static char stack[65536];

	size_in_coroutine = size;
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	there.uc_link = &here;
	makecontext(&there, in_coroutine, 0);
	swapcontext(&here, &there);
	sink++;
}

/* ---- through libc: called back by qsort */

static size_t size_in_comparison;

static int compare(const void *a, const void *b)
{
	if (size_in_comparison)
		leaf(size_in_comparison);
	size_in_comparison = 0;
	return *(const int *)a - *(const int *)b;
}

SITE static void with_callback(size_t size)
{
	int numbers[] = {3, 1, 2};

	size_in_comparison = size;
	qsort(numbers, 3, sizeof(int), compare);
	sink += numbers[0];
}

const int truth_totals_inexact = 1; /* thread creation allocates */

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	leaf(1001);
	recurse(20, 1002);
	with_alloca(5000, 1003);
	with_array(777, 1004);
	with_large_frame(1005);
	with_realigned_frame(1006);
	calls_jumper(1007);
	with_signal(0, 1008);
	with_signal(SA_ONSTACK, 1009);
	with_setjmp(1010);
	with_thread(1011);
	with_coroutine(1012);
	with_callback(1013);
	recurse(120, 1014);
	recurse(140, 1015);
	sink++;
}
