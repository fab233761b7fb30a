#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers on logical volumes (spec/storage.md): the tutorial as it is typed, thick and thin ones,
# copies, snapshots, what is refused, and kills in the middle. For the guest "storage" of tests/vm.

load ../bats/helpers
load ../bats/containers
load pools

setup_file() {
    disk 0 >/dev/null || return 0
    install_build
    make_group lxc "$(disk 0)" 3>&-
}

teardown_file() {
    disk 0 >/dev/null || return 0
    remove_group lxc "$(disk 0)"
}

setup() {
    needs_pools lvcreate mkfs.ext4
}

teardown() {
    disk 0 >/dev/null || return 0
    destroy_all
    # Whatever a test that failed has left: it must not trouble the others.
    lvremove -qq -f -y lxc 3>&- >/dev/null 2>&1 || true
}

# volumes FIELDS: of the group, a line each.
volumes() {
    squeezed lvs --noheadings -o "$1" lxc
}

create() {
    lxc-create --bdev lvm --fssize 200M --name "$@" --template busybox
}

@test "the tutorial: a volume per container, snapshots and copies of it" {
    cd "$HOME"
    run_apart lxc-create --bdev lvm --fssize 1G --name lvm_container --template busybox
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(squeezed lxc-ls -f)" \
        "NAME STATE AUTOSTART GROUPS IPV4 IPV6 UNPRIVILEGED
lvm_container STOPPED 0 - - - false"
    assert_equal "$(squeezed lvs)" "LV VG Attr LSize Pool Origin Data% Meta% Move Log Cpy%Sync Convert
lvm_container lxc -wi-a----- 1.00g"
    assert_equal "$(squeezed vgs)" "VG #PV #LV #SN Attr VSize VFree
lxc 1 1 0 wz--n- <8.00g <7.00g"
    assert_equal "$(cat /var/lib/lxc/lvm_container/config | grep lxc.*.backend)" \
        "# lxc.rootfs.backend = lvm"
    assert_equal "$(grep '^lxc.rootfs.path' /var/lib/lxc/lvm_container/config)" \
        "lxc.rootfs.path = lvm:/dev/lxc/lvm_container"
    assert_equal "$(readlink /dev/lxc/lvm_container)" "$(readlink /dev/mapper/lxc-lvm_container)"

    run_apart lxc-copy --snapshot --name lvm_container --newname container_2_copy
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" '  Logical volume "container_2_copy" created.'
    run_apart lxc-copy --name lvm_container --newname container_2_hard
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" '  Logical volume "container_2_hard" created.'
    assert_equal "$(volumes lv_name,vg_name,lv_attr,lv_size,origin)" \
        "container_2_copy lxc swi-a-s--- 1.00g lvm_container
container_2_hard lxc -wi-a----- 1.00g
lvm_container lxc owi-a-s--- 1.00g"
    assert_equal "$(lxc-ls -1)" "container_2_copy
container_2_hard
lvm_container"
}

@test "a container runs on its volume, and nothing holds it afterwards" {
    create c1
    lxc-start -n c1
    assert_equal "$(volumes lv_attr)" "-wi-ao----"
    assert_equal "$(in_container c1 sh -c 'grep " / " /proc/mounts' | cut -d' ' -f1-3)" \
        "/dev/lxc/c1 / ext4"
    in_container c1 sh -c 'echo written >/root/text'
    lxc-stop -n c1 -k
    assert_equal "$(volumes lv_attr)" "-wi-a-----"
    assert_equal "$(read_inside c1)" written
    refute_contains "$(</proc/mounts)" lxc-c1
    # A supervisor that dies holds nothing either.
    lxc-start -n c1
    supervisor=$(ps -o ppid= -p "$(lxc-info -n c1 -pH)")
    kill -KILL $supervisor
    wait_until 20 not_open c1
    tare repair >/dev/null
    runs_well c1
}

not_open() {
    lxc-info -n "$1" >/dev/null
    [ "$(volumes lv_attr)" = "-wi-a-----" ]
}

@test "a snapshot and a copy have files of their own from then on" {
    create c1
    write_inside c1 first
    lxc-copy -s -n c1 -N snap
    lxc-copy -n c1 -N copy
    write_inside c1 second
    assert_equal "$(read_inside snap):$(read_inside copy):$(read_inside c1)" first:first:second
    write_inside snap third
    assert_equal "$(read_inside snap):$(read_inside copy):$(read_inside c1)" third:first:second
    assert_equal "$(lxc-execute -n snap -- cat /etc/hostname)" snap
    for name in c1 snap copy; do
        runs_well $name
    done
}

@test "group, volume, file system and size as asked for" {
    vgcreate -qq other "$(disk 1)"
    run_apart lxc-create -B lvm --vgname other --lvname some-volume --fstype xfs --fssize 400M -n c1 \
        -t busybox
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(squeezed lvs --noheadings -o lv_name,lv_size other)" "some-volume 400.00m"
    assert_equal "$(blkid -o value -s TYPE /dev/other/some-volume)" xfs
    assert_equal "$(sed -n 's/^lxc.rootfs.path = //p' /var/lib/lxc/c1/config)" \
        lvm:/dev/other/some-volume
    # xfs mounts no two of one identity.
    lxc-copy -s -n c1 -N snap
    [ "$(blkid -o value -s UUID /dev/other/snap)" != "$(blkid -o value -s UUID /dev/other/some-volume)" ]
    lxc-start -n c1
    lxc-start -n snap
    stop_all
    lxc-copy -n c1 -N copy -L 600M
    assert_equal "$(squeezed lvs --noheadings -o lv_size other/copy)" 600.00m
    assert_equal "$(blkid -o value -s TYPE /dev/other/copy)" xfs
    runs_well copy
    for name in snap copy c1; do
        lxc-destroy -n $name
    done
    assert_equal "$(lvs --noheadings other)" ""
    vgremove -qq -y other
    pvremove -qq "$(disk 1)"
    wipe "$(disk 1)"
}

# refused PART COMMAND…: with that in its message, and nothing is made.
refused() {
    local part=$1 before

    shift
    before=$(volumes lv_name,lv_uuid):$(lxc-ls -1)
    run_apart "$@"
    [ "$status" -ne 0 ] || fail "this should have failed: $*"
    assert_contains "$stderr" "$part"
    assert_equal "$(volumes lv_name,lv_uuid):$(lxc-ls -1)" "$before"
}

@test "what can't be is refused with its reason, and leaves nothing" {
    create c1
    lvcreate -qq -L 8M -n taken lxc
    refused taken lxc-create -B lvm --fssize 100M -n taken -t busybox
    refused nosuch lxc-create -B lvm --vgname nosuch -n c2 -t busybox
    refused "insufficient free space" lxc-create -B lvm --fssize 1T -n c2 -t busybox
    refused "" lxc-create -B lvm --fssize 100M --lvname 'no/name' -n c2 -t busybox
    refused mkfs.nosuch lxc-create -B lvm --fssize 100M --fstype nosuch -n c2 -t busybox
    refused taken lxc-copy -n c1 -N taken
    refused taken lxc-copy -s -n c1 -N taken
    [ ! -e /var/lib/lxc/c2 ]
    [ ! -e /var/lib/lxc/taken ]
    # A template that fails takes its volume along.
    refused "" lxc-create -B lvm --fssize 100M -n c2 -t /bin/false
}

@test "renaming moves no data, destroying takes the volume, not what others need" {
    create c1
    write_inside c1 kept
    id=$(volumes lv_uuid)
    lxc-copy -R -n c1 -N c2
    assert_equal "$(volumes lv_name,lv_uuid)" "c2 $id"
    assert_equal "$(lxc-ls -1)" c2
    assert_equal "$(read_inside c2)" kept
    assert_equal "$(inside c2 cat /etc/hostname)" c2
    lxc-copy -s -n c2 -N snap
    run_apart lxc-destroy -n c2
    [ "$status" -ne 0 ]
    assert_contains "$stderr" "c2 has clones"
    assert_equal "$(read_inside c2):$(read_inside snap)" kept:kept
    lxc-destroy -n snap
    lxc-destroy -n c2
    assert_equal "$(volumes lv_name):$(lxc-ls -1)" ":"
}

@test "lxc-snapshot: taken, listed, restored in place and by another name, destroyed" {
    create c1
    snapshot_life c1
    assert_equal "$(volumes lv_name)" ""
}

# snapshot_life NAME: all of it, with the container destroyed at the end.
snapshot_life() {
    write_inside "$1" first
    lxc-snapshot -n "$1"
    write_inside "$1" second
    lxc-snapshot -n "$1"
    assert_equal "$(lxc-snapshot -n "$1" -L | cut -d' ' -f1 | xargs)" "snap0 snap1"
    run_apart lxc-destroy -n "$1"
    [ "$status" -ne 0 ]
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

@test "thin: volumes of the pool, snapshots that are active and cost nothing" {
    lvcreate -qq --yes --type thin-pool -L 1G -n lxc lxc
    run_apart lxc-create -B lvm --fssize 2G -n c1 -t busybox
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(volumes lv_name,lv_attr,pool_lv)" "c1 Vwi-a-tz-- lxc
lxc twi-aotz--"
    write_inside c1 first
    lxc-copy -s -n c1 -N snap
    # LXC leaves it as lvcreate makes it, "k": skipped at activation, and can't start it.
    assert_equal "$(squeezed lvs --noheadings -o lv_attr,origin,pool_lv lxc/snap)" "Vwi-a-tz-- c1 lxc"
    lxc-copy -n c1 -N copy
    assert_equal "$(squeezed lvs --noheadings -o lv_attr,origin lxc/copy)" "Vwi-a-tz--"
    write_inside c1 second
    assert_equal "$(read_inside snap):$(read_inside copy):$(read_inside c1)" first:first:second
    for name in c1 snap copy; do
        runs_well $name
    done
    # Of a running one, which goes on.
    lxc-start -n c1
    lxc-copy -s -a -n c1 -N alive
    assert_equal "$(lxc-info -n c1 -sH)" RUNNING
    lxc-stop -n c1 -k
    assert_equal "$(read_inside alive)" second
    # Behind a deactivation of the group they come back as any other volume.
    vgchange -qq -an lxc
    vgchange -qq -ay lxc
    assert_equal "$(squeezed lvs --noheadings -o lv_attr lxc/snap)" "Vwi-a-tz--"
}

@test "thin: lxc-snapshot" {
    lvcreate -qq --yes --type thin-pool -L 1G -n lxc lxc
    create c1
    snapshot_life c1
    assert_equal "$(volumes lv_name)" lxc
}

@test "another pool, and a thick volume beside a pool" {
    lvcreate -qq --yes --type thin-pool -L 200M -n pool2 lxc
    lxc-create -B lvm --thinpool pool2 --fssize 300M -n c1 -t busybox
    assert_equal "$(squeezed lvs --noheadings -o pool_lv lxc/c1)" pool2
    create c2
    assert_equal "$(squeezed lvs --noheadings -o lv_attr lxc/c2)" "-wi-a-----"
}

@test "ephemeral copies vanish with their volumes" {
    create c1
    write_inside c1 kept
    for name in $(lxc-copy -e -n c1 | awk '{ print $2 }'); do
        in_container "$name" sh -c 'cat /root/text; echo gone >/root/text' | grep -x kept
        lxc-stop -n "$name" -k
        wait_until 60 test ! -e "/var/lib/lxc/$name"
    done
    assert_equal "$(volumes lv_name):$(lxc-ls -1)" "c1:c1"
    assert_equal "$(read_inside c1)" kept
}

@test "from and to other types" {
    lxc-create -n d1 -t busybox
    write_inside d1 moved
    lxc-copy -n d1 -N l1 -B lvm -L 200M
    assert_equal "$(sed -n 's/^lxc.rootfs.path = //p' /var/lib/lxc/l1/config)" lvm:/dev/lxc/l1
    lxc-copy -n l1 -N f1 -B loop
    lxc-copy -n f1 -N l2 -B lvm
    lxc-copy -n l2 -N d2 -B dir
    for name in l1 f1 l2 d2; do
        assert_equal "$(read_inside $name)" moved
    done
    assert_equal "$(volumes lv_name,lv_size)" "l1 200.00m
l2 200.00m"
    refused "" lxc-copy -s -n l1 -N l3 -B zfs
}

@test "best takes the group where the directory has no snapshots of its own" {
    lxc-create -B best -n c1 -t busybox
    assert_equal "$(volumes lv_name)" c1
}

@test "mapped ids own what is on the volume" {
    printf '%s\n' 'lxc.include = /etc/lxc/default.conf' 'lxc.idmap = u 0 100000 65536' \
        'lxc.idmap = g 0 100000 65536' >"$HOME/conf"
    lxc-create -B lvm --fssize 200M -f "$HOME/conf" -n c1 -t busybox
    assert_equal "$(inside c1 stat -c %u:%g / /bin/busybox | xargs)" "0:0 0:0"
    lxc-copy -n c1 -N c2
    lxc-copy -s -n c1 -N c3
    for name in c2 c3; do
        assert_equal "$(inside $name stat -c %u:%g /bin/busybox)" 0:0
        runs_well $name
    done
}

# What the kills leave: container and volume, or neither; and nothing with the mark of an operation.
made_or_not() {
    assert_equal "$(volumes lv_tags | xargs)" ""
    assert_equal "$(volumes lv_name)" "$(lxc-ls -1)"
    [ ! -e /var/lib/lxc/c2 ] || lxc-destroy -n c2
}

nothing() { :; }

@test "kill -9 in the middle: create" {
    watch_programs lvcreate mkfs.ext4 lvchange lvremove
    each_kill nothing made_or_not lxc-create -B lvm --fssize 100M -n c2 -t busybox
}

@test "kill -9 in the middle: copies" {
    create c1
    watch_programs lvcreate mkfs.ext4 lvchange lvremove
    each_kill nothing made_or_not lxc-copy -n c1 -N c2
    each_kill nothing made_or_not lxc-copy -s -n c1 -N c2
    assert_equal "$(lxc-ls -1)" c1
    runs_well c1
}

back_to_c1() {
    assert_equal "$(volumes lv_name)" "$(lxc-ls -1)"
    [ -e /var/lib/lxc/c1/config ] || lxc-copy -R -n c2 -N c1
    assert_equal "$(read_inside c1)" kept
}

@test "kill -9 in the middle: rename" {
    create c1
    write_inside c1 kept
    watch_programs lvrename lvchange
    each_kill nothing back_to_c1 lxc-copy -R -n c1 -N c2
}

have_c1() {
    [ -e /var/lib/lxc/c1/config ] || create c1
}

gone_or_whole() {
    assert_equal "$(volumes lv_name)" "$(lxc-ls -1)"
    [ ! -e /var/lib/lxc/c1/config ] || runs_well c1
}

@test "kill -9 in the middle: destroy" {
    watch_programs lvremove lvchange
    each_kill have_c1 gone_or_whole lxc-destroy -n c1
}

# The snapshot's volume is not one of lxc-ls: as many as directories with a configuration.
counted() {
    assert_equal "$(volumes lv_tags | xargs)" ""
    assert_equal "$(volumes lv_name | grep -vcx lxc)" \
        "$(find /var/lib/lxc -name config | wc -l)"
}

snapshot_tidy() {
    counted
    [ ! -e /var/lib/lxc/c1/snaps/snap0/config ] || lxc-snapshot -n c1 -d snap0
    assert_equal "$(read_inside c1)" kept
}

@test "kill -9 in the middle: snapshot" {
    lvcreate -qq --yes --type thin-pool -L 1G -n lxc lxc
    create c1
    write_inside c1 kept
    watch_programs lvcreate lvchange lvremove
    each_kill nothing snapshot_tidy lxc-snapshot -n c1
}

changed_c1() {
    write_inside c1 changed
}

restored_or_not() {
    counted
    case $(read_inside c1) in
    kept | changed) ;;
    *) fail "neither the old state nor the new one" ;;
    esac
}

@test "kill -9 in the middle: restore" {
    lvcreate -qq --yes --type thin-pool -L 1G -n lxc lxc
    create c1
    write_inside c1 kept
    lxc-snapshot -n c1
    watch_programs lvcreate lvchange lvremove lvrename
    each_kill changed_c1 restored_or_not lxc-snapshot -n c1 -r snap0
}
