/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfork and posix_spawn of another program in the middle: children that share the parent's memory until they exec. */
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

SITE static void *between(size_t size)
{
	return truth_malloc(size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

static char *const arguments[] = {"true", NULL};
static char *const environment[] = {NULL};

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		truth__fail("/bin/true was not");
}

static void by_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve("/bin/true", arguments, environment);
		_exit(1);
	}
	wait_for(pid);
}

static void by_spawn(void)
{
	pid_t pid;

	if (posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environment) != 0)
		truth__fail("posix_spawn");
	wait_for(pid);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < 10; i++) {
		void *block = between(100 + i);

		by_vfork();
		between(2 * i);
		by_spawn();
		if (i % 2)
			release(block);
	}
}
