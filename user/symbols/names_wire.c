/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of having names looked up in the sandbox. */
#include <errno.h>
#include <string.h>

#include "sandbox/services.h"
#include "symbols/demangle.h"
#include "symbols/names.h"
#include "symbols/object.h"
#include "symbols/perf_map.h"

enum { WITH_DEBUG = 1, WITH_ALT = 2 };

/* ---- in the sandbox */

static bool add_line(struct name_set *set, const struct object_line *from, struct name_line *line)
{
	char text[NAME_MAX_BYTES + 1];

	demangle(from->function, text, sizeof(text));
	line->function = name_set__string(set, text);
	*stpncpy(text, from->system_name, sizeof(text) - 1) = '\0';
	line->system_name = name_set__string(set, text);
	line->file = NAME_NONE;
	if (from->file) {
		*stpncpy(text, from->file, sizeof(text) - 1) = '\0';
		line->file = name_set__string(set, text);
	}
	line->line = from->line;
	return line->function != NAME_NONE && line->system_name != NAME_NONE;
}

static int add_place(struct name_set *set, uint64_t place, const struct object_line *found, size_t count)
{
	struct name_line lines[NAME_LINES_MAX];

	for (size_t i = 0; i < count; i++)
		if (!add_line(set, &found[i], &lines[i]))
			return -ENOMEM;
	return name_set__add(set, place, lines, count);
}

/* Reads the places that are asked for, has each looked up, and answers with the set. */
static int answer(struct wire *request, int (*look_up)(void *cookie, struct name_set *set, uint64_t place),
		  void *cookie, unsigned int kinds, struct buf *reply)
{
	size_t count = wire__count(request, sizeof(uint64_t));
	struct name_set *set = name_set__new();
	int code = set ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < count; i++)
		code = look_up(cookie, set, wire__number(request));
	if (!code && !wire__done(request))
		code = -EPROTO;
	if (!code) {
		name_set__mark(set, kinds);
		name_set__put(set, reply);
	}
	name_set__free(set);
	return code;
}

static int look_up_offset(void *cookie, struct name_set *set, uint64_t place)
{
	struct object_line lines[OBJECT_LINES_MAX];

	_Static_assert(OBJECT_LINES_MAX <= NAME_LINES_MAX, "all lines of an object's place fit");
	return add_place(set, place, lines, object__lines(cookie, place, lines));
}

int serve_names(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	const char *name = wire__text(request);
	uint64_t with = wire__number_to(request, WITH_DEBUG | WITH_ALT);
	struct object_files files = {.object = -1, .debug = -1, .alt = -1};
	struct object *object = NULL;
	size_t used = 0;
	int code;

	if (fd_count > used)
		files.object = fds[used++];
	if (with & WITH_DEBUG && fd_count > used)
		files.debug = fds[used++];
	if (with & WITH_ALT && fd_count > used)
		files.alt = fds[used++];
	if (request->failed || !name || !used || used != fd_count)
		return -EPROTO;
	code = object__open(&files, name, &object, err);
	if (!code)
		code = answer(request, look_up_offset, object, object__kinds(object), reply);
	object__free(object);
	return code;
}

static int look_up_address(void *cookie, struct name_set *set, uint64_t place)
{
	const char *name = perf_map__find(cookie, place);
	struct object_line line = {.function = name, .system_name = name};

	return add_place(set, place, &line, name ? 1 : 0);
}

int serve_runtime_names(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	struct perf_map *map = NULL;
	int code = fd_count == 1 ? perf_map__read(fds[0], &map) : -EPROTO;

	(void)err;
	if (!code)
		code = answer(request, look_up_address, map, NAMES_FUNCTIONS, reply);
	perf_map__free(map);
	return code;
}

/* ---- outside */

static int ask(enum service service, const char *name, const struct buf *request, const int *fds, size_t fd_count,
	       struct name_set *set, struct error *err)
{
	struct sandbox_reply reply;
	int code = services__call(service, name, request, fds, fd_count, &reply, err);

	if (!code) {
		code = name_set__read(set, &reply.wire);
		if (code)
			error__set(err, code, "%s: %s", name, error__reason(code));
	}
	sandbox_reply__free(&reply);
	return code;
}

static void put_places(struct buf *request, const uint64_t *places, size_t count)
{
	wire__put_number(request, count);
	for (size_t i = 0; i < count; i++)
		wire__put_number(request, places[i]);
}

int names__read(const struct names_files *files, const uint64_t *offsets, size_t count, struct name_set *set,
		struct error *err)
{
	int fds[3] = {files->object}, code;
	struct buf request = {0};
	size_t fd_count = 1;

	if (files->debug >= 0)
		fds[fd_count++] = files->debug;
	if (files->alt >= 0)
		fds[fd_count++] = files->alt;
	wire__put_text(&request, files->name);
	wire__put_number(&request, (files->debug >= 0 ? WITH_DEBUG : 0) | (files->alt >= 0 ? WITH_ALT : 0));
	put_places(&request, offsets, count);
	code = ask(SERVICE_NAMES, files->name, &request, fds, fd_count, set, err);
	buf__free(&request);
	return code;
}

int names__read_runtime(int map, const uint64_t *addresses, size_t count, struct name_set *set, struct error *err)
{
	struct buf request = {0};
	int code;

	put_places(&request, addresses, count);
	code = ask(SERVICE_RUNTIME_NAMES, "the perf map", &request, &map, 1, set, err);
	buf__free(&request);
	return code;
}
