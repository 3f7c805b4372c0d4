/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tiles of a map in a cache with a budget of 1.5 MB: while what it has is more, any tile is thrown out, by dice. Tiles
 * are of 500 bytes to 60 KB, and some are asked for far more often than others. Full after some 4 s.
 */
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { KEYS = 30000, BUDGET = 1500000 };

namespace
{
struct Tile {
	std::string pixels;
	std::size_t place; /* in the keys */
};
} // namespace

static std::unordered_map<std::size_t, Tile> tiles;
static std::vector<std::size_t> keys;
static std::size_t bytes;

SITE static std::string render()
{
	return std::string(random_size(&rng, 500, 60000), 'p');
}

SITE static void insert(std::size_t key)
{
	Tile tile = {render(), keys.size()};

	bytes += tile.pixels.size();
	tiles.emplace(key, std::move(tile));
	keys.push_back(key);
}

static void throw_out()
{
	std::size_t place = random_below(&rng, keys.size());
	auto found = tiles.find(keys[place]);

	bytes -= found->second.pixels.size();
	tiles.erase(found);
	keys[place] = keys.back();
	keys.pop_back();
	if (place < keys.size())
		tiles.find(keys[place])->second.place = place;
}

static void show(std::size_t key)
{
	if (tiles.count(key))
		return;
	work(30);
	insert(key);
	while (bytes > BUDGET)
		throw_out();
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 90), &rng);

	while (next(&pace))
		show(random_size(&rng, 1, KEYS));
}
