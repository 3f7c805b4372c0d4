/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deep FRAMES CALLS same|new: for benchmarks. Calls bench_probed, which does nothing, from the bottom of a stack of
 * exactly FRAMES frames, CALLS times, each time from its root anew. "same": through the same functions in the same
 * order each time; "new": by another path each time, through 1024 functions. Prints "ready", waits for a line, prints
 * the picoseconds of CPU time that a call took, waits for another line. Built with and without frame pointers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FUNCTIONS_BITS = 10, FUNCTIONS = 1 << FUNCTIONS_BITS, FRAME_BYTES = 32 };

/* What is probed: a nop, which the kernel emulates. */
void bench_probed(void);
asm(".pushsection .text\n"
    ".globl bench_probed\n"
    ".type bench_probed, @function\n"
    "bench_probed:\n"
    "	.cfi_startproc\n"
    "	nop\n"
    "	ret\n"
    "	.cfi_endproc\n"
    ".size bench_probed, .-bench_probed\n"
    ".popsection\n");

typedef uint64_t descend(uint64_t seed, unsigned int depth);

/* The root: without a caller, in what CFI says of it and in the frame pointer. */
uint64_t bench_root(uint64_t seed, unsigned int depth, descend *first);
asm(".pushsection .text\n"
    ".globl bench_root\n"
    ".type bench_root, @function\n"
    "bench_root:\n"
    "	.cfi_startproc\n"
    "	.cfi_undefined rip\n"
    "	push %rbp\n"
    "	.cfi_def_cfa_offset 16\n"
    "	xor %ebp, %ebp\n"
    "	call *%rdx\n"
    "	pop %rbp\n"
    "	.cfi_def_cfa_offset 8\n"
    "	ret\n"
    "	.cfi_endproc\n"
    ".size bench_root, .-bench_root\n"
    ".popsection\n");

static descend *const functions[FUNCTIONS];

static inline descend *next_of(uint64_t seed)
{
	return functions[seed >> (64 - FUNCTIONS_BITS)];
}

/* A frame of some 64 bytes, a call that is no jump, and a body like no other's (the compiler would make them one). */
static inline __attribute__((always_inline)) uint64_t descend_from(unsigned int number, uint64_t seed,
								   unsigned int depth)
{
	uint64_t next = seed * 0x5851f42d4c957f2dULL + 2 * number + 1;
	char frame[FRAME_BYTES];

	asm volatile("" : : "r"(frame) : "memory");
	if (depth > 1)
		return next_of(next)(next, depth - 1) ^ next;
	bench_probed();
	return next;
}

#define FUNCTION(n)                                                                                                    \
	static __attribute__((noinline)) uint64_t f##n(uint64_t seed, unsigned int depth)                              \
	{                                                                                                              \
		return descend_from(__COUNTER__, seed, depth);                                                         \
	}
#define NAME(n) f##n,

/* DO for each of 1024 names: five digits to the base of four */
#define EACH4(DO, n)   DO(n##0) DO(n##1) DO(n##2) DO(n##3)
#define EACH16(DO, n)  EACH4(DO, n##0) EACH4(DO, n##1) EACH4(DO, n##2) EACH4(DO, n##3)
#define EACH64(DO, n)  EACH16(DO, n##0) EACH16(DO, n##1) EACH16(DO, n##2) EACH16(DO, n##3)
#define EACH256(DO, n) EACH64(DO, n##0) EACH64(DO, n##1) EACH64(DO, n##2) EACH64(DO, n##3)
#define EACH1024(DO)   EACH256(DO, 0) EACH256(DO, 1) EACH256(DO, 2) EACH256(DO, 3)

EACH1024(FUNCTION)

static descend *const functions[FUNCTIONS] = {EACH1024(NAME)};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned int frames = argc == 4 ? (unsigned int)atoi(argv[1]) : 0;
	uint64_t calls = argc == 4 ? strtoull(argv[2], NULL, 10) : 0, step, begin, result = 0;

	if (frames < 2 || !calls) {
		fputs("usage: deep FRAMES CALLS same|new\n", stderr);
		return 2;
	}
	step = strcmp(argv[3], "same") ? 0x9e3779b97f4a7c15ULL : 0;
	puts("ready");
	fflush(stdout);
	getchar();
	begin = cpu_ns();
	for (uint64_t i = 0, seed = 1; i < calls; i++, seed += step)
		result ^= bench_root(seed, frames - 1, next_of(seed));
	printf("%llu\n", (unsigned long long)((cpu_ns() - begin) * 1000 / calls));
	fflush(stdout);
	getchar();
	return result == 42;
}
