/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/debug_data.h"

#include <lzma.h>
#include <stdlib.h>

#include "lib/buf.h"

#define COMPRESSED_MAX   (64UL << 20)
#define DECOMPRESSED_MAX (256UL << 20)
#define DECODER_MAX      (128UL << 20) /* of memory: the dictionary, which the stream says the size of */

static bool decode(lzma_stream *stream, struct buf *out)
{
	enum { PIECE = 64 << 10 };
	uint8_t *piece = malloc(PIECE);
	lzma_ret ret = piece ? LZMA_OK : LZMA_MEM_ERROR;

	while (ret == LZMA_OK && out->size < DECOMPRESSED_MAX && !buf__failed(out)) {
		stream->next_out = piece;
		stream->avail_out = PIECE;
		ret = lzma_code(stream, LZMA_FINISH);
		buf__add(out, piece, PIECE - stream->avail_out);
	}
	free(piece);
	return ret == LZMA_STREAM_END && !buf__failed(out);
}

static bool decompress(const uint8_t *data, size_t size, struct buf *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	bool ok;

	if (lzma_stream_decoder(&stream, DECODER_MAX, 0) != LZMA_OK)
		return false;
	stream.next_in = data;
	stream.avail_in = size;
	ok = decode(&stream, out);
	lzma_end(&stream);
	return ok;
}

void *debug_data__read(const struct elf_file *file, size_t *size)
{
	struct elf_section section;
	struct buf out = {0};
	uint8_t *data;
	bool ok;

	if (!elf_file__section(file, ".gnu_debugdata", &section) || section.compressed || !section.size ||
	    section.size > COMPRESSED_MAX)
		return NULL;
	data = malloc(section.size);
	ok = data && elf_file__read(file, section.offset, data, section.size) == section.size &&
	     decompress(data, section.size, &out);
	free(data);
	*size = out.size;
	if (ok && out.size)
		return buf__take(&out);
	buf__free(&out);
	return NULL;
}
