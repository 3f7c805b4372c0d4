/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several JSON documents have: processes, and stacks. */
#ifndef MEMTRAWL_RENDER_JSON_PARTS_H
#define MEMTRAWL_RENDER_JSON_PARTS_H

#include <jansson.h>

#include "analyze/report.h"

json_t *json_parts__process(const struct profile_process *process);
/* The frames of a row, with the text of their lines if `with_source`. */
json_t *json_parts__frames(const struct report_row *row, bool with_source);

#endif
