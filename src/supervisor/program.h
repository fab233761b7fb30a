/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The programs that do for the supervisor what needs the configuration (run/programs.h).
 */

#include "base/err.h"
#include "run/run.h"

/* struct run_calls: a new plan, behind the record's other parts; r->plan is it afterwards. */
int program_compile(struct run *r, struct err *e);

/* struct run_calls: this process is put into a scope of the user's systemd, by lxc-compile. */
int program_enter_scope(struct run *r, const char *name, struct err *e);

/* struct run_calls: an ephemeral container goes, unless it is rebooting. */
int program_destroy(struct run *r);
