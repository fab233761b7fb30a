/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs ask before they use something: extensions of LXC's interface by name (spec/api.md
 * §9), and python3-lxc's question about architectures.
 */

#include <lxc/lxccontainer.h>

#include <string.h>
#include <sys/personality.h>

#include "base/macros.h"
#include "base/names.h"

static const char *const extensions[] = {
	"lxc_log",
	"lxc_config_item_is_supported",
	"console_log",
	"reboot2",
	"mount_injection",
	"cgroup_relative",
	"mount_injection_file",
	"seccomp_allow_nesting",
	"seccomp_notify",
	"network_veth_routes",
	"network_ipvlan",
	"network_l2proxy",
	"network_gateway_device_route",
	"network_phys_macvlan_mtu",
	"network_veth_router",
	"cgroup2_devices",
	"cgroup2",
	"pidfd",
	"cgroup_advanced_isolation",
	"network_bridge_vlan",
	"time_namespace",
	"seccomp_allow_deny_syntax",
	"devpts_fd",
	"seccomp_notify_fd_active",
	"seccomp_proxy_send_notify_fd",
	"idmapped_mounts",
	"idmapped_mounts_v2",
	"core_scheduling",
	"cgroup2_auto_mounting",
	"environment_runtime_hooks",
};

bool lxc_has_api_extension(const char *extension)
{
	if (!extension)
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(extensions); i++)
		if (strcmp(extensions[i], extension) == 0)
			return true;
	return false;
}

int lxc_config_parse_arch(const char *arch, signed long *persona)
{
	int found = arch ? architecture_parse(arch) : -1;

	if (found < 0 || !persona)
		return -1;
	*persona = found;
	return 0;
}
