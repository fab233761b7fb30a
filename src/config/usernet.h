/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The grammar of lxc-usernet, the file that says who may make how many host interfaces:
 *
 *	<user | @group> <type> <bridge> <number>
 *
 * Only reading. Which rule an interface is charged to, and the database of live interfaces, belong
 * to lxc-user-nic; that program runs with root's rights, so this reader takes any bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

enum { USERNET_FIELD_MAX = 99 }; /* bytes of the first three fields, without terminator */

struct usernet_rule {
	const char *name; /* user or group, without the '@' */
	bool is_group;
	const char *type;   /* "veth" in every rule that lxc-user-nic honours */
	const char *bridge; /* "none" = no bridge */
	uint32_t quota;
	uint32_t line; /* from 1 */
};

/* All zero is the empty list. Texts live in `arena`. */
struct usernet {
	struct arena arena;
	struct {
		VEC_OF(struct usernet_rule)
	} rules;
};

void usernet_finish(struct usernet *usernet);

/* Told about each line that is not used as it stands. `text` lives during the call only. */
typedef void (*usernet_note_fn)(void *data, uint32_t line, const char *text);

/*
 * Read a whole file's bytes. Bad lines are left out and noted, as LXC leaves them out; empty lines
 * and lines that begin with '#' are not noted. `note` may be NULL. 0, or -ENOMEM.
 */
int usernet_parse(const char *text, size_t len, usernet_note_fn note, void *data,
		  struct usernet *ret, struct err *e);

/* Append "@group veth lxcbr0 10". */
void usernet_rule_print(const struct usernet_rule *rule, struct str *out);

/*
 * Whether a rule counts for a caller: it names the user, or one of the groups (primary and
 * supplementary). `user` may be NULL: the uid has no name.
 */
bool usernet_rule_matches(const struct usernet_rule *rule, const char *user,
			  const char *const *groups, size_t group_count);
