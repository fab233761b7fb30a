#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The hooks in share/hooks and unmount-namespace (spec/templates-and-services.md §10). Where the host
# would have to have special programs or hardware, programs that record what they are asked for stand
# in their place.

load helpers
load containers
load share

setup() {
    stage_share "$BATS_TEST_TMPDIR/share"
    HOOKS=$SHARE/hooks
    ROOT=$BATS_TEST_TMPDIR/c/rootfs
    RECORD=$BATS_TEST_TMPDIR/record
    OUTSIDE=$BATS_TEST_TMPDIR/outside
    export RECORD
    mkdir -p "$ROOT/etc" "$BATS_TEST_TMPDIR/bin" "$OUTSIDE"
    : >"$BATS_TEST_TMPDIR/c/config"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# record_calls NAME…: programs that write their arguments down, one line a call.
record_calls() {
    local name

    for name; do
        printf '#!/bin/sh\necho "%s $*" >>"$RECORD"\n' "$name" >"$BATS_TEST_TMPDIR/bin/$name"
        chmod 755 "$BATS_TEST_TMPDIR/bin/$name"
    done
}

@test "clonehostname: the first occurrence on each line, as plain text, and through no link" {
    mkdir -p "$ROOT/etc/sysconfig/network-scripts"
    printf '127.0.1.1 a.b axb a.b\nno end' >"$ROOT/etc/hosts"
    echo 'HOSTNAME=a.b' >"$ROOT/etc/sysconfig/network"
    echo 'DHCP_HOSTNAME=a.b' >"$OUTSIDE/file"
    ln -s "$OUTSIDE/file" "$ROOT/etc/sysconfig/network-scripts/ifcfg-eth0"
    cp "$OUTSIDE/file" "$ROOT/etc/sysconfig/network-scripts/ifcfg-eth1"
    LXC_SRC_NAME=a.b LXC_NAME='n&w' LXC_ROOTFS_MOUNT=$ROOT "$HOOKS/clonehostname"
    assert_equal "$(sed -n 1p "$ROOT/etc/hosts")" '127.0.1.1 n&w axb a.b'
    assert_equal "$(<"$ROOT/etc/sysconfig/network")" 'HOSTNAME=n&w'
    assert_equal "$(<"$ROOT/etc/sysconfig/network-scripts/ifcfg-eth1")" 'DHCP_HOSTNAME=n&w'
    assert_equal "$(<"$OUTSIDE/file")" 'DHCP_HOSTNAME=a.b'
    rm -r "$ROOT/etc"
    ln -s "$OUTSIDE" "$ROOT/etc"
    echo a.b >"$OUTSIDE/hosts"
    LXC_SRC_NAME=a.b LXC_NAME=new LXC_ROOTFS_MOUNT=$ROOT "$HOOKS/clonehostname"
    assert_equal "$(<"$OUTSIDE/hosts")" a.b
    run "$HOOKS/clonehostname"
    assert_equal "$status" 1
}

@test "dhclient: asks in the container's network at its start, gives back at its stop" {
    record_calls nsenter dhclient
    export LXC_CONFIG_FILE=$BATS_TEST_TMPDIR/c/config LXC_ROOTFS_PATH=dir:$ROOT LXC_PID=77
    hook=$BATS_TEST_TMPDIR/c/hook
    files="-pf $hook/dhclient.pid -lf $hook/dhclient.leases -e ROOTFS=$ROOT -sf $HOOKS/dhclient-script"
    "$HOOKS/dhclient" c lxc start-host
    assert_equal "$(<"$RECORD")" \
        "nsenter --net=/proc/77/ns/net --uts=/proc/77/ns/uts -- dhclient -nw $files"
    [ -e "$hook/dhclient.leases" ]
    [ -e "$hook/dhclient.log" ]
    rm "$RECORD"
    "$HOOKS/dhclient" c lxc stop mnt:/proc/5/fd/1 net:/proc/5/fd/2 uts:/proc/5/fd/3
    [ ! -e "$RECORD" ]
    stand_in
    "$HOOKS/dhclient" c lxc stop mnt:/proc/5/fd/1 net:/proc/5/fd/2 uts:/proc/5/fd/3
    wait_until 10 gone
    assert_equal "$(<"$RECORD")" "nsenter --net=/proc/5/fd/2 --uts=/proc/5/fd/3 -- dhclient -r $files"
    [ ! -e "$hook/dhclient.pid" ]
    rm "$RECORD"
    stand_in
    touch "$BATS_TEST_TMPDIR/dhclient.conf"
    LXC_DHCLIENT_CONFIG=$BATS_TEST_TMPDIR/dhclient.conf LXC_HOOK_VERSION=1 LXC_HOOK_TYPE=stop \
        LXC_NET_NS=/proc/6/fd/2 "$HOOKS/dhclient"
    assert_equal "$(<"$RECORD")" "nsenter --net=/proc/6/fd/2 -- dhclient -cf $BATS_TEST_TMPDIR/dhclient.conf -r $files"
    run "$HOOKS/dhclient" c lxc mount
    assert_equal "$status" 1
}

# A process that a dhclient of the hook's could be, by its arguments and by the file with its number.
stand_in() {
    [ -p "$BATS_TEST_TMPDIR/pipe" ] || mkfifo "$BATS_TEST_TMPDIR/pipe"
    bash -c 'read -r -t 60 word <>"$1"' dhclient "$BATS_TEST_TMPDIR/pipe" -pf "$hook/dhclient.pid" 3>&- &
    client=$!
    echo "$client" >"$hook/dhclient.pid"
    wait_until 10 grep -qsz dhclient.pid "/proc/$client/cmdline"
}

gone() {
    ! grep -qs '^State:[[:blank:]]*[^Z]' "/proc/$client/status"
}

@test "dhclient: one that nobody ended is ended at the next start; another process is not" {
    record_calls nsenter dhclient
    export LXC_CONFIG_FILE=$BATS_TEST_TMPDIR/c/config LXC_ROOTFS_PATH=dir:$ROOT LXC_PID=77
    hook=$BATS_TEST_TMPDIR/c/hook
    mkdir "$hook"
    stand_in
    "$HOOKS/dhclient" c lxc start-host
    wait_until 10 gone
    [ ! -e "$hook/dhclient.pid" ]
    assert_equal "$(wc -l <"$RECORD")" 1
    rm "$RECORD"
    # The host was started anew, and the number is somebody else's.
    sleep 60 3>&- &
    client=$!
    for type in stop start-host; do
        echo "$client" >"$hook/dhclient.pid"
        "$HOOKS/dhclient" c lxc "$type" net:/proc/5/fd/2
        [ ! -e "$hook/dhclient.pid" ]
    done
    kill -0 "$client"
    kill "$client"
    refute_contains "$(<"$RECORD")" "dhclient -r"
    echo "x; y" >"$hook/dhclient.pid"
    "$HOOKS/dhclient" c lxc stop net:/proc/5/fd/2
    [ ! -e "$hook/dhclient.pid" ]
}

# In a network of its own, with the real ip(8).
@test "dhclient-script: addresses, routes and resolv.conf, and nothing outside of the container" {
    [ "$(id -u)" -eq 0 ] || skip "containers need root here"
    cat >"$BATS_TEST_TMPDIR/inside" <<INSIDE
set -eu
ip link add d0 type veth peer name d1
ip link set d1 up
interface=d0 reason=PREINIT $HOOKS/dhclient-script
export interface=d0 new_ip_address=10.9.8.7 new_subnet_mask=255.255.255.0 new_routers=10.9.8.1
export new_domain_name=example new_domain_name_servers="10.9.8.2 10.9.8.3" ROOTFS=$ROOT
export new_broadcast_address=10.9.8.255
reason=BOUND $HOOKS/dhclient-script
ip -o -4 address show dev d0
ip route
old_ip_address=10.9.8.7 new_ip_address=10.9.8.8 reason=RENEW $HOOKS/dhclient-script
ip -o -4 address show dev d0
rm $ROOT/etc/resolv.conf
ln -s $OUTSIDE/resolv.conf $ROOT/etc/resolv.conf
reason=BOUND $HOOKS/dhclient-script
old_ip_address=10.9.8.7 reason=EXPIRE $HOOKS/dhclient-script
old_ip_address=10.9.8.8 reason=RELEASE $HOOKS/dhclient-script
echo "left: \$(ip -o -4 address show dev d0)"
mv $ROOT/etc $ROOT/etc.old
ln -s $OUTSIDE $ROOT/etc
reason=BOUND $HOOKS/dhclient-script
INSIDE
    run_apart unshare -n sh "$BATS_TEST_TMPDIR/inside"
    assert_equal "$status" 0
    assert_contains "$stdout" "inet 10.9.8.7/24 brd 10.9.8.255"
    assert_contains "$stdout" "default via 10.9.8.1 dev d0"
    assert_contains "$stdout" "inet 10.9.8.8/24"
    assert_contains "$stdout" "left: "
    [[ $stdout == *"left: " ]]
    assert_contains "$stderr" "leads out of the container"
    assert_equal "$(<"$ROOT/etc.old/resolv.conf")" "search example
nameserver 10.9.8.2
nameserver 10.9.8.3"
    [ ! -L "$ROOT/etc.old/resolv.conf" ]
    assert_equal "$(ls -A "$OUTSIDE")" ""
}

# A container runs while its resolv.conf is written: here its root knows each name before it is used.
@test "dhclient-script: a link that appears under the hand leads nowhere" {
    record_calls ip
    cat >"$BATS_TEST_TMPDIR/bin/rm" <<FAKE
#!/bin/sh
/bin/rm "\$@"
for word; do case \$word in resolv.conf*) ln -s $OUTSIDE/pipe "\$word" ;; esac; done
FAKE
    cat >"$BATS_TEST_TMPDIR/bin/mktemp" <<FAKE
#!/bin/sh
name=\$(/bin/mktemp "\$@")
ln -s $OUTSIDE/pipe "\$name"
echo "\$name"
FAKE
    chmod 755 "$BATS_TEST_TMPDIR"/bin/{rm,mktemp}
    mkfifo "$OUTSIDE/pipe"
    exec 7<>"$OUTSIDE/pipe"
    export interface=d0 reason=BOUND new_ip_address=10.9.8.7 new_domain_name_servers=10.9.8.2
    ROOTFS=$ROOT run "$HOOKS/dhclient-script"
    assert_equal "$status" 1
    # Nothing to read.
    run -1 dd if="$OUTSIDE/pipe" iflag=nonblock bs=1 count=1 status=none
    exec 7>&-
    /bin/rm "$BATS_TEST_TMPDIR"/bin/{rm,mktemp} "$ROOT"/etc/*
    ROOTFS=$ROOT "$HOOKS/dhclient-script"
    assert_equal "$(<"$ROOT/etc/resolv.conf")" "nameserver 10.9.8.2"
    assert_equal "$(ls -A "$ROOT/etc")" resolv.conf
}

@test "mountecryptfsroot: mounts what is encrypted with the key that sig names" {
    record_calls mount
    export LXC_CONFIG_FILE=$BATS_TEST_TMPDIR/c/config LXC_ROOTFS_PATH=dir:$ROOT
    run "$HOOKS/mountecryptfsroot" c lxc pre-mount
    assert_equal "$status" 1
    mkdir "$BATS_TEST_TMPDIR/c/rootfs.crypt"
    echo 'not,hex' >"$BATS_TEST_TMPDIR/c/sig"
    run "$HOOKS/mountecryptfsroot" c lxc pre-mount
    assert_equal "$status" 1
    [ ! -e "$RECORD" ]
    printf '0123456789abcdef\nfedcba9876543210\n' >"$BATS_TEST_TMPDIR/c/sig"
    "$HOOKS/mountecryptfsroot" c lxc pre-mount
    keys=ecryptfs_sig=0123456789abcdef,ecryptfs_cipher=aes,ecryptfs_key_bytes=16
    assert_equal "$(<"$RECORD")" "mount -i -n -t ecryptfs -o $keys,ecryptfs_fnek_sig=fedcba9876543210 \
$BATS_TEST_TMPDIR/c/rootfs.crypt $ROOT"
}

@test "nvidia: nothing without variables, and what they ask for with them" {
    record_calls nvidia-container-cli ldconfig.real
    export LXC_ROOTFS_MOUNT=$ROOT
    "$HOOKS/nvidia" c lxc mount
    NVIDIA_VISIBLE_DEVICES=void "$HOOKS/nvidia" c lxc mount
    [ ! -e "$RECORD" ]
    NVIDIA_VISIBLE_DEVICES=0,1 NVIDIA_DRIVER_CAPABILITIES=compute,video \
        NVIDIA_REQUIRE_CUDA="cuda>=11.0 brand=tesla" "$HOOKS/nvidia" c lxc mount
    global='nvidia-container-cli --load-kmods configure --no-cgroups'
    ldconfig=--ldconfig=@$BATS_TEST_TMPDIR/bin/ldconfig.real
    assert_equal "$(<"$RECORD")" "$global $ldconfig --compute --video --device=0,1 \
--require=cuda>=11.0 brand=tesla $ROOT"
    rm "$RECORD"
    CUDA_VERSION=10.2.89 "$HOOKS/nvidia" c lxc mount
    assert_equal "$(<"$RECORD")" "$global $ldconfig --compute --compat32 --display --graphics \
--utility --video --device=all --require=cuda>=10.2 $ROOT"
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES='$(id)' run "$HOOKS/nvidia" c lxc mount
    assert_equal "$status" 1
}

@test "squid-deb-proxy-client: the proxy of the host's apt, and none when it has none" {
    cat >"$BATS_TEST_TMPDIR/bin/apt-config" <<'FAKE'
#!/bin/sh
cat "$RECORD"
FAKE
    chmod 755 "$BATS_TEST_TMPDIR/bin/apt-config"
    mkdir -p "$ROOT/etc/apt/apt.conf.d"
    export LXC_ROOTFS_PATH=$ROOT
    echo "proxy='http://proxy.example:3142'" >"$RECORD"
    "$HOOKS/squid-deb-proxy-client" c lxc pre-start
    "$HOOKS/squid-deb-proxy-client" c lxc pre-start
    assert_equal "$(cat "$ROOT"/etc/apt/apt.conf.d/*)" 'Acquire::http::Proxy "http://proxy.example:3142";'
    printf '#!/bin/sh\necho http://found.example\n' >"$BATS_TEST_TMPDIR/bin/detect"
    chmod 755 "$BATS_TEST_TMPDIR/bin/detect"
    echo "detect='$BATS_TEST_TMPDIR/bin/detect'" >"$RECORD"
    "$HOOKS/squid-deb-proxy-client" c lxc pre-start
    assert_equal "$(cat "$ROOT"/etc/apt/apt.conf.d/*)" 'Acquire::http::Proxy "http://found.example";'
    : >"$RECORD"
    "$HOOKS/squid-deb-proxy-client" c lxc pre-start
    assert_equal "$(ls -A "$ROOT/etc/apt/apt.conf.d")" ""
    rm -r "$ROOT/etc/apt/apt.conf.d"
    ln -s "$OUTSIDE" "$ROOT/etc/apt/apt.conf.d"
    echo "proxy='http://proxy.example:3142'" >"$RECORD"
    run "$HOOKS/squid-deb-proxy-client" c lxc pre-start
    assert_equal "$status:$(ls -A "$OUTSIDE")" "1:"
    LXC_ROOTFS_PATH=zfs:pool/c "$HOOKS/squid-deb-proxy-client" c lxc pre-start
}

@test "squid-deb-proxy-client: a container that has the host's root leaves the host's apt alone" {
    [ "$(id -u)" -eq 0 ] || skip "containers need root here"
    printf '#!/bin/sh\necho "proxy=http://proxy.example"\n' >"$BATS_TEST_TMPDIR/bin/apt-config"
    chmod 755 "$BATS_TEST_TMPDIR/bin/apt-config"
    cat >"$BATS_TEST_TMPDIR/script" <<SCRIPT
set -eu
mkdir -p /etc/apt/apt.conf.d
mount -t tmpfs none /etc/apt/apt.conf.d
for root in '' / dir:/ dir:; do
    LXC_ROOTFS_PATH=\$root $HOOKS/squid-deb-proxy-client c lxc pre-start
done
ls -A /etc/apt/apt.conf.d
SCRIPT
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script"
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "ubuntu-cloud-prep: a copy gets an identity of its own, keys and data" {
    export LXC_NAME=copy LXC_ROOTFS_MOUNT=$ROOT
    seed=$ROOT/var/lib/cloud/seed/nocloud-net
    mkdir -p "$ROOT/var/lib/cloud/instances/old" "$seed"
    echo stale >"$seed/vendor-data"
    printf '# mine\nssh-ed25519 AAAA it'"'"'s me\n' >"$BATS_TEST_TMPDIR/key.pub"
    echo '#!/bin/sh' >"$BATS_TEST_TMPDIR/user"
    "$HOOKS/ubuntu-cloud-prep" copy lxc clone -L -i i-7 -S "$BATS_TEST_TMPDIR/key.pub" \
        -u "$BATS_TEST_TMPDIR/user"
    assert_equal "$(<"$seed/meta-data")" "instance-id: i-7
local-hostname: copy
public-keys:
- 'ssh-ed25519 AAAA it''s me'"
    assert_equal "$(<"$seed/user-data")" '#!/bin/sh'
    [ ! -e "$seed/vendor-data" ]
    [ ! -e "$ROOT/var/lib/cloud/instances/old" ]
    LXC_HOOK_VERSION=1 "$HOOKS/ubuntu-cloud-prep" -L
    grep -Eqx 'instance-id: lxc-copy-[0-9a-f]{8}' "$seed/meta-data"
    "$HOOKS/ubuntu-cloud-prep" copy lxc clone -L --cloud
    [ ! -e "$seed" ]
    rm -r "$ROOT/var/lib/cloud"
    ln -s "$OUTSIDE" "$ROOT/var/lib/cloud"
    run "$HOOKS/ubuntu-cloud-prep" copy lxc clone -L
    assert_equal "$status:$(ls -A "$OUTSIDE")" "1:"
    # What is emptied may be links, too.
    rm "$ROOT/var/lib/cloud"
    mkdir -p "$ROOT/var/lib/cloud/sem" "$OUTSIDE/nocloud"
    : >"$ROOT/var/lib/cloud/sem/old"
    for name in instances data seed; do
        ln -s "$OUTSIDE" "$ROOT/var/lib/cloud/$name"
    done
    run "$HOOKS/ubuntu-cloud-prep" copy lxc clone -L --cloud
    assert_equal "$status:$(ls -A "$OUTSIDE")" "1:nocloud"
    [ ! -e "$ROOT/var/lib/cloud/sem/old" ]
    [ ! -L "$ROOT/var/lib/cloud/data" ]
}

@test "unmount-namespace: what a container's namespace holds is unmounted, and nothing of the host's" {
    [ "$(id -u)" -eq 0 ] || skip "containers need root here"
    hook=$TARE_BUILD_ROOT/src/helpers/unmount-namespace
    mkdir "$BATS_TEST_TMPDIR/a b"
    # Outside and inside are peers: what is unmounted in one place is so in the other, but for the hook.
    cat >"$BATS_TEST_TMPDIR/script" <<OUTSIDE
set -eu
mount -t tmpfs none "$BATS_TEST_TMPDIR/a b"
mkdir "$BATS_TEST_TMPDIR/a b/x"
mount -t tmpfs none "$BATS_TEST_TMPDIR/a b/x"
mount --make-rshared "$BATS_TEST_TMPDIR/a b"
cat /proc/self/mountinfo >"$BATS_TEST_TMPDIR/before"
unshare -m --propagation unchanged sh -c 'echo ready >"$RECORD"; exec sleep 60' &
until [ -s "$RECORD" ]; do sleep 0.02; done
grep -q 'a\\\\040b/x' "/proc/\$!/mountinfo"
# Behind it a sanitizer finds no /proc to look for leaks in.
ASAN_OPTIONS=detect_leaks=0 "$hook" c lxc stop "mnt:/proc/\$!/ns/mnt"
cat "/proc/\$!/mountinfo"
kill "\$!"
cmp /proc/self/mountinfo "$BATS_TEST_TMPDIR/before"
OUTSIDE
    run_apart unshare -m --propagation private sh "$BATS_TEST_TMPDIR/script"
    assert_equal "$status:$stdout:$stderr" "0::"
    for path in "/proc/$$/ns/mnt" "/proc/$$/ns/net" /nonexistent; do
        run "$hook" c lxc stop "mnt:$path"
        assert_equal "$status" 1
    done
    run "$hook"
    assert_equal "$status" 1
}
