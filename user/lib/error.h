/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that a person will read. A function that can fail for a reason worth telling takes a `struct error *`
 * as its last argument, returns a negative errno, and leaves one line there that says what failed, on what, why,
 * and what to do about it: "cannot attach to PID 812: no such process".
 */
#ifndef MEMTRAWL_LIB_ERROR_H
#define MEMTRAWL_LIB_ERROR_H

/* Exit statuses of every verb but `run`, which passes its command's own on. */
enum status {
	STATUS_OK = 0,      /* done */
	STATUS_FINDING = 1, /* a finding that the caller asked to fail on */
	STATUS_USAGE = 2,   /* wrong usage: unknown option, value out of range */
	STATUS_REFUSED = 3, /* the system refused: no such process, no right, no kernel support, no space */
};

struct error {
	enum status status;
	char text[768];
};

/*
 * Formats the message into *err with STATUS_REFUSED, and returns `code`, so that a failing function can end in
 * `return error__set(err, -ENOENT, "cannot open %s: ...", path)`. err may be NULL; code is negative.
 */
int error__set(struct error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with STATUS_USAGE; returns -EINVAL. */
int error__usage(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "<formatted>: " before the message that is there. Returns `code`. */
int error__prefix(struct error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* it looks at one file at a time, and would think of failures that return 0 */
#define error__set(err, code, ...)    ((void)error__set(err, code, __VA_ARGS__), (code))
#define error__usage(err, ...)        ((void)error__usage(err, __VA_ARGS__), -22 /* -EINVAL */)
#define error__prefix(err, code, ...) ((void)error__prefix(err, code, __VA_ARGS__), (code))
#endif

/* Prints "memtrawl: <message>\n" to standard error, control characters escaped, and returns the exit status. */
enum status error__report(const struct error *err);

/* Prints "memtrawl: warning: <message>\n" to standard error, control characters escaped. */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The usual words for an errno, positive or negative: "no such process". Lower case, static storage per thread. */
const char *error__reason(int err);

#endif
