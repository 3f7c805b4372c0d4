/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs that are to be done later, by up to 10 s, in a queue by the time they are due; about 50 come in a second. One
 * that fails is tried once more, after 2 s. Each is gone when it is done, so that there are some 250, from 10 s on.
 */
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

namespace
{
struct Job {
	double due;
	bool again;
	std::string arguments;
};

using Pointer = std::unique_ptr<Job>;

struct Later {
	bool operator()(const Pointer &a, const Pointer &b) const
	{
		return a->due > b->due;
	}
};
} // namespace

static std::vector<Pointer> queue;

SITE static Pointer make_job(double now)
{
	Pointer job = std::make_unique<Job>();

	job->due = now + 10 * random_unit(&rng);
	job->again = false;
	job->arguments.assign(random_size(&rng, 100, 5000), 'a');
	return job;
}

SITE static void enqueue(Pointer job)
{
	queue.push_back(std::move(job));
	std::push_heap(queue.begin(), queue.end(), Later());
}

static Pointer dequeue()
{
	Pointer job;

	std::pop_heap(queue.begin(), queue.end(), Later());
	job = std::move(queue.back());
	queue.pop_back();
	return job;
}

SITE static std::string execute(const Job &job)
{
	std::string output = "done: " + job.arguments;

	return output.append(random_size(&rng, 50, 2000), 'o');
}

static void do_job(Pointer job, double now)
{
	std::string output = execute(*job);

	work(40);
	if (!job->again && random_chance(&rng, 0.1)) {
		job->again = true;
		job->due = now + 2;
		enqueue(std::move(job));
	}
}

SITE static std::string poll()
{
	return std::string(random_size(&rng, 30, 1500), 'p');
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		std::string polled = poll();

		work(15);
		if (random_chance(&rng, 0.2))
			enqueue(make_job(pace.now));
		while (!queue.empty() && queue.front()->due <= pace.now)
			do_job(dequeue(), pace.now);
	}
}
