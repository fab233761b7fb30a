/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What every plan must keep to, whatever it is for, and plan_check() is too lenient to ask: that
 * the lanes find in registers what they read.
 */

#include "base/str.h"
#include "plan/plan.h"

/* Append one line for every breach. `given`: so many registers are filled by the caller (attach).
 */
void plan_contract_registers(const struct plan *p, unsigned given, struct str *breaches);
