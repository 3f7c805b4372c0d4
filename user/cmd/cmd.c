/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include <string.h>

const struct command commands[] = {
	{"doctor", "tell what this kernel and a process allow, and at what cost", cmd_doctor},
	{"top", "show all processes by the memory that they hold, live", cmd_top},
	{"leaks", "watch a process, and rank what it allocates and does not free", cmd_leaks},
	{"reach", "find the blocks of a process that nothing points to any more", cmd_reach},
	{"start", "begin a session that outlives the command", cmd_start},
	{"status", "tell how sessions are doing", cmd_status},
	{"stop", "end a session", cmd_stop},
	{"run", "start a command traced, and report its peak and what it leaves", cmd_run},
	{"record", "write a process's memory over time to a CSV file", cmd_record},
	{"spikes", "find where the memory in such a file rose fast", cmd_spikes},
	{"variance", "tell how much the peaks in several such files differ", cmd_variance},
	{"watch", "take snapshots of processes whose memory crosses thresholds", cmd_watch},
	{"hotspots", "show what a running watch knows", cmd_hotspots},
	{"snapshot", "save what a process's call sites hold", cmd_snapshot},
	{"list", "list the snapshots in the store", cmd_list},
	{"show", "show a snapshot or a profile file, by call site", cmd_show},
	{"symbolize", "name the call sites of a profile that was taken without names", cmd_symbolize},
	{"diff", "show what changed between two snapshots", cmd_diff},
	{"baseline", "keep what a process holds, and tell later what has changed", cmd_baseline},
	{"rm", "remove snapshots from the store", cmd_rm},
	{0},
};

const struct command *command__find(const char *verb)
{
	for (const struct command *command = commands; command->verb; command++)
		if (!strcmp(command->verb, verb))
			return command;
	return NULL;
}
