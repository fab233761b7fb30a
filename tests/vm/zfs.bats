#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers on data sets of ZFS, and on subvolumes of btrfs on a disk of its own (spec/storage.md): the
# tutorial as it is typed, copies, snapshots, what is refused, and kills in the middle. For the guest
# "storage" of tests/vm.

load ../bats/helpers
load ../bats/containers
load pools

setup_file() {
    disk 0 >/dev/null || return 0
    install_build
    make_zpool lxc "$(disk 1)" 3>&-
}

teardown_file() {
    disk 0 >/dev/null || return 0
    remove_zpool lxc "$(disk 1)"
}

setup() {
    needs_pools zfs
}

teardown() {
    disk 0 >/dev/null || return 0
    destroy_all
    ! mountpoint -q "$HOME/btrfs_c1" || umount -l "$HOME/btrfs_c1"
    for dataset in $(zfs list -H -o name -d 1 lxc | tail -n +2); do
        zfs destroy -R "$dataset" || true
    done
    rm -f /etc/lxc/lxc.conf
}

# datasets FIELDS: those of the pool, a line each.
datasets() {
    zfs list -H -t filesystem -o "$1" -r lxc | tail -n +2 | tr '\t' ' '
}

snapshots() {
    zfs list -H -t snapshot -o name -r lxc
}

create() {
    lxc-create -B zfs -n "$@" -t busybox
}

@test "the tutorial: a data set per container, a snapshot and a clone of it" {
    run_apart lxc-create -B zfs -n z1 -t busybox
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(datasets name,mountpoint,canmount,mounted)" \
        "lxc/z1 /var/lib/lxc/z1/rootfs noauto no"
    assert_equal "$(squeezed zfs list -r lxc | cut -d' ' -f1,5)" "NAME MOUNTPOINT
lxc none
lxc/z1 /var/lib/lxc/z1/rootfs"
    assert_equal "$(grep '^lxc.rootfs.path' /var/lib/lxc/z1/config)" "lxc.rootfs.path = zfs:lxc/z1"
    assert_equal "$(grep lxc.*.backend /var/lib/lxc/z1/config)" "# lxc.rootfs.backend = zfs"
    run_apart lxc-copy -s -n z1 -N z2
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(datasets name,origin,mountpoint)" "lxc/z1 - /var/lib/lxc/z1/rootfs
lxc/z2 lxc/z1@z2 /var/lib/lxc/z2/rootfs"
    assert_equal "$(snapshots)" "lxc/z1@z2"
    assert_equal "$(squeezed lxc-ls -f)" "NAME STATE AUTOSTART GROUPS IPV4 IPV6 UNPRIVILEGED
z1 STOPPED 0 - - - false
z2 STOPPED 0 - - - false"
    lxc-destroy -n z2
    assert_equal "$(datasets name):$(snapshots)" lxc/z1:
    lxc-destroy -n z1
    assert_equal "$(datasets name):$(lxc-ls -1)" ":"
}

@test "a container runs on its data set, and nothing holds it afterwards" {
    create z1
    lxc-start -n z1
    assert_equal "$(in_container z1 sh -c 'grep " / " /proc/mounts' | cut -d' ' -f1-3)" "lxc/z1 / zfs"
    in_container z1 sh -c 'echo written >/root/text'
    lxc-stop -n z1 -k
    assert_equal "$(datasets mounted)" no
    assert_equal "$(read_inside z1)" written
    refute_contains "$(</proc/mounts)" lxc/z1
    runs_well z1
}

@test "a clone and a copy have files of their own from then on" {
    create z1
    write_inside z1 first
    lxc-copy -s -n z1 -N snap
    lxc-copy -n z1 -N copy
    assert_equal "$(datasets name,origin | grep copy)" "lxc/copy -"
    write_inside z1 second
    assert_equal "$(read_inside snap):$(read_inside copy):$(read_inside z1)" first:first:second
    assert_equal "$(lxc-execute -n snap -- cat /etc/hostname)" snap
    for name in z1 snap copy; do
        runs_well $name
    done
}

@test "another root, by the command line and by lxc.conf" {
    zfs create lxc/tank
    lxc-create -B zfs --zfsroot lxc/tank -n z1 -t busybox
    assert_equal "$(datasets name)" "lxc/tank
lxc/tank/z1"
    lxc-copy -s -n z1 -N z2
    assert_equal "$(datasets name | xargs)" "lxc/tank lxc/tank/z1 lxc/tank/z2"
    echo "lxc.bdev.zfs.root = lxc/tank" >/etc/lxc/lxc.conf
    create z3
    assert_equal "$(grep '^lxc.rootfs.path' /var/lib/lxc/z3/config)" "lxc.rootfs.path = zfs:lxc/tank/z3"
}

# refused PART COMMAND…: with that in its message, and nothing is made.
refused() {
    local part=$1 before

    shift
    before=$(datasets name):$(snapshots):$(lxc-ls -1)
    run_apart "$@"
    [ "$status" -ne 0 ] || fail "this should have failed: $*"
    assert_contains "$stderr" "$part"
    assert_equal "$(datasets name):$(snapshots):$(lxc-ls -1)" "$before"
}

@test "what can't be is refused with its reason, and leaves nothing" {
    create z1
    zfs create -o canmount=noauto lxc/taken
    refused taken lxc-create -B zfs -n taken -t busybox
    refused nosuch lxc-create -B zfs --zfsroot nosuch -n z2 -t busybox
    refused taken lxc-copy -n z1 -N taken
    refused taken lxc-copy -s -n z1 -N taken
    refused "" lxc-create -B zfs -n z2 -t /bin/false
    [ ! -e /var/lib/lxc/z2 ]
    [ ! -e /var/lib/lxc/taken ]
    # An origin with clones stays, untouched.
    lxc-copy -s -n z1 -N z2
    refused "z1 has clones" lxc-destroy -n z1
    runs_well z1
}

@test "renaming moves no data" {
    create z1
    write_inside z1 kept
    id=$(datasets guid)
    lxc-copy -R -n z1 -N z2
    assert_equal "$(datasets name,guid,mountpoint,canmount)" \
        "lxc/z2 $id /var/lib/lxc/z2/rootfs noauto"
    assert_equal "$(lxc-ls -1):$(read_inside z2):$(inside z2 cat /etc/hostname)" z2:kept:z2
}

# snapshot_life NAME
snapshot_life() {
    write_inside "$1" first
    lxc-snapshot -n "$1"
    write_inside "$1" second
    lxc-snapshot -n "$1"
    assert_equal "$(lxc-snapshot -n "$1" -L | cut -d' ' -f1 | xargs)" "snap0 snap1"
    lxc-snapshot -n "$1" -r snap0 -N other
    assert_equal "$(read_inside other):$(read_inside "$1")" first:second
    lxc-destroy -n other
    write_inside "$1" third
    lxc-snapshot -n "$1" -r snap0
    assert_equal "$(read_inside "$1")" first
    lxc-snapshot -n "$1" -r snap1
    assert_equal "$(read_inside "$1")" second
    runs_well "$1"
    lxc-snapshot -n "$1" -d snap0
    assert_equal "$(lxc-snapshot -n "$1" -L | cut -d' ' -f1 | xargs)" snap1
    lxc-destroy -s -n "$1"
    assert_equal "$(lxc-ls -1)" ""
}

@test "lxc-snapshot: taken, listed, restored in place and by another name, destroyed" {
    create z1
    snapshot_life z1
    assert_equal "$(datasets name)" ""
}

@test "the snapshots of two containers don't get into each other's way" {
    create z1
    lxc-copy -n z1 -N z2
    lxc-snapshot -n z1
    lxc-snapshot -n z2
    write_inside z1 changed
    lxc-snapshot -n z1 -r snap0
    lxc-destroy -s -n z1
    assert_equal "$(lxc-snapshot -n z2 -L | cut -d' ' -f1):$(lxc-ls -1)" snap0:z2
    runs_well z2
    lxc-destroy -s -n z2
    assert_equal "$(datasets name)" ""
}

@test "ephemeral copies vanish with their data sets" {
    create z1
    write_inside z1 kept
    for name in $(lxc-copy -e -n z1 | awk '{ print $2 }'); do
        in_container "$name" sh -c 'cat /root/text; echo gone >/root/text' | grep -x kept
        lxc-stop -n "$name" -k
        wait_until 60 test ! -e "/var/lib/lxc/$name"
    done
    assert_equal "$(datasets name):$(lxc-ls -1)" "lxc/z1:z1"
    assert_equal "$(read_inside z1)" kept
}

@test "from and to other types" {
    lxc-create -n d1 -t busybox
    write_inside d1 moved
    lxc-copy -n d1 -N z1 -B zfs
    lxc-copy -n z1 -N f1 -B loop -L 200M
    lxc-copy -n f1 -N z2 -B zfs
    lxc-copy -n z2 -N d2 -B dir
    for name in z1 f1 z2 d2; do
        assert_equal "$(read_inside $name)" moved
    done
    assert_equal "$(datasets name)" "lxc/z1
lxc/z2"
}

@test "mapped ids own what is on the data set" {
    printf '%s\n' 'lxc.include = /etc/lxc/default.conf' 'lxc.idmap = u 0 100000 65536' \
        'lxc.idmap = g 0 100000 65536' >"$HOME/conf"
    lxc-create -B zfs -f "$HOME/conf" -n z1 -t busybox
    lxc-copy -n z1 -N z2
    lxc-copy -s -n z1 -N z3
    for name in z1 z2 z3; do
        assert_equal "$(inside $name stat -c %u:%g / /bin/busybox | xargs)" "0:0 0:0"
        runs_well $name
    done
}

@test "best takes the pool before anything else that is there" {
    lxc-create -B best -n z1 -t busybox
    assert_equal "$(datasets name)" lxc/z1
}

# What the kills leave: container and data set, or neither.
made_or_not() {
    assert_equal "$(datasets name | sed 's|lxc/||')" "$(lxc-ls -1)"
    [ ! -e /var/lib/lxc/z2 ] || lxc-destroy -n z2
    assert_equal "$(snapshots)" ""
}

nothing() { :; }

@test "kill -9 in the middle: create" {
    watch_programs zfs
    each_kill nothing made_or_not lxc-create -B zfs -n z2 -t busybox
}

@test "kill -9 in the middle: copies" {
    create z1
    watch_programs zfs
    each_kill nothing made_or_not lxc-copy -n z1 -N z2
    each_kill nothing made_or_not lxc-copy -s -n z1 -N z2
    runs_well z1
}

back_to_z1() {
    assert_equal "$(datasets name | sed 's|lxc/||')" "$(lxc-ls -1)"
    [ -e /var/lib/lxc/z1/config ] || lxc-copy -R -n z2 -N z1
    assert_equal "$(datasets mountpoint)" /var/lib/lxc/z1/rootfs
    assert_equal "$(read_inside z1)" kept
}

@test "kill -9 in the middle: rename" {
    create z1
    write_inside z1 kept
    watch_programs zfs
    each_kill nothing back_to_z1 lxc-copy -R -n z1 -N z2
}

have_z1() {
    [ -e /var/lib/lxc/z1/config ] || create z1
}

gone_or_whole() {
    assert_equal "$(datasets name | sed 's|lxc/||')" "$(lxc-ls -1)"
    [ ! -e /var/lib/lxc/z1/config ] || runs_well z1
}

@test "kill -9 in the middle: destroy" {
    watch_programs zfs
    each_kill have_z1 gone_or_whole lxc-destroy -n z1
}

changed_z1() {
    write_inside z1 changed
}

snapshot_tidy() {
    [ ! -e /var/lib/lxc/z1/snaps/snap0/config ] || lxc-snapshot -n z1 -d snap0
    assert_equal "$(datasets name):$(snapshots)" lxc/z1:
    assert_equal "$(read_inside z1)" kept
}

restored_or_not() {
    case $(read_inside z1) in
    kept | changed) ;;
    *) fail "neither the old state nor the new one" ;;
    esac
    # Containers and snapshots have one data set each, and nobody else has.
    assert_equal "$(datasets name | wc -l)" "$(find /var/lib/lxc -name config | wc -l)"
}

@test "kill -9 in the middle: snapshot and restore" {
    create z1
    write_inside z1 kept
    watch_programs zfs
    each_kill nothing snapshot_tidy lxc-snapshot -n z1
    lxc-snapshot -n z1
    each_kill changed_z1 restored_or_not lxc-snapshot -n z1 -r snap0
}

@test "btrfs: the tutorial, with a relative path" {
    cd "$HOME"
    mkfs -t btrfs -q "$(disk 2)"
    mkdir -p "$HOME/btrfs_c1"
    mount "$(disk 2)" "$HOME/btrfs_c1"
    run_apart lxc-create --bdev btrfs --lxcpath=btrfs_c1 --name btrfs_container --template busybox
    assert_equal "$status:$stderr" "0:"
    btrfs subvolume list "$HOME/btrfs_c1/" |
        grep -xE 'ID [0-9]+ gen [0-9]+ top level 5 path btrfs_container/rootfs'
    assert_equal "$(grep lxc.*.backend btrfs_c1/btrfs_container/config)" "# lxc.rootfs.backend = btrfs"
    assert_equal "$(stat -c %A btrfs_c1/btrfs_container)" drwxrwx---
    run_apart lxc-copy --lxcpath="$HOME/btrfs_c1" -s -n btrfs_container -N btrfs_cow_clone
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(btrfs subvolume list "$HOME/btrfs_c1/" | sed 's/.* path //')" \
        "btrfs_container/rootfs
btrfs_cow_clone/rootfs"
    origin=$(btrfs subvolume list -u "$HOME/btrfs_c1/" | sed -n 's|.*uuid \(.*\) path btrfs_container.*|\1|p')
    btrfs subvolume list -q "$HOME/btrfs_c1/" | grep "parent_uuid $origin path btrfs_cow_clone/rootfs"
    LXCPATH=$HOME/btrfs_c1
    runs_well btrfs_container
    runs_well btrfs_cow_clone
    write_inside btrfs_container first
    snapshot_life_of_btrfs
    lxc-destroy -P btrfs_c1 -n btrfs_cow_clone
    lxc-destroy -P btrfs_c1 -n btrfs_container
    assert_equal "$(btrfs subvolume list "$HOME/btrfs_c1/")" ""
    umount "$HOME/btrfs_c1"
    wipe "$(disk 2)"
    LXCPATH=/var/lib/lxc
}

snapshot_life_of_btrfs() {
    lxc-snapshot -P btrfs_c1 -n btrfs_container
    write_inside btrfs_container second
    lxc-snapshot -P btrfs_c1 -n btrfs_container -r snap0
    assert_equal "$(read_inside btrfs_container)" first
    lxc-snapshot -P btrfs_c1 -n btrfs_container -d ALL
}
