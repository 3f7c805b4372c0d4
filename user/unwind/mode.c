/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/mode.h"

static const struct {
	const char *name, *words;
} modes[UNWIND_MODE_COUNT] = {
	[MT_UNWIND_AUTO] = {"auto", "unwind tables and frame pointers"},
	[MT_UNWIND_DWARF] = {"dwarf", "unwind tables"},
	[MT_UNWIND_FP] = {"fp", "frame pointers"},
};

const char *unwind_mode__name(enum mt_unwind_mode mode)
{
	return modes[mode].name;
}

const char *unwind_mode__words(enum mt_unwind_mode mode)
{
	return modes[mode].words;
}
