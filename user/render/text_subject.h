/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first lines of a report: what was looked at, where its memory goes, and what was lost. */
#ifndef MEMTRAWL_RENDER_TEXT_SUBJECT_H
#define MEMTRAWL_RENDER_TEXT_SUBJECT_H

#include "analyze/report.h"
#include "render/text_page.h"

/* Of a diff: both, and what changed. */
void text_subject__add(struct text_page *page, const struct report *report);

#endif
