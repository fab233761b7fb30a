#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Limits of a container where all controllers are in the unified hierarchy (spec/cgroup1.md): they hold,
# and keys of version 1 set those of version 2. For the guest of tests/vm; this kernel's own hierarchy.

load ../bats/helpers
load ../bats/containers

setup_file() {
    export MISSING=
    for controller in cpu cpuset io memory pids; do
        grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers 2>/dev/null || MISSING=$controller
    done
    [ -z "$MISSING" ] || return 0
    make_lxcpath
    make_container c1
}

setup() {
    [ -z "$MISSING" ] || skip "the unified hierarchy has no controller \"$MISSING\" here"
}

teardown_file() {
    [ -n "$MISSING" ] || remove_lxcpath
}

teardown() {
    [ -n "$MISSING" ] || stop_all
}

# start KEY=VALUE…
start() {
    lxc-start -P "$LXCPATH" -n c1 "${@/#/-s}"
}

# limit FILE: of the container.
limit() {
    cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(lxc-info -P "$LXCPATH" -n c1 -pH)/cgroup")/$1"
}

# counter FILE NAME: one number of several.
counter() {
    limit "$1" | sed -n "s/^$2 //p"
}

@test "the container is in the unified hierarchy and nowhere else" {
    start
    assert_equal "$(cat "/proc/$(lxc-info -P "$LXCPATH" -n c1 -pH)/cgroup")" "0::/lxc.payload.c1"
    assert_equal "$(in_container c1 cat /proc/1/cgroup)" "0::/"
    lxc-stop -P "$LXCPATH" -n c1 -k
    assert_equal "$(find /sys/fs/cgroup -type d -name 'lxc.*c1')" ""
}

@test "memory: what takes more is killed, the container lives" {
    start lxc.cgroup2.memory.max=24M lxc.cgroup2.memory.swap.max=0
    assert_equal "$(limit memory.max)" 25165824
    run in_container c1 dd if=/dev/zero of=/dev/null bs=64M count=1
    [ "$status" -ne 0 ]
    [ "$(counter memory.events oom_kill)" -ge 1 ]
    assert_equal "$(lxc-info -P "$LXCPATH" -n c1 -sH)" RUNNING
    in_container c1 dd if=/dev/zero of=/dev/null bs=4M count=1
}

@test "pids: a crowd of processes ends at the limit" {
    start lxc.cgroup2.pids.max=24
    run in_container c1 sh -c 'i=0; while [ $i -lt 60 ]; do sleep 30 & i=$((i + 1)); done'
    assert_contains "$output" "fork"
    [ "$(limit pids.current)" -le 24 ]
    [ "$(counter pids.events max)" -ge 1 ]
}

@test "cpu: a loop is held to its share of the time" {
    start "lxc.cgroup2.cpu.max=10000 100000" lxc.cgroup2.cpu.weight=42
    assert_equal "$(limit cpu.max):$(limit cpu.weight)" "10000 100000:42"
    in_container c1 timeout 2 sh -c 'while :; do :; done' || true
    [ "$(counter cpu.stat nr_throttled)" -ge 1 ]
}

@test "cpuset: only the processors that were given" {
    start lxc.cgroup2.cpuset.cpus=0
    assert_equal "$(in_container c1 sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)" 0
}

@test "io: a device is written no faster than allowed" {
    disk=$(stat -c '%Hd:%Ld' "$LXCPATH")
    start "lxc.cgroup2.io.max=$disk wbps=1048576"
    assert_equal "$(limit io.max)" "$disk rbps=max wbps=1048576 riops=max wiops=max"
    begin=$(date +%s%N)
    in_container c1 dd if=/dev/zero of=/root/data bs=64k count=48 oflag=direct
    [ $(($(date +%s%N) - begin)) -ge 1500000000 ]
    rm "$LXCPATH/c1/rootfs/root/data"
}

@test "keys of version 1 set the limits of version 2" {
    start lxc.cgroup.memory.limit_in_bytes=48M lxc.cgroup.cpu.shares=512 lxc.cgroup.pids.max=77 \
        lxc.cgroup.cpuset.cpus=1 lxc.cgroup.cpu.cfs_quota_us=25000
    assert_equal "$(limit memory.max):$(limit pids.max):$(limit cpuset.cpus)" "50331648:77:1"
    assert_equal "$(limit cpu.weight):$(limit cpu.max)" "59:25000 100000"
}

@test "devices: denied but for those that are allowed" {
    start lxc.cgroup2.devices.deny=a "lxc.cgroup2.devices.allow=c 1:3 rwm" \
        "lxc.cgroup2.devices.allow=c 136:* rwm" "lxc.cgroup2.devices.allow=c 5:* rwm"
    in_container c1 sh -c 'echo x >/dev/null'
    run in_container c1 head -c 1 /dev/zero
    assert_contains "$output" "Operation not permitted"
}

@test "freeze and kill by the hierarchy's own means" {
    start
    lxc-freeze -P "$LXCPATH" -n c1
    assert_equal "$(limit cgroup.freeze)" 1
    assert_equal "$(lxc-info -P "$LXCPATH" -n c1 -sH)" FROZEN
    lxc-stop -P "$LXCPATH" -n c1 -k
    assert_equal "$(find /sys/fs/cgroup -type d -name 'lxc.*c1')" ""
}
