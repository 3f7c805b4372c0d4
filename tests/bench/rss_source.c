/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rss source of all processes and nothing else, put in place and taken away quickly: the machine's speed changes
 * from second to second. Each line of standard input changes from one to the other, and is answered with "on" or "off".
 */
#include <stdio.h>

#include "trace/rss.h"

static struct rss *put_in_place(void)
{
	const struct rss_options all = {0};
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

int main(void)
{
	struct rss *rss = NULL;

	while (getchar() == '\n') {
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
