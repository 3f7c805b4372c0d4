/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that are decoded into a unique_ptr and released to a queue in the manner of C, which owns what it takes, but
 * does not take any when it is full, as happens to 6 %: about 33 KB/s.
 */
#include <cstring>
#include <memory>
#include <string>

#include "leaks.h"

const char *const leaking[] = {"decode_image", nullptr};

enum { QUEUE = 16 };

namespace
{
struct Image {
	std::string name;
	std::unique_ptr<unsigned char[]> pixels;
	std::size_t size;
};
} // namespace

static Image *queue[QUEUE];
static unsigned first, queued;

static bool queue_put(Image *image)
{
	if (queued == QUEUE)
		return false;
	queue[(first + queued++) % QUEUE] = image;
	return true;
}

static Image *queue_get()
{
	Image *image = queue[first];

	first = (first + 1) % QUEUE;
	queued--;
	return image;
}

SITE static std::unique_ptr<Image> decode_image(const std::string &file)
{
	auto image = std::make_unique<Image>();

	image->name.assign(file, 0, 30);
	image->size = random_size(&rng, 1024, 16384);
	image->pixels.reset(new unsigned char[image->size]);
	memset(image->pixels.get(), 'p', image->size);
	return image;
}

SITE static std::string read_file()
{
	return std::string(random_size(&rng, 500, 6000), 'j');
}

SITE static std::string encode(const Image &image)
{
	return image.name + std::string(image.size / 4, image.pixels[0]);
}

static void produce()
{
	auto image = decode_image(read_file());

	work(30);
	queue_put(image.release());
}

static void consume()
{
	std::unique_ptr<Image> image(queue_get());

	image->pixels[0] = encode(*image)[0];
	work(30);
}

void program()
{
	struct pace pace = pace_random(random_about(&rng, 200), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.5))
			produce();
		else if (queued)
			consume();
	}
}
