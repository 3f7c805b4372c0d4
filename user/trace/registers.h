/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the registers of a process's threads hold, while it goes on. */
#ifndef MEMTRAWL_TRACE_REGISTERS_H
#define MEMTRAWL_TRACE_REGISTERS_H

#include "target/threads.h"

struct registers;

/* Loads the program that reads those of one process (bpf/registers.bpf.c). The caller frees it. */
int registers__new(const struct process *process, struct registers **registers, struct error *err);
void registers__free(struct registers *registers);

/* All threads as they are now. The caller frees *threads with threads__free(). */
int registers__read(const struct registers *registers, struct threads *threads, struct error *err);

#endif
