/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Value types whose words name something of the host (architecture, log, storage, sockets) or that
 * act when they are set: a log file is opened, an include is read. What acts goes through the
 * effects of the configuration, so that a checker sets the same keys without touching anything.
 */

#include "config/value.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/names.h"
#include "config/mount_options.h"
#include "config/reader.h"

int value_parse_architecture(const struct value_slot *s, const char *text, struct err *e)
{
	int personality = architecture_parse(text);

	if (personality < 0)
		return value_refuse(s, text, 0, e);
	*(int32_t *)s->field = personality;
	return 0;
}

void value_print_architecture(const struct value_slot *s, struct str *out)
{
	int32_t personality = *(int32_t *)s->field;

	if (personality != PERSONALITY_UNSET)
		str_add(out, architecture_name(personality));
}

int value_parse_log_level(const struct value_slot *s, const char *text, struct err *e)
{
	const struct config_effects *effects = &s->config->effects;
	enum log_level level;

	if (log_level_parse(text, &level) < 0) {
		*(int32_t *)s->field = LOG_LEVEL_NOTSET;
		return value_refuse(s, text, 0, e);
	}
	*(int32_t *)s->field = level;
	if (effects->set_log_level)
		effects->set_log_level(effects->context, level);
	return 0;
}

void value_print_log_level(const struct value_slot *s, struct str *out)
{
	str_add(out, log_level_name((enum log_level) * (int32_t *)s->field));
}

int value_parse_syslog(const struct value_slot *s, const char *text, struct err *e)
{
	const struct config_effects *effects = &s->config->effects;
	int facility = syslog_facility_parse(text);

	if (facility < 0)
		return value_refuse(s, text, 0, e);
	*(int32_t *)s->field = facility;
	if (effects->open_syslog)
		effects->open_syslog(effects->context, facility);
	return 0;
}

void value_print_syslog(const struct value_slot *s, struct str *out)
{
	int32_t facility = *(int32_t *)s->field;

	if (facility != SYSLOG_UNSET)
		str_add(out, syslog_facility_name(facility));
}

int value_parse_log_file(const struct value_slot *s, const char *text, struct err *e)
{
	const struct config_effects *effects = &s->config->effects;
	const char *before = *(const char **)s->field;
	const char *path;
	int r = value_parse_path(s, text, e);

	if (r < 0 || !effects->open_log)
		return r;
	path = *(const char **)s->field;
	r = effects->open_log(effects->context, path);
	if (r < 0) {
		*(const char **)s->field = before;
		return err_set(e, ERR_FILE_OPEN, -r, "Failed to open log file \"%s\"", path);
	}
	return 0;
}

void value_print_log_file(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

static const struct {
	const char *word;
	enum rootfs_type type;
} rootfs_types[] = {
	{"dir", ROOTFS_DIR},      {"overlay", ROOTFS_OVERLAY}, {"overlayfs", ROOTFS_OVERLAY},
	{"aufs", ROOTFS_OVERLAY}, {"loop", ROOTFS_LOOP},       {"lvm", ROOTFS_LVM},
	{"btrfs", ROOTFS_BTRFS},  {"zfs", ROOTFS_ZFS},         {"rbd", ROOTFS_RBD},
	{"nbd", ROOTFS_NBD},
};

static bool find_rootfs_type(const char *word, size_t len, enum rootfs_type *ret)
{
	for (size_t i = 0; i < sizeof(rootfs_types) / sizeof(rootfs_types[0]); i++) {
		if (strlen(rootfs_types[i].word) == len &&
		    memcmp(rootfs_types[i].word, word, len) == 0) {
			*ret = rootfs_types[i].type;
			return true;
		}
	}
	return false;
}

/*
 * The type of a path that names none. A block device needs the one that an earlier line gave, as
 * templates append a plain path behind it; of any other storage a new path loses it.
 */
static enum rootfs_type inherited_type(const struct config_rootfs *rootfs)
{
	bool is_block = rootfs->type == ROOTFS_LOOP || rootfs->type == ROOTFS_LVM ||
			rootfs->type == ROOTFS_RBD || rootfs->type == ROOTFS_NBD;

	return is_block || !rootfs->path ? rootfs->type : ROOTFS_DETECT;
}

/* Only a known type is a prefix: /x:y is a path. */
int value_parse_rootfs(const struct value_slot *s, const char *text, struct err *e)
{
	struct config_rootfs *rootfs = s->field;
	struct value_slot path = *s;
	const char *colon = strchr(text, ':');
	enum rootfs_type type = inherited_type(rootfs);
	int r;

	if (colon && find_rootfs_type(text, (size_t)(colon - text), &type))
		text = colon + 1;
	if (text[0] == '\0')
		return value_refuse(s, "", 0, e);
	path.field = &rootfs->path;
	r = value_parse_path(&path, text, e);
	if (r < 0)
		return r;
	rootfs->type = type;
	return 0;
}

void value_print_rootfs(const struct value_slot *s, struct str *out)
{
	const struct config_rootfs *rootfs = s->field;

	if (rootfs->path)
		str_add(out, rootfs->path);
}

/* LXC keeps the type when the path is emptied: the next path is of the same type. */
void value_clear_rootfs(const struct value_slot *s)
{
	struct config_rootfs *rootfs = s->field;

	rootfs->path = NULL;
}

int value_parse_rootfs_type(const struct value_slot *s, const char *text, struct err *e)
{
	enum rootfs_type type;

	if (!find_rootfs_type(text, strlen(text), &type))
		return value_refuse(s, text, 0, e);
	*(enum rootfs_type *)s->field = type;
	return 0;
}

void value_print_rootfs_type(const struct value_slot *s, struct str *out)
{
	enum rootfs_type type = *(enum rootfs_type *)s->field;

	for (size_t i = 0; i < sizeof(rootfs_types) / sizeof(rootfs_types[0]); i++) {
		if (rootfs_types[i].type == type) {
			str_add(out, rootfs_types[i].word);
			return;
		}
	}
}

int value_parse_rootfs_options(const struct value_slot *s, const char *text, struct err *e)
{
	struct mount_options options;
	int r = mount_options_parse_rootfs(text, &s->config->arena, &options, e);

	return r < 0 ? r : value_parse_text(s, text, e);
}

void value_print_rootfs_options(const struct value_slot *s, struct str *out)
{
	value_print_text(s, out);
}

int value_parse_notify_proxy(const struct value_slot *s, const char *text, struct err *e)
{
	const char *address = text_after(text, "unix:");

	if (!address || (address[0] != '/' && address[0] != '@') || address[1] == '\0')
		return value_refuse(s, text, 0, e);
	if (strlen(address) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return value_refuse(s, text, ENAMETOOLONG, e);
	return value_parse_text(s, address, e);
}

void value_print_notify_proxy(const struct value_slot *s, struct str *out)
{
	const char *address = *(const char **)s->field;

	if (address)
		str_add(out, address[0] == '@' ? address + 1 : address);
}

int value_parse_include(const struct value_slot *s, const char *text, struct err *e)
{
	return config_read_include(s->config, text, s->origin, e);
}

void value_print_include(const struct value_slot *s, struct str *out)
{
	/* An include leaves its lines in the model and nothing of its own. */
}
