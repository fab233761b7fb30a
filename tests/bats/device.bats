#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-device: device nodes and network interfaces given to a running container, and taken back
# (spec/cli.md §3.11). What is about interfaces runs in a network namespace of its own.

load helpers
load containers

setup_file() {
    make_lxcpath
    N=dev$$
    export N
    # Any node may be made, and one may be opened.
    make_container "$N" "lxc.cgroup.devices.deny = a" "lxc.cgroup.devices.allow = c 1:3 rwm" \
        "lxc.cgroup.devices.allow = c *:* m" \
        "lxc.cgroup2.devices.deny = a" "lxc.cgroup2.devices.allow = c 1:3 rwm" \
        "lxc.cgroup2.devices.allow = c *:* m"
    HOST_DIRECTORY=$LXCPATH/.host-directory
    export HOST_DIRECTORY
    mkdir -m 755 "$HOST_DIRECTORY"
    # The template's root belongs to the host's root: shifted as it is mounted.
    make_container "$N-users" "lxc.idmap = u 0 300000 65536" "lxc.idmap = g 0 300000 65536" \
        "lxc.rootfs.options = idmap=container" "lxc.mount.entry = $HOST_DIRECTORY mnt none bind"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
}

start() {
    lxc-start -P "$LXCPATH" -n "$N"
}

device() {
    run_apart lxc-device -P "$LXCPATH" -n "$N" "$@"
}

@test "a device node: made as the host's, usable, and gone again" {
    start
    in_container "$N" test ! -e /dev/opt/kernel-log
    device -- add /dev/kmsg /dev/opt/kernel-log
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(in_container "$N" stat -c '%F %t:%T %U' /dev/opt/kernel-log)" \
        "character special file 1:b root"
    assert_equal "$(in_container "$N" stat -c '%a %F' /dev/opt)" "755 directory"
    in_container "$N" dd if=/dev/opt/kernel-log of=/dev/null bs=8192 count=1 2>/dev/null
    # It is there: that is no failure.
    device add /dev/kmsg /dev/opt/kernel-log
    assert_equal "$status:$stdout:$stderr" "0::"
    device -- del /dev/kmsg /dev/opt/kernel-log
    assert_equal "$status:$stdout:$stderr" "0::"
    in_container "$N" test ! -e /dev/opt/kernel-log
    # Denied again: another node of it can't be opened.
    in_container "$N" mknod /tmp/kmsg c 1 11
    run in_container "$N" dd if=/tmp/kmsg of=/dev/null bs=8192 count=1
    [ "$status" -ne 0 ]
    assert_contains "$output" "Operation not permitted"
}

@test "a node named from the working directory needs a name inside" {
    start
    cd /dev
    device add kmsg
    assert_equal "$status" 1
    assert_contains "$stderr" "\"kmsg\" is no path from the root: give /dev/kmsg, or a name inside"
    device del kmsg
    assert_equal "$status" 1
    assert_contains "$stderr" "\"kmsg\" is no path from the root"
    in_container "$N" test ! -e /kmsg
    device add kmsg /dev/kernel-log
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(in_container "$N" stat -c '%t:%T' /dev/kernel-log)" "1:b"
    device del kmsg /dev/kernel-log
    assert_equal "$status:$stderr" "0:"
}

@test "before it was added, the device cgroup refuses the device" {
    start
    in_container "$N" mknod /tmp/before c 1 11
    run in_container "$N" dd if=/tmp/before of=/dev/null bs=8192 count=1
    [ "$status" -ne 0 ]
    device add /dev/kmsg
    assert_equal "$status:$stderr" "0:"
    in_container "$N" dd if=/dev/kmsg of=/dev/null bs=8192 count=1 2>/dev/null
}

@test "a user namespace: the host's node is bound, and readable inside" {
    N=$N-users
    start
    device add /dev/full /dev/more/full
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(in_container "$N" stat -c '%F %t:%T' /dev/more/full)" \
        "character special file 1:7"
    assert_equal "$(in_container "$N" stat -c '%a %U' /dev/more)" "755 root"
    run in_container "$N" dd if=/dev/zero of=/dev/more/full bs=1 count=1
    assert_contains "$output" "No space left on device"
    device del /dev/full /dev/more/full
    assert_equal "$status:$stderr" "0:"
    in_container "$N" test ! -e /dev/more/full
}

@test "nothing is lost: a file with content and a directory stay, an empty file gives way" {
    start
    in_container "$N" sh -c 'mkdir /tmp/directory; echo text >/tmp/file; : >/tmp/empty'
    device add /dev/kmsg /tmp/file
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to add /dev/kmsg to $N"
    assert_contains "$stderr" "cannot make the device node \"/tmp/file\" in container \"$N\""
    assert_contains "$stderr" "a file with content has that name there"
    assert_equal "$(in_container "$N" cat /tmp/file)" text
    device add /dev/kmsg /tmp/directory
    assert_equal "$status" 1
    assert_contains "$stderr" "a directory has that name there"
    device add /dev/kmsg /tmp/empty
    assert_equal "$status:$stderr" "0:"
    in_container "$N" test -c /tmp/empty
    device del /tmp/file
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to del /tmp/file from $N"
    assert_equal "$(in_container "$N" cat /tmp/file)" text
}

@test "links of the container's don't lead to the host" {
    mkdir -p "$BATS_TEST_TMPDIR/host"
    start
    in_container "$N" sh -c "ln -s '$BATS_TEST_TMPDIR/host' /tmp/out; ln -s ../../../../../.. /tmp/up"
    device add /dev/kmsg /tmp/out/node
    assert_equal "$(ls "$BATS_TEST_TMPDIR/host")" ""
    device add /dev/kmsg /tmp/up/kmsg-node
    [ ! -e /kmsg-node ]
    in_container "$N" test -c /kmsg-node
}

@test "what container root may not write on the host, is not written for it" {
    N=$N-users
    start
    mknod "$HOST_DIRECTORY/full" c 1 7
    : >"$HOST_DIRECTORY/zero"
    in_container "$N" ln -s /mnt /dev/opt
    device del /dev/full /dev/opt/full
    assert_equal "$status" 1
    assert_contains "$stderr" "Permission denied"
    [ -c "$HOST_DIRECTORY/full" ]
    device add /dev/zero /dev/opt/zero
    assert_equal "$status" 1
    assert_contains "$stderr" "root of the container may not write there"
    device add /dev/zero /dev/opt/other/zero
    assert_equal "$status" 1
    # The groups of who calls don't count.
    chmod 775 "$HOST_DIRECTORY"
    device add /dev/zero /dev/opt/third
    assert_equal "$status" 1
    assert_equal "$(cd "$HOST_DIRECTORY" && echo *)" "full zero"
}

@test "what a container mounts on a node that is bound does not reach the host's" {
    cat >"$BATS_TEST_TMPDIR/shared" <<-'SCRIPT'
	set -e
	mount --make-rshared /
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k 2>/dev/null || true' EXIT
	lxc-start -P "$LXCPATH" -n "$N"
	lxc-device -P "$LXCPATH" -n "$N" add /dev/full /dev/full7
	lxc-attach -P "$LXCPATH" -n "$N" -- mount --bind /proc/version /dev/full7
	lxc-attach -P "$LXCPATH" -n "$N" -- stat -c %F /dev/full7
	stat -c %F /dev/full
	SCRIPT
    N=$N-users run_apart unshare -m bash "$BATS_TEST_TMPDIR/shared"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "regular empty file
character special file"
}

@test "a container that has the host's files: none of them is made or removed" {
    make_container "$N-mounts" "lxc.namespace.keep = mnt user"
    sed -i '/^lxc.rootfs/d;/^lxc.mount/d' "$LXCPATH/$N-mounts/config"
    mknod "$BATS_TEST_TMPDIR/full" c 1 7
    make_container "$N-bound" \
        "lxc.mount.entry = $BATS_TEST_TMPDIR ${BATS_TEST_TMPDIR#/} none bind,create=dir"
    lxc-start -P "$LXCPATH" -n "$N-mounts" -- sleep 600
    lxc-start -P "$LXCPATH" -n "$N-bound"
    for N in "$N-mounts" "$N-bound"; do
        device del "$BATS_TEST_TMPDIR/full"
        assert_equal "$status" 1
        assert_contains "$stderr" "cannot remove the device node"
        [ -c "$BATS_TEST_TMPDIR/full" ]
        # It is there: only allowed.
        device add /dev/full "$BATS_TEST_TMPDIR/full"
        assert_equal "$status:$stderr" "0:"
        device add /dev/full "$BATS_TEST_TMPDIR/new"
        assert_equal "$status" 1
        assert_contains "$stderr" "the host's own directory is mounted there"
        device add /dev/full "$BATS_TEST_TMPDIR/directory/new"
        assert_equal "$status" 1
        [ ! -e "$BATS_TEST_TMPDIR/new" ]
        [ ! -e "$BATS_TEST_TMPDIR/directory" ]
    done
}

@test "a container that removes the node itself does not keep the device" {
    start
    device add /dev/kmsg
    in_container "$N" sh -c "mknod /tmp/hidden c 1 11; rm /dev/kmsg"
    in_container "$N" dd if=/tmp/hidden of=/dev/null bs=8192 count=1 2>/dev/null
    device del /dev/kmsg
    assert_equal "$status" 1
    assert_contains "$stderr" "No such file or directory"
    assert_contains "$stderr" "the device \"/dev/kmsg\" is denied now"
    run in_container "$N" dd if=/tmp/hidden of=/dev/null bs=8192 count=1
    [ "$status" -ne 0 ]
    assert_contains "$output" "Operation not permitted"
}

@test "a device that can't be allowed leaves no node" {
    needs_v1
    local parent=/sys/fs/cgroup/devices/tare-bats-$$

    mkdir "$parent"
    echo "c 1:11 rwm" >"$parent/devices.deny"
    lxc-start -P "$LXCPATH" -n "$N" -s "lxc.cgroup.dir=tare-bats-$$"
    device add /dev/kmsg /dev/opt/kmsg
    assert_equal "$status" 1
    assert_contains "$stderr" "devices.allow"
    in_container "$N" test ! -e /dev/opt/kmsg
    lxc-stop -P "$LXCPATH" -n "$N" -k
    find /sys/fs/cgroup/ -depth -type d -name "tare-bats-$$" -exec rmdir {} + 2>/dev/null || true
    [ ! -e "$parent" ]
}

@test "sentences of failures" {
    device add /dev/null
    assert_equal "$status:$stderr" "1:lxc-device: $N: Container $N is not running"
    run_apart lxc-device -P "$LXCPATH" -n nobody add /dev/null
    assert_equal "$status:$stderr" "1:lxc-device: nobody: nobody doesn't exist"
    start
    device
    assert_equal "$status" 1
    assert_contains "$stderr" "Error: no command given (Please see --help output)"
    device add
    assert_contains "$stderr" "Error: no command given (Please see --help output)"
    device steal /dev/null
    assert_equal "$status" 1
    assert_contains "$stderr" "Error: Please use add or del (Please see --help output)"
    device add nosuch7
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to add nosuch7 to $N"
    assert_contains "$stderr" "the host has no network interface \"nosuch7\" either"
    device add /etc/hostname
    assert_equal "$status" 1
    assert_contains "$stderr" "\"/etc/hostname\" is no device node"
    device del /dev/nosuch7
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to del /dev/nosuch7 from $N"
}

@test "ordinary users are told that this is for root" {
    run_apart setpriv --reuid=65534 --regid=65534 --clear-groups lxc-device -n "$N" add /dev/null
    assert_equal "$status:$stdout:$stderr" "1::lxc-device: $N: lxc-device must be run as root"
}

# in_net SCRIPT: with $N running, and stopped at the end.
in_net() {
    {
        cat <<-'SCRIPT'
	set -e
	ip link set lo up
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k 2>/dev/null || true' EXIT
	lxc-start -P "$LXCPATH" -n "$N" -s lxc.net.0.type=empty
	device() { lxc-device -P "$LXCPATH" -n "$N" "$@"; }
	inside() { lxc-attach -P "$LXCPATH" -n "$N" -- "$@"; }
	names() { ls /proc/self/net/dev_snmp6 2>/dev/null | tr '\n' ' '; }
	links() { ip -o link | sed 's/^[0-9]*: \([^@:]*\).*/\1/' | tr '\n' ' '; }
	SCRIPT
        cat
    } >"$BATS_TEST_TMPDIR/net"
    run_apart unshare -n bash "$BATS_TEST_TMPDIR/net"
}

@test "an interface: moved in under a new name, and back under another one" {
    in_net <<-'SCRIPT'
	ip link add va type veth peer name vb
	ip link set va up
	device -- add va eth5
	links; echo
	inside cat /sys/class/net/eth5/operstate
	inside ip link set eth5 name eth6
	device a vb
	links; echo
	device -- del eth6 va
	device d vb vc
	links; echo
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo vb 
down
lo 
lo vc va "
}

@test "an interface that can't be moved stays what it was" {
    in_net <<-'SCRIPT'
	ip link add va type veth peer name vb
	device add va eth5
	device add vb eth5 || echo $?
	links; echo
	device add lo || echo $?
	device del eth5 vb || echo $?
	ip link add br7 type bridge
	device add br7 || echo $?
	ip link del br7
	device add vb a-name-that-is-too-long || echo $?
	links; echo
	inside ip link show eth5 | grep -c eth5
	SCRIPT
    assert_equal "$status:$stdout" "0:1
lo vb 
1
1
1
1
lo vb 
1"
    assert_contains "$stderr" "bridges stay where they were made"
    assert_contains "$stderr" "cannot move network interface \"vb\" into container \"$N\""
    assert_contains "$stderr" "the name \"eth5\" is taken there"
    assert_contains "$stderr" "the name \"vb\" is taken there"
    assert_contains "$stderr" "\"a-name-that-is-too-long\" can't be the name of a network interface"
}

@test "an alternative name is one of the interface's, which keeps its proper one" {
    in_net <<-'SCRIPT'
	ip link add va type veth peer name vb
	ip link property add dev va altname enp7
	device add enp7
	links
	inside ls /sys/class/net
	device del va
	device add enp7 eth0
	links
	inside ls /sys/class/net
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo vb lo
va
lo vb eth0
lo"
}

@test "a network namespace that is shared with the host: no interface of the host's is renamed" {
    cat >"$BATS_TEST_TMPDIR/none" <<-'SCRIPT'
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k 2>/dev/null || true' EXIT
	lxc-start -P "$LXCPATH" -n "$N" -s lxc.net.0.type=none
	ip link add va type veth peer name vb
	lxc-device -P "$LXCPATH" -n "$N" add va eth5 || echo $?
	lxc-device -P "$LXCPATH" -n "$N" del vb eth6 || echo $?
	ip link show va >/dev/null && ip link show vb >/dev/null && echo both
	SCRIPT
    run_apart unshare -n bash "$BATS_TEST_TMPDIR/none"
    assert_equal "$stdout" "1
1
both"
    assert_contains "$stderr" "it is in your network namespace"
}

@test "the interface of the configuration: taken out, and gone with its other end at the stop" {
    in_net <<-'SCRIPT'
	ip link add br7 type bridge
	lxc-stop -P "$LXCPATH" -n "$N" -k
	lxc-start -P "$LXCPATH" -n "$N" -s lxc.net.0.type=veth -s lxc.net.0.link=br7 \
	    -s lxc.net.0.name=eth0 -s lxc.net.0.veth.pair=host0
	device del eth0 out7
	links; echo
	lxc-stop -P "$LXCPATH" -n "$N" -k
	links; echo
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lo br7 host0 out7 
lo br7 "
}

@test "without the right to move interfaces, that is what is said" {
    in_net <<-'SCRIPT'
	ip link add va type veth peer name vb
	device add va
	setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \
	    lxc-device -P "$LXCPATH" -n "$N" del va || echo $?
	SCRIPT
    assert_equal "$status:$stdout" "0:1"
    assert_contains "$stderr" "cannot move network interface \"va\" out of container \"$N\""
    assert_contains "$stderr" "only root of the host may move network interfaces"
}
