#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-execute: applications under our own init (spec/cli.md §3.12, spec/runtime.md §16).

load helpers
load containers

setup_file() {
    make_lxcpath
}

teardown_file() {
    remove_lxcpath
}

execute() {
    lxc-execute -P "$LXCPATH" -n app "$@"
}

@test "exit codes of the command" {
    run -0 execute -- true
    run -7 execute -- sh -c 'exit 7'
    run -137 execute -- sh -c 'kill -9 $$'
    run -255 execute -- /bin/nope
}

@test "a caller that ignores SIGCHLD: the end of its children is not lost" {
    ignoring=(timeout -k 5 20 env --ignore-signal=CHLD)
    run -7 "${ignoring[@]}" lxc-execute -P "$LXCPATH" -n app -- sh -c 'sleep 0.1; exit 7'
    run -0 "${ignoring[@]}" lxc-execute -P "$LXCPATH" -n app -d -- sleep 100
    run_apart lxc-attach -P "$LXCPATH" -n app -- sed -n 's/SigIgn:\t//p' /proc/1/status
    assert_equal "$((0x$stdout >> 16 & 1))" 0
    run -7 "${ignoring[@]}" lxc-attach -P "$LXCPATH" -n app -- sh -c 'exit 7'
    lxc-stop -P "$LXCPATH" -n app -k
}

@test "without configuration: own pids, name, IPC and mounts; the host's network and files" {
    run_apart execute -- sh -c 'echo $$; hostname; readlink /proc/self/ns/net; ls /proc | grep -c "^[0-9]*$"'
    assert_equal "$status" 0
    assert_equal "$(sed -n 1p <<<"$stdout")" 2
    assert_equal "$(sed -n 2p <<<"$stdout")" app
    assert_equal "$(sed -n 3p <<<"$stdout")" "$(readlink /proc/self/ns/net)"
    [ "$(sed -n 4p <<<"$stdout")" -lt 8 ]
    [ ! -e "$LXCPATH/app" ]
}

@test "the process that is init shows nothing of the host" {
    assert_equal "$(execute -- cat /proc/1/cmdline | tr '\0' '.')" "init."
    assert_equal "$(SECRET=of-the-host execute -- grep -c SECRET /proc/1/environ)" 0
}

@test "streams are handed on as they are" {
    head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
    execute -- cat <"$BATS_TEST_TMPDIR/data" >"$BATS_TEST_TMPDIR/copy"
    cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/copy"
}

@test "definitions: old names work, wrong ones are told" {
    run -0 execute -s lxc.cgroup.cpu.shares=512 /bin/true
    run_apart execute -s lxc.utsname=other hostname
    assert_equal "$stdout" other
    run_apart execute -s badkey=1 true
    assert_equal "$status" 1
    assert_contains "$stderr" 'badkey'
    run_apart execute -s lxc.bad.key=1 true
    assert_equal "$status" 1
    assert_contains "$stderr" 'Unsupported config key "lxc.bad.key"'
    run_apart execute
    assert_equal "$status" 1
    assert_contains "$stderr" 'Missing command to execute!'
}

@test "-u and -g" {
    run_apart execute -u 65534 -g 65534 -- id -u
    assert_equal "$stdout" 65534
}

@test "a configuration with a root of its own" {
    make_container root
    run_apart lxc-execute -P "$LXCPATH" -n root -- /bin/busybox ls /
    assert_equal "$status" 0
    refute_contains "$stdout" "work"
    run_apart lxc-execute -P "$LXCPATH" -n root -- /bin/sh -c 'echo $$; exit 9'
    assert_equal "$status:$stdout" "9:2"
    lxc-destroy -P "$LXCPATH" -n root
}

@test "in the background: 0 when it runs" {
    run -0 execute -d -- sleep 1000
    assert_equal "$(lxc-info -P "$LXCPATH" -n app -sH)" RUNNING
    lxc-stop -P "$LXCPATH" -n app -k
}

@test "--share-net shares another container's network" {
    make_container other
    lxc-start -P "$LXCPATH" -n other
    init=$(lxc-info -P "$LXCPATH" -n other -pH)
    run_apart execute --share-net other -- readlink /proc/self/ns/net
    assert_equal "$status:$stdout" "0:$(readlink "/proc/$init/ns/net")"
    run_apart execute --share-net "$init" -- readlink /proc/self/ns/net
    assert_equal "$status:$stdout" "0:$(readlink "/proc/$init/ns/net")"
    lxc-destroy -P "$LXCPATH" -n other -f
}
