/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/iterators.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "iter.skel.h"

static int pin(struct bpf_program *program, int map, const char *directory, const char *name)
{
	union bpf_iter_link_info info = {.map.map_fd = (uint32_t)map};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link = bpf_program__attach_iter(program, &opts);
	char path[PATH_MAX];
	int code;

	if (!link)
		return -errno;
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	code = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	return code;
}

int iterators__pin(const struct session *session, const char *directory)
{
	const struct session_maps *maps = &session->maps;
	struct iter_bpf *iter = iter_bpf__open();
	int code;

	if (!iter)
		return -errno;
	code = bpf_map__reuse_fd(iter->maps.stacks, maps->stacks);
	if (!code)
		code = bpf_map__reuse_fd(iter->maps.processes, maps->processes);
	if (!code)
		code = bpf_map__reuse_fd(iter->maps.ended, maps->ended);
	if (!code)
		code = iter_bpf__load(iter);
	if (!code)
		code = pin(iter->progs.top, maps->sites, directory, "top");
	if (!code && maps->buckets >= 0)
		code = pin(iter->progs.blocks, maps->buckets, directory, "blocks");
	else if (!code)
		code = pin(iter->progs.blocks_hashed, maps->live, directory, "blocks");
	iter_bpf__destroy(iter);
	return code;
}
