/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables of files, each checked for what holds of every table. Include after cmocka.h. */
#ifndef MEMTRAWL_TEST_UNWIND_FILES_H
#define MEMTRAWL_TEST_UNWIND_FILES_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"
#include "target/elf_file.h"
#include "unwind/table.h"

/* What holds of every table. */
static inline void check_table(const struct unwind_table *table)
{
	size_t next = 0;

	assert_true(table->rule_count >= 1 && table->rule_count <= MT_RULES_MAX);
	assert_int_equal(table->rules[0].cfa, MT_CFA_NONE);
	assert_true(table->page_count <= 65536);
	for (size_t i = 0; i < table->page_count; i++) {
		const struct unwind_page *page = &table->pages[i];
		const uint32_t *rows = &table->rows[page->first];

		if (!page->count)
			continue;
		assert_true(page->count <= MT_UNWIND_PAGE_ROWS);
		assert_int_equal(page->first, next);
		next += page->count;
		assert_true(next <= table->row_count);
		assert_int_equal(rows[0] & 0xffff, 0);
		for (uint32_t j = 0; j < page->count; j++) {
			assert_true(rows[j] >> 16 < table->rule_count);
			if (j)
				assert_true((rows[j - 1] & 0xffff) < (rows[j] & 0xffff));
			if (j)
				assert_true(rows[j - 1] >> 16 != rows[j] >> 16);
		}
	}
	assert_int_equal(next, table->row_count);
}

static inline int compile_fd(int fd, struct unwind_table *table, struct error *err)
{
	struct elf_file *file;
	int ret;

	*table = (struct unwind_table){0};
	ret = elf_file__open(fd, "file", &file, err);
	if (ret)
		return ret;
	ret = unwind_table__compile(file, table, err);
	elf_file__free(file);
	if (!ret)
		check_table(table);
	return ret;
}

/* Of bytes in memory, as the vdso is one. */
static inline int compile_image(const void *image, size_t size, struct unwind_table *table, struct error *err)
{
	struct elf_file *file;
	int ret = elf_file__open_image(image, size, "image", &file, err);

	*table = (struct unwind_table){0};
	if (!ret)
		ret = unwind_table__compile(file, table, err);
	elf_file__free(file);
	return ret;
}

static inline struct unwind_table compile_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct unwind_table table;
	struct error err = {0};

	assert_true(fd >= 0);
	if (compile_fd(fd, &table, &err))
		fail_msg("%s: %s", path, err.text);
	close(fd);
	return table;
}

/* A mapping of this program whose path has `name` in it, such as its C library; *path is empty if there is none. */
static inline void find_mapping(const char *name, char *path, size_t size, uint64_t *begin, uint64_t *end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[4096];

	assert_non_null(maps);
	*path = '\0';
	while (!*path && fgets(line, sizeof(line), maps)) {
		const char *at = strpbrk(line, "/[");

		line[strcspn(line, "\n")] = '\0';
		if (!at || !strstr(at, name) || sscanf(line, "%lx-%lx", begin, end) != 2)
			continue;
		scratch__format(path, size, "%s", at);
	}
	fclose(maps);
}

#endif
