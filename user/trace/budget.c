/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/budget.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/recent.h"
#include "sampling.h"
#include "trace/session.h"

#define MS 1000000ULL

enum {
	FIRST_INTERVAL_MS = 200, /* the first look comes soon: an exact tracer on a hot target is dear from the start */
	INTERVAL_MS = 1000,
	CYCLE_MS = 2000,   /* of allocation probes on and off */
	ON_LEAST_MS = 100, /* probes are not worth being put on for less */
	GUESS_NS = 250,    /* run time of a program before it was measured */
	FAULT_GUESS_NS = 1000,
};

/* To come by a fault without recording it, as a part of a trap: a seventh to a tenth of a fault, as measured. */
#define FAULT_PASSED 0.3

/* Sums over all processes. */
struct sums {
	uint64_t alloc_calls, returns, free_calls, stepped_allocs, stepped_frees;
	uint64_t faults, faults_passed;
	uint64_t cpu_ns;
};

struct budget {
	struct session *session;
	struct trap_costs costs;
	struct sums last;
	uint64_t last_ns, next_ns;
	int stats_fd;              /* while the kernel measures programs, else -1 */
	struct run_time run;       /* of the programs at calls, as the kernel has it */
	struct run_time fault_run; /* of those at page faults, of whichever process */
	struct sums run_since;     /* when the kernel began to measure */
	/* Means of intervals. The kernel's clock goes on where the target is preempted in the middle of a program,
	 * which can make that of some hundred runs a hundred times too long. */
	struct recent mean_run_ns;
	struct recent mean_fault_ns; /* for each fault of a traced process */
	bool too_dear;               /* even without allocations: found at the last look */
	double on_share;             /* of the cycle with allocation probes on; 1: always */
	uint64_t toggle_ns;          /* when to put them off or on again */
};

/* The costs are left in the session for a keeper that takes over. */
static int calibrate(struct budget *budget, struct error *err)
{
	struct mt_session *shared = budget->session->shared;
	int code = calibrate__traps(budget->session->programs.heap, budget->session->rung, &budget->costs, err);

	shared->cost_emulated = (uint32_t)budget->costs.emulated;
	shared->cost_stepped = (uint32_t)budget->costs.stepped;
	shared->cost_with_return = (uint32_t)budget->costs.with_return;
	shared->cost_skipped = (uint32_t)budget->costs.skipped;
	return code;
}

static int recall(struct budget *budget)
{
	const struct mt_session *shared = budget->session->shared;

	budget->costs = (struct trap_costs){
		.emulated = shared->cost_emulated,
		.stepped = shared->cost_stepped,
		.with_return = shared->cost_with_return,
		.skipped = shared->cost_skipped,
	};
	return 0;
}

/* For the programs, which reckon with it when nobody is there. What is not recorded runs half as long. */
static void tell_costs(const struct budget *budget)
{
	struct mt_session *shared = budget->session->shared;
	const struct trap_costs *costs = &budget->costs;
	double run = recent__value(&budget->mean_run_ns), returns = costs->with_return - costs->skipped;

	shared->cost_call = (uint32_t)(costs->skipped + run / 2);
	shared->cost_return = (uint32_t)((returns > 0 ? returns : 0) + run * 3 / 2);
	shared->cost_free = (uint32_t)(costs->emulated + run);
}

int budget__new(struct session *session, struct budget **result, struct error *err)
{
	struct budget *budget = calloc(1, sizeof(*budget));
	int code;

	if (!budget)
		return error__set(err, -ENOMEM, "out of memory");
	budget->session = session;
	budget->stats_fd = -1;
	recent__init(&budget->mean_run_ns, GUESS_NS);
	recent__init(&budget->mean_fault_ns, FAULT_GUESS_NS);
	budget->on_share = 1;
	code = session->programs.heap ? calibrate(budget, err) : recall(budget);
	if (code) {
		free(budget);
		return code;
	}
	if (session->programs.heap)
		tell_costs(budget);
	*result = budget;
	return 0;
}

void budget__free(struct budget *budget)
{
	if (!budget)
		return;
	if (budget->stats_fd >= 0)
		close(budget->stats_fd);
	free(budget);
}

const struct trap_costs *budget__costs(const struct budget *budget)
{
	return &budget->costs;
}

static struct sums read_sums(const struct budget *budget)
{
	const struct session *session = budget->session;
	struct sums sums = {0};

	for (size_t i = 0; i < session->count; i++) {
		const struct tracked *tracked = session->tracked[i];
		struct mt_counters counters;
		uint64_t cpu_ns;

		if (tracked->ended || process__cpu_time(tracked->process, &cpu_ns) ||
		    session__counters(&session->maps, tracked->slot, &counters))
			continue;
		sums.alloc_calls += counters.alloc_calls;
		sums.returns += counters.returns;
		sums.free_calls += counters.free_calls;
		sums.stepped_allocs += counters.stepped_allocs;
		sums.stepped_frees += counters.stepped_frees;
		sums.faults += counters.faults;
		sums.faults_passed += counters.faults_passed;
		sums.cpu_ns += cpu_ns;
	}
	return sums;
}

/* What the programs do for processes that are not traced is counted, too: it would not be done without the session. */
static void measure_faults(struct budget *budget)
{
	struct run_time run = programs__run_time(&budget->session->programs, PROGRAM_FAULT_USER, PROGRAM_FAULT_KERNEL);
	struct sums now = read_sums(budget);

	if (now.faults > budget->run_since.faults + 100 && now.faults_passed == budget->run_since.faults_passed)
		recent__add(&budget->mean_fault_ns,
			    (double)(run.ns - budget->fault_run.ns) / (double)(now.faults - budget->run_since.faults));
	budget->fault_run = run;
}

/* The kernel counts run time only while somebody asks it to. */
static void measure_programs(struct budget *budget)
{
	struct run_time run =
		programs__run_time(&budget->session->programs, PROGRAM_FIRST_AT_CALLS, PROGRAM_LAST_AT_CALLS);

	if (run.count > budget->run.count + 100)
		recent__add(&budget->mean_run_ns,
			    (double)(run.ns - budget->run.ns) / (double)(run.count - budget->run.count));
	budget->run = run;
	if (budget->session->options.pages)
		measure_faults(budget);
	tell_costs(budget);
}

static void toggle_statistics(struct budget *budget, bool on)
{
	if (on && budget->stats_fd < 0) {
		budget->run_since = read_sums(budget);
		budget->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	} else if (!on && budget->stats_fd >= 0) {
		close(budget->stats_fd);
		budget->stats_fd = -1;
		measure_programs(budget);
	}
}

/* A sign of life. If the programs have paused the session meanwhile, it goes on, and the budget is ours again. */
static void attend(const struct budget *budget, uint64_t now)
{
	struct mt_session *shared = budget->session->shared;
	uint64_t capped = shared->capped_ns;

	shared->attended_ns = now;
	if (!capped)
		return;
	shared->capped_ns = 0;
	shared->paused_ns += now - capped;
	shared->paused = 0;
}

void budget__begin(struct budget *budget)
{
	budget->last = read_sums(budget);
	budget->last_ns = monotonic_ns();
	attend(budget, budget->last_ns);
	budget->next_ns = budget->last_ns + FIRST_INTERVAL_MS * MS;
	toggle_statistics(budget, true);
}

/* Nanoseconds of probe time since the last look. */
struct probe_time {
	double alloc;   /* of what a pause spares: of allocations, and of page faults */
	double frees;   /* of what it does not: of frees, and of page faults that are let pass */
	double sampled; /* what `alloc` would be if next to no allocations were recorded */
	double cpu;
};

static struct probe_time measure(struct budget *budget, const struct sums *now)
{
	const struct trap_costs *costs = &budget->costs;
	double allocs = (double)(now->alloc_calls - budget->last.alloc_calls);
	double returns = (double)(now->returns - budget->last.returns);
	double frees = (double)(now->free_calls - budget->last.free_calls);
	double run = recent__value(&budget->mean_run_ns), step = costs->stepped - costs->emulated;
	double steps = (double)(now->stepped_allocs - budget->last.stepped_allocs) * step;
	double faults = (double)(now->faults - budget->last.faults);
	double passed = (double)(now->faults_passed - budget->last.faults_passed);
	double fault_run = recent__value(&budget->mean_fault_ns);

	return (struct probe_time){
		.alloc = allocs * (costs->skipped + run) + returns * (costs->with_return - costs->skipped + run) +
			 steps + faults * fault_run,
		.frees = frees * (costs->emulated + run) +
			 (double)(now->stepped_frees - budget->last.stepped_frees) * step +
			 (faults + passed) * costs->emulated * FAULT_PASSED,
		.sampled = allocs * (costs->skipped + run / 2) + steps + faults * fault_run,
		.cpu = (double)(now->cpu_ns - budget->last.cpu_ns),
	};
}

/* Probe time that nobody notices, whatever the target's own CPU time is: two percent of a processor. */
static bool is_negligible(double probe, uint64_t elapsed_ns)
{
	return probe < (double)elapsed_ns * BUDGET_NEGLIGIBLE_PERCENT / 100;
}

static double percent(double probe, double cpu)
{
	double rest = cpu - probe;

	if (probe <= 0 || cpu <= 0)
		return 0;
	return rest > cpu / 1000 ? probe / rest * 100 : 100000;
}

/* Which share of the time allocation probes can be on for within the budget; 0 if frees alone are beyond it. */
static double share_within(double max, double alloc, double frees, double cpu, double on_share)
{
	/* what the target itself needs; with probes always on, allocations would cost alloc / on_share */
	double own = cpu - alloc - frees, room = max / 100 * own - frees, always = alloc / on_share;

	if (own <= 0 || room <= 0 || always <= 0)
		return 0;
	return room < always ? room / always : 1;
}

/* Found at two looks in a row: one may have fallen into a moment in which the target hardly ran. */
static int detach(struct budget *budget, double overhead)
{
	budget->on_share = (double)ON_LEAST_MS / CYCLE_MS;
	if (!budget->too_dear) {
		budget->too_dear = true;
		return 0;
	}
	warn("probes were taken off: watching %s alone costs %.0f %% of the target's CPU time, over the budget of "
	     "%.4g %% (--max-overhead)",
	     budget->session->options.heap ? "frees" : "what goes", overhead, budget->session->options.max_overhead);
	budget->session->shared->detached = 1;
	session__end(budget->session);
	for (size_t i = 0; i < budget->session->count; i++)
		budget->session->tracked[i]->ended = true;
	return 0;
}

static struct probe_time with_caution(const struct probe_time *time)
{
	const double caution = 1.2;

	return (struct probe_time){
		.alloc = time->alloc * caution,
		.frees = time->frees * caution,
		.sampled = time->sampled * caution,
		.cpu = time->cpu,
	};
}

static int act(struct budget *budget, const struct probe_time *measured)
{
	struct probe_time cautious = with_caution(measured), *time = &cautious;
	struct session *session = budget->session;
	double max = session->options.max_overhead, share, overhead = percent(time->alloc + time->frees, time->cpu);

	if (overhead > max && session->options.heap && session->options.adaptive && !session->shared->period) {
		session->shared->period = MT_PERIOD_USUAL;
		session->shared->largest_period = MT_PERIOD_USUAL;
		/* with nothing recorded allocations cost less: judge what is left of them at the next look */
		share = share_within(max, time->sampled, time->frees, time->cpu, budget->on_share);
	} else if (overhead > max || budget->on_share < 1) {
		share = share_within(max, time->alloc, time->frees, time->cpu, budget->on_share);
	} else {
		budget->too_dear = false;
		return 0;
	}
	if (share < (double)ON_LEAST_MS / CYCLE_MS && time->frees > 0 &&
	    percent(time->frees, time->cpu - time->alloc) > max)
		return detach(budget, percent(time->frees, time->cpu - time->alloc));
	budget->too_dear = false;
	budget->on_share = fmax(share, (double)ON_LEAST_MS / CYCLE_MS);
	return 0;
}

static int set_paused(struct budget *budget, bool pause, uint64_t now, struct error *err)
{
	struct mt_session *shared = budget->session->shared;

	if (pause)
		shared->paused_since_ns = now;
	else
		session__settle_pause(shared, now);
	return session__pause(budget->session, pause, err);
}

/* Allocations and page faults are watched for a share of each cycle. */
static int cycle(struct budget *budget, uint64_t now, struct error *err)
{
	bool paused = budget->session->shared->paused;
	uint64_t on_ns = (uint64_t)(budget->on_share * CYCLE_MS) * MS;

	if (budget->on_share >= 1)
		return paused ? set_paused(budget, false, now, err) : 0;
	if (now < budget->toggle_ns)
		return 0;
	budget->toggle_ns = now + (paused ? on_ns : CYCLE_MS * MS - on_ns);
	return set_paused(budget, !paused, now, err);
}

int budget__step(struct budget *budget, struct error *err)
{
	struct session *session = budget->session;
	uint64_t now_ns = monotonic_ns();
	struct probe_time time;
	struct sums now;
	double overhead;
	bool negligible;

	if (session->end_ns)
		return 0;
	attend(budget, now_ns);
	if (now_ns >= budget->next_ns) {
		toggle_statistics(budget, false);
		now = read_sums(budget);
		time = measure(budget, &now);
		overhead = percent(time.alloc + time.frees, time.cpu);
		session->shared->overhead = (uint32_t)(overhead * 100);
		session->shared->probe_share =
			(uint32_t)((time.alloc + time.frees) * 10000 / (double)(now_ns - budget->last_ns));
		session->shared->event_rate =
			(uint32_t)((double)(now.alloc_calls + now.returns + now.free_calls - budget->last.alloc_calls -
					    budget->last.returns - budget->last.free_calls) *
				   1e9 / (double)(now_ns - budget->last_ns));
		negligible = is_negligible(time.alloc + time.frees, now_ns - budget->last_ns);
		budget->last = now;
		budget->last_ns = now_ns;
		/* a cycle of probes on and off must be looked at whole */
		budget->next_ns = now_ns + (budget->on_share < 1 ? CYCLE_MS : INTERVAL_MS) * MS;
		if (session->options.max_overhead > 0 && time.cpu > 0 && (!negligible || budget->on_share < 1))
			act(budget, &time);
		if (session->end_ns)
			return 0;
	} else if (now_ns + INTERVAL_MS / 10 * MS >= budget->next_ns) {
		toggle_statistics(budget, true);
	}
	return cycle(budget, now_ns, err);
}
