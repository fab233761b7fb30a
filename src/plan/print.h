/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Plans for people and programs. The text form is one line per step with number, lane, op, object,
 * arguments by name and origin, and is what the golden files hold; the JSON form carries the same.
 * Steps are numbered through START from 1, as messages number them.
 */

#include "base/str.h"
#include "plan/ops.h"

struct json;

void plan_print_text(const struct plan *p, struct str *out);
void plan_print_json(const struct plan *p, struct json *j);

/*
 * The sentence of a step: the op's, with the object in its place. For errors and --trace. `len` at
 * least 16; what is too long ends in "…". Allocates nothing.
 */
void plan_print_sentence(const struct plan *p, const struct plan_step *step, char *buf, size_t len);

/* The hint for an errno of a step (positive; 0 = no call failed), or NULL. Allocates nothing. */
const char *plan_hint_for(const struct plan_step *step, int errnum);

/* The stable name of a step's failure by this errno: the hint's when it has one, else the op's. */
enum err_id plan_error_for(const struct plan_step *step, int errnum);
