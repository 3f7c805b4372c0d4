/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
	int fd; /* -1: closed */
	struct buf text;
};

struct child {
	struct loop *loop;
	struct child_options options;
	pid_t pid;
	int pidfd, timer;
	int input;
	size_t input_done;
	struct stream output, errors;
	bool timed_out;
};

/* ---- the streams */

static void close_in(struct loop *loop, int *fd)
{
	if (*fd < 0)
		return;
	loop__remove(loop, *fd);
	close(*fd);
	*fd = -1;
}

static void drain(struct loop *loop, struct stream *stream)
{
	char data[4096];
	ssize_t n;

	while (stream->fd >= 0) {
		n = read(stream->fd, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_in(loop, &stream->fd);
			return;
		}
		if (stream->text.size < CHILD_OUTPUT_MAX)
			buf__add(&stream->text, data, (size_t)n);
	}
}

static void on_output(void *cookie, uint32_t events)
{
	struct child *child = cookie;

	(void)events;
	drain(child->loop, &child->output);
}

static void on_errors(void *cookie, uint32_t events)
{
	struct child *child = cookie;

	(void)events;
	drain(child->loop, &child->errors);
}

/* It need not read it: then the pipe breaks, or stays full until the child ends. */
static void on_input(void *cookie, uint32_t events)
{
	struct child *child = cookie;
	const char *rest = child->options.input + child->input_done;
	ssize_t n = write(child->input, rest, strlen(rest));

	(void)events;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		child->input_done += (size_t)n;
	if (n < 0 || !child->options.input[child->input_done])
		close_in(child->loop, &child->input);
}

/* ---- the end */

static void free_child(struct child *child)
{
	close_in(child->loop, &child->pidfd);
	close_in(child->loop, &child->timer);
	close_in(child->loop, &child->input);
	close_in(child->loop, &child->output.fd);
	close_in(child->loop, &child->errors.fd);
	buf__free(&child->output.text);
	buf__free(&child->errors.text);
	free(child);
}

static void kill_group(const struct child *child, int signal)
{
	if (kill(-child->pid, signal))
		kill(child->pid, signal);
}

static void on_death(void *cookie, uint32_t events)
{
	struct child *child = cookie;
	struct child_end end = {.timed_out = child->timed_out};

	(void)events;
	if (waitpid(child->pid, &end.status, WNOHANG) <= 0)
		return;
	kill(-child->pid, SIGKILL); /* what it left behind has its pipes still */
	drain(child->loop, &child->output);
	drain(child->loop, &child->errors);
	end.output = child->output.text.data ? child->output.text.data : "";
	end.errors = child->errors.text.data ? child->errors.text.data : "";
	child->options.on_end(child->options.cookie, &end);
	free_child(child);
}

static void on_time_up(void *cookie, uint32_t events)
{
	struct child *child = cookie;

	(void)events;
	close_in(child->loop, &child->timer);
	child->timed_out = true;
	kill_group(child, SIGKILL);
}

void child__stop(struct child *child)
{
	kill(child->pid, SIGTERM);
}

void child__kill(struct child *child)
{
	kill_group(child, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free_child(child);
}

/* ---- the beginning */

/* Between fork and exec. */
static void become(const struct child_options *options, const int fds[3], pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(127);
	execvp(options->program, options->argv);
	_exit(127);
}

static int make_pipes(int input[2], int output[2], int errors[2])
{
	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC) || pipe2(errors, O_CLOEXEC))
		return -errno;
	fcntl(input[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(errors[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int spawn(struct child *child)
{
	int input[2] = {-1, -1}, output[2] = {-1, -1}, errors[2] = {-1, -1};
	pid_t parent = getpid();
	int code = make_pipes(input, output, errors);

	if (!code) {
		child->pid = fork();
		if (child->pid < 0)
			code = -errno;
		else if (child->pid == 0)
			become(&child->options, (const int[]){input[0], output[1], errors[1]}, parent);
		else
			setpgid(child->pid, child->pid);
	}
	close(input[0]);
	close(output[1]);
	close(errors[1]);
	child->input = input[1];
	child->output.fd = output[0];
	child->errors.fd = errors[0];
	return code;
}

static int set_timer(struct child *child)
{
	struct itimerspec when = {.it_value.tv_sec = child->options.seconds};

	child->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return child->timer < 0 || timerfd_settime(child->timer, 0, &when, NULL) ? -errno : 0;
}

static int follow(struct child *child)
{
	int code;

	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd < 0)
		return -errno;
	code = set_timer(child);
	if (!code)
		code = loop__add(child->loop, child->output.fd, EPOLLIN, on_output, child);
	if (!code)
		code = loop__add(child->loop, child->errors.fd, EPOLLIN, on_errors, child);
	if (!code)
		code = loop__add(child->loop, child->timer, EPOLLIN, on_time_up, child);
	if (!code && child->options.input && child->options.input[0])
		code = loop__add(child->loop, child->input, EPOLLOUT, on_input, child);
	else
		close_in(child->loop, &child->input);
	return code ? code : loop__add(child->loop, child->pidfd, EPOLLIN, on_death, child);
}

int child__start(struct loop *loop, const struct child_options *options, struct child **result, struct error *err)
{
	struct child *child = calloc(1, sizeof(*child));
	int code;

	if (!child)
		return error__set(err, -ENOMEM, "out of memory");
	child->loop = loop;
	child->options = *options;
	child->pidfd = child->timer = -1;
	code = spawn(child);
	if (code) {
		free_child(child);
		return error__set(err, code, "cannot start %s: %s", options->program, error__reason(code));
	}
	code = follow(child);
	if (code) {
		child__kill(child);
		return error__set(err, code, "cannot follow %s: %s", options->program, error__reason(code));
	}
	*result = child;
	return 0;
}
