/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/registers.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "registers.skel.h"
#include "registers_abi.h"
#include "trace/iterator_rows.h"
#include "trace/loading.h"

struct registers {
	struct registers_bpf *bpf;
	struct bpf_link *iterator;
	pid_t pid;
};

int registers__new(const struct process *process, struct registers **result, struct error *err)
{
	struct registers *registers = calloc(1, sizeof(*registers));
	int code;

	if (!registers)
		return error__set(err, -ENOMEM, "cannot read registers: out of memory");
	registers->pid = process->pid;
	loading__listen();
	registers->bpf = registers_bpf__open();
	code = registers->bpf ? 0 : -errno;
	if (!code) {
		registers->bpf->rodata->process = (uint32_t)process->pid;
		code = registers_bpf__load(registers->bpf);
	}
	if (!code) {
		registers->iterator = bpf_program__attach_iter(registers->bpf->progs.registers, NULL);
		code = registers->iterator ? 0 : -errno;
	}
	if (code) {
		registers__free(registers);
		return loading__explain(code, "registers", err);
	}
	*result = registers;
	return 0;
}

void registers__free(struct registers *registers)
{
	if (!registers)
		return;
	bpf_link__destroy(registers->iterator);
	registers_bpf__destroy(registers->bpf);
	free(registers);
}

static int add(void *context, const void *at_row)
{
	const struct mt_registers *row = at_row;
	const struct thread thread = {
		.tid = (pid_t)row->tid,
		.still = row->still,
		.stack_pointer = row->stack_pointer,
		.thread_pointer = row->thread_pointer,
	};

	return threads__add(context, &thread, (const uint64_t *)row->words, MT_REGISTER_WORDS);
}

int registers__read(const struct registers *registers, struct threads *threads, struct error *err)
{
	int code;

	*threads = (struct threads){0};
	code = iterator_rows__each(bpf_link__fd(registers->iterator), sizeof(struct mt_registers), add, threads);
	if (!code && !threads->count)
		code = -ESRCH;
	if (!code)
		return 0;
	threads__free(threads);
	return error__set(err, code, "cannot read the registers of PID %d: %s", registers->pid, error__reason(code));
}
