/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats OBJECT...: loads each program of each BPF object on its own, and prints what the kernel's verifier says it did:
 * instructions processed, states, stack depth, time. A program that is refused is listed with the reason; the exit
 * status is then 1. Each program gets the attach type that memtrawl would give it first.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ATTACH_UPROBE_SESSION = 57, /* BPF_TRACE_UPROBE_SESSION, 6.13: newer than the headers that one builds with */
	LOG_STATS = 4,              /* BPF_LOG_STATS */
	LOG_SIZE = 64 << 10,
};

struct stats {
	unsigned long instructions, total_states, peak_states, microseconds;
	char depth[48]; /* of the program's own stack and its subprograms': "120+40" */
};

/* The summary that kernels print at this level (print_verification_stats in kernel/bpf/verifier.c). */
static bool parse_log(const char *log, struct stats *stats)
{
	const char *text;

	memset(stats, 0, sizeof(*stats));
	text = strstr(log, "verification time ");
	if (text)
		sscanf(text, "verification time %lu usec", &stats->microseconds);
	text = strstr(log, "stack depth ");
	if (text)
		sscanf(text, "stack depth %47[0-9+]", stats->depth);
	text = strstr(log, "processed ");
	return text &&
	       sscanf(text, "processed %lu insns (limit %*u) max_states_per_insn %*u total_states %lu peak_states %lu",
		      &stats->instructions, &stats->total_states, &stats->peak_states) == 3;
}

static bool is_session(const char *name)
{
	size_t length = strlen(name), suffix = strlen("_session");

	return length >= suffix && !strcmp(name + length - suffix, "_session");
}

/* Opens the object again, with that program alone. Returns 0 or the errno that loading it ended with. */
static int load(const char *path, const char *name, char *log)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	int code;

	if (!object)
		return errno;
	bpf_object__for_each_program(program, object) bpf_program__set_autoload(program, false);
	program = bpf_object__find_program_by_name(object, name);
	bpf_program__set_autoload(program, true);
	if (is_session(name))
		bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)ATTACH_UPROBE_SESSION);
	log[0] = '\0';
	bpf_program__set_log_level(program, LOG_STATS);
	bpf_program__set_log_buf(program, log, LOG_SIZE);
	code = bpf_object__load(object);
	bpf_object__close(object);
	return -code;
}

static bool print_program(const char *path, const char *name)
{
	const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char *log = malloc(LOG_SIZE);
	struct stats stats;
	int err = log ? load(path, name, log) : ENOMEM;
	bool fine = !err && parse_log(log, &stats);

	printf("%-16s %-18s ", file, name);
	if (fine)
		printf("%12lu %8lu %8lu %10s %10.3f\n", stats.instructions, stats.total_states, stats.peak_states,
		       stats.depth[0] ? stats.depth : "-", (double)stats.microseconds / 1000);
	else if (err)
		printf("refused: %s (errno %d)\n", strerror(err), err);
	else
		printf("loaded, but the kernel gave no statistics\n");
	free(log);
	return fine;
}

static bool print_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	const struct bpf_program *program = NULL;
	bool fine = object;

	if (!object)
		fprintf(stderr, "stats: cannot open %s: %s\n", path, strerror(errno));
	while (object && (program = bpf_object__next_program(object, (struct bpf_program *)program)))
		fine = print_program(path, bpf_program__name(program)) && fine;
	bpf_object__close(object);
	return fine;
}

int main(int argc, char **argv)
{
	bool fine = true;

	if (argc < 2) {
		fprintf(stderr, "usage: stats OBJECT...\n");
		return 2;
	}
	if (!getenv("V"))
		libbpf_set_print(NULL);
	printf("%-16s %-18s %12s %8s %8s %10s %10s\n", "object", "program", "instructions", "states", "peak", "stack",
	       "ms");
	for (int i = 1; i < argc; i++)
		fine = print_object(argv[i]) && fine;
	return fine ? 0 : 1;
}
