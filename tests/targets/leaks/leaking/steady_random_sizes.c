/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A maker of thumbnails that forgets the metadata it reads of each image: 32 bytes to 4 KiB, about 170 KB/s. */
#include "leaks.h"

const char *const leaking[] = {"read_metadata", NULL};

SITE static unsigned char *read_pixels(size_t size)
{
	return filled(malloc(size), size);
}

SITE static unsigned char *make_thumbnail(const unsigned char *pixels, size_t size)
{
	size_t smaller = size / 16;
	unsigned char *thumbnail = checked(malloc(smaller));

	for (size_t i = 0; i < smaller; i++)
		thumbnail[i] = pixels[i * 16];
	return thumbnail;
}

SITE static char *read_metadata(void)
{
	size_t size = random_size(&rng, 32, 4096);

	return filled(malloc(size), size);
}

static bool is_upright(const char *metadata)
{
	return metadata[0] != 'r';
}

static void convert(void)
{
	size_t size = random_size(&rng, 4096, 65536);
	unsigned char *pixels = read_pixels(size), *thumbnail;
	bool upright = is_upright(read_metadata());

	work(35);
	thumbnail = make_thumbnail(pixels, size);
	thumbnail[0] = upright;
	free(pixels);
	free(thumbnail);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 200), &rng);

	while (next(&pace))
		convert();
}
