/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.cap.drop and lxc.cap.keep: the bounding set. Permitted and effective sets follow from it at
 * exec. Names that the running kernel doesn't know yet are left out: there is nothing to drop.
 */

#include "plan/compiler.h"

static uint64_t mask_of(const struct config_capabilities *list)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].number < 64)
			mask |= UINT64_C(1) << list->items[i].number;
	return mask;
}

static bool is_kept(const struct config_values *v)
{
	return v->cap_keep.count > 0 || v->cap_keep.only_none;
}

uint64_t compile_bounding(const struct compiler *c)
{
	const struct config_values *v = c->values;
	uint64_t known = c->facts->kernel.capabilities;

	if (is_kept(v))
		return known & mask_of(&v->cap_keep);
	return known & ~mask_of(&v->cap_drop);
}

int compile_capabilities(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	const char *key = is_kept(v) ? "lxc.cap.keep" : "lxc.cap.drop";
	struct plan_step *step;

	if (is_kept(v) && v->cap_drop.count > 0) {
		int r = err_set(e, ERR_CONFIG_CONFLICT, 0,
				"Keeping and dropping capabilities are mutually exclusive");

		err_origin(e, "%s", compile_key_origin(c, "lxc.cap.keep"));
		err_hint(e, "lxc.cap.keep names all that stays: remove the lxc.cap.drop lines "
			    "(an empty `lxc.cap.drop =` forgets those of included files)");
		return r;
	}
	if (c->bounding == c->facts->kernel.capabilities)
		return 0;
	step = STEP(c, SECTION_START, OP_CAPS_BOUND, key, compile_key_origin(c, key));
	step->arg[0] = c->bounding;
	return 0;
}
