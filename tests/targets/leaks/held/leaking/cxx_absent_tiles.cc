/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A map whose view moves on all the time. The latest 120 tiles are kept, some 700 KB, and each new one takes the place
 * of the oldest. The names of tiles that the server does not have are remembered too, lest they be asked for again, in
 * a set without a limit: about 30 a second, 5 KB/s.
 */
#include <array>
#include <set>
#include <string>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {"remember_absent", nullptr};

enum { TILES = 120 };

static std::array<std::vector<unsigned char>, TILES> tiles;
static unsigned oldest;
static std::uint64_t column;
static std::set<std::string> absent;

SITE static std::string tile_name(std::uint64_t x, std::uint64_t y)
{
	std::string name("https://tiles.example/17/");

	name += std::to_string(x);
	name += '/';
	name += std::to_string(y);
	name += ".png?layers=roads,labels";
	return name;
}

SITE static void remember_absent(const std::string &name)
{
	absent.insert(name);
}

SITE static void fetch()
{
	tiles[oldest] = std::vector<unsigned char>(random_size(&rng, 1000, 20000), 't');
	oldest = (oldest + 1) % TILES;
}

static void show(std::uint64_t x, std::uint64_t y)
{
	std::string name = tile_name(x, y);

	if (absent.count(name))
		return;
	work(30);
	if (random_chance(&rng, 0.25))
		remember_absent(name);
	else
		fetch();
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 120), &rng);

	while (next(&pace)) {
		column += random_below(&rng, 2);
		show(column, random_below(&rng, 4000));
	}
}
