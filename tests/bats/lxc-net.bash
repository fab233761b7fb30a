# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files about lxc-net: `load lxc-net`. A host of the test's own: network, mounts and
# processes, with nothing in /run, /var/lib/misc and /etc/default. What runs in it ends with it.

LXC_NET=$TARE_BUILD_ROOT/src/helpers/lxc-net
KILL_AT=$BATS_TEST_DIRNAME/kill_at.py
export LXC_NET KILL_AT

need_host() {
    [ "$(id -u)" -eq 0 ] || skip "network namespaces need root here"
}

# in_host: the script on the standard input, with these words. As run_apart.
in_host() {
    {
        cat <<-'SCRIPT'
	set -eu
	mount -t tmpfs none /run
	mount -t tmpfs none /var/lib/misc
	mkdir /run/default /run/fakes
	mount --bind /run/default /etc/default
	ip link set lo up
	net() { "$LXC_NET" "$@"; }
	# settings LINE...: as Debian has the two files.
	settings() {
	    printf '%s\n' 'LXC_AUTO="true"' 'BOOTGROUPS="onboot,"' 'SHUTDOWNDELAY=5' 'OPTIONS=' \
	        'STOPOPTS="-a -A -s"' '' 'USE_LXC_BRIDGE="false"  # overridden in lxc-net' '' \
	        '[ ! -f /etc/default/lxc-net ] || . /etc/default/lxc-net' >/etc/default/lxc
	    printf '%s\n' 'USE_LXC_BRIDGE="true"' "$@" >/etc/default/lxc-net
	}
	# Our dnsmasqs; a dead one that waits to be collected has no words.
	dnsmasqs() {
	    for process in /proc/[0-9]*; do
	        { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep '^[^ ]*dnsmasq ' || true
	    done
	}
	# fake NAME BODY: a program in front of the real one, which writes its words to /run/calls.
	fake() {
	    printf '#!/bin/sh\necho "%s $*" >>/run/calls\n%s\n' "$1" "${2:-exit 0}" >"/run/fakes/$1"
	    chmod 755 "/run/fakes/$1"
	    PATH=/run/fakes:$PATH
	}
	# fake_rules: an iptables and an ip6tables that keep rules in /run/rules, as the real ones would,
	# and write their words to /run/calls. They know nothing of the words that a file /run/refuse* has.
	fake_rules() {
	    cat >/run/fakes/iptables <<-'FAKE'
	#!/bin/bash
	words=" ${0##*/} $* "
	echo "${0##*/} $*" >>/run/calls
	rule=$(sed 's/ -w / /; s/ -[IADC] \(INPUT\|FORWARD\|POSTROUTING\) / \1 /' <<<"$words")
	for file in /run/refuse*; do
	    [ ! -e "$file" ] || [[ $words != *"$(<"$file")"* ]] ||
	        { echo "no such thing" >&2; exit 3; }
	done
	case $words in
	*" -L "*) ;;
	*" -C "*) grep -qxF -- "$rule" /run/rules ;;
	*" -D "*) line=$(grep -nxF -- "$rule" /run/rules | head -1 | cut -d: -f1)
	    sed -i "${line:?}d" /run/rules ;;
	*) echo "$rule" >>/run/rules ;;
	esac
	FAKE
	    chmod 755 /run/fakes/iptables
	    cp /run/fakes/iptables /run/fakes/ip6tables
	    : >/run/rules
	    PATH=/run/fakes:$PATH
	}
	# All that lxc-net makes, as far as it is there. The lock file stays.
	remains() {
	    ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/' | grep -v '^link lo$' || true
	    nft list ruleset | grep '^table' || true
	    dnsmasqs | sed 's/ .*//'
	    find /run/lxc -mindepth 1 ! -name lxc-net.lock
	}
	# neighbour NAME: a network namespace with eth0 on the bridge and an address by DHCP.
	neighbour() {
	    ip netns add "$1"
	    ip link add "v$1" type veth peer name eth0 netns "$1"
	    ip link set "v$1" master lxcbr0 up
	    ip -n "$1" link set lo up
	    ip -n "$1" link set eth0 up
	    printf '%s\n' '#!/bin/sh' 'case $1 in bound|renew)' \
	        'ip addr replace $ip/$mask dev $interface' \
	        'ip route replace default via $router;; esac' >/run/dhcp
	    chmod 755 /run/dhcp
	    ip netns exec "$1" busybox udhcpc -q -n -t 20 -T 1 -i eth0 -s /run/dhcp \
	        -x "hostname:$1" >/dev/null 2>&1
	}
	# address6 NAME: that which the router's words have given it.
	address6() {
	    for i in $(seq 100); do
	        ip -n "$1" -o -6 addr show dev eth0 scope global -tentative |
	            sed -n 's/.*inet6 \(fd[0-9a-f:]*\).*/\1/p' | grep . && return
	        sleep 0.1
	    done
	    return 1
	}
	settings
	SCRIPT
        cat
    } >"$BATS_TEST_TMPDIR/host"
    run_apart unshare -n -m -p -f --mount-proc --kill-child bash "$BATS_TEST_TMPDIR/host"
}
