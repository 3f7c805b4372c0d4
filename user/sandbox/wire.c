/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/wire.h"

#include <stdlib.h>
#include <string.h>

void wire__put_number(struct buf *message, uint64_t number)
{
	buf__add(message, &number, sizeof(number));
}

void wire__put_bytes(struct buf *message, const void *data, size_t size)
{
	wire__put_number(message, size);
	buf__add(message, data, size);
}

/* With its NUL, so that it can be read where it lies; no bytes at all stand for NULL. */
void wire__put_text(struct buf *message, const char *text)
{
	wire__put_bytes(message, text, text ? strlen(text) + 1 : 0);
}

struct wire wire__of(const void *data, size_t size)
{
	return (struct wire){.at = data, .end = (const char *)data + size};
}

static size_t left(const struct wire *wire)
{
	return (size_t)(wire->end - wire->at);
}

static const void *take(struct wire *wire, uint64_t size)
{
	const void *data = wire->at;

	if (wire->failed || size > left(wire)) {
		wire->failed = true;
		return NULL;
	}
	wire->at += size;
	return data;
}

uint64_t wire__number(struct wire *wire)
{
	uint64_t number = 0;
	const void *data = take(wire, sizeof(number));

	if (data)
		memcpy(&number, data, sizeof(number));
	return number;
}

uint64_t wire__number_to(struct wire *wire, uint64_t max)
{
	uint64_t number = wire__number(wire);

	if (number > max)
		wire->failed = true;
	return wire->failed ? 0 : number;
}

size_t wire__count(struct wire *wire, size_t size)
{
	uint64_t count = wire__number(wire);

	if (count > left(wire) / size)
		wire->failed = true;
	return wire->failed ? 0 : count;
}

const void *wire__bytes(struct wire *wire, size_t *size)
{
	uint64_t length = wire__number(wire);
	const void *data = take(wire, length);

	*size = data ? length : 0;
	return data;
}

const char *wire__text(struct wire *wire)
{
	size_t size;
	const char *text = wire__bytes(wire, &size);

	if (!size)
		return NULL;
	if (strnlen(text, size) == size - 1)
		return text;
	wire->failed = true;
	return NULL;
}

char *wire__copy(struct wire *wire)
{
	const char *text = wire__text(wire);
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		wire->failed = true;
	return copy;
}

bool wire__done(const struct wire *wire)
{
	return !wire->failed && wire->at == wire->end;
}
