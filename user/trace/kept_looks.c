/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/kept_looks.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/minmax.h"
#include "lib/ticker.h"
#include "profile/looks.h"
#include "profile/pprof.h"
#include "trace/read.h"

enum {
	LOOKS = 100, /* in the time since tracing began */
	LEAST_MS = 1000,
	SHARE = 100, /* of the time, one part in so many may be spent on looking */
};

struct kept_looks {
	struct session *session;
	pid_t pid;
	struct ticker *ticker;
};

/* ---- files */

static void directory_of(char *path, size_t size, pid_t pid)
{
	snprintf(path, size, "/run/memtrawl/%d.looks", pid);
}

/* Of a process in the session that is pinned by `pid`. */
static void path_of(char *path, size_t size, pid_t pid, const struct tracked *tracked, uint32_t generation)
{
	char directory[64];

	directory_of(directory, sizeof(directory), pid);
	snprintf(path, size, "%s/%d.%" PRIu32 ".pb.gz", directory, tracked->process->pid, generation);
}

static int save(const char *path, pid_t pid, const struct profile *profile)
{
	struct buf buf = {0};
	char directory[64];
	int code = pprof__encode(profile, &buf);

	directory_of(directory, sizeof(directory), pid);
	if (!code)
		code = file__make_directories(directory, 0700, NULL);
	if (!code)
		code = file__replace_unsynced(path, buf.data, buf.size, 0600);
	buf__free(&buf);
	return code;
}

void kept_looks__remove(pid_t pid)
{
	char path[64];

	directory_of(path, sizeof(path), pid);
	file__remove_directory(path);
}

/* ---- looking */

/* Takes what was kept, if it is of this process. The keeper may have looked again since the profile was read. */
static int take(struct looks *looks, const char *path, const struct profile *profile)
{
	struct profile *kept = NULL;
	struct error err;
	int code = profile__load(path, &kept, &err);

	if (!code && kept->process.start_ticks == profile->process.start_ticks)
		code = looks__take(looks, kept, profile->seconds);
	profile__free(kept);
	return code;
}

/* `first`: where there is nothing kept, too. */
static int add_and_give(const char *path, bool first, struct profile *profile)
{
	struct looks *looks = looks__new();
	int code = looks ? take(looks, path, profile) : -ENOMEM;

	if (code && code != -ENOMEM && first)
		code = 0;
	if (!code)
		code = looks__add(looks, profile, profile->seconds);
	if (!code)
		code = looks__give(looks, profile);
	looks__free(looks);
	return code;
}

static void look_at(const struct kept_looks *kept, const struct tracked *tracked)
{
	const struct read_options read = {0};
	uint32_t image = tracked__image(tracked);
	struct profile *profile = NULL;
	struct error err;
	char path[128];

	if (session__profile_image(kept->session, tracked, image, &read, &profile, &err))
		return;
	path_of(path, sizeof(path), kept->pid, tracked, image);
	if (!add_and_give(path, true, profile))
		save(path, kept->pid, profile);
	profile__free(profile);
}

static uint64_t look(void *context, uint64_t now)
{
	const struct kept_looks *kept = context;
	struct tracked *view;
	uint64_t wait;

	for (size_t i = 0; session__view(kept->session, i, &view); i++) {
		if (view && !view->ended)
			look_at(kept, view);
		tracked__free(view);
	}
	wait = max_u64((now - kept->session->shared->since_ns) / LOOKS, LEAST_MS * 1000000ULL);
	return now + max_u64(wait, (monotonic_ns() - now) * SHARE);
}

struct kept_looks *kept_looks__begin(struct session *session, pid_t pid)
{
	struct kept_looks *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return NULL;
	kept->session = session;
	kept->pid = pid;
	kept->ticker = ticker__start(look, kept);
	if (kept->ticker)
		return kept;
	free(kept);
	return NULL;
}

void kept_looks__end(struct kept_looks *kept)
{
	if (!kept)
		return;
	ticker__stop(kept->ticker);
	free(kept);
}

int kept_looks__give(const struct session *session, const struct tracked *tracked, uint32_t generation,
		     struct profile *profile)
{
	char path[128];
	int code;

	path_of(path, sizeof(path), session->tracked[0]->process->pid, tracked, generation);
	code = add_and_give(path, false, profile);
	return code == -ENOMEM ? code : 0;
}
