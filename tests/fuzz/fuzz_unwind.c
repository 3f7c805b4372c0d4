/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as an image in memory, as the vdso is one, and as a file: whatever they are, a table is whole or there is none.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/elf_file.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int code, const struct unwind_table *table)
{
	size_t rows = 0;

	for (size_t i = 0; !code && i < table->page_count; i++) {
		const struct unwind_page *page = &table->pages[i];

		rows += page->count;
		if (page->count > MT_UNWIND_PAGE_ROWS || page->first + page->count > table->row_count ||
		    (page->count && table->rows[page->first] & 0xffff))
			abort();
		for (uint32_t j = 0; j < page->count; j++) {
			uint32_t row = table->rows[page->first + j];

			if (row >> 16 >= table->rule_count)
				abort();
			if (j && (row & 0xffff) <= (table->rows[page->first + j - 1] & 0xffff))
				abort();
		}
	}
	if (!code && rows != table->row_count)
		abort();
	for (uint64_t address = 0; !code && address < 1 << 20; address += 4093)
		if (!unwind_table__find(table, address))
			abort();
}

static void as_image(const uint8_t *data, size_t size)
{
	struct unwind_table table = {0};
	struct elf_file *file = NULL;

	if (!elf_file__open_image(data, size, "fuzz", &file, NULL))
		check(unwind_table__compile(file, &table, NULL), &table);
	unwind_table__free(&table);
	elf_file__free(file);
}

static void as_file(const uint8_t *data, size_t size)
{
	struct unwind_table table = {0};
	struct elf_file *file = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, data, size) == (ssize_t)size && !elf_file__open(fd, "fuzz", &file, NULL))
		check(unwind_table__compile(file, &table, NULL), &table);
	unwind_table__free(&table);
	elf_file__free(file);
	if (fd >= 0)
		close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_image(data, size);
	as_file(data, size);
	return 0;
}
