#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Containers of an ordinary user where systemd owns the unified hierarchy (spec/runtime.md §11): in a
# scope that was delegated before, in a login session, and without a session bus; and root's containers
# in sessions and services that end. For the guest of tests/vm, which has the user "vmuser".

load ../bats/helpers
load ../bats/containers

USER_SLICE=/sys/fs/cgroup/user.slice/user-1000.slice

setup_file() {
    export MISSING=
    grep -q '^0::/' /proc/1/cgroup && [ -d /run/systemd/system ] || MISSING="systemd"
    grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || MISSING="the unified hierarchy"
    id vmuser >/dev/null 2>&1 || MISSING="the user vmuser"
    [ -z "$MISSING" ] || return 0
    make_lxcpath
    loginctl enable-linger vmuser
    wait_until 60 test -S /run/user/1000/bus
    export OWN=/home/vmuser/lxc
    cat >/home/vmuser/own.conf <<CONFIG
lxc.rootfs.mount = $LXCPATH/.mount
lxc.net.0.type = empty
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
CONFIG
    as_user lxc-create -P $OWN -n own -f own.conf -t "$TEMPLATE"
    make_container r1
}

setup() {
    [ -z "$MISSING" ] || skip "there is no $MISSING here"
}

teardown() {
    [ -n "$MISSING" ] || {
        as_user lxc-stop -P $OWN -n own -k 2>/dev/null || true
        stop_all
        systemctl stop 'tare-test*' 2>/dev/null || true
    }
}

teardown_file() {
    [ -n "$MISSING" ] || {
        remove_lxcpath
        rm -rf "${OWN:?}" /home/vmuser/own.conf
        loginctl disable-linger vmuser
        systemctl stop user@1000.service user-runtime-dir@1000.service
    }
}

# as_user WORD…: in a login session of the user's own.
as_user() {
    local line="export TARE_HELPERS=$TARE_HELPERS PATH=$TARE_BIN:\$PATH;$(printf ' %q' "$@")"

    runuser -l vmuser -c "$line"
}

# own_cgroup: of the container's init.
own_cgroup() {
    sed -n 's/^0:://p' "/proc/$(own_init)/cgroup"
}

own_init() {
    as_user lxc-info -P $OWN -n own -pH
}

# limits: memory, pids, cpu of a cgroup, with blanks between them.
limits() {
    echo "$(cat "/sys/fs/cgroup$1/memory.max") $(cat "/sys/fs/cgroup$1/pids.max")" \
        "$(cat "/sys/fs/cgroup$1/cpu.max")"
}

LIMITS=(-s lxc.cgroup2.memory.max=32M -s lxc.cgroup2.pids.max=40 -s 'lxc.cgroup2.cpu.max=20000 100000')
EXPECTED="33554432 40 20000 100000"

# left: what is there of the user's container: cgroups, units, processes, records.
left() {
    find $USER_SLICE -name '*own*'
    runuser -u vmuser -- env XDG_RUNTIME_DIR=/run/user/1000 \
        systemctl --user list-units --all --plain --no-legend 'lxc-*' 'run-*.scope'
    ps -eo args | grep '^\[lxc monitor\].* own' || true
    find /run/user/1000/lxc/runs -type f
}

nothing_is_left() {
    [ -z "$(left)" ]
}

@test "in a scope that is delegated: limits, and nothing left" {
    as_user systemd-run --user --scope -p Delegate=yes --quiet \
        lxc-start -P $OWN -n own "${LIMITS[@]}"
    cgroup=$(own_cgroup)
    [[ $cgroup == *.slice/run-*.scope/lxc.payload.own ]] || fail "$cgroup"
    assert_equal "$(limits "$cgroup")" "$EXPECTED"
    as_user lxc-stop -P $OWN -n own -k
    wait_until 30 nothing_is_left || { left; false; }
}

@test "in a login session: a scope of its own, which outlives the session" {
    as_user lxc-start -P $OWN -n own "${LIMITS[@]}"
    cgroup=$(own_cgroup)
    [[ $cgroup == */user@1000.service/app.slice/lxc-own-0.scope/lxc.payload.own ]] || fail "$cgroup"
    assert_equal "$(limits "$cgroup")" "$EXPECTED"

    # Attaching from another session, with and without a terminal.
    assert_equal "$(as_user lxc-attach -P $OWN -n own -- sed -n 's/^0:://p' /proc/1/cgroup)" /
    run as_user lxc-attach -P $OWN -n own -- cat /proc/self/cgroup
    assert_equal "$output" "0::/.lxc"
    run as_user lxc-attach -P $OWN -n own -- sh -c 'i=0; while [ $i -lt 60 ]; do sleep 30 & i=$((i + 1)); done'
    assert_contains "$output" "fork"

    # Twice the same scope: systemd's is kept over a reboot.
    before=$(own_init)
    as_user lxc-stop -P $OWN -n own -r
    wait_until 30 eval '[ -n "$(own_init)" ] && [ "$(own_init)" != '"$before"' ]'
    assert_equal "$(own_cgroup)" "$cgroup"
    assert_equal "$(limits "$cgroup")" "$EXPECTED"

    as_user lxc-stop -P $OWN -n own -k
    wait_until 30 nothing_is_left || { left; false; }
}

@test "the plan tells of the scope" {
    run as_user lxc-start -P $OWN -n own --plan "${LIMITS[@]}"
    assert_equal "$status" 0
    assert_contains "$output" "scope-enter"
    assert_contains "$output" "lxc-own-N.scope"
    assert_contains "$output" "app.slice/lxc-own-N.scope [cpu,memory,pids]"
    assert_contains "$output" "memory.max = 32M"
}

@test "a supervisor that is killed leaves nothing behind" {
    as_user lxc-start -P $OWN -n own
    init=$(own_init)
    supervisor=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$init/status")
    kill -KILL "$supervisor"
    assert_equal "$(as_user lxc-info -P $OWN -n own -sH)" STOPPED
    wait_until 30 nothing_is_left || { left; false; }
    as_user lxc-start -P $OWN -n own
    [[ $(own_cgroup) == */lxc-own-0.scope/lxc.payload.own ]]
}

@test "without a session bus: no limits, and the log says why" {
    no_bus=(env DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus)
    run as_user "${no_bus[@]}" lxc-start -P $OWN -n own -o own.log -l WARN
    assert_equal "$status:$output" "0:"
    run cat /home/vmuser/own.log
    assert_contains "$output" 'cannot reach the user'"'"'s systemd on the bus "unix:path=/nonexistent/bus"'
    assert_contains "$output" "loginctl enable-linger"
    refute_contains "$(own_cgroup)" lxc.payload
    assert_equal "$(as_user "${no_bus[@]}" lxc-attach -P $OWN -n own -- echo inside)" inside
    as_user lxc-stop -P $OWN -n own -k

    run as_user "${no_bus[@]}" lxc-start -P $OWN -n own "${LIMITS[@]}"
    [ "$status" -ne 0 ]
    assert_contains "$output" 'the "memory" controller'
    assert_contains "$output" "loginctl enable-linger"
    wait_until 30 nothing_is_left || { left; false; }
}

@test "root's container outlives the session and the service that started it" {
    systemd-run --quiet --scope --unit=tare-test-session lxc-start -P "$LXCPATH" -n r1
    assert_equal "$(sed -n 's/^0:://p' "/proc/$(lxc-info -P "$LXCPATH" -n r1 -pH)/cgroup")" /lxc.payload.r1
    ! systemctl is-active --quiet tare-test-session.scope || systemctl stop tare-test-session.scope
    assert_equal "$(lxc-info -P "$LXCPATH" -n r1 -sH)" RUNNING
    lxc-stop -P "$LXCPATH" -n r1 -k

    systemd-run --quiet --wait --unit=tare-test-once -p Type=oneshot -E TARE_HELPERS="$TARE_HELPERS" \
        "$TARE_BIN/lxc-start" -P "$LXCPATH" -n r1
    assert_equal "$(lxc-info -P "$LXCPATH" -n r1 -sH)" RUNNING
    lxc-stop -P "$LXCPATH" -n r1 -k
    wait_until 30 eval '[ -z "$(find /sys/fs/cgroup -name "lxc.*r1")" ]'
}

@test "a service whose main process is lxc-start -F" {
    systemd-run --quiet --unit=tare-test-main -p Delegate=yes -p KillMode=mixed -p TimeoutStopSec=120 \
        -p ExecStop="$TARE_BIN/lxc-stop -P $LXCPATH -n r1 -t 5" -E TARE_HELPERS="$TARE_HELPERS" "$TARE_BIN/lxc-start" -F -P "$LXCPATH" -n r1
    wait_until 30 lxc-info -P "$LXCPATH" -n r1 -pH
    sleep 2
    assert_equal "$(systemctl is-active tare-test-main)" active
    systemctl stop tare-test-main
    assert_equal "$(lxc-info -P "$LXCPATH" -n r1 -sH)" STOPPED
    wait_until 30 eval '[ -z "$(find /sys/fs/cgroup -name "lxc.*r1")" ]'
}
