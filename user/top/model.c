/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model__init(struct model *model, const struct census_request *request)
{
	*model = (struct model){.sort = request->sort, .tree = request->tree};
	if (request->filter)
		snprintf(model->filter, sizeof(model->filter), "%s", request->filter);
}

void model__free(struct model *model)
{
	free(model->path);
	model->path = NULL;
}

struct census_request model__request(const struct model *model)
{
	return (struct census_request){.sort = model->sort, .filter = model->filter, .tree = model->tree};
}

/* ---- the selected line */

static bool is_selected(const struct model *model, const struct census_line *line)
{
	if (line->row)
		return line->row->sample.pid == model->pid && line->row->sample.start_ns == model->start_ns;
	return !model->pid && model->path && !strcmp(line->group->cgroup.path, model->path);
}

/* Short of memory, a cgroup's line is not found again: the selection stays where it was. */
static void select_line(struct model *model, const struct census_view *view, size_t index)
{
	const struct census_line *line;

	free(model->path);
	model->path = NULL;
	model->pid = 0;
	model->selected = 0;
	if (!view->count)
		return;
	model->selected = index < view->count ? index : view->count - 1;
	line = &view->lines[model->selected];
	if (line->row) {
		model->pid = line->row->sample.pid;
		model->start_ns = line->row->sample.start_ns;
	} else {
		model->path = strdup(line->group->cgroup.path);
	}
}

static void scroll(struct model *model, const struct census_view *view, size_t height)
{
	size_t last = view->count > height ? view->count - height : 0;

	if (model->selected < model->first)
		model->first = model->selected;
	if (height && model->selected >= model->first + height)
		model->first = model->selected - height + 1;
	if (model->first > last)
		model->first = last;
}

void model__follow(struct model *model, const struct census_view *view, size_t height)
{
	size_t index = model->selected;

	for (size_t i = 0; i < view->count; i++) {
		if (is_selected(model, &view->lines[i])) {
			index = i;
			break;
		}
	}
	select_line(model, view, index);
	scroll(model, view, height);
}

static void move(struct model *model, const struct census_view *view, size_t height, int key)
{
	size_t page = height > 1 ? height - 1 : 1, at = model->selected;

	if (key == MODEL_KEY_UP)
		at -= at > 0;
	else if (key == MODEL_KEY_DOWN)
		at++;
	else if (key == MODEL_KEY_PAGE_UP)
		at -= at < page ? at : page;
	else if (key == MODEL_KEY_PAGE_DOWN)
		at += page;
	else
		at = key == MODEL_KEY_HOME || !view->count ? 0 : view->count - 1;
	select_line(model, view, at);
	scroll(model, view, height);
}

/* ---- the filter */

/* UTF-8: bytes 10xxxxxx are not the first of a character. */
static void cut_last_character(char *text)
{
	size_t length = strlen(text);

	while (length && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	if (length)
		length--;
	text[length] = '\0';
}

static enum model_action type(struct model *model, int key)
{
	size_t length = strlen(model->filter);

	if (key == MODEL_KEY_ENTER || key == MODEL_KEY_ESCAPE) {
		model->typing = false;
		if (key == MODEL_KEY_ESCAPE)
			model->filter[0] = '\0';
	} else if (key == MODEL_KEY_BACKSPACE) {
		cut_last_character(model->filter);
	} else if (key >= ' ' && key < MODEL_KEY_NONE && key != 0x7f && length + 1 < sizeof(model->filter)) {
		model->filter[length] = (char)key;
		model->filter[length + 1] = '\0';
	}
	return MODEL_REDO;
}

/* ---- keys */

static enum model_action set_sort(struct model *model, int step)
{
	model->sort = (enum census_sort)(((int)model->sort + step + CENSUS_SORTS) % CENSUS_SORTS);
	return MODEL_REDO;
}

/* Esc first undoes what it can. */
static enum model_action escape(struct model *model)
{
	if (!model->filter[0])
		return MODEL_QUIT;
	model->filter[0] = '\0';
	return MODEL_REDO;
}

static enum model_action command(struct model *model, int key)
{
	switch (key) {
	case 'q':
		return MODEL_QUIT;
	case MODEL_KEY_ESCAPE:
		return escape(model);
	case MODEL_KEY_ENTER:
		return model->pid ? MODEL_OPEN : MODEL_DRAW;
	case 's':
	case '>':
		return set_sort(model, 1);
	case '<':
		return set_sort(model, -1);
	case 't':
		model->tree = !model->tree;
		return MODEL_REDO;
	case 'p':
		model->paused = !model->paused;
		break;
	case '/':
		model->typing = true;
		break;
	case '?':
		model->help = true;
		break;
	default:
		break;
	}
	return MODEL_DRAW;
}

enum model_action model__key(struct model *model, int key, const struct census_view *view, size_t height)
{
	if (key == MODEL_KEY_NONE)
		return MODEL_DRAW;
	if (model->help) { /* any key */
		model->help = false;
		return MODEL_DRAW;
	}
	if (key >= MODEL_KEY_UP && key <= MODEL_KEY_END) {
		move(model, view, height, key);
		return MODEL_DRAW;
	}
	return model->typing ? type(model, key) : command(model, key);
}
