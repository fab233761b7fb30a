#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Looking is harmless: what lists and shows containers reads names, markers, addresses and files
# that containers and other users have made. None of it is obeyed, and none drives a terminal.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    mkdir "$LXCPATH/.host"
    echo "of the host" >"$LXCPATH/.host/file"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    rm -rf "$LXCPATH"/[pu]* "$LXCPATH/.others"
}

escape=$'\e'

# look_at LXCPATH NAME: everything that looks at a container, one after the other, as root.
look_at() {
    run lxc-ls -P "$1" -f
    run lxc-ls -P "$1" --format json
    run lxc-info -P "$1" -n "$2"
    run lxc-freeze -P "$1" -n "$2"
    run lxc-stop -P "$1" -n "$2" -k
    run lxc-start -P "$1" -n "$2" --plan
}

# A lxcpath of user 65001 with a container x, whose directory is theirs, too.
foreign_container() {
    mkdir -p "$LXCPATH/.others/x/rootfs"
    echo "lxc.rootfs.path = dir:$LXCPATH/.others/x/rootfs" >"$LXCPATH/.others/x/config"
    chown -R 65001:65001 "$LXCPATH/.others"
}

# marker DIRECTORY [NOTE]: the journal of a creation that has made the directory.
marker() {
    printf 'tare 1\n%bmade %s %s\n' "${2-}" "$(stat -c %d:%i "$1")" "$1"
}

@test "somebody else's marker of an unfinished creation removes nothing" {
    foreign_container
    marker "$LXCPATH/.host" >"$LXCPATH/.others/x/partial"
    chown 65001:65001 "$LXCPATH/.others/x/partial"
    look_at "$LXCPATH/.others" x
    assert_equal "$(<"$LXCPATH/.host/file")" "of the host"
    [ -e "$LXCPATH/.others/x/config" ]
    run lxc-create -P "$LXCPATH/.others" -n x -f "$EMPTY_NET" -t "$TEMPLATE"
    run lxc-destroy -P "$LXCPATH/.others" -n x
    assert_equal "$(<"$LXCPATH/.host/file")" "of the host"
    # Without a configuration the marker is all that there is.
    mkdir -p "$LXCPATH/.others/y"
    marker "$LXCPATH/.host" >"$LXCPATH/.others/y/partial"
    chown -R 65001:65001 "$LXCPATH/.others"
    run lxc-destroy -P "$LXCPATH/.others" -n y
    assert_equal "$status" 1
    run lxc-create -P "$LXCPATH/.others" -n y -f "$EMPTY_NET" -t "$TEMPLATE"
    assert_equal "$status" 1
    assert_contains "$output" "user 65001"
    assert_equal "$(<"$LXCPATH/.host/file")" "of the host"
}

# The directory of a container belongs to its root; the lxcpath does not.
@test "a marker that container root has made in its directory removes nothing" {
    stage u1
    marker "$LXCPATH/.host" >"$LXCPATH/u1/partial"
    chown -R "$FIRST_ID" "$LXCPATH/u1"
    look_at "$LXCPATH" u1
    # What is ours, made by another name of the same file, is not ours.
    rm "$LXCPATH/u1/partial"
    marker "$LXCPATH/.host" >"$LXCPATH/.host/note"
    ln "$LXCPATH/.host/note" "$LXCPATH/u1/partial"
    look_at "$LXCPATH" u1
    assert_equal "$(<"$LXCPATH/.host/file")" "of the host"
    rm "$LXCPATH/.host/note"
    [ -e "$LXCPATH/u1/config" ]
}

@test "a marker of root's in a lxcpath of somebody else's, who could exchange it, removes nothing" {
    foreign_container
    marker "$LXCPATH/.host" >"$LXCPATH/.others/x/partial"
    look_at "$LXCPATH/.others" x
    assert_equal "$(<"$LXCPATH/.host/file")" "of the host"
    [ -e "$LXCPATH/.others/x/config" ]
}

@test "our own marker of an unfinished creation is obeyed" {
    mkdir "$LXCPATH/p1" "$LXCPATH/.host/made"
    cp "$EMPTY_NET" "$LXCPATH/p1/config"
    marker "$LXCPATH/.host/made" 'made-directory\n' >"$LXCPATH/p1/partial"
    run lxc-ls -P "$LXCPATH" -f
    [ ! -e "$LXCPATH/.host/made" ]
    [ ! -e "$LXCPATH/p1" ]
}

@test "a log that somebody else's configuration names is not opened by looking" {
    foreign_container
    printf '%s\n' "lxc.log.file = $LXCPATH/.host/created" "lxc.log.level = TRACE" \
        >>"$LXCPATH/.others/x/config"
    run -0 lxc-ls -P "$LXCPATH/.others" -f
    assert_contains "$output" x
    run -0 lxc-info -P "$LXCPATH/.others" -n x
    assert_contains "$output" STOPPED
    [ ! -e "$LXCPATH/.host/created" ]
}

# Whoever opens a pipe waits until somebody opens its other end.
@test "a configuration that is a pipe, or includes one, makes nobody wait" {
    foreign_container
    own=$LXCPATH/.others/x/config
    mkfifo "$LXCPATH/.others/pipe"
    ln -s "$LXCPATH/.others/pipe" "$LXCPATH/.others/x/include"
    for how in "config" "include"; do
        if [ "$how" = config ]; then
            rm "$own"
            mkfifo "$own"
        else
            rm "$own"
            echo "lxc.include = $LXCPATH/.others/x/include" >"$own"
        fi
        for command in "ls -f" "ls --format=json" "info x" "freeze x" "stop -k x" "attach x -- id" \
            "start x --plan" "destroy x" "create x -t none"; do
            # shellcheck disable=SC2086 # several words
            run timeout 10 "lxc-${command%% *}" -P "$LXCPATH/.others" ${command#* } </dev/null
            [ "$status" -ne 124 ] || fail "lxc-$command waits for a $how"
            [[ $command == create* ]] || assert_contains "$output" "is no regular file"
        done
    done
    # What root names itself may be one.
    run -0 timeout 10 lxc-execute -P "$LXCPATH" -n x -f <(echo "lxc.uts.name = piped") -- hostname
    assert_equal "$output" piped
}

@test "the log beside a container's configuration follows no link of its directory's owner" {
    local had=

    [ ! -e /var/log/lxc/u1.log ] || had=1
    stage u1
    chown -R "$FIRST_ID" "$LXCPATH/u1"
    echo untouched >"$LXCPATH/.host/log"
    for target in "$LXCPATH/.host/log" "$LXCPATH/.host/new"; do
        ln -sfn "$target" "$LXCPATH/u1/u1.log"
        run lxc-start -P "$LXCPATH" -n u1 -l TRACE -F -- /bin/true </dev/null
        assert_equal "$(<"$LXCPATH/.host/log")" untouched
        [ ! -e "$LXCPATH/.host/new" ]
    done
    rm "$LXCPATH/u1/u1.log"
    ln "$LXCPATH/.host/log" "$LXCPATH/u1/u1.log"
    run lxc-start -P "$LXCPATH" -n u1 -l TRACE -F -- /bin/true </dev/null
    assert_equal "$(<"$LXCPATH/.host/log")" untouched
    rm "$LXCPATH/u1/u1.log"
    run -0 lxc-start -P "$LXCPATH" -n u1 -l TRACE -F -- /bin/true </dev/null
    [ -s "$LXCPATH/u1/u1.log" ] || [ -s /var/log/lxc/u1.log ]
    [ "$had" ] || rm -f /var/log/lxc/u1.log
    rm "$LXCPATH/.host/log"
}

# bind_address NAME: as root, for a stranger's would not be listed at all.
bind_address() {
    python3 - "$LXCPATH/$1/command" 3>&- <<'PY' &
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(b"\0" + os.fsencode(sys.argv[1]))
s.listen()
time.sleep(60)
PY
    squatter=$!
    wait_until 10 grep -q "@$LXCPATH/" /proc/net/unix
}

@test "names that others give are listed without what drives terminals and scripts" {
    stage p1
    bind_address "p-${escape}[31mred"
    for option in -1 --active -f --format=json; do
        run -0 lxc-ls -P "$LXCPATH" "$option"
        refute_contains "$output" "$escape"
        refute_contains "$output" red
    done
    kill "$squatter"
    wait "$squatter" || true
    for name in "p-${escape}[31mred" $'p-\nred' $'p-\rred' $'p-\x7fred'; do
        cp -a "$LXCPATH/p1" "$LXCPATH/$name"
    done
    # One that is no UTF-8, and one with a control character of Unicode's (CSI).
    cp -a "$LXCPATH/p1" "$LXCPATH/"$'p-\xff'
    cp -a "$LXCPATH/p1" "$LXCPATH/"$'p-\xc2\x9b31m'
    for option in -1 -f; do
        run -0 lxc-ls -P "$LXCPATH" "$option"
        refute_contains "$output" "$escape"
        refute_contains "$output" red
        refute_contains "$output" $'\xff'
        refute_contains "$output" $'\x9b'
        assert_contains "$output" 'p-\xff'
        assert_contains "$output" p1
    done
}

# Whoever asks them waits as long as they like: connect(2) does while a backlog is full.
@test "sockets of others are no containers, and nobody waits for them" {
    stage p1
    python3 - "$LXCPATH/p-waits/command" 3>&- <<'PY' &
import os, socket, sys, time
address = b"\0" + os.fsencode(sys.argv[1])
os.setresuid(65001, 65001, 65001)
s = socket.socket(socket.AF_UNIX)
s.bind(address)
s.listen(0)
clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(address)
time.sleep(60)
PY
    squatter=$!
    wait_until 10 grep -q "@$LXCPATH/p-waits" /proc/net/unix
    for options in --active "-f -F name,state" --format=json; do
        # shellcheck disable=SC2086 # several words
        run -0 lxc-ls -P "$LXCPATH" $options
        refute_contains "$output" p-waits
        refute_contains "$output" "did not answer"
    done
    kill "$squatter"
    wait "$squatter" || true
}

# Interfaces may be called anything without blanks, slashes and colons.
@test "names of interfaces are shown without what drives terminals" {
    stage u1 "lxc.mount.auto = proc:mixed"
    start u1
    init=$(lxc-info -P "$LXCPATH" -n u1 -pH)
    in_network() { nsenter -t "$init" -U -n ip "$@"; }
    in_network link add "${escape}[2Jx" type veth peer name other
    in_network link set "${escape}[2Jx" up
    in_network addr add 10.99.0.1/24 dev "${escape}[2Jx"
    wait_until 10 eval 'lxc-ls -P "$LXCPATH" -f -F ipv4 | grep -q 10.99.0.1'
    for format in "-f -F name,interface,ipv4" --format=json; do
        run -0 lxc-ls -P "$LXCPATH" $format
        refute_contains "$output" "$escape"
        assert_contains "$output" "[2Jx"
    done
    run -0 lxc-info -P "$LXCPATH" -n u1
    refute_contains "$output" "$escape"
}

# Whoever has CAP_NET_ADMIN in a network namespace may send to every socket of netlink's there.
@test "addresses that the kernel did not tell of are not believed" {
    for name in p1 u1; do
        stage "$name" "lxc.mount.auto = proc:mixed"
        start "$name"
        run -0 lxc-attach -P "$LXCPATH" -n "$name" -- /bin/intruder forge </dev/null
        assert_contains "$output" "sent"
        refute_contains "$(lxc-ls -P "$LXCPATH" -f -F name,ipv4)" 6.6.6.6
        refute_contains "$(lxc-info -P "$LXCPATH" -n "$name" -iH)" 6.6.6.6
    done
}

# A hostile program where lxc-ls --nesting would look for one of ours.
hostile_inside() {
    local root=$LXCPATH/$1/rootfs records

    records=$root/run/lxc/runs/$(printf '%s' /var/lib/lxc | fnv)
    mkdir -p "$records" "$root/usr/libexec/lxc" "$root/var/lib/lxc/inner"
    printf '#!/bin/sh\nid >/tmp/ran\nls -l /proc/self/fd >/tmp/fds\n/bin/intruder inject\n' \
        >"$root/usr/libexec/lxc/lxc-supervisor-77"
    chmod 755 "$root/usr/libexec/lxc/lxc-supervisor-77"
    echo "lxc.uts.name = inner" >"$root/var/lib/lxc/inner/config"
    # The head that all formats share: magic, format, number of its program, version, boot.
    python3 - >"$records/inner" <<'PY'
import struct, sys
boot = open("/proc/sys/kernel/random/boot_id").read().strip().encode()
head = struct.pack("<8sII24s40s", b"TARERUN", 77, 77, b"7.7", boot)
sys.stdout.buffer.write(head + bytes(1 << 17))
PY
    chmod -R go= "$root/run/lxc/runs"
    [ "$2" -eq 0 ] || chown -R "$2:$2" "$root/run" "$root/var" "$root/usr"
}

# FNV-1a of 64 bits.
fnv() {
    python3 -c '
import sys
h = 0xcbf29ce484222325
for b in sys.stdin.buffer.read():
    h = (h ^ b) * 0x100000001b3 % 2**64
print("%016x" % h)'
}

@test "CVE-2016-10124: listing inside a container gives it nothing of the terminal" {
    needs_tiocsti
    stage p1 "lxc.mount.auto = proc:mixed"
    stage u1 "lxc.mount.auto = proc:mixed"
    for name in p1 u1; do
        hostile_inside "$name" "$([ "$name" = p1 ] && echo 0 || echo "$FIRST_ID")"
        start "$name"
        for streams in all none; do
            run "$INTRUDER" terminal "$streams" lxc-ls -P "$LXCPATH" -f --nesting </dev/null
            assert_contains "$output" "injected 0"
        done
        # That it is run is what the attack takes for granted; what it has open is nothing of ours.
        [ -e "$LXCPATH/$name/rootfs/tmp/ran" ]
        for secret in "$LXCPATH" /dev/pts; do
            refute_contains "$(<"$LXCPATH/$name/rootfs/tmp/fds")" "> $secret"
        done
        finish "$name"
    done
}

@test "CVE-2019-5736: listing inside a privileged container is no way to the program that lists" {
    stage p1 "lxc.mount.auto = proc:mixed"
    start p1
    before=$(sha256sum "$TARE_BIN/lxc-ls")
    lxc-attach -P "$LXCPATH" -n p1 -- /bin/intruder watch /tmp/enough \
        </dev/null >"$BATS_TEST_TMPDIR/report" &
    watcher=$!
    for _ in {1..40}; do
        lxc-ls -P "$LXCPATH" -f --nesting >/dev/null
    done
    touch "$LXCPATH/p1/rootfs/tmp/enough"
    wait "$watcher"
    assert_contains "$(<"$BATS_TEST_TMPDIR/report")" seen
    refute_contains "$(<"$BATS_TEST_TMPDIR/report")" OVERWRITTEN
    # A callback keeps what its caller has open, but it is born inside.
    refute_contains "$(grep 'LOOKED.* root' "$BATS_TEST_TMPDIR/report")" LOOKED
    refute_contains "$(<"$BATS_TEST_TMPDIR/report")" /sys/fs/cgroup
    assert_equal "$(sha256sum "$TARE_BIN/lxc-ls")" "$before"
}

# slow_inside SECONDS: listing inside p1 takes that long.
slow_inside() {
    stage p1 "lxc.mount.auto = proc:mixed"
    hostile_inside p1 0
    script p1 /usr/libexec/lxc/lxc-supervisor-77 <<<"#!/bin/sh
touch /tmp/waits
exec sleep $1"
    start p1
}

@test "a container that does not answer what is inside it does not hang the list" {
    slow_inside 1000
    run timeout 20 lxc-ls -P "$LXCPATH" -f --nesting
    assert_equal "$status" 0
    assert_contains "$output" p1
    [ -e "$LXCPATH/p1/rootfs/tmp/waits" ]
}

# Root of a privileged container may write to whatever a process in it has open.
@test "what a container tells of what is inside it never looks like one of the host's" {
    slow_inside 2
    # Rows: depth, then the cells, all with a NUL behind them.
    for row in '1\0+nested' '0\0+forged'; do
        printf "$row"'\0+RUNNING\0'
        head -c 9 /dev/zero
    done >"$LXCPATH/p1/rootfs/tmp/rows"
    # shellcheck disable=SC2016 # the inner shell's
    timeout 20 lxc-attach -P "$LXCPATH" -n p1 -- /bin/sh -c 'until [ -e /tmp/waits ]; do sleep 0.1; done
        for pipe in /proc/[0-9]*/fd/3; do
            [ ! -p "$pipe" ] || cat /tmp/rows >"$pipe"
        done' </dev/null 3>&- &
    run -0 timeout 20 lxc-ls -P "$LXCPATH" -f --nesting -F name,state
    wait
    # That the attack works, and what it does not reach.
    assert_contains "$output" '\nested'
    refute_contains "$output" forged
}
