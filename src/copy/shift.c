/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The formats are little-endian on every machine. Of an access list the kernel gives us version 2,
 * the only one there is.
 */

#include "copy/shift.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

_Static_assert(XATTR_CAPS_SZ_3 - XATTR_CAPS_SZ_2 == SHIFT_CAPABILITY_GROWS, "the id of a root");

bool shift_id(const struct copy_ranges *ranges, uint32_t id, uint32_t *ret)
{
	if (ranges->count == 0) {
		*ret = id;
		return true;
	}
	for (size_t i = 0; i < ranges->count; i++) {
		const struct copy_range *range = &ranges->items[i];

		if (id >= range->from.value && id - range->from.value < range->count) {
			*ret = range->to.value + (id - range->from.value);
			return true;
		}
	}
	return false;
}

/* `count` ids from each of two: whether one has any of the other. */
static bool is_shared(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < b ? b - a < a_count : a - b < b_count;
}

bool shift_is_valid(const struct copy_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		const struct copy_range *a = &ranges->items[i];

		/* The last id is below ID_INVALID. */
		if (a->count == 0 || a->count > ID_INVALID - a->from.value ||
		    a->count > ID_INVALID - a->to.value)
			return false;
		for (size_t j = 0; j < i; j++) {
			const struct copy_range *b = &ranges->items[j];

			if (is_shared(a->from.value, a->count, b->from.value, b->count) ||
			    is_shared(a->to.value, a->count, b->to.value, b->count))
				return false;
		}
	}
	return true;
}

static ssize_t shift_list(const struct copy_ranges *uids, const struct copy_ranges *gids,
			  void *value, size_t length, uint32_t *ret_id)
{
	const size_t header = sizeof(struct posix_acl_xattr_header);
	struct posix_acl_xattr_entry entry;
	__le32 version;

	if (length < header || (length - header) % sizeof(entry))
		return -EINVAL;
	memcpy(&version, value, sizeof(version));
	if (le32toh(version) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	for (size_t at = header; at < length; at += sizeof(entry)) {
		const struct copy_ranges *ranges;
		uint32_t id;

		memcpy(&entry, (char *)value + at, sizeof(entry));
		if (le16toh(entry.e_tag) == ACL_USER)
			ranges = uids;
		else if (le16toh(entry.e_tag) == ACL_GROUP)
			ranges = gids;
		else
			continue;
		*ret_id = le32toh(entry.e_id);
		if (!shift_id(ranges, *ret_id, &id))
			return -EOVERFLOW;
		entry.e_id = htole32(id);
		memcpy((char *)value + at, &entry, sizeof(entry));
	}
	return (ssize_t)length;
}

static ssize_t shift_capability(const struct copy_ranges *uids, void *value, size_t length,
				uint32_t *ret_id)
{
	struct vfs_ns_cap_data data = {};
	uint32_t magic, root;

	if (length != XATTR_CAPS_SZ_2 && length != XATTR_CAPS_SZ_3)
		return -EINVAL;
	memcpy(&data, value, length);
	magic = le32toh(data.magic_etc);
	if ((magic & VFS_CAP_REVISION_MASK) !=
	    (length == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3))
		return -EINVAL;
	*ret_id = le32toh(data.rootid);
	if (!shift_id(uids, *ret_id, &root))
		return -EOVERFLOW;
	magic &= ~VFS_CAP_REVISION_MASK;
	data.magic_etc = htole32(magic | (root ? VFS_CAP_REVISION_3 : VFS_CAP_REVISION_2));
	data.rootid = htole32(root);
	length = root ? XATTR_CAPS_SZ_3 : XATTR_CAPS_SZ_2;
	memcpy(value, &data, length);
	return (ssize_t)length;
}

ssize_t shift_attribute(const struct copy_ranges *uids, const struct copy_ranges *gids,
			const char *name, void *value, size_t length, uint32_t *ret_id)
{
	if (uids->count == 0 && gids->count == 0)
		return (ssize_t)length;
	if (strcmp(name, "system.posix_acl_access") == 0 ||
	    strcmp(name, "system.posix_acl_default") == 0)
		return shift_list(uids, gids, value, length, ret_id);
	if (strcmp(name, "security.capability") == 0 && uids->count > 0)
		return shift_capability(uids, value, length, ret_id);
	return (ssize_t)length;
}
