/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a function a uprobe is cheap. A uprobe on an instruction that the kernel can emulate costs one trap; on any
 * other it costs a single-step out of line too, three times as much on bare metal and up to thirty-five times in some
 * VMs. So a probe goes to the first emulated instruction of the function's entry block at which the arguments are
 * still in known registers and the stack pointer has not moved.
 */
#ifndef MEMTRAWL_TARGET_PROBE_SITE_H
#define MEMTRAWL_TARGET_PROBE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_ARGUMENTS   3 /* at most so many arguments of one function are read */
#define PROBE_NO_ARGUMENT (-1)

struct probe_site {
	uint32_t offset; /* of the probed instruction from the function's entry */
	/* DWARF number of the register that holds each argument there; MT_REGISTER_NONE if not asked for */
	uint8_t registers[PROBE_ARGUMENTS];
	bool emulated;
	char instruction[48]; /* what is probed, for people: "push %rbp" */
};

/*
 * Chooses the site in a function whose machine code is `code`, `size` bytes at `address` (x86-64). `arguments` are the
 * zero-based positions (System V ABI, integer class, at most 5) of the arguments wanted, or PROBE_NO_ARGUMENT.
 * `whole` says that `code` is the whole function: only then can it be proved that nothing else jumps between the
 * entry and the site, and only then a site other than the entry is taken. Never fails: the entry is the last resort.
 */
void probe_site__choose(const uint8_t *code, size_t size, uint64_t address, bool whole,
			const int arguments[PROBE_ARGUMENTS], struct probe_site *site);

/*
 * Chooses the site past the one system call of a function of which `code` is the whole: the first emulated instruction
 * at which the result and all of `arguments` (bit i: the i-th of the call, at most 4) are still in the registers where
 * the kernel has them, else the one right behind the syscall instruction. site->registers are of the call's first three
 * arguments, MT_REGISTER_NONE for what is not there any more. False if there is no system call, or more than one, or if
 * something else leads to that place.
 */
bool probe_site__past_syscall(const uint8_t *code, size_t size, uint64_t address, unsigned int arguments,
			      struct probe_site *site);

/*
 * The address that a function jumps to straight from its entry, before it does anything with the stack: true for a
 * function that is only another name for the one at *target.
 */
bool probe_site__forwards(const uint8_t *code, size_t size, uint64_t address, uint64_t *target);

/* Calls visit(target) for each direct call or jump in the code that leaves [address, address + size). */
void probe_site__each_branch(const uint8_t *code, size_t size, uint64_t address,
			     void (*visit)(uint64_t target, void *cookie), void *cookie);

#endif
