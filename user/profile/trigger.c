/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/trigger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/units.h"

void profile_trigger__free(struct profile_trigger *trigger)
{
	free(trigger->kind);
	memset(trigger, 0, sizeof(*trigger));
}

int profile_trigger__copy(struct profile_trigger *to, const struct profile_trigger *from)
{
	*to = *from;
	if (!from->kind)
		return 0;
	to->kind = strdup(from->kind);
	if (to->kind)
		return 0;
	memset(to, 0, sizeof(*to));
	return -ENOMEM;
}

char *profile_trigger__format(const struct profile_trigger *trigger, char *text, size_t size)
{
	snprintf(text, size, "%s,%" PRIu64 ",%" PRIu64 ",%" PRId64, trigger->kind ? trigger->kind : "none",
		 trigger->level, trigger->value, trigger->time_ns);
	return text;
}

/* The number after the comma at *text, which is then behind it. */
static int next_number(const char **text, uint64_t *number)
{
	char digits[24];
	size_t length = strspn(*text + (**text == ','), "0123456789");

	if (**text != ',' || length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, *text + 1, length);
	digits[length] = '\0';
	*text += 1 + length;
	return units__parse_count(digits, 0, INT64_MAX, number);
}

int profile_trigger__parse(const char *text, struct profile_trigger *trigger, struct error *err)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	const char *rest = text + length;
	uint64_t time_ns = 0;

	memset(trigger, 0, sizeof(*trigger));
	if (!length || length > 16 || next_number(&rest, &trigger->level) || next_number(&rest, &trigger->value) ||
	    next_number(&rest, &time_ns) || *rest)
		return error__usage(err, "'%s' is no trigger: KIND,LEVEL,VALUE,NANOSECONDS, as in rss,1000,1001,0",
				    text);
	trigger->time_ns = (int64_t)time_ns;
	trigger->kind = strndup(text, length);
	return trigger->kind ? 0 : error__set(err, -ENOMEM, "out of memory");
}

static int is_rate(const struct profile_trigger *trigger)
{
	return trigger->kind && !strcmp(trigger->kind, "growth");
}

const char *profile_trigger__unit(const struct profile_trigger *trigger)
{
	return is_rate(trigger) ? "bytes/hour" : "bytes";
}

char *profile_trigger__words(const struct profile_trigger *trigger, char *text, size_t size)
{
	const char *per = is_rate(trigger) ? "/h" : "", *kind = trigger->kind ? trigger->kind : "none";
	char value[32], level[32], time[40] = "an unknown time";

	if (trigger->time_ns)
		units__format_time(time, sizeof(time), trigger->time_ns);
	if (!trigger->level)
		snprintf(text, size, "%s, at %s", kind, time);
	else
		snprintf(text, size, "%s came to %s%s, threshold %s%s, at %s", kind,
			 units__format_bytes(value, sizeof(value), (double)trigger->value), per,
			 units__format_bytes(level, sizeof(level), (double)trigger->level), per, time);
	return text;
}
