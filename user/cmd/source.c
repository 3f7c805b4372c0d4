/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/source.h"

#include <string.h>
#include <unistd.h>

#include "profile/pprof.h"
#include "profile/store.h"

int source__load(const char *argument, const char *store, struct profile **profile, struct error *err)
{
	int code;

	if (strchr(argument, '/'))
		return profile__load(argument, profile, err);
	code = store__load(store, argument, profile, err);
	if (code && !access(argument, F_OK)) /* the usual slip: a file in the working directory */
		return error__usage(err,
				    "'%s' is a name in the store, and there is none like it; for the file write ./%s",
				    argument, argument);
	return code;
}
