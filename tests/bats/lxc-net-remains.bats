#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-net where what it made, or what it needs to take that away, is gone or is somebody else's:
# stop and the next start work nevertheless, and leave alone what is not theirs.

load helpers
load lxc-net

setup() {
    need_host
}

@test "a table that iptables does not have: start fails, undone, and the next one works" {
    in_host <<-'SCRIPT'
	fake_rules
	settings 'LXC_USE_NFT=false'
	echo ' ip6tables ' >/run/refuse6
	net start 2>/run/errors || echo "exit $?"
	grep -o 'ip6tables .* no such thing\|lxc-net.record' /run/errors || true
	remains
	cat /run/rules
	settings 'LXC_USE_NFT=false' 'LXC_IPV6_ENABLE=false'
	net start
	net status | head -1
	net stop
	remains
	cat /run/rules
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "exit 1
lxc-net: running"
}

@test "iptables without CHECKSUM: the network comes up without it, and goes again" {
    in_host <<-'SCRIPT'
	fake_rules
	settings 'LXC_USE_NFT=false'
	echo ' CHECKSUM ' >/run/refuse
	net start
	net status | head -1
	wc -l </run/rules
	net stop
	remains
	cat /run/rules
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lxc-net: running
8"
}

@test "a rule that can't be asked for: all others go, and the record is named with its way out" {
    in_host <<-'SCRIPT'
	fake_rules
	settings 'LXC_USE_NFT=false'
	net start
	# The first of them is there, and is refused.
	echo ' -D INPUT ' >/run/refuse
	net stop || echo "exit $?"
	sed 's/ -m comment.*//' /run/rules
	remains
	rm /run/refuse
	net stop
	remains
	cat /run/rules
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "exit 1
 iptables INPUT -i lxcbr0 -p udp --dport 67
 iptables INPUT -i lxcbr0 -p tcp --dport 67
 iptables INPUT -i lxcbr0 -p udp --dport 53
 iptables INPUT -i lxcbr0 -p tcp --dport 53
/run/lxc/lxc-net.record"
    assert_contains "$stderr" "no such thing"
    assert_contains "$stderr" 'remove the file "/run/lxc/lxc-net.record"'
}

@test "rules of another time that were saved and loaded again do not pile up" {
    in_host <<-'SCRIPT'
	fake_rules
	settings 'LXC_USE_NFT=false'
	net start
	sort /run/rules >/run/once
	cp /run/rules /run/saved
	net stop
	for boot in 1 2 3; do
	    cat /run/saved >>/run/rules
	    net start
	    sort /run/rules | cmp - /run/once
	    cat /run/rules /run/rules >/run/twice
	    mv /run/twice /run/rules
	    net stop
	    cat /run/rules
	done
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "nft is removed while the network is up: stop tells of its table, start takes iptables" {
    in_host <<-'SCRIPT'
	fake_rules
	net start
	mount --bind /dev/null /usr/sbin/nft
	net stop
	ls /run/lxc
	net start
	net status | head -1
	net stop
	umount /usr/sbin/nft
	remains
	# With nft it is replaced and removed.
	net start
	net stop
	remains
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "lxc-net.lock
lxc-net: running
table inet lxc-net {"
    assert_equal "$stderr" 'lxc-net: there is no program "nft" any more: the table "inet lxc-net" stays in the kernel until the next start with nft, or the next boot'
}

@test "nft does not work any more: stop says what it can't look at, and forgets it" {
    in_host <<-'SCRIPT'
	net start
	fake nft 'echo "nft: error while loading shared libraries" >&2; exit 127'
	net stop
	rm /run/fakes/nft
	remains
	SCRIPT
    assert_equal "$status:$stdout" "0:table inet lxc-net {"
    assert_equal "$stderr" 'lxc-net: cannot look for the table "inet lxc-net": nft: error while loading shared libraries: it stays, if it is there'
}

@test "nft that lists but can't change: start is undone where it has made nothing" {
    in_host <<-'SCRIPT'
	fake nft 'case "$*" in "-f -") cat >/dev/null
	echo "/dev/stdin:1:2-3: Error: Operation not supported" >&2; exit 1 ;; esac
	exec env -i PATH=/usr/sbin:/usr/bin nft "$@"'
	net start || echo "exit $?"
	remains
	net stop || echo "exit $?"
	rm /run/fakes/nft
	net start
	net stop
	remains
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "exit 1
lxc-net isn't running
exit 1"
    assert_contains "$stderr" "Error: Operation not supported"
}
@test "our bridge's name has become somebody else's: it is left alone, and all else goes" {
    in_host <<-'SCRIPT'
	net start
	ip link del lxcbr0
	ip link add lxcbr0 type bridge
	ip addr add 192.0.2.1/24 dev lxcbr0
	net stop
	remains
	ip -o -4 addr show lxcbr0 | grep -c 192.0.2.1
	settings 'LXC_BRIDGE=lxcbr1'
	net start
	net stop
	remains
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "link lxcbr0
1
link lxcbr0"
    assert_equal "$stderr" 'lxc-net: the bridge "lxcbr0" is not lxc-net'"'"'s: it has other addresses, such as 192.0.2.1: it is left as it is'
}

@test "a bridge that stood there before stays, as it was, also when start fails" {
    in_host <<-'SCRIPT'
	ip link add lxcbr0 type bridge stp_state 1
	ip link set lxcbr0 address 02:00:00:00:00:07
	bridge() { ip -o -d link show lxcbr0 | grep -o '^[0-9]*\|ether [0-9a-f:]*\|stp_state 1\|alias.*'; }
	bridge >/run/before
	addresses() { ip -o addr show lxcbr0 scope global; }
	fake dnsmasq 'exit 2'
	net start 2>/dev/null || echo "exit $?"
	addresses
	bridge | diff /run/before -
	rm /run/fakes/dnsmasq
	net start
	ip -o -4 addr show lxcbr0 | grep -o 'inet [0-9./]*'
	net restart
	net status | head -1
	addresses | wc -l
	# Also when it has one more by then.
	ip addr add 192.0.2.1/24 dev lxcbr0
	net stop
	addresses | grep -o 'inet [0-9./]*'
	ip addr del 192.0.2.1/24 dev lxcbr0
	# And when lxc-net is killed in between.
	net start
	rm /run/lxc/network_up
	net stop
	addresses
	bridge | diff /run/before -
	remains
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "exit 1
inet 10.0.3.1/24
lxc-net: running
2
inet 192.0.2.1/24
link lxcbr0"
}

@test "a bridge that has more than a name of ours is somebody else's" {
    in_host <<-'SCRIPT'
	refused() {
	    ip -o -d link show lxcbr0 | sed 's/tick .*//' >/run/before
	    ip addr show lxcbr0 | grep inet >>/run/before || true
	    ! net start || echo taken
	    ! net stop >/dev/null || echo stopped
	    { ip -o -d link show lxcbr0 | sed 's/tick .*//'; ip addr show lxcbr0 | grep inet || true; } |
	        diff /run/before -
	    ip link del lxcbr0
	    ip link add lxcbr0 type bridge
	}
	ip link add lxcbr0 type bridge
	ip link set lxcbr0 alias "of netplan"
	refused
	ip link add link lxcbr0 up0 type macvlan
	refused
	ip addr add 10.0.3.1/24 dev lxcbr0
	ip addr add 192.0.2.1/24 dev lxcbr0
	refused
	ip addr add 10.0.3.1/24 dev lxcbr0
	ip addr add 2001:db8::1/64 dev lxcbr0
	refused
	# LXC's own, killed: its IPv6 address is another one than ours.
	ip addr add 10.0.3.1/24 dev lxcbr0
	ip addr add fc42:5009:ba4b:5ab0::1/64 dev lxcbr0
	net start
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stdout" "0:"
    assert_contains "$stderr" 'the bridge "lxcbr0" is not lxc-net'"'"'s: it has the alias "of netplan"'
    assert_contains "$stderr" 'is not lxc-net'"'"'s: "up0" is on top of it'
    assert_contains "$stderr" 'it has other addresses, such as 192.0.2.1'
    assert_contains "$stderr" 'it has other addresses, such as 2001:db8::1'
}

@test "with another LXC_BRIDGE the old one goes as soon as it is empty; what stays is told" {
    in_host <<-'SCRIPT'
	net start
	ip link add va type veth peer name vb
	ip link set va master lxcbr0
	ip link add link lxcbr0 up0 type macvlan
	settings 'LXC_BRIDGE=lxcbr1'
	net restart
	ip link del va
	net stop
	ip -o link show lxcbr0 | grep -c alias
	ip link del up0
	net start
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stdout" "0:1"
    assert_equal "$stderr" 'lxc-net: the bridge "lxcbr0" stays, without addresses: "va" is attached to it
lxc-net: the bridge "lxcbr0" stays, without addresses: "up0" is on top of it'
}

@test "what only looks like our dnsmasq is nobody's: not waited for, not shown" {
    in_host <<-'SCRIPT'
	net start
	mkdir -m 755 /run/forger
	printf '#!/bin/sh\ntrap "" TERM\necho >>/run/forger/here/"$$"\nwhile :; do sleep 60; done\n' \
	    >/run/forger/dnsmasq
	chmod 755 /run/forger/dnsmasq
	mkdir -m 777 /run/forger/here
	user=$(id -u dnsmasq 2>/dev/null || echo 65534)
	for uid in 65534 $user 12345; do
	    setpriv --reuid $uid --regid 65534 --clear-groups /run/forger/dnsmasq \
	        --pid-file=/run/lxc/dnsmasq.pid &
	done
	# Root of a user namespace has all of its capabilities.
	setpriv --reuid 65534 --regid 65534 --clear-groups unshare -U -r /run/forger/dnsmasq \
	    --pid-file=/run/lxc/dnsmasq.pid &
	until [ "$(ls /run/forger/here | wc -l)" = 4 ]; do sleep 0.02; done
	forgers() { pgrep -cx dnsmasq; }
	forgers
	kill -9 "$(cat /run/lxc/dnsmasq.pid)"
	until [ "$(forgers)" = 4 ]; do sleep 0.02; done
	net status | grep '^lxc-net\|dnsmasq' || true
	begun=$SECONDS
	net stop
	[ $((SECONDS - begun)) -lt 3 ] || echo "stop took $((SECONDS - begun)) seconds"
	forgers
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "5
lxc-net: broken
  dnsmasq     not running
  problem: dnsmasq has ended: containers get no addresses
4"
}

@test "a dnsmasq that does not end by itself is ended" {
    in_host <<-'SCRIPT'
	net start
	kill -STOP "$(cat /run/lxc/dnsmasq.pid)"
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0::"
}
