/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lxc-usernet allows a caller (spec/config.md §12). Lines of one owner add up; those of a
 * group are for all its members together, as LXC has it. Groups are looked up from the file's side,
 * so that how many names are asked for is the administrator's choice and not the caller's.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/file.h"
#include "tare_paths.h"

#define USERNET_PATH PATH_CONFIG_DIR "/lxc-usernet"

enum { USERNET_SIZE_MAX = 1 << 20 };

/* A caller, and his name once somebody has asked for it. */
struct asking {
	const struct user_nic_caller *caller;
	const struct user_nic_directory *directory;
	bool has_looked, has_name;
	char name[USER_NIC_OWNER_MAX];
};

static bool is_in_group(const struct user_nic_caller *caller, uint32_t gid)
{
	if (gid == caller->gid)
		return true;
	for (size_t i = 0; i < caller->group_count; i++) {
		if (caller->groups[i] == gid)
			return true;
	}
	return false;
}

static bool is_for(struct asking *asking, const struct usernet_rule *rule)
{
	uint32_t gid;

	if (rule->is_group)
		return asking->directory->group(rule->name, &gid) &&
		       is_in_group(asking->caller, gid);
	if (!asking->has_looked)
		asking->has_name = asking->directory->user(asking->caller->uid, asking->name);
	asking->has_looked = true;
	return asking->has_name && strcmp(rule->name, asking->name) == 0;
}

static struct user_nic_share *find_share(struct user_nic_shares *shares, const char *owner)
{
	for (size_t i = 0; i < shares->count; i++) {
		if (strcmp(shares->items[i].owner, owner) == 0)
			return &shares->items[i];
	}
	return NULL;
}

int user_nic_shares_collect(const struct usernet *usernet, const struct user_nic_words *words,
			    const struct user_nic_caller *caller,
			    const struct user_nic_directory *directory, struct user_nic_shares *ret)
{
	struct asking asking = {.caller = caller, .directory = directory};
	struct user_nic_shares shares = {0};

	for (size_t i = 0; i < usernet->rules.count; i++) {
		const struct usernet_rule *rule = &usernet->rules.items[i];
		char owner[USER_NIC_OWNER_MAX];
		struct user_nic_share *share;

		if (strcmp(rule->type, words->type) != 0 ||
		    strcmp(rule->bridge, words->bridge) != 0 ||
		    snprintf(owner, sizeof(owner), "%s%s", rule->is_group ? "@" : "", rule->name) >=
			    (int)sizeof(owner))
			continue;
		share = find_share(&shares, owner);
		if (!share && !is_for(&asking, rule))
			continue;
		if (!share) {
			share = vec_push(&shares);
			if (!share) {
				vec_finish(&shares);
				return -ENOMEM;
			}
			memcpy(share->owner, owner, sizeof(owner));
		}
		share->quota += rule->quota;
	}
	*ret = shares;
	return 0;
}

/* What others than root could write says nothing. -ENOENT is no error. */
static int read_usernet(char **ret, size_t *ret_length, struct err *e)
{
	autoclose int fd = open(USERNET_PATH, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to open \"%s\"", USERNET_PATH);
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & S_IWOTH)) {
		err_set(e, ERR_PERMISSION, EPERM, "\"%s\" can be written by others than root",
			USERNET_PATH);
		err_hint(e, "the administrator makes it a file of root's: chown root FILE; chmod "
			    "644 FILE");
		return -EPERM;
	}
	r = file_read_fd(fd, USERNET_SIZE_MAX, ret, ret_length);
	return r < 0 ? err_set(e, ERR_FILE_READ, -r, "Failed to read \"%s\"", USERNET_PATH) : 0;
}

int user_nic_shares_read(const struct user_nic_words *words, const struct user_nic_caller *caller,
			 struct user_nic_shares *ret, struct err *e)
{
	static const struct user_nic_directory directory = {
		.user = user_nic_names_user,
		.group = user_nic_names_group,
	};
	struct usernet usernet = {0};
	autofree char *text = NULL;
	size_t length = 0;
	int r = read_usernet(&text, &length, e);

	if (r == -ENOENT) {
		*ret = (struct user_nic_shares){0};
		return 0;
	}
	if (r == 0)
		r = usernet_parse(text, length, NULL, NULL, &usernet, e);
	if (r < 0)
		return r;
	r = user_nic_shares_collect(&usernet, words, caller, &directory, ret);
	usernet_finish(&usernet);
	return r < 0 ? err_set(e, ERR_NO_MEMORY, -r, "reading \"%s\"", USERNET_PATH) : 0;
}
