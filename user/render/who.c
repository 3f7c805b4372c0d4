/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/who.h"

#include <inttypes.h>

#include "lib/json_value.h"
#include "render/json_parts.h"
#include "render/json_reach.h"
#include "render/pieces.h"
#include "render/render.h"
#include "render/text_page.h"

static const char *const class_words[] = {
	[REACH_REACHABLE] = "still reachable",
	[REACH_POSSIBLY] = "possibly lost",
	[REACH_INDIRECT] = "indirectly lost",
	[REACH_DEFINITE] = "definitely lost",
};

static const struct report_row *row_of(const struct report *report, uint64_t site)
{
	for (size_t i = 0; i < report->row_count; i++)
		if (report->rows[i].id == site)
			return &report->rows[i];
	return NULL;
}

/* ---- text */

static void add_stack(struct text_page *page, const struct report_row *row)
{
	for (size_t i = 0; row && i < row->frame_count; i++) {
		struct buf name = {0};

		pieces__add_name(&name, &row->frames[i]);
		buf__add_string(&name, "  ");
		pieces__add_place(&name, &row->frames[i]);
		buf__add_format(&page->line, "%26s", "");
		pieces__add_escaped(&page->line, name.data ? name.data : "");
		page->out->failed |= name.failed;
		buf__free(&name);
		text_page__end_line(page);
	}
}

static void add_target(struct text_page *page, const struct who *who, const struct report *report)
{
	char text[32];

	if (who->address)
		buf__add_format(&page->line, "  block   the one at 0x%" PRIx64 ", of ", who->address);
	else
		buf__add_format(&page->line, "  blocks  %" PRIu64 " of ", who->blocks.objects);
	buf__add_format(&page->line, "%s, of site %016" PRIx64, text__bytes(text, who->blocks.bytes), who->site);
	text_page__end_line(page);
	add_stack(page, row_of(report, who->site));
	for (int class = REACH_CLASSES - 1; class >= 0; class --) {
		if (!who->classes[class].objects)
			continue;
		buf__add_format(&page->line, "  %-17s %10s in %" PRIu64 " block%s", class_words[class],
				text__bytes(text, who->classes[class].bytes), who->classes[class].objects,
				text__plural(who->classes[class].objects));
		text_page__end_line(page);
	}
}

static void add_variable(struct text_page *page, const struct holder *holder)
{
	buf__add_string(&page->line, "variable ");
	if (holder->name)
		pieces__add_escaped(&page->line, holder->name);
	else
		buf__add_format(&page->line, "without a name, at 0x%" PRIx64, holder->at);
	buf__add_string(&page->line, "  ");
	pieces__add_escaped(&page->line, pieces__basename(holder->object));
}

static void add_holder(struct text_page *page, const struct holder *holder)
{
	switch (holder->kind) {
	case HOLDER_BLOCK:
		buf__add_format(&page->line, "blocks of site %016" PRIx64, holder->site);
		break;
	case HOLDER_VARIABLE:
		add_variable(page, holder);
		break;
	case HOLDER_STACK:
		buf__add_format(&page->line, "stack of thread %d", (int)holder->tid);
		break;
	case HOLDER_REGISTER:
		buf__add_format(&page->line, "registers of thread %d", (int)holder->tid);
		break;
	case HOLDER_MEMORY:
		buf__add_string(&page->line, "memory that was not seen allocated");
		if (holder->name) {
			buf__add_string(&page->line, ", in ");
			pieces__add_escaped(&page->line, holder->name);
		}
		buf__add_format(&page->line, ", as at 0x%" PRIx64, holder->at);
		break;
	}
}

void render__who_text(const struct who *who, const struct report *report, size_t width, struct buf *out)
{
	struct text_page page = {.out = out, .width = width};

	render__text_subject(report, width, out);
	add_target(&page, who, report);
	text_page__end_line(&page);
	buf__add_string(&page.line, who->count ? "  pointers  to starts  in" : "nothing points there");
	text_page__end_line(&page);
	for (size_t i = 0; i < who->count; i++) {
		const struct holder *holder = &who->holders[i];

		buf__add_format(&page.line, "%10" PRIu64 "  %9" PRIu64 "  ", holder->pointers, holder->starts);
		add_holder(&page, holder);
		text_page__end_line(&page);
		if (holder->kind == HOLDER_BLOCK && holder->site != who->site)
			add_stack(&page, row_of(report, holder->site));
	}
	buf__free(&page.line);
}

/* ---- JSON */

static json_t *site_of(uint64_t site)
{
	return site ? json_sprintf("%016" PRIx64, site) : json_null();
}

static json_t *address_of(uint64_t address)
{
	return address ? json_sprintf("0x%" PRIx64, address) : json_null();
}

static json_t *frames_of(const struct report *report, uint64_t site)
{
	const struct report_row *row = row_of(report, site);

	return row ? json_parts__frames(row, false) : json_array();
}

static json_t *holder_of(const struct holder *holder, const struct report *report)
{
	static const char *const kinds[] = {"block", "variable", "stack", "register", "memory"};
	json_t *object = json_object();

	json_value__set(object, "kind", json_string(kinds[holder->kind]));
	json_value__set(object, "pointers", json_value__count(holder->pointers));
	json_value__set(object, "start_pointers", json_value__count(holder->starts));
	json_value__set(object, "site", site_of(holder->site));
	json_value__set(object, "tid", holder->tid ? json_integer(holder->tid) : json_null());
	json_value__set(object, "name", json_value__text(holder->name));
	json_value__set(object, "object", json_value__text(holder->object));
	json_value__set(object, "address", address_of(holder->at));
	json_value__set(object, "frames", frames_of(report, holder->site));
	return object;
}

void render__who_json(const struct who *who, const struct report *report, struct buf *out)
{
	json_t *root = json_object(), *target = json_object(), *holders = json_array();

	json_value__set(root, "schema", json_string("memtrawl.who/1"));
	json_value__set(root, "process", json_parts__process(&report->subject.process));
	json_value__set(target, "address", address_of(who->address));
	json_value__set(target, "site", site_of(who->site));
	json_value__set(target, "bytes", json_value__count(who->blocks.bytes));
	json_value__set(target, "objects", json_value__count(who->blocks.objects));
	json_value__set(target, "reach", json_reach__classes(who->classes));
	json_value__set(target, "frames", frames_of(report, who->site));
	json_value__set(root, "target", target);
	for (size_t i = 0; i < who->count; i++)
		json_array_append_new(holders, holder_of(&who->holders[i], report));
	json_value__set(root, "holders", holders);
	pieces__add_json(out, root);
}
