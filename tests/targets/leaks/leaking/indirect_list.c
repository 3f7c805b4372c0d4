/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs that are lists of tasks, done from the first to the last. A job that is cancelled, 1 of 12, drops the head of
 * its list, and so all of it: about 6 KB/s, of which only the heads are not pointed to.
 */
#include "leaks.h"

enum { JOBS = 30, TASKS = 12 };

const char *const leaking[] = {"task_new", NULL};

static struct task {
	struct task *next;
	size_t size;
	char arguments[];
} * jobs[JOBS];

SITE static struct task *task_new(struct task *next)
{
	size_t size = random_size(&rng, 32, 1500);
	struct task *task = filled(malloc(sizeof(*task) + size), sizeof(*task) + size);

	task->size = size;
	task->next = next;
	return task;
}

static struct task *job_new(void)
{
	struct task *first = NULL;

	for (uint64_t i = 3 + random_below(&rng, TASKS - 2); i; i--) {
		first = task_new(first);
		work(10);
	}
	return first;
}

SITE static void *scratch_new(size_t size)
{
	return filled(malloc(size), size);
}

static struct task *task_done(struct task *task)
{
	struct task *next = task->next;
	void *scratch = scratch_new(task->size * 3);

	work(15);
	free(scratch);
	free(task);
	return next;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		struct task **job = &jobs[random_below(&rng, JOBS)];

		if (!*job)
			*job = job_new();
		else if (random_chance(&rng, 0.01))
			*job = NULL;
		else
			*job = task_done(*job);
	}
}
