/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/ticker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "lib/clock.h"

struct ticker {
	ticker_step *step;
	void *context;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stop;
};

static void wait_until(struct ticker *ticker, uint64_t ns)
{
	const struct timespec until = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};

	while (!ticker->stop && !pthread_cond_timedwait(&ticker->stopped, &ticker->lock, &until))
		; /* woken for nothing */
}

static void *tick(void *context)
{
	struct ticker *ticker = context;

	pthread_mutex_lock(&ticker->lock);
	while (!ticker->stop) {
		uint64_t next;

		pthread_mutex_unlock(&ticker->lock);
		next = ticker->step(ticker->context, monotonic_ns());
		pthread_mutex_lock(&ticker->lock);
		wait_until(ticker, next);
	}
	pthread_mutex_unlock(&ticker->lock);
	return NULL;
}

/* A thread has its mask from who makes it. */
static int start_without_signals(struct ticker *ticker)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&ticker->thread, NULL, tick, ticker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

static void free_ticker(struct ticker *ticker)
{
	pthread_cond_destroy(&ticker->stopped);
	pthread_mutex_destroy(&ticker->lock);
	free(ticker);
}

struct ticker *ticker__start(ticker_step *step, void *context)
{
	struct ticker *ticker = calloc(1, sizeof(*ticker));
	pthread_condattr_t monotonic;

	if (!ticker)
		return NULL;
	ticker->step = step;
	ticker->context = context;
	pthread_mutex_init(&ticker->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&ticker->stopped, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (!start_without_signals(ticker))
		return ticker;
	free_ticker(ticker);
	return NULL;
}

void ticker__stop(struct ticker *ticker)
{
	if (!ticker)
		return;
	pthread_mutex_lock(&ticker->lock);
	ticker->stop = true;
	pthread_cond_signal(&ticker->stopped);
	pthread_mutex_unlock(&ticker->lock);
	pthread_join(ticker->thread, NULL);
	free_ticker(ticker);
}
