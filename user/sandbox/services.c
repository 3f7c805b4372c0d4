/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/services.h"

#include <errno.h>

static const sandbox_handler handlers[SERVICE_COUNT] = {
	[SERVICE_ELF_FACTS] = serve_elf_facts,
	[SERVICE_ALLOC_OBJECT] = serve_alloc_object,
	[SERVICE_IMPORT_SLOT] = serve_import_slot,
	[SERVICE_UNWIND_TABLE] = serve_unwind_table,
	[SERVICE_NAMES] = serve_names,
	[SERVICE_RUNTIME_NAMES] = serve_runtime_names,
};

/* One for the process: whose files they are makes no difference to what it may do. */
static struct sandbox sandbox = {.handlers = handlers, .handler_count = SERVICE_COUNT, .seconds = SANDBOX_SECONDS};

int services__call(enum service service, const char *name, const struct buf *request, const int *fds, size_t fd_count,
		   struct sandbox_reply *reply, struct error *err)
{
	int code = sandbox__call(&sandbox, service, request, fds, fd_count, reply, err);

	if (code == -EPIPE) /* of the file, most likely; but somebody may have killed it */
		code = sandbox__call(&sandbox, service, request, fds, fd_count, reply, err);
	return code == -EPIPE || code == -ETIMEDOUT ? error__prefix(err, code, "%s", name) : code;
}

void services__leave(void)
{
	sandbox__stop(&sandbox);
}
