#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Debian 12 by lxc-debian: installed by mmdebstrap from the host's archive, as root and with mapped
# ids, and booted, with systemd as PID 1, under every way of mounting cgroups that it can boot with.
# The cache is kept in build/debian-cache.

load ../bats/helpers
load ../bats/containers
load ../bats/share
load boot

setup_file() {
    make_lxcpath
    stage_share "$LXCPATH/share"
    export LXC_CACHE_PATH=$TARE_SOURCE_ROOT/build/debian-cache
    mkdir -p "$LXC_CACHE_PATH"
    lxc-create -P "$LXCPATH" -n d1 -f "$EMPTY_NET" -t "$SHARE/templates/lxc-debian" -- \
        -r bookworm --password=secret >&2
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
}

@test "Debian 12 boots without a failed unit, however its cgroups are mounted" {
    check_all_mounts d1
}

@test "it reboots, asked from outside and from inside, and turns itself off" {
    lxc-start -P "$LXCPATH" -n d1
    wait_until 60 booted d1
    first=$(lxc-info -P "$LXCPATH" -n d1 -p -H)
    lxc-stop -P "$LXCPATH" -n d1 -r -t 60
    wait_until 60 booted d1
    second=$(lxc-info -P "$LXCPATH" -n d1 -p -H)
    [ "$first" != "$second" ]
    in_container d1 reboot
    wait_until 60 sh -c "[ $second != \"\$(lxc-info -P $LXCPATH -n d1 -p -H)\" ]"
    wait_until 60 booted d1
    in_container d1 poweroff
    wait_until 60 sh -c "[ \"\$(lxc-info -P $LXCPATH -n d1 -s -H)\" = STOPPED ]"
}

@test "its configuration is our own: name, keys, archive, terminals" {
    root=$LXCPATH/d1/rootfs
    grep -Eq '^root:\$' "$root/etc/shadow"
    [ ! -e "$root/etc/apt/apt.conf.d/99mmdebstrap" ]
    [ -s "$root/etc/apt/sources.list" ]
    [ -z "$(find "$root/etc/apt/sources.list.d" -type f)" ]
    lxc-start -P "$LXCPATH" -n d1
    wait_until 60 booted d1
    assert_equal "$(in_container d1 hostname)" d1
    for unit in console-getty container-getty@1 container-getty@4 systemd-networkd systemd-resolved; do
        assert_equal "$unit $(in_container d1 systemctl is-active "$unit.service")" "$unit active"
    done
    grep -Eqx '[0-9a-f]{32}' "$root/etc/machine-id"
}

@test "with mapped ids it is installed by mmdebstrap, and boots as well" {
    printf '%s\n' "$(<"$EMPTY_NET")" 'lxc.idmap = u 0 100000 65536' \
        'lxc.idmap = g 0 100000 65536' >"$BATS_TEST_TMPDIR/mapped"
    mkdir -p "$LXC_CACHE_PATH/mapped"
    LXC_CACHE_PATH=$LXC_CACHE_PATH/mapped lxc-create -P "$LXCPATH" -n u1 \
        -f "$BATS_TEST_TMPDIR/mapped" -t "$SHARE/templates/lxc-debian" -- -r bookworm
    check_all_mounts u1
}
