#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CVE-2021-30465: while containers start, somebody who can write to their root file system exchanges
# what they mount on with links to the host, as fast as it goes.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    mkdir "$LXCPATH/.host" "$LXCPATH/.source"
    touch "$LXCPATH/.source/mark"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    rm -rf "$LXCPATH"/[pu]*
}

# race NAME STARTS DIRECTORY: DIRECTORY of the root is a directory and a link to the host in turn.
race() {
    local root=$LXCPATH/$1/rootfs swapper

    mkdir -p "$root/$3"
    ln -s "../../../../../../../../../../..$LXCPATH/.host" "$root/$3.link"
    "$INTRUDER" swap 600 "$root/$3" "$root/$3.link" 3>&- &
    swapper=$!
    for ((i = 0; i < $2; i++)); do
        # Either may be met: that it starts is not asked for.
        lxc-start -P "$LXCPATH" -n "$1" -F -- /bin/true </dev/null >/dev/null 2>&1 || true
    done
    kill "$swapper" 2>/dev/null || fail "it exchanged nothing any more"
    wait "$swapper" || true
    assert_untouched "$LXCPATH/.host"
    refute_contains "$(cat /proc/self/mounts)" "$LXCPATH/.host"
}

@test "CVE-2021-30465: 200 starts with a mount target that is exchanged meanwhile" {
    stage p1 "lxc.mount.entry = $LXCPATH/.source mnt/target/deep none bind,create=dir 0 0" \
        "lxc.mount.entry = none mnt/target/tmp tmpfs create=dir 0 0" \
        "lxc.mount.entry = $LXCPATH/.source/mark mnt/target/file none bind,create=file 0 0"
    race p1 140 mnt/target
    stage u1 "lxc.mount.entry = $LXCPATH/.source mnt/target/deep none bind,create=dir 0 0"
    race u1 60 mnt/target
}

@test "CVE-2021-30465: 60 starts with /dev, /proc and /sys that are exchanged meanwhile" {
    for directory in dev proc sys; do
        stage p1 "lxc.mount.auto = proc:mixed sys:mixed" "lxc.pty.max = 4" "lxc.tty.max = 2"
        race p1 20 "$directory"
        rm -r "$LXCPATH/p1"
    done
}
