/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "sandbox/services.h"
#include "symbols/demangle.h"
#include "symbols/range.h"
#include "target/elf_file.h"

/* ---- in the sandbox */

struct variables {
	const char **names; /* the file's */
	size_t count, capacity;
	struct ranges ranges; /* of addresses; values are indexes of names */
};

static int add(const struct elf_symbol *symbol, void *cookie)
{
	struct variables *variables = cookie;
	uint64_t end;

	if (!symbol->size || __builtin_add_overflow(symbol->address, symbol->size, &end))
		return 0;
	if (!array__push(variables->names, variables->count, variables->capacity, symbol->name))
		return -ENOMEM;
	return ranges__add(&variables->ranges, symbol->address, end, variables->count - 1);
}

static const char *find(const struct variables *variables, uint64_t address)
{
	uint64_t index = ranges__find(&variables->ranges, address);

	return index == RANGE_NONE ? NULL : variables->names[index];
}

static void put_name(const char *name, struct buf *reply)
{
	char text[VARIABLE_NAME_MAX];

	if (name)
		demangle(name, text, sizeof(text));
	wire__put_text(reply, name ? text : NULL);
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
	ranges__sort(&variables.ranges);
	count = wire__count(request, sizeof(uint64_t));
	for (size_t i = 0; !code && i < count; i++)
		put_name(find(&variables, wire__number(request)), reply);
	ranges__free(&variables.ranges);
	free(variables.names);
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
