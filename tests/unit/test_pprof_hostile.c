/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that are no profile, or not quite: refused or read, but survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "pprof_bytes.h"

static void try(const void *data, size_t size, bool must_fail)
{
	struct profile *profile;
	struct error err = {0};
	int code;

	code = pprof__decode(data, size, &profile, &err);
	if (must_fail)
		assert_true(code < 0);
	if (code) {
		assert_true(err.text[0] && !strchr(err.text, '\n'));
		assert_null(profile);
	}
	profile__free(profile);
}

/* In a block of exactly that size, so that a read beyond it is noticed. */
static void try_copy(const char *data, size_t size, bool must_fail)
{
	char *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	try(copy, size, must_fail);
	free(copy);
}

static void every_truncation_is_survived(void **state)
{
	struct buf zipped = {0}, plain = {0};

	(void)state;
	encode(&zipped, &plain);
	for (size_t size = 0; size < zipped.size; size++)
		try_copy(zipped.data, size, true);
	for (size_t size = 0; size < plain.size; size++)
		try_copy(plain.data, size, size < 64); /* cut between two messages the rest may be a profile still */
	buf__free(&zipped);
	buf__free(&plain);
}

static uint64_t random_state = 42;

static uint64_t random_number(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return random_state >> 33;
}

static void flipped_bytes_are_survived(void **state)
{
	struct buf zipped = {0}, plain = {0};
	struct profile *profile;
	struct error err = {0};

	(void)state;
	encode(&zipped, &plain);
	for (int round = 0; round < 6000; round++) {
		struct buf *victim = round % 6 ? &plain : &zipped;
		char *copy = malloc(victim->size);

		memcpy(copy, victim->data, victim->size);
		for (uint64_t flips = 1 + random_number() % 4; flips; flips--)
			copy[random_number() % victim->size] ^= (char)(1 << random_number() % 8);
		try(copy, victim->size, false);
		free(copy);
	}
	/* and the unharmed file is still good */
	assert_int_equal(pprof__decode(plain.data, plain.size, &profile, &err), 0);
	profile__free(profile);
	buf__free(&zipped);
	buf__free(&plain);
}

static void random_bytes_are_refused(void **state)
{
	char data[512];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t size = random_number() % sizeof(data);

		for (size_t i = 0; i < size; i++)
			data[i] = (char)random_number();
		try_copy(data, size, true);
	}
}

static void too_much_is_refused(void **state)
{
	struct buf zipped = {0}, out = {0};
	char *zeros = calloc(1, 1 << 20);

	(void)state;
	for (int i = 0; i < 4; i++) /* four members of 1 MiB */
		assert_int_equal(gzip__compress(zeros, 1 << 20, &zipped), 0);
	assert_int_equal(gzip__expand(zipped.data, zipped.size, 4 << 20, &out), 0);
	assert_int_equal(out.size, 4 << 20);
	buf__free(&out);
	assert_int_equal(gzip__expand(zipped.data, zipped.size, (4 << 20) - 1, &out), -EFBIG);
	buf__free(&out);
	buf__add(&zipped, "x", 1);
	assert_int_equal(gzip__expand(zipped.data, zipped.size, 5 << 20, &out), -EINVAL);
	buf__free(&out);
	buf__free(&zipped);
	free(zeros);
}

/* 20 million empty messages in 40 MiB: their structs would take more than the allowance. */
static void message_bomb_is_refused(void **state)
{
	size_t size = (size_t)40 << 20;
	char *data = malloc(size);
	struct profile *profile;
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < size; i += 2)
		memcpy(data + i, "\x22", 2); /* field 4, a location, of length 0 */
	assert_int_equal(pprof__decode(data, size, &profile, &err), -EFBIG);
	assert_string_equal(err.text, "more messages than a profile may have (1 GiB of them)");
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_is_survived), cmocka_unit_test(flipped_bytes_are_survived),
		cmocka_unit_test(random_bytes_are_refused),     cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(message_bomb_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
