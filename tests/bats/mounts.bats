#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a container finds mounted: entries, fstab, automounts, /dev (spec/config.md §7,
# spec/runtime.md §7, §8, §10). One container; each test adds lines to its configuration. What only
# a v1 or v2 host shows is in the golden plans.

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container m1
    export HOST=$LXCPATH/host
    mkdir -p "$HOST/tree/sub" "$LXCPATH/m1/rootfs/opt"
    echo outside >"$HOST/tree/file"
    cp "$(command -v busybox)" "$HOST/tree/busybox"
    chmod 4755 "$HOST/tree/busybox"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    umount -R "$HOST/shared" 2>/dev/null || true
}

# inside [LINE…] -- SCRIPT: what the script prints in a container that has these lines too.
inside() {
    local definitions=()

    while [ "$1" != -- ]; do
        definitions+=(-s "$1")
        shift
    done
    run_apart lxc-execute -P "$LXCPATH" -n m1 "${definitions[@]}" -- /bin/sh -c "$2"
}

# mounted [LINE…] -- PATH: the options (of the mount) in $options and the type in $type.
mounted() {
    inside "${@:1:$#-1}" 'cat /proc/self/mountinfo'
    assert_equal "$status" 0 || return 1
    options=$(awk -v path="${*: -1}" '$5 == path {o = $6} END {print o}' <<<"$stdout")
    type=$(awk -v path="${*: -1}" '
        $5 == path {for (i = 7; $i != "-"; i++); t = $(i+1)}
        END {print t}' <<<"$stdout")
    [ -n "$options" ] || fail "${*: -1} is no mount point:" "$stdout"
}

@test "bind: create=dir and create=file make the target; a nested path is made too" {
    inside "lxc.mount.entry = $HOST/tree opt/made/dir none bind,create=dir 0 0" \
        "lxc.mount.entry = $HOST/tree/file opt/made/too/file none bind,create=file 0 0" \
        -- 'cat /opt/made/dir/file /opt/made/too/file; echo new >/opt/made/dir/written'
    assert_equal "$status:$stdout" "0:outside
outside"
    assert_equal "$(<"$HOST/tree/written")" new
    assert_equal "$(stat -c %a "$LXCPATH/m1/rootfs/opt/made/dir")" 755
    [ ! -s "$LXCPATH/m1/rootfs/opt/made/too/file" ]
    rm -r "$LXCPATH/m1/rootfs/opt/made" "$HOST/tree/written"
}

@test "optional: neither a missing source nor a missing target fails the start" {
    inside "lxc.mount.entry = /nonexistent opt none bind,optional 0 0" \
        "lxc.mount.entry = $HOST/tree opt/none/here none bind,optional 0 0" \
        "lxc.mount.entry = x opt nosuchfs optional 0 0" -- 'ls /opt; echo started'
    assert_equal "$status:$stdout:$stderr" "0:started:"
    inside "lxc.mount.entry = $HOST/tree opt/none/here none bind 0 0" -- 'echo started'
    [ "$status" -ne 0 ]
    assert_contains "$stderr" "opt/none/here"
}

@test "create=dir: a file may be bound on a file that is there; a wrong kind is told" {
    inside "lxc.mount.entry = $HOST/tree/file etc/hostname none bind,create=dir 0 0" \
        -- 'cat /etc/hostname'
    assert_equal "$status:$stdout" "0:outside"
    inside "lxc.mount.entry = $HOST/tree/file opt none bind,create=dir 0 0" -- true
    assert_equal "$status" 1
    assert_contains "$stderr" "the source is a file, the target a directory"
    inside "lxc.mount.entry = $HOST/tree etc/hostname none bind,create=file 0 0" -- true
    assert_equal "$status" 1
    assert_contains "$stderr" "the source is a directory, the target a file"
}

@test "relative: the source is below the container's root" {
    echo inner >"$LXCPATH/m1/rootfs/etc/inner"
    inside "lxc.mount.entry = etc opt/relative none bind,relative,create=dir 0 0" \
        -- 'cat /opt/relative/inner'
    assert_equal "$status:$stdout" "0:inner"
    rmdir "$LXCPATH/m1/rootfs/opt/relative"
}

@test "bind leaves mounts below out, rbind takes them along" {
    mkdir -p "$HOST/shared"
    mount -t tmpfs below "$HOST/shared"
    mkdir "$HOST/shared/sub"
    mount -t tmpfs deeper "$HOST/shared/sub"
    echo deep >"$HOST/shared/sub/deep"
    inside "lxc.mount.entry = $HOST/shared opt none bind 0 0" -- 'ls /opt/sub'
    assert_equal "$status:$stdout" "0:"
    inside "lxc.mount.entry = $HOST/shared opt none rbind 0 0" -- 'cat /opt/sub/deep'
    assert_equal "$status:$stdout" "0:deep"
}

@test "ro, nosuid, nodev and noexec are in force on a bind mount" {
    mknod -m 666 "$HOST/tree/null" c 1 3
    inside "lxc.mount.entry = $HOST/tree opt none bind,ro,nosuid,nodev,noexec 0 0" -- '
        echo x 2>/dev/null >/opt/new || echo read-only
        echo x 2>/dev/null >/opt/null || echo no-device
        /opt/busybox true 2>/dev/null || echo no-program
        grep " /opt " /proc/self/mountinfo | cut -d" " -f6'
    assert_equal "$status" 0
    assert_contains "$stdout" "read-only
no-device
no-program
ro,nosuid,nodev,noexec"
    inside "lxc.mount.entry = $HOST/tree opt none bind 0 0" \
        -- 'echo x >/opt/null && /opt/busybox echo runs'
    assert_equal "$status:$stdout" "0:runs"
    rm "$HOST/tree/null"
}

@test "propagation: rslave receives from the host, the default private does not" {
    mkdir -p "$HOST/shared"
    mount -t tmpfs shared "$HOST/shared"
    mount --make-shared "$HOST/shared"
    mkdir "$HOST/shared/late"
    cat >>"$LXCPATH/m1/config" <<LINES
lxc.mount.entry = $HOST/shared opt/slave none bind,rslave,create=dir 0 0
lxc.mount.entry = $HOST/shared opt/private none bind,private,create=dir 0 0
LINES
    lxc-start -P "$LXCPATH" -n m1
    sed -i '/opt\/slave\|opt\/private/d' "$LXCPATH/m1/config"
    mount -t tmpfs late "$HOST/shared/late"
    echo late >"$HOST/shared/late/file"
    assert_equal "$(in_container m1 cat /opt/slave/late/file)" late
    assert_equal "$(in_container m1 ls /opt/private/late)" ""
    in_container m1 mount -t tmpfs own /opt/slave/late
    assert_equal "$(<"$HOST/shared/late/file")" late
}

@test "rbind,ro,rslave: the first mount is read-only, what is below as it was" {
    mkdir -p "$HOST/shared"
    mount -t tmpfs below "$HOST/shared"
    mkdir "$HOST/shared/sub"
    mount -t tmpfs deeper "$HOST/shared/sub"
    inside "lxc.mount.entry = $HOST/shared opt none rbind,ro,rslave 0 0" -- '
        touch /opt/new 2>/dev/null || echo read-only; touch /opt/sub/new && echo writable'
    assert_equal "$stdout" "read-only
writable"
}

@test "words of fstab(5) that are mount(8)'s alone do not reach the file system" {
    mounted "lxc.mount.entry = x opt tmpfs noauto,nofail,_netdev,user,x-initrd.mount,size=64k 0 0" \
        -- /opt
    assert_equal "$type" tmpfs
    assert_contains "$stdout" "size=64k"
    inside "lxc.mount.entry = x opt tmpfs nosuchword 0 0" -- true
    assert_equal "$status" 1
    assert_contains "$stderr" "nosuchword"
}

@test "overlay: layers whose names are longer than 255 bytes together; upper and work are made" {
    layers=
    for i in 1 2 3 4 5 6 7 8; do
        mkdir -p "$HOST/layers/a-directory-with-a-rather-long-name-number-$i"
        echo "$i" >"$HOST/layers/a-directory-with-a-rather-long-name-number-$i/layer$i"
        layers+=:$HOST/layers/a-directory-with-a-rather-long-name-number-$i
    done
    [ "${#layers}" -gt 300 ]
    inside "lxc.mount.entry = overlay opt overlay lowerdir=${layers#:},nosuid 0 0" \
        -- 'cat /opt/layer1 /opt/layer8; grep " /opt " /proc/self/mountinfo | cut -d" " -f6'
    assert_equal "$status:$stdout" "0:1
8
rw,nosuid,relatime"
    own=$LXCPATH/m1
    inside "lxc.mount.entry = overlay opt overlay lowerdir=${layers#:},upperdir=$own/up,workdir=$own/work 0 0" \
        -- 'rm /opt/layer1; echo x >/opt/new'
    assert_equal "$status:$(ls "$own/up" | tr '\n' ' ')" "0:layer1 new "
    [ -e "$HOST/layers/a-directory-with-a-rather-long-name-number-1/layer1" ]
    rm -rf "$own/up" "$own/work" "$HOST/layers"
}

@test "a file system of its own with data: tmpfs with size and mode" {
    mounted "lxc.mount.entry = mine opt tmpfs nosuid,size=64k,mode=711 0 0" -- /opt
    assert_equal "$type" tmpfs
    assert_contains "$options" nosuid
    assert_contains "$stdout" "size=64k"
    inside "lxc.mount.entry = mine opt tmpfs size=64k,mode=711 0 0" -- '
        stat -c %a /opt; dd if=/dev/zero of=/opt/big bs=1k count=100 2>/dev/null; wc -c </opt/big'
    assert_equal "$stdout" "711
65536"
}

@test "lxc.mount.fstab: comments, octal escapes, missing fields; before the entries" {
    mkdir -p "$HOST/with blank"
    echo blank >"$HOST/with blank/file"
    cat >"$HOST/fstab" <<FSTAB
# a comment

$HOST/with\\040blank opt none bind
tmpfs mnt tmpfs size=32k
FSTAB
    inside "lxc.mount.fstab = $HOST/fstab" \
        "lxc.mount.entry = $HOST/tree mnt/after none bind,create=dir 0 0" \
        -- 'cat /opt/file /mnt/after/file'
    assert_equal "$status:$stdout" "0:blank
outside"
    inside "lxc.mount.fstab = $HOST/nofstab" -- 'echo started'
    [ "$status" -ne 0 ]
    assert_contains "$stderr" "$HOST/nofstab"
}

@test "a symbolic link on the way to a target does not lead out of the root" {
    mkdir -p "$HOST/victim"
    ln -s "$HOST/victim" "$LXCPATH/m1/rootfs/opt/absolute"
    ln -s ../../../../../../../../..$HOST/victim "$LXCPATH/m1/rootfs/opt/climbing"
    for target in absolute climbing; do
        inside "lxc.mount.entry = tmpfs opt/$target/new tmpfs create=dir,optional 0 0" \
            -- 'echo started'
        assert_equal "$status:$stdout" "0:started"
        assert_equal "$(ls "$HOST/victim")" ""
        refute_contains "$(</proc/self/mountinfo)" "$HOST/victim"
    done
    rm "$LXCPATH/m1/rootfs/opt/absolute" "$LXCPATH/m1/rootfs/opt/climbing"
    rm -rf "$LXCPATH/m1/rootfs/tmp/tare-bats-"* "$LXCPATH/m1/rootfs/${LXCPATH:1}"
}

@test "targets: the root's path in front is taken off, other absolute ones are skipped" {
    mkdir -p "$LXCPATH/m1/rootfs/opt/prefix"
    inside "lxc.mount.entry = $HOST/tree $LXCPATH/m1/rootfs/opt/prefix none bind 0 0" \
        "lxc.mount.entry = tmpfs /run/xdg none create=dir 0 0" \
        -- 'cat /opt/prefix/file; ls -d /run/xdg 2>/dev/null'
    assert_contains "$stdout" outside
    refute_contains "$stdout" xdg
    run_apart lxc-start -P "$LXCPATH" -n m1 -o "$HOST/log" -l WARN \
        -s "lxc.mount.entry = tmpfs /run/xdg none create=dir 0 0"
    assert_equal "$status:$stderr" "0:"
    assert_contains "$(<"$HOST/log")" 'Ignoring mount point "/run/xdg"'
    [ ! -e /run/xdg ]
}

@test "proc:mixed keeps system settings read-only, proc:rw does not" {
    mounted "lxc.mount.auto =" "lxc.mount.auto = proc" -- /proc
    assert_equal "$type" proc
    for flag in nosuid nodev noexec; do
        assert_contains "$options" "$flag"
    done
    inside "lxc.mount.auto =" "lxc.mount.auto = proc:mixed" -- '
        echo x 2>/dev/null >/proc/sys/kernel/domainname || echo sys-read-only
        echo h 2>/dev/null >/proc/sysrq-trigger || echo sysrq-read-only
        cat /proc/sys/net/ipv4/ip_forward >/tmp/old &&
        cat /tmp/old >/proc/sys/net/ipv4/ip_forward && echo net-writable'
    assert_equal "$stdout" "sys-read-only
sysrq-read-only
net-writable"
    inside "lxc.mount.auto =" "lxc.mount.auto = proc:rw" -- '
        echo mine >/proc/sys/kernel/domainname && cat /proc/sys/kernel/domainname'
    assert_equal "$stdout" mine
}

@test "sys:ro, sys:mixed, sys:rw" {
    mounted "lxc.mount.auto =" "lxc.mount.auto = proc sys:ro" -- /sys
    assert_equal "$type:${options%%,*}" sysfs:ro
    mounted "lxc.mount.auto =" "lxc.mount.auto = proc sys:rw" -- /sys
    assert_equal "$type:${options%%,*}" sysfs:rw
    mounted "lxc.mount.auto =" "lxc.mount.auto = proc sys" -- /sys
    assert_equal "$type:${options%%,*}" sysfs:ro
    for flag in nosuid nodev noexec; do
        assert_contains "$options" "$flag"
    done
    mounted "lxc.mount.auto =" "lxc.mount.auto = proc sys:mixed" -- /sys/devices/virtual/net
    assert_equal "${options%%,*}" rw
}

@test "cgroup automounts: nothing with a cgroup namespace, with force what was asked for" {
    grep -q '^0::' /proc/self/cgroup && [ "$(stat -fc %T /sys/fs/cgroup)" = tmpfs ] ||
        skip "this is about a hybrid host"
    inside "lxc.mount.auto = cgroup:mixed" -- 'grep -c " /sys/fs/cgroup" /proc/self/mountinfo'
    assert_equal "$stdout" 0
    mounted "lxc.mount.auto = cgroup:mixed:force" -- /sys/fs/cgroup
    assert_equal "$type" tmpfs
    assert_contains "$stdout" " - cgroup "
    inside "lxc.mount.auto = cgroup:ro:force" -- '
        mkdir /sys/fs/cgroup/memory/x 2>/dev/null || echo read-only'
    assert_equal "$stdout" read-only
    inside "lxc.mount.auto = cgroup:rw:force" -- '
        set -- $(find /sys/fs/cgroup/memory -name "lxc.payload.m1*") /sys/fs/cgroup/memory
        mkdir $1/x && rmdir $1/x && echo writable'
    assert_equal "$stdout" writable
}

@test "autodev: a small tmpfs with the six devices and four links" {
    mounted -- /dev
    assert_equal "$type" tmpfs
    inside -- '
        for node in full null random tty urandom zero; do stat -c "%n %a %t,%T" /dev/$node; done
        for link in fd stdin stdout stderr; do readlink /dev/$link; done
        stat -c %a /dev; ls /dev/pts/ptmx; head -c 3 /dev/zero | wc -c'
    assert_equal "$stdout" "/dev/full 666 1,7
/dev/null 666 1,3
/dev/random 666 1,8
/dev/tty 666 5,0
/dev/urandom 666 1,9
/dev/zero 666 1,5
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
755
/dev/pts/ptmx
3"
}

@test "lxc.autodev.tmpfs.size limits /dev; lxc.autodev = 0 leaves the root's own" {
    inside "lxc.autodev.tmpfs.size = 65536" \
        -- 'dd if=/dev/zero of=/dev/shm0 bs=1k count=999 2>/dev/null; wc -c </dev/shm0'
    [ "$stdout" -gt 0 ]
    [ "$stdout" -le 65536 ]
    echo own >"$LXCPATH/m1/rootfs/dev/own"
    inside "lxc.autodev = 0" -- 'cat /dev/own; ls /dev/full 2>/dev/null'
    assert_contains "$stdout" own
    refute_contains "$stdout" full
    rm "$LXCPATH/m1/rootfs/dev/own"
}

@test "lxc.pty.max and lxc.tty.max: devpts of the container's own" {
    mounted -- /dev/pts
    assert_equal "$type" devpts
    assert_contains "$stdout" "ptmxmode=666"
    lxc-start -P "$LXCPATH" -n m1 -s "lxc.tty.max = 2" -s "lxc.tty.dir = lxc"
    assert_equal "$(in_container m1 sh -c 'readlink /dev/tty1; test -c /dev/lxc/tty2 && echo pty;
        test -c /dev/console && echo console; ls /dev/tty3 2>/dev/null || true')" "lxc/tty1
pty
console"
}

@test "shmounts: what is mounted on the host's shared directory appears inside" {
    mkdir -p "$HOST/shared"
    mount -t tmpfs shared "$HOST/shared"
    mount --make-shared "$HOST/shared"
    mkdir "$HOST/shared/late"
    lxc-start -P "$LXCPATH" -n m1 -s "lxc.mount.auto = shmounts:$HOST/shared"
    mount -t tmpfs late "$HOST/shared/late"
    echo late >"$HOST/shared/late/file"
    assert_equal "$(in_container m1 cat /dev/.lxc-mounts/late/file)" late
}

@test "the host's / as the root, with and without a user namespace" {
    inside "lxc.rootfs.path = dir:/" "lxc.mount.entry =" "lxc.mount.auto =" \
        "lxc.mount.auto = proc sys" -- "cat '$HOST/tree/file'; cat /proc/1/comm"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(head -n 1 <<<"$stdout")" outside
    # Nothing of the host's that the kernel has locked can be taken away: it is covered.
    inside "lxc.rootfs.path = dir:/" "lxc.mount.entry =" "lxc.idmap = u 0 300000 65536" \
        "lxc.idmap = g 0 300000 65536" "lxc.mount.auto =" "lxc.mount.auto = proc sys" \
        -- "cat '$HOST/tree/file'; readlink /proc/self; cat /proc/1/comm; ls /dev/pts/ptmx"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed -n '1p;4p' <<<"$stdout")" "outside
/dev/pts/ptmx"
    [ ! -e /.lxc_keep ]
}

@test "a host whose root is the initial ramdisk: the root is exchanged, and stays out of reach" {
    initial() {
        run_apart "$BATS_TEST_DIRNAME/initial_root.py" lxc-execute -P "$LXCPATH" -n m1 "$@"
    }
    initial -- /bin/sh -c 'ls /bin/busybox;
        grep -cE " [^ ]*/m1/rootfs / " /proc/self/mountinfo'
    [ "$status" -ne 77 ] || skip "the real root can't be taken away: $stderr"
    assert_equal "$status:$stdout:$stderr" "0:/bin/busybox
1:"
    # In a user namespace it must not be found by taking away what lies on it.
    initial -s "lxc.idmap = u 0 300000 65536" -s "lxc.idmap = g 0 300000 65536" \
        -s "lxc.rootfs.options = idmap=container" -- /bin/sh -c '
        umount -l / 2>/dev/null || echo locked; ls / | grep tare-host || echo hidden'
    assert_equal "$status:$stdout:$stderr" "0:locked
hidden:"
    run_apart "$BATS_TEST_DIRNAME/initial_root.py" sh -c "
        lxc-start -P '$LXCPATH' -n m1 && lxc-attach -P '$LXCPATH' -n m1 -- ls /bin/busybox &&
        lxc-stop -P '$LXCPATH' -n m1"
    assert_equal "$status:$stdout:$stderr" "0:/bin/busybox:"
}

@test "lxc.rootfs.options = ro, and a root on a read-only file system" {
    inside "lxc.rootfs.options = ro" -- 'touch /new 2>/dev/null || echo read-only; ls /dev/null'
    assert_equal "$status:$stdout" "0:read-only
/dev/null"
    mkdir -p "$HOST/shared"
    mount --bind "$LXCPATH/m1/rootfs" "$HOST/shared"
    mount -o remount,bind,ro "$HOST/shared"
    ln -sfn "$HOST/shared" "$HOST/link"
    inside "lxc.rootfs.path = dir:$HOST/link" \
        "lxc.mount.entry = $HOST/tree $HOST/link/opt none bind 0 0" \
        -- 'touch /new 2>/dev/null || echo read-only; cat /opt/file'
    assert_equal "$status:$stdout" "0:read-only
outside"
}

@test "no root at all: the host's files, mounts private to the container" {
    printf "%s\n" "lxc.net.0.type = empty" "lxc.uts.name = rootless" >"$HOST/rootless.conf"
    run_apart lxc-execute -P "$LXCPATH" -n rootless -f "$HOST/rootless.conf" \
        -s "lxc.mount.entry = tmpfs ${HOST:1}/victim2 tmpfs create=dir 0 0" -- sh -c "
        cat '$HOST/tree/file'; touch '$HOST/victim2/inside'; mount -t tmpfs x '$HOST/tree/sub'
        touch '$HOST/tree/sub/inside'; hostname"
    assert_equal "$status:$stdout" "0:outside
rootless"
    assert_equal "$(ls "$HOST/victim2" "$HOST/tree/sub")" "$HOST/tree/sub:

$HOST/victim2:"
}

# nested OUTER-LINE… -- INNER-LINES: a container of the template inside a container of the template,
# with our programs bound in; what its life prints in $stdout.
nested() {
    # Copies: root of a user namespace need not be able to reach a checkout below /root.
    mkdir -p "$HOST/tare/bin" "$HOST/tare/helpers"
    cp -a "$TARE_BIN"/* "$HOST/tare/bin"
    find "$TARE_HELPERS" -maxdepth 1 -type f -name 'lxc-*' -exec cp -t "$HOST/tare/helpers" {} +
    cp "$TEMPLATE" "$HOST/tare/template"
    make_container outer "lxc.mount.entry = $HOST/tare opt/tare none bind,ro,create=dir 0 0" \
        "lxc.mount.entry = proc dev/.lxc/proc proc create=dir,optional 0 0" \
        "lxc.mount.entry = sys dev/.lxc/sys sysfs create=dir,optional 0 0" "${@:1:$#-2}"
    printf 'lxc.rootfs.mount = /mnt\nlxc.net.0.type = empty\n%b' "${*: -1}" \
        >"$LXCPATH/outer/rootfs/inner.conf"
    lxc-start -P "$LXCPATH" -n outer
    run_apart lxc-attach -P "$LXCPATH" -n outer -- /bin/sh -c '
        export PATH=/opt/tare/bin:$PATH TARE_HELPERS=/opt/tare/helpers
        mkdir -p /srv && cd /srv || exit 1
        lxc-create -P /srv -n inner -f /inner.conf -t /opt/tare/template >/dev/null &&
        lxc-start -P /srv -n inner &&
        lxc-attach -P /srv -n inner -- sh -c "hostname; id -u; sed 1q /proc/self/uid_map" &&
        lxc-ls -P /srv --active -1 &&
        lxc-stop -P /srv -n inner && lxc-execute -P /srv -n inner -- echo executed &&
        lxc-destroy -P /srv -n inner && ls /srv'
    lxc-stop -P "$LXCPATH" -n outer -k
    lxc-destroy -P "$LXCPATH" -n outer
}

@test "a container in a container: privileged, and in one and two user namespaces" {
    nested -- ""
    assert_equal "$status:$(tr -s ' ' <<<"$stdout"):$stderr" "0:inner
0
 0 0 4294967295
inner
executed:"
    maps=("lxc.idmap = u 0 300000 200000" "lxc.idmap = g 0 300000 200000"
        "lxc.rootfs.options = idmap=container")
    nested "${maps[@]}" -- ""
    assert_equal "$status:$(tr -s ' ' <<<"$stdout"):$stderr" "0:inner
0
 0 300000 200000
inner
executed:"
    nested "${maps[@]}" -- "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"
    assert_equal "$status:$(tr -s ' ' <<<"$stdout"):$stderr" "0:inner
0
 0 100000 65536
inner
executed:"
}
