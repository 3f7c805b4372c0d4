/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/array.h"

struct source {
	int fd;
	loop_function *function;
	void *cookie;
};

struct loop {
	int epoll;
	struct source *sources;
	size_t count, capacity;
};

int loop__new(struct loop **result, struct error *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return error__set(err, -ENOMEM, "out of memory");
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		int code = -errno;

		free(loop);
		return error__set(err, code, "cannot wait for events: %s", error__reason(code));
	}
	*result = loop;
	return 0;
}

void loop__free(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->epoll);
	free(loop->sources);
	free(loop);
}

static struct source *find(const struct loop *loop, int fd)
{
	for (size_t i = 0; i < loop->count; i++)
		if (loop->sources[i].fd == fd)
			return &loop->sources[i];
	return NULL;
}

int loop__add(struct loop *loop, int fd, uint32_t events, loop_function *function, void *cookie)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	struct source source = {.fd = fd, .function = function, .cookie = cookie};

	if (!array__push(loop->sources, loop->count, loop->capacity, source))
		return -ENOMEM;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event)) {
		int code = -errno;

		loop->count--;
		return code;
	}
	return 0;
}

void loop__remove(struct loop *loop, int fd)
{
	struct source *source = fd < 0 ? NULL : find(loop, fd);

	if (!source)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	*source = loop->sources[--loop->count];
}

int loop__wait(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[16];
	int ready = epoll_wait(loop->epoll, events, 16, timeout_ms);

	if (ready < 0)
		return -errno;
	for (int i = 0; i < ready; i++) {
		const struct source *source = find(loop, events[i].data.fd); /* one before may have removed it */

		if (source)
			source->function(source->cookie, events[i].events);
	}
	return 0;
}
