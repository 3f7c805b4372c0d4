/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/kernel_abi.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { COMMAND_LINK_CREATE = 28, FLAG_MULTI_RETURN = 1 };

/* The part of union bpf_attr that link_create.uprobe_multi is. */
struct link_create_uprobe_multi {
	uint32_t program_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t reference_counters;
	uint64_t cookies;
	uint32_t count;
	uint32_t multi_flags;
	uint32_t pid;
	uint32_t reserved;
};

int kernel__link_uprobe_multi(const struct uprobe_multi *link)
{
	struct link_create_uprobe_multi attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.program_fd = (uint32_t)link->program_fd;
	attr.attach_type = (uint32_t)link->attach_type;
	attr.path = (uintptr_t)link->path;
	attr.offsets = (uintptr_t)link->offsets;
	attr.cookies = (uintptr_t)link->cookies;
	attr.count = link->count;
	attr.multi_flags = link->at_return ? FLAG_MULTI_RETURN : 0;
	attr.pid = (uint32_t)link->pid;
	fd = syscall(SYS_bpf, COMMAND_LINK_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : (int)fd;
}
