/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "heap.skel.h"

static const char *const names[PROGRAM_COUNT] = {
	"alloc_session", "alloc_entry",  "alloc_return", "block_free",    "loader_event", "thread_jump",
	"process_exec",  "process_exit", "process_fork", "syscall_enter", "syscall_exit", "fault_user",
	"fault_kernel",  "rss_changed",  "pages_seed",   "remap_enter",   "remap_leave",
};

const char *programs__name(enum program program)
{
	return names[program];
}

/* The one of that name that is loaded: where it is not the plain one, the one with hash maps for tables may be. */
struct bpf_program *programs__libbpf(const struct programs *programs, enum program program)
{
	struct bpf_program *plain = bpf_object__find_program_by_name(programs->heap->obj, names[program]), *hashed;
	char name[64];

	snprintf(name, sizeof(name), "%s_hashed", names[program]);
	hashed = bpf_object__find_program_by_name(programs->heap->obj, name);
	return hashed && bpf_program__autoload(hashed) ? hashed : plain;
}

void programs__from_object(struct heap_bpf *heap, struct programs *programs)
{
	programs->heap = heap;
	for (int i = 0; i < PROGRAM_COUNT; i++) {
		int fd = bpf_program__fd(programs__libbpf(programs, (enum program)i));

		programs->fds[i] = fd < 0 ? -1 : fd;
	}
}

struct run_time programs__run_time(const struct programs *programs, enum program first, enum program last)
{
	struct run_time sum = {0};

	for (int i = (int)first; i <= (int)last; i++) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		if (programs->fds[i] < 0 || bpf_obj_get_info_by_fd(programs->fds[i], &info, &size))
			continue;
		sum.ns += info.run_time_ns;
		sum.count += info.run_cnt;
	}
	return sum;
}
