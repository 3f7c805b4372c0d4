/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memtrawl and its sandboxed child say to each other: numbers of eight bytes in the machine's order, and bytes
 * with their length before them. A message is written into a struct buf, and read through a struct wire, which trusts
 * nothing: whoever parsed a hostile file may have been taken over by it.
 */
#ifndef MEMTRAWL_SANDBOX_WIRE_H
#define MEMTRAWL_SANDBOX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

void wire__put_number(struct buf *message, uint64_t number);
void wire__put_bytes(struct buf *message, const void *data, size_t size);
void wire__put_text(struct buf *message, const char *text); /* NULL is told from "" */

/* A message that is being read: after the first thing that is not there, all that follow are 0 or NULL. */
struct wire {
	const char *at, *end;
	bool failed;
};

struct wire wire__of(const void *data, size_t size);
uint64_t wire__number(struct wire *wire);
/* A number of at most `max`, else the message has failed. */
uint64_t wire__number_to(struct wire *wire, uint64_t max);
/* How many things of at least `size` bytes each follow: never more than there is room for in the rest. */
size_t wire__count(struct wire *wire, size_t size);
/* Bytes within the message, not aligned; NULL with *size 0 when it has failed. */
const void *wire__bytes(struct wire *wire, size_t *size);
/* A string within the message, or NULL for none. */
const char *wire__text(struct wire *wire);
/* The same as a copy to be freed; NULL for none, or with the message failed when memory is short. */
char *wire__copy(struct wire *wire);
/* Was all of it read, and nothing missing? */
bool wire__done(const struct wire *wire);

#endif
