/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/suppression_options.h"

#include <fcntl.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/file.h"

#define FILE_MAX ((size_t)1 << 20)

static const struct option suppression_options[] = {
	{.name = "suppressions",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct suppression_options, path),
	 .argument = "FILE",
	 .help = "leave out the leaks that it names, by lines of\nleak:PATTERN as LeakSanitizer has them"},
};

struct option_group suppression_options__group(struct suppression_options *options)
{
	return (struct option_group){suppression_options, ARRAY_SIZE(suppression_options), options};
}

int suppression_options__read(const struct suppression_options *options, struct suppressions **suppressions,
			      struct error *err)
{
	char *text;
	size_t size;
	int code;

	*suppressions = NULL;
	if (!options->path)
		return 0;
	code = file__read(AT_FDCWD, options->path, FILE_MAX, &text, &size);
	if (code)
		return error__set(err, code, "cannot read %s: %s", options->path, error__reason(code));
	code = suppressions__parse(text, options->path, suppressions, err);
	free(text);
	return code;
}
