#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-monitor and lxc-wait from the shell (spec/cli.md §3.16, §3.24), with the lines of LXC's manual
# pages. What lxc-monitord does is in tests/wire/monitor.py.

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container b1
    make_container foo
    make_container bar
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    # shellcheck disable=SC2046 # words
    kill $(jobs -p) 2>/dev/null || true
    lxc-monitor -q -Q -P "$LXCPATH" || true
    [ ! -e "/run/lxc$LXCPATH" ] || fail "/run/lxc$LXCPATH stays behind"
}

# monitor OPTION…: lxc-monitor in the background, connected, its lines in the file `lines`.
monitor() {
    printed=$BATS_TEST_TMPDIR/lines
    wait_until 10 nobody_is_connected
    lxc-monitor -P "$LXCPATH" "$@" >"$printed" 2>"$printed.errors" 3>&- &
    monitor=$!
    wait_until 10 is_connected
}

# 03: the daemon has taken it in.
is_connected() {
    grep -q " 03 *[0-9]* @lxc/[0-9a-f]*/$LXCPATH\$" /proc/net/unix
}

nobody_is_connected() {
    ! is_connected
}

has_lines() {
    [ "$(wc -l <"$printed")" -ge "$1" ]
}

@test "lxc-monitor -n: each change of the ones that match, in order" {
    monitor -n "foo|bar"
    for name in foo b1 bar; do
        lxc-start -P "$LXCPATH" -n "$name"
        lxc-stop -P "$LXCPATH" -n "$name" -k
    done
    wait_until 10 has_lines 10
    assert_equal "$(<"$printed")" "'foo' changed state to [STARTING]
'foo' changed state to [RUNNING]
'foo' exited with status [0]
'foo' changed state to [STOPPING]
'foo' changed state to [STOPPED]
'bar' changed state to [STARTING]
'bar' changed state to [RUNNING]
'bar' exited with status [0]
'bar' changed state to [STOPPING]
'bar' changed state to [STOPPED]"
    kill "$monitor"
    code=0; wait "$monitor" || code=$?
    assert_equal "$code" 143
    assert_equal "$(<"$printed.errors")" ""
}

@test "lxc-monitor: the name is the first word, and .* without one" {
    monitor foo
    lxc-execute -P "$LXCPATH" -n bar -- /bin/true
    lxc-execute -P "$LXCPATH" -n foo -- /bin/sh -c 'exit 3' || [ $? -eq 3 ]
    wait_until 10 has_lines 5
    assert_equal "$(sed -n 3p "$printed")" "'foo' exited with status [3]"
    kill "$monitor"
    wait "$monitor" || true
    monitor
    lxc-execute -P "$LXCPATH" -n other -s lxc.net.0.type=empty -- /bin/true
    wait_until 10 has_lines 5
    assert_equal "$(sort -u "$printed" | wc -l)" 5
}

@test "lxc-monitor -Q ends those who monitor, in peace; without any it says so" {
    monitor
    run_apart lxc-monitor -P "$LXCPATH" -Q
    assert_equal "$status:$stdout:$stderr" "0::"
    wait "$monitor"
    assert_equal "$(<"$printed.errors")" ""
    run_apart lxc-monitor -P "$LXCPATH" --quit
    assert_equal "$status:$stdout" "1:"
    assert_equal "$stderr" "lxc-monitor: no lxc-monitord serves \"$LXCPATH\""
}

@test "lxc-monitor: what it can't do" {
    run_apart lxc-monitor -P "$LXCPATH" -n '['
    assert_equal "$status:$stdout" "1:"
    assert_contains "$stderr" "Failed to compile the regex '['"
    run_apart lxc-monitor -P "$LXCPATH" -n 'a)(b'
    assert_contains "$stderr" "Failed to compile the regex 'a)(b'"
    run_apart lxc-monitor -P "$LXCPATH" --once SLEEPING
    assert_equal "$status:$stderr" "1:lxc-monitor: invalid state 'SLEEPING'"
    chmod 755 "$BATS_TEST_TMPDIR"
    run_apart setpriv --reuid 65534 --regid 65534 --clear-groups \
        env HOME=/nonexistent TARE_HELPERS="$TARE_HELPERS" lxc-monitor -P "$LXCPATH"
    assert_equal "$status" 1
    assert_contains "$stderr" "cannot open the run directory \"/nonexistent/.cache/lxc/run\""
    monitor
    run_apart setpriv --reuid 65534 --regid 65534 --clear-groups lxc-monitor -P "$LXCPATH"
    assert_equal "$status" 1
    assert_contains "$stderr" "the lxc-monitord of \"$LXCPATH\" is user 0's"
}

@test "lxc-monitor of an ordinary user: a daemon and a fifo of the user's own" {
    home=$LXCPATH/.home
    mkdir "$home"
    mkdir -m 700 "$home/run" "$home/path"
    chown 65534 "$home/run" "$home/path"
    user=(setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent
        XDG_RUNTIME_DIR="$home/run" TARE_HELPERS="$TARE_HELPERS")
    "${user[@]}" test -w "$home/run" || skip "the scratch directory is closed to others"
    "${user[@]}" lxc-monitor -P "$home/path" --once RUNNING \
        >"$BATS_TEST_TMPDIR/lines" 3>&- &
    fifo=$home/run/lxc$home/path/monitor-fifo
    wait_until 10 grep -q " 03 *[0-9]* @lxc/.*$home/path\$" /proc/net/unix
    assert_equal "$(stat -c '%F %u %a' "$fifo")" "fifo 65534 600"
    # In one piece, as supervisors do.
    { printf '\0\0\0\0c1'; head -c 254 /dev/zero; printf '\2\0\0\0'; } >"$home/event"
    dd bs=264 status=none <"$home/event" >"$fifo"
    wait $!
    assert_equal "$(<"$BATS_TEST_TMPDIR/lines")" "'c1' changed state to [RUNNING]"
    "${user[@]}" lxc-monitor -P "$home/path" -Q
    [ ! -e "$fifo" ]
    rm -r "$home"
}

@test "lxc-monitor --once, --format json" {
    monitor -n foo --once RUNNING --format json
    lxc-start -P "$LXCPATH" -n foo
    wait "$monitor"
    assert_equal "$(jq -r '[.name, .path, .event, .value] | join(" ")' "$printed")" \
        "foo $LXCPATH state STARTING
foo $LXCPATH state RUNNING"
    jq -r .time "$printed" | grep -qE '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z$'
}

@test "lxc-wait: what is already, and what is not" {
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s STOPPED
    assert_equal "$status:$stdout:$stderr" "0::"
    run_apart lxc-wait -P "$LXCPATH" -n nosuch -s "STOPPED|RUNNING"
    assert_equal "$status:$stdout:$stderr" "0::"
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s "RUNNING|FROZEN" -t 0
    assert_equal "$status:$stdout:$stderr" "1::"
    lxc-start -P "$LXCPATH" -n b1
    run -0 lxc-wait -P "$LXCPATH" b1 -s RUNNING -t 0
    run -0 lxc-wait -P "$LXCPATH" -n b1 -s "STOPPED|RUNNING"
    run -1 lxc-wait -P "$LXCPATH" -n b1 -s "STOPPED|FREEZING" -t 0
    lxc-freeze -P "$LXCPATH" -n b1
    run -0 lxc-wait -P "$LXCPATH" -n b1 -s FROZEN -t 0
    start=$EPOCHREALTIME
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s RUNNING -t 1
    assert_equal "$status:$stdout:$stderr" "1::"
    took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    [ "$took" -ge 950 ] && [ "$took" -lt 5000 ] || fail "it took $took ms"
}

@test "lxc-wait: a wrong command line" {
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s BAD
    assert_equal "$status:$stdout:$stderr" "1::lxc-wait: invalid state 'BAD'"
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s "RUNNING|"
    assert_equal "$status:$stderr" "1:lxc-wait: invalid state ''"
    run_apart lxc-wait -P "$LXCPATH" -n b1
    assert_equal "$status" 1
    assert_contains "$stderr" "missing state option to wait for"
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s RUNNING -t x
    assert_equal "$status:$stderr" "1:lxc-wait: invalid timeout 'x'"
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s RUNNING -t -2
    assert_equal "$status:$stderr" "1:lxc-wait: b1: invalid timeout '-2'"
    run_apart lxc-wait -s RUNNING
    assert_equal "$status:$stderr" "1:lxc-wait: No container name specified"
}

# wait_aside WORD…: lxc-wait in the background, until it waits: for an answer, which comes before
# whatever others ask for, or for a run to begin.
wait_aside() {
    timeout 100 lxc-wait -P "$LXCPATH" "$@" 3>&- &
    waiter=$!
    wait_until 60 polls "$waiter"
}

# poll(2), or ppoll(2).
polls() {
    local child

    child=$(cat "/proc/$1/task/$1/children")
    [ -n "$child" ] && grep -qE '^(7|271) ' "/proc/${child% }/syscall" &&
        [ "$(cat "/proc/${child% }/comm")" = lxc-wait ]
}

@test "lxc-wait: every state on the way" {
    lxc-start -P "$LXCPATH" -n b1
    for step in "freeze FREEZING" "unfreeze THAWED" "freeze FROZEN" "unfreeze RUNNING" \
            "stop STOPPING"; do
        wait_aside -n b1 -s "${step#* }" --change
        "lxc-${step% *}" -P "$LXCPATH" -n b1
        wait "$waiter"
    done
    wait_aside -n b1 -s STARTING
    lxc-start -P "$LXCPATH" -n b1
    wait "$waiter"
}

@test "lxc-wait: a run that is over at once is not missed" {
    for round in 1 2 3 4 5; do
        wait_aside -n "new$round" -s RUNNING
        lxc-execute -P "$LXCPATH" -n "new$round" -s lxc.net.0.type=empty -- /bin/sleep 0.05
        wait "$waiter"
    done
}

@test "lxc-wait --change: what it is in does not count" {
    run_apart lxc-wait -P "$LXCPATH" -n b1 -s STOPPED --change -t 0
    assert_equal "$status:$stderr" "1:"
    wait_aside -n b1 -s STOPPED --change
    lxc-start -P "$LXCPATH" -n b1
    run -1 lxc-wait -P "$LXCPATH" -n b1 -s RUNNING --change -t 1
    polls "$waiter"
    lxc-stop -P "$LXCPATH" -n b1 -k
    wait "$waiter"
    lxc-start -P "$LXCPATH" -n b1
    # A reboot enters both.
    for state in STOPPED RUNNING; do
        wait_aside -n b1 -s "$state" --change
        lxc-stop -P "$LXCPATH" -n b1 -r
        wait "$waiter"
    done
}

@test "lxc-wait: several containers at the same time" {
    wait_aside foo bar new -s RUNNING
    wait_until 10 all_poll "$waiter"
    # One after the other: the run before is over then.
    for name in new bar foo; do
        lxc-execute -P "$LXCPATH" -n "$name" -s lxc.net.0.type=empty -- /bin/sleep 0.1
    done
    wait "$waiter"
    run_apart lxc-wait -P "$LXCPATH" -n foo bar nosuch -s STOPPED
    assert_equal "$status:$stdout:$stderr" "0::"
    lxc-start -P "$LXCPATH" -n bar
    run_apart lxc-wait -P "$LXCPATH" foo bar nosuch -s STOPPED -t 0
    assert_equal "$status:$stdout:$stderr" "1::"
    # Also where the caller does not want to hear of his children's end.
    run -1 env --ignore-signal=CHLD lxc-wait -P "$LXCPATH" foo bar nosuch -s STOPPED -t 0
    # Nobody goes on waiting.
    wait_aside foo bar new -s FROZEN
    wait_until 10 all_poll "$waiter"
    kill "$waiter"
    wait "$waiter" || true
    for pid in $processes; do
        wait_until 10 gone "$pid"
    done
}

children() {
    cat "/proc/$1/task/$1/children"
}

# The processes behind timeout: of the first container, and below it of two others.
all_poll() {
    local pid

    processes=$(children "$1")
    processes="$processes $(children "${processes% }")"
    [ "$(wc -w <<<"$processes")" -eq 3 ] || return 1
    for pid in $processes; do
        grep -qE '^(7|271) ' "/proc/$pid/syscall" || return 1
    done
}

gone() {
    ! grep -q '^State:[[:blank:]]*[^Z]' "/proc/$1/status" 2>/dev/null
}

@test "the lxc-wait script of LXC's manual" {
    cat >"$BATS_TEST_TMPDIR/script" <<'SH'
lxc-execute -n foo -- /bin/sleep 0.5 &
lxc-wait -n foo -s RUNNING

# launch lxc-wait in background
lxc-wait -n foo -s STOPPED &
LXC_WAIT_PID=$!

# now lxc-wait waits, and exits when the container is STOPPED
wait $LXC_WAIT_PID
echo "'foo' is finished"
SH
    alias_path
    run -0 timeout 20 sh -e "$BATS_TEST_TMPDIR/script"
    assert_equal "$output" "'foo' is finished"
}

# The script's commands have no -P: a wrapper of each adds ours.
alias_path() {
    local name

    mkdir "$BATS_TEST_TMPDIR/bin"
    for name in execute wait; do
        printf '#!/bin/sh\nexec "%s" -P "%s" "$@"\n' "$TARE_BIN/lxc-$name" "$LXCPATH" \
            >"$BATS_TEST_TMPDIR/bin/lxc-$name"
        chmod 755 "$BATS_TEST_TMPDIR/bin/lxc-$name"
    done
    PATH="$BATS_TEST_TMPDIR/bin:$PATH"
}
