/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/ticker.h"

enum { INTERVAL_MS = 20 };

struct steps {
	atomic_int count;
	atomic_bool slow, early, blocked;
	uint64_t due_ns;
};

static uint64_t step(void *context, uint64_t now)
{
	struct steps *steps = context;
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	steps->blocked = sigismember(&mask, SIGINT) == 1;
	steps->early = steps->early || now < steps->due_ns;
	if (steps->slow)
		usleep(50000);
	steps->due_ns = now + INTERVAL_MS * 1000000ULL;
	steps->count++;
	return steps->due_ns;
}

static void await(const struct steps *steps, int count)
{
	uint64_t start = monotonic_ns();

	while (steps->count < count && monotonic_ns() - start < 10000000000)
		usleep(1000);
	assert_true(steps->count >= count);
}

static void goes_on_until_it_is_stopped(void **state)
{
	struct steps steps = {0};
	uint64_t start = monotonic_ns();
	struct ticker *ticker = ticker__start(step, &steps);
	int count;

	(void)state;
	await(&steps, 4);
	assert_true(monotonic_ns() - start >= 3 * INTERVAL_MS * 1000000ULL);
	ticker__stop(ticker);
	count = steps.count;
	usleep(2000 * INTERVAL_MS);
	assert_int_equal(steps.count, count);
	assert_false(steps.early);
}

static void signals_are_for_others(void **state)
{
	struct steps steps = {0};
	struct ticker *ticker = ticker__start(step, &steps);
	sigset_t mask;

	(void)state;
	await(&steps, 1);
	ticker__stop(ticker);
	assert_true(steps.blocked);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_int_equal(sigismember(&mask, SIGINT), 0);
}

/* However long the next step is away; and a step that is under way is waited for. */
static uint64_t next_never(void *context, uint64_t now)
{
	step(context, now);
	return UINT64_MAX;
}

static void is_stopped_at_once(void **state)
{
	struct steps steps = {.slow = true};
	struct ticker *ticker = ticker__start(next_never, &steps);
	uint64_t start = monotonic_ns();

	(void)state;
	await(&steps, 1);
	ticker__stop(ticker);
	assert_int_equal(steps.count, 1);
	steps.count = 0;
	ticker = ticker__start(step, &steps);
	usleep(10000);
	ticker__stop(ticker);
	assert_int_equal(steps.count, 1);
	assert_true(monotonic_ns() - start < 5000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_until_it_is_stopped),
		cmocka_unit_test(signals_are_for_others),
		cmocka_unit_test(is_stopped_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
