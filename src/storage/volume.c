/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes as values: their types and their text.
 */

#include "storage/storage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

static const struct storage_type types[] = {
	{.name = "dir",
	 .type = ROOTFS_DIR,
	 .makes = true,
	 .backs_up = true,
	 .is_for_everyone = true},
	{.name = "btrfs",
	 .type = ROOTFS_BTRFS,
	 .makes = true,
	 .snapshots = true,
	 .backs_up = true,
	 .is_for_everyone = true},
	{.name = "overlay",
	 .type = ROOTFS_OVERLAY,
	 .makes = true,
	 .snapshots = true,
	 .backs_up = true,
	 .is_for_everyone = true},
	{.name = "loop",
	 .type = ROOTFS_LOOP,
	 .makes = true,
	 .snapshots = true,
	 .backs_up = true,
	 .is_block = true},
	{.name = "lvm",
	 .type = ROOTFS_LVM,
	 .makes = true,
	 .snapshots = true,
	 .backs_up = true,
	 .is_block = true},
	{.name = "zfs", .type = ROOTFS_ZFS, .makes = true, .snapshots = true, .backs_up = true},
	{.name = "rbd", .type = ROOTFS_RBD, .makes = true, .backs_up = true, .is_block = true},
	{.name = "nbd", .type = ROOTFS_NBD, .is_block = true},
};

static const struct {
	const char *name;
	enum rootfs_type type;
} old_names[] = {
	{"overlayfs", ROOTFS_OVERLAY},
	{"aufs", ROOTFS_OVERLAY},
};

const struct storage_type *storage_type(enum rootfs_type type)
{
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

static bool is_name(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

const struct storage_type *storage_type_named(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		if (is_name(types[i].name, name, len))
			return &types[i];
	for (size_t i = 0; i < ARRAY_LENGTH(old_names); i++)
		if (is_name(old_names[i].name, name, len))
			return storage_type(old_names[i].type);
	return NULL;
}

void storage_volume_finish(struct storage_volume *volume)
{
	free(volume->path);
	*volume = (struct storage_volume){};
}

int storage_volume_set(struct storage_volume *ret, enum rootfs_type type, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	storage_volume_finish(ret);
	*ret = (struct storage_volume){.type = type, .path = copy};
	return 0;
}

void storage_volume_print(const struct storage_volume *volume, struct str *out)
{
	const struct storage_type *type = storage_type(volume->type);

	if (type)
		str_addf(out, "%s:%s", type->name, volume->path);
}

int storage_volume_parse(const char *text, struct storage_volume *ret)
{
	const char *colon = strchr(text, ':');
	const struct storage_type *type = colon ? storage_type_named(text, (size_t)(colon - text))
						: NULL;

	return type && colon[1] ? storage_volume_set(ret, type->type, colon + 1) : -EINVAL;
}
