/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/kept_looks.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/minmax.h"
#include "profile/looks.h"
#include "profile/pprof.h"
#include "trace/read.h"

enum {
	LOOKS = 100, /* in the time since tracing began */
	LEAST_MS = 1000,
	SHARE = 100, /* of the time, one part in so many may be spent on looking */
};

/* ---- files */

static void directory_of(char *path, size_t size, pid_t pid)
{
	snprintf(path, size, "/run/memtrawl/%d.looks", pid);
}

static void path_of(char *path, size_t size, const struct session *session, const struct tracked *tracked,
		    uint32_t generation)
{
	char directory[64];

	directory_of(directory, sizeof(directory), session->tracked[0]->process->pid);
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

static void look_at(const struct session *session, const struct tracked *tracked)
{
	const struct read_options read = {0};
	struct profile *profile = NULL;
	struct error err;
	char path[128];

	if (session__profile(session, tracked, &read, &profile, &err))
		return;
	path_of(path, sizeof(path), session, tracked, tracked->generation);
	if (!add_and_give(path, true, profile))
		save(path, session->tracked[0]->process->pid, profile);
	profile__free(profile);
}

void kept_looks__look(struct kept_looks *kept, uint64_t now)
{
	const struct session *session = kept->session;
	uint64_t wait;

	if (now < kept->next_ns)
		return;
	for (size_t i = 0; i < session->count; i++)
		if (!session->tracked[i]->ended)
			look_at(session, session->tracked[i]);
	wait = max_u64((now - session->shared->since_ns) / LOOKS, LEAST_MS * 1000000ULL);
	kept->next_ns = now + max_u64(wait, (monotonic_ns() - now) * SHARE);
}

int kept_looks__give(const struct session *session, const struct tracked *tracked, uint32_t generation,
		     struct profile *profile)
{
	char path[128];
	int code;

	path_of(path, sizeof(path), session, tracked, generation);
	code = add_and_give(path, false, profile);
	return code == -ENOMEM ? code : 0;
}
