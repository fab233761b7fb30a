#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Network of a container: veth on a bridge with addresses, empty, none (spec/runtime.md §9). Each
# test runs its commands in a network namespace of its own with a bridge "br0" (10.9.0.1/24,
# fd09::1/64).

load helpers
load containers

setup_file() {
    make_lxcpath
    N=net$$
    export N
    make_container "$N"
    sed -i '/^lxc.net/d' "$LXCPATH/$N/config"
    cat >"$LXCPATH/script" <<-'SCRIPT'
	#!/bin/sh
	{ echo "$#:$*"; echo "$LXC_NAME $LXC_HOOK_VERSION $LXC_NET_TYPE $LXC_NET_PARENT"; } >>"$OUT"
	SCRIPT
    chmod 755 "$LXCPATH/script"
}

teardown_file() {
    remove_lxcpath
}

# in_net SCRIPT: with a bridge, then with what runs stopped. "interfaces" lists the veths on the host.
in_net() {
    {
        cat <<-'SCRIPT'
	set -e
	ip link set lo up
	ip link add br0 type bridge
	ip addr add 10.9.0.1/24 dev br0
	ip addr add fd09::1/64 dev br0 nodad
	ip link set br0 up
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k 2>/dev/null || true' EXIT
	start() { lxc-start -P "$LXCPATH" -n "$N" "$@"; }
	attach() { lxc-attach -P "$LXCPATH" -n "$N" -- "$@"; }
	stop() { lxc-stop -P "$LXCPATH" -n "$N" -k; }
	info() { lxc-info -P "$LXCPATH" -n "$N" "$@"; }
	interfaces() { ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\).*/\1/'; }
	veth="-s lxc.net.0.type=veth -s lxc.net.0.link=br0 -s lxc.net.0.flags=up"
	SCRIPT
        cat
    } >"$BATS_TEST_TMPDIR/net"
    export OUT=$BATS_TEST_TMPDIR/out
    run_apart unshare -n bash "$BATS_TEST_TMPDIR/net"
}

@test "veth: addresses, gateways, name, hwaddr, mtu; pings both ways; gone at the end" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.net.0.name=eth7 -s lxc.net.0.hwaddr=02:11:22:33:44:55 -s lxc.net.0.mtu=1400 \
	    -s lxc.net.0.ipv4.address=10.9.0.7/24 -s lxc.net.0.ipv4.gateway=10.9.0.1 \
	    -s lxc.net.0.ipv6.address=fd09::7/64 -s lxc.net.0.ipv6.gateway=auto \
	    -s lxc.net.0.veth.pair=vethtest
	interfaces
	attach cat /sys/class/net/eth7/address /sys/class/net/eth7/mtu
	ip -o link show vethtest | grep -o 'mtu [0-9]*\|master [a-z0-9]*'
	attach ip -4 route show default
	attach ip -6 route show default | sed 's/ *metric.*//'
	attach ip -o addr show dev lo | grep -c '127.0.0.1/8'
	attach ping -c 1 -W 3 10.9.0.1 | grep -c ' 0% packet loss'
	busybox ping -c 1 -W 3 10.9.0.7 | grep -c ' 0% packet loss'
	for i in 1 2 3 4 5 6 7 8; do busybox ping -c 1 -W 1 fd09::7 >/dev/null && break; done
	busybox ping -c 1 -W 3 fd09::7 | grep -c ' 0% packet loss'
	info -iH
	lxc-ls -P "$LXCPATH" -f -F ipv4,ipv6 | tail -1
	info -c lxc.net.0.veth.pair
	stop
	interfaces
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "vethtest
02:11:22:33:44:55
1400
mtu 1400
master br0
default via 10.9.0.1 dev eth7 
default via fd09::1 dev eth7
1
1
1
1
10.9.0.7
fd09::7
10.9.0.7 fd09::7 
lxc.net.0.veth.pair = vethtest"
}

@test "two interfaces; automatic IPv4 gateway; names are given to the nameless last" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.net.0.ipv4.address=10.9.0.8/24 -s lxc.net.0.ipv4.gateway=auto \
	    -s lxc.net.1.type=veth -s lxc.net.1.link=br0 -s lxc.net.1.name=eth0
	attach ip -4 route show default
	attach ls /sys/class/net | xargs
	attach cat /sys/class/net/eth0/flags /sys/class/net/eth1/flags
	interfaces | wc -l
	stop
	interfaces
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "default via 10.9.0.1 dev eth1 
eth0 eth1 lo
0x1002
0x1003
2"
}

@test "script.up and script.down: five arguments without a link (Proxmox VE)" {
    in_net <<-'SCRIPT'
	start -s lxc.net.0.type=veth -s lxc.net.0.veth.pair=vethT \
	    -s lxc.net.0.script.up=$LXCPATH/script -s lxc.net.0.script.down=$LXCPATH/script
	stop
	cat $OUT
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "5:$N net up veth vethT
$N 0  
5:$N net down veth vethT
$N 0  "
}

@test "scripts with a link, of version 1, and one that fails" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.net.0.veth.pair=vethT -s lxc.net.0.script.up=$LXCPATH/script
	stop
	start $veth -s lxc.net.0.veth.pair=vethT -s lxc.net.0.script.up=$LXCPATH/script \
	    -s lxc.hook.version=1
	stop
	cat $OUT
	start $veth -s lxc.net.0.script.up=/bin/false 2>/dev/null || echo failed
	interfaces
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "6:$N net up veth br0 vethT
$N 0  
3:veth br0 vethT
$N 1 veth br0
failed"
}

@test "a missing bridge is told, with what to do" {
    in_net <<-'SCRIPT'
	start -s lxc.net.0.type=veth -s lxc.net.0.link=nobr
	SCRIPT
    assert_equal "$status" 1
    assert_contains "$stderr" "nobr"
    assert_contains "$stderr" "hint:"
    assert_equal "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" STOPPED
}

@test "wrong names and addresses are told as they were written" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.net.0.name=lo 2>&1 || echo failed
	start $veth -s lxc.net.0.hwaddr=xx 2>&1 || echo failed
	start $veth -s lxc.net.0.script.up=/bin/false 2>&1 | grep script.up:
	SCRIPT
    assert_equal "$(grep -c '^failed' <<<"$stdout")" 2
    assert_contains "$stdout" 'The interface can'"'"'t be called "lo"'
    assert_contains "$stdout" 'Invalid hardware address "xx"'
    assert_contains "$stdout" "run the hook script.up: /bin/false"
}

@test "a running interface's keys: its names, and nothing of what is not set" {
    in_net <<-'SCRIPT'
	cp "$LXCPATH/$N/config" "$LXCPATH/saved"
	printf 'lxc.net.0.type = veth\nlxc.net.0.link = br0\n' >>"$LXCPATH/$N/config"
	start
	info -c lxc.net.0.name -c lxc.net.0.hwaddr -c lxc.net.0.mtu -c lxc.net.0.veth.mode
	mv "$LXCPATH/saved" "$LXCPATH/$N/config"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lxc.net.0.name = eth0
lxc.net.0.hwaddr =
lxc.net.0.mtu =
lxc.net.0.veth.mode = bridge"
}

@test "the host end is gone after a start that failed later" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.mount.entry="/nonexistent x none bind 0 0" 2>/dev/null || echo failed
	interfaces
	start $veth -s lxc.net.0.ipv4.address=10.9.0.8/24 -s lxc.net.0.ipv4.gateway=10.77.0.1 \
	    -s lxc.init.cmd=/no/init 2>/dev/null || echo failed
	interfaces
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:failed
failed:"
}

@test "the host end is gone after kill -9 of the supervisor and the next command" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.net.0.veth.pair=vethT
	init=$(info -pH)
	kill -9 $(awk '{ print $4 }' /proc/$init/stat)
	for i in $(seq 100); do kill -0 $init 2>/dev/null || break; sleep 0.02; done
	info -sH
	start $veth -s lxc.net.0.veth.pair=vethT
	info -sH
	stop
	interfaces
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:STOPPED
RUNNING
STOPPED:" || assert_equal "$status:$stdout:$stderr" "0:STOPPED
RUNNING:"
}

@test "no script runs for a supervisor that was killed" {
    in_net <<-'SCRIPT'
	start $veth -s lxc.net.0.script.down=$LXCPATH/script
	init=$(info -pH)
	kill -9 $(awk '{ print $4 }' /proc/$init/stat)
	for i in $(seq 100); do kill -0 $init 2>/dev/null || break; sleep 0.02; done
	info -sH
	interfaces
	test ! -e $OUT || cat $OUT
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:STOPPED:"
}

@test "empty has a loopback alone, up by flags; none has the host's interfaces" {
    in_net <<-'SCRIPT'
	start -s lxc.net.0.type=empty -s lxc.net.0.flags=up
	attach ls /sys/class/net
	attach ip -o addr show dev lo | grep -c '127.0.0.1/8'
	stop
	start -s lxc.net.0.type=none
	attach ip -o link show br0 | wc -l
	attach readlink /proc/self/ns/net
	readlink /proc/self/ns/net
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed -n '1,3p' <<<"$stdout")" "lo
1
1"
    assert_equal "$(sed -n 4p <<<"$stdout")" "$(sed -n 5p <<<"$stdout")"
}
