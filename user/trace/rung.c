/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/rung.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[RUNG_COUNT] = {"session", "multi", "perf"};

const char *rung__name(enum rung rung)
{
	return names[rung];
}

bool rung__tables_are_hashed(enum rung rung)
{
	return rung == RUNG_PERF;
}

int rung__forced(enum rung *rung, struct error *err)
{
	const char *text = getenv("MEMTRAWL_FORCE_RUNG");

	*rung = RUNG_COUNT;
	if (!text || !*text)
		return 0;
	for (int i = 0; i < RUNG_COUNT; i++) {
		if (!strcmp(text, names[i])) {
			*rung = (enum rung)i;
			return 0;
		}
	}
	return error__usage(err, "MEMTRAWL_FORCE_RUNG is '%s': use session, multi or perf", text);
}
