#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Hostile root file systems: links where the start mounts, makes and writes. Whatever stands there, a
# start ends inside the root or with an error, and never on the host.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    mkdir "$LXCPATH/.host" "$LXCPATH/.source"
    echo "of the host" >"$LXCPATH/.source/file"
}

teardown_file() {
    remove_lxcpath
}

setup() {
    outside=$LXCPATH/.host
    up=../../../../../../../../../..$outside
}

teardown() {
    stop_all
    rm -rf "$LXCPATH"/[pu]*
}

@test "CVE-2015-1335: a mount target that is a link leads nowhere outside" {
    for name in p1 u1; do
        stage "$name" "lxc.mount.entry = $LXCPATH/.source mnt/target none bind,create=dir 0 0"
        for link in "$outside" "$up" /proc/1/root/tmp /proc/self/cwd; do
            ln -sfn "$link" "$LXCPATH/$name/rootfs/mnt/target"
            run once "$name" /bin/cat /proc/mounts
            [ "$status" -eq 0 ] || assert_contains "$output" "mnt/target"
            assert_untouched "$outside"
            refute_contains "$(cat /proc/self/mounts)" "$outside"
        done
    done
}

@test "CVE-2015-1335: absolute links of the root file system mean the root file system" {
    stage p1 "lxc.mount.entry = $LXCPATH/.source mnt/link/deep none bind,create=dir 0 0"
    ln -s /etc "$LXCPATH/p1/rootfs/mnt/link"
    run -0 once p1 /bin/cat /etc/deep/file
    assert_equal "$output" "of the host"
    [ ! -e /etc/deep ]
    [ -d "$LXCPATH/p1/rootfs/etc/deep" ]
}

@test "CVE-2021-30465: proc, sys, dev and dev/pts that are links stay inside" {
    for where in proc sys dev; do
        stage p1 "lxc.mount.auto = proc:mixed sys:mixed" "lxc.pty.max = 4" "lxc.tty.max = 1"
        rm -r "$LXCPATH/p1/rootfs/$where"
        for link in "$outside" "$up"; do
            ln -sfn "$link" "$LXCPATH/p1/rootfs/$where"
            run once p1 /bin/true
            assert_untouched "$outside"
            [ ! -e "$LXCPATH/p1/rootfs$outside/self" ]
        done
        rm -r "$LXCPATH/p1"
    done
    stage p1 "lxc.autodev = 0" "lxc.pty.max = 4"
    for name in pts ptmx console fd stdin tty1; do
        ln -sfn "$up" "$LXCPATH/p1/rootfs/dev/$name"
    done
    run once p1 /bin/true
    assert_untouched "$outside"
}

@test "CVE-2026-41579, CVE-2026-47766: an image's /dev with links makes nothing on the host" {
    stage p1 "lxc.tty.max = 2" "lxc.tty.dir = lxc" "lxc.pty.max = 4"
    stage p2 "lxc.autodev = 0" "lxc.tty.max = 2" "lxc.tty.dir = lxc"
    for name in p1 p2; do
        rm -r "$LXCPATH/$name/rootfs/dev"
        ln -s "$up" "$LXCPATH/$name/rootfs/dev"
        run once "$name" /bin/true
        assert_untouched "$outside"
        rm "$LXCPATH/$name/rootfs/dev"
        mkdir "$LXCPATH/$name/rootfs/dev"
        for entry in null zero full console ptmx pts tty1 lxc fd shm mqueue; do
            ln -s "$outside/$entry" "$LXCPATH/$name/rootfs/dev/$entry"
        done
        run once "$name" /bin/true
        assert_untouched "$outside"
    done
}

@test "CVE-2025-31133: what the image has for /dev/null is not bound, opened or written to" {
    stage p1 "lxc.autodev = 0" "lxc.console.path = none" "lxc.mount.auto = proc:mixed"
    victim=$LXCPATH/p1/rootfs/etc/victim
    echo untouched >"$victim"
    for null in victim fifo link; do
        rm -f "$LXCPATH/p1/rootfs/dev/null"
        case $null in
        victim) cp "$victim" "$LXCPATH/p1/rootfs/dev/null" ;;
        fifo) mkfifo "$LXCPATH/p1/rootfs/dev/null" ;;
        link) ln -s /proc/sys/kernel/core_pattern "$LXCPATH/p1/rootfs/dev/null" ;;
        esac
        before=$(</proc/sys/kernel/core_pattern)
        run timeout 10 lxc-start -P "$LXCPATH" -n p1
        assert_equal "$status" 1
        assert_contains "$output" "/dev/null"
        assert_equal "$(</proc/sys/kernel/core_pattern)" "$before"
    done
}

@test "CVE-2025-52565: /dev/console that is a link or a file of the image is not taken" {
    for autodev in 0 1; do
        stage p1 "lxc.autodev = $autodev" "lxc.pty.max = 2" "lxc.mount.auto = proc:mixed"
        for link in "$up" /proc/self/fd/3 /proc/version /etc/passwd; do
            ln -sfn "$link" "$LXCPATH/p1/rootfs/dev/console"
            run timeout 10 lxc-start -P "$LXCPATH" -n p1
            [ "$status" -eq 0 ] || assert_contains "$output" "console"
            finish p1
            assert_untouched "$outside"
            assert_equal "$(<"$LXCPATH/p1/rootfs/etc/passwd")" 'root:x:0:0::/root:/bin/sh'
        done
        rm -r "$LXCPATH/p1"
    done
}

# A false /proc in the image, where sysctls and the like could be misled to.
@test "CVE-2025-52881: settings are written to a procfs of the container's, whatever /proc is" {
    stage p1 "lxc.sysctl.kernel.domainname = settled" "lxc.sysctl.net.ipv4.ip_forward = 1"
    root=$LXCPATH/p1/rootfs
    before=$(</proc/sys/kernel/domainname)
    mkdir -p "$root/proc/sys/kernel" "$root/proc/self/attr"
    touch "$root/proc/sys/kernel/domainname"
    run -0 once p1 /bin/sh -c 'mount -t proc p /mnt; cat /mnt/sys/kernel/domainname'
    assert_equal "$output" settled
    assert_equal "$(<"$root/proc/sys/kernel/domainname")" ""
    rm -r "$root/proc"
    ln -s "$up" "$root/proc"
    run -0 once p1 /bin/sh -c 'mount -t proc p /mnt; cat /mnt/sys/kernel/domainname'
    assert_equal "$output" settled
    assert_untouched "$outside"
    assert_equal "$(</proc/sys/kernel/domainname)" "$before"
}

@test "CVE-2025-52881: lxc.proc writes to the process itself and follows nothing" {
    stage p1 "lxc.proc.oom_score_adj = 77" "lxc.mount.auto = proc:mixed"
    run -0 once p1 /bin/cat /proc/1/oom_score_adj
    assert_equal "$output" 77
    for key in root.etc.passwd cwd.file exe; do
        stage "p-$key" "lxc.proc.$key = broken"
        run once "p-$key" /bin/true
        assert_equal "$status" 1
        assert_equal "$(<"$LXCPATH/p-$key/rootfs/etc/passwd")" 'root:x:0:0::/root:/bin/sh'
    done
}

# The host keeps a file in the root file system open. It has no name there; on a file system whose files
# need one it would be .lxc_keep, as LXC's.
@test "CVE-2021-30465: a link in the place of .lxc_keep makes and removes nothing" {
    stage p1
    touch "$LXCPATH/.source/mark"
    for link in "$outside/new" "$LXCPATH/.source/mark"; do
        ln -sfn "$link" "$LXCPATH/p1/rootfs/.lxc_keep"
        run -0 once p1 /bin/true
        assert_untouched "$outside"
        assert_equal "$(readlink "$LXCPATH/p1/rootfs/.lxc_keep")" "$link"
        [ -e "$LXCPATH/.source/mark" ]
    done
    rm "$LXCPATH/p1/rootfs/.lxc_keep" "$LXCPATH/.source/mark"
    run -0 once p1 /bin/true
    [ ! -e "$LXCPATH/p1/rootfs/.lxc_keep" ]
}

# Where init begins, and where its program is: links to what the start has open.
@test "CVE-2024-21626: lxc.init.cwd and the program lead to none of the start's descriptors" {
    stage p1 "lxc.init.cwd = /work" "lxc.mount.auto = proc:mixed"
    for number in {3..24} 251; do
        ln -sfn "/proc/self/fd/$number" "$LXCPATH/p1/rootfs/work"
        run once p1 /bin/intruder open 9</etc 8<"$LXCPATH/.source" 251</
        assert_equal "$status" 1
        assert_contains "$output" "/work"
        assert_untouched "$outside"
    done
    rm "$LXCPATH/p1/rootfs/work"
    ln -s /proc/self/fd/9 "$LXCPATH/p1/rootfs/bin/program"
    run once p1 /bin/program 9<"$(command -v busybox)"
    assert_equal "$status" 1
    rmdir "$LXCPATH/p1/rootfs/work"
    ln -s /proc/self/fd/9/new "$LXCPATH/p1/rootfs/work"
    run once p1 /bin/true 9<"$outside"
    assert_equal "$status" 1
    assert_untouched "$outside"
}

@test "CVE-2015-1334: our init believes no false /proc about who its children are" {
    stage p1 "lxc.namespace.keep = pid user" "lxc.autodev = 0"
    sleep 1000 3>&- &
    victim=$!
    mkdir "$LXCPATH/p1/rootfs/proc/thread-self"
    echo "$victim " >"$LXCPATH/p1/rootfs/proc/thread-self/children"
    lxc-execute -P "$LXCPATH" -n p1 -d -- /bin/sleep 1000
    init=$(lxc-info -P "$LXCPATH" -n p1 -pH)
    kill -TERM "$init"
    sleep 1.5
    kill "$victim" || fail "it has killed a process of the host's"
    wait "$victim" || true
    finish p1
}
