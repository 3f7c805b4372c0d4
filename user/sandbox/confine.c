/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"

enum { NOBODY = 65534 };

/* Of address space: files that are mapped (symbols/debug_image.h), and what is made of them. */
#define MEMORY_MAX (24ULL << 30)

/* ---- what was inherited */

static int close_others(int keep)
{
	unsigned int kept = (unsigned int)keep;

	if (kept && syscall(SYS_close_range, 0, kept - 1, 0))
		return -errno;
	return syscall(SYS_close_range, kept + 1, ~0U, 0) ? -errno : 0;
}

static int unmap_shared(void)
{
	uint64_t start, limit;
	char *text, *rest, *line, shared;
	size_t size;
	int code = file__read(AT_FDCWD, "/proc/self/maps", 16 << 20, &text, &size);

	if (code)
		return code;
	rest = text;
	while (!code && (line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*c%*c%*c%c", &start, &limit, &shared) != 3 || shared != 's')
			continue;
		if (munmap((void *)start, limit - start)) /* NOLINT(performance-no-int-to-ptr): an address in text */
			code = -errno;
	}
	free(text);
	return code;
}

/* ---- rights */

static int limit(int resource, rlim_t value)
{
	const struct rlimit rlimit = {value, value};

	return setrlimit(resource, &rlimit) ? -errno : 0;
}

/* A file that makes the parser take all memory must not have the kernel end something else for it. */
static void offer_to_die_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? 0 : write(fd, "1000", 4);

	(void)written; /* without, it is as dear to the kernel as any other */
	if (fd >= 0)
		close(fd);
}

static int limit_resources(void)
{
	int code = limit(RLIMIT_CORE, 0);

	if (!code)
		code = limit(RLIMIT_FSIZE, 0);
	if (!code)
		code = limit(RLIMIT_NPROC, 0);
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory takes terabytes of address space */
	if (!code)
		code = limit(RLIMIT_AS, MEMORY_MAX);
#endif
	return code;
}

/* /proc/self/fdinfo holds no file that could be opened by anyone else, and is empty once its process is gone. */
static int become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	if (chroot("/proc/self/fdinfo") || chdir("/") || setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	return 0;
}

/* After the change of user, which takes the parent-death signal back. */
static int set_process_flags(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return 0;
}

/* ---- system calls */

static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(close),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(munmap),
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
#ifdef __SANITIZE_ADDRESS__
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sched_yield),
#endif
};

static int allow_some(scmp_filter_ctx filter)
{
	int code = 0;

	for (size_t i = 0; !code && i < ARRAY_SIZE(allowed); i++)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	/* private memory without code, of a file too; a copy of a descriptor; the size of an open file, as C libraries
	 * ask */
	if (!code)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
					SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
					SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, 0));
	if (!code)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!code)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
					SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, F_DUPFD_CLOEXEC));
	if (!code)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
					SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
#ifdef __SANITIZE_ADDRESS__ /* where it would say what it has found */
	if (!code)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
					SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO));
#endif
	return code;
}

static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int code = filter ? allow_some(filter) : -ENOMEM;

	if (!code)
		code = seccomp_load(filter);
	seccomp_release(filter);
	return code;
}

int confine__self(int keep)
{
	int code = unmap_shared();

	offer_to_die_first();
	if (!code)
		code = limit_resources();
	if (!code)
		code = become_nobody();
	if (!code)
		code = close_others(keep);
	if (!code)
		code = set_process_flags();
	return code ? code : filter_calls();
}
