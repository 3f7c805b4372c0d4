/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor PID [skip|entry]: attaches empty programs where memtrawl would attach its own, and stays until standard input
 * ends. The floor that `make bench` measures against: what the kernel's traps cost before any work is done in them. By
 * default as memtrawl does when it counts every allocation, with an entry and a return probe; with "skip" by sessions
 * whose returns are skipped, as for allocations that sampling passes over; with "entry" the programs are at the
 * functions' first instructions, whatever these are, as with tools that do not choose.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap.skel.h"
#include "trace/kernel_abi.h"
#include "trace/objects.h"
#include "trace/session.h"

enum mode { MODE_RETURNS, MODE_SKIP, MODE_ENTRY };

static int attach_function(const struct heap_bpf *heap, const struct alloc_function *function, enum mode mode,
			   struct uprobe_multi link)
{
	uint64_t offset = function->entry + (mode == MODE_ENTRY ? 0 : function->site.offset),
		 cookie = mode == MODE_SKIP;
	bool call = function->signature.class < MT_CLASS_FREE;

	link.offsets = &offset;
	link.cookies = &cookie;
	link.count = 1;
	if (call && mode == MODE_SKIP) {
		link.program_fd = bpf_program__fd(heap->progs.nothing_session);
		link.attach_type = KERNEL_ATTACH_UPROBE_SESSION;
		return kernel__link_uprobe_multi(&link);
	}
	link.program_fd = bpf_program__fd(heap->progs.nothing);
	link.attach_type = KERNEL_ATTACH_UPROBE_MULTI;
	link.at_return = true;
	if (call && kernel__link_uprobe_multi(&link) < 0)
		return -1;
	link.at_return = false;
	return kernel__link_uprobe_multi(&link);
}

static int attach(const struct heap_bpf *heap, const struct tracked *t, const struct alloc_object *object,
		  enum mode mode)
{
	const struct mapping *mapping = maps__find(&t->maps, object->start);
	struct uprobe_multi link = {.pid = t->process->pid};
	char path[4096];

	if (!mapping || maps__file_path(t->process, mapping, path, sizeof(path)))
		return -1;
	link.path = path;
	for (size_t i = 0; i < object->count; i++)
		if (attach_function(heap, &object->functions[i], mode, link) < 0)
			return -1;
	return 0;
}

static enum mode mode_of(const char *name)
{
	if (!strcmp(name, "skip"))
		return MODE_SKIP;
	return strcmp(name, "entry") ? MODE_RETURNS : MODE_ENTRY;
}

int main(int argc, char **argv)
{
	struct objects_sizes sizes = {.live = 1024, .sites = 64};
	struct heap_bpf *heap;
	struct tracked t = {0};
	struct error err = {0};
	char byte;

	if (argc < 2)
		return 2;
	if (objects__load(RUNG_SESSION, true, &sizes, &heap, &err) || process__open(atoi(argv[1]), &t.process, &err) ||
	    maps__read(t.process, &t.maps, &err) ||
	    allocators__discover(t.process, &t.maps, NULL, 0, &t.allocators, &err))
		return (int)error__report(&err);
	for (size_t i = 0; i < t.allocators.count; i++)
		if (attach(heap, &t, &t.allocators.objects[i], mode_of(argc > 2 ? argv[2] : "")))
			return 3;
	puts("attached");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
