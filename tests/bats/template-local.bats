#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-local: containers from tar files (spec/templates-and-services.md §2.5, §2.6, §3).

load helpers
load containers
load share

setup_file() {
    make_lxcpath
    stage_share "$LXCPATH/share"
    FILES=$LXCPATH/files
    export FILES
    mkdir -p "$FILES/root"/{bin,sbin,dev,proc,sys,etc}
    cp "$(command -v busybox)" "$FILES/root/bin/busybox"
    ln -s busybox "$FILES/root/bin/sh"
    ln -s busybox "$FILES/root/bin/hostname"
    ln -s ../bin/busybox "$FILES/root/sbin/init"
    echo "LXC_NAME LXC_PATH xLXC_NAMEx LXC_OTHER" >"$FILES/root/etc/hostname"
    : >"$FILES/root/dev/node"
    : >"$FILES/root/etc/secret"
    ln -s "$FILES/outside" "$FILES/root/etc/leads-out"
    echo LXC_NAME >"$FILES/outside"
    tar -C "$FILES/root" -czf "$FILES/rootfs.tar.gz" .
}

teardown_file() {
    remove_lxcpath
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/meta"
    cd "$BATS_TEST_TMPDIR/meta"
    printf '%s\n' 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf' 'lxc.arch = x86_64' >config
    cat >"$BATS_TEST_TMPDIR/initial" <<CONFIG
# A comment
lxc.rootfs.mount = $LXCPATH/.mount
lxc.net.0.type = empty
lxc.tty.max = 2
lxc.net.1.type = empty
CONFIG
}

teardown() {
    stop_all
}

create() {
    local name=$1

    shift
    lxc-create -P "$LXCPATH" -n "$name" -f "$BATS_TEST_TMPDIR/initial" \
        -t "$SHARE/templates/lxc-local" -- "$@"
}

pack() {
    tar -C "$BATS_TEST_TMPDIR/meta" -czf "$BATS_TEST_TMPDIR/meta.tar.gz" .
}

@test "an image with everything: what is printed, the configuration, and a container that starts" {
    echo "/ mnt none bind,create=dir 0 0" >fstab
    echo "Made LXC_NAME." >create-message
    echo ./etc/secret >excludes
    # Without an end of line, as some write it.
    printf '%s\n%s' etc/missing /etc/hostname >templates
    pack
    run_apart create l1 -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed 1d <<<"$stdout")" "Using metadata file: $BATS_TEST_TMPDIR/meta.tar.gz
Unpacked metadata file: $BATS_TEST_TMPDIR/meta.tar.gz
Extracted network config to: $LXCPATH/l1/config-network
lxc.net.0.type = empty
lxc.net.1.type = empty
Extracted additional config to: $LXCPATH/l1/config-extra
lxc.rootfs.mount = $LXCPATH/.mount
lxc.tty.max = 2
lxc.rootfs.path = dir:$LXCPATH/l1/rootfs
Using rootfs file: $FILES/rootfs.tar.gz

---
Made LXC_NAME."
    temporary=$(sed -n '1s/^Using local temporary directory //p' <<<"$stdout")
    [ -n "$temporary" ]
    [ ! -e "$temporary" ]
    assert_equal "$(sed '1,/^# (Be aware/d' "$LXCPATH/l1/config")" "
# A comment

# Distribution configuration
lxc.include = $SHARE/config/common.conf
lxc.arch = x86_64

# Container specific configuration
lxc.rootfs.mount = $LXCPATH/.mount
lxc.tty.max = 2
# lxc.rootfs.backend = dir
lxc.rootfs.path = dir:$LXCPATH/l1/rootfs
lxc.uts.name = l1
lxc.mount.fstab = $LXCPATH/l1/fstab

# Network configuration
lxc.net.0.type = empty
lxc.net.1.type = empty"
    assert_equal "$(<"$LXCPATH/l1/rootfs/etc/hostname")" "l1 $LXCPATH/l1 xl1x LXC_OTHER"
    [ ! -e "$LXCPATH/l1/rootfs/etc/secret" ]
    [ -d "$LXCPATH/l1/rootfs/dev/pts" ]
    assert_equal "$(ls -A "$LXCPATH/l1" | tr '\n' ' ')" "config fstab rootfs "
    lxc-start -P "$LXCPATH" -n l1
    assert_equal "$(in_container l1 hostname)" l1
}

@test "files for a level: the highest that is known; those for users are for users" {
    for name in config.4 config.5 config.6 config-user config-user.3; do
        echo "lxc.environment = FROM=$name" >"$name"
    done
    pack
    create v1 -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz" >/dev/null
    assert_contains "$(<"$LXCPATH/v1/config")" "FROM=config.5"
    printf '%s\n' 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536' \
        >>"$BATS_TEST_TMPDIR/initial"
    chmod 755 "$BATS_TEST_TMPDIR"
    TMPDIR=/tmp create v2 -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz" >/dev/null
    assert_contains "$(<"$LXCPATH/v2/config")" "FROM=config-user.3"
    assert_equal "$(stat -c %u "$LXCPATH/v2/rootfs/bin/busybox")" 100000
    [ ! -e "$LXCPATH/v2/rootfs/dev/node" ]
}

@test "without metadata the configuration stays, with a host name; --no-dev takes no word" {
    run_apart create n1 --no-dev -f "$FILES/rootfs.tar.gz"
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "Metadata file was not passed"
    assert_equal "$(tail -n 1 "$LXCPATH/n1/config")" "lxc.uts.name = n1"
    [ ! -e "$LXCPATH/n1/rootfs/dev/node" ]
    [ -e "$LXCPATH/n1/rootfs/etc/secret" ]
}

@test "what is wrong with an image is said, and nothing stays" {
    run_apart create bad
    assert_contains "$stderr" "ERROR: Rootfs file was not passed"
    run_apart create bad -f /nonexistent
    assert_contains "$stderr" 'ERROR: the file "/nonexistent" can'"'"'t be read'
    run_apart create bad -f "$SHARE/config/common.conf"
    assert_contains "$stderr" "could not be unpacked"
    rm config
    pack
    run_apart create bad -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz"
    assert_contains "$stderr" "ERROR: meta tarball is missing the configuration file"
    [ ! -e "$LXCPATH/bad" ]
}

@test "an image's links lead nowhere: not in its metadata, nor in its list of templates" {
    ln -s /etc/passwd create-message
    pack
    run_apart create bad -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz"
    assert_equal "$status" 1
    assert_contains "$stderr" '"create-message" in'
    refute_contains "$stdout" root:
    rm create-message
    echo etc/leads-out >templates
    pack
    run_apart create bad -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz"
    assert_equal "$status" 1
    assert_contains "$stderr" "leads out of the root file system"
    assert_equal "$(<"$FILES/outside")" LXC_NAME
    [ ! -e "$LXCPATH/bad" ]
    # Files of the template's own lie beside those of the image, not among them.
    rm templates
    echo /etc/hostname >templates
    ln -s "$FILES/outside" .config
    ln -s "$FILES/outside" .template
    pack
    create hid -m "$BATS_TEST_TMPDIR/meta.tar.gz" -f "$FILES/rootfs.tar.gz" >/dev/null
    assert_equal "$(<"$FILES/outside")" LXC_NAME
    assert_contains "$(<"$LXCPATH/hid/config")" "lxc.uts.name = hid"
}

@test "names of files are names of files, whatever is in them" {
    cp "$FILES/rootfs.tar.gz" "20261121_05:24.tar.gz"
    pack
    cp -- "$BATS_TEST_TMPDIR/meta.tar.gz" "-m:a b.tar.gz"
    run_apart create odd -m "-m:a b.tar.gz" -f "20261121_05:24.tar.gz"
    assert_equal "$status:$stderr" "0:"
    [ -e "$LXCPATH/odd/rootfs/sbin/init" ]
}
