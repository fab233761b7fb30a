#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers on disks of virtual machines by qemu-nbd (spec/storage.md): used, never made. For the guest
# "storage" of tests/vm.

load ../bats/helpers
load ../bats/containers
load pools

setup_file() {
    disk 0 >/dev/null || return 0
    install_build
    modprobe nbd max_part=8
    make_disk "$BATS_FILE_TMPDIR/disk.qcow2"
    export DISK=$BATS_FILE_TMPDIR/disk.qcow2
}

teardown_file() {
    disk 0 >/dev/null || return 0
    [ ! -e /sys/block/nbd15/pid ] || qemu-nbd -d /dev/nbd15
    rmmod nbd
}

setup() {
    needs_pools qemu-nbd
    mkdir -p /var/lib/lxc/n1/rootfs
}

teardown() {
    disk 0 >/dev/null || return 0
    stop_all || true
    rm -rf /var/lib/lxc/n1
    destroy_all
}

# make_disk FILE: two partitions, of which the second has a container's root.
make_disk() {
    qemu-img create -q -f qcow2 "$1" 128M
    # Its server would keep what bats waits for the end of.
    qemu-nbd -c /dev/nbd15 "$1" >/dev/null 2>&1 3>&-
    wait_until 20 test -e /sys/block/nbd15/pid
    printf 'label: dos\n,8M\n,\n' | sfdisk -q /dev/nbd15
    wait_until 20 test -b /dev/nbd15p2
    mkfs.ext4 -q /dev/nbd15p2
    mkdir "$BATS_FILE_TMPDIR/root"
    mount /dev/nbd15p2 "$BATS_FILE_TMPDIR/root"
    lxc-create -n filler -t busybox
    cp -a /var/lib/lxc/filler/rootfs/. "$BATS_FILE_TMPDIR/root"
    lxc-destroy -n filler
    umount "$BATS_FILE_TMPDIR/root"
    qemu-nbd -d /dev/nbd15 >/dev/null
    wait_until 20 test ! -e /sys/block/nbd15/pid
}

# configure PATH
configure() {
    printf '%s\n' "lxc.rootfs.path = nbd:$1" 'lxc.uts.name = n1' 'lxc.net.0.type = empty' \
        'lxc.mount.auto = proc' >/var/lib/lxc/n1/config
}

no_disks() {
    [ -z "$(find /sys/block/nbd*/pid 2>/dev/null)" ]
}

@test "a partition of a disk is the root, and the disk is let go at the end" {
    configure "$DISK:2"
    lxc-start -n n1
    assert_equal "$(in_container n1 sh -c 'grep " / " /proc/mounts' | cut -d' ' -f1-3)" \
        "/dev/nbd0p2 / ext4"
    assert_equal "$(in_container n1 cat /proc/sys/kernel/hostname)" n1
    in_container n1 sh -c 'echo written >/root/text'
    lxc-stop -n n1 -k
    wait_until 20 no_disks
    assert_equal "$(read_inside n1)" written
    wait_until 20 no_disks
}

@test "kill -9 of the supervisor: the disk is let go" {
    configure "$DISK:2"
    lxc-start -n n1
    kill -KILL "$(ps -o ppid= -p "$(lxc-info -n n1 -pH)")"
    lxc-info -n n1 >/dev/null
    tare repair >/dev/null
    wait_until 20 no_disks
    lxc-start -n n1
    lxc-stop -n n1 -k
    wait_until 20 no_disks
}

@test "what can't be is said: no such file, no such partition, no creation, no destroying" {
    configure "$HOME/nosuch.qcow2"
    run_apart lxc-start -n n1
    [ "$status" -ne 0 ]
    assert_contains "$stderr" nosuch.qcow2
    configure "$DISK:7"
    run_apart lxc-start -n n1
    [ "$status" -ne 0 ]
    wait_until 20 no_disks
    run_apart lxc-create -B nbd -n n2 -t busybox
    [ "$status" -ne 0 ]
    [ ! -e /var/lib/lxc/n2 ]
    configure "$DISK:2"
    run_apart lxc-destroy -n n1
    [ "$status" -ne 0 ]
    assert_contains "$stderr" nbd
    [ -e "$DISK" ]
    [ -e /var/lib/lxc/n1/config ]
}

@test "a copy is refused, with the way to what can be copied" {
    configure "$DISK:2"
    run_apart lxc-copy -n n1 -N d1 -B dir
    [ "$status" -ne 0 ]
    assert_contains "$stderr" "qemu-img convert"
    [ ! -e /var/lib/lxc/d1 ]
    wait_until 20 no_disks
}
