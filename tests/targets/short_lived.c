/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * short_lived COUNT: COUNT children one after another, ten at once, each of which touches 0 to 15 times 64 KiB, and is
 * gone some milliseconds after it came. Prints "PID BYTES" for each, after "ready" and a line on standard input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, UNIT = 64 << 10, AT_ONCE = 10 };

static void live_shortly(size_t size)
{
	char *start = size ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;

	for (size_t i = 0; i < size; i += PAGE)
		((volatile char *)start)[i] = 1;
	_exit(0);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;
	char line[8];

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	for (int i = 0; i < count; i++) {
		size_t size = (size_t)(i % 16) * UNIT;
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (!child)
			live_shortly(size);
		printf("%d %zu\n", (int)child, size);
		if (i >= AT_ONCE)
			wait(NULL);
	}
	while (wait(NULL) > 0)
		;
	puts("done");
	return !fgets(line, sizeof(line), stdin);
}
