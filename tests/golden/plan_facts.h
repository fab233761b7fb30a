/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The facts of a golden case, and the request: NAME.facts holds what differs from the defaults.
 * plan_golden.c documents the lines.
 */

#include "base/err.h"
#include "config/config.h"
#include "plan/compile.h"
#include "plan/facts.h"

enum plan_case_kind { CASE_START, CASE_EXECUTE, CASE_PRELUDE, CASE_ATTACH, CASE_RESTORE };

struct plan_case_words {
	VEC_OF(const char *) /* ends in NULL once plan_case_read() is done */
};
struct plan_case_ids {
	VEC_OF(uint32_t)
};

struct plan_case {
	uint32_t kind; /* enum plan_case_kind */
	struct plan_request request;
	struct facts facts; /* its arena holds all texts of the case */
	struct attach_request attach;
	struct attach_facts attach_facts;
	const char *directory; /* of a checkpoint */
	struct plan_case_words argv, environment, source_options;
	struct plan_case_ids groups;
};

/*
 * Defaults, then the lines of `text` (NULL = none). `config` is loaded; files that it names are
 * looked for in the working directory by their last component. Returns 0, or negative with e set;
 * plan_case_finish() in either case.
 */
int plan_case_read(struct plan_case *c, const struct config *config, const char *name,
		   const char *text, struct err *e);
void plan_case_finish(struct plan_case *c);
