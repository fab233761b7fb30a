/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reading configuration files. A file is read whole, then line by line; included files act on the
 * model and leave no text. Where a file stands in a chain of includes is kept on the stack, so that
 * a loop is seen and named when it closes instead of when some limit is reached.
 */

#include "config/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "config/access.h"
#include "config/hwaddr.h"
#include "config/value.h"
#include "sys/file.h"

/* One file being read; the parent is the file whose line includes it. */
struct config_reader {
	struct config_reader *parent;
	const char *path;
	dev_t device;
	ino_t inode; /* 0: text in memory */
	unsigned source;
	unsigned line;
	unsigned depth;
	bool keeps_text; /* its lines become lines of the configuration */
};

bool config_next_line(const char **at, const char *end, const char **ret_line, size_t *ret_len)
{
	const char *start = *at;
	const char *stop = start;

	if (start >= end || *start == '\0')
		return false;
	while (stop < end && *stop != '\n' && *stop != '\r' && *stop != '\0')
		stop++;
	*ret_line = start;
	*ret_len = (size_t)(stop - start);
	if (stop < end && *stop == '\r')
		stop++;
	if (stop < end && *stop == '\n')
		stop++;
	*at = stop;
	return true;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

enum config_line_kind config_line_split(char *line, struct config_assignment *ret)
{
	char *text = line + strspn(line, " \t");
	char *equals;
	char *value;
	size_t len;

	if (text[strspn(text, " \t\f")] == '\0')
		return LINE_BLANK;
	if (!text_starts(text, "lxc."))
		return LINE_FOREIGN;
	equals = strchr(text, '=');
	if (!equals)
		return LINE_MALFORMED;
	*equals = '\0';
	value = trim(equals + 1);
	len = strlen(value);
	if (len > 1 && (value[0] == '\'' || value[0] == '"') && value[len - 1] == value[0]) {
		value[len - 1] = '\0';
		value++;
	}
	ret->key = trim(text);
	ret->value = value;
	return LINE_ASSIGNMENT;
}

/*
 * The random digits of a hardware address go into the kept line, where `value` is the address's
 * template: the address persists.
 */
static void keep_generated_address(const struct config *c, const char *key, char *value)
{
	struct key_ref ref;
	const struct config_net *net;

	if (config_key_resolve(key, &ref, NULL) < 0 || ref.form != KEY_FORM_NET_MEMBER ||
	    ref.key->type != VALUE_HWADDR)
		return;
	net = config_find_net(c, ref.net_index);
	/* Expanding keeps the length. */
	if (net && net->hwaddr)
		memcpy(value, net->hwaddr, strlen(net->hwaddr));
}

static int read_assignment(struct config *c, struct config_reader *r,
			   const struct config_assignment *line, struct str *canonical,
			   struct err *e)
{
	struct origin origin = {.source = (uint16_t)r->source, .line = r->line};
	int result = config_apply(c, line->key, line->value, origin, canonical, e);

	/* A problem inside an included file has its place there already. */
	if (result < 0 && (strcmp(line->key, "lxc.include") != 0 || e->frame_count == 1))
		err_origin(e, "%s:%u %s", r->path, r->line, line->key);
	return result;
}

static int refuse_line(const struct config_reader *r, const char *text, size_t len, struct err *e)
{
	int result = err_set(e, ERR_CONFIG_SYNTAX, 0, "Invalid configuration line: %.*s", (int)len,
			     text);

	err_origin(e, "%s:%u", r->path, r->line);
	return result;
}

/* `applies` is false behind a line that failed: the rest is kept as text, but not read. */
static int read_line(struct config *c, struct config_reader *r, const char *text, size_t len,
		     bool applies, struct err *e)
{
	struct config_assignment assignment = {};
	autostr canonical = {};
	autofree char *copy = strndup(text, len);
	char *kept = r->keeps_text ? arena_strndup(&c->arena, text, len) : copy;
	enum config_line_kind kind;
	struct config_line *line;
	const char *key = NULL;
	int result = 0;

	if (!copy || !kept)
		return value_no_memory(e);
	kind = config_line_split(copy, &assignment);
	if (kind == LINE_BLANK)
		return 0;
	if (applies && kind == LINE_ASSIGNMENT)
		result = read_assignment(c, r, &assignment, &canonical, e);
	else if (applies && kind == LINE_MALFORMED)
		result = refuse_line(r, text, len, e);
	if (result < 0)
		result = err_wrap(e, result, "Failed to parse config file \"%s\" at line \"%u\"",
				  r->path, r->line);
	if (!r->keeps_text)
		return result;
	if (kind == LINE_ASSIGNMENT)
		key = arena_strdup(&c->arena,
				   canonical.len > 0 ? str_text(&canonical) : assignment.key);
	line = key || kind != LINE_ASSIGNMENT ? vec_push_in(&c->lines, &c->arena) : NULL;
	if (!line)
		return value_no_memory(e);
	*line = (struct config_line){.text = kept, .key = key};
	if (kind == LINE_ASSIGNMENT && applies && result == 0)
		keep_generated_address(c, key, kept + (assignment.value - copy));
	return result;
}

static void report_and_forget(struct config *c, struct err *e)
{
	if (c->effects.report)
		c->effects.report(c->effects.context, CONFIG_ERROR, e);
	c->errors_skipped++;
	err_clear(e);
}

static int read_text(struct config *c, struct config_reader *r, const char *text, size_t len,
		     struct err *e)
{
	const char *end = text + len;
	const char *line;
	size_t line_len;
	struct err local = {};
	int result = 0;

	if (!e)
		e = &local;
	r->parent = c->reader;
	r->depth = r->parent ? r->parent->depth + 1 : 0;
	c->reader = r;
	while (config_next_line(&text, end, &line, &line_len)) {
		int line_result;

		r->line++;
		line_result = read_line(c, r, line, line_len, result == 0, e);
		if (line_result < 0 && c->keep_going && line_result != -ENOMEM)
			report_and_forget(c, e);
		else if (line_result < 0 && result == 0)
			result = line_result;
		if (result < 0 && !r->keeps_text)
			break;
	}
	c->reader = r->parent;
	return result;
}

static int refuse_loop(const struct config_reader *parent, const char *path,
		       const struct config_reader *first, struct err *e)
{
	autostr chain = {};

	str_add(&chain, path);
	for (const struct config_reader *r = parent; r; r = r->parent) {
		autostr link = {};

		str_addf(&link, "%s:%u includes ", r->path, r->line);
		str_insert(&chain, 0, str_text(&link), link.len);
		if (r == first)
			break;
	}
	return err_set(e, ERR_CONFIG_INCLUDE_LOOP, ELOOP, "Include loop: %s", str_text(&chain));
}

static int check_chain(const struct config *c, const char *path, const struct stat *st,
		       struct err *e)
{
	const struct config_reader *parent = c->reader;

	for (const struct config_reader *r = parent; r; r = r->parent)
		if (r->inode == st->st_ino && r->device == st->st_dev && r->inode != 0)
			return refuse_loop(parent, path, r, e);
	if (parent && parent->depth >= CONFIG_INCLUDE_DEPTH_MAX)
		return err_set(e, ERR_CONFIG_INCLUDE_DEPTH, 0,
			       "Includes are nested more than %d deep at \"%s\"",
			       CONFIG_INCLUDE_DEPTH_MAX, path);
	if (parent && c->included_files >= CONFIG_INCLUDE_COUNT_MAX)
		return err_set(e, ERR_CONFIG_INCLUDE_DEPTH, 0,
			       "More than %d files are included, \"%s\" is one too many",
			       CONFIG_INCLUDE_COUNT_MAX, path);
	return 0;
}

/* Pipes are not waited for, nor devices opened; what directories lack is told when they are read.
 */
static int read_only_file(const char *path, char **ret, size_t *ret_len)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	autoclose int fd = -EBADF;
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOTSUP;
	fd = open(path, flags);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOTSUP;
	return file_read_fd(fd, CONFIG_FILE_SIZE_MAX, ret, ret_len);
}

static int read_whole(const struct config *c, const char *path, char **ret, size_t *ret_len,
		      struct err *e)
{
	int r = c->only_files ? read_only_file(path, ret, ret_len)
			      : file_read_all(AT_FDCWD, path, CONFIG_FILE_SIZE_MAX, ret, ret_len);

	if (r == -EFBIG)
		return err_set(e, ERR_FILE_TOO_LARGE, EFBIG,
			       "Excessively large config file \"%s\": more than %d MiB", path,
			       CONFIG_FILE_SIZE_MAX >> 20);
	if (r == -ENOTSUP)
		return err_set(e, ERR_FILE_READ, 0,
			       "Failed to read config file \"%s\": it is no regular file", path);
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "Failed to read config file \"%s\"", path);
	return 0;
}

static int read_file(struct config *c, const char *path, bool keeps_text, struct err *e)
{
	struct config_reader r = {.path = path, .keeps_text = keeps_text};
	autofree char *text = NULL;
	struct stat st;
	size_t len = 0;
	int result;

	if (stat(path, &st) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to open config file \"%s\"", path);
	result = check_chain(c, path, &st, e);
	if (result == 0)
		result = read_whole(c, path, &text, &len, e);
	if (result < 0)
		return result;
	r.device = st.st_dev;
	r.inode = st.st_ino;
	r.source = config_add_source(c, path);
	if (r.source == 0)
		return value_no_memory(e);
	if (!keeps_text)
		c->sources.items[r.source - 1].is_included = true;
	c->included_files = c->reader ? c->included_files + 1 : 0;
	r.path = c->sources.items[r.source - 1].name;
	if (!c->first_file)
		c->first_file = r.path;
	return read_text(c, &r, text, len, e);
}

int config_load(struct config *c, const char *path, struct err *e)
{
	return read_file(c, path, true, e);
}

int config_load_text(struct config *c, const char *name, const char *text, size_t len,
		     struct err *e)
{
	struct config_reader r = {.keeps_text = true};

	r.source = config_add_source(c, name);
	if (r.source == 0)
		return value_no_memory(e);
	r.path = c->sources.items[r.source - 1].name;
	return read_text(c, &r, text, len, e);
}

static int is_config_file(const struct dirent *entry)
{
	/* LXC wants at least one character before ".conf". */
	return strlen(entry->d_name) > LITERAL_LENGTH(".conf") && text_ends(entry->d_name, ".conf");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_directory(struct config *c, const char *path, struct err *e)
{
	struct dirent **names;
	int count = scandir(path, &names, is_config_file, by_name);
	int result = 0;

	if (count < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to open config directory \"%s\"",
			       path);
	for (int i = 0; i < count; i++) {
		autostr file = {};

		str_addf(&file, "%s%s%s", path, text_ends(path, "/") ? "" : "/", names[i]->d_name);
		if (result == 0 && str_failed(&file))
			result = value_no_memory(e);
		else if (result == 0)
			result = read_file(c, str_text(&file), false, e);
		free(names[i]);
	}
	free(names);
	return result;
}

int config_read_include(struct config *c, const char *path, struct origin origin, struct err *e)
{
	struct stat st;
	bool is_directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	if (text_ends(path, "/") && !is_directory && errno == ENOENT)
		return 0;
	if (is_directory || text_ends(path, "/"))
		return read_directory(c, path, e);
	return read_file(c, path, false, e);
}
