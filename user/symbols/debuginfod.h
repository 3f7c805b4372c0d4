/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the servers that DEBUGINFOD_URLS names, by elfutils' client, which keeps what it gets. The client is loaded when
 * it is first needed: with what it needs for HTTP it would triple the time that any command takes to start.
 */
#ifndef MEMTRAWL_SYMBOLS_DEBUGINFOD_H
#define MEMTRAWL_SYMBOLS_DEBUGINFOD_H

/* The file with the debugging information of that build id (hex): a descriptor that the caller owns, or -errno. */
int debuginfod__open(const char *build_id);

/* The executable or library itself. */
int debuginfod__open_object(const char *build_id);

#endif
