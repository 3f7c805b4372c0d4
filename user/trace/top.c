/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/top.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "iter.skel.h"

static struct bpf_link *attach(const struct session *session, struct iter_bpf *iter)
{
	union bpf_iter_link_info info = {.map.map_fd = (uint32_t)session->maps.sites};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));

	return bpf_program__attach_iter(iter->progs.top, &opts);
}

int top__pin(const struct session *session, const char *directory)
{
	struct iter_bpf *iter = iter_bpf__open();
	struct bpf_link *link = NULL;
	char path[PATH_MAX];
	int code;

	if (!iter)
		return -errno;
	code = bpf_map__reuse_fd(iter->maps.stacks, session->maps.stacks);
	if (!code)
		code = bpf_map__reuse_fd(iter->maps.processes, session->maps.processes);
	if (!code)
		code = bpf_map__reuse_fd(iter->maps.ended, session->maps.ended);
	if (!code)
		code = iter_bpf__load(iter);
	if (!code) {
		link = attach(session, iter);
		code = link ? 0 : -errno;
	}
	snprintf(path, sizeof(path), "%s/top", directory);
	if (!code)
		code = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	iter_bpf__destroy(iter);
	return code;
}
