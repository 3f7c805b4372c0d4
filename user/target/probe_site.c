/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/probe_site.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

#include "memtrawl.h"

/* General registers in DWARF's order for x86-64, which is the order of the bits in a set of registers. */
static const x86_reg registers64[16] = {
	X86_REG_RAX, X86_REG_RDX, X86_REG_RCX, X86_REG_RBX, X86_REG_RSI, X86_REG_RDI, X86_REG_RBP, X86_REG_RSP,
	X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11, X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15,
};

/* The names of parts of them, by the same index: 32, 16, 8 bits, and the high byte. */
static const x86_reg registers_part[16][4] = {
	{X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH}, {X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
	{X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH}, {X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
	{X86_REG_ESI, X86_REG_SI, X86_REG_SIL, 0},         {X86_REG_EDI, X86_REG_DI, X86_REG_DIL, 0},
	{X86_REG_EBP, X86_REG_BP, X86_REG_BPL, 0},         {X86_REG_ESP, X86_REG_SP, X86_REG_SPL, 0},
	{X86_REG_R8D, X86_REG_R8W, X86_REG_R8B, 0},        {X86_REG_R9D, X86_REG_R9W, X86_REG_R9B, 0},
	{X86_REG_R10D, X86_REG_R10W, X86_REG_R10B, 0},     {X86_REG_R11D, X86_REG_R11W, X86_REG_R11B, 0},
	{X86_REG_R12D, X86_REG_R12W, X86_REG_R12B, 0},     {X86_REG_R13D, X86_REG_R13W, X86_REG_R13B, 0},
	{X86_REG_R14D, X86_REG_R14W, X86_REG_R14B, 0},     {X86_REG_R15D, X86_REG_R15W, X86_REG_R15B, 0},
};

enum { RAX = 0, RSP = 7 };

/* Arguments of a system call on x86-64 (syscall(2)), as far as they are read. */
static const uint8_t syscall_registers[4] = {5 /* rdi */, 4 /* rsi */, 1 /* rdx */, 10};

/* Integer arguments in order: System V ABI; AAPCS64. */
#ifdef __aarch64__
static const uint8_t argument_registers[6] = {0, 1, 2, 3, 4, 5};
#else
static const uint8_t argument_registers[6] = {5 /* rdi */, 4 /* rsi */, 1 /* rdx */, 2 /* rcx */, 8, 9};
#endif

/* The index of a register by its 64-bit name, or -1. */
static int register64(unsigned int reg)
{
	for (int i = 0; i < 16; i++)
		if (registers64[i] == reg)
			return i;
	return -1;
}

/* The index of the register that `reg` is, or is a part of, or -1. */
static int register_any(unsigned int reg)
{
	for (int i = 0; i < 16; i++) {
		for (int j = 0; j < 4; j++)
			if (reg && registers_part[i][j] == reg)
				return i;
	}
	return register64(reg);
}

/*
 * Instructions that kernels from 5.10 to 6.18 emulate (arch/x86/kernel/uprobes.c, branch_setup_xol_ops and
 * push_setup_xol_ops): one-byte nop, jmp, jcc, call rel32, push of a 64-bit register; prefixed forms left out.
 * Longer nops are emulated from 6.17 on only.
 */
static bool is_emulated(const uint8_t *bytes, size_t size)
{
	switch (bytes[0]) {
	case 0x90:
	case 0xeb:
		return true;
	case 0xe8:
	case 0xe9:
		return size == 5;
	case 0x0f:
		return size == 6 && bytes[1] >= 0x80 && bytes[1] <= 0x8f;
	case 0x41:
		return size == 2 && bytes[1] >= 0x50 && bytes[1] <= 0x57;
	}
	return (bytes[0] >= 0x50 && bytes[0] <= 0x57) || (bytes[0] >= 0x70 && bytes[0] <= 0x7f);
}

/* Capstone 4 has the loop instructions in no group. */
static bool is_jump(csh handle, const cs_insn *insn)
{
	return cs_insn_group(handle, insn, CS_GRP_JUMP) || insn->id == X86_INS_LOOP || insn->id == X86_INS_LOOPE ||
	       insn->id == X86_INS_LOOPNE;
}

static bool is_branch(csh handle, const cs_insn *insn)
{
	return is_jump(handle, insn) || cs_insn_group(handle, insn, CS_GRP_CALL) ||
	       cs_insn_group(handle, insn, CS_GRP_RET) || cs_insn_group(handle, insn, CS_GRP_INT) ||
	       cs_insn_group(handle, insn, CS_GRP_IRET);
}

static bool direct_target(csh handle, const cs_insn *insn, uint64_t *target)
{
	const cs_x86 *x86 = &insn->detail->x86;

	if (!is_jump(handle, insn) && !cs_insn_group(handle, insn, CS_GRP_CALL))
		return false;
	if (x86->op_count != 1 || x86->operands[0].type != X86_OP_IMM)
		return false;
	*target = (uint64_t)x86->operands[0].imm;
	return true;
}

/*
 * Of arm64's instructions nothing is known yet: functions are probed at their entries, and names that only jump to
 * others are taken for functions of their own.
 */
#ifdef __aarch64__
enum { DECODER = false };
#else
enum { DECODER = true };
#endif

static bool open_decoder(csh *handle)
{
	if (!DECODER)
		return false;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, handle) != CS_ERR_OK)
		return false;
	cs_option(*handle, CS_OPT_DETAIL, CS_OPT_ON);
	cs_option(*handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	return true;
}

/* Which registers hold each argument, followed through register copies. A bit each, by DWARF number. */
struct tracking {
	uint16_t holders[PROBE_ARGUMENTS];
	bool sp_moved;
};

/* The registers that an instruction writes, all if that is not known. */
static uint16_t written_by(csh handle, const cs_insn *insn)
{
	uint8_t reads = 0, writes = 0;
	uint16_t written = 0;
	cs_regs read, write;

	if (cs_regs_access(handle, insn, read, &reads, write, &writes) != CS_ERR_OK)
		return 0xffff;
	for (int i = 0; i < writes; i++) {
		int reg = register_any(write[i]);

		if (reg >= 0)
			written |= (uint16_t)(1 << reg);
	}
	return written;
}

static void track(csh handle, const cs_insn *insn, struct tracking *tracking)
{
	const cs_x86 *x86 = &insn->detail->x86;
	uint16_t copied[PROBE_ARGUMENTS] = {0}, written = written_by(handle, insn);
	int from = -1, to = -1;

	/* AT&T syntax: operands stand source first */
	if (insn->id == X86_INS_MOV && x86->op_count == 2 && x86->operands[0].type == X86_OP_REG &&
	    x86->operands[1].type == X86_OP_REG) {
		from = register64(x86->operands[0].reg);
		to = register64(x86->operands[1].reg);
	}
	for (int i = 0; i < PROBE_ARGUMENTS; i++)
		if (from >= 0 && to >= 0 && tracking->holders[i] & 1 << from)
			copied[i] = (uint16_t)(1 << to);
	if (written & 1 << RSP || insn->id == X86_INS_ENTER) /* of which Capstone 4 does not tell */
		tracking->sp_moved = true;
	for (int i = 0; i < PROBE_ARGUMENTS; i++)
		tracking->holders[i] = (uint16_t)((tracking->holders[i] & ~written) | copied[i]);
}

/* Fills in the registers if every wanted argument is in one. The argument's own register is preferred. */
static bool assign_registers(const struct tracking *tracking, const int arguments[PROBE_ARGUMENTS],
			     uint8_t registers[PROBE_ARGUMENTS])
{
	for (int i = 0; i < PROBE_ARGUMENTS; i++) {
		registers[i] = MT_REGISTER_NONE;
		if (arguments[i] == PROBE_NO_ARGUMENT)
			continue;
		if (!tracking->holders[i])
			return false;
		registers[i] = argument_registers[arguments[i]];
		if (!(tracking->holders[i] & 1 << registers[i]))
			registers[i] = (uint8_t)__builtin_ctz(tracking->holders[i]);
	}
	return true;
}

static void start_tracking(const int arguments[PROBE_ARGUMENTS], struct tracking *tracking)
{
	memset(tracking, 0, sizeof(*tracking));
	for (int i = 0; i < PROBE_ARGUMENTS; i++)
		if (arguments[i] != PROBE_NO_ARGUMENT)
			tracking->holders[i] = (uint16_t)(1 << argument_registers[arguments[i]]);
}

/* Does anything in the function jump behind `start`, up to the site? It would hit the probe without being a call. */
static bool is_jumped_into(csh handle, const uint8_t *code, size_t size, uint64_t address, uint64_t start,
			   uint64_t site)
{
	cs_insn *insn = cs_malloc(handle);
	uint64_t at = address, target;
	bool found = false;

	while (insn && !found && size) {
		if (!cs_disasm_iter(handle, &code, &size, &at, insn)) {
			code++; /* data between the code: step over it, byte by byte */
			size--;
			at++;
			continue;
		}
		found = direct_target(handle, insn, &target) && target > start && target <= site;
	}
	found = found || !insn;
	if (insn)
		cs_free(insn, 1);
	return found;
}

static bool find_emulated(csh handle, const uint8_t *code, size_t size, uint64_t address,
			  const int arguments[PROBE_ARGUMENTS], struct probe_site *site)
{
	cs_insn *insn = cs_malloc(handle);
	struct tracking tracking;
	uint64_t at = address;
	bool found = false;

	start_tracking(arguments, &tracking);
	while (insn && cs_disasm_iter(handle, &code, &size, &at, insn)) {
		if (is_emulated(insn->bytes, insn->size) && assign_registers(&tracking, arguments, site->registers)) {
			site->offset = (uint32_t)(insn->address - address);
			snprintf(site->instruction, sizeof(site->instruction), "%s %s", insn->mnemonic, insn->op_str);
			found = true;
			break;
		}
		track(handle, insn, &tracking);
		if (tracking.sp_moved || is_branch(handle, insn))
			break;
	}
	if (insn)
		cs_free(insn, 1);
	return found;
}

static void probe_entry(csh handle, const uint8_t *code, size_t size, uint64_t address,
			const int arguments[PROBE_ARGUMENTS], struct probe_site *site)
{
	cs_insn *insn = NULL;
	struct tracking tracking;

	start_tracking(arguments, &tracking);
	assign_registers(&tracking, arguments, site->registers);
	site->offset = 0;
	if (cs_disasm(handle, code, size, address, 1, &insn) != 1)
		return;
	site->emulated = is_emulated(insn->bytes, insn->size);
	snprintf(site->instruction, sizeof(site->instruction), "%s %s", insn->mnemonic, insn->op_str);
	cs_free(insn, 1);
}

void probe_site__choose(const uint8_t *code, size_t size, uint64_t address, bool whole,
			const int arguments[PROBE_ARGUMENTS], struct probe_site *site)
{
	csh handle;

	memset(site, 0, sizeof(*site));
	for (int i = 0; i < PROBE_ARGUMENTS; i++)
		site->registers[i] =
			arguments[i] == PROBE_NO_ARGUMENT ? MT_REGISTER_NONE : argument_registers[arguments[i]];
	if (!open_decoder(&handle)) {
		snprintf(site->instruction, sizeof(site->instruction), "choice not supported yet on this machine");
		return;
	}
	if (find_emulated(handle, code, size, address, arguments, site) &&
	    (site->offset == 0 ||
	     (whole && !is_jumped_into(handle, code, size, address, address, address + site->offset))))
		site->emulated = true;
	else
		probe_entry(handle, code, size, address, arguments, site);
	cs_close(&handle);
}

/* ---- past a system call */

/* The address behind the only syscall instruction; 0 if there is none, or another one. */
static uint64_t find_syscall(csh handle, const uint8_t *code, size_t size, uint64_t address)
{
	cs_insn *insn = cs_malloc(handle);
	uint64_t found = 0;
	int count = 0;

	while (insn && size) {
		if (!cs_disasm_iter(handle, &code, &size, &address, insn)) {
			code++; /* data between the code */
			size--;
			address++;
		} else if (insn->id == X86_INS_SYSCALL) {
			found = address;
			count++;
		}
	}
	if (insn)
		cs_free(insn, 1);
	return count == 1 ? found : 0;
}

/* Where the instruction at `address` is probed, when `intact` registers are as the system call left them. */
static void probe_past(const cs_insn *insn, uint64_t function, uint16_t intact, struct probe_site *site)
{
	site->offset = (uint32_t)(insn->address - function);
	site->emulated = is_emulated(insn->bytes, insn->size);
	for (int i = 0; i < PROBE_ARGUMENTS; i++)
		site->registers[i] =
			intact & 1 << syscall_registers[i] ? syscall_registers[i] : (uint8_t)MT_REGISTER_NONE;
	snprintf(site->instruction, sizeof(site->instruction), "%s %s", insn->mnemonic, insn->op_str);
}

/* The first instruction, or one behind it that is emulated and has all of `wanted` as well. */
static bool choose_past(csh handle, const uint8_t *code, size_t size, uint64_t at, uint64_t function, uint16_t wanted,
			struct probe_site *site)
{
	cs_insn *insn = cs_malloc(handle);
	uint16_t intact = 0xffff;
	uint64_t start = at;
	bool found = false;

	while (insn && !site->emulated && (intact & wanted) == wanted &&
	       cs_disasm_iter(handle, &code, &size, &at, insn)) {
		if (insn->address == start || is_emulated(insn->bytes, insn->size)) {
			probe_past(insn, function, intact, site);
			found = true;
		}
		if (is_branch(handle, insn))
			break;
		intact &= (uint16_t)~written_by(handle, insn);
	}
	if (insn)
		cs_free(insn, 1);
	return found;
}

bool probe_site__past_syscall(const uint8_t *code, size_t size, uint64_t address, unsigned int arguments,
			      struct probe_site *site)
{
	uint16_t wanted = 1 << RAX;
	bool found = false;
	uint64_t past;
	csh handle;

	memset(site, 0, sizeof(*site));
	if (!open_decoder(&handle))
		return false;
	for (int i = 0; i < (int)sizeof(syscall_registers); i++)
		if (arguments & 1U << i)
			wanted |= (uint16_t)(1 << syscall_registers[i]);
	past = find_syscall(handle, code, size, address);
	if (past)
		found = choose_past(handle, code + (past - address), size - (past - address), past, address, wanted,
				    site) &&
			!is_jumped_into(handle, code, size, address, past - 1, address + site->offset);
	cs_close(&handle);
	return found;
}

/* ---- names for other functions */

bool probe_site__forwards(const uint8_t *code, size_t size, uint64_t address, uint64_t *target)
{
	struct tracking tracking = {0};
	bool forwards = false;
	cs_insn *insn;
	csh handle;

	if (!open_decoder(&handle))
		return false;
	insn = cs_malloc(handle);
	while (insn && cs_disasm_iter(handle, &code, &size, &address, insn)) {
		if (insn->id == X86_INS_JMP) {
			forwards = direct_target(handle, insn, target);
			break;
		}
		track(handle, insn, &tracking);
		if (tracking.sp_moved || is_branch(handle, insn))
			break;
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&handle);
	return forwards;
}

void probe_site__each_branch(const uint8_t *code, size_t size, uint64_t address,
			     void (*visit)(uint64_t target, void *cookie), void *cookie)
{
	uint64_t start = address, end = address + size, target;
	cs_insn *insn;
	csh handle;

	if (!open_decoder(&handle))
		return;
	insn = cs_malloc(handle);
	while (insn && size) {
		if (!cs_disasm_iter(handle, &code, &size, &address, insn)) {
			code++;
			size--;
			address++;
			continue;
		}
		if (direct_target(handle, insn, &target) && (target < start || target >= end))
			visit(target, cookie);
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&handle);
}
