#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Root file systems: overlays, files and devices with a file system, directories with options, with
# and without id maps, of root and of an ordinary user (spec/storage.md §4). Loop devices and mounts
# are counted afterwards.

load helpers
load containers

USER_ID=54322

setup_file() {
    make_lxcpath
    make_container base
    export BASE=$LXCPATH/base/rootfs
    mkdir "$LXCPATH/top"
    echo top >"$LXCPATH/top/only-on-top"
    # Two trees of root's that container root of a map owns.
    cp -a "$BASE" "$LXCPATH/mapped"
    chown -R 300000:300000 "$LXCPATH/mapped"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    assert_nothing_left
}

# No loop device has a file of ours, no mount of ours is on the host.
assert_nothing_left() {
    wait_until 5 eval '! losetup -n -O BACK-FILE -a | grep -q "^$LXCPATH"'
    refute_contains "$(cat /proc/self/mountinfo)" "$LXCPATH"
}

# define NAME PATH [LINE…]
define() {
    local name=$1 path=$2

    shift 2
    mkdir -p "$LXCPATH/$name"
    {
        printf '%s\n' "lxc.rootfs.mount = $LXCPATH/.mount" "lxc.net.0.type = empty" \
            "lxc.uts.name = $name" "lxc.rootfs.path = $path" "lxc.mount.auto = proc"
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"$LXCPATH/$name/config"
}

MAP=("lxc.idmap = u 0 300000 65536" "lxc.idmap = g 0 300000 65536")

# inside NAME SCRIPT
inside() {
    run_apart lxc-execute -P "$LXCPATH" -n "$1" -- /bin/sh -c "$2"
}

# What is mounted on the root, and its options.
ROOT="awk '\$5 == \"/\" {for (i = 7; \$i != \"-\"; i++); print \$(i+1), \$6}' /proc/self/mountinfo"

# marks DIRECTORY: the extended attributes of it and all below. mark NAME FILE: set one to y.
marks() {
    python3 -c 'import os, sys
for top, folders, files in os.walk(sys.argv[1]):
    print(top, os.listxattr(top))' "$1"
}

mark() {
    python3 -c 'import os, sys; os.setxattr(sys.argv[2], sys.argv[1], b"y")' "$@"
}

# image FILE TYPE TREE: a file with that file system and the tree in it.
image() {
    command -v "mkfs.$2" >/dev/null || skip "mkfs.$2 is missing"
    truncate -s 320M "$1"
    "mkfs.$2" -q "$1" 2>/dev/null
    unshare --mount --propagation private sh -euc '
        mount -o loop "$1" /mnt
        cp -a "$2/." /mnt' sh "$1" "$3"
}

@test "overlay: several lower directories, the upper one is made, what is written stays" {
    define o1 "overlay:$LXCPATH/top:$BASE:$LXCPATH/o1/overlay/delta"
    inside o1 "cat /only-on-top; echo new >/written; rm /bin/vi; $ROOT"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "top
overlay rw,relatime"
    assert_equal "$(<"$LXCPATH/o1/overlay/delta/written")" new
    assert_equal "$(stat -c %F "$LXCPATH/o1/overlay/delta/bin/vi")" "character special file"
    [ -d "$LXCPATH/o1/overlay/work" ]
    [ -e "$BASE/bin/vi" ]
    [ ! -e "$BASE/written" ]
    inside o1 'cat /written; ls /bin/vi'
    assert_equal "$stdout" new
    [ "$status" -ne 0 ]
}

@test "overlay: in the background, stopped, rebooted" {
    define o2 "overlay:$BASE:$LXCPATH/o2/delta0"
    mkdir "$LXCPATH/o2/olwork"
    lxc-start -P "$LXCPATH" -n o2
    in_container o2 touch /here
    init=$(lxc-info -P "$LXCPATH" -n o2 -pH)
    in_container o2 reboot -f || true
    wait_until 10 eval '[ "$(lxc-info -P "$LXCPATH" -n o2 -pH)" != "$init" ] &&
        [ "$(lxc-info -P "$LXCPATH" -n o2 -sH)" = RUNNING ]'
    in_container o2 test -e /here
    run -0 lxc-stop -P "$LXCPATH" -n o2 -k
    # The work directory of old versions is used, no other is made.
    [ ! -e "$LXCPATH/o2/work" ]
}

@test "overlay: names with colons, commas and backslashes; very long lists" {
    local odd="$LXCPATH/a:b,c\\d"

    cp -a "$BASE" "$odd"
    define o3 "overlay:$LXCPATH/top:$odd:$LXCPATH/o3/u,p:\\per"
    inside o3 'cat /only-on-top; echo new >/written'
    assert_equal "$status:$stdout:$stderr" "0:top:"
    assert_equal "$(<"$LXCPATH/o3/u,p:\\per/written")" new
    list=
    for i in $(seq 20); do
        mkdir "$LXCPATH/layer-with-a-long-name-$i"
        echo "$i" >"$LXCPATH/layer-with-a-long-name-$i/$i"
        list=$list:$LXCPATH/layer-with-a-long-name-$i
    done
    define o4 "overlay$list:$BASE:$LXCPATH/o4/delta"
    inside o4 'cat /1 /20'
    assert_equal "$status:$stdout:$stderr" "0:1
20:"
}

@test "overlay: a name that only mount(2) takes, with and without lxc.idmap" {
    local long

    long=$LXCPATH/$(printf 'x%.0s' $(seq 200))/$(printf 'y%.0s' $(seq 100)),z
    mkdir -p "$long"
    echo long >"$long/long"
    define o10 "overlay:$long:$BASE:$LXCPATH/o10/delta" "lxc.rootfs.options = noatime"
    inside o10 "cat /long; echo new >/written; $ROOT"
    assert_equal "$status:$stdout:$stderr" "0:long
overlay rw,noatime:"
    define o11 "overlay:$long:$LXCPATH/mapped:$LXCPATH/o11/delta" "${MAP[@]}" \
        "lxc.rootfs.options = noatime"
    inside o11 "cat /long; echo new >/written; $ROOT"
    assert_equal "$status:$stdout:$stderr" "0:long
overlay rw,noatime:"
    assert_equal "$(<"$LXCPATH/o11/delta/written")" new
}

@test "overlay: lxc.rootfs.options; id-mapping it is refused" {
    define o5 "overlay:$BASE:$LXCPATH/o5/delta" "lxc.rootfs.options = ro,nosuid,index=off"
    inside o5 "touch /x 2>/dev/null || $ROOT"
    assert_equal "$stdout:$stderr" "overlay ro,nosuid,relatime:"
    define o6 "overlay:$LXCPATH/mapped:$LXCPATH/o6/delta" "${MAP[@]}" \
        "lxc.rootfs.options = idmap=container"
    inside o6 true
    assert_equal "$status" 1
    assert_contains "$stderr" "The root file system can't be id-mapped"
    assert_contains "$stderr" "overlay"
    assert_contains "$stderr" "config:8 lxc.rootfs.options"
    define o5 "overlay:$BASE:$LXCPATH/o5/delta" "lxc.rootfs.options = nonsense=1"
    inside o5 true
    assert_equal "$status" 1
    assert_contains "$stderr" "hint: the file system does not know one of the options"
}

@test "overlay with lxc.idmap: trusted marks of root's, and the options are locked" {
    define o7 "overlay:$LXCPATH/mapped:$LXCPATH/o7/overlay/delta" "${MAP[@]}" \
        "lxc.rootfs.options = nosuid"
    inside o7 'id -u; rm -r /etc/init.d; mkdir /etc/init.d; echo new >/root/file
        mount -o remount,bind,suid / 2>/dev/null && echo unlocked
        stat -c %u:%g / /root/file'
    assert_equal "$status:$stdout" "0:0
0:0
0:0"
    assert_equal "$(stat -c %u:%g:%a "$LXCPATH"/o7/overlay/{delta,work})" "300000:300000:755
300000:300000:755"
    assert_contains "$(marks "$LXCPATH/o7/overlay/delta")" trusted.overlay.opaque
    inside o7 'ls /etc/init.d | wc -l'
    assert_equal "$stdout" 0
}

@test "overlay with lxc.idmap: an upper directory with a user's marks keeps them" {
    define o8 "overlay:$LXCPATH/mapped:$LXCPATH/o8/delta" "${MAP[@]}"
    mkdir -p "$LXCPATH/o8/delta/etc/init.d"
    mark user.overlay.impure "$LXCPATH/o8/delta"
    mark user.overlay.opaque "$LXCPATH/o8/delta/etc/init.d"
    chown -R 300000:300000 "$LXCPATH/o8/delta"
    touch "$LXCPATH/mapped/etc/init.d/below"
    inside o8 'ls /etc/init.d | wc -l; rm -r /usr/share; mkdir /usr/share'
    rm "$LXCPATH/mapped/etc/init.d/below"
    assert_equal "$status:$stdout" "0:0"
    refute_contains "$(marks "$LXCPATH/o8/delta")" trusted.
}

@test "overlay with lxc.idmap: a pre-mount hook may mount below it" {
    define o9 "overlay:$LXCPATH/mapped:$LXCPATH/o9/overlay/delta" "${MAP[@]}" \
        "lxc.hook.pre-mount = $LXCPATH/o9/hook"
    mkdir "$LXCPATH/o9/overlay"
    chown 300000 "$LXCPATH/o9/overlay"
    chmod o+x "$LXCPATH/o9"
    printf '#!/bin/sh\nexec mount -t tmpfs none %s\n' "$LXCPATH/o9/overlay" >"$LXCPATH/o9/hook"
    chmod 755 "$LXCPATH/o9/hook"
    inside o9 'echo lost >/file; cat /file'
    assert_equal "$status:$stdout:$stderr" "0:lost:"
    assert_equal "$(find "$LXCPATH/o9/overlay" -mindepth 1)" ""
    inside o9 'ls /file'
    [ "$status" -ne 0 ]
}

@test "overlay: what is missing is told" {
    define e1 "overlay:$LXCPATH/nowhere:$LXCPATH/e1/delta"
    inside e1 true
    assert_equal "$status" 1
    assert_contains "$stderr" "Cannot use the lower directory \"$LXCPATH/nowhere\" of an overlay"
    assert_contains "$stderr" "config:4 lxc.rootfs.path"
    define e2 "overlay:$BASE"
    inside e2 true
    assert_contains "$stderr" "An overlay needs a lower and an upper directory"
    mkdir "$LXCPATH/e3" "$LXCPATH/e3/delta"
    touch "$LXCPATH/e3/delta/.wh..wh.aufs"
    define e3 "aufs:$BASE:$LXCPATH/e3/delta"
    inside e3 true
    assert_contains "$stderr" "was written by aufs"
}

@test "overlay: an upper directory on an overlay is told" {
    mkdir -p "$LXCPATH/stack"/{lower,upper,work,merged}
    define e4 "overlay:$BASE:$LXCPATH/stack/merged/delta"
    run_apart unshare --mount --propagation private sh -euc '
        cd "$LXCPATH/stack"
        mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work merged
        exec lxc-execute -P "$LXCPATH" -n e4 -- /bin/true'
    assert_equal "$status" 1
    # Since Linux 6.5 the kernel says so itself, besides.
    assert_contains "$stderr" "its upper directory lies where overlays cannot write"
    assert_contains "$stderr" "config:4 lxc.rootfs.path"
    rm -r "$LXCPATH/stack"
}

@test "overlay: an ordinary user's own, with marks of the user's" {
    local home=$LXCPATH/user

    install -d -o $USER_ID -g $USER_ID "$home" "$home/run" "$home/lxc" "$home/lxc/o"
    mkdir "$LXCPATH/.build"
    cp -a "$BASE" "$home/lower"
    chown -R 400000:400000 "$home/lower"
    install -d -o 400000 -g 400000 "$home/lxc/o/overlay"
    cat >"$home/lxc/o/config" <<CONFIG
lxc.rootfs.mount = $LXCPATH/.mount
lxc.net.0.type = empty
lxc.rootfs.path = overlay:$home/lower:$home/lxc/o/overlay/delta
lxc.idmap = u 0 400000 65536
lxc.idmap = g 0 400000 65536
CONFIG
    chown $USER_ID "$home/lxc/o/config"
    as_user() {
        unshare --mount --propagation private -- sh -euc '
            user=$1 home=$2
            shift 2
            mount --bind "$TARE_BUILD_ROOT/src" "$LXCPATH/.build"
            for file in passwd group subuid subgid; do
                [ -e /etc/$file ] || : >/etc/$file
                cp /etc/$file "$home/.$file"
            done
            echo "tester2:x:$user:$user::$home:/bin/sh" >>"$home/.passwd"
            echo "tester2:x:$user:" >>"$home/.group"
            echo "tester2:400000:65536" | tee -a "$home/.subuid" >>"$home/.subgid"
            for file in passwd group subuid subgid; do
                mount --bind "$home/.$file" "/etc/$file"
            done
            cd "$home"
            exec setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="$home" \
                XDG_RUNTIME_DIR="$home/run" TARE_HELPERS="$LXCPATH/.build/helpers" \
                PATH="$LXCPATH/.build/tools/bin:$PATH" "$@"' sh $USER_ID "$home" "$@"
    }
    for round in first second; do
        run_apart as_user lxc-execute -P "$home/lxc" -n o -- /bin/sh -c '
            id -u; [ -e /etc/init.d/mark ] || ls -A /etc/init.d | wc -l
            rm -rf /etc/init.d; mkdir /etc/init.d; touch /etc/init.d/mark; echo '$round' >/root/round'
        [ "$status" -eq 0 ] || fail "$stderr"
    done
    assert_equal "$stdout" 0
    assert_equal "$(<"$home/lxc/o/overlay/delta/root/round")" second
    assert_contains "$(marks "$home/lxc/o/overlay/delta/etc")" user.overlay.opaque
    # A file with a file system is for root alone.
    sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = loop:$home/image|" "$home/lxc/o/config"
    truncate -s 1M "$home/image"
    printf XFSB | dd of="$home/image" conv=notrunc status=none
    run_apart as_user lxc-execute -P "$home/lxc" -n o -- /bin/true
    assert_equal "$status" 1
    assert_contains "$stderr" "Only root of the host can mount the root file system"
}

# try_image TYPE: start, write, start again, read-only.
try_image() {
    image "$LXCPATH/$1.image" "$1" "$BASE"
    define "i-$1" "loop:$LXCPATH/$1.image"
    inside "i-$1" "echo new >/written; $ROOT"
    [ "$status:$stderr" = 0: ] || fail "$stderr"
    assert_equal "${stdout%%,*}" "$1 rw"
    define "r-$1" "$LXCPATH/$1.image" "lxc.rootfs.options = ro,nodev"
    inside "r-$1" "cat /written; touch /more 2>/dev/null; $ROOT"
    [ "$status:$stderr" = 0: ] || fail "$stderr"
    assert_equal "$stdout" "new
$1 ro,nodev,relatime"
    rm "$LXCPATH/$1.image"
}

@test "loop: ext4" {
    try_image ext4
}

@test "loop: xfs" {
    try_image xfs
}

@test "loop: btrfs" {
    try_image btrfs
}

@test "loop: a squashfs is read-only by itself" {
    command -v mksquashfs >/dev/null || skip "mksquashfs is missing"
    mksquashfs "$BASE" "$LXCPATH/squash.image" -quiet -no-progress >/dev/null
    define sq "loop:$LXCPATH/squash.image" "lxc.rootfs.options = ro"
    inside sq "$ROOT"
    assert_equal "$stdout:$stderr" "squashfs ro,relatime:"
    rm "$LXCPATH/squash.image"
}

@test "loop: running, the device is there and nobody else gets the file; stopped, killed, rebooted" {
    image "$LXCPATH/run.image" ext4 "$BASE"
    define l1 "loop:$LXCPATH/run.image"
    define l2 "loop:$LXCPATH/run.image"
    lxc-start -P "$LXCPATH" -n l1
    assert_equal "$(losetup -n -O AUTOCLEAR -j "$LXCPATH/run.image" | tr -d ' ')" 1
    inside l2 true
    assert_equal "$status" 1
    assert_contains "$stderr" "set up a loop device on $LXCPATH/run.image"
    assert_contains "$stderr" "another loop device has the file"
    in_container l1 touch /here
    init=$(lxc-info -P "$LXCPATH" -n l1 -pH)
    in_container l1 reboot -f || true
    wait_until 10 eval '[ "$(lxc-info -P "$LXCPATH" -n l1 -pH)" != "$init" ] &&
        [ "$(lxc-info -P "$LXCPATH" -n l1 -sH)" = RUNNING ]'
    in_container l1 test -e /here
    # kill -9 of init, then of the supervisor.
    kill -9 "$(lxc-info -P "$LXCPATH" -n l1 -pH)"
    wait_until 5 eval '[ "$(lxc-info -P "$LXCPATH" -n l1 -sH)" = STOPPED ]'
    wait_until 5 eval '[ -z "$(losetup -j "$LXCPATH/run.image")" ]'
    lxc-start -P "$LXCPATH" -n l1
    init=$(lxc-info -P "$LXCPATH" -n l1 -pH)
    kill -9 "$(awk '/^PPid:/ {print $2}' "/proc/$init/status")"
    wait_until 5 eval '[ -z "$(losetup -j "$LXCPATH/run.image")" ]'
    inside l2 'ls /here'
    assert_equal "$status:$stdout" "0:/here"
    rm "$LXCPATH/run.image"
}

@test "directory with lxc.idmap: the options are locked, of the top only" {
    define d1 "$LXCPATH/mapped" "${MAP[@]}" "lxc.rootfs.options = ro,nosuid,nodev"
    inside d1 "for flags in ro,nosuid,nodev rw,nosuid,nodev ro,suid,nodev ro,nosuid,dev; do
            mount -o remount,bind,\$flags / 2>/dev/null && echo done \$flags
        done
        touch /x 2>/dev/null && echo written
        $ROOT"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed '$s/.* //' <<<"$stdout")" "done ro,nosuid,nodev
ro,nosuid,nodev,relatime"
    # What is mounted below has its own flags.
    run_apart unshare --mount --propagation private sh -euc '
        mount -t tmpfs -o mode=777 none "$LXCPATH/mapped/tmp"
        exec lxc-execute -P "$LXCPATH" -n d1 -- /bin/sh -c "echo here >/tmp/file; cat /tmp/file"'
    assert_equal "$status:$stdout:$stderr" "0:here:"
}

@test "directory with lxc.idmap and options: in the background, rebooted" {
    define d2 "$LXCPATH/mapped" "${MAP[@]}" "lxc.rootfs.options = nosuid,noatime"
    lxc-start -P "$LXCPATH" -n d2
    init=$(lxc-info -P "$LXCPATH" -n d2 -pH)
    in_container d2 reboot -f || true
    wait_until 10 eval '[ "$(lxc-info -P "$LXCPATH" -n d2 -pH)" != "$init" ] &&
        [ "$(lxc-info -P "$LXCPATH" -n d2 -sH)" = RUNNING ]'
    run in_container d2 mount -o remount,bind,suid /
    [ "$status" -ne 0 ]
    assert_contains "$(in_container d2 cat /proc/self/mountinfo)" " / rw,nosuid,noatime "
    run -0 lxc-stop -P "$LXCPATH" -n d2 -k
}

@test "loop with lxc.idmap: owned by the mapped root, or id-mapped" {
    image "$LXCPATH/mapped.image" ext4 "$LXCPATH/mapped"
    define m1 "loop:$LXCPATH/mapped.image" "${MAP[@]}" "lxc.rootfs.options = nosuid"
    # Its own top directory belongs to root of the host.
    unshare --mount --propagation private sh -euc \
        'mount -o loop "$1" /mnt; chown 300000:300000 /mnt' sh "$LXCPATH/mapped.image"
    inside m1 'stat -c %u / /bin/busybox; touch /file
        mount -o remount,bind,suid / 2>/dev/null && echo unlocked; true'
    assert_equal "$status:$stdout:$stderr" "0:0
0:"
    image "$LXCPATH/plain.image" ext4 "$BASE"
    define m2 "loop:$LXCPATH/plain.image" "${MAP[@]}" \
        "lxc.rootfs.options = idmap=container,noatime,data=ordered"
    inside m2 "stat -c %u / /bin/busybox; touch /file; stat -c %u /file; $ROOT"
    assert_equal "$status:$stdout:$stderr" "0:0
0
0
ext4 rw,noatime,idmapped:"
    rm "$LXCPATH"/{mapped,plain}.image
}

@test "a block device, by its type and without one" {
    image "$LXCPATH/device.image" ext4 "$BASE"
    device=$(losetup -f --show "$LXCPATH/device.image")
    define d1 "lvm:$device"
    define d2 "$device"
    define d3 "$device" "lxc.rootfs.backend = lvm"
    for name in d1 d2 d3; do
        inside "$name" "echo $name; $ROOT"
        assert_equal "$status:$stdout:$stderr" "0:$name
ext4 rw,relatime:" || { losetup -d "$device"; return 1; }
    done
    losetup -d "$device"
    inside d1 true
    assert_equal "$status" 1
    rm "$LXCPATH/device.image"
}

@test "files and devices without a file system are told" {
    truncate -s 1M "$LXCPATH/blank.image"
    define f1 "loop:$LXCPATH/blank.image"
    inside f1 true
    assert_equal "$status" 1
    assert_contains "$stderr" "There is no file system on \"$LXCPATH/blank.image\": it is empty"
    printf 'QFI\373' | dd of="$LXCPATH/blank.image" conv=notrunc status=none
    inside f1 true
    assert_contains "$stderr" "it holds an image in QEMU's format qcow2"
    printf 'XFSB' | dd of="$LXCPATH/blank.image" conv=notrunc status=none
    inside f1 true
    assert_contains "$stderr" "mount the file system $LXCPATH/blank.image on "
    assert_contains "$stderr" "hint: "
    rm "$LXCPATH/blank.image"
    inside f1 true
    assert_contains "$stderr" "Cannot use the root file system \"$LXCPATH/blank.image\""
    assert_contains "$stderr" "No such file or directory"
    define f2 "lvm:/dev/no-group/no-volume"
    inside f2 true
    assert_contains "$stderr" "hint: the volume is not there or not active: lvs, vgchange -ay"
    grep -q zfs /proc/filesystems && return
    define f3 "zfs:no/such/set"
    inside f3 true
    assert_contains "$stderr" "the kernel does not know this type of file system"
}

@test "btrfs: a subvolume, and the relative path of an old configuration" {
    command -v mkfs.btrfs >/dev/null || skip "mkfs.btrfs is missing"
    truncate -s 320M "$LXCPATH/pool.image"
    mkfs.btrfs -q "$LXCPATH/pool.image" 2>/dev/null
    mkdir "$LXCPATH/pool"
    export ROOT
    run_apart unshare --mount --propagation private bash -euc '
        mount -o loop "$LXCPATH/pool.image" "$LXCPATH/pool"
        mkdir "$LXCPATH/pool/c"
        btrfs -q subvolume create "$LXCPATH/pool/c/rootfs"
        cp -a "$BASE/." "$LXCPATH/pool/c/rootfs"
        printf "%s\n" "lxc.rootfs.mount = $LXCPATH/.mount" "lxc.network.type = empty" \
            "lxc.utsname = c" "lxc.rootfs = pool/c/rootfs" "lxc.rootfs.backend = btrfs" \
            "lxc.mount.auto = proc" \
            >"$LXCPATH/pool/c/config"
        cd /
        lxc-execute -P "$LXCPATH/pool" -n c -- /bin/sh -c "$ROOT"
        sed -i -e "s|^lxc.rootfs = .*|lxc.rootfs.path = $LXCPATH/pool/c/rootfs|" -e /backend/d \
            "$LXCPATH/pool/c/config"
        lxc-execute -P "$LXCPATH/pool" -n c -- /bin/sh -c "$ROOT"'
    [ "$status" -eq 0 ] || fail "$stderr"
    assert_equal "$(cut -d, -f1 <<<"$stdout")" "btrfs rw
btrfs rw"
    rm "$LXCPATH/pool.image"
}

@test "hooks see the path as it is configured" {
    define h1 "overlay:$BASE:$LXCPATH/h1/delta" "lxc.hook.pre-start = $LXCPATH/h1/hook"
    printf '#!/bin/sh\necho "$LXC_ROOTFS_PATH" >%s/h1/seen\n' "$LXCPATH" >"$LXCPATH/h1/hook"
    chmod 755 "$LXCPATH/h1/hook"
    inside h1 true
    assert_equal "$status" 0
    assert_equal "$(<"$LXCPATH/h1/seen")" "$BASE:$LXCPATH/h1/delta"
}

# The fake qemu-nbd gives a loop device the name that a network block device would have; what the
# kernel shows of those is a directory over /sys/block, in a mount namespace of the test's own.
@test "nbd: connected before the start, disconnected behind it, also behind kill -9" {
    [ ! -e /sys/block/nbd0 ] || skip "the kernel has network block devices of its own"
    image "$LXCPATH/nbd.image" ext4 "$BASE"
    mkdir -p "$LXCPATH/fake"
    cat >"$LXCPATH/fake/qemu-nbd" <<'SCRIPT'
#!/bin/sh
echo "$*" >>"$LXCPATH/nbd.log"
case $1 in
--connect)
    sh -c 'while :; do sleep 0.1; done' qemu-nbd "$2" "$3" >/dev/null 2>&1 </dev/null &
    echo $! >/sys/block/nbd1/pid
    ;;
--disconnect)
    kill "$(cat /sys/block/nbd1/pid)"
    rm /sys/block/nbd1/pid
    ;;
esac
SCRIPT
    chmod 755 "$LXCPATH/fake/qemu-nbd"
    define n1 "nbd:$LXCPATH/nbd.image"
    device=$(losetup -f --show "$LXCPATH/nbd.image")
    mknod /dev/nbd1 b 7 "${device#/dev/loop}"
    run_apart unshare --mount --propagation private bash -euc '
        PATH="$LXCPATH/fake:$PATH"
        mount -t tmpfs none /sys/block
        mkdir /sys/block/nbd0 /sys/block/nbd1
        echo 1 >/sys/block/nbd0/pid
        lxc-execute -P "$LXCPATH" -n n1 -- /bin/touch /here
        lxc-start -P "$LXCPATH" -n n1
        lxc-attach -P "$LXCPATH" -n n1 -- /bin/ls /here
        lxc-stop -P "$LXCPATH" -n n1 -k
        [ ! -e /sys/block/nbd1/pid ]
        lxc-start -P "$LXCPATH" -n n1
        init=$(lxc-info -P "$LXCPATH" -n n1 -pH)
        kill -9 "$(awk "/^PPid:/ {print \$2}" "/proc/$init/status")"
        sleep 0.2
        [ -e /sys/block/nbd1/pid ]
        lxc-info -P "$LXCPATH" -n n1 -sH
        [ ! -e /sys/block/nbd1/pid ]'
    rm /dev/nbd1
    losetup -d "$device"
    [ "$status" -eq 0 ] || fail "$stderr"
    assert_equal "$stdout" "/here
STOPPED"
    assert_equal "$(sort "$LXCPATH/nbd.log" | uniq -c | tr -s ' ')" " 3 --connect /dev/nbd1 $LXCPATH/nbd.image
 3 --disconnect /dev/nbd1"
    rm "$LXCPATH/nbd.image"
}
