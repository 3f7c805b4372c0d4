/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include <string.h>

const struct command commands[] = {
	{0},
};

const struct command *command__find(const char *verb)
{
	for (const struct command *command = commands; command->verb; command++)
		if (!strcmp(command->verb, verb))
			return command;
	return NULL;
}
