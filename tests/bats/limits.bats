#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a container's processes run under: resource limits, /proc and sysctl values, architecture,
# seccomp, the command lines of init and the signals it gets (spec/config.md §5.1, spec/runtime.md
# §15-§18).

load helpers
load containers

setup_file() {
    make_lxcpath
    N=lim$$
    export N
    make_container "$N"
    cp "$LXCPATH/$N/config" "$LXCPATH/config"
    # Tells each signal it gets in /got, and ends by the one of its argument.
    cat >"$LXCPATH/$N/rootfs/bin/teller" <<-'SCRIPT'
	#!/bin/sh
	rm -f /got
	for s in HUP INT USR1 USR2 TERM PWR; do
	    trap "echo $s >>/got; [ $s = $1 ] && exit 0" $s
	done
	touch /ready
	while :; do sleep 0.05; done
	SCRIPT
    # Prints each argument in brackets and stays.
    cat >"$LXCPATH/$N/rootfs/bin/words" <<-'SCRIPT'
	#!/bin/sh
	printf '[%s]\n' "$@"
	SCRIPT
    chmod 755 "$LXCPATH/$N/rootfs/bin/teller" "$LXCPATH/$N/rootfs/bin/words"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    cp "$LXCPATH/config" "$LXCPATH/$N/config"
}

# keys LINE…: in the container's configuration, which whoever attaches reads.
keys() {
    printf '%s\n' "$@" >>"$LXCPATH/$N/config"
}

# start KEY=VALUE…
start() {
    lxc-start -P "$LXCPATH" -n "$N" "${@/#/-s}"
}

# output KEY=VALUE… -- COMMAND…: what the container's PID 1 prints to its console.
output() {
    local options=()

    while [ "$1" != -- ]; do
        options+=(-s "$1")
        shift
    done
    run_apart lxc-start -P "$LXCPATH" -n "$N" -F "${options[@]}" "$@" </dev/null
    stdout=${stdout//$'\r'/}
}

@test "lxc.prlimit, for init and what is attached" {
    keys "lxc.prlimit.nofile = 100:200" "lxc.prlimit.core = 0" "lxc.prlimit.nproc = 5000:6000" \
        "lxc.prlimit.memlock = 65536 : 131072"
    start
    for of in 1 self; do
        shown=$(in_container "$N" cat "/proc/$of/limits" | tr -s ' ')
        assert_contains "$shown" "Max open files 100 200 files"
        assert_contains "$shown" "Max core file size 0 0 bytes"
        assert_contains "$shown" "Max processes 5000 6000 processes"
        assert_contains "$shown" "Max locked memory 65536 131072 bytes"
    done
    lxc-stop -P "$LXCPATH" -n "$N" -k
    run_apart start "lxc.prlimit.nosuch=1"
    assert_equal "$status" 1
    assert_contains "$stderr" "nosuch"
}

@test "lxc.proc.oom_score_adj; a file that isn't there" {
    keys "lxc.proc.oom_score_adj = 321"
    start
    assert_equal "$(in_container "$N" cat /proc/1/oom_score_adj)" 321
    assert_equal "$(in_container "$N" cat /proc/self/oom_score_adj)" 321
    lxc-stop -P "$LXCPATH" -n "$N" -k
    run_apart start "lxc.proc.no_such_file=1"
    assert_equal "$status" 1
    assert_contains "$stderr" "no_such_file"
}

@test "lxc.sysctl in the container's own namespaces, the host's unchanged" {
    before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)
    start "lxc.sysctl.net.ipv4.ip_forward=$((1 - $(sed -n 1p <<<"$before")))" \
        "lxc.sysctl.kernel.msgmax=65530"
    assert_equal "$(in_container "$N" cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)" \
        "$((1 - $(sed -n 1p <<<"$before")))
65530"
    assert_equal "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)" "$before"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    run_apart start "lxc.sysctl.kernel.nosuch=1"
    assert_equal "$status" 1
    assert_contains "$stderr" "nosuch"
}

@test "lxc.arch" {
    [ "$(uname -m)" = x86_64 ] || skip "for x86_64"
    output lxc.arch=i686 -- /bin/uname -m
    assert_equal "$status:$stdout" "0:i686"
    output lxc.arch=x86_64 -- /bin/uname -m
    assert_equal "$status:$stdout" "0:x86_64"
    run_apart start lxc.arch=vax
    assert_equal "$status" 1
    assert_contains "$stderr" vax
}

@test "the shipped seccomp policy: denied calls, also when attached" {
    cp "$TARE_BUILD_ROOT/tests/bats/denied" "$LXCPATH/$N/rootfs/bin/denied"
    expected="kexec_load 1
open_by_handle_at 1
init_module 1
finit_module 1
delete_module 1
umount2-force 13
umount2 2"
    policy=$TARE_SOURCE_ROOT/share/config/common.seccomp
    output "lxc.seccomp.profile=$policy" -- /bin/denied
    assert_equal "$status:$stdout" "0:$expected"
    start "lxc.seccomp.profile=$policy"
    assert_equal "$(in_container "$N" /bin/denied)" "$expected"
    assert_equal "$(in_container "$N" grep '^Seccomp:' /proc/self/status)" "Seccomp:	2"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    start
    assert_equal "$(in_container "$N" grep '^Seccomp:' /proc/self/status)" "Seccomp:	0"
}

@test "lxc.init.cmd and lxc.execute.cmd: words and quotes" {
    output "lxc.init.cmd=/bin/words one 'two  three' \"four's\" a'b c'd" --
    assert_equal "$status:$stdout" "0:[one]
[two  three]
[four's]
[ab cd]"
    run_apart lxc-execute -P "$LXCPATH" -n "$N" -s "lxc.execute.cmd=/bin/words 'x  y' z" </dev/null
    assert_equal "$status:$stdout" "0:[x  y]
[z]"
    # lxc.init.cmd is for the system's start alone.
    run_apart lxc-execute -P "$LXCPATH" -n "$N" -s "lxc.init.cmd=/bin/words 'i i'" </dev/null
    assert_equal "$status" 1
    assert_contains "$stderr" "Missing command to execute!"
    run_apart start "lxc.init.cmd=/bin/nope"
    assert_equal "$status" 1
    assert_contains "$stderr" "/bin/nope"
}

# tell SIGNAL KEY=VALUE…: a container whose init notes what it gets.
tell() {
    local end=$1

    shift
    rm -f "$LXCPATH/$N/rootfs/ready"
    start "lxc.init.cmd=/bin/teller $end" "$@"
    wait_until 5 test -e "$LXCPATH/$N/rootfs/ready"
}

@test "lxc.signal.halt" {
    sed -i 's/^lxc.signal.halt.*/lxc.signal.halt = SIGUSR2/' "$LXCPATH/$N/config"
    tell USR2
    run -0 lxc-stop -P "$LXCPATH" -n "$N" -t 5
    assert_equal "$(<"$LXCPATH/$N/rootfs/got")" USR2
    sed -i 's/^lxc.signal.halt.*/lxc.signal.halt = 0/' "$LXCPATH/$N/config"
    tell PWR
    run -0 lxc-stop -P "$LXCPATH" -n "$N" -t 5
    assert_equal "$(<"$LXCPATH/$N/rootfs/got")" PWR
}

@test "lxc.signal.reboot: sent by lxc-stop -r" {
    sed -i 's/^lxc.signal.reboot.*/lxc.signal.reboot = SIGHUP/' "$LXCPATH/$N/config"
    tell TERM
    run lxc-stop -P "$LXCPATH" -n "$N" -r -t 1
    wait_until 5 grep -qx HUP "$LXCPATH/$N/rootfs/got"
}

@test "lxc.signal.stop: sent by lxc-stop -k" {
    tell USR1 "lxc.signal.stop=SIGUSR1"
    run -0 lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(<"$LXCPATH/$N/rootfs/got")" USR1
    assert_equal "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" STOPPED
}
