/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/rss_rest.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "rss_abi.h"
#include "trace/session.h"

int rss_rest__init(struct rss_rest *rest, const struct bpf_program *program, struct bpf_link **link)
{
	*rest = (struct rss_rest){
		.program = program,
		.link = link,
		.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
	};
	return rest->timer < 0 ? -errno : 0;
}

void rss_rest__free(struct rss_rest *rest)
{
	if (rest->timer >= 0)
		close(rest->timer);
	rest->timer = -1;
}

static int set_timer(const struct rss_rest *rest)
{
	const struct itimerspec when = {.it_value.tv_nsec = MT_RSS_SLICE_NS};

	return timerfd_settime(rest->timer, 0, &when, NULL);
}

void rss_rest__begin(struct rss_rest *rest)
{
	if (rest->began_ns || !*rest->link || set_timer(rest))
		return;
	bpf_link__destroy(*rest->link);
	*rest->link = NULL;
	rest->began_ns = monotonic_ns();
}

void rss_rest__end_when_due(struct rss_rest *rest)
{
	uint64_t expired;

	if (!rest->began_ns || read(rest->timer, &expired, sizeof(expired)) != sizeof(expired))
		return;
	*rest->link = bpf_program__attach(rest->program);
	if (!*rest->link) {
		set_timer(rest);
		return;
	}
	rest->total_ns += monotonic_ns() - rest->began_ns;
	rest->began_ns = 0;
}

uint64_t rss_rest__ns(const struct rss_rest *rest)
{
	return rest->total_ns + (rest->began_ns ? monotonic_ns() - rest->began_ns : 0);
}
