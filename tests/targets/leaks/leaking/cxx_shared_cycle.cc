/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows that share their panes, which share the window again: such cycles outlive their last use, about 16 KB/s. The
 * dialogs next to them, whose parts only observe the whole, do not.
 */
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {"make_window", NULL};

namespace
{
struct Window;

struct Pane {
	std::shared_ptr<Window> window;
	std::string text;
};

struct Window {
	std::string title;
	std::vector<std::shared_ptr<Pane>> panes;
};

struct Dialog;

struct Button {
	std::weak_ptr<Dialog> dialog;
	std::string label;
};

struct Dialog {
	std::vector<std::shared_ptr<Button>> buttons;
};
} // namespace

static std::deque<std::shared_ptr<Dialog>> dialogs;

SITE static std::shared_ptr<Window> make_window()
{
	auto window = std::make_shared<Window>();

	window->title.assign(30, 't');
	for (std::uint64_t i = 1 + random_below(&rng, 3); i; i--) {
		auto pane = std::make_shared<Pane>();

		pane->window = window;
		pane->text.assign(random_size(&rng, 50, 1000), 'p');
		window->panes.push_back(pane);
	}
	return window;
}

SITE static std::shared_ptr<Dialog> make_dialog()
{
	auto dialog = std::make_shared<Dialog>();

	for (unsigned i = 0; i < 2; i++) {
		auto button = std::make_shared<Button>();

		button->dialog = dialog;
		button->label.assign(random_size(&rng, 20, 400), 'b');
		dialog->buttons.push_back(button);
	}
	return dialog;
}

static void show_dialog()
{
	dialogs.push_back(make_dialog());
	if (dialogs.size() > 20)
		dialogs.pop_front();
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 220), &rng);

	while (next(&pace)) {
		work(35);
		if (random_chance(&rng, 0.08))
			make_window()->title[0] = 'T';
		else if (random_chance(&rng, 0.4))
			show_dialog();
	}
}
