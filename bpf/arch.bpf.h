/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Where machines differ: registers, calls, signal frames, syscalls. The part of arm64 is compiled by make check-arm64,
 * and has not been run yet.
 */
#ifndef MEMTRAWL_ARCH_BPF_H
#define MEMTRAWL_ARCH_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

/*
 * A register by DWARF number. The verifier wants the context read at constant offsets, and the compiler would fold a
 * plain switch into one read at a computed one: so each case is an instruction of its own.
 */
#define READ_REGISTER(number, member)                                                                                  \
	case number:                                                                                                   \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                                                  \
			     : "=r"(value)                                                                             \
			     : "r"(ctx), "i"(__builtin_offsetof(struct pt_regs, member)));                             \
		break

#if defined(__TARGET_ARCH_x86)

/* What a call pushes: at the return probe the stack pointer is this much higher than at the entry. */
enum { ARCH_RETURN_ADDRESS_SIZE = 8 };

/* The word of jmp_buf with the stack pointer, and how it is mangled: see jump__target_sp() */
enum { ARCH_JUMP_SP = 6, ARCH_JUMP_IS_MANGLED_BY_THREAD = true };

/* struct ucontext, which the stack pointer is at in a signal frame (arch/x86/include/uapi/asm/sigcontext.h): where rbp
 * is, and where rsp and rip are beside each other */
enum { ARCH_SIGNAL_FP = 120, ARCH_SIGNAL_SP = 160 };

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum { SYSCALL_MMAP = 9, SYSCALL_MUNMAP = 11, SYSCALL_BRK = 12, SYSCALL_MREMAP = 25, SYSCALL_MADVISE = 28 };

static __always_inline u64 arch__pc(const struct pt_regs *regs)
{
	return regs->ip;
}

static __always_inline u64 arch__sp(const struct pt_regs *regs)
{
	return regs->sp;
}

static __always_inline u64 arch__fp(const struct pt_regs *regs)
{
	return regs->bp;
}

/* The return address, in a function that has not put it anywhere: 0, as it is on the stack. */
static __always_inline u64 arch__link(const struct pt_regs *regs)
{
	return 0;
}

/* What a return address that was read from the stack, or from a register, says. */
static __always_inline u64 arch__code(u64 address)
{
	return address;
}

/* Do these eight bytes end in a call? (Intel SDM: E8 with 32 bits, FF /2 with none, 8 or 32 bits, or SIB and those.) */
static __always_inline bool arch__ends_in_call(u64 bytes)
{
	if ((bytes >> 24 & 0xff) == 0xe8)
		return true;
	if ((bytes >> 48 & 0x38ff) == 0x10ff || (bytes >> 40 & 0x38ff) == 0x10ff || (bytes >> 16 & 0x38ff) == 0x10ff)
		return true;
	return (bytes >> 32 & 0x38ff) == 0x10ff || (bytes >> 8 & 0x38ff) == 0x10ff;
}

static __always_inline u64 arch__result(const struct pt_regs *regs)
{
	return regs->ax;
}

static __always_inline u64 arch__syscall(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

/* The same of registers in the kernel's memory. */
static __always_inline u64 arch__syscall_at(const struct pt_regs *regs)
{
	u64 number = ~0ULL;

	bpf_probe_read_kernel(&number, sizeof(number), &regs->orig_ax);
	return number;
}

/* Arguments of a syscall, from 0 on. */
#define arch__syscall_argument(regs, n)                                                                                \
	((n) == 0 ? (regs)->di : (n) == 1 ? (regs)->si : (n) == 2 ? (regs)->dx : (n) == 3 ? (regs)->r10 : (regs)->r8)

/* The same of a probe's registers, past the syscall instruction: those that nothing was put into since. */
#define arch__past_syscall(ctx, n) arch__syscall_argument(ctx, n)

/* Where a thread's control block is; 0 if that is not known. To be used where bpf_core_read.h is included. */
#define arch__thread_pointer(task) BPF_CORE_READ(task, thread.fsbase)

/* 32-bit code has other syscall numbers. */
static __always_inline bool arch__is_64bit(const struct pt_regs *regs)
{
	enum { CODE_SEGMENT_64 = 0x33 }; /* __USER_CS */

	return regs->cs == CODE_SEGMENT_64;
}

static __always_inline u64 arch__register(const struct pt_regs *ctx, u32 number)
{
	u64 value = 0;

	switch (number) {
		READ_REGISTER(0, ax);
		READ_REGISTER(1, dx);
		READ_REGISTER(2, cx);
		READ_REGISTER(3, bx);
		READ_REGISTER(4, si);
		READ_REGISTER(5, di);
		READ_REGISTER(6, bp);
		READ_REGISTER(7, sp);
		READ_REGISTER(8, r8);
		READ_REGISTER(9, r9);
		READ_REGISTER(10, r10);
		READ_REGISTER(11, r11);
		READ_REGISTER(12, r12);
		READ_REGISTER(13, r13);
		READ_REGISTER(14, r14);
		READ_REGISTER(15, r15);
	}
	return value;
}

#elif defined(__TARGET_ARCH_arm64)

/* bl puts the return address into x30; the stack pointer is the same at the entry and at the return. */
enum { ARCH_RETURN_ADDRESS_SIZE = 0 };

enum { ARCH_JUMP_SP = 13, ARCH_JUMP_IS_MANGLED_BY_THREAD = false };

/*
 * struct rt_sigframe, which the stack pointer is at: 128 bytes of siginfo, then struct ucontext, whose uc_mcontext is
 * at 176, aligned to 16 (arch/arm64/include/uapi/asm/ucontext.h); in struct sigcontext a word, then x0 to x30, sp, pc
 */
enum {
	ARCH_SIGNAL_X0 = 128 + 176 + 8,
	ARCH_SIGNAL_FP = ARCH_SIGNAL_X0 + 29 * 8,
	ARCH_SIGNAL_SP = ARCH_SIGNAL_X0 + 31 * 8
};

/* include/uapi/asm-generic/unistd.h */
enum { SYSCALL_MMAP = 222, SYSCALL_MUNMAP = 215, SYSCALL_BRK = 214, SYSCALL_MREMAP = 216, SYSCALL_MADVISE = 233 };

static __always_inline u64 arch__pc(const struct pt_regs *regs)
{
	return regs->pc;
}

static __always_inline u64 arch__sp(const struct pt_regs *regs)
{
	return regs->sp;
}

static __always_inline u64 arch__fp(const struct pt_regs *regs)
{
	return regs->regs[29];
}

/*
 * Return addresses may be signed (pointer authentication, Armv8.3): the code is above the address, where the address
 * has zeroes. Addresses of user space have 48 bits, unless a program asks mmap for those above.
 */
static __always_inline u64 arch__code(u64 address)
{
	return address & ((1ULL << 48) - 1);
}

static __always_inline u64 arch__link(const struct pt_regs *regs)
{
	return arch__code(regs->regs[30]);
}

static __always_inline bool arch__ends_in_call(u64 bytes)
{
	return false; /* a leaf's return address is in x30 there */
}

static __always_inline u64 arch__result(const struct pt_regs *regs)
{
	return regs->regs[0];
}

static __always_inline u64 arch__syscall(const struct pt_regs *regs)
{
	return (u32)regs->syscallno;
}

static __always_inline u64 arch__syscall_at(const struct pt_regs *regs)
{
	u32 number = ~0U;

	bpf_probe_read_kernel(&number, sizeof(number), &regs->syscallno);
	return number;
}

/* x0 is the result by then, and orig_x0 the first argument. */
#define arch__syscall_argument(ctx, n) ((n) == 0 ? (ctx)->orig_x0 : (ctx)->regs[n])

#define arch__past_syscall(ctx, n)     ((ctx)->regs[n])

#define arch__thread_pointer(task)     0

static __always_inline bool arch__is_64bit(const struct pt_regs *regs)
{
	enum { PSTATE_32BIT = 0x10 }; /* PSR_MODE32_BIT */

	return !(regs->pstate & PSTATE_32BIT);
}

/* Those that arguments are in at a function's entry: no other place is probed yet. */
static __always_inline u64 arch__register(const struct pt_regs *ctx, u32 number)
{
	u64 value = 0;

	switch (number) {
		READ_REGISTER(0, regs[0]);
		READ_REGISTER(1, regs[1]);
		READ_REGISTER(2, regs[2]);
		READ_REGISTER(3, regs[3]);
		READ_REGISTER(4, regs[4]);
		READ_REGISTER(5, regs[5]);
		READ_REGISTER(6, regs[6]);
		READ_REGISTER(7, regs[7]);
	}
	return value;
}

#else
#error "neither x86-64 nor arm64"
#endif

#endif
