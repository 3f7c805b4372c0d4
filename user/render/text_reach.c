/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/text_reach.h"

#include <inttypes.h>

#include "lib/units.h"

static void add_how(struct text_page *page, const struct profile_reach *reach)
{
	char a[32], b[32];

	buf__add_format(&page->line,
			"  reach   %s of memory, and the registers of %" PRIu64 " thread%s, looked through in %s",
			text__bytes(a, reach->scanned_bytes), reach->threads, text__plural(reach->threads),
			units__format_seconds(b, sizeof(b), reach->seconds));
	if (reach->stopped && reach->pause_seconds < 0.001)
		buf__add_string(&page->line, ", the process stopped for less than 1 ms");
	else if (reach->stopped)
		buf__add_format(&page->line, ", the process stopped for %s",
				units__format_seconds(a, sizeof(a), reach->pause_seconds));
	else
		buf__add_format(&page->line, ", in %" PRIu32 " passes, the process going on", reach->passes);
	text_page__end_line(page);
	if (reach->unread_bytes) {
		buf__add_format(&page->line, "  unread  %s of it could not be read: what only that leads to seems lost",
				text__bytes(a, reach->unread_bytes));
		text_page__end_line(page);
	}
}

static void add_class(struct text_page *page, const char *name, const struct profile_blocks *blocks)
{
	char text[32];

	buf__add_format(&page->line, "  %-17s %10s in %" PRIu64 " block%s", name, text__bytes(text, blocks->bytes),
			blocks->objects, text__plural(blocks->objects));
	text_page__end_line(page);
}

void text_reach__add_summary(struct text_page *page, const struct report *report)
{
	const struct profile_reach *reach = &report->subject.reach;

	if (!reach->known)
		return;
	add_how(page, reach);
	add_class(page, "definitely lost", &report->reach[REACH_DEFINITE]);
	add_class(page, "indirectly lost", &report->reach[REACH_INDIRECT]);
	add_class(page, "possibly lost", &report->reach[REACH_POSSIBLY]);
	add_class(page, "still reachable", &report->reach[REACH_REACHABLE]);
	if (reach->gone.objects)
		add_class(page, "freed meanwhile", &reach->gone);
}

void text_reach__add_columns(struct text_page *page, const struct report_counts *c)
{
	char a[32], b[32];

	buf__add_format(&page->line, "%10s %9" PRIu64, text__bytes(a, c->reach[REACH_DEFINITE].bytes),
			c->reach[REACH_DEFINITE].objects);
	buf__add_format(&page->line, "  %10s %9" PRIu64, text__bytes(a, c->behind.bytes), c->behind.objects);
	buf__add_format(&page->line, "  %10s", text__bytes(a, c->reach[REACH_INDIRECT].bytes));
	buf__add_format(&page->line, " %9s  %10s", text__bytes(a, c->reach[REACH_POSSIBLY].bytes),
			text__bytes(b, c->reach[REACH_REACHABLE].bytes));
	buf__add_format(&page->line, " %8s",
			c->oldest_age_seconds >= 0 ? units__format_seconds(a, sizeof(a), c->oldest_age_seconds) : "-");
}
