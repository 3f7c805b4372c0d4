/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/doctor.h"

#include <inttypes.h>
#include <string.h>

#include "lib/json_value.h"
#include "render/pieces.h"

/* ---- text */

static void add_kernel(const struct doctor_report *report, struct buf *out)
{
	buf__add_format(out, "kernel %s\n", report->kernel);
	for (size_t i = 0; i < report->rung_count; i++) {
		const struct doctor_rung *rung = &report->rungs[i];

		buf__add_format(out, "  %-9s %s", rung->name, rung->works ? rung->used ? "yes, used" : "yes" : "no: ");
		if (!rung->works)
			pieces__add_escaped(out, rung->why_not);
		buf__add_string(out, "\n");
	}
	buf__add_format(out, "  stacks    by %s\n", report->unwind);
	buf__add_format(out, "  sessions  %s, %s\n", report->bpffs ? "bpffs is mounted" : "bpffs is mounted by `start`",
			report->iterator ? "with a `top` to cat" : "without a `top` to cat (no iterators over maps)");
	buf__add_format(
		out,
		"  a trap    %.0f ns emulated, %.0f ns single-stepped, %.0f ns with return, %.0f ns return skipped\n",
		report->emulated_ns, report->stepped_ns, report->with_return_ns, report->skipped_ns);
}

static void add_object(const struct doctor_function *f, struct buf *out)
{
	buf__add_format(out, "\n%s: ", f->kind);
	pieces__add_escaped(out, f->object);
	if (f->live)
		buf__add_string(out, " (the program's malloc is bound to it)");
	buf__add_string(out, "\n");
}

/* Names last: those of C++ are long. */
static void add_function(const struct doctor_function *f, struct buf *out)
{
	buf__add_format(out, "  %-11s %6.0f ns  %-14s +%-3" PRIu64 " %-18s  ", f->role, f->cost_ns,
			f->emulated ? "emulated" : "single-stepped", f->offset, f->instruction);
	pieces__add_escaped(out, f->name ? f->name : "?");
	buf__add_string(out, "\n");
}

static void add_process(const struct doctor_report *report, struct buf *out)
{
	buf__add_string(out, "\n");
	pieces__add_escaped(out, report->comm);
	buf__add_format(out, " [%d]", report->pid);
	if (!report->function_count)
		buf__add_string(out, ": no allocator found");
	if (report->session)
		buf__add_format(out, ": %s", report->session);
	buf__add_string(out, "\n");
	if (report->unreadable) {
		buf__add_string(out, "  not looked into: ");
		pieces__add_escaped(out, report->unreadable);
		buf__add_string(out, "\n");
	}
	for (size_t i = 0; i < report->function_count; i++) {
		const struct doctor_function *f = &report->functions[i];

		if (!i || f->object != f[-1].object)
			add_object(f, out);
		add_function(f, out);
	}
}

void render__doctor_text(const struct doctor_report *report, struct buf *out)
{
	add_kernel(report, out);
	if (report->pid)
		add_process(report, out);
}

/* ---- JSON */

static json_t *rungs_of(const struct doctor_report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->rung_count; i++) {
		const struct doctor_rung *rung = &report->rungs[i];

		json_array_append_new(array, json_pack("{s:s, s:b, s:b, s:o}", "name", rung->name, "works", rung->works,
						       "used", rung->used, "why_not",
						       rung->works ? json_null() : json_value__text(rung->why_not)));
	}
	return array;
}

static json_t *function_of(const struct doctor_function *f)
{
	json_t *object = json_object();

	json_object_set_new(object, "object", json_value__text(f->object));
	json_object_set_new(object, "build_id", json_value__text(f->build_id));
	json_object_set_new(object, "allocator", json_value__text(f->kind));
	json_object_set_new(object, "live", json_boolean(f->live));
	json_object_set_new(object, "function", json_value__text(f->name));
	json_object_set_new(object, "role", json_value__text(f->role));
	json_object_set_new(object, "probe_offset", json_value__count(f->offset));
	json_object_set_new(object, "instruction", json_value__text(f->instruction));
	json_object_set_new(object, "emulated", json_boolean(f->emulated));
	json_object_set_new(object, "cost_ns", json_value__number(f->cost_ns));
	return object;
}

static json_t *process_of(const struct doctor_report *report)
{
	json_t *object = json_object(), *functions = json_array();

	for (size_t i = 0; i < report->function_count; i++)
		json_array_append_new(functions, function_of(&report->functions[i]));
	json_object_set_new(object, "pid", json_integer(report->pid));
	json_object_set_new(object, "comm", json_value__text(report->comm));
	json_object_set_new(object, "session", json_value__text(report->session));
	json_object_set_new(object, "malloc_bound_to", json_value__text(report->bound));
	json_object_set_new(object, "unreadable", json_value__text(report->unreadable));
	json_object_set_new(object, "functions", functions);
	return object;
}

void render__doctor_json(const struct doctor_report *report, struct buf *out)
{
	json_t *root = json_object();

	json_object_set_new(root, "schema", json_string("memtrawl.doctor/1"));
	json_object_set_new(root, "kernel", json_value__text(report->kernel));
	json_object_set_new(root, "rungs", rungs_of(report));
	json_object_set_new(root, "unwind", json_value__text(report->unwind));
	json_object_set_new(root, "iterator", json_boolean(report->iterator));
	json_object_set_new(root, "bpffs", json_boolean(report->bpffs));
	json_object_set_new(root, "trap_ns",
			    json_pack("{s:o, s:o, s:o, s:o}", "emulated", json_value__number(report->emulated_ns),
				      "single_stepped", json_value__number(report->stepped_ns), "with_return",
				      json_value__number(report->with_return_ns), "return_skipped",
				      json_value__number(report->skipped_ns)));
	json_object_set_new(root, "process", report->pid ? process_of(report) : json_null());
	pieces__add_json(out, root);
}
