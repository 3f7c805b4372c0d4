/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eh_frame.h"
#include "scratch.h"
#include "unwind/table.h"
#include "unwind_files.h"

/*
 * A file of two segments: .eh_frame_hdr and .eh_frame, and code that is a hole in the file. Addresses of code begin
 * at CODE_ADDRESS, below .eh_frame's.
 */
enum {
	CODE_ADDRESS = 0x10000,
	CODE_SIZE = 0x40000,
	CODE_OFFSET = 0x10000,
	HEADER_OFFSET = 0x1000,
	FRAME_OFFSET = HEADER_OFFSET + 8,
};

#define HEADER_ADDRESS (EH_FRAME_ADDRESS - 8)

struct made {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
};

static struct made usual_file(const struct eh_frame *frame)
{
	return (struct made){
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			   .e_type = ET_DYN,
			   .e_machine = EM_X86_64,
			   .e_version = EV_CURRENT,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 3},
		.segments = {{.p_type = PT_LOAD,
			      .p_flags = PF_R | PF_X,
			      .p_offset = CODE_OFFSET,
			      .p_vaddr = CODE_ADDRESS,
			      .p_filesz = CODE_SIZE,
			      .p_memsz = CODE_SIZE},
			     {.p_type = PT_LOAD,
			      .p_flags = PF_R,
			      .p_offset = HEADER_OFFSET,
			      .p_vaddr = HEADER_ADDRESS,
			      .p_filesz = 8 + frame->size,
			      .p_memsz = 8 + frame->size},
			     {.p_type = PT_GNU_EH_FRAME,
			      .p_flags = PF_R,
			      .p_offset = HEADER_OFFSET,
			      .p_vaddr = HEADER_ADDRESS,
			      .p_filesz = 8,
			      .p_memsz = 8}},
	};
}

/* No table; .eh_frame is 4 bytes after the pointer to it. */
static const unsigned char eh_frame_header[] = {1, PCREL4, DW_EH_PE_omit, DW_EH_PE_omit, 4, 0, 0, 0};

static int write_file(const struct made *made, const struct eh_frame *frame, uint64_t size)
{
	int fd = memfd_create("made", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(pwrite(fd, made, sizeof(*made), 0), sizeof(*made));
	assert_int_equal(pwrite(fd, eh_frame_header, sizeof(eh_frame_header), HEADER_OFFSET), 8);
	assert_int_equal(pwrite(fd, frame->bytes, frame->size, FRAME_OFFSET), frame->size);
	return fd;
}

static struct unwind_table compile_made(const struct made *made, struct eh_frame *frame, uint64_t size)
{
	int fd = write_file(made, frame, size);
	struct unwind_table table;
	struct error err = {0};

	if (compile_fd(fd, &table, &err))
		fail_msg("%s", err.text);
	close(fd);
	eh_frame__free(frame);
	return table;
}

static struct unwind_table compile(struct eh_frame *frame)
{
	struct made made = usual_file(frame);

	return compile_made(&made, frame, CODE_OFFSET + CODE_SIZE);
}

static void check_at(const struct unwind_table *table, uint64_t address, struct mt_unwind_rule want)
{
	const struct mt_unwind_rule *got = unwind_table__find(table, address);

	if (memcmp(got, &want, sizeof(want)) != 0)
		fail_msg("%#lx: got cfa %u%+d rbp %u%+d, not cfa %u%+d rbp %u%+d", address, got->cfa, got->cfa_offset,
			 got->rbp, got->rbp_offset, want.cfa, want.cfa_offset, want.rbp, want.rbp_offset);
}

/* A function whose CFA is rsp + `offset`. */
static void add(struct eh_frame *frame, size_t cie, uint64_t address, uint64_t size, unsigned int offset)
{
	eh_frame__fde(frame, cie, address, size, CODE(DW_CFA_def_cfa_offset, offset));
}

static const struct mt_unwind_rule none;

/* ---- layout */

static void gaps_and_neighbours(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	add(&frame, cie, CODE_ADDRESS + 0x100, 0x10, 16);
	add(&frame, cie, CODE_ADDRESS + 0x110, 0x10, 16); /* the same: one row */
	add(&frame, cie, CODE_ADDRESS + 0x120, 0x10, 24);
	add(&frame, cie, CODE_ADDRESS + 0x140, 0x10, 24);
	table = compile(&frame);
	assert_int_equal(table.first_page, 1);
	assert_int_equal(table.page_count, 1);
	assert_int_equal(table.rule_count, 4); /* with those for nothing and for the unsupported */
	assert_int_equal(table.refused, 0);
	assert_int_equal(table.row_count, 6);
	assert_int_equal(table.rows[0], MT_UNWIND_ROW(0, 0));
	assert_int_equal(table.rows[1], MT_UNWIND_ROW(0x100, 2));
	assert_int_equal(table.rows[2], MT_UNWIND_ROW(0x120, 3));
	assert_int_equal(table.rows[3], MT_UNWIND_ROW(0x130, 0));
	assert_int_equal(table.rows[4], MT_UNWIND_ROW(0x140, 3));
	assert_int_equal(table.rows[5], MT_UNWIND_ROW(0x150, 0));
	check_at(&table, 0, none);
	check_at(&table, CODE_ADDRESS + 0xff, none);
	check_at(&table, CODE_ADDRESS + 0x100, PLAIN(RSP, 16));
	check_at(&table, CODE_ADDRESS + 0x11f, PLAIN(RSP, 16));
	check_at(&table, CODE_ADDRESS + 0x12f, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x130, none);
	check_at(&table, CODE_ADDRESS + 0x14f, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x150, none);
	check_at(&table, CODE_ADDRESS + 0x10000, none);
	check_at(&table, UINT64_MAX, none);
	unwind_table__free(&table);
}

/* A function over pages: each page begins with a row. Then a page of nothing, and one which is full to its end. */
static void pages(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	add(&frame, cie, CODE_ADDRESS + 0x8000, 0x10001, 16);
	add(&frame, cie, CODE_ADDRESS + 0x30000, 0x10000, 24);
	table = compile(&frame);
	assert_int_equal(table.page_count, 4);
	assert_int_equal(table.row_count, 2 + 2 + 0 + 1);
	assert_int_equal(table.pages[0].count, 2);
	assert_int_equal(table.pages[1].count, 2);
	assert_int_equal(table.pages[2].count, 0);
	assert_int_equal(table.pages[3].count, 1);
	assert_int_equal(table.rows[2], MT_UNWIND_ROW(0, 2));
	assert_int_equal(table.rows[3], MT_UNWIND_ROW(0x8001, 0));
	check_at(&table, CODE_ADDRESS + 0x18000, PLAIN(RSP, 16));
	check_at(&table, CODE_ADDRESS + 0x18001, none);
	check_at(&table, CODE_ADDRESS + 0x28000, none);
	check_at(&table, CODE_ADDRESS + 0x30000, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x3ffff, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x40000, none);
	unwind_table__free(&table);
}

static void unsorted_and_overlapping(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	add(&frame, cie, CODE_ADDRESS + 0x300, 0x100, 24);
	add(&frame, cie, CODE_ADDRESS + 0x100, 0x1000, 16); /* ends where the next one begins */
	add(&frame, cie, CODE_ADDRESS + 0x300, 0x200, 32);  /* the first in the file counts */
	add(&frame, cie, CODE_ADDRESS + 0x200, 0x10, 40);   /* within the one from 0x100 */
	table = compile(&frame);
	assert_int_equal(table.refused, 1);
	check_at(&table, CODE_ADDRESS + 0xff, none);
	check_at(&table, CODE_ADDRESS + 0x1ff, PLAIN(RSP, 16));
	check_at(&table, CODE_ADDRESS + 0x200, PLAIN(RSP, 40));
	check_at(&table, CODE_ADDRESS + 0x20f, PLAIN(RSP, 40));
	check_at(&table, CODE_ADDRESS + 0x210, none);
	check_at(&table, CODE_ADDRESS + 0x300, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x3ff, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x400, none);
	unwind_table__free(&table);
}

/* One row for each address, by turns: no chunk has room for such a page. */
static void add_dense(struct eh_frame *frame, size_t cie, uint64_t address, size_t rows)
{
	unsigned char *code = malloc(rows * 3);

	assert_non_null(code);
	for (size_t i = 0; i < rows; i++) {
		code[i * 3] = DW_CFA_def_cfa_offset;
		code[i * 3 + 1] = i & 1 ? 16 : 24;
		code[i * 3 + 2] = DW_CFA_advance_loc | 1;
	}
	eh_frame__fde(frame, cie, address, rows, code, rows * 3);
	free(code);
}

static void dense_pages(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	add_dense(&frame, cie, CODE_ADDRESS, 40000);
	add(&frame, cie, CODE_ADDRESS + 40000, 0x10000, 32);
	/* As many as there is room for: this one, the page's first, and the last one's end. */
	add_dense(&frame, cie, CODE_ADDRESS + 0x20001, MT_UNWIND_PAGE_ROWS - 2);
	add_dense(&frame, cie, CODE_ADDRESS + 0x30001, MT_UNWIND_PAGE_ROWS - 1);
	table = compile(&frame);
	assert_int_equal(table.refused, 2);
	assert_int_equal(table.page_count, 4);
	assert_int_equal(table.pages[0].count, 0);
	assert_int_equal(table.pages[1].count, 2);
	assert_int_equal(table.pages[2].count, MT_UNWIND_PAGE_ROWS);
	assert_int_equal(table.pages[3].count, 0);
	check_at(&table, CODE_ADDRESS + 100, none);
	check_at(&table, CODE_ADDRESS + 0x10000, PLAIN(RSP, 32));
	check_at(&table, CODE_ADDRESS + 0x20001, PLAIN(RSP, 24));
	check_at(&table, CODE_ADDRESS + 0x20002, PLAIN(RSP, 16));
	unwind_table__free(&table);
}

/* More different rules than can be numbered: what comes after them is unsupported, and counted. */
static void many_rules(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	for (unsigned int i = 1; i <= 17000; i++)
		eh_frame__fde(&frame, cie, CODE_ADDRESS + i * 8, 8,
			      CODE(DW_CFA_def_cfa_offset, 0x80 | (i & 0x7f), 0x80 | (i >> 7 & 0x7f), i >> 14));
	table = compile(&frame);
	assert_int_equal(table.rule_count, MT_RULES_MAX);
	assert_int_equal(table.refused, 17000 - (MT_RULES_MAX - 2));
	check_at(&table, CODE_ADDRESS + 16382 * 8, PLAIN(RSP, 16382));
	check_at(&table, CODE_ADDRESS + 16383 * 8, PLAIN(UNSUPPORTED, 0));
	check_at(&table, CODE_ADDRESS + 17000 * 8, PLAIN(UNSUPPORTED, 0));
	check_at(&table, CODE_ADDRESS + 17001 * 8, none);
	unwind_table__free(&table);
}

/* ---- hostile files */

static void outside_of_code(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	size_t cie, far, start;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	add(&frame, cie, 0x100, 0x10, 16);                        /* below */
	add(&frame, cie, CODE_ADDRESS - 1, 0x10, 16);             /* half of it */
	add(&frame, cie, CODE_ADDRESS + CODE_SIZE - 8, 0x10, 16); /* the other half */
	add(&frame, cie, EH_FRAME_ADDRESS, 0x10, 16);             /* in data */
	add(&frame, cie, CODE_ADDRESS, 0xfffffff0, 16);           /* a negative size */
	far = eh_frame__cie(&frame, "zR", CODE(DW_EH_PE_absptr), CODE(USUAL));
	start = frame.size;
	eh_frame__u32(&frame, 0);
	eh_frame__u32(&frame, frame.size - far);
	eh_frame__u64(&frame, 1ULL << 60);
	eh_frame__u64(&frame, 16);
	eh_frame__u8(&frame, 0);
	eh_frame__close(&frame, start);
	add(&frame, cie, CODE_ADDRESS + CODE_SIZE - 16, 16, 16);
	table = compile(&frame);
	assert_int_equal(table.refused, 6);
	assert_int_equal(table.page_count, 1);
	assert_int_equal(table.first_page, (CODE_ADDRESS + CODE_SIZE - 16) >> 16);
	check_at(&table, CODE_ADDRESS + CODE_SIZE - 16, PLAIN(RSP, 16));
	unwind_table__free(&table);
}

/* Code that is said to be 2^60 bytes further up: no table spans so much. */
static void far_segments(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	struct made made;
	size_t cie, start;

	(void)state;
	cie = eh_frame__cie(&frame, "zR", CODE(DW_EH_PE_absptr), CODE(USUAL));
	start = frame.size;
	eh_frame__u32(&frame, 0);
	eh_frame__u32(&frame, frame.size - cie);
	eh_frame__u64(&frame, 1ULL << 60);
	eh_frame__u64(&frame, 16);
	eh_frame__u8(&frame, 0);
	eh_frame__close(&frame, start);
	made = usual_file(&frame);
	made.segments[0].p_vaddr = 1ULL << 60;
	table = compile_made(&made, &frame, CODE_OFFSET + CODE_SIZE);
	assert_int_equal(table.refused, 1);
	assert_int_equal(table.page_count, 0);
	assert_int_equal(table.row_count, 0);
	check_at(&table, 1ULL << 60, none);
	unwind_table__free(&table);
}

/* .eh_frame's segment is 4 GiB, a hole mostly: read up to a bound, and to its terminator. */
static void large_segment(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	struct made made;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	add(&frame, cie, CODE_ADDRESS, 0x10, 16);
	made = usual_file(&frame);
	made.segments[1].p_filesz = made.segments[1].p_memsz = 4ULL << 30;
	table = compile_made(&made, &frame, 5ULL << 30);
	assert_int_equal(table.refused, 0);
	check_at(&table, CODE_ADDRESS, PLAIN(RSP, 16));
	unwind_table__free(&table);
}

/* AArch64's vdso: no call frame information, and what signal handlers return to is known by its instructions. */
static void signal_return(void **state)
{
	enum { BEGIN = 0x200, INSTRUCTION = 4 };
	static const uint32_t code[] = {0xd503201f /* nop */, 0xd2801168 /* mov x8, #139 */, 0xd4000001 /* svc #0 */};
	Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
			     .e_type = ET_DYN,
			     .e_machine = EM_AARCH64,
			     .e_phoff = sizeof(header),
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 1};
	Elf64_Phdr segment = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = 0x1000, .p_memsz = 0x1000};
	unsigned char *image = calloc(1, 0x1000);
	struct unwind_table table;

	(void)state;
	assert_non_null(image);
	memcpy(image, &header, sizeof(header));
	memcpy(image + sizeof(header), &segment, sizeof(segment));
	memcpy(image + BEGIN, code, sizeof(code));
	assert_int_equal(compile_image(image, 0x1000, &table, NULL), 0);
	check_at(&table, BEGIN + INSTRUCTION - 1, PLAIN(SIGNAL, 0));
	check_at(&table, BEGIN + sizeof(code) - 1, PLAIN(SIGNAL, 0));
	check_at(&table, BEGIN - 1, PLAIN(NONE, 0));
	check_at(&table, BEGIN + sizeof(code), PLAIN(NONE, 0));
	unwind_table__free(&table);
	image[BEGIN + INSTRUCTION] ^= 1;
	assert_int_equal(compile_image(image, 0x1000, &table, NULL), -ENODATA);
	free(image);
}

static void refusals(void **state)
{
	struct eh_frame frame = {0};
	struct unwind_table table;
	struct error err;
	struct made made;
	int fd;

	(void)state;
	add(&frame, eh_frame__usual_cie(&frame), CODE_ADDRESS, 0x10, 16);
	made = usual_file(&frame);
	made.header.e_machine = EM_AARCH64;
	fd = write_file(&made, &frame, CODE_OFFSET + CODE_SIZE);
	/* that is read by other rules, by which this is nothing that can be followed */
	assert_int_equal(compile_fd(fd, &table, &err), 0);
	assert_int_equal(table.refused, 1);
	check_at(&table, CODE_ADDRESS, PLAIN(UNSUPPORTED, 0));
	close(fd);
	unwind_table__free(&table);

	made = usual_file(&frame);
	made.segments[2].p_type = PT_NULL;
	fd = write_file(&made, &frame, CODE_OFFSET + CODE_SIZE);
	assert_int_equal(compile_fd(fd, &table, &err), -ENODATA);
	assert_string_equal(err.text, "no call frame information: neither .eh_frame nor .debug_frame");
	close(fd);

	made = usual_file(&frame);
	made.segments[2].p_vaddr = 1ULL << 40; /* in no segment */
	fd = write_file(&made, &frame, CODE_OFFSET + CODE_SIZE);
	assert_int_equal(compile_fd(fd, &table, &err), -ENODATA);
	assert_int_equal(table.page_count, 0);
	close(fd);
	eh_frame__free(&frame);
	unwind_table__free(&table);
}

/* ---- what compilers and linkers make */

static const char source[] =
	"__attribute__((noinline)) int callee(char *p) { __asm__(\"\" : : \"r\"(p) : \"memory\"); return *p; }\n"
	"int caller(int n) { char a[n + 1]; a[n] = 1; return callee(a) + a[n]; }\n";

/* By its section, without PT_GNU_EH_FRAME; .debug_frame, without .eh_frame or beside it; and compressed. The same rules
 * in all. */
static void sections(void **state)
{
	static const char *const names[] = {"segment.so", "section.so", "debug.so", "mixed.so"};
	struct unwind_table table;
	struct error err = {0};
	uint64_t size = 0;
	int fd;

	(void)state;
	scratch__write("source.c", source, sizeof(source) - 1);
	scratch__run("gcc -O1 -shared -fPIC -nostdlib source.c -o segment.so");
	scratch__run("gcc -O1 -shared -fPIC -nostdlib -Wl,--no-eh-frame-hdr source.c -o section.so");
	scratch__run(
		"gcc -g -gz=none -fno-asynchronous-unwind-tables -O1 -shared -fPIC -nostdlib source.c -o debug.so");
	/* .eh_frame has the PLT in it, at least. */
	scratch__run(
		"gcc -g -gz=none -fno-asynchronous-unwind-tables -O1 -shared -fPIC -Wl,-z,lazy source.c -o mixed.so");
	scratch__run("gcc -g -gz=zlib -fno-asynchronous-unwind-tables -O1 -shared -fPIC -nostdlib source.c -o zlib.so");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t caller = scratch__symbol(names[i], "", "caller", &size);

		table = compile_path(scratch__path(names[i]));
		assert_int_equal(table.refused, 0);
		check_at(&table, caller, PLAIN(RSP, 8));
		check_at(&table, caller + size - 2, RULE(RBP, 16, AT_CFA, -16)); /* leave */
		check_at(&table, caller + size - 1, RULE(RSP, 8, AT_CFA, -16));  /* ret */
		unwind_table__free(&table);
	}
	fd = scratch__open("zlib.so");
	assert_int_equal(compile_fd(fd, &table, &err), -EOPNOTSUPP);
	close(fd);
}

/* ---- wrong bytes */

/* The offset of a byte of .eh_frame; in every second round none that says how long an entry is, as that ends all. */
static uint64_t pick(uint64_t *seed, const unsigned char *eh_frame, uint64_t size, long round)
{
	/* Some rounds near the beginning: where a CIE is. */
	uint64_t offset = scratch__random(seed) % (round % 8 < 2 ? 32 : size), entry = 0;
	uint32_t length = 0;

	for (; round % 2 && entry + 4 <= offset; entry += 4 + (uint64_t)length)
		memcpy(&length, eh_frame + entry, sizeof(length));
	return round % 2 && offset < entry + 4 && offset >= entry ? entry + 4 : offset;
}

/* The C library's .eh_frame with wrong bytes in it: rows are lost, and nothing else happens. */
static void flipped(void **state)
{
	int fd = memfd_create("flipped", MFD_CLOEXEC);
	struct unwind_table table;
	struct error err = {0};
	long rounds = getenv("MUTATIONS") ? atol(getenv("MUTATIONS")) : 200, whole = 0, cut = 0;
	uint64_t seed = 1, begin, end;
	struct elf_section section;
	struct elf_file *file;
	unsigned char *data;
	char path[4096];
	struct stat st;
	int from;

	(void)state;
	find_mapping("/libc.so.6", path, sizeof(path), &begin, &end);
	if (!*path)
		skip();
	from = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(from >= 0 && fd >= 0 && fstat(from, &st) == 0);
	data = malloc((size_t)st.st_size);
	assert_non_null(data);
	assert_int_equal(read(from, data, (size_t)st.st_size), st.st_size);
	assert_int_equal(write(fd, data, (size_t)st.st_size), st.st_size);
	close(from);
	assert_int_equal(elf_file__open(fd, "libc", &file, &err), 0);
	assert_true(elf_file__section(file, ".eh_frame", &section));
	for (long i = 0; i < rounds; i++) {
		uint64_t offsets[64];
		size_t count = 1U << i / 2 % 7;

		for (size_t j = 0; j < count; j++) {
			unsigned char byte = (unsigned char)scratch__random(&seed);

			offsets[j] = section.offset + pick(&seed, data + section.offset, section.size, i);
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)offsets[j]), 1);
		}
		assert_int_equal(unwind_table__compile(file, &table, &err), 0);
		check_table(&table);
		whole += table.row_count > 20000;
		cut += table.row_count < 10000;
		unwind_table__free(&table);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(pwrite(fd, &data[offsets[j]], 1, (off_t)offsets[j]), 1);
	}
	/* Both kinds occurred, so that the test tests something. */
	assert_true(whole > rounds / 10 && cut > rounds / 10);
	elf_file__free(file);
	free(data);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_and_neighbours),
		cmocka_unit_test(pages),
		cmocka_unit_test(unsorted_and_overlapping),
		cmocka_unit_test(dense_pages),
		cmocka_unit_test(many_rules),
		cmocka_unit_test(outside_of_code),
		cmocka_unit_test(far_segments),
		cmocka_unit_test(large_segment),
		cmocka_unit_test(refusals),
		cmocka_unit_test(sections),
		cmocka_unit_test(signal_return),
		cmocka_unit_test(flipped),
	};

	return cmocka_run_group_tests_name("unwind_table", tests, scratch__make, scratch__remove);
}
