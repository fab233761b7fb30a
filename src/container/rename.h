/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the journal of a renaming says, and what becomes of one whose process was killed. The
 * container's marker lies in its directory and moves with it: under the old name nothing has
 * happened yet, under the new one all that is missing is done.
 */

#include <stdbool.h>

#include "base/err.h"
#include "container/container.h"

struct rename_notes {
	const char *from, *to; /* names; NULL = the notes are about something else */
	const char *volume;    /* the former one, "TYPE:PATH"; NULL = no root file system */
	bool keeps_name;
};

/* One line of notes: whether it was about a renaming. The texts are borrowed. */
bool rename_take_note(struct rename_notes *notes, const char *line);

/* By whoever holds the marker: undo or finish it, and remove the marker. 0 or negative. */
int rename_recover(const struct container *c, const struct rename_notes *notes, struct err *e);
