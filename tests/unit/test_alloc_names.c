/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "target/alloc_names.h"

enum { NO = PROBE_NO_ARGUMENT };

struct expected {
	const char *name;
	enum mt_class class;
	int block, size, count;
};

static void check(const struct expected *e, const char *name, enum alloc_family family)
{
	struct alloc_signature s = {.class = MT_CLASS_MAX};
	enum alloc_family found = alloc_names__find(name, &s);

	if (found != family || s.class != e->class || s.arguments[ALLOC_BLOCK] != e->block ||
	    s.arguments[ALLOC_SIZE] != e->size || s.arguments[ALLOC_COUNT] != e->count)
		fail_msg("%s: family %d, class %d, block %d, size %d, count %d", name, found, s.class,
			 s.arguments[ALLOC_BLOCK], s.arguments[ALLOC_SIZE], s.arguments[ALLOC_COUNT]);
}

static void check_nothing(const char *name)
{
	struct alloc_signature s;

	if (alloc_names__find(name, &s) != ALLOC_FAMILY_NONE)
		fail_msg("%s is taken for an allocator's function", name);
}

/* Their manual pages say which argument is which. */
static const struct expected c_functions[] = {
	{"malloc", MT_CLASS_ALLOC, NO, 0, NO},
	{"calloc", MT_CLASS_ALLOC, NO, 1, 0},
	{"realloc", MT_CLASS_REALLOC, 0, 1, NO},
	{"reallocarray", MT_CLASS_REALLOC, 0, 2, 1},
	{"posix_memalign", MT_CLASS_OUT, 0, 2, NO},
	{"aligned_alloc", MT_CLASS_ALLOC, NO, 1, NO},
	{"memalign", MT_CLASS_ALLOC, NO, 1, NO},
	{"valloc", MT_CLASS_ALLOC, NO, 0, NO},
	{"pvalloc", MT_CLASS_ALLOC, NO, 0, NO},
	{"free", MT_CLASS_FREE, 0, NO, NO},
	{"cfree", MT_CLASS_FREE, 0, NO, NO},
	{"free_sized", MT_CLASS_FREE, 0, NO, NO},
	{"free_aligned_sized", MT_CLASS_FREE, 0, NO, NO},
};

static const struct expected extensions[] = {
	{"mallocx", MT_CLASS_ALLOC, NO, 0, NO},
	{"rallocx", MT_CLASS_REALLOC, 0, 1, NO},
	{"dallocx", MT_CLASS_FREE, 0, NO, NO},
	{"sdallocx", MT_CLASS_FREE, 0, NO, NO},
	{"mi_zalloc", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_malloc_small", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_zalloc_small", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_mallocn", MT_CLASS_ALLOC, NO, 1, 0},
	{"mi_reallocn", MT_CLASS_REALLOC, 0, 2, 1},
	{"mi_malloc_aligned", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_zalloc_aligned", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_calloc_aligned", MT_CLASS_ALLOC, NO, 1, 0},
	{"mi_realloc_aligned", MT_CLASS_REALLOC, 0, 1, NO},
	{"mi_new", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_new_nothrow", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_new_aligned", MT_CLASS_ALLOC, NO, 0, NO},
	{"mi_heap_malloc", MT_CLASS_ALLOC, NO, 1, NO},
	{"mi_heap_zalloc", MT_CLASS_ALLOC, NO, 1, NO},
	{"mi_heap_calloc", MT_CLASS_ALLOC, NO, 2, 1},
	{"mi_heap_realloc", MT_CLASS_REALLOC, 1, 2, NO},
	{"mi_free_size", MT_CLASS_FREE, 0, NO, NO},
	{"mi_free_aligned", MT_CLASS_FREE, 0, NO, NO},
	{"mi_free_size_aligned", MT_CLASS_FREE, 0, NO, NO},
};

static void functions_of_c(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(c_functions); i++)
		check(&c_functions[i], c_functions[i].name, ALLOC_FAMILY_C);
}

static void functions_under_prefixes(void **unused)
{
	static const char *const prefixes[] = {"je_", "_rjem_",  "_rjem_je_", "mi_",
					       "tc_", "__libc_", "rp",        "scalable_"};
	char name[64];

	(void)unused;
	for (size_t p = 0; p < ARRAY_SIZE(prefixes); p++) {
		for (size_t i = 0; i < ARRAY_SIZE(c_functions); i++) {
			snprintf(name, sizeof(name), "%s%s", prefixes[p], c_functions[i].name);
			check(&c_functions[i], name, ALLOC_FAMILY_PREFIX);
		}
		snprintf(name, sizeof(name), "%ssdallocx", prefixes[p]);
		check(&extensions[3], name, ALLOC_FAMILY_PREFIX);
	}
}

static void extensions_of_allocators(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
		check(&extensions[i], extensions[i].name, ALLOC_FAMILY_PREFIX);
}

/* The Itanium C++ ABI's names of all forms that the standard's <new> declares. */
static void operators(void **unused)
{
	static const char *const news[] = {
		"_Znwm",
		"_Znam", /* (size_t) */
		"_ZnwmRKSt9nothrow_t",
		"_ZnamRKSt9nothrow_t", /* (size_t, nothrow) */
		"_ZnwmSt11align_val_t",
		"_ZnamSt11align_val_t", /* (size_t, align_val_t) */
		"_ZnwmSt11align_val_tRKSt9nothrow_t",
		"_ZnamSt11align_val_tRKSt9nothrow_t",
	};
	static const char *const deletes[] = {
		"_ZdlPv",
		"_ZdaPv", /* (void *) */
		"_ZdlPvm",
		"_ZdaPvm", /* (void *, size_t) */
		"_ZdlPvRKSt9nothrow_t",
		"_ZdaPvRKSt9nothrow_t", /* (void *, nothrow) */
		"_ZdlPvSt11align_val_t",
		"_ZdaPvSt11align_val_t", /* (void *, align_val_t) */
		"_ZdlPvmSt11align_val_t",
		"_ZdaPvmSt11align_val_t", /* (void *, size_t, align_val_t) */
		"_ZdlPvSt11align_val_tRKSt9nothrow_t",
		"_ZdaPvSt11align_val_tRKSt9nothrow_t",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(news); i++)
		check(&c_functions[0], news[i], ALLOC_FAMILY_CXX);
	for (size_t i = 0; i < ARRAY_SIZE(deletes); i++)
		check(&c_functions[9], deletes[i], ALLOC_FAMILY_CXX);
}

/* They allocate nothing: new (place) T, and what is called when its constructor throws. */
static void placement_forms_are_left_out(void **unused)
{
	(void)unused;
	check_nothing("_ZnwmPv");
	check_nothing("_ZnamPv");
	check_nothing("_ZdlPvS_");
	check_nothing("_ZdaPvS_");
}

static void loader_rendezvous(void **unused)
{
	static const struct expected loader = {"", MT_CLASS_LOADER, NO, NO, NO};

	(void)unused;
	check(&loader, "_dl_debug_state", ALLOC_FAMILY_LOADER);
}

static void other_names(void **unused)
{
	static const char *const others[] = {
		"",
		"m",
		"mallo",
		"malloc_",
		"mallocs",
		"xmalloc",
		"my_malloc",
		"Malloc",
		"__free",
		"freed",
		"free_all",
		"malloc_usable_size",
		"malloc_stats_print",
		"je_",
		"mi_",
		"tc_",
		"je_mallo",
		"je_malloc_stats_print",
		"je_je_malloc",
		"__libc_",
		"rp",
		"rprint",
		"tc_new_handler",
		"_Z",
		"_Zn",
		"_Znwj",
		"_Zdl",
		"_ZdlP",
		"_ZN4poolnwEm",
		"_ZN4pool6mallocEm",
		"_dl_debug_state_",
		"strdup",
		"malloc@plt",
		"mi_heap_",
		"sdalloc",
		"mmap2",
		"sbrk",
		"process_madvise",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		check_nothing(others[i]);
}

static void calls_of_the_kernel(void **unused)
{
	static const struct {
		const char *name;
		enum mt_class class;
	} calls[] = {
		{"mmap", MT_CLASS_MMAP},         {"mmap64", MT_CLASS_MMAP},     {"munmap", MT_CLASS_MUNMAP},
		{"mprotect", MT_CLASS_MPROTECT}, {"madvise", MT_CLASS_MADVISE}, {"brk", MT_CLASS_BRK},
		{"mremap", MT_CLASS_REMAP},
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct alloc_signature s;

		assert_int_equal(alloc_names__find(calls[i].name, &s), ALLOC_FAMILY_KERNEL);
		assert_int_equal(s.class, calls[i].class);
	}
}

static void end_of_a_process(void **unused)
{
	static const struct expected last = {"", MT_CLASS_EXIT, NO, NO, NO};

	(void)unused;
	check(&last, "_Exit", ALLOC_FAMILY_EXIT);
	check_nothing("exit");
}

/* The registers that a cookie names have five bits, and a function's arguments are in registers at all. */
static void arguments_are_in_registers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		struct alloc_signature s;

		alloc_names__find(extensions[i].name, &s);
		for (int a = 0; a < PROBE_ARGUMENTS; a++)
			assert_in_range(s.arguments[a] + 1, 0, 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_c),
		cmocka_unit_test(functions_under_prefixes),
		cmocka_unit_test(extensions_of_allocators),
		cmocka_unit_test(operators),
		cmocka_unit_test(placement_forms_are_left_out),
		cmocka_unit_test(loader_rendezvous),
		cmocka_unit_test(other_names),
		cmocka_unit_test(calls_of_the_kernel),
		cmocka_unit_test(end_of_a_process),
		cmocka_unit_test(arguments_are_in_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
