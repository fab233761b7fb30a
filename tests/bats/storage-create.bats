#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-create and lxc-destroy with each kind of storage (spec/storage.md §3, §5, §15): what is written
# into the configuration, what lies where, and that nothing stays. LVM is played by scripts that keep
# volumes as lines of a file. File systems in files are mounted in mount namespaces of their own.

load helpers
load containers

setup_file() {
    make_lxcpath
}

teardown_file() {
    remove_lxcpath
}

create() {
    local name=$1

    shift
    lxc-create -P "$LXCPATH" -n "$name" -f "$EMPTY_NET" -t "$TEMPLATE" "$@"
}

destroy() {
    lxc-destroy -P "$LXCPATH" -n "$1"
    [ ! -e "$LXCPATH/$1" ]
}

path_of() {
    sed -n 's/^lxc.rootfs.path = //p' "$LXCPATH/$1/config"
}

# apart FUNCTION ARGUMENT…: in a mount namespace that ends with it.
apart() {
    declare -f >"$BATS_TEST_TMPDIR/functions"
    unshare --mount --propagation private bash -euc '. "$0"; "$@"' "$BATS_TEST_TMPDIR/functions" "$@"
}

# A btrfs is the lxcpath meanwhile. Everybody may get there.
on_btrfs() {
    truncate -s 256M "$BATS_TEST_TMPDIR/image"
    mkfs.btrfs -q "$BATS_TEST_TMPDIR/image" >/dev/null 2>&1
    mkdir -p "$LXCPATH/.btrfs"
    mount -o loop "$BATS_TEST_TMPDIR/image" "$LXCPATH/.btrfs"
    LXCPATH=$LXCPATH/.btrfs
    "$@"
    umount "$LXCPATH"
    losetup -j "$BATS_TEST_TMPDIR/image" | { ! grep .; }
}

needs_btrfs() {
    command -v mkfs.btrfs >/dev/null || skip "there is no mkfs.btrfs"
    modprobe btrfs 2>/dev/null || grep -q btrfs /proc/filesystems || skip "the kernel has no btrfs"
}

subvolumes() {
    btrfs subvolume list "$LXCPATH" | sed 's/.* path //' | sort | paste -sd' '
}

@test "dir: below the container's directory, or where --dir says" {
    run_apart create c1
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(path_of c1)" "dir:$LXCPATH/c1/rootfs"
    assert_equal "$(grep 'lxc.*.backend' "$LXCPATH/c1/config")" "# lxc.rootfs.backend = dir"
    assert_equal "$(stat -c %a "$LXCPATH/c1" "$LXCPATH/c1/config" "$LXCPATH/c1/rootfs" | paste -sd' ')" \
        "770 640 755"
    [ -x "$LXCPATH/c1/rootfs/bin/busybox" ]
    destroy c1

    create c1 -B none --dir "$BATS_TEST_TMPDIR/chosen/place"
    assert_equal "$(path_of c1)" "dir:$BATS_TEST_TMPDIR/chosen/place"
    [ -x "$BATS_TEST_TMPDIR/chosen/place/bin/busybox" ]
    destroy c1
    [ ! -e "$BATS_TEST_TMPDIR/chosen/place" ]
}

@test "overlay: the template fills the lower directory" {
    create o1 --bdev overlay
    assert_equal "$(path_of o1)" "overlay:$LXCPATH/o1/rootfs:$LXCPATH/o1/overlay/delta"
    [ -x "$LXCPATH/o1/rootfs/bin/busybox" ]
    assert_equal "$(ls -A "$LXCPATH/o1/overlay/delta")" ""
    destroy o1
    create o1 -B overlayfs
    assert_equal "$(path_of o1)" "overlay:$LXCPATH/o1/rootfs:$LXCPATH/o1/overlay/delta"
    destroy o1
}

look_into_loop() {
    mount -o loop,ro "$LXCPATH/l1/rootdev" "$LXCPATH/l1/rootfs"
    assert_equal "$(stat -f -c %T "$LXCPATH/l1/rootfs")" "$1"
    assert_equal "$(stat -c %a:%u "$LXCPATH/l1/rootfs")" "755:$2"
    [ -x "$LXCPATH/l1/rootfs/bin/busybox" ]
    umount "$LXCPATH/l1/rootfs"
}

@test "loop: a sparse file with ext4, which only the template sees mounted" {
    run_apart create l1 -B loop
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(path_of l1)" "loop:$LXCPATH/l1/rootdev"
    assert_equal "$(stat -c '%a %s' "$LXCPATH/l1/rootdev")" "600 1073741824"
    [ "$(stat -c %b "$LXCPATH/l1/rootdev")" -lt 400000 ]
    assert_equal "$(ls -A "$LXCPATH/l1/rootfs")" ""
    assert_equal "$(losetup -j "$LXCPATH/l1/rootdev")" ""
    apart look_into_loop ext2/ext3 0
    destroy l1
}

@test "loop: xfs, a size, and mapped ids" {
    command -v mkfs.xfs >/dev/null || skip "there is no mkfs.xfs"
    cp "$EMPTY_NET" "$BATS_TEST_TMPDIR/mapped.conf"
    printf 'lxc.idmap = %s\n' 'u 0 100000 65536' 'g 0 200000 65536' >>"$BATS_TEST_TMPDIR/mapped.conf"
    lxc-create -P "$LXCPATH" -n l1 -f "$BATS_TEST_TMPDIR/mapped.conf" -t "$TEMPLATE" -B loop \
        --fstype xfs --fssize 320
    assert_equal "$(stat -c %s "$LXCPATH/l1/rootdev")" $((320 << 20))
    assert_equal "$(stat -c %u:%g "$LXCPATH/l1/rootfs")" "100000:200000"
    apart look_into_loop xfs 100000
    destroy l1
}

make_btrfs_containers() {
    create b1 --bdev btrfs
    assert_equal "$(path_of b1)" "btrfs:$LXCPATH/b1/rootfs"
    create b2 -B best
    assert_equal "$(path_of b2)" "btrfs:$LXCPATH/b2/rootfs"
    assert_equal "$(subvolumes)" "b1/rootfs b2/rootfs"
    assert_equal "$(stat -c %a "$LXCPATH/b1/rootfs")" "755"
    [ -x "$LXCPATH/b1/rootfs/bin/busybox" ]

    # What systemd makes at its first start.
    btrfs -q subvolume create "$LXCPATH/b1/rootfs/var/lib" >/dev/null
    btrfs -q subvolume create "$LXCPATH/b1/rootfs/var/lib/deeper" >/dev/null
    touch "$LXCPATH/b1/rootfs/var/lib/deeper/file"
    btrfs property set "$LXCPATH/b1/rootfs/var/lib" ro true
    destroy b1
    # An older LXC called a directory so.
    rm -rf "${LXCPATH:?}/b2/rootfs" 2>/dev/null || btrfs -q subvolume delete "$LXCPATH/b2/rootfs" >/dev/null
    mkdir -p "$LXCPATH/b2/rootfs/etc"
    destroy b2
    assert_equal "$(subvolumes)$(ls -A "$LXCPATH")" ""
}

@test "btrfs: a subvolume, and those inside; best takes it" {
    needs_btrfs
    apart on_btrfs make_btrfs_containers
}

fail_on_btrfs() {
    printf '#!/bin/sh\nexit 1\n' >"$LXCPATH/../false-template"
    chmod 755 "$LXCPATH/../false-template"
    run_apart lxc-create -P "$LXCPATH" -n b1 -f "$EMPTY_NET" -t "$LXCPATH/../false-template" -B btrfs
    assert_equal "$status" 1
    assert_equal "$(subvolumes)$(ls -A "$LXCPATH")" ""
    # What was there before is not taken for the new container's.
    mkdir "$LXCPATH/b1"
    btrfs -q subvolume create "$LXCPATH/b1/rootfs" >/dev/null
    touch "$LXCPATH/b1/rootfs/precious"
    run_apart create b1 -B btrfs
    assert_equal "$status" 1
    assert_contains "$stderr" "btrfs:$LXCPATH/b1/rootfs is there already"
    [ -e "$LXCPATH/b1/rootfs/precious" ]
    [ ! -e "$LXCPATH/b1/config" ]
}

@test "btrfs: a failed template leaves no subvolume, and takes none away" {
    needs_btrfs
    apart on_btrfs fail_on_btrfs
}

as_nobody() {
    setpriv --reuid 12345 --regid 12345 --clear-groups env HOME="$LXCPATH" XDG_RUNTIME_DIR="$LXCPATH" "$@"
}

create_as_nobody() {
    chown 12345:12345 "$LXCPATH"
    printf '#!/bin/sh\nfor w; do case $w in --rootfs=*) mkdir "${w#*=}/bin";; esac; done\n' \
        >"$LXCPATH/small-template"
    chmod 755 "$LXCPATH/small-template"
    for options in "$@"; do
        mount -o "remount,$options" "$LXCPATH"
        as_nobody lxc-create -P "$LXCPATH/own" -n u1 -f "$EMPTY_NET" -B best \
            -t "$LXCPATH/small-template"
        assert_equal "$(subvolumes)" "own/u1/rootfs"
        as_nobody btrfs -q subvolume create "$LXCPATH/own/u1/rootfs/inside" >/dev/null
        as_nobody touch "$LXCPATH/own/u1/rootfs/inside/file"
        as_nobody lxc-destroy -P "$LXCPATH/own" -n u1
        assert_equal "$(subvolumes)$(ls -A "$LXCPATH/own")" ""
    done
}

@test "btrfs: ordinary users destroy what they made, with user_subvol_rm_allowed and without" {
    needs_btrfs
    apart on_btrfs create_as_nobody rw user_subvol_rm_allowed
}

@test "btrfs elsewhere is refused with what to do, and nothing stays" {
    run_apart create n1 -B btrfs
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to create btrfs storage for n1"
    assert_contains "$stderr" "choose a lxcpath (-P) on btrfs"
    [ ! -e "$LXCPATH/n1" ]
}

@test "lists of kinds: the first that works" {
    create n1 -B btrfs,overlay,dir
    assert_equal "$(path_of n1)" "overlay:$LXCPATH/n1/rootfs:$LXCPATH/n1/overlay/delta"
    destroy n1
    run_apart create n1 -B best
    assert_equal "$status:$stderr" "0:"
    destroy n1
}

@test "what does not go together is refused before anything is made" {
    while IFS='|' read -r words sentence; do
        # shellcheck disable=SC2086
        run_apart create n1 $words
        assert_equal "$status" 1
        assert_contains "$stderr" "$sentence"
        [ ! -e "$LXCPATH/n1" ]
    done <<'ROWS'
-B cow|cow is not a valid backing storage type
-B dir,cow|cow is not a valid backing storage type
--dir rootfs|--dir should use absolute path
--fssize 1G|Filesystem type and size are only valid with block devices
-B btrfs --fstype xfs|Filesystem type and size are only valid with block devices
-B loop --lvname a|--lvname, --vgname and --thinpool are only valid with -B lvm
--rbdpool a|--rbdname and --rbdpool are only valid with -B rbd
--zfsroot a|zfsroot is only valid with -B zfs
-B nbd|storage of the kind nbd can't be made, only used
-B loop --fssize 0|invalid size '0'
-B loop --fstype nosuch|the program mkfs.nosuch is not installed
-B lvm --lvname a:b|"a:b" can't be the name of a logical volume
-B zfs --zfsroot /tank|"/tank/n1" can't be the name of a data set
ROWS
}

@test "ordinary users make no block devices" {
    mkdir -m 777 "$LXCPATH/.user"
    run_apart setpriv --reuid 12345 --regid 12345 --clear-groups env HOME="$LXCPATH/.user" \
        XDG_RUNTIME_DIR="$LXCPATH/.user" "$(command -v lxc-create)" -P "$LXCPATH/.user/lxc" -n u1 \
        -f "$EMPTY_NET" -t "$TEMPLATE" -B loop
    assert_equal "$status" 1
    assert_contains "$stderr" "Unprivileged users can only create btrfs and directory-backed containers"
    [ ! -e "$LXCPATH/.user/lxc/u1" ]
}

fill_the_disk() {
    mkdir "$BATS_TEST_TMPDIR/small"
    mount -t tmpfs -o size=256k none "$BATS_TEST_TMPDIR/small"
    LXCPATH=$BATS_TEST_TMPDIR/small/lxc
    for kind in dir overlay loop; do
        run_apart create f1 -B "$kind"
        assert_equal "$status" 1
        [ ! -e "$LXCPATH/f1" ] || fail "$kind: $(find "$LXCPATH")"
        assert_contains "$stderr" "Failed to create container f1"
    done
    assert_contains "$stderr" "No space left on device"
}

@test "a full disk: nothing stays" {
    apart fill_the_disk
}

# LVM as it is seen from outside: volumes are lines "NAME TAGS".
play_lvm() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    VOLUMES=$BATS_TEST_TMPDIR/volumes
    export VOLUMES
    : >"$VOLUMES"
    cat >"$BATS_TEST_TMPDIR/bin/lvs" <<'FAKE'
#!/bin/sh
for last; do :; done
name=${last##*/}
line=$(grep "^$name " "$VOLUMES") || { echo "  Failed to find logical volume \"$last\"" >&2; exit 5; }
case $* in *lv_tags*) echo "  ${line#* }" ;; *) echo "  -wi-a-----" ;; esac
FAKE
    cat >"$BATS_TEST_TMPDIR/bin/lvcreate" <<'FAKE'
#!/bin/sh
while [ $# -gt 0 ]; do case $1 in -n) name=$2 ;; --addtag) tag=$2 ;; esac; shift; done
! grep -q "^$name " "$VOLUMES" || { echo "  Logical Volume \"$name\" already exists in volume group \"lxc\"" >&2; exit 5; }
echo "$name $tag" >>"$VOLUMES"
FAKE
    cat >"$BATS_TEST_TMPDIR/bin/lvremove" <<'FAKE'
#!/bin/sh
for last; do :; done
sed -i "/^${last##*/} /d" "$VOLUMES"
FAKE
    cat >"$BATS_TEST_TMPDIR/bin/mkfs.ext4" <<'FAKE'
#!/bin/sh
[ ! -e "$VOLUMES.pause" ] || { echo $$ >"$VOLUMES.paused"; sleep 30; }
echo "mkfs.ext4: the device is lost" >&2
exit 1
FAKE
    chmod 755 "$BATS_TEST_TMPDIR"/bin/*
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "lvm: a volume of the same name is nobody's but its owner's" {
    play_lvm
    echo 'v1 theirs' >"$VOLUMES"
    run_apart create v1 -B lvm
    assert_equal "$status" 1
    assert_contains "$stderr" "lvm:/dev/lxc/v1 is there already"
    assert_equal "$(<"$VOLUMES")" "v1 theirs"
    [ ! -e "$LXCPATH/v1" ]
}

@test "lvm: a volume that was made in vain is removed" {
    play_lvm
    run_apart create v1 -B lvm
    assert_equal "$status" 1
    assert_contains "$stderr" "mkfs.ext4: the device is lost"
    assert_equal "$(<"$VOLUMES")" ""
    [ ! -e "$LXCPATH/v1" ]
}

@test "lvm: behind kill -9 the next command removes what was made, and only that" {
    play_lvm
    touch "$VOLUMES.pause"
    create v1 -B lvm 3>&- &
    wait_until 10 test -s "$VOLUMES.paused"
    assert_contains "$(<"$VOLUMES")" "v1 tare."
    # Its own child, so that the command itself dies.
    kill -9 "$(pgrep -P $! -x lxc-create || echo $!)"
    wait $! 2>/dev/null || true
    rm "$VOLUMES.pause"
    wait_until 10 sh -c '! kill -0 "$(cat "$VOLUMES.paused")" 2>/dev/null'
    lxc-ls -P "$LXCPATH" -f >/dev/null
    wait_until 10 sh -c 'lxc-info -P "$LXCPATH" -n v1 >/dev/null 2>&1; [ ! -e "$LXCPATH/v1" ]'
    assert_equal "$(<"$VOLUMES")" ""
}

@test "lvm: one that somebody made meanwhile stays behind kill -9" {
    play_lvm
    touch "$VOLUMES.pause"
    create v1 -B lvm 3>&- &
    wait_until 10 test -s "$VOLUMES.paused"
    kill -9 "$(pgrep -P $! -x lxc-create || echo $!)"
    wait $! 2>/dev/null || true
    rm "$VOLUMES.pause"
    wait_until 10 sh -c '! kill -0 "$(cat "$VOLUMES.paused")" 2>/dev/null'
    echo 'v1 theirs' >"$VOLUMES"
    wait_until 10 sh -c 'lxc-info -P "$LXCPATH" -n v1 >/dev/null 2>&1; [ ! -e "$LXCPATH/v1" ]'
    assert_equal "$(<"$VOLUMES")" "v1 theirs"
}

@test "Ctrl-C: the template ends, and all that was made goes" {
    printf '#!/bin/sh\necho $$ >%s\nsleep 30\n' "$BATS_TEST_TMPDIR/begun" >"$BATS_TEST_TMPDIR/slow"
    chmod 755 "$BATS_TEST_TMPDIR/slow"
    env --default-signal=INT setsid lxc-create -P "$LXCPATH" -n i1 -f "$EMPTY_NET" -B loop --fssize 8m \
        -t "$BATS_TEST_TMPDIR/slow" 3>&- 2>"$BATS_TEST_TMPDIR/said" &
    wait_until 10 test -s "$BATS_TEST_TMPDIR/begun"
    kill -INT -- "-$(ps -o pgid= -p "$(<"$BATS_TEST_TMPDIR/begun")" | tr -d ' ')"
    status=0
    wait $! || status=$?
    assert_equal "$status" 130
    [ ! -e "$LXCPATH/i1" ]
    assert_contains "$(<"$BATS_TEST_TMPDIR/said")" "was killed by signal 2"
    assert_equal "$(losetup -a | grep "$LXCPATH")" ""
}

@test "destroying: a mount inside is told, and nothing is gone" {
    mounted() {
        create d1
        mkdir "$LXCPATH/d1/rootfs/mnt/in"
        mount -t tmpfs none "$LXCPATH/d1/rootfs/mnt/in"
        run_apart lxc-destroy -P "$LXCPATH" -n d1
        assert_equal "$status" 1
        assert_contains "$stderr" "something is mounted on \"$LXCPATH/d1/rootfs/mnt/in\""
        [ -x "$LXCPATH/d1/rootfs/bin/busybox" ]
        [ ! -e "$LXCPATH/d1/partial" ]
    }
    apart mounted
    destroy d1
}

@test "destroying: an overlay's lower directory of another container stays" {
    create d1
    mkdir -p "$LXCPATH/d2/overlay/delta"
    printf 'lxc.rootfs.path = overlay:%s\nlxc.net.0.type = empty\n' \
        "$LXCPATH/d1/rootfs:$LXCPATH/d2/overlay/delta" >"$LXCPATH/d2/config"
    destroy d2
    [ -x "$LXCPATH/d1/rootfs/bin/busybox" ]
    destroy d1
}

@test "a list of kinds: a kind that fails removes nothing of what was there before" {
    mkdir "$LXCPATH/n1"
    echo mine >"$LXCPATH/n1/rootdev"
    run_apart create n1 -B loop,lvm --lvname 'a b'
    assert_equal "$status" 1
    assert_equal "$(cat "$LXCPATH/n1/rootdev")" mine
    rm -r "$LXCPATH/n1"
}
