/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/tracing_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/units.h"
#include "sampling.h"
#include "target/allocators.h"
#include "target/process.h"
#include "unwind/mode.h"

#define AT(member) offsetof(struct tracing_options, member)

const struct option target_option_table[] = {
	{.name = "pid",
	 .letter = 'p',
	 .type = OPTION_STRING,
	 .offset = AT(pids),
	 .argument = "PID[,PID...]",
	 .help = "the process to look at, or several"},
	{.name = "comm",
	 .type = OPTION_STRING,
	 .offset = AT(comm),
	 .argument = "NAME",
	 .help = "all processes of that name"},
	{.name = "cgroup",
	 .type = OPTION_STRING,
	 .offset = AT(cgroup),
	 .argument = "PATH",
	 .help = "all processes in that cgroup or below it"},
};

const struct option tracing_option_table[] = {
	{.name = "follow-forks",
	 .type = OPTION_FLAG,
	 .offset = AT(follow_forks),
	 .help = "trace forked children too, from their first call on; every process that uses the same\n"
		 "allocator's file then pays for the traps"},
	{.name = "source",
	 .type = OPTION_STRING,
	 .offset = AT(source),
	 .argument = "heap|pages|heap,pages|auto",
	 .help = "what allocators give out (heap, the default), or the pages that are resident, by who touched\n"
		 "them first: any language, any allocator, and no probe on it. With both, also what of each heap\n"
		 "site's blocks is resident, and what the allocator retains. auto is the heap, or pages where no\n"
		 "allocator is found"},
	{.name = "sample",
	 .type = OPTION_STRING,
	 .offset = AT(sample),
	 .argument = "auto|exact|SIZE",
	 .help = "count every allocation, or one in SIZE bytes on average, without bias;\n"
		 "auto (the default) is exact while the overhead budget allows"},
	{.name = "max-overhead",
	 .type = OPTION_STRING,
	 .offset = AT(max_overhead),
	 .argument = "PERCENT|off",
	 .help = "the most CPU time that tracing may add to the target's own"},
	{.name = "unwind",
	 .type = OPTION_STRING,
	 .offset = AT(unwind),
	 .argument = "auto|dwarf|fp",
	 .help = "take stacks by the unwind information that compilers leave (dwarf), by frame pointers,\n"
		 "or, as auto, the default, does, by frame pointers where there is no such information"},
	{.name = "frames",
	 .type = OPTION_COUNT,
	 .offset = AT(frames),
	 .argument = "N",
	 .help = "keep at most N frames of each stack (64)",
	 .min = 1,
	 .max = MT_FRAMES_MAX},
	{.name = "max-live",
	 .type = OPTION_COUNT,
	 .offset = AT(live_max),
	 .argument = "N",
	 .help = "room for N live blocks (1048576); where there are more, they are sampled",
	 .min = 1024,
	 .max = 1 << 28},
	{.name = "max-sites",
	 .type = OPTION_COUNT,
	 .offset = AT(sites_max),
	 .argument = "N",
	 .help = "room for N call stacks (16384)",
	 .min = 64,
	 .max = 1 << 22},
	{.name = "max-resident",
	 .type = OPTION_SIZE,
	 .offset = AT(resident_max),
	 .argument = "SIZE",
	 .help = "with --source pages: room for so much resident memory (8G)"},
	{.name = "mappings",
	 .type = OPTION_FLAG,
	 .offset = AT(mappings),
	 .help = "also tell who maps private memory with mmap, mremap and brk, apart from the heap; meanwhile\n"
		 "every syscall of every process on the host takes longer, here by 0.16 us"},
	{.name = "alloc",
	 .type = OPTION_STRINGS,
	 .offset = AT(allocs),
	 .argument = "SPEC",
	 .help = "an allocator of the target's own: 'LIB:FUNC(size=arg1) -> ptr'"},
	{.name = "free",
	 .type = OPTION_STRINGS,
	 .offset = AT(frees),
	 .argument = "SPEC",
	 .help = "and the function that frees: 'LIB:FUNC(ptr=arg1)'"},
};

_Static_assert(ARRAY_SIZE(target_option_table) == TARGET_OPTION_COUNT, "target options");
_Static_assert(ARRAY_SIZE(tracing_option_table) == TRACING_OPTION_COUNT, "tracing options");

static int parse_sample(const char *text, struct session_options *session, struct error *err)
{
	session->adaptive = !text || !strcmp(text, "auto");
	session->period = 0;
	if (session->adaptive || !strcmp(text, "exact"))
		return 0;
	if (units__parse_size(text, &session->period) || !session->period || session->period > MT_PERIOD_MAX)
		return error__usage(err, "--sample '%s': use auto, exact, or a size from 1 to 128M such as 512K", text);
	return 0;
}

static int parse_source(const char *text, struct session_options *session, struct error *err)
{
	bool both = text && (!strcmp(text, "heap,pages") || !strcmp(text, "pages,heap"));

	session->pages = both || (text && !strcmp(text, "pages"));
	session->heap = both || !session->pages;
	if (text && !session->pages && strcmp(text, "heap") != 0 && strcmp(text, "auto") != 0)
		return error__usage(err, "--source '%s': use heap, pages, heap,pages or auto", text);
	if (!session->heap && session->mappings)
		return error__usage(err, "--mappings is about the heap's source: leave it out, or --source pages");
	return 0;
}

static int check_resident(uint64_t bytes, struct error *err)
{
	if (bytes < 1 << 20 || bytes > 1ULL << 44)
		return error__usage(err, "--max-resident: use a size from 1M to 16T");
	return 0;
}

static int parse_overhead(const char *text, double *percent, struct error *err)
{
	char *end;

	if (!text)
		return 0;
	if (!strcmp(text, "off")) {
		*percent = 0;
		return 0;
	}
	errno = 0;
	*percent = strtod(text, &end);
	if (*end == '%')
		end++;
	if (end == text || *end || errno || !(*percent > 0 && *percent <= 100000))
		return error__usage(err, "--max-overhead '%s': use a percentage above 0, such as 5, or off", text);
	return 0;
}

static int parse_unwind(const char *text, enum mt_unwind_mode *mode, struct error *err)
{
	for (int i = 0; text && i < UNWIND_MODE_COUNT; i++) {
		if (!strcmp(text, unwind_mode__name((enum mt_unwind_mode)i))) {
			*mode = (enum mt_unwind_mode)i;
			return 0;
		}
	}
	return text ? error__usage(err, "--unwind '%s': use auto, dwarf or fp", text) : 0;
}

static int parse_specs(const struct tracing_options *options, struct session_options *session, struct error *err)
{
	size_t count = options->allocs.count + options->frees.count;
	struct alloc_spec *specs = calloc(count ? count : 1, sizeof(*specs));
	int code = 0;

	if (!specs)
		return error__set(err, -ENOMEM, "out of memory");
	session->specs = specs;
	for (size_t i = 0; !code && i < options->allocs.count; i++)
		code = alloc_spec__parse(options->allocs.items[i], false, &specs[session->spec_count++], err);
	for (size_t i = 0; !code && i < options->frees.count; i++)
		code = alloc_spec__parse(options->frees.items[i], true, &specs[session->spec_count++], err);
	if (code)
		tracing_options__free_specs(session);
	return code;
}

int tracing_options__session(const struct tracing_options *options, double default_overhead,
			     struct session_options *session, struct error *err)
{
	int code;

	*session = session_defaults;
	session->max_overhead = default_overhead;
	session->frames = (uint32_t)options->frames;
	session->live_max = (uint32_t)options->live_max;
	session->sites_max = (uint32_t)options->sites_max;
	session->follow_forks = options->follow_forks;
	session->mappings = options->mappings;
	session->resident_max = options->resident_max;
	code = parse_source(options->source, session, err);
	if (!code)
		code = check_resident(options->resident_max, err);
	if (!code)
		code = parse_sample(options->sample, session, err);
	if (!code)
		code = parse_overhead(options->max_overhead, &session->max_overhead, err);
	if (!code)
		code = parse_unwind(options->unwind, &session->unwind, err);
	return code ? code : parse_specs(options, session, err);
}

void tracing_options__free_specs(struct session_options *session)
{
	struct alloc_spec *specs = (struct alloc_spec *)session->specs;

	for (size_t i = 0; i < session->spec_count; i++)
		alloc_spec__free(&specs[i]);
	free(specs);
	session->specs = NULL;
	session->spec_count = 0;
}

/* ---- who */

struct pid_list {
	pid_t *pids;
	size_t count, capacity;
};

static int add_pid(struct pid_list *list, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->pids[i] == pid)
			return 0;
	if (!array__push(list->pids, list->count, list->capacity, pid))
		return error__set(err, -ENOMEM, "out of memory");
	return 0;
}

static int add_listed(struct pid_list *list, const char *text, struct error *err)
{
	char *copy = strdup(text), *rest = copy, *item;
	int code = copy ? 0 : error__set(err, -ENOMEM, "out of memory");

	while (!code && (item = strsep(&rest, ","))) {
		uint64_t pid;

		if (units__parse_count(item, 1, 1 << 22, &pid))
			code = error__usage(err, "'%s' is no process id: use -p PID, a number from 1 to 4194304", item);
		else
			code = add_pid(list, (pid_t)pid, err);
	}
	free(copy);
	return code;
}

static int add_found(struct pid_list *list, const char *comm, const char *cgroup, struct error *err)
{
	pid_t *found = NULL;
	size_t count = 0;
	int code = process__find(comm, cgroup, &found, &count, err);

	for (size_t i = 0; !code && i < count; i++)
		code = add_pid(list, found[i], err);
	free(found);
	return code;
}

int tracing_options__pids(const struct tracing_options *options, pid_t **pids, size_t *count, struct error *err)
{
	struct pid_list list = {0};
	int code = 0;

	if (!options->pids && !options->comm && !options->cgroup)
		return error__usage(err, "which process? Use -p PID, --comm NAME or --cgroup PATH");
	if (options->pids)
		code = add_listed(&list, options->pids, err);
	if (!code && options->comm)
		code = add_found(&list, options->comm, NULL, err);
	if (!code && options->cgroup)
		code = add_found(&list, NULL, options->cgroup, err);
	if (code) {
		free(list.pids);
		return code;
	}
	*pids = list.pids;
	*count = list.count;
	return 0;
}

static bool has_allocator(pid_t pid, const struct session_options *session)
{
	struct allocators allocators = {0};
	struct process *process = NULL;
	struct maps maps = {0};
	bool has = !process__open(pid, &process, NULL) && !maps__read(process, &maps, NULL) &&
		   !allocators__discover(process, &maps, session->specs, session->spec_count, &allocators, NULL) &&
		   allocators__any(&allocators);

	allocators__free(&allocators);
	maps__free(&maps);
	process__free(process);
	return has;
}

void tracing_options__choose_source(const struct tracing_options *options, const pid_t *pids, size_t count,
				    struct session_options *session)
{
	if (!options->source || strcmp(options->source, "auto") != 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (has_allocator(pids[i], session))
			return;
	session->heap = false;
	session->pages = true;
}

bool tracing_options__are_default(const struct tracing_options *options)
{
	const struct tracing_options plain = TRACING_OPTIONS_DEFAULT;

	return !options->follow_forks && !options->mappings && !options->source && !options->sample &&
	       !options->max_overhead && !options->unwind && options->frames == plain.frames &&
	       options->live_max == plain.live_max && options->sites_max == plain.sites_max &&
	       options->resident_max == plain.resident_max && !options->allocs.count && !options->frees.count;
}
