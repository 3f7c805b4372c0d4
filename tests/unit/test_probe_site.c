/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where probes go, on functions assembled by hand. Comments give offset and instruction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "memtrawl.h"
#include "target/probe_site.h"

enum { ADDRESS = 0x401000 };
enum { RAX = 0, RDX = 1, RCX = 2, RBX = 3, RSI = 4, RDI = 5, R8 = 8, R9 = 9, R12 = 12, NONE = MT_REGISTER_NONE };

/* Positions of block, size and count. */
static const int first[] = {-1, 0, -1}, first_two[] = {0, 1, -1}, first_three[] = {0, 1, 2}, fifth[] = {4, -1, -1},
		 nothing[] = {-1, -1, -1};

#define CODE(...)     (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define ENDBR64       0xf3, 0x0f, 0x1e, 0xfa
#define PUSH_RBP      0x55
#define TEST_RDI      0x48, 0x85, 0xff
#define MOV_FS_TO_RDI 0x64, 0x48, 0x8b, 0x3c, 0x25, 0, 0, 0, 0
#define CMP_1024_RSI  0x48, 0x81, 0xfe, 0, 4, 0, 0

/* The code in a block of just its size, so that reading beyond it is found out. */
static struct probe_site choose(const int *arguments, bool whole, const uint8_t *code, size_t size)
{
	uint8_t *copy = malloc(size);
	struct probe_site site;

	memset(&site, 0xee, sizeof(site));
	if (size)
		memcpy(copy, code, size);
	probe_site__choose(copy, size, ADDRESS, whole, arguments, &site);
	free(copy);
	return site;
}

static void check(const struct probe_site *site, uint32_t offset, bool emulated, const char *instruction)
{
	assert_int_equal(site->offset, offset);
	assert_int_equal(site->emulated, emulated);
	if (!strstr(site->instruction, instruction))
		fail_msg("'%s' should have '%s' in it", site->instruction, instruction);
}

static void check_registers(const struct probe_site *site, int block, int size, int count)
{
	assert_int_equal(site->registers[0], block);
	assert_int_equal(site->registers[1], size);
	assert_int_equal(site->registers[2], count);
}

/* ---- allocators as distributions build them */

static void glibc_malloc(void **unused)
{
	struct probe_site site = choose(first, true, CODE(PUSH_RBP, 0x48, 0x89, 0xe5, 0xc3)); /* push, mov, ret */

	(void)unused;
	check(&site, 0, true, "%rbp");
	check_registers(&site, NONE, RDI, NONE);
}

/* 0 test %rdi,%rdi  3 je  5 push %rbp: the jump is the first that is emulated */
static void glibc_free(void **unused)
{
	struct probe_site site = choose(first, true, CODE(TEST_RDI, 0x74, 0x02, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 3, true, "je");
	check_registers(&site, NONE, RDI, NONE);
}

/* 0 cmp $0x1000,%rdi  7 ja (near, six bytes) */
static void jemalloc(void **unused)
{
	struct probe_site site =
		choose(first, true, CODE(0x48, 0x81, 0xff, 0, 0x10, 0, 0, 0x77, 0x10, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 7, true, "ja");
	site = choose(first, true, CODE(0x48, 0x81, 0xff, 0, 0x10, 0, 0, 0x0f, 0x87, 0, 1, 0, 0, 0xc3));
	check(&site, 7, true, "ja");
	check_registers(&site, NONE, RDI, NONE);
}

/* 0 mov %rdi,%rsi  3 mov %fs:0,%rdi  12 cmp $1024,%rsi  19 ja: the size is in rsi by then */
static void mimalloc(void **unused)
{
	struct probe_site site = choose(
		first, true, CODE(0x48, 0x89, 0xfe, MOV_FS_TO_RDI, CMP_1024_RSI, 0x77, 0x04, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 19, true, "ja");
	check_registers(&site, NONE, RSI, NONE);
}

static void built_with_cet(void **unused)
{
	struct probe_site site = choose(first_two, true, CODE(ENDBR64, 0x41, 0x57, 0x41, 0x5f, 0xc3)); /* 4 push %r15 */

	(void)unused;
	check(&site, 4, true, "%r15");
	check_registers(&site, RDI, RSI, NONE);
}

static void musl(void **unused)
{
	struct probe_site site = choose(first, false, CODE(0xe9, 0x10, 0x20, 0, 0));

	(void)unused;
	check(&site, 0, true, "jmp");
	site = choose(first, false, CODE(0xeb, 0x10));
	check(&site, 0, true, "jmp");
	check_registers(&site, NONE, RDI, NONE);
}

/* ---- what is emulated, and what is not */

static void emulated_instructions(void **unused)
{
	struct probe_site site;

	(void)unused;
	for (int i = 0; i < 8; i++) {
		site = choose(first, true, CODE((uint8_t)(0x50 + i), 0xc3));
		check(&site, 0, true, "push");
		site = choose(first, true, CODE(0x41, (uint8_t)(0x50 + i), 0xc3));
		check(&site, 0, true, "push");
	}
	for (int i = 0; i < 16; i++) {
		site = choose(first, true, CODE(TEST_RDI, (uint8_t)(0x70 + i), 0x20, 0xc3));
		check(&site, 3, true, "j");
		site = choose(first, true, CODE(TEST_RDI, 0x0f, (uint8_t)(0x80 + i), 0, 1, 0, 0, 0xc3));
		check(&site, 3, true, "j");
	}
	site = choose(first, true, CODE(0x90, 0xc3));
	check(&site, 0, true, "nop");
	site = choose(first, true, CODE(TEST_RDI, 0xe8, 0, 1, 0, 0, 0xc3));
	check(&site, 3, true, "call");
}

/* Each before a push that no longer counts: what stands there moves the stack pointer or branches. */
static void stepped_instructions(void **unused)
{
	static const struct {
		uint8_t bytes[8];
		size_t size;
	} stepped[] = {
		{{0x48, 0x83, 0xec, 0x08}, 4}, /* sub $8,%rsp */
		{{0x66, 0x50}, 2},             /* push %ax */
		{{0x6a, 0x00}, 2},             /* push $0 */
		{{0xff, 0x37}, 2},             /* push (%rdi) */
		{{0xff, 0xe0}, 2},             /* jmp *%rax */
		{{0xff, 0xd0}, 2},             /* call *%rax */
		{{0xc3}, 1},                   /* ret */
		{{0xf2, 0xe9, 0, 1, 0, 0}, 6}, /* bnd jmp */
		{{0xe3, 0x10}, 2},             /* jrcxz */
		{{0xe2, 0x10}, 2},             /* loop */
		{{0xe1, 0x10}, 2},             /* loope */
		{{0xe0, 0x10}, 2},             /* loopne */
		{{0xc8, 0x10, 0, 0}, 4},       /* enter */
		{{0x48, 0x89, 0xc4}, 3},       /* mov %rax,%rsp */
		{{0xc9}, 1},                   /* leave */
		{{0x5c}, 1},                   /* pop %rsp */
		{{0x48, 0x94}, 2},             /* xchg %rax,%rsp */
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(stepped) / sizeof(stepped[0]); i++) {
		uint8_t code[16];
		struct probe_site site;

		memcpy(code, stepped[i].bytes, stepped[i].size);
		memcpy(code + stepped[i].size, (uint8_t[]){PUSH_RBP, 0x5d, 0xc3}, 3);
		site = choose(first, true, code, stepped[i].size + 3);
		if (site.offset || site.emulated)
			fail_msg("instruction %zu: offset %u, %s", i, site.offset, site.instruction);
	}
}

/* Longer nops are emulated by new kernels only, but nothing is in the way of what comes after them. */
static void long_nops_are_stepped_over(void **unused)
{
	struct probe_site site = choose(first, true, CODE(0x0f, 0x1f, 0x44, 0, 0, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 5, true, "%rbp");
	site = choose(first, true, CODE(0x66, 0x90, PUSH_RBP, 0x5d, 0xc3));
	check(&site, 2, true, "%rbp");
	site = choose(first, true, CODE(0xf3, 0x90, PUSH_RBP, 0x5d, 0xc3)); /* pause */
	check(&site, 2, true, "%rbp");
}

/* ---- the entry as the last resort */

/* 0 sub $8,%rsp  4 test  7 je: return address and frame are no longer where they are looked for */
static void stack_pointer_moved_first(void **unused)
{
	struct probe_site site =
		choose(first, true, CODE(0x48, 0x83, 0xec, 8, TEST_RDI, 0x74, 2, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 0, false, "%rsp");
	check_registers(&site, NONE, RDI, NONE);
}

/* 0 test  3 inc %rax  6 jne 3 (or 6, or 0): the site at 6 would be hit by each round of the loop */
static void jumped_into(void **unused)
{
	struct probe_site site = choose(first, true, CODE(TEST_RDI, 0x48, 0xff, 0xc0, 0x75, 0xfb, 0xc3));

	(void)unused;
	check(&site, 0, false, "%rdi");
	site = choose(first, true, CODE(TEST_RDI, 0x48, 0xff, 0xc0, 0x75, 0xfe, 0xc3));
	check(&site, 0, false, "%rdi");
	/* back to the entry is a call of the function, as far as a probe can tell, wherever the probe is */
	site = choose(first, true, CODE(TEST_RDI, 0x48, 0xff, 0xc0, 0x75, 0xf8, 0xc3));
	check(&site, 6, true, "jne");
	/* 3 push  4 pop  5 jmp 3, and over bytes that are no instruction */
	site = choose(first, true, CODE(TEST_RDI, PUSH_RBP, 0x5d, 0x06, 0xeb, 0xfb, 0xc3));
	check(&site, 0, false, "%rdi");
	site = choose(first, true, CODE(TEST_RDI, 0x48, 0xff, 0xc0, 0x90, 0xe2, 0xfa, 0xc3)); /* 7 loop 3 */
	check(&site, 0, false, "%rdi");
	site = choose(first, true, CODE(TEST_RDI, PUSH_RBP, 0x5d, 0xeb, 0xfd, 0xc3)); /* 5 jmp 4: behind the site */
	check(&site, 3, true, "%rbp");
}

static void unknown_size(void **unused)
{
	struct probe_site site = choose(first, false, CODE(TEST_RDI, 0x74, 2, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 0, false, "%rdi");
	site = choose(first, false, CODE(PUSH_RBP, 0x5d, 0xc3)); /* nothing can be jumped over there */
	check(&site, 0, true, "%rbp");
}

static void argument_is_gone(void **unused)
{
	struct probe_site site = choose(first, true, CODE(0x31, 0xff, PUSH_RBP, 0x5d, 0xc3)); /* xor %edi,%edi */

	(void)unused;
	check(&site, 0, false, "%edi");
	check_registers(&site, NONE, RDI, NONE);
	site = choose(first, true, CODE(0x40, 0xb7, 1, PUSH_RBP, 0x5d, 0xc3)); /* mov $1,%dil */
	check(&site, 0, false, "%dil");
	site = choose(first, true, CODE(0x48, 0x97, PUSH_RBP, 0x5d, 0xc3)); /* xchg %rax,%rdi */
	check(&site, 0, false, "%rdi");
	site = choose(first, true, CODE(0x48, 0x83, 0xc7, 0x0f, PUSH_RBP, 0x5d, 0xc3)); /* add $15,%rdi */
	check(&site, 0, false, "%rdi");
	/* the second argument is, the first is not: only who wants it minds */
	site = choose(first, true, CODE(0x31, 0xf6, PUSH_RBP, 0x5d, 0xc3));
	check(&site, 2, true, "%rbp");
	site = choose(first_two, true, CODE(0x31, 0xf6, PUSH_RBP, 0x5d, 0xc3));
	check(&site, 0, false, "%esi");
	check_registers(&site, RDI, RSI, NONE);
}

/* As mimalloc's, but mov %edi,%esi: the upper half is lost. */
static void copies_of_32_bits_do_not_count(void **unused)
{
	struct probe_site site =
		choose(first, true, CODE(0x89, 0xfe, MOV_FS_TO_RDI, CMP_1024_RSI, 0x77, 0x04, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 0, false, "%edi");
	check_registers(&site, NONE, RDI, NONE);
}

static void nothing_to_decode(void **unused)
{
	struct probe_site site = choose(first_two, true, (const uint8_t *)"", 0);

	(void)unused;
	check(&site, 0, false, "");
	check_registers(&site, RDI, RSI, NONE);
	site = choose(first_two, true, CODE(0x06, PUSH_RBP, 0xc3)); /* not in 64-bit mode */
	check(&site, 0, false, "");
	assert_string_equal(site.instruction, "");
	check_registers(&site, RDI, RSI, NONE);
}

/* ---- registers */

static void own_register_is_preferred(void **unused)
{
	struct probe_site site = choose(first, true, CODE(0x48, 0x89, 0xfe, PUSH_RBP, 0x5d, 0xc3)); /* mov %rdi,%rsi */

	(void)unused;
	check(&site, 3, true, "%rbp");
	check_registers(&site, NONE, RDI, NONE);
}

/* 0 mov %rdi,%rbx  3 mov %rbx,%r12  6 xor %ebx,%ebx  8 xor %edi,%edi  10 push */
static void copies_of_copies(void **unused)
{
	struct probe_site site = choose(
		first, true, CODE(0x48, 0x89, 0xfb, 0x49, 0x89, 0xdc, 0x31, 0xdb, 0x31, 0xff, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 10, true, "%rbp");
	check_registers(&site, NONE, R12, NONE);
}

/* 0 mov %rdi,%rax  3 mov %rsi,%rdi  6 mov %rax,%rsi  9 push: each is where the other was */
static void swapped_arguments(void **unused)
{
	struct probe_site site = choose(
		first_two, true, CODE(0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xc6, PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check(&site, 9, true, "%rbp");
	assert_true(site.registers[0] == RAX || site.registers[0] == RSI);
	assert_int_equal(site.registers[1], RDI);
}

static void arguments_by_position(void **unused)
{
	struct probe_site site = choose(first_three, true, CODE(PUSH_RBP, 0x5d, 0xc3));

	(void)unused;
	check_registers(&site, RDI, RSI, RDX);
	site = choose((const int[]){3, 4, 5}, true, CODE(PUSH_RBP, 0x5d, 0xc3));
	check_registers(&site, RCX, R8, R9);
	site = choose(fifth, true, CODE(ENDBR64, PUSH_RBP, 0x5d, 0xc3));
	check_registers(&site, R8, NONE, NONE);
	site = choose(nothing, true, CODE(0x31, 0xff, PUSH_RBP, 0x5d, 0xc3));
	check(&site, 2, true, "%rbp");
	check_registers(&site, NONE, NONE, NONE);
}

/* ---- forwards, each_branch */

static void check_forwards(bool wanted, uint64_t wanted_target, const uint8_t *code, size_t size)
{
	uint64_t target = 0;

	assert_int_equal(probe_site__forwards(code, size, ADDRESS, &target), wanted);
	if (wanted)
		assert_int_equal(target, wanted_target);
}

static void forwards(void **unused)
{
	(void)unused;
	check_forwards(true, ADDRESS + 5 + 0x2010, CODE(0xe9, 0x10, 0x20, 0, 0));
	check_forwards(true, ADDRESS + 2 - 0x10, CODE(0xeb, 0xf0));
	check_forwards(true, ADDRESS + 9 + 0x100, CODE(ENDBR64, 0xe9, 0, 1, 0, 0));
	check_forwards(true, ADDRESS + 7 + 0x100, CODE(0x31, 0xf6, 0xe9, 0, 1, 0, 0)); /* sets an argument */
	check_forwards(false, 0, CODE(PUSH_RBP, 0xe9, 0, 1, 0, 0));
	check_forwards(false, 0, CODE(TEST_RDI, 0x74, 0x05, 0xe9, 0, 1, 0, 0));
	check_forwards(false, 0, CODE(0xe8, 0, 1, 0, 0, 0xe9, 0, 1, 0, 0));
	check_forwards(false, 0, CODE(0xff, 0xe0));                /* jmp *%rax */
	check_forwards(false, 0, CODE(0xff, 0x25, 0x10, 0, 0, 0)); /* jmp *0x10(%rip): a PLT's */
	check_forwards(false, 0, CODE(0xc3, 0xe9, 0, 1, 0, 0));
	check_forwards(false, 0, CODE(0x06, 0xe9, 0, 1, 0, 0));
	check_forwards(false, 0, (const uint8_t *)"", 0);
}

struct branches {
	uint64_t targets[8];
	size_t count;
};

static void note_branch(uint64_t target, void *cookie)
{
	struct branches *branches = cookie;

	assert_true(branches->count < 8);
	branches->targets[branches->count++] = target;
}

/* 0 je 9  2 call out  7 je out  9 bad byte  10 call back  15 jmp behind the end  17 jmp entry  19 jmp *%rax  21 ret */
static void each_branch(void **unused)
{
	struct branches branches = {.count = 0};

	(void)unused;
	probe_site__each_branch(CODE(0x74, 7, 0xe8, 0, 1, 0, 0, 0x74, 0x70, 0x06, 0xe8, 0xf1, 0xff, 0xff, 0xff, 0xeb,
				     0x05, 0xeb, 0xed, 0xff, 0xe0, 0xc3),
				ADDRESS, note_branch, &branches);
	assert_int_equal(branches.count, 3);
	assert_int_equal(branches.targets[0], ADDRESS + 7 + 0x100);
	assert_int_equal(branches.targets[1], ADDRESS + 9 + 0x70);
	assert_int_equal(branches.targets[2], ADDRESS + 17 + 5);
	branches.count = 0;
	probe_site__each_branch(CODE(0xe8, 0xfa, 0xff, 0xff, 0xff), ADDRESS, note_branch, &branches); /* entry - 1 */
	assert_int_equal(branches.count, 1);
	assert_int_equal(branches.targets[0], ADDRESS - 1);
}

/* ---- anything at all */

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((state >> 33) % below);
}

/* ---- past system calls */

#define SYSCALL 0x0f, 0x05

static bool choose_past(unsigned int arguments, struct probe_site *site, const uint8_t *code, size_t size)
{
	uint8_t *copy = malloc(size);
	bool found;

	memset(site, 0xee, sizeof(*site));
	memcpy(copy, code, size);
	found = probe_site__past_syscall(copy, size, ADDRESS, arguments, site);
	free(copy);
	return found;
}

/* 0 mov $10,%eax  5 syscall  7 cmp $-4095,%rax  13 jae 16  15 ret  16 ret */
static void past_glibc_mprotect(void **unused)
{
	struct probe_site site;

	(void)unused;
	assert_true(choose_past(
		3 << 1, &site, CODE(0xb8, 10, 0, 0, 0, SYSCALL, 0x48, 0x3d, 1, 0xf0, 0xff, 0xff, 0x73, 1, 0xc3, 0xc3)));
	check(&site, 13, true, "jae");
	check_registers(&site, RDI, RSI, RDX);
}

/* 0 mov $12,%eax  5 syscall  7 mov (%rip),%rdx  14 mov %rax,(%rdx)  17 cmp %rdi,%rax  20 jb 23  22 ret */
static void past_glibc_brk(void **unused)
{
	struct probe_site site;

	(void)unused;
	assert_true(choose_past(0, &site,
				CODE(0xb8, 12, 0, 0, 0, SYSCALL, 0x48, 0x8b, 0x15, 0, 0, 0, 0, 0x48, 0x89, 0x02, 0x48,
				     0x39, 0xf8, 0x72, 1, 0xc3, 0xc3)));
	check(&site, 20, true, "jb");
	check_registers(&site, RDI, RSI, NONE);
}

/* 0 syscall  2 mov %rax,%rdi  5 call: the first argument is gone there, and at the second instruction it is not */
static void past_musl_munmap(void **unused)
{
	struct probe_site site;

	(void)unused;
	assert_true(choose_past(1 << 1, &site, CODE(SYSCALL, 0x48, 0x89, 0xc7, 0xe8, 0, 1, 0, 0, 0xc3)));
	check(&site, 5, true, "call");
	check_registers(&site, NONE, RSI, RDX);
	assert_true(choose_past(3, &site, CODE(SYSCALL, 0x48, 0x89, 0xc7, 0xe8, 0, 1, 0, 0, 0xc3)));
	check(&site, 2, false, "mov");
	check_registers(&site, RDI, RSI, RDX);
}

/* 0 syscall  2 xor %eax,%eax  4 je: the result is gone there; and where the fourth argument is, 2 mov %rax,%r10  5 je
 */
static void past_what_is_gone(void **unused)
{
	struct probe_site site;

	(void)unused;
	assert_true(choose_past(0, &site, CODE(SYSCALL, 0x31, 0xc0, 0x74, 0, 0xc3)));
	check(&site, 2, false, "xor");
	assert_true(choose_past(1 << 3, &site, CODE(SYSCALL, 0x49, 0x89, 0xc2, 0x74, 0, 0xc3)));
	check(&site, 2, false, "mov");
	assert_true(choose_past(7, &site, CODE(SYSCALL, 0x49, 0x89, 0xc2, 0x74, 0, 0xc3)));
	check(&site, 5, true, "je");
}

/* A jump to where it would be: 0 je 4 (6)  2 syscall  4 je  6 ret */
static void past_is_no_place(void **unused)
{
	struct probe_site site;

	(void)unused;
	assert_false(choose_past(0, &site, CODE(0x31, 0xc0, 0xc3)));
	assert_false(choose_past(0, &site, CODE(SYSCALL, 0x74, 0, SYSCALL, 0xc3)));
	assert_false(choose_past(0, &site, CODE(0x74, 2, SYSCALL, 0x74, 0, 0xc3)));
	assert_true(choose_past(0, &site, CODE(0x74, 4, SYSCALL, 0x74, 0, 0xc3)));
	assert_false(choose_past(0, &site, CODE(0x31, 0xc0, SYSCALL)));
}

static void ignore_branch(uint64_t target, void *cookie)
{
	*(uint64_t *)cookie ^= target;
}

static void random_bytes(void **unused)
{
	(void)unused;
	for (int i = 0; i < 20000; i++) {
		size_t size = draw(100);
		uint8_t *code = malloc(size);
		uint64_t address = (uint64_t)draw(UINT32_MAX) << draw(33), target = 0;
		bool whole = draw(2);
		struct probe_site site;

		for (size_t j = 0; j < size; j++) /* one byte in two makes instructions that are looked for */
			code[j] = draw(2) ? (uint8_t)draw(256) : (const uint8_t[]){0x48, 0x89, 0x55, 0x74, 0xe8,
										   0xe9, 0xeb, 0x41, 0x0f, 5}[draw(10)];
		probe_site__choose(code, size, address, whole, first_two, &site);
		assert_true(site.offset == 0 || (whole && site.emulated && site.offset < size));
		assert_true(site.registers[0] < 16 && site.registers[1] < 16 && site.registers[2] == NONE);
		assert_true(memchr(site.instruction, 0, sizeof(site.instruction)));
		if (probe_site__past_syscall(code, size, address, draw(16), &site))
			assert_true(site.offset >= 2 && site.offset < size);
		probe_site__forwards(code, size, address, &target);
		probe_site__each_branch(code, size, address, ignore_branch, &target);
		free(code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glibc_malloc),
		cmocka_unit_test(glibc_free),
		cmocka_unit_test(jemalloc),
		cmocka_unit_test(mimalloc),
		cmocka_unit_test(built_with_cet),
		cmocka_unit_test(musl),
		cmocka_unit_test(emulated_instructions),
		cmocka_unit_test(stepped_instructions),
		cmocka_unit_test(long_nops_are_stepped_over),
		cmocka_unit_test(stack_pointer_moved_first),
		cmocka_unit_test(jumped_into),
		cmocka_unit_test(unknown_size),
		cmocka_unit_test(argument_is_gone),
		cmocka_unit_test(copies_of_32_bits_do_not_count),
		cmocka_unit_test(nothing_to_decode),
		cmocka_unit_test(own_register_is_preferred),
		cmocka_unit_test(copies_of_copies),
		cmocka_unit_test(swapped_arguments),
		cmocka_unit_test(arguments_by_position),
		cmocka_unit_test(forwards),
		cmocka_unit_test(each_branch),
		cmocka_unit_test(past_glibc_mprotect),
		cmocka_unit_test(past_glibc_brk),
		cmocka_unit_test(past_musl_munmap),
		cmocka_unit_test(past_what_is_gone),
		cmocka_unit_test(past_is_no_place),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
