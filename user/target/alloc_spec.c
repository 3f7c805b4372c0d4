/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/alloc_names.h"

void alloc_spec__free(struct alloc_spec *spec)
{
	free(spec->object);
	free(spec->function);
	memset(spec, 0, sizeof(*spec));
}

/* One "name=argN". Returns the length of what it read, or 0. */
static int parse_argument(const char *text, char *name, int *position)
{
	int length = 0, number;

	if (sscanf(text, " %15[a-z] = arg%9d %n", name, &number, &length) != 2 || number < 1 || number > 5)
		return 0;
	*position = number - 1;
	return length;
}

static int set_argument(struct alloc_signature *signature, const char *name, int position, struct error *err)
{
	enum alloc_argument which;

	if (!strcmp(name, "size")) {
		which = ALLOC_SIZE;
	} else if (!strcmp(name, "count")) {
		which = ALLOC_COUNT;
	} else if (!strcmp(name, "ptr")) {
		which = ALLOC_BLOCK;
		if (signature->class == MT_CLASS_ALLOC)
			signature->class = MT_CLASS_REALLOC;
	} else if (!strcmp(name, "out") && signature->class != MT_CLASS_FREE) {
		which = ALLOC_BLOCK;
		signature->class = MT_CLASS_OUT;
	} else {
		return error__usage(err, "'%s=' is no argument of an allocator: use size=, count=, ptr= or out=", name);
	}
	if (signature->arguments[which] != PROBE_NO_ARGUMENT)
		return error__usage(err, "'%s=' is given twice", name);
	signature->arguments[which] = position;
	return 0;
}

static int parse_arguments(const char *text, struct alloc_signature *signature, const char **rest, struct error *err)
{
	char name[16];
	int position, length, code;

	for (;;) {
		length = parse_argument(text, name, &position);
		if (!length)
			return error__usage(err, "expected NAME=argN with N from 1 to 5 at '%s'", text);
		code = set_argument(signature, name, position, err);
		if (code)
			return code;
		text += length;
		if (*text == ')')
			break;
		if (*text++ != ',')
			return error__usage(err, "expected ',' or ')' after '%s='", name);
	}
	*rest = text + 1 + strspn(text + 1, " ");
	return 0;
}

/* What an allocation returns must be said; a free, and one that stores the block, return nothing of interest. */
static int check_result(const char *text, const struct alloc_signature *signature, struct error *err)
{
	bool returns_block = signature->class == MT_CLASS_ALLOC || signature->class == MT_CLASS_REALLOC;

	if (!strcmp(text, "-> ptr") || !strcmp(text, "->ptr") || (!*text && !returns_block))
		return 0;
	return error__usage(err, "expected '-> ptr' after the arguments");
}

static int check_signature(const struct alloc_signature *signature, struct error *err)
{
	bool is_free = signature->class == MT_CLASS_FREE;

	if (is_free && signature->arguments[ALLOC_BLOCK] == PROBE_NO_ARGUMENT)
		return error__usage(err, "a free function needs ptr=argN");
	if (!is_free && signature->arguments[ALLOC_SIZE] == PROBE_NO_ARGUMENT)
		return error__usage(err, "an allocation function needs size=argN");
	return 0;
}

int alloc_spec__parse(const char *text, bool is_free, struct alloc_spec *spec, struct error *err)
{
	const char *colon = strchr(text, ':'), *paren = strchr(text, '('), *rest = NULL;
	struct alloc_signature *s = &spec->signature;
	int code;

	memset(spec, 0, sizeof(*spec));
	if (!colon || !paren || paren < colon || paren == colon + 1 || colon == text) {
		code = error__usage(err, "expected LIB:FUNCTION(...)");
		goto out;
	}
	spec->object = strndup(text, (size_t)(colon - text));
	spec->function = strndup(colon + 1, (size_t)(paren - colon - 1));
	if (!spec->object || !spec->function) {
		code = error__set(err, -ENOMEM, "out of memory");
		goto out;
	}
	s->class = is_free ? MT_CLASS_FREE : MT_CLASS_ALLOC;
	for (int i = 0; i < PROBE_ARGUMENTS; i++)
		s->arguments[i] = PROBE_NO_ARGUMENT;
	code = parse_arguments(paren + 1, s, &rest, err);
	if (!code)
		code = check_signature(s, err);
	if (!code)
		code = check_result(rest, s, err);
out:
	if (code) {
		error__prefix(err, code, "cannot understand --%s '%s'", is_free ? "free" : "alloc", text);
		alloc_spec__free(spec);
	}
	return code;
}

bool alloc_spec__matches_object(const struct alloc_spec *spec, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t length = strlen(spec->object);

	if (strchr(spec->object, '/'))
		return !strcmp(spec->object, path);
	return length && (!strncmp(spec->object, name, length) && (!name[length] || name[length] == '.'));
}
