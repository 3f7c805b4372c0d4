/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of named snapshots: DIRECTORY/<pid>-<start ticks>/<name>.pb.gz, folders and files for their owner only.
 * A folder is one process, which is what retention goes by; a name is unique in the whole store, and is all that a
 * person needs. Writers hold a lock on DIRECTORY; readers need none, as files are replaced whole.
 */
#ifndef MEMTRAWL_PROFILE_STORE_H
#define MEMTRAWL_PROFILE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "profile/profile.h"

#define STORE_DIRECTORY "/var/lib/memtrawl"
#define STORE_NAME_MAX  64

struct store_entry {
	char *name;
	char *path;
	pid_t pid;
	uint64_t start_ticks;
	int64_t saved_ns; /* since 1970 */
};

struct store_list {
	struct store_entry *entries; /* newest first */
	size_t count, capacity;
};

/* Letters, digits, '.', '_' and '-', not starting with '.', at most STORE_NAME_MAX: else a usage error. */
int store__check_name(const char *name, struct error *err);

struct store_save {
	const char *name; /* NULL: one is made of the pid and the time at which the profile ends */
	bool replace;     /* a snapshot of that name may be there, and is replaced; else that is an error (-EEXIST) */
	uint64_t keep;    /* this many of the process's newest snapshots stay, this one included; 0: all */
};

/*
 * Saves the profile; makes the directory if need be. On success *name is the snapshot's, malloc'ed. On failure
 * whatever was there is there still.
 */
int store__save(const char *directory, const struct profile *profile, const struct store_save *save, char **name,
		struct error *err);

/* Everything in the store; a directory that does not exist is an empty one. Freed by store_list__free(). */
int store__list(const char *directory, struct store_list *list, struct error *err);
void store_list__free(struct store_list *list);

/* The file of that name, malloc'ed. -EINVAL (usage) for a bad name, -ENOENT with where to look. */
int store__find(const char *directory, const char *name, char **path, struct error *err);
int store__load(const char *directory, const char *name, struct profile **profile, struct error *err);
int store__remove(const char *directory, const char *name, struct error *err);

#endif
