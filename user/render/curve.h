/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A series as a curve, in Braille dots: two to the right and four down in each character. */
#ifndef MEMTRAWL_RENDER_CURVE_H
#define MEMTRAWL_RENDER_CURVE_H

#include "analyze/history.h"
#include "lib/buf.h"

/*
 * Adds `height` lines of `width` characters at most: the least and the most of the series stand at the left, its time
 * below. Nothing where there is no room: less than 3 lines or 24 characters.
 */
void render__curve(const struct history *history, size_t width, size_t height, struct buf *out);

#endif
