/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A storm of page faults, twenty frames deep: for each line on standard input it touches, and gives back, a quarter of
 * a gigabyte of small pages, and prints the CPU time that a page took, in nanoseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 65536, DEPTH = 16 /* and main, libc's two, and _start */ };

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

__attribute__((noipa)) static void touch(void)
{
	char *at = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || madvise(at, (size_t)PAGES * PAGE, MADV_NOHUGEPAGE))
		exit(1);
	for (size_t i = 0; i < PAGES; i++)
		*(volatile char *)(at + i * PAGE) = 1;
	munmap(at, (size_t)PAGES * PAGE);
}

__attribute__((noipa)) static void descend(int depth)
{
	if (depth)
		descend(depth - 1);
	else
		touch();
	__asm__ volatile("" ::: "memory"); /* no tail call */
}

int main(void)
{
	while (getchar() == '\n') {
		uint64_t start = cpu_ns();

		descend(DEPTH - 2);
		printf("%llu\n", (unsigned long long)((cpu_ns() - start) / PAGES));
		fflush(stdout);
	}
	return 0;
}
