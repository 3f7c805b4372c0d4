/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf(2) where the distribution's <linux/bpf.h> and libbpf are older than the kernel: uprobe_multi links (6.6) and
 * uprobe sessions (6.13). Numbers and layout are those of the kernel's include/uapi/linux/bpf.h, which is an ABI.
 */
#ifndef MEMTRAWL_TRACE_KERNEL_ABI_H
#define MEMTRAWL_TRACE_KERNEL_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	KERNEL_ATTACH_UPROBE_MULTI = 48,   /* BPF_TRACE_UPROBE_MULTI */
	KERNEL_ATTACH_UPROBE_SESSION = 57, /* BPF_TRACE_UPROBE_SESSION */
};

struct uprobe_multi {
	int program_fd;
	int attach_type;         /* one of the above */
	bool at_return;          /* BPF_F_UPROBE_MULTI_RETURN */
	const char *path;        /* of the file, resolved in our mount namespace */
	const uint64_t *offsets; /* in the file */
	const uint64_t *cookies;
	uint32_t count;
	pid_t pid; /* 0: every process that maps the file */
};

/* Returns a link's descriptor, which the caller owns, or -errno. Descriptors are close-on-exec. */
int kernel__link_uprobe_multi(const struct uprobe_multi *link);

#endif
