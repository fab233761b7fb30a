/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Value types: how the text of a key becomes a typed value and text again. Private to config/.
 *
 * A slot is one value of one configuration: where it lies, which row describes it, who sets it. A
 * type never sees empty text when it parses; clearing is the same for all types that are zero when
 * unset (value_clear).
 */

#include "config/config.h"

struct value_slot {
	struct config *config;
	const struct config_key *key;
	void *field;            /* the value itself */
	struct origin *place;   /* where its origin is kept */
	struct config_net *net; /* interface keys */
	const char *member;     /* name behind a family's prefix; NULL for the family as a whole */
	struct origin origin;   /* of the text that is being set */
};

struct value_class {
	const char *name;     /* for people: "number", "list of lines" */
	const char *expected; /* completes "expected …" in the hint of a refused value */
	/* 0 or a negative errno with an explanation; the value is as before, or set in part
	 * (lists). */
	int (*parse)(const struct value_slot *s, const char *text, struct err *e);
	void (*print)(const struct value_slot *s, struct str *out);
	uint16_t size; /* bytes of the value: cleared to zero; 0 = `clear` does it */
	int32_t unset; /* what a cleared value of 4 bytes holds instead of zero */
	bool list;     /* get() cuts it to fit the buffer */
	void (*clear)(const struct value_slot *s);
};

const struct value_class *value_class(enum value_type type);

/* Parse non-empty text; records the origin when it succeeds. */
int value_set(const struct value_slot *s, const char *text, struct err *e);

/* What `key =` does. */
int value_set_empty(const struct value_slot *s, struct err *e);

/* What clear() does: 0 or -ENOMEM; value_reset() puts the initial default. */
int value_clear(const struct value_slot *s, struct err *e);
void value_reset(const struct value_slot *s);

void value_print(const struct value_slot *s, struct str *out);

/* Refuse a value in the row's own words or ours: returns -errnum, -EINVAL for 0. */
int value_refuse(const struct value_slot *s, const char *text, int errnum, struct err *e);

int value_no_memory(struct err *e);

/* Parsers and printers by file; the table in values.c puts them together. */
#define VALUE_FUNCTIONS(noun)                                                                \
	int value_parse_##noun(const struct value_slot *s, const char *text, struct err *e); \
	void value_print_##noun(const struct value_slot *s, struct str *out)

/* value_scalar.c */
VALUE_FUNCTIONS(text);
VALUE_FUNCTIONS(path);
VALUE_FUNCTIONS(cgroup_dir);
VALUE_FUNCTIONS(cgroup_leaf);
VALUE_FUNCTIONS(bool);
VALUE_FUNCTIONS(unsigned);
VALUE_FUNCTIONS(integer);
VALUE_FUNCTIONS(tmpfs_size);
VALUE_FUNCTIONS(console_size);
VALUE_FUNCTIONS(signal);
VALUE_FUNCTIONS(word);
VALUE_FUNCTIONS(time_offset);

/* value_host.c: what names things of the host or acts on it */
VALUE_FUNCTIONS(architecture);
VALUE_FUNCTIONS(log_level);
VALUE_FUNCTIONS(syslog);
VALUE_FUNCTIONS(log_file);
VALUE_FUNCTIONS(rootfs);
VALUE_FUNCTIONS(rootfs_type);
VALUE_FUNCTIONS(rootfs_options);
VALUE_FUNCTIONS(notify_proxy);
VALUE_FUNCTIONS(include);

/* value_list.c */
VALUE_FUNCTIONS(lines);
VALUE_FUNCTIONS(words);
VALUE_FUNCTIONS(environment);
VALUE_FUNCTIONS(cgroup_file);
VALUE_FUNCTIONS(proc_file);
VALUE_FUNCTIONS(sysctl);
VALUE_FUNCTIONS(prlimit);
VALUE_FUNCTIONS(id_map);
VALUE_FUNCTIONS(gid_list);

/* value_set.c: sets of known words */
VALUE_FUNCTIONS(namespaces);
VALUE_FUNCTIONS(shared_namespace);
VALUE_FUNCTIONS(capabilities);
VALUE_FUNCTIONS(automount);

/* value_net.c */
VALUE_FUNCTIONS(net_type);
VALUE_FUNCTIONS(net_flags);
VALUE_FUNCTIONS(interface);
VALUE_FUNCTIONS(hwaddr);
VALUE_FUNCTIONS(queues);
VALUE_FUNCTIONS(veth_vlan);
VALUE_FUNCTIONS(vlan_list);

/* value_address.c */
VALUE_FUNCTIONS(ipv4);
VALUE_FUNCTIONS(ipv6);
VALUE_FUNCTIONS(ipv4_gateway);
VALUE_FUNCTIONS(ipv6_gateway);
VALUE_FUNCTIONS(ipv4_route);
VALUE_FUNCTIONS(ipv6_route);

#undef VALUE_FUNCTIONS

/* The first entry of a family that has the name; items->count when none has. */
size_t value_find_member(const struct config_items *items, const char *name);

/* Remove a family's entries: those of one name, or all. */
void value_clear_items(const struct value_slot *s);
void value_clear_capabilities(const struct value_slot *s);
void value_clear_namespace_share(const struct value_slot *s);
void value_clear_rootfs(const struct value_slot *s);
void value_clear_net_type(const struct value_slot *s);
void value_clear_group(const struct value_slot *s);

/* Words of a blank-separated value, one a call: NULL at the end. *at starts as the text. */
const char *value_next_word(const char **at, const char *separators, size_t *ret_len);
