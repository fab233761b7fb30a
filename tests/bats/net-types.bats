#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Types of interfaces besides veth on a Linux bridge: macvlan, phys, veth in router mode and on Open
# vSwitch, l2proxy (spec/runtime.md §9). Each test runs its commands in a network namespace of its
# own with a pair "up0" and "peer0" (10.9.0.1/24). An address of "eth0" is for the template's DHCP
# client to take away. ipvlan and vlan, which need modules that a host
# may lack, are tried in the guest (tests/vm/network.bats).

load helpers
load containers

setup_file() {
    make_lxcpath
    N=nett$$
    export N
    make_container "$N"
    sed -i '/^lxc.net/d' "$LXCPATH/$N/config"
    cat >"$LXCPATH/script" <<-'SCRIPT'
	#!/bin/sh
	{ echo "$#:$*"; echo "$LXC_NET_TYPE $LXC_NET_PARENT $LXC_NET_PEER"; } >>"$OUT"
	SCRIPT
    chmod 755 "$LXCPATH/script"
    mkdir "$LXCPATH/fake"
    # Says what it was asked, and which run records it has got. Keeps ports with their external ids
    # "lxc" in $OUT.ports; a bridge "bad" does not exist.
    cat >"$LXCPATH/fake/ovs-vsctl" <<-'SCRIPT'
	#!/bin/sh
	echo "ovs-vsctl $*" | sed 's/lxc="[0-9]*[.][0-9a-f]*"/lxc=RUN/' >>"$OUT"
	find /proc/self/fd/ -lname '*/lxc/runs/*' -printf 'holds %l\n' >>"$OUT"
	case " $* " in
	*" bad "*) echo "ovs-vsctl: no bridge named bad" >&2; exit 1 ;;
	*" find "*)
	    [ ! -e "$OUT.hang" ] || exec sleep 60
	    sed -n "s/ ${6#external_ids:}\$//p" "$OUT.ports"
	    ;;
	*" del-port "*) sed -i "/^$4 /d" "$OUT.ports" ;;
	*" add-port "*)
	    if grep -qs "^$5 " "$OUT.ports"; then
	        echo "ovs-vsctl: \"$5\" exists on bridge br-mgmt" >&2
	        exit 1
	    fi
	    echo "$5 ${10#external_ids:}" >>"$OUT.ports"
	    ;;
	esac
	SCRIPT
    # Moves "up0", as the kernel would the interface of the phy.
    cat >"$LXCPATH/fake/iw" <<-'SCRIPT'
	#!/bin/sh
	echo "iw phy $2 set netns" >>"$OUT"
	for name in up0 $(ip -o link | sed -n 's/^[0-9]*: \(phys[^@:]*\).*/\1/p'); do
	    ip link set "$name" netns "$5" 2>/dev/null && exit 0
	done
	[ -e "$OUT.deleted" ]
	SCRIPT
    chmod 755 "$LXCPATH/fake/ovs-vsctl" "$LXCPATH/fake/iw"
}

teardown_file() {
    remove_lxcpath
}

# in_net [OPTION…] <<SCRIPT: in further namespaces, with what runs stopped at the end.
in_net() {
    {
        cat <<-'SCRIPT'
	set -e
	ip link set lo up
	ip link add up0 type veth peer name peer0
	ip addr add 10.9.0.1/24 dev peer0
	ip link set peer0 up
	ip link set up0 up
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k 2>/dev/null || true' EXIT
	start() { lxc-start -P "$LXCPATH" -n "$N" "$@"; }
	attach() { lxc-attach -P "$LXCPATH" -n "$N" -- "$@"; }
	stop() { lxc-stop -P "$LXCPATH" -n "$N" -k; }
	info() { lxc-info -P "$LXCPATH" -n "$N" "$@"; }
	links() { ip -o link show | sed 's/^[0-9]*: \([^@:]*\).*/\1/' | sort | xargs; }
	pins() { grep -c "/netns/.*$N" /proc/self/mountinfo || true; }
	kill_supervisor() {
	    init=$(info -pH)
	    kill -9 $(awk '{ print $4 }' /proc/$init/stat)
	    for i in $(seq 100); do kill -0 $init 2>/dev/null || break; sleep 0.02; done
	}
	again() {
	    init=$(info -pH)
	    attach reboot -f 2>/dev/null || true
	    for i in $(seq 200); do
	        [ "$(info -sH)" != RUNNING ] || [ "$(info -pH)" = $init ] || break
	        sleep 0.05
	    done
	}
	inside() { nsenter -t $(info -pH) -n "$@"; }
	number() { ip -o link show "$1" | cut -d: -f1; }
	phys="-s lxc.net.0.type=phys -s lxc.net.0.link=up0"
	SCRIPT
        cat
    } >"$BATS_TEST_TMPDIR/net"
    export OUT=$BATS_TEST_TMPDIR/out
    run_apart unshare -n "$@" bash "$BATS_TEST_TMPDIR/net"
}

@test "macvlan: name, hwaddr, mtu, mode; reaches the other end; gone at the end" {
    in_net <<-'SCRIPT'
	start -s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 -s lxc.net.0.flags=up \
	    -s lxc.net.0.macvlan.mode=bridge -s lxc.net.0.name=up0 -s lxc.net.0.mtu=1400 \
	    -s lxc.net.0.hwaddr=02:11:22:33:44:55 -s lxc.net.0.ipv4.address=10.9.0.7/24 \
	    -s lxc.net.0.script.up=$LXCPATH/script -s lxc.net.0.script.down=$LXCPATH/script
	attach cat /sys/class/net/up0/address /sys/class/net/up0/mtu
	attach ping -c 1 -W 3 10.9.0.1 | grep -c ' 0% packet loss'
	info -c lxc.net.0.name
	stop
	links
	cat $OUT
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "02:11:22:33:44:55
1400
1
lxc.net.0.name = up0
lo peer0 up0
5:$N net up macvlan up0
  
5:$N net down macvlan up0
  "
}

@test "macvlan: every mode; passthru again at once, also on a reboot" {
    in_net <<-'SCRIPT'
	for mode in private vepa bridge passthru passthru; do
	    start -s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 -s lxc.net.0.macvlan.mode=$mode
	    attach test -e /sys/class/net/eth0
	    stop
	done
	start -s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 -s lxc.net.0.macvlan.mode=passthru
	again
	info -sH
	attach test -e /sys/class/net/eth0
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0:RUNNING:"
}

@test "macvlan with an address of its own: again at once, on a reboot, behind kill -9" {
    in_net <<-'SCRIPT'
	macvlan="-s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 -s lxc.net.0.flags=up"
	macvlan="$macvlan -s lxc.net.0.hwaddr=02:11:22:33:44:55"
	for i in 1 2 3 4 5 6; do
	    start $macvlan
	    # Whatever it is called by then. Until Linux 6.2 only one that is down can be
	    # renamed, and the container's DHCP client may bring it up in between.
	    for try in $(seq 100); do
	        inside ip link set eth0 down
	        ! inside ip link set eth0 name mine$i 2>/dev/null || break
	    done
	    inside ip link set mine$i up
	    stop
	done
	start $macvlan
	again
	info -sH
	attach cat /sys/class/net/eth0/address
	kill_supervisor
	info -sH
	start $macvlan
	attach cat /sys/class/net/eth0/address
	stop
	ip link add link up0 name mine address 02:11:22:33:44:55 type macvlan
	ip link set mine up
	start $macvlan 2>&1 | grep -o 'hint: .*another interface'
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "RUNNING
02:11:22:33:44:55
STOPPED
02:11:22:33:44:55
hint: the hardware address is that of another interface
lo mine peer0 up0"
}

@test "an automatic gateway of macvlan is the link's address; names of several" {
    in_net <<-'SCRIPT'
	ip addr add 10.9.0.2/24 dev up0
	start -s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 -s lxc.net.0.flags=up \
	    -s lxc.net.0.ipv4.address=10.9.0.7/24 -s lxc.net.0.ipv4.gateway=auto \
	    -s lxc.net.1.type=macvlan -s lxc.net.1.link=up0 -s lxc.net.1.name=eth0
	attach ip -4 route show default
	attach ls /sys/class/net | xargs
	info -c lxc.net.0.name
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "default via 10.9.0.2 dev eth1 
eth0 eth1 lo
lxc.net.0.name = eth1"
}

@test "what the kernel refuses is told in its words" {
    in_net <<-'SCRIPT'
	ip link add br0 type bridge
	ip link set up0 master br0
	start -s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 2>&1 || echo failed
	start -s lxc.net.0.type=macvlan -s lxc.net.0.link=nolink 2>&1 || echo failed
	start -s lxc.net.0.type=macvlan 2>&1 || echo failed
	start $phys -s lxc.net.0.mtu=1 2>&1 || echo failed
	links
	SCRIPT
    assert_equal "$status" 0
    assert_contains "$stdout" "Device or resource busy"
    assert_contains "$stdout" 'The network interface "nolink" does not exist'
    assert_contains "$stdout" "No link for macvlan network device specified"
    assert_contains "$stdout" "mtu less than device minimum"
    assert_equal "$(tail -1 <<<"$stdout")" "br0 lo peer0 up0"
}

@test "phys: comes back as it was, whatever became of it" {
    in_net <<-'SCRIPT'
	ip link set up0 alias "the uplink"
	ip link set up0 mtu 1450
	ip link property add dev up0 altname enx001122334455 altname uplink
	before=$(ip -d link show up0 | tr '\n' ' ' | sed 's/<[^>]*>//; s/state [A-Z]*//; s/qdisc [a-z]*//')
	start $phys -s lxc.net.0.name=eth7 -s lxc.net.0.mtu=1400 -s lxc.net.0.flags=up \
	    -s lxc.net.0.hwaddr=02:11:22:33:44:55 -s lxc.net.0.ipv4.address=10.9.0.7/24 \
	    -s lxc.net.0.script.up=$LXCPATH/script -s lxc.net.0.script.down=$LXCPATH/script \
	    -s lxc.hook.version=1
	links
	attach cat /sys/class/net/eth7/address /sys/class/net/eth7/mtu
	attach ping -c 1 -W 3 10.9.0.1 | grep -c ' 0% packet loss'
	nsenter -t $(info -pH) -n ip link show eth7 | grep -c altname || true
	nsenter -t $(info -pH) -n sh -c 'ip link property add dev eth7 altname mine
	    ip link set eth7 down; ip link set eth7 name lan0 alias changed mtu 1300
	    ip link set lan0 txqueuelen 1 group 77 mode dormant'
	pins
	stop
	links
	after=$(ip -d link show up0 | tr '\n' ' ' | sed 's/<[^>]*>//; s/state [A-Z]*//; s/qdisc [a-z]*//')
	[ "$before" = "$after" ] || echo "$before / $after"
	pins
	cat $OUT
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo peer0
02:11:22:33:44:55
1400
1
0
2
lo peer0 up0
0
2:phys up0
phys up0 
2:phys up0
phys up0 "
}

@test "phys: back behind a container that ends itself, a reboot, failed starts, kill -9" {
    in_net <<-'SCRIPT'
	start $phys -s lxc.net.0.name=eth0
	info -c lxc.net.0.name
	attach poweroff -f 2>/dev/null || true
	lxc-wait -P "$LXCPATH" -n "$N" -s STOPPED -t 20
	links
	start $phys
	again
	attach ls /sys/class/net | xargs
	links
	stop
	links
	start $phys -s lxc.net.0.name=eth0 -s lxc.init.cmd=/no/init 2>/dev/null || links
	start $phys -s lxc.net.0.name=eth0 -s lxc.net.0.script.up=/bin/false 2>/dev/null || links
	start $phys -s lxc.net.0.name=eth0
	kill_supervisor
	info -sH
	links
	pins
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lxc.net.0.name = eth0
lo peer0 up0
lo up0
lo peer0
lo peer0 up0
lo peer0 up0
lo peer0 up0
STOPPED
lo peer0 up0
0"
}

@test "phys: a name that was given away meanwhile is told; an interface that the container deleted" {
    in_net <<-'SCRIPT'
	start $phys -s lxc.net.0.name=eth0 -o $LXCPATH/log -l info
	ip link add up0 type bridge
	stop
	grep -c 'File exists - take the network interface up0 back' $LXCPATH/log
	ip link delete up0
	lxc-ls -P "$LXCPATH"
	links
	start $phys -s lxc.net.0.name=eth0
	nsenter -t $(info -pH) -n ip link delete eth0
	nsenter -t $(info -pH) -n ip link add eth0 type bridge
	stop
	links
	pins
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "1
$N
lo peer0 up0
lo
0"
}

@test "phys: back whatever alternative names it has got" {
    in_net <<-'SCRIPT'
	ip link property add dev up0 altname mine
	look() { links; ip link show up0 | grep altname | xargs; pins; }
	start $phys -s lxc.net.0.name=eth0
	for n in $(seq 100); do printf 'link property add dev eth0 altname %0120d\n' $n; done >$OUT
	inside ip -batch $OUT
	stop
	look
	start $phys -s lxc.net.0.name=eth0
	for n in $(seq 19); do inside ip link property add dev eth0 altname a$n; done
	inside ip link property add dev eth0 altname peer0
	inside ip link property add dev eth0 altname up0
	stop
	look
	start $phys -s lxc.net.0.name=eth0
	inside ip -batch $OUT
	inside ip link property add dev eth0 altname peer0
	kill_supervisor
	info -sH
	look
	start -s lxc.net.0.type=phys -s lxc.net.0.link=mine
	inside ip link show up0 | grep -c altname || true
	stop
	look
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo peer0 up0
altname mine
0
lo peer0 up0
altname mine
0
STOPPED
lo peer0 up0
altname mine
0
0
lo peer0 up0
altname mine
0"
}

@test "phys: nothing new begins under the name until it is back" {
    in_net <<-'SCRIPT'
	start $phys -s lxc.net.0.name=eth0
	ip link add up0 type bridge
	attach reboot -f 2>/dev/null || true
	lxc-wait -P "$LXCPATH" -n "$N" -s STOPPED -t 20
	info -sH 2>/dev/null
	pins
	start -s lxc.net.0.type=empty 2>&1 | grep -A1 'not given everything back' |
	    sed 's/.*everything back/it has not given everything back/'
	start -s lxc.net.0.type=empty 2>&1 | grep -c 'run "tare repair"'
	lxc-destroy -P "$LXCPATH" -n "$N" 2>/dev/null || info -sH 2>/dev/null
	tare repair -P "$LXCPATH" 2>/dev/null || echo owed
	ip link delete up0
	tare repair -P "$LXCPATH" 2>/dev/null
	links
	pins
	start $phys
	ip link add up0 type bridge
	stop
	ip link delete up0
	start $phys
	links
	stop
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "STOPPED
2
it has not given everything back: cannot take the network interface up0 back from the container: up0
  File exists
1
STOPPED
owed
1 run undone
lo peer0 up0
0
lo peer0
lo peer0 up0"
}

@test "phys: not exchanged, and not for something else" {
    in_net <<-'SCRIPT'
	ip link add up1 type veth peer name peer1
	peers() { ip -o link show type veth | sed -n 's/^[0-9]*: \(up[^:]*\):.*/\1/p' | sort | xargs; }
	start -s lxc.net.0.type=phys -s lxc.net.0.link=up+
	zero=$(inside ip -o link show up0 | cut -d: -f1)
	one=$(inside ip -o link show up1 | cut -d: -f1)
	inside unshare -n sleep 60 2>/dev/null &
	trap "kill $! 2>/dev/null || true; stop 2>/dev/null || true" EXIT
	disown
	for i in $(seq 100); do
	    nest=$(pgrep -P $! -x sleep || echo $!)
	    [ "$(readlink /proc/$nest/ns/net)" != "$(readlink /proc/$(info -pH)/ns/net)" ] && break
	    sleep 0.05
	done
	inside ip link set up0 netns $nest
	inside ip link set up1 netns $nest
	nsenter -t $nest -n ip link set up0 netns $(info -pH) index $one name a
	nsenter -t $nest -n ip link set up1 netns $(info -pH) index $zero name b
	kill $nest
	stop
	peers
	start $phys -s lxc.net.0.name=eth0
	index=$(inside ip -o link show eth0 | cut -d: -f1)
	inside ip link delete eth0
	inside ip link add name evil index $index type veth peer name spy
	# On the host, too, somebody has its number now.
	ip link add mine index $index type veth peer name yours
	ip link set mine alias "not its" mtu 1300
	ip link set mine up
	stop
	links
	ip link show mine | grep -o 'mtu 1300\|alias .*'
	pins
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "up0@peer0 up1@peer1
lo mine peer1 up1 yours
mtu 1300
alias not its
0"
}

@test "phys: undone in its own network namespace, whoever does it" {
    in_net <<-'SCRIPT'
	start $phys -s lxc.net.0.name=eth0
	kill_supervisor
	unshare -n lxc-info -P "$LXCPATH" -n "$N" -sH
	links
	pins
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "STOPPED
lo peer0 up0
0"
}

@test "a container is destroyed although only its network namespace could undo its last run" {
    in_net <<-'SCRIPT'
	mkdir $LXCPATH/other
	echo "lxc.uts.name = other" >$LXCPATH/other/config
	lxc-execute -P "$LXCPATH" -n other -d -s lxc.net.0.type=veth \
	    -s lxc.net.0.veth.pair=vethY -- sleep 1000
	init=$(lxc-info -P "$LXCPATH" -n other -pH)
	exec 9</proc/$init/ns/net
	kill -9 $(awk '{ print $4 }' /proc/$init/stat)
	unshare -n lxc-destroy -P "$LXCPATH" -n other 2>$OUT
	grep -q 'another network namespace' $OUT
	find $LXCPATH/other 2>/dev/null || true
	links
	find /run/lxc/runs -name ".other.invalid.*" -delete
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo peer0 up0 vethY"
}

@test "a veth of a killed run is left to somebody in its network namespace" {
    in_net <<-'SCRIPT'
	records() { find /run/lxc/runs -name "*$N*" | sed "s/.*$N//" | sed 's/[0-9][0-9]*$/N/'; }
	veth="-s lxc.net.0.type=veth -s lxc.net.0.veth.pair=vethZ"
	start $veth
	exec 9</proc/$(info -pH)/ns/net
	kill_supervisor
	unshare -n lxc-info -P "$LXCPATH" -n "$N" -sH 2>&1 |
	    grep -o 'STOPPED\|another network namespace' | sort -u
	links
	info -sH
	links
	start $veth
	exec 9</proc/$(info -pH)/ns/net
	kill_supervisor
	unshare -n sh -c 'lxc-start -P "$LXCPATH" -n "$N" -s lxc.net.0.type=empty 2>$OUT
	    lxc-stop -P "$LXCPATH" -n "$N" -k'
	grep -q 'another network namespace' $OUT
	links
	records
	find /run/lxc/runs -name ".$N*" -delete
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "STOPPED
another network namespace
lo peer0 up0 vethZ
STOPPED
lo peer0 up0
lo peer0 up0 vethZ
.invalid.N"
}

@test "phys with lxc.monitor.unshare: back behind kill -9, too" {
    in_net <<-'SCRIPT'
	start $phys -s lxc.monitor.unshare=1
	links
	kill_supervisor
	info -sH
	links
	start $phys -s lxc.monitor.unshare=1
	again
	kill_supervisor
	info -sH
	links
	pins
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo peer0
STOPPED
lo peer0 up0
STOPPED
lo peer0 up0
0"
}

@test "phys: a pattern takes all that begin so" {
    in_net <<-'SCRIPT'
	ip link add up1 type veth peer name peer1
	start -s lxc.net.0.type=phys -s lxc.net.0.link=up+ -s lxc.net.0.script.up=$LXCPATH/script
	links
	attach ls /sys/class/net | xargs
	stop
	links
	cat $OUT
	start -s lxc.net.0.type=phys -s lxc.net.0.link=enp+ 2>&1 |
	    grep -o '.*matches "[^"]*"'
	start -s lxc.net.0.type=phys -s lxc.net.0.link=up+ -s lxc.net.0.name=a 2>&1 |
	    grep -o '.*all have one name'
	start -s lxc.net.0.type=phys -s lxc.net.0.link=up+ -s lxc.net.0.ipv4.address=10.9.0.7/24 2>&1 |
	    grep -o '.*all have one IPv4 address'
	links
	SCRIPT
    assert_equal "$stderr" ""
    assert_equal "$stdout" "lo peer0 peer1
lo up0 up1
lo peer0 peer1 up0 up1
5:$N net up phys up0
  
5:$N net up phys up1
  
  No network interface of the host matches \"enp+\"
  \"up+\" means 2 interfaces, which cannot all have one name
  \"up+\" means 2 interfaces, which cannot all have one IPv4 address
lo peer0 peer1 up0 up1"
}

@test "phys: a wireless interface goes with its phy, by iw" {
    in_net -m <<-'SCRIPT'
	mount --make-rprivate /
	mount -t tmpfs none /sys/class
	mkdir -p /sys/class/net/up0/phy80211
	echo phy7 >/sys/class/net/up0/phy80211/name
	PATH=$LXCPATH/fake:$PATH
	start $phys -s lxc.net.0.name=wlan0
	links
	nsenter -t $(info -pH) -n ip -o link show wlan0 | grep -c wlan0
	stop
	links
	start $phys
	kill_supervisor
	info -sH
	links
	cat $OUT
	start $phys -s lxc.net.0.name=wlan0
	inside ip link delete wlan0
	touch $OUT.deleted
	ip link add up0 type veth peer name peer0
	ip link set up0 mtu 1300
	stop
	links
	ip link show up0 | grep -o 'mtu 1300'
	grep -c iw $OUT
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo peer0
1
lo peer0 up0
STOPPED
lo peer0 up0
iw phy phy7 set netns
iw phy phy7 set netns
iw phy phy7 set netns
iw phy phy7 set netns
lo peer0 up0
mtu 1300
6"
}

@test "veth in router mode: neighbours, routes, sysctls; reaches the host through the gateway" {
    in_net <<-'SCRIPT'
	router="-s lxc.net.0.type=veth -s lxc.net.0.veth.mode=router -s lxc.net.0.flags=up"
	start $router -s lxc.net.0.ipv6.address=2001:db8::7/128 -s lxc.net.0.ipv6.gateway=fe80::1 \
	    2>&1 | grep -o 'Requires.*=1'
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	start $router -s lxc.net.0.veth.pair=vethR -s lxc.net.0.name=eth7 -s lxc.net.0.ipv4.address=192.0.2.7/32 \
	    -s lxc.net.0.ipv4.gateway=169.254.0.1 -s lxc.net.0.ipv6.address=2001:db8::7/128 \
	    -s lxc.net.0.ipv6.gateway=fe80::1 -s lxc.net.0.veth.ipv4.route=198.51.100.0/24
	ip -4 route show dev vethR
	ip -6 route show dev vethR | grep -o '^2001:db8::7'
	ip neigh show proxy | sort
	cat /proc/sys/net/ipv4/conf/vethR/forwarding /proc/sys/net/ipv6/conf/vethR/proxy_ndp
	attach ip -4 route show default
	ip route add default dev peer0
	attach ping -c 1 -W 3 10.9.0.1 | grep -c ' 0% packet loss'
	stop
	ip neigh show proxy
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "Requires sysctl net.ipv6.conf.all.forwarding=1
192.0.2.7 scope link 
198.51.100.0/24 scope link 
2001:db8::7
169.254.0.1 dev vethR proxy 
fe80::1 dev vethR proxy 
1
1
default via 169.254.0.1 dev eth7 
1
lo peer0 up0"
}

@test "l2proxy: the link answers, and no more at the end; not for what the administrator has added" {
    in_net <<-'SCRIPT'
	proxy="-s lxc.net.0.type=macvlan -s lxc.net.0.link=up0 -s lxc.net.0.l2proxy=1"
	proxy="$proxy -s lxc.net.0.ipv4.address=10.9.0.7/24 -s lxc.net.0.ipv6.address=2001:db8::7/64"
	echo 0 >/proc/sys/net/ipv4/conf/up0/forwarding
	start $proxy 2>&1 | grep Requires | sed 's/ *(.*//'
	echo 1 >/proc/sys/net/ipv4/conf/up0/forwarding
	start $proxy 2>&1 | grep Requires | sed 's/ *(.*//'
	echo 1 >/proc/sys/net/ipv6/conf/up0/proxy_ndp
	start $proxy 2>&1 | grep Requires | sed 's/ *(.*//'
	echo 1 >/proc/sys/net/ipv6/conf/up0/forwarding
	ip neigh add proxy 10.9.0.7 dev up0
	start $proxy
	ip neigh show proxy | sort
	stop
	ip neigh show proxy
	start $proxy
	kill_supervisor
	info -sH
	ip neigh show proxy
	start $proxy -s lxc.init.cmd=/no/init 2>/dev/null || ip neigh show proxy
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "  Requires sysctl net.ipv4.conf.up0.forwarding=1
  Requires sysctl net.ipv6.conf.up0.proxy_ndp=1
  Requires sysctl net.ipv6.conf.up0.forwarding=1
10.9.0.7 dev up0 proxy 
2001:db8::7 dev up0 proxy 
10.9.0.7 dev up0 proxy 
STOPPED
10.9.0.7 dev up0 proxy 
10.9.0.7 dev up0 proxy "
}

# A program outlives whoever undoes the run: with the record's lock in its hands nobody else could.
@test "Open vSwitch: a port goes behind kill -9; the program gets no descriptor of the record" {
    in_net <<-'SCRIPT'
	export PATH=$LXCPATH/fake:$PATH
	ip link add ovs0 type veth peer name ovsp
	start -s lxc.net.0.type=veth -s lxc.net.0.link=ovs0 -s lxc.net.0.veth.pair=vethO
	kill_supervisor
	tare repair -P "$LXCPATH"
	cat $OUT
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "1 run undone
ovs-vsctl --timeout=10 --may-exist add-port ovs0 vethO -- set port vethO external_ids:lxc=RUN
ovs-vsctl --timeout=10 --bare --columns=name find port external_ids:lxc=RUN
ovs-vsctl --timeout=10 --if-exists del-port vethO"
}

@test "Open vSwitch: a port of somebody else stays, also behind a failure" {
    in_net <<-'SCRIPT'
	export PATH=$LXCPATH/fake:$PATH
	ip link add ovs0 type veth peer name ovsp
	ovs="-s lxc.net.0.type=veth -s lxc.net.0.link=ovs0 -s lxc.net.0.veth.pair=vethO"
	echo 'vethO lxc="1.a"' >$OUT.ports
	start $ovs 2>&1 | grep -o 'exited with.*'
	cat $OUT.ports
	: >$OUT.ports
	start $ovs
	echo 'vethO lxc="1.a"' >$OUT.ports
	stop
	cat $OUT.ports
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'exited with status 1: ovs-vsctl: "vethO" exists on bridge br-mgmt
vethO lxc="1.a"
vethO lxc="1.a"'
}

@test "Open vSwitch: a port goes behind a crash of the host; nothing else is looked for" {
    in_net <<-'SCRIPT'
	export PATH=$LXCPATH/fake:$PATH
	ip link add ovs0 type veth peer name ovsp
	start -s lxc.net.0.type=veth -s lxc.net.0.link=ovs0 -s lxc.net.0.veth.pair=vethO
	record=$(find /run/lxc/runs -name "$N")
	kill_supervisor
	# The boot's id, run/record.h.
	printf another | dd of="$record" bs=1 seek=40 conv=notrunc status=none
	cut -d' ' -f1 $OUT.ports
	ip link add vethO type bridge 2>/dev/null || ip link set vethO alias mine
	tare repair -P "$LXCPATH"
	cat $OUT.ports
	links
	# A crash would have taken these along.
	find /sys/fs/cgroup -depth -type d -name "lxc.*.$N" -exec rmdir {} +
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "vethO
1 run undone
lo ovs0 ovsp peer0 up0 vethO"
}

@test "Open vSwitch: a command that hangs is given up, told, and tried again" {
    in_net <<-'SCRIPT'
	export PATH=$LXCPATH/fake:$PATH
	ip link add ovs0 type veth peer name ovsp
	start -s lxc.net.0.type=veth -s lxc.net.0.link=ovs0 -o $LXCPATH/hang.log -l warn
	touch $OUT.hang
	begun=$SECONDS
	timeout 40 lxc-stop -P "$LXCPATH" -n "$N" -k
	[ $((SECONDS - begun)) -lt 25 ] || echo "$((SECONDS - begun)) seconds"
	info -sH 2>/dev/null
	grep -o 'ovs-vsctl has not ended within.*killed' $LXCPATH/hang.log
	rm $OUT.hang
	tare repair -P "$LXCPATH"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "STOPPED
ovs-vsctl has not ended within 15 seconds, and was killed
1 run undone"
}

@test "Open vSwitch: ports by ovs-vsctl, VLANs, gone at the end; what it says is told" {
    in_net <<-'SCRIPT'
	PATH=$LXCPATH/fake:$PATH
	ip link add ovs0 type veth peer name ovsp
	ip link add bad type veth peer name badp
	ovs="-s lxc.net.0.type=veth -s lxc.net.0.link=ovs0 -s lxc.net.0.veth.pair=vethO"
	start $ovs -s lxc.net.0.veth.vlan.id=5 -s lxc.net.0.veth.vlan.tagged.id=6 \
	    -s lxc.net.0.veth.vlan.tagged.id=7
	stop
	start $ovs
	kill_supervisor
	info -sH
	cat $OUT
	start -s lxc.net.0.type=veth -s lxc.net.0.link=bad 2>&1 | grep -o 'ovs-vsctl exited.*'
	links
	PATH=$(dirname $(command -v lxc-start)):/usr/sbin:/usr/bin:/sbin:/bin
	start $ovs 2>&1 | grep -o 'ovs-vsctl: not found'
	SCRIPT
    assert_equal "$stderr" ""
    assert_equal "$stdout" "STOPPED
ovs-vsctl --timeout=10 --may-exist add-port ovs0 vethO -- set port vethO external_ids:lxc=RUN
ovs-vsctl --timeout=10 set port vethO vlan_mode=native-untagged tag=5 trunks=6,7
ovs-vsctl --timeout=10 --bare --columns=name find port external_ids:lxc=RUN
ovs-vsctl --timeout=10 --if-exists del-port vethO
ovs-vsctl --timeout=10 --may-exist add-port ovs0 vethO -- set port vethO external_ids:lxc=RUN
ovs-vsctl --timeout=10 --bare --columns=name find port external_ids:lxc=RUN
ovs-vsctl --timeout=10 --if-exists del-port vethO
ovs-vsctl exited with status 1: ovs-vsctl: no bridge named bad
bad badp lo ovs0 ovsp peer0 up0
ovs-vsctl: not found"
}

@test "VLANs of a Linux bridge: refused when it does not filter" {
    in_net <<-'SCRIPT'
	ip link add br0 type bridge
	start -s lxc.net.0.type=veth -s lxc.net.0.link=br0 -s lxc.net.0.veth.vlan.id=5 2>&1
	SCRIPT
    assert_equal "$status" 1
    assert_contains "$stdout" 'vlan_filtering is not enabled on "br0"'
}

@test "names and numbers that LXC takes, and those that no interface can have" {
    in_net <<-'SCRIPT'
	veth="-s lxc.net.0.type=veth"
	start $veth -s lxc.net.0.name=lan%d -s lxc.net.0.mtu=0 -s lxc.net.1.type=veth \
	    -s lxc.net.1.name=lan%d -o $LXCPATH/odd.log -l warn
	attach ls /sys/class/net | xargs
	info -c lxc.net.1.name
	grep -o 'lxc.net.0.mtu of 0 is passed over' $LXCPATH/odd.log
	stop
	refused() { start "$@" 2>&1 | sed -n 's/^  //p' | head -1 | sed 's/  *(.*//'; }
	refused $veth -s lxc.net.0.name=a/b
	refused $veth -s lxc.net.0.veth.pair=foo%d
	refused $veth -s lxc.net.0.hwaddr=00:00:00:00:00:00
	refused -s lxc.net.0.type=empty -s lxc.net.0.hwaddr=02:11:22:33:44:55
	refused $veth -s lxc.net.0.flags=up -s lxc.net.0.ipv4.gateway=dev
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'lan0 lan1 lo
lxc.net.1.name = lan1
lxc.net.0.mtu of 0 is passed over
The interface name "a/b" has a slash or a colon in it
The interface name "foo%d" has a percent sign in it
"00:00:00:00:00:00" is no address of an interface
The loopback interface has no hardware address
Cannot add ipv4 gateway for network device "eth0" when not assigning an ipv4 address
lo peer0 up0'
}

@test "one pair for two interfaces is refused" {
    in_net <<-'SCRIPT'
	start -s lxc.net.0.type=veth -s lxc.net.0.veth.pair=vethT -s lxc.net.1.type=veth \
	    -s lxc.net.1.veth.pair=vethT 2>&1 | sed -n 's/^  //p' | sed 's/ *(.*//'
	start -s lxc.net.0.type=veth -s lxc.net.0.veth.pair=tXXXXXX -s lxc.net.1.type=veth \
	    -s lxc.net.1.veth.pair=tXXXXXX
	attach ls /sys/class/net | xargs
	SCRIPT
    assert_equal "$stderr" ""
    assert_equal "$stdout" 'lxc.net.0 and lxc.net.1 have the same veth.pair "vethT"
hint: each of them needs a name of its own on the host
eth0 eth1 lo'
}

@test "a pair that this run has left is replaced on a reboot, and one of somebody else is not" {
    in_net <<-'SCRIPT'
	start -s lxc.net.0.type=veth -s lxc.net.0.veth.pair=vethT
	again
	info -sH
	stop
	ip link add vethT type bridge
	start -s lxc.net.0.type=veth -s lxc.net.0.veth.pair=vethT 2>&1 | grep -c 'File exists'
	links
	SCRIPT
    assert_equal "$stderr" ""
    assert_equal "$stdout" "RUNNING
1
lo peer0 up0 vethT"
}
