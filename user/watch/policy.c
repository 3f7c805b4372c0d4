/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/policy.h"

const char *policy__trigger_name(enum policy_trigger trigger)
{
	static const char *const names[POLICY_TRIGGERS] = {"limit", "rss", "growth"};

	return trigger < POLICY_TRIGGERS ? names[trigger] : "none";
}

double policy__level(const struct policy *policy, const struct policy_sight *sight, enum policy_trigger trigger)
{
	switch (trigger) {
	case POLICY_LIMIT:
		return sight->heaviest ? policy->limit_fraction * (double)sight->limit_bytes : 0;
	case POLICY_RSS:
		if (policy->rss_fraction > 0)
			return policy->rss_fraction * (double)sight->limit_bytes;
		return (double)policy->rss_bytes;
	case POLICY_GROWTH:
		return policy->growth_per_hour;
	case POLICY_TRIGGERS:
		break;
	}
	return 0;
}

static double figure_of(const struct policy_sight *sight, enum policy_trigger trigger)
{
	if (trigger == POLICY_LIMIT)
		return (double)sight->used_bytes;
	if (trigger == POLICY_RSS)
		return (double)sight->rss_bytes;
	return sight->growth_known ? sight->growth_per_hour : 0;
}

static void look_at(const struct policy *policy, struct policy_state *state, const struct policy_sight *sight,
		    enum policy_trigger trigger)
{
	double level = policy__level(policy, sight, trigger), figure = figure_of(sight, trigger);

	if (level > 0 && figure >= level && !state->above[trigger]) {
		state->above[trigger] = state->waiting[trigger] = true;
		state->crossings++;
	} else if (state->above[trigger] && figure < level * POLICY_REARM) {
		state->skipped += state->waiting[trigger];
		state->above[trigger] = state->waiting[trigger] = false;
	}
}

enum policy_trigger policy__look(const struct policy *policy, struct policy_state *state,
				 const struct policy_sight *sight)
{
	enum policy_trigger due = POLICY_NOTHING;

	for (int trigger = 0; trigger < POLICY_TRIGGERS; trigger++)
		look_at(policy, state, sight, (enum policy_trigger)trigger);
	for (int trigger = POLICY_TRIGGERS - 1; trigger >= 0; trigger--)
		if (state->waiting[trigger])
			due = (enum policy_trigger)trigger;
	if (state->captured_ns && sight->ns - state->captured_ns < policy->min_interval_ns)
		return POLICY_NOTHING;
	return due;
}

void policy__captured(struct policy_state *state, uint64_t ns)
{
	for (int trigger = 0; trigger < POLICY_TRIGGERS; trigger++)
		state->waiting[trigger] = false;
	state->captured_ns = ns;
}
