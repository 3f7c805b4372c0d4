/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of a process, and what their registers hold. */
#ifndef MEMTRAWL_TARGET_THREADS_H
#define MEMTRAWL_TARGET_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/process.h"

struct thread {
	pid_t tid;
	bool still; /* it was not running: its stack pointer is where it is to go on */
	uint64_t stack_pointer;
	uint64_t thread_pointer; /* where its thread-local storage is; 0 if that is not known */
	size_t first, words;     /* its registers, in threads.words */
	int signal;              /* that it was about to take when it was stopped, and takes when it goes on; or 0 */
};

struct threads {
	struct thread *threads;
	size_t count, capacity;
	uint64_t *words;
	size_t word_count, word_capacity;
	bool stopped;        /* by threads__stop() */
	uint64_t stopped_ns; /* CLOCK_MONOTONIC, when the first one was */
};

/*
 * Stops all threads of a process (PTRACE_SEIZE), and reads their registers. They go on at threads__resume(), or when
 * the calling thread ends, however it does: the kernel sees to it. A thread in a system call like epoll_wait(2) finds
 * it ended with EINTR then, as after SIGSTOP and SIGCONT (signal(7)). Refused, with nothing left stopped, where another
 * process traces it, and where a thread does not stop within a second. To be called by one thread of ours only.
 */
int threads__stop(const struct process *process, struct threads *threads, struct error *err);
void threads__resume(struct threads *threads); /* harmless if they are not stopped */

/* Adds a thread and a copy of its registers. 0 or -ENOMEM. */
int threads__add(struct threads *threads, const struct thread *thread, const uint64_t *words, size_t count);

/* Resumes them, too. */
void threads__free(struct threads *threads);

#endif
