#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Start hooks are programs of the container's that run while PID 1 is still ours: it holds the run
# record and directories of the host.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    rm -rf "$LXCPATH"/[pu]*
}

# A hook that stays and attacks PID 1 until init runs.
watching_hook() {
    script "$1" /hook <<<'#!/bin/sh
intruder open >/tmp/open
{ echo stdin; ls -l /proc/self/fd/; } >/tmp/streams 2>&1
ls -l /proc/1/fd >/tmp/fds 2>&1
ls -l /proc/1/map_files >/tmp/maps 2>&1
cat /proc/1/maps >>/tmp/maps 2>&1
intruder one 1 >/tmp/one 2>&1 &
intruder inject'
}

@test "CVE-2016-8649: a start hook has nothing open and finds nothing of the host in PID 1" {
    for name in p1 u1; do
        stage "$name" "lxc.mount.auto = proc:mixed" "lxc.hook.start = /hook" "lxc.tty.max = 2" \
            "lxc.pty.max = 4" "lxc.hook.mount = /bin/true"
        watching_hook "$name"
        run -0 once "$name" /bin/sleep 0.3 9</etc 8<"$LXCPATH" 200</
        root=$LXCPATH/$name/rootfs
        assert_equal "$(<"$root/tmp/open")" "cwd /"
        for secret in "$LXCPATH" /etc /run/lxc/runs lxc.payload .lxc_keep; do
            refute_contains "$(<"$root/tmp/fds")" "> $secret"
            refute_contains "$(<"$root/tmp/maps")" "$secret"
        done
        refute_contains "$(<"$root/tmp/fds")" lxc.payload
        refute_contains "$(<"$root/tmp/fds")" lxc_keep
        # Shared with the supervisor is nothing.
        refute_contains "$(<"$root/tmp/maps")" " rw-s "
    done
}

@test "CVE-2016-8649: in a user namespace PID 1 can't be traced from start hooks" {
    stage u1 "lxc.mount.auto = proc:mixed" "lxc.hook.start = /hook" "lxc.init.uid = 0"
    watching_hook u1
    sed -i 's/ &$//' "$LXCPATH/u1/rootfs/hook"
    run -0 once u1 /bin/true
    assert_equal "$(<"$LXCPATH/u1/rootfs/tmp/one")" "done"
    assert_contains "$(<"$LXCPATH/u1/rootfs/tmp/fds")" "ermission denied"
}

@test "CVE-2016-10124: a start hook can't put anything into the caller's terminal" {
    needs_tiocsti
    for name in p1 u1; do
        stage "$name" "lxc.mount.auto = proc:mixed" "lxc.hook.start = /hook"
        watching_hook "$name"
        for streams in all none; do
            run -0 "$INTRUDER" terminal "$streams" \
                lxc-start -P "$LXCPATH" -n "$name" -F -- /bin/intruder inject
            assert_equal "$output" "status 0 injected 0"
        done
    done
}

@test "CVE-2019-5736: hooks with links to /proc/self/exe don't reach a program of the host's" {
    before=$(sha256sum "$TARE_HELPERS"/lxc-supervisor-*[0-9])
    stage p1 "lxc.mount.auto = proc:mixed" "lxc.hook.start = /hook" "lxc.hook.start = /second"
    script p1 /second <<<'#!/bin/sh
touch /tmp/enough
sleep 0.2'
    script p1 /hook <<<'#!/bin/sh
intruder one 1 >/tmp/one 2>&1 &
exit 0'
    for _ in {1..5}; do
        run -0 once p1 /bin/true
        refute_contains "$(<"$LXCPATH/p1/rootfs/tmp/one")" OVERWRITTEN
    done
    ln -sf /proc/self/exe "$LXCPATH/p1/rootfs/hook"
    run once p1 /bin/true
    ln -sf /proc/self/exe "$LXCPATH/p1/rootfs/bin/sh"
    run once p1 /bin/true
    assert_equal "$(sha256sum "$TARE_HELPERS"/lxc-supervisor-*[0-9])" "$before"
}

@test "CVE-2019-5736: lxc-execute's init is a sealed copy without anything of the host" {
    for name in p1 u1; do
        stage "$name" "lxc.mount.auto = proc:mixed"
        run lxc-execute -P "$LXCPATH" -n "$name" -- /bin/sh -c \
            'ls -l /proc/1/fd /proc/1/exe; cat /proc/1/maps /proc/1/environ; intruder one 1' \
            9</etc 200</ </dev/null
        refute_contains "$output" "/etc"
        refute_contains "$output" "$LXCPATH"
        refute_contains "$output" " rw-s "
        refute_contains "$output" "PATH="
        refute_contains "$output" OVERWRITTEN
        assert_contains "$output" "done"
    done
}
