/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A game that shows one list of things to draw while it makes the next, 20 times a second, of 10 to 40 things with
 * their labels and outlines: how many goes up and down every 9 s or so. The lists keep their capacity. Beside them, a
 * picture of each of 90 letters, made when it is drawn first: nearly all of them are after 6 s.
 */
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { LETTERS = 90 };

namespace
{
struct Thing {
	std::string label;
	std::vector<float> outline;
};
} // namespace

static std::vector<Thing> shown, made;
static std::array<std::vector<unsigned char>, LETTERS> letters;

SITE static void draw_letter(std::vector<unsigned char> &picture)
{
	picture.assign(random_size(&rng, 2000, 12000), 'l');
}

SITE static void add_thing()
{
	made.push_back({std::string(random_size(&rng, 20, 400), 'a'), {}});
	made.back().outline.assign(random_size(&rng, 8, 200), 1.0F);
}

static void make(std::size_t things)
{
	made.clear();
	for (std::size_t i = 0; i < things; i++)
		add_thing();
}

static void show(const Thing &thing)
{
	std::vector<unsigned char> &letter = letters[random_below(&rng, LETTERS)];

	if (letter.empty() && random_chance(&rng, 0.1))
		draw_letter(letter);
	work(thing.outline.size() > 50 ? 15 : 10);
}

/* A triangle over the period. */
static std::size_t complexity(double now, double period)
{
	double phase = now / period, part = phase - static_cast<unsigned>(phase);

	return 10 + static_cast<std::size_t>(30 * (part < 0.5 ? 2 * part : 2 - 2 * part));
}

void program()
{
	double period = random_about(&rng, 9);
	struct pace pace = pace_regular(20);

	while (next(&pace)) {
		make(complexity(pace.now, period));
		std::swap(made, shown);
		for (const Thing &thing : shown)
			show(thing);
	}
}
