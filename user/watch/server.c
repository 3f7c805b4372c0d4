/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/server.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json_value.h"
#include "lib/units.h"

/* A request that is not answered yet. */
struct waiting {
	struct MHD_Connection *connection;
	struct MHD_Response *response; /* NULL: not known yet */
	unsigned int status;
	bool asked, suspended;
	struct waiting *next;
};

struct server {
	struct loop *loop;
	struct server_handlers handlers;
	struct MHD_Daemon *daemon;
	struct waiting *waiting;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int epoll;
};

/* ---- answers */

static struct MHD_Response *response_of(const char *text, size_t size, const char *type)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, (void *)text, MHD_RESPMEM_MUST_COPY);

	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return response;
}

static struct MHD_Response *error_response(const char *reason)
{
	json_t *root = json_object();
	struct MHD_Response *response = NULL;
	char *text;

	json_object_set_new(root, "schema", json_string("memtrawl.error/1"));
	json_object_set_new(root, "error", json_value__text(reason));
	text = json_dumps(root, JSON_COMPACT);
	if (text)
		response = response_of(text, strlen(text), "application/json");
	free(text);
	json_decref(root);
	return response;
}

static enum MHD_Result give(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_NO;

	if (response) {
		result = MHD_queue_response(connection, status, response);
		MHD_destroy_response(response);
	}
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status, const char *reason)
{
	return give(connection, status, error_response(reason));
}

void server__answer(struct server *server, void *requester, int status, const char *json, const char *reason)
{
	struct waiting *waiting = server->waiting;

	while (waiting && waiting != requester) /* it may have gone away meanwhile */
		waiting = waiting->next;
	if (!waiting || waiting->response)
		return;
	waiting->status = (unsigned int)status;
	waiting->response = json ? response_of(json, strlen(json), "application/json") : error_response(reason);
	waiting->suspended = false;
	MHD_resume_connection(waiting->connection);
	MHD_run(server->daemon);
}

/* ---- requests */

static const char *argument(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* False for something that is no number. */
static bool number_argument(struct MHD_Connection *connection, const char *name, uint64_t max, uint64_t *number)
{
	const char *text = argument(connection, name);

	*number = 0;
	return !text || !units__parse_count(text, 0, max, number);
}

static enum MHD_Result hotspots(struct server *server, struct MHD_Connection *connection)
{
	const char *format = argument(connection, "format");
	bool text = format && !strcmp(format, "text");
	struct MHD_Response *response = NULL;
	struct buf out = {0};
	uint64_t width;

	if (!number_argument(connection, "width", 10000, &width))
		return refuse(connection, HTTP_BAD_REQUEST, "width: not a number");
	server->handlers.hotspots(server->handlers.cookie, text, (size_t)width, &out);
	if (!buf__failed(&out))
		response = response_of(out.data ? out.data : "", out.size, text ? "text/plain" : "application/json");
	buf__free(&out);
	return give(connection, HTTP_OK, response);
}

static unsigned int status_of(int code)
{
	if (code == -ESRCH)
		return HTTP_NOT_FOUND;
	if (code == -EINVAL)
		return HTTP_BAD_REQUEST;
	return code == -EBUSY ? HTTP_CONFLICT : HTTP_FAILED;
}

static enum MHD_Result capture(struct server *server, struct waiting *waiting)
{
	struct MHD_Connection *connection = waiting->connection;
	struct server_capture request = {.name = argument(connection, "name"), .requester = waiting};
	struct error err = {0};
	uint64_t pid, ms, replace;
	int code;

	if (waiting->response) {
		struct MHD_Response *response = waiting->response;

		waiting->response = NULL;
		return give(connection, waiting->status, response);
	}
	if (waiting->asked)
		return MHD_YES;
	if (!number_argument(connection, "pid", INT_MAX, &pid) || !pid ||
	    !number_argument(connection, "for_ms", 86400000, &ms) ||
	    !number_argument(connection, "replace", 1, &replace))
		return refuse(connection, HTTP_BAD_REQUEST, "pid is needed; pid, for_ms and replace are numbers");
	request.pid = (pid_t)pid;
	request.for_ns = ms * 1000000;
	request.replace = replace;
	waiting->asked = waiting->suspended = true;
	MHD_suspend_connection(connection);
	code = server->handlers.capture(server->handlers.cookie, &request, &err);
	if (code)
		server__answer(server, waiting, (int)status_of(code), NULL, err.text);
	return MHD_YES;
}

static struct waiting *waiting__new(struct server *server, struct MHD_Connection *connection)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (!waiting)
		return NULL;
	waiting->connection = connection;
	waiting->next = server->waiting;
	server->waiting = waiting;
	return waiting;
}

/* Called for the headers, for what is sent with the request, of which nothing is read, and at its end. */
static enum MHD_Result on_request(void *cookie, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **state)
{
	struct server *server = cookie;
	bool post = !strcmp(method, MHD_HTTP_METHOD_POST);

	(void)version;
	(void)data;
	if (!*state) {
		*state = waiting__new(server, connection);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size) {
		*size = 0;
		return MHD_YES;
	}
	if (!strcmp(url, "/v1/hotspots") && !post)
		return hotspots(server, connection);
	if (!strcmp(url, "/v1/captures") && post)
		return capture(server, *state);
	return refuse(connection, HTTP_NOT_FOUND, "there is GET /v1/hotspots, and POST /v1/captures?pid=N");
}

static void on_completed(void *cookie, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct server *server = cookie;
	struct waiting **at = &server->waiting, *waiting = *state;

	(void)connection;
	(void)why;
	while (*at && *at != waiting)
		at = &(*at)->next;
	if (!waiting || !*at)
		return;
	*at = waiting->next;
	if (waiting->response)
		MHD_destroy_response(waiting->response);
	free(waiting);
}

/* ---- the socket */

static bool somebody_listens(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens = fd >= 0 && !connect(fd, (const struct sockaddr *)address, sizeof(*address));

	if (fd >= 0)
		close(fd);
	return listens;
}

static int make_folder(const char *path, struct error *err)
{
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	return file__make_directories(folder, 0700, err);
}

static int open_socket(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, code;

	if (strlen(path) >= sizeof(address.sun_path))
		return error__usage(err, "--socket: '%s' is too long for a unix socket", path);
	memcpy(address.sun_path, path, strlen(path));
	code = make_folder(path, err);
	if (code)
		return code;
	if (somebody_listens(&address))
		return error__set(err, -EADDRINUSE, "another `memtrawl watch` listens on %s: stop it, or use --socket",
				  path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 16))
		code = error__set(err, -errno, "cannot listen on %s: %s", path, error__reason(errno));
	umask(mask);
	if (code && fd >= 0)
		close(fd);
	return code ? code : fd;
}

/* ---- life */

static void on_ready(void *cookie, uint32_t events)
{
	struct server *server = cookie;

	(void)events;
	MHD_run(server->daemon);
}

void server__tick(struct server *server)
{
	MHD_run(server->daemon);
}

static int start(struct server *server, int fd, struct error *err)
{
	const union MHD_DaemonInfo *info;
	int code;

	server->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
				 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
				 MHD_OPTION_CONNECTION_LIMIT, 32U, MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_END);
	if (!server->daemon) {
		close(fd);
		return error__set(err, -EIO, "cannot serve HTTP on %s", server->path);
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->epoll = info ? info->epoll_fd : -1;
	code = loop__add(server->loop, server->epoll, EPOLLIN, on_ready, server);
	return code ? error__set(err, code, "cannot serve HTTP on %s: %s", server->path, error__reason(code)) : 0;
}

int server__new(struct loop *loop, const char *path, const struct server_handlers *handlers, struct server **result,
		struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	int fd, code;

	if (!server)
		return error__set(err, -ENOMEM, "out of memory");
	server->loop = loop;
	server->handlers = *handlers;
	server->epoll = -1;
	fd = open_socket(path, err);
	if (fd < 0) {
		free(server);
		return fd;
	}
	snprintf(server->path, sizeof(server->path), "%s", path);
	code = start(server, fd, err);
	if (code)
		server__free(server);
	else
		*result = server;
	return code;
}

void server__free(struct server *server)
{
	if (!server)
		return;
	for (struct waiting *waiting = server->waiting, *next; waiting; waiting = next) {
		next = waiting->next;
		if (waiting->suspended)
			server__answer(server, waiting, HTTP_FAILED, NULL, "watch ends");
	}
	loop__remove(server->loop, server->epoll);
	if (server->daemon) {
		MHD_run(server->daemon);
		MHD_stop_daemon(server->daemon);
	}
	unlink(server->path);
	free(server);
}
