/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-net status: what should be there, what is, and what is in its way. Nothing is locked or
 * changed; while another lxc-net is at work, that is what is told.
 */

#include "helpers/lxc_net.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/str.h"
#include "helpers/lxc_net_command.h"
#include "sys/file.h"
#include "sys/lock.h"

enum { LEASES_MAX = 4 * 1024 * 1024, LOCKS_MAX = 1024 * 1024 };

struct status {
	struct net_work work;
	bool has_settings, is_recorded, has_flag, is_busy, is_root;
	bool has_bridge, is_up, has_address4, has_address6;
	uint32_t ports;
	int leases;   /* -1: not known */
	int firewall; /* 1 there, 0 not, negative unknown */
	pid_t dnsmasq;
	struct str problems, warnings; /* a line each */
};

/* --- looking */

static void add_error(struct str *lines, const struct err *e)
{
	autostr text = {0};

	err_render_text(e, &text);
	/* One problem is one line. */
	for (char *c = text.data; c && *c; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	str_addf(lines, "%s\n", str_text(&text));
}

static void look_at_settings(struct status *s)
{
	struct assignments a = {0};
	struct net_settings current = {0};
	struct err e = {0}, record = {0};
	int r = net_settings_read(false, &a, &current, &e);

	s->is_recorded = net_record_read(&s->work, &record) == 0;
	/* While the record rules they are those of the next start. */
	if (r < 0)
		add_error(s->is_recorded ? &s->warnings : &s->problems, &e);
	else
		net_settings_look_for_typos(&a, &s->warnings);
	if (err_is_set(&record))
		add_error(&s->problems, &record);
	if (!s->is_recorded && r == 0) {
		s->work.settings = current;
		current = (struct net_settings){0};
		s->has_settings = true;
	}
	s->has_settings |= s->is_recorded;
	net_settings_finish(&current);
	assignments_finish(&a);
}

static void look_at_bridge(struct status *s)
{
	const struct net_settings *settings = &s->work.settings;
	const struct link_address four = {.bytes = settings->address4.bytes, .length = 4};
	const struct link_address six = {.bytes = settings->address6.bytes, .length = 16};
	struct netlink *link = &s->work.link;
	struct link_facts facts;
	struct link_ports ports;

	if (netlink_open(link) < 0)
		return;
	if (link_find(link, net_text(settings, LXC_BRIDGE), 0, &facts) == 0) {
		s->has_bridge = true;
		s->is_up = facts.flags & IFF_UP;
		s->has_address4 = link_has_address(link, facts.index, &four) == 1;
		s->has_address6 = link_has_address(link, facts.index, &six) == 1;
		if (link_look_at_ports(link, facts.index, &ports) == 0)
			s->ports = ports.count;
	}
	netlink_close(link);
}

/* A line for each; dnsmasq has one more for itself once it gives IPv6 addresses. */
static int count_leases(const struct net_settings *settings)
{
	autofree char *text = NULL;
	autostr path = {0};
	int count = 0, r;

	net_dnsmasq_lease_file(settings, &path);
	r = file_read_all(AT_FDCWD, str_text(&path), LEASES_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : -1;
	for (const char *line = text; *line;) {
		count += line[0] >= '0' && line[0] <= '9';
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return count;
}

/* As the kernel tells all users: proc_locks(5). The file itself is not opened to them: whoever can
 * read it could lock it. */
static bool is_listed(const char *locks, const struct stat *file)
{
	autostr place = {0};

	str_addf(&place, " %02x:%02x:%ju ", major(file->st_dev), minor(file->st_dev),
		 (uintmax_t)file->st_ino);
	return !str_failed(&place) && strstr(locks, str_text(&place)) != NULL;
}

static void look_at_lock(struct status *s)
{
	autoclose int fd = open(NET_LOCK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autofree char *locks = NULL;
	struct stat file;

	if (fd >= 0)
		s->is_busy = lock_is_held(fd) == 1;
	else if (stat(NET_LOCK, &file) == 0 &&
		 file_read_all(AT_FDCWD, "/proc/locks", LOCKS_MAX, &locks, NULL) == 0)
		s->is_busy = is_listed(locks, &file);
}

/* In those of the settings, where there is no record: LXC's own has another IPv6 address, and its
 * rules elsewhere. */
static void find_problems(struct status *s)
{
	const struct net_settings *settings = &s->work.settings;
	const char *bridge = net_text(settings, LXC_BRIDGE);

	if (!s->has_bridge)
		str_addf(&s->problems, "there is no bridge \"%s\"\n", bridge);
	else if (!s->is_up)
		str_addf(&s->problems, "the bridge \"%s\" is turned off\n", bridge);
	if (s->has_bridge && !s->has_address4)
		str_addf(&s->problems, "the bridge has lost its address %s\n",
			 net_text(settings, LXC_ADDR));
	if (s->has_bridge && s->is_recorded && settings->ipv6 && !s->has_address6)
		str_addf(&s->problems, "the bridge has lost its address %s\n",
			 net_text(settings, LXC_IPV6_ADDR));
	if (s->dnsmasq == 0)
		str_add(&s->problems, "dnsmasq has ended: containers get no addresses\n");
	if (s->firewall == 0)
		str_add(&s->problems, "its rules are not all in the firewall: somebody has "
				      "flushed or changed them\n");
	if (!net_sysctl_is_on("ipv4/ip_forward"))
		str_add(&s->problems, "somebody has turned off net.ipv4.ip_forward\n");
	if (s->is_recorded && settings->ipv6 && !net_sysctl_is_on("ipv6/conf/all/forwarding"))
		str_add(&s->problems, "somebody has turned off net.ipv6.conf.all.forwarding\n");
}

static void look_at_firewall(struct status *s)
{
	struct err e = {0};

	s->firewall = net_firewall_look(&s->work, &e);
	if (s->firewall < 0)
		add_error(&s->problems, &e);
}

static void look(struct status *s)
{
	s->is_root = geteuid() == 0;
	s->leases = s->firewall = -1;
	s->work.lock_fd = s->work.link.fd = -EBADF;
	look_at_settings(s);
	look_at_lock(s);
	s->has_flag = access(NET_FLAG, F_OK) == 0 && !net_record_is_stale();
	if (!s->has_settings || (!s->is_recorded && !s->work.settings.use_bridge))
		return;
	look_at_bridge(s);
	s->dnsmasq = net_dnsmasq_find();
	s->leases = count_leases(&s->work.settings);
	if (s->is_root && s->is_recorded && s->work.firewall != NET_FIREWALL_NONE)
		look_at_firewall(s);
	if (s->is_root && s->has_flag)
		net_others_look(&s->work, &s->warnings);
	if (s->has_flag)
		find_problems(s);
}

/* --- saying */

static const char *state_of(const struct status *s)
{
	if (s->is_busy)
		return "changing";
	if (!s->has_flag)
		return s->is_recorded ? "interrupted" : "stopped";
	return s->problems.len > 0 ? "broken" : "running";
}

static int exit_code_of(const struct status *s)
{
	const char *state = state_of(s);

	if (strcmp(state, "running") == 0)
		return NET_STATUS_RUNNING;
	if (strcmp(state, "stopped") == 0)
		return s->problems.len > 0 ? NET_STATUS_UNKNOWN : NET_STATUS_STOPPED;
	return strcmp(state, "changing") == 0 ? NET_STATUS_UNKNOWN : NET_STATUS_BROKEN;
}

static const char *firewall_name(const struct status *s)
{
	return s->work.firewall == NET_FIREWALL_NFT        ? "nftables"
	       : s->work.firewall == NET_FIREWALL_IPTABLES ? "iptables"
							   : NULL;
}

static void print_lines(const char *label, const char *lines, struct str *out)
{
	for (const char *line = lines; *line;) {
		const size_t len = strcspn(line, "\n");

		str_addf(out, "  %s: ", label);
		str_add_bytes(out, line, len);
		str_add_char(out, '\n');
		line += len + (line[len] == '\n');
	}
}

static void print_addresses(const struct status *s, struct str *out)
{
	const struct net_settings *settings = &s->work.settings;

	str_addf(out, "  IPv4        %s/%u, leases of %s", net_text(settings, LXC_ADDR),
		 settings->address4.prefix, net_text(settings, LXC_DHCP_RANGE));
	if (s->leases >= 0)
		str_addf(out, " (%d in its file)", s->leases);
	str_add_char(out, '\n');
	if (settings->ipv6)
		str_addf(out, "  IPv6        %s/%u%s\n", net_text(settings, LXC_IPV6_ADDR),
			 settings->address6.prefix,
			 settings->ipv6_nat ? "" : ", without translation");
	else
		str_add(out, "  IPv6        off\n");
}

static void print_forwarding(const struct status *s, struct str *out)
{
	str_addf(out, "  forwarding  IPv4 %s", net_sysctl_is_on("ipv4/ip_forward") ? "on" : "off");
	if (s->work.settings.ipv6)
		str_addf(out, ", IPv6 %s",
			 net_sysctl_is_on("ipv6/conf/all/forwarding") ? "on" : "off");
	str_add(out, " (lxc-net turns it on; stop leaves it on)\n");
}

static void print_network(const struct status *s, struct str *out)
{
	str_addf(out, "  bridge      %s", net_text(&s->work.settings, LXC_BRIDGE));
	if (s->has_bridge)
		str_addf(out, ", %s, %u attached\n", s->is_up ? "on" : "off", (unsigned)s->ports);
	else
		str_add(out, ", not there\n");
	print_addresses(s, out);
	if (!s->is_recorded)
		return;
	str_addf(out, "  firewall    %s%s", firewall_name(s) ? firewall_name(s) : "none",
		 s->work.firewall == NET_FIREWALL_NFT ? ", table inet " NET_TABLE : "");
	str_add(out, s->firewall > 0    ? "\n"
		     : s->firewall == 0 ? ", incomplete\n"
		     : s->is_root       ? ", not known\n"
					: ", seen by root only\n");
	if (s->dnsmasq)
		str_addf(out, "  dnsmasq     process %d\n", (int)s->dnsmasq);
	else
		str_add(out, "  dnsmasq     not running\n");
	print_forwarding(s, out);
}

static void print_text(const struct status *s, struct str *out)
{
	str_addf(out, "lxc-net: %s%s\n", state_of(s),
		 s->has_settings && !s->work.settings.use_bridge
			 ? " (USE_LXC_BRIDGE is not \"true\": start does nothing)"
			 : "");
	if (s->has_settings && (s->is_recorded || s->work.settings.use_bridge))
		print_network(s, out);
	print_lines("problem", str_text(&s->problems), out);
	print_lines("warning", str_text(&s->warnings), out);
}

static void add_text(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_add_string(j, text);
}

static void add_bool(struct json *j, const char *name, bool value)
{
	json_name(j, name);
	json_add_bool(j, value);
}

static void add_lines(struct json *j, const char *name, const char *lines)
{
	json_name(j, name);
	json_open_array(j);
	for (const char *line = lines; *line;) {
		const size_t len = strcspn(line, "\n");
		autofree char *text = strndup(line, len);

		json_add_string(j, text);
		line += len + (line[len] == '\n');
	}
	json_close_array(j);
}

static void add_family(struct json *j, const struct status *s, bool is_ipv6)
{
	const struct net_settings *settings = &s->work.settings;
	const struct net_range *address = is_ipv6 ? &settings->address6 : &settings->address4;
	const struct net_range *network = is_ipv6 ? &settings->network6 : &settings->network4;
	char text[NET_TEXT_MAX];

	json_open_object(j);
	net_range_print(address, true, text);
	add_text(j, "address", text);
	net_range_print(network, true, text);
	add_text(j, "network", text);
	add_bool(j, "present", is_ipv6 ? s->has_address6 : s->has_address4);
	add_bool(j, "nat", !is_ipv6 || settings->ipv6_nat);
	add_bool(j, "forwarding",
		 net_sysctl_is_on(is_ipv6 ? "ipv6/conf/all/forwarding" : "ipv4/ip_forward"));
	if (!is_ipv6) {
		add_text(j, "dhcp_range", net_text(settings, LXC_DHCP_RANGE));
		json_name(j, "leases");
		if (s->leases >= 0)
			json_add_int(j, s->leases);
		else
			json_add_null(j);
	}
	json_close_object(j);
}

static void add_network(struct json *j, const struct status *s)
{
	json_name(j, "bridge");
	json_open_object(j);
	add_text(j, "name", net_text(&s->work.settings, LXC_BRIDGE));
	add_bool(j, "present", s->has_bridge);
	add_bool(j, "up", s->is_up);
	json_name(j, "ports");
	json_add_uint(j, s->ports);
	json_close_object(j);
	json_name(j, "ipv4");
	add_family(j, s, false);
	json_name(j, "ipv6");
	if (s->work.settings.ipv6)
		add_family(j, s, true);
	else
		json_add_null(j);
	json_name(j, "firewall");
	json_open_object(j);
	add_text(j, "kind", firewall_name(s));
	json_name(j, "present");
	if (s->firewall >= 0)
		json_add_bool(j, s->firewall > 0);
	else
		json_add_null(j);
	json_close_object(j);
	json_name(j, "dnsmasq");
	if (s->dnsmasq)
		json_add_int(j, s->dnsmasq);
	else
		json_add_null(j);
}

static void print_json(const struct status *s, struct str *out)
{
	struct json j;

	json_init(&j, out, 2);
	json_open_object(&j);
	add_text(&j, "state", state_of(s));
	json_name(&j, "enabled");
	if (s->has_settings)
		json_add_bool(&j, s->work.settings.use_bridge);
	else
		json_add_null(&j);
	if (s->has_settings && (s->is_recorded || s->work.settings.use_bridge))
		add_network(&j, s);
	add_lines(&j, "problems", str_text(&s->problems));
	add_lines(&j, "warnings", str_text(&s->warnings));
	json_close_object(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}

int net_status(bool as_json)
{
	struct status s = {0};
	autostr out = {0};
	int code;

	look(&s);
	if (as_json)
		print_json(&s, &out);
	else
		print_text(&s, &out);
	code = exit_code_of(&s);
	if (str_failed(&out) || fwrite(str_text(&out), 1, out.len, stdout) != out.len ||
	    fflush(stdout) != 0) {
		fputs("lxc-net: cannot print the status\n", stderr);
		code = NET_STATUS_UNKNOWN;
	}
	net_settings_finish(&s.work.settings);
	str_finish(&s.problems);
	str_finish(&s.warnings);
	return code;
}
