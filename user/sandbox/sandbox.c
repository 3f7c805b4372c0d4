/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "sandbox/child.h"

enum { ERRNO_MAX = 4095 }; /* MAX_ERRNO of include/linux/err.h */

/* ---- the child's life */

static bool has_child(const struct sandbox *sandbox)
{
	return sandbox->child > 0 && sandbox->owner == getpid();
}

void sandbox__stop(struct sandbox *sandbox)
{
	if (sandbox->child <= 0)
		return;
	close(sandbox->socket);
	if (has_child(sandbox)) {
		kill(sandbox->child, SIGKILL);
		while (waitpid(sandbox->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	sandbox->child = 0;
}

static int start(struct sandbox *sandbox, struct error *err)
{
	int sockets[2];
	pid_t child;

	if (has_child(sandbox))
		return 0;
	sandbox__stop(sandbox); /* the end that was inherited from another process */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets)) {
		int code = -errno;

		return error__set(err, code, "cannot make a socket: %s", error__reason(code));
	}
	child = fork();
	if (!child) {
		close(sockets[0]);
		child__serve(sockets[1], sandbox->handlers, sandbox->handler_count);
	}
	close(sockets[1]);
	if (child < 0) {
		int code = -errno;

		close(sockets[0]);
		return error__set(err, code, "cannot start a process: %s", error__reason(code));
	}
	sandbox->socket = sockets[0];
	sandbox->child = child;
	sandbox->owner = getpid();
	return 0;
}

/* ---- messages */

static int64_t milliseconds(void)
{
	return (int64_t)(monotonic_ns() / 1000000);
}

/* Waits until the socket is ready, however often a signal comes between. */
static int wait_for(const struct sandbox *sandbox, short what, int64_t deadline)
{
	struct pollfd ready = {.fd = sandbox->socket, .events = what};

	for (;;) {
		int64_t left = deadline - milliseconds();
		int n = left > 0 ? poll(&ready, 1, (int)left) : 0;

		if (n > 0)
			return 0;
		if (!n)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int send_some(const struct sandbox *sandbox, struct msghdr *message, int64_t deadline, size_t *sent)
{
	for (;;) {
		int code = wait_for(sandbox, POLLOUT, deadline);
		ssize_t n = code ? code : sendmsg(sandbox->socket, message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (code)
			return code;
		if (n >= 0) {
			*sent = (size_t)n;
			return 0;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static int send_bytes(const struct sandbox *sandbox, const void *data, size_t size, int64_t deadline)
{
	size_t sent = 0;
	int code = 0;

	for (size_t done = 0; !code && done < size; done += sent) {
		struct iovec part = {(char *)data + done, size - done};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

		code = send_some(sandbox, &message, deadline, &sent);
	}
	return code;
}

static int send_request(const struct sandbox *sandbox, unsigned int service, const struct buf *request, const int *fds,
			size_t fd_count, int64_t deadline)
{
	struct sandbox_header header = {.service = service, .size = request->size};
	union {
		char space[CMSG_SPACE(SANDBOX_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {.space = {0}};
	struct iovec part = {&header, sizeof(header)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	size_t sent = 0;
	int code;

	if (fd_count) {
		control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(fd_count * sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS};
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, fd_count * sizeof(int));
	}
	code = send_some(sandbox, &message, deadline, &sent);
	if (!code)
		code = send_bytes(sandbox, (char *)&header + sent, sizeof(header) - sent, deadline);
	return code ? code : send_bytes(sandbox, request->data, request->size, deadline);
}

static int receive_bytes(const struct sandbox *sandbox, void *data, size_t size, int64_t deadline)
{
	for (size_t done = 0; done < size;) {
		int code = wait_for(sandbox, POLLIN, deadline);
		ssize_t got = code ? code : read(sandbox->socket, (char *)data + done, size - done);

		if (code)
			return code;
		if (!got)
			return -EPIPE;
		if (got > 0)
			done += (size_t)got;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int receive_reply(const struct sandbox *sandbox, struct sandbox_header *header, struct buf *reply,
			 int64_t deadline)
{
	int code = receive_bytes(sandbox, header, sizeof(*header), deadline);

	if (code)
		return code;
	if (header->size > SANDBOX_MESSAGE_MAX || header->code > 0 || header->code < -ERRNO_MAX)
		return -EPROTO;
	reply->data = malloc(header->size + 1);
	if (!reply->data)
		return -ENOMEM;
	reply->size = reply->capacity = header->size;
	reply->data[reply->size] = '\0';
	return receive_bytes(sandbox, reply->data, reply->size, deadline);
}

static int fail(int code, struct error *err)
{
	if (code == -EPIPE || code == -ECONNRESET)
		return error__set(err, -EPIPE, "the process that parses files has died of it");
	if (code == -ETIMEDOUT)
		return error__set(err, code, "the process that parses files took too long");
	return error__set(err, code, "the process that parses files cannot be asked: %s", error__reason(code));
}

int sandbox__call(struct sandbox *sandbox, unsigned int service, const struct buf *request, const int *fds,
		  size_t fd_count, struct sandbox_reply *reply, struct error *err)
{
	int64_t deadline = milliseconds() + (int64_t)sandbox->seconds * 1000;
	struct sandbox_header header = {0};
	int code;

	*reply = (struct sandbox_reply){.bytes = {0}};
	if (buf__failed(request) || fd_count > SANDBOX_FDS_MAX)
		return error__set(err, -ENOMEM, "out of memory");
	code = start(sandbox, err);
	if (code)
		return code;
	code = send_request(sandbox, service, request, fds, fd_count, deadline);
	if (!code)
		code = receive_reply(sandbox, &header, &reply->bytes, deadline);
	if (code) { /* in the middle of a message, it cannot be used any more */
		sandbox__stop(sandbox);
		sandbox_reply__free(reply);
		return fail(code, err);
	}
	if (header.code == -ENOMEM) /* the file asks for too much: there may be enough for all else */
		header.code = -EFBIG;
	if (header.code)
		return error__set(err, header.code, "%s", reply->bytes.data);
	reply->wire = wire__of(reply->bytes.data, reply->bytes.size);
	return 0;
}

void sandbox_reply__free(struct sandbox_reply *reply)
{
	buf__free(&reply->bytes);
}
