/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Gathering: everything that must be looked at becomes facts (plan/facts.h), in the mount namespace
 * and with the rights of the caller. The starter does it, and lxc-compile for reboots and behind
 * pre-start hooks.
 */

#include "config/config.h"
#include "plan/compile.h"
#include "plan/facts.h"

/* 0, or negative with e set. ret must be zeroed; facts_finish() in either case. */
int gather_facts(const struct plan_request *request, const struct config *config, struct facts *ret,
		 struct err *e);
void facts_finish(struct facts *facts);

/* Whether this start has to ask the user's systemd for a cgroup (plan_request.needs_scope). An
 * ordinary user's lxc.cgroup.relative = 1 says that the one it is in is meant. */
bool gather_needs_scope(const struct config *config);

/*
 * The same for `lxc-start --plan`, where nobody asks: when no hierarchy is usable, the one that
 * will be, in a scope of the user's systemd whose number is not known yet ("lxc-c1-N.scope").
 * Without that systemd facts stay as they are. 0, or negative with e set.
 */
int gather_expect_scope(const struct plan_request *request, struct facts *facts, struct err *e);

/* The layout alone (spec/cgroup1.md §1), for lxc.cgroup.relative as given. */
int gather_cgroup(bool relative, struct arena *arena, struct facts_cgroup *ret, struct err *e);
