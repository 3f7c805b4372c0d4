/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/alloc_names.h"

#include <string.h>

#include "lib/array.h"

#define NO PROBE_NO_ARGUMENT
#define ALLOC(size, count)                                                                                             \
	{                                                                                                              \
		MT_CLASS_ALLOC,                                                                                        \
		{                                                                                                      \
			NO, size, count                                                                                \
		}                                                                                                      \
	}
#define REALLOC(block, size, count)                                                                                    \
	{                                                                                                              \
		MT_CLASS_REALLOC,                                                                                      \
		{                                                                                                      \
			block, size, count                                                                             \
		}                                                                                                      \
	}
#define OUT(block, size)                                                                                               \
	{                                                                                                              \
		MT_CLASS_OUT,                                                                                          \
		{                                                                                                      \
			block, size, NO                                                                                \
		}                                                                                                      \
	}
#define FREE(block)                                                                                                    \
	{                                                                                                              \
		MT_CLASS_FREE,                                                                                         \
		{                                                                                                      \
			block, NO, NO                                                                                  \
		}                                                                                                      \
	}

struct named {
	const char *name;
	struct alloc_signature signature;
};

/* ISO C, POSIX and glibc; every allocator has them under its prefix too. */
static const struct named c_functions[] = {
	{"malloc", ALLOC(0, NO)},
	{"calloc", ALLOC(1, 0)},
	{"realloc", REALLOC(0, 1, NO)},
	{"reallocarray", REALLOC(0, 2, 1)},
	{"posix_memalign", OUT(0, 2)},
	{"aligned_alloc", ALLOC(1, NO)},
	{"memalign", ALLOC(1, NO)},
	{"valloc", ALLOC(0, NO)},
	{"pvalloc", ALLOC(0, NO)},
	{"free", FREE(0)},
	{"cfree", FREE(0)},
	{"free_sized", FREE(0)},
	{"free_aligned_sized", FREE(0)},
};

/* jemalloc's sized and flagged calls (jemalloc(3)); mimalloc's own (mimalloc.h), after "mi_". */
static const struct named extensions[] = {
	{"mallocx", ALLOC(0, NO)},
	{"rallocx", REALLOC(0, 1, NO)},
	{"dallocx", FREE(0)},
	{"sdallocx", FREE(0)},
	{"mi_zalloc", ALLOC(0, NO)},
	{"mi_malloc_small", ALLOC(0, NO)},
	{"mi_zalloc_small", ALLOC(0, NO)},
	{"mi_mallocn", ALLOC(1, 0)},
	{"mi_reallocn", REALLOC(0, 2, 1)},
	{"mi_malloc_aligned", ALLOC(0, NO)},
	{"mi_zalloc_aligned", ALLOC(0, NO)},
	{"mi_calloc_aligned", ALLOC(1, 0)},
	{"mi_realloc_aligned", REALLOC(0, 1, NO)},
	{"mi_new", ALLOC(0, NO)},
	{"mi_new_nothrow", ALLOC(0, NO)},
	{"mi_new_aligned", ALLOC(0, NO)},
	{"mi_heap_malloc", ALLOC(1, NO)},
	{"mi_heap_zalloc", ALLOC(1, NO)},
	{"mi_heap_calloc", ALLOC(2, 1)},
	{"mi_heap_realloc", REALLOC(1, 2, NO)},
	{"mi_free_size", FREE(0)},
	{"mi_free_aligned", FREE(0)},
	{"mi_free_size_aligned", FREE(0)},
};

/* "_rjem_" is that of Rust's jemallocator, "__libc_" glibc's own (aliases of the unprefixed ones). */
static const char *const prefixes[] = {"je_", "_rjem_", "_rjem_je_", "mi_", "tc_", "__libc_", "rp", "scalable_"};

static const struct named jumps[] = {
	{"longjmp", {MT_CLASS_JUMP, {0, NO, NO}}},
	{"_longjmp", {MT_CLASS_JUMP, {0, NO, NO}}},
	{"siglongjmp", {MT_CLASS_JUMP, {0, NO, NO}}},
	{"__longjmp_chk", {MT_CLASS_JUMP, {0, NO, NO}}},
};

static const struct named loader = {"_dl_debug_state", {MT_CLASS_LOADER, {NO, NO, NO}}};

/* Those of the C library that are one system call each. Only of mremap the arguments are read at its entry, too. */
static const struct named kernel[] = {
	{"mremap", {MT_CLASS_REMAP, {0, 1, 2}}},         {"mmap", {MT_CLASS_MMAP, {NO, NO, NO}}},
	{"mmap64", {MT_CLASS_MMAP, {NO, NO, NO}}},       {"munmap", {MT_CLASS_MUNMAP, {NO, NO, NO}}},
	{"mprotect", {MT_CLASS_MPROTECT, {NO, NO, NO}}}, {"madvise", {MT_CLASS_MADVISE, {NO, NO, NO}}},
	{"brk", {MT_CLASS_BRK, {NO, NO, NO}}},
};

/* exit() and _exit() are this one in the end, or their other name for it. */
static const struct named last = {"_Exit", {MT_CLASS_EXIT, {NO, NO, NO}}};

static bool find(const struct named *table, size_t count, const char *name, struct alloc_signature *signature)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(table[i].name, name)) {
			*signature = table[i].signature;
			return true;
		}
	}
	return false;
}

static bool find_prefixed(const char *name, struct alloc_signature *signature)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], length) != 0)
			continue;
		if (find(c_functions, ARRAY_SIZE(c_functions), name + length, signature) ||
		    find(extensions, ARRAY_SIZE(extensions), name + length, signature))
			return true;
	}
	return false;
}

/* Itanium C++ ABI: operator new and new[] take the size first, operator delete and delete[] the block. */
static bool find_operator(const char *name, struct alloc_signature *signature)
{
	static const struct alloc_signature new_signature = ALLOC(0, NO), delete_signature = FREE(0);

	if (!strncmp(name, "_Znwm", 5) || !strncmp(name, "_Znam", 5)) {
		/* the placement form, _ZnwmPv, allocates nothing */
		if (!strncmp(name + 5, "Pv", 2))
			return false;
		*signature = new_signature;
		return true;
	}
	if (!strncmp(name, "_ZdlPv", 6) || !strncmp(name, "_ZdaPv", 6)) {
		if (!strncmp(name + 6, "S_", 2))
			return false;
		*signature = delete_signature;
		return true;
	}
	return false;
}

enum alloc_family alloc_names__find(const char *name, struct alloc_signature *signature)
{
	if (find(c_functions, ARRAY_SIZE(c_functions), name, signature))
		return ALLOC_FAMILY_C;
	if (find(extensions, ARRAY_SIZE(extensions), name, signature) || find_prefixed(name, signature))
		return ALLOC_FAMILY_PREFIX;
	if (name[0] == '_' && name[1] == 'Z' && find_operator(name, signature))
		return ALLOC_FAMILY_CXX;
	if (find(jumps, ARRAY_SIZE(jumps), name, signature))
		return ALLOC_FAMILY_JUMP;
	if (find(&loader, 1, name, signature))
		return ALLOC_FAMILY_LOADER;
	if (find(kernel, ARRAY_SIZE(kernel), name, signature))
		return ALLOC_FAMILY_KERNEL;
	if (find(&last, 1, name, signature))
		return ALLOC_FAMILY_EXIT;
	return ALLOC_FAMILY_NONE;
}
