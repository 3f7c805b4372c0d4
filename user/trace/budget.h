/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The overhead budget. Overhead is probe time / (CPU time of the targets - probe time), in percent; probe time is the
 * number of traps times their calibrated cost, plus the run time of the BPF programs as the kernel measures it
 * (for a tenth of the time, since measuring costs too). A target that is mostly asleep has next to no CPU time to
 * compare with: probe time below two percent of one processor is never over budget. Over budget:
 *   1. sampling, if the session may adapt its period;
 *   2. allocations and page faults watched for a part of the time only; what goes stays watched, so what is tracked
 *      stays true;
 *   3. where frees alone are too much: the probes come off, and the session says so.
 * The traps were calibrated in a quiet moment. On a busy machine they are dearer, by up to a fifth as measured, so the
 * budget is compared with a fifth more than what was reckoned. While nobody calls budget__step(), the programs enforce
 * what they can by themselves (bpf/budget.bpf.h).
 */
#ifndef MEMTRAWL_TRACE_BUDGET_H
#define MEMTRAWL_TRACE_BUDGET_H

#include "lib/error.h"
#include "trace/calibrate.h"

/* Of one CPU. Probe time below it is never over budget. */
enum { BUDGET_NEGLIGIBLE_PERCENT = 2 };

struct budget;
struct session;

/* Calibrates. Freed by budget__free(). */
int budget__new(struct session *session, struct budget **budget, struct error *err);
void budget__free(struct budget *budget);

/* Measurement starts now. */
void budget__begin(struct budget *budget);

/* To be called ten times a second or so: measures and acts when it is time. */
int budget__step(struct budget *budget, struct error *err);

const struct trap_costs *budget__costs(const struct budget *budget);

#endif
