/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A browser's downloads, of 1 to 128 pieces, few of which have many. A piece comes for each of them every 0.05 s, and
 * the buffer is made larger by it; a download is freed when it is complete, within 7 s. About 12 begin in a second,
 * and never are there more than 60: any other is refused. Some 16 of them and 0.6 MB at a time.
 */
#include "leaks.h"

enum { DOWNLOADS_MAX = 60, PIECES_MAX = 128 };

const char *const leaking[] = {NULL};

static struct download {
	size_t pieces, size; /* still to come, and come */
	char *buffer;
} * downloads[DOWNLOADS_MAX];
static unsigned count;

SITE static struct download *download_new(void)
{
	struct download *download = checked(calloc(1, sizeof(*download)));

	download->pieces = random_size(&rng, 1, PIECES_MAX);
	return download;
}

SITE static void extend(struct download *download, size_t by)
{
	download->buffer = checked(realloc(download->buffer, download->size + by));
	memset(download->buffer + download->size, 'd', by);
	download->size += by;
}

static void begin(void)
{
	if (count < DOWNLOADS_MAX)
		downloads[count++] = download_new();
}

static void receive(unsigned place)
{
	struct download *download = downloads[place];

	extend(download, random_size(&rng, 300, 3000));
	if (--download->pieces)
		return;
	free(download->buffer);
	free(download);
	downloads[place] = downloads[--count];
}

void program(void)
{
	struct pace pace = pace_regular(60);

	for (unsigned steps = 0; next(&pace); steps++) {
		if (random_chance(&rng, 0.2))
			begin();
		if (steps % 3)
			continue;
		for (unsigned i = count; i-- > 0;)
			receive(i);
		work(50);
	}
}
