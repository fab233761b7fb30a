#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Debian 12 with systemd as PID 1 where the unified hierarchy is all there is. The guest has no network:
# the root file system is what `make demo-debian` or `make test-long` left in build/debian-cache.

load ../bats/helpers
load ../bats/containers
load ../bats/share
load ../debian/boot

setup_file() {
    IMAGE=$(find "$TARE_SOURCE_ROOT/build/debian-cache/debian" -name 'rootfs-bookworm-*.tar' \
        2>/dev/null | head -n 1)
    export IMAGE PATIENCE=600
    [ -n "$IMAGE" ] || return 0
    make_lxcpath
    stage_share "$LXCPATH/share"
    mkdir "$LXCPATH/meta"
    printf '%s\n' 'lxc.include = LXC_TEMPLATE_CONFIG/debian.common.conf' \
        'lxc.signal.halt = SIGRTMIN+3' >"$LXCPATH/meta/config"
    printf '%s\n' 'lxc.include = LXC_TEMPLATE_CONFIG/debian.common.conf' \
        'lxc.include = LXC_TEMPLATE_CONFIG/debian.userns.conf' \
        'lxc.signal.halt = SIGRTMIN+3' >"$LXCPATH/meta/config-user"
    tar -C "$LXCPATH/meta" -cf "$LXCPATH/meta.tar" .
}

teardown_file() {
    [ -z "$IMAGE" ] || remove_lxcpath
}

setup() {
    [ -n "$IMAGE" ] || skip "no root file system of Debian in build/debian-cache"
}

teardown() {
    [ -z "$IMAGE" ] || stop_all
}

# create NAME [LINE…]
create() {
    local name=$1

    shift
    printf '%s\n' "$(<"$EMPTY_NET")" "$@" >"$LXCPATH/initial"
    lxc-create -P "$LXCPATH" -n "$name" -f "$LXCPATH/initial" -t "$SHARE/templates/lxc-local" -- \
        -f "$IMAGE" -m "$LXCPATH/meta.tar" >/dev/null
}

@test "Debian 12 boots on pure cgroup v2, with limits that are its own to divide" {
    create d1
    check_boot d1
    lxc-start -P "$LXCPATH" -n d1
    wait_until "$PATIENCE" booted d1
    assert_equal "$(in_container d1 stat -f -c %T /sys/fs/cgroup)" cgroup2fs
    assert_equal "$(in_container d1 systemd-run --quiet --wait --pipe --property=MemoryMax=64M \
        sh -c 'cat "/sys/fs/cgroup$(sed s/0::// /proc/self/cgroup)/memory.max"')" $((64 << 20))
}

@test "with mapped ids it boots as well" {
    create u1 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536'
    check_boot u1
}
