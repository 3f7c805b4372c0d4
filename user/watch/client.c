/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/client.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20 };

/* A descriptor, or -errno. */
static int reach(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, code;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	code = -errno;
	close(fd);
	return code;
}

bool client__is_there(const char *path)
{
	int fd = reach(path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int send_all(int fd, const char *text)
{
	size_t size = strlen(text);

	for (size_t done = 0; done < size;) {
		ssize_t n = send(fd, text + done, size - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int receive_all(int fd, struct buf *answer)
{
	char data[16384];
	ssize_t n;

	for (;;) {
		n = recv(fd, data, sizeof(data), 0);
		if (n < 0 && errno == EINTR)
			return -EINTR; /* the user has lost patience */
		if (n < 0)
			return -errno;
		if (n == 0)
			return buf__failed(answer) ? -ENOMEM : 0;
		if (answer->size > ANSWER_MAX)
			return -EFBIG;
		buf__add(answer, data, (size_t)n);
	}
}

/* What is said of an error, or of an answer that is none. */
static int refused(int status, const char *body, struct error *err)
{
	json_t *root = json_loads(body, 0, NULL);
	const char *reason = json_string_value(json_object_get(root, "error"));

	if (reason)
		error__set(err, -EIO, "%s", reason);
	else
		error__set(err, -EIO, "the running watch gave no answer that can be read (HTTP status %d)", status);
	json_decref(root);
	return -EIO;
}

static int take(const struct buf *answer, struct buf *body, struct error *err)
{
	const char *text = answer->data ? answer->data : "", *start = strstr(text, "\r\n\r\n");
	int status = 0;

	if (!start || sscanf(text, "HTTP/1.%*d %d", &status) != 1)
		return error__set(err, -EIO, "the running watch ended before it answered");
	start += 4;
	if (status != 200)
		return refused(status, start, err);
	buf__add(body, start, answer->size - (size_t)(start - text));
	return 0;
}

int client__ask(const char *path, const char *request, struct buf *body, struct error *err)
{
	struct buf answer = {0};
	char text[1024];
	int fd = reach(path), code;

	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return error__set(err, -ENOENT, "no watch is running (nobody listens on %s)", path);
	if (fd < 0)
		return error__set(err, fd, "cannot ask the watch at %s: %s", path, error__reason(fd));
	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: memtrawl\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		 request);
	code = send_all(fd, text);
	if (!code)
		code = receive_all(fd, &answer);
	close(fd);
	if (code)
		error__set(err, code, "cannot ask the watch at %s: %s", path, error__reason(code));
	else
		code = take(&answer, body, err);
	buf__free(&answer);
	return code;
}
