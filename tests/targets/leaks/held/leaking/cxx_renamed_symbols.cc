/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of an IDE, from the names of symbols to where they are, of 60 files. When a file was edited, its symbols
 * are looked up by the names they have now, and what the index has for them is replaced. So a symbol that was renamed,
 * about 1 of 12, stays under its old name too: about 40 a second, 9 KB/s.
 */
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {"index_symbol", nullptr};

enum { FILES = 60, SYMBOLS = 10 };

using Places = std::vector<unsigned>;

static std::array<std::array<std::uint64_t, SYMBOLS>, FILES> files; /* the numbers of their symbols */
static std::unordered_map<std::string, Places> places;

SITE static std::string symbol_name(std::uint64_t number)
{
	return "project::component::symbol_" + std::to_string(number);
}

SITE static void index_symbol(const std::string &name)
{
	places[name] = Places(random_size(&rng, 2, 120), 1);
}

SITE static std::string read_file()
{
	return std::string(random_size(&rng, 2000, 40000), 'c');
}

static void edit(std::array<std::uint64_t, SYMBOLS> &symbols)
{
	std::string text = read_file();

	work(40);
	for (std::uint64_t &symbol : symbols) {
		if (random_chance(&rng, 0.08))
			symbol = random_u64(&rng);
		index_symbol(symbol_name(symbol));
	}
	text[0] = '/';
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 50), &rng);

	for (auto &symbols : files) {
		for (std::uint64_t &symbol : symbols)
			symbol = random_u64(&rng);
		edit(symbols);
	}
	while (next(&pace))
		edit(files[random_below(&rng, FILES)]);
}
