#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers on lxc-net's bridge, in a host of the test's own: the configuration that is installed as
# the default, and busybox's DHCP client, as the template sets it up.

load helpers
load containers
load lxc-net

setup_file() {
    make_lxcpath
    for name in first second; do
        make_container "$name"
        sed -i '/^lxc.net/d' "$LXCPATH/$name/config"
        printf '%s\n' 'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' 'lxc.net.0.flags = up' \
            >>"$LXCPATH/$name/config"
    done
}

teardown_file() {
    remove_lxcpath
}

@test "two containers: leases, names, each other and the host, by IPv4 and IPv6" {
    in_host <<-'SCRIPT'
	settings 'LXC_DOMAIN=lxc.test'
	net start
	trap 'for name in first second; do lxc-stop -P "$LXCPATH" -n "$name" -k || true; done' EXIT
	for name in first second; do lxc-start -P "$LXCPATH" -n "$name"; done
	inside() { local name=$1; shift; lxc-attach -P "$LXCPATH" -n "$name" -- "$@"; }
	v4() { inside "$1" ip -o -4 addr show dev eth0 scope global | sed -n 's/.*inet \([0-9.]*\).*/\1/p'; }
	v6() { inside "$1" ip -o -6 addr show dev eth0 scope global | grep -v tentative |
	    sed -n 's/.*inet6 \(fd[0-9a-f:]*\).*/\1/p'; }
	until_there() { for i in $(seq 200); do "$@" | grep . && return; sleep 0.1; done; echo "no $*"; }
	first=$(until_there v4 first) second=$(until_there v4 second)
	first6=$(until_there v6 first) second6=$(until_there v6 second)
	case $first$second in 10.0.3.*10.0.3.*) echo addresses ;; esac
	[ "$first" != "$second" ] && [ "$first6" != "$second6" ]
	cut -d' ' -f4 /var/lib/misc/dnsmasq.lxcbr0.leases | grep '^first$\|^second$' | sort
	net status | grep -o '(2 in its file)'
	net status --json | jq .bridge.ports
	host6=$(net status --json | jq -r '.ipv6.address | sub("/.*"; "")')
	reach() { echo "$1 reaches $3: $(inside "$1" ping -c 1 -W 5 "$2" | grep -c ' 0% packet loss')"; }
	reach first "$second" second
	reach second "$first" first
	reach first 10.0.3.1 host
	reach first "$second6" second6
	reach second "$host6" host6
	busybox ping -c 1 -W 5 "$first" | grep -c ' 0% packet loss'
	busybox ping -c 1 -W 5 "$second6" | grep -c ' 0% packet loss'
	reach first second "second by name"
	reach second first.lxc.test "first by name"
	inside first nslookup second.lxc.test 10.0.3.1 | grep -c "$second"
	# Waiting for a network that restarts costs a container nothing but the time.
	net restart
	reach first 10.0.3.1 "host again"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "addresses
first
second
(2 in its file)
2
first reaches second: 1
second reaches first: 1
first reaches host: 1
first reaches second6: 1
second reaches host6: 1
1
1
first reaches second by name: 1
second reaches first by name: 1
1
first reaches host again: 1"
}
