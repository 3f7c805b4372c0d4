/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/keeper.h"
#include "cmd/observe.h"
#include "lib/array.h"
#include "trace/pin.h"

static const struct usage usage = {
	.verb = "start",
	.arguments = "-p PID",
	.text = "Begins a session that outlives the command: what it counts is pinned below " PIN_DIRECTORY "/<pid>,\n"
		"and a small keeper process looks after it. `snapshot` and `leaks` then read it, `status` tells how "
		"it\n"
		"is doing, `stop` ends it. When the process ends, the keeper saves a last snapshot and sweeps up.\n",
};

enum status cmd_start(int argc, char **argv)
{
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		TRACING_GROUP(&tracing),
		store_options__group(&store),
	};
	struct arguments arguments;
	struct error err = {0};
	pid_t *pids = NULL;
	size_t count = 0;
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = tracing_options__pids(&tracing, &pids, &count, &err);
	if (!code)
		code = observe__check_rights(&err);
	for (size_t i = 0; !code && i < count; i++) {
		if (pin__exists(pids[i]))
			code = error__set(&err, -1, "PID %d has a session already: see `memtrawl status -p %d`",
					  pids[i], pids[i]);
		if (!code)
			code = keeper__start(&tracing, pids[i], &store, &err);
		if (!code)
			printf("tracing PID %d; `memtrawl status -p %d` tells more\n", pids[i], pids[i]);
	}
	free(pids);
	return code ? error__report(&err) : STATUS_OK;
}
