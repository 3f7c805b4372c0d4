/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that are touched by known functions, and given back in every way there is. Each is touched by a SITE; what it
 * still holds is in extra keys "SITE.live_bytes", what it touched in "SITE.alloc_bytes". The argument says what is
 * done; without one, all that needs no child.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

#define PAGE       4096UL
#define HUGE       (2UL << 20)
#define MEMORY     (MAP_PRIVATE | MAP_ANONYMOUS)
#define READ_WRITE (PROT_READ | PROT_WRITE)

struct account {
	uint64_t live, alloc; /* pages */
};

static struct account first, second, third, huge, kernel, broke, copied, filled, before;

static char *map(uint64_t pages)
{
	char *at = mmap(NULL, pages * PAGE, READ_WRITE, MEMORY, -1, 0);

	if (at == MAP_FAILED || madvise(at, pages * PAGE, MADV_NOHUGEPAGE))
		truth__fail("cannot map memory");
	return at;
}

static void write_pages(volatile char *at, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		at[i * PAGE] = (char)i;
}

#define TOUCH(account, at, pages)                                                                                      \
	do {                                                                                                           \
		for (uint64_t touch_i = 0; touch_i < (pages); touch_i++)                                               \
			((volatile char *)(at))[touch_i * PAGE] = 1;                                                   \
		(account)->live += (pages);                                                                            \
		(account)->alloc += (pages);                                                                           \
	} while (0)

SITE static void touch_first(char *at, uint64_t pages)
{
	TOUCH(&first, at, pages);
}

SITE static void touch_second(char *at, uint64_t pages)
{
	TOUCH(&second, at, pages);
}

SITE static void touch_third(char *at, uint64_t pages)
{
	TOUCH(&third, at, pages);
}

/* Pages that somebody has: nothing changes. */
SITE static void touch_again(char *at, uint64_t pages)
{
	write_pages(at, pages);
}

/* The page of zeroes, which is nobody's and takes no memory. */
SITE static void only_read(const volatile char *at, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		(void)at[i * PAGE];
}

/* By a function of the C library, which may be without unwind information. */
SITE static void touch_memset(char *at, uint64_t pages)
{
	memset(at, 1, pages * PAGE);
	filled.live += pages;
	filled.alloc += pages;
}

static void fill(void)
{
	touch_memset(map(60), 60);
}

static void touches(void)
{
	char *a = map(100), *b = map(50);

	touch_first(a, 60);
	touch_second(a + 60 * PAGE, 40);
	touch_again(a, 100);
	only_read(b, 50);
	touch_third(b + 10 * PAGE, 20);
	touch_again(b + 10 * PAGE, 10);
}

static void drop(struct account *account, uint64_t pages)
{
	account->live -= pages;
}

/* Unmapped whole, in part, and mapped again at the same place by somebody else. */
static void unmaps(void)
{
	char *a = map(40), *b = map(700), *c;

	touch_first(a, 40);
	if (munmap(a, 40 * PAGE))
		truth__fail("munmap");
	drop(&first, 40);
	touch_second(b, 700);
	if (munmap(b + 100 * PAGE, 550 * PAGE)) /* more than a block */
		truth__fail("munmap");
	drop(&second, 550);
	c = mmap(b + 100 * PAGE, 30 * PAGE, READ_WRITE, MEMORY | MAP_FIXED, -1, 0);
	if (c == MAP_FAILED)
		truth__fail("mmap");
	touch_third(c, 5);
	/* mapped over */
	c = mmap(b, 10 * PAGE, READ_WRITE, MEMORY | MAP_FIXED, -1, 0);
	if (c == MAP_FAILED)
		truth__fail("mmap");
	drop(&second, 10);
	touch_first(c, 3);
}

/* What is populated without a fault is not that of whoever had the place before. */
static void populated(void)
{
	enum { POPULATE_WRITE = 23 }; /* MADV_POPULATE_WRITE */
	uint64_t pages = 64;
	char *a = map(64), *b;

	touch_first(a, 64);
	if (munmap(a, 64 * PAGE))
		truth__fail("munmap");
	drop(&first, 64);
	b = mmap(a, 64 * PAGE, READ_WRITE, MEMORY | MAP_POPULATE, -1, 0); /* there is room: it gets its place */
	if (b != a)
		truth__fail("mmap");
	touch_again(b, 64);
	/* the same of pages that were dropped only */
	a = map(32);
	touch_second(a, 32);
	if (madvise(a, 20 * PAGE, MADV_DONTNEED))
		truth__fail("madvise");
	drop(&second, 20);
	if (!madvise(a, 20 * PAGE, POPULATE_WRITE)) /* since 5.14 */
		pages += 20;
	truth__extra("populated_bytes", pages * PAGE);
}

static void advise(void)
{
	char *a = map(300);

	touch_first(a, 300);
	if (madvise(a + 50 * PAGE, 200 * PAGE, MADV_DONTNEED))
		truth__fail("madvise");
	drop(&first, 200);
	touch_second(a + 60 * PAGE, 30);
	only_read(a + 100 * PAGE, 30);
}

/* Swapped out, and some of it back in: whoever brings it back has not made it. */
static void swap_out(void)
{
	enum { MANY = 4000, BACK = 1000 }; /* the kernel's count of them lags by some */
	char *a = map(MANY);

	touch_first(a, MANY);
	if (madvise(a, MANY * PAGE, MADV_PAGEOUT))
		truth__fail("MADV_PAGEOUT");
	touch_again(a, BACK);
	drop(&first, MANY - BACK);
	truth__extra("swapped_bytes", (MANY - BACK) * PAGE);
}

/* A little here and there in much that is only reserved. */
static void sparse(void)
{
	const uint64_t size = 1ULL << 44;
	char *at = mmap(NULL, size, READ_WRITE, MEMORY | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED || madvise(at, size, MADV_NOHUGEPAGE))
		truth__fail("cannot reserve memory");
	for (uint64_t i = 0; i < 100; i++)
		touch_first(at + i * (size / 100 & -PAGE), 3);
}

/* read(2) into fresh memory: the kernel faults on the caller's behalf. */
SITE static void read_into(int fd, char *at, uint64_t pages)
{
	if (read(fd, at, pages * PAGE) != (ssize_t)(pages * PAGE))
		truth__fail("read");
	kernel.live += pages;
	kernel.alloc += pages;
}

static void syscalls(void)
{
	char *a = map(32);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	read_into(fd, a, 32);
	close(fd);
}

/* A file's private mapping: read first, then written to. */
static void files(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *a = mmap(NULL, 2 * PAGE, READ_WRITE, MAP_PRIVATE, fd, 0), *b;

	if (a == MAP_FAILED)
		truth__fail("mmap of a file");
	only_read(a, 2);
	touch_first(a, 1);
	b = mmap(NULL, 16 * PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		truth__fail("mmap of shared memory");
	touch_again(b, 16);
	close(fd);
}

SITE static void touch_huge(char *at, uint64_t pages)
{
	*(volatile char *)at = 1;
	if (pages > 1)
		write_pages(at, pages);
	huge.live += 512;
	huge.alloc += 512;
}

/* One touch makes a huge page; part of it goes, and comes back as small ones of somebody else. */
static void huge_pages(void)
{
	char *at = mmap(NULL, 8 * HUGE, READ_WRITE, MEMORY, -1, 0);

	if (at == MAP_FAILED)
		truth__fail("mmap");
	at = (char *)(((uintptr_t)at + HUGE - 1) & -HUGE);
	if (madvise(at, 3 * HUGE, MADV_HUGEPAGE))
		truth__fail("MADV_HUGEPAGE");
	touch_huge(at + 7 * PAGE, 1);
	touch_huge(at + HUGE, 100);
	touch_huge(at + 2 * HUGE + 511 * PAGE, 1);
	touch_again(at, 512);
	if (madvise(at + 2 * HUGE + 100 * PAGE, 50 * PAGE, MADV_DONTNEED))
		truth__fail("madvise");
	drop(&huge, 50);
	touch_second(at + 2 * HUGE + 110 * PAGE, 10);
	/* the page that the fault was at goes, and then another part: the rest is still its */
	if (madvise(at + 7 * PAGE, PAGE, MADV_DONTNEED))
		truth__fail("madvise");
	drop(&huge, 1);
	touch_third(at + 7 * PAGE, 1);
	if (madvise(at + 300 * PAGE, 2 * PAGE, MADV_DONTNEED))
		truth__fail("madvise");
	drop(&huge, 2);
}

SITE static void touch_break(char *at, uint64_t pages)
{
	TOUCH(&broke, at, pages);
}

static void move_break(void)
{
	char *start = sbrk(0), *at;

	at = (char *)(((uintptr_t)start + PAGE - 1) & -PAGE);
	if (sbrk(at - start + (intptr_t)(64 * PAGE)) == (void *)-1)
		truth__fail("sbrk");
	touch_break(at, 64);
	if (sbrk(-(intptr_t)(24 * PAGE)) == (void *)-1)
		truth__fail("sbrk");
	drop(&broke, 24);
	if (sbrk((intptr_t)(24 * PAGE)) == (void *)-1)
		truth__fail("sbrk");
	touch_first(at + 40 * PAGE, 4);
}

/* Moved and grown: the pages stay those of whoever touched them. */
static void moves(void)
{
	char *a = map(40), *wall, *b, *c;

	touch_first(a, 20);
	touch_second(a + 20 * PAGE, 20);
	wall = mmap(a + 40 * PAGE, PAGE, PROT_NONE, MEMORY | MAP_FIXED_NOREPLACE, -1, 0);
	(void)wall;
	b = mremap(a, 40 * PAGE, 2000 * PAGE, MREMAP_MAYMOVE);
	if (b == MAP_FAILED || b == a)
		truth__fail("mremap");
	touch_third(b + 40 * PAGE, 10);
	touch_again(b, 40);
	/* what is mapped where it was is somebody else's */
	c = mmap(a, 10 * PAGE, READ_WRITE, MEMORY | MAP_FIXED_NOREPLACE, -1, 0);
	if (c != a)
		truth__fail("mmap where the memory was");
	touch_third(c, 5);
	/* and shrunk */
	if (mremap(b, 2000 * PAGE, 30 * PAGE, 0) != b)
		truth__fail("mremap, to shrink");
	drop(&second, 10);
	drop(&third, 10);
	/* to a place of the caller's choice, over what is there */
	c = map(600);
	touch_first(c, 600);
	if (mremap(b, 30 * PAGE, 30 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, c + 500 * PAGE) != c + 500 * PAGE)
		truth__fail("mremap, to a place");
	drop(&first, 30);
}

#define REPORT(site, account)                                                                                          \
	do {                                                                                                           \
		truth__extra(site ".live_bytes", (account)->live *PAGE);                                               \
		truth__extra(site ".alloc_bytes", (account)->alloc *PAGE);                                             \
	} while (0)

static void report(void)
{
	REPORT("touch_first", &first);
	REPORT("touch_second", &second);
	REPORT("touch_third", &third);
	REPORT("touch_huge", &huge);
	REPORT("touch_break", &broke);
	REPORT("read_into", &kernel);
	REPORT("touch_copy", &copied);
	REPORT("touch_memset", &filled);
}

SITE static void touch_copy(char *at, uint64_t pages)
{
	TOUCH(&copied, at, pages);
}

/* The child has what its parent had; what it writes to is its own. */
static void run_child(char *a, char *b, int done, int parent)
{
	char c = '.';

	truth__restart();
	first = second = third = huge = broke = kernel = (struct account){0};
	touch_copy(a + 10 * PAGE, 15);
	touch_first(b, 5);
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
	char *a = map(40), *b = map(10), c;
	int done[2], hold[2];
	pid_t child;

	touch_first(a, 40);
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
	touch_again(a, 20); /* copies, for some: still the first one's */
	touch_second(b, 10);
	if (read(done[0], &c, 1) != 1)
		truth__fail("the child did not come to its end");
	truth__extra("child_pid", (uint64_t)child);
}

static char *old;

/* Before a tracer attaches. */
void setup(int count, char **args)
{
	(void)count;
	(void)args;
	old = map(80);
	write_pages(old, 80);
	before.live = 80;
}

static void attached(void)
{
	touch_again(old, 40);
	if (munmap(old + 60 * PAGE, 20 * PAGE))
		truth__fail("munmap");
	drop(&before, 20);
	if (madvise(old, 10 * PAGE, MADV_DONTNEED))
		truth__fail("madvise");
	drop(&before, 10);
	touch_first(old, 2);
	truth__extra("before_bytes", before.live * PAGE);
}

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{"touches", touches},   {"unmaps", unmaps},   {"populated", populated}, {"advise", advise},
	{"syscalls", syscalls}, {"files", files},     {"huge", huge_pages},     {"break", move_break},
	{"attached", attached}, {"fill", fill},       {"swap", swap_out},       {"sparse", sparse},
	{"moves", moves},       {"fork", fork_child},
};

void scenario(int count, char **args)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (count > 1 ? !strcmp(args[1], parts[i].name)
			      : parts[i].run != fork_child && parts[i].run != swap_out)
			parts[i].run();
	report();
}
