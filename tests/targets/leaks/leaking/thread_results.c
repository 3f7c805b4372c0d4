/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool of three workers that take tasks from a queue and hang a result on each when it is done. Who submitted a task
 * frees both; but of those that nobody waits for, 1 of 8, only the task is freed: about 20 KB/s.
 */
#include <pthread.h>

#include "leaks.h"

enum { WORKERS = 3 };

const char *const leaking[] = {"result_new", NULL};

struct task {
	struct task *next;
	struct random random;
	bool awaited;
	char *result;
	size_t size;
	char input[];
};

static struct list {
	struct task *first, **last;
} todo = {.last = &todo.first}, done = {.last = &done.first};
static bool stopped;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;

static void append(struct list *list, struct task *task)
{
	task->next = NULL;
	*list->last = task;
	list->last = &task->next;
}

static struct task *take(struct list *list)
{
	struct task *task = list->first;

	if (task && !(list->first = task->next))
		list->last = &list->first;
	return task;
}

SITE static char *result_new(struct random *random, size_t *size)
{
	*size = random_size(random, 128, 4096);
	return filled(malloc(*size), *size);
}

SITE static char *scratch_new(size_t size)
{
	return filled(malloc(size), size);
}

static void compute(struct task *task)
{
	char *scratch = scratch_new(random_size(&task->random, 1000, 30000));

	work(60);
	task->result = result_new(&task->random, &task->size);
	memcpy(task->result, scratch, 128);
	free(scratch);
}

static struct task *wait_for_task(void)
{
	struct task *task;

	pthread_mutex_lock(&lock);
	while (!(task = take(&todo)) && !stopped)
		pthread_cond_wait(&more, &lock);
	pthread_mutex_unlock(&lock);
	return task;
}

static void *worker(void *argument)
{
	struct task *task;

	while ((task = wait_for_task())) {
		compute(task);
		pthread_mutex_lock(&lock);
		append(&done, task);
		pthread_mutex_unlock(&lock);
	}
	return argument;
}

SITE static struct task *task_new(void)
{
	size_t size = sizeof(struct task) + random_size(&rng, 64, 2000);
	struct task *task = filled(malloc(size), size);

	task->random = random_split(&rng);
	task->awaited = !random_chance(&rng, 0.125);
	task->result = NULL;
	return task;
}

static void submit(void)
{
	struct task *task = task_new();

	pthread_mutex_lock(&lock);
	append(&todo, task);
	pthread_cond_signal(&more);
	pthread_mutex_unlock(&lock);
}

static struct task *take_done(void)
{
	struct task *task;

	pthread_mutex_lock(&lock);
	task = take(&done);
	pthread_mutex_unlock(&lock);
	return task;
}

static void collect(void)
{
	struct task *task;

	while ((task = take_done())) {
		if (task->awaited)
			free(task->result);
		free(task);
	}
}

static void stop(const pthread_t *threads)
{
	pthread_mutex_lock(&lock);
	stopped = true;
	pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
}

void program(void)
{
	pthread_t threads[WORKERS];
	struct pace pace = pace_random(random_about(&rng, 140), &rng);

	for (unsigned i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, worker, NULL))
			fail("cannot start a thread");
	while (next(&pace)) {
		collect();
		submit();
	}
	stop(threads);
}
