/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"
#include "cmd/report_options.h"
#include "lib/array.h"
#include "profile/store.h"

static const struct usage usage = {
	.verb = "rm",
	.arguments = "NAME...",
	.text = "Removes snapshots from the store. Those that can be removed are, even if others cannot.\n",
	.min_arguments = 1,
	.max_arguments = -1,
};

enum status cmd_rm(int argc, char **argv)
{
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {store_options__read_group(&store)};
	enum status status = STATUS_OK, failed;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	for (int i = 0; i < arguments.count; i++) {
		if (!store__remove(store.directory, arguments.items[i], &err))
			continue;
		failed = error__report(&err);
		status = failed > status ? failed : status;
	}
	return status;
}
