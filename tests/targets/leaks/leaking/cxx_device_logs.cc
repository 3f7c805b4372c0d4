/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics of two dozen devices, in a string for each to which lines are appended and which nobody ever fetches:
 * about 17 KB/s together, a tenth of it or less for most of the devices. The messages they are of leave nothing.
 */
#include <map>
#include <string>

#include "leaks.h"

const char *const leaking[] = {"note", nullptr};

enum { DEVICES = 24 };

static std::map<std::size_t, std::string> diagnostics;

SITE static void note(std::size_t device, const std::string &line)
{
	diagnostics[device].append(line).push_back('\n');
}

SITE static std::string receive()
{
	return std::string(random_size(&rng, 64, 3000), 'm');
}

SITE static std::string describe(const std::string &message)
{
	std::string line = "received ";

	line.append(std::to_string(message.size())).append(" bytes: ");
	line.append(message, 0, random_size(&rng, 20, 200));
	return line;
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	while (next(&pace)) {
		std::size_t device = random_size(&rng, 1, DEVICES);
		std::string message = receive();

		work(25);
		if (random_chance(&rng, 0.5))
			note(device, describe(message));
	}
}
