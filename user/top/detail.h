/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process on the screen: its RSS as a curve, its kinds, its limit; or what a source says of its call sites. */
#ifndef MEMTRAWL_TOP_DETAIL_H
#define MEMTRAWL_TOP_DETAIL_H

#include <stdbool.h>

#include "render/top.h"
#include "top/sites.h"

struct detail {
	bool open;
	struct census_row row; /* of the last look that the process was in; its history is the copy below */
	struct history history;
	bool ended;
	char *cmdline;                     /* of /proc/PID/cmdline; NULL if it has none */
	const struct sites_source *source; /* that is shown, or NULL: the curve */
	void *state;                       /* the source's; NULL: it could not be attached, or has failed */
	struct error error;                /* why */
	enum report_group group;
	struct buf sites; /* as last rendered */
	size_t skip;      /* lines of them that are scrolled away */
};

void detail__open(struct detail *detail, const struct census_row *row);
void detail__close(struct detail *detail);

/* After a look: the process may have ended. */
void detail__follow(struct detail *detail, const struct census *census);

/* Several times a second while a source is attached. True when it is not any more. */
bool detail__step(struct detail *detail);
bool detail__is_attached(const struct detail *detail);

/* Renders what the source says anew, for a screen of that size. */
void detail__refresh(struct detail *detail, size_t width, size_t height);

/* False when the process is to be left. */
bool detail__key(struct detail *detail, int key);

/* Draws all of the screen. */
void detail__draw(const struct detail *detail, const struct top_report *report);

/* Lines for the help, one for each source. */
void detail__add_help(struct buf *out);

#endif
