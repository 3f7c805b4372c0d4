/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An object's unwind table (bpf/unwind.h says how it is laid out), compiled from its call frame information. The bytes
 * come from whoever built the file: all of them are checked, and bad ones cost rows, never more.
 */
#ifndef MEMTRAWL_UNWIND_TABLE_H
#define MEMTRAWL_UNWIND_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "sandbox/wire.h"
#include "target/elf_file.h"
#include "unwind.h"

struct unwind_page {
	uint32_t first; /* row */
	uint32_t count; /* at most MT_UNWIND_PAGE_ROWS; 0: nothing is known of the page */
};

struct unwind_table {
	uint64_t first_page; /* number of the page that pages[0] is: address >> MT_UNWIND_PAGE_SHIFT */
	struct unwind_page *pages;
	size_t page_count;
	uint32_t *rows; /* MT_UNWIND_ROW, the rule numbers being indexes in `rules` */
	size_t row_count;
	struct mt_unwind_rule *rules; /* different ones; rules[0] is MT_CFA_NONE */
	size_t rule_count;            /* at most MT_RULES_MAX */
	size_t refused;               /* functions with wrong or (in part) unsupported information, overfull pages */
};

/*
 * Compiles .eh_frame (found through PT_GNU_EH_FRAME, so that section headers are not needed; by its section where there
 * is no such segment), and .debug_frame for functions that are not in there. Addresses are the file's own (st_value's).
 * Returns 0, -ENODATA if the file has neither, -EOPNOTSUPP if it has but a
 * compressed .debug_frame, or another -errno; *table is to be freed by unwind_table__free() in any case.
 */
int unwind_table__compile(const struct elf_file *file, struct unwind_table *table, struct error *err);

/*
 * Has a file's table compiled in the sandbox; `name` is for messages. Returns the same, or that the sandbox could not
 * be asked. *table is to be freed in any case.
 */
int unwind_table__read(int fd, const char *name, struct unwind_table *table, struct error *err);

/* Its second half: what the sandbox has answered. 0 or -EPROTO; freed in any case. */
int unwind_table__parse_reply(struct wire *wire, struct unwind_table *table);

void unwind_table__free(struct unwind_table *table);

/* The rule for an address of the file; one of MT_CFA_NONE where there is none. By the search that the programs do. */
const struct mt_unwind_rule *unwind_table__find(const struct unwind_table *table, uint64_t address);

#endif
