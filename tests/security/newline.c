/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LXCPATH NAME LINE: hands LINE to liblxc behind line breaks, in every place that takes a text and
 * ends up in a configuration, and saves (CVE-2026-23953). Says what was accepted and should not be.
 */

#include <lxc/lxccontainer.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const keys[] = {
	"lxc.uts.name",       "lxc.environment",     "lxc.rootfs.path",  "lxc.mount.entry",
	"lxc.init.cmd",       "lxc.net.0.link",      "lxc.console.path", "lxc.group",
	"lxc.cgroup.cpu.max", "lxc.prlimit.nofile",  "lxc.sysctl.x",     "lxc.signal.halt",
	"lxc.hook.start",     "lxc.selinux.context",
};
static const char *const breaks[] = {"\n", "\r", "\r\n", "\n\n", "x\n", " \n "};

static void try_items(struct lxc_container *c, const char *line)
{
	char value[4096], key[4096];

	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			snprintf(value, sizeof(value), "x%s%s", breaks[i], line);
			if (c->set_config_item(c, keys[k], value))
				printf("value of %s\n", keys[k]);
			snprintf(value, sizeof(value), "x%s%s", line, breaks[i]);
			(void)c->set_config_item(c, keys[k], value);
			snprintf(key, sizeof(key), "%s%s%s", keys[k], breaks[i], line);
			if (c->set_config_item(c, key, "x"))
				printf("key %s\n", keys[k]);
		}
	}
}

int main(int argc, char **argv)
{
	struct lxc_container *c, *other;
	char name[4096];

	if (argc != 4)
		return 2;
	c = lxc_container_new(argv[2], argv[1]);
	if (!c || !c->is_defined(c))
		return 3;
	try_items(c, argv[3]);
	if (!c->save_config(c, NULL))
		return 4;
	snprintf(name, sizeof(name), "q\n%s", argv[3]);
	other = lxc_container_new(name, argv[1]);
	if (other && other->create(other, "none", NULL, NULL, 0, NULL))
		printf("name\n");
	lxc_container_put(other);
	lxc_container_put(c);
	return 0;
}
