/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The rss source: the peaks of all processes, between the looks that user space takes, and their ends. Every page that
 * becomes resident or goes comes by here, so what is not needed each time is not done each time: only when the kernel
 * has added up a batch is there anything new to see.
 */
#include "rss_rows.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MT_RSS_RING);
} rss_events SEC(".maps");

/* What a CPU saw last: counters that were added up since then differ from it. */
struct seen {
	u64 mm;
	u64 shared[MT_RSS_KINDS];
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

/* Of a look at one process: user space has it mapped. */
struct mt_rss_row looked;

static __always_inline struct mt_rss_row *event__new(u64 mm)
{
	struct mt_rss_row *row = bpf_ringbuf_reserve(&rss_events, sizeof(*row), 0);
	struct mt_rss_loss *loss;

	if (row) {
		__builtin_memset(row, 0, sizeof(*row));
		row->mm = mm;
		return row;
	}
	loss = bpf_map_lookup_elem(&rss_loss, &zero);
	if (loss)
		loss->events_lost++;
	return NULL;
}

/*
 * To wake a reader takes an interrupt, ten times what the rest does: an end that nobody waits for is read at the next
 * look, or when the ring is half full.
 */
static __always_inline void event__submit(struct mt_rss_row *row, bool urgent)
{
	u64 flags = BPF_RB_NO_WAKEUP;

	if (urgent || only_tgid || bpf_ringbuf_query(&rss_events, BPF_RB_AVAIL_DATA) > MT_RSS_RING / 2)
		flags = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(row, flags);
}

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

static __always_inline void rss__changed(const struct mm_struct *mm, u64 shared, u32 kind)
{
	struct seen *seen = bpf_map_lookup_elem(&last_seen, &zero);
	u64 key = (u64)mm;

	if (!seen || kind >= MT_RSS_KINDS || (seen->mm == key && seen->shared[kind] == shared))
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

/*
 * The same of one process, when user space runs the program: for looks at short intervals, as an iterator takes the
 * kernel many times as long to make and to read. Faults, CPU time and cgroup are not in it.
 */
static __always_inline int look_at(u32 tgid)
{
	const struct owner *owner = bpf_map_lookup_elem(&owners, &tgid);
	struct mt_rss_row *row = &looked;
	const struct task_struct *task;
	const struct mm_struct *mm;
	struct mt_rss_image *image;
	u64 key;

	if (!owner)
		return 0;
	task = (const void *)owner->task;
	mm = BPF_CORE_READ(task, mm);
	key = (u64)mm;
	if (!mm)
		return 0;
	image = bpf_map_lookup_elem(&images, &key);
	__builtin_memset(row, 0, sizeof(*row));
	row->mm = key;
	row->ns = bpf_ktime_get_ns();
	row->tgid = BPF_CORE_READ(task, tgid);
	row->start_ns = BPF_CORE_READ(task, start_boottime);
	row->threads = BPF_CORE_READ(task, signal, nr_threads);
	BPF_CORE_READ_STR_INTO(&row->comm, task, comm);
	row__count(row, mm, image);
	image__forget_high(image);
	return row->tgid == tgid && BPF_CORE_READ(task, mm) == mm; /* else it went while it was looked at */
}

SEC("raw_tp")
int rss_look(struct bpf_raw_tracepoint_args *ctx)
{
	return look_at(ctx->args[0]);
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
