/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up everything that parsing bytes does not take. */
#ifndef MEMTRAWL_SANDBOX_CONFINE_H
#define MEMTRAWL_SANDBOX_CONFINE_H

/*
 * For good, and for a process of one thread: closes all descriptors but `keep`, unmaps memory that is shared with
 * others (the maps of BPF programs), becomes nobody where it is root, with an empty root directory, may not gain
 * privileges, is ended with its parent, has bounds on memory and is the first to go when the host has none left, and
 * may call nothing but what reads open descriptors and manages private memory: anything else is EPERM. Returns 0 or
 * -errno; go no further then.
 */
int confine__self(int keep);

#endif
