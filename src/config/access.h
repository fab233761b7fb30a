/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From a written key and value to the model: what files, the command line and the API share.
 * Private to config/.
 */

#include "config/value.h"

/*
 * Set or, with an empty value, clear a key in the model; old names are translated (and reported).
 * `canonical` gets the key's present name, or stays empty when the key has no effect today.
 */
int config_apply(struct config *c, const char *key, const char *value, struct origin origin,
		 struct str *canonical, struct err *e);

/* Put a key back to its built-in default; `canonical` as above. */
int config_apply_clear(struct config *c, const char *key, struct str *canonical, struct err *e);

/*
 * The slot of a resolved key. -EINVAL: there is no such interface, or its type has no such key; the
 * explanation says which.
 */
int config_find_slot(const struct config *c, const struct key_ref *ref, struct value_slot *ret,
		     struct err *e);

/*
 * Resolve a key that somebody asks about, by its present or old name. `canonical` gets the present
 * one and must live as long as ret. 0, 1 for an old name without effect today, or a negative errno.
 */
int config_resolve_question(const struct config *c, const char *key, struct str *canonical,
			    struct key_ref *ret);

/* The slot of a row outside lxc.net.<i>, for the family as a whole. */
void config_init_slot(const struct config *c, const struct config_key *key, struct value_slot *ret);

/*
 * Whether a line of a file can hold the key and the value: a line break would come back as another
 * line. 0 or -EINVAL.
 */
int config_check_writable(const char *key, const char *value, struct err *e);

/* A warning about a line: an old name, or a cgroup v1 key. */
void config_report_old_name(const struct config *c, struct origin origin, const char *old,
			    const char *now);
void config_report_cgroup_v1(const struct config *c, struct origin origin, const char *file,
			     const char *value);
