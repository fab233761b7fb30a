#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-debian and lxc-ubuntu with programs in place of mmdebstrap and apt that record what they are
# asked for and install a busybox (spec/templates-and-services.md §1, §5.2); the protocol of templates
# with mapped ids; the configurations that templates include (§6).

load helpers
load containers
load share

setup_file() {
    make_lxcpath
    stage_share "$LXCPATH/share"
    mkdir "$LXCPATH/bin"
    make_programs
}

teardown_file() {
    remove_lxcpath
}

setup() {
    PATH=$LXCPATH/bin:$PATH
    RECORD=$BATS_TEST_TMPDIR/record
    LXC_CACHE_PATH=$LXCPATH/cache-$BATS_TEST_NUMBER
    FAKE_MESSAGE=''
    export PATH RECORD LXC_CACHE_PATH FAKE_MESSAGE
    mkdir -m 777 "$RECORD"
    chmod 755 "$BATS_TEST_TMPDIR"
}

teardown() {
    stop_all
    rm -rf "${LXC_CACHE_PATH:?}"
}

# A root file system of busybox for mmdebstrap and debootstrap to install, and what apt knows.
make_programs() {
    local name

    mkdir -p "$LXCPATH"/tree/{bin,sbin,dev,proc,sys,tmp,root,home,etc/apt/apt.conf.d,etc/init.d,run} \
        "$LXCPATH"/tree/{usr/bin,usr/sbin,var/lib/dbus,lib/systemd/system}
    cp "$(command -v busybox)" "$LXCPATH/tree/bin/busybox"
    for name in sh mkdir cat hostname sleep chown; do
        ln -s busybox "$LXCPATH/tree/bin/$name"
    done
    ln -s ../bin/busybox "$LXCPATH/tree/sbin/init"
    ln -s ../../bin/busybox "$LXCPATH/tree/usr/bin/env"
    echo 'root:*:0:0:root:/root:/bin/sh' >"$LXCPATH/tree/etc/passwd"
    echo 'root:x:0:' >"$LXCPATH/tree/etc/group"
    echo 'proxy' >"$LXCPATH/tree/etc/apt/apt.conf.d/99mmdebstrap"
    echo cafe >"$LXCPATH/tree/etc/machine-id"
    : >"$LXCPATH/tree/lib/systemd/system/systemd-resolved.service"
    for name in systemctl useradd usermod chpasswd ssh-keygen apt-get; do
        printf '#!/bin/sh\n{ echo "%s $*"; [ %s != chpasswd ] || cat; } >>/calls\n' "$name" "$name" \
            >"$LXCPATH/tree/usr/bin/$name"
    done
    # In the container there is root, and nobody else.
    printf '#!/bin/sh\necho "getent $*" >>/calls\n%s\n' \
        'while read -r line; do [ "${line%%:*}" != "$2" ] || { echo "$line"; exit 0; }; done </etc/passwd' \
        'exit 2' >"$LXCPATH/tree/usr/bin/getent"
    chmod 755 "$LXCPATH"/tree/usr/bin/*

    cat >"$LXCPATH/bin/mmdebstrap" <<'FAKE'
#!/bin/sh
echo run >>"$RECORD/runs"
printf '%s\n' "$@" >"$RECORD/arguments"
[ -z "$FAKE_MESSAGE" ] || { echo "$FAKE_MESSAGE" >&2; exit 25; }
for word; do
    case $word in
    --customize-hook=*) hook=${word#*=} ;;
    --aptopt=*) cp "${word#*=}" "$RECORD/apt.conf" ;;
    */sources) cp "$word" "$RECORD/sources" ;;
    *.tar) target=$word ;;
    esac
done
[ ! -e "$RECORD/pause" ] || { echo $$ >"$RECORD/pid"; sleep 30; }
cp -a "$LXCPATH/tree" "$TMPDIR/tree"
"$hook" "$TMPDIR/tree" && tar -C "$TMPDIR/tree" -cf "$target" .
FAKE
    cat >"$LXCPATH/bin/apt-get" <<'FAKE'
#!/bin/sh
[ "$1" = indextargets ] || exit 1
echo 'Packages|Other|bookworm|http://other.example/debian'
echo 'Packages|Debian|bookworm-backports|http://backports.example/debian'
echo 'Packages|Debian|bookworm-security|http://security.example/debian-security/'
echo 'Packages|Debian|bookworm|http://mirror.example/debian/'
echo 'Translations|Debian|bookworm|http://wrong.example/debian'
FAKE
    cat >"$LXCPATH/bin/apt-config" <<'FAKE'
#!/bin/sh
echo 'Acquire::http::Proxy "http://proxy.example:3142";'
echo 'Acquire::Retries "3";'
echo 'APT::Architecture "wrong";'
FAKE
    echo cat >"$LXCPATH/bin/unused"
    chmod 755 "$LXCPATH"/bin/*
}

create() {
    local name=$1

    shift
    lxc-create -P "$LXCPATH" -n "$name" -f "$EMPTY_NET" -t "$SHARE/templates/lxc-debian" -- "$@"
}

@test "lxc-debian: the host's archive, proxies and a list of packages reach mmdebstrap" {
    run_apart create a1 -r bookworm -a x86_64 --packages=vim,less --packages "nano"
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "Checking cache download in $LXC_CACHE_PATH/debian/rootfs-bookworm-amd64-"
    assert_contains "$stdout" "Copying rootfs to $LXCPATH/a1/rootfs ..."
    assert_contains "$stdout" "lxc-attach -n a1 -- passwd root"
    assert_contains "$(<"$RECORD/arguments")" "--architectures=amd64"
    for package in vim less nano systemd-sysv systemd-resolved dbus; do
        grep -q "^--include=.*\b$package\b" "$RECORD/arguments"
    done
    refute_contains "$(<"$RECORD/arguments")" "--mode"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    option=
    [ ! -r "$key" ] || option="[signed-by=$key] "
    assert_equal "$(<"$RECORD/sources")" "deb ${option}http://mirror.example/debian bookworm main
deb ${option}http://mirror.example/debian bookworm-updates main
deb ${option}http://security.example/debian-security bookworm-security main"
    assert_equal "$(<"$RECORD/apt.conf")" 'Acquire::http::Proxy "http://proxy.example:3142";
Acquire::Retries "3";'
    assert_equal "$(ls -A "$LXC_CACHE_PATH/debian" | grep -v '^rootfs-.*tar$')" lock
    lxc-destroy -P "$LXCPATH" -n a1
}

@test "lxc-debian: what is in the root file system, and a container that starts" {
    create a2 -r bookworm >/dev/null
    root=$LXCPATH/a2/rootfs
    assert_equal "$(<"$root/etc/hostname")" a2
    [ -e "$root/etc/machine-id" ]
    [ ! -s "$root/etc/machine-id" ]
    [ ! -e "$root/etc/apt/apt.conf.d/99mmdebstrap" ]
    assert_equal "$(readlink "$root/etc/systemd/system/systemd-udevd.service")" /dev/null
    assert_equal "$(readlink "$root/etc/resolv.conf")" ../run/systemd/resolve/stub-resolv.conf
    assert_contains "$(<"$root/calls")" "systemctl enable systemd-networkd.service"
    refute_contains "$(<"$root/calls")" chpasswd
    config=$(<"$LXCPATH/a2/config")
    assert_contains "$config" "lxc.include = $SHARE/config/debian.common.conf"
    refute_contains "$config" userns
    assert_contains "$config" "lxc.uts.name = a2"
    assert_contains "$config" "lxc.arch = amd64"
    assert_contains "$config" "lxc.tty.max = 4"
    assert_contains "$config" "lxc.signal.halt = SIGRTMIN+3"
    lxc-start -P "$LXCPATH" -n a2
    assert_equal "$(in_container a2 hostname)" a2
}

@test "lxc-debian: the cache is used, told apart, flushed and cleaned" {
    create c1 -r bookworm >/dev/null
    create c2 -r bookworm >/dev/null
    assert_equal "$(wc -l <"$RECORD/runs")" 1
    create c3 -r bookworm --packages=vim >/dev/null
    create c4 -r bookworm --mirror=http://own.example/debian >/dev/null
    assert_equal "$(wc -l <"$RECORD/runs")" 3
    refute_contains "$(<"$RECORD/sources")" updates
    create c5 -r bookworm -F >/dev/null
    assert_equal "$(wc -l <"$RECORD/runs")" 4
    "$SHARE/templates/lxc-debian" --clean
    assert_equal "$(ls -A "$LXC_CACHE_PATH/debian")" lock
}

@test "lxc-debian: of two at once one installs, and the other waits for it" {
    create w1 -r bookworm >"$BATS_TEST_TMPDIR/out1" &
    create w2 -r bookworm >"$BATS_TEST_TMPDIR/out2"
    wait $!
    assert_equal "$(wc -l <"$RECORD/runs")" 1
    [ -e "$LXCPATH/w1/rootfs/sbin/init" ]
    [ -e "$LXCPATH/w2/rootfs/sbin/init" ]
}

@test "lxc-debian: what apt could not do is explained, and leaves nothing" {
    while IFS='|' read -r FAKE_MESSAGE words; do
        run_apart create bad -r bookworm -a amd64
        assert_equal "$status" 1
        assert_contains "$stdout" "$FAKE_MESSAGE"
        assert_contains "$stderr" "$words"
        assert_contains "$stderr" "Failed to create container from template"
        [ ! -e "$LXCPATH/bad" ]
        assert_equal "$(ls -A "$LXC_CACHE_PATH/debian")" lock
    done <<'CASES'
E: The repository 'x bookworm Release' does not have a Release file.|has no release "bookworm" of Debian
W: Failed to fetch x  Could not resolve 'mirror.example'|http://mirror.example/debian can't be reached
W: GPG error: x: NO_PUBKEY 0E98404D386FA1D9|is signed with a key that isn't known here
E: install arch-test for foreign architecture support|programs for "amd64" can't be run here
E: Unable to locate package nosuch|has no package "nosuch" in bookworm (main)
E: Write error - write (28: No space left on device)|no space is left in
E: something else|mmdebstrap could not install Debian bookworm
CASES
}

@test "lxc-debian: an installation that is ended leaves nothing; what a killed one left goes" {
    touch "$RECORD/pause"
    lxc-create -P "$LXCPATH" -n k1 -f "$EMPTY_NET" -t "$SHARE/templates/lxc-debian" -- -r bookworm \
        >/dev/null 2>&1 &
    creator=$!
    wait_until 60 test -s "$RECORD/pid"
    kill -9 "$creator"
    [ ! -d "/proc/$(<"$RECORD/pid")" ] ||
        wait_until 60 sh -c "! kill -0 $(<"$RECORD/pid") 2>/dev/null"
    [ -d "$LXC_CACHE_PATH/debian/work" ]
    rm "$RECORD/pause"
    create k2 -r bookworm >/dev/null
    assert_equal "$(ls -A "$LXC_CACHE_PATH/debian" | grep -v '^rootfs-.*tar$')" lock
    wait
}

@test "lxc-debian: options that are wrong are told before anything is done" {
    local -a words
    while IFS='|' read -r option text; do
        read -r -a words <<<"$option"
        run_apart create bad "${words[@]}"
        assert_equal "$status" 1
        assert_contains "$stderr" "$text"
        [ ! -e "$LXCPATH/bad" ]
        [ ! -e "$RECORD/runs" ]
    done <<'CASES'
-r a/b|the release "a/b" is no name
-a -x|the architecture "-x" is no name
--mirror=nowhere|"nowhere" is no address of an archive
--mirror=http://a[b]|is no address of an archive
--packages=$(id)|is no name of a package
--auth-key=/nonexistent|the file "/nonexistent" can't be read
--bindhome=nosuchuser|the host has no user "nosuchuser"
surplus|"surplus" is no option
--nosuch|unrecognized option
CASES
    run_apart create bad "--password=a
b"
    assert_contains "$stderr" "the password has a control character in it"
    cd "$BATS_TEST_TMPDIR"
    : >"it's"
    : >"a]b"
    run_apart create bad --interpreter-path="it's"
    assert_contains "$stderr" "it's\" can't be named to mmdebstrap"
    run_apart create bad --mirror=http://mirror.example/debian --keyring="a]b"
    assert_contains "$stderr" "a]b\" can't be named to apt"
    [ ! -e "$RECORD/runs" ]
    run_apart create bad --help
    assert_equal "$status" 0
    assert_contains "$stdout" "--packages=LIST"
    [ ! -e "$LXCPATH/bad" ]
}

@test "lxc-debian: without mmdebstrap and debootstrap it says what is missing" {
    mkdir "$BATS_TEST_TMPDIR/few"
    for name in sh getopt sed tr cat grep awk id dirname mkdir rm flock cut sort sha256sum cmp tail \
        uname; do
        ln -s "$(command -v "$name")" "$BATS_TEST_TMPDIR/few/$name"
    done
    mkdir -p "$BATS_TEST_TMPDIR/c"
    : >"$BATS_TEST_TMPDIR/c/config"
    PATH=$BATS_TEST_TMPDIR/few run_apart "$SHARE/templates/lxc-debian" --path="$BATS_TEST_TMPDIR/c" \
        --name=c -r bookworm
    assert_equal "$status" 1
    assert_contains "$stderr" "ERROR: 'mmdebstrap' and 'debootstrap' commands are missing"
}

@test "lxc-debian: debootstrap does it as well, and the updates are installed behind it" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    cat >"$BATS_TEST_TMPDIR/bin/debootstrap" <<'FAKE'
#!/bin/sh
printf '%s\n' "$@" >"$RECORD/arguments"
for word; do case $word in /*/work/root) cp -a "$LXCPATH/tree/." "$word" ;; esac; done
FAKE
    chmod 755 "$BATS_TEST_TMPDIR/bin/debootstrap"
    for file in /usr/bin/* /bin/* /usr/sbin/* "$LXCPATH"/bin/*; do
        case ${file##*/} in
        mmdebstrap | debootstrap) ;;
        *) ln -sf "$file" "$BATS_TEST_TMPDIR/bin/" ;;
        esac
    done
    PATH=$TARE_BIN:$BATS_TEST_TMPDIR/bin run_apart create o1 -r bookworm
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(tail -n 3 "$RECORD/arguments")" "bookworm
$LXC_CACHE_PATH/debian/work/root
http://mirror.example/debian"
    assert_contains "$(<"$LXCPATH/o1/rootfs/calls")" "apt-get -qy dist-upgrade"
    assert_contains "$(<"$LXCPATH/o1/rootfs/etc/apt/sources.list")" bookworm-security
    [ ! -e "$LXCPATH/o1/rootfs/etc/apt/apt.conf.d/99mmdebstrap" ]
}

@test "lxc-debian: passwords, users and keys are as asked for" {
    echo "ssh-ed25519 AAAA me@host" >"$BATS_TEST_TMPDIR/key.pub"
    create p1 -r bookworm --password='a b:c' --auth-key="$BATS_TEST_TMPDIR/key.pub" >/dev/null
    assert_contains "$(<"$RECORD/arguments")" openssh-server
    root=$LXCPATH/p1/rootfs
    assert_contains "$(<"$root/calls")" "root:a b:c"
    assert_contains "$(<"$root/calls")" "ssh-keygen -A"
    assert_equal "$(<"$root/root/.ssh/authorized_keys")" "ssh-ed25519 AAAA me@host"
    assert_equal "$(stat -c %a "$root/root/.ssh")" 700
    create p2 -r bookworm --user=tom --password=x >/dev/null
    root=$LXCPATH/p2/rootfs
    assert_contains "$(<"$root/calls")" "useradd --user-group --create-home --shell /bin/bash tom"
    assert_contains "$(<"$root/calls")" "tom:x"
    create p4 -r bookworm --user=root --auth-key="$BATS_TEST_TMPDIR/key.pub" >/dev/null
    root=$LXCPATH/p4/rootfs
    assert_equal "$(<"$root/root/.ssh/authorized_keys")" "ssh-ed25519 AAAA me@host"
    assert_equal "$(ls -A "$root/home")" ""
    create p3 -r bookworm --bindhome=nobody >/dev/null
    home=$(getent passwd nobody | cut -d : -f 6)
    assert_contains "$(<"$LXCPATH/p3/rootfs/calls")" "useradd --uid $(id -u nobody) --user-group --home-dir $home"
    assert_contains "$(<"$LXCPATH/p3/config")" "lxc.mount.entry = $home ${home#/} none bind,create=dir 0 0"
}

@test "lxc-debian: one veth gets a fixed address of hardware, more are left alone" {
    printf 'lxc.net.0.type = veth\n' >"$BATS_TEST_TMPDIR/one"
    printf 'lxc.net.0.type = veth\nlxc.net.1.type = veth\n' >"$BATS_TEST_TMPDIR/two"
    for config in one two; do
        lxc-create -P "$LXCPATH" -n "h-$config" -f "$BATS_TEST_TMPDIR/$config" \
            -t "$SHARE/templates/lxc-debian" -- -r bookworm >/dev/null
    done
    grep -Eqx 'lxc.net.0.hwaddr = 00:16:3e(:[0-9a-f]{2}){3}' "$LXCPATH/h-one/config"
    refute_contains "$(<"$LXCPATH/h-two/config")" hwaddr
}

@test "lxc-debian: what is named from the working directory is found from anywhere" {
    cd "$LXCPATH"
    : >keys.gpg
    : >interpreter
    LXC_CACHE_PATH=${LXC_CACHE_PATH#"$LXCPATH/"} create rel -r bookworm \
        --mirror=http://own.example/debian --keyring=keys.gpg --interpreter-path=interpreter >/dev/null
    assert_contains "$(<"$RECORD/sources")" "[signed-by=$LXCPATH/keys.gpg] http://own.example/debian"
    assert_contains "$(<"$RECORD/arguments")" "cp '$LXCPATH/interpreter' "
    assert_contains "$(<"$RECORD/arguments")" "--customize-hook=$LXC_CACHE_PATH/debian/work/customize"
    [ -e "$LXCPATH/rel/rootfs$LXCPATH/keys.gpg" ]
}

@test "lxc-ubuntu is lxc-debian by another name" {
    run_apart lxc-create -P "$LXCPATH" -n ubu -f "$EMPTY_NET" -t "$SHARE/templates/lxc-ubuntu" -- \
        -r noble --mirror=http://ubuntu.example/ubuntu
    assert_equal "$status:$stderr" "0:"
    assert_contains "$(<"$RECORD/sources")" "http://ubuntu.example/ubuntu noble main universe"
    assert_contains "$(<"$RECORD/sources")" "http://ubuntu.example/ubuntu noble-security main universe"
    assert_contains "$(<"$LXCPATH/ubu/config")" "lxc.include = $SHARE/config/ubuntu.common.conf"
    assert_contains "$(<"$LXCPATH/ubu/rootfs/calls")" "usermod --append --groups sudo ubuntu"
    refute_contains "$(<"$LXCPATH/ubu/rootfs/calls")" chpasswd
    assert_contains "$stdout" "passwd ubuntu"
}

@test "a template with mapped ids: mount(8) works, and the caller owns the configuration" {
    printf '%s\n' '#!/bin/sh' 'set -e' 'for word; do case $word in --path=*) p=${word#*=} ;; esac; done' \
        'mkdir -p "$p/rootfs/m"' 'mount -t tmpfs none "$p/rootfs/m"' 'cat /proc/self/uid_map' \
        >"$BATS_TEST_TMPDIR/template"
    chmod 755 "$BATS_TEST_TMPDIR/template"
    printf '%s\n' "$(<"$EMPTY_NET")" 'lxc.idmap = u 0 100000 65536' \
        'lxc.idmap = g 0 100000 65536' >"$BATS_TEST_TMPDIR/mapped"
    run_apart lxc-create -P "$LXCPATH" -n m1 -f "$BATS_TEST_TMPDIR/mapped" \
        -t "$BATS_TEST_TMPDIR/template"
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "65536          0          1"
}

@test "lxc-debian with mapped ids: processes of its own, the user's cache, and it starts" {
    printf '%s\n' "$(<"$EMPTY_NET")" 'lxc.idmap = u 0 100000 65536' \
        'lxc.idmap = g 0 100000 65536' >"$BATS_TEST_TMPDIR/mapped"
    unset LXC_CACHE_PATH
    HOME=$LXCPATH run_apart lxc-create -P "$LXCPATH" -n u1 -f "$BATS_TEST_TMPDIR/mapped" \
        -t "$SHARE/templates/lxc-debian" -- -r bookworm
    LXC_CACHE_PATH=$LXCPATH/.cache
    assert_equal "$status:$stderr" "0:"
    assert_contains "$(<"$RECORD/arguments")" "--mode=unshare"
    assert_equal "$(stat -c %u "$LXCPATH"/.cache/lxc/debian/rootfs-*.tar)" 0
    assert_contains "$(<"$LXCPATH/u1/config")" "lxc.include = $SHARE/config/debian.userns.conf"
    assert_equal "$(stat -c %u "$LXCPATH/u1/rootfs/etc/hostname")" 100000
    lxc-start -P "$LXCPATH" -n u1
    assert_equal "$(in_container u1 hostname)" u1
}

@test "every configuration that is shipped loads, and one of long ago starts" {
    for file in "$SHARE"/config/*.conf; do
        run_apart tare config-check "$file"
        assert_equal "$status:$file" "0:$file"
    done
    create old -r bookworm >/dev/null
    cat >"$LXCPATH/old.common.conf" <<'OLD'
lxc.devttydir = lxc
lxc.tty = 4
lxc.pts = 1024
lxc.cap.drop = sys_module mac_admin mac_override sys_time
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c *:* m
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup.devices.allow = c 5:2 rwm
lxc.cgroup.devices.allow = c 136:* rwm
OLD
    cat >"$LXCPATH/old/config" <<OLD
lxc.include = $LXCPATH/old.common.conf
lxc.include = $SHARE/config/ubuntu.common.conf
lxc.rootfs = $LXCPATH/old/rootfs
lxc.rootfs.mount = $LXCPATH/.mount
lxc.utsname = old
lxc.arch = amd64
lxc.network.type = empty
OLD
    lxc-start -P "$LXCPATH" -n old
    assert_equal "$(in_container old hostname)" old
}

@test "templates and hooks are what shellcheck and dash take" {
    command -v shellcheck >/dev/null || skip "shellcheck is missing"
    run shellcheck -s sh "$SHARE"/templates/lxc-{busybox,debian,local} "$SHARE"/hooks/*[!n]
    assert_equal "$status:$output" "0:"
}
