/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/calibrate.h"

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "heap.skel.h"
#include "target/maps.h"
#include "trace/attach.h"
#include "trace/kernel_abi.h"
#include "trace/session.h"

/* Two functions whose first instructions are known: one emulated, one not. */
void memtrawl_calibrate_push(long);
void memtrawl_calibrate_test(long);
asm(".text\n"
    ".globl memtrawl_calibrate_push\n"
    ".type memtrawl_calibrate_push, @function\n"
    "memtrawl_calibrate_push:\n\tpush %rbp\n\tpop %rbp\n\tret\n"
    ".size memtrawl_calibrate_push, . - memtrawl_calibrate_push\n"
    ".globl memtrawl_calibrate_test\n"
    ".type memtrawl_calibrate_test, @function\n"
    "memtrawl_calibrate_test:\n\ttest %rdi, %rdi\n\tret\n"
    ".size memtrawl_calibrate_test, . - memtrawl_calibrate_test\n");

enum { ROUNDS = 5, CALLS = 400 };

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double time_calls(void (*function)(long))
{
	double rounds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start = monotonic_ns();

		for (int j = 0; j < CALLS; j++)
			function(j);
		rounds[i] = (double)(monotonic_ns() - start) / CALLS;
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	return rounds[ROUNDS / 2];
}

/* One way to probe a function of ours. */
struct trial {
	void (*function)(long);
	const struct bpf_program *program;
	bool session, at_return;
	uint64_t cookie;
	double *cost;
};

static int link_multi(const struct trial *trial, uint64_t offset)
{
	struct uprobe_multi link = {
		.program_fd = bpf_program__fd(trial->program),
		.attach_type = trial->session ? KERNEL_ATTACH_UPROBE_SESSION : KERNEL_ATTACH_UPROBE_MULTI,
		.at_return = trial->at_return,
		.path = "/proc/self/exe",
		.offsets = &offset,
		.cookies = &trial->cookie,
		.count = 1,
		.pid = getpid(),
	};

	return kernel__link_uprobe_multi(&link);
}

static int run_trial(const struct trial *trial, enum rung rung, uint64_t offset, struct error *err)
{
	struct link link = {.fd = -1};

	if (rung == RUNG_PERF) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = trial->at_return);

		link.libbpf =
			bpf_program__attach_uprobe_opts(trial->program, getpid(), "/proc/self/exe", offset, &opts);
		if (!link.libbpf)
			return error__set(err, -1, "cannot time a uprobe on memtrawl itself");
	} else {
		link.fd = link_multi(trial, offset);
		if (link.fd < 0)
			return error__set(err, link.fd, "cannot time a uprobe on memtrawl itself: %s",
					  error__reason(link.fd));
	}
	*trial->cost = time_calls(trial->function);
	link__close(&link);
	return 0;
}

static int run_trials(const struct trial *trials, size_t count, enum rung rung, struct error *err)
{
	struct process *self = NULL;
	struct maps maps = {0};
	int code;

	code = process__open(getpid(), &self, err);
	if (!code)
		code = maps__read(self, &maps, err);
	for (size_t i = 0; !code && i < count; i++) {
		uint64_t address = (uintptr_t)trials[i].function;
		const struct mapping *mapping = maps__find(&maps, address);

		if (mapping)
			code = run_trial(&trials[i], rung, address - mapping->start + mapping->offset, err);
	}
	maps__free(&maps);
	process__free(self);
	return code;
}

int calibrate__traps(const struct heap_bpf *heap, enum rung rung, struct trap_costs *costs, struct error *err)
{
	bool session = rung == RUNG_SESSION;
	const struct bpf_program *both = session ? heap->progs.nothing_session : heap->progs.nothing;
	double bare = time_calls(memtrawl_calibrate_push);
	const struct trial trials[] = {
		{memtrawl_calibrate_push, heap->progs.nothing, false, false, 0, &costs->emulated},
		{memtrawl_calibrate_test, heap->progs.nothing, false, false, 0, &costs->stepped},
		{memtrawl_calibrate_push, both, session, !session, 0, &costs->with_return},
		{memtrawl_calibrate_push, both, session, !session, 1, &costs->skipped},
	};
	int code = run_trials(trials, sizeof(trials) / sizeof(trials[0]), rung, err);

	if (code)
		return code;
	if (!session) { /* what was timed is the return probe alone: a call has an entry trap beside it */
		costs->with_return += costs->emulated - bare;
		costs->skipped = costs->with_return;
	}
	costs->emulated -= bare;
	costs->stepped -= bare;
	costs->with_return -= bare;
	costs->skipped -= bare;
	return 0;
}
