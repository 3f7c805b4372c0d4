/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document that render__json() writes. */
#ifndef MEMTRAWL_RENDER_JSON_DOCUMENT_H
#define MEMTRAWL_RENDER_JSON_DOCUMENT_H

#include <jansson.h>

#include "analyze/report.h"

/* A new reference. */
json_t *json_document__of(const struct report *report);

#endif
