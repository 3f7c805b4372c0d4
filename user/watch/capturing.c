/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/capturing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_value.h"
#include "trace/session.h"
#include "watch/hooks.h"
#include "watch/journal.h"
#include "watch/state.h"

/* ---- what is written of them */

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

void capturing__done(void *cookie, const struct capture_done *done)
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

/* ---- what they are for */

static int64_t unix_now(void)
{
	return unix_ns_of(monotonic_ns());
}

static void start_capture(struct daemon *daemon, struct watched *watched, const char *kind, double level, double value)
{
	char kind_copy[24];
	struct error err = {0};
	struct capture_request request = {
		.pid = watched->pid,
		.start_ns = watched->start_ns,
		.trigger = {.kind = kind_copy,
			    .level = (uint64_t)level,
			    .value = value > 0 ? (uint64_t)value : 0,
			    .time_ns = unix_now()},
	};

	snprintf(kind_copy, sizeof(kind_copy), "%s", kind);
	if (!captures__start(daemon->captures, &request, &err))
		return;
	watched->failures++;
	daemon->captures_failed++;
	journal__write(&daemon->journal, "capture_failed", event_of(watched, &request.trigger),
		       "PID %d: no capture: %s", (int)watched->pid, err.text);
}

/* What the policy has decided. Where there is no room now, it decides the same at the next look. */
void capturing__if_due(struct daemon *daemon, struct watched *watched)
{
	enum policy_trigger due;
	double value;

	due = policy__look(&daemon->options.policy, &watched->policy, &watched->sight);
	if (due == POLICY_NOTHING || watched->victim || !captures__can_start(daemon->captures, watched->pid))
		return;
	value = due == POLICY_RSS      ? (double)watched->sight.rss_bytes
		: due == POLICY_GROWTH ? watched->sight.growth_per_hour
				       : (double)watched->sight.used_bytes;
	policy__captured(&watched->policy, watched->sight.ns);
	start_capture(daemon, watched, policy__trigger_name(due),
		      policy__level(&daemon->options.policy, &watched->sight, due), value);
}

/* Of who is watched: the one that grows fastest, or else the largest, and that was not captured a moment ago. */
static struct watched *find_worst(const struct daemon *daemon, uint64_t now)
{
	struct watched *worst = NULL;

	for (size_t i = 0; i < daemon->table.count; i++) {
		struct watched *each = &daemon->table.items[i];

		if (each->policy.captured_ns && now - each->policy.captured_ns < daemon->options.policy.min_interval_ns)
			continue;
		if (!worst || each->sight.growth_per_hour > worst->sight.growth_per_hour ||
		    (each->sight.growth_per_hour >= worst->sight.growth_per_hour &&
		     each->sight.rss_bytes > worst->sight.rss_bytes))
			worst = each;
	}
	return worst;
}

void capturing__worst(struct daemon *daemon)
{
	uint64_t now = monotonic_ns();
	struct watched *worst = find_worst(daemon, now);

	if (!worst || !captures__can_start(daemon->captures, worst->pid))
		return;
	policy__captured(&worst->policy, now);
	start_capture(daemon, worst, "pressure", 0, 0);
}

int capturing__request(void *cookie, const struct server_capture *asked, struct error *err)
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
