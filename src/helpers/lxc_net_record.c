/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NET_RECORD: the settings of the network that is up, coming up or going down, as lines of
 * NAME='VALUE'. What stop undoes is what start did, whatever stands in the files by then. The lock
 * is held by whoever writes it, so the new one has a fixed name, which a crash may leave.
 */

#include "helpers/lxc_net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/boot.h"
#include "sys/file.h"

#define RECORD_NEW NET_RECORD ".new"

static const char *const firewall_names[] = {
	[NET_FIREWALL_NONE] = "none",
	[NET_FIREWALL_NFT] = "nft",
	[NET_FIREWALL_IPTABLES] = "iptables",
};

static int write_new(const char *text, size_t len)
{
	autoclose int fd =
		open(RECORD_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, text, len);
	if (r == 0 && rename(RECORD_NEW, NET_RECORD) < 0)
		r = -errno;
	return r;
}

int net_record_write(const struct net_work *work, struct err *e)
{
	char boot[BOOT_ID_MAX];
	autostr text = {0};
	int r;

	boot_id_read(boot);
	str_addf(&text,
		 "# What \"lxc-net start\" has made, for \"lxc-net stop\".\n"
		 "LXC_NET_BOOT='%s'\nLXC_NET_FIREWALL='%s'\n"
		 "LXC_NET_BORROWS_BRIDGE='%s'\n",
		 boot, firewall_names[work->firewall], work->borrows_bridge ? "true" : "false");
	net_settings_print(&work->settings, &text);
	r = str_failed(&text) ? -ENOMEM : write_new(str_text(&text), text.len);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot write the file \"%s\"", NET_RECORD)
		     : 0;
}

static const char *text_of(const struct assignments *a, const char *name)
{
	const struct assignment *found = assignments_find(a, name);

	return found ? found->value : "";
}

static int read_assignments(struct assignments *ret, struct err *e)
{
	static const struct assignments_files none = {0};
	autofree char *text = NULL;
	size_t len;
	int r = file_read_all(AT_FDCWD, NET_RECORD, ASSIGNMENTS_FILE_MAX, &text, &len);

	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "cannot read the file \"%s\"", NET_RECORD);
	return assignments_parse(ret, text, len, NET_RECORD, &none, e);
}

static bool is_of_this_boot(const struct assignments *a)
{
	char boot[BOOT_ID_MAX];

	boot_id_read(boot);
	return strcmp(text_of(a, "LXC_NET_BOOT"), boot) == 0;
}

bool net_record_is_stale(void)
{
	struct assignments a = {0};
	bool is_stale = read_assignments(&a, NULL) == 0 && !is_of_this_boot(&a);

	assignments_finish(&a);
	return is_stale;
}

int net_record_read(struct net_work *ret, struct err *e)
{
	struct assignments a = {0};
	int r = read_assignments(&a, e);

	if (r == 0 && !is_of_this_boot(&a))
		r = 1;
	if (r == 0)
		r = net_settings_take(&a, NULL, &ret->settings, e);
	if (r < 0)
		err_hint(e, "remove this file, and what is left of the network, by hand");
	if (r == 0) {
		ret->firewall = NET_FIREWALL_NONE;
		for (size_t i = 0; i < ARRAY_LENGTH(firewall_names); i++) {
			if (strcmp(text_of(&a, "LXC_NET_FIREWALL"), firewall_names[i]) == 0)
				ret->firewall = (enum net_firewall)i;
		}
		ret->borrows_bridge = strcmp(text_of(&a, "LXC_NET_BORROWS_BRIDGE"), "true") == 0;
	}
	assignments_finish(&a);
	return r;
}

int net_record_remove(struct err *e)
{
	static const char *const names[] = {RECORD_NEW, NET_RECORD};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (unlink(names[i]) < 0 && errno != ENOENT)
			return err_set(e, ERR_FILE_WRITE, errno, "cannot remove the file \"%s\"",
				       names[i]);
	}
	return 0;
}
