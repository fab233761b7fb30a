#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Network interfaces whose kernel modules a host may lack (spec/runtime.md §9): ipvlan, vlan, dummy
# ones that go to a container, VLANs of a bridge's ports. Each test runs its commands in a network
# namespace of its own with "up0" and "peer0" (10.9.0.1/24), a pair. For the guest of tests/vm.

load ../bats/helpers
load ../bats/containers

setup_file() {
    export MISSING=
    modprobe -qa veth bridge 2>/dev/null || true
    for module in ipvlan 8021q dummy; do
        modprobe -q "$module" 2>/dev/null || [ -e "/sys/module/$module" ] || MISSING=$module
    done
    [ -z "$MISSING" ] || return 0
    make_lxcpath
    N=netv$$
    export N
    make_container "$N"
    sed -i '/^lxc.net/d' "$LXCPATH/$N/config"
}

setup() {
    [ -z "$MISSING" ] || skip "the kernel has no module \"$MISSING\""
}

teardown_file() {
    [ -n "$MISSING" ] || remove_lxcpath
}

# In which network namespace; a real interface is in the first one only.
APART=(unshare -n)

# in_net <<SCRIPT: with what runs stopped at the end.
in_net() {
    {
        cat <<-'SCRIPT'
	set -e
	ip link set lo up
	ip link add up0 type veth peer name peer0
	ip addr add 10.9.0.1/24 dev peer0
	ip link set peer0 up
	ip link set up0 up
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k 2>/dev/null || true; ip link delete peer0' EXIT
	start() { lxc-start -P "$LXCPATH" -n "$N" "$@"; }
	attach() { lxc-attach -P "$LXCPATH" -n "$N" -- "$@"; }
	stop() { lxc-stop -P "$LXCPATH" -n "$N" -k; }
	info() { lxc-info -P "$LXCPATH" -n "$N" "$@"; }
	links() { ip -o link show | sed 's/^[0-9]*: \([^@:]*\).*/\1/' | sort | xargs; }
	again() {
	    init=$(info -pH)
	    attach reboot -f 2>/dev/null || true
	    for i in $(seq 400); do
	        [ "$(info -sH)" != RUNNING ] || [ "$(info -pH)" = $init ] || break
	        sleep 0.05
	    done
	}
	kill_supervisor() {
	    init=$(info -pH)
	    kill -9 $(awk '{ print $4 }' /proc/$init/stat)
	    for i in $(seq 200); do kill -0 $init 2>/dev/null || break; sleep 0.05; done
	}
	inside() { nsenter -t $(info -pH) -n "$@"; }
	SCRIPT
        cat
    } >"$BATS_TEST_TMPDIR/net"
    run_apart "${APART[@]}" bash "$BATS_TEST_TMPDIR/net"
}

@test "ipvlan: every mode and isolation; reaches the other end; gone at the end" {
    in_net <<-'SCRIPT'
	ipvlan="-s lxc.net.0.type=ipvlan -s lxc.net.0.link=up0 -s lxc.net.0.flags=up"
	for mode in l3 l3s l2; do
	    for isolation in bridge private vepa; do
	        start $ipvlan -s lxc.net.0.ipvlan.mode=$mode -s lxc.net.0.ipvlan.isolation=$isolation
	        inside ip -d link show eth0 | grep -o "ipvlan *mode.*[a-z]" | awk '{ print $3, $4 }'
	        stop
	    done
	done
	start $ipvlan -s lxc.net.0.ipvlan.mode=l2 -s lxc.net.0.ipv4.address=10.9.0.7/24 \
	    -s lxc.net.0.mtu=1400 -s lxc.net.0.name=up0
	attach cat /sys/class/net/up0/mtu
	attach ping -c 1 -W 5 10.9.0.1 | grep -c ' 0% packet loss'
	links
	stop
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "l3 bridge
l3 private
l3 vepa
l3s bridge
l3s private
l3s vepa
l2 bridge
l2 private
l2 vepa
1400
1
lo peer0 up0
lo peer0 up0"
}

@test "ipvlan: the same address again at once, on a reboot, behind kill -9" {
    in_net <<-'SCRIPT'
	ipvlan="-s lxc.net.0.type=ipvlan -s lxc.net.0.link=up0 -s lxc.net.0.ipvlan.mode=l2"
	ipvlan="$ipvlan -s lxc.net.0.flags=up -s lxc.net.0.ipv4.address=10.9.0.7/24"
	for i in 1 2 3 4 5 6; do
	    start $ipvlan
	    stop
	done
	start $ipvlan
	again
	info -sH
	kill_supervisor
	info -sH
	start $ipvlan
	attach ping -c 1 -W 5 10.9.0.1 | grep -c ' 0% packet loss'
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "RUNNING
STOPPED
1"
}

@test "ipvlan with l2proxy: neighbours, and routes through lo, gone at the end" {
    in_net <<-'SCRIPT'
	for setting in ipv4/conf/up0/forwarding ipv6/conf/up0/forwarding ipv6/conf/up0/proxy_ndp; do
	    echo 1 >/proc/sys/net/$setting
	done
	ipvlan="-s lxc.net.0.type=ipvlan -s lxc.net.0.link=up0 -s lxc.net.0.l2proxy=1"
	ipvlan="$ipvlan -s lxc.net.0.ipv4.address=10.9.0.7/32 -s lxc.net.0.ipv6.address=2001:db8::7/128"
	start $ipvlan 2>&1 | grep -o 'Requires.*used with l2proxy'
	ipvlan="$ipvlan -s lxc.net.0.ipvlan.mode=l3s"
	start $ipvlan
	ip neigh show proxy | sort
	ip -4 route show dev lo
	ip -6 route show dev lo | grep -o '^2001:db8::7'
	stop
	ip neigh show proxy
	ip -4 route show dev lo
	start $ipvlan
	kill_supervisor
	info -sH
	ip neigh show proxy
	ip -4 route show dev lo
	ip -6 route show dev lo | grep '^2001:db8::7' || true
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" 'Requires ipvlan mode on dev "up0" be l3s when used with l2proxy
10.9.0.7 dev up0 proxy 
2001:db8::7 dev up0 proxy 
10.9.0.7 scope link 
2001:db8::7
STOPPED'
}

@test "vlan: tags on the link; the same one again at once, also on a reboot" {
    in_net <<-'SCRIPT'
	ip link add link peer0 name peer0.7 type vlan id 7
	ip addr add 10.7.0.1/24 dev peer0.7
	ip link set peer0.7 up
	vlan="-s lxc.net.0.type=vlan -s lxc.net.0.link=up0 -s lxc.net.0.vlan.id=7 -s lxc.net.0.flags=up"
	vlan="$vlan -s lxc.net.0.ipv4.address=10.7.0.7/24 -s lxc.net.0.hwaddr=02:11:22:33:44:55"
	start $vlan -s lxc.net.0.name=up0
	attach cat /sys/class/net/up0/address
	inside ip -d link show up0 | grep -o 'vlan protocol 802.1Q id 7'
	attach ping -c 1 -W 5 10.7.0.1 | grep -c ' 0% packet loss'
	info -c lxc.net.0.name
	again
	attach ping -c 1 -W 5 10.7.0.1 | grep -c ' 0% packet loss'
	stop
	start $vlan
	info -c lxc.net.0.name
	stop
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "02:11:22:33:44:55
vlan protocol 802.1Q id 7
1
lxc.net.0.name = up0
1
lxc.net.0.name = eth0
lo peer0 peer0.7 up0"
}

@test "vlan: told in the kernel's words: one that is there, a link that is down; too large a number" {
    in_net <<-'SCRIPT'
	ip link add link up0 name mine type vlan id 7
	vlan="-s lxc.net.0.type=vlan -s lxc.net.0.link=up0"
	start $vlan -s lxc.net.0.vlan.id=7 2>&1 | grep -o 'File exists: up0.*'
	start $vlan -s lxc.net.0.vlan.id=5000 2>&1 | grep -c 'hint: lxc.net.N.vlan.id is larger'
	ip link set up0 down
	start $vlan -s lxc.net.0.vlan.id=8 -s lxc.net.0.flags=up 2>&1 | grep -c 'hint: bring the host'
	links
	SCRIPT
    assert_contains "$stdout" "VLAN device already exists"
    assert_equal "$(tail -3 <<<"$stdout")" "1
1
lo mine peer0 up0"
}

@test "each step of a start with these types fails, and nothing is left" {
    in_net <<-'SCRIPT'
	ip link add phys0 type dummy
	ip link property add dev phys0 altname uplink
	types="-s lxc.net.0.type=vlan -s lxc.net.0.link=up0 -s lxc.net.0.vlan.id=7"
	types="$types -s lxc.net.1.type=phys -s lxc.net.1.link=phys0 -s lxc.net.1.name=lan"
	types="$types -s lxc.net.2.type=ipvlan -s lxc.net.2.link=peer0"
	look() { ip link show phys0 | grep -o 'altname.*'; links; grep -c netns/ /proc/self/mountinfo || true; }
	before=$(look)
	rounds=0
	for step in $(lxc-start -P "$LXCPATH" -n "$N" $types --plan=json |
	    jq '.plan.start | to_entries[] | select(.value.op | test("vlan|phys|netns|gate|exec")) |
	        .key + 1'); do
	    rounds=$((rounds + 1))
	    start $types --fault-step $step --fault-errno 5 2>/dev/null && echo "step $step"
	    after=$(look)
	    [ "$before" = "$after" ] || echo "step $step: $after"
	done
	start $types
	stop
	echo "$([ $rounds -ge 8 ] && echo many)"
	SCRIPT
    assert_equal "$stderr" ""
    assert_equal "$stdout" "many"
}

@test "phys: a dummy interface, which the kernel would destroy, comes back" {
    in_net <<-'SCRIPT'
	ip link add phys0 type dummy
	ip link set phys0 mtu 1450
	start -s lxc.net.0.type=phys -s lxc.net.0.link=phys0 -s lxc.net.0.name=eth0
	links
	inside ip link set eth0 name other
	again
	attach ls /sys/class/net | xargs
	kill_supervisor
	info -sH
	links
	cat /proc/net/dev | grep -c phys0
	ip link show phys0 | grep -o 'mtu [0-9]*'
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo peer0 up0
eth0 lo
STOPPED
lo peer0 phys0 up0
1
mtu 1450"
}

@test "phys: a real interface comes back from a namespace that the container has made" {
    APART=(env)
    modprobe -q virtio_net || true
    udevadm settle
    in_net <<-'SCRIPT'
	nic=$(cd /sys/class/net; echo */device)
	nic=${nic%%/*}
	mac=$(cat /sys/class/net/$nic/address)
	phys="-s lxc.net.0.type=phys -s lxc.net.0.link=$nic -s lxc.net.0.name=eth0"
	look() { ip link show $nic | grep -o "mtu 1400\\|ether $mac\\|alias .*\\|altname theirs"; }
	# steal [OPTION]: into a namespace whose process is the container's (-p), or not.
	steal() {
	    nsenter -t $(info -pH) -n "$@" unshare -n sleep 1000 2>/dev/null &
	    ours=$!
	    disown
	    for i in $(seq 200); do
	        thief=$(pgrep -n -x sleep || true)
	        [ -z "$thief" ] || [ "$(readlink /proc/$thief/ns/net)" = \
	            "$(readlink /proc/$(info -pH)/ns/net)" ] || break
	        sleep 0.05
	    done
	    inside ip link set eth0 netns $thief
	    nsenter -t $thief -n ip link set eth0 name stolen address 02:00:00:00:00:09 mtu 1300
	    nsenter -t $thief -n ip link property add dev stolen altname theirs
	}
	ip link set $nic alias "the card" mtu 1400
	start $phys
	steal -p
	stop
	look
	start $phys
	steal
	stop
	ip link show $nic 2>/dev/null || echo gone
	start -s lxc.net.0.type=empty 2>&1 | grep -o 'neither in the container nor back' |
	    sort -u
	kill $thief
	sleep 1
	tare repair -P "$LXCPATH" 2>/dev/null
	look
	start $phys
	kill_supervisor
	info -sH
	look
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "mtu 1400
ether 52:54:00:74:61:72
alias the card
gone
neither in the container nor back
1 run undone
mtu 1400
ether 52:54:00:74:61:72
alias the card
STOPPED
mtu 1400
ether 52:54:00:74:61:72
alias the card"
}

@test "VLANs of ports: untagged, tagged, none" {
    in_net <<-'SCRIPT'
	ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 3
	veth="-s lxc.net.0.type=veth -s lxc.net.0.link=br0 -s lxc.net.0.veth.pair=vethV"
	vlans() { bridge -j vlan show dev vethV | jq -c '[.[].vlans[]? | [.vlan, .flags]]'; }
	start $veth
	vlans
	stop
	start $veth -s lxc.net.0.veth.vlan.id=5 -s lxc.net.0.veth.vlan.tagged.id=6 \
	    -s lxc.net.0.veth.vlan.tagged.id=7
	vlans
	stop
	start $veth -s lxc.net.0.veth.vlan.id=none -s lxc.net.0.veth.vlan.tagged.id=6
	vlans
	stop
	start $veth -s lxc.net.0.veth.vlan.id=0 2>&1 | grep -c 'hint: VLANs of a bridge port'
	links
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" '[[3,["PVID","Egress Untagged"]]]
[[5,["PVID","Egress Untagged"]],[6,null],[7,null]]
[[6,null]]
1
br0 lo peer0 up0'
}
