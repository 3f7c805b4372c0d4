/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/live.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buckets.h"
#include "trace/hash_map.h"

static void visit_bucket(const struct mt_bucket *bucket, live_visitor *visit, void *context)
{
	for (int i = 0; i < MT_BUCKET_BLOCKS; i++) {
		uint64_t address = __atomic_load_n(&bucket->address[i], __ATOMIC_ACQUIRE);
		struct mt_live block = bucket->block[i];

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (address != MT_ADDRESS_NONE && address != MT_ADDRESS_CLAIMED &&
		    __atomic_load_n(&bucket->address[i], __ATOMIC_RELAXED) == address)
			visit(context, address, &block);
	}
}

static int each_in_buckets(int map, live_visitor *visit, void *context)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	const struct mt_bucket *buckets;
	size_t length, page = (size_t)sysconf(_SC_PAGESIZE);

	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return -errno;
	length = (info.max_entries * sizeof(*buckets) + page - 1) / page * page;
	buckets = mmap(NULL, length, PROT_READ, MAP_SHARED, map, 0);
	if (buckets == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; i < info.max_entries; i++)
		visit_bucket(&buckets[i], visit, context);
	munmap((void *)buckets, length);
	return 0;
}

struct visit {
	live_visitor *visit;
	void *context;
};

static int visit_element(void *context, const void *at_key, const void *block)
{
	const struct visit *visit = context;
	const struct mt_live_key *key = at_key;

	visit->visit(visit->context, key->address, block);
	return 0;
}

static int each_in_hash_map(int map, live_visitor *visit, void *context)
{
	struct visit each = {visit, context};

	return hash_map__each(map, sizeof(struct mt_live_key), sizeof(struct mt_live), visit_element, &each);
}

int live__each(const struct session_maps *maps, live_visitor *visit, void *context)
{
	if (maps->buckets >= 0)
		return each_in_buckets(maps->buckets, visit, context);
	return each_in_hash_map(maps->live, visit, context);
}
