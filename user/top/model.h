/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full-screen table as a state that keys change: what is shown, how, and which line is selected. Draws nothing. */
#ifndef MEMTRAWL_TOP_MODEL_H
#define MEMTRAWL_TOP_MODEL_H

#include "analyze/census_view.h"

/* What can be read as a character is that; the others come after all of those. */
enum model_key {
	MODEL_KEY_NONE = 0x100,
	MODEL_KEY_UP,
	MODEL_KEY_DOWN,
	MODEL_KEY_PAGE_UP,
	MODEL_KEY_PAGE_DOWN,
	MODEL_KEY_HOME,
	MODEL_KEY_END,
	MODEL_KEY_ENTER,
	MODEL_KEY_ESCAPE,
	MODEL_KEY_BACKSPACE,
};

enum { MODEL_FILTER = 64 };

/* What a key asks of whoever owns the model. */
enum model_action {
	MODEL_DRAW, /* nothing but to draw again */
	MODEL_REDO, /* the view is to be made anew */
	MODEL_OPEN, /* the selected process */
	MODEL_QUIT,
};

struct model {
	enum census_sort sort;
	bool tree, paused, help;
	char filter[MODEL_FILTER]; /* bytes of whole characters, once a key has been dealt with */
	bool typing;               /* keys go to the filter */
	/* The selected line: by what it stands for, so that it is found again in another view, and where it was. */
	pid_t pid; /* 0: a cgroup */
	uint64_t start_ns;
	char *path;             /* of the cgroup */
	size_t selected, first; /* lines of the view: the selected one, the uppermost on the screen */
};

void model__init(struct model *model, const struct census_request *request);
void model__free(struct model *model); /* what it points to */

/* For census_view__make(); its filter is the model's. */
struct census_request model__request(const struct model *model);

/*
 * Finds the selected line in another view, or the one that has taken its place, and brings it on a screen with room for
 * `height` lines.
 */
void model__follow(struct model *model, const struct census_view *view, size_t height);

enum model_action model__key(struct model *model, int key, const struct census_view *view, size_t height);

#endif
