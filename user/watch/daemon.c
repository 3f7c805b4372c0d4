/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/json_value.h"
#include "lib/units.h"
#include "trace/rss.h"
#include "trace/session.h"
#include "watch/capturing.h"
#include "watch/hooks.h"
#include "watch/journal.h"
#include "watch/notify.h"
#include "watch/overview.h"
#include "watch/postmortem.h"
#include "watch/server.h"
#include "watch/state.h"

/* ---- looks */

/*
 * The kernel itself tells when the process comes to a level, so that nothing has to be looked at more often than once a
 * second: its threshold, or where the limit that it is under would be nearly used up by this process's doing.
 */
static void set_alarm(struct daemon *daemon, struct watched *watched)
{
	const struct policy *policy = &daemon->options.policy;
	const struct policy_sight *sight = &watched->sight;
	double level = policy__level(policy, sight, POLICY_RSS), limit = policy__level(policy, sight, POLICY_LIMIT);
	struct mt_rss_row row = {.mm = watched->image, .tgid = (uint32_t)watched->pid};
	uint64_t alarm = watched->policy.above[POLICY_RSS] ? 0 : (uint64_t)level;

	if (limit > (double)sight->used_bytes && !watched->policy.above[POLICY_LIMIT]) {
		uint64_t at = sight->rss_bytes + (uint64_t)limit - sight->used_bytes;

		if (!alarm || at < alarm)
			alarm = at;
	}
	/* each is a syscall: not for a difference that does not matter */
	if (alarm == watched->alarm_bytes ||
	    (alarm && watched->alarm_bytes && alarm <= watched->alarm_bytes + watched->alarm_bytes / 64 &&
	     alarm >= watched->alarm_bytes - watched->alarm_bytes / 64))
		return;
	if (!rss__set_alarm(feed__rss(daemon->feed), &row, alarm))
		watched->alarm_bytes = alarm;
}

static void look(struct daemon *daemon)
{
	struct error err = {0};
	int code;

	/* first, so that what an alarm is about is in the look; and the ring does not fill up */
	rss__poll(feed__rss(daemon->feed), 0, NULL);
	code = feed__look(daemon->feed, &err);
	daemon->looked_ns = monotonic_ns();
	if (!code)
		code = watched_table__update(&daemon->table, feed__census(daemon->feed), getpid(),
					     daemon->options.growth_ns);
	if (code) {
		warn("%s", err.text[0] ? err.text : error__reason(code));
		return;
	}
	daemon->looks++;
	for (size_t i = 0; i < daemon->table.count; i++) {
		capturing__if_due(daemon, &daemon->table.items[i]);
		set_alarm(daemon, &daemon->table.items[i]);
	}
	server__tick(daemon->server);
}

enum { PRESSURE_WINDOW_NS = 2000000000 };

static void on_pressure(void *cookie, uint32_t events)
{
	struct daemon *daemon = cookie;

	/* what was in the two seconds before may be told as well, once */
	if (!(events & EPOLLPRI) || monotonic_ns() - daemon->pressure_since_ns < PRESSURE_WINDOW_NS)
		return;
	look(daemon);
	capturing__worst(daemon);
}

static void on_tick(void *cookie, uint32_t events)
{
	struct daemon *daemon = cookie;
	uint64_t ticks;

	(void)events;
	if (read(daemon->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	if (daemon->looked_ns && monotonic_ns() - daemon->looked_ns < daemon->options.interval_ns / 2)
		return; /* an alarm came before */
	look(daemon);
	if (daemon->watchdog_ns && monotonic_ns() - daemon->petted_ns >= daemon->watchdog_ns) {
		notify__send("WATCHDOG=1");
		daemon->petted_ns = monotonic_ns();
	}
}

/* ---- what the kernel tells */

static void on_victim(struct daemon *daemon, const struct mt_rss_row *row)
{
	struct watched *watched = watched_table__find(&daemon->table, (pid_t)row->tgid, 0);
	struct postmortem postmortem = {.pid = (pid_t)row->tgid, .row = *row};

	daemon->victims++;
	if (!watched)
		return;
	watched->victim = true;
	postmortem.start_ns = watched->start_ns;
	postmortem.growth_known = watched->sight.growth_known;
	postmortem.growth_per_hour = watched->sight.growth_per_hour;
	postmortem.last_path = watched->last_path;
	postmortem.cgroup = watched->cgroup;
	memcpy(postmortem.comm, watched->comm, sizeof(postmortem.comm));
	postmortems__add(&daemon->postmortems, &daemon->journal, &postmortem,
			 captures__is_under_way(daemon->captures, watched->pid, watched->start_ns));
}

/* A look from within a poll would be one too deep. The kernel tells once: the alarm is to be set again. */
static void on_alarm(struct daemon *daemon, const struct mt_rss_row *row)
{
	struct watched *watched = watched_table__find(&daemon->table, (pid_t)row->tgid, 0);

	daemon->alarmed = true;
	if (watched)
		watched->alarm_bytes = 0;
}

static void on_event(void *cookie, const struct mt_rss_row *row)
{
	struct daemon *daemon = cookie;

	if (row->kind == MT_RSS_ALARM)
		on_alarm(daemon, row);
	else if (row->kind == MT_RSS_VICTIM)
		on_victim(daemon, row);
}

static void on_rss(void *cookie, uint32_t events)
{
	struct daemon *daemon = cookie;
	struct error err = {0};

	(void)events;
	daemon->alarmed = false;
	rss__poll(feed__rss(daemon->feed), 0, &err);
	if (daemon->alarmed)
		look(daemon);
}

/* ---- what is asked on the socket */

static void on_hotspots(void *cookie, bool text, size_t width, struct buf *out)
{
	overview__render(cookie, text, width, out);
}

/* ---- life */

static void on_signal(void *cookie, uint32_t events)
{
	struct daemon *daemon = cookie;
	struct signalfd_siginfo info;

	(void)events;
	if (read(daemon->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP) {
		daemon->reload(daemon->reload_cookie);
		return;
	}
	if (daemon->ending++) /* the second one: no patience */
		return;
	notify__send("STOPPING=1");
	captures__stop(daemon->captures);
}

static int open_timer(struct daemon *daemon)
{
	const uint64_t ns = daemon->options.interval_ns;
	const struct timespec interval = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	const struct itimerspec when = {.it_interval = interval, .it_value = {.tv_nsec = 1}};

	daemon->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (daemon->timer < 0 || timerfd_settime(daemon->timer, 0, &when, NULL))
		return -errno;
	return loop__add(daemon->loop, daemon->timer, EPOLLIN, on_tick, daemon);
}

static int open_signals(struct daemon *daemon)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	daemon->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return daemon->signals < 0 ? -errno : loop__add(daemon->loop, daemon->signals, EPOLLIN, on_signal, daemon);
}

/*
 * Tasks waited for memory for a fifth of the time, of one second or, as the kernel has it without CAP_SYS_RESOURCE
 * (since 6.4), of two. A kernel without PSI, or with it off, does not tell.
 */
static void open_pressure(struct daemon *daemon)
{
	static const char *const triggers[] = {"some 200000 1000000", "some 400000 2000000"};
	bool is_set = false;

	daemon->pressure_since_ns = monotonic_ns();
	daemon->pressure = open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (daemon->pressure < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(triggers) && !is_set; i++)
		is_set = write(daemon->pressure, triggers[i], strlen(triggers[i]) + 1) > 0;
	if (is_set && !loop__add(daemon->loop, daemon->pressure, EPOLLPRI, on_pressure, daemon))
		return;
	close(daemon->pressure);
	daemon->pressure = -1;
}

static int open_parts(struct daemon *daemon, struct error *err)
{
	const struct server_handlers handlers = {
		.hotspots = on_hotspots, .capture = capturing__request, .cookie = daemon};
	const struct daemon_options *options = &daemon->options;
	struct feed_options who = options->who;
	int code = loop__new(&daemon->loop, err);

	who.on_event = on_event;
	who.cookie = daemon;
	if (!code)
		code = server__new(daemon->loop, options->socket, &handlers, &daemon->server, err);
	if (!code)
		code = hooks__new(daemon->loop, &daemon->journal, &daemon->hooks, err);
	if (!code)
		code = captures__new(daemon->loop, &options->captures, capturing__done, daemon, &daemon->captures, err);
	if (!code)
		code = feed__new(&who, &daemon->feed, err);
	if (code)
		return code;
	code = loop__add(daemon->loop, rss__fd(feed__rss(daemon->feed)), EPOLLIN, on_rss, daemon);
	if (!code)
		code = open_signals(daemon);
	if (!code)
		code = open_timer(daemon);
	open_pressure(daemon);
	return code ? error__set(err, code, "cannot wait for events: %s", error__reason(code)) : 0;
}

int daemon__new(const struct daemon_options *options, struct daemon **result, struct error *err)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int code;

	if (!daemon)
		return error__set(err, -ENOMEM, "out of memory");
	daemon->options = *options;
	daemon->journal.path = options->journal;
	daemon->timer = daemon->signals = daemon->pressure = -1;
	daemon->since_ns = unix_ns_of(monotonic_ns());
	daemon->watchdog_ns = notify__watchdog_ns();
	code = open_parts(daemon, err);
	if (code)
		daemon__free(daemon);
	else
		*result = daemon;
	return code;
}

void daemon__configure(struct daemon *daemon, const struct daemon_options *options)
{
	struct feed_options who = daemon->options.who;
	const char *socket = daemon->options.socket;
	uint64_t interval_ns = daemon->options.interval_ns;

	daemon->options = *options;
	daemon->options.who = who;
	daemon->options.socket = socket;
	daemon->options.interval_ns = interval_ns;
	daemon->journal.path = options->journal;
	captures__configure(daemon->captures, &options->captures);
}

static void close_in(struct loop *loop, int fd)
{
	if (fd < 0)
		return;
	loop__remove(loop, fd);
	close(fd);
}

void daemon__free(struct daemon *daemon)
{
	if (!daemon)
		return;
	captures__free(daemon->captures);
	hooks__free(daemon->hooks);
	server__free(daemon->server);
	feed__free(daemon->feed);
	if (daemon->loop) {
		close_in(daemon->loop, daemon->timer);
		close_in(daemon->loop, daemon->signals);
		close_in(daemon->loop, daemon->pressure);
	}
	postmortems__free(&daemon->postmortems);
	watched_table__free(&daemon->table);
	loop__free(daemon->loop);
	free(daemon);
}

/* It was asked to end, and no capture is under way any more; or it was asked twice. */
static bool is_over(const struct daemon *daemon)
{
	return daemon->ending > 1 || (daemon->ending && !captures__count(daemon->captures));
}

int daemon__run(struct daemon *daemon, void (*reload)(void *cookie), void *cookie, struct error *err)
{
	int code = 0;

	daemon->reload = reload;
	daemon->reload_cookie = cookie;
	journal__write(&daemon->journal, "started", NULL, "watching");
	notify__send("READY=1");
	while (!code && !is_over(daemon)) {
		code = loop__wait(daemon->loop, -1);
		if (code == -EINTR)
			code = 0;
	}
	journal__write(&daemon->journal, "stopped", NULL, "no longer watching");
	return code ? error__set(err, code, "cannot wait for events: %s", error__reason(code)) : 0;
}
