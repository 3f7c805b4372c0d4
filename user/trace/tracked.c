/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/tracked.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "target/program_break.h"
#include "trace/session.h"
#include "trace/unwinding.h"

void tracked__free(struct tracked *tracked)
{
	if (!tracked)
		return;
	links__close(&tracked->links);
	free(tracked->attached);
	allocators__free(&tracked->allocators);
	modules__free(&tracked->modules);
	maps__free(&tracked->maps);
	process__free(tracked->process);
	free(tracked);
}

uint32_t tracked__image(const struct tracked *tracked)
{
	return tracked->generation - tracked->replaced;
}

static struct tracked *view_of(const struct tracked *tracked)
{
	struct tracked *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->process = process__share(tracked->process);
	view->slot = tracked->slot;
	view->generation = tracked->generation;
	view->ended = tracked->ended;
	view->replaced = tracked->replaced;
	view->rss = tracked->rss;
	if (!modules__copy(&view->modules, &tracked->modules, false))
		return view;
	tracked__free(view);
	return NULL;
}

bool session__view(struct session *session, size_t number, struct tracked **view)
{
	bool there;

	pthread_mutex_lock(&session->lock);
	there = number < session->count;
	*view = there ? view_of(session->tracked[number]) : NULL;
	pthread_mutex_unlock(&session->lock);
	return there;
}

static struct attach_target target_of(const struct session *session, const struct tracked *tracked,
				      const struct alloc_object *object)
{
	return (struct attach_target){
		.process = tracked->process,
		.maps = &tracked->maps,
		.object = object,
		.slot = tracked->slot,
		.everyone = session->options.follow_forks,
	};
}

static bool is_attached(const struct tracked *tracked, const struct alloc_object *object)
{
	for (size_t i = 0; i < tracked->attached_count; i++)
		if (tracked->attached[i].device == object->device && tracked->attached[i].inode == object->inode)
			return true;
	return false;
}

/* With links that have no pid filter, a file that one process has brought in is watched for all of them. */
static bool is_watched(const struct session *session, const struct alloc_object *object)
{
	for (size_t i = 0; session->options.follow_forks && i < session->count; i++)
		if (is_attached(session->tracked[i], object))
			return true;
	return false;
}

static int attach_object(struct session *session, struct tracked *tracked, const struct alloc_object *object,
			 struct error *err)
{
	struct attach_target target = target_of(session, tracked, object);
	struct attached_file file = {.device = object->device, .inode = object->inode};
	int code;

	code = attach__loader(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code)
		code = attach__activity(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && session->options.hold)
		code = attach__exit(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && session->options.pages)
		code = attach__remaps(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && session->options.heap)
		code = attach__frees(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && session->options.heap && !session->shared->paused)
		code = attach__allocations(&session->programs, session->rung, &target, &tracked->links, err);
	if (!code && !array__push(tracked->attached, tracked->attached_count, tracked->attached_capacity, file))
		code = error__set(err, -ENOMEM, "out of memory");
	return code;
}

static int attach_objects(struct session *session, struct tracked *tracked, const struct allocators *found,
			  struct error *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < found->count; i++)
		if (!is_attached(tracked, &found->objects[i]) && !is_watched(session, &found->objects[i]))
			code = attach_object(session, tracked, &found->objects[i], err);
	return code;
}

int tracked__attach_allocations(struct session *session, struct tracked *tracked, struct error *err)
{
	int code = 0;

	for (size_t i = 0; session->options.heap && !code && i < tracked->allocators.count; i++) {
		struct attach_target target = target_of(session, tracked, &tracked->allocators.objects[i]);

		code = attach__allocations(&session->programs, session->rung, &target, &tracked->links, err);
	}
	return code;
}

int tracked__note_attached(struct tracked *tracked)
{
	for (size_t i = 0; i < tracked->allocators.count; i++) {
		const struct alloc_object *object = &tracked->allocators.objects[i];
		struct attached_file file = {.device = object->device, .inode = object->inode};

		if (!is_attached(tracked, object) &&
		    !array__push(tracked->attached, tracked->attached_count, tracked->attached_capacity, file))
			return -ENOMEM;
	}
	return 0;
}

/* Tells the programs where glibc's code is, which is what frees on its own account. */
static void note_libc(const struct session *session, const struct tracked *tracked)
{
	struct mt_process *entry = &session->processes[tracked->slot];

	for (size_t i = 0; i < tracked->allocators.count; i++) {
		const struct alloc_object *object = &tracked->allocators.objects[i];
		const struct mapping *mapping = maps__find(&tracked->maps, object->start);

		if (strcmp(object->kind, "glibc") || !mapping)
			continue;
		entry->libc_limit = mapping->limit;
		entry->libc_start = mapping->start;
	}
}

/* Which of a process's ways to ask the kernel for memory are seen. */
static void note_activity(const struct session *session, const struct tracked *tracked)
{
	static const uint64_t activities[MT_CLASS_MAX] = {
		[MT_CLASS_MMAP] = 1 << MT_ACTIVITY_MMAP,
		[MT_CLASS_MUNMAP] = 1 << MT_ACTIVITY_MUNMAP,
		[MT_CLASS_REMAP] = 1 << MT_ACTIVITY_MREMAP,
		[MT_CLASS_MPROTECT] = 1 << MT_ACTIVITY_MPROTECT | 1 << MT_ACTIVITY_ARENA,
		[MT_CLASS_MADVISE] = 1 << MT_ACTIVITY_MADVISE,
		[MT_CLASS_BRK] = 1 << MT_ACTIVITY_BRK | 1 << MT_ACTIVITY_TRIM,
	};

	for (size_t i = 0; i < tracked->allocators.count; i++) {
		const struct alloc_object *object = &tracked->allocators.objects[i];

		for (size_t j = 0; j < object->count; j++) {
			enum mt_class class = object->functions[j].signature.class;

			if (!object->functions[j].past_syscall.offset ||
			    (class == MT_CLASS_MPROTECT && strcmp(object->kind, "glibc") != 0))
				continue;
			session->processes[tracked->slot].watches |= activities[class];
		}
	}
}

/* Stacks go on without: what could not be is told with each of them. */
static int update_tables(struct session *session, const struct tracked *tracked)
{
	struct error err = {0};
	int code = 0;

	if (session->options.unwind == MT_UNWIND_FP)
		return 0;
	if (!session->unwinding)
		code = unwinding__new(session, &session->unwinding, &err);
	if (!code)
		code = unwinding__update(session->unwinding, tracked, &err);
	if (code)
		warn("%s", err.text);
	session->processes[tracked->slot].unmapped = 0;
	return code;
}

int tracked__look(struct session *session, struct tracked *tracked, struct error *err)
{
	struct mt_process *entry = &session->processes[tracked->slot];
	uint32_t loads = __atomic_load_n(&entry->loads, __ATOMIC_ACQUIRE); /* before: what comes later needs a look */
	int code;

	tracked->scanned_ns = monotonic_ns();
	code = maps__read(tracked->process, &tracked->maps, err);
	if (code)
		return code;
	if (modules__update(&tracked->modules, tracked->process, &tracked->maps))
		return error__set(err, -ENOMEM, "out of memory");
	entry->era = tracked->modules.era;
	if (!entry->brk)
		entry->brk = program_break__of(tracked->process, &tracked->maps);
	if (!update_tables(session, tracked))
		__atomic_store_n(&entry->loads_seen, loads, __ATOMIC_RELEASE);
	return 0;
}

int tracked__search(struct session *session, struct tracked *tracked, struct error *err)
{
	int code;

	tracked->unsearched = false;
	code = allocators__renew(tracked->process, &tracked->maps, session->options.specs, session->options.spec_count,
				 &tracked->allocators, err);
	if (code)
		return code;
	code = attach_objects(session, tracked, &tracked->allocators, err);
	note_libc(session, tracked);
	note_activity(session, tracked);
	return code;
}

int session__rescan(struct session *session, struct tracked *tracked, struct error *err)
{
	int code = tracked__look(session, tracked, err);

	return code ? code : tracked__search(session, tracked, err);
}

static int no_allocator(const struct tracked *tracked, struct error *err)
{
	const char *why = tracked->allocators.unreadable;

	return error__set(err, -ENOENT,
			  "no allocator found in PID %d (%s)%s%s: a stripped static program needs its symbols, or name "
			  "its functions with --alloc 'LIB:FUNC(size=arg1) -> ptr' --free 'LIB:FUNC(ptr=arg1)'",
			  tracked->process->pid, tracked->process->comm, why ? "; " : "", why ? why : "");
}

/* A function that was named on the command line must be there: its blocks would be missed in silence. */
static int check_specs(const struct session *session, const struct tracked *tracked, struct error *err)
{
	const char *why = tracked->allocators.unreadable;

	for (size_t i = 0; i < session->options.spec_count && i < 64; i++) {
		const struct alloc_spec *spec = &session->options.specs[i];

		if (!(tracked->allocators.specs_found >> i & 1))
			return error__set(err, -ENOENT, "PID %d has no function %s in a file named %s%s%s",
					  tracked->process->pid, spec->function, spec->object, why ? ": " : "",
					  why ? why : "; is it stripped, or not loaded yet?");
	}
	return 0;
}

static int enter_slot(const struct session *session, const struct tracked *tracked, struct error *err)
{
	struct mt_process entry = {.tgid = (uint32_t)tracked->process->pid,
				   .start_ns = tracked->process->start_boot_ns,
				   .state = tracked->armed ? MT_PROCESS_ARMED : MT_PROCESS_FREE};
	uint32_t tgid = entry.tgid;

	if (bpf_map_update_elem(session->maps.processes, &tracked->slot, &entry, BPF_ANY) ||
	    bpf_map_update_elem(session->maps.targets, &tgid, &tracked->slot, BPF_ANY))
		return error__set(err, -errno, "cannot enter PID %d into the process table: %s", tracked->process->pid,
				  error__reason(errno));
	return 0;
}

int session__add(struct session *session, struct process *process, bool armed, struct error *err)
{
	struct tracked *tracked = calloc(1, sizeof(*tracked));
	int code = 0;

	if (!tracked) {
		process__free(process);
		return error__set(err, -ENOMEM, "out of memory");
	}
	tracked->process = process;
	tracked->slot = (uint32_t)session->count;
	tracked->armed = armed;
	process__rss(process, &tracked->rss);
	if (session->count >= MT_SLOTS_MAX)
		code = error__set(err, -E2BIG, "more than %d processes at once", MT_SLOTS_MAX);
	if (!code)
		code = enter_slot(session, tracked, err);
	if (!code && !armed)
		code = session__rescan(session, tracked, err);
	if (!code && !armed && session->options.heap && !allocators__any(&tracked->allocators))
		code = no_allocator(tracked, err);
	if (!code && !armed)
		code = check_specs(session, tracked, err);
	if (!code && !array__push(session->tracked, session->count, session->capacity, tracked))
		code = error__set(err, -ENOMEM, "out of memory");
	if (code)
		tracked__free(tracked);
	return code;
}
