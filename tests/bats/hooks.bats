#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Hooks of every kind: order, arguments, environment, namespaces, output, failure; what init gets
# (spec/runtime.md §12, §15, §18, spec/contracts.md PVE-67, INC-10).

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container h1 "lxc.tty.max = 0"
    export NOTES=$LXCPATH/notes
    export INSIDE=$LXCPATH/h1/rootfs/notes
    mkdir "$NOTES" "$INSIDE"
    export PLAIN=$LXCPATH/.plain
    cp "$LXCPATH/h1/config" "$PLAIN"
    # The program of the hooks, which is called TYPE: what it got, into files of its folder.
    cat >"$NOTES/note" <<'NOTE'
#!/bin/sh
type=${0##*/}
folder=${0%/*}
echo "$type $*" >>"$folder/order"
env | sort >"$folder/env.$type"
pwd >"$folder/pwd.$type"
for kind in mnt uts pid net; do
    readlink "/proc/self/ns/$kind"
done >"$folder/ns.$type"
hostname >"$folder/name.$type"
NOTE
    chmod 755 "$NOTES/note"
    for type in pre-start pre-mount mount autodev start-host stop post-stop destroy start; do
        ln "$NOTES/note" "$NOTES/$type"
    done
    cp "$NOTES/note" "$INSIDE/start"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    cp "$PLAIN" "$LXCPATH/h1/config"
    rm -f "$NOTES/order" "$NOTES"/*.* "$INSIDE/order" "$INSIDE"/*.*
}

configure() {
    printf '%s\n' "$@" >>"$LXCPATH/h1/config"
}

# Every kind, each noting itself.
all_hooks() {
    for type in pre-start pre-mount mount autodev start-host stop post-stop; do
        configure "lxc.hook.$type = $NOTES/$type $*"
    done
    configure "lxc.hook.start = /notes/start $*"
}

start() {
    run_apart lxc-start -P "$LXCPATH" -n h1 "$@"
    assert_equal "$status:$stdout:$stderr" "0::"
}

kill_it() {
    lxc-stop -P "$LXCPATH" -n h1 -k
}

# variable TYPE NAME: its value in the environment that hook had.
variable() {
    sed -n "s/^$2=//p" "$NOTES/env.$1"
}

@test "version 0: the order, and name, section and type behind the hook's own words" {
    all_hooks "'two words'"
    configure "lxc.hook.pre-start = $NOTES/pre-start second"
    start
    kill_it
    assert_equal "$(sed 's, [a-z]*:/proc/[0-9]*/fd/[0-9]*, NS,g' "$NOTES/order")" \
        "pre-start two words h1 lxc pre-start
pre-start second h1 lxc pre-start
pre-mount two words h1 lxc pre-mount
mount two words h1 lxc mount
autodev two words h1 lxc autodev
start-host two words h1 lxc start-host
stop two words h1 lxc stop NS NS NS NS NS NS
post-stop two words h1 lxc post-stop"
    assert_equal "$(<"$INSIDE/order")" "start two words h1 lxc start"
    assert_equal "$(sed -n 's,/proc/[0-9]*/fd/[0-9]*,,gp' "$NOTES/order")" \
        "stop two words h1 lxc stop mnt: pid: uts: ipc: net: cgroup:"
}

@test "version 1: no arguments, but variables" {
    all_hooks own
    configure "lxc.hook.version = 1"
    start
    init=$(lxc-info -P "$LXCPATH" -n h1 -pH)
    kill_it
    assert_equal "$(<"$NOTES/order")" "pre-start own
pre-mount own
mount own
autodev own
start-host own
stop own
post-stop own"
    for type in pre-start pre-mount mount autodev start-host stop post-stop; do
        assert_equal "$(variable $type LXC_HOOK_TYPE)" "$type"
        assert_equal "$(variable $type LXC_HOOK_SECTION)" lxc
        assert_equal "$(variable $type LXC_HOOK_VERSION)" 1
    done
    assert_equal "$(variable start-host LXC_PID):$(variable stop LXC_PID)" "$init:$init"
    [[ $(variable stop LXC_NET_NS) =~ ^/proc/[0-9]+/fd/[0-9]+$ ]]
}

@test "the environment of all hooks" {
    all_hooks
    configure "lxc.environment = ALL=all" "lxc.environment.hooks = HOOKS=hooks" \
        "lxc.environment.runtime = RUNTIME=runtime" "lxc.console.logfile = $NOTES/console.log"
    export CALLERS=callers
    start -l INFO -o "$NOTES/log.file"
    kill_it
    for type in pre-start pre-mount mount autodev start-host stop post-stop; do
        assert_equal "$(variable $type LXC_NAME)" h1
        assert_equal "$(variable $type LXC_CONFIG_FILE)" "$LXCPATH/h1/config"
        assert_equal "$(variable $type LXC_ROOTFS_PATH)" "$LXCPATH/h1/rootfs"
        [ -n "$(variable $type LXC_ROOTFS_MOUNT)" ]
        assert_equal "$(variable $type LXC_CONSOLE_LOGPATH)" "$NOTES/console.log"
        assert_equal "$(variable $type LXC_CGNS_AWARE):$(variable $type LXC_LOG_LEVEL)" 1:INFO
        assert_equal "$(variable $type CALLERS)" callers
        assert_equal "$(variable $type RUNTIME)" ""
        assert_equal "$(<"$NOTES/pwd.$type")" /
    done
    for type in pre-mount mount autodev; do
        assert_equal "$(variable $type ALL):$(variable $type HOOKS)" all:hooks
    done
    assert_equal "$(grep -E '^(ALL|HOOKS|RUNTIME|LXC_NAME)=' "$INSIDE/env.start")" \
        "ALL=all
HOOKS=hooks
LXC_NAME=h1"
    assert_equal "$(variable pre-start LXC_TARGET):$(variable stop LXC_TARGET)" :stop
    assert_equal "$(variable post-stop LXC_TARGET)" stop
}

@test "hooks run in the namespaces that the manual names" {
    all_hooks
    start
    init=$(lxc-info -P "$LXCPATH" -n h1 -pH)
    inner=$(for kind in mnt uts pid net; do readlink "/proc/$init/ns/$kind"; done)
    host=$(for kind in mnt uts pid net; do readlink "/proc/self/ns/$kind"; done)
    kill_it
    for type in pre-start start-host stop post-stop; do
        assert_equal "$(<"$NOTES/ns.$type")" "$host"
    done
    for type in pre-mount mount autodev; do
        assert_equal "$(<"$NOTES/ns.$type")" "$inner"
    done
    assert_equal "$(<"$INSIDE/ns.start")" "$inner"
    assert_equal "$(<"$NOTES/name.mount"):$(<"$INSIDE/name.start")" h1:h1
    assert_equal "$(<"$INSIDE/pwd.start")" /
}

@test "mount and autodev hooks work on the root that init gets" {
    configure \
        "lxc.hook.mount = sh -c 'mount -t tmpfs -o size=4k hooked \$LXC_ROOTFS_MOUNT/opt2' x" \
        "lxc.hook.autodev = sh -c 'mknod -m 666 \$LXC_ROOTFS_MOUNT/dev/own c 1 5' x"
    mkdir -p "$LXCPATH/h1/rootfs/opt2"
    start
    assert_equal "$(in_container h1 sh -c 'grep -c "^hooked /opt2 tmpfs" /proc/mounts
        head -c 2 /dev/own | wc -c')" "1
2"
}

@test "a hook's output is logged at DEBUG, all of it" {
    configure "lxc.hook.pre-start = sh -c 'echo from-the-hook; seq 20000' x" \
        "lxc.hook.mount = sh -c 'echo from-inside' x"
    start -l DEBUG -o "$NOTES/debug.log"
    assert_contains "$(grep DEBUG "$NOTES/debug.log")" "from-the-hook"
    assert_contains "$(grep DEBUG "$NOTES/debug.log")" "from-inside"
    kill_it
    start -l INFO -o "$NOTES/info.log"
    refute_contains "$(<"$NOTES/info.log")" "from-the-hook"
}

@test "a failing hook of the start fails it, with hook, status and line; nothing stays" {
    for type in pre-start pre-mount mount autodev start-host start; do
        cp "$PLAIN" "$LXCPATH/h1/config"
        configure "lxc.hook.$type = /bin/sh -c 'exit 7' x" "lxc.hook.post-stop = $NOTES/post-stop"
        line=$(($(wc -l <"$LXCPATH/h1/config") - 1))
        run_apart lxc-start -P "$LXCPATH" -n h1
        assert_equal "$type:$status" "$type:1"
        assert_contains "$stderr" "Script exited with status 7"
        assert_contains "$stderr" "$LXCPATH/h1/config:$line lxc.hook.$type"
        assert_equal "$(lxc-info -P "$LXCPATH" -n h1 -sH)" STOPPED
        assert_equal "$(find /sys/fs/cgroup -name 'lxc.payload.h1*')" ""
        [ -s "$NOTES/env.post-stop" ]
        rm "$NOTES/env.post-stop"
    done
    cp "$PLAIN" "$LXCPATH/h1/config"
    configure "lxc.hook.pre-start = sh -c 'kill -9 \$\$' x"
    run_apart lxc-start -P "$LXCPATH" -n h1
    assert_contains "$stderr" "Script terminated by signal 9"
    cp "$PLAIN" "$LXCPATH/h1/config"
    configure "lxc.hook.start = /nowhere/hook"
    run_apart lxc-start -P "$LXCPATH" -n h1
    assert_equal "$status" 1
    assert_contains "$stderr" '/nowhere/hook'
}

@test "what a failing hook printed is told with the error, in the background too" {
    for type in pre-start pre-mount mount autodev start-host start; do
        cp "$PLAIN" "$LXCPATH/h1/config"
        configure "lxc.hook.$type = /bin/sh -c 'echo one; echo two; echo three >&2; exit 7' x"
        run_apart lxc-start -P "$LXCPATH" -n h1
        assert_equal "$type:$status" "$type:1"
        assert_contains "$stderr" "  it printed: one
  it printed: two
  it printed: three
  Script exited with status 7"
    done
    cp "$PLAIN" "$LXCPATH/h1/config"
    configure "lxc.hook.pre-start = /bin/sh -c 'echo harmless' x" \
        "lxc.hook.pre-start = /bin/sh -c 'seq 2000 >&2; printf \"\\033[2Jred\"; exit 1' x"
    run_apart lxc-start -P "$LXCPATH" -n h1
    refute_contains "$stderr" "harmless"
    assert_equal "$(grep "^  it printed" <<<"$stderr")" "  it printed: 1998
  it printed: 1999
  it printed: 2000"
    run_apart lxc-start -P "$LXCPATH" -n h1 -F
    assert_contains "$stderr" "2000"
    assert_equal "$(grep "^  it printed" <<<"$stderr")" '  it printed: \x1b[2Jred'
}

@test "the log has hooks' output, each line with its hook; later writers are not killed" {
    configure "lxc.hook.pre-mount = /bin/sh -c 'echo from pre-mount' a" \
        "lxc.hook.mount = /bin/sh -c 'echo from mount' b" \
        "lxc.hook.start = /bin/sh -c 'echo from start; (sleep 0.3; echo later) &' c" \
        "lxc.hook.start-host = /bin/sh -c '(sleep 0.3; echo late >&2; echo alive >$NOTES/late) &' d"
    start -l DEBUG -o "$NOTES/log.hooks"
    for type in pre-mount mount start; do
        grep -qE "Script exec /bin/sh -c .* 'h1' 'lxc' '$type' produced output: from $type\$" \
            "$NOTES/log.hooks"
    done
    wait_until 10 test -s "$NOTES/late"
    wait_until 10 grep -qE "'start' produced output: later\$" "$NOTES/log.hooks"
}

@test "failing stop and post-stop hooks are logged, the stop succeeds" {
    configure "lxc.hook.stop = sh -c 'exit 3' x" "lxc.hook.post-stop = sh -c 'exit 4' x"
    start -o "$NOTES/log.file" -l WARN
    run_apart lxc-stop -P "$LXCPATH" -n h1 -k
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(lxc-info -P "$LXCPATH" -n h1 -sH)" STOPPED
    wait_until 5 grep -q "status 4" "$NOTES/log.file"
    assert_contains "$(<"$NOTES/log.file")" "status 3"
}

@test "reboot from inside: the hooks again, LXC_TARGET tells" {
    all_hooks
    start
    first=$(lxc-info -P "$LXCPATH" -n h1 -pH)
    supervisor=$(awk '{print $4}' "/proc/$first/stat")
    rm "$NOTES/order"
    in_container h1 reboot -f || true
    wait_until 10 sh -c "lxc-info -P '$LXCPATH' -n h1 -pH | grep -qvx -e $first -e '' &&
        lxc-info -P '$LXCPATH' -n h1 -sH | grep -qx RUNNING"
    second=$(lxc-info -P "$LXCPATH" -n h1 -pH)
    assert_equal "$(awk '{print $4}' "/proc/$second/stat")" "$supervisor"
    assert_equal "$(cut -d' ' -f1 "$NOTES/order" | tr '\n' ' ')" \
        "stop post-stop pre-start pre-mount mount autodev start-host "
    assert_equal "$(variable stop LXC_TARGET):$(variable post-stop LXC_TARGET)" reboot:reboot
    kill_it
    assert_equal "$(variable stop LXC_TARGET):$(variable post-stop LXC_TARGET)" stop:stop
}

@test "a failing post-stop hook turns a reboot into a stop" {
    configure "lxc.hook.post-stop = sh -c 'exit 1' x"
    start
    in_container h1 reboot -f || true
    wait_until 10 sh -c "lxc-info -P '$LXCPATH' -n h1 -sH | grep -qx STOPPED"
    sleep 0.3
    assert_equal "$(lxc-info -P "$LXCPATH" -n h1 -sH)" STOPPED
}

# An ephemeral container whose init reboots, and what post-stop does then.
start_brief() {
    make_container brief "lxc.ephemeral = 1" "lxc.tty.max = 0" \
        "lxc.mount.fstab = $LXCPATH/brief/fstab" "lxc.hook.post-stop = sh -c '$1' x"
    touch "$LXCPATH/brief/fstab"
    lxc-start -P "$LXCPATH" -n brief
    in_container brief reboot -f || true
}

@test "an ephemeral container goes with the reboot that becomes a stop" {
    start_brief "exit 1"
    wait_until 10 test ! -e "$LXCPATH/brief"
}

@test "an ephemeral container goes with the reboot that finds no plan" {
    start_brief "rm $LXCPATH/brief/fstab"
    wait_until 10 test ! -e "$LXCPATH/brief"
}

@test "who asks for an end while a reboot's hooks run gets it" {
    configure "lxc.hook.post-stop = sh -c 'touch $NOTES/order; sleep 1' x"
    start
    supervisor=$(awk '{print $4}' "/proc/$(lxc-info -P "$LXCPATH" -n h1 -pH)/stat")
    in_container h1 reboot -f || true
    wait_until 10 test -e "$NOTES/order"
    kill -TERM "$supervisor"
    wait_until 10 sh -c "! kill -0 $supervisor 2>/dev/null"
    assert_equal "$(lxc-info -P "$LXCPATH" -n h1 -sH)" STOPPED
}

@test "PVE-67: a pre-start hook mounts the root, in the supervisor's own mount namespace" {
    mkdir -p "$LXCPATH/empty"
    sed "s,^lxc.rootfs.path.*,lxc.rootfs.path = $LXCPATH/empty," "$PLAIN" >"$LXCPATH/h1/config"
    configure "lxc.monitor.unshare = 1" \
        "lxc.hook.pre-start = sh -c 'mount --bind $LXCPATH/h1/rootfs $LXCPATH/empty' x"
    start
    assert_equal "$(in_container h1 hostname)" h1
    refute_contains "$(</proc/self/mountinfo)" "$LXCPATH/empty"
    assert_equal "$(ls "$LXCPATH/empty")" ""
    kill_it
}

@test "INC-10: what hooks leave in the background is not waited for" {
    configure "lxc.hook.start-host = sh -c 'sleep 1000 & echo \$! >$NOTES/pid.start-host' x" \
        "lxc.hook.pre-start = sh -c 'sleep 1000 & echo \$! >$NOTES/pid.pre-start' x" \
        "lxc.hook.stop = sh -c 'sleep 1000 & echo \$! >$NOTES/pid.stop' x"
    SECONDS=0
    start
    kill_it
    [ "$SECONDS" -lt 500 ]
    for type in start-host pre-start stop; do
        pid=$(<"$NOTES/pid.$type")
        assert_equal "$(cat "/proc/$pid/comm")" sleep
        kill "$pid"
    done
    # They kept the supervisor's cgroup; nothing else does.
    wait_until 5 sh -c '
        find /sys/fs/cgroup -depth -type d -name "lxc.monitor.h1*" -delete 2>/dev/null
        [ -z "$(find /sys/fs/cgroup -name "lxc.monitor.h1*")" ]'
}

@test "the destroy hook runs with the caller's directory and keeps a container when it fails" {
    lxc-create -P "$LXCPATH" -n d1 -f "$EMPTY_NET" -t none
    echo "lxc.hook.destroy = $NOTES/destroy" >>"$LXCPATH/d1/config"
    cd "$NOTES"
    run_apart lxc-destroy -P "$LXCPATH" -n d1
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(<"$NOTES/order"):$(<"$NOTES/pwd.destroy")" "destroy d1 lxc destroy:$NOTES"
    assert_equal "$(variable destroy LXC_NAME)" d1
    cd /
    lxc-create -P "$LXCPATH" -n d1 -f "$EMPTY_NET" -t none
    echo "lxc.hook.destroy = false" >>"$LXCPATH/d1/config"
    run_apart lxc-destroy -P "$LXCPATH" -n d1
    assert_equal "$status" 1
    [ -e "$LXCPATH/d1/config" ]
    rm -r "${LXCPATH:?}/d1"
}

@test "init's environment is exactly what the configuration says" {
    configure "lxc.environment = ALL=all" "lxc.environment = CALLERS" \
        "lxc.environment.runtime = RUNTIME=run time" "lxc.environment.hooks = HOOKS=hooks"
    export CALLERS=callers OTHER=other
    start
    assert_equal "$(in_container h1 cat /proc/1/environ | tr '\0' '\n' | sort)" "ALL=all
CALLERS=callers
RUNTIME=run time
container=lxc"
    kill_it
    start -s "lxc.tty.max = 2"
    assert_contains "$(in_container h1 cat /proc/1/environ | tr '\0' '\n')" \
        "container_ttys=pts/1 pts/2"
}

@test "lxc.init.cwd is made and entered; quotes group lxc.init.cmd's words" {
    configure "lxc.init.cwd = /made/for/init" \
        "lxc.init.cmd = /bin/sh /notes/init.sh \"two words\" 'three four'"
    cat >"$INSIDE/init.sh" <<'INIT'
pwd >/notes/out.pwd
printf "<%s>" "$@" >/notes/out.words
exec sleep 1000
INIT
    start
    wait_until 5 test -s "$INSIDE/out.words"
    assert_equal "$(<"$INSIDE/out.words")" "<two words><three four>"
    assert_equal "$(<"$INSIDE/out.pwd")" /made/for/init
    rm -r "$LXCPATH/h1/rootfs/made"
}

@test "LISTEN_FDS: descriptors from 3 on reach init, no others do" {
    echo three >"$NOTES/fd.three"
    echo four >"$NOTES/fd.four"
    LISTEN_FDS=2 run_apart lxc-start -P "$LXCPATH" -n h1 -- /bin/sh -c \
        'cat <&3 >/notes/out.fds; cat <&4 >>/notes/out.fds
        ls /proc/self/fd | wc -l >>/notes/out.fds
        : >/notes/out.done; exec sleep 1000' 3<"$NOTES/fd.three" 4<"$NOTES/fd.four" 9<"$NOTES/note"
    assert_equal "$status:$stderr" "0:"
    wait_until 5 test -e "$INSIDE/out.done"
    # ls has 0, 1, 2, the two, and the folder it reads.
    assert_equal "$(<"$INSIDE/out.fds")" "three
four
6"
}

@test "LISTEN_PID: descriptors that were meant for another process stay outside" {
    echo three >"$NOTES/fd.three"
    # listen PID: does init get 3?
    listen() {
        # shellcheck disable=SC2016  # $$ and $1 are the shell's that becomes lxc-start
        sh -c 'pid=$1; shift; [ "$pid" = own ] && pid=$$
            LISTEN_FDS=1 LISTEN_PID=$pid exec "$@"' x "$1" lxc-start -P "$LXCPATH" -n h1 -- \
            /bin/sh -c 'if [ -e /proc/self/fd/3 ]; then echo yes; else echo no; fi >/notes/out.fd
            : >/notes/out.done; exec sleep 1000' 3<"$NOTES/fd.three"
        wait_until 5 test -e "$INSIDE/out.done"
        kill_it
        rm "$INSIDE/out.done"
    }
    listen 1
    assert_equal "$(<"$INSIDE/out.fd")" no
    listen own
    assert_equal "$(<"$INSIDE/out.fd")" yes
}
