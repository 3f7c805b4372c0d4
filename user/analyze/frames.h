/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of a profile as lists of frames that can be shown: inlined functions on lines of their own. */
#ifndef MEMTRAWL_ANALYZE_FRAMES_H
#define MEMTRAWL_ANALYZE_FRAMES_H

#include "analyze/report.h"

struct frame_list;

/* `sources` may be NULL. NULL when memory is short. */
struct frame_list *frame_list__new(const struct source_lines *sources);
void frame_list__free(struct frame_list *list);

/* The site's frames, innermost first; they belong to the list. NULL when memory is short. */
const struct report_frame *frame_list__add_site(struct frame_list *list, const struct profile *profile,
						const struct profile_site *site, size_t *count);

/* A frame of its own. NULL when memory is short. */
struct report_frame *frame_list__add(struct frame_list *list, const struct report_frame *frame);

/*
 * The frame that a stack is grouped by: the innermost one that is not the C++ library's own way to malloc() (operator
 * new, std::allocator and what it is made of), or the innermost one if all are. NULL for a stack without frames.
 */
const struct report_frame *frames__owner(const struct report_frame *frames, size_t count);

/* Some frame's function, source file or object has the text in it. */
bool frames__match(const struct report_frame *frames, size_t count, const char *text);

#endif
