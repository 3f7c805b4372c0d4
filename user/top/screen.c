/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/screen.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "top/model.h"

enum { ESCAPE_MS = 25, ESCAPE = 27, COLOUR_ALARM = 1 };

static struct {
	SCREEN *terminal;
	int errors;      /* a file in memory that standard error goes to */
	int real_errors; /* and where it went before; -1: it is not diverted */
} screen = {.errors = -1, .real_errors = -1};

/* ---- standard error: a warning would be drawn into the picture */

static void divert_errors(void)
{
	fflush(stderr);
	screen.errors = memfd_create("memtrawl-errors", MFD_CLOEXEC);
	if (screen.errors < 0)
		return;
	screen.real_errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (screen.real_errors >= 0)
		dup2(screen.errors, STDERR_FILENO);
}

static void restore_errors(void)
{
	char text[4096];
	ssize_t size;

	if (screen.real_errors >= 0) {
		fflush(stderr);
		dup2(screen.real_errors, STDERR_FILENO);
		close(screen.real_errors);
		for (off_t at = 0; (size = pread(screen.errors, text, sizeof(text), at)) > 0; at += size)
			if (write(STDERR_FILENO, text, (size_t)size) < 0)
				break;
	}
	if (screen.errors >= 0)
		close(screen.errors);
	screen.errors = screen.real_errors = -1;
}

char *screen__said(char *text, size_t size)
{
	static const char prefix[] = "memtrawl: warning: ";
	off_t end = screen.errors >= 0 ? lseek(screen.errors, 0, SEEK_END) : 0;
	off_t start = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
	ssize_t got = end > 0 ? pread(screen.errors, text, size - 1, start) : 0;
	char *line;

	text[got > 0 ? got : 0] = '\0';
	for (size_t length = strlen(text); length && text[length - 1] == '\n'; length--)
		text[length - 1] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (!strncmp(line, prefix, strlen(prefix)))
		line += strlen(prefix);
	memmove(text, line, strlen(line) + 1);
	return text;
}

/* ---- the terminal */

/* Where the locale says nothing of UTF-8, as for root it often does, the terminal most likely can do it all the same.
 */
static void set_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int refuse(struct error *err)
{
	const char *type = getenv("TERM");

	return error__set(
		err, -ENOTTY,
		"no full-screen table on a terminal of type '%s': set TERM, or use --once, or pipe the output",
		type ? type : "");
}

int screen__open(struct error *err)
{
	set_locale();
	screen.terminal = newterm(NULL, stdout, stdin);
	if (!screen.terminal)
		return refuse(err);
	set_term(screen.terminal);
	if (!tigetstr("cup")) { /* lines cannot be drawn where they belong */
		screen__close();
		return refuse(err);
	}
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	if (has_colors() && !getenv("NO_COLOR") && start_color() == OK && use_default_colors() == OK)
		init_pair(COLOUR_ALARM, COLOR_RED, -1);
	divert_errors();
	return 0;
}

void screen__close(void)
{
	if (!screen.terminal)
		return;
	endwin();
	delscreen(screen.terminal);
	screen.terminal = NULL;
	restore_errors();
}

size_t screen__width(void)
{
	return COLS > 0 ? (size_t)COLS : 1;
}

size_t screen__height(void)
{
	return LINES > 0 ? (size_t)LINES : 1;
}

/* ---- drawing */

void screen__clear(void)
{
	erase();
}

static attr_t attributes_of(enum screen_style style)
{
	static const attr_t attributes[] = {A_NORMAL, A_BOLD, A_REVERSE, A_REVERSE | A_BOLD, A_BOLD};

	return attributes[style];
}

void screen__line(size_t y, const char *text, enum screen_style style)
{
	attr_t attributes = attributes_of(style);

	if (y >= screen__height())
		return;
	if (style == SCREEN_ALARM && COLOR_PAIRS > COLOUR_ALARM)
		attributes |= (attr_t)COLOR_PAIR(COLOUR_ALARM);
	attrset((int)attributes);
	mvaddnstr((int)y, 0, text, (int)strcspn(text, "\n"));
	/* the rest in the same style; where the text has filled its line, the cursor is in the next one */
	if ((style == SCREEN_SELECTED || style == SCREEN_HEADER) && (size_t)getcury(stdscr) == y)
		for (size_t x = (size_t)getcurx(stdscr); x < screen__width(); x++)
			mvaddch((int)y, (int)x, ' ');
	attrset(A_NORMAL);
}

size_t screen__text(size_t y, size_t end, const char *text, size_t skip)
{
	while (text && *text && y < end) {
		if (skip)
			skip--;
		else
			screen__line(y++, text, SCREEN_PLAIN);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return y;
}

void screen__show(void)
{
	refresh();
}

/* ---- keys */

static int translate(int key)
{
	switch (key) {
	case KEY_UP:
		return MODEL_KEY_UP;
	case KEY_DOWN:
		return MODEL_KEY_DOWN;
	case KEY_PPAGE:
		return MODEL_KEY_PAGE_UP;
	case KEY_NPAGE:
		return MODEL_KEY_PAGE_DOWN;
	case KEY_HOME:
		return MODEL_KEY_HOME;
	case KEY_END:
		return MODEL_KEY_END;
	case KEY_ENTER:
	case '\r':
	case '\n':
		return MODEL_KEY_ENTER;
	case KEY_BACKSPACE:
	case 0x7f:
	case '\b':
		return MODEL_KEY_BACKSPACE;
	case ESCAPE:
		return MODEL_KEY_ESCAPE;
	default:
		return key < KEY_MIN && key >= ' ' ? key : MODEL_KEY_NONE;
	}
}

bool screen__key(int *key)
{
	int got = getch();

	*key = got == ERR ? MODEL_KEY_NONE : translate(got);
	return got != ERR;
}
