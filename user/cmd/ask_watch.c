/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ask_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "lib/units.h"
#include "watch/client.h"

static void tell(const json_t *summary, pid_t pid)
{
	const json_t *profile = json_object_get(summary, "profile"), *totals = json_object_get(profile, "totals");
	const char *name = json_string_value(json_object_get(summary, "name"));
	const char *comm = json_string_value(json_object_get(json_object_get(profile, "process"), "comm"));
	char live[32];

	units__format_bytes(live, sizeof(live), json_number_value(json_object_get(totals, "live_bytes")));
	printf("%s: PID %d (%s), %s in %" JSON_INTEGER_FORMAT " blocks, by the running watch\n", name ? name : "?",
	       (int)pid, comm ? comm : "?", live, json_integer_value(json_object_get(totals, "live_objects")));
}

int ask_watch__snapshot(const struct watch_question *question, struct error *err)
{
	struct buf body = {0};
	char request[256];
	json_t *summary;
	int code;

	snprintf(request, sizeof(request), "POST /v1/captures?pid=%d&for_ms=%" PRIu64 "%s%s%s", (int)question->pid,
		 question->for_ns / 1000000, question->replace ? "&replace=1" : "", question->name ? "&name=" : "",
		 question->name ? question->name : "");
	code = client__ask(question->socket, request, &body, err);
	if (!code && question->json) {
		fwrite(body.data, 1, body.size, stdout);
	} else if (!code) {
		summary = json_loads(body.data, 0, NULL);
		tell(summary, question->pid);
		json_decref(summary);
	}
	if (!code && fflush(stdout))
		code = error__set(err, -errno, "cannot write to standard output: %s", error__reason(errno));
	buf__free(&body);
	return code;
}
