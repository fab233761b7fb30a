#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Devices: nodes in user namespaces, device rules of both versions of cgroups.

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

@test "root of a user namespace makes no device nodes" {
    stage u1
    run -0 once u1 /bin/intruder nodes
    refute_contains "$output" made
    refute_contains "$output" OPEN
    # Those of an image that somebody with rights has made open nothing either.
    mknod "$LXCPATH/u1/rootfs/tmp/mem" c 1 1
    chmod 666 "$LXCPATH/u1/rootfs/tmp/mem"
    chown "$FIRST_ID" "$LXCPATH/u1/rootfs/tmp/mem"
    run once u1 /bin/head -c 1 /tmp/mem
    assert_equal "$status" 1
    rm "$LXCPATH/u1/rootfs/tmp/mem"
}

assert_rules_hold() {
    assert_contains "$output" "null made OPEN"
    assert_contains "$output" "random made OPEN"
    assert_equal "$(grep -c OPEN <<<"$output")" 2
}

@test "device rules of version 1" {
    [ -e /sys/fs/cgroup/devices/devices.list ] || [ -e /sys/fs/cgroup/devices/devices.deny ] ||
        skip "no devices hierarchy of version 1"
    stage p1 "lxc.cgroup.devices.deny = a" "lxc.cgroup.devices.allow = c *:* m" \
        "lxc.cgroup.devices.allow = b *:* m" "lxc.cgroup.devices.allow = c 1:3 rwm" \
        "lxc.cgroup.devices.allow = c 1:8 rwm" "lxc.cgroup.devices.allow = c 5:* rwm" \
        "lxc.cgroup.devices.allow = c 136:* rwm"
    run -0 once p1 /bin/intruder nodes
    assert_rules_hold
    start p1
    run -0 lxc-attach -P "$LXCPATH" -n p1 -- /bin/intruder nodes </dev/null
    assert_rules_hold
}

@test "device rules of version 2" {
    stage p1 "lxc.cgroup2.devices.deny = a" "lxc.cgroup2.devices.allow = c *:* m" \
        "lxc.cgroup2.devices.allow = b *:* m" "lxc.cgroup2.devices.allow = c 1:3 rwm" \
        "lxc.cgroup2.devices.allow = c 1:8 rwm" "lxc.cgroup2.devices.allow = c 5:* rwm" \
        "lxc.cgroup2.devices.allow = c 136:* rwm"
    run once p1 /bin/intruder nodes
    [[ $output != *"not supported"* ]] || skip "no device programs here"
    assert_equal "$status" 0
    assert_rules_hold
    start p1
    run -0 lxc-attach -P "$LXCPATH" -n p1 -- /bin/intruder nodes </dev/null
    assert_rules_hold
}

@test "the payload sees and enters no cgroup but its own" {
    for name in p1 u1; do
        stage "$name" "lxc.mount.auto = proc:mixed cgroup:rw:force"
        start "$name"
        supervisor=$(awk '{print $4}' "/proc/$(lxc-info -P "$LXCPATH" -n "$name" -pH)/stat")
        wait_until 10 grep -q lxc.monitor "/proc/$supervisor/cgroup"
        before=$(sort "/proc/$supervisor/cgroup")
        run -0 lxc-attach -P "$LXCPATH" -n "$name" -- /bin/sh -c '
            for procs in /sys/fs/cgroup/*/../cgroup.procs /sys/fs/cgroup/*/../../cgroup.procs \
                /sys/fs/cgroup/*/lxc.monitor*/cgroup.procs /sys/fs/cgroup/*/../lxc.monitor*/cgroup.procs; do
                { echo $$ >"$procs"; } 2>/dev/null && echo "ENTERED $procs"
            done
            ls -d /sys/fs/cgroup/*/lxc.monitor* /sys/fs/cgroup/*/lxc.payload* 2>/dev/null
            grep -v ":/$" /proc/1/cgroup
            true' </dev/null
        refute_contains "$output" ENTERED
        refute_contains "$output" lxc.monitor
        assert_equal "$(sort "/proc/$supervisor/cgroup")" "$before"
        # What its root owns on the host is the payload's directory alone.
        if [ "$name" = u1 ]; then
            run find /sys/fs/cgroup -maxdepth 3 -name 'lxc.monitor*' -uid "$FIRST_ID"
            assert_equal "$output" ""
        fi
        finish "$name"
    done
}

@test "what the shipped seccomp policy denies is denied by the numbers of every ABI" {
    stage p1
    run -0 once p1 /bin/intruder calls
    assert_contains "$output" "open_by_handle_at native THROUGH"
    echo "lxc.seccomp.profile = $TARE_SOURCE_ROOT/share/config/common.seccomp" >>"$LXCPATH/p1/config"
    run -0 once p1 /bin/intruder calls
    assert_equal "$(grep -c ' native denied$' <<<"$output")" 5
    refute_contains "$output" THROUGH
    start p1
    run -0 lxc-attach -P "$LXCPATH" -n p1 -- /bin/intruder calls </dev/null
    assert_equal "$(grep -c ' native denied$' <<<"$output")" 5
    refute_contains "$output" THROUGH
}
