/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox's other side. */
#ifndef MEMTRAWL_SANDBOX_CHILD_H
#define MEMTRAWL_SANDBOX_CHILD_H

#include "sandbox/sandbox.h"

/* What precedes each message, with the descriptors of a request. */
struct sandbox_header {
	uint32_t service; /* of a request */
	int32_t code;     /* of a reply */
	uint64_t size;    /* of the message that follows */
};

/* Confines the calling process, which was forked for it, and answers requests until the socket is closed. */
_Noreturn void child__serve(int socket, const sandbox_handler *handlers, size_t handler_count);

#endif
