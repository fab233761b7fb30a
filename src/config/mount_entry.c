/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mount entries: fields of fstab(5), and the rules about what fits together.
 *
 * The reader mirrors getmntent(3) of glibc down to its octal escapes (only four) and its numbers
 * (a missing or malformed one is 0). It is our own because getmntent reads streams, truncates long
 * lines and says nothing about text that it drops.
 */

#include "config/mount_entry.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

static const char blanks[] = " \t";

struct escape {
	char plain;
	const char *text; /* without the backslash */
};

/* Both directions; the last row is only read. */
static const struct escape escapes[] = {
	{' ', "040"}, {'\t', "011"}, {'\n', "012"}, {'\\', "134"}, {'\\', "\\"},
};

static void decode_field(char *field)
{
	char *to = field;

	for (const char *from = field; *from; to++) {
		size_t i = 0;

		*to = *from++;
		if (*to != '\\')
			continue;
		while (i < ARRAY_LENGTH(escapes) && !text_starts(from, escapes[i].text))
			i++;
		if (i < ARRAY_LENGTH(escapes)) {
			*to = escapes[i].plain;
			from += strlen(escapes[i].text);
		}
	}
	*to = '\0';
}

/* Cuts the next field out of the line in place; "" at the end of the line. */
static const char *take_field(char **rest)
{
	char *field = *rest + strspn(*rest, blanks);
	char *end = field + strcspn(field, blanks);

	*rest = *end ? end + 1 : end;
	*end = '\0';
	decode_field(field);
	return field;
}

/* As "%d" of sscanf(3), but saturating: 0 and *rest unmoved when there is no number. */
static int take_number(char **rest)
{
	long number = strtol(*rest, rest, 10);

	if (number > INT_MAX)
		return INT_MAX;
	return number < INT_MIN ? INT_MIN : (int)number;
}

static void take_numbers(char *rest, struct mount_entry *entry)
{
	char *start = rest;

	entry->dump = take_number(&rest);
	if (rest != start)
		entry->pass = take_number(&rest);
	rest += strspn(rest, blanks);
	entry->excess = *rest ? rest : NULL;
}

/* Reads a line of its own memory, cutting it in place. Returns as mount_entry_parse(). */
static int read_entry(char *line, struct arena *arena, struct mount_entry *ret, struct err *e)
{
	struct mount_entry entry = {0};
	char *rest = line + strspn(line, blanks);
	int r;

	if (!*rest || *rest == '#')
		return MOUNT_ENTRY_NONE;
	entry.source = take_field(&rest);
	entry.target = take_field(&rest);
	entry.fstype = take_field(&rest);
	if (!*entry.fstype)
		entry.fstype = "none";
	r = mount_options_parse(take_field(&rest), arena, &entry.options, e);
	if (r < 0)
		return r;
	take_numbers(rest, &entry);
	*ret = entry;
	return 0;
}

int mount_entry_parse(const char *line, struct arena *arena, struct mount_entry *ret, struct err *e)
{
	char *copy;

	if (strchr(line, '\n'))
		return err_set(e, ERR_MOUNT_ENTRY, 0, "A mount entry cannot hold a line break");
	copy = arena_strdup(arena, line);
	if (!copy)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep a mount entry");
	return read_entry(copy, arena, ret, e);
}

/* Reads one line of a file into the list, if it holds an entry. */
static int add_line(char *line, unsigned number, struct arena *arena, struct mount_entry_list *list,
		    struct err *e)
{
	struct mount_entry entry;
	struct mount_entry *item;
	size_t len = strlen(line);
	int r;

	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	r = read_entry(line, arena, &entry, e);
	if (r < 0)
		return r;
	if (r == MOUNT_ENTRY_NONE)
		return 0;
	entry.line = number;
	item = vec_push_in(list, arena);
	if (!item)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep a mount entry");
	*item = entry;
	return 0;
}

int fstab_parse(const char *file, const char *text, size_t len, struct arena *arena,
		struct mount_entry_list *ret, struct err *e)
{
	struct mount_entry_list list = {0};
	char *rest = arena_strndup(arena, text, len);
	unsigned number = 0;

	if (!rest)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot read %s", file);
	if (memchr(rest, '\0', len)) {
		int r = err_set(e, ERR_MOUNT_ENTRY, 0,
				"A file of mount entries cannot hold a NUL byte");

		err_object(e, file);
		return r;
	}
	while (rest) {
		char *line = strsep(&rest, "\n");
		int r = add_line(line, ++number, arena, &list, e);

		if (r < 0) {
			err_origin(e, "%s:%u", file, number);
			return r;
		}
	}
	*ret = list;
	return 0;
}

/*
 * The rules: each returns the text that the problem is about, or NULL when there is no problem.
 */
static const char *find_missing_target(const struct mount_entry *entry)
{
	return *entry->target ? NULL : entry->source;
}

static const char *find_two_creates(const struct mount_entry *entry)
{
	uint32_t both = MOUNT_CREATE_DIR | MOUNT_CREATE_FILE;

	return (entry->options.create & both) == both ? entry->target : NULL;
}

static const char *find_unknown_create(const struct mount_entry *entry)
{
	const char *data = entry->options.data;

	if (!data)
		return NULL;
	if (text_starts(data, "create="))
		return data;
	data = strstr(data, ",create=");
	return data ? data + 1 : NULL;
}

static const char *find_two_propagations(const struct mount_entry *entry)
{
	uint32_t bits = entry->options.propagation;

	return bits & (bits - 1) ? entry->target : NULL;
}

static const char *find_idmapped_file_system(const struct mount_entry *entry)
{
	if (entry->options.idmap == MOUNT_IDMAP_NONE)
		return NULL;
	if (mount_options_is_bind(&entry->options) && strcmp(entry->fstype, "none") == 0)
		return NULL;
	return entry->target;
}

static const char *find_idmapped_data(const struct mount_entry *entry)
{
	return entry->options.idmap != MOUNT_IDMAP_NONE ? entry->options.data : NULL;
}

static const char *find_bind_and_move(const struct mount_entry *entry)
{
	if (!mount_options_is_bind(&entry->options) || !(entry->options.set & MOUNT_MOVE))
		return NULL;
	return entry->target;
}

static const char *find_bind_data(const struct mount_entry *entry)
{
	if (!mount_options_is_bind(&entry->options) || entry->options.idmap != MOUNT_IDMAP_NONE)
		return NULL;
	return entry->options.data;
}

static const char *find_no_file_system(const struct mount_entry *entry)
{
	if (mount_options_is_bind(&entry->options) || (entry->options.set & MOUNT_MOVE))
		return NULL;
	return strcmp(entry->fstype, "none") == 0 ? entry->target : NULL;
}

static const char *find_relative_source(const struct mount_entry *entry)
{
	if (!mount_options_is_bind(&entry->options) || entry->options.relative)
		return NULL;
	return *entry->source != '/' ? entry->source : NULL;
}

static const char *find_ignored_words(const struct mount_entry *entry)
{
	return entry->options.ignored ? entry->target : NULL;
}

static const char *find_excess(const struct mount_entry *entry)
{
	return entry->excess;
}

struct rule {
	const char *(*find)(const struct mount_entry *entry);
	enum mount_entry_problem problem;
	enum err_id id;
	const char *text;
	const char *hint; /* NULL when the text says it all */
};

static const struct rule rules[] = {
	{find_missing_target, MOUNT_ENTRY_BROKEN, ERR_MOUNT_ENTRY, "The mount entry has no target",
	 "the fields are: source target type options dump pass"},
	{find_two_creates, MOUNT_ENTRY_BROKEN, ERR_MOUNT_ENTRY,
	 "\"create=dir\" and \"create=file\" exclude each other", NULL},
	{find_unknown_create, MOUNT_ENTRY_DOUBTFUL, ERR_MOUNT_ENTRY,
	 "\"create=\" takes \"dir\" or \"file\"", NULL},
	{find_two_propagations, MOUNT_ENTRY_BROKEN, ERR_MOUNT_ENTRY,
	 "A mount has only one kind of propagation",
	 "keep one of private, shared, slave and unbindable"},
	{find_idmapped_file_system, MOUNT_ENTRY_BROKEN, ERR_MOUNT_ENTRY,
	 "Only bind mounts can currently be idmapped",
	 "\"idmap=\" needs \"bind\" or \"rbind\" and the type \"none\""},
	{find_idmapped_data, MOUNT_ENTRY_BROKEN, ERR_MOUNT_ENTRY,
	 "Bind mounts don't support non-generic mount options", NULL},
	{find_bind_and_move, MOUNT_ENTRY_DOUBTFUL, ERR_CONFIG_IGNORED,
	 "\"move\" has no effect beside \"bind\"", NULL},
	{find_bind_data, MOUNT_ENTRY_DOUBTFUL, ERR_CONFIG_IGNORED,
	 "Options of a file system have no effect on a bind mount", NULL},
	{find_no_file_system, MOUNT_ENTRY_DOUBTFUL, ERR_MOUNT_ENTRY,
	 "The type \"none\" can only be mounted with \"bind\", \"rbind\" or \"move\"", NULL},
	{find_relative_source, MOUNT_ENTRY_DOUBTFUL, ERR_MOUNT_ENTRY,
	 "The source depends on the directory in which the container is started",
	 "begin it with \"/\", or add \"relative\" to mean a path inside the container"},
	{find_ignored_words, MOUNT_ENTRY_DOUBTFUL, ERR_CONFIG_IGNORED,
	 "The options sync, async, dirsync, lazytime, mand, nomand and remount have no effect",
	 NULL},
	{find_excess, MOUNT_ENTRY_DOUBTFUL, ERR_CONFIG_IGNORED,
	 "Text behind the fields of a mount entry has no effect",
	 "blanks inside a path are written as \\040"},
};

int mount_entry_check(const struct mount_entry *entry, unsigned *next, struct err *e)
{
	while (*next < ARRAY_LENGTH(rules)) {
		const struct rule *rule = &rules[(*next)++];
		const char *object = rule->find(entry);

		if (!object)
			continue;
		err_set(e, rule->id, 0, "%s", rule->text);
		err_object(e, object);
		if (rule->hint)
			err_hint(e, "%s", rule->hint);
		return rule->problem;
	}
	return 0;
}

static void print_field(const char *field, struct str *out)
{
	for (; *field; field++) {
		size_t i = 0;

		while (i < ARRAY_LENGTH(escapes) && escapes[i].plain != *field)
			i++;
		if (i < ARRAY_LENGTH(escapes))
			str_addf(out, "\\%s", escapes[i].text);
		else
			str_add_char(out, *field);
	}
}

void mount_entry_print(const struct mount_entry *entry, struct str *out)
{
	autostr options = {0};

	print_field(entry->source, out);
	if (!*entry->target)
		return;
	str_add_char(out, ' ');
	print_field(entry->target, out);
	str_add_char(out, ' ');
	print_field(entry->fstype, out);
	str_add_char(out, ' ');
	mount_options_print(&entry->options, &options);
	if (str_failed(&options))
		out->failed = true;
	print_field(str_text(&options), out);
	str_addf(out, " %d %d", entry->dump, entry->pass);
	if (entry->excess)
		str_addf(out, " %s", entry->excess);
}
