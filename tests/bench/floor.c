/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor PID [skip|entry]: attaches empty programs where memtrawl would attach its own (first rung), and stays until
 * standard input ends. The floor that `make bench` measures against: what the kernel's traps cost before any work is
 * done in them. With "skip" the returns are skipped, as for allocations that sampling passes over; with "entry" the
 * programs are at the functions' first instructions, whatever these are, as with tools that do not choose.
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

static int attach(const struct heap_bpf *heap, const struct tracked *t, const struct alloc_object *object,
		  const char *mode)
{
	const struct mapping *mapping = maps__find(&t->maps, object->start);
	char path[4096];

	if (!mapping || maps__file_path(t->process, mapping, path, sizeof(path)))
		return -1;
	for (size_t i = 0; i < object->count; i++) {
		const struct alloc_function *f = &object->functions[i];
		bool call = f->signature.class < MT_CLASS_FREE;
		uint64_t offset = f->entry + (strcmp(mode, "entry") ? f->site.offset : 0);
		uint64_t cookie = call && !strcmp(mode, "skip");
		struct uprobe_multi link = {
			.program_fd = bpf_program__fd(call ? heap->progs.nothing_session : heap->progs.nothing),
			.attach_type = call ? KERNEL_ATTACH_UPROBE_SESSION : KERNEL_ATTACH_UPROBE_MULTI,
			.path = path,
			.offsets = &offset,
			.cookies = &cookie,
			.count = 1,
			.pid = t->process->pid,
		};

		if (kernel__link_uprobe_multi(&link) < 0)
			return -1;
	}
	return 0;
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
		if (attach(heap, &t, &t.allocators.objects[i], argc > 2 ? argv[2] : ""))
			return 3;
	puts("attached");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
