/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Sampling arithmetic, pure: compiled into the BPF programs and into user space, where it is unit-tested.
 *
 * An allocation of n bytes is sampled with the chance p = 1 - exp(-n/T), T being the period: what a Poisson process
 * with one point every T bytes on average does. Each decision is made for itself, so nothing is carried from one
 * allocation to the next and no state can be raced for. A sampled block stands for 1/p of its kind (Horvitz-Thompson),
 * which is unbiased whatever p is, as long as p depends on nothing but the past and the size; so the period may change
 * at any time. p is kept with the block, in units of 2^-32, rounded, and it is the rounded chance that is drawn with
 * and divided by.
 */
#ifndef MEMTRAWL_SAMPLING_H
#define MEMTRAWL_SAMPLING_H

#include "memtrawl.h"
#include "pure.h"

enum {
	MT_PERIOD_MAX =
		128 << 20, /* keeps size << 32 within 64 bits for every size that is not certain to be sampled */
	MT_PERIOD_USUAL = 512 << 10, /* what sampling begins with */
	MT_CERTAIN = 22,             /* n >= 22 T is sampled for sure: exp(-22) < 2^-31 */
};

/* exp(-i/2) in units of 2^-32, for i < 64: the product of exp(-1/2), exp(-1), exp(-2) ... by the bits of i. */
MT_INLINE __u64 mt_exp_half_power(__u32 i)
{
	__u64 e = 1ULL << 32;

	if (i & 1)
		e = (e * 2605029347ULL) >> 32;
	if (i & 2)
		e = (e * 1580030169ULL) >> 32;
	if (i & 4)
		e = (e * 581260615ULL) >> 32;
	if (i & 8)
		e = (e * 78665070ULL) >> 32;
	if (i & 16)
		e = (e * 1440801ULL) >> 32;
	if (i & 32)
		e = (e * 483ULL) >> 32;
	return e;
}

/*
 * The chance, in units of 2^-32, that an allocation of `size` bytes is sampled with `period`, at least 2; 0 means
 * certain (period 0, or size large against it). A size of 0 counts as 1. period <= MT_PERIOD_MAX.
 */
MT_INLINE __u32 mt_sampling_chance(__u64 size, __u64 period)
{
	__u64 x, f, e, chance;

	if (!period)
		return 0;
	if (!size)
		size = 1;
	if (size >= period * MT_CERTAIN)
		return 0;
	x = (size << 29) / period;         /* n/T in units of 2^-29, below 22 * 2^29; size < 2^32 */
	f = (x & ((1ULL << 28) - 1)) << 3; /* what is left of a half, in units of 2^-32 */
	/* 1 - exp(-f) for f < 1/2 by its series to the seventh term: off by less than 2^-8 / 8! */
	e = f / 7;
	e = (f * ((1ULL << 32) - e)) >> 32;
	e = (f * ((1ULL << 32) - e / 6)) >> 32;
	e = (f * ((1ULL << 32) - e / 5)) >> 32;
	e = (f * ((1ULL << 32) - e / 4)) >> 32;
	e = (f * ((1ULL << 32) - e / 3)) >> 32;
	e = (f * ((1ULL << 32) - e / 2)) >> 32;
	/* 1 - exp(-h) exp(-f) = (1 - exp(-h)) + exp(-h) (1 - exp(-f)) */
	f = mt_exp_half_power((__u32)(x >> 28));
	chance = (1ULL << 32) - f + ((f * e) >> 32);
	if (chance < 2)
		return 2;
	return chance > 0xffffffff ? 0xffffffff : (__u32)chance;
}

/*
 * Is a block of `size` bytes sampled, `random` being 32 random bits? Tells the chance that there was. Most draws are
 * lost at once, without reckoning the chance: it is never above size / period.
 */
MT_INLINE bool mt_sampling_draw(__u64 size, __u64 period, __u32 random, __u32 *chance)
{
	*chance = 0;
	if (!period)
		return true;
	if (size && !(size >> 32) && (__u64)random * period > size << 32)
		return false;
	*chance = mt_sampling_chance(size, period);
	return !*chance || random < *chance;
}

/* Bytes that a sampled block of `size` bytes stands for. */
MT_INLINE __u64 mt_sampling_bytes(__u64 size, __u32 chance)
{
	return chance ? (size << 32) / chance : size;
}

/* Objects that it stands for: 1/p, rounded at random (`random` is 32 random bits) so that the mean is right. */
MT_INLINE __u32 mt_sampling_objects(__u32 chance, __u32 random)
{
	return chance ? (__u32)(((1ULL << 32) + ((__u64)random * chance >> 32)) / chance) : 1;
}

/*
 * The block's share in the estimated variance of the live bytes it is counted in: (n/p)^2 (1-p), in units of
 * 2^MT_VARIANCE_SHIFT square bytes. The same at allocation and at free, so that sums return to 0.
 */
MT_INLINE __u64 mt_sampling_variance(__u64 size, __u32 chance)
{
	__u64 bytes;

	if (!chance)
		return 0;
	bytes = mt_sampling_bytes(size, chance) >> (MT_VARIANCE_SHIFT / 2);
	if (bytes > 0xffffffff)
		bytes = 0xffffffff;
	return (bytes * bytes >> 32) * (0x100000000ULL - chance) +
	       (((bytes * bytes & 0xffffffff) * (0x100000000ULL - chance)) >> 32);
}

/*
 * The period that a filling table forces: 0 up to half full; from there the period is 4 times the mean block (`base`
 * bytes), and again 4 times as long with every sixteenth of the table that fills up, and with every halving of the
 * last sixteenth. So a table of n entries holds more than 4,000 n blocks before it is full, and most of what it then
 * stands for rests on some n/16 samples.
 */
MT_INLINE __u64 mt_sampling_pressed_period(__u64 entries, __u64 capacity, __u64 base)
{
	__u64 period, left;
	__u32 steps;

	if (entries <= capacity / 2)
		return 0;
	steps = (__u32)((entries - capacity / 2) * 16 / capacity);
	steps = 2 * (steps < 8 ? steps : 7) + 2;
	left = entries < capacity ? capacity - entries : 0;
	for (int i = 0; i < 16 && left < capacity >> (5 + i); i++)
		steps += 2;
	period = (base ? base : 1) << (steps < 40 ? steps : 40);
	return period < MT_PERIOD_MAX && period >= base ? period : MT_PERIOD_MAX;
}

#endif
