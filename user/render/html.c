/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page of its own, which needs nothing beside it: user/web/ with this document in it, as one JSON text.
 *
 *	{
 *		"summary": the first lines of the text report, so that the page says it in the same words,
 *		"frames": [all frames that differ],
 *		"report": the document of render__json(), but for "frames" of sites, which are indices into those above
 *	}
 *
 * Stacks share most of their frames; written out, those would be nine tenths of a large page.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/json_value.h"
#include "render/html_page.h"
#include "render/json_document.h"
#include "render/pieces.h"
#include "render/render.h"

struct shared_frames {
	json_t *frames;  /* an array of them */
	json_t *indices; /* in it, by the frame's text */
};

/* The index of an equal frame, which is added if there is none yet; NULL when memory is short. */
static json_t *index_of(struct shared_frames *shared, json_t *frame)
{
	char *text = json_dumps(frame, JSON_COMPACT | JSON_ENCODE_ANY);
	json_t *index;

	if (!text)
		return NULL;
	index = json_incref(json_object_get(shared->indices, text));
	if (!index) {
		index = json_integer((json_int_t)json_array_size(shared->frames));
		json_array_append(shared->frames, frame);
		json_object_set_nocheck(shared->indices, text, index);
	}
	free(text);
	return index;
}

static bool share_frames_of(struct shared_frames *shared, json_t *site)
{
	json_t *frames = json_object_get(site, "frames"), *indices = json_array(), *frame;
	size_t i;

	json_array_foreach (frames, i, frame)
		if (json_array_append_new(indices, index_of(shared, frame)))
			break;
	if (i == json_array_size(frames))
		return !json_object_set_new_nocheck(site, "frames", indices);
	json_decref(indices);
	return false;
}

static bool share_frames(struct shared_frames *shared, json_t *sites)
{
	json_t *site;
	size_t i;

	json_array_foreach (sites, i, site)
		if (!share_frames_of(shared, site))
			return false;
	return true;
}

/* The document; NULL when memory is short. */
static json_t *data_of(const struct report *report, const char *summary)
{
	struct shared_frames shared = {.frames = json_array(), .indices = json_object()};
	json_t *root = json_object(), *document = json_document__of(report);
	bool done = share_frames(&shared, json_object_get(document, "sites")) &&
		    share_frames(&shared, json_object_get(json_object_get(document, "mappings"), "sites"));

	json_decref(shared.indices);
	json_object_set_new_nocheck(root, "summary", json_value__text(summary));
	json_object_set_new_nocheck(root, "frames", shared.frames);
	json_object_set_new_nocheck(root, "report", document);
	if (done && json_object_size(root) == 3)
		return root;
	json_decref(root);
	return NULL;
}

/*
 * Whatever a name in it is, nothing of the text can end the element or begin another. JSON has these characters only in
 * strings; the line separators of JavaScript are escaped already, as all controls are.
 */
static void add_inert(struct buf *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "<>&");

		buf__add(out, text, length);
		text += length;
		if (*text)
			buf__add_format(out, "\\u%04X", (unsigned char)*text++);
	}
}

void render__html(const struct report *report, struct buf *out)
{
	const char *place = strstr(html_page, HTML_PAGE_DATA);
	struct buf summary = {0}, data = {0};

	render__text_subject(report, 0, &summary);
	pieces__add_json_compact(&data, data_of(report, summary.data ? summary.data : ""));
	buf__add(out, html_page, (size_t)(place - html_page));
	add_inert(out, data.data ? data.data : "");
	buf__add_string(out, place + strlen(HTML_PAGE_DATA));
	out->failed |= summary.failed || data.failed;
	buf__free(&summary);
	buf__free(&data);
}
