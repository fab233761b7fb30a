/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tare_* entry points about events and waiting: what lxc-monitor and lxc-wait need.
 */

#include <tare/tare.h>

#include <string.h>

#include "api/object.h"
#include "base/container_state.h"
#include "container/monitor.h"

int tare_monitor_connect(const char *lxcpath, struct err *e)
{
	return monitor_connect(lxcpath, e);
}

int tare_monitor_receive(int fd, struct tare_event *ret, struct err *e)
{
	struct wire_message message;
	int r;

	do {
		r = monitor_receive(fd, &message, e);
		if (r <= 0)
			return r;
	} while (message.type != WIRE_MESSAGE_STATE && message.type != WIRE_MESSAGE_EXIT);
	*ret = (struct tare_event){.is_exit = message.type == WIRE_MESSAGE_EXIT,
				   .value = message.value};
	if (!ret->is_exit && message.value >= 0 && message.value < STATE_COUNT)
		ret->state = container_state_name((unsigned)message.value);
	memcpy(ret->name, message.name, sizeof(ret->name));
	return 1;
}

int tare_monitor_quit(const char *lxcpath, struct err *e)
{
	return monitor_quit(lxcpath, e);
}

int tare_wait(struct lxc_container *c, const char *states, int timeout, bool change, struct err *e)
{
	struct container *container = object_container(c);

	return change ? container_wait_for_change(container, states, timeout, e)
		      : container_wait(container, states, timeout, e);
}
