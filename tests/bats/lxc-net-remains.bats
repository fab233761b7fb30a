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
