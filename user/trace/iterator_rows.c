/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/iterator_rows.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The kernel gives whole rows or, where the buffer ends, a part of one, and the rest of it next time. */
static int read_rows(int fd, size_t size, iterator_visitor *visit, void *context)
{
	_Alignas(uint64_t) char buffer[32 << 10];
	size_t kept = 0;
	int code = 0;

	while (!code) {
		ssize_t got = read(fd, buffer + kept, sizeof(buffer) - kept);
		size_t at = 0;

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		kept += (size_t)got;
		for (; !code && at + size <= kept; at += size)
			code = visit(context, buffer + at);
		memmove(buffer, buffer + at, kept - at);
		kept -= at;
	}
	return code;
}

int iterator_rows__each(int link, size_t size, iterator_visitor *visit, void *context)
{
	int fd = bpf_iter_create(link), code;

	if (fd < 0)
		return -errno;
	code = read_rows(fd, size, visit, context);
	close(fd);
	return code;
}
