/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap.skel.h"
#include "lib/array.h"
#include "memtrawl.h"
#include "trace/kernel_abi.h"
#include "trace/programs.h"

int link__fd(const struct link *link)
{
	return link->libbpf ? bpf_link__fd(link->libbpf) : link->fd;
}

void link__close(struct link *link)
{
	if (link->pin)
		unlink(link->pin);
	free(link->pin);
	link->pin = NULL;
	if (link->libbpf)
		bpf_link__destroy(link->libbpf);
	else if (link->fd >= 0)
		close(link->fd);
	link->libbpf = NULL;
	link->fd = -1;
}

static const char *const kind_names[] = {"alloc", "realloc", "free",     "loader", "jump",
					 "event", "remap",   "activity", "exit"};

int link__pin(struct link *link, const char *directory, struct error *err)
{
	char path[PATH_MAX];
	int code = -EEXIST;

	for (int number = 0; code == -EEXIST; number++) {
		snprintf(path, sizeof(path), "%s/link_%s_%d", directory, kind_names[link->kind], number);
		code = bpf_obj_pin(link__fd(link), path);
	}
	if (code == -EINVAL || code == -EBADF) /* a perf event that is no BPF link: before 5.15 (b89fbfbb854c) */
		return error__set(err, -EOPNOTSUPP,
				  "this kernel cannot pin links of uprobes, as 5.15 and later can; use leaks, snapshot "
				  "--for or run");
	if (code)
		return error__set(err, code, "cannot pin a link at %s: %s", path, error__reason(code));
	link->pin = strdup(path);
	return link->pin ? 0 : error__set(err, -ENOMEM, "out of memory");
}

void links__close_kind(struct links *links, enum link_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < links->count; i++) {
		if (links->links[i].kind == kind)
			link__close(&links->links[i]);
		else
			links->links[kept++] = links->links[i];
	}
	links->count = kept;
}

void links__close(struct links *links)
{
	while (links->count)
		link__close(&links->links[--links->count]);
	free(links->links);
	links->links = NULL;
	links->capacity = 0;
}

static int keep(struct links *links, struct link link, struct error *err)
{
	if (array__push(links->links, links->count, links->capacity, link))
		return 0;
	link__close(&link);
	return error__set(err, -ENOMEM, "out of memory");
}

/* ---- one uprobe_multi link for all functions of a kind */

struct batch {
	const struct attach_target *target;
	enum link_kind kind;
	int program_fd;
	int attach_type;
	bool at_return;
	char path[PATH_MAX];
	uint64_t *offsets, *cookies;
	uint32_t count;
};

static bool is_of_kind(const struct alloc_function *function, enum link_kind kind)
{
	switch (function->signature.class) {
	case MT_CLASS_FREE:
		return kind == LINK_FREE;
	case MT_CLASS_REALLOC:
		return kind == LINK_REALLOC;
	case MT_CLASS_LOADER:
		return kind == LINK_LOADER;
	case MT_CLASS_JUMP:
		return kind == LINK_JUMP;
	case MT_CLASS_REMAP:
		return kind == LINK_REMAP;
	case MT_CLASS_EXIT:
		return kind == LINK_EXIT;
	case MT_CLASS_ALLOC:
	case MT_CLASS_OUT:
		return kind == LINK_ALLOC;
	default:
		return false;
	}
}

/* Where a function is probed for links of that kind; NULL if it is not. */
static const struct probe_site *site_of(const struct alloc_function *function, enum link_kind kind)
{
	if (kind == LINK_ACTIVITY)
		return function->past_syscall.offset ? &function->past_syscall : NULL;
	return is_of_kind(function, kind) ? &function->site : NULL;
}

static int collect(struct batch *batch, struct error *err)
{
	const struct attach_target *target = batch->target;
	uint32_t slot = target->everyone ? (uint32_t)MT_SLOT_ANY : target->slot;
	size_t count = target->object->count;

	batch->offsets = calloc(count, sizeof(*batch->offsets));
	batch->cookies = calloc(count, sizeof(*batch->cookies));
	if (!batch->offsets || !batch->cookies)
		return error__set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		const struct alloc_function *function = &target->object->functions[i];
		const struct probe_site *site = site_of(function, batch->kind);

		if (!site)
			continue;
		batch->offsets[batch->count] = function->entry + site->offset;
		batch->cookies[batch->count++] = alloc_function__cookie(function, site, slot);
	}
	return 0;
}

static int link_range(const struct batch *batch, uint32_t first, uint32_t count)
{
	struct uprobe_multi link = {
		.program_fd = batch->program_fd,
		.attach_type = batch->attach_type,
		.at_return = batch->at_return,
		.path = batch->path,
		.offsets = batch->offsets + first,
		.cookies = batch->cookies + first,
		.count = count,
		.pid = batch->target->everyone ? 0 : batch->target->process->pid,
	};

	return kernel__link_uprobe_multi(&link);
}

static int cannot_attach(const struct attach_target *target, int code, struct error *err)
{
	if (code == -ESRCH || !process__alive(target->process))
		return error__set(err, -ESRCH, "cannot attach to PID %d: it has ended", target->process->pid);
	return error__set(err, code, "cannot attach to %s in PID %d: %s", target->object->path, target->process->pid,
			  error__reason(code));
}

/* All in one link; where the kernel refuses one of the places, each in a link of its own, without those it refuses. */
static int link_batch(const struct batch *batch, struct links *links, struct error *err)
{
	struct link link = {.kind = batch->kind};
	uint32_t refused = 0;
	int code = 0;

	link.fd = link_range(batch, 0, batch->count);
	if (link.fd >= 0)
		return keep(links, link, err);
	for (uint32_t i = 0; batch->count > 1 && i < batch->count; i++) {
		link.fd = link_range(batch, i, 1);
		if (link.fd < 0) {
			code = link.fd;
			refused++;
			continue;
		}
		if (keep(links, link, err))
			return -ENOMEM;
	}
	if (batch->count == 1 || refused == batch->count)
		return cannot_attach(batch->target, link.fd, err);
	warn("%u of %u probes in %s were refused: %s", refused, batch->count, batch->target->object->path,
	     error__reason(code));
	return 0;
}

static int attach_multi(const struct programs *programs, const struct attach_target *target, enum link_kind kind,
			enum program program, int attach_type, bool at_return, struct links *links, struct error *err)
{
	struct batch batch = {.target = target,
			      .kind = kind,
			      .program_fd = programs->fds[program],
			      .attach_type = attach_type,
			      .at_return = at_return};
	const struct mapping *mapping = maps__find(target->maps, target->object->start);
	int code;

	code = mapping ? maps__file_path(target->process, mapping, batch.path, sizeof(batch.path)) : -ENOENT;
	if (code)
		return cannot_attach(target, code, err);
	code = collect(&batch, err);
	if (!code && batch.count)
		code = link_batch(&batch, links, err);
	free(batch.offsets);
	free(batch.cookies);
	return code;
}

/* ---- a perf event for each function */

/* The address at which the process has the byte of the object at a file offset; 0 if it is not mapped. */
static uint64_t address_of(const struct maps *maps, const struct alloc_object *object, uint64_t offset)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->mappings[i];

		if (m->executable && m->device == object->device && m->inode == object->inode && offset >= m->offset &&
		    offset - m->offset < m->limit - m->start)
			return m->start + (offset - m->offset);
	}
	return 0;
}

static void note_cookie(const struct programs *programs, const struct attach_target *target, uint64_t offset,
			uint64_t cookie)
{
	struct mt_probe_key key = {.address = address_of(target->maps, target->object, offset),
				   .tgid = (uint32_t)target->process->pid};

	const int fd = bpf_map__fd(programs->heap->maps.probes);
	uint64_t other;

	if (!programs->heap->rodata->cookies_by_address)
		return;
	bpf_map_update_elem(fd, &key, &cookie, BPF_ANY);
	key.address %= MT_PROBE_PAGE;
	if (!bpf_map_lookup_elem(fd, &key, &other) && other != cookie)
		cookie = MT_COOKIE_UNKNOWN;
	bpf_map_update_elem(fd, &key, &cookie, BPF_ANY);
}

static int attach_perf(const struct programs *programs, const struct attach_target *target, enum link_kind kind,
		       enum program program, bool at_return, struct links *links, struct error *err)
{
	const struct mapping *mapping = maps__find(target->maps, target->object->start);
	pid_t pid = target->everyone ? -1 : target->process->pid;
	char path[PATH_MAX];
	int code;

	if (!programs->heap)
		return error__set(err, -ENOTSUP,
				  "cannot attach to more of PID %d: its session was left without a keeper",
				  target->process->pid);
	code = mapping ? maps__file_path(target->process, mapping, path, sizeof(path)) : -ENOENT;
	if (code)
		return cannot_attach(target, code, err);
	for (size_t i = 0; i < target->object->count; i++) {
		const struct alloc_function *function = &target->object->functions[i];
		const struct probe_site *site = site_of(function, kind);
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = at_return);
		struct link link = {.kind = kind, .fd = -1};
		uint64_t offset;

		if (!site)
			continue;
		offset = function->entry + site->offset;
		/* perf events of a process also fire in its forked children: the program tells them by pid */
		opts.bpf_cookie = alloc_function__cookie(function, site, MT_SLOT_ANY);
		note_cookie(programs, target, offset, opts.bpf_cookie);
		if (programs->heap->rodata->cookies_by_address)
			opts.bpf_cookie = 0;
		link.libbpf =
			bpf_program__attach_uprobe_opts(programs__libbpf(programs, program), pid, path, offset, &opts);
		if (!link.libbpf)
			return cannot_attach(target, -errno, err);
		code = keep(links, link, err);
		if (code)
			return code;
	}
	return 0;
}

/* ---- by rung */

static int attach_kind(const struct programs *programs, enum rung rung, const struct attach_target *target,
		       enum link_kind kind, enum program program, struct links *links, struct error *err)
{
	if (rung == RUNG_PERF)
		return attach_perf(programs, target, kind, program, false, links, err);
	return attach_multi(programs, target, kind, program, KERNEL_ATTACH_UPROBE_MULTI, false, links, err);
}

/* A kind of functions whose returns matter too. */
static int attach_calls(const struct programs *programs, enum rung rung, const struct attach_target *target,
			enum link_kind kind, struct links *links, struct error *err)
{
	int code;

	if (rung == RUNG_SESSION)
		return attach_multi(programs, target, kind, PROGRAM_SESSION, KERNEL_ATTACH_UPROBE_SESSION, false, links,
				    err);
	/* returns first: an entry without its return would count as missed */
	if (rung == RUNG_MULTI)
		code = attach_multi(programs, target, kind, PROGRAM_RETURN, KERNEL_ATTACH_UPROBE_MULTI, true, links,
				    err);
	else
		code = attach_perf(programs, target, kind, PROGRAM_RETURN, true, links, err);
	return code ? code : attach_kind(programs, rung, target, kind, PROGRAM_ENTRY, links, err);
}

int attach__loader(const struct programs *programs, enum rung rung, const struct attach_target *target,
		   struct links *links, struct error *err)
{
	return attach_kind(programs, rung, target, LINK_LOADER, PROGRAM_LOADER, links, err);
}

int attach__remaps(const struct programs *programs, enum rung rung, const struct attach_target *target,
		   struct links *links, struct error *err)
{
	int code;

	if (rung == RUNG_PERF)
		code = attach_perf(programs, target, LINK_REMAP, PROGRAM_REMAP_LEAVE, true, links, err);
	else
		code = attach_multi(programs, target, LINK_REMAP, PROGRAM_REMAP_LEAVE, KERNEL_ATTACH_UPROBE_MULTI, true,
				    links, err);
	return code ? code : attach_kind(programs, rung, target, LINK_REMAP, PROGRAM_REMAP_ENTER, links, err);
}

int attach__activity(const struct programs *programs, enum rung rung, const struct attach_target *target,
		     struct links *links, struct error *err)
{
	return attach_kind(programs, rung, target, LINK_ACTIVITY, PROGRAM_ACTIVITY, links, err);
}

int attach__exit(const struct programs *programs, enum rung rung, const struct attach_target *target,
		 struct links *links, struct error *err)
{
	return attach_kind(programs, rung, target, LINK_EXIT, PROGRAM_HOLD, links, err);
}

int attach__frees(const struct programs *programs, enum rung rung, const struct attach_target *target,
		  struct links *links, struct error *err)
{
	int code = attach_kind(programs, rung, target, LINK_FREE, PROGRAM_FREE, links, err);

	if (!code)
		code = attach_kind(programs, rung, target, LINK_JUMP, PROGRAM_JUMP, links, err);
	return code ? code : attach_calls(programs, rung, target, LINK_REALLOC, links, err);
}

int attach__allocations(const struct programs *programs, enum rung rung, const struct attach_target *target,
			struct links *links, struct error *err)
{
	return attach_calls(programs, rung, target, LINK_ALLOC, links, err);
}

int attach__events(const struct programs *programs, struct links *links, struct error *err)
{
	static const enum program events[] = {PROGRAM_EXEC,          PROGRAM_EXIT,         PROGRAM_FORK,
					      PROGRAM_SYSCALL_ENTER, PROGRAM_SYSCALL_EXIT, PROGRAM_FAULT_USER,
					      PROGRAM_FAULT_KERNEL,  PROGRAM_RSS_CHANGED};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		struct bpf_program *program = programs__libbpf(programs, events[i]);
		struct link link = {.kind = LINK_EVENT, .fd = -1};
		int code;

		if (programs->fds[events[i]] < 0)
			continue; /* what it is for is not traced */
		link.libbpf = bpf_program__attach(program);
		if (!link.libbpf)
			return error__set(err, -errno, "cannot attach to the tracepoint of '%s': %s",
					  bpf_program__name(program), error__reason(errno));
		code = keep(links, link, err);
		if (code)
			return code;
	}
	return 0;
}
