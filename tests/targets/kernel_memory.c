/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of the kernel through the C library: the account has calls and bytes of each kind in extra keys
 * "KIND.calls" and "KIND.bytes". What must not count is in between: calls that fail, files, shared memory, what cannot
 * be written to, and advice that drops nothing. With the argument "threads", as many threads as the next one says
 * allocate at once, each in an arena of its own where the allocator has such, and the key is "arena.calls".
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

#define PAGE       4096UL
#define MEMORY     (MAP_PRIVATE | MAP_ANONYMOUS)
#define READ_WRITE (PROT_READ | PROT_WRITE)

struct account {
	uint64_t calls, bytes;
};

static struct account brks, mmaps, mremaps, trims, munmaps, madvises;

static void note(struct account *account, uint64_t pages)
{
	account->calls++;
	account->bytes += pages * PAGE;
}

static void must(int holds)
{
	if (!holds)
		truth__fail("a call did not do what it must");
}

static char *map(uint64_t bytes)
{
	char *at = mmap(NULL, bytes, READ_WRITE, MEMORY, -1, 0);

	must(at != MAP_FAILED);
	note(&mmaps, (bytes + PAGE - 1) / PAGE);
	return at;
}

static void unmap(char *at, uint64_t pages)
{
	must(!munmap(at, pages * PAGE));
	note(&munmaps, pages);
}

static void map_and_unmap(void)
{
	char *first = map(10 * PAGE), *second = map(7 * PAGE + 1);

	must(mmap(NULL, 0, READ_WRITE, MEMORY, -1, 0) == MAP_FAILED);
	must(munmap(first + 1, PAGE) == -1);
	unmap(first, 3);
	unmap(second, 8);
	unmap(first + 3 * PAGE, 7);
}

static void map_what_does_not_count(void)
{
	char *nothing = mmap(NULL, 5 * PAGE, PROT_NONE, MEMORY | MAP_NORESERVE, -1, 0);
	char *shared = mmap(NULL, 6 * PAGE, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *constant = mmap(NULL, 4 * PAGE, PROT_READ, MEMORY, -1, 0);

	must(nothing != MAP_FAILED && shared != MAP_FAILED && constant != MAP_FAILED);
	must(!mprotect(nothing, 5 * PAGE, READ_WRITE)); /* only the C library's own calls count */
	unmap(nothing, 5);
	unmap(shared, 6);
}

static void remap(void)
{
	char *at = map(10 * PAGE);

	at = mremap(at, 10 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	must(at != MAP_FAILED);
	note(&mremaps, 54);
	at = mremap(at, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	must(at != MAP_FAILED);
	at = mremap(at, 64 * PAGE, 5 * PAGE, 0);
	must(at != MAP_FAILED);
	note(&munmaps, 59);
	must(mremap(at + 1, PAGE, 2 * PAGE, 0) == MAP_FAILED);
}

static void advise(void)
{
	char *at = map(32 * PAGE);

	memset(at, 1, 32 * PAGE);
	must(!madvise(at, 6 * PAGE, MADV_DONTNEED));
	must(!madvise(at + 8 * PAGE, 4 * PAGE, MADV_FREE));
	note(&madvises, 6);
	note(&madvises, 4);
	must(!madvise(at, 32 * PAGE, MADV_WILLNEED));
	must(madvise(at + 1, PAGE, MADV_DONTNEED) == -1);
}

/* musl has no sbrk that moves it. */
static void move_break(void)
{
	if (sbrk(9 * PAGE) == (void *)-1)
		return;
	note(&brks, 9);
	must(sbrk(0) != (void *)-1);
	must(sbrk(-(intptr_t)(4 * PAGE)) != (void *)-1);
	note(&trims, 4);
	must(sbrk(INTPTR_MAX) == (void *)-1);
	must(sbrk(2 * PAGE) != (void *)-1);
	note(&brks, 2);
}

#define TELL(name, account)                                                                                            \
	do {                                                                                                           \
		truth__extra(name ".calls", (account).calls);                                                          \
		truth__extra(name ".bytes", (account).bytes);                                                          \
	} while (0)

static pthread_barrier_t together;

SITE static void *allocate(void *unused)
{
	void *block = malloc(100);

	pthread_barrier_wait(&together);
	free(block);
	return unused;
}

static void run_threads(unsigned int count)
{
	pthread_t threads[16];

	must(count <= 16 && !pthread_barrier_init(&together, NULL, count));
	for (unsigned int i = 0; i < count; i++)
		must(!pthread_create(&threads[i], NULL, allocate, NULL));
	for (unsigned int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	truth__extra("arena.calls", count);
}

void scenario(int count, char **args)
{
	if (count > 2 && !strcmp(args[1], "threads")) {
		run_threads((unsigned int)atoi(args[2]));
		return;
	}
	map_and_unmap();
	map_what_does_not_count();
	remap();
	advise();
	move_break();
	TELL("brk", brks);
	TELL("mmap", mmaps);
	TELL("mremap", mremaps);
	TELL("trim", trims);
	TELL("munmap", munmaps);
	TELL("madvise", madvises);
}
