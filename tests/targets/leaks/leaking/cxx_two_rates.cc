/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A viewer of pictures that leaks at two sites: every view that is opened observes the model, and is not taken off
 * its observers when it is closed, about 3 KB/s; thumbnails are kept in a map by version, of which there is always a
 * new one: about 65 KB/s.
 */
#include <array>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {"observe", "make_thumbnail", nullptr};

enum { VIEWS = 12 };

static std::vector<std::function<void(std::uint64_t)>> observers;
static std::unordered_map<std::uint64_t, std::vector<unsigned char>> thumbnails;
static std::deque<std::string> views;
static std::uint64_t version;

SITE static void observe(std::size_t view)
{
	std::array<std::uint64_t, 50> shown = {view};

	observers.emplace_back([shown](std::uint64_t changed) mutable { shown[changed % shown.size()] = changed; });
}

SITE static std::vector<unsigned char> &make_thumbnail(std::uint64_t key)
{
	std::vector<unsigned char> &thumbnail = thumbnails[key];

	thumbnail.assign(random_size(&rng, 512, 8192), 't');
	return thumbnail;
}

SITE static std::string make_title()
{
	return std::string(random_size(&rng, 100, 2000), 'v');
}

SITE static std::vector<unsigned char> read_picture()
{
	return std::vector<unsigned char>(random_size(&rng, 2000, 30000), 'p');
}

static void open_view()
{
	views.push_back(make_title());
	observe(views.size());
	if (views.size() > VIEWS)
		views.pop_front();
}

static void change_picture()
{
	std::vector<unsigned char> picture = read_picture();

	work(50);
	make_thumbnail(++version)[0] = picture[0];
	for (auto &observer : observers)
		observer(version);
}

static void look_at_picture()
{
	std::vector<unsigned char> picture = read_picture();

	work(25);
	picture[0] = static_cast<unsigned char>(thumbnails.count(version));
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 240), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.03))
			open_view();
		if (random_chance(&rng, 0.1))
			change_picture();
		else
			look_at_picture();
	}
}
