/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of tiles of very different sizes, in two queues: new ones are on trial, in the order they came, up to 400 KB;
 * one that is asked for again is proven, up to 500 KB, and then the one not used for longest goes. Full within 10 s.
 */
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { TILES = 3000, TRIAL_MAX = 400000, PROVEN_MAX = 500000 };

namespace
{
struct Tile {
	std::size_t key;
	bool proven;
	std::string pixels;
};

struct Queue {
	std::list<Tile> tiles;
	std::size_t bytes, bytes_max;
};
} // namespace

static Queue trial = {{}, 0, TRIAL_MAX}, proven = {{}, 0, PROVEN_MAX};
static std::unordered_map<std::size_t, std::list<Tile>::iterator> known;

SITE static std::string load()
{
	return std::string(random_size(&rng, 300, 30000), 'p');
}

static void shrink(Queue &queue)
{
	while (queue.bytes > queue.bytes_max) {
		queue.bytes -= queue.tiles.back().pixels.size();
		known.erase(queue.tiles.back().key);
		queue.tiles.pop_back();
	}
}

SITE static void add(std::size_t key)
{
	trial.tiles.push_front({key, false, load()});
	trial.bytes += trial.tiles.front().pixels.size();
	known[key] = trial.tiles.begin();
	shrink(trial);
}

static void use(std::list<Tile>::iterator tile)
{
	Queue &from = tile->proven ? proven : trial;

	from.bytes -= tile->pixels.size();
	proven.bytes += tile->pixels.size();
	tile->proven = true;
	proven.tiles.splice(proven.tiles.begin(), from.tiles, tile);
	shrink(proven);
}

static void ask(std::size_t key)
{
	auto found = known.find(key);

	if (found != known.end())
		use(found->second);
	else
		add(key);
}

SITE static std::string make_request()
{
	return std::string(random_size(&rng, 100, 2000), 'r');
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		std::string request = make_request();

		work(25);
		ask(random_size(&rng, 1, TILES));
		request[0] = 'd';
	}
}
