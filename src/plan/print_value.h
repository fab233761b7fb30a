/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The single values of a plan as text, for both printers. Private to plan/.
 */

#include "base/str.h"
#include "plan/ops.h"

/* Words of bits, of states, of roles: what stands in the header and in steps. */
void plan_print_clone_flags(uint64_t flags, const char *between, struct str *out);
const char *plan_lane_name(unsigned lane);
const char *plan_role_name(unsigned role);
const char *plan_register_kind_name(unsigned kind);

/* The name of bit `bit` of struct plan's flags, or of a step's; NULL for one without a name. */
const char *plan_flag_name(unsigned bit);
const char *plan_step_flag_name(unsigned bit);

/* The name of a register; "none" for PLAN_NO_REGISTER. */
const char *plan_register_name(const struct plan *p, uint64_t number);

/* A text, references as {register}. p NULL: of a place where none may stand. */
void plan_print_references(const struct plan *p, const char *text, struct str *out);

/* The same in double quotes on one line: quote, backslash and what is invisible are escaped. */
void plan_print_quoted(const struct plan *p, const char *text, struct str *out);

/* Numbers, registers and bytes. Nothing for a number that means "nothing" (no flags, no MTU). */
void plan_print_value(const struct plan *p, const struct plan_argument *argument, uint64_t value,
		      struct str *out);

/* The rules of OP_CGROUP_DEVICES' bytes: one text each, number `n` from 0; false behind the last.
 */
bool plan_print_device_rule(const struct plan_devices *devices, uint32_t n, struct str *out);
