#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-update-config (spec/cli.md §3.22, config.md §10): what a file becomes, and that nothing gets
# lost on the way, whatever the file and its directory are like.

load helpers

setup() {
    # Another user must reach it, wherever bats and the build have their folders.
    place=$(mktemp -d /tmp/tare-update-config-XXXXXX)
    chmod 755 "$place"
    cd "$place"
}

teardown() {
    cd /
    rm -rf "$place"
}

# Run as somebody who is not root, whom permissions stop.
as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        mkdir -p "$place/bin"
        cp -n "$TARE_BIN/lxc-update-config" "$place/bin/"
        HOME="$place" PATH="$place/bin:$PATH" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

give_to_user() {
    [ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$@"
}

# Update the lines of stdin; the result in $updated.
update_lines() {
    cat >lines.conf
    lxc-update-config -c lines.conf >summary
    updated=$(<lines.conf)
}

# updates OLD NEW: one line becomes another.
updates() {
    printf '%s\n' "$1" >one.conf
    rm -f one.conf.backup*
    lxc-update-config -c one.conf >/dev/null
    assert_equal "$(<one.conf)" "$2"
}

files() {
    find . -mindepth 1 -not -path './bin*' -printf '%P\n' | sort | tr '\n' ' '
}

@test "every old name becomes its present one" {
    while read -r old new; do
        updates "$old = x" "$new = x"
        updates "  $old=x y" "  $new=x y"
    done <<'EOF'
lxc.aa_allow_incomplete lxc.apparmor.allow_incomplete
lxc.aa_profile lxc.apparmor.profile
lxc.console lxc.console.path
lxc.devttydir lxc.tty.dir
lxc.haltsignal lxc.signal.halt
lxc.id_map lxc.idmap
lxc.init_cmd lxc.init.cmd
lxc.init_gid lxc.init.gid
lxc.init_uid lxc.init.uid
lxc.limit.nofile lxc.prlimit.nofile
lxc.logfile lxc.log.file
lxc.loglevel lxc.log.level
lxc.mount lxc.mount.fstab
lxc.network.0.type lxc.net.0.type
lxc.network.7.ipv4 lxc.net.7.ipv4.address
lxc.network.7.ipv6 lxc.net.7.ipv6.address
lxc.network.7.ipv4.gateway lxc.net.7.ipv4.gateway
lxc.network.7.veth.pair lxc.net.7.veth.pair
lxc.pts lxc.pty.max
lxc.rebootsignal lxc.signal.reboot
lxc.se_context lxc.selinux.context
lxc.seccomp lxc.seccomp.profile
lxc.stopsignal lxc.signal.stop
lxc.syslog lxc.log.syslog
lxc.tty lxc.tty.max
lxc.utsname lxc.uts.name
EOF
    updates "lxc.limit =" "lxc.prlimit ="
    updates "lxc.network =" "lxc.net ="
}

@test "names that begin like old ones stay" {
    for line in "lxc.mount.entry = a b none bind" "lxc.mount.auto = proc" "lxc.console.path = none" \
        "lxc.rootfs.mount = /mnt" "lxc.seccomp.profile = x" "lxc.ttyx = 1" "lxc.cap.drop = mknod" \
        "lxc.tty.max = 4" "lxc.autodev = 1" "lxc.start.auto = 1" "lxc.group = a" "lxc.arch = x86" \
        "lxc.hook.start = /x" "lxc.environment = A=b" "lxc.cgroup.dir = d" "lxc.limits = 1"; do
        updates "$line" "$line"
        [ ! -e one.conf.backup ]
    done
}

@test "lxc.kmsg and lxc.pivotdir become comments" {
    updates "lxc.kmsg = 0" "# lxc.kmsg = 0"
    updates "lxc.pivotdir = lxc_putold" "# lxc.pivotdir = lxc_putold"
}

@test "the storage type goes before the path" {
    updates "lxc.rootfs = /srv/c1" "lxc.rootfs.path = dir:/srv/c1"
    updates "lxc.rootfs = overlayfs:/a:/b" "lxc.rootfs.path = overlayfs:/a:/b"
    # A device is no directory: what it is is found out at the start.
    updates "lxc.rootfs = /dev/vg/c1" "lxc.rootfs.path = /dev/vg/c1"
    updates "lxc.rootfs =" "lxc.rootfs.path ="
    for backend in dir lvm loop btrfs zfs; do
        updates "lxc.rootfs.backend = $backend
lxc.rootfs = /dev/vg/c1" "lxc.rootfs.path = $backend:/dev/vg/c1"
        updates "lxc.rootfs.path = /dev/vg/c1
lxc.rootfs.backend = $backend" "lxc.rootfs.path = $backend:/dev/vg/c1"
    done
}

@test "interfaces without numbers get them, each type line the next" {
    update_lines <<'EOF'
lxc.network.type = veth
lxc.network.link = br0
lxc.network.ipv4 = 10.0.0.2/24
lxc.network.ipv4.gateway = 10.0.0.1
lxc.network.ipv6 = fd00::2
lxc.network.type = macvlan
lxc.network.macvlan.mode = bridge
lxc.network.script.up = /x
lxc.network.type = empty
EOF
    assert_equal "$updated" "lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.ipv4.address = 10.0.0.2/24
lxc.net.0.ipv4.gateway = 10.0.0.1
lxc.net.0.ipv6.address = fd00::2
lxc.net.1.type = macvlan
lxc.net.1.macvlan.mode = bridge
lxc.net.1.script.up = /x
lxc.net.2.type = empty"
}

@test "old interfaces behind present ones get numbers that are free" {
    update_lines <<'EOF'
lxc.net.3.type = veth
lxc.network.type = phys
lxc.network.link = eth1
EOF
    assert_equal "$updated" "lxc.net.3.type = veth
lxc.net.4.type = phys
lxc.net.4.link = eth1"
}

@test "cgroup v1 settings become comments with their v2 counterparts behind them" {
    update_lines <<'EOF'
lxc.cgroup.cpu.shares = 512
lxc.cgroup.memory.limit_in_bytes = 256M
lxc.cgroup.cpu.cfs_quota_us = 50000
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup.cpu.cfs_period_us = 200000
lxc.cgroup.pids.max = 100
EOF
    assert_equal "$updated" "# lxc.cgroup.cpu.shares = 512
lxc.cgroup2.cpu.weight = 59
# lxc.cgroup.memory.limit_in_bytes = 256M
lxc.cgroup2.memory.max = 256M
# lxc.cgroup.cpu.cfs_quota_us = 50000
# lxc.cgroup.devices.deny = a
lxc.cgroup2.devices.deny = a
# lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 1:3 rwm
# lxc.cgroup.cpu.cfs_period_us = 200000
lxc.cgroup2.cpu.max = 50000 200000
# lxc.cgroup.pids.max = 100
lxc.cgroup2.pids.max = 100"
    run tare config-check lines.conf
    assert_equal "$status $output" "0 "
}

@test "a v2 setting that the file has already is not added again" {
    update_lines <<'EOF'
lxc.cgroup2.memory.max = 1G
lxc.cgroup.memory.limit_in_bytes = 256M
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup.devices.deny = a
EOF
    assert_equal "$updated" "lxc.cgroup2.memory.max = 1G
# lxc.cgroup.memory.limit_in_bytes = 256M
lxc.cgroup2.devices.allow = c 1:3 rwm
# lxc.cgroup.devices.deny = a"
}

@test "a setting without a counterpart is told, with its line" {
    printf '%s\n' '# net' 'lxc.cgroup.net_cls.classid = 0x10' >c.conf
    run_apart lxc-update-config -c c.conf
    assert_equal "$status" 0
    assert_equal "$stderr" ""
    assert_contains "$stdout" "c.conf:2: warning: lxc.cgroup.net_cls.classid = 0x10 has no counterpart"
    assert_equal "$(<c.conf)" "# net
# lxc.cgroup.net_cls.classid = 0x10"
}

@test "a setting that can't be translated stays, and is a failure" {
    printf '%s\n' 'lxc.cgroup.cpu.shares = much' 'lxc.tty = 1' >c.conf
    run_apart lxc-update-config -c c.conf
    assert_equal "$status" 1
    assert_contains "$stderr" "c.conf:1: error: lxc.cgroup.cpu.shares = much can't be translated"
    assert_equal "$(<c.conf)" "lxc.cgroup.cpu.shares = much
lxc.tty.max = 1"
}

@test "comments, foreign lines and blank lines stay, old names in comments are replaced" {
    update_lines <<'EOF'
# Template used to create this container: ubuntu

  # indented
#lxc.tty = 4
## lxc.network.type = veth
# lxc.cgroup.cpu.shares = 10
# lxc.pivotdir = x
foreign = lxc.tty
lxc.tty is no assignment
lxc.init_cmd = /bin/sh -c "lxc.tty = 1"
EOF
    assert_equal "$updated" '# Template used to create this container: ubuntu

  # indented
#lxc.tty.max = 4
## lxc.net.0.type = veth
# lxc.cgroup.cpu.shares = 10
# lxc.pivotdir = x
foreign = lxc.tty
lxc.tty is no assignment
lxc.init.cmd = /bin/sh -c "lxc.tty = 1"'
}

@test "line ends stay as they are: CRLF, CR, none at the end" {
    printf 'lxc.tty = 1\r\nlxc.cgroup.cpu.shares = 1024\r\nlxc.pts = 2' >c.conf
    lxc-update-config -c c.conf
    printf '%b' 'lxc.tty.max = 1\r\n# lxc.cgroup.cpu.shares = 1024\r\n' \
        'lxc.cgroup2.cpu.weight = 100\r\nlxc.pty.max = 2' | cmp - c.conf
    printf 'lxc.tty = 1\rlxc.pts = 2\r' >d.conf
    lxc-update-config -c d.conf
    printf 'lxc.tty.max = 1\rlxc.pty.max = 2\r' | cmp - d.conf
}

@test "a file without a last newline stays one, also where a line is added at its end" {
    printf 'lxc.cgroup.pids.max = 5' >c.conf
    lxc-update-config -c c.conf
    printf '# lxc.cgroup.pids.max = 5\nlxc.cgroup2.pids.max = 5' | cmp - c.conf
}

@test "the updated file means the same as the old one" {
    cat >old.conf <<'EOF'
lxc.utsname = old
lxc.tty = 4
lxc.pts = 1024
lxc.rootfs = /var/lib/lxc/old/rootfs
lxc.id_map = u 0 100000 65536
lxc.id_map = g 0 100000 65536
lxc.limit.nofile = 10:20
lxc.network.type = veth
lxc.network.flags = up
lxc.haltsignal = SIGTERM
EOF
    cp old.conf new.conf
    lxc-update-config -c new.conf
    run tare config-check --strict new.conf
    assert_equal "$status $output" "0 "
    run tare config-check old.conf
    assert_equal "$status" 0
    assert_equal "$(grep -c config-deprecated <<<"$output")" 10
}

@test "a second run changes nothing and makes no second backup" {
    printf '%s\n' 'lxc.tty = 1' 'lxc.rootfs = /r' 'lxc.rootfs.backend = dir' 'lxc.kmsg = 1' \
        'lxc.network.type = veth' '# lxc.network.type = phys' 'lxc.cgroup.cpu.shares = 2' >c.conf
    lxc-update-config -c c.conf
    cp -p c.conf once.conf
    inode=$(stat -c %i c.conf)
    run_apart lxc-update-config -c c.conf
    assert_equal "$status $stdout $stderr" "0  "
    cmp c.conf once.conf
    assert_equal "$(stat -c %i c.conf)" "$inode"
    assert_equal "$(files)" "c.conf c.conf.backup once.conf "
}

@test "the original is kept byte by byte, and an older backup is never overwritten" {
    printf 'lxc.tty = 1\r\n\n' >c.conf
    cp c.conf first
    lxc-update-config -c c.conf
    cmp first c.conf.backup
    for i in 1 2 3; do
        echo "lxc.tty = $i" >c.conf
        run_apart lxc-update-config -c c.conf
        assert_contains "$stdout" "c.conf: the original is c.conf.backup.$i"
        assert_equal "$(<c.conf.backup.$i)" "lxc.tty = $i"
    done
    cmp first c.conf.backup
}

@test "a backup name that leads somewhere else is not followed" {
    echo 'lxc.tty = 1' >c.conf
    ln -s elsewhere c.conf.backup
    lxc-update-config -c c.conf
    [ ! -e elsewhere ]
    assert_equal "$(<c.conf.backup.1)" "lxc.tty = 1"
}

@test "what was done is told on the standard output" {
    printf '%s\n' 'lxc.tty = 1' 'lxc.cgroup.pids.max = 5' 'lxc.kmsg = 1' >c.conf
    run_apart lxc-update-config -c c.conf
    assert_equal "$status $stderr" "0 "
    assert_equal "$stdout" "c.conf: 1 renamed, 1 translated, 1 commented out
c.conf: the original is c.conf.backup"
}

@test "--check changes nothing: 1 for a file that is not up to date, 0 for others" {
    echo 'lxc.tty = 1' >c.conf
    run_apart lxc-update-config -c c.conf --check
    assert_equal "$status $stderr" "1 "
    assert_equal "$stdout" "c.conf: not up to date: 1 renamed, 0 translated, 0 commented out"
    assert_equal "$(<c.conf) $(files)" "lxc.tty = 1 c.conf "
    echo 'lxc.tty.max = 1' >c.conf
    run_apart lxc-update-config --check -c c.conf
    assert_equal "$status $stdout $stderr" "0  "
}

@test "--dry-run changes nothing and shows the lines that would change" {
    printf '%s\r\n' '# c' 'lxc.tty = 1' 'lxc.rootfs.backend = lvm' 'lxc.rootfs = /dev/a/b' \
        'lxc.cgroup.pids.max = 5' >c.conf
    cp c.conf before
    run_apart lxc-update-config -c c.conf --dry-run
    assert_equal "$status $stderr" "0 "
    assert_equal "$stdout" "--- c.conf
+++ c.conf
@@ line 2 @@
-lxc.tty = 1
+lxc.tty.max = 1
@@ line 3 @@
-lxc.rootfs.backend = lvm
@@ line 4 @@
-lxc.rootfs = /dev/a/b
+lxc.rootfs.path = lvm:/dev/a/b
@@ line 5 @@
-lxc.cgroup.pids.max = 5
+# lxc.cgroup.pids.max = 5
+lxc.cgroup2.pids.max = 5"
    cmp before c.conf
    assert_equal "$(files)" "before c.conf "
}

@test "- reads the standard input and prints the text alone, changed or not" {
    printf 'lxc.tty = 1\r\n# x' >c.conf
    lxc-update-config -c - <c.conf >out 2>errors
    printf 'lxc.tty.max = 1\r\n# x' | cmp - out
    lxc-update-config -c - <out | cmp - out
    [ ! -s errors ]
    printf '%s\n' 'lxc.cgroup.net_cls.classid = 1' >c.conf
    run_apart lxc-update-config --config=- <c.conf
    assert_equal "$status $stdout $stderr" "0 # lxc.cgroup.net_cls.classid = 1 "
    run_apart lxc-update-config -c - --check <c.conf
    assert_equal "$status" 1
    assert_contains "$stdout" "not up to date"
}

@test "- reads what it was given: another user's pipe, a socket, a file from where it stands" {
    printf '%s\n' 'lxc.tty = 1' 'lxc.pts = 2' >c.conf
    run_apart as_user lxc-update-config -c - < <(cat c.conf)
    assert_equal "$status $stdout $stderr" "0 lxc.tty.max = 1
lxc.pty.max = 2 "
    run_apart python3 -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
ours.send(b"lxc.tty = 1\n")
ours.shutdown(socket.SHUT_WR)
sys.exit(subprocess.run(["lxc-update-config", "-c", "-"], stdin=theirs).returncode)'
    assert_equal "$status $stdout $stderr" "0 lxc.tty.max = 1 "
    run_apart sh -c 'dd bs=12 count=1 of=/dev/null status=none; lxc-update-config -c -' <c.conf
    assert_equal "$status $stdout $stderr" "0 lxc.pty.max = 2 "
    run_apart sh -c 'lxc-update-config -c - <&-'
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "Bad file descriptor"
}

@test "-n takes the container's configuration, -P says where containers are" {
    mkdir -p lxc/c1 lxc/c2 .local/share/lxc/c3
    for config in lxc/c1 lxc/c2 .local/share/lxc/c3; do
        echo 'lxc.tty = 1' >"$config/config"
    done
    run_apart lxc-update-config -n c1 -P "$place/lxc"
    assert_equal "$status $stderr" "0 "
    assert_equal "$(<lxc/c1/config) $(<lxc/c2/config)" "lxc.tty.max = 1 lxc.tty = 1"

    chmod -R a+rX . && give_to_user .local
    HOME="$place" run_apart as_user lxc-update-config -n c3
    assert_equal "$status $stderr" "0 "
    assert_equal "$(<.local/share/lxc/c3/config)" "lxc.tty.max = 1"
}

@test "--all takes every container, goes on behind a failure, and reports it" {
    mkdir -p lxc/a lxc/b lxc/c lxc/empty lxc/.hidden
    echo 'lxc.tty = 1' | tee lxc/a/config lxc/c/config lxc/.hidden/config >/dev/null
    printf 'lxc.tty = 1\0' >lxc/b/config
    run_apart lxc-update-config --all -P lxc
    assert_equal "$status" 1
    assert_contains "$stderr" "lxc/b/config"
    assert_equal "$(<lxc/a/config) $(<lxc/c/config) $(<lxc/.hidden/config)" \
        "lxc.tty.max = 1 lxc.tty.max = 1 lxc.tty = 1"
    rm -r lxc/b
    run_apart lxc-update-config --all -P lxc --check
    assert_equal "$status $stdout $stderr" "0  "
    run_apart lxc-update-config --all -P nosuch
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "nosuch"
}

@test "--all tells a configuration that it can't look at, and passes over what is none" {
    mkdir -p lxc/a lxc/loop lxc/directory/config lxc/pipe lxc/dangling lxc/closed
    echo 'lxc.tty = 1' | tee lxc/a/config lxc/closed/config >/dev/null
    ln -s config lxc/loop/config
    ln -s nowhere lxc/dangling/config
    mkfifo lxc/pipe/config
    touch lxc/file
    chmod 0 lxc/closed
    give_to_user lxc
    run_apart as_user timeout 20 lxc-update-config --all -P lxc
    chmod 755 lxc/closed
    assert_equal "$status" 1
    assert_equal "$(grep -c . <<<"$stderr")" 4
    assert_contains "$stderr" 'lxc/closed/config"
  Permission denied'
    assert_contains "$stderr" 'lxc/loop/config"
  Too many levels of symbolic links'
    assert_equal "$(<lxc/a/config) $(<lxc/closed/config)" "lxc.tty.max = 1 lxc.tty = 1"
}

@test "exactly one of -c, -n and --all is needed" {
    for arguments in "" "-c a -n b" "-c a --all" "--all -n b" "-c a b"; do
        # shellcheck disable=SC2086 # several words
        run_apart lxc-update-config $arguments
        assert_equal "$status $stdout" "1 "
        assert_contains "$stderr" "lxc-update-config: "
    done
}

@test "an lxc.conf that can't be read is told, not passed over" {
    mkdir -p .config/lxc/lxc.conf
    chmod -R a+rX .config
    HOME="$place" run_apart as_user lxc-update-config -n c1
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" ".config/lxc/lxc.conf"
}

@test "a file that is missing, or is a directory" {
    run_apart lxc-update-config -c nosuch.conf
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" 'Failed to read config file "nosuch.conf"'
    assert_contains "$stderr" "No such file or directory"
    mkdir d
    run_apart lxc-update-config -c d
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "Is a directory"
    assert_equal "$(files)" "d "
}

@test "a NUL byte is refused, and where it is is told" {
    printf 'lxc.tty = 1\n\0lxc.pts = 2\n' >c.conf
    cp c.conf before
    for more in "" --check --dry-run; do
        run_apart lxc-update-config -c c.conf $more
        assert_equal "$status $stdout" "1 "
        assert_contains "$stderr" "NUL byte at offset 12"
    done
    cmp c.conf before
    assert_equal "$(files)" "before c.conf "
}

@test "a file that may not be written stays, and no backup is left" {
    mkdir d
    echo 'lxc.tty = 1' >d/c.conf
    chmod 444 d/c.conf
    give_to_user d
    run_apart as_user lxc-update-config -c d/c.conf
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "Permission denied"
    assert_equal "$(<d/c.conf) $(ls -A d)" "lxc.tty = 1 c.conf"
    # Looking is no writing.
    run_apart as_user lxc-update-config -c d/c.conf --check
    assert_equal "$status $stderr" "1 "
}

@test "a directory that may not be written: the file stays, no temporary is left" {
    mkdir d
    echo 'lxc.tty = 1' >d/c.conf
    chmod 644 d/c.conf
    chmod 555 d
    give_to_user d
    run_apart as_user lxc-update-config -c d/c.conf
    chmod 755 d
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "Permission denied"
    assert_equal "$(<d/c.conf) $(ls -A d)" "lxc.tty = 1 c.conf"
}

@test "a symbolic link stays one, and what it leads to is updated" {
    mkdir real
    echo 'lxc.tty = 1' >real/c.conf
    ln -s real/c.conf link.conf
    lxc-update-config -c link.conf
    assert_equal "$(readlink link.conf)" real/c.conf
    assert_equal "$(<real/c.conf) $(<link.conf.backup)" "lxc.tty.max = 1 lxc.tty = 1"
    [ ! -L link.conf.backup ]
    assert_equal "$(files)" "link.conf link.conf.backup real real/c.conf "
}

@test "mode and owner of file and backup are those of the original" {
    echo 'lxc.tty = 1' >c.conf
    chmod 604 c.conf
    [ "$(id -u)" -ne 0 ] || chown 1234:4321 c.conf
    before=$(stat -c '%a %u %g' c.conf)
    (umask 077 && lxc-update-config -c c.conf)
    assert_equal "$(stat -c '%a %u %g' c.conf)" "$before"
    assert_equal "$(stat -c '%a %u %g' c.conf.backup)" "$before"
}

@test "a file with a second name or behind a link elsewhere: the backup is a copy like it" {
    echo 'lxc.tty = 1' >c.conf
    ln c.conf other.conf
    chmod 604 c.conf
    elsewhere=$(mktemp /dev/shm/tare-update-config-XXXXXX)
    echo 'lxc.tty = 1' >"$elsewhere"
    chmod 640 "$elsewhere"
    ln -s "$elsewhere" link.conf
    [ "$(id -u)" -ne 0 ] || chown 1234:4321 c.conf "$elsewhere"
    before=$(stat -c '%a %u %g' c.conf "$elsewhere")
    (umask 077 && lxc-update-config -c c.conf && lxc-update-config -c link.conf)
    after=$(stat -c '%a %u %g' c.conf "$elsewhere")
    rm "$elsewhere"
    assert_equal "$after" "$before"
    assert_equal "$(stat -c '%a %u %g' c.conf.backup link.conf.backup)" "$before"
    # Who goes on writing to the other name does not write to the backup.
    echo 'lxc.tty = 2' >other.conf
    assert_equal "$(<c.conf.backup) $(<link.conf.backup)" "lxc.tty = 1 lxc.tty = 1"
}

@test "a failed write keeps the original and leaves nothing" {
    echo 'lxc.tty = 1' >c.conf
    # Nor could run_apart's file for stderr be written.
    run env - PATH="$PATH" bash -c 'ulimit -f 0; trap "" XFSZ; lxc-update-config -c c.conf'
    assert_equal "$status" 1
    assert_contains "$output" "File too large"
    assert_equal "$(<c.conf) $(files)" "lxc.tty = 1 c.conf "
}

@test "a limit that no version takes keeps its lines, and those it needs" {
    cat >c.conf <<'F'
lxc.cgroup.memory.memsw.limit_in_bytes = 1G
lxc.cgroup.memory.limit_in_bytes = 2G
lxc.cgroup.cpu.cfs_quota_us = 5
lxc.cgroup.cpu.cfs_period_us = 100000
F
    run_apart lxc-update-config -c c.conf
    assert_equal "$status" 1
    assert_contains "$stderr" "c.conf:1: error: lxc.cgroup.memory.memsw.limit_in_bytes = 1G can't"
    assert_contains "$stderr" "c.conf:3: error: lxc.cgroup.cpu.cfs_quota_us = 5 can't"
    assert_equal "$(<c.conf)" "lxc.cgroup.memory.memsw.limit_in_bytes = 1G
# lxc.cgroup.memory.limit_in_bytes = 2G
lxc.cgroup2.memory.max = 2G
lxc.cgroup.cpu.cfs_quota_us = 5
lxc.cgroup.cpu.cfs_period_us = 100000"
}

@test "options that exclude or need each other are refused" {
    echo 'lxc.tty = 1' >c.conf
    local arguments
    for arguments in "-c c.conf -P /srv" "-c c.conf --check --dry-run" "-n a/b" "-n " "-c c.conf -a"; do
        IFS=' ' read -ra words <<<"$arguments"
        [ "$arguments" != "-n " ] || words=(-n "")
        run_apart lxc-update-config "${words[@]}"
        assert_equal "$status $stdout" "1 "
        assert_contains "$stderr" "lxc-update-config: "
    done
    assert_equal "$(<c.conf) $(ls)" "lxc.tty = 1 c.conf"
}
