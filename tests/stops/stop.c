/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop OBJECT PID [FILE FUNCTION OFFSET]...: attaches stop.bpf.c's program to places in functions of a process. Then,
 * for each line "N" of standard input, stops (SIGSTOP) the thread that makes the Nth call from now on, and answers
 * "TID SP CALLER", or "none" if there was none within five seconds. Whoever asked sends SIGCONT.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stop.h"

enum { WAIT_MS = 5000 };

static int attach(const struct bpf_program *program, int pid, char **place)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = place[1]);
	char *end;

	errno = 0;
	if (!bpf_program__attach_uprobe_opts(program, pid, place[0], strtoul(place[2], &end, 10), &opts) || *end) {
		fprintf(stderr, "stop: cannot attach to %s+%s in %s: %s\n", place[1], place[2], place[0],
			strerror(errno));
		return -1;
	}
	return 0; /* the link is the process's, as long as that lives */
}

static struct stop wait_for_stop(int map)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	__u32 zero = 0;
	struct stop stop = {0};

	for (int i = 0; i < WAIT_MS && !stop.tid; i++) {
		nanosleep(&pause, NULL);
		if (bpf_map_lookup_elem(map, &zero, &stop))
			break;
	}
	return stop;
}

static int serve(int map)
{
	char line[32];

	while (fgets(line, sizeof(line), stdin)) {
		struct stop stop = {.countdown = strtoull(line, NULL, 10)};
		__u32 zero = 0;

		if (bpf_map_update_elem(map, &zero, &stop, BPF_ANY))
			return 1;
		stop = wait_for_stop(map);
		if (stop.tid)
			printf("%llu %llu %llu\n", stop.tid, stop.sp, stop.caller);
		else
			puts("none");
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;

	if (argc < 6 || argc % 3) {
		fprintf(stderr, "usage: stop OBJECT PID [FILE FUNCTION OFFSET]...\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "stop: cannot load %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	program = bpf_object__find_program_by_name(object, "stop");
	for (int i = 3; i < argc; i += 3)
		if (attach(program, (int)strtol(argv[2], NULL, 10), argv + i))
			return 1;
	puts("ready");
	fflush(stdout);
	return serve(bpf_object__find_map_fd_by_name(object, "stops"));
}
