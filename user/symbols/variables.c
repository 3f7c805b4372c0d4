/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "sandbox/services.h"
#include "symbols/demangle.h"
#include "target/elf_file.h"

/* ---- in the sandbox */

struct variable {
	uint64_t address, size;
	const char *name; /* the file's */
};

struct variables {
	struct variable *list;
	size_t count, capacity;
};

static int add(const struct elf_symbol *symbol, void *cookie)
{
	struct variables *variables = cookie;
	const struct variable variable = {.address = symbol->address, .size = symbol->size, .name = symbol->name};

	if (!symbol->size)
		return 0;
	return array__push(variables->list, variables->count, variables->capacity, variable) ? 0 : -ENOMEM;
}

/* Of several at one address the largest comes last, which is the one that is found. */
static int by_address(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

static const struct variable *find(const struct variables *variables, uint64_t address)
{
	size_t low = 0, high = variables->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (variables->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - variables->list[low - 1].address >= variables->list[low - 1].size)
		return NULL;
	return &variables->list[low - 1];
}

static void put_name(const struct variable *variable, struct buf *reply)
{
	char text[VARIABLE_NAME_MAX];

	if (variable)
		demangle(variable->name, text, sizeof(text));
	wire__put_text(reply, variable ? text : NULL);
}

int serve_variables(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	const char *name = wire__text(request);
	struct variables variables = {0};
	struct elf_file *file = NULL;
	size_t count;
	int code;

	if (fd_count != 1 || !name)
		return -EPROTO;
	code = elf_file__open_any(fds[0], name, &file, err);
	if (!code)
		code = elf_file__each_variable(file, add, &variables);
	if (!code && variables.count)
		qsort(variables.list, variables.count, sizeof(*variables.list), by_address);
	count = wire__count(request, sizeof(uint64_t));
	for (size_t i = 0; !code && i < count; i++)
		put_name(find(&variables, wire__number(request)), reply);
	free(variables.list);
	elf_file__free(file);
	return !code && !wire__done(request) ? -EPROTO : code;
}

/* ---- outside */

int variables__read(int fd, const char *name, const uint64_t *addresses, size_t count, char **names, struct error *err)
{
	struct sandbox_reply reply;
	struct buf request = {0};
	int code;

	memset(names, 0, count * sizeof(*names));
	wire__put_text(&request, name);
	wire__put_number(&request, count);
	for (size_t i = 0; i < count; i++)
		wire__put_number(&request, addresses[i]);
	code = services__call(SERVICE_VARIABLES, name, &request, &fd, 1, &reply, err);
	for (size_t i = 0; !code && i < count; i++)
		names[i] = wire__copy(&reply.wire);
	if (!code && !wire__done(&reply.wire))
		code = error__set(err, -EPROTO, "%s: the names of its variables make no sense", name);
	sandbox_reply__free(&reply);
	buf__free(&request);
	return code;
}
