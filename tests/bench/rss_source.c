/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rss source of all processes and nothing else, as `watch` has it, put in place and taken away quickly: the
 * machine's speed changes from second to second. Each line of standard input changes from one to the other, and is
 * answered with "on" or "off".
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "trace/rss.h"

static struct rss *put_in_place(void)
{
	const struct rss_options all = {.slice_changes = MT_RSS_SLICE_CHANGES};
	struct rss_rows rows = {0};
	struct error err = {0};
	struct rss *rss;

	if (rss__new(&all, &rss, &err)) {
		fprintf(stderr, "rss_source: %s\n", err.text);
		return NULL;
	}
	if (rss__read(rss, &rows, &err)) { /* from then on peaks are noted of who was there before */
		fprintf(stderr, "rss_source: %s\n", err.text);
		rss__free(rss);
		rss = NULL;
	}
	rss_rows__free(&rows);
	return rss;
}

/* Deals with what happens until there is a line. */
static bool wait_for_line(struct rss *rss)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = rss ? rss__fd(rss) : -1, .events = POLLIN}};
	char newline;

	while (poll(fds, 2, -1) >= 0 && !fds[0].revents)
		if (rss__poll(rss, 0, NULL))
			return false;
	return read(STDIN_FILENO, &newline, 1) == 1;
}

int main(void)
{
	struct rss *rss = NULL;

	while (wait_for_line(rss)) {
		if (rss) {
			rss__free(rss);
			rss = NULL;
		} else {
			rss = put_in_place();
			if (!rss)
				return 1;
		}
		puts(rss ? "on" : "off");
		fflush(stdout);
	}
	rss__free(rss);
	return 0;
}
