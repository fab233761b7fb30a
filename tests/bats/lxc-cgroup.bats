#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-cgroup (spec/cli.md §3.3, spec/cgroup1.md §9): values of a running container by the names of
# either version, on this host and where there is nothing but the unified hierarchy.

load helpers
load containers

setup_file() {
    make_lxcpath
    N=lcg$$
    export N
    make_container "$N"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
}

# start KEY=VALUE…
start() {
    lxc-start -P "$LXCPATH" -n "$N" "${@/#/-s}"
}

item() {
    lxc-cgroup -P "$LXCPATH" -n "$N" "$@"
}

# file CONTROLLER NAME: what the host says.
file() {
    local init

    init=$(lxc-info -P "$LXCPATH" -n "$N" -pH)
    cat "/sys/fs/cgroup/$1/$(awk -F: -v c="$1" '$2 == c { print $3 }' "/proc/$init/cgroup")/$2"
}

@test "the lines of the manuals" {
    start
    assert_equal "$(item cpuset.cpus)" "$(<"/sys/devices/system/cpu/online")"
    item cpu.shares 512
    assert_equal "$(item cpu.shares)" 512
    assert_equal "$(item devices.list)" "a *:* rwm"
    item cpuset.cpus 0
    assert_equal "$(item cpuset.cpus)" 0
    [ "$(nproc --all)" -ge 2 ] || skip "one processor"
    item cpuset.cpus "0,1"
    assert_equal "$(item cpuset.cpus)" 0-1
    assert_equal "$(lxc-cgroup -P "$LXCPATH" "$N" cpu.shares)" 512
}

@test "v2 names on v1 hierarchies" {
    needs_v1
    start
    item cpu.weight 200
    assert_equal "$(item cpu.weight)" 200
    [ "$(file cpu cpu.shares)" -gt 1024 ]
    item cpu.max 20000 50000
    assert_equal "$(item cpu.max)" "20000 50000"
    assert_equal "$(file cpu cpu.cfs_quota_us):$(file cpu cpu.cfs_period_us)" 20000:50000
    item cpu.max max
    assert_equal "$(item cpu.max)" "max 50000"
    assert_equal "$(item memory.max)" max
    item memory.max 64M
    assert_equal "$(item memory.max):$(item memory.limit_in_bytes)" 67108864:67108864
    # A sum of both moves along, in either direction.
    item memory.memsw.limit_in_bytes 96M
    assert_equal "$(item memory.swap.max)" 33554432
    item memory.max 128M
    assert_equal "$(item memory.max):$(item memory.swap.max)" 134217728:33554432
    item memory.max 32M
    assert_equal "$(item memory.max):$(item memory.swap.max)" 33554432:33554432
    item memory.max max
    assert_equal "$(item memory.max):$(file memory memory.memsw.limit_in_bytes)" \
        "max:9223372036854771712"
    item pids.max 77
    assert_equal "$(item pids.max)" 77
    for name in memory.current memory.stat cpu.stat io.stat pids.current cgroup.procs; do
        item "$name" >/dev/null
    done
    item cgroup.freeze 1
    assert_equal "$(file freezer freezer.state)" FROZEN
    assert_equal "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" FROZEN
    item freezer.state THAWED
    assert_equal "$(item cgroup.freeze):$(lxc-info -P "$LXCPATH" -n "$N" -sH)" 0:RUNNING
}

@test "a frozen container" {
    start
    lxc-freeze -P "$LXCPATH" -n "$N"
    assert_equal "$(item freezer.state):$(item cgroup.freeze)" FROZEN:1
    item cpu.shares 300
    assert_equal "$(item cpu.shares)" 300
}

@test "limits are where lxc.cgroup.dir.container says, not in its inner directory" {
    needs_v1
    start "lxc.cgroup.dir.container=lxc/$N" "lxc.cgroup.dir.container.inner=ns" \
        "lxc.cgroup.dir.monitor=lxc.monitor/$N"
    item memory.max 64M
    item cpu.shares 300
    assert_equal "$(</sys/fs/cgroup/memory/lxc/$N/memory.limit_in_bytes)" 67108864
    assert_equal "$(</sys/fs/cgroup/cpu/lxc/$N/cpu.shares)" 300
    assert_equal "$(</sys/fs/cgroup/cpu/lxc/$N/ns/cpu.shares)" 1024
}

@test "a container in a user namespace" {
    start "lxc.idmap=u 0 100000 65536" "lxc.idmap=g 0 100000 65536" "lxc.rootfs.options=idmap=container"
    item cpu.shares 300
    assert_equal "$(item cpu.shares)" 300
    item devices.list >/dev/null
}

@test "device rules of v1, with and without quotes" {
    needs_v1
    start "lxc.cgroup.devices.deny=a" "lxc.cgroup.devices.allow=c 1:3 rwm" \
        "lxc.cgroup.devices.allow=c 5:* rwm" "lxc.cgroup.devices.allow=c 136:* rwm"
    assert_contains "$(item devices.list)" "c 1:3 rwm"
    item devices.allow "c 1:5 r"
    item devices.allow b 8:1 rw
    assert_contains "$(item devices.list)" "c 1:5 r"
    assert_contains "$(item devices.list)" "b 8:1 rw"
    in_container "$N" head -c 1 /dev/zero >/dev/null
    item devices.deny /dev/zero r
    run -1 in_container "$N" head -c 1 /dev/zero
    run_apart item devices.allow nonsense
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to assign 'nonsense' value to 'devices.allow' for '$N'"
}

@test "what goes wrong" {
    run_apart item cpu.shares
    assert_equal "$status:$stderr" "1:lxc-cgroup: $N: '$LXCPATH:$N' is not running"
    run_apart item cpu.shares 5
    assert_equal "$status:$stderr" "1:lxc-cgroup: $N: '$LXCPATH:$N' is not running"
    run_apart item
    assert_equal "$status" 1
    assert_contains "$stderr" "could not parse command line"
    start
    for name in no.such ../memory.max .. nosuch; do
        run_apart item "$name"
        assert_equal "$status:$stdout" "1:"
        assert_contains "$stderr" "Failed to retrieve value of '$name' for '$LXCPATH:$N'"
    done
    run_apart item no.such 5
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to assign '5' value to 'no.such' for '$N'"
    assert_contains "$stderr" 'no file "no.such"'
    # The kernel would take it for no write at all.
    run_apart item pids.max ""
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to assign '' value to 'pids.max' for '$N'"
    needs_v1
    run_apart item memory.max banana
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to assign 'banana' value to 'memory.max' for '$N'"
    assert_contains "$stderr" 'cannot write "memory.limit_in_bytes"'
    assert_contains "$stderr" "hint: the kernel takes no such value"
    run_apart item memory.oom.group
    assert_contains "$stderr" 'hint: cgroup v1 manages "memory" on this host'
}

@test "--save writes the configuration, under the key of that version, once" {
    needs_v1
    cp "$LXCPATH/$N/config" "$BATS_TEST_TMPDIR/config"
    start
    item --save cpu.shares 512
    item --save memory.max 64M
    item --save memory.max 65M
    item --save devices.allow c 1:3 rwm
    run -1 item --save memory.max
    # One that fails is not saved.
    run -1 item --save memory.max banana
    diff "$BATS_TEST_TMPDIR/config" "$LXCPATH/$N/config" >"$BATS_TEST_TMPDIR/added" || true
    cp "$BATS_TEST_TMPDIR/config" "$LXCPATH/$N/config"
    assert_equal "$(grep '^>' "$BATS_TEST_TMPDIR/added")" "> lxc.cgroup.cpu.shares = 512
> lxc.cgroup2.memory.max = 65M
> lxc.cgroup2.devices.allow = c 1:3 rwm"
}

@test "--save: a line for the other version does not win at the next start" {
    cp "$LXCPATH/$N/config" "$BATS_TEST_TMPDIR/config"
    printf '%s\n' "lxc.cgroup.memory.limit_in_bytes = 512M" "lxc.cgroup2.cpu.weight = 100" \
        "lxc.cgroup.pids.max = 50" "lxc.cgroup.memory.soft_limit_in_bytes = 600M" >>"$LXCPATH/$N/config"
    start
    item --save memory.max 65M
    item --save cpu.shares 300
    item --save pids.max 77
    lxc-stop -P "$LXCPATH" -n "$N" -k
    start
    got=$(item memory.limit_in_bytes; item cpu.shares; item pids.max)
    lxc-stop -P "$LXCPATH" -n "$N" -k
    diff "$BATS_TEST_TMPDIR/config" "$LXCPATH/$N/config" >"$BATS_TEST_TMPDIR/added" || true
    cp "$BATS_TEST_TMPDIR/config" "$LXCPATH/$N/config"
    assert_equal "$(grep '^[<>] .' "$BATS_TEST_TMPDIR/added")" "> lxc.cgroup.memory.soft_limit_in_bytes = 600M
> lxc.cgroup2.memory.max = 65M
> lxc.cgroup.cpu.shares = 300
> lxc.cgroup2.pids.max = 77"
    needs_v1
    assert_equal "$got" "68157440
300
77"
}

@test "--save is for what a start can set, and for a container that is defined" {
    cp "$LXCPATH/$N/config" "$BATS_TEST_TMPDIR/config"
    start
    # No number of a process of the host here: it would be moved.
    for name in cgroup.procs cgroup.threads tasks cgroup.kill cgroup.freeze freezer.state; do
        run_apart item --save "$name" nonsense
        assert_equal "$status" 1
        assert_contains "$stderr" "'$name' can't be saved"
    done
    cmp "$BATS_TEST_TMPDIR/config" "$LXCPATH/$N/config"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    cp "$LXCPATH/$N/config" "$BATS_TEST_TMPDIR/vol.conf"
    lxc-execute -P "$LXCPATH" -n "vol$N" -f "$BATS_TEST_TMPDIR/vol.conf" -- /bin/sleep 60 &
    wait_until 10 runs "vol$N"
    before=$(lxc-cgroup -P "$LXCPATH" -n "vol$N" pids.max)
    run_apart lxc-cgroup -P "$LXCPATH" -n "vol$N" --save pids.max 77
    lxc-cgroup -P "$LXCPATH" -n "vol$N" pids.max >"$BATS_TEST_TMPDIR/after"
    lxc-stop -P "$LXCPATH" -n "vol$N" -k
    wait $! || true
    assert_equal "$status" 1
    assert_contains "$stderr" "is not defined"
    assert_equal "$(<"$BATS_TEST_TMPDIR/after")" "$before"
    [ ! -e "$LXCPATH/vol$N" ]
}

runs() {
    [ "$(lxc-info -P "$LXCPATH" -n "$1" -sH)" = RUNNING ]
}

# in_v2 SCRIPT: run it where /sys/fs/cgroup is nothing but the unified hierarchy.
in_v2() {
    {
        echo 'set -e; umount -R /sys/fs/cgroup; mkdir -p /sys/fs/cgroup'
        echo 'mount -t cgroup2 none /sys/fs/cgroup'
        echo 'trap "lxc-stop -P \"$LXCPATH\" -n \"$N\" -k" EXIT'
        echo 'item() { lxc-cgroup -P "$LXCPATH" -n "$N" "$@"; }'
        cat
    } >"$BATS_TEST_TMPDIR/script"
    run_apart env N="$N" LXCPATH="$LXCPATH" unshare -m bash "$BATS_TEST_TMPDIR/script"
}

@test "v2 alone: devices.* change the program, freezer.state freezes, statistics of v1" {
    in_v2 <<-'SCRIPT'
	lxc-start -P "$LXCPATH" -n "$N" -s "lxc.cgroup.devices.deny=a" \
	    -s "lxc.cgroup.devices.allow=c 1:3 rwm" -s "lxc.cgroup.devices.allow=c 5:* rwm" \
	    -s "lxc.cgroup.devices.allow=c 136:* rwm"
	item devices.list
	lxc-attach -P "$LXCPATH" -n "$N" -- sh -c 'head -c 1 /dev/zero >/dev/null 2>&1 || echo no'
	item devices.allow "c 1:5 rw"
	lxc-attach -P "$LXCPATH" -n "$N" -- sh -c 'head -c 1 /dev/zero >/dev/null 2>&1 && echo yes'
	item devices.deny c 1:3 m
	item devices.list
	item devices.deny a
	item devices.list
	item freezer.state FROZEN
	item freezer.state
	cat "/sys/fs/cgroup/lxc.payload.$N/cgroup.freeze"
	lxc-info -P "$LXCPATH" -n "$N" -sH
	item freezer.state THAWED
	item cgroup.freeze
	[ "$(item cpuacct.usage)" -gt 0 ] && item cpuacct.stat | cut -d' ' -f1
	item tasks | grep -cx "$(lxc-info -P "$LXCPATH" -n "$N" -pH)"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "c 1:3 rwm
c 5:* rwm
c 136:* rwm
no
yes
c 1:3 rw
c 5:* rwm
c 136:* rwm
c 1:5 rw

FROZEN
1
FROZEN
0
user
system
1"
}

@test "v2 alone: limits by the names of v1, where their controllers are there" {
    grep -qw cpu /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/unified/cgroup.controllers \
        2>/dev/null || skip "the unified hierarchy has no controllers here"
    in_v2 <<-'SCRIPT'
	lxc-start -P "$LXCPATH" -n "$N"
	item cpu.shares 512
	item cpu.shares
	item cpu.weight
	item memory.limit_in_bytes 64M
	item memory.max
	item memory.limit_in_bytes -1
	item memory.limit_in_bytes
	item cpu.cfs_quota_us 20000
	item cpu.max
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "512
59
67108864
-1
20000 100000"
}

@test "v2 alone: a controller that does not reach the container" {
    in_v2 <<-'SCRIPT'
	lxc-start -P "$LXCPATH" -n "$N"
	item nosuch.max 2>&1 || echo $?
	SCRIPT
    assert_equal "$status" 0
    assert_contains "$stdout" 'has no file "nosuch.max" and nothing that takes its place'
    assert_contains "$stdout" "hint: the controllers that reach the container are:"
    assert_equal "${stdout##*$'\n'}" 1
}
