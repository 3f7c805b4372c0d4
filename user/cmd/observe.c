/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/looking.h"
#include "cmd/name_sources.h"
#include "lib/units.h"
#include "symbols/symbols.h"
#include "trace/kept_looks.h"
#include "trace/lock.h"
#include "trace/pin.h"

/* ---- rights and signals */

int observe__check_rights(struct error *err)
{
	enum { INITIAL_PID_NAMESPACE = 0xEFFFFFFC }; /* PROC_PID_INIT_INO of include/linux/proc_ns.h */
	struct stat namespace;

	if (geteuid() != 0)
		return error__set(err, -EPERM, "not root: attaching to processes needs root (try sudo)");
	if (!stat("/proc/self/ns/pid", &namespace) && namespace.st_ino != INITIAL_PID_NAMESPACE)
		return error__set(
			err, -EPERM,
			"memtrawl runs in a pid namespace of its own, where process ids are not the kernel's: "
			"run it on the host, or in a container with the host's (--pid=host)");
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return error__set(err, -ENOTSUP,
				  "kernel lacks BTF (/sys/kernel/btf/vmlinux): need CONFIG_DEBUG_INFO_BTF=y");
	return 0;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

void observe__catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool observe__interrupted(void)
{
	return interrupted;
}

/* ---- attaching */

static int add_all(struct session *session, const pid_t *pids, size_t count, struct error *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < count; i++) {
		struct process *process = NULL;

		code = process__open(pids[i], &process, err);
		if (!code)
			code = lock__take(process, err);
		if (!code)
			code = session__add(session, process, false, err);
		else
			process__free(process);
		/* of many that were found by name, some may be gone or have no allocator: go on with the others */
		if (code && count > 1 && code != -EINVAL && code != -ENOMEM) {
			warn("%s", err->text);
			code = 0;
		}
	}
	if (!code && !session->count)
		code = error__set(err, -ENOENT, "none of the %zu processes can be traced", count);
	return code;
}

static int check_process(pid_t pid, struct error *err)
{
	struct process *process = NULL;
	int code = process__open(pid, &process, err);

	process__free(process);
	return code;
}

/* Of the session's processes, the one that was asked for, and those it forked. */
static int open_pinned(pid_t pid, struct session **session, struct error *err)
{
	int code = session__open_pinned(pin__find(pid), session, err);
	struct tracked **tracked;

	if (code)
		return code;
	tracked = (*session)->tracked;
	for (size_t i = 1; i < (*session)->count; i++) {
		if (tracked[i]->process->pid == pid) {
			struct tracked *first = tracked[0];

			tracked[0] = tracked[i];
			tracked[i] = first;
		}
	}
	return 0;
}

bool observe__is_pinned(const struct session *session)
{
	return !session->events;
}

int observe__start(const struct tracing_options *options, double default_overhead, struct session **result,
		   struct error *err)
{
	struct session_options session_options = {0};
	struct session *session = NULL;
	pid_t *pids = NULL;
	size_t count = 0;
	int code;

	code = tracing_options__session(options, default_overhead, &session_options, err);
	if (code)
		return code;
	code = tracing_options__pids(options, &pids, &count, err);
	if (!code)
		code = observe__check_rights(err);
	if (!code && count == 1 && pin__find(pids[0])) {
		code = open_pinned(pids[0], result, err);
		tracing_options__free_specs(&session_options);
		free(pids);
		return code;
	}
	if (!code)
		tracing_options__choose_source(options, pids, count, &session_options);
	if (!code && count == 1) /* before the programs are loaded: it is dear */
		code = check_process(pids[0], err);
	if (!code)
		code = session__new(&session_options, &session, err);
	if (!code)
		code = add_all(session, pids, count, err);
	free(pids);
	if (code) {
		if (session)
			session__free(session);
		tracing_options__free_specs(&session_options);
		return code;
	}
	session__begin(session);
	*result = session;
	return 0;
}

void observe__finish(struct session *session)
{
	struct session_options options;

	if (!session)
		return;
	options = session->options;
	if (!observe__is_pinned(session))
		session__end(session);
	session__free(session);
	tracing_options__free_specs(&options);
	lock__release_all();
}

/* ---- waiting */

static void show_progress(const struct session *session, double passed, double whole)
{
	char live[32], a[32], b[32];
	uint64_t bytes = 0;

	for (size_t i = 0; i < session->count; i++)
		bytes += session->processes[session->tracked[i]->slot].live_bytes;
	units__format_bytes(live, sizeof(live), (double)bytes);
	fprintf(stderr, "\r\033[Kwatching %s", session->count == 1 ? session->tracked[0]->process->comm : "processes");
	fprintf(stderr, ": %s of %s, %s live, %u events/s, overhead %.1f %% (Ctrl-C ends early)",
		units__format_seconds(a, sizeof(a), passed), units__format_seconds(b, sizeof(b), whole), live,
		session->shared->event_rate, session->shared->overhead / 100.0);
	fflush(stderr);
}

/* A pinned session's events are its keeper's to handle: all there is to see is whether the processes are alive. */
static int watch(struct session *session, int ms, struct error *err)
{
	if (!observe__is_pinned(session))
		return session__poll(session, ms, err);
	usleep((useconds_t)ms * 1000);
	for (size_t i = 0; i < session->count; i++) {
		const struct mt_process *process = &session->processes[session->tracked[i]->slot];

		if (process->state != MT_PROCESS_LIVE)
			session__note_end(session, i, process->exit_code);
	}
	return 0;
}

int observe__wait(struct session *session, uint64_t ns, struct error *err)
{
	uint64_t start = monotonic_ns(), shown = start, now = start;
	bool terminal = isatty(STDERR_FILENO);
	int code = 0;

	while (!interrupted && !session__all_ended(session) && now - start < ns) {
		uint64_t left_ms = (ns - (now - start)) / 1000000 + 1;

		code = watch(session, left_ms < 100 ? (int)left_ms : 100, err);
		if (code && code != -EINTR)
			break;
		code = 0;
		now = monotonic_ns();
		if (terminal && now - shown > 500000000) {
			show_progress(session, (double)(now - start) / 1e9, (double)ns / 1e9);
			shown = now;
		}
	}
	if (terminal && shown != start)
		fputs("\r\033[K", stderr);
	return code;
}

int observe__look(struct session *session, uint64_t ns, struct looking **looking, struct error *err)
{
	int code;

	*looking = looking__new(session, ns);
	if (!*looking)
		return error__set(err, -ENOMEM, "cannot watch: out of memory");
	code = observe__wait(session, ns, err);
	looking__pause(*looking);
	return code;
}

void observe__end(struct session *session, struct looking *looking)
{
	/* pages are read from the process, which goes on: what it touches until then must be seen */
	if (!session->options.pages)
		session__end(session);
	looking__end(looking);
}

/* ---- names */

/*
 * The process has ended: its file is most likely still where it was. It is the one if its inode is, or, checked by
 * whoever reads it, if its build id is.
 */
static int open_by_path(const struct module *module)
{
	int fd = name_sources__open_path(NULL, module->path);
	struct stat file;

	if (fd < 0)
		return fd;
	if (fstat(fd, &file) || (!module->build_id && file.st_ino != module->inode)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static int open_mapped(const struct tracked *tracked, const struct module *module)
{
	const struct mapping mapping = {
		.start = module->start,
		.limit = module->limit,
		.offset = module->offset,
		.device = module->device,
		.inode = module->inode,
		.executable = true,
		.path = module->path,
	};
	int fd = -ENOENT;

	/* else what is mapped there now is another file */
	if (modules__find(&tracked->modules, module->start, tracked->modules.era) == module)
		fd = maps__open_file(tracked->process, &mapping);
	return fd >= 0 ? fd : open_by_path(module);
}

static int open_module(void *cookie, const char *filename, const char *build_id, uint64_t start)
{
	const struct tracked *tracked = cookie;
	const struct module *module = modules__find_file(&tracked->modules, start, filename, build_id);
	int fd;

	if (!module || !module->path)
		return -ENOENT;
	if (!module->inode) /* the vdso */
		return process__copy_memory(tracked->process, module->start, module->limit - module->start);
	fd = modules__open(&tracked->modules, module);
	return fd >= 0 ? fd : open_mapped(tracked, module);
}

/* Debugging information may be installed where the process lives, or here. */
static int open_path(void *cookie, const char *path)
{
	const struct tracked *tracked = cookie;
	int fd = process__open_path(tracked->process, path);

	return fd >= 0 ? fd : name_sources__open_path(NULL, path);
}

/* What the process's JIT compiler says of its code, if it does. */
static int name_runtime_code(const struct tracked *tracked, struct profile *profile)
{
	int fd = process__open_perf_map(tracked->process), code;

	if (fd < 0)
		return 0;
	code = symbols__name_runtime_code(profile, fd);
	close(fd);
	return code;
}

int observe__name(const struct tracked *tracked, struct profile *profile)
{
	const struct symbols_source source = {
		.cookie = (void *)tracked,
		.open = open_module,
		.open_path = open_path,
	};
	const struct symbols_options options = name_sources__options();
	struct symbols *symbols = symbols__new(&source, &options);
	int code = symbols ? symbols__name_profile(symbols, profile) : -ENOMEM;

	if (!code)
		code = name_runtime_code(tracked, profile);
	symbols__free(symbols);
	return code;
}

/* ---- results */

/* Why the window ended before its time, malloc'ed, or NULL. */
static char *end_reason(const struct session *session, const struct tracked *tracked)
{
	char *text = NULL;
	int n = 0;

	if (tracked->replaced)
		n = asprintf(&text, "the process called exec and became another program");
	else if (session->shared->detached)
		n = asprintf(&text, "probes were taken off to keep the overhead budget");
	else if (tracked->ended && WIFSIGNALED(tracked->exit_code))
		n = asprintf(&text, "the process was killed by signal %d (%s)", WTERMSIG(tracked->exit_code),
			     strsignal(WTERMSIG(tracked->exit_code)));
	else if (tracked->ended)
		n = asprintf(&text, "the process exited with status %d", WEXITSTATUS(tracked->exit_code));
	return n < 0 ? NULL : text;
}

int observe__profile(const struct session *session, const struct tracked *tracked, const struct read_options *read,
		     const struct looking *looking, struct profile **profile, struct error *err)
{
	int code = session__profile(session, tracked, read, profile, err);

	if (code)
		return code;
	(*profile)->end_reason = end_reason(session, tracked);
	if (looking)
		code = looking__give(looking, tracked, *profile);
	else if (observe__is_pinned(session) || session->pins)
		code = kept_looks__give(session, tracked, tracked->generation, *profile);
	if (!code)
		code = observe__name(tracked, *profile);
	if (code) {
		profile__free(*profile);
		*profile = NULL;
		return error__set(err, code, "cannot name the call sites: %s", error__reason(code));
	}
	return 0;
}

int observe__output(const struct session *session, enum report_kind kind, const struct read_options *read,
		    const struct looking *looking, const struct report_options *report,
		    const struct output_options *output, struct error *err)
{
	struct output_options all = *output;
	struct document_set set;
	int code = 0, ended;

	output__begin_set(&set, session->count, &all);
	for (size_t i = 0; !code && i < session->count; i++) {
		struct output_options own = all;
		struct profile *profile = NULL;
		char *path = NULL;

		code = observe__profile(session, session->tracked[i], read, looking, &profile, err);
		if (!code && i > 0)
			code = output_options__further(output, session->tracked[i]->process->pid, &path, err);
		if (path)
			own.path = path;
		if (!code)
			code = output__profile(kind, profile, report, &own, err);
		free(path);
		profile__free(profile);
	}
	ended = output__end_set(&set, &all, err);
	return code ? code : ended;
}
