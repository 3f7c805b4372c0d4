/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to a remote service, about 80 a second, each with a function for its end, which shares the call itself. It is
 * cleared when the answer comes; when none does in time, 1 of 8, the call only goes off the list, and so outlives its
 * last use: about 10 KB/s.
 */
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "leaks.h"

const char *const leaking[] = {"make_call", nullptr};

namespace
{
struct Call {
	double due;
	bool answered;
	std::string request, answer;
	std::function<void(std::string)> done;
};
} // namespace

static std::deque<std::shared_ptr<Call>> pending;
static std::size_t received;

SITE static std::shared_ptr<Call> make_call(double now)
{
	auto call = std::make_shared<Call>();

	call->due = now + 0.4;
	call->answered = !random_chance(&rng, 0.125);
	call->request.assign(random_size(&rng, 200, 2500), 'r');
	call->done = [call](std::string answer) {
		call->answer = std::move(answer);
		received += call->answer.size();
	};
	return call;
}

SITE static std::string receive()
{
	return std::string(random_size(&rng, 100, 4000), 'a');
}

static void finish(const std::shared_ptr<Call> &call)
{
	work(60);
	if (!call->answered)
		return;
	call->done(receive());
	call->done = nullptr;
}

SITE static void start(double now)
{
	pending.push_back(make_call(now));
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 240), &rng);

	while (next(&pace)) {
		work(20);
		if (random_chance(&rng, 0.33))
			start(pace.now);
		while (!pending.empty() && pending.front()->due <= pace.now) {
			finish(pending.front());
			pending.pop_front();
		}
	}
}
