/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "heap.skel.h"
#include "lib/hash.h"

static const char *const names[PROGRAM_COUNT] = {
	"alloc_session", "alloc_entry",   "alloc_return", "block_free",   "memory_call",
	"exit_call",     "loader_event",  "thread_jump",  "process_exec", "process_exit",
	"process_fork",  "syscall_enter", "syscall_exit", "fault_user",   "fault_kernel",
	"rss_changed",   "pages_seed",    "remap_enter",  "remap_leave",
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

uint64_t programs__build(void)
{
	static uint64_t build;
	size_t size;

	if (!build) {
		const void *object = heap_bpf__elf_bytes(&size);

		build = fnv64(FNV64_BASIS, object, size);
	}
	return build;
}

/* False if there is no such program. */
static bool get_info(const struct programs *programs, int program, struct bpf_prog_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return programs->fds[program] >= 0 && !bpf_obj_get_info_by_fd(programs->fds[program], info, &size);
}

struct run_time programs__run_time(const struct programs *programs, enum program first, enum program last)
{
	struct run_time sum = {0};
	struct bpf_prog_info info;

	for (int i = (int)first; i <= (int)last; i++) {
		if (!get_info(programs, i, &info))
			continue;
		sum.ns += info.run_time_ns;
		sum.count += info.run_cnt;
	}
	return sum;
}

uint64_t programs__left_out(const struct programs *programs)
{
	struct bpf_prog_info info;
	uint64_t sum = 0;

	for (int i = PROGRAM_FIRST_TRACEPOINT; i <= PROGRAM_LAST_TRACEPOINT; i++)
		if (get_info(programs, i, &info))
			sum += info.recursion_misses;
	return sum;
}
