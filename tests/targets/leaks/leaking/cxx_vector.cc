/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A history of commands, as strings in a vector that is only pushed to: about 25 KB/s. The commands leave nothing. */
#include <string>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {"push_forever", NULL};

static std::vector<std::string> history;

SITE static void push_forever(const std::string &command)
{
	history.push_back(command);
}

SITE static std::string read_command()
{
	std::string command("select ");

	command.append(random_size(&rng, 40, 400), 'c');
	return command;
}

SITE static std::vector<int> execute(const std::string &command)
{
	std::vector<int> rows(random_size(&rng, 8, 1000));

	for (std::size_t i = 0; i < rows.size(); i++)
		rows[i] = command[i % command.size()];
	return rows;
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		std::string command = read_command();
		std::vector<int> rows = execute(command);

		work(25);
		if (rows[0] && random_chance(&rng, 0.5))
			push_forever(command);
	}
}
