/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocates, then executes itself with another scenario: the first image's heap ends there, and the account is the
 * second image's. With argument "thread" it is not the leading thread that calls exec: the kernel then loses probes
 * that are filtered by pid, and a tracer has to put them back. So that second image waits a second first.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "truth.h"

const int truth_totals_inexact = 1; /* the second image's start is traced, too */

SITE static void *first_image(size_t size)
{
	return truth_malloc(size);
}

/* In both images, at the same addresses when these are not randomised. */
SITE static void *either_image(size_t size)
{
	return truth_malloc(size);
}

SITE static void *second_image(size_t size)
{
	return truth_malloc(size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

static int by_thread;

static void *become_second(void *name)
{
	char *args[] = {name, TRUTH_STARTED, by_thread ? "late" : "second", truth__waits() ? NULL : "--now", NULL};

	execv("/proc/self/exe", args);
	truth__fail("exec");
}

void scenario(int count, char **args)
{
	pthread_t thread;

	if (count > 1 && strcmp(args[1], "late") == 0)
		sleep(1);
	if (count > 1 && (strcmp(args[1], "second") == 0 || strcmp(args[1], "late") == 0)) {
		for (size_t i = 0; i < 500; i++) {
			void *block = second_image(i);

			either_image(2 * i);
			if (i % 3)
				release(block);
		}
		return;
	}
	for (size_t i = 0; i < 1000; i++) {
		void *block = first_image(10 * i);

		either_image(i);
		if (i % 2)
			release(block);
	}
	if (count > 1 && strcmp(args[1], "thread") == 0) {
		by_thread = 1;
		if (pthread_create(&thread, NULL, become_second, args[0]) != 0)
			truth__fail("cannot create a thread");
		pthread_join(thread, NULL);
	}
	become_second(args[0]);
}
