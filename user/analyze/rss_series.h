/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process's memory over time, and the CSV file it is kept in. The file is
 *
 *	time_s,vmrss_kb,vmsize_kb,vmdata_kb,vmswap_kb
 *	0.000000,12345,67890,2345,0
 *
 * one row for each sample, in order of time, which counts from the recording's start; a kB is 1024 bytes, as in
 * /proc/PID/status. Between two samples there may be one more row: what was resident at a peak that neither of them
 * saw, at the time it had. So the largest vmrss_kb of a file is the true peak, and readers need not know.
 */
#ifndef MEMTRAWL_ANALYZE_RSS_SERIES_H
#define MEMTRAWL_ANALYZE_RSS_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define RSS_SERIES_HEADER "time_s,vmrss_kb,vmsize_kb,vmdata_kb,vmswap_kb\n"

struct rss_sample {
	uint64_t time_us;
	uint64_t rss_kb, size_kb, data_kb, swap_kb;
};

/* Writes the sample's line, with its end, for which RSS_SERIES_LINE_MAX bytes are enough. Returns its length. */
enum { RSS_SERIES_LINE_MAX = 128 };
size_t rss_series__format(const struct rss_sample *sample, char *line);

/*
 * Reads a line without its end: five decimal numbers, the first with or without a fraction (digits beyond microseconds
 * are dropped), nothing else. -EINVAL if it is none, -ERANGE for what is above 2^53 (bytes of it would not fit).
 */
int rss_series__parse(const char *line, size_t length, struct rss_sample *sample);

/* Of a file that was read. */
struct rss_series {
	uint64_t rows;
	uint64_t first_us, last_us;
	struct rss_sample peak; /* the first of the highest */
	bool cut;               /* the last line had no end, as after a crash, and was left out */
};

/* What rss_series__read() does with each row, for whoever goes through a series by himself. Times are in order. */
void rss_series__add(struct rss_series *series, const struct rss_sample *sample);

/*
 * Reads from a descriptor to its end, in memory that does not depend on its length, and calls on_sample (may be NULL)
 * for each row. `name` is the file's, for messages. Returns 0, -errno of reading, or -EINVAL: no header, no rows at
 * all, a row that is none or is older than the one before; the message has the number of the line.
 */
int rss_series__read(int fd, const char *name, void (*on_sample)(void *cookie, const struct rss_sample *sample),
		     void *cookie, struct rss_series *series, struct error *err);

/* The same of a file by its path; "-" is standard input. */
int rss_series__read_file(const char *path, void (*on_sample)(void *cookie, const struct rss_sample *sample),
			  void *cookie, struct rss_series *series, struct error *err);

#endif
