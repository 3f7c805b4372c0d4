/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/hash_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { BATCH = 16384 };

int hash_map__each(int map, size_t key_size, size_t value_size, hash_map_visitor *visit, void *context)
{
	char *keys = calloc(BATCH, key_size), *values = calloc(BATCH, value_size);
	uint32_t position, count, *from = NULL;
	int code = keys && values ? 0 : -ENOMEM, last = 0;

	while (!code && !last) {
		count = BATCH;
		last = bpf_map_lookup_batch(map, from, &position, keys, values, &count, NULL);
		if (last && last != -ENOENT)
			code = last;
		for (uint32_t i = 0; !code && i < count; i++)
			code = visit(context, keys + i * key_size, values + i * value_size);
		from = &position;
	}
	free(keys);
	free(values);
	return code;
}
