/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links between programs and probes. Closing a link, or dying with it, removes its probes. */
#ifndef MEMTRAWL_TRACE_ATTACH_H
#define MEMTRAWL_TRACE_ATTACH_H

#include <stdint.h>

#include "lib/error.h"
#include "target/allocators.h"
#include "trace/rung.h"

struct bpf_link;
struct programs;

enum link_kind {
	LINK_ALLOC,   /* may be taken off to save their cost */
	LINK_REALLOC, /* may not: a realloc frees too */
	LINK_FREE,
	LINK_LOADER,
	LINK_JUMP,
	LINK_EVENT,
	LINK_REMAP,
	LINK_ACTIVITY,
	LINK_EXIT,
};

struct link {
	enum link_kind kind;
	int fd;                  /* a link of our own, or -1 */
	struct bpf_link *libbpf; /* one that libbpf made, or NULL */
	char *pin;               /* its path below bpffs, or NULL */
};

struct links {
	struct link *links;
	size_t count, capacity;
};

/* What is attached to: one object of one process. */
struct attach_target {
	const struct process *process;
	const struct maps *maps;
	const struct alloc_object *object;
	uint32_t slot;
	bool everyone; /* no pid filter: forked children are to be caught too */
};

/* The loader's rendezvous, which tells of new code. */
int attach__loader(const struct programs *programs, enum rung rung, const struct attach_target *target,
		   struct links *links, struct error *err);
/* mremap, whose pages go elsewhere. */
int attach__remaps(const struct programs *programs, enum rung rung, const struct attach_target *target,
		   struct links *links, struct error *err);
/* What asks the kernel for memory, past its system calls. */
int attach__activity(const struct programs *programs, enum rung rung, const struct attach_target *target,
		     struct links *links, struct error *err);
/* The end of a process by its own doing. */
int attach__exit(const struct programs *programs, enum rung rung, const struct attach_target *target,
		 struct links *links, struct error *err);
/* What must be watched as long as blocks are tracked: reallocs and frees. */
int attach__frees(const struct programs *programs, enum rung rung, const struct attach_target *target,
		  struct links *links, struct error *err);
/* All other allocations. */
int attach__allocations(const struct programs *programs, enum rung rung, const struct attach_target *target,
			struct links *links, struct error *err);

/* The tracepoints on fork, exec and exit, and those on syscalls where they are loaded. */
int attach__events(const struct programs *programs, struct links *links, struct error *err);

int link__fd(const struct link *link);
void link__close(struct link *link); /* removes its pin too; idempotent */
/* Pins it as DIRECTORY/link_KIND_NUMBER, the next free number. -EOPNOTSUPP if this kernel cannot pin such links. */
int link__pin(struct link *link, const char *directory, struct error *err);
/* Closes those of one kind, or all from last to first. */
void links__close_kind(struct links *links, enum link_kind kind);
void links__close(struct links *links);

#endif
