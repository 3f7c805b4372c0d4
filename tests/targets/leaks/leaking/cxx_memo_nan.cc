/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Curves of prices that are remembered by the strike. There are 300 strikes, soon all known; but some quotes, 4 %, have
 * none, which is a NaN, and that equals no key, not even itself: so such a curve is computed and remembered anew each
 * time, about 10 KB/s.
 */
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "leaks.h"

const char *const leaking[] = {"remember", nullptr};

enum { STRIKES = 300 };

using Curve = std::vector<double>;

static std::unordered_map<double, Curve> curves;

SITE static Curve compute(double strike)
{
	return Curve(random_size(&rng, 20, 400), strike);
}

SITE static const Curve &remember(double strike, const Curve &curve)
{
	return curves[strike] = curve;
}

static const Curve &curve_at(double strike)
{
	auto found = curves.find(strike);

	if (found != curves.end())
		return found->second;
	work(30);
	return remember(strike, compute(strike));
}

static double any_strike()
{
	if (random_chance(&rng, 0.04))
		return std::numeric_limits<double>::quiet_NaN();
	return 50 + 0.5 * static_cast<double>(random_below(&rng, STRIKES));
}

SITE static std::string read_quote()
{
	return std::string(random_size(&rng, 50, 1500), 'q');
}

static void price()
{
	std::string quote = read_quote();
	const Curve &curve = curve_at(any_strike());

	work(25);
	quote[0] = curve.size() > 100 ? 'l' : 's';
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 280), &rng);

	while (next(&pace))
		price();
}
