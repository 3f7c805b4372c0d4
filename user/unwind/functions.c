/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

/* Of all functions of an object: 128 MiB of them, while it is compiled. Node has 0.5 million. */
#define ROWS_MAX (16UL << 20)

/* Ranges that are in no code: those of discarded functions (from address 0, or near the end), and lies. */
static bool is_code(const struct unwind_source *source, const struct cfi_function *function)
{
	for (size_t i = 0; i < source->code_count; i++)
		if (function->begin >= source->code[i].begin && function->end <= source->code[i].end)
			return true;
	return false;
}

static bool push_rows(struct unwind_functions *functions, const struct cfi_function *function)
{
	struct mt_unwind_rule last = {.cfa = MT_CFA_NONE};
	bool full = false;
	struct unwind_row row = {0};

	for (size_t i = 0; i < function->row_count; i++) {
		const struct mt_unwind_rule *rule = &function->rows[i].rule;

		row.address = (uint32_t)(function->rows[i].address - functions->source->base);
		if (memcmp(rule, &last, sizeof(last)) != 0)
			row.rule = unwind_rules__number(functions->rules, rule, &full);
		last = *rule;
		if (!array__push(functions->rows, functions->row_count, functions->row_capacity, row))
			return false;
	}
	functions->refused += full;
	return true;
}

static int add_function(const struct cfi_function *function, void *cookie)
{
	struct unwind_functions *functions = cookie;
	uint64_t base = functions->source->base;
	struct unwind_function new;

	if (!is_code(functions->source, function) || function->row_count > ROWS_MAX - functions->row_count) {
		functions->refused++;
		return 0;
	}
	new = (struct unwind_function){
		.first = (uint32_t)(function->begin - base),
		.last = (uint32_t)(function->end - 1 - base),
		.row = (uint32_t)functions->row_count,
		.row_count = (uint32_t)function->row_count,
	};
	if (functions->count && functions->functions[functions->count - 1].first >= new.first)
		functions->unsorted = true;
	if (!push_rows(functions, function) ||
	    !array__push(functions->functions, functions->count, functions->capacity, new))
		return -ENOMEM;
	return 0;
}

int unwind_functions__collect(const struct unwind_source *source, struct unwind_functions *functions)
{
	int ret = 0;

	*functions = (struct unwind_functions){.source = source, .rules = unwind_rules__new()};
	if (!functions->rules)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < source->cfi_count; i++) {
		functions->second_row = functions->row_count;
		ret = cfi__each_function(&source->cfi[i], add_function, functions, &functions->refused);
	}
	if (!ret && source->signal_return.end) {
		struct cfi_row row = {.address = source->signal_return.begin, .rule = {.cfa = MT_CFA_SIGNAL}};
		struct cfi_function function = {.begin = source->signal_return.begin,
						.end = source->signal_return.end,
						.rows = &row,
						.row_count = 1};

		ret = add_function(&function, functions);
	}
	return ret;
}

/* By address, then by place in the file. */
static int compare(const void *a, const void *b)
{
	const struct unwind_function *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

void unwind_functions__sort(struct unwind_functions *functions)
{
	struct unwind_function *all = functions->functions;
	size_t kept = 0;

	if (functions->unsorted)
		qsort(all, functions->count, sizeof(*all), compare);
	for (size_t i = 0; i < functions->count; i++) {
		if (kept && all[kept - 1].first == all[i].first) {
			/* Of both sections it may well be. */
			functions->refused +=
				all[kept - 1].row >= functions->second_row || all[i].row < functions->second_row;
			continue;
		}
		if (kept && all[kept - 1].last >= all[i].first)
			all[kept - 1].last = all[i].first - 1;
		all[kept++] = all[i];
	}
	functions->count = kept;
}

void unwind_functions__free(struct unwind_functions *functions)
{
	unwind_rules__free(functions->rules);
	free(functions->functions);
	free(functions->rows);
	*functions = (struct unwind_functions){0};
}
