/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_report KIND SITES FILE: writes the page of a report, for tests of it. KIND is profile, mapped, leaks, reach,
 * diff or hostile; SITES 0 is the unit tests' profile, else one of so many sites.
 */
#include "../unit/fixture.h"
#include "render/render.h"

enum { LOOKS = 50, LEVELS = 12, SECONDS = 60 };

/* How many functions there are at each depth, outermost first; and at the last, one for each site. */
static const uint32_t breadths[LEVELS - 1] = {1, 2, 5, 12, 30, 80, 200, 500, 1000, 2000, 4000};

static uint32_t breadth_of(uint32_t level, uint32_t sites)
{
	return level < LEVELS - 1 && breadths[level] < sites ? breadths[level] : sites;
}

static uint32_t add_locations(struct profile *profile, uint32_t level, uint32_t count)
{
	uint32_t first = (uint32_t)profile->location_count;

	for (uint32_t i = 0; i < count; i++) {
		char name[96], file[64];

		snprintf(name, sizeof(name), "service::level_%u::handler_%u(request const&, std::allocator<char>)",
			 level, i);
		snprintf(file, sizeof(file), "src/service/level_%u.cc", level);
		fixture_location(profile, 0, 0x1000 + profile->location_count * 0x40,
				 fixture_function(profile, name, file), i + 1);
	}
	return first;
}

/* One in ten grows, the others hold what they have; what they hold is very different. */
static void add_course(struct profile *profile, struct profile_site *site, uint32_t index, struct profile_point *points)
{
	for (uint64_t i = 0; i < LOOKS; i++) {
		struct profile_point *point = &points[i];

		point->live_bytes = index % 10 ? site->live_bytes : site->live_bytes * i / (LOOKS - 1);
		point->live_objects = point->live_bytes / 64;
		point->alloc_bytes = site->alloc_bytes * i / (LOOKS - 1);
		point->alloc_objects = site->alloc_objects * i / (LOOKS - 1);
		profile->looks[i].heap.live_bytes += point->live_bytes;
		profile->looks[i].heap.live_objects += point->live_objects;
	}
	site->points = points;
}

static void add_looks(struct profile *profile, uint32_t sites)
{
	profile->looks = calloc(LOOKS, sizeof(*profile->looks));
	profile->points = calloc((size_t)sites * LOOKS, sizeof(*profile->points));
	assert(profile->looks && profile->points);
	profile->look_count = LOOKS;
	for (uint32_t i = 0; i < LOOKS; i++) {
		profile->looks[i].seconds = (double)i * SECONDS / (LOOKS - 1);
		profile->looks[i].rss.current_bytes = profile->looks[i].rss.anon_bytes =
			(512 << 20) + ((uint64_t)i << 20);
	}
	for (uint32_t i = 0; i < sites; i++)
		add_course(profile, &profile->sites[i], i, profile->points + (size_t)i * LOOKS);
}

static struct profile *large_profile(uint32_t sites)
{
	struct profile *profile = profile__new();
	struct profile_mapping m = {.limit = UINT32_MAX, .has_functions = true, .has_lines = true};
	uint32_t first[LEVELS], stack[LEVELS];

	assert(profile);
	fixture_process(profile);
	profile->seconds = SECONDS;
	m.filename = profile__string(profile, "/usr/lib/x86_64-linux-gnu/libservice.so.1.2.3");
	m.build_id = profile__string(profile, "0123456789abcdef0123456789abcdef01234567");
	profile__add_mapping(profile, &m);
	for (uint32_t level = 0; level < LEVELS; level++)
		first[level] = add_locations(profile, level, breadth_of(level, sites));
	for (uint32_t i = 0; i < sites; i++) {
		struct profile_site *site;

		for (uint32_t level = 0; level < LEVELS; level++)
			stack[LEVELS - 1 - level] =
				first[level] + (uint32_t)((uint64_t)i * breadth_of(level, sites) / sites);
		site = profile__add_site(profile, stack, LEVELS);
		assert(site);
		site->live_bytes = (uint64_t)64 * (1 + (i * UINT32_C(2654435761) >> 16) % 4000) * (i % 100 ? 1 : 50);
		site->live_objects = site->live_bytes / 64;
		site->alloc_bytes = 3 * site->live_bytes;
		site->alloc_objects = 3 * site->live_objects;
		site->free_bytes = 2 * site->live_bytes;
		site->free_objects = 2 * site->live_objects;
		site->oldest_age_seconds = 50;
	}
	add_looks(profile, sites);
	fixture_totals(profile);
	return profile;
}

static struct profile *profile_for(const char *kind, uint32_t sites)
{
	struct profile *profile = !strcmp(kind, "hostile") ? fixture_hostile()
				  : sites                  ? large_profile(sites)
							   : fixture_profile();

	if (!sites && !strcmp(kind, "leaks"))
		fixture_looks(profile);
	if (!strcmp(kind, "reach"))
		fixture_reach(profile);
	if (!strcmp(kind, "mapped")) {
		fixture_mapped(profile);
		profile->resident.known = true;
		assert(!profile__add_named(profile, "/usr/bin/server", false, 3 << 20));
		assert(!profile__add_named(profile, "/dev/shm/x", true, 1 << 20));
	}
	return profile;
}

static int report_on(const char *kind, const struct profile *profile, struct report **report, struct error *err)
{
	struct report_request request = {.group = GROUP_STACK, .sort = SORT_LIVE};
	struct profile *before;
	int code;

	if (!strcmp(kind, "diff")) {
		before = fixture_profile();
		before->sites[0].live_bytes >>= 1;
		before->sites[1].live_bytes *= 2;
		code = report__new_diff(before, profile, &request, report, err);
		return code; /* the report's names are `before`'s, too, until the program ends */
	}
	if (!strcmp(kind, "leaks"))
		request.sort = SORT_SCORE;
	if (!strcmp(kind, "reach"))
		request.sort = SORT_LOST;
	return report__new(!strcmp(kind, "leaks")   ? REPORT_LEAKS
			   : !strcmp(kind, "reach") ? REPORT_REACH
						    : REPORT_PROFILE,
			   profile, &request, report, err);
}

int main(int argc, char **argv)
{
	struct report *report = NULL;
	struct profile *profile;
	struct error err = {0};
	struct buf out = {0};
	int code;

	if (argc != 4)
		return STATUS_USAGE;
	profile = profile_for(argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
	code = report_on(argv[1], profile, &report, &err);
	if (!code) {
		render__html(report, &out);
		code = buf__failed(&out) ? -1 : file__replace(argv[3], out.data, out.size, 0644, &err);
	}
	buf__free(&out);
	report__free(report);
	profile__free(profile);
	return code ? error__report(&err) : STATUS_OK;
}
