/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An editor of a text of some hundred lines. Each change of a line is kept, with the line before and after it, lest it
 * be undone: 450 of them at most, which takes some 10 s; then the oldest goes for each.
 */
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { LINES = 200, UNDO_MAX = 450 };

namespace
{
struct Edit {
	std::size_t line;
	std::string before, after;
};
} // namespace

static std::vector<std::string> text(LINES);
static std::deque<Edit> undo;
static std::vector<Edit> redo;

SITE static std::string type_line()
{
	return std::string(random_size(&rng, 40, 1000), 't');
}

SITE static void keep(std::size_t line, const std::string &before, const std::string &after)
{
	undo.push_back({line, before, after});
}

SITE static void set_line(std::size_t line, const std::string &to)
{
	text[line] = std::string(to);
}

static void change()
{
	std::size_t line = random_below(&rng, LINES);
	std::string typed = type_line();

	keep(line, text[line], typed);
	set_line(line, typed);
	redo.clear();
	if (undo.size() > UNDO_MAX)
		undo.pop_front();
}

static void undo_one()
{
	Edit edit = std::move(undo.back());

	undo.pop_back();
	set_line(edit.line, edit.before);
	redo.push_back(std::move(edit));
}

static void redo_one()
{
	Edit edit = std::move(redo.back());

	redo.pop_back();
	set_line(edit.line, edit.after);
	undo.push_back(std::move(edit));
}

SITE static std::string draw()
{
	std::string screen;

	for (std::size_t line = random_below(&rng, LINES - 10), i = 0; i < 10; i++)
		screen.append(text[line + i]).push_back('\n');
	return screen;
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 150), &rng);

	while (next(&pace)) {
		work(20);
		if (random_chance(&rng, 0.4))
			change();
		else if (undo.size() && random_chance(&rng, 0.08))
			undo_one();
		else if (redo.size() && random_chance(&rng, 0.5))
			redo_one();
		text[0][0] = draw()[0];
	}
}
