/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members about device nodes and network interfaces of a running container (spec/api.md §7).
 */

#include "api/object.h"

typedef int (*device_fn)(struct container *container, const char *name, const char *other,
			 struct err *e);

/* Both names are as LXC's callers give them: the second may be NULL. */
static bool change(struct lxc_container *c, device_fn function, const char *name, const char *other,
		   const char *what)
{
	struct err e = {0};

	if (!c)
		return false;
	if (!name) {
		object_explain_usage(c, what);
		return false;
	}
	if (function(object_container(c), name, other, &e) >= 0)
		return true;
	object_explain(c, &e, "");
	return false;
}

static const char node_needed[] = "a device node needs a path";
static const char interface_needed[] = "a network interface needs a name";

static bool add_device_node(struct lxc_container *c, const char *src_path, const char *dest_path)
{
	return change(c, container_add_device_node, src_path, dest_path, node_needed);
}

static bool remove_device_node(struct lxc_container *c, const char *src_path, const char *dest_path)
{
	return change(c, container_remove_device_node, src_path, dest_path, node_needed);
}

static bool attach_interface(struct lxc_container *c, const char *dev, const char *dst_dev)
{
	return change(c, container_attach_interface, dev, dst_dev, interface_needed);
}

static bool detach_interface(struct lxc_container *c, const char *dev, const char *dst_dev)
{
	return change(c, container_detach_interface, dev, dst_dev, interface_needed);
}

void object_set_device_members(struct lxc_container *c)
{
	c->add_device_node = add_device_node;
	c->remove_device_node = remove_device_node;
	c->attach_interface = attach_interface;
	c->detach_interface = detach_interface;
}
