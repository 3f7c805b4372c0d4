/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/baselines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "profile/pprof.h"

#define FOLDER "baselines"

char *baseline_owner__describe(const struct baseline_owner *owner, char *text, size_t size)
{
	if (owner->pid)
		snprintf(text, size, "PID %d", (int)owner->pid);
	else
		snprintf(text, size, "build %.40s", owner->build_id);
	return text;
}

/* Malloc'ed; NULL with err. What a build id is made of is the file's own doing, so it is looked at. */
static char *path_of(const char *directory, const struct baseline_owner *owner, struct error *err)
{
	const char *id = owner->build_id;
	char *path = NULL;
	int n;

	if (owner->pid)
		n = asprintf(&path, "%s/" FOLDER "/%d-%" PRIu64 ".pb.gz", directory, (int)owner->pid,
			     owner->start_ticks);
	else if (!id || !*id || strlen(id) > 128 || strspn(id, "0123456789abcdef") != strlen(id)) {
		error__usage(err, "%s%sis no build id: want lower-case hex digits, as `file` prints them",
			     id ? id : "the executable has none, which ", id ? " " : "");
		return NULL;
	} else
		n = asprintf(&path, "%s/" FOLDER "/build-%s.pb.gz", directory, id);
	if (n >= 0)
		return path;
	error__set(err, -ENOMEM, "out of memory");
	return NULL;
}

static int explain_absence(const struct baseline_owner *owner, struct error *err)
{
	char who[80];

	baseline_owner__describe(owner, who, sizeof(who));
	return error__set(err, -ENOENT, "there is no baseline of %s: `memtrawl baseline set -p PID%s` makes one", who,
			  owner->pid ? "" : " --by build");
}

int baselines__save(const char *directory, const struct baseline_owner *owner, const struct profile *profile,
		    struct error *err)
{
	char *path = path_of(directory, owner, err), *folder = NULL;
	int code = path ? 0 : -EINVAL;

	if (!code && asprintf(&folder, "%s/" FOLDER, directory) < 0)
		code = error__set(err, -ENOMEM, "out of memory");
	if (!code)
		code = file__make_directories(folder, 0700, err);
	if (!code)
		code = profile__save(profile, path, err);
	free(folder);
	free(path);
	return code;
}

int baselines__load(const char *directory, const struct baseline_owner *owner, struct profile **profile,
		    struct error *err)
{
	char *path = path_of(directory, owner, err);
	int code = path ? 0 : -EINVAL;

	*profile = NULL;
	if (!code && access(path, F_OK) && errno == ENOENT)
		code = explain_absence(owner, err);
	if (!code)
		code = profile__load(path, profile, err);
	free(path);
	return code;
}

int baselines__remove(const char *directory, const struct baseline_owner *owner, struct error *err)
{
	char *path = path_of(directory, owner, err);
	int code = path ? 0 : -EINVAL;

	if (!code && unlink(path)) {
		code = -errno;
		if (code == -ENOENT)
			explain_absence(owner, err);
		else
			error__set(err, code, "cannot remove %s: %s", path, error__reason(code));
	}
	free(path);
	return code;
}
