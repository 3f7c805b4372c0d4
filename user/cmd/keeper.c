/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/observe.h"
#include "lib/clock.h"
#include "sandbox/services.h"
#include "trace/description.h"
#include "trace/kept_looks.h"
#include "trace/lock.h"
#include "trace/pin.h"

struct keeper {
	const struct tracing_options *options;
	const struct store_options *store;
	struct store_options noted; /* what the session's note says of the store */
	struct session_options session_options;
	struct session *session;
	pid_t pid;
	int ready; /* write end: nothing and a close, or the error, goes through it */
};

/* ---- the keeper's own life */

static void save_last(const struct keeper *keeper)
{
	struct store_save how = {.keep = keeper->store->keep};
	struct read_options read = {.ages = true, .limit = true};

	for (size_t i = 0; i < keeper->session->count; i++) {
		struct profile *profile = NULL;
		char *name = NULL;

		if (!observe__profile(keeper->session, keeper->session->tracked[i], &read, NULL, &profile, NULL))
			store__save(keeper->store->directory, profile, &how, &name, NULL);
		profile__free(profile);
		free(name);
	}
}

/* exec has closed the books of one program and opened those of the next: the old ones go to the store. */
static const struct keeper *this_keeper;

static void save_image(struct session *session, struct tracked *tracked)
{
	struct store_save how = {.keep = this_keeper->store->keep};
	struct read_options read = {.ages = true, .limit = true};
	struct profile *profile = NULL;
	char *name = NULL;

	if (session__profile_image(session, tracked, tracked->generation - 1, &read, &profile, NULL))
		return;
	kept_looks__give(session, tracked, tracked->generation - 1, profile);
	profile->end_reason = strdup("the process called exec and became another program");
	observe__name(tracked, profile);
	store__save(this_keeper->store->directory, profile, &how, &name, NULL);
	profile__free(profile);
	free(name);
}

/*
 * Whatever events got lost (another reader of the ring may have taken them): a target that is gone has ended, and a
 * session whose pins were removed is nobody's any more.
 */
static bool is_over(const struct keeper *keeper)
{
	struct session *session = keeper->session;

	for (size_t i = 0; i < session->count; i++)
		if (!session->tracked[i]->ended && !process__alive(session->tracked[i]->process))
			session__note_end(session, i, session->tracked[i]->exit_code);
	return !pin__exists(keeper->pid);
}

static void describe(struct session *session)
{
	description__save(session, NULL);
}

/* Until the target has ended or we are asked to stop. */
static void keep(struct keeper *keeper)
{
	struct session *session = keeper->session;
	struct kept_looks *looks = kept_looks__begin(session, keeper->pid);

	session->follow_exec = true;
	session->on_image_end = save_image;
	session->on_change = describe;
	this_keeper = keeper;
	while (!observe__interrupted() && !session__all_ended(session)) {
		int code = session__poll(session, 100, NULL);

		if (code && code != -EINTR)
			break;
		session__pin_new_links(session, NULL);
		if (is_over(keeper))
			break;
	}
	kept_looks__end(looks);
	if (!observe__interrupted())
		save_last(keeper);
	session__end(session);
	pin__remove(keeper->pid, NULL);
	session__free(session);
	lock__release_all();
}

/* Where the last snapshot goes, and how many are kept: what `start` was told holds for every keeper after it. */
static int write_note(const struct keeper *keeper, struct error *err)
{
	char directory[PATH_MAX] = "";

	/* the keeper leaves the working directory */
	if (keeper->store->directory[0] != '/' && !getcwd(directory, sizeof(directory)))
		return error__set(err, -errno, "cannot tell the working directory: %s", error__reason(errno));
	if (asprintf(&keeper->session->note, "%" PRIu64 " %s%s%s", keeper->store->keep, directory,
		     directory[0] ? "/" : "", keeper->store->directory) < 0) {
		keeper->session->note = NULL;
		return error__set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

static void read_note(struct keeper *keeper)
{
	char *directory;

	if (!keeper->session->note)
		return;
	keeper->noted.keep = strtoull(keeper->session->note, &directory, 10);
	keeper->noted.directory = directory + (*directory == ' ');
	keeper->store = &keeper->noted;
}

static int begin(struct keeper *keeper, struct error *err)
{
	struct process *process = NULL;
	int code;

	code = process__open(keeper->pid, &process, err);
	if (!code)
		code = lock__take(process, err);
	if (code) {
		process__free(process);
		return code;
	}
	tracing_options__choose_source(keeper->options, &keeper->pid, 1, &keeper->session_options);
	code = session__new(&keeper->session_options, &keeper->session, err);
	if (code) {
		process__free(process);
		return code;
	}
	code = session__add(keeper->session, process, false, err);
	if (!code)
		code = write_note(keeper, err);
	if (!code)
		code = session__pin(keeper->session, err);
	if (!code)
		code = description__save(keeper->session, err);
	if (code)
		return code;
	keeper->session->shared->keeper = (uint32_t)getpid();
	session__begin(keeper->session);
	return 0;
}

static int take_over(struct keeper *keeper, struct error *err)
{
	struct process *process;
	int code;

	process = process__gone(keeper->pid);
	code = process ? lock__take(process, err) : error__set(err, -ENOMEM, "out of memory");
	process__free(process);
	if (!code)
		code = session__open_pinned(keeper->pid, &keeper->session, err);
	if (!code)
		code = session__adopt(keeper->session, err);
	if (code)
		return code;
	read_note(keeper);
	keeper->session->shared->keeper = (uint32_t)getpid();
	return 0;
}

static void leave_caller(const struct keeper *keeper)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	services__leave();
	setsid();
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	/* nothing of our caller's is kept open: its pipes must end with it */
	for (int fd = 3; fd < 256; fd++)
		if (fd != keeper->ready)
			close(fd);
}

static void live(struct keeper *keeper, int (*first)(struct keeper *, struct error *))
{
	struct error err = {0};

	leave_caller(keeper);
	observe__catch_signals();
	if (first(keeper, &err)) {
		if (write(keeper->ready, &err, sizeof(err)) != sizeof(err))
			_exit(STATUS_REFUSED);
		session__free(keeper->session);
		lock__release_all();
		_exit(STATUS_REFUSED);
	}
	if (chdir("/"))
		warn("cannot leave the working directory: %s", error__reason(errno));
	read_note(keeper);
	close(keeper->ready);
	keep(keeper);
	_exit(STATUS_OK);
}

/* ---- seen from the command that starts it */

/* A grandchild, so that it belongs to init and nobody has to wait for it. */
static int fork_keeper(struct keeper *keeper, int (*first)(struct keeper *, struct error *), struct error *err)
{
	int ends[2], status;
	struct error said = {0};
	ssize_t n;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return error__set(err, -errno, "cannot make a pipe: %s", error__reason(errno));
	fflush(stdout);
	child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return error__set(err, -EAGAIN, "cannot start a keeper process: %s", error__reason(errno));
	}
	if (child == 0) {
		close(ends[0]);
		if (fork() != 0)
			_exit(0);
		keeper->ready = ends[1];
		live(keeper, first);
	}
	close(ends[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	do {
		n = read(ends[0], &said, sizeof(said));
	} while (n < 0 && errno == EINTR);
	close(ends[0]);
	if (n == 0)
		return 0;
	if (n == sizeof(said) && err)
		*err = said;
	return -ECHILD;
}

int keeper__start(const struct tracing_options *options, pid_t pid, const struct store_options *store,
		  struct error *err)
{
	enum { BUDGET = 50 };
	struct keeper keeper = {.options = options, .store = store, .pid = pid};
	int code = tracing_options__session(options, BUDGET, &keeper.session_options, err);

	if (code)
		return code;
	code = fork_keeper(&keeper, begin, err);
	tracing_options__free_specs(&keeper.session_options);
	if (!code && !pin__exists(pid))
		return error__set(err, -ECHILD, "the keeper process of PID %d ended at once", pid);
	return code;
}

void keeper__tend(const struct store_options *store)
{
	size_t count = 0;
	pid_t *pids = NULL;

	if (geteuid() != 0 || access(PIN_DIRECTORY, F_OK))
		return;
	pin__sweep();
	if (pin__list(&pids, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		struct keeper keeper = {.store = store, .pid = pids[i]};

		if (!lock__is_held(pids[i]))
			fork_keeper(&keeper, take_over, NULL);
	}
	free(pids);
}
