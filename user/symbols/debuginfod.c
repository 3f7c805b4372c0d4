/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/debuginfod.h"

#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

typedef int (*find_fn)(debuginfod_client *client, const unsigned char *build_id, int length, char **path);

struct client {
	debuginfod_client *handle;
	find_fn find_debug_info, find_executable;
};

/* NULL where no servers are named, or the client is not installed. */
static const struct client *get_client(void)
{
	static struct client client;
	debuginfod_client *(*begin)(void);
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);
	void *library;

	if (!urls || !*urls)
		return NULL;
	if (client.handle)
		return &client;
	library = dlopen(DEBUGINFOD_SONAME, RTLD_LAZY);
	if (!library)
		return NULL;
	*(void **)&begin = dlsym(library, "debuginfod_begin");
	*(void **)&client.find_debug_info = dlsym(library, "debuginfod_find_debuginfo");
	*(void **)&client.find_executable = dlsym(library, "debuginfod_find_executable");
	if (begin && client.find_debug_info && client.find_executable)
		client.handle = begin();
	return client.handle ? &client : NULL;
}

/* A length of 0 says that the build id is hex. */
int debuginfod__open(const char *build_id)
{
	const struct client *client = get_client();

	return client ? client->find_debug_info(client->handle, (const unsigned char *)build_id, 0, NULL) : -ENOENT;
}

int debuginfod__open_object(const char *build_id)
{
	const struct client *client = get_client();

	return client ? client->find_executable(client->handle, (const unsigned char *)build_id, 0, NULL) : -ENOENT;
}
