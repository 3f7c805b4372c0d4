/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Stops a thread at a call of the function that it is attached to: just where memtrawl's probe has taken its stack. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "stop.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { SIGNAL_STOP = 19 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stop);
} stops SEC(".maps");

SEC("uprobe")
int stop(struct pt_regs *ctx)
{
	__u32 zero = 0;
	struct stop *stop = bpf_map_lookup_elem(&stops, &zero);

	if (!stop || (__s64)stop->countdown <= 0)
		return 0;
	if (__sync_fetch_and_sub(&stop->countdown, 1) != 1)
		return 0;
	stop->sp = ctx->sp;
	bpf_probe_read_user(&stop->caller, sizeof(stop->caller), (void *)ctx->sp);
	bpf_send_signal_thread(SIGNAL_STOP); /* taken when this thread goes back to its code, before the next call */
	*(volatile __u64 *)&stop->tid = (__u32)bpf_get_current_pid_tgid();
	return 0;
}
