/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to the processes of a session, and the loop that looks after them. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/minmax.h"
#include "trace/budget.h"
#include "trace/pages.h"
#include "trace/session.h"

static struct tracked *tracked_in(const struct session *session, uint32_t slot)
{
	for (size_t i = 0; i < session->count; i++)
		if (session->tracked[i]->slot == slot)
			return session->tracked[i];
	return NULL;
}

/*
 * A forked child has its parent's mappings; its files are watched already, as links have no pid filter then. One that
 * is gone again by now is known by its pid and by what it was forked from.
 */
static void on_fork(struct session *session, const struct mt_event *event)
{
	const struct tracked *parent = tracked_in(session, MT_PROCESS_SLOT(event->parent));
	struct tracked *tracked = calloc(1, sizeof(*tracked));

	if (!tracked)
		return;
	tracked->slot = MT_PROCESS_SLOT(event->process);
	if (process__open((pid_t)event->tgid, &tracked->process, NULL))
		tracked->process = process__gone((pid_t)event->tgid);
	if (parent)
		modules__copy(&tracked->modules, &parent->modules, true);
	if (!tracked->process || !array__push(session->tracked, session->count, session->capacity, tracked)) {
		tracked__free(tracked);
		return;
	}
	if (parent && tracked->process->proc_fd < 0) {
		free(tracked->process->comm);
		tracked->process->comm = strdup(parent->process->comm);
	}
	session__rescan(session, tracked, NULL);
}

/*
 * The kernel keeps a pid filter's probes for the thread group's leader: exec from another thread, at `exec_ns`, loses
 * them. What the new image does until they are back is not seen: that is told as the time without probes.
 */
static void attach_again(struct session *session, struct tracked *tracked, uint64_t exec_ns)
{
	struct links lost = tracked->links;

	if (session->options.follow_forks)
		return; /* no filter */
	tracked->links = (struct links){0};
	tracked->attached_count = 0;
	session__rescan(session, tracked, NULL);
	if (!session->shared->paused) /* else this time is in there already */
		session->shared->paused_ns += monotonic_ns() - exec_ns;
	links__close(&lost); /* last: perf events take long to go, and the new image does not wait */
}

static void on_exec(struct session *session, struct tracked *tracked, const struct mt_event *event)
{
	struct process *process = NULL;
	bool first = tracked->armed;

	tracked->armed = false;
	if (session->options.pages && MT_PROCESS_GENERATION(event->process))
		pages__forget(session, event->process - MT_PROCESS(0, 1));
	tracked->generation = MT_PROCESS_GENERATION(event->process);
	if (!session->follow_exec && !session->options.follow_forks) {
		tracked->ended = true;
		tracked->replaced = true;
		return;
	}
	if (!first && session->on_image_end)
		session->on_image_end(session, tracked);
	modules__free(&tracked->modules);
	allocators__free(&tracked->allocators);
	if (process__open(tracked->process->pid, &process, NULL))
		return;
	process__free(tracked->process);
	tracked->process = process;
	session__rescan(session, tracked, NULL);
	if (event->exit_code)
		attach_again(session, tracked, event->ns);
}

static void handle(struct session *session, const struct mt_event *event)
{
	struct tracked *tracked;

	if (event->kind == MT_EVENT_FORK)
		on_fork(session, event);
	tracked = tracked_in(session, MT_PROCESS_SLOT(event->process));
	if (!tracked)
		return;
	switch (event->kind) {
	case MT_EVENT_EXEC:
		on_exec(session, tracked, event);
		break;
	case MT_EVENT_EXIT:
		if (session->options.pages)
			pages__forget(session, event->process);
		tracked->ended = true;
		tracked->exit_code = event->exit_code;
		break;
	case MT_EVENT_UNMAPPED: /* session__poll() looks */
		return;
	case MT_EVENT_LOADER: /* several at once need one look */
		if (event->ns < tracked->scanned_ns)
			return;
		/* allocators are looked for when all events are through: it can take ten times as long */
		tracked->unsearched = !tracked__look(session, tracked, NULL);
		return;
	}
	if (session->on_change)
		session->on_change(session);
}

static int on_event(void *cookie, void *data, size_t size)
{
	struct session *session = cookie;

	if (size < sizeof(struct mt_event))
		return 0;
	pthread_mutex_lock(&session->lock);
	handle(session, data);
	pthread_mutex_unlock(&session->lock);
	return 0;
}

int session__open_events(struct session *session, struct error *err)
{
	session->events = ring_buffer__new(session->maps.events, on_event, session, NULL);
	if (!session->events)
		return error__set(err, -errno, "cannot read the event ring: %s", error__reason(errno));
	return 0;
}

static void search_new_code(struct session *session)
{
	bool any = false;

	for (size_t i = 0; i < session->count; i++) {
		if (!session->tracked[i]->unsearched)
			continue;
		tracked__search(session, session->tracked[i], NULL);
		any = true;
	}
	if (any && session->on_change)
		session->on_change(session);
}

/*
 * Code that is made comes in bursts, and each look that is put off costs stacks; but stacks that lead nowhere may never
 * end. So there are ten looks a second in the long run, and as many at once when there were none for a second.
 */
static bool may_look(struct tracked *tracked, uint64_t now)
{
	const uint64_t interval_ns = 100000000, burst = 10;

	tracked->look_due_ns = max_u64(tracked->look_due_ns, now - burst * interval_ns);
	if (tracked->look_due_ns > now)
		return false;
	tracked->look_due_ns += interval_ns;
	return true;
}

/* A stack led out of the code that is known, or an event of the loader was lost. */
static void look_for_code(struct session *session)
{
	for (size_t i = 0; i < session->count; i++) {
		struct tracked *tracked = session->tracked[i];
		const struct mt_process *entry = &session->processes[tracked->slot];

		if ((entry->unmapped || entry->loads != entry->loads_seen) && !tracked->ended &&
		    may_look(tracked, monotonic_ns()))
			session__rescan(session, tracked, NULL);
	}
}

void session__note_end(struct session *session, size_t number, int exit_code)
{
	pthread_mutex_lock(&session->lock);
	session->tracked[number]->ended = true;
	session->tracked[number]->exit_code = exit_code;
	pthread_mutex_unlock(&session->lock);
}

static void read_rss(const struct session *session)
{
	for (size_t i = 0; i < session->count; i++) {
		struct process_rss rss;

		if (!session->tracked[i]->ended && !process__rss(session->tracked[i]->process, &rss))
			session->tracked[i]->rss = rss;
	}
}

int session__poll(struct session *session, int timeout_ms, struct error *err)
{
	int code = ring_buffer__poll(session->events, timeout_ms);

	if (code == -EINTR)
		return code;
	if (code < 0)
		return error__set(err, code, "cannot read the event ring: %s", error__reason(code));
	pthread_mutex_lock(&session->lock);
	search_new_code(session);
	look_for_code(session);
	read_rss(session);
	pthread_mutex_unlock(&session->lock);
	return budget__step(session->budget, err);
}
