/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of every kind of reachability, each kind from a call site of its own: make_NAME. Some are made before the
 * program says that it is ready. What memtrawl, Valgrind and LeakSanitizer say of them is compared by
 * tests/live/test_reach.py: under these two the program has them look before it ends.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_DO_LEAK_CHECK
#define RUNNING_ON_VALGRIND 0
#endif

__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);

#define SITE(name)                                                                                                     \
	__attribute__((noipa)) static void *make_##name(size_t size)                                                   \
	{                                                                                                              \
		return memset(malloc(size), 0, size);                                                                  \
	}

struct node {
	struct node *left, *right;
};

/* Where pointers are kept. */
static void *volatile kept[16];
static __thread void *volatile kept_by_thread;

/* ---- structures */

SITE(lost_list)
SITE(held_list)

static struct node *make_list(void *(*make)(size_t))
{
	struct node *head = NULL;

	for (int i = 0; i < 10; i++) {
		struct node *node = make(24);

		node->left = head;
		head = node;
	}
	return head;
}

SITE(lost_tree)

static struct node *make_tree(int depth)
{
	struct node *node = make_lost_tree(32);

	if (depth > 1) {
		node->left = make_tree(depth - 1);
		node->right = make_tree(depth - 1);
	}
	return node;
}

SITE(lost_ring)

static void make_ring(void)
{
	struct node *first = make_lost_ring(40), *last = first;

	for (int i = 1; i < 5; i++) {
		last->left = make_lost_ring(40);
		last = last->left;
	}
	last->left = first;
}

/* ---- pointers that are not at a start, or not plain */

SITE(interior)
SITE(behind_interior)
SITE(end)
SITE(tagged)
SITE(misaligned)

static void make_odd_pointers(void)
{
	static char misaligned[24];
	char *block;
	void *at;

	block = make_interior(64);
	*(void **)block = make_behind_interior(136);
	kept[0] = block + 16;
	kept[1] = (char *)make_end(48) + 48;
	kept[2] = (void *)((uintptr_t)make_tagged(104) | 0xabcdULL << 48);
	at = make_misaligned(120);
	memcpy(misaligned + 3, &at, sizeof(at));
	__asm__ volatile("" : : "r"(misaligned) : "memory");
}

/* ---- places that pointers are in */

SITE(thread_local)
SITE(mapped)
SITE(shared)
SITE(freed)
SITE(old_block)

static void **old; /* a block from before */

static void **map(int flags, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static void make_places(void)
{
	void **block;

	kept_by_thread = make_thread_local(80);
	block = map(MAP_PRIVATE, 4096);
	block[5] = make_mapped(88);
	block = map(MAP_SHARED, 4096);
	block[5] = make_shared(160);
	block = malloc(512);
	block[8] = make_freed(144);
	__asm__ volatile("" : : "r"(block) : "memory");
	free(block);
	old[3] = make_old_block(152);
}

/* ---- threads, which wait */

SITE(in_register)
SITE(on_stack)
SITE(below_stack)

static pthread_barrier_t waiting;

/* The pointer is in r12 alone, in the system call pause: some processors' memset leaves it where it was handed over. */
static void *hold_in_register(void *unused)
{
	pthread_barrier_wait(&waiting);
#ifdef __x86_64__
	register void *block __asm__("r12") = make_in_register(72);

	__asm__ volatile("xor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\txor %%r8d, %%r8d\n\t"
			 "xor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n"
			 "1: mov %1, %%rax\n\tsyscall\n\tjmp 1b"
			 :
			 : "r"(block), "i"(SYS_pause)
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
#endif
	return unused;
}

static void *hold_on_stack(void *unused)
{
	void *volatile block = make_on_stack(96);

	pthread_barrier_wait(&waiting);
	for (;;)
		pause();
	(void)block;
	return unused;
}

/* What calls have left in registers that they need not keep. */
static inline __attribute__((always_inline)) void wipe_registers(void)
{
#ifdef __x86_64__
	__asm__ volatile("xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%esi, %%esi\n\t"
			 "xor %%edi, %%edi\n\txor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\t"
			 "xor %%r11d, %%r11d"
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
#endif
}

__attribute__((noinline)) static void leave_below(void)
{
	void *volatile frame[512];

	frame[100] = make_below_stack(112);
	__asm__ volatile("" : : "r"(frame) : "memory");
}

static void *hold_below_stack(void *unused)
{
	pthread_barrier_wait(&waiting);
	leave_below();
	wipe_registers();
	for (;;)
		syscall(SYS_pause);
	return unused;
}

/* A stack of the program's own making, and a thread's that waits while that one is in use: no part of it is unused. */
SITE(on_coroutine)
SITE(under_coroutine)

enum { COROUTINE_STACK = 65536 };

static ucontext_t thread_context, coroutine_context;

static void run_coroutine(void)
{
	void *volatile block = make_on_coroutine(168);

	pthread_barrier_wait(&waiting);
	wipe_registers();
	for (;;)
		syscall(SYS_pause);
	(void)block;
}

static void *hold_in_coroutine(void *unused)
{
	void *volatile block = make_under_coroutine(176);

	getcontext(&coroutine_context);
	coroutine_context.uc_stack.ss_sp = map(MAP_PRIVATE, COROUTINE_STACK);
	coroutine_context.uc_stack.ss_size = COROUTINE_STACK;
	makecontext(&coroutine_context, run_coroutine, 0);
	swapcontext(&thread_context, &coroutine_context);
	(void)block;
	return unused;
}

static void start(void *(*run)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, run, NULL);
}

/* ---- all of them */

/* What calls have left on the stack, and in registers. */
__attribute__((noinline)) static void wipe(void)
{
	volatile char frame[32768];

	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = 0;
}

__attribute__((noinline)) static void make_all(void)
{
	make_list(make_lost_list);
	kept[3] = make_list(make_held_list);
	make_tree(4);
	make_ring();
	make_odd_pointers();
	make_places();
}

static void await_word(void)
{
	char c;

	if (read(STDIN_FILENO, &c, 1) != 1)
		_exit(1);
}

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

int main(void)
{
	char account[64];

	/* much to copy, so that there is time for whoever kills memtrawl meanwhile */
	memset(map(MAP_PRIVATE, 48 << 20), 1, 48 << 20);
	old = calloc(1, 64);
	kept[4] = old;
	pthread_barrier_init(&waiting, NULL, 4);
	start(hold_in_register);
	start(hold_below_stack);
	say("ready\n");
	await_word();
	make_all();
	start(hold_on_stack);
	start(hold_in_coroutine); /* the last one to come to the barrier */
	usleep(200000);
	snprintf(account, sizeof(account), "{\"interior\": %lu}\n", (unsigned long)(uintptr_t)kept[0]);
	wipe();
	if (RUNNING_ON_VALGRIND)
		VALGRIND_DO_LEAK_CHECK;
	if (__lsan_do_recoverable_leak_check)
		__lsan_do_recoverable_leak_check();
	say(account);
	await_word();
	_exit(0);
}
