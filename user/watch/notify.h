/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service manager is told, as sd_notify(3) does: datagrams of KEY=VALUE lines to the socket in NOTIFY_SOCKET. */
#ifndef MEMTRAWL_WATCH_NOTIFY_H
#define MEMTRAWL_WATCH_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=...", "WATCHDOG=1", "STATUS=..."; nothing without a manager. */
void notify__send(const char *state);

/* How often it wants to hear WATCHDOG=1, in nanoseconds; 0: not at all. */
uint64_t notify__watchdog_ns(void);

#endif
