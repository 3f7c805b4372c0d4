/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a known kind and size becomes resident, and goes again, as the lines on standard input say:
 *     anon N, huge N, shmem N, file N   N MiB more of that kind, each page touched
 *     half, grow, pageout, free         what is done to the newest: its first half dropped; moved and doubled, the new
 *                                       part touched; sent to swap; unmapped
 *     burst N                           N MiB touched and unmapped at once
 *     fork, exec, exit
 * Each is answered by a line: "done", or after fork the child's pid. The child waits until it is killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MIB = 1 << 20, HUGE_PAGE = 2 * MIB, MAX = 64 };

static struct {
	char *start;
	size_t size;
} maps[MAX];
static int count;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void touch(char *start, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		((volatile char *)start)[i] = 1;
}

static char *add(size_t size, int flags, int fd)
{
	int writes = fd < 0 ? PROT_WRITE : 0;
	char *start = mmap(NULL, size, PROT_READ | writes, flags, fd, 0);

	if (start == MAP_FAILED || count == MAX)
		fail("mmap");
	maps[count].start = start;
	maps[count++].size = size;
	return start;
}

static void add_anon(size_t size)
{
	touch(add(size, MAP_PRIVATE | MAP_ANONYMOUS, -1), size);
}

/* The kernel must find room for whole huge pages: so much is mapped, and what is beside them given back. */
static void add_huge(size_t size)
{
	char *start = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before = (HUGE_PAGE - (size_t)start % HUGE_PAGE) % HUGE_PAGE;

	if (start == MAP_FAILED || count == MAX)
		fail("mmap");
	if (before)
		munmap(start, before);
	start += before;
	munmap(start + size, HUGE_PAGE - before);
	madvise(start, size, MADV_HUGEPAGE);
	for (size_t i = 0; i < size; i += HUGE_PAGE)
		start[i] = 1;
	maps[count].start = start;
	maps[count++].size = size;
}

static void add_file(size_t size)
{
	char name[] = "/tmp/rss-kinds-XXXXXX", *start, sum = 0;
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) || posix_fallocate(fd, 0, (off_t)size))
		fail(name);
	start = add(size, MAP_PRIVATE, fd);
	close(fd);
	for (size_t i = 0; i < size; i += PAGE)
		sum ^= ((volatile char *)start)[i];
	if (sum)
		exit(1);
}

static void grow(void)
{
	size_t size = maps[count - 1].size;
	char *start = mremap(maps[count - 1].start, size, 2 * size, MREMAP_MAYMOVE);

	if (start == MAP_FAILED)
		fail("mremap");
	touch(start + size, size);
	maps[count - 1].start = start;
	maps[count - 1].size = 2 * size;
}

static void burst(size_t size)
{
	add_anon(size);
	count--;
	munmap(maps[count].start, maps[count].size);
}

static void to_newest(const char *what)
{
	char *start = maps[count - 1].start;
	size_t size = maps[count - 1].size;

	if (!strcmp(what, "half"))
		madvise(start, size / 2, MADV_DONTNEED);
	else if (!strcmp(what, "grow"))
		grow();
	else if (!strcmp(what, "pageout") && madvise(start, size, MADV_PAGEOUT))
		fail("madvise");
	else if (!strcmp(what, "free") && !munmap(start, size))
		count--;
}

static void make(const char *kind, size_t size)
{
	if (!strcmp(kind, "anon"))
		add_anon(size);
	else if (!strcmp(kind, "huge"))
		add_huge(size);
	else if (!strcmp(kind, "shmem"))
		touch(add(size, MAP_SHARED | MAP_ANONYMOUS, -1), size);
	else if (!strcmp(kind, "file"))
		add_file(size);
	else if (!strcmp(kind, "burst"))
		burst(size);
}

static void run_child(void)
{
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	printf("%d\n", (int)child);
}

int main(int argc, char **argv)
{
	char line[64], what[16];
	unsigned int n;

	(void)argc;
	setvbuf(stdin, NULL, _IONBF, 0); /* so that exec leaves the lines that are not read yet */
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin) && sscanf(line, "%15s %u", what, &n) >= 1) {
		if (!strcmp(what, "exit"))
			return 0;
		if (!strcmp(what, "exec"))
			execv("/proc/self/exe", argv);
		if (!strcmp(what, "fork")) {
			run_child();
			continue;
		}
		if (sscanf(line, "%15s %u", what, &n) == 2)
			make(what, (size_t)n * MIB);
		else if (count)
			to_newest(what);
		puts("done");
	}
	return 0;
}
