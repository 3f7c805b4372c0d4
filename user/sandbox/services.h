/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memtrawl has parsed in its sandbox: each service is a function beside the code that asks for it. */
#ifndef MEMTRAWL_SANDBOX_SERVICES_H
#define MEMTRAWL_SANDBOX_SERVICES_H

#include "sandbox/sandbox.h"

enum service {
	SERVICE_ELF_FACTS,     /* target/elf_facts.c */
	SERVICE_ALLOC_OBJECT,  /* target/alloc_object_wire.c */
	SERVICE_IMPORT_SLOT,   /* target/binding.c */
	SERVICE_UNWIND_TABLE,  /* unwind/table_wire.c */
	SERVICE_NAMES,         /* symbols/names_wire.c */
	SERVICE_RUNTIME_NAMES, /* as well */
	SERVICE_VARIABLES,     /* symbols/variables.c */
	SERVICE_COUNT,
};

/*
 * sandbox__call() of memtrawl's child. It lives until the process ends, or a file comes that somebody else can have
 * made than those before: of another owner, or on another file system. `name` is the file's, for messages.
 */
int services__call(enum service service, const char *name, const struct buf *request, const int *fds, size_t fd_count,
		   struct sandbox_reply *reply, struct error *err);

/*
 * A process that was forked leaves its parent's child alone, and closes the socket to it: to be called before it closes
 * descriptors by their numbers.
 */
void services__leave(void);

int serve_elf_facts(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);
int serve_alloc_object(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);
int serve_import_slot(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);
int serve_unwind_table(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);
int serve_names(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);
int serve_runtime_names(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);
int serve_variables(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err);

#endif
