/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The rss source: the peaks of all processes, between the looks that user space takes, and their ends. Every page that
 * becomes resident or goes comes by here, so what is not needed each time is not done each time: only when the kernel
 * has added up a batch is there anything new to see.
 */
#include "rss_looks.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* How many changes of counters a CPU may see in a slice of time; 0: any number. Set before loading. */
const volatile __u32 slice_changes;

/* What a CPU saw last: counters that were added up since then differ from it. */
struct seen {
	u64 mm;
	u64 shared[MT_RSS_KINDS];
	u64 slice_ns; /* when it began, or will after the rest */
	u32 changes;  /* in it */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct seen);
} last_seen SEC(".maps");

/* The iterator writes one row after the other. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mt_rss_row);
} scratch SEC(".maps");

/* A process that ended had its mm, and so the kernel's own peak, whatever was noted. */
__u32 ends_have_mm;

static __always_inline bool is_wanted(u32 tgid)
{
	return !only_tgid || tgid == only_tgid;
}

/* ---- every page comes by here */

/* Whoever it is that runs now, the process is the image's: the kernel may have done it on its own account. */
static __always_inline void send_alarm(u64 mm, const struct mt_rss_image *image, const struct counts *now)
{
	struct mt_rss_row *row = event__new(mm);

	if (!row)
		return;
	row->kind = MT_RSS_ALARM;
	row->ns = bpf_ktime_get_ns();
	row->tgid = image->tgid;
	__builtin_memcpy(row->pages, now->pages, sizeof(row->pages));
	event__submit(row, true);
}

static __always_inline void look(u64 key, const struct mm_struct *mm, bool typed)
{
	struct mt_rss_image *image = bpf_map_lookup_elem(&images, &key);
	struct counts now;

	if (!image) /* it is being made, by fork or for exec; or not wanted */
		return;
	if (typed && !only_tgid) /* with the next look it will be exact: the kernel has noted its peak to the page */
		counters__read_shared(mm, &now);
	else
		counters__read(mm, &now);
	image__note(image, mm, &now, NOW);
	if (!image->alarm_pages || image->alarmed || counts__resident(&now) < image->alarm_pages)
		return;
	image->alarmed = 1;
	send_alarm(key, image, &now);
}

/* As many changes as a slice may have are over: was it too short for them? Gives when the next one begins. */
__noinline u64 rss__end_slice(u64 began_ns)
{
	u64 now = bpf_ktime_get_ns();
	struct mt_rss_row *row;

	if ((s64)(now - began_ns) >= MT_RSS_SLICE_NS)
		return now;
	row = event__new(0);
	if (row) {
		row->kind = MT_RSS_BUSY;
		row->ns = now;
		event__submit(row, true);
	}
	return now + MT_RSS_SLICE_NS;
}

static __always_inline void count_change(struct seen *seen)
{
	if (!slice_changes || ++seen->changes < slice_changes)
		return;
	seen->changes = 0;
	seen->slice_ns = rss__end_slice(seen->slice_ns);
}

static __always_inline void rss__changed(const struct mm_struct *mm, u64 shared, u32 kind)
{
	struct seen *seen = bpf_map_lookup_elem(&last_seen, &zero);
	u64 key = (u64)mm;

	if (!seen)
		return;
	count_change(seen);
	if (kind >= MT_RSS_KINDS || (seen->mm == key && seen->shared[kind] == shared))
		return;
	if (seen->mm != key) { /* one look is enough for all kinds */
		seen->mm = key;
		for (u32 other = 0; other < MT_RSS_KINDS; other++)
			seen->shared[other] = counters__shared(mm, other);
	}
	seen->shared[kind] = shared;
	look(key, mm, true);
}

SEC("?tp_btf/rss_stat")
int rss_stat(u64 *ctx)
{
	const struct mm_struct *mm = (const void *)ctx[0];
	u32 kind = ctx[1];

	rss__changed(mm, counters__shared(mm, kind), kind);
	return 0;
}

/* Where the kernel does not take the program above. */
SEC("?raw_tp/rss_stat")
int rss_stat_raw(struct bpf_raw_tracepoint_args *ctx)
{
	look(ctx->args[0], (const struct mm_struct *)ctx->args[0], false);
	return 0;
}

/* ---- processes come and go */

static __always_inline struct mt_rss_image *image_of(u32 tgid, u64 *mm)
{
	const struct owner *owner = bpf_map_lookup_elem(&owners, &tgid);

	*mm = owner ? owner->mm : 0;
	return bpf_map_lookup_elem(&images, mm);
}

static __always_inline void forget(u32 tgid, u64 mm)
{
	bpf_map_delete_elem(&owners, &tgid);
	if (mm)
		bpf_map_delete_elem(&images, &mm);
}

/* A child that shares its parent's memory, as after vfork(), has none of its own until it calls exec. */
static __always_inline void on_fork(const struct task_struct *parent, const struct task_struct *child)
{
	u32 tgid = BPF_CORE_READ(child, tgid);
	u64 mm = (u64)BPF_CORE_READ(child, mm);

	if (mm && mm != (u64)BPF_CORE_READ(parent, mm) && is_wanted(tgid))
		images__put(mm, tgid, child);
}

static __always_inline void on_exec(const struct task_struct *task)
{
	u32 tgid = BPF_CORE_READ(task, tgid);
	struct mt_rss_image *image;
	struct mt_rss_row *row;
	u64 mm;

	if (!is_wanted(tgid))
		return;
	image = image_of(tgid, &mm);
	row = only_tgid ? event__new(mm) : NULL; /* where all are looked at, nobody wants to know */
	if (row) {
		row__describe(row, task, MT_RSS_EXEC);
		row__count(row, NULL, image);
		event__submit(row, false);
	}
	forget(tgid, mm);
	images__put((u64)BPF_CORE_READ(task, mm), tgid, task);
}

/*
 * Since 6.16 a process still has its mm here. Before, what was noted of its peak is all there is, or else the kernel's
 * own figure, which is that of all programs that the process has been.
 */
static __always_inline void on_exit(const struct task_struct *task)
{
	const struct mm_struct *mm = BPF_CORE_READ(task, mm);
	u32 tgid = BPF_CORE_READ(task, tgid);
	struct mt_rss_image *image;
	struct mt_rss_row *row;
	u64 key;

	if (BPF_CORE_READ(task, signal, live.counter) || !is_wanted(tgid))
		return;
	if (mm && !ends_have_mm)
		ends_have_mm = 1;
	image = image_of(tgid, &key);
	row = event__new(key);
	if (row) {
		row->exit_code = BPF_CORE_READ(task, exit_code);
		row__describe(row, task, MT_RSS_END);
		row__count(row, key && (u64)mm == key ? mm : NULL, image);
		if (!row->peak_pages)
			row->peak_pages = BPF_CORE_READ(task, signal, maxrss);
		event__submit(row, false);
	}
	forget(tgid, key);
}

/* By its pid in the initial namespace; the task itself since 6.9 (72ba14deb40a). */
static __always_inline void on_victim(u64 argument)
{
	bool is_pid = !(argument >> 32);
	const struct task_struct *task = (const void *)argument;
	u32 tgid = is_pid ? (u32)argument : BPF_CORE_READ(task, tgid);
	struct mt_rss_image *image;
	struct mt_rss_row *row;
	u64 key;

	if (!is_wanted(tgid))
		return;
	image = image_of(tgid, &key);
	row = event__new(key);
	if (!row)
		return;
	row->kind = MT_RSS_VICTIM;
	row->ns = bpf_ktime_get_ns();
	row->tgid = tgid;
	if (key)
		row__count(row, (const struct mm_struct *)key, image);
	if (!is_pid)
		row__describe(row, task, MT_RSS_VICTIM);
	event__submit(row, true);
}

SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	on_fork((const struct task_struct *)ctx->args[0], (const struct task_struct *)ctx->args[1]);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	on_exec((const struct task_struct *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	on_exit((const struct task_struct *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/mark_victim")
int mark_victim(struct bpf_raw_tracepoint_args *ctx)
{
	on_victim(ctx->args[0]);
	return 0;
}

/* ---- user space takes a look: a row for each process, and an image for those that are not known yet */

static __always_inline void write_row(struct seq_file *seq, const struct task_struct *task)
{
	struct mt_rss_row *row = bpf_map_lookup_elem(&scratch, &zero);
	const struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct mt_rss_image *image;
	u32 tgid = BPF_CORE_READ(task, tgid);
	u64 key;

	if (!row || !mm || tgid != (u32)BPF_CORE_READ(task, pid) || !is_wanted(tgid))
		return;
	image = image_of(tgid, &key);
	if (!key) {
		images__put((u64)mm, tgid, task);
		image = image_of(tgid, &key);
	}
	__builtin_memset(row, 0, sizeof(*row));
	row->mm = (u64)mm;
	row__describe(row, task, MT_RSS_NOW);
	if (key != (u64)mm)
		image = NULL;
	row__count(row, mm, image);
	bpf_seq_write(seq, row, sizeof(*row));
	image__forget_high(image);
}

SEC("iter/task")
int rss_now(struct bpf_iter__task *ctx)
{
	const struct task_struct *task = ctx->task;

	if (ctx->meta->seq_num == 0)
		counters__learn_offsets();
	if (task)
		write_row(ctx->meta->seq, task);
	return 0;
}
