#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers on images of a Ceph cluster of one machine (spec/storage.md). For the guest "storage" of
# tests/vm.

load ../bats/helpers
load ../bats/containers
load pools

setup_file() {
    disk 0 >/dev/null || return 0
    install_build
    make_ceph /run/lab-ceph 3>&-
}

teardown_file() {
    disk 0 >/dev/null || return 0
    remove_ceph /run/lab-ceph
}

setup() {
    needs_pools rbd ceph
}

teardown() {
    local device

    disk 0 >/dev/null || return 0
    destroy_all
    for device in /dev/rbd[0-9]*; do
        [ ! -b "$device" ] || rbd unmap -o force "$device" || true
    done
    for image in $(rbd ls --pool lxc); do
        rbd rm --no-progress "lxc/$image" || true
    done
}

# What the pool has, and what of it is mapped.
images() {
    echo "$(rbd ls --pool lxc | xargs):$(cat /sys/bus/rbd/devices/*/name 2>/dev/null | sort | xargs)"
}

create() {
    lxc-create -B rbd --fssize 128M -n "$@" -t busybox
}

@test "an image per container: created, started, attached to, stopped, destroyed" {
    run_apart lxc-create -B rbd --fssize 128M -n r1 -t busybox
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(grep '^lxc.rootfs.path' /var/lib/lxc/r1/config)" \
        "lxc.rootfs.path = rbd:/dev/rbd/lxc/r1"
    assert_equal "$(grep lxc.*.backend /var/lib/lxc/r1/config)" "# lxc.rootfs.backend = rbd"
    assert_equal "$(rbd info --pool lxc r1 | sed -n 's/.*size \(.*\) in .*/\1/p')" "128 MiB"
    assert_equal "$(squeezed lxc-ls -f | tail -n 1)" "r1 STOPPED 0 - - - false"
    write_inside r1 kept
    runs_well r1
    # As behind a boot of the host, where rbdmap has not mapped it.
    rbd unmap /dev/rbd/lxc/r1
    run_apart lxc-start -n r1
    [ "$status" -ne 0 ]
    rbd map --pool lxc r1
    wait_until 20 test -b /dev/rbd/lxc/r1
    assert_equal "$(read_inside r1)" kept
    lxc-destroy -n r1
    assert_equal "$(images):$(lxc-ls -1)" "::"
}

@test "copies, which LXC can't make, and renaming" {
    create r1
    write_inside r1 first
    lxc-copy -n r1 -N r2
    write_inside r1 second
    assert_equal "$(read_inside r2):$(read_inside r1)" first:second
    runs_well r2
    lxc-copy -R -n r2 -N r3
    assert_equal "$(rbd ls --pool lxc | xargs):$(read_inside r3)" "r1 r3:first"
    lxc-copy -n r1 -N d1 -B dir
    lxc-copy -n d1 -N r4 -B rbd -L 64M
    assert_equal "$(read_inside d1):$(read_inside r4)" second:second
    for name in r1 r3 r4; do
        lxc-destroy -n $name
    done
    assert_equal "$(images)" ":"
}

@test "another pool and image name; what can't be is refused and leaves nothing" {
    ceph osd pool create tank 8 8 2>/dev/null
    rbd pool init tank
    lxc-create -B rbd --rbdpool tank --rbdname image1 --fssize 64M -n r1 -t busybox
    assert_equal "$(rbd ls --pool tank)" image1
    runs_well r1
    run_apart lxc-create -B rbd --rbdpool tank --rbdname image1 --fssize 64M -n r2 -t busybox
    [ "$status" -ne 0 ]
    assert_contains "$stderr" image1
    run_apart lxc-create -B rbd --rbdpool nosuch --fssize 64M -n r2 -t busybox
    [ "$status" -ne 0 ]
    assert_contains "$stderr" nosuch
    [ ! -e /var/lib/lxc/r2 ]
    run_apart lxc-create -B rbd --fssize 64M -n r2 -t /bin/false
    [ "$status" -ne 0 ]
    assert_equal "$(images):$(lxc-ls -1)" ":image1:r1"
    lxc-destroy -n r1
    assert_equal "$(rbd ls --pool tank)" ""
}

made_or_not() {
    assert_equal "$(rbd ls --pool lxc)" "$(lxc-ls -1)"
    [ ! -e /var/lib/lxc/r2 ] || lxc-destroy -n r2
    assert_equal "$(cat /sys/bus/rbd/devices/*/name 2>/dev/null)" ""
}

nothing() { :; }

@test "kill -9 in the middle: create" {
    watch_programs rbd mkfs.ext4
    each_kill nothing made_or_not lxc-create -B rbd --fssize 64M -n r2 -t busybox
}
