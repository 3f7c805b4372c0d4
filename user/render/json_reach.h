/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leads to live blocks, as JSON. */
#ifndef MEMTRAWL_RENDER_JSON_REACH_H
#define MEMTRAWL_RENDER_JSON_REACH_H

#include <jansson.h>

#include "analyze/report.h"

json_t *json_reach__of(const struct report *report); /* how that was found out, and all sites together; null if not */
/* Blocks by what leads to them. */
json_t *json_reach__classes(const struct profile_blocks classes[REACH_CLASSES]);
/* The same, with what is lost behind a site's. */
json_t *json_reach__site(const struct report_counts *counts);

#endif
