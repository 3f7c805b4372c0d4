/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `doctor` found: of the kernel, and of one process. */
#ifndef MEMTRAWL_RENDER_DOCTOR_H
#define MEMTRAWL_RENDER_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"

struct doctor_rung {
	const char *name;
	bool works, used;
	const char *why_not;
};

struct doctor_function {
	const char *object;   /* index into objects by order: a new one begins where it differs from the one before */
	const char *kind;     /* of the object: "glibc" */
	const char *build_id; /* or NULL */
	bool live;            /* the object that the program's malloc is bound to */
	const char *name, *role; /* "malloc", "allocates" */
	uint64_t offset;         /* of the probe from the function's entry */
	const char *instruction;
	bool emulated;
	double cost_ns; /* expected, a call, with its return trap */
};

struct doctor_report {
	const char *kernel; /* release */
	struct doctor_rung *rungs;
	size_t rung_count;
	bool iterator, bpffs;
	const char *unwind;
	double emulated_ns, stepped_ns, with_return_ns, skipped_ns;

	pid_t pid; /* 0: the kernel only */
	const char *comm;
	const char *session; /* what the process is traced by already, or NULL */
	const char *bound;   /* path of the object that its malloc is bound to, or NULL */
	const char *unreadable;
	struct doctor_function *functions;
	size_t function_count;
};

void render__doctor_text(const struct doctor_report *report, struct buf *out);
/* "memtrawl.doctor/1" */
void render__doctor_json(const struct doctor_report *report, struct buf *out);

#endif
