/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/curve.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/units.h"
#include "render/pieces.h"

enum { DOTS_ACROSS = 2, DOTS_DOWN = 4, LABEL_WIDTH = 6, HEIGHT_MIN = 3, WIDTH_MIN = 24 };

/* Columns and rows of dots; row 0 is the uppermost. */
struct plot {
	unsigned char *cells; /* Braille patterns, U+2800 and up; line by line */
	size_t across, down;  /* cells */
	uint64_t least, most;
};

static void set_dot(struct plot *plot, size_t x, size_t y)
{
	/* the order in which Unicode numbers the dots */
	static const unsigned char bits[DOTS_DOWN][DOTS_ACROSS] = {
		{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

	plot->cells[y / DOTS_DOWN * plot->across + x / DOTS_ACROSS] |= bits[y % DOTS_DOWN][x % DOTS_ACROSS];
}

/* At a time within the series, on the straight line between the points beside it. */
static double value_at(const struct history *history, double ns)
{
	const struct history_point *points = history->points;
	uint32_t i = 1;

	if (history->count < 2)
		return (double)points[0].bytes;
	while (i + 1 < history->count && (double)points[i].ns < ns)
		i++;
	if (points[i].ns == points[i - 1].ns)
		return (double)points[i].bytes;
	return (double)points[i - 1].bytes + ((double)points[i].bytes - (double)points[i - 1].bytes) *
						     (ns - (double)points[i - 1].ns) /
						     (double)(points[i].ns - points[i - 1].ns);
}

/* What stays the same is drawn in the middle. */
static size_t row_of(const struct plot *plot, double value)
{
	double share = 0.5, last = (double)(plot->down * DOTS_DOWN - 1);

	if (plot->most > plot->least)
		share = (value - (double)plot->least) / (double)(plot->most - plot->least);
	return (size_t)((1 - share) * last + 0.5);
}

/* Steep parts are drawn through: no gaps. */
static void draw(struct plot *plot, const struct history *history)
{
	size_t columns = plot->across * DOTS_ACROSS, before = 0;
	double start = (double)history->points[0].ns;
	double step = ((double)history->points[history->count - 1].ns - start) / (double)(columns - 1);

	for (size_t x = 0; x < columns; x++) {
		size_t y = row_of(plot, value_at(history, start + step * (double)x)), from = y, to = y;

		if (x && before < y)
			from = before + 1;
		else if (x && before > y)
			to = before - 1;
		for (size_t dot = from; dot <= to; dot++)
			set_dot(plot, x, dot);
		before = y;
	}
}

static void find_range(struct plot *plot, const struct history *history)
{
	plot->least = plot->most = history->points[0].bytes;
	for (uint32_t i = 1; i < history->count; i++) {
		if (history->points[i].bytes < plot->least)
			plot->least = history->points[i].bytes;
		if (history->points[i].bytes > plot->most)
			plot->most = history->points[i].bytes;
	}
}

static void add_lines(const struct plot *plot, struct buf *out)
{
	struct buf line = {0};
	char text[32];

	for (size_t y = 0; y < plot->down; y++) {
		bool labelled = y == 0 || y + 1 == plot->down;

		units__format_short(text, sizeof(text), (double)(y ? plot->least : plot->most));
		buf__add_format(&line, "%*s%s", LABEL_WIDTH - 1, labelled ? text : "", labelled ? "\u2524" : "\u2502");
		for (size_t x = 0; x < plot->across; x++) {
			unsigned char dots = plot->cells[y * plot->across + x];
			/* U+2800 + dots in UTF-8 */
			const char braille[] = {(char)0xe2, (char)(0xa0 + (dots >> 6)), (char)(0x80 + (dots & 0x3f)),
						'\0'};

			buf__add_string(&line, dots ? braille : " ");
		}
		pieces__add_line(out, &line, 0);
	}
	buf__free(&line);
}

static void add_times(const struct plot *plot, const struct history *history, struct buf *out)
{
	struct buf line = {0};
	char ago[32], text[40];
	int room = (int)plot->across - 3;

	units__format_seconds(ago, sizeof(ago),
			      (double)(history->points[history->count - 1].ns - history->points[0].ns) / 1e9);
	snprintf(text, sizeof(text), "%s ago", ago);
	buf__add_format(&line, "%*s%-*snow", LABEL_WIDTH, "", room, text);
	pieces__add_line(out, &line, (size_t)LABEL_WIDTH + plot->across);
	buf__free(&line);
}

void render__curve(const struct history *history, size_t width, size_t height, struct buf *out)
{
	struct plot plot = {.across = width - LABEL_WIDTH, .down = height - 1};

	if (width < WIDTH_MIN || height < HEIGHT_MIN || !history->count)
		return;
	plot.cells = calloc(plot.across * plot.down, 1);
	if (!plot.cells) {
		out->failed = true;
		return;
	}
	find_range(&plot, history);
	draw(&plot, history);
	add_lines(&plot, out);
	add_times(&plot, history, out);
	free(plot.cells);
}
