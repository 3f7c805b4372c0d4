/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/program_break.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"

uint64_t program_break__start(const char *stat)
{
	enum { STATE = 3, START_BRK = 47 };  /* fields, proc(5) */
	const char *at = strrchr(stat, ')'); /* the end of field 2, which may hold anything */

	for (int field = STATE; at && field <= START_BRK; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static uint64_t read_start(const struct process *process)
{
	uint64_t start;
	size_t size;
	char *text;

	if (file__read(process->proc_fd, "stat", 16384, &text, &size))
		return 0;
	start = program_break__start(text);
	free(text);
	return start;
}

uint64_t program_break__of(const struct process *process, const struct maps *maps)
{
	for (size_t i = maps->count; i-- > 0;)
		if (maps->mappings[i].path && !strcmp(maps->mappings[i].path, "[heap]"))
			return maps->mappings[i].limit;
	return read_start(process);
}
