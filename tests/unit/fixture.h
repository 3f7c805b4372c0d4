/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small profile with one of everything, as the unit tests and the golden outputs know it. */
#ifndef MEMTRAWL_TESTS_FIXTURE_H
#define MEMTRAWL_TESTS_FIXTURE_H

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "profile/looks.h"
#include "profile/profile.h"

#define FIXTURE_END_NS INT64_C(1795210195123000000) /* 2026-11-20T21:29:55.123Z */

static inline uint32_t fixture_function(struct profile *profile, const char *name, const char *file)
{
	struct profile_function function = {
		.name = profile__string(profile, name),
		.system_name = profile__string(profile, name),
		.filename = profile__string(profile, file),
	};

	return profile__add_function(profile, &function);
}

/* A location at an offset of the mapping, with one line (line 0 of no function: without a name). */
static inline uint32_t fixture_location(struct profile *profile, uint32_t mapping, uint64_t offset, uint32_t function,
					uint32_t line)
{
	const struct profile_mapping *m = &profile->mappings[mapping];
	struct profile_line l = {.function = function, .line = line};
	uint32_t location = profile__add_location(profile, mapping, m->start + offset - m->offset, offset);

	if (function != PROFILE_NONE)
		assert(!profile__set_lines(profile, location, &l, 1));
	return location;
}

static inline void fixture_process(struct profile *profile)
{
	profile->process.host = strdup("db1");
	profile->process.boot_id = strdup("6f0c2d1e-0000-4000-8000-000000000001");
	profile->process.pid = 812;
	profile->process.start_ticks = 123456;
	profile->process.start_time_ns = FIXTURE_END_NS - INT64_C(3600000000000);
	profile->process.comm = strdup("server");
	profile->process.exe = strdup("/usr/bin/server");
	profile->process.cmdline = strdup("/usr/bin/server --port 80");
	profile->process.build_id = strdup("aa11");
	profile->start_ns = FIXTURE_END_NS - INT64_C(30000000000);
	profile->end_ns = FIXTURE_END_NS;
	profile->seconds = 30;
	profile->older_seconds = 10;
	profile->rss = (struct profile_rss){
		.current_bytes = 64 << 20,
		.peak_bytes = 80 << 20,
		.anon_bytes = 48 << 20,
		.file_bytes = 16 << 20,
	};
}

static inline void fixture_totals(struct profile *profile)
{
	struct profile_totals *totals = &profile->totals;

	for (size_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];

		totals->live_bytes += site->live_bytes;
		totals->live_objects += site->live_objects;
		totals->alloc_bytes += site->alloc_bytes;
		totals->alloc_objects += site->alloc_objects;
		totals->free_bytes += site->free_bytes;
		totals->free_objects += site->free_objects;
		totals->temporary_objects += site->temporary_objects;
	}
	totals->peak_live_bytes = 9 << 20;
	totals->peak_time_ns = FIXTURE_END_NS - INT64_C(5000000000);
}

/*
 * Four sites of a process "server": a steady leak (session_new, from an inlined function), a busy cache (cache_fill),
 * a C++ container's growth in a library without names for its caller, and a stack that was cut off.
 */
static inline struct profile *fixture_profile(void)
{
	struct profile *profile = profile__new();
	struct profile_mapping m = {
		.start = 0x400000, .limit = 0x500000, .offset = 0x1000, .has_functions = true, .has_lines = true};
	uint32_t program, library, main_, leak, inlined, cache, vector, stripped, note;
	struct profile_line lines[2];
	struct profile_site *site;

	assert(profile);
	fixture_process(profile);
	m.filename = profile__string(profile, "/usr/bin/server");
	m.build_id = profile__string(profile, "aa11");
	program = profile__add_mapping(profile, &m);
	m = (struct profile_mapping){.start = 0x7f0000000000, .limit = 0x7f0000100000, .has_functions = true};
	m.filename = profile__string(profile, "/usr/lib/libgrow.so.1");
	m.build_id = PROFILE_NONE;
	library = profile__add_mapping(profile, &m);

	main_ = fixture_location(profile, program, 0x1100, fixture_function(profile, "main", "server.c"), 90);
	leak = fixture_location(profile, program, 0x1200, PROFILE_NONE, 0);
	inlined = fixture_function(profile, "session_new", "session.h");
	lines[0] = (struct profile_line){.function = inlined, .line = 17};
	lines[1] =
		(struct profile_line){.function = fixture_function(profile, "accept_client", "server.c"), .line = 55};
	assert(!profile__set_lines(profile, leak, lines, 2));
	cache = fixture_location(profile, program, 0x1300, fixture_function(profile, "cache_fill", "cache.c"), 33);
	vector = fixture_location(profile, program, 0x1400,
				  fixture_function(profile,
						   "std::__new_allocator<int>::allocate(unsigned long, void const*)",
						   "new_allocator.h"),
				  137);
	stripped = fixture_location(profile, library, 0x2345, PROFILE_NONE, 0);
	note = profile__add_note(profile, "[truncated]");

	site = profile__add_site(profile, (uint32_t[]){leak, main_}, 2);
	site->alloc_bytes = site->live_bytes = 3 << 20;
	site->alloc_objects = site->live_objects = 3072;
	site->older_bytes = 2 << 20;
	site->oldest_age_seconds = 29.5;
	site->peak_bytes = 5 << 19;
	site = profile__add_site(profile, (uint32_t[]){cache, main_}, 2);
	site->alloc_bytes = 200 << 20;
	site->alloc_objects = 50000;
	site->free_bytes = 196 << 20;
	site->free_objects = 49000;
	site->live_bytes = 4 << 20;
	site->live_objects = 1000;
	site->temporary_objects = 20000;
	site->oldest_age_seconds = 0.75;
	site->peak_bytes = 6 << 20;
	site = profile__add_site(profile, (uint32_t[]){vector, stripped, main_}, 3);
	site->alloc_bytes = 98304;
	site->alloc_objects = 12;
	site->free_bytes = 32768;
	site->free_objects = 11;
	site->live_bytes = 65536;
	site->live_objects = 1;
	site->live_bytes_stderr = 1024;
	site->oldest_age_seconds = 12;
	site->older_bytes = 65536;
	site = profile__add_site(profile, (uint32_t[]){stripped, note}, 2);
	site->alloc_bytes = site->live_bytes = 1000;
	site->alloc_objects = site->live_objects = 1;
	profile->loss[MT_LOSS_STACK_TRUNCATED] = 3;
	profile->size_objects[10] = 3072;
	fixture_totals(profile);
	return profile;
}

/* Of the first site a part is lost, with the third behind it; the second may be. */
static inline void fixture_reach(struct profile *profile)
{
	struct profile_site *sites = profile->sites;

	profile->reach = (struct profile_reach){
		.known = true,
		.passes = 2,
		.threads = 5,
		.seconds = 0.25,
		.scanned_bytes = 48 << 20,
		.unread_bytes = 4096,
		.gone = {640, 10},
	};
	sites[0].reach[REACH_DEFINITE] = (struct profile_blocks){1 << 20, 1024};
	sites[0].reach[REACH_REACHABLE] = (struct profile_blocks){2 << 20, 2048};
	sites[0].behind = (struct profile_blocks){65536, 1};
	sites[1].reach[REACH_POSSIBLY] = (struct profile_blocks){4194304 - 65536, 984};
	sites[1].reach[REACH_REACHABLE] = (struct profile_blocks){65536, 16};
	sites[2].reach[REACH_INDIRECT] = (struct profile_blocks){65536, 1};
}

/* 12 MiB obtained, in a new arena, too, and 3 MiB given back, by a C library that has no mremap. */
static inline void fixture_activity(struct profile *profile)
{
	struct profile_activity *activity = &profile->activity;

	activity->watched = (1 << MT_ACTIVITY_MAX) - 1 - (1 << MT_ACTIVITY_MREMAP);
	activity->kinds[MT_ACTIVITY_BRK] = (struct mt_activity_count){.calls = 63, .bytes = 8 << 20};
	activity->kinds[MT_ACTIVITY_MMAP] = (struct mt_activity_count){.calls = 1, .bytes = 3 << 20};
	activity->kinds[MT_ACTIVITY_MPROTECT] = (struct mt_activity_count){.calls = 8, .bytes = 1 << 20};
	activity->kinds[MT_ACTIVITY_ARENA] = (struct mt_activity_count){.calls = 1, .bytes = 64 << 20};
	activity->kinds[MT_ACTIVITY_TRIM] = (struct mt_activity_count){.calls = 1, .bytes = 1 << 20};
	activity->kinds[MT_ACTIVITY_MADVISE] = (struct mt_activity_count){.calls = 4, .bytes = 2 << 20};
}

/* Adds looks, every two seconds: the leak grew steadily, the cache has been full since the tenth second. */
static inline void fixture_looks(struct profile *profile)
{
	enum { LOOKS = 16, FULL = 5 };
	struct profile_look *looks = calloc(LOOKS, sizeof(*looks));
	struct profile_point *points = calloc(2 * LOOKS, sizeof(*points));

	assert(looks && points);
	for (uint64_t i = 0; i < LOOKS; i++) {
		struct profile_point *leak = &points[i], *cache = &points[LOOKS + i];

		leak->live_bytes = leak->alloc_bytes = profile->sites[0].live_bytes / (LOOKS - 1) * i;
		leak->live_objects = leak->alloc_objects = profile->sites[0].live_objects * i / (LOOKS - 1);
		cache->live_bytes = profile->sites[1].live_bytes / FULL * (i < FULL ? i : FULL);
		cache->live_objects = 1000 / FULL * (i < FULL ? i : FULL);
		cache->alloc_bytes = profile->sites[1].alloc_bytes / (LOOKS - 1) * i;
		cache->alloc_objects = 50000 * i / (LOOKS - 1);
		looks[i].seconds = 2 * (double)i;
		looks[i].heap.live_bytes = leak->live_bytes + cache->live_bytes;
		looks[i].heap.live_objects = leak->live_objects + cache->live_objects;
		looks[i].heap.alloc_bytes = leak->alloc_bytes + cache->alloc_bytes;
		looks[i].heap.alloc_objects = leak->alloc_objects + cache->alloc_objects;
		looks[i].rss = profile->rss;
		looks[i].rss.anon_bytes -= (LOOKS - 1 - i) << 18;
		looks[i].rss.current_bytes -= (LOOKS - 1 - i) << 18;
	}
	fixture_activity(profile);
	looks[LOOKS - 1].obtained_bytes = profile__obtained(&profile->activity);
	looks[LOOKS - 1].released_bytes = profile__released(&profile->activity);
	profile->looks = looks;
	profile->look_count = LOOKS;
	profile->points = points;
	profile->sites[0].points = points;
	profile->sites[1].points = points + LOOKS;
	for (int i = 0; i < PROFILE_BIRTHS; i++)
		profile->sites[0].births[i] = profile->sites[0].live_bytes / PROFILE_BIRTHS;
	profile->sites[1].births[PROFILE_BIRTHS - 1] = profile->sites[1].live_bytes;
	profile->limit =
		(struct profile_limit){.cgroup = strdup("/web"), .limit_bytes = 1 << 30, .used_bytes = 600 << 20};
}

/* Adds mapped memory: an arena of which half is left, and a buffer that is gone again. */
static inline void fixture_mapped(struct profile *profile)
{
	const struct profile_site *cache = &profile->sites[1], *stripped = &profile->sites[3];
	struct profile_site *site = profile__add_mapped(profile, stripped->frames, stripped->frame_count);

	site->alloc_bytes = 1 << 20;
	site->alloc_objects = 2;
	site = profile__add_mapped(profile, cache->frames, cache->frame_count);
	site->alloc_bytes = 64 << 20;
	site->alloc_objects = 3;
	site->live_bytes = 32 << 20;
	site->live_objects = 1;
	profile->mapped_known = true;
	profile__sum_mapped(profile);
}

/* A process, a file and functions named as an enemy would who wants to get into a page that shows them. */
static inline struct profile *fixture_hostile(void)
{
	static const char *const names[] = {
		"</script><script>document.title='owned'</script>",
		"<!--<script>\"'&amp;\\u003c</style>]]>",
		"<img src=http://evil.example/ onerror=document.title='owned'>",
		"line\xe2\x80\xa8paragraph\xe2\x80\xa9\xe2\x80\xae\x7f\033[2J\xff@data@",
	};
	struct profile *profile = profile__new();
	struct profile_mapping m = {.limit = 0x1000};

	assert(profile);
	profile->process.pid = 1;
	profile->process.comm = strdup("</title>&");
	profile->process.cmdline = strdup("a  b\n  live    1 B\n</script><a href=//evil.example>");
	profile->end_reason = strdup("</dd><script>");
	m.filename = profile__string(profile, "/tmp/</script>\"lib.so");
	m.build_id = PROFILE_NONE;
	profile__add_mapping(profile, &m);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint32_t function = fixture_function(profile, names[i], "<b>.c"),
			 location = fixture_location(profile, 0, 0x10 + i, function, 1);
		struct profile_site *site = profile__add_site(profile, &location, 1);

		assert(site);
		site->live_bytes = 10 - i;
		site->live_objects = 1;
	}
	return profile;
}

/* A folder of its own below TMPDIR, for tests that write; the caller removes it with fixture_remove(). */
static inline char *fixture_folder(void)
{
	const char *base = getenv("TMPDIR");
	char *path;

	assert(asprintf(&path, "%s/memtrawl-test-XXXXXX", base ? base : "/tmp") > 0);
	assert(mkdtemp(path));
	return path;
}

static inline void fixture_remove(char *folder)
{
	char *command;

	assert(asprintf(&command, "rm -rf -- '%s'", folder) > 0);
	assert(system(command) == 0);
	free(command);
	free(folder);
}

/* Gives it three looks, at the last of which it is as it is; its last site was not looked at. */
static inline void fixture_look(struct profile *profile)
{
	struct looks *looks = looks__new();
	size_t sites = profile->site_count;

	profile->site_count--;
	for (int i = 2; i >= 0; i--) {
		if (i == 1)
			fixture_activity(profile);
		profile->rss.current_bytes -= (uint64_t)i * 1000;
		profile->sites[0].live_bytes -= (uint64_t)i * 7;
		profile->rss.swap_bytes += i == 1 ? 500 : 0; /* falls again */
		assert(!looks__add(looks, profile, (2 - i) * 14.75));
		profile->rss.current_bytes += (uint64_t)i * 1000;
		profile->sites[0].live_bytes += (uint64_t)i * 7;
		profile->rss.swap_bytes -= i == 1 ? 500 : 0;
	}
	profile->site_count = sites;
	assert(!looks__give(looks, profile));
	for (int i = 0; i < PROFILE_BIRTHS; i++)
		profile->sites[0].births[i] = (uint64_t)i * i;
	looks__free(looks);
}

#endif
