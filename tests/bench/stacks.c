/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one stack costs, and what its tables do. The programs of stack.bpf.c are attached alone at a place where the
 * kernel emulates the probed instruction; the tables are filled in by the same code as a session's.
 *
 *   stacks deep ROUNDS OMIT KEEP  runs tests/bench/deep.c, built without (OMIT) and with frame pointers (KEEP), under
 * each program in turn. Lines for bench-report: "stacks FRAMES/HOW ROUND PICOSECONDS", of the CPU time of a call of the
 * probed function stacks process ROUNDS PID     has each program, in turn, half a second at the allocators of a process
 * that is busy: "stacks process/HOW ROUND PICOSECONDS", of a run by the kernel's account (BPF_ENABLE_STATS); and
 * "process/frames", thousandths of the mean number of frames stacks tables ROUNDS PID      makes the tables of a
 * process's whole address space: "tables process ROUND PICOSECONDS" stacks rows FILE...           "tables rows/NAME 0
 * BYTES", thousandths of the bytes that a row takes in the maps
 *
 * Exit status 3, and the reason, if anything is not as it must be: a stack that is not whole, say.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "stack.skel.h"
#include "trace/kernel_abi.h"
#include "trace/session.h"
#include "trace/unwinding.h"
#include "unwind/table.h"

enum { SLOT = 0, PROCESS_TURN_US = 500000 };

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("stacks: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(STATUS_REFUSED);
}

/* ---- a session of which there is but the tables */

static void open_session(struct stack_bpf **bpf, struct session *session)
{
	static const char *const needed[] = {"session",       "processes",       "counters",     "thread_slots",
					     "threads",       "unwind_mappings", "unwind_pages", "unwind_rules",
					     "unwind_chunks", "unwind_cache"};
	struct bpf_program *program;
	struct error err = {0};
	struct bpf_map *map;

	*bpf = stack_bpf__open();
	if (!*bpf)
		fail("cannot open its programs");
	bpf_object__for_each_map(map, (*bpf)->obj)
	{
		bool wanted = bpf_map__is_internal(map);

		for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
			wanted = wanted || !strcmp(bpf_map__name(map), needed[i]);
		bpf_map__set_autocreate(map, wanted);
	}
	bpf_object__for_each_program(program, (*bpf)->obj)
		bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)KERNEL_ATTACH_UPROBE_MULTI);
	if (stack_bpf__load(*bpf))
		fail("cannot load its programs");
	for (int i = 0; i < SESSION_MAPS; i++) {
		map = bpf_object__find_map_by_name((*bpf)->obj, session_maps__name(i));
		((int *)&session->maps)[i] = map && bpf_map__autocreate(map) ? bpf_map__fd(map) : -1;
	}
	if (session__map_arrays(session, &err) || unwinding__new(session, &session->unwinding, &err))
		fail("%s", err.text);
	session->shared->frames = MT_FRAMES_MAX;
	session->processes[SLOT].state = MT_PROCESS_LIVE;
}

static void open_process(pid_t pid, struct tracked *tracked)
{
	struct error err = {0};

	*tracked = (struct tracked){.slot = SLOT};
	if (process__open(pid, &tracked->process, &err) || maps__read(tracked->process, &tracked->maps, &err))
		fail("%s", err.text);
}

static void close_process(struct tracked *tracked)
{
	allocators__free(&tracked->allocators);
	maps__free(&tracked->maps);
	process__free(tracked->process);
}

static void update_tables(const struct session *session, const struct tracked *tracked)
{
	struct error err = {0};

	if (unwinding__update(session->unwinding, tracked, &err))
		fail("%s", err.text);
}

static int attach(const struct bpf_program *program, const struct tracked *tracked, const struct mapping *mapping,
		  uint64_t offset)
{
	uint64_t cookie = 0;
	struct uprobe_multi link = {
		.program_fd = bpf_program__fd(program),
		.attach_type = KERNEL_ATTACH_UPROBE_MULTI,
		.offsets = &offset,
		.cookies = &cookie,
		.count = 1,
		.pid = tracked->process->pid,
	};
	char path[4096];
	int fd;

	if (!mapping || maps__file_path(tracked->process, mapping, path, sizeof(path)))
		fail("cannot find the file to probe");
	link.path = path;
	fd = kernel__link_uprobe_multi(&link);
	if (fd < 0)
		fail("cannot attach: %s", strerror(-fd));
	return fd;
}

/* ---- ways to take a stack */

struct way {
	const char *name;
	bool kept;  /* in a program with frame pointers */
	bool fresh; /* by another path each time */
	enum mt_unwind_mode mode;
};

/* The empty ones are what the others are compared with: at the same place, in the same program. */
static const struct way ways[] = {
	{"empty", false, false, 0},
	{"table", false, false, MT_UNWIND_DWARF},
	{"empty-new", false, true, 0},
	{"table-new", false, true, MT_UNWIND_DWARF},
	{"table-cold", false, true, MT_UNWIND_DWARF},
	{"empty-fp", true, false, 0},
	{"fp", true, false, MT_UNWIND_FP},
	{"get_stack", true, false, 0},
};

static const struct bpf_program *program_of(const struct stack_bpf *bpf, const char *way)
{
	if (!strncmp(way, "empty", strlen("empty")))
		return bpf->progs.take_none;
	if (!strcmp(way, "get_stack"))
		return bpf->progs.take_kernels;
	return strcmp(way, "table-cold") ? bpf->progs.take_own : bpf->progs.take_cold;
}

/* ---- a program with exactly so many frames */

struct deep {
	pid_t pid;
	FILE *to, *from;
	struct tracked tracked;
};

static void start_deep(const char *path, int frames, long calls, bool fresh, struct deep *deep)
{
	int to[2], from[2];
	char line[64], frames_text[16], calls_text[24];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		fail("cannot make a pipe");
	snprintf(frames_text, sizeof(frames_text), "%d", frames);
	snprintf(calls_text, sizeof(calls_text), "%ld", calls);
	deep->pid = fork();
	if (deep->pid < 0)
		fail("cannot fork");
	if (!deep->pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		execl(path, path, frames_text, calls_text, fresh ? "new" : "same", NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	deep->to = fdopen(to[1], "w");
	deep->from = fdopen(from[0], "r");
	if (!deep->to || !deep->from || !fgets(line, sizeof(line), deep->from) || strcmp(line, "ready\n"))
		fail("%s did not come up", path);
	open_process(deep->pid, &deep->tracked);
}

static uint64_t run_deep(struct deep *deep)
{
	char line[64];

	fputc('\n', deep->to);
	fflush(deep->to);
	if (!fgets(line, sizeof(line), deep->from))
		fail("it gave no account");
	return strtoull(line, NULL, 10);
}

static void end_deep(struct deep *deep)
{
	close_process(&deep->tracked);
	fclose(deep->to);
	fclose(deep->from);
	kill(deep->pid, SIGKILL);
	waitpid(deep->pid, NULL, 0);
}

static int find_probed(const struct elf_symbol *symbol, void *cookie)
{
	*(uint64_t *)cookie = symbol->offset;
	return !strcmp(symbol->name, "bench_probed");
}

static uint64_t probed_offset(const char *path)
{
	struct elf_file *file = NULL;
	struct error err = {0};
	uint64_t offset = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || elf_file__open(fd, path, &file, &err))
		fail("cannot open %s: %s", path, err.text);
	if (elf_file__each_function(file, find_probed, &offset) != 1)
		fail("%s has no bench_probed", path);
	elf_file__free(file);
	close(fd);
	return offset;
}

static const struct mapping *own_code(const struct tracked *tracked)
{
	for (size_t i = 0; i < tracked->maps.count; i++) {
		const struct mapping *mapping = &tracked->maps.mappings[i];

		if (mapping->executable && mapping->path && !strcmp(mapping->path, tracked->process->exe))
			return mapping;
	}
	fail("cannot find its code");
}

/* The thread's record says what the last stack was; the next thread must find it empty. */
static void check_stack(const struct session *session, pid_t tid, const struct way *way, int frames)
{
	uint32_t slot = (uint32_t)tid % MT_THREAD_SLOTS;
	struct mt_thread thread;

	if (bpf_map_lookup_elem(session->maps.thread_slots, &slot, &thread) || thread.tid != (uint32_t)tid)
		fail("the thread has no record");
	if ((int)thread.stack.frames != frames || (way->mode && thread.stack.end != MT_END_COMPLETE))
		fail("%s: %u frames of %d, ended by %u", way->name, thread.stack.frames, frames, thread.stack.end);
	memset(&thread, 0, sizeof(thread));
	bpf_map_update_elem(session->maps.thread_slots, &slot, &thread, BPF_ANY);
}

static uint64_t measure_deep(struct stack_bpf *bpf, const struct session *session, const char *path, int frames,
			     const struct way *way)
{
	long calls = 10000000 / (50 + 5 * frames); /* 0.1 s and some */
	const struct bpf_program *program = program_of(bpf, way->name);
	const struct mapping *code;
	struct deep deep;
	uint64_t ps;
	int link;

	start_deep(path, frames, calls, way->fresh, &deep);
	code = own_code(&deep.tracked);
	if (way->mode) {
		session->shared->unwind = way->mode;
		update_tables(session, &deep.tracked);
	}
	link = attach(program, &deep.tracked, code, probed_offset(path));
	ps = run_deep(&deep);
	close(link);
	if (program != bpf->progs.take_none)
		check_stack(session, deep.pid, way, frames);
	end_deep(&deep);
	return ps;
}

static void bench_deep(struct stack_bpf *bpf, const struct session *session, int rounds, const char *omit,
		       const char *keep)
{
	static const int depths[] = {10, 30, 100};

	for (int round = 0; round < rounds; round++)
		for (size_t depth = 0; depth < ARRAY_SIZE(depths); depth++)
			for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
				/* each round begins with another one */
				const struct way *way = &ways[(i + (size_t)round) % ARRAY_SIZE(ways)];
				uint64_t ps = measure_deep(bpf, session, way->kept ? keep : omit, depths[depth], way);

				printf("stacks %d/%s %d %llu\n", depths[depth], way->name, round,
				       (unsigned long long)ps);
				fflush(stdout);
			}
}

/* ---- a process that allocates */

static size_t attach_allocators(const struct bpf_program *program, const struct tracked *tracked, int links[],
				size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < tracked->allocators.count; i++) {
		const struct alloc_object *object = &tracked->allocators.objects[i];
		const struct mapping *mapping = maps__find(&tracked->maps, object->start);

		for (size_t j = 0; j < object->count && count < max; j++)
			if (object->functions[j].signature.class < MT_CLASS_FREE)
				links[count++] = attach(program, tracked, mapping,
							object->functions[j].entry + object->functions[j].site.offset);
	}
	return count;
}

static uint64_t measure_turn(struct stack_bpf *bpf, const struct tracked *tracked, const char *way)
{
	const struct bpf_program *program = program_of(bpf, way);
	struct bpf_prog_info before = {0}, after = {0};
	uint32_t size = sizeof(before);
	int links[64];
	size_t count;

	bpf_obj_get_info_by_fd(bpf_program__fd(program), &before, &size);
	count = attach_allocators(program, tracked, links, ARRAY_SIZE(links));
	usleep(PROCESS_TURN_US);
	while (count)
		close(links[--count]);
	bpf_obj_get_info_by_fd(bpf_program__fd(program), &after, &size);
	if (after.run_cnt - before.run_cnt < 1000)
		fail("PID %d allocates next to nothing", tracked->process->pid);
	return (after.run_time_ns - before.run_time_ns) * 1000 / (after.run_cnt - before.run_cnt);
}

static void bench_process(struct stack_bpf *bpf, const struct session *session, int rounds, pid_t pid)
{
	static const char *const in_turn[] = {"empty", "table", "get_stack"};
	struct tracked tracked;
	struct error err = {0};

	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		fail("the kernel does not account for run time");
	open_process(pid, &tracked);
	if (allocators__discover(tracked.process, &tracked.maps, NULL, 0, &tracked.allocators, &err))
		fail("%s", err.text);
	session->shared->unwind = MT_UNWIND_AUTO;
	update_tables(session, &tracked);
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < ARRAY_SIZE(in_turn); i++) {
			const char *way = in_turn[(i + (size_t)round) % ARRAY_SIZE(in_turn)];
			uint64_t ps;

			bpf->bss->frames_taken = bpf->bss->stacks_taken = 0;
			ps = measure_turn(bpf, &tracked, way);
			printf("stacks process/%s %d %llu\n", way, round, (unsigned long long)ps);
			if (!strcmp(way, "table"))
				printf("stacks process/frames %d %llu\n", round,
				       (unsigned long long)(bpf->bss->frames_taken * 1000 / bpf->bss->stacks_taken));
		}
	close_process(&tracked);
}

/* ---- tables */

static void bench_tables(struct session *session, int rounds, pid_t pid)
{
	struct tracked tracked;
	struct error err = {0};

	open_process(pid, &tracked);
	for (int round = 0; round < rounds; round++) {
		uint64_t begin;

		/* nothing is known of any file */
		unwinding__free(session->unwinding);
		session->unwinding = NULL;
		session->processes[SLOT].mappings = 0;
		session->shared->unwind_pages = session->shared->unwind_rules = session->shared->unwind_rows = 0;
		if (unwinding__new(session, &session->unwinding, &err))
			fail("%s", err.text);
		begin = monotonic_ns();
		update_tables(session, &tracked);
		printf("tables process %d %llu\n", round, (unsigned long long)(monotonic_ns() - begin) * 1000);
	}
	close_process(&tracked);
}

static void count_rows(char *path)
{
	struct unwind_table table;
	struct elf_file *file = NULL;
	struct error err = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t bytes;

	if (fd < 0 || elf_file__open(fd, path, &file, &err) || unwind_table__compile(file, &table, &err))
		fail("%s: %s", path, err.text);
	bytes = table.row_count * sizeof(uint32_t) + table.page_count * sizeof(struct mt_unwind_page) +
		table.rule_count * sizeof(struct mt_unwind_rule);
	printf("tables rows/%s 0 %zu\n", basename(path), bytes * 1000 / table.row_count);
	unwind_table__free(&table);
	elf_file__free(file);
	close(fd);
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : argc > 2 && !strcmp(argv[1], "rows") ? argv[1] : "";
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	struct session session = {0};
	struct stack_bpf *bpf;

	if (!strcmp(what, "rows")) {
		for (int i = 2; i < argc; i++)
			count_rows(argv[i]);
		return 0;
	}
	if (strcmp(what, "deep") && strcmp(what, "process") && strcmp(what, "tables")) {
		fputs("usage: stacks deep ROUNDS OMIT KEEP | process ROUNDS PID | tables ROUNDS PID | rows FILE...\n",
		      stderr);
		return STATUS_USAGE;
	}
	open_session(&bpf, &session);
	if (!strcmp(what, "deep") && argc > 4)
		bench_deep(bpf, &session, rounds, argv[3], argv[4]);
	else if (!strcmp(what, "process"))
		bench_process(bpf, &session, rounds, atoi(argv[3]));
	else if (!strcmp(what, "tables"))
		bench_tables(&session, rounds, atoi(argv[3]));
	unwinding__free(session.unwinding);
	stack_bpf__destroy(bpf);
	return 0;
}
