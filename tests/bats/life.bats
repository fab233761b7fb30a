#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The life of a container from the shell: create, start, attach, freeze, stop, reboot, destroy
# (spec/cli.md §3, spec/contracts.md §13).

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container b1
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
}

@test "lxc-create is silent and makes configuration and root" {
    run_apart lxc-create -P "$LXCPATH" -n fresh -f "$EMPTY_NET" -t "$TEMPLATE"
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(stat -c %a "$LXCPATH/fresh")" 770
    assert_equal "$(stat -c %a "$LXCPATH/fresh/config")" 640
    assert_equal "$(stat -c %a "$LXCPATH/fresh/rootfs")" 755
    assert_contains "$(<"$LXCPATH/fresh/config")" "# Template used to create this container: $TEMPLATE"
    lxc-destroy -P "$LXCPATH" -n fresh
    [ ! -e "$LXCPATH/fresh" ]
}

@test "lxc-create refuses what exists, and leaves nothing of what fails" {
    run_apart lxc-create -P "$LXCPATH" -n b1 -t none
    assert_equal "$status:$stderr" "1:lxc-create: b1: Container already exists"
    run_apart lxc-create -P "$LXCPATH" -n bad -t /bin/false
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to create container from template"
    [ ! -e "$LXCPATH/bad" ]
    run_apart lxc-create -P "$LXCPATH" -n bad -f /nonexistent
    assert_equal "$status" 1
    [ ! -e "$LXCPATH/bad" ]
    run_apart lxc-create -P "$LXCPATH" -n bad -B nosuch -t none
    assert_equal "$status:$stderr" "1:lxc-create: bad: nosuch is not a valid backing storage type"
}

@test "lxc-create: what can't be finished leaves nothing, and says why" {
    # A file too large fails as a full disk does, and leaves room for the configuration.
    run_apart bash -c "ulimit -f 64; exec lxc-create -P $LXCPATH -n bad -f $EMPTY_NET -t $TEMPLATE"
    assert_equal "$status" 1
    assert_contains "$stderr" "ERROR: Failed to install rootfs"
    assert_contains "$stderr" "Failed to create container from template"
    [ ! -e "$LXCPATH/bad" ]
    run_apart unshare -m sh -c "mount -t tmpfs -o ro none /run/lxc &&
        exec lxc-create -P $LXCPATH -n bad -t none"
    assert_equal "$status" 1
    assert_contains "$stderr" 'cannot use the directory "/run/lxc/lock"'
    assert_contains "$stderr" "Read-only file system"
    [ ! -e "$LXCPATH/bad" ]
    run_apart lxc-create -P "$LXCPATH" -n bad -t /etc/passwd
    assert_equal "$status" 1
    assert_contains "$stderr" "/etc/passwd is no program that may be run"
}

@test "lxc-create --dir: a directory that is there keeps its mode" {
    local place=$BATS_TEST_TMPDIR/place

    mkdir -m 700 "$place"
    echo mine >"$place/file"
    run_apart lxc-create -P "$LXCPATH" -n bad -f "$EMPTY_NET" -t /bin/false --dir "$place"
    assert_equal "$status" 1
    assert_equal "$(stat -c %a "$place"):$(<"$place/file")" "700:mine"
    run_apart lxc-create -P "$LXCPATH" -n there -f "$EMPTY_NET" -t "$TEMPLATE" --dir "$place"
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(stat -c %a "$place"):$(<"$place/file")" "700:mine"
    [ -x "$place/bin/busybox" ]
    lxc-destroy -P "$LXCPATH" -n there
    # One that is made has the usual mode, whatever the caller's umask is.
    (umask 077 && lxc-create -P "$LXCPATH" -n there -f "$EMPTY_NET" -t "$TEMPLATE" --dir "$place")
    assert_equal "$(stat -c %a "$place")" 755
    lxc-destroy -P "$LXCPATH" -n there
    [ ! -e "$place" ]
}

@test "the busybox template takes no other program for busybox" {
    for program in /bin/false /bin/true /bin/ls /nowhere; do
        run_apart lxc-create -P "$LXCPATH" -n bad -f "$EMPTY_NET" -t "$TEMPLATE" -- \
            --busybox-path="$program"
        assert_equal "$program: $status" "$program: 1"
        assert_contains "$stderr" "ERROR: Failed to find busybox binary ($program)"
        [ ! -e "$LXCPATH/bad" ]
    done
    lxc-create -P "$LXCPATH" -n given -f "$EMPTY_NET" -t "$TEMPLATE" -- \
        --busybox-path="$(command -v busybox)"
    [ -L "$LXCPATH/given/rootfs/bin/sh" ]
    lxc-destroy -P "$LXCPATH" -n given
}

@test "lxc-create -h with a template shows that one's help, too, and creates nothing" {
    for words in "-h -t $TEMPLATE" "-t $TEMPLATE -n helped -h" "--template=$TEMPLATE --help"; do
        # shellcheck disable=SC2086
        run_apart lxc-create -P "$LXCPATH" $words
        assert_equal "$status:$stderr" "0:"
        assert_contains "$stdout" "Usage: lxc-create"
        assert_contains "$stdout" "Usage: lxc-create -t busybox"
    done
    [ ! -e "$LXCPATH/helped" ]
}

@test "lxc-create without template and configuration: a note, and the host name" {
    run_apart lxc-create -P "$LXCPATH" -n plain
    assert_equal "$status:$stdout" "0:"
    assert_equal "$stderr" 'lxc-create: plain: Use "none" if you really want a container without a rootfs'
    assert_contains "$(<"$LXCPATH/plain/config")" "lxc.uts.name = plain"
    lxc-destroy -P "$LXCPATH" -n plain
    run_apart lxc-create -P "$LXCPATH" -n plain -f "$EMPTY_NET"
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(<"$LXCPATH/plain/config")" "$(<"$EMPTY_NET")"
    lxc-destroy -P "$LXCPATH" -n plain
}

@test "a name with blanks is created, with a warning in the log" {
    run_apart lxc-create -P "$LXCPATH" -n "two words" -f "$EMPTY_NET" -o "$LXCPATH/.log" -l WARN
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_contains "$(<"$LXCPATH/.log")" "blanks in a name confuse commands"
    run_apart script -qec "lxc-create -P '$LXCPATH' -n 'three words x' -f '$EMPTY_NET'" /dev/null
    assert_contains "$stdout" "blanks in a name confuse commands"
    lxc-destroy -P "$LXCPATH" -n "two words"
    lxc-destroy -P "$LXCPATH" -n "three words x"
}

@test "lxc-create and lxc-destroy go on where a killed lxc-create was" {
    printf '#!/bin/sh\necho up >"%s/.up"\nsleep 20\n' "$LXCPATH" >"$LXCPATH/.slow"
    chmod 755 "$LXCPATH/.slow"
    for next in lxc-create lxc-destroy; do
        rm -f "$LXCPATH/.up"
        lxc-create -P "$LXCPATH" -n killed -f "$EMPTY_NET" -t "$LXCPATH/.slow" &
        wait_until 10 test -e "$LXCPATH/.up"
        kill -9 $!
        wait $! || true
        [ -e "$LXCPATH/killed/partial" ]
        # The template's processes end at once, but not in no time.
        wait_until 5 "$next" -q -P "$LXCPATH" -n killed
        [ ! -e "$LXCPATH/killed/partial" ]
        [ "$next" = lxc-destroy ] || lxc-destroy -P "$LXCPATH" -n killed
        [ ! -e "$LXCPATH/killed" ]
    done
}

@test "a relative lxcpath works" {
    cd "$LXCPATH"
    lxc-create --lxcpath=relative --name r1 -f "$EMPTY_NET" -t "$TEMPLATE"
    lxc-start --lxcpath=relative --name r1
    assert_equal "$(lxc-info --lxcpath=relative -n r1 -sH)" RUNNING
    lxc-destroy --lxcpath=relative -n r1 -f
    rmdir relative
}

@test "start is silent, a second one says so and succeeds" {
    run_apart lxc-start -P "$LXCPATH" -n b1
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" RUNNING
    run_apart lxc-start -P "$LXCPATH" -n b1
    assert_equal "$status" 0
    assert_contains "$stderr" "Container is already running"
}

@test "starting what is not defined fails" {
    run_apart lxc-start -P "$LXCPATH" -n nosuch
    assert_equal "$status" 1
    assert_contains "$stderr" "No container config specified"
    [ ! -e "$LXCPATH/nosuch" ]
    assert_contains "$stderr" "is not defined in $LXCPATH"
    run_apart lxc-freeze -P "$LXCPATH" -n nosuch
    assert_equal "$status" 1
    assert_contains "$stderr" 'container "nosuch" is not defined in'
}

@test "what another user may not look at is not taken for missing or stopped" {
    local user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    local tool

    "${user[@]}" test -x "$LXCPATH" || skip "the scratch directory is closed to others"
    for tool in start stop info attach freeze unfreeze destroy execute; do
        run_apart "${user[@]}" "lxc-$tool" -P "$LXCPATH" -n b1 -- /bin/true
        assert_equal "$status" 1
        assert_contains "$stderr" "You lack access to $LXCPATH/b1"
    done
}

@test "a definition that can't be is told with its key and its form" {
    run_apart lxc-start -P "$LXCPATH" -n b1 -s "lxc.idmap=u 0 0 x"
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to parse id mapping range: x"
    assert_contains "$stderr" "(command line: lxc.idmap)"
    assert_contains "$stderr" "u|g INSIDE HOST COUNT"
    run_apart lxc-start -P "$LXCPATH" -n b1 -s "lxc.include=/nope"
    assert_contains "$stderr" '/nope"      (command line: lxc.include)'
}

@test "a line break in a name makes no second message" {
    run_apart lxc-start -P "$LXCPATH" -n $'a\nlxc-start: b'
    assert_equal "$(head -n 1 <<<"$stderr")" \
        'lxc-start: a\nlxc-start: b: error: No container config specified'
}

@test "the supervisor has LXC's title, init is its child, its working directory is /" {
    lxc-start -P "$LXCPATH" -n b1
    init=$(lxc-info -P "$LXCPATH" -n b1 -pH)
    supervisor=$(awk '{print $4}' "/proc/$init/stat")
    assert_equal "$(tr '\0' '\n' <"/proc/$supervisor/cmdline")" "[lxc monitor] $LXCPATH b1"
    assert_equal "$(cat "/proc/$supervisor/comm")" lxc-start
    assert_equal "$(readlink "/proc/$supervisor/cwd")" /
    grep -q " @$LXCPATH/b1/command\$" /proc/net/unix
}

# Nobody may be there to collect it.
gone() {
    ! grep -q '^State:[[:blank:]]*[^Z]' "/proc/$1/status" 2>/dev/null
}

# A freezer of version 1 keeps what is killed from dying.
@test "a frozen container whose supervisor is killed is undone like any other" {
    lxc-start -P "$LXCPATH" -n b1
    init=$(lxc-info -P "$LXCPATH" -n b1 -pH)
    lxc-freeze -P "$LXCPATH" -n b1
    supervisor=$(awk '{print $4}' "/proc/$init/stat")
    kill -9 "$supervisor"
    wait_until 5 gone "$supervisor"
    run_apart timeout 20 tare repair -P "$LXCPATH"
    assert_equal "$status:$stdout" "0:1 run undone"
    wait_until 5 gone "$init"
    run_apart lxc-info -P "$LXCPATH" -n b1 -sH
    assert_equal "$stdout:$stderr" "STOPPED:"
}

@test "from another network namespace: what runs is seen, and what needs its socket says so" {
    unshare -n lxc-start -P "$LXCPATH" -n b1
    run -0 lxc-info -P "$LXCPATH" -n b1 -sH
    assert_equal "$output" RUNNING
    run_apart timeout 20 lxc-start -P "$LXCPATH" -n b1
    assert_equal "$status" 0
    assert_contains "$stderr" "already running"
    for tool in "stop -k" "stop -t 1" "stop -r -t 1" freeze unfreeze; do
        # shellcheck disable=SC2086 # words
        run_apart timeout 20 lxc-$tool -P "$LXCPATH" -n b1
        assert_equal "$tool: $status" "$tool: 1"
        assert_contains "$stderr" "another network namespace"
    done
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" RUNNING
    init=$(lxc-info -P "$LXCPATH" -n b1 -pH)
    supervisor=$(awk '{print $4}' "/proc/$init/stat")
    nsenter --net="/proc/$supervisor/ns/net" lxc-stop -P "$LXCPATH" -n b1 -k
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" STOPPED
}

@test "from another PID namespace: the state is seen, and no number that means another process" {
    lxc-start -P "$LXCPATH" -n b1
    run -0 timeout 20 unshare -p -f lxc-info -P "$LXCPATH" -n b1 -sH
    assert_equal "$output" RUNNING
    run -0 timeout 20 unshare -p -f lxc-info -P "$LXCPATH" -n b1 -pH
    assert_equal "$output" ""
    for how in -k -W "-t 0 --nokill"; do
        # shellcheck disable=SC2086 # several words
        run_apart timeout 20 unshare -p -f lxc-stop -P "$LXCPATH" -n b1 $how
        assert_equal "$how: $status" "$how: 1"
        assert_contains "$stderr" "from its PID namespace"
    done
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" RUNNING
}

@test "lxc-attach passes exit codes on" {
    lxc-start -P "$LXCPATH" -n b1
    for code in 0 1 42 125 255; do
        run -"$code" in_container b1 /bin/sh -c "exit $code"
    done
    run -127 in_container b1 /bin/nope
    run -126 in_container b1 /etc/passwd
    run -126 in_container b1 /etc
    run -137 in_container b1 /bin/sh -c 'kill -9 $$'
    run -143 in_container b1 /bin/sh -c 'kill $$'
}

@test "lxc-attach: a frozen container is told, and not waited for" {
    lxc-start -P "$LXCPATH" -n b1
    lxc-freeze -P "$LXCPATH" -n b1
    run_apart timeout 10 lxc-attach -P "$LXCPATH" -n b1 -- true
    assert_equal "$status:$stdout" "1:"
    assert_contains "$stderr" 'container "b1" is frozen'
    assert_contains "$stderr" "hint: thaw it with lxc-unfreeze"
    run_apart timeout 10 lxc-attach -P "$LXCPATH" -n b1 --elevated-privileges=CGROUP -- /bin/sh -c 'echo inside'
    assert_equal "$status:$stdout" "0:inside"
    lxc-unfreeze -P "$LXCPATH" -n b1
    in_container b1 /bin/true
}

@test "lxc-attach: what it can't do, in words that are known" {
    run_apart in_container b1 true
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to get init pid"
    assert_contains "$stderr" "b1 is not running"
    refute_contains "$stderr" "refused"
    run_apart in_container nosuch true
    assert_equal "$status" 1
    assert_contains "$stderr" "nosuch is not running"
    assert_contains "$stderr" "it is not defined in $LXCPATH"
    run_apart lxc-attach -P "$LXCPATH" -n b1 -v FOO -- true
    assert_equal "$status" 1
    assert_contains "$stderr" "invalid variable 'FOO'"
    lxc-start -P "$LXCPATH" -n b1
    run_apart in_container b1 nope
    assert_equal "$status" 127
    assert_contains "$stderr" "does not exist inside the container"
    refute_contains "$stderr" "lxc.init.cmd"
    run_apart lxc-attach -P "$LXCPATH" -n b1 -L /nonexistent/log -- true
    assert_equal "$status" 1
    assert_contains "$stderr" 'Failed to open log file "/nonexistent/log"'
}

@test "lxc-attach: streams that are no terminals are handed on" {
    lxc-start -P "$LXCPATH" -n b1
    head -c 1000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
    in_container b1 cat <"$BATS_TEST_TMPDIR/data" >"$BATS_TEST_TMPDIR/copy"
    cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/copy"
    run_apart in_container b1 sh -c 'echo out; echo err >&2'
    assert_equal "$stdout:$stderr" "out:err"
}

@test "lxc-attach: environment, user, architecture, directory" {
    lxc-start -P "$LXCPATH" -n b1
    HOME=/root run_apart lxc-attach -P "$LXCPATH" -n b1 --clear-env -v A=b --keep-var HOME -- /bin/env
    assert_equal "$stdout" "HOME=/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
container=lxc
A=b"
    run_apart lxc-attach -P "$LXCPATH" -n b1 -a i686 -- /bin/uname -m
    assert_equal "$stdout" i686
    run_apart lxc-attach -P "$LXCPATH" -n b1 -u 1000 -g 1001 -- /bin/id
    assert_equal "$stdout" "uid=1000 gid=1001"
    cd /usr
    assert_equal "$(in_container b1 pwd)" /usr
}

@test "lxc-attach -s NETWORK sees the host's files" {
    lxc-start -P "$LXCPATH" -n b1
    run_apart lxc-attach -P "$LXCPATH" -n b1 -s NETWORK -- ip -o link
    assert_equal "$status" 0
    assert_equal "$(wc -l <<<"$stdout")" 1
    run_apart lxc-attach -P "$LXCPATH" -n b1 -s 'NETWORK|UTSNAME' -- hostname
    assert_equal "$stdout" b1
}

@test "lxc-attach to a stopped container fails" {
    run_apart in_container b1 true
    assert_equal "$status" 1
    assert_contains "$stderr" "is not running"
}

@test "freeze and unfreeze twice, states in between, stop of a frozen one" {
    lxc-start -P "$LXCPATH" -n b1
    for round in 1 2; do
        run_apart lxc-freeze -P "$LXCPATH" -n b1
        assert_equal "$status:$stdout:$stderr" "0::"
        assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" FROZEN
    done
    for round in 1 2; do
        run_apart lxc-unfreeze -P "$LXCPATH" -n b1
        assert_equal "$status:$stdout:$stderr" "0::"
        assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" RUNNING
    done
    lxc-freeze -P "$LXCPATH" -n b1
    run_apart lxc-stop -P "$LXCPATH" -n b1
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" STOPPED
    run_apart lxc-freeze -P "$LXCPATH" -n b1
    assert_equal "$status" 1
    assert_equal "$stderr" "lxc-freeze: b1: Failed to freeze $LXCPATH:b1
  container \"b1\" is not running"
    run -0 lxc-unfreeze -P "$LXCPATH" -n b1
    run_apart lxc-unfreeze -P "$LXCPATH" -n nosuch
    assert_equal "$status" 1
    assert_contains "$stderr" "Failed to unfreeze $LXCPATH:nosuch"
}

@test "lxc-stop: 0, then 2" {
    lxc-start -P "$LXCPATH" -n b1
    run_apart lxc-stop -P "$LXCPATH" -n b1
    assert_equal "$status:$stdout:$stderr" "0::"
    run_apart lxc-stop -P "$LXCPATH" -n b1
    assert_equal "$status" 2
    assert_contains "$stderr" "b1 is not running"
    run_apart lxc-stop -P "$LXCPATH" -n nosuch
    assert_equal "$status" 2
}

@test "lxc-stop -k, --nokill with a time, -W, and conflicts" {
    make_container stubborn "lxc.signal.halt = SIGUSR2" "lxc.init.cmd = /bin/sleep 1000"
    lxc-start -P "$LXCPATH" -n stubborn
    run_apart lxc-stop -P "$LXCPATH" -n stubborn --nokill -t 1
    assert_equal "$status" 1
    assert_equal "$(lxc-info -P "$LXCPATH" -n stubborn -sH)" RUNNING
    run -0 lxc-stop -P "$LXCPATH" -n stubborn -W
    assert_equal "$(lxc-info -P "$LXCPATH" -n stubborn -sH)" RUNNING
    run -0 lxc-stop -P "$LXCPATH" -n stubborn -t 1
    assert_equal "$(lxc-info -P "$LXCPATH" -n stubborn -sH)" STOPPED
    lxc-start -P "$LXCPATH" -n stubborn
    run -0 lxc-stop -P "$LXCPATH" -n stubborn -k
    assert_equal "$(lxc-info -P "$LXCPATH" -n stubborn -sH)" STOPPED
    for wrong in "-k --nokill" "-k -r" "-k -t 3" "--nolock" "-t -5"; do
        run -1 lxc-stop -P "$LXCPATH" -n stubborn $wrong
    done
    lxc-destroy -P "$LXCPATH" -n stubborn
}

@test "lxc-stop -r: the same supervisor, a new init" {
    lxc-start -P "$LXCPATH" -n b1
    first=$(lxc-info -P "$LXCPATH" -n b1 -pH)
    supervisor=$(awk '{print $4}' "/proc/$first/stat")
    run_apart lxc-stop -P "$LXCPATH" -n b1 -r
    assert_equal "$status:$stdout:$stderr" "0::"
    second=$(lxc-info -P "$LXCPATH" -n b1 -pH)
    [ "$first" != "$second" ]
    assert_equal "$(awk '{print $4}' "/proc/$second/stat")" "$supervisor"
    assert_equal "$(in_container b1 hostname)" b1
}

@test "lxc-destroy refuses a running container, -f kills it" {
    make_container gone
    lxc-start -P "$LXCPATH" -n gone
    run_apart lxc-destroy -P "$LXCPATH" -n gone
    assert_equal "$status:$stderr" "1:lxc-destroy: gone: gone is running"
    run_apart lxc-destroy -P "$LXCPATH" -n gone -f
    assert_equal "$status:$stdout:$stderr" "0::"
    [ ! -e "$LXCPATH/gone" ]
    run_apart lxc-destroy -P "$LXCPATH" -n gone
    assert_equal "$status:$stderr" "1:lxc-destroy: gone: Container is not defined"
}

@test "lxc-start -F: the command's terminal, output and exit code; the process keeps its name" {
    run_apart lxc-start -P "$LXCPATH" -n b1 -F -- /bin/sh -c 'echo inside; exit 3' </dev/null
    assert_equal "$status" 3
    assert_contains "$stdout" inside
    lxc-start -F -P "$LXCPATH" -n b1 </dev/null >/dev/null 2>&1 3>&- &
    pid=$!
    wait_until 10 sh -c "lxc-info -P '$LXCPATH' -n b1 -sH | grep -qx RUNNING"
    assert_equal "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "lxc-start -F -P $LXCPATH -n b1 "
    assert_equal "$(cat "/proc/$pid/comm")" lxc-start
    lxc-stop -P "$LXCPATH" -n b1
    wait "$pid"
}

@test "lxc-start -p writes the supervisor's pid and removes it at the end" {
    file=$BATS_TEST_TMPDIR/deep/er/pid
    lxc-start -P "$LXCPATH" -n b1 -p "$file"
    init=$(lxc-info -P "$LXCPATH" -n b1 -pH)
    assert_equal "$(<"$file")" "$(awk '{print $4}' "/proc/$init/stat")"
    lxc-stop -P "$LXCPATH" -n b1 -k
    wait_until 5 test ! -e "$file"
}

@test "init, hooks and attached programs ignore what their caller did but CHLD, and nothing else" {
    local start=(lxc-start -P "$LXCPATH" -n b1 -s "lxc.hook.start-host=$LXCPATH/hook")
    local attach=(lxc-attach -P "$LXCPATH" -n b1 -- grep SigIgn /proc/self/status)
    local ignoring low mask signals

    printf '#!/bin/bash\ngrep SigIgn /proc/self/status >%s/told\n' "$LXCPATH" >"$LXCPATH/hook"
    chmod 755 "$LXCPATH/hook"
    while IFS=' ' read -r low signals; do
        ignoring=(env --default-signal ${signals:+"--ignore-signal=$signals"})
        # Signals that C libraries keep to themselves may be ignored around us, whatever env does.
        mask=$("${ignoring[@]}" grep SigIgn /proc/self/status)
        assert_equal "${mask: -4}" "$low"
        # Who ignores CHLD would never hear of the end of what it starts.
        mask=$(printf '%016x' $((0x${mask##*[[:space:]]} & ~0x10000)))
        "${ignoring[@]}" "${start[@]}" -- /bin/sleep 100
        assert_contains "$(<"/proc/$(lxc-info -P "$LXCPATH" -n b1 -pH)/status")" "$mask"
        assert_contains "$(<"$LXCPATH/told")" "$low"
        assert_contains "$("${ignoring[@]}" "${attach[@]}" </dev/null)" "$mask"
        lxc-stop -P "$LXCPATH" -n b1 -k
    done <<'END'
0000
5205 HUP,QUIT,USR1,PIPE,TERM,CHLD
END
    rm "$LXCPATH/hook" "$LXCPATH/told"
}

# More connections to the control socket than the starter may have descriptors, until it is closed.
crowd() {
    python3 -B - "$LXCPATH/crowd" 3>&- <<-'PYTHON' &
	import socket, sys
	crowd = [socket.socket(socket.AF_UNIX) for _ in range(400)]
	for one in crowd:
	    one.connect("\0" + sys.argv[1] + "/command")
	open(sys.argv[1] + "/connected", "w").close()
	crowd[0].recv(1)
	PYTHON
    wait_until 5 test -e "$LXCPATH/crowd/connected"
}

@test "a crowd at the control socket is in nobody's way, at a reboot and at the end" {
    make_container crowd "lxc.hook.post-stop = sh -c 'ulimit -Sn >>$LXCPATH/crowd/limit' x"
    (ulimit -Sn 256 && lxc-start -P "$LXCPATH" -n crowd)
    crowd
    first=$(lxc-info -P "$LXCPATH" -n crowd -pH)
    in_container crowd reboot -f || true
    wait_until 10 sh -c "lxc-info -P '$LXCPATH' -n crowd -pH | grep -qvx -e $first -e '' &&
        lxc-info -P '$LXCPATH' -n crowd -sH | grep -qx RUNNING"
    init=$(lxc-info -P "$LXCPATH" -n crowd -pH)
    assert_equal "$(awk '/^Max open files/ { print $4 }' "/proc/$init/limits")" 256
    lxc-stop -P "$LXCPATH" -n crowd -k
    wait
    assert_equal "$(cat "$LXCPATH/crowd/limit")" "256
256"
    assert_equal "$(find /sys/fs/cgroup -name "lxc.*.crowd*")" ""
    lxc-destroy -P "$LXCPATH" -n crowd
}

@test "an ephemeral container is gone with its run" {
    make_container brief "lxc.ephemeral = 1"
    lxc-start -P "$LXCPATH" -n brief
    lxc-stop -P "$LXCPATH" -n brief
    wait_until 5 test ! -e "$LXCPATH/brief"
}

@test "a failed start names step, object, cause and line, and leaves nothing" {
    make_container wrong "lxc.mount.entry = /dev/randomm dev/random2 none bind,create=file 0 0"
    line=$(wc -l <"$LXCPATH/wrong/config")
    run_apart lxc-start -P "$LXCPATH" -n wrong
    assert_equal "$status" 1
    assert_contains "$stderr" "/dev/randomm"
    assert_contains "$stderr" "$LXCPATH/wrong/config:$line lxc.mount.entry"
    assert_contains "$stderr" "No such file or directory"
    assert_contains "$stderr" "hint: the source does not exist on the host; add \"optional\" to skip it"
    assert_equal "$(lxc-info -P "$LXCPATH" -n wrong -sH)" STOPPED
    assert_equal "$(find /sys/fs/cgroup -name "lxc.*.wrong*")" ""
    lxc-destroy -P "$LXCPATH" -n wrong
}

@test "each line of lxc-start's errors begins as Proxmox VE strips it" {
    run_apart lxc-start -P "$LXCPATH" -n nosuch
    [[ ${stderr%%$'\n'*} =~ ^lxc-start:\ nosuch:\ [^\ ]+\ No\ container\ config ]]
}

@test "a key whose effect is still to come is no silence" {
    make_container later
    run_apart lxc-start -P "$LXCPATH" -n later -s "lxc.net.0.type = macvlan" \
        -s "lxc.net.0.link = lo"
    assert_equal "$status" 1
    assert_contains "$stderr" "lxc.net.0.type"
    lxc-destroy -P "$LXCPATH" -n later
}

@test "lxc-start --plan changes nothing; text and JSON" {
    run_apart lxc-start -P "$LXCPATH" -n b1 --plan
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "host clone"
    run_apart lxc-start -P "$LXCPATH" -n b1 --plan=json
    assert_equal "$status" 0
    jq -e '.' <<<"$stdout" >/dev/null
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" STOPPED
    run_apart lxc-start -P "$LXCPATH" -n b1 --plan -c "$BATS_TEST_TMPDIR/console" \
        -p "$BATS_TEST_TMPDIR/directory/pid"
    assert_equal "$status" 0
    [ ! -e "$BATS_TEST_TMPDIR/console" ]
    [ ! -e "$BATS_TEST_TMPDIR/directory" ]
}

@test "lxc-start --trace tells steps and times" {
    run_apart lxc-start -P "$LXCPATH" -n b1 -F --trace -- /bin/true </dev/null
    assert_equal "$status" 0
    assert_contains "$stderr" "make the process and namespaces of b1"
    run_apart lxc-start -P "$LXCPATH" -n b1 --trace -l NOTICE -o "$BATS_TEST_TMPDIR/log"
    assert_equal "$status" 0
    assert_contains "$stderr" "make the process and namespaces of b1"
    assert_contains "$stderr" "all steps"
    grep -q "all steps" "$BATS_TEST_TMPDIR/log"
    supervisor=$(awk '{print $4}' "/proc/$(lxc-info -P "$LXCPATH" -n b1 -pH)/stat")
    assert_equal "$(readlink "/proc/$supervisor/fd/2")" /dev/null
    [ -z "$(find "/proc/$supervisor/fd" -lname "$BATS_TEST_TMPDIR/.stderr")" ]
}

@test "a record that nobody can undo is told once and does not keep the name" {
    local name=spoilt$BASHPID record aside

    make_container "$name"
    lxc-start -P "$LXCPATH" -n "$name"
    record=$(find /run/lxc/runs -name "$name")
    cp --sparse=always -p "$record" "$LXCPATH/record"
    lxc-stop -P "$LXCPATH" -n "$name" -k
    # The format: of a version that does not exist.
    printf '\377\0' | dd of="$LXCPATH/record" bs=1 seek=8 conv=notrunc status=none
    mv "$LXCPATH/record" "$record"
    run_apart lxc-start -P "$LXCPATH" -n "$name"
    assert_equal "$status" 0
    assert_contains "$stderr" "the run record \"$name\" can't be used: "
    aside=$(find /run/lxc/runs -name ".$name.invalid.*")
    [ -f "$aside" ]
    run_apart lxc-stop -P "$LXCPATH" -n "$name" -k
    assert_equal "$status:$stderr" "0:"
    rm "$aside"
    lxc-destroy -P "$LXCPATH" -n "$name"
}

@test "a full run directory is told before anything is done" {
    local script="mount -t tmpfs -o size=128k,mode=755 tmpfs /run; \
        for left in 8 12 16 20 24; do \
        rm -f /run/fill; head -c \$(((128 - left) * 1024)) /dev/zero >/run/fill 2>/dev/null; \
        lxc-start -P '$LXCPATH' -n b1 -F -- /bin/true </dev/null; echo \$?; done"

    run_apart unshare -m sh -c "$script"
    [[ $stdout =~ ^[01[:space:]]+$ ]]
    assert_contains "$stderr" "No space left on device"
}

@test "a pid file that would block is an error" {
    mkfifo "$LXCPATH/fifo"
    run_apart timeout -k 1 5 lxc-start -P "$LXCPATH" -n b1 -p "$LXCPATH/fifo" -F -- /bin/true
    assert_equal "$status" 1
    assert_contains "$stderr" "No such device or address"
    rm "$LXCPATH/fifo"
}
