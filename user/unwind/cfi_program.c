/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/cfi_program.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"

/* Compilers nest remembered states one deep, hand-written assembly two or three. */
#define REMEMBERED_MAX 32
/* Rows of one function. The largest ones of browsers have some thousand. */
#define ROWS_MAX (1UL << 20)

/* In advance_loc, offset and restore the lower six bits are an operand. */
enum { PRIMARY = 0xc0, OPERAND = 0x3f };

/*
 * The return address that is saved is signed, from here on or no more (DWARF for the Arm 64-bit Architecture, section
 * 4.4). <dwarf.h> has what SPARC calls the first, and not yet the other.
 */
enum { AARCH64_NEGATE_RA_STATE_WITH_PC = 0x2c, AARCH64_NEGATE_RA_STATE = DW_CFA_GNU_window_save };

struct machine {
	struct cursor code;
	const struct cfi_program *program;
	const struct cfi_state *initial; /* NULL in a CIE's instructions, which make it */
	struct cfi_state state;
	struct cfi_state remembered[REMEMBERED_MAX];
	unsigned int depth;
	bool changed; /* the state is another than that of the last row, or may be */
	uint64_t address;
	struct cfi_rows *rows;
};

static bool same_rule(const struct mt_unwind_rule *a, const struct mt_unwind_rule *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The row of the present address, if it says something new. */
static int add_row(struct machine *machine)
{
	struct cfi_rows *rows = machine->rows;
	struct cfi_row row = {.address = machine->address};

	if (!machine->changed)
		return 0;
	machine->changed = false;
	row.rule = cfi_state__rule(&machine->state, machine->program->aarch64);
	if (rows->count && same_rule(&rows->rows[rows->count - 1].rule, &row.rule))
		return 0;
	if (rows->count >= ROWS_MAX)
		return -EBADMSG;
	return array__push(rows->rows, rows->count, rows->capacity, row) ? 0 : -ENOMEM;
}

static int go_to(struct machine *machine, uint64_t address)
{
	int ret;

	/* A CIE's instructions are for no address; and a function's go forward only. */
	if (!machine->initial || address < machine->address)
		return -EBADMSG;
	if (address == machine->address)
		return 0;
	ret = add_row(machine);
	machine->address = address;
	return ret;
}

static int advance(struct machine *machine, uint64_t delta)
{
	uint64_t address;

	if (__builtin_mul_overflow(delta, machine->program->code_align, &address) ||
	    __builtin_add_overflow(machine->address, address, &address))
		return -EBADMSG;
	return go_to(machine, address);
}

static int run_location(struct machine *machine, unsigned int op)
{
	uint64_t address;

	switch (op) {
	case DW_CFA_advance_loc1:
		return advance(machine, cursor__u8(&machine->code));
	case DW_CFA_advance_loc2:
		return advance(machine, cursor__u16(&machine->code));
	case DW_CFA_advance_loc4:
		return advance(machine, cursor__u32(&machine->code));
	case DW_CFA_MIPS_advance_loc8:
		return advance(machine, cursor__u64(&machine->code));
	default: /* DW_CFA_set_loc */
		if (!pointer__read(&machine->code, machine->program->encoding, machine->program->base, &address))
			return -EBADMSG;
		return go_to(machine, address);
	}
}

/* An offset in units of the data alignment. They wrap: what comes of a lie is another number, and checked later. */
static int64_t factored(const struct machine *machine, uint64_t offset)
{
	return (int64_t)(offset * (uint64_t)machine->program->data_align);
}

static int64_t read_factored(struct machine *machine)
{
	return factored(machine, cursor__uleb(&machine->code));
}

static int64_t read_factored_signed(struct machine *machine)
{
	return factored(machine, (uint64_t)cursor__sleb(&machine->code));
}

static const unsigned char *read_block(struct machine *machine, size_t *size)
{
	*size = cursor__uleb(&machine->code);
	return cursor__take(&machine->code, *size);
}

static void run_cfa_expression(struct machine *machine)
{
	size_t size;
	const unsigned char *block = read_block(machine, &size);

	if (block && machine->program->aarch64)
		machine->state.cfa = CFI_CFA_OTHER; /* nobody writes those that we know there */
	else if (block)
		cfi_state__set_cfa_expression(&machine->state, block, size);
}

static int run_cfa(struct machine *machine, unsigned int op)
{
	struct cfi_state *state = &machine->state;
	bool whole = op == DW_CFA_def_cfa || op == DW_CFA_def_cfa_sf;

	machine->changed = true;
	if (op == DW_CFA_def_cfa_expression) {
		run_cfa_expression(machine);
		return 0;
	}
	/* The others change a half of "register and offset", so that must be there (DWARF 5, section 6.4.2.2). */
	if (!whole && state->cfa != CFI_CFA_REGISTER)
		return -EBADMSG;
	state->cfa = CFI_CFA_REGISTER;
	if (whole || op == DW_CFA_def_cfa_register)
		state->cfa_register = cursor__uleb(&machine->code);
	if (op == DW_CFA_def_cfa || op == DW_CFA_def_cfa_offset)
		state->cfa_offset = (int64_t)cursor__uleb(&machine->code);
	else if (op == DW_CFA_def_cfa_sf || op == DW_CFA_def_cfa_offset_sf)
		state->cfa_offset = read_factored_signed(machine);
	return 0;
}

static void save(struct machine *machine, uint64_t reg, enum cfi_saved_kind kind, int64_t offset)
{
	struct cfi_saved saved = {.kind = kind, .offset = offset};

	const struct cfi_registers *registers = cfi_registers(machine->program->aarch64);

	if (reg != registers->fp && reg != registers->return_address)
		return;
	*(reg == registers->fp ? &machine->state.rbp : &machine->state.return_address) = saved;
	machine->changed = true;
}

/* Back to what the CIE says. */
static int restore(struct machine *machine, uint64_t reg)
{
	const struct cfi_saved *saved;

	if (!machine->initial)
		return -EBADMSG;
	saved = reg == cfi_registers(machine->program->aarch64)->fp ? &machine->initial->rbp
								    : &machine->initial->return_address;
	save(machine, reg, saved->kind, saved->offset);
	return 0;
}

static void save_expression(struct machine *machine, uint64_t reg)
{
	size_t size;
	const unsigned char *block = read_block(machine, &size);
	struct cfi_saved saved = {.kind = CFI_SAVED_OTHER};

	if (!block)
		return;
	if (!machine->program->aarch64)
		saved = cfi_saved__from_expression(block, size);
	save(machine, reg, saved.kind, saved.offset);
}

static void skip_expression(struct machine *machine)
{
	size_t size;

	(void)read_block(machine, &size);
}

/* Instructions that begin with a register's number. */
static int run_register(struct machine *machine, unsigned int op)
{
	uint64_t reg = cursor__uleb(&machine->code);

	switch (op) {
	case DW_CFA_offset_extended:
		save(machine, reg, CFI_SAVED_AT_CFA, read_factored(machine));
		return 0;
	case DW_CFA_offset_extended_sf:
		save(machine, reg, CFI_SAVED_AT_CFA, read_factored_signed(machine));
		return 0;
	case DW_CFA_GNU_negative_offset_extended:
		save(machine, reg, CFI_SAVED_AT_CFA, -(uint64_t)read_factored(machine));
		return 0;
	case DW_CFA_restore_extended:
		return restore(machine, reg);
	case DW_CFA_undefined:
		save(machine, reg, CFI_SAVED_UNDEFINED, 0);
		return 0;
	case DW_CFA_same_value:
		save(machine, reg, CFI_SAVED_SAME, 0);
		return 0;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf: /* of an operand that is read over, only the length matters: the same for both */
		(void)cursor__uleb(&machine->code);
		save(machine, reg, CFI_SAVED_OTHER, 0);
		return 0;
	case DW_CFA_val_expression:
		skip_expression(machine);
		save(machine, reg, CFI_SAVED_OTHER, 0);
		return 0;
	case DW_CFA_expression:
		save_expression(machine, reg);
		return 0;
	default:
		return -EBADMSG;
	}
}

static int remember(struct machine *machine)
{
	if (machine->depth == REMEMBERED_MAX)
		return -EBADMSG;
	machine->remembered[machine->depth++] = machine->state;
	return 0;
}

/* The CFA comes back, too: unwinders do that, and compilers rely on it, though DWARF speaks of registers only. */
static int recall(struct machine *machine)
{
	if (!machine->depth)
		return -EBADMSG;
	machine->state = machine->remembered[--machine->depth];
	machine->changed = true;
	return 0;
}

static int run_one(struct machine *machine, unsigned int op)
{
	switch (op) {
	case DW_CFA_nop:
		return 0;
	case DW_CFA_set_loc:
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
	case DW_CFA_MIPS_advance_loc8:
		return run_location(machine, op);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		return run_cfa(machine, op);
	case DW_CFA_remember_state:
		return remember(machine);
	case DW_CFA_restore_state:
		return recall(machine);
	case AARCH64_NEGATE_RA_STATE:
	case AARCH64_NEGATE_RA_STATE_WITH_PC: /* the programs take signatures off of every return address */
		return machine->program->aarch64 ? 0 : -EBADMSG;
	case DW_CFA_GNU_args_size: /* for those who unwind in earnest: what to pop on landing */
		(void)cursor__uleb(&machine->code);
		return 0;
	default:
		return run_register(machine, op);
	}
}

static int step(struct machine *machine)
{
	unsigned int op = cursor__u8(&machine->code);

	switch (op & PRIMARY) {
	case DW_CFA_advance_loc:
		return advance(machine, op & OPERAND);
	case DW_CFA_offset:
		save(machine, op & OPERAND, CFI_SAVED_AT_CFA, read_factored(machine));
		return 0;
	case DW_CFA_restore:
		return restore(machine, op & OPERAND);
	default:
		return run_one(machine, op);
	}
}

int cfi_program__run_initial(const struct cfi_program *program, struct cfi_state *state)
{
	struct machine machine;
	int ret = 0;

	/* Not all of it is cleared: there is much of it, and functions are many. */
	machine.code = program->code;
	machine.program = program;
	machine.initial = NULL;
	machine.state = (struct cfi_state){0};
	machine.depth = 0;
	machine.address = 0;
	machine.rows = NULL;
	while (!ret && cursor__left(&machine.code))
		ret = step(&machine);
	*state = machine.state;
	return machine.code.bad ? -EBADMSG : ret;
}

int cfi_program__run(const struct cfi_program *program, const struct cfi_state *initial, uint64_t begin, uint64_t end,
		     struct cfi_rows *rows)
{
	struct machine machine;
	int ret = 0;

	machine.code = program->code;
	machine.program = program;
	machine.initial = initial;
	machine.state = *initial;
	machine.depth = 0;
	machine.changed = true;
	machine.address = begin;
	machine.rows = rows;
	rows->count = 0;
	/* What is said of addresses beyond the function is of no interest. */
	while (!ret && cursor__left(&machine.code) && machine.address < end)
		ret = step(&machine);
	if (!ret && machine.code.bad)
		ret = -EBADMSG;
	return ret || machine.address >= end ? ret : add_row(&machine);
}
