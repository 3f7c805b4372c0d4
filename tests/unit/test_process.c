/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "scratch.h"
#include "target/cgroup.h"
#include "target/elf_file.h"
#include "target/process.h"
#include "target/process_stat.h"

#define MIB (1UL << 20)

/* Starts a child that runs `body` and then waits to be killed; returns when the body is done. */
static pid_t start(void (*body)(void))
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		body();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct process *open_process(pid_t pid)
{
	struct error err = {0};
	struct process *process;

	if (process__open(pid, &process, &err))
		fail_msg("%s", err.text);
	return process;
}

static void check_refusal(pid_t pid, int code, const char *expected)
{
	struct process *process = (struct process *)1;
	struct error err = {0};

	assert_int_equal(process__open(pid, &process, &err), code);
	assert_null(process);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.status, STATUS_REFUSED);
}

#define refuse(pid, code, ...) check_refusal(pid, code, scratch__format((char[256]){0}, 256, __VA_ARGS__))

static void nothing(void)
{
}

/* A name that looks like the rest of a stat line. */
static void rename_self(void)
{
	prctl(PR_SET_NAME, "a) Z 1 (b\n");
}

static void stat_lines(void **state)
{
	struct process_stat stat;

	(void)state;
	assert_int_equal(process_stat__parse("77 (a) Z 1 (b) S 1 77 77 0 -1 4194304 90 0 0 0 1 2 3 4 20 0 5 0 123456 "
					     "2482176 100 18446744073709551615 1 1 0 0 0 0 0\n",
					     &stat),
			 0);
	assert_false(stat.zombie);
	assert_false(stat.kernel_thread);
	assert_int_equal(stat.threads, 5);
	assert_int_equal(stat.start_ticks, 123456);
	assert_int_equal(process_stat__parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 2 0 0 20 0 1 0 7 0 0", &stat),
			 0);
	assert_true(stat.kernel_thread);
	assert_int_equal(stat.start_ticks, 7);
	assert_int_equal(process_stat__parse("9 (x) Z 1 9 9 0 -1 4228100 0 0 0 0 0 0 0 0 20 0 1 0 8 0 0", &stat), 0);
	assert_true(stat.zombie);
	assert_int_equal(process_stat__parse("", &stat), -EINVAL);
	assert_int_equal(process_stat__parse("9 (x", &stat), -EINVAL);
	assert_int_equal(process_stat__parse("9 (x) S 1 9 9", &stat), -EINVAL);
}

static void identity(void **state)
{
	struct process *process;
	struct timespec now;
	char exe[4096];
	int64_t age_ns;
	ssize_t size;
	pid_t pid;

	(void)state;
	pid = start(rename_self);
	process = open_process(pid);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_int_equal(process->pid, pid);
	assert_string_equal(process->comm, "a) Z 1 (b\n");
	size = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(size > 0);
	exe[size] = '\0';
	assert_string_equal(process->exe, exe);
	age_ns = now.tv_sec * 1000000000L + now.tv_nsec - process->start_time_ns;
	assert_true(age_ns >= 0 && age_ns < 5000000000L);
	assert_int_equal(process->start_boot_ns,
			 process->start_ticks * (1000000000UL / (uint64_t)sysconf(_SC_CLK_TCK)));
	clock_gettime(CLOCK_BOOTTIME, &now);
	age_ns = now.tv_sec * 1000000000L + now.tv_nsec - (int64_t)process->start_boot_ns;
	assert_true(age_ns >= 0 && age_ns < 5000000000L);
	process__free(process);
	stop(pid);
	process__free(NULL);
}

static void command_line(void **state)
{
	struct process *process;
	struct elf_file *file;
	int fd;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sleep", "sl eep", "1000", "1000000", (char *)NULL);
		_exit(127);
	}
	/* Wait for exec, which gives the process its name some time before its arguments. */
	for (int i = 0; i < 1000; i++) {
		process = open_process(pid);
		if (strcmp(process->comm, "sleep") == 0 && process->cmdline && process->build_id)
			break;
		process__free(process);
		usleep(5000);
	}
	assert_string_equal(process->comm, "sleep");
	assert_string_equal(process->cmdline, "sl eep 1000 1000000");
	fd = open(process->exe, O_RDONLY | O_CLOEXEC);
	assert_int_equal(elf_file__open(fd, "sleep", &file, NULL), 0);
	close(fd);
	assert_non_null(process->build_id);
	assert_string_equal(process->build_id, elf_file__build_id(file));
	elf_file__free(file);
	process__free(process);
	stop(pid);
}

/* From a copy that is deleted while it runs. */
static void deleted_executable(void **state)
{
	struct process *process;
	pid_t pid;

	(void)state;
	scratch__run("cp \"$(command -v sleep)\" napper");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(scratch__path("napper"), "napper", "1000", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000; i++) {
		process = open_process(pid);
		if (strcmp(process->comm, "napper") == 0)
			break;
		process__free(process);
		usleep(5000);
	}
	process__free(process);
	assert_int_equal(unlink(scratch__path("napper")), 0);
	process = open_process(pid);
	assert_string_equal(process->exe, scratch__path("napper"));
	assert_non_null(process->build_id);
	process__free(process);
	stop(pid);
}

static void not_there(void **state)
{
	pid_t pid = start(nothing);

	(void)state;
	stop(pid);
	refuse(pid, -ESRCH, "cannot look at PID %d: no such process", pid);
	refuse(0, -ESRCH, "cannot look at PID 0: no such process");
	refuse(-1, -ESRCH, "cannot look at PID -1: no such process");
}

static void zombie(void **state)
{
	pid_t pid = start(nothing);
	struct process *process = open_process(pid);
	struct process_rss rss;
	uint64_t ns;

	(void)state;
	assert_true(process__alive(process));
	assert_int_equal(process__rss(process, &rss), 0);
	assert_int_equal(process__cpu_time(process, &ns), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	refuse(pid, -ESRCH, "PID %d is a zombie: it has exited, and its memory is gone", pid);
	for (int reaped = 0; reaped <= 1; reaped++) {
		assert_false(process__alive(process));
		assert_int_equal(process__rss(process, &rss), -ESRCH);
		assert_int_equal(process__cpu_time(process, &ns), -ESRCH);
		if (!reaped)
			assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	process__free(process);
}

static void *report_tid(void *cookie)
{
	int *out = cookie;
	pid_t tid = (pid_t)syscall(SYS_gettid);

	if (write(*out, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		pause();
}

static int tid_pipe[2];

static void start_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, report_tid, &tid_pipe[1]);
}

static void thread_id(void **state)
{
	pid_t pid, tid;

	(void)state;
	assert_int_equal(pipe(tid_pipe), 0);
	pid = start(start_thread);
	assert_int_equal(read(tid_pipe[0], &tid, sizeof(tid)), sizeof(tid));
	refuse(tid, -EINVAL, "%d is a thread, not a process: give its process, PID %d", tid, pid);
	process__free(open_process(pid));
	stop(pid);
	close(tid_pipe[0]);
	close(tid_pipe[1]);
}

static void *stay(void *cookie)
{
	while (!pause() || errno == EINTR)
		;
	return cookie;
}

/* The main thread ends, another goes on: /proc calls that a zombie too, but the process lives. */
static void main_thread_gone(void **state)
{
	struct process *process;
	int go[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (!pid) {
		pthread_t thread;
		char c;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, stay, NULL);
		if (read(go[0], &c, 1) == 1)
			syscall(SYS_exit, 0); /* of this thread only */
		_exit(1);
	}
	process = open_process(pid);
	assert_int_equal(write(go[1], "", 1), 1);
	for (int i = 0; i < 1000; i++) {
		struct process_stat stat;

		assert_int_equal(process_stat__read(process->proc_fd, &stat), 0);
		if (stat.zombie)
			break;
		usleep(5000);
	}
	assert_true(process__alive(process));
	refuse(pid, -EINVAL, "the main thread of PID %d has exited: the kernel shows no memory map of the rest", pid);
	process__free(process);
	stop(pid);
	close(go[0]);
	close(go[1]);
}

static void kernel_thread(void **state)
{
	struct process_stat stat;
	int fd = open("/proc/2", O_RDONLY | O_DIRECTORY);

	(void)state;
	/* In a pid namespace there may be none to be seen. */
	if (fd < 0 || process_stat__read(fd, &stat) || !stat.kernel_thread)
		skip();
	close(fd);
	refuse(2, -EINVAL, "PID 2 is a kernel thread: it has no memory of its own");
}

static void no_right(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (!pid) {
		struct process *process;
		struct error err = {0};

		if (setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(process__open(getppid(), &process, &err) != -EACCES || process ||
		      !strstr(err.text, ": permission denied (run as root)"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void take_memory(void)
{
	char *gone = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *kept = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	memset(gone, 1, 32 * MIB);
	memset(kept, 1, 64 * MIB);
	memset(shared, 1, 16 * MIB);
	munmap(gone, 32 * MIB);
}

static bool within(uint64_t value, uint64_t low, uint64_t high)
{
	return value >= low && value <= high;
}

/* The kernel's counters lag by some pages a CPU; a sanitizer's own memory is in the child from the beginning. */
static void rss(void **state)
{
	struct process_rss before, after;
	struct process *process;
	pid_t pid;

	(void)state;
	pid = start(nothing);
	process = open_process(pid);
	assert_int_equal(process__rss(process, &before), 0);
	process__free(process);
	stop(pid);
	pid = start(take_memory);
	process = open_process(pid);
	assert_int_equal(process__rss(process, &after), 0);
	assert_true(within(after.anon_bytes, before.anon_bytes + 64 * MIB - MIB / 2, before.anon_bytes + 65 * MIB));
	assert_true(within(after.shmem_bytes, before.shmem_bytes + 16 * MIB - MIB / 4,
			   before.shmem_bytes + 16 * MIB + MIB / 4));
	assert_true(within(after.current_bytes, before.current_bytes + 76 * MIB, before.current_bytes + 84 * MIB));
	assert_true(within(after.peak_bytes, before.current_bytes + 108 * MIB, before.current_bytes + 116 * MIB));
	assert_int_equal(after.current_bytes, after.anon_bytes + after.file_bytes + after.shmem_bytes);
	assert_int_equal(after.swap_bytes, 0);
	process__free(process);
	stop(pid);
}

static void burn(void)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (used.tv_sec == 0 && used.tv_nsec < 200000000);
}

static void cpu_time(void **state)
{
	struct process *process;
	uint64_t first, second;
	pid_t pid;

	(void)state;
	pid = start(burn);
	process = open_process(pid);
	assert_int_equal(process__cpu_time(process, &first), 0);
	assert_true(within(first, 200000000, 400000000));
	usleep(50000);
	assert_int_equal(process__cpu_time(process, &second), 0);
	assert_true(within(second - first, 0, 20000000)); /* it sleeps */
	process__free(process);
	stop(pid);
}

static char unique[16];

static void take_name(void)
{
	prctl(PR_SET_NAME, unique);
}

static void find_by_name(void **state)
{
	struct error err = {0};
	char expected[256];
	pid_t *pids, pid;
	size_t count;

	(void)state;
	scratch__format(unique, sizeof(unique), "mt-%d", getpid());
	pid = start(take_name);
	assert_int_equal(process__find(unique, NULL, &pids, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(pids[0], pid);
	free(pids);
	/* The caller itself is left out. */
	prctl(PR_SET_NAME, unique);
	assert_int_equal(process__find(unique, NULL, &pids, &count, &err), 0);
	assert_int_equal(count, 1);
	free(pids);
	/* A zombie is no more, nor is the beginning of a name the name. */
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(process__find(unique, NULL, &pids, &count, &err), -ESRCH);
	scratch__format(expected, sizeof(expected), "no process is named %s: names are those of `ps -eo comm`", unique);
	assert_string_equal(err.text, expected);
	assert_null(pids);
	assert_int_equal(count, 0);
	waitpid(pid, NULL, 0);
	assert_int_equal(process__find("a-name-beyond-15-bytes", NULL, &pids, &count, &err), -ESRCH);
	assert_string_equal(err.text,
			    "no process is named a-name-beyond-15-bytes: the kernel keeps 15 bytes of a name, "
			    "try a-name-beyond-1");
	assert_int_equal(process__find(NULL, NULL, &pids, &count, &err), -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
}

static const char mountinfo[] =
	"24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
	"30 24 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro\n"
	"31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	"32 30 0:28 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup rw,xattr,name=systemd\n"
	"33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n"
	"34 30 0:30 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	"35 30 0:31 / /sys/fs/cgroup/with\\040blank rw - cgroup cgroup rw,pids\n";

static const char where[] = "9:name=systemd:/system.slice/web.service\n"
			    "5:cpu,cpuacct:/limited\n"
			    "4:memory:/docker/abc/inner:with:colons/deep\n"
			    "3:pids:/p\n"
			    "0::/system.slice/web.service/sub\n";

static bool contains(const char *path)
{
	struct cgroup *cgroup;
	bool in;

	assert_int_equal(cgroup__parse(path, mountinfo, &cgroup, NULL), 0);
	in = cgroup__contains(cgroup, where);
	cgroup__free(cgroup);
	return in;
}

static void cgroup_paths(void **state)
{
	(void)state;
	/* v2 */
	assert_true(contains("/sys/fs/cgroup/unified/system.slice/web.service/sub"));
	assert_true(contains("/sys/fs/cgroup/unified/system.slice/web.service"));
	assert_true(contains("/sys/fs/cgroup/unified/system.slice/"));
	assert_true(contains("/sys/fs/cgroup/unified"));
	assert_false(contains("/sys/fs/cgroup/unified/system.slice/web"));
	assert_false(contains("/sys/fs/cgroup/unified/system.slice/web.service/sub/more"));
	assert_false(contains("/sys/fs/cgroup/unified/limited")); /* of another hierarchy */
	/* v1, named, joined, and with another root */
	assert_true(contains("/sys/fs/cgroup/systemd/system.slice/web.service"));
	assert_false(contains("/sys/fs/cgroup/systemd/system.slice/web.service/sub"));
	assert_true(contains("/sys/fs/cgroup/cpu,cpuacct/limited"));
	assert_false(contains("/sys/fs/cgroup/cpu,cpuacct/p"));
	assert_true(contains("/sys/fs/cgroup/memory/inner:with:colons"));
	assert_true(contains("/sys/fs/cgroup/memory"));
	assert_false(contains("/sys/fs/cgroup/memory/docker/abc"));
	assert_true(contains("/sys/fs/cgroup/with blank/p"));
	/* from the root of any hierarchy */
	assert_true(contains("/system.slice"));
	assert_true(contains("system.slice/web.service/sub/"));
	assert_true(contains("limited"));
	assert_true(contains("docker/abc"));
	assert_true(contains("/"));
	assert_false(contains("web.service"));
	assert_false(contains("limit"));
}

static void find_in_cgroup(void **state)
{
	struct error err = {0};
	char procs[64], *line;
	size_t count, size, found = 0;
	pid_t *pids, pid = start(nothing);

	(void)state;
	/* In whatever hierarchy comes first, the child is where we are. */
	scratch__format(procs, sizeof(procs), "/proc/%d/cgroup", pid);
	line = NULL;
	size = 0;
	{
		FILE *file = fopen(procs, "r");

		assert_non_null(file);
		assert_true(getline(&line, &size, file) > 0);
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';
	assert_int_equal(process__find(NULL, strchr(strchr(line, ':') + 1, ':') + 1, &pids, &count, &err), 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_not_equal(pids[i], getpid());
		found += pids[i] == pid;
	}
	assert_int_equal(found, 1);
	free(pids);
	free(line);
	stop(pid);
	assert_int_equal(process__find(NULL, "/sys/fs/cgroup/no/such", &pids, &count, &err), -ENOENT);
	assert_string_equal(err.text, "no such cgroup: /sys/fs/cgroup/no/such");
	assert_int_equal(process__find(NULL, "no/such", &pids, &count, &err), -ESRCH);
	assert_string_equal(err.text, "no process in cgroup no/such: see /proc/PID/cgroup for where one is");
	assert_int_equal(process__find(NULL, "", &pids, &count, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_lines),
		cmocka_unit_test(identity),
		cmocka_unit_test(command_line),
		cmocka_unit_test(deleted_executable),
		cmocka_unit_test(not_there),
		cmocka_unit_test(zombie),
		cmocka_unit_test(thread_id),
		cmocka_unit_test(main_thread_gone),
		cmocka_unit_test(kernel_thread),
		cmocka_unit_test(no_right),
		cmocka_unit_test(rss),
		cmocka_unit_test(cpu_time),
		cmocka_unit_test(find_by_name),
		cmocka_unit_test(cgroup_paths),
		cmocka_unit_test(find_in_cgroup),
	};

	return cmocka_run_group_tests_name("process", tests, scratch__make, scratch__remove);
}
