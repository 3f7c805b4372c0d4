/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions in a map by their id, which are never erased: about 40 new ones a second, 20 KB/s. */
#include <memory>
#include <string>
#include <unordered_map>

#include "leaks.h"

const char *const leaking[] = {"log_in", NULL};

namespace
{
struct Session {
	std::string user, address;
	std::unique_ptr<char[]> state;
	unsigned requests = 0;
};
} // namespace

static std::unordered_map<std::uint64_t, Session> sessions;
static std::uint64_t last_id;

SITE static void log_in()
{
	Session &session = sessions[++last_id];
	std::size_t size = random_size(&rng, 100, 800);

	session.user.assign(20 + random_below(&rng, 20), 'u');
	session.address.assign(39, 'a');
	session.state.reset(new char[size]);
	memset(session.state.get(), 's', size);
}

SITE static std::string render(const Session &session)
{
	std::string page = "<h1>" + session.user + "</h1>";

	page.append(random_size(&rng, 200, 8000), 'p');
	return page;
}

static void request()
{
	/* Of the latest hundred, as those of yesterday do not come back. */
	auto found = sessions.find(last_id - random_below(&rng, last_id < 100 ? last_id : 100));

	work(35);
	if (found == sessions.end())
		return;
	found->second.requests++;
	found->second.state[0] = render(found->second)[0];
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	log_in();
	while (next(&pace)) {
		if (random_chance(&rng, 0.13))
			log_in();
		request();
	}
}
