/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/table.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"
#include "unwind/functions.h"
#include "unwind/source.h"

enum { NONE, PAGE_SIZE = 1 << MT_UNWIND_PAGE_SHIFT };

/* Rows as they are laid out, in the order of addresses. The page that is being filled is the table's last one. */
struct layout {
	struct unwind_table *table;
	size_t row_capacity, page_capacity;
	uint64_t page_base; /* address of table->pages[0], as rows have them: relative to the object's base */
	uint32_t rule;      /* of the address that the layout has come to */
};

static uint32_t row_rule(uint32_t row)
{
	return row >> 16;
}

static bool push_row(struct layout *layout, uint64_t address, uint32_t rule)
{
	struct unwind_table *table = layout->table;
	uint32_t row = MT_UNWIND_ROW(address, rule);

	if (!array__push(table->rows, table->row_count, layout->row_capacity, row))
		return false;
	table->pages[table->page_count - 1].count++;
	return true;
}

/* A page that has too many rows, or none that says anything, is left without. */
static void close_page(struct layout *layout)
{
	struct unwind_table *table = layout->table;
	struct unwind_page *page;

	if (!table->page_count)
		return;
	page = &table->pages[table->page_count - 1];
	if (page->count > MT_UNWIND_PAGE_ROWS)
		table->refused++;
	else if (page->count > 1 || row_rule(table->rows[page->first]) != NONE)
		return;
	table->row_count = page->first;
	page->count = 0;
}

/* The next page begins with the rule that the one before it ends with. */
static bool open_page(struct layout *layout)
{
	struct unwind_table *table = layout->table;
	struct unwind_page page = {0};

	close_page(layout);
	page.first = (uint32_t)table->row_count;
	return array__push(table->pages, table->page_count, layout->page_capacity, page) &&
	       push_row(layout, 0, layout->rule);
}

/* Gives the last row of the page another rule, unless the row before it has that already. */
static void change_last(struct unwind_table *table, uint32_t rule)
{
	struct unwind_page *page = &table->pages[table->page_count - 1];
	uint32_t *last = &table->rows[table->row_count - 1];

	*last = MT_UNWIND_ROW(*last, rule);
	if (page->count > 1 && row_rule(last[-1]) == rule) {
		table->row_count--;
		page->count--;
	}
}

/* From this address on, this rule; addresses ascend. */
static bool place(struct layout *layout, uint64_t address, uint32_t rule)
{
	struct unwind_table *table = layout->table;
	const struct unwind_page *page;

	while (layout->page_base + table->page_count * PAGE_SIZE <= address)
		if (!open_page(layout))
			return false;
	if (rule == layout->rule)
		return true;
	layout->rule = rule;
	page = &table->pages[table->page_count - 1];
	if ((table->rows[table->row_count - 1] & 0xffff) == (address & 0xffff)) {
		change_last(table, rule);
		return true;
	}
	return page->count > MT_UNWIND_PAGE_ROWS || push_row(layout, address, rule);
}

static bool place_function(struct layout *layout, const struct unwind_functions *functions,
			   const struct unwind_function *function)
{
	const struct unwind_row *rows = &functions->rows[function->row];

	for (uint32_t i = 0; i < function->row_count && rows[i].address <= function->last; i++)
		if (!place(layout, rows[i].address, rows[i].rule))
			return false;
	return true;
}

/* Functions, sorted and disjoint, with MT_CFA_NONE between those that do not touch. */
static int lay_out(const struct unwind_functions *functions, struct unwind_table *table)
{
	struct layout layout = {.table = table, .rule = NONE};
	uint64_t end = 0;

	if (!functions->count)
		return 0;
	layout.page_base = functions->functions[0].first / PAGE_SIZE * PAGE_SIZE;
	table->first_page = (functions->source->base + layout.page_base) >> MT_UNWIND_PAGE_SHIFT;
	for (size_t i = 0; i < functions->count; i++) {
		const struct unwind_function *function = &functions->functions[i];

		if (i && end < function->first && !place(&layout, end, NONE))
			return -ENOMEM;
		if (!place_function(&layout, functions, function))
			return -ENOMEM;
		end = (uint64_t)function->last + 1;
	}
	/* A page that begins just there would have nothing but this row. */
	if (!place(&layout, end - 1, layout.rule) || (end % PAGE_SIZE && !place(&layout, end, NONE)))
		return -ENOMEM;
	close_page(&layout);
	return 0;
}

static int compile(const struct unwind_source *source, struct unwind_table *table, struct error *err)
{
	struct unwind_functions functions;
	int ret;

	ret = unwind_functions__collect(source, &functions);
	if (!ret) {
		unwind_functions__sort(&functions);
		ret = lay_out(&functions, table);
		table->refused += functions.refused;
	}
	if (!ret) {
		table->rules = unwind_rules__take(functions.rules, &table->rule_count);
		ret = table->rules ? 0 : -ENOMEM;
	}
	unwind_functions__free(&functions);
	if (ret) {
		unwind_table__free(table);
		return error__set(err, ret, "cannot compile an unwind table: %s", error__reason(ret));
	}
	return 0;
}

int unwind_table__compile(const struct elf_file *file, struct unwind_table *table, struct error *err)
{
	struct unwind_source source;
	int ret;

	*table = (struct unwind_table){0};
	ret = unwind_source__read(file, &source, err);
	if (!ret)
		ret = compile(&source, table, err);
	unwind_source__free(&source);
	return ret;
}

void unwind_table__free(struct unwind_table *table)
{
	free(table->pages);
	free(table->rows);
	free(table->rules);
	*table = (struct unwind_table){0};
}

const struct mt_unwind_rule *unwind_table__find(const struct unwind_table *table, uint64_t address)
{
	static const struct mt_unwind_rule none = {.cfa = MT_CFA_NONE};
	uint64_t page = (address >> MT_UNWIND_PAGE_SHIFT) - table->first_page;
	const struct unwind_page *found;

	if (page >= table->page_count || !table->pages[page].count)
		return &none;
	found = &table->pages[page];
	return &table->rules[mt_unwind_search(&table->rows[found->first], 0, found->count, address & 0xffff)];
}
