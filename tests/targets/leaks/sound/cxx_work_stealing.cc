/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three workers, each with a deque of tasks: it takes its newest, or the oldest of another when it has none. About
 * every 2 s there are 12 large tasks to do, some 150 KB, unless 60 are there already; a task is split into two, four
 * times.
 */
#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { WORKERS = 3, SPLITS = 4, TASKS_MAX = 60, BATCH = 12 };

namespace
{
struct Task {
	unsigned splits;
	std::string input;
};

using Pointer = std::unique_ptr<Task>;

struct Deque {
	std::mutex lock;
	std::deque<Pointer> tasks;
};
} // namespace

static std::array<Deque, WORKERS> deques;
static std::atomic<unsigned> outstanding;

SITE static Pointer make_task(struct random *random, unsigned splits)
{
	Pointer task = std::make_unique<Task>();

	task->splits = splits;
	task->input.assign(random_size(random, 200, 2000) << splits, 'i');
	return task;
}

SITE static void push(Deque &deque, Pointer task)
{
	std::lock_guard<std::mutex> guard(deque.lock);

	outstanding++;
	deque.tasks.push_back(std::move(task));
}

static Pointer pop(Deque &deque)
{
	std::lock_guard<std::mutex> guard(deque.lock);
	Pointer task;

	if (!deque.tasks.empty()) {
		task = std::move(deque.tasks.back());
		deque.tasks.pop_back();
	}
	return task;
}

static Pointer steal(Deque &deque)
{
	std::lock_guard<std::mutex> guard(deque.lock);
	Pointer task;

	if (!deque.tasks.empty()) {
		task = std::move(deque.tasks.front());
		deque.tasks.pop_front();
	}
	return task;
}

static Pointer find_task(std::size_t own)
{
	Pointer task = pop(deques[own]);

	for (std::size_t i = 1; !task && i < WORKERS; i++)
		task = steal(deques[(own + i) % WORKERS]);
	return task;
}

SITE static std::string compute(struct random *random, const Task &task)
{
	return std::string(task.input.size() / 2 + random_size(random, 100, 2000), 'o');
}

static void execute(std::size_t own, struct random *random, const Task &task)
{
	std::string output = compute(random, task);

	work(50);
	for (unsigned i = 0; task.splits && i < 2; i++)
		push(deques[own], make_task(random, task.splits - 1));
	outstanding--;
}

static void run(std::size_t own, struct random random)
{
	struct pace pace = pace_random(random_about(&random, 110), &random);

	while (next(&pace))
		if (Pointer task = find_task(own))
			execute(own, &random, *task);
}

static void submit()
{
	for (unsigned i = 0; i < BATCH && outstanding < TASKS_MAX; i++)
		push(deques[random_below(&rng, WORKERS)], make_task(&rng, SPLITS));
}

void program()
{
	std::vector<std::thread> workers;
	struct pace pace = pace_random(random_about(&rng, 0.5), &rng);

	for (std::size_t i = 0; i < WORKERS; i++)
		workers.emplace_back(run, i, random_split(&rng));
	while (next(&pace))
		submit();
	for (std::thread &worker : workers)
		worker.join();
}
