/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "render/doctor.h"
#include "symbols/demangle.h"
#include "target/binding.h"
#include "trace/features.h"
#include "trace/lock.h"
#include "trace/pin.h"
#include "unwind/mode.h"

static const struct usage usage = {
	.verb = "doctor",
	.arguments = "[-p PID]",
	.text = "Tells what this kernel allows, by trying, and what traps cost here. With -p: which allocators the "
		"process\n"
		"has, which one its malloc is bound to, where each probe would go, whether the kernel emulates the\n"
		"instruction there or single-steps it, and the cost to expect for each call. Attaches to nothing.\n",
};

struct patient {
	struct process *process;
	struct maps maps;
	struct allocators allocators;
};

static const char *role_of(enum mt_class class)
{
	switch (class) {
	case MT_CLASS_ALLOC:
	case MT_CLASS_OUT:
		return "allocates";
	case MT_CLASS_REALLOC:
		return "reallocates";
	case MT_CLASS_FREE:
		return "frees";
	case MT_CLASS_LOADER:
		return "loads";
	case MT_CLASS_JUMP:
		return "jumps";
	default:
		return "maps";
	}
}

/* What only some commands probe is left out: mremap's entry, for pages, and _Exit, for `run --reach`. */
static const struct probe_site *site_of(const struct alloc_function *function)
{
	if (function->past_syscall.offset)
		return &function->past_syscall;
	if (function->signature.class == MT_CLASS_REMAP || function->signature.class == MT_CLASS_EXIT)
		return NULL;
	return &function->site;
}

static double cost_of(const struct alloc_function *function, const struct trap_costs *costs)
{
	double step = site_of(function)->emulated ? 0 : costs->stepped - costs->emulated;

	return step + (function->signature.class < MT_CLASS_FREE ? costs->with_return : costs->emulated);
}

/* "operator new(unsigned long)" for "_Znwm"; malloc'ed, NULL when memory is short. */
static char *readable(const char *name)
{
	char text[NAME_MAX_BYTES];

	demangle(name, text, sizeof(text));
	return strdup(text);
}

/* The functions of a report that is being made. */
struct function_list {
	struct doctor_report *report;
	size_t capacity;
	const struct trap_costs *costs;
};

static int list_function(const struct alloc_object *object, const struct alloc_function *function, bool live,
			 struct function_list *list)
{
	const struct probe_site *site = site_of(function);
	struct doctor_report *report = list->report;
	char *name;
	struct doctor_function line = {
		.object = object->path,
		.kind = object->kind,
		.build_id = object->build_id,
		.live = live,
	};

	if (!site)
		return 0;
	line.role = role_of(function->signature.class);
	line.offset = site->offset;
	line.instruction = site->instruction;
	line.emulated = site->emulated;
	line.cost_ns = cost_of(function, list->costs);
	line.name = name = readable(function->name);
	if (name && array__push(report->functions, report->function_count, list->capacity, line))
		return 0;
	free(name);
	return -1;
}

static int list_functions(const struct patient *patient, const struct trap_costs *costs, const struct mapping *bound,
			  struct doctor_report *report, struct error *err)
{
	struct function_list list = {.report = report, .costs = costs};

	for (size_t i = 0; i < patient->allocators.count; i++) {
		const struct alloc_object *object = &patient->allocators.objects[i];
		bool live = bound && bound->inode == object->inode && bound->device == object->device;

		for (size_t j = 0; j < object->count; j++)
			if (list_function(object, &object->functions[j], live, &list))
				return error__set(err, -1, "out of memory");
	}
	return 0;
}

static int examine(pid_t pid, const struct tracing_options *tracing, struct patient *patient, struct error *err)
{
	struct session_options options = {0};
	int code = tracing_options__session(tracing, 0, &options, err);

	if (!code)
		code = process__open(pid, &patient->process, err);
	if (!code)
		code = maps__read(patient->process, &patient->maps, err);
	if (!code)
		code = allocators__discover(patient->process, &patient->maps, options.specs, options.spec_count,
					    &patient->allocators, err);
	tracing_options__free_specs(&options);
	return code;
}

static void describe_kernel(const struct features *features, struct doctor_rung rungs[RUNG_COUNT], struct utsname *name,
			    struct doctor_report *report)
{
	enum { BPFFS_MAGIC = 0xcafe4a11 };
	struct statfs fs;

	uname(name);
	report->kernel = name->release;
	report->rungs = rungs;
	report->rung_count = RUNG_COUNT;
	for (int i = 0; i < RUNG_COUNT; i++)
		rungs[i] = (struct doctor_rung){
			.name = rung__name((enum rung)i),
			.works = features->rungs[i],
			.used = (int)features->best == i,
			.why_not = features->why_not[i],
		};
	report->iterator = features->iterator;
	report->bpffs = !statfs("/sys/fs/bpf", &fs) && (unsigned int)fs.f_type == (unsigned int)BPFFS_MAGIC;
	report->unwind = unwind_mode__words(MT_UNWIND_AUTO);
	report->emulated_ns = features->costs.emulated;
	report->stepped_ns = features->costs.stepped;
	report->with_return_ns = features->costs.with_return;
	report->skipped_ns = features->costs.skipped;
}

static int print(const struct doctor_report *report, const struct output_options *output, struct error *err)
{
	enum output_format format;
	struct buf buf = {0};
	int code = output_options__format(output, &format, err);

	if (code)
		return code;
	if (format != FORMAT_TEXT && format != FORMAT_JSON)
		return error__usage(err, "doctor can write text or json");
	if (format == FORMAT_JSON)
		render__doctor_json(report, &buf);
	else
		render__doctor_text(report, &buf);
	code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int report_on(const struct patient *patient, const struct features *features,
		     const struct output_options *output, struct error *err)
{
	struct doctor_rung rungs[RUNG_COUNT];
	struct doctor_report report = {0};
	struct utsname name;
	int code = 0;

	describe_kernel(features, rungs, &name, &report);
	if (patient->process) {
		const struct mapping *bound = binding__of(patient->process, &patient->maps, "malloc");
		pid_t pid = patient->process->pid;

		report.pid = pid;
		report.comm = patient->process->comm;
		report.session = pin__find(pid) ? "has a session" : lock__is_held(pid) ? "is being traced" : NULL;
		report.unreadable = patient->allocators.unreadable;
		report.bound = bound ? bound->path : NULL;
		code = list_functions(patient, &features->costs, bound, &report, err);
	}
	if (!code)
		code = print(&report, output, err);
	for (size_t i = 0; i < report.function_count; i++)
		free((char *)report.functions[i].name);
	free(report.functions);
	return code;
}

enum status cmd_doctor(int argc, char **argv)
{
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		TRACING_GROUP(&tracing),
		output_options__group(&output),
	};
	bool of_process;
	struct arguments arguments;
	struct features features;
	struct patient patient = {0};
	struct error err = {0};
	pid_t *pids = NULL;
	size_t count = 0;
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	of_process = tracing.pids || tracing.comm || tracing.cgroup;
	if (of_process)
		code = tracing_options__pids(&tracing, &pids, &count, &err);
	if (!code && count > 1)
		code = error__usage(&err, "doctor looks at one process at a time, and these are %zu", count);
	if (!code)
		code = observe__check_rights(&err);
	if (!code && of_process)
		code = examine(pids[0], &tracing, &patient, &err);
	if (!code) {
		features__probe(&features);
		code = report_on(&patient, &features, &output, &err);
	}
	allocators__free(&patient.allocators);
	maps__free(&patient.maps);
	process__free(patient.process);
	free(pids);
	return code ? error__report(&err) : STATUS_OK;
}
