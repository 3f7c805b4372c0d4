/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal: lines of text, keys. The only place that knows ncurses. */
#ifndef MEMTRAWL_TOP_SCREEN_H
#define MEMTRAWL_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

/* Colours are left out where the terminal has none, or NO_COLOR is set. */
enum screen_style { SCREEN_PLAIN, SCREEN_BOLD, SCREEN_HEADER, SCREEN_SELECTED, SCREEN_ALARM };

/*
 * Takes the terminal over. What is written to standard error from here on is kept, and comes out after
 * screen__close(). Refuses terminals that ncurses cannot handle.
 */
int screen__open(struct error *err);
void screen__close(void); /* without screen__open() it does nothing */

size_t screen__width(void);
size_t screen__height(void);

/* The newest line that went to standard error, without "memtrawl: warning: "; "" if none did. Returns `text`. */
char *screen__said(char *text, size_t size);

void screen__clear(void);
/* Draws the first line of `text` in line y, over all of the width. */
void screen__line(size_t y, const char *text, enum screen_style style);
/* Draws text of several lines from line y on, `skip` of them left out, down to line `end`. Returns the next free line.
 */
size_t screen__text(size_t y, size_t end, const char *text, size_t skip);
void screen__show(void);

/* The next key that was pressed, as in enum model_key. False if there is none. */
bool screen__key(int *key);

#endif
