#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-net (spec/templates-and-services.md §7) with the real nft and dnsmasq, in a host of the test's
# own. Settings and commands of others: lxc-net-settings.bats; deaths: lxc-net-deaths.bats.

load helpers
load lxc-net

setup() {
    need_host
}

@test "start makes bridge, addresses, rules and dnsmasq; stop leaves nothing" {
    in_host <<-'SCRIPT'
	net start
	cat /sys/class/net/lxcbr0/address 2>/dev/null || true
	ip -o link show lxcbr0 | grep -o 'link/ether [0-9a-f:]*'
	ip -o -4 addr show lxcbr0 | grep -o 'inet .*global'
	ip -o -6 addr show lxcbr0 | sed 's/ fd[0-9a-f:]*::1/ FD::1/' | grep -o 'inet6 .*global [a-z]*'
	nft list table inet lxc-net |
	    sed 's/fd[0-9a-f:]*::\/64/FD::\/64/g; s/ packets [0-9]* bytes [0-9]*//'
	dnsmasqs | sed 's/fd[0-9a-f:]*::1/FD::1/g'
	cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
	cat /proc/sys/net/ipv6/conf/lxcbr0/accept_dad /proc/sys/net/ipv6/conf/lxcbr0/autoconf
	test -e /run/lxc/network_up
	test "$(dnsmasqs | wc -l)" = 1
	net stop
	remains
	cat /proc/sys/net/ipv4/ip_forward
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "link/ether 10:66:6a:00:00:00
inet 10.0.3.1/24 brd 10.0.3.255 scope global
inet6 FD::1/64 scope global 
table inet lxc-net {
	chain input {
		type filter hook input priority filter; policy accept;
		iifname \"lxcbr0\" udp dport { 53, 67 } accept
		iifname \"lxcbr0\" tcp dport { 53, 67 } accept
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname \"lxcbr0\" accept
		oifname \"lxcbr0\" accept
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.0.3.0/24 ip daddr != 10.0.3.0/24 counter masquerade
		ip6 saddr FD::/64 ip6 daddr != FD::/64 counter masquerade
	}
}
dnsmasq --conf-file=/dev/null -u dnsmasq --strict-order --bind-interfaces\
 --pid-file=/run/lxc/dnsmasq.pid --listen-address 10.0.3.1 --dhcp-range 10.0.3.2,10.0.3.254\
 --dhcp-lease-max=253 --dhcp-no-override --except-interface=lo --interface=lxcbr0\
 --dhcp-leasefile=/var/lib/misc/dnsmasq.lxcbr0.leases --dhcp-authoritative\
 --dhcp-range=FD::1,ra-only --listen-address FD::1 
1
1
0
0
1"
}

@test "what is up or down already is told in LXC's words, and so is a wrong word" {
    in_host <<-'SCRIPT'
	net stop || echo "$?"
	net start
	net start || echo "$?"
	net stop
	net restart
	net reload
	net force-reload
	net stop
	net nonsense 2>&1 || echo "$?"
	for word in false no 0 Off; do
	    settings "USE_LXC_BRIDGE=$word"
	    net start
	done
	remains
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lxc-net isn't running
1
lxc-net is already running
1
Usage: $LXC_NET {start|stop|restart|reload|force-reload|status [--json]}
2"
}

@test "tables of others stay as they are, byte for byte, and theirs can go" {
    in_host <<-'SCRIPT'
	for table in 'inet lxc' 'ip lxc' 'ip6 lxc' 'ip filter' 'inet lxc-nets'; do
	    nft add table $table
	    nft add chain $table forward '{ type filter hook forward priority 0; policy accept; }'
	    nft add rule $table forward iifname '"other*"' counter drop
	done
	nft list ruleset >/run/before
	net start
	ours() { nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'; }
	ours >/run/during
	net restart
	nft delete table inet lxc-net
	nft list ruleset | cmp - /run/before
	net restart
	ours | cmp - /run/during
	# Waydroid's script, beside ours (spec/contracts.md WAY-14).
	for table in 'inet lxc' 'ip lxc' 'ip6 lxc'; do nft delete table $table; done
	net status | head -1
	net stop
	nft list ruleset | grep '^table'
	net start
	net stop
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:lxc-net: running
table ip filter {
table inet lxc-nets {:"
}

@test "packets leave with the host's address, by IPv4 and IPv6; not to the own network" {
    in_host <<-'SCRIPT'
	printf '11111111111111111111111111111111\n' >/run/machine-id
	mount --bind /run/machine-id /etc/machine-id
	net start
	# Outside knows nothing of the bridge's networks.
	ip netns add outside
	ip link add uplink type veth peer name eth0 netns outside
	ip addr add 192.0.2.1/24 dev uplink
	ip addr add 2001:db8::1/64 dev uplink nodad
	ip link set uplink up
	ip -n outside link set lo up
	ip -n outside addr add 192.0.2.9/24 dev eth0
	ip -n outside addr add 2001:db8::9/64 dev eth0 nodad
	ip -n outside link set eth0 up
	cat >/run/server.py <<-'PYTHON'
	import socket
	s = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
	while True:
	    c, peer = s.accept()
	    c.sendall((peer[0].replace("::ffff:", "") + "\n").encode())
	    c.close()
	PYTHON
	ip netns exec outside python3 /run/server.py &
	neighbour a
	address6 a >/dev/null
	ip netns exec a python3 - <<-'PYTHON'
	import socket, time
	for host in "192.0.2.9", "2001:db8::9":
	    for _ in range(100):
	        try:
	            print(socket.create_connection((host, 80), 3).makefile().readline(), end="")
	            break
	        except OSError:
	            time.sleep(0.1)
	PYTHON
	net stop
	ip -o link show lxcbr0 | grep -o 'state [A-Z]*'
	SCRIPT
    assert_equal "$status:$stderr" '0:lxc-net: the bridge "lxcbr0" stays, without addresses: "va" is attached to it'
    assert_equal "$stdout" "192.0.2.1
2001:db8::1
state DOWN"
}

@test "a bridge with something attached stays through stop, and is used again" {
    in_host <<-'SCRIPT'
	net start
	index=$(cat /proc/net/dev_snmp6/lxcbr0 | sed -n 's/^ifIndex\s*//p')
	neighbour a
	ip netns exec a busybox ping -c 1 -W 3 10.0.3.1 | grep -c ' 0% packet loss'
	net restart
	test "$(sed -n 's/^ifIndex\s*//p' /proc/net/dev_snmp6/lxcbr0)" = "$index"
	ip netns exec a busybox ping -c 1 -W 3 10.0.3.1 | grep -c ' 0% packet loss'
	net stop
	ip -o addr show lxcbr0
	remains
	net start
	net status | grep bridge
	ip link del va
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stderr" '0:lxc-net: the bridge "lxcbr0" stays, without addresses: "va" is attached to it'
    assert_equal "$stdout" "1
1
link lxcbr0
link va
  bridge      lxcbr0, on, 1 attached"
}

@test "a bridge that others have left is taken over; one that is theirs is not" {
    in_host <<-'SCRIPT'
	# As LXC leaves it when it is killed.
	ip link add lxcbr0 type bridge
	ip addr add 10.0.3.1/24 dev lxcbr0
	net start
	net stop
	remains
	echo refused:
	ip link add lxcbr0 type bridge
	ip addr add 192.0.2.1/24 dev lxcbr0
	net start || echo "$?"
	ip -o -4 addr show lxcbr0 | grep -c 192.0.2.1
	ip addr flush dev lxcbr0
	ip tuntap add tap0 mode tap
	ip link set tap0 master lxcbr0
	net start || echo "$?"
	ip link del lxcbr0
	ip link add lxcbr0 type veth peer name other
	net start || echo "$?"
	remains
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "refused:
1
1
1
1
link tap0
link other
link lxcbr0"
    assert_contains "$stderr" 'the bridge "lxcbr0" is not lxc-net'"'"'s: it has other addresses'
    assert_contains "$stderr" '"tap0" is attached to it'
    assert_contains "$stderr" 'the interface "lxcbr0" is no bridge'
    assert_contains "$stderr" 'choose another LXC_BRIDGE, or USE_LXC_BRIDGE="false"'
    assert_equal "$(grep -c '^Failed to setup lxc-net.$' <<<"$stderr")" 3
}

@test "two starts at once: one does it, the other finds it done" {
    in_host <<-'SCRIPT'
	for i in 1 2 3 4; do net start & done
	wait
	dnsmasqs | wc -l
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lxc-net is already running
lxc-net is already running
lxc-net is already running
1"
}

@test "status tells what is there and what is broken, as text and JSON" {
    in_host <<-'SCRIPT'
	show() { net status || echo "exit $?"; }
	printf '11111111111111111111111111111111\n' >/run/machine-id
	mount --bind /run/machine-id /etc/machine-id
	show
	net start
	show | sed 's/process [0-9]*/process N/'
	net status --json | jq -c '[.state, .enabled, .bridge, .ipv4.leases, .ipv6.forwarding,
	    .firewall, (.dnsmasq | type), .problems, .warnings]'
	kill -9 "$(cat /run/lxc/dnsmasq.pid)"
	while [ -n "$(dnsmasqs)" ]; do sleep 0.01; done
	show | grep '^lxc-net\|problem:\|^exit'
	net start || echo "exit $?"
	nft flush ruleset
	ip addr flush dev lxcbr0
	show | grep '^lxc-net\|problem:\|^exit'
	ip link del lxcbr0
	net start || echo "exit $?"
	show | grep '^lxc-net\|problem:\|^exit'
	net status --json | jq -r '.state, (.problems | length)' || true
	net restart
	show | grep '^lxc-net\|problem:\|^exit'
	net stop
	settings 'USE_LXC_BRIDGE="false"'
	show
	settings 'LXC_ADDR="10.0.3"'
	show
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stderr" 'lxc-net: its dnsmasq has ended: "lxc-net restart" starts it again
lxc-net: the bridge lxcbr0 is gone: "lxc-net restart" makes it again
lxc-net: its dnsmasq has ended: "lxc-net restart" starts it again'
    assert_equal "$stdout" 'lxc-net: stopped
  bridge      lxcbr0, not there
  IPv4        10.0.3.1/24, leases of 10.0.3.2,10.0.3.254 (0 in its file)
  IPv6        fd2e:7ed0:c084:68f7::1/64
exit 3
lxc-net: running
  bridge      lxcbr0, on, 0 attached
  IPv4        10.0.3.1/24, leases of 10.0.3.2,10.0.3.254 (0 in its file)
  IPv6        fd2e:7ed0:c084:68f7::1/64
  firewall    nftables, table inet lxc-net
  dnsmasq     process N
  forwarding  IPv4 on, IPv6 on (lxc-net turns it on; stop leaves it on)
["running",true,{"name":"lxcbr0","present":true,"up":true,"ports":0},0,true,{"kind":"nftables","present":true},"number",[],[]]
lxc-net: broken
  problem: dnsmasq has ended: containers get no addresses
exit 1
lxc-net is already running
exit 1
lxc-net: broken
  problem: the bridge has lost its address 10.0.3.1
  problem: the bridge has lost its address fd2e:7ed0:c084:68f7::1
  problem: dnsmasq has ended: containers get no addresses
  problem: its rules are not all in the firewall: somebody has flushed or changed them
exit 1
lxc-net is already running
exit 1
lxc-net: broken
  problem: there is no bridge "lxcbr0"
  problem: dnsmasq has ended: containers get no addresses
  problem: its rules are not all in the firewall: somebody has flushed or changed them
exit 1
broken
3
lxc-net: running
lxc-net: stopped (USE_LXC_BRIDGE is not "true": start does nothing)
exit 3
lxc-net: stopped
  problem: LXC_ADDR="10.0.3" is no IPv4 address, such as "10.0.3.1"      (/etc/default/lxc-net:2)
exit 4'
}

@test "an ordinary user may look, and is told who may do more" {
    in_host <<-'SCRIPT'
	install -m 755 "$LXC_NET" /run/copy
	as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups /run/copy "$@"; }
	net start
	as_user status | grep 'lxc-net:\|firewall\|problem'
	as_user status --json | jq -c .firewall
	as_user stop || echo "exit $?"
	net stop
	as_user status | head -1
	as_user start || echo "exit $?"
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" 'lxc-net: running
  firewall    nftables, table inet lxc-net, seen by root only
{"kind":"nftables","present":null}
exit 1
lxc-net: stopped
exit 1'
    assert_equal "$stderr" "lxc-net: lxc-net sets up the host's network
  Operation not permitted
  hint: run it as root, or \"systemctl start lxc-net\"
lxc-net: lxc-net sets up the host's network
  Operation not permitted
  hint: run it as root, or \"systemctl start lxc-net\"
Failed to setup lxc-net."
}

@test "status looks at each chain, and tells when it can't look at the firewall at all" {
    in_host <<-'SCRIPT'
	show() { net status >/run/status || echo "exit $?"; sed -n '1p; /problem:\|firewall/p' /run/status; }
	net start
	nft flush table inet lxc-net
	show
	net restart
	nft delete chain inet lxc-net postrouting
	show
	net restart
	nft add rule inet lxc-net forward iifname '"x*"' accept
	show
	mount --bind /dev/null /usr/sbin/nft
	show
	net status --json | jq -c .firewall || true
	umount /usr/sbin/nft
	net stop
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'exit 1
lxc-net: broken
  firewall    nftables, table inet lxc-net, incomplete
  problem: its rules are not all in the firewall: somebody has flushed or changed them
exit 1
lxc-net: broken
  firewall    nftables, table inet lxc-net, incomplete
  problem: its rules are not all in the firewall: somebody has flushed or changed them
lxc-net: running
  firewall    nftables, table inet lxc-net
exit 1
lxc-net: broken
  firewall    nftables, table inet lxc-net, not known
  problem: there is no program "nft"   No such file or directory
{"kind":"nftables","present":null}'
}

@test "status of a network that LXC's own has started: what is gone is told" {
    in_host <<-'SCRIPT'
	net start
	rm /run/lxc/lxc-net.record
	net status | head -1
	kill -9 "$(cat /run/lxc/dnsmasq.pid)"
	ip link del lxcbr0
	net status >/run/status || echo "exit $?"
	sed -n '1p; /problem:/p' /run/status
	net stop
	nft delete table inet lxc-net
	remains
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'lxc-net: running
exit 1
lxc-net: broken
  problem: there is no bridge "lxcbr0"
  problem: dnsmasq has ended: containers get no addresses'
}

@test "settings that are wrong by now do not break the network that is up" {
    in_host <<-'SCRIPT'
	net start
	settings 'LXC_ADDR=nonsense'
	net status | sed -n '1p; /problem\|warning/p'
	net stop
	net status || echo "exit $?"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'lxc-net: running
  warning: LXC_ADDR="nonsense" is no IPv4 address, such as "10.0.3.1"      (/etc/default/lxc-net:2)
lxc-net: stopped
  problem: LXC_ADDR="nonsense" is no IPv4 address, such as "10.0.3.1"      (/etc/default/lxc-net:2)
exit 4'
}

@test "an ordinary user, too, sees that another lxc-net is at work" {
    in_host <<-'SCRIPT'
	install -m 755 "$LXC_NET" /run/copy
	fake dnsmasq 'case "$*" in *" --test") exit ;; esac
	echo >/run/here; while [ -e /run/slow ]; do sleep 0.02; done
	exec env -i PATH=/usr/sbin:/usr/bin dnsmasq "$@"'
	touch /run/slow
	"$LXC_NET" start &
	while [ ! -e /run/here ]; do sleep 0.02; done
	setpriv --reuid 65534 --regid 65534 --clear-groups /run/copy status >/run/status ||
	    echo "exit $?"
	head -1 /run/status
	rm /run/slow
	wait $!
	setpriv --reuid 65534 --regid 65534 --clear-groups /run/copy status | head -1
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "exit 4
lxc-net: changing
lxc-net: running"
}

@test "firewalls of others that drop are told, with what to do, until they know the bridge" {
    in_host <<-'SCRIPT'
	nft -f - <<-'NFT'
	table ip filter {
	    chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER; }
	    chain DOCKER-USER { }
	}
	table inet firewalld {
	    chain x { }
	}
	table inet mine {
	    chain in { type filter hook input priority 0; policy drop; }
	}
	NFT
	net start
	net status
	nft insert rule ip filter FORWARD iifname '"lxcbr0"' accept
	nft delete table inet firewalld
	nft delete table inet mine
	net status --json | jq -c .warnings
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" 'warning: the firewall "ip filter" (of Docker) drops what goes through lxcbr0, and wins over lxc-net: iptables -I DOCKER-USER -i lxcbr0 -j ACCEPT; iptables -I DOCKER-USER -o lxcbr0 -j ACCEPT'
    assert_contains "$stdout" 'warning: the firewall "inet firewalld" drops'
    assert_contains "$stdout" '--zone=trusted --add-interface=lxcbr0'
    assert_contains "$stdout" 'warning: the firewall "inet mine" drops what comes from lxcbr0'
    assert_contains "$stdout" '[]'
}
