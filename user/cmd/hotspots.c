/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "watch/client.h"
#include "watch/server.h"

static const struct usage usage = {
	.verb = "hotspots",
	.text = "Shows what a running `watch` knows of each process that it looks after: RSS and CPU as average, least "
		"and\n"
		"most since it began, growth, thresholds (! where one is crossed), and snapshots taken.\n",
	.max_arguments = 0,
};

struct hotspots_options {
	const char *socket;
};

static const struct option own_options[] = {
	{.name = "socket",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct hotspots_options, socket),
	 .argument = "PATH",
	 .help = "where watch listens (" SERVER_SOCKET ")"},
};

static int show(const struct hotspots_options *own, const struct output_options *output, struct error *err)
{
	enum output_format format;
	struct buf body = {0};
	char request[96];
	int code = output_options__format(output, &format, err);

	if (code)
		return code;
	if (format != FORMAT_TEXT && format != FORMAT_JSON)
		return error__usage(err, "hotspots can be written as text or json");
	snprintf(request, sizeof(request), "GET /v1/hotspots?format=%s&width=%zu",
		 format == FORMAT_TEXT ? "text" : "json", output__width(output));
	code = client__ask(own->socket, request, &body, err);
	if (!code)
		code = output__write(&body, output, err);
	buf__free(&body);
	return code;
}

enum status cmd_hotspots(int argc, char **argv)
{
	struct hotspots_options own = {.socket = SERVER_SOCKET};
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		{own_options, ARRAY_SIZE(own_options), &own},
		output_options__group(&output),
	};
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = show(&own, &output, &err);
	return code ? error__report(&err) : STATUS_OK;
}
