/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leads to live blocks, as text. */
#ifndef MEMTRAWL_RENDER_TEXT_REACH_H
#define MEMTRAWL_RENDER_TEXT_REACH_H

#include "analyze/report.h"
#include "render/text_page.h"

/* How that was found out, and how much is in each class. Nothing if it was not looked for. */
void text_reach__add_summary(struct text_page *page, const struct report *report);

/* The columns' heading, and a row of them. */
#define TEXT_REACH_HEADING "definitely    blocks  leads to     blocks  indirectly  possibly   reachable   oldest"
void text_reach__add_columns(struct text_page *page, const struct report_counts *counts);

#endif
