/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/loading.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libbpf's own words, kept for the error message; MEMTRAWL_DEBUG=1 shows all of them. */
static char last_words[256];

static int listen_to_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char text[sizeof(last_words)];
	va_list copy;

	va_copy(copy, args);
	if (level == LIBBPF_WARN) {
		vsnprintf(text, sizeof(text), fmt, copy);
		text[strcspn(text, "\n")] = '\0';
		if (!last_words[0])
			memcpy(last_words, text, sizeof(text));
	}
	va_end(copy);
	return getenv("MEMTRAWL_DEBUG") ? vfprintf(stderr, fmt, args) : 0;
}

void loading__listen(void)
{
	last_words[0] = '\0';
	libbpf_set_print(listen_to_libbpf);
}

int loading__explain(int code, const char *what, struct error *err)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return error__set(err, -ENOTSUP,
				  "kernel lacks BTF (/sys/kernel/btf/vmlinux): need CONFIG_DEBUG_INFO_BTF=y");
	if (code == -EPERM && geteuid() != 0)
		return error__set(err, code, "not root: loading BPF programs needs root (try sudo)");
	return error__set(err, code == -EPERM ? code : -EOPNOTSUPP,
			  "cannot load the BPF programs for '%s': %s (%s; MEMTRAWL_DEBUG=1 tells more)", what,
			  error__reason(code), last_words[0] ? last_words : "libbpf gave no reason");
}
