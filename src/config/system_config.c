/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reader of lxc.conf. Whether the directories it names exist is not looked at, and nothing is
 * cached: the caller keeps the result as long as it likes (the API: per thread).
 */

#include "config/system_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"
#include "tare_paths.h"

enum {
	FILE_MAX = 1024 * 1024, /* bytes; a few lines are usual */
};

const struct system_config_item system_config_items[SYSTEM_CONFIG_KEY_COUNT] = {
	[SYSTEM_CONFIG_DEFAULT_CONFIG] = {"lxc.default_config",
					  "Configuration file of new containers",
					  {SYSTEM_CONFIG_IN_ETC, "/default.conf"},
					  {SYSTEM_CONFIG_IN_HOME, "/.config/lxc/default.conf"}},
	[SYSTEM_CONFIG_LXCPATH] = {"lxc.lxcpath",
				   "Directory in which containers live",
				   {SYSTEM_CONFIG_IN_LXCPATH, ""},
				   {SYSTEM_CONFIG_IN_HOME, "/.local/share/lxc"}},
	[SYSTEM_CONFIG_LVM_VG] = {"lxc.bdev.lvm.vg",
				  "LVM volume group of new containers",
				  {SYSTEM_CONFIG_TEXT, "lxc"},
				  {SYSTEM_CONFIG_TEXT, "lxc"}},
	[SYSTEM_CONFIG_LVM_THIN_POOL] = {"lxc.bdev.lvm.thin_pool",
					 "LVM thin pool of new containers",
					 {SYSTEM_CONFIG_TEXT, "lxc"},
					 {SYSTEM_CONFIG_TEXT, "lxc"}},
	[SYSTEM_CONFIG_ZFS_ROOT] = {"lxc.bdev.zfs.root",
				    "ZFS dataset below which new containers get theirs",
				    {SYSTEM_CONFIG_TEXT, "lxc"},
				    {SYSTEM_CONFIG_TEXT, "lxc"}},
	[SYSTEM_CONFIG_CGROUP_USE] = {"lxc.cgroup.use",
				      "Comma-separated cgroup v1 controllers to use, unset = all",
				      {SYSTEM_CONFIG_UNSET, NULL},
				      {SYSTEM_CONFIG_UNSET, NULL}},
	[SYSTEM_CONFIG_CGROUP_PATTERN] = {"lxc.cgroup.pattern",
					  "Name of containers' cgroups, %n = container name",
					  {SYSTEM_CONFIG_UNSET, NULL},
					  {SYSTEM_CONFIG_UNSET, NULL}},
	[SYSTEM_CONFIG_RBD_POOL] = {"lxc.bdev.rbd.rbdpool",
				    "Ceph pool of new containers",
				    {SYSTEM_CONFIG_TEXT, "lxc"},
				    {SYSTEM_CONFIG_TEXT, "lxc"}},
	[SYSTEM_CONFIG_RBD_USER] = {"lxc.bdev.rbd.rbduser",
				    "Ceph user for the pool",
				    {SYSTEM_CONFIG_UNSET, NULL},
				    {SYSTEM_CONFIG_UNSET, NULL}},
};

/* A piece of the file's text. */
struct slice {
	const char *text;
	size_t len;
};

static const char *where_home(const struct system_config_where *where)
{
	if (!where->home || !*where->home || strcmp(where->home, "/") == 0)
		return ""; /* what follows begins with a slash */
	return where->home;
}

static const char *where_config_dir(const struct system_config_where *where)
{
	return where->config_dir ? where->config_dir : PATH_CONFIG_DIR;
}

static const char *where_base(const struct system_config_where *where, enum system_config_base base)
{
	switch (base) {
	case SYSTEM_CONFIG_IN_ETC:
		return where_config_dir(where);
	case SYSTEM_CONFIG_IN_LXCPATH:
		return where->lxcpath ? where->lxcpath : PATH_LXC;
	case SYSTEM_CONFIG_IN_HOME:
		return where_home(where);
	case SYSTEM_CONFIG_UNSET:
	case SYSTEM_CONFIG_TEXT:
		break;
	}
	return "";
}

static int out_of_memory(struct err *e, const char *name)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "reading %s", name);
}

/* Put the default; false when memory is out. */
static bool value_reset(const struct system_config_where *where, struct system_config *config,
			enum system_config_key key)
{
	const struct system_config_item *item = &system_config_items[key];
	const struct system_config_default *initial = where->euid == 0 ? &item->root : &item->user;
	char *value;

	config->values[key] = NULL;
	if (initial->base == SYSTEM_CONFIG_UNSET)
		return true;
	value = arena_printf(&config->arena, "%s%s", where_base(where, initial->base),
			     initial->text);
	config->values[key] = value;
	return value != NULL;
}

/* The row of a key, or SYSTEM_CONFIG_KEY_COUNT. */
static enum system_config_key key_find(struct slice name)
{
	enum system_config_key key = 0;

	for (; key < SYSTEM_CONFIG_KEY_COUNT; key++) {
		if (strlen(system_config_items[key].name) == name.len &&
		    memcmp(system_config_items[key].name, name.text, name.len) == 0)
			break;
	}
	return key;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice slice_trim_start(struct slice slice)
{
	while (slice.len > 0 && is_blank(*slice.text)) {
		slice.text++;
		slice.len--;
	}
	return slice;
}

static struct slice slice_trim_end(struct slice slice)
{
	while (slice.len > 0 && is_blank(slice.text[slice.len - 1]))
		slice.len--;
	return slice;
}

/* One line, without its newline; false when memory is out. */
static bool line_read(const struct system_config_where *where, struct slice line,
		      struct system_config *config)
{
	const char *equals = line.len > 0 ? memchr(line.text, '=', line.len) : NULL;
	enum system_config_key key;
	struct slice value;

	if (!equals || *line.text == '#')
		return true;
	key = key_find(slice_trim_end(
		slice_trim_start((struct slice){line.text, (size_t)(equals - line.text)})));
	if (key == SYSTEM_CONFIG_KEY_COUNT)
		return true;

	value.text = equals + 1;
	value.len = (size_t)(line.text + line.len - value.text);
	value = slice_trim_start(value);
	if (key == SYSTEM_CONFIG_LXCPATH) {
		while (value.len > 1 && value.text[value.len - 1] == '/')
			value.len--;
	}
	if (value.len == 0)
		return value_reset(where, config, key);
	config->values[key] = arena_strndup(&config->arena, value.text, value.len);
	return config->values[key] != NULL;
}

void system_config_finish(struct system_config *config)
{
	arena_finish(&config->arena);
	*config = (struct system_config){0};
}

/* The file that counts for the caller. */
static void path_add(const struct system_config_where *where, struct str *out)
{
	if (where->euid == 0)
		str_addf(out, "%s/lxc.conf", where_config_dir(where));
	else
		str_addf(out, "%s/.config/lxc/lxc.conf", where_home(where));
}

/* The defaults and the lines over them; false when memory is out. */
static bool text_read(const struct system_config_where *where, const char *text, size_t len,
		      struct system_config *config)
{
	for (enum system_config_key key = 0; key < SYSTEM_CONFIG_KEY_COUNT; key++) {
		if (!value_reset(where, config, key))
			return false;
	}
	while (len > 0) {
		size_t line_len = 0;

		/* A CR ends a line as well, as in the containers' configurations. */
		while (line_len < len && text[line_len] != '\n' && text[line_len] != '\r')
			line_len++;
		if (!line_read(where, (struct slice){text, line_len}, config))
			return false;
		line_len += line_len < len ? 1 : 0;
		text += line_len;
		len -= line_len;
	}
	return true;
}

static size_t line_number(const char *text, const char *at)
{
	size_t line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

int system_config_parse(const struct system_config_where *where, const char *name, const char *text,
			size_t len, struct system_config *ret, struct err *e)
{
	const char *zero = len > 0 ? memchr(text, '\0', len) : NULL;
	struct system_config config = {0};

	if (zero) {
		int r = err_set(e, ERR_SYSTEM_CONFIG, 0, "%s holds a zero byte", name);

		err_origin(e, "%s:%zu", name, line_number(text, zero));
		return r;
	}
	if (!text_read(where, text, len, &config)) {
		system_config_finish(&config);
		return out_of_memory(e, name);
	}
	*ret = config;
	return 0;
}

int system_config_load(const struct system_config_where *where, struct system_config *ret,
		       struct err *e)
{
	autoclose int fd = -EBADF;
	autofree char *text = NULL;
	autostr path = {0};
	size_t len = 0;
	int r = 0;

	path_add(where, &path);
	if (str_failed(&path))
		return out_of_memory(e, "lxc.conf");

	/* Not blocking: a FIFO in its place must not hang every tool. */
	fd = open(str_text(&path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_set(e, ERR_FILE_OPEN, errno, "opening %s", str_text(&path));
	if (fd >= 0)
		r = file_read_fd(fd, FILE_MAX, &text, &len);
	if (r == -EFBIG)
		return err_set(e, ERR_FILE_TOO_LARGE, EFBIG, "%s is larger than 1 MiB",
			       str_text(&path));
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "reading %s", str_text(&path));
	return system_config_parse(where, str_text(&path), text, len, ret, e);
}

int system_config_get(const struct system_config *config, const char *key, const char **ret)
{
	enum system_config_key row = key_find((struct slice){key, strlen(key)});

	if (row == SYSTEM_CONFIG_KEY_COUNT)
		return -EINVAL;
	if (!config->values[row])
		return 1;
	*ret = config->values[row];
	return 0;
}
