/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an argument of show and diff stands for: with a '/' in it a file, else a name in the store. */
#ifndef MEMTRAWL_CMD_SOURCE_H
#define MEMTRAWL_CMD_SOURCE_H

#include "profile/profile.h"

int source__load(const char *argument, const char *store, struct profile **profile, struct error *err);

#endif
