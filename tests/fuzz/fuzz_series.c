/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyze/rss_series.h"
#include "analyze/spikes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_sample(void *cookie, const struct rss_sample *sample)
{
	struct rss_sample again;
	char line[RSS_SERIES_LINE_MAX];
	size_t size = rss_series__format(sample, line);

	/* what was read can be written, and is the same then */
	if (size >= sizeof(line) || rss_series__parse(line, size - 1, &again) ||
	    memcmp(sample, &again, sizeof(again)) != 0)
		abort();
	spikes__add(cookie, sample);
}

/* Any bytes are a series or an error that says which line it is; spikes are in order, and within it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spikes spikes = {.options = {.rise_kb = 1000, .within_us = 1000000}};
	int fd = memfd_create("fuzz", MFD_CLOEXEC), code;
	struct error err = {0};
	struct rss_series series;

	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET)) {
		code = rss_series__read(fd, "fuzz", on_sample, &spikes, &series, &err);
		spikes__finish(&spikes);
		if (code ? !strstr(err.text, "fuzz: ") : !series.rows)
			abort();
		for (size_t i = 0; i < spikes.count; i++)
			if (spikes.list[i].start_us > spikes.list[i].top_us ||
			    spikes.list[i].top_kb - spikes.list[i].start_kb <= 1000 ||
			    (i && spikes.list[i].start_us < spikes.list[i - 1].top_us))
				abort();
		if (!code && spikes.count && spikes.list[spikes.count - 1].top_us > series.last_us)
			abort();
	}
	spikes__free(&spikes);
	close(fd);
	return 0;
}
