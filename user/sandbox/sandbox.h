/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child without privileges that parses foreign bytes. memtrawl is root, and the files that it looks into are made by
 * whoever runs the process: what parses them is given open descriptors and answers with bytes, and can do nothing else
 * (confine.h). What takes it over can lie about the file, which costs that file's names; what crashes it costs as much,
 * and the next call has a new child.
 *
 * The child is forked, not executed: it takes half a millisecond, and only when something is to be parsed.
 */
#ifndef MEMTRAWL_SANDBOX_SANDBOX_H
#define MEMTRAWL_SANDBOX_SANDBOX_H

#include <sys/types.h>

#include "lib/error.h"
#include "sandbox/wire.h"

enum { SANDBOX_FDS_MAX = 4, SANDBOX_SECONDS = 60 };

#define SANDBOX_MESSAGE_MAX (256UL << 20)

/*
 * Answers a request, in the child: reads `request`, may use the descriptors, writes its answer to `reply`. Returns 0,
 * or -errno with the reason in *err, both of which reach the caller.
 */
typedef int (*sandbox_handler)(struct wire *request, const int *fds, size_t fd_count, struct buf *reply,
			       struct error *err);

/* One child, started when it is first needed. The descriptor is -1 without one. */
struct sandbox {
	const sandbox_handler *handlers; /* by number of service */
	size_t handler_count;
	int seconds; /* what a call may take */
	int socket;  /* connected to the child, or -1 */
	pid_t child;
	pid_t owner; /* who started it: a forked process has none of its own yet */
};

/* The reply to a call; to be freed by sandbox_reply__free() in any case. */
struct sandbox_reply {
	struct buf bytes;
	struct wire wire; /* of them, for the caller to read */
};

/*
 * Has the child run the handler number `service`. The descriptors stay the caller's. Returns the handler's result with
 * its reason, -EFBIG where the child's memory was short; or -ENOMEM when the caller's is, -EPIPE when the child has
 * died of it, -ETIMEDOUT when it took over `seconds`.
 */
int sandbox__call(struct sandbox *sandbox, unsigned int service, const struct buf *request, const int *fds,
		  size_t fd_count, struct sandbox_reply *reply, struct error *err);
void sandbox_reply__free(struct sandbox_reply *reply);

/* Ends the child, if there is one. */
void sandbox__stop(struct sandbox *sandbox);

#endif
