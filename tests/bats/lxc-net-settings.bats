#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-net: the variables of its files, and what it tells dnsmasq and iptables (spec/
# templates-and-services.md §7). What it runs is recorded by programs in front of the real ones.

load helpers
load lxc-net

setup() {
    need_host
}

@test "each wrong setting is refused with its file and line, and nothing is made" {
    in_host <<-'SCRIPT'
	# Programs may be asked, but not be told.
	for name in nft dnsmasq iptables; do
	    fake $name "exec env -i PATH=/usr/sbin:/usr/bin $name \"\$@\""
	done
	echo nonsense >/run/wrong.conf
	while read -r line; do
	    settings '# a comment' "$line"
	    : >/run/calls
	    ! net start 2>/run/errors || echo "taken: $line"
	    grep -q '(/etc/default/lxc-net:3' /run/errors || { echo "$line"; cat /run/errors; }
	    grep -q '^Failed to setup lxc-net\.$' /run/errors || echo "silent: $line"
	    grep -v '^nft list tables$\|^dnsmasq .* --test$' /run/calls || true
	    remains
	done <<-'LINES'
	USE_LXC_BRIDGE="yes"
	LXC_BRIDGE=""
	LXC_BRIDGE="a-name-that-is-long"
	LXC_BRIDGE="br*"
	LXC_BRIDGE="br+"
	LXC_BRIDGE='br"'
	LXC_BRIDGE="../br"
	LXC_BRIDGE=-br
	LXC_BRIDGE="all"
	LXC_BRIDGE_MAC="00:16:3e"
	LXC_BRIDGE_MAC="01:16:3e:00:00:00"
	LXC_BRIDGE_MAC=""
	LXC_ADDR="10.0.3"
	LXC_ADDR=""
	LXC_ADDR="10.0.3.0"
	LXC_ADDR="10.0.3.255"
	LXC_ADDR="127.0.0.1"
	LXC_ADDR="224.0.3.1"
	LXC_NETMASK="255.255.0.255"
	LXC_NETMASK="24"
	LXC_NETMASK="255.255.255.255"
	LXC_NETWORK="10.0.3.0"
	LXC_NETWORK="10.0.4.0/24"
	LXC_NETWORK="10.0.3.1/24"
	LXC_NETWORK="10.0.3.0/33"
	LXC_DHCP_RANGE="10.0.3.2"
	LXC_DHCP_RANGE="10.0.3.2 10.0.3.254"
	LXC_DHCP_RANGE="10.0.4.2,10.0.4.254"
	LXC_DHCP_RANGE="10.0.3.2,10.0.4.254"
	LXC_DHCP_RANGE="10.0.3.20,10.0.3.10"
	LXC_DHCP_RANGE="10.0.3.20,nonsense"
	LXC_DHCP_RANGE="10.0.3.2,10.0.3.254,nonsense"
	LXC_DHCP_RANGE="10.0.3.2,10.0.3.254,12h,30"
	LXC_DHCP_RANGE="10.0.3.2,proxyfoo"
	LXC_DHCP_RANGE="10.0.3.2,statics"
	LXC_DHCP_MAX="many"
	LXC_DHCP_MAX="-1"
	LXC_DHCP_CONFILE="dnsmasq.conf"
	LXC_DHCP_CONFILE="/run/no/such/file"
	LXC_DHCP_CONFILE="/etc"
	LXC_DHCP_CONFILE="/dev/null"
	LXC_DHCP_CONFILE="/run/wrong.conf"
	LXC_DHCP_PING="yes"
	LXC_DOMAIN="a/b"
	LXC_DOMAIN=".lxc"
	LXC_USE_NFT="nft"
	LXC_IPV6_ENABLE="on"
	LXC_IPV6_ADDR="10.0.3.1"
	LXC_IPV6_ADDR="ff02::1"
	LXC_IPV6_ADDR="fe80::1"
	LXC_IPV6_MASK="128"
	LXC_IPV6_MASK="/64"
	LXC_IPV6_NETWORK="fc00::/64"
	LXC_IPV6_NETWORK="fc42::"
	LXC_IPV6_NAT="1"
	LXC_ADDR = 10.0.3.1
	LXC_ADDR=$(hostname -I)
	LXC_ADDR=`hostname`
	LXC_ADDR="$ADDRESS"
	LXC_ADDR=${LXC_ADDR:-10.0.3.1}
	LXC_ADDR="10.0.3.1
	if true; then LXC_ADDR=10.0.3.1; fi
	. /run/no/such/file
	ip link set eth0 up
	LXC_ADDR=10.0.3.1 > /dev/null
	LINES
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "messages say what is wrong, beside what, and what is right" {
    in_host <<-'SCRIPT'
	refused() { settings "$@"; ! net start 2>&1 || echo taken; }
	refused 'LXC_NETWORK=10.0.9.0/24'
	refused 'LXC_ADDR=10.0.9.1' 'LXC_DHCP_RANGE=10.0.3.2,10.0.3.254'
	refused 'LXC_DHCP_PING=yes'
	refused 'LXC_ADDR = 10.0.3.1'
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'lxc-net: LXC_NETWORK="10.0.9.0/24" does not hold LXC_ADDR="10.0.3.1" (default)      (/etc/default/lxc-net:2)
Failed to setup lxc-net.
lxc-net: LXC_DHCP_RANGE="10.0.3.2,10.0.3.254" is outside the network of LXC_ADDR="10.0.9.1" (/etc/default/lxc-net:2)      (/etc/default/lxc-net:3)
Failed to setup lxc-net.
lxc-net: LXC_DHCP_PING="yes" is neither true nor false      (/etc/default/lxc-net:2)
  hint: LXC takes everything but "true" for false: write the one that is meant
Failed to setup lxc-net.
lxc-net: "LXC_ADDR" is not understood      (/etc/default/lxc-net:2)
  hint: there must be no blank before and behind the "="
Failed to setup lxc-net.'
}

@test "dnsmasq gets every setting; what is not set follows from what is" {
    in_host <<-'SCRIPT'
	fake dnsmasq 'exec env -i PATH=/usr/sbin:/usr/bin dnsmasq "$@"'
	: >/run/dnsmasq.conf
	settings 'LXC_BRIDGE=br-own' 'LXC_BRIDGE_MAC=02:00:00:00:00:01' 'LXC_ADDR=10.77.0.129' \
	    'LXC_NETMASK=255.255.255.128' 'LXC_DHCP_CONFILE=/run/dnsmasq.conf' \
	    'LXC_DHCP_PING=false' 'LXC_DOMAIN=lxc.test' 'LXC_IPV6_ADDR=fd77::1' 'LXC_IPV6_NAT=false'
	net start
	ip -o link show br-own | grep -o 'link/ether [0-9a-f:]*'
	ip -o -4 addr show br-own | grep -o 'inet .*global'
	nft list table inet lxc-net | sed -n 's/ packets .* masq/ masq/p'
	net stop
	grep -v -- ' --test$' /run/calls
	: >/run/calls
	settings 'LXC_DHCP_RANGE=set:a,10.0.3.10,10.0.3.20,12h' 'LXC_DHCP_MAX=11' \
	    'LXC_IPV6_ENABLE=false'
	net start
	ip -o -6 addr show lxcbr0 scope global
	net stop
	grep -v -- ' --test$' /run/calls
	: >/run/calls
	settings 'LXC_IPV6_ADDR=""'
	net start
	net stop
	grep -c ra-only /run/calls || true
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "link/ether 02:00:00:00:00:01
inet 10.77.0.129/25 brd 10.77.0.255 scope global
		ip saddr 10.77.0.128/25 ip daddr != 10.77.0.128/25 counter masquerade
dnsmasq --conf-file=/run/dnsmasq.conf -s lxc.test -S /lxc.test/ --no-ping -u dnsmasq --strict-order --bind-interfaces --pid-file=/run/lxc/dnsmasq.pid --listen-address 10.77.0.129 --dhcp-range 10.77.0.130,10.77.0.254 --dhcp-lease-max=125 --dhcp-no-override --except-interface=lo --interface=br-own --dhcp-leasefile=/var/lib/misc/dnsmasq.br-own.leases --dhcp-authoritative --dhcp-range=fd77::1,ra-only --listen-address fd77::1
dnsmasq --conf-file=/dev/null -u dnsmasq --strict-order --bind-interfaces --pid-file=/run/lxc/dnsmasq.pid --listen-address 10.0.3.1 --dhcp-range set:a,10.0.3.10,10.0.3.20,12h --dhcp-lease-max=11 --dhcp-no-override --except-interface=lo --interface=lxcbr0 --dhcp-leasefile=/var/lib/misc/dnsmasq.lxcbr0.leases --dhcp-authoritative
0"
}

# What comes in front of each rule, and the comment that marks it as ours.
@test "iptables: LXC's rules, each with a comment; stop takes away what is there" {
    in_host <<-'SCRIPT'
	settings 'LXC_USE_NFT="false"' 'LXC_IPV6_ADDR=fd77::1'
	fake_rules
	net start
	nft list ruleset
	grep -v -- ' -C ' /run/calls
	net status | grep firewall
	mv /run/rules /run/away
	: >/run/rules
	net status | grep 'firewall\|problem'
	mv /run/away /run/rules
	: >/run/calls
	net stop
	echo stopped:
	cat /run/calls
	cat /run/rules
	remains
	SCRIPT
    mark="-m comment --comment lxc-net"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed '/^stopped/,$d' <<<"$stdout")" "iptables -w -n -L OUTPUT
iptables -w -n -L OUTPUT
iptables -w -I INPUT -i lxcbr0 -p udp --dport 67 $mark -j ACCEPT
iptables -w -I INPUT -i lxcbr0 -p tcp --dport 67 $mark -j ACCEPT
iptables -w -I INPUT -i lxcbr0 -p udp --dport 53 $mark -j ACCEPT
iptables -w -I INPUT -i lxcbr0 -p tcp --dport 53 $mark -j ACCEPT
iptables -w -I FORWARD -i lxcbr0 $mark -j ACCEPT
iptables -w -I FORWARD -o lxcbr0 $mark -j ACCEPT
iptables -w -t nat -A POSTROUTING -s 10.0.3.0/24 ! -d 10.0.3.0/24 $mark -j MASQUERADE
iptables -w -t mangle -A POSTROUTING -o lxcbr0 -p udp --dport 68 $mark -j CHECKSUM --checksum-fill
ip6tables -w -t nat -A POSTROUTING -s fd77::/64 ! -d fd77::/64 $mark -j MASQUERADE
  firewall    iptables
  firewall    iptables, incomplete
  problem: its rules are not all in the firewall: somebody has flushed or changed them"
    # Each is looked for until it is gone.
    assert_equal "$(grep -c -- ' -C ' <<<"$stdout"):$(grep -c -- ' -D ' <<<"$stdout")" 18:9
    assert_equal "$(grep -- ' -D ' <<<"$stdout" | sed -n '1p;$p')" \
        "iptables -w -D INPUT -i lxcbr0 -p udp --dport 67 $mark -j ACCEPT
ip6tables -w -t nat -D POSTROUTING -s fd77::/64 ! -d fd77::/64 $mark -j MASQUERADE"
}

@test "iptables itself: in front of a policy that drops; rules of others stay as they are" {
    in_host <<-'SCRIPT'
	all() {
	    iptables-save | sed 's/\[[0-9:]*\]//; /^#/d'
	    ip6tables-save -t nat | sed 's/\[[0-9:]*\]//; /^#/d'
	}
	command -v iptables >/dev/null || { echo missing; exit; }
	iptables -A INPUT -i lxcbr0 -p udp --dport 67 -j ACCEPT 2>/dev/null || { echo missing; exit; }
	iptables -P FORWARD DROP
	iptables -t nat -A POSTROUTING -s 10.0.3.0/24 ! -d 10.0.3.0/24 -j MASQUERADE
	iptables -t mangle -A POSTROUTING -o other -j ACCEPT
	ip6tables -t nat -A POSTROUTING -o other -j ACCEPT
	all >/run/before
	settings 'LXC_USE_NFT="false"' 'LXC_IPV6_ADDR=fd77::1'
	net start
	all | grep -c 'comment lxc-net'
	net status | grep 'firewall\|warning\|problem'
	neighbour a
	ip netns add outside
	ip link add uplink type veth peer name eth0 netns outside
	ip addr add 192.0.2.1/24 dev uplink
	ip link set uplink up
	ip -n outside addr add 192.0.2.9/24 dev eth0
	ip -n outside link set eth0 up
	ip netns exec a busybox ping -c 1 -W 5 192.0.2.9 | grep -c ' 0% packet loss'
	ip link del va
	net stop
	all | diff - /run/before
	SCRIPT
    [ "$stdout" != missing ] || skip "iptables does not work here"
    assert_equal "$status:$stdout:$stderr" "0:9
  firewall    iptables
1:"
}

@test "iptables without -w, and where nft does not work" {
    in_host <<-'SCRIPT'
	fake nft 'exit 1'
	fake_rules
	echo ' iptables -w ' >/run/refuse
	net start
	grep -c '^iptables -I' /run/calls
	net stop
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:6:"
}

@test "a command that fails: its words, what it was for, and nothing is left" {
    in_host <<-'SCRIPT'
	export LANG=de_DE.UTF-8
	fake dnsmasq '[ "$LC_ALL" = C ] || exit 9
	case "$*" in *" --test") exit ;; esac
	echo "dnsmasq: failed to create listening socket: Address already in use" >&2
	exit 2'
	net start || echo "exit $?"
	remains
	rm /run/fakes/dnsmasq
	# It lists the table, but can't remove it either: that is told, and kept for stop.
	fake nft 'case "$*" in "-f -") cat >/dev/null
	echo "/dev/stdin:1:2-3: Error: Operation not supported" >&2; exit 1 ;; esac'
	net start || echo "exit $?"
	remains
	net status | head -1
	net stop 2>/dev/null || echo "exit $?"
	rm /run/fakes/nft
	net stop
	remains
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "exit 1
exit 1
/run/lxc/lxc-net.record
lxc-net: interrupted
exit 1"
    assert_contains "$stderr" "cannot start dnsmasq"
    assert_contains "$stderr" "Address already in use"
    assert_contains "$stderr" "hint: another server of names or addresses listens"
    assert_contains "$stderr" "cannot add the firewall's rules"
    assert_contains "$stderr" "Error: Operation not supported"
    assert_contains "$stderr" 'hint: "lxc-net stop" removes what is left of this attempt'
    assert_equal "$(grep -c '^Failed to setup lxc-net.$' <<<"$stderr")" 2
}

@test "without nft and iptables, or without dnsmasq, it is told what to install" {
    in_host <<-'SCRIPT'
	for place in /usr/local/sbin /usr/local/bin; do mount -t tmpfs none $place; done
	mkdir /run/sbin
	for program in /usr/sbin/*; do ln -s "/run/all$program" /run/sbin; done
	mkdir -p /run/all/usr/sbin
	mount --bind /usr/sbin /run/all/usr/sbin
	mount --bind /run/sbin /usr/sbin
	rm -f /run/sbin/nft /run/sbin/iptables
	net start || echo "exit $?"
	ln -s /run/all/usr/sbin/nft /run/sbin
	rm /run/sbin/dnsmasq
	net start || echo "exit $?"
	remains
	SCRIPT
    assert_equal "$status:$stdout" "0:exit 1
exit 1"
    assert_contains "$stderr" 'there is no program "nft" and no "iptables"'
    assert_contains "$stderr" 'install the package "nftables"'
    assert_contains "$stderr" 'there is no program "dnsmasq"'
    assert_contains "$stderr" 'install dnsmasq (Debian: dnsmasq-base)'
}

@test "restart with wrong settings leaves the network as it is; stop needs none" {
    in_host <<-'SCRIPT'
	net start
	dnsmasq=$(cat /run/lxc/dnsmasq.pid)
	unharmed() {
	    ! net "$@" 2>/dev/null || echo "taken: $*"
	    [ "$(net status --json | jq -r '.state, .dnsmasq')" = "running
	$dnsmasq" ] || net status
	}
	settings 'LXC_ADDR=nonsense'
	unharmed restart
	settings 'LXC_DHCP_CONFILE=/run/no/such/file'
	unharmed restart
	settings 'LXC_DHCP_RANGE=10.0.3.2,10.0.3.254,nonsense'
	unharmed reload
	settings
	mount --bind /dev/null /usr/sbin/dnsmasq
	unharmed force-reload
	umount /usr/sbin/dnsmasq
	settings 'LXC_USE_NFT=false'
	fake_rules
	rm /run/fakes/ip6tables
	[ ! -e /usr/sbin/ip6tables ] || mount --bind /dev/null /usr/sbin/ip6tables
	unharmed restart
	rm /run/fakes/iptables
	umount -q /usr/sbin/ip6tables || true
	settings 'LXC_BRIDGE=other'
	net restart
	remains | grep link
	settings 'USE_LXC_BRIDGE=$(nonsense)'
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "link other"
}

@test "the files of systems with RPM; variables that refer to others; export" {
    in_host <<-'SCRIPT'
	mkdir -p /run/etc/upper /run/etc/work
	mount -t overlay none -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work /etc
	rm -f /etc/default/lxc /etc/default/lxc-net
	mkdir -p /etc/sysconfig
	printf '%s\n' 'USE_LXC_BRIDGE="false"' 'net=10.66.0' \
	    '[ -f /etc/sysconfig/lxc-net ] && . /etc/sysconfig/lxc-net' >/etc/sysconfig/lxc
	printf '%s\n' 'export "USE_LXC_BRIDGE=true" LXC_DHCP_MAX="7"' \
	    'end=1 LXC_ADDR=$net.$end' >/etc/sysconfig/lxc-net
	net start
	ip -o -4 addr show lxcbr0 | grep -o 'inet [0-9./]*'
	dnsmasqs | grep -o 'lease-max=[0-9]*'
	net stop
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:inet 10.66.0.1/24
lease-max=7:"
}

@test "the files that are installed are LXC's network, and so is each line that they show" {
    in_host <<-'SCRIPT'
	set_values() {
	    grep '^LXC_' /run/lxc/lxc-net.record | grep -v '^LXC_NET_\|IPV6_\(ADDR\|NETWORK\)='
	}
	cp "$TARE_BUILD_ROOT/share/lxc.default" /etc/default/lxc
	cp "$TARE_BUILD_ROOT/share/lxc-net.default" /etc/default/lxc-net
	net start
	set_values >/run/before
	net stop
	sed -i 's/^#\([A-Z]\)/\1/; s|/etc/lxc/dnsmasq.conf||' /etc/default/lxc-net
	[ "$(grep -c '^LXC_' /etc/default/lxc-net)" = 16 ]
	net start
	set_values | diff /run/before -
	net stop
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0::"
}
