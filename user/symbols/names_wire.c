/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of having names looked up in the sandbox. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "sandbox/services.h"
#include "symbols/demangle.h"
#include "symbols/names.h"
#include "symbols/object.h"
#include "symbols/perf_map.h"

enum { WITH_DEBUG = 1, WITH_ALT = 2 };

/* ---- in the sandbox */

/* Names of one object, each demangled once. */
struct namer {
	struct name_set *set;
	struct index_map *demangled, *plain; /* address of a name in the object to the number of its string */
	void *object;                        /* what is looked into */
};

/* The same string comes from the same address most of the time: tables of strings have each once. */
static uint32_t name_of(const struct namer *namer, struct index_map *known, const char *from)
{
	char text[NAME_MAX_BYTES + 1];
	uint32_t number = index_map__get(known, (uintptr_t)from);

	if (number != INDEX_MAP_NONE)
		return number;
	if (known == namer->demangled)
		demangle(from, text, sizeof(text));
	else
		*stpncpy(text, from, sizeof(text) - 1) = '\0';
	number = name_set__string(namer->set, text);
	if (number != NAME_NONE && index_map__put(known, (uintptr_t)from, number))
		return NAME_NONE;
	return number;
}

static bool add_line(const struct namer *namer, const struct object_line *from, struct name_line *line)
{
	line->function = name_of(namer, namer->demangled, from->function);
	line->system_name = name_of(namer, namer->plain, from->system_name);
	line->file = from->file ? name_of(namer, namer->plain, from->file) : NAME_NONE;
	line->line = from->line;
	return line->function != NAME_NONE && line->system_name != NAME_NONE;
}

static int add_place(const struct namer *namer, uint64_t place, const struct object_line *found, size_t count)
{
	struct name_line lines[NAME_LINES_MAX];

	for (size_t i = 0; i < count; i++)
		if (!add_line(namer, &found[i], &lines[i]))
			return -ENOMEM;
	return name_set__add(namer->set, place, lines, count);
}

static int compare_places(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

typedef int (*look_up_fn)(const struct namer *namer, uint64_t place);

/* Reads the places that are asked for, has each looked up, and answers with the set. */
static int answer(struct wire *request, look_up_fn look_up, void *object, unsigned int kinds, struct buf *reply)
{
	struct namer namer = {
		.set = name_set__new(), .demangled = index_map__new(), .plain = index_map__new(), .object = object};
	size_t count = wire__count(request, sizeof(uint64_t));
	uint64_t *places = calloc(count + 1, sizeof(*places));
	int code = places && namer.set && namer.demangled && namer.plain ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < count; i++)
		places[i] = wire__number(request);
	if (!code && count)
		qsort(places, count, sizeof(*places), compare_places); /* one unit after the other */
	for (size_t i = 0; !code && i < count; i++)
		code = look_up(&namer, places[i]);
	if (!code && !wire__done(request))
		code = -EPROTO;
	if (!code) {
		name_set__mark(namer.set, kinds);
		name_set__put(namer.set, reply);
	}
	free(places);
	index_map__free(namer.plain);
	index_map__free(namer.demangled);
	name_set__free(namer.set);
	return code;
}

static int look_up_offset(const struct namer *namer, uint64_t place)
{
	struct object_line lines[OBJECT_LINES_MAX];

	_Static_assert(OBJECT_LINES_MAX <= NAME_LINES_MAX, "all lines of an object's place fit");
	return add_place(namer, place, lines, object__lines(namer->object, place, lines));
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

static int look_up_address(const struct namer *namer, uint64_t place)
{
	const char *name = perf_map__find(namer->object, place);
	struct object_line line = {.function = name, .system_name = name};

	return add_place(namer, place, &line, name ? 1 : 0);
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
