/* SPDX-License-Identifier: GPL-2.0-or-later */
/* make_profile FILE [looks]: saves the unit tests' profile, for tests of what is made of one. */
#include "../unit/fixture.h"
#include "profile/pprof.h"

int main(int argc, char **argv)
{
	struct profile *profile = fixture_profile();
	struct error err = {0};
	int code;

	if (argc != 2 && argc != 3)
		return STATUS_USAGE;
	if (argc == 3)
		fixture_look(profile);
	code = profile__save(profile, argv[1], &err);
	profile__free(profile);
	return code ? error__report(&err) : STATUS_OK;
}
