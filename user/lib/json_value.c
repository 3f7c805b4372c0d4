/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/json_value.h"

#include <math.h>
#include <stdlib.h>

#include "lib/units.h"
#include "lib/utf8.h"

json_t *json_value__text(const char *text)
{
	json_t *json;
	char *clean;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	clean = utf8__clean(text);
	json = clean ? json_string(clean) : NULL;
	free(clean);
	return json;
}

json_t *json_value__count(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

json_t *json_value__number(double number)
{
	return json_real(isfinite(number) ? number : 0);
}

json_t *json_value__time(int64_t unix_ns)
{
	char text[40];

	return unix_ns ? json_string(units__format_time(text, sizeof(text), unix_ns)) : json_null();
}

void json_value__set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new_nocheck(object, key, value);
}
