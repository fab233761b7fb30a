/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Value types made of known words: namespaces, capabilities, automounts. Lines accumulate; words
 * before a bad one stay, as LXC does it.
 */

#include "config/value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/macros.h"

/* The longest word is shmounts:HOST:CONTAINER; one that is cut has a part that is no path. */
enum { WORD_MAX = sizeof("shmounts:") + 2 * PATH_MAX };

/* Copy the next blank-separated word to buf; false at the end. A word beyond buf is cut. */
static bool take_word(const char **at, char *buf, size_t room)
{
	size_t len;
	const char *word = value_next_word(at, " \t", &len);

	if (!word)
		return false;
	if (len >= room)
		len = room - 1;
	memcpy(buf, word, len);
	buf[len] = '\0';
	return true;
}

int value_parse_namespaces(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_values *values = &s->config->values;
	uint32_t *set = s->field;
	uint32_t other = set == &values->namespaces.clone ? values->namespaces.keep
							  : values->namespaces.clone;
	char word[WORD_MAX];

	if (other)
		return err_set(
			e, ERR_CONFIG_CONFLICT, 0,
			"Cannot set both \"lxc.namespace.clone\" and \"lxc.namespace.keep\"");
	while (take_word(&text, word, sizeof(word))) {
		int kind = namespace_parse(word, true);

		if (kind < 0) {
			int r = err_set(e, ERR_CONFIG_VALUE_INVALID, 0,
					"Invalid namespace name \"%s\"", word);

			err_hint(e, "%s takes %s", s->key->name,
				 value_class(s->key->type)->expected);
			return r;
		}
		*set |= 1U << kind;
	}
	return 0;
}

void value_print_namespaces(const struct value_slot *s, struct str *out)
{
	uint32_t set = *(uint32_t *)s->field;

	for (int kind = 0; kind < NAMESPACE_COUNT; kind++)
		if (set & (1U << kind))
			str_addf(out, "%s\n", namespace_name((enum namespace_kind)kind));
}

int value_parse_shared_namespace(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_values *values = &s->config->values;
	int kind = namespace_parse(s->member, false);
	char *copy = arena_strdup(&s->config->arena, text);

	if (!copy)
		return value_no_memory(e);
	values->namespaces.share[kind] = copy;
	values->namespaces.share_origin[kind] = s->origin;
	return 0;
}

void value_print_shared_namespace(const struct value_slot *s, struct str *out)
{
	const struct config_values *values = &s->config->values;

	for (int kind = 0; kind < NAMESPACE_COUNT; kind++) {
		const char *name = namespace_name((enum namespace_kind)kind);
		const char *text = values->namespaces.share[kind];

		if (!text)
			continue;
		if (!s->member)
			str_addf(out, "%s%s = %s\n", s->key->name, name, text);
		else if (strcmp(s->member, name) == 0)
			str_add(out, text);
	}
}

void value_clear_namespace_share(const struct value_slot *s)
{
	struct config_values *values = &s->config->values;

	for (int kind = 0; kind < NAMESPACE_COUNT; kind++)
		if (!s->member || strcmp(s->member, namespace_name((enum namespace_kind)kind)) == 0)
			values->namespaces.share[kind] = NULL;
}

static int add_capability(const struct value_slot *s, const char *word, struct err *e)
{
	struct config_capabilities *list = s->field;
	struct config_capability *added;
	int number;

	if (strcmp(word, "none") == 0) {
		if (list != &s->config->values.cap_keep)
			return err_set(e, ERR_CONFIG_VALUE_INVALID, 0,
				       "The \"none\" keyword is only valid when keeping caps");
		list->count = 0;
		list->only_none = true;
		return 0;
	}
	number = capability_parse(word);
	if (number < 0) {
		int r = err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Invalid capability specified: %s",
				word);

		err_hint(e, "%s takes %s", s->key->name, value_class(s->key->type)->expected);
		return r;
	}
	added = vec_push_in(list, &s->config->arena);
	if (!added)
		return value_no_memory(e);
	*added = (struct config_capability){
		.number = (uint32_t)number,
		.written_as_number = word[0] >= '0' && word[0] <= '9',
		.origin = s->origin,
	};
	return 0;
}

static bool capabilities_are_used(const struct config_capabilities *list)
{
	return list->count > 0 || list->only_none;
}

int value_parse_capabilities(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_values *values = &s->config->values;
	const struct config_capabilities *other = s->field == &values->cap_keep ? &values->cap_drop
										: &values->cap_keep;
	char word[WORD_MAX];

	if (capabilities_are_used(other)) {
		int r = err_set(e, ERR_CONFIG_CONFLICT, 0,
				"Keeping and dropping capabilities are mutually exclusive");

		err_hint(e, "clear the other list first: an empty lxc.cap.drop or lxc.cap.keep "
			    "clears both");
		return r;
	}
	while (take_word(&text, word, sizeof(word))) {
		int r = add_capability(s, word, e);

		if (r < 0)
			return r;
	}
	return 0;
}

void value_print_capabilities(const struct value_slot *s, struct str *out)
{
	const struct config_capabilities *list = s->field;

	if (list->only_none && list->count == 0)
		str_add(out, "none\n");
	for (size_t i = 0; i < list->count; i++) {
		const struct config_capability *capability = &list->items[i];

		if (capability->written_as_number)
			str_addf(out, "%u\n", (unsigned)capability->number);
		else
			str_addf(out, "%s\n", capability_name(capability->number));
	}
}

/* Emptying one list empties both, as LXC does: this is how userns.conf undoes common.conf. */
void value_clear_capabilities(const struct value_slot *s)
{
	struct config_values *values = &s->config->values;

	values->cap_drop = (struct config_capabilities){};
	values->cap_keep = (struct config_capabilities){};
}

static const struct {
	const char *word;
	enum cgroup_automount mount;
	bool force;
} cgroup_words[] = {
	{"cgroup", CGROUP_AUTOMOUNT_DEFAULT, false},
	{"cgroup:mixed", CGROUP_AUTOMOUNT_MIXED, false},
	{"cgroup:ro", CGROUP_AUTOMOUNT_RO, false},
	{"cgroup:rw", CGROUP_AUTOMOUNT_RW, false},
	{"cgroup:force", CGROUP_AUTOMOUNT_DEFAULT, true},
	{"cgroup:mixed:force", CGROUP_AUTOMOUNT_MIXED, true},
	{"cgroup:ro:force", CGROUP_AUTOMOUNT_RO, true},
	{"cgroup:rw:force", CGROUP_AUTOMOUNT_RW, true},
	{"cgroup-full", CGROUP_AUTOMOUNT_FULL_DEFAULT, false},
	{"cgroup-full:mixed", CGROUP_AUTOMOUNT_FULL_MIXED, false},
	{"cgroup-full:ro", CGROUP_AUTOMOUNT_FULL_RO, false},
	{"cgroup-full:rw", CGROUP_AUTOMOUNT_FULL_RW, false},
	{"cgroup-full:force", CGROUP_AUTOMOUNT_FULL_DEFAULT, true},
	{"cgroup-full:mixed:force", CGROUP_AUTOMOUNT_FULL_MIXED, true},
	{"cgroup-full:ro:force", CGROUP_AUTOMOUNT_FULL_RO, true},
	{"cgroup-full:rw:force", CGROUP_AUTOMOUNT_FULL_RW, true},
	{"cgroup2", CGROUP_AUTOMOUNT_V2, false},
	{"cgroup2:ro", CGROUP_AUTOMOUNT_V2_RO, false},
	{"cgroup2:force", CGROUP_AUTOMOUNT_V2, true},
	{"cgroup2:ro:force", CGROUP_AUTOMOUNT_V2_RO, true},
};

static const struct {
	const char *word;
	enum proc_automount mount;
} proc_words[] = {
	{"proc:mixed", PROC_AUTOMOUNT_MIXED},
	{"proc", PROC_AUTOMOUNT_MIXED},
	{"proc:rw", PROC_AUTOMOUNT_RW},
};

static const struct {
	const char *word;
	enum sys_automount mount;
} sys_words[] = {
	{"sys:mixed", SYS_AUTOMOUNT_MIXED},
	{"sys", SYS_AUTOMOUNT_MIXED},
	{"sys:ro", SYS_AUTOMOUNT_RO},
	{"sys:rw", SYS_AUTOMOUNT_RW},
};

/* HOST or HOST:CONTAINER. */
static int set_shared_mount(const struct value_slot *s, const char *word, const char *paths,
			    struct err *e)
{
	struct config_automounts *mounts = s->field;
	struct arena *arena = &s->config->arena;
	const char *colon = strchr(paths, ':');
	const char *host = arena_strndup(arena, paths, strcspn(paths, ":"));
	const char *container = arena_strdup(arena, colon ? colon + 1 : "/dev/.lxc-mounts");

	if (!host || !container)
		return value_no_memory(e);
	if (!host[0] || !container[0] || strlen(host) >= PATH_MAX || strlen(container) >= PATH_MAX)
		return value_refuse(s, word, 0, e);
	mounts->shared_host = host;
	mounts->shared_container = container;
	return 0;
}

static int set_automount(const struct value_slot *s, const char *word, struct err *e)
{
	struct config_automounts *mounts = s->field;
	const char *shared = text_after(word, "shmounts:");
	int r;

	if (shared)
		return set_shared_mount(s, word, shared, e);
	for (size_t i = 0; i < ARRAY_LENGTH(proc_words); i++) {
		if (strcmp(word, proc_words[i].word) == 0) {
			mounts->proc = proc_words[i].mount;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(sys_words); i++) {
		if (strcmp(word, sys_words[i].word) == 0) {
			mounts->sys = sys_words[i].mount;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(cgroup_words); i++) {
		if (strcmp(word, cgroup_words[i].word) == 0) {
			mounts->cgroup = cgroup_words[i].mount;
			mounts->cgroup_force = cgroup_words[i].force;
			return 0;
		}
	}
	r = err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Invalid filesystem to automount \"%s\"", word);
	err_hint(e, "%s takes %s", s->key->name, value_class(s->key->type)->expected);
	return r;
}

int value_parse_automount(const struct value_slot *s, const char *text, struct err *e)
{
	char word[WORD_MAX];

	while (take_word(&text, word, sizeof(word))) {
		int r = set_automount(s, word, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static void print_part(struct str *out, size_t start, const char *word)
{
	if (out->len > start)
		str_add_char(out, ' ');
	str_add(out, word);
}

/* All groups, in a form that reads back the same. LXC leaves some out. */
void value_print_automount(const struct value_slot *s, struct str *out)
{
	const struct config_automounts *mounts = s->field;
	size_t start = out->len;

	for (size_t i = 0; i < ARRAY_LENGTH(proc_words); i++) {
		if (mounts->proc == proc_words[i].mount) {
			print_part(out, start, proc_words[i].word);
			break;
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(sys_words); i++) {
		if (mounts->sys == sys_words[i].mount) {
			print_part(out, start, sys_words[i].word);
			break;
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(cgroup_words); i++) {
		if (mounts->cgroup == cgroup_words[i].mount &&
		    mounts->cgroup_force == cgroup_words[i].force) {
			print_part(out, start, cgroup_words[i].word);
			break;
		}
	}
	if (mounts->shared_host) {
		print_part(out, start, "shmounts:");
		str_addf(out, "%s:%s", mounts->shared_host, mounts->shared_container);
	}
}
