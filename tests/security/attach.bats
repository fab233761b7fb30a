#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Attaching to hostile containers: what comes in must bring nothing along and trust nothing inside.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    stage p1 "lxc.mount.auto = proc:mixed" "lxc.cap.drop = sys_module sys_time"
    stage u1 "lxc.mount.auto = proc:mixed" "lxc.cap.drop = sys_module sys_time"
    start p1
    start u1
}

teardown_file() {
    remove_lxcpath
}

# inside NAME COMMAND…: attached, with files for streams.
inside() {
    lxc-attach -P "$LXCPATH" -n "$1" -- "${@:2}" </dev/null
}

# Sets relay_program: what lxc-attach runs while its command does.
run_relay() {
    lxc-attach -P "$LXCPATH" -n "$1" -- /bin/sh -c 'touch /tmp/runs; sleep 20' </dev/null &
    wait_until 5 test -e "$LXCPATH/$1/rootfs/tmp/runs"
    relay_program=$(readlink "/proc/$!/exe")
    kill "$!"
    rm "$LXCPATH/$1/rootfs/tmp/runs"
}

supervisor_program() {
    echo "$TARE_HELPERS"/lxc-supervisor-*[0-9]
}

@test "CVE-2015-1334: a false /proc of the container's is not believed" {
    for name in p1 u1; do
        before=$(inside "$name" /bin/grep CapBnd /proc/self/status)
        inside "$name" /bin/sh -c 'mount -t tmpfs none /proc && mkdir -p /proc/self/attr /proc/1 /proc/self/ns &&
            echo "CapBnd: ffffffffffffffff" >/proc/1/status && touch /proc/self/attr/current'
        run -0 inside "$name" /bin/sh -c \
            'cat /proc/self/attr/current; umount /proc; grep CapBnd /proc/self/status; id -u'
        assert_equal "$output" "$before
0"
    done
}

@test "CVE-2016-8649: an attached process and init have nothing of the host open" {
    for name in p1 u1; do
        run -0 inside "$name" /bin/intruder open 9</etc 8<"$LXCPATH" 200</
        assert_equal "$output" "cwd /"
        init=$(lxc-info -P "$LXCPATH" -n "$name" -pH)
        assert_equal "$(ls "/proc/$init/fd")" "0
1
2"
        assert_equal "$(readlink "/proc/$init/cwd")" "/"
    done
}

# Between its arrival and its exec the process is the host's; root inside sees it coming.
@test "CVE-2016-8649: who comes in can't be traced, looked at or robbed on the way" {
    inside u1 /bin/intruder watch /tmp/enough >"$BATS_TEST_TMPDIR/report" &
    watcher=$!
    for _ in {1..150}; do
        inside u1 /bin/true 9</etc
    done
    inside u1 /bin/touch /tmp/enough
    wait "$watcher"
    run cat "$BATS_TEST_TMPDIR/report"
    assert_contains "$output" seen
    refute_contains "$output" STOLEN
    refute_contains "$output" TRACED
    refute_contains "$output" LOOKED
    refute_contains "$output" OVERWRITTEN
}

# Root of a privileged container may look at all that it sees; so it must see nothing of the host.
@test "CVE-2016-8649: who comes into a privileged container has left the host's root behind" {
    inside p1 /bin/intruder watch /tmp/enough >"$BATS_TEST_TMPDIR/report" &
    watcher=$!
    for _ in {1..100}; do
        inside p1 /bin/true 9</etc
    done
    inside p1 /bin/touch /tmp/enough
    wait "$watcher"
    rm "$LXCPATH/p1/rootfs/tmp/enough"
    assert_contains "$(<"$BATS_TEST_TMPDIR/report")" seen
    refute_contains "$(<"$BATS_TEST_TMPDIR/report")" LOOKED
}

@test "CVE-2019-5736: the program that attaches can't be overwritten, with links to it neither" {
    before=$(sha256sum "$(supervisor_program)" "$TARE_BIN/lxc-attach")
    root=$LXCPATH/p1/rootfs
    rm -f "$root/tmp/enough"
    inside p1 /bin/intruder watch /tmp/enough >"$BATS_TEST_TMPDIR/report" &
    watcher=$!
    mv "$root/etc/passwd" "$root/etc/passwd.away"
    ln -s /proc/self/exe "$root/bin/itself"
    ln -sf /proc/self/exe "$root/bin/getent"
    ln -sf /proc/self/exe "$root/usr/bin/getent"
    printf '#!/proc/self/exe\n' >"$root/bin/script"
    chmod 755 "$root/bin/script"
    for _ in {1..30}; do
        inside p1 /bin/true
        run inside p1 /bin/itself
        run inside p1 /bin/script
        # Without a command it asks for the user's shell.
        run lxc-attach -P "$LXCPATH" -n p1 <<<"readlink /proc/1/exe"
    done
    inside p1 /bin/touch /tmp/enough
    wait "$watcher"
    mv "$root/etc/passwd.away" "$root/etc/passwd"
    rm "$root/bin/itself" "$root/bin/getent" "$root/usr/bin/getent"
    refute_contains "$(<"$BATS_TEST_TMPDIR/report")" OVERWRITTEN
    assert_equal "$(sha256sum "$(supervisor_program)" "$TARE_BIN/lxc-attach")" "$before"
}

@test "CVE-2019-5736: what runs in a privileged container is a sealed copy, as is its getent's" {
    root=$LXCPATH/p1/rootfs
    ln -sf /proc/self/exe "$root/bin/itself"
    run_relay p1
    assert_contains "$relay_program" "/memfd:"
    run inside p1 /bin/itself
    ! is_release || assert_contains "$output" "run by lxc-start"
    rm "$root/bin/itself"
}

# Root of the host among the mapped ids may write to what root of the host owns.
@test "CVE-2019-5736: a user namespace that has root of the host in it counts as privileged" {
    stage p3 "lxc.idmap = u 0 0 65536" "lxc.idmap = g 0 0 65536" "lxc.mount.auto = proc:mixed" \
        "lxc.hook.start = /hook"
    script p3 /hook <<<'#!/bin/sh
ls -l /proc/1/exe >/tmp/exe 2>&1'
    start p3
    [[ $(readlink "/proc/$(lxc-info -P "$LXCPATH" -n p3 -pH)/exe") == */bin/busybox ]]
    supervisor=$(awk '{print $4}' "/proc/$(lxc-info -P "$LXCPATH" -n p3 -pH)/stat")
    assert_contains "$(readlink "/proc/$supervisor/exe")" "/memfd:"
    run_relay p3
    assert_contains "$relay_program" "/memfd:"
    finish p3
}

@test "CVE-2022-27650: no inherited capabilities, which root's programs would get in spite of all" {
    stage p4 "lxc.mount.auto = proc:mixed" "lxc.cap.drop = sys_module sys_time"
    for name in p4 p1; do
        command=(lxc-attach -P "$LXCPATH" -n p1 -- /bin/grep Cap /proc/self/status)
        [ "$name" = p1 ] || command=(lxc-start -P "$LXCPATH" -n p4 -F -- /bin/grep Cap /proc/1/status)
        run -0 setpriv --inh-caps +sys_time,+sys_module,+chown --ambient-caps +chown \
            "${command[@]}" </dev/null
        output=${output//$'\r'/}
        assert_contains "$output" "CapInh:	0000000000000000"
        assert_contains "$output" "CapAmb:	0000000000000000"
        bounding=$(grep -o 'CapBnd:.*' <<<"$output")
        assert_contains "$output" "CapPrm:${bounding#CapBnd:}"
    done
}

@test "CVE-2024-21626: the directory inside is never one of the host's" {
    for name in p1 u1; do
        for number in {3..14} 200; do
            ln -sfn "/proc/self/fd/$number" "$LXCPATH/$name/rootfs/tmp/work"
            mkdir -p "$BATS_TEST_TMPDIR/tmp/work"
            output=$(cd "$BATS_TEST_TMPDIR" && mkdir -p "/tmp/tare-work-$$" && cd "/tmp/tare-work-$$" &&
                ln -sfn "/proc/self/fd/$number" "$LXCPATH/$name/rootfs/tmp/tare-work-$$" &&
                inside "$name" /bin/intruder open 9</etc 200</)
            rmdir "/tmp/tare-work-$$"
            assert_equal "$output" "cwd /"
        done
    done
}

@test "CVE-2026-30892: ids that are no ids are refused, and never mean root" {
    for option in -u -g; do
        for id in -1 4294967295 4294967296 18446744073709551616 0x10 1000abc 1e3 1000:0 root ""; do
            run inside_as p1 "$option" "$id"
            assert_equal "$status" 1
            assert_contains "$output" "invalid"
        done
    done
    run -0 inside_as p1 -u 4294967294
    assert_contains "$output" "uid=4294967294"
    for key in uid gid; do
        for id in -1 4294967295 4294967296 1000abc root; do
            run lxc-start -P "$LXCPATH" -n p2 -F -f "$LXCPATH/p1/config" -s "lxc.init.$key = $id" \
                -- /bin/id </dev/null
            assert_equal "$status" 1
            assert_contains "$output" "lxc.init.$key"
        done
    done
}

inside_as() {
    lxc-attach -P "$LXCPATH" -n "$1" "$2" "$3" -- /bin/id </dev/null
}

@test "CVE-2016-10124, CVE-2017-5226: nothing is put into the caller's terminal" {
    needs_tiocsti
    # That the attack works where it may.
    run -0 "$INTRUDER" terminal none "$INTRUDER" inject
    refute_contains "$output" "injected 0"
    for name in p1 u1; do
        for streams in all none; do
            run -0 "$INTRUDER" terminal "$streams" \
                lxc-attach -P "$LXCPATH" -n "$name" -- /bin/intruder inject
            assert_equal "$output" "status 0 injected 0"
        done
    done
}

@test "without a terminal an attached command still gets the terminal's signals" {
    # At once, and several times: the command may run before lxc-attach does again. Shells let what
    # they run in the background ignore it.
    for _ in 1 2 3 4 5 6 7 8; do
        : >"$BATS_TEST_TMPDIR/out"
        env --default-signal=INT lxc-attach -P "$LXCPATH" -n p1 -- \
            /bin/sh -c 'trap "exit 33" INT; echo ready; while :; do sleep 0.05; done' </dev/null >"$BATS_TEST_TMPDIR/out" &
        relay=$!
        until [ -s "$BATS_TEST_TMPDIR/out" ]; do :; done
        kill -INT "$relay"
        code=0
        wait "$relay" || code=$?
        assert_equal "$code" 33
    done
}

@test "a password file that is a device, a pipe or a link out is not opened" {
    root=$LXCPATH/p1/rootfs
    mv "$root/etc/passwd" "$root/etc/passwd.away"
    for kind in fifo link; do
        [ "$kind" = link ] || mkfifo "$root/etc/passwd"
        [ "$kind" = fifo ] || ln -s /proc/1/root/../../../../etc/passwd "$root/etc/passwd"
        run timeout 20 lxc-attach -P "$LXCPATH" -n p1 <<<"echo shell \$0"
        assert_contains "$output" "shell /bin/sh"
        rm "$root/etc/passwd"
    done
    mv "$root/etc/passwd.away" "$root/etc/passwd"
}
