/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page's word says, what smaps says, and who gets which page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "page_words.h"
#include "profile/profile.h"
#include "target/pagemap.h"

/* ---- words */

static void words_hold_what_they_are_made_of(void **state)
{
	const uint64_t key = (1ULL << 35) - 1, year = 200ULL * 24 * 3600 * 1000000000ULL;

	(void)state;
	assert_int_equal(mt_page_key_of(mt_page_word(key, year, false)), key);
	assert_int_equal(mt_page_key_of(mt_page_word(MT_PAGE_BEFORE, 0, true)), MT_PAGE_BEFORE);
	assert_true(mt_page_word(17, 0, true) & MT_PAGE_READ);
	assert_false(mt_page_word(17, ~0ULL, false) & MT_PAGE_READ);
	/* to 2^27 ns, rounded down */
	assert_int_equal(mt_page_born_ns(mt_page_word(key, year, true)), year >> 27 << 27);
	assert_int_equal(mt_page_word(1, 0, false) != 0, 1);
}

static void keys_of_stacks_are_none_of_the_others(void **state)
{
	(void)state;
	assert_true(mt_page_stack_key(1) >= MT_PAGE_KEYS);
	assert_true(mt_page_stack_key(0) >= MT_PAGE_KEYS);
	assert_true(mt_page_stack_key(~0ULL) < 1ULL << 35);
}

/* ---- smaps */

static void smaps_are_read(void **state)
{
	static const char *const lines[] = {
		"55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]",
		"Size:                132 kB",
		"Rss:                  40 kB",
		"Pss:                  40 kB",
		"Anonymous:            36 kB",
		"Swap:                 12 kB",
		"VmFlags: rd wr mr mw me ac sd ",
		"7f0000000000-7f0000200000 r--s 00000000 fe:01 77                         /dev/shm/a file",
		"Rss:                2048 kB",
		"Anonymous:             0 kB",
		"SomethingNewerThanThisWithAVeryLongName:   1 kB",
		"THPeligible:           1",
	};
	struct smaps smaps = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(smaps__add_line(&smaps, lines[i]), 0);
	assert_int_equal(smaps.count, 2);
	assert_int_equal(smaps.maps.count, 2);
	assert_int_equal(smaps.smaps[0].resident_bytes, 40 << 10);
	assert_int_equal(smaps.smaps[0].anonymous_bytes, 36 << 10);
	assert_int_equal(smaps.smaps[0].swapped_bytes, 12 << 10);
	assert_int_equal(smaps.smaps[1].resident_bytes, 2 << 20);
	assert_true(smaps.maps.mappings[1].shared);
	assert_string_equal(smaps.maps.mappings[1].path, "/dev/shm/a file");
	smaps__free(&smaps);
}

static void bad_smaps_are_refused(void **state)
{
	struct smaps smaps = {0};

	(void)state;
	assert_int_equal(smaps__add_line(&smaps, "Rss: 1 kB"), -EINVAL); /* of no mapping */
	assert_int_equal(smaps__add_line(&smaps, ""), -EINVAL);
	assert_int_equal(smaps__add_line(&smaps, "nonsense"), -EINVAL);
	/* one that has grown over the one before takes its place */
	assert_int_equal(smaps__add_line(&smaps, "2000-3000 rw-p 00000000 00:00 0"), 0);
	assert_int_equal(smaps__add_line(&smaps, "Rss: 4 kB"), 0);
	assert_int_equal(smaps__add_line(&smaps, "1000-3000 rw-p 00000000 00:00 0"), 0);
	assert_int_equal(smaps__add_line(&smaps, "Rss: 99999999999999999999 kB"), 0);
	assert_int_equal(smaps.count, 1);
	assert_int_equal(smaps.maps.count, 1);
	assert_int_equal(smaps.smaps[0].resident_bytes, 0);
	smaps__free(&smaps);
}

/* ---- who gets what */

static struct pagemap_block block;
static uint64_t words[MT_PAGES], owners[MT_PAGES];

static void begin(uint32_t first, uint32_t limit)
{
	memset(&block, 0, sizeof(block));
	memset(words, 0, sizeof(words));
	block.first = first;
	block.limit = limit;
}

static uint64_t word_of(uint64_t key)
{
	return mt_page_word(MT_PAGE_KEYS + key, key << 40, false);
}

static void put(uint32_t page, uint64_t entry, uint64_t word)
{
	block.entries[page] = entry;
	words[page] = word;
}

/* Pages [first, first + count) are one larger page, in frames from `frame` on. */
static void put_large(uint32_t first, uint32_t count, uint64_t frame)
{
	for (uint32_t i = 0; i < count; i++) {
		block.entries[first + i] = PAGEMAP_PRESENT | (frame + i);
		block.frames[first + i] = i ? FRAME_TAIL : FRAME_HEAD;
	}
}

static void only_what_is_there_counts(void **state)
{
	(void)state;
	begin(0, MT_PAGES);
	put(0, PAGEMAP_PRESENT | 100, word_of(1));
	put(1, 0, word_of(1));                                  /* given back */
	put(2, PAGEMAP_SWAPPED, word_of(2));                    /* swapped out: still its own */
	put(3, PAGEMAP_PRESENT | PAGEMAP_FILE, word_of(3));     /* of a file */
	put(4, PAGEMAP_PRESENT | 7, word_of(4) | MT_PAGE_READ); /* the page of zeroes */
	block.frames[4] = FRAME_ZERO;
	put(5, PAGEMAP_PRESENT | 300, 0); /* nobody knows */
	put(6, PAGEMAP_PRESENT | 301, word_of(5) | MT_PAGE_READ);
	pagemap__assign(&block, words, owners);
	assert_int_equal(owners[0], word_of(1));
	assert_int_equal(owners[1], 0);
	assert_int_equal(owners[2], word_of(2));
	assert_int_equal(pagemap__state(&block, 2), PAGE_OUT);
	assert_int_equal(owners[3], 0);
	assert_int_equal(pagemap__state(&block, 3), PAGE_ABSENT);
	assert_int_equal(owners[4], 0);
	assert_int_equal(pagemap__state(&block, 4), PAGE_ABSENT);
	assert_int_equal(owners[5], 0);
	assert_int_equal(pagemap__state(&block, 5), PAGE_RESIDENT);
	assert_int_equal(owners[6], word_of(5) | MT_PAGE_READ); /* read in, by userfaultfd for one */
}

static void one_fault_makes_a_huge_page(void **state)
{
	(void)state;
	begin(0, MT_PAGES);
	put_large(0, MT_PAGES, 512);
	words[77] = word_of(1);
	pagemap__assign(&block, words, owners);
	for (uint32_t i = 0; i < MT_PAGES; i++)
		assert_int_equal(owners[i], word_of(1));
}

/* Small pages came together under khugepaged's hands: what nobody touched is nobody's. */
static void a_huge_page_of_several_is_shared(void **state)
{
	(void)state;
	begin(0, MT_PAGES);
	put_large(0, MT_PAGES, 512);
	words[7] = word_of(1);
	words[9] = word_of(2);
	pagemap__assign(&block, words, owners);
	assert_int_equal(owners[7], word_of(1));
	assert_int_equal(owners[8], 0);
	assert_int_equal(owners[9], word_of(2));
}

/* Frames that follow each other by chance are pages of their own. */
static void neighbours_get_nothing(void **state)
{
	(void)state;
	begin(0, MT_PAGES);
	for (uint32_t i = 0; i < 8; i++)
		block.entries[i] = PAGEMAP_PRESENT | (1000 + i);
	words[3] = word_of(1);
	put_large(16, 16, 2000); /* two larger pages, side by side in memory, too */
	put_large(32, 16, 2016);
	words[20] = word_of(2);
	pagemap__assign(&block, words, owners);
	assert_int_equal(owners[2], 0);
	assert_int_equal(owners[3], word_of(1));
	assert_int_equal(owners[4], 0);
	assert_int_equal(owners[16], word_of(2));
	assert_int_equal(owners[31], word_of(2));
	assert_int_equal(owners[32], 0);
}

/* A guess is about huge pages: small ones that came since are not meant, but what is left of a huge one is. */
static void guesses_hold_for_larger_pages(void **state)
{
	(void)state;
	begin(0, MT_PAGES);
	put(0, PAGEMAP_PRESENT | 100, word_of(1) | MT_PAGE_GUESS);
	put_large(8, 8, 4096);
	words[10] = word_of(1) | MT_PAGE_GUESS;
	words[11] = word_of(2) | MT_PAGE_GUESS;
	pagemap__assign(&block, words, owners);
	assert_int_equal(owners[0], 0);
	assert_int_equal(mt_page_key_of(owners[10]), MT_PAGE_KEYS + 1);
	assert_int_equal(mt_page_key_of(owners[11]), MT_PAGE_KEYS + 2);
	assert_int_equal(owners[12], 0);
}

/* The mapping ends in the middle of the block: what is beyond is another's. */
static void the_rest_of_the_block_is_not_looked_at(void **state)
{
	(void)state;
	begin(10, 20);
	put_large(0, 64, 4096);
	words[5] = word_of(1);
	words[12] = word_of(2);
	pagemap__assign(&block, words, owners);
	assert_int_equal(owners[5], 0);
	assert_int_equal(owners[9], 0);
	assert_int_equal(owners[10], word_of(2));
	assert_int_equal(owners[19], word_of(2));
	assert_int_equal(owners[20], 0);
}

/* ---- what makes up the RSS */

static void named_mappings_are_joined(void **state)
{
	struct profile *profile = profile__new();
	struct profile_rss rss = {.current_bytes = 1000};

	(void)state;
	assert_int_equal(profile__add_named(profile, "/b", false, 10), 0);
	assert_int_equal(profile__add_named(profile, "/a", false, 30), 0);
	assert_int_equal(profile__add_named(profile, "/b", true, 5), 0);
	assert_int_equal(profile__add_named(profile, "/b", false, 15), 0);
	profile__sort_named(profile);
	assert_int_equal(profile->resident.named_count, 3);
	assert_string_equal(profile->resident.named[0].name, "/a");
	assert_string_equal(profile->resident.named[1].name, "/b");
	assert_int_equal(profile->resident.named[1].resident_bytes, 25);
	assert_int_equal(profile->resident.named[2].resident_bytes, 5);
	assert_true(profile->resident.named[2].shared);
	profile->resident.anonymous_bytes = 600;
	profile->resident.file_bytes = 300;
	assert_int_equal(profile__unexplained(&rss, &profile->resident), 100);
	profile->resident.shmem_bytes = 150;
	assert_int_equal(profile__unexplained(&rss, &profile->resident), -50);
	profile__free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_hold_what_they_are_made_of),
		cmocka_unit_test(keys_of_stacks_are_none_of_the_others),
		cmocka_unit_test(smaps_are_read),
		cmocka_unit_test(bad_smaps_are_refused),
		cmocka_unit_test(only_what_is_there_counts),
		cmocka_unit_test(one_fault_makes_a_huge_page),
		cmocka_unit_test(a_huge_page_of_several_is_shared),
		cmocka_unit_test(neighbours_get_nothing),
		cmocka_unit_test(guesses_hold_for_larger_pages),
		cmocka_unit_test(the_rest_of_the_block_is_not_looked_at),
		cmocka_unit_test(named_mappings_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
