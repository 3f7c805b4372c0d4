/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/services.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

static const sandbox_handler handlers[SERVICE_COUNT] = {
	[SERVICE_ELF_FACTS] = serve_elf_facts,
	[SERVICE_ALLOC_OBJECT] = serve_alloc_object,
	[SERVICE_IMPORT_SLOT] = serve_import_slot,
	[SERVICE_UNWIND_TABLE] = serve_unwind_table,
	[SERVICE_NAMES] = serve_names,
	[SERVICE_RUNTIME_NAMES] = serve_runtime_names,
	[SERVICE_VARIABLES] = serve_variables,
};

/* One for the process. */
static struct sandbox sandbox = {.handlers = handlers, .handler_count = SERVICE_COUNT, .seconds = SANDBOX_SECONDS};

/* Who can have made a file. */
struct origin {
	uid_t owner;
	dev_t device;
};

static bool is_of(int fd, const struct origin *origin)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == origin->owner && st.st_dev == origin->device;
}

/* The first file's origin, if all have one. */
static bool get_origin(const int *fds, size_t fd_count, struct origin *origin)
{
	struct stat st;

	if (!fd_count || fstat(fds[0], &st))
		return false;
	*origin = (struct origin){.owner = st.st_uid, .device = st.st_dev};
	for (size_t i = 1; i < fd_count; i++)
		if (!is_of(fds[i], origin))
			return false;
	return true;
}

/* A child that some user's file has taken over must not see another's: it would lie about that one, too. */
static void keep_apart(const int *fds, size_t fd_count)
{
	static struct origin seen; /* by the child that there is */
	static bool one;           /* of one origin, all that it has seen */
	struct origin origin = {0};
	bool next_one = get_origin(fds, fd_count, &origin);

	if (!one || !next_one || origin.owner != seen.owner || origin.device != seen.device)
		sandbox__stop(&sandbox);
	seen = origin;
	one = next_one;
}

int services__call(enum service service, const char *name, const struct buf *request, const int *fds, size_t fd_count,
		   struct sandbox_reply *reply, struct error *err)
{
	int code;

	keep_apart(fds, fd_count);
	code = sandbox__call(&sandbox, service, request, fds, fd_count, reply, err);
	if (code == -EPIPE) /* of the file, most likely; but somebody may have killed it */
		code = sandbox__call(&sandbox, service, request, fds, fd_count, reply, err);
	return code == -EPIPE || code == -ETIMEDOUT ? error__prefix(err, code, "%s", name) : code;
}

void services__leave(void)
{
	sandbox__stop(&sandbox);
}
