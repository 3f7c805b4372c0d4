/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen in the course of the window, as JSON. */
#ifndef MEMTRAWL_RENDER_JSON_LOOKS_H
#define MEMTRAWL_RENDER_JSON_LOOKS_H

#include <jansson.h>

#include "analyze/report.h"

json_t *json_looks__of(const struct report_subject *subject); /* an array: the process at each look */
json_t *json_looks__series(const struct report_subject *subject, const struct report_row *row); /* null if unknown */
json_t *json_looks__jumps(const struct report *report); /* an array: sudden changes, and the sites in them */
json_t *json_looks__births(const struct report_counts *counts);

#endif
