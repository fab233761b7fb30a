#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Root of a container in a user namespace can clear no flag that the host had set on a mount, and
# can't look under a mount that came with another. (nosymfollow is no flag that the kernel locks.)
#
# The host's mounts are made in a mount namespace of the test's own.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    mkdir "$LXCPATH/.h"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    rm -rf "$LXCPATH"/[pu]*
}

needs_idmapped_tmpfs() {
    local major minor

    IFS=. read -r major minor _ < <(uname -r)
    ((major > 6 || (major == 6 && minor >= 3))) || skip "this kernel can't id-map tmpfs"
}

# with_mounts COMMAND…: where .h/plain, .h/tree and .h/tree/below (over a secret) are mounts with
# all flags, and .h/rw is one without.
with_mounts() {
    unshare --mount --propagation private bash -euc '
        flags=remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime
        cd "$LXCPATH/.h"
        mount -t tmpfs -o mode=755 none .
        cd "$LXCPATH/.h"
        mkdir plain tree rw
        for name in plain tree rw; do
            mount -t tmpfs -o mode=755 none "$name"
        done
        mkdir tree/below
        echo secret >tree/below/secret
        mount -t tmpfs -o mode=755 none tree/below
        for name in plain tree/below tree; do
            mount -o "$flags" "$name"
        done
        if [ -n "${ROOT:-}" ]; then
            mkdir root
            mount -t tmpfs -o mode=755 none root
            cp -a "$ROOT"/. root
            mount -o "remount,bind,ro,nosuid,nodev,noatime" root
        fi
        exec "$@"' bash "$@"
}

# attack NAME PATH…: what the container's root could clear there, apart from nosymfollow.
attack() {
    local name=$1

    shift
    with_mounts lxc-start -P "$LXCPATH" -n "$name" -F -- /bin/intruder clear "$@" </dev/null |
        tr -d '\r' | sort -u
    return "${PIPESTATUS[0]}"
}

# assert_kept COUNT: so many flags at least, each on every way, and none of them gone.
assert_kept() {
    refute_contains "$output" GONE
    [ "$(grep -c ' kept here$' <<<"$output")" -ge "$1" ] || fail "too few were tried:" "$output"
    assert_equal "$(grep -c ' kept user+mnt$' <<<"$output")" "$(grep -c ' kept here$' <<<"$output")"
}

@test "binds of the host's mounts keep ro, nosuid, nodev, noexec, noatime and nodiratime" {
    stage u1 "lxc.mount.entry = $LXCPATH/.h/plain mnt/plain none bind,create=dir 0 0" \
        "lxc.mount.entry = $LXCPATH/.h/plain/. mnt/dot none bind,rw,create=dir 0 0"
    run -0 attack u1 /mnt/plain /mnt/dot
    assert_kept 12
}

@test "recursive binds keep the flags of every mount below" {
    stage u1 "lxc.mount.entry = $LXCPATH/.h/tree mnt/tree none rbind,create=dir 0 0"
    run -0 attack u1 /mnt/tree /mnt/tree/below
    assert_kept 12
}

@test "id-mapped binds keep them, and those that the entry adds" {
    needs_idmapped_tmpfs
    stage u1 \
        "lxc.mount.entry = $LXCPATH/.h/plain mnt/plain none bind,idmap=container,create=dir 0 0" \
        "lxc.mount.entry = $LXCPATH/.h/tree mnt/tree none rbind,idmap=container,create=dir 0 0" \
        "lxc.mount.entry = $LXCPATH/.h/rw mnt/rw none bind,ro,nosuid,nodev,noexec,idmap=container,create=dir 0 0"
    run -0 attack u1 /mnt/plain /mnt/tree /mnt/tree/below /mnt/rw
    assert_kept 22
}

@test "the root keeps the flags of its file system" {
    stage u1 "lxc.mount.auto = proc:mixed"
    sed -i "s#^lxc.rootfs.path = .*#lxc.rootfs.path = dir:$LXCPATH/.h/root#" "$LXCPATH/u1/config"
    ROOT=$LXCPATH/u1/rootfs run -0 attack u1 /
    assert_kept 4
}

@test "an id-mapped root keeps them, and those of lxc.rootfs.options" {
    needs_idmapped_tmpfs
    stage u1 "lxc.mount.auto = proc:mixed" "lxc.rootfs.options = idmap=container"
    chown -hR 0:0 "$LXCPATH/u1/rootfs"
    sed -i "s#^lxc.rootfs.path = .*#lxc.rootfs.path = dir:$LXCPATH/.h/root#" "$LXCPATH/u1/config"
    ROOT=$LXCPATH/u1/rootfs run -0 attack u1 /
    assert_kept 4
    stage u2 "lxc.rootfs.options = idmap=container,ro,nosuid,nodev"
    chown -hR 0:0 "$LXCPATH/u2/rootfs"
    run -0 attack u2 /
    assert_kept 3
}

@test "what a mount of the host's covers stays covered" {
    needs_idmapped_tmpfs
    stage u1 "lxc.mount.entry = $LXCPATH/.h/tree mnt/tree none rbind,create=dir 0 0" \
        "lxc.mount.entry = $LXCPATH/.h/tree mnt/mapped none rbind,idmap=container,create=dir 0 0"
    for path in /mnt/tree /mnt/mapped; do
        run with_mounts lxc-start -P "$LXCPATH" -n u1 -F -- /bin/intruder reveal "$path" below secret
        refute_contains "$output" REVEALED
        refute_contains "$output" DONE
        assert_contains "$output" "sight hidden"
    done
}

@test "a mount without what is below it is refused: it would uncover" {
    stage u1 "lxc.mount.entry = $LXCPATH/.h/tree mnt/tree none bind,create=dir 0 0"
    run with_mounts lxc-start -P "$LXCPATH" -n u1 -F -- /bin/cat /mnt/tree/below/secret
    [ "$status" -ne 0 ]
    refute_contains "$output" "secret
"
    assert_contains "$output" "mnt/tree"
}

@test "nothing of the host's root is left below or behind the container's" {
    stage u1 "lxc.mount.auto = proc:mixed"
    run -0 once u1 /bin/sh -c 'umount -l / 2>&1; umount /dev; umount -l /proc/sys; ls /; ls /dev'
    refute_contains "$output" lib64
    run -0 once u1 /bin/sh -c 'cd /; for i in 1 2 3 4 5 6; do cd ..; done; ls'
    refute_contains "$output" lib64
    refute_contains "$output" boot
}
