#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-user-nic: what it makes, lxc-usernet's quotas, the database (spec/cli.md §4.1, config.md §12),
# and whole starts by an ordinary user (runtime.md §9.3). Attacks: tests/security/user-nic.bats.

load helpers
load containers
load user-nic

setup_file() {
    make_lxcpath
    make_stage
}

teardown_file() {
    remove_lxcpath
}

@test "no words: the usage, on the standard error output, and exit status 1" {
    run_apart "$STAGE/helpers/lxc-user-nic"
    assert_equal "$status:$stdout" "1:"
    assert_contains "$stderr" "lxc-user-nic create LXCPATH NAME PID veth BRIDGE [NICNAME]"
    assert_contains "$stderr" \
        "lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net veth BRIDGE NICNAME"
}

@test "a port of a bridge: its line, names, mtu, addresses, the database" {
    on_stage <<'SCRIPT'
allow "tester veth br0 2" "tester veth none 1"
namespace $USER_ID
line=$(create $USER_ID $held br0)
[[ $line =~ ^eth0:([0-9]+):(veth54321_[0-9a-zA-Z]{4}):([0-9]+)$ ]] || echo "$line"
host=${BASH_REMATCH[2]}
[ "$(cat /sys/class/net/$host/ifindex)" = "${BASH_REMATCH[3]}" ]
inside $held ip -o link show dev eth0 | grep -q "^${BASH_REMATCH[1]}: eth0@.* mtu 1400 "
ip -o link show dev $host | grep -o "mtu [0-9]*\|master [a-z0-9]*\|MULTICAST,UP"
ip -o link show dev $host | grep -c "link/ether fe:"
cat /proc/sys/net/ipv6/conf/$host/disable_ipv6
create $USER_ID $held br0 lan | sed 's/:.*//'
line=$(create $USER_ID $held none)
echo ${line%%:*}
line=${line%:*}
cat /proc/sys/net/ipv6/conf/${line##*:}/accept_ra
inside $held ip -o link show dev eth1 | grep -o "mtu [0-9]*"
lines
stat -c "%a %u %g" /run/lxc $NICS
kill $held
gone
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "MULTICAST,UP
mtu 1400
master br0
1
1
lan
eth1
0
mtu 1500
tester veth br0 veth54321_XXXX
tester veth br0 veth54321_XXXX
tester veth none veth54321_XXXX
755 0 0
600 0 0"
}

@test "quotas: none, a missing file, another bridge or type, exhausted, freed again" {
    on_stage <<'SCRIPT'
namespace $USER_ID
fails create $USER_ID $held br0
for rule in "" "# tester veth br0 5" "other veth br0 5" "tester veth br1 5" "tester macvlan br0 5" \
    "tester veth br0" "tester veth br0 0" "@nobodys veth br0 5" "tester veth br0 -1"; do
    allow "$rule"
    fails create $USER_ID $held br0 | sed -n '1p;$p' | xargs
done
[ ! -s $NICS ]
allow "tester veth br0 1"
create $USER_ID $held br0 >/dev/null
fails create $USER_ID $held br0
kill $held
namespace $USER_ID
create $USER_ID $held br0 | sed 's/:.*//'
lines
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    reached="lxc-user-nic: Quota reached status 1"
    assert_equal "$stdout" "lxc-user-nic: Quota reached
  hint: no line of /etc/lxc/lxc-usernet allows this user interfaces on br0; the administrator can \
add \"USER veth br0 NUMBER\"
status 1
$reached
$reached
$reached
$reached
$reached
$reached
$reached
$reached
$reached
lxc-user-nic: Quota reached
  hint: all 1 that /etc/lxc/lxc-usernet allows this user, or a group of his, on br0 are in use
status 1
eth0
tester veth br0 veth54321_XXXX"
}

@test "quotas: several lines add up, groups share theirs, each is charged to its first" {
    on_stage <<'SCRIPT'
allow "tester veth br0 1" "@crew veth br0 2" "tester veth br0 1" "@tester veth br0 1"
namespace $USER_ID
mine=$held
namespace $OTHER_ID
theirs=$held
for i in 1 2 3; do create $USER_ID+$CREW_ID $mine br0 >/dev/null; done
create $OTHER_ID+$CREW_ID $theirs br0 | sed 's/_.*//'
fails create $OTHER_ID+$CREW_ID $theirs br0 | grep -c Quota
create $USER_ID+$CREW_ID $mine br0 >/dev/null
fails create $USER_ID+$CREW_ID $mine br0 | grep -c Quota
lines
# Who is not in the group as the kernel sees it, is not.
: >$NICS
kill $theirs
namespace $OTHER_ID
fails create $OTHER_ID $held br0 | grep -c Quota
kill $mine $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "eth0:3:veth54322
1
1
tester veth br0 veth54321_XXXX
tester veth br0 veth54321_XXXX
@crew veth br0 veth54321_XXXX
@crew veth br0 veth54322_XXXX
@tester veth br0 veth54321_XXXX
1" || assert_equal "$(sed 1d <<<"$stdout")" "1
1
tester veth br0 veth54321_XXXX
tester veth br0 veth54321_XXXX
@crew veth br0 veth54321_XXXX
@crew veth br0 veth54322_XXXX
@tester veth br0 veth54321_XXXX
1"
}

@test "names: large ids and root get vethXXXXXX; ids without a name have no quota" {
    on_stage <<'SCRIPT'
allow "large veth br0 1" "root veth br0 1" "54999 veth br0 1"
namespace $LARGE_ID
create $LARGE_ID $held br0 | grep -cE '^eth0:[0-9]+:veth[0-9a-zA-Z]{6}:[0-9]+$'
create 0 $held br0 | grep -cE '^eth1:[0-9]+:veth[0-9a-zA-Z]{6}:[0-9]+$'
kill $held
namespace $STRANGER_ID
fails create $STRANGER_ID $held br0 | grep -c "Quota reached"
kill $held
namespace $OTHER_ID
fails create $STRANGER_ID $held br0 | sed -n 1p
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed 's/pid [0-9]*/pid PID/' <<<"$stdout")" "1
1
1
lxc-user-nic: User 54999 may not modify netns for pid PID"
}

@test "users and groups of other name services are asked of getent, without our environment" {
    on_stage <<'SCRIPT'
mkdir /run/fake
cat >/run/fake/getent <<'FAKE'
#!/bin/sh
{ echo "$*"; env | sort | grep -v '^_=\|^SHLVL=' ; id -u; } >>/run/asked
case "$*" in
    "passwd 54999") echo "remote:x:54999:54999::/:/bin/sh" ;;
    "group far") echo "far:x:7777:" ;;
    *) exit 2 ;;
esac
FAKE
chmod 755 /run/fake/getent
mount --bind /run/fake/getent /usr/bin/getent
allow "remote veth br0 1" "@far veth br0 1" "@nowhere veth br0 1"
namespace $STRANGER_ID
create $STRANGER_ID+7777 $held br0 >/dev/null
PATH=/run/evil:$PATH SECRET=x create $STRANGER_ID+7777 $held br0 >/dev/null
sed 's/veth[0-9]*_.*/NIC/' $NICS
sort -u /run/asked
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "remote veth br0 NIC
@far veth br0 NIC
0
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PWD=/
group far
group nowhere
passwd 54999"
}

@test "the database: stale and foreign lines go, others' stay, a cut one does no harm" {
    on_stage <<'SCRIPT'
allow "tester veth br0 9"
namespace $USER_ID
mkdir -m 755 /run/lxc
ip link add vethkept type veth peer vethpeer
printf 'other veth br0 vethkept\ntester veth br0 vethgone\n\njunk\n# x\ntester veth br0 vethkept y\n%s' \
    "tester veth br0 veth" >$NICS
chmod 600 $NICS
create $USER_ID $held br0 >/dev/null
lines
# What was interrupted: the last line of an interface counts.
printf 'ghost veth br0 vethkept\nother veth br0 vethkept\n' >$NICS
create $USER_ID $held br0 >/dev/null
lines
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "other veth br0 vethkept
tester veth br0 veth54321_XXXX
other veth br0 vethkept
tester veth br0 veth54321_XXXX"
}

@test "genuine LXC's lxc-user-nic and ours count in one database" {
    genuine=/usr/libexec/lxc/lxc-user-nic
    "$genuine" 2>&1 | grep -q '^  Manage nics' || skip "LXC is not installed here"
    export genuine
    on_stage <<'SCRIPT'
allow "tester veth br0 3"
namespace $USER_ID
as $USER_ID $genuine create /x c1 $held veth br0 | sed 's/:.*//'
create $USER_ID $held br0 | sed 's/:.*//'
as $USER_ID $genuine create /x c1 $held veth br0 | sed 's/:.*//'
fails create $USER_ID $held br0 | grep -c Quota
fails as $USER_ID $genuine create /x c1 $held veth br0 | grep -c Quota
lines
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "eth0
eth1
eth2
1
1
tester veth br0 veth54321_XXXX
tester veth br0 veth54321_XXXX
tester veth br0 veth54321_XXXX"
}

@test "failures name the bridge, the name inside, and leave nothing" {
    on_stage <<'SCRIPT'
allow "tester veth br0 9" "tester veth nobr 9" "tester veth tap0 9"
namespace $USER_ID
fails create $USER_ID $held nobr
ip tuntap add tap0 mode tap
fails create $USER_ID $held tap0
fails create $USER_ID $held br0 lo
create $USER_ID $held br0 lan >/dev/null
fails create $USER_ID $held br0 lan
fails create $USER_ID $held br0 | grep -c eth0
full() { "$@" >/dev/full; }
fails full create $USER_ID $held br0
veths
lines
fails as $USER_ID "$NIC" create /x c1 $held macvlan br0
fails as $USER_ID "$NIC" create /x c1 $held veth "a/b"
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" 'lxc-user-nic: Failed to find the bridge "nobr"
  No such device
  hint: the administrator makes it; lxc-net makes lxcbr0
status 1
lxc-user-nic: "tap0" is no bridge
  hint: it is no bridge of the kernel'"'"'s, and there is no ovs-vsctl, by which bridges of Open vSwitch are changed
status 1
lxc-user-nic: The network namespace has an interface "lo" already
  File exists
  hint: choose another name (lxc.net.N.name)
status 1'
    assert_contains "$stdout" '"lan" already'
    assert_contains "$stdout" "2
tester veth br0 veth54321_XXXX
tester veth br0 veth54321_XXXX
lxc-user-nic: the type is not veth
  hint: only veth interfaces can be made
status 1
lxc-user-nic: a bridge or an interface can't be called so"
}

@test "twenty at once with a quota of five: exactly five" {
    on_stage <<'SCRIPT'
allow "tester veth br0 5"
namespace $USER_ID
for i in $(seq 20); do
    create $USER_ID $held br0 >/run/out.$i 2>&1 &
    calls+=($!)
done
wait "${calls[@]}" || true
cat /run/out.* | grep -c '^eth'
cat /run/out.* | grep '^eth' | cut -d: -f1 | sort | xargs
cat /run/out.* | grep -c 'Quota reached'
lines | sort | uniq -c | xargs
veths
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "5
eth0 eth1 eth2 eth3 eth4
15
5 tester veth br0 veth54321_XXXX
5"
}

# fake_openvswitch: an ovs-vsctl that writes down what it is told.
fake_openvswitch() {
    cat <<'SCRIPT'
cat >/usr/local/bin/ovs-vsctl <<'FAKE'
#!/bin/sh
echo "$*" >>/run/ports
[ ! -e /run/broken ] || { echo "ovs-vsctl: no bridge named $2" >&2; exit 1; }
FAKE
chmod 755 /usr/local/bin/ovs-vsctl
ip tuntap add ovs0 mode tap
allow "tester veth ovs0 2" "other veth ovs0 2" "tester veth br0 1"
SCRIPT
}

@test "Open vSwitch: ports are added and deleted, also those whose interface is gone" {
    on_stage fake_openvswitch <<'SCRIPT'
namespace $USER_ID
nic=$(create $USER_ID $held ovs0 | cut -d: -f3)
as $USER_ID $NIC delete /x c1 /proc/$held/ns/net veth ovs0 $nic
[ ! -e /sys/class/net/$nic ]
[ ! -s $NICS ]
sed "s/$nic/NIC/" /run/ports
# One that nobody has deleted, because whoever made it is dead.
: >/run/ports
lost=$(create $USER_ID $held ovs0 | cut -d: -f3)
kill $held
gone
namespace $USER_ID
: >/run/ports
nic=$(create $USER_ID $held ovs0 | cut -d: -f3)
sed "s/$lost/LOST/; s/$nic/NIC/" /run/ports
# One that fails leaves no interface.
touch /run/broken
fails create $USER_ID $held ovs0
veths
kill $held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed 's/veth54321_..../NIC/' <<<"$stdout")" "add-port ovs0 NIC
del-port ovs0 NIC
del-port ovs0 LOST
add-port ovs0 NIC
lxc-user-nic: ovs-vsctl add-port ovs0 NIC failed: ovs-vsctl: no bridge named ovs0
  hint: \"ovs0\" is no bridge of the kernel's; does Open vSwitch run, and know it?
status 1
1"
}

# user_container: a container of tester's below $STAGE/tester/lxc, called "own".
user_container() {
    cat <<'SCRIPT'
mkdir -p "$LXCPATH/.mount"
cat >"$STAGE/tester/default.conf" <<CONFIG
lxc.rootfs.mount = $LXCPATH/.mount
lxc.idmap = u 0 400000 65536
lxc.idmap = g 0 400000 65536
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.flags = up
lxc.net.0.ipv4.address = 10.9.0.7/24
lxc.net.0.ipv4.gateway = auto
lxc.net.0.hwaddr = 02:11:22:33:44:55
CONFIG
OWN=$STAGE/tester/lxc
[ -d "$OWN/own" ] ||
    tool lxc-create -P "$OWN" -n own -f "$STAGE/tester/default.conf" -t "$STAGE/templates/lxc-busybox"
trap 'tool lxc-stop -P "$OWN" -n own -k 2>/dev/null || true; cat "$OWN/own/own.log" 2>/dev/null || true' EXIT
SCRIPT
}

@test "a whole start: an ordinary user's container on the bridge, its address in the lists" {
    on_stage user_container <<'SCRIPT'
allow "tester veth br0 1"
cat >"$STAGE/tester/up" <<'UP'
#!/bin/sh
echo "$# $1 $2 $3 $4 $5 ${6%_*}" >"$HOME/up.out"
UP
chmod 755 "$STAGE/tester/up"
tool lxc-start -P "$OWN" -n own -s "lxc.net.0.script.up=$STAGE/tester/up" -s lxc.net.0.mtu=9000 \
    -s lxc.net.0.veth.pair=mine
cat "$STAGE/tester/up.out"
tool lxc-info -P "$OWN" -n own -iH
tool lxc-ls -P "$OWN" -f -F name,state,ipv4,unprivileged | tail -1 | xargs
tool lxc-info -P "$OWN" -n own -c lxc.net.0.veth.pair | sed 's/_.*//'
tool lxc-attach -P "$OWN" -n own -- cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu
tool lxc-attach -P "$OWN" -n own -- ip route show | grep -o "default via.*eth0"
busybox ping -c 1 -W 3 10.9.0.7 | grep -c ' 0% packet loss'
tool lxc-attach -P "$OWN" -n own -- ping -c 1 -W 3 10.9.0.1 | grep -c ' 0% packet loss'
lines
tool lxc-stop -P "$OWN" -n own -k
gone
# At once again, and rebooted, with a quota of one.
tool lxc-start -P "$OWN" -n own
tool lxc-stop -P "$OWN" -n own -k
tool lxc-start -P "$OWN" -n own
tool lxc-info -P "$OWN" -n own -sH
lines
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "6 own net up veth br0 veth54321
10.9.0.7
own RUNNING 10.9.0.7 true
lxc.net.0.veth.pair = veth54321
02:11:22:33:44:55
1400
default via 10.9.0.1 dev eth0
1
1
tester veth br0 veth54321_XXXX
RUNNING
tester veth br0 veth54321_XXXX"
}

@test "a start without a quota says so, and leaves nothing" {
    on_stage user_container <<'SCRIPT'
allow "other veth br0 1"
fails tool lxc-start -P "$OWN" -n own
tool lxc-info -P "$OWN" -n own -sH
veths
rm "$STAGE/helpers/lxc-user-nic"
fails tool lxc-start -P "$OWN" -n own
cp "$TARE_HELPERS/lxc-user-nic" "$STAGE/helpers/lxc-user-nic"
fails tool lxc-start -P "$OWN" -n own
SCRIPT
    chmod 4755 "$STAGE/helpers/lxc-user-nic"
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "have lxc-user-nic make the network interface eth0"
    assert_contains "$stdout" "lxc-user-nic failed to configure requested network: Quota reached; \
hint: no line of /etc/lxc/lxc-usernet allows this user interfaces on br0"
    assert_contains "$stdout" "STOPPED
0"
    assert_contains "$stdout" "lxc-user-nic is not installed"
    assert_contains "$stdout" "it must belong to root and be set-user-ID"
}

@test "every step of the network fails in turn, and leaves nothing" {
    on_stage user_container <<'SCRIPT'
allow "tester veth br0 1"
tool lxc-start -P "$OWN" -n own --plan >/run/plan
for op in user-nic-create link-mac-inside address-add link-up-inside route-default; do
    number=$(awk -v op=$op '/^START/ { start = 1 } start && $3 == op { print $1; exit }' /run/plan)
    fails tool lxc-start -P "$OWN" -n own --fault-step $number --fault-errno 5 >/run/said
    grep -c "^  step $number of .*(.*/config:[0-9]* lxc.net.0" /run/said
    gone
done
tool lxc-info -P "$OWN" -n own -sH
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(xargs <<<"$stdout")" "1 1 1 1 1 STOPPED"
}

@test "a start on Open vSwitch gives its port back; so does the next call behind a crash" {
    on_stage user_container fake_openvswitch <<'SCRIPT'
tool lxc-start -P "$OWN" -n own -s lxc.net.0.link=ovs0 -s lxc.net.0.ipv4.gateway=
tool lxc-stop -P "$OWN" -n own -k
sed 's/veth54321_.*/NIC/' /run/ports
: >/run/ports
gone
tool lxc-start -P "$OWN" -n own -s lxc.net.0.link=ovs0 -s lxc.net.0.ipv4.gateway=
init=$(tool lxc-info -P "$OWN" -n own -pH)
kill -9 $(awk '{ print $4 }' /proc/$init/stat)
gone
tool lxc-start -P "$OWN" -n own
sed 's/veth54321_.*/NIC/' /run/ports
SCRIPT
    assert_equal "$stderr" ""
    assert_equal "$stdout" "add-port ovs0 NIC
del-port ovs0 NIC
add-port ovs0 NIC
del-port ovs0 NIC"
}
