#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The examples of the original manuals, as they are typed (spec/cli.md §7), and those of lxc(7).

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container foo
}

setup() {
    PLACE=$LXCPATH/.place.$BATS_TEST_NUMBER
    mkdir -p "$PLACE"
}

teardown() {
    stop_all
}

teardown_file() {
    remove_lxcpath
}

# The directories of the application example, empty.
make_application_tree() {
    mkdir -p "$PLACE"/rootfs/{bin,dev/pts,dev/shm,etc/ssh,lib,lib64,proc,root,sbin,sys,usr} \
        "$PLACE"/rootfs/var/{empty/sshd,lib/empty/sshd,run/sshd}
}

@test "the application example: a tree of empty directories, the host's programs bound read-only" {
    make_application_tree
    cat >"$PLACE/fstab" <<-END
	/lib $PLACE/rootfs/lib none ro,bind 0 0
	/lib64 $PLACE/rootfs/lib64 none ro,bind 0 0
	/bin $PLACE/rootfs/bin none ro,bind 0 0
	/usr $PLACE/rootfs/usr none ro,bind 0 0
	/sbin $PLACE/rootfs/sbin none ro,bind 0 0
	END
    printf "%s\n" "lxc.uts.name = sshd" "lxc.mount.fstab = $PLACE/fstab" \
        "lxc.rootfs.path = $PLACE/rootfs" "lxc.net.0.type = empty" \
        "lxc.mount.auto = proc" \
        "lxc.rootfs.mount = $LXCPATH/.mount" >"$PLACE/conf"
    run_apart lxc-execute -P "$LXCPATH" -n sshd -f "$PLACE/conf" -- /bin/sh -c '
        hostname; ls /var/run; echo root >/root/file
        for folder in lib bin usr sbin; do
            touch /$folder/intruder 2>/dev/null && echo "/$folder is writable"
        done
        /usr/bin/env test -e /proc/self && echo done'
    assert_equal "$status:$stdout:$stderr" "0:sshd
sshd
done:"
    assert_equal "$(<"$PLACE/rootfs/root/file")" root
    # What was bound left nothing behind in the tree.
    assert_equal "$(find "$PLACE/rootfs/usr" "$PLACE/rootfs/lib" "$PLACE/rootfs/bin" -mindepth 1)" ""
}

@test "the application example with sshd itself, where it is installed" {
    [ -x /usr/sbin/sshd ] || skip "openssh-server is not installed"
    make_application_tree
    mkdir -p "$PLACE/rootfs/run/sshd" "$PLACE/rootfs/tmp"
    ssh-keygen -q -t ed25519 -N '' -f "$PLACE/rootfs/etc/ssh/host"
    printf "%s\n" "root:x:0:0::/root:/bin/sh" "sshd:x:100:65534::/run/sshd:/bin/false" \
        >"$PLACE/rootfs/etc/passwd"
    printf "%s\n" "HostKey /etc/ssh/host" "ListenAddress 127.0.0.1" "Port 2222" "UsePAM no" \
        >"$PLACE/rootfs/etc/ssh/sshd_config"
    printf "/%s $PLACE/rootfs/%s none ro,bind 0 0\n" lib lib lib64 lib64 bin bin usr usr sbin sbin \
        >"$PLACE/fstab"
    printf "%s\n" "lxc.mount.fstab = $PLACE/fstab" "lxc.rootfs.path = $PLACE/rootfs" \
        "lxc.net.0.type = empty" "lxc.net.0.flags = up" "lxc.mount.auto = proc" \
        "lxc.rootfs.mount = $LXCPATH/.mount" >"$PLACE/conf"
    lxc-execute -P "$LXCPATH" -n sshd -d -f "$PLACE/conf" -- /usr/sbin/sshd -D -e
    wait_until 20 banner
}

# sshd speaks first.
banner() {
    in_container sshd /bin/bash -c '
        exec 3<>/dev/tcp/127.0.0.1/2222 && read -r line <&3 && [[ $line == SSH-2.0-* ]]' 2>/dev/null
}

@test "the system example: a whole root, the host's /dev and /dev/pts bound over its own" {
    make_container system
    cat >"$LXCPATH/system/fstab" <<-END
	/dev $LXCPATH/system/rootfs/dev none bind 0 0
	/dev/pts $LXCPATH/system/rootfs/dev/pts none bind 0 0
	END
    printf "%s\n" "lxc.mount.fstab = $LXCPATH/system/fstab" "lxc.autodev = 0" \
        "lxc.pty.max = 0" "lxc.tty.max = 0" "lxc.console.path = none" >>"$LXCPATH/system/config"
    lxc-start -P "$LXCPATH" -n system
    run_apart in_container system sh -c 'stat -c "%t:%T" /dev/null; grep -c " /dev/pts " /proc/mounts'
    assert_equal "$status:$stdout" "0:1:3
1"
    assert_equal "$(in_container system stat -c %d:%i /dev)" "$(stat -c %d:%i /dev)"
    lxc-stop -P "$LXCPATH" -n system -k
    lxc-destroy -P "$LXCPATH" -n system
}

@test "a shared root: an empty directory over /var/run, the host keeps its own" {
    mkdir -p "$PLACE/empty"
    printf "%s\n" "lxc.uts.name = shared" "lxc.net.0.type = empty" \
        "lxc.mount.entry = $PLACE/empty /var/run none bind 0 0" \
        "lxc.rootfs.mount = $LXCPATH/.mount" >"$PLACE/conf"
    [ "$(find /var/run/ -mindepth 1 | head -n 1)" ]
    run_apart lxc-execute -P "$LXCPATH" -n shared -f "$PLACE/conf" -- sh -c '
        hostname; ls -A /var/run; echo 42 >/var/run/daemon.pid'
    assert_equal "$status:$stdout:$stderr" "0:shared:"
    assert_equal "$(<"$PLACE/empty/daemon.pid")" 42
    [ ! -e /var/run/daemon.pid ]
}

@test "a running root is explored from the host through /proc/PID/root" {
    make_container seen "lxc.mount.entry = tmpfs mnt tmpfs size=1m 0 0"
    lxc-start -P "$LXCPATH" -n seen
    in_container seen sh -c 'echo inside >/mnt/file; echo kept >/root/file'
    pid=$(lxc-info -P "$LXCPATH" -n seen -p -H)
    assert_equal "$(<"/proc/$pid/root/mnt/file")" inside
    echo outside >"/proc/$pid/root/mnt/other"
    assert_equal "$(in_container seen cat /mnt/other)" outside
    # The tree on the host's disk has the files, not what is mounted over them.
    assert_equal "$(<"$LXCPATH/seen/rootfs/root/file")" kept
    [ ! -e "$LXCPATH/seen/rootfs/mnt/file" ]
    # What is seen so goes when the container stops: nothing stays mounted for it.
    lxc-stop -P "$LXCPATH" -n seen -k
    [ ! -e "/proc/$pid/root/mnt/file" ]
    lxc-destroy -P "$LXCPATH" -n seen
}

@test "volatile applications: nothing is created for them" {
    run_apart lxc-execute -P "$LXCPATH" -n test /bin/bash -c 'echo $$:$(hostname)'
    assert_equal "$status:$stdout" "0:2:test"
    run -0 lxc-execute -P "$LXCPATH" -n bar -s lxc.cgroup.cpu.shares=512 /bin/true
    assert_equal "$(ls "$LXCPATH")" foo
}

@test "lxc-start with a configuration and a command" {
    printf "%s\n" "lxc.rootfs.path = $LXCPATH/foo/rootfs" "lxc.net.0.type = empty" \
        "lxc.rootfs.mount = $LXCPATH/.mount" >"$PLACE/conf"
    lxc-start -P "$LXCPATH" -n bar -f "$PLACE/conf" /bin/sh -c 'echo started >/root/started; sleep 600'
    wait_until 10 test -e "$LXCPATH/foo/rootfs/root/started"
    assert_equal "$(lxc-info -P "$LXCPATH" -n bar -s -H)" RUNNING
    lxc-stop -P "$LXCPATH" -n bar -k
    [ ! -e "$LXCPATH/bar" ]
}

@test "for i in \$(lxc-ls -1); do lxc-info -n \$i; done" {
    make_container second
    lxc-start -P "$LXCPATH" -n foo
    run_apart bash -c "for i in \$(lxc-ls -P $LXCPATH -1); do lxc-info -P $LXCPATH -n \$i; done"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(grep -E '^(Name|State):' <<<"$stdout" | tr -s ' ')" "Name: foo
State: RUNNING
Name: second
State: STOPPED"
    lxc-stop -P "$LXCPATH" -n foo -k
    [ "$(lxc-info -P "$LXCPATH" -n foo -s -H)" = STOPPED ]
    lxc-destroy -P "$LXCPATH" -n second
}
