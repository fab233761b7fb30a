#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Disks that are full, read-only, broken or gone (spec/storage.md §13): a clear error, the source as it
# was, nothing of the target, nothing held. The disks break by the device mapper's error target. For the
# guest "storage" of tests/vm.

load ../bats/helpers
load ../bats/containers
load pools

setup_file() {
    disk 0 >/dev/null || return 0
    install_build
}

setup() {
    needs_pools dmsetup lvcreate
    DEVICE=$(disk 3)
    PLACE=/mnt/place
    mkdir -p "$PLACE"
}

teardown() {
    disk 0 >/dev/null || return 0
    ! mountpoint -q "$PLACE" || umount -l "$PLACE"
    vgchange -qq -an bad 3>&- >/dev/null 2>&1 || true
    vgremove -qq -ff -y bad 3>&- >/dev/null 2>&1 || true
    [ ! -e /dev/mapper/faulty ] || remove_faulty faulty
    wipe "$DEVICE"
    destroy_all
    # One that lay on what was broken.
    rm -rf /var/lib/lxc/*
}

# fails PART… -- COMMAND…: with these in its message.
fails() {
    local parts=()

    while [ "$1" != -- ]; do
        parts+=("$1")
        shift
    done
    shift
    run_apart timeout 300 "$@"
    [ "$status" -ne 0 ] || fail "this should have failed: $*"
    [ "$status" -ne 124 ] || fail "this did not end: $*"
    echo "# $stderr"
    for part in "${parts[@]}"; do
        assert_contains "$stderr" "$part"
    done
}

# An lxcpath on a disk that may break.
make_place() {
    make_faulty faulty "$DEVICE" "$@"
    mkfs.ext4 -q -E lazy_itable_init=0 /dev/mapper/faulty
    mount /dev/mapper/faulty "$PLACE"
}

@test "EIO while the source is read: which file it was, the source stays, the target goes" {
    make_place $((512 * 2048))
    lxc-create -P "$PLACE" -n c1 -t busybox
    dd if=/dev/urandom of="$PLACE/c1/rootfs/root/big" bs=1M count=16 status=none
    sync
    first=$(filefrag -b512 -e "$PLACE/c1/rootfs/root/big" |
        awk '$1 == "0:" { sub(/\.\.$/, "", $4); print $4 }')
    break_faulty faulty "$DEVICE" $((first + 2048)) 2048
    echo 3 >/proc/sys/vm/drop_caches
    fails root/big "Input/output error" -- lxc-copy -P "$PLACE" -n c1 -p /var/lib/lxc -N c2
    [ ! -e /var/lib/lxc/c2 ]
    fails root/big "Input/output error" -- lxc-copy -P "$PLACE" -n c1 -N c2
    [ ! -e "$PLACE/c2" ]
    fails "Input/output error" -- lxc-snapshot -P "$PLACE" -n c1
    assert_equal "$(find "$PLACE/c1/snaps" -mindepth 1 2>/dev/null)" ""
    assert_equal "$(tare repair)" "nothing to repair"
    mend_faulty faulty "$DEVICE"
    lxc-copy -P "$PLACE" -n c1 -N c2
    cmp "$PLACE/c1/rootfs/root/big" "$PLACE/c2/rootfs/root/big"
}

@test "EIO while the target is written: the source stays, the target goes when the disk is back" {
    make_place $((512 * 2048))
    lxc-create -n c1 -t busybox
    dd if=/dev/zero of=/var/lib/lxc/c1/rootfs/root/big bs=1M count=64 status=none
    # The journal is at the beginning: half of what is behind it breaks, where nothing is yet.
    break_faulty faulty "$DEVICE" $((64 * 2048)) $((400 * 2048))
    fails c2 -- lxc-copy -n c1 -p "$PLACE" -N c2
    mend_faulty faulty "$DEVICE"
    umount -l "$PLACE"
    e2fsck -fy /dev/mapper/faulty >/dev/null 2>&1 || [ $? -lt 4 ]
    mount /dev/mapper/faulty "$PLACE"
    tare repair -P "$PLACE" >/dev/null
    [ ! -e "$PLACE/c2" ]
    assert_equal "$(stat -c %s /var/lib/lxc/c1/rootfs/root/big)" $((64 << 20))
    lxc-copy -n c1 -p "$PLACE" -N c2
}

make_bad_group() {
    make_faulty faulty "$DEVICE"
    make_group bad /dev/mapper/faulty 3>&-
    lxc-create -B lvm --vgname bad --fssize 200M -n c1 -t busybox 3>&-
}

@test "a lost device under a volume: start, copy and destroy say so; back it is as before" {
    make_bad_group
    write_inside c1 kept
    break_faulty faulty "$DEVICE"
    echo 3 >/proc/sys/vm/drop_caches
    fails /dev/bad/c1 -- lxc-start -n c1
    fails /dev/bad/c1 -- lxc-copy -n c1 -N c2 -B dir
    [ ! -e /var/lib/lxc/c2 ]
    fails c1 -- lxc-copy -s -n c1 -N c2
    [ ! -e /var/lib/lxc/c2 ]
    fails c1 -- lxc-destroy -n c1
    [ -e /var/lib/lxc/c1/config ]
    mend_faulty faulty "$DEVICE"
    tare repair >/dev/null
    assert_equal "$(read_inside c1)" kept
    runs_well c1
    lxc-destroy -n c1
    assert_equal "$(lvs --noheadings bad)" ""
}

@test "a lost device under a running container: it can be stopped, and nothing is held" {
    make_bad_group
    lxc-start -n c1
    break_faulty faulty "$DEVICE"
    timeout 120 lxc-stop -n c1 -k
    assert_equal "$(lxc-info -n c1 -sH)" STOPPED
    refute_contains "$(</proc/mounts)" bad-c1
    mend_faulty faulty "$DEVICE"
    wait_until 20 eval '[ "$(squeezed lvs --noheadings -o lv_attr bad/c1)" = "-wi-a-----" ]'
    e2fsck -fy /dev/bad/c1 >/dev/null 2>&1 || [ $? -lt 4 ]
    runs_well c1
}

@test "a read-only disk: nothing is made on it, what is on it can be copied" {
    make_place
    lxc-create -P "$PLACE" -n c1 -t busybox
    mount -o remount,ro "$PLACE"
    before=$(find "$PLACE" | sort)
    fails "Read-only file system" -- lxc-create -P "$PLACE" -n c2 -t busybox
    fails "Read-only file system" -- lxc-copy -P "$PLACE" -n c1 -N c2
    fails "Read-only file system" -- lxc-copy -P "$PLACE" -s -n c1 -N c2
    fails "Read-only file system" -- lxc-copy -P "$PLACE" -R -n c1 -N c2
    fails "Read-only file system" -- lxc-destroy -P "$PLACE" -n c1
    fails "Read-only file system" -- lxc-snapshot -P "$PLACE" -n c1
    assert_equal "$(find "$PLACE" | sort)" "$before"
    lxc-copy -P "$PLACE" -n c1 -p /var/lib/lxc -N c3
    runs_well c3
}

@test "a read-only volume: a start says so, a copy is made" {
    make_bad_group
    write_inside c1 kept
    lvchange -qq -pr bad/c1
    fails bad/c1 -- lxc-start -n c1
    lxc-copy -n c1 -N c2 -B dir
    assert_equal "$(read_inside c2)" kept
    lvchange -qq -prw bad/c1
    runs_well c1
}

@test "a full volume: the copy says so and is gone" {
    make_group bad "$DEVICE" 3>&-
    lxc-create -n c1 -t busybox
    dd if=/dev/urandom of=/var/lib/lxc/c1/rootfs/root/big bs=1M count=40 status=none
    echo "lxc.bdev.lvm.vg = bad" >/etc/lxc/lxc.conf
    fails "No space left" -- lxc-copy -n c1 -N c2 -B lvm -L 32M
    rm /etc/lxc/lxc.conf
    [ ! -e /var/lib/lxc/c2 ]
    assert_equal "$(lvs --noheadings bad)" ""
}

@test "a full thin pool: the copy says so and is gone" {
    make_group bad "$DEVICE" 3>&-
    lvcreate -qq --yes --type thin-pool -L 64M -n pool bad 3>&-
    lvchange -qq --errorwhenfull y bad/pool
    lxc-create -n c1 -t busybox
    dd if=/dev/urandom of=/var/lib/lxc/c1/rootfs/root/big bs=1M count=100 status=none
    echo "lxc.bdev.lvm.vg = bad" >/etc/lxc/lxc.conf
    echo "lxc.bdev.lvm.thin_pool = pool" >>/etc/lxc/lxc.conf
    fails c2 -- lxc-copy -n c1 -N c2 -B lvm -L 500M
    rm /etc/lxc/lxc.conf
    [ ! -e /var/lib/lxc/c2 ]
    assert_equal "$(squeezed lvs --noheadings -o lv_name bad)" pool
    assert_equal "$(stat -c %s /var/lib/lxc/c1/rootfs/root/big)" $((100 << 20))
}
