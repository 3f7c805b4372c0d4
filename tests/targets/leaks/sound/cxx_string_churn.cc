/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that are split, joined and counted by strings and containers which go with each; a few settings are replaced.
 */
#include <map>
#include <string>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {nullptr};

enum { WORDS_MAX = 3, WORD_MAX = 500 };

static std::map<unsigned, std::string> settings;

SITE static std::string read_text()
{
	std::string text;

	text.reserve(WORDS_MAX * WORD_MAX);
	for (std::uint64_t words = 1 + random_below(&rng, WORDS_MAX); words; words--)
		text.append(random_size(&rng, 20, WORD_MAX - 1), 'w').push_back(' ');
	return text;
}

SITE static std::vector<std::string> split(const std::string &text)
{
	std::vector<std::string> words;

	words.reserve(WORDS_MAX);
	for (std::size_t from = 0, to; (to = text.find(' ', from)) != text.npos; from = to + 1)
		words.push_back(text.substr(from, to - from));
	return words;
}

SITE static std::string join(const std::vector<std::string> &words)
{
	std::string joined;

	for (const std::string &word : words)
		joined.append(word).append(", ");
	return joined;
}

SITE static void change_setting(const std::string &value)
{
	settings[random_below(&rng, 20)] = std::string(value); /* not into the room of the old one */
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 200), &rng);

	while (next(&pace)) {
		std::string text = read_text(), joined;

		work(30);
		joined = join(split(text));
		work(30);
		if (random_chance(&rng, 0.1))
			change_setting(joined);
	}
}
