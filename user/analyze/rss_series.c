/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/rss_series.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LARGEST (UINT64_C(1) << 53)

/* ---- a line */

size_t rss_series__format(const struct rss_sample *sample, char *line)
{
	return (size_t)snprintf(line, RSS_SERIES_LINE_MAX,
				"%" PRIu64 ".%06u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
				sample->time_us / 1000000, (unsigned int)(sample->time_us % 1000000), sample->rss_kb,
				sample->size_kb, sample->data_kb, sample->swap_kb);
}

static bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

static int parse_whole(const char **at, const char *end, uint64_t *value)
{
	if (!is_digit(*at, end))
		return -EINVAL;
	for (*value = 0; is_digit(*at, end); ++*at) {
		*value = *value * 10 + (uint64_t)(**at - '0');
		if (*value > LARGEST)
			return -ERANGE;
	}
	return 0;
}

static int parse_time(const char **at, const char *end, uint64_t *us)
{
	int code = parse_whole(at, end, us);

	if (code)
		return code;
	if (*us > LARGEST / 1000000)
		return -ERANGE;
	*us *= 1000000;
	if (*at == end || **at != '.')
		return 0;
	++*at;
	if (!is_digit(*at, end))
		return -EINVAL;
	for (uint64_t unit = 100000; is_digit(*at, end); ++*at, unit /= 10)
		*us += unit * (uint64_t)(**at - '0');
	return 0;
}

int rss_series__parse(const char *line, size_t length, struct rss_sample *sample)
{
	uint64_t *const fields[] = {&sample->rss_kb, &sample->size_kb, &sample->data_kb, &sample->swap_kb};
	const char *at = line, *end = line + length;
	int code = parse_time(&at, end, &sample->time_us);

	for (size_t i = 0; !code && i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (at == end || *at++ != ',')
			return -EINVAL;
		code = parse_whole(&at, end, fields[i]);
	}
	if (!code && at != end)
		code = -EINVAL;
	return code;
}

/* ---- a series */

void rss_series__add(struct rss_series *series, const struct rss_sample *sample)
{
	if (!series->rows++)
		series->first_us = sample->time_us;
	series->last_us = sample->time_us;
	if (series->rows == 1 || sample->rss_kb > series->peak.rss_kb)
		series->peak = *sample;
}

struct reading {
	const char *name;
	void (*on_sample)(void *cookie, const struct rss_sample *sample);
	void *cookie;
	struct rss_series *series;
	uint64_t line; /* number of the last one that was taken */
	struct error *err;
};

static int take_header(const struct reading *reading, const char *line, size_t length)
{
	if (length == strlen(RSS_SERIES_HEADER) - 1 && !memcmp(line, RSS_SERIES_HEADER, length))
		return 0;
	return error__set(reading->err, -EINVAL, "%s: line 1 is not the header of a recording (%.*s)", reading->name,
			  (int)strlen(RSS_SERIES_HEADER) - 1, RSS_SERIES_HEADER);
}

static int take_line(struct reading *reading, const char *line, size_t length)
{
	struct rss_sample sample;
	int code;

	if (length && line[length - 1] == '\r')
		length--;
	if (++reading->line == 1)
		return take_header(reading, line, length);
	code = rss_series__parse(line, length, &sample);
	if (code)
		return error__set(reading->err, -EINVAL, "%s: line %" PRIu64 " %s", reading->name, reading->line,
				  code == -ERANGE ? "has a number that is too large"
						  : "is not five numbers separated by commas");
	if (reading->series->rows && sample.time_us < reading->series->last_us)
		return error__set(reading->err, -EINVAL, "%s: line %" PRIu64 " is older than the one before it",
				  reading->name, reading->line);
	rss_series__add(reading->series, &sample);
	if (reading->on_sample)
		reading->on_sample(reading->cookie, &sample);
	return 0;
}

/* Takes the whole lines, and says how many bytes they were. */
static int take_lines(struct reading *reading, const char *data, size_t size, size_t *taken)
{
	const char *end;
	int code = 0;

	*taken = 0;
	while (!code && (end = memchr(data + *taken, '\n', size - *taken))) {
		code = take_line(reading, data + *taken, (size_t)(end - data) - *taken);
		*taken = (size_t)(end - data) + 1;
	}
	return code;
}

static int finish(const struct reading *reading, size_t rest)
{
	reading->series->cut = rest > 0;
	if (!reading->line)
		return error__set(reading->err, -EINVAL, "%s: no recording: it %s", reading->name,
				  rest ? "has no whole line" : "is empty");
	if (!reading->series->rows)
		return error__set(reading->err, -EINVAL, "%s: a recording without any sample", reading->name);
	return 0;
}

int rss_series__read(int fd, const char *name, void (*on_sample)(void *cookie, const struct rss_sample *sample),
		     void *cookie, struct rss_series *series, struct error *err)
{
	struct reading reading = {.name = name, .on_sample = on_sample, .cookie = cookie, .series = series, .err = err};
	size_t kept = 0, taken;
	char buffer[65536];
	ssize_t got;
	int code;

	memset(series, 0, sizeof(*series));
	for (;;) {
		got = read(fd, buffer + kept, sizeof(buffer) - kept);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error__set(err, -errno, "cannot read %s: %s", name, error__reason(errno));
		if (!got)
			return finish(&reading, kept);
		code = take_lines(&reading, buffer, kept + (size_t)got, &taken);
		if (code)
			return code;
		kept = kept + (size_t)got - taken;
		memmove(buffer, buffer + taken, kept);
		if (kept >= RSS_SERIES_LINE_MAX)
			return error__set(err, -EINVAL, "%s: line %" PRIu64 " is too long for one of a recording", name,
					  reading.line + 1);
	}
}

int rss_series__read_file(const char *path, void (*on_sample)(void *cookie, const struct rss_sample *sample),
			  void *cookie, struct rss_series *series, struct error *err)
{
	int fd, code;

	if (!strcmp(path, "-"))
		return rss_series__read(STDIN_FILENO, "standard input", on_sample, cookie, series, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error__set(err, -errno, "cannot open %s: %s", path, error__reason(errno));
	code = rss_series__read(fd, path, on_sample, cookie, series, err);
	close(fd);
	return code;
}
