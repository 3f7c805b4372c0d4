/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/threads.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/file.h"

enum {
	STOP_MS = 1000,     /* that a thread may take to stop */
	NAP_US = 20,        /* between two looks whether it has */
	STATE_WORDS = 1024, /* room for the vector registers: what is above it is not looked at */
};

int threads__add(struct threads *threads, const struct thread *thread, const uint64_t *words, size_t count)
{
	struct thread added = *thread;

	added.first = threads->word_count;
	added.words = count;
	for (size_t i = 0; i < count; i++)
		if (!array__push(threads->words, threads->word_count, threads->word_capacity, words[i]))
			return -ENOMEM;
	return array__push(threads->threads, threads->count, threads->capacity, added) ? 0 : -ENOMEM;
}

void threads__free(struct threads *threads)
{
	threads__resume(threads);
	free(threads->threads);
	free(threads->words);
	*threads = (struct threads){0};
}

/* ---- stopping */

static bool is_known(const struct threads *threads, pid_t tid)
{
	for (size_t i = 0; i < threads->count; i++)
		if (threads->threads[i].tid == tid)
			return true;
	return false;
}

/* The letter of its state, '?' if it has none any more. */
static char state_of(const struct process *process, pid_t tid)
{
	char path[64], *text = NULL, *end, state = '?';
	size_t size;

	snprintf(path, sizeof(path), "task/%d/stat", tid);
	if (file__read(process->proc_fd, path, 4096, &text, &size))
		return state;
	end = strrchr(text, ')');
	if (end && end[1] == ' ')
		state = end[2];
	free(text);
	return state;
}

static bool has_ended(char state)
{
	return state == 'Z' || state == 'X' || state == '?';
}

static int tracer_of(const struct process *process)
{
	char *text = NULL, *at;
	size_t size;
	int pid = 0;

	if (file__read(process->proc_fd, "status", 65536, &text, &size))
		return 0;
	at = strstr(text, "\nTracerPid:");
	if (at)
		pid = atoi(at + strlen("\nTracerPid:"));
	free(text);
	return pid;
}

static int refuse(const struct process *process, pid_t tid, int code, struct error *err)
{
	int tracer = tracer_of(process);

	if (tracer && tracer != getpid())
		return error__set(err, -EBUSY, "cannot stop PID %d: PID %d traces it already (a debugger?)",
				  process->pid, tracer);
	return error__set(err, code, "cannot stop thread %d of PID %d: %s (without --stop it need not be)", tid,
			  process->pid, error__reason(code));
}

/* 1: it is on its way to a stop; 0: it has ended. */
static int seize(const struct process *process, pid_t tid, struct error *err)
{
	int code;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
		code = -errno;
		return has_ended(state_of(process, tid)) ? 0 : refuse(process, tid, code, err);
	}
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
		return errno == ESRCH ? 0 : refuse(process, tid, -errno, err);
	return 1;
}

/* 1: it has stopped; 0: it has ended. */
static int await_stop(const struct process *process, struct thread *thread, struct error *err)
{
	uint64_t until = monotonic_ns() + STOP_MS * 1000000ULL;
	int status;

	for (;;) {
		pid_t got = waitpid(thread->tid, &status, __WALL | WNOHANG);

		if (got == thread->tid && WIFSTOPPED(status)) {
			thread->signal = status >> 16 ? 0 : WSTOPSIG(status); /* else it is an event's stop, ours */
			return 1;
		}
		if (got == thread->tid || (got < 0 && errno != EINTR))
			return 0;
		if (monotonic_ns() > until)
			return error__set(err, -EBUSY,
					  "cannot stop thread %d of PID %d: it is in a system call that cannot be "
					  "interrupted (state %c; without --stop it need not be)",
					  thread->tid, process->pid, state_of(process, thread->tid));
		usleep(NAP_US);
	}
}

static void take_pointers(struct thread *thread, const struct user_regs_struct *registers)
{
#if defined(__x86_64__)
	thread->stack_pointer = registers->rsp;
	thread->thread_pointer = registers->fs_base;
#elif defined(__aarch64__)
	thread->stack_pointer = registers->sp;
#endif
}

static int read_registers(struct threads *threads, struct thread *thread)
{
#if defined(__x86_64__)
	enum { VECTORS = NT_X86_XSTATE };
#else
	enum { VECTORS = NT_FPREGSET };
#endif
	uint64_t words[sizeof(struct user_regs_struct) / 8 + STATE_WORDS] = {0};
	struct user_regs_struct registers = {0};
	struct iovec general = {&registers, sizeof(registers)};
	struct iovec vectors = {words + sizeof(registers) / 8, STATE_WORDS * sizeof(words[0])};

	if (ptrace(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &general))
		return -errno;
	if (ptrace(PTRACE_GETREGSET, thread->tid, VECTORS, &vectors))
		vectors.iov_len = 0;
	memcpy(words, &registers, sizeof(registers));
	take_pointers(thread, &registers);
	return threads__add(threads, thread, words, (sizeof(registers) + vectors.iov_len) / 8);
}

/* Those in a task directory that are not known yet. *found tells whether there were any. */
static int stop_new_ones(const struct process *process, DIR *tasks, struct threads *threads, bool *found,
			 struct error *err)
{
	const struct dirent *entry;
	int code = 0;

	*found = false;
	rewinddir(tasks);
	while (code >= 0 && (entry = readdir(tasks))) {
		struct thread thread = {.tid = atoi(entry->d_name), .still = true};

		if (thread.tid <= 0 || is_known(threads, thread.tid))
			continue;
		code = seize(process, thread.tid, err);
		if (code > 0)
			code = await_stop(process, &thread, err);
		if (code <= 0)
			continue;
		if (!threads->stopped_ns)
			threads->stopped_ns = monotonic_ns();
		*found = true;
		code = read_registers(threads, &thread);
		if (code)
			refuse(process, thread.tid, code, err);
	}
	return code < 0 ? code : 0;
}

int threads__stop(const struct process *process, struct threads *threads, struct error *err)
{
	int fd = process->proc_fd < 0 ? -1 : openat(process->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	bool found = true;
	int code = 0;

	*threads = (struct threads){0};
	if (!tasks) {
		if (fd >= 0)
			close(fd);
		return error__set(err, -ESRCH, "cannot stop PID %d: no such process", process->pid);
	}
	threads->stopped = true;
	while (!code && found) /* one that was not stopped yet may have made another one */
		code = stop_new_ones(process, tasks, threads, &found, err);
	closedir(tasks);
	if (!code && !threads->count)
		code = error__set(err, -ESRCH, "cannot stop PID %d: it has ended", process->pid);
	if (code)
		threads__free(threads);
	return code;
}

void threads__resume(struct threads *threads)
{
	if (!threads->stopped)
		return;
	for (size_t i = 0; i < threads->count; i++)
		ptrace(PTRACE_DETACH, threads->threads[i].tid, NULL, (long)threads->threads[i].signal);
	threads->stopped = false;
}
