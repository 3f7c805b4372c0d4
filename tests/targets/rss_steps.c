/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does with its memory what its arguments say, one after the other; sizes in MiB, times in ms:
 *     +N   touches N MiB more, and keeps them     -N   gives N MiB back, of those that were touched last
 *     !N   touches N MiB and gives them back at once      @N   sleeps      &   becomes itself anew, with what follows
 *     ?    says "ready", and waits for a line
 * It allocates nothing and makes no huge pages. At the end it says how long each touch has taken, in microseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 64 };

static size_t sizes[STEPS];
static void *blocks[STEPS];
static int count;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Not by dprintf(), which allocates. */
static void say(int fd, uint64_t number)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);

	if (write(fd, text, (size_t)size) != size)
		abort();
}

static void *touch(size_t size)
{
	uint64_t begin = now_us();
	char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (block == MAP_FAILED)
		abort();
	madvise(block, size, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < size; at += 4096)
		*(volatile char *)(block + at) = 1;
	say(2, now_us() - begin);
	return block;
}

static void give_back(size_t size)
{
	if (count && sizes[count - 1] == size)
		munmap(blocks[--count], size);
}

static void wait_for_line(void)
{
	char c;

	if (write(1, "ready\n", 6) != 6)
		abort();
	while (read(0, &c, 1) == 1 && c != '\n')
		;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		unsigned long number = strtoul(argv[i] + 1, NULL, 10);

		switch (argv[i][0]) {
		case '+':
			sizes[count] = number << 20;
			blocks[count] = touch(number << 20);
			count++;
			break;
		case '-':
			give_back(number << 20);
			break;
		case '!':
			munmap(touch(number << 20), number << 20);
			break;
		case '@':
			usleep((useconds_t)number * 1000);
			break;
		case '?':
			wait_for_line();
			break;
		case '&':
			argv[i] = argv[0];
			execv("/proc/self/exe", argv + i);
			return 1;
		default:
			return (int)strtoul(argv[i], NULL, 10); /* ends with that status */
		}
	}
	return 0;
}
