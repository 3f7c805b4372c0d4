/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_words.h"
#include "target/page_scan.h"

enum { ENTRY = sizeof(uint64_t), BLOCKS_AT_ONCE = 64 };

/* ---- what the words mean */

enum page_state pagemap__state(const struct pagemap_block *block, uint32_t i)
{
	uint64_t entry = block->entries[i];

	if (entry & PAGEMAP_FILE)
		return PAGE_ABSENT;
	if (entry & PAGEMAP_SWAPPED)
		return PAGE_OUT;
	if (!(entry & PAGEMAP_PRESENT) || block->frames[i] & FRAME_ZERO)
		return PAGE_ABSENT;
	return PAGE_RESIDENT;
}

static uint64_t frame_of(const struct pagemap_block *block, uint32_t i)
{
	return block->entries[i] & PAGEMAP_FRAME;
}

/* Does page i + 1 belong to the same larger page as page i? */
static bool goes_on(const struct pagemap_block *block, uint32_t i)
{
	return i + 1 < block->limit && block->entries[i + 1] & PAGEMAP_PRESENT && block->frames[i + 1] & FRAME_TAIL &&
	       block->frames[i] & (FRAME_HEAD | FRAME_TAIL) && frame_of(block, i + 1) == frame_of(block, i) + 1;
}

/* A word that was guessed for a page: it holds if that is part of a larger one, as it would be. */
static uint64_t known_word(const struct pagemap_block *block, const uint64_t *words, uint32_t i)
{
	if (words[i] & MT_PAGE_GUESS && !(block->frames[i] & (FRAME_HEAD | FRAME_TAIL)))
		return 0;
	return words[i];
}

/* The only stack's word in [first, limit), the earliest of several; 0 if there is none, or more than one stack. */
static uint64_t only_word(const uint64_t *words, uint32_t first, uint32_t limit)
{
	uint64_t only = 0;

	for (uint32_t i = first; i < limit; i++) {
		if (!words[i] || words[i] & MT_PAGE_READ)
			continue;
		if (only && mt_page_key_of(words[i]) != mt_page_key_of(only))
			return 0;
		if (!only || words[i] < only)
			only = words[i];
	}
	return only;
}

void pagemap__assign(const struct pagemap_block *block, const uint64_t words[MT_PAGES], uint64_t owners[MT_PAGES])
{
	memset(owners, 0, MT_PAGES * sizeof(*owners));
	for (uint32_t i = block->first, end; i < block->limit; i = end) {
		uint64_t only;

		for (end = i + 1; goes_on(block, end - 1); end++)
			;
		only = end > i + 1 ? only_word(words, i, end) : 0;
		for (uint32_t j = i; j < end; j++)
			if (pagemap__state(block, j) != PAGE_ABSENT)
				owners[j] = mt_page_is_made(words[j]) || !only ? known_word(block, words, j) : only;
	}
}

/* ---- reading */

int pagemap__open(const struct process *process, struct pagemap *pagemap, struct error *err)
{
	int code;

	pagemap->frames = -1;
	pagemap->pages = process->proc_fd < 0 ? -1 : openat(process->proc_fd, "pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap->pages < 0) {
		code = process->proc_fd < 0 || errno == ENOENT ? -ESRCH : -errno;
		return error__set(err, code, "cannot read the page map of PID %d: %s", process->pid,
				  error__reason(code));
	}
	pagemap->frames = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	return 0;
}

void pagemap__close(struct pagemap *pagemap)
{
	if (pagemap->pages >= 0)
		close(pagemap->pages);
	if (pagemap->frames >= 0)
		close(pagemap->frames);
	pagemap->pages = pagemap->frames = -1;
}

static bool needs_frame(const struct pagemap_block *block, const uint64_t *words, uint32_t i)
{
	uint64_t entry = block->entries[i];

	if (!(entry & PAGEMAP_PRESENT) || entry & PAGEMAP_FILE || !(entry & PAGEMAP_FRAME))
		return false;
	return !(entry & PAGEMAP_EXCLUSIVE) || (words && !mt_page_is_made(words[i]));
}

/* From page i on, as far as frames follow each other, so that one call reads those of a huge page. */
static uint32_t read_run(const struct pagemap *pagemap, struct pagemap_block *block, uint32_t i)
{
	uint32_t end = i + 1;
	ssize_t got;
	size_t size;

	while (end < block->limit && block->entries[end] & PAGEMAP_PRESENT &&
	       frame_of(block, end) == frame_of(block, end - 1) + 1)
		end++;
	size = (size_t)(end - i) * ENTRY;
	got = pread(pagemap->frames, &block->frames[i], size, (off_t)(frame_of(block, i) * ENTRY));
	if (got != (ssize_t)size)
		memset(&block->frames[i], 0, size);
	return end;
}

void pagemap__read_frames(const struct pagemap *pagemap, struct pagemap_block *block, const uint64_t *words)
{
	uint32_t start = block->first, end;

	if (pagemap->frames < 0)
		return;
	/* a run that has one page in need is read whole, as a record may be in another part of a huge page */
	for (; start < block->limit; start = end) {
		bool needed = needs_frame(block, words, start);

		for (end = start + 1; end < block->limit && frame_of(block, start) &&
				      frame_of(block, end) == frame_of(block, end - 1) + 1;
		     end++)
			needed = needed || needs_frame(block, words, end);
		if (needed)
			read_run(pagemap, block, start);
	}
}

/* [start, limit), which are numbers of pages of one mapping, by some blocks at once. */
static int each_of(const struct pagemap *pagemap, uint64_t start, uint64_t limit, struct pagemap_block *block,
		   uint64_t *entries, pagemap_visitor *visit, void *context)
{
	int code = 0;

	while (!code && start < limit) {
		uint64_t end = (start / MT_PAGES + BLOCKS_AT_ONCE) * MT_PAGES;
		ssize_t got;

		if (end > limit)
			end = limit;
		got = pread(pagemap->pages, entries, (end - start) * ENTRY, (off_t)(start * ENTRY));
		if (got < 0)
			return -errno;
		end = start + (uint64_t)got / ENTRY;
		if (end == start) /* beyond the end of what the process can have */
			return 0;
		for (const uint64_t *from = entries; !code && start < end;) {
			uint64_t count =
				MT_PAGES - start % MT_PAGES < end - start ? MT_PAGES - start % MT_PAGES : end - start;

			block->number = start / MT_PAGES;
			block->first = start % MT_PAGES;
			block->limit = block->first + (uint32_t)count;
			memset(block->frames, 0, sizeof(block->frames));
			memcpy(&block->entries[block->first], from, count * ENTRY);
			code = visit(context, block);
			from += count;
			start += count;
		}
	}
	return code;
}

/* ---- where there is much of nothing */

/* Without it, so many pages of mappings that are mostly empty are looked through, and not more: 1 TiB, in a second. */
enum { SPARSE_PAGES_MAX = 1 << 28, SPARSE_FACTOR = 16 };

struct looking {
	const struct pagemap *pagemap;
	struct pagemap_block *block;
	uint64_t *entries;
	uint64_t sparse_pages; /* that were looked through one by one */
	pagemap_visitor *visit;
	void *context;
};

static int look_at(const struct looking *looking, uint64_t start, uint64_t limit)
{
	return each_of(looking->pagemap, start, limit, looking->block, looking->entries, looking->visit,
		       looking->context);
}

static int look_at_range(void *context, uint64_t start, uint64_t limit)
{
	return look_at(context, start >> MT_PAGE_SHIFT, limit >> MT_PAGE_SHIFT);
}

static int look_at_mapping(struct looking *looking, const struct mapping *mapping, const struct smap *smap)
{
	uint64_t size = mapping->limit - mapping->start, used = smap->anonymous_bytes + smap->swapped_bytes;
	int code;

	if (size / SPARSE_FACTOR > used) {
		code = page_scan__each(looking->pagemap->pages, mapping->start, mapping->limit,
				       PAGE_SCAN_PRESENT | PAGE_SCAN_SWAPPED, 0, look_at_range, looking);
		if (code != -ENOTTY)
			return code;
		looking->sparse_pages += size >> MT_PAGE_SHIFT;
		if (looking->sparse_pages > SPARSE_PAGES_MAX)
			return 0; /* it is missing in the sum that the RSS is compared with, and is told so */
	}
	return look_at(looking, mapping->start >> MT_PAGE_SHIFT, mapping->limit >> MT_PAGE_SHIFT);
}

int pagemap__each(const struct pagemap *pagemap, const struct smaps *smaps, pagemap_visitor *visit, void *context)
{
	struct looking looking = {
		.pagemap = pagemap,
		.block = calloc(1, sizeof(*looking.block)),
		.entries = calloc(BLOCKS_AT_ONCE * MT_PAGES, ENTRY),
		.visit = visit,
		.context = context,
	};
	int code = looking.entries && looking.block ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < smaps->count; i++) {
		const struct mapping *mapping = &smaps->maps.mappings[i];
		const struct smap *smap = &smaps->smaps[i];

		if (mapping->shared || (!smap->anonymous_bytes && !smap->swapped_bytes))
			continue;
		code = look_at_mapping(&looking, mapping, smap);
	}
	free(looking.entries);
	free(looking.block);
	return code;
}
