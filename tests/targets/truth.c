/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target program's own account of its heap (truth.h). Static tables and write(2) only: it must not allocate. */
#include "truth.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <unistd.h>

enum {
	SITES = 256,
	NAME = 48,
	BLOCK_BITS = 18,
	BLOCKS = 1 << BLOCK_BITS,
	EXTRAS = 32,
};

struct counts {
	uint64_t alloc_bytes, alloc_objects;
	uint64_t free_bytes, free_objects;
	uint64_t temporary_objects;
};

struct site {
	char name[NAME]; /* a copy: the library it came from may be unloaded */
	struct counts counts;
	uint64_t peak_bytes; /* at the peak numbered peak_epoch; if that is not the latest, live bytes are */
	uint64_t peak_epoch;
};

struct block {
	uintptr_t address; /* 0: free slot */
	size_t size;
	uint32_t site;
};

static struct site sites[SITES];
static int site_count;
static struct block blocks[BLOCKS];
static uint32_t block_count;
static struct counts totals;
static uint64_t peak_live_bytes, peak_epoch, free_unmatched;
static struct {
	const char *key;
	uint64_t value;
} extras[EXTRAS];
static int extra_count;
static const char *program = "?";
static int now, started;
static _Thread_local uintptr_t last_block; /* what this thread allocated last */

/* Critical sections are short and never allocate, and no signal handler of a target interrupts one. */
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
		;
}

static void unlock(void)
{
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

/* ---- output */

static char out[4096];
static size_t out_used;
static int out_fd = STDOUT_FILENO;

static void flush(void)
{
	size_t done = 0;

	while (done < out_used) {
		ssize_t n = write(out_fd, out + done, out_used - done);

		if (n <= 0)
			_exit(125);
		done += (size_t)n;
	}
	out_used = 0;
}

static void put(const char *text)
{
	for (; *text; text++) {
		if (out_used == sizeof(out))
			flush();
		out[out_used++] = *text;
	}
}

static void put_number(uint64_t n)
{
	char digits[24];
	int i = sizeof(digits) - 1;

	digits[i] = '\0';
	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	put(digits + i);
}

static void put_key(const char *key, uint64_t value)
{
	put("\"");
	put(key);
	put("\":");
	put_number(value);
}

void truth__fail(const char *what)
{
	flush();
	out_fd = STDERR_FILENO;
	put(program);
	put(": ");
	put(what);
	put("\n");
	flush();
	_exit(125);
}

static uint64_t live_bytes(const struct counts *c)
{
	return c->alloc_bytes - c->free_bytes;
}

static uint64_t site_peak(const struct site *s)
{
	return s->peak_epoch == peak_epoch ? s->peak_bytes : live_bytes(&s->counts);
}

static void put_counts(const struct counts *c)
{
	put_key("live_bytes", live_bytes(c));
	put(",");
	put_key("live_objects", c->alloc_objects - c->free_objects);
	put(",");
	put_key("alloc_bytes", c->alloc_bytes);
	put(",");
	put_key("alloc_objects", c->alloc_objects);
	put(",");
	put_key("free_bytes", c->free_bytes);
	put(",");
	put_key("free_objects", c->free_objects);
	put(",");
	put_key("temporary_objects", c->temporary_objects);
	put(",");
}

static void put_account(void)
{
	put("{\"program\":\"");
	put(program);
	put("\",\"totals_exact\":");
	put(&truth_totals_inexact ? "false" : "true");
	put(",\"totals\":{");
	put_counts(&totals);
	put_key("peak_live_bytes", peak_live_bytes);
	put("},");
	put_key("free_unmatched", free_unmatched);
	for (int i = 0; i < extra_count; i++) {
		put(",");
		put_key(extras[i].key, extras[i].value);
	}
	put(",\"sites\":[");
	for (int i = 0; i < site_count; i++) {
		put(i ? ",{\"function\":\"" : "{\"function\":\"");
		put(sites[i].name);
		put("\",");
		put_counts(&sites[i].counts);
		put_key("peak_bytes", site_peak(&sites[i]));
		put("}");
	}
	put("]}\n");
	flush();
}

/* ---- sites and the peak */

static int site_index(const char *name)
{
	for (int i = 0; i < site_count; i++)
		if (strcmp(sites[i].name, name) == 0)
			return i;
	if (site_count == SITES || strlen(name) >= NAME)
		truth__fail("too many sites, or too long a name");
	strcpy(sites[site_count].name, name);
	sites[site_count].peak_epoch = peak_epoch;
	return site_count++;
}

/* Before a site's live bytes change: what they were when the peak was reached. */
static void settle(struct site *s)
{
	if (s->peak_epoch == peak_epoch)
		return;
	s->peak_bytes = live_bytes(&s->counts);
	s->peak_epoch = peak_epoch;
}

static void count_alloc(int site, uint64_t objects, uint64_t bytes)
{
	struct site *s = &sites[site];

	settle(s);
	s->counts.alloc_bytes += bytes;
	s->counts.alloc_objects += objects;
	totals.alloc_bytes += bytes;
	totals.alloc_objects += objects;
	if (live_bytes(&totals) > peak_live_bytes) {
		peak_live_bytes = live_bytes(&totals);
		peak_epoch++;
	}
}

static void count_free(int site, uint64_t bytes)
{
	struct site *s = &sites[site];

	settle(s);
	s->counts.free_bytes += bytes;
	s->counts.free_objects++;
	totals.free_bytes += bytes;
	totals.free_objects++;
}

static void count_free_undone(int site, uint64_t bytes)
{
	struct site *s = &sites[site];

	settle(s);
	s->counts.free_bytes -= bytes;
	s->counts.free_objects--;
	totals.free_bytes -= bytes;
	totals.free_objects--;
}

/* ---- live blocks: open addressing, linear probing, holes closed at removal */

static uint32_t home(uintptr_t address)
{
	return (uint32_t)((address * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BLOCK_BITS));
}

static void block_add(uintptr_t address, size_t size, int site)
{
	uint32_t i = home(address);

	if (block_count >= BLOCKS / 2)
		truth__fail("too many live blocks");
	for (; blocks[i].address; i = (i + 1) % BLOCKS)
		if (blocks[i].address == address)
			truth__fail("the allocator returned a block that is live");
	blocks[i] = (struct block){.address = address, .size = size, .site = (uint32_t)site};
	block_count++;
}

static int block_take(uintptr_t address, struct block *taken)
{
	uint32_t i = home(address);

	for (; blocks[i].address != address; i = (i + 1) % BLOCKS)
		if (!blocks[i].address)
			return 0;
	*taken = blocks[i];
	for (uint32_t j = (i + 1) % BLOCKS; blocks[j].address; j = (j + 1) % BLOCKS) {
		/* j's entry may fill the hole unless its home lies cyclically in (i, j] */
		if (((j - home(blocks[j].address)) % BLOCKS) < ((j - i) % BLOCKS))
			continue;
		blocks[i] = blocks[j];
		i = j;
	}
	blocks[i].address = 0;
	block_count--;
	return 1;
}

/* ---- what programs note */

void truth__alloc(const char *site, const void *block, size_t size)
{
	int s;

	if (!block)
		return;
	lock();
	s = site_index(site);
	block_add((uintptr_t)block, size, s);
	count_alloc(s, 1, size);
	unlock();
	last_block = (uintptr_t)block;
}

void truth__free(const void *block)
{
	struct block taken;

	if (!block)
		return;
	lock();
	if (block_take((uintptr_t)block, &taken)) {
		count_free((int)taken.site, taken.size);
		if (last_block == taken.address) {
			sites[taken.site].counts.temporary_objects++;
			totals.temporary_objects++;
		}
	} else {
		free_unmatched++;
	}
	unlock();
	last_block = 0;
}

void truth__bulk(const char *site, uint64_t objects, uint64_t bytes)
{
	lock();
	count_alloc(site_index(site), objects, bytes);
	unlock();
	last_block = 0;
}

static void add_repeated(struct counts *c, uint64_t objects, uint64_t size)
{
	c->alloc_bytes += (objects - 1) * size;
	c->alloc_objects += objects - 1;
	c->free_bytes += (objects - 1) * size;
	c->free_objects += objects - 1;
	c->temporary_objects += objects;
}

void truth__bulk_temporary(const char *site, uint64_t objects, uint64_t size)
{
	int s;

	lock();
	s = site_index(site);
	if (objects) { /* the first may be the peak; the others are its repetition */
		count_alloc(s, 1, size);
		count_free(s, size);
		add_repeated(&sites[s].counts, objects, size);
		add_repeated(&totals, objects, size);
	}
	unlock();
	last_block = 0;
}

struct truth_realloc truth__realloc_begin(const void *block)
{
	struct truth_realloc old = {.block = (uintptr_t)block, .size = 0, .site = -1};
	struct block taken;

	if (!block)
		return old;
	lock();
	if (block_take(old.block, &taken)) {
		old.size = taken.size;
		old.site = (int)taken.site;
		count_free(old.site, old.size);
	}
	unlock();
	return old;
}

void truth__realloc_end(const char *site, struct truth_realloc old, const void *block, size_t size)
{
	lock();
	if (!block && size != 0 && old.site >= 0) { /* failed: the old block is still there */
		block_add(old.block, old.size, old.site);
		count_free_undone(old.site, old.size);
	} else if (old.block && old.site < 0 && (block || size == 0)) {
		free_unmatched++;
	}
	unlock();
	truth__alloc(site, block, size);
}

void truth__extra(const char *key, uint64_t value)
{
	if (extra_count == EXTRAS)
		truth__fail("too many extra keys");
	extras[extra_count].key = key;
	extras[extra_count++].value = value;
}

void truth__restart(void)
{
	lock();
	if (block_count) /* untouched pages stay untouched */
		memset(blocks, 0, sizeof(blocks));
	memset(sites, 0, sizeof(sites));
	memset(&totals, 0, sizeof(totals));
	block_count = 0;
	site_count = 0;
	peak_live_bytes = peak_epoch = free_unmatched = 0;
	last_block = 0;
	unlock();
}

/* ---- the frame */

int truth__waits(void)
{
	return !now;
}

void truth__save(const char *variable)
{
	const char *path = getenv(variable);
	static char temporary[4096];

	if (!path || strlen(path) + 5 > sizeof(temporary))
		return;
	strcpy(temporary, path);
	strcat(temporary, ".tmp");
	out_fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out_fd < 0)
		truth__fail("cannot write the account");
	put_account();
	close(out_fd);
	out_fd = STDOUT_FILENO;
	if (rename(temporary, path) != 0)
		truth__fail("cannot write the account");
}

static void wait_for_line(void)
{
	char c;
	ssize_t n;

	do
		n = read(STDIN_FILENO, &c, 1);
	while (n == 1 && c != '\n');
	if (n != 1)
		truth__fail("standard input ended");
}

void truth__finish(void)
{
	put_account();
	if (truth__waits())
		wait_for_line();
	_exit(0); /* not exit(): its handlers may free */
}

/* Takes the options that are truth.c's own out of argv; returns how many arguments are left. */
static int take_options(int argc, char **argv)
{
	const char *env = getenv("MEMTRAWL_TARGET_NOW");
	int left = 0;

	now = env && strcmp(env, "1") == 0;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--now") == 0)
			now = 1;
		else if (strcmp(argv[i], TRUTH_STARTED) == 0)
			started = 1;
		else
			argv[left++] = argv[i];
	}
	argv[left] = NULL;
	return left;
}

static void truth__start(void)
{
	if (now || started)
		return;
	truth__restart();
	put("ready\n");
	flush();
	wait_for_line();
}

int main(int argc, char **argv)
{
	int count = take_options(argc, argv);
	const char *slash = strrchr(argv[0], '/');

	program = slash ? slash + 1 : argv[0];
	if (setup)
		setup(count, argv);
	truth__start();
	scenario(count, argv);
	truth__finish();
}
