/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names that configurations had before LXC 2.1, and a few that only other programs ever wrote. LXC
 * 7 refuses them; Tare takes them for their present names and says so once a line.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Old interface keys carry no number: each lxc.network.type begins the next interface and the keys
 * behind it are about that one.
 */
struct legacy_nets {
	int64_t current; /* interface the last lxc.network.type was about; -1 = none yet */
	uint32_t next;   /* number that a new interface gets */
};

enum legacy_result {
	LEGACY_PRESENT,   /* not an old name */
	LEGACY_RENAMED,   /* `out` got the present name */
	LEGACY_NO_EFFECT, /* known, and without meaning today */
};

/*
 * Translate a key. `adds` tells that a value is about to be set, so that lxc.network.type begins a
 * new interface (*nets is advanced); a question is about the current one.
 */
enum legacy_result legacy_translate(const char *key, struct legacy_nets *nets, bool adds,
				    struct str *out);

/* The rows, for manuals: number i from 0; NULL behind the last. `now` NULL = without effect. */
const char *legacy_row(unsigned i, const char **now);
