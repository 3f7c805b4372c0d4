/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/rules.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

enum {
	SLOT_BITS = 15,
	SLOTS = 1 << SLOT_BITS, /* open addressing: half full at most */
	PROBES_MAX = 64, /* with a fair distribution, a search takes two; whoever makes rules collide loses some */
	UNSUPPORTED = 1, /* its number */
};

_Static_assert(SLOTS >= 2 * MT_RULES_MAX, "searches are short");

struct unwind_rules {
	size_t count;
	uint16_t slots[SLOTS]; /* rule number + 1; 0: free */
	struct mt_unwind_rule rules[MT_RULES_MAX];
};

_Static_assert(MT_RULES_MAX <= UINT16_MAX, "numbers fit the slots, and the upper half of a row");

static uint32_t hash(const struct mt_unwind_rule *rule)
{
	uint64_t bits;

	memcpy(&bits, rule, sizeof(bits));
	/* Fibonacci hashing: the upper bits depend on all. */
	return (uint32_t)((bits ^ bits >> 32) * 0x9e3779b97f4a7c15ULL >> (64 - SLOT_BITS));
}

/* The slot where the rule is, or the free one where it belongs; NULL if both are too far. */
static uint16_t *find(struct unwind_rules *rules, const struct mt_unwind_rule *rule)
{
	uint32_t first = hash(rule);

	for (uint32_t i = first; i < first + PROBES_MAX; i++) {
		uint16_t *slot = &rules->slots[i % SLOTS];

		if (!*slot || memcmp(&rules->rules[*slot - 1], rule, sizeof(*rule)) == 0)
			return slot;
	}
	return NULL;
}

struct unwind_rules *unwind_rules__new(void)
{
	static const struct mt_unwind_rule first[] = {{.cfa = MT_CFA_NONE}, {.cfa = MT_CFA_UNSUPPORTED}};
	struct unwind_rules *rules = calloc(1, sizeof(*rules));
	bool full;

	for (size_t i = 0; rules && i < ARRAY_SIZE(first); i++)
		(void)unwind_rules__number(rules, &first[i], &full);
	return rules;
}

void unwind_rules__free(struct unwind_rules *rules)
{
	free(rules);
}

uint32_t unwind_rules__number(struct unwind_rules *rules, const struct mt_unwind_rule *rule, bool *full)
{
	uint16_t *slot = find(rules, rule);

	if (slot && *slot)
		return *slot - 1U;
	if (!slot || rules->count == MT_RULES_MAX) {
		*full = true;
		return UNSUPPORTED;
	}
	rules->rules[rules->count++] = *rule;
	*slot = (uint16_t)rules->count;
	return *slot - 1U;
}

struct mt_unwind_rule *unwind_rules__take(const struct unwind_rules *rules, size_t *count)
{
	struct mt_unwind_rule *copy = malloc(rules->count * sizeof(*copy));

	if (copy)
		memcpy(copy, rules->rules, rules->count * sizeof(*copy));
	*count = copy ? rules->count : 0;
	return copy;
}
