/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/confine.h"

struct request {
	struct sandbox_header header;
	int fds[SANDBOX_FDS_MAX];
	size_t fd_count;
	char *message;
};

static bool receive_bytes(int socket, void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(socket, (char *)data + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static void keep_fds(struct msghdr *message, struct request *request)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
		return;
	request->fd_count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(request->fds, CMSG_DATA(control), request->fd_count * sizeof(int));
}

static bool receive_header(int socket, struct request *request)
{
	union {
		char space[CMSG_SPACE(sizeof(request->fds))];
		struct cmsghdr align;
	} control;
	struct iovec part = {&request->header, sizeof(request->header)};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t got;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	keep_fds(&message, request);
	return receive_bytes(socket, (char *)&request->header + got, sizeof(request->header) - (size_t)got);
}

static bool receive(int socket, struct request *request)
{
	if (!receive_header(socket, request) || request->header.size > SANDBOX_MESSAGE_MAX)
		return false;
	request->message = malloc(request->header.size + 1);
	return request->message && receive_bytes(socket, request->message, request->header.size);
}

static void forget(struct request *request)
{
	for (size_t i = 0; i < request->fd_count; i++)
		close(request->fds[i]);
	free(request->message);
}

static bool send_bytes(int socket, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		struct iovec part = {(char *)data + done, size - done};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		done += (size_t)sent;
	}
	return true;
}

/* Of a failed call, the reply is the reason. Nothing is parsed by who could not be confined. */
static bool answer(int socket, const sandbox_handler *handlers, size_t handler_count, int confined,
		   const struct request *request)
{
	struct wire wire = wire__of(request->message, request->header.size);
	struct sandbox_header header = {.code = -ENOSYS};
	struct buf reply = {0};
	struct error err = {0};
	bool sent;

	if (confined)
		header.code = error__set(&err, confined, "cannot confine the process that parses files: %s",
					 error__reason(confined));
	else if (request->header.service < handler_count)
		header.code = handlers[request->header.service](&wire, request->fds, request->fd_count, &reply, &err);
	if (!header.code && buf__failed(&reply))
		header.code = error__set(&err, -ENOMEM, "out of memory");
	header.size = header.code ? strlen(err.text) : reply.size;
	sent = send_bytes(socket, &header, sizeof(header)) &&
	       send_bytes(socket, header.code ? err.text : reply.data, header.size);
	buf__free(&reply);
	return sent;
}

void child__serve(int socket, const sandbox_handler *handlers, size_t handler_count)
{
	/* Ctrl-C is for memtrawl, which may have names to ask for before it ends. */
	static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE};
	bool going = true;
	int confined;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "memtrawl-parser", 0, 0, 0);
	confined = confine__self(socket);
	while (going) {
		struct request request = {.message = NULL};

		going = receive(socket, &request) && answer(socket, handlers, handler_count, confined, &request);
		forget(&request);
	}
	_exit(0);
}
