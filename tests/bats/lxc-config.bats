#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-config (spec/cli.md §3.6): for root, whose lxc.conf lies in a private /etc, and for another
# user with a home of the test's own.

load helpers

setup() {
    config_dir=$(sed -n 's/^#define PATH_CONFIG_DIR "\(.*\)"/\1/p' "$TARE_BUILD_ROOT/tare_paths.h")
    # Another user must reach both, wherever bats and the build have their folders.
    place=$(mktemp -d /tmp/tare-lxc-config-XXXXXX)
    chmod 755 "$place"
    mkdir -p "$place/etc/lxc" "$place/home/.config/lxc" "$place/bin"
    cp "$TARE_BIN/lxc-config" "$place/bin/"
    conf="$place/etc/lxc/lxc.conf"
    user_conf="$place/home/.config/lxc/lxc.conf"
}

teardown() {
    rm -rf "$place"
}

# Run as root (of a user namespace, if need be) with the test's own folder in place of /etc.
as_root() {
    local namespaces=-m

    [ "$(id -u)" -eq 0 ] || namespaces=-rm
    unshare "$namespaces" sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
        "$place/etc" "$(dirname "$config_dir")" "$@"
}

# Run as somebody who is not root.
as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        HOME="$place/home" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        HOME="$place/home" "$@"
    fi
}

@test "the list has all items in LXC's order, rbd behind them" {
    run_apart lxc-config -l
    assert_equal "$status" 0
    assert_equal "$stderr" ""
    assert_equal "$stdout" "lxc.default_config
lxc.lxcpath
lxc.bdev.lvm.vg
lxc.bdev.lvm.thin_pool
lxc.bdev.zfs.root
lxc.cgroup.use
lxc.cgroup.pattern
lxc.bdev.rbd.rbdpool
lxc.bdev.rbd.rbduser"
    assert_equal "$(lxc-config --list)" "$stdout"
}

@test "root's defaults" {
    assert_equal "$(as_root lxc-config lxc.default_config)" "$config_dir/default.conf"
    assert_equal "$(as_root lxc-config lxc.lxcpath)" \
        "$(sed -n 's/^#define PATH_LXC "\(.*\)"/\1/p' "$TARE_BUILD_ROOT/tare_paths.h")"
    for item in lvm.vg lvm.thin_pool zfs.root rbd.rbdpool; do
        assert_equal "$(as_root lxc-config "lxc.bdev.$item")" lxc
    done
}

@test "root's lxc.conf counts, and its last line for an item" {
    echo 'lxc.lxcpath = /first' >"$conf"
    assert_equal "$(as_root lxc-config lxc.lxcpath)" /first
    echo 'lxc.lxcpath = /root/btrfs_c1' >>"$conf"
    assert_equal "$(as_root lxc-config lxc.lxcpath)" /root/btrfs_c1
}

@test "slashes at the end of lxc.lxcpath are dropped, comments and foreign keys ignored" {
    printf '%s\n' '# lxc.lxcpath = /comment' 'lxc.lxcpath=/srv/lxc//' 'lxc.foreign = 1' \
        'no assignment' >"$conf"
    run_apart as_root lxc-config lxc.lxcpath
    assert_equal "$status $stdout $stderr" "0 /srv/lxc "
}

@test "another user has a home of his own" {
    assert_equal "$(as_user "$place/bin/lxc-config" lxc.lxcpath)" "$place/home/.local/share/lxc"
    assert_equal "$(as_user "$place/bin/lxc-config" lxc.default_config)" \
        "$place/home/.config/lxc/default.conf"
    echo 'lxc.bdev.lvm.vg = mine' >"$user_conf"
    assert_equal "$(as_user "$place/bin/lxc-config" lxc.bdev.lvm.vg)" mine
}

@test "without HOME the root directory is home" {
    run_apart as_user env -u HOME "$place/bin/lxc-config" lxc.lxcpath
    assert_equal "$status $stdout" "0 /.local/share/lxc"
    run_apart as_user env HOME= "$place/bin/lxc-config" lxc.default_config
    assert_equal "$status $stdout" "0 /.config/lxc/default.conf"
}

@test "an item without a value is told on stdout, exit 0" {
    run_apart as_root lxc-config lxc.cgroup.use
    assert_equal "$status $stdout $stderr" "0 lxc.cgroup.use is not set. "
    run_apart as_root lxc-config lxc.cgroup.p
    assert_equal "$status $stdout" "0 lxc.cgroup.pattern is not set."
}

@test "an unknown item is told on stdout, exit 1" {
    run_apart lxc-config foo
    assert_equal "$status $stdout $stderr" "1 Unknown configuration item: foo "
    run_apart lxc-config lxc.lxcpathx
    assert_equal "$status $stdout" "1 Unknown configuration item: lxc.lxcpathx"
    run_apart lxc-config ""
    assert_equal "$status $stdout" "1 Unknown configuration item: "
}

@test "a beginning selects the first item of the list" {
    assert_equal "$(as_root lxc-config lxc)" "$config_dir/default.conf"
    echo 'lxc.lxcpath = /a' >"$conf"
    assert_equal "$(as_root lxc-config lxc.l)" /a
}

@test "without an item, or with a dash, two lines of usage" {
    for word in "" - --; do
        run_apart lxc-config $word
        assert_equal "$status $stderr" "0 "
        assert_equal "$(wc -l <<<"$stdout")" 2
        assert_contains "$stdout" "Usage: lxc-config -l"
    done
    for word in -h --help --he --h; do
        run_apart lxc-config "$word"
        assert_equal "$status $stderr" "0 "
        assert_contains "$stdout" "Usage: lxc-config -l"
        assert_contains "$stdout" "-l, --list"
    done
}

@test "an lxc.conf that cannot be read is an error that names it" {
    mkdir "$conf"
    run_apart as_root lxc-config lxc.lxcpath
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "lxc-config: "
    assert_contains "$stderr" "$config_dir/lxc.conf"
    assert_contains "$stderr" "Is a directory"

    touch "$user_conf"
    chmod 0 "$user_conf"
    run_apart as_user "$place/bin/lxc-config" lxc.lxcpath
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "$user_conf"
    assert_contains "$stderr" "Permission denied"
}

@test "json has every item with its value" {
    echo 'lxc.bdev.lvm.vg = a "quoted" name' >"$conf"
    run_apart as_root lxc-config -l --format json
    assert_equal "$status $stderr" "0 "
    python3 - "$stdout" <<'PYTHON'
import json, sys
items = {item["name"]: item for item in json.loads(sys.argv[1])}
assert len(items) == 9, items
assert items["lxc.bdev.lvm.vg"]["value"] == 'a "quoted" name', items
assert items["lxc.cgroup.use"]["value"] is None, items
assert all(item["summary"] for item in items.values()), items
PYTHON
    run_apart as_root lxc-config --format=json lxc.bdev.lvm.thin_pool
    assert_equal "$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["value"])' \
        "$stdout")" lxc
}

@test "scripts and packages can ask for the version" {
    run_apart lxc-config --version
    assert_equal "$status $stdout $stderr" "0 7.0.0 "
}

@test "a second item is refused, not ignored" {
    run_apart lxc-config lxc.lxcpath lxc.bdev.lvm.vg
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "lxc.bdev.lvm.vg"
}

@test "an item beside -l is refused, not ignored" {
    run_apart lxc-config -l lxc.lxcpath
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "lxc.lxcpath"
}
