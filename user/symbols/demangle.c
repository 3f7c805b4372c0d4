/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

struct output {
	char *text;
	size_t size, used;
	jmp_buf full;
};

/*
 * A mangled name refers back to its parts: a hundred bytes can stand for gigabytes of output. The demanglers cannot be
 * told to stop, so that we leave them by a jump once there is no room left. The C++ one allocates nothing in this
 * mode; the Rust one loses at most the letters of one identifier (punycode).
 */
static void write_part(const char *part, size_t length, void *opaque)
{
	struct output *output = opaque;
	size_t room = output->size - 1 - output->used;
	size_t n = length < room ? length : room;

	memcpy(output->text + output->used, part, n);
	output->used += n;
	if (n < length)
		longjmp(output->full, 1);
}

/*
 * With its limit on recursion libiberty refuses names above 1024 bytes, which C++ templates do have. Without it the
 * stack it takes grows with the name's length, which the caller bounds.
 */
#define OPTIONS (DMGL_PARAMS | DMGL_ANSI | DMGL_NO_RECURSE_LIMIT)

static bool try_demangle(const char *name, struct output *output)
{
	if (setjmp(output->full))
		return true; /* cut */
	if (rust_demangle_callback(name, OPTIONS, write_part, output))
		return true;
	output->used = 0;
	return cplus_demangle_v3_callback(name, OPTIONS, write_part, output);
}

void demangle(const char *name, char *text, size_t size)
{
	struct output output = {.text = text, .size = size};
	size_t length = strnlen(name, NAME_MAX_BYTES + 1);

	/* Nothing else is mangled: "_Z" is C++ and Rust's legacy scheme, "_R" Rust's v0. */
	if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R') && length <= NAME_MAX_BYTES &&
	    try_demangle(name, &output) && output.used) {
		text[output.used] = '\0';
		return;
	}
	if (length > size - 1)
		length = size - 1;
	memcpy(text, name, length);
	text[length] = '\0';
}
