/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ADD_BPF_DEVICE_CGROUP (spec/wire.md §5, §9): a client's device rule, looked at before it is used.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <string.h>

#define LOG_CATEGORY "commands"
#include "base/log.h"
#include "supervisor/device.h"
#include "supervisor/supervisor.h"

static int parse_access(const char access[static 4], uint8_t *ret)
{
	static const char letters[] = "rwm";
	uint8_t bits = 0;
	const char *end = memchr(access, '\0', 4);

	if (!end || end == access)
		return -EINVAL;
	for (const char *at = access; at < end; at++) {
		const char *letter = memchr(letters, *at, sizeof(letters) - 1);

		if (!letter)
			return -EINVAL;
		bits |= (uint8_t)(1U << (letter - letters));
	}
	*ret = bits;
	return 0;
}

static int parse(const struct wire_device *device, struct device_change *ret)
{
	struct device_change change = {
		.allow = device->allow != 0,
		.is_mode = device->type == 'a',
		.rule = {.major = device->major, .minor = device->minor},
	};

	if (device->type != 'a' && device->type != 'b' && device->type != 'c')
		return -EINVAL;
	if (device->major < -1 || device->minor < -1 || (device->allow & ~1) != 0)
		return -EINVAL;
	if (parse_access(device->access, &change.rule.access) < 0 && !change.is_mode)
		return -EINVAL;
	if (change.is_mode)
		change.rule = (struct plan_device){.major = -1, .minor = -1, .access = 7};
	else
		change.rule.type = (uint8_t)device->type;
	*ret = change;
	return 0;
}

void command_add_device(struct supervisor *s, struct connection *c)
{
	struct wire_device device;
	struct device_change change;
	int r;

	memcpy(&device, c->buffer, sizeof(device));
	if (parse(&device, &change) < 0) {
		connection_answer_code(s, c, -EINVAL);
		return;
	}
	r = device_add(s, &change);
	if (r < 0)
		log_warn_errno(-r, "Failed to change the device rules");
	connection_answer_code(s, c, r < 0 ? -1 : 0);
}
