/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is mapped without the allocator: unmapped in the middle, mapped over, moved, grown, shrunk; files and
 * shared memory, which do not count; failures; the program's break; and blocks of the heap, which are another account.
 * With the argument "threads", several threads map and unmap at once; with "fork", a child does.
 * The account of mappings is in extra keys "SITE.live_bytes" and so on; a mapping lives as long as a page of it does.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

#define PAGE       4096UL
#define MEMORY     (MAP_PRIVATE | MAP_ANONYMOUS)
#define READ_WRITE (PROT_READ | PROT_WRITE)

struct account {
	uint64_t live_pages, live_count, alloc_pages, alloc_count;
};

static struct account first, second, over, grown, moved, raised, raised_more;

static void *took(struct account *account, void *at, uint64_t pages)
{
	if (at == MAP_FAILED)
		truth__fail("cannot map memory");
	__atomic_fetch_add(&account->live_pages, pages, __ATOMIC_RELAXED);
	__atomic_fetch_add(&account->alloc_pages, pages, __ATOMIC_RELAXED);
	__atomic_fetch_add(&account->live_count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&account->alloc_count, 1, __ATOMIC_RELAXED);
	return at;
}

/* `pages` of a mapping have gone, and with them `whole` mappings. */
static void lost(struct account *account, uint64_t pages, uint64_t whole)
{
	__atomic_fetch_sub(&account->live_pages, pages, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&account->live_count, whole, __ATOMIC_RELAXED);
}

SITE static char *map_first(uint64_t pages)
{
	return took(&first, mmap(NULL, pages * PAGE, READ_WRITE, MEMORY, -1, 0), pages);
}

/* Lengths are rounded up to pages. */
SITE static char *map_second(uint64_t pages)
{
	return took(&second, mmap(NULL, pages * PAGE - 1, PROT_NONE, MEMORY | MAP_NORESERVE, -1, 0), pages);
}

SITE static void map_over(char *at, uint64_t pages)
{
	took(&over, mmap(at, pages * PAGE, READ_WRITE, MEMORY | MAP_FIXED, -1, 0), pages);
}

SITE static char *remap_larger(char *at, uint64_t old_pages, uint64_t pages)
{
	return took(&grown, mremap(at, old_pages * PAGE, pages * PAGE, MREMAP_MAYMOVE), pages);
}

SITE static void remap_to(char *at, uint64_t pages, char *to)
{
	took(&moved, mremap(at, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to), pages);
}

static void unmap(char *at, uint64_t pages)
{
	if (munmap(at, pages * PAGE))
		truth__fail("munmap");
}

static void must_fail(int failed)
{
	if (!failed)
		truth__fail("a call that must fail has not failed");
}

SITE static void *not_counted(char *at, size_t size, int flags, int fd)
{
	void *mapped = mmap(at, size, PROT_READ, flags, fd, 0);

	if (mapped == MAP_FAILED)
		truth__fail("cannot map a file");
	return mapped;
}

/* Cut, mapped over: each part of what is left belongs to whoever mapped it. */
static void cut(void)
{
	char *a = map_first(64), *b = map_first(16), *c = map_first(8), *d = map_first(8);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	unmap(a + 16 * PAGE, 8);
	lost(&first, 8, 0);
	unmap(b + 12 * PAGE, 4);
	lost(&first, 4, 0);
	unmap(c, 8);
	lost(&first, 8, 1);
	unmap(d, 3);
	lost(&first, 3, 0);
	map_over(a + 40 * PAGE, 4);
	lost(&first, 4, 0);
	not_counted(a + 50 * PAGE, 2 * PAGE, MAP_PRIVATE | MAP_FIXED, fd);
	lost(&first, 2, 0);
	map_over(a, 2); /* the same start */
	lost(&first, 2, 0);
	unmap(a, 1);
	lost(&over, 1, 0);
	not_counted(NULL, 4 * PAGE, MAP_PRIVATE, fd);
	not_counted(NULL, 4 * PAGE, MAP_SHARED | MAP_ANONYMOUS, -1);
	close(fd);
}

static void remap(void)
{
	char *a = map_second(32), *b = map_second(16), *c = map_second(24), *place = map_first(16);

	a = remap_larger(a, 32, 128);
	lost(&second, 32, 1);
	remap_to(b, 16, place);
	lost(&second, 16, 1);
	lost(&first, 16, 1);
	if (mremap(c, 24 * PAGE, 10 * PAGE, 0) != c)
		truth__fail("mremap, to shrink");
	lost(&second, 14, 0);
	must_fail(mremap(c, 10 * PAGE, 1UL << 60, MREMAP_MAYMOVE) == MAP_FAILED);
	must_fail(mremap(place, 16 * PAGE, 17 * PAGE, MREMAP_FIXED, c) == MAP_FAILED);
	must_fail(mmap(NULL, 1UL << 60, READ_WRITE, MEMORY, -1, 0) == MAP_FAILED);
	must_fail(mmap(NULL, 0, READ_WRITE, MEMORY, -1, 0) == MAP_FAILED);
	must_fail(munmap(a + 1, PAGE) == -1);
}

#ifdef __GLIBC__ /* musl's sbrk refuses */
SITE static void raise_break(uint64_t pages)
{
	took(&raised, sbrk((intptr_t)(pages * PAGE)), pages);
}

SITE static void raise_break_more(uint64_t pages)
{
	took(&raised_more, sbrk((intptr_t)(pages * PAGE)), pages);
}

static void move_break(void)
{
	raise_break(40);
	raise_break_more(24);
	if (sbrk(-(intptr_t)(32 * PAGE)) == (void *)-1)
		truth__fail("sbrk");
	lost(&raised_more, 24, 1);
	lost(&raised, 8, 0);
	raise_break(5);
	must_fail(sbrk((intptr_t)1 << 46) == (void *)-1);
}
#else
static void move_break(void)
{
}
#endif

SITE static void allocate(void)
{
	truth_malloc(100);
	truth_free(truth_malloc(8 << 20)); /* the allocator maps it, and unmaps it */
	truth_malloc(1 << 20);
}

/* Addresses go from thread to thread: what one unmaps or moves is another's before it has returned from the call. */
static void *churn(void *unused)
{
	enum { ROUNDS = 20000 };

	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t pages = 1 + i % 5;
		char *a = map_first(pages), *b = map_second(2);

		if (i % 3 == 0) {
			b = remap_larger(b, 2, 9);
			lost(&second, 2, 1);
		}
		if (i % 1000 == 0)
			continue;
		unmap(a, pages);
		lost(&first, pages, 1);
		unmap(b, i % 3 ? 2 : 9);
		if (i % 3)
			lost(&second, 2, 1);
		else
			lost(&grown, 9, 1);
	}
	return unused;
}

static void run_threads(void)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, NULL))
			truth__fail("cannot make a thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

#define REPORT(site, account)                                                                                          \
	do {                                                                                                           \
		truth__extra(site ".live_bytes", (account)->live_pages *PAGE);                                         \
		truth__extra(site ".live_count", (account)->live_count);                                               \
		truth__extra(site ".alloc_bytes", (account)->alloc_pages *PAGE);                                       \
		truth__extra(site ".alloc_count", (account)->alloc_count);                                             \
	} while (0)

static void report(void)
{
	REPORT("map_first", &first);
	REPORT("map_second", &second);
	REPORT("map_over", &over);
	REPORT("remap_larger", &grown);
	REPORT("remap_to", &moved);
	if (raised.alloc_count) {
		REPORT("raise_break", &raised);
		REPORT("raise_break_more", &raised_more);
	}
}

/* The child has what its parent mapped, but that is its parent's; what it does with it is its own. */
static void run_child(char *a, char *b, int done, int parent)
{
	char c = '.';

	truth__restart();
	first = second = (struct account){0};
	unmap(a, 4);
	map_over(b, 2);
	map_second(3);
	report();
	truth__save("MEMTRAWL_TRUTH_CHILD");
	if (write(done, &c, 1) != 1)
		_exit(125);
	while (read(parent, &c, 1) > 0) /* ends when the parent does */
		;
	_exit(0);
}

static void fork_child(void)
{
	char *a = map_first(8), *b = map_second(8), c;
	int done[2], hold[2];
	pid_t child;

	if (pipe(done) != 0 || pipe(hold) != 0)
		truth__fail("pipe");
	child = fork();
	if (child < 0)
		truth__fail("fork");
	if (child == 0) {
		close(hold[1]);
		close(done[0]);
		run_child(a, b, done[1], hold[0]);
	}
	close(done[1]);
	close(hold[0]);
	unmap(a + 4 * PAGE, 2);
	lost(&first, 2, 0);
	if (read(done[0], &c, 1) != 1)
		truth__fail("the child did not come to its end");
	truth__extra("child_pid", (uint64_t)child);
}

void scenario(int count, char **args)
{
	if (count > 1 && !strcmp(args[1], "threads")) {
		run_threads();
	} else if (count > 1 && !strcmp(args[1], "fork")) {
		fork_child();
	} else {
		cut();
		remap();
		move_break();
		allocate();
	}
	report();
}
