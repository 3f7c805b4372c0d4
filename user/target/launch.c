/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/launch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"

struct launch {
	pid_t pid;
	int exec_errno; /* read end: errno of a failed exec comes through here */
	bool running;   /* has become the command, or ended */
	bool loader_alone;
};

/* ---- the child */

/* execvp without its fallback to sh: a file that the kernel cannot execute is no command. */
static void execute(char **argv)
{
	const char *path = getenv("PATH"), *end;
	char file[PATH_MAX];
	int reason = ENOENT;

	if (strchr(argv[0], '/')) {
		execv(argv[0], argv);
		return;
	}
	for (path = path ? path : "/usr/bin:/bin"; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, argv[0]);
		execv(file, argv);
		if (errno != ENOENT && errno != ENOTDIR)
			reason = errno;
	}
	errno = reason;
}

static void become(char **argv, bool goes_on, int report)
{
	if (goes_on)
		prctl(PR_SET_PDEATHSIG, SIGCONT);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL)) {
		raise(SIGSTOP);
		execute(argv);
	}
	if (write(report, &errno, sizeof(errno)) != sizeof(errno))
		_exit(126);
	_exit(127);
}

static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int launch__prepare(char **argv, bool goes_on, struct launch **result, struct error *err)
{
	struct launch *launch = calloc(1, sizeof(*launch));
	int ends[2], status;

	if (!launch)
		return error__set(err, -ENOMEM, "out of memory");
	if (pipe2(ends, O_CLOEXEC)) {
		free(launch);
		return error__set(err, -errno, "cannot make a pipe: %s", error__reason(errno));
	}
	launch->exec_errno = ends[0];
	launch->pid = fork();
	if (launch->pid == 0)
		become(argv, goes_on, ends[1]);
	close(ends[1]);
	if (launch->pid < 0 || wait_for(launch->pid, &status) || !WIFSTOPPED(status)) {
		close(ends[0]);
		free(launch);
		return error__set(err, -EAGAIN, "cannot start a process: %s", error__reason(errno));
	}
	*result = launch;
	return 0;
}

pid_t launch__pid(const struct launch *launch)
{
	return launch->pid;
}

void launch__leave_loader_alone(struct launch *launch)
{
	launch->loader_alone = true;
}

void launch__free(struct launch *launch)
{
	int status;

	if (!launch)
		return;
	if (!launch->running) {
		kill(launch->pid, SIGKILL);
		wait_for(launch->pid, &status);
	}
	close(launch->exec_errno);
	free(launch);
}

/* ---- from exec to the program's first instruction */

#ifdef __x86_64__

/* What the kernel told the new program about itself; 0 for what it did not. */
static uint64_t auxiliary(pid_t pid, uint64_t type)
{
	char path[64], *data;
	uint64_t value = 0;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	if (file__read(AT_FDCWD, path, 4096, &data, &size))
		return 0;
	for (const Elf64_auxv_t *a = (const Elf64_auxv_t *)data; (const char *)(a + 1) <= data + size; a++)
		if (a->a_type == type)
			value = a->a_un.a_val;
	free(data);
	return value;
}

/* A hardware breakpoint on the program's entry point: nothing of the program is written to. 0 takes it away. */
static int set_breakpoint(pid_t pid, uint64_t address)
{
	enum { ENABLE_FIRST = 1 }; /* L0; length 1 and condition "execute" are 0 (Intel SDM vol. 3, 18.2) */
	size_t registers = offsetof(struct user, u_debugreg);

	if (ptrace(PTRACE_POKEUSER, pid, registers, address))
		return -errno;
	if (ptrace(PTRACE_POKEUSER, pid, registers + 7 * sizeof(long), address ? ENABLE_FIRST : 0))
		return -errno;
	return 0;
}

static uint64_t instruction_pointer(pid_t pid)
{
	struct user_regs_struct registers;

	return ptrace(PTRACE_GETREGS, pid, NULL, &registers) ? 0 : registers.rip;
}

/* At the stop after a system call: was it an mmap of code? */
static bool has_mapped_code(pid_t pid)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &r))
		return false;
	return (r.orig_rax == SYS_mmap || r.orig_rax == SYS_mprotect) && r.rdx & PROT_EXEC && (long)r.rax >= 0;
}

/* The loader runs, held at every system call, until the program's entry point is reached. */
static int follow_loader(const struct launch *launch, uint64_t entry, void (*on_code)(void *), void *cookie,
			 int *status)
{
	bool inside = true; /* the first stop is the end of the execve that brought it here */
	int forwarded = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, launch->pid, NULL, forwarded) || wait_for(launch->pid, status))
			return -errno;
		forwarded = 0;
		if (WIFEXITED(*status) || WIFSIGNALED(*status))
			return 1;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80)) {
			inside = !inside;
			if (!inside && has_mapped_code(launch->pid))
				on_code(cookie);
		} else if (WSTOPSIG(*status) == SIGTRAP && instruction_pointer(launch->pid) == entry) {
			return 0;
		} else if (WSTOPSIG(*status) != SIGTRAP) {
			forwarded = WSTOPSIG(*status);
		}
	}
}

static int follow(const struct launch *launch, void (*on_code)(void *), void *cookie, int *status)
{
	uint64_t entry = auxiliary(launch->pid, AT_ENTRY);
	int code = 0;

	/* AT_BASE is where the loader is: a static program has none, and is mapped whole by now */
	if (!auxiliary(launch->pid, AT_BASE) || !entry || set_breakpoint(launch->pid, entry))
		return 0;
	code = follow_loader(launch, entry, on_code, cookie, status);
	if (!code)
		set_breakpoint(launch->pid, 0);
	return code;
}

#else

static int follow(const struct launch *launch, void (*on_code)(void *), void *cookie, int *status)
{
	(void)launch, (void)on_code, (void)cookie, (void)status;
	return 0; /* libraries are noticed by the loader's rendezvous, after their constructors have begun */
}

#endif

static int to_exec(struct launch *launch, int *status)
{
	int failed = 0;

	ptrace(PTRACE_SETOPTIONS, launch->pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
	for (int forwarded = 0;;) {
		if (ptrace(PTRACE_CONT, launch->pid, NULL, forwarded) || wait_for(launch->pid, status))
			return -errno;
		if (WIFEXITED(*status) || WIFSIGNALED(*status)) {
			launch->running = true;
			if (read(launch->exec_errno, &failed, sizeof(failed)) == sizeof(failed) && failed)
				return -failed;
			return 1;
		}
		if (*status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			return 0;
		forwarded = WSTOPSIG(*status);
	}
}

int launch__run(struct launch *launch, void (*on_code)(void *cookie), void *cookie, int *status, struct error *err)
{
	int code = to_exec(launch, status);

	if (code < 0)
		return error__set(err, code, "%s", error__reason(code));
	if (code)
		return code;
	on_code(cookie);
	code = launch->loader_alone ? 0 : follow(launch, on_code, cookie, status);
	launch->running = true;
	if (code == 1)
		return 1;
	ptrace(PTRACE_DETACH, launch->pid, NULL, NULL);
	return code < 0 ? error__set(err, code, "lost the command while it was starting: %s", error__reason(code)) : 0;
}
