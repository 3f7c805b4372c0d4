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

#include "lib/json_value.h"
#include "lib/units.h"
#include "trace/rss.h"
#include "trace/session.h"
#include "watch/hooks.h"
#include "watch/journal.h"
#include "watch/notify.h"
#include "watch/overview.h"
#include "watch/postmortem.h"
#include "watch/server.h"
#include "watch/state.h"

/* ---- captures */

static json_t *describe(const struct watched *watched)
{
	json_t *object = json_object();

	json_object_set_new(object, "pid", json_integer(watched->pid));
	json_object_set_new(object, "comm", json_value__text(watched->comm));
	json_object_set_new(object, "cgroup", json_value__text(watched->cgroup));
	json_object_set_new(object, "rss_bytes", json_value__count(watched->sight.rss_bytes));
	json_object_set_new(object, "growth_bytes_per_hour",
			    watched->sight.growth_known ? json_value__number(watched->sight.growth_per_hour)
							: json_null());
	return object;
}

static json_t *describe_trigger(const struct profile_trigger *trigger)
{
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_value__text(trigger->kind));
	json_object_set_new(object, "level", json_value__count(trigger->level));
	json_object_set_new(object, "value", json_value__count(trigger->value));
	json_object_set_new(object, "unit", json_string(profile_trigger__unit(trigger)));
	json_object_set_new(object, "time", json_value__time(trigger->time_ns));
	return object;
}

static json_t *event_of(const struct watched *watched, const struct profile_trigger *trigger)
{
	json_t *details = json_object();

	if (watched)
		json_object_set_new(details, "process", describe(watched));
	if (trigger)
		json_object_set_new(details, "trigger", describe_trigger(trigger));
	return details;
}

static void on_saved(struct daemon *daemon, const struct capture_done *done)
{
	struct watched *watched = watched_table__find(&daemon->table, done->pid, done->start_ns);
	json_t *details = event_of(watched, done->trigger);
	char words[192];

	daemon->captures_done++;
	json_object_set_new(details, "path", json_value__text(done->path));
	journal__write(&daemon->journal, "capture", details, "PID %d: %s: saved %s", (int)done->pid,
		       profile_trigger__words(done->trigger, words, sizeof(words)), done->path);
	if (watched) {
		watched->captures++;
		free(watched->last_path);
		watched->last_path = strdup(done->path);
	}
	if (daemon->options.on_capture)
		hooks__run(daemon->hooks, daemon->options.on_capture, daemon->options.hook_seconds, done->path,
			   done->summary);
}

static void on_not_saved(struct daemon *daemon, const struct capture_done *done)
{
	struct watched *watched = watched_table__find(&daemon->table, done->pid, done->start_ns);
	json_t *details = event_of(watched, done->trigger);

	daemon->captures_failed++;
	if (watched)
		watched->failures++;
	json_object_set_new(details, "pid", json_integer(done->pid));
	json_object_set_new(details, "reason", json_value__text(done->reason));
	journal__write(&daemon->journal, "capture_failed", details, "PID %d: no capture: %s", (int)done->pid,
		       done->reason);
}

static void on_capture_done(void *cookie, const struct capture_done *done)
{
	struct daemon *daemon = cookie;

	if (done->saved)
		on_saved(daemon, done);
	else
		on_not_saved(daemon, done);
	postmortems__captured(&daemon->postmortems, &daemon->journal, done->pid, done->start_ns,
			      done->saved ? done->path : NULL);
	if (done->requester)
		server__answer(daemon->server, done->requester, done->saved ? HTTP_OK : HTTP_FAILED,
			       done->saved ? done->summary : NULL, done->reason);
}

static int64_t unix_now(void)
{
	return unix_ns_of(monotonic_ns());
}

static int start_capture(struct daemon *daemon, const struct watched *watched, const char *kind, double level,
			 double value, struct error *err)
{
	char kind_copy[24];
	struct capture_request request = {
		.pid = watched->pid,
		.start_ns = watched->start_ns,
		.trigger = {.kind = kind_copy,
			    .level = (uint64_t)level,
			    .value = value > 0 ? (uint64_t)value : 0,
			    .time_ns = unix_now()},
	};

	snprintf(kind_copy, sizeof(kind_copy), "%s", kind);
	return captures__start(daemon->captures, &request, err);
}

/* What the policy has decided. Where there is no room now, it decides the same at the next look. */
static void capture_if_due(struct daemon *daemon, struct watched *watched)
{
	enum policy_trigger due;
	struct error err = {0};
	double value;

	due = policy__look(&daemon->options.policy, &watched->policy, &watched->sight);
	if (due == POLICY_NOTHING || watched->victim || !captures__can_start(daemon->captures, watched->pid))
		return;
	value = due == POLICY_RSS      ? (double)watched->sight.rss_bytes
		: due == POLICY_GROWTH ? watched->sight.growth_per_hour
				       : (double)watched->sight.used_bytes;
	policy__captured(&watched->policy, watched->sight.ns);
	if (start_capture(daemon, watched, policy__trigger_name(due),
			  policy__level(&daemon->options.policy, &watched->sight, due), value, &err)) {
		watched->failures++;
		daemon->captures_failed++;
		journal__write(&daemon->journal, "capture_failed", event_of(watched, NULL), "PID %d: no capture: %s",
			       (int)watched->pid, err.text);
	}
}

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
	int code = feed__look(daemon->feed, &err);

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
		capture_if_due(daemon, &daemon->table.items[i]);
		set_alarm(daemon, &daemon->table.items[i]);
	}
	server__tick(daemon->server);
}

/* Memory is short on the machine: of who is watched, the one that grows fastest, or else the largest, is captured. */
static void on_pressure(void *cookie, uint32_t events)
{
	struct daemon *daemon = cookie;
	struct watched *worst = NULL;
	struct error err = {0};
	uint64_t now = monotonic_ns();

	if (!(events & EPOLLPRI))
		return;
	look(daemon);
	for (size_t i = 0; i < daemon->table.count; i++) {
		struct watched *each = &daemon->table.items[i];

		if (each->policy.captured_ns && now - each->policy.captured_ns < daemon->options.policy.min_interval_ns)
			continue;
		if (!worst || each->sight.growth_per_hour > worst->sight.growth_per_hour ||
		    (each->sight.growth_per_hour >= worst->sight.growth_per_hour &&
		     each->sight.rss_bytes > worst->sight.rss_bytes))
			worst = each;
	}
	if (!worst || !captures__can_start(daemon->captures, worst->pid))
		return;
	policy__captured(&worst->policy, now);
	if (start_capture(daemon, worst, "pressure", 0, 0, &err))
		journal__write(&daemon->journal, "capture_failed", event_of(worst, NULL), "PID %d: no capture: %s",
			       (int)worst->pid, err.text);
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

static int on_capture_request(void *cookie, const struct server_capture *asked, struct error *err)
{
	struct daemon *daemon = cookie;
	char kind[] = "request";
	const struct census_row *row = census__find_pid(feed__census(daemon->feed), asked->pid);
	struct capture_request request = {
		.pid = asked->pid,
		.start_ns = row ? row->sample.start_ns : 0,
		.trigger = {.kind = kind, .time_ns = unix_now()},
		.name = asked->name,
		.replace = asked->replace,
		.for_ns = asked->for_ns,
		.requester = asked->requester,
	};

	return captures__start(daemon->captures, &request, err);
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

/* Tasks waited for memory for a fifth of a second within one. A kernel without PSI, or with it off, does not tell. */
static void open_pressure(struct daemon *daemon)
{
	static const char trigger[] = "some 200000 1000000";

	daemon->pressure = open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (daemon->pressure >= 0 && write(daemon->pressure, trigger, sizeof(trigger)) == sizeof(trigger) &&
	    !loop__add(daemon->loop, daemon->pressure, EPOLLPRI, on_pressure, daemon))
		return;
	if (daemon->pressure >= 0)
		close(daemon->pressure);
	daemon->pressure = -1;
}

static int open_parts(struct daemon *daemon, struct error *err)
{
	const struct server_handlers handlers = {
		.hotspots = on_hotspots, .capture = on_capture_request, .cookie = daemon};
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
		code = captures__new(daemon->loop, &options->captures, on_capture_done, daemon, &daemon->captures, err);
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
	daemon->since_ns = unix_now();
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
