/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of having a file's unwind table compiled in the sandbox. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/services.h"
#include "unwind/table.h"

int serve_unwind_table(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	const char *name = wire__text(request);
	struct unwind_table table = {0};
	struct elf_file *file = NULL;
	int code = wire__done(request) && name && fd_count == 1 ? 0 : -EPROTO;

	if (!code)
		code = elf_file__open(fds[0], name, &file, err);
	if (!code)
		code = unwind_table__compile(file, &table, err);
	if (!code) {
		wire__put_number(reply, table.first_page);
		wire__put_bytes(reply, table.pages, table.page_count * sizeof(*table.pages));
		wire__put_bytes(reply, table.rows, table.row_count * sizeof(*table.rows));
		wire__put_bytes(reply, table.rules, table.rule_count * sizeof(*table.rules));
		wire__put_number(reply, table.refused);
	}
	unwind_table__free(&table);
	elf_file__free(file);
	return code;
}

/* A copy of an array in the message; an empty one is no failure. */
static void *copy_array(struct wire *wire, size_t each, size_t *count)
{
	size_t size;
	const void *bytes = wire__bytes(wire, &size);
	void *array = malloc(size + 1);

	*count = array ? size / each : 0;
	if (array && size)
		memcpy(array, bytes, size);
	if (!array || size % each)
		wire->failed = true;
	return array;
}

/* What those who use it count on. */
static bool is_sound(const struct unwind_table *table)
{
	for (size_t i = 0; i < table->page_count; i++)
		if (table->pages[i].count > MT_UNWIND_PAGE_ROWS || table->pages[i].first > table->row_count ||
		    table->pages[i].count > table->row_count - table->pages[i].first)
			return false;
	for (size_t i = 0; i < table->row_count; i++)
		if (table->rows[i] >> 16 >= table->rule_count)
			return false;
	return table->rule_count && table->rule_count <= MT_RULES_MAX && table->page_count <= UINT32_MAX &&
	       table->first_page <= UINT32_MAX;
}

int unwind_table__parse_reply(struct wire *wire, struct unwind_table *table)
{
	*table = (struct unwind_table){0};
	table->first_page = wire__number(wire);
	table->pages = copy_array(wire, sizeof(*table->pages), &table->page_count);
	table->rows = copy_array(wire, sizeof(*table->rows), &table->row_count);
	table->rules = copy_array(wire, sizeof(*table->rules), &table->rule_count);
	table->refused = wire__number(wire);
	return wire__done(wire) && is_sound(table) ? 0 : -EPROTO;
}

int unwind_table__read(int fd, const char *name, struct unwind_table *table, struct error *err)
{
	struct sandbox_reply reply;
	struct buf request = {0};
	int code;

	*table = (struct unwind_table){0};
	wire__put_text(&request, name);
	code = services__call(SERVICE_UNWIND_TABLE, name, &request, &fd, 1, &reply, err);
	if (!code) {
		code = unwind_table__parse_reply(&reply.wire, table);
		if (code)
			error__set(err, code, "%s: %s", name, error__reason(code));
	}
	sandbox_reply__free(&reply);
	buf__free(&request);
	return code;
}
