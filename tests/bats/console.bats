#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The console of a container, its log file and buffer, its ttys; and our own log files
# (spec/runtime.md §10, §23, spec/cli.md §1.5).

load helpers
load containers

setup_file() {
    make_lxcpath
    N=con$$
    export N
    make_container "$N"
}

teardown_file() {
    remove_lxcpath
    rm -f "/var/log/lxc/$N.log" "/var/log/lxc/no$N.log"
}

teardown() {
    stop_all
    rm -f "$LXCPATH/$N/$N.log"
}

# start KEY=VALUE… [-- COMMAND…]
start() {
    local options=()

    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        options+=(-s "$1")
        shift
    done
    lxc-start -P "$LXCPATH" -n "$N" "${options[@]}" "$@"
}

is_stopped() {
    [ "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" = STOPPED ]
}

# terminal OUTPUT COMMAND: in a terminal of 37 lines and 91 columns.
terminal() {
    SHELL=/bin/sh script -qefc "stty rows 37 cols 91; stty -g >'$BATS_TEST_TMPDIR/before'; $2; r=\$?
        stty -g >'$BATS_TEST_TMPDIR/after'; exit \$r" "$1" </dev/null >/dev/null 2>&1
}

@test "lxc.console.logfile has all that the console showed, appended, mode 0640" {
    log=$BATS_TEST_TMPDIR/console.log
    for round in 1 2; do
        start "lxc.console.logfile=$log" -- /bin/sh -c 'seq 1 2000; echo end'
        wait_until 5 is_stopped
    done
    tr -d '\r' <"$log" >"$log.plain"
    cmp "$log.plain" <(seq 1 2000; echo end; seq 1 2000; echo end)
    assert_equal "$(stat -c %a "$log")" 640
}

@test "lxc.console.size truncates, with lxc.console.rotate renames" {
    log=$BATS_TEST_TMPDIR/console.log
    start "lxc.console.logfile=$log" "lxc.console.size=4096" -- /bin/sh -c 'seq 1 3000'
    wait_until 5 is_stopped
    [ "$(stat -c %s "$log")" -le 4096 ]
    assert_equal "$(tail -n 1 "$log" | tr -d '\r')" 3000
    [ ! -e "$log.1" ]
    rm "$log"
    start "lxc.console.logfile=$log" "lxc.console.size=4096" "lxc.console.rotate=1" \
        -- /bin/sh -c 'seq 1 3000'
    wait_until 5 is_stopped
    assert_equal "$(stat -c %s "$log.1")" 4096
    cat "$log.1" "$log" | tr -d '\r' >"$log.both"
    cmp "$log.both" <(seq 1 3000 | tail -c "$(stat -c %s "$log.both")")
}

@test "the ring buffer: read once by command 11, without one EFAULT" {
    cat >"$BATS_TEST_TMPDIR/read.py" <<-'PROGRAM'
	import socket, struct, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect("\0" + sys.argv[1] + "/command")
	s.sendmsg([struct.pack("=iiq", 11, 24, 0)], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS,
	    struct.pack("=iii", __import__("os").getpid(), 0, 0))])
	s.send(struct.pack("@??6xQ?7x", False, True, 0, False))
	data = b""
	while len(data) < 16 or len(data) < 16 + struct.unpack_from("=iiq", data)[1]:
	    part = s.recv(65536)
	    if not part:
	        break
	    data += part
	print(struct.unpack_from("=iiq", data)[0], data[16:].decode())
	PROGRAM
    start "lxc.console.buffer.size=4096" -- /bin/sh -c 'echo in the ring; exec sleep 1000'
    wait_until 5 sh -c "python3 '$BATS_TEST_TMPDIR/read.py' '$LXCPATH/$N' | tr -d '\r' |
        grep -qx '0 in the ring'"
    assert_equal "$(python3 "$BATS_TEST_TMPDIR/read.py" "$LXCPATH/$N" | tr -d ' ')" -61
    lxc-stop -P "$LXCPATH" -n "$N" -k
    start
    assert_equal "$(python3 "$BATS_TEST_TMPDIR/read.py" "$LXCPATH/$N" | tr -d ' ')" -14
}

@test "lxc.console.path = none: no console; -c FILE is made when it is missing" {
    start "lxc.console.path=none"
    run -1 in_container "$N" test -e /dev/console
    assert_equal "$(in_container "$N" readlink /proc/1/fd/0)" /dev/null
    lxc-stop -P "$LXCPATH" -n "$N" -k
    run_apart lxc-start -P "$LXCPATH" -n "$N" -c "$BATS_TEST_TMPDIR/file" -- /bin/echo to the file
    assert_equal "$status:$stderr" "0:"
    wait_until 5 is_stopped
    assert_equal "$(tr -d '\r' <"$BATS_TEST_TMPDIR/file")" "to the file"
    cd "$BATS_TEST_TMPDIR"
    lxc-start -P "$LXCPATH" -n "$N" -c relative -- /bin/echo here
    wait_until 5 is_stopped
    assert_equal "$(tr -d '\r' <relative)" here
}

@test "lxc.console.path: another terminal gets the console's output; a wrong one is told" {
    script -qfc "tty >'$BATS_TEST_TMPDIR/tty'; exec sleep 1000" "$BATS_TEST_TMPDIR/other" \
        </dev/null >/dev/null 2>&1 3>&- &
    other=$!
    wait_until 5 test -s "$BATS_TEST_TMPDIR/tty"
    start "lxc.console.path=$(<"$BATS_TEST_TMPDIR/tty")" -- \
        /bin/sh -c 'echo to another one; sleep 1'
    wait_until 5 grep -q "to another one" "$BATS_TEST_TMPDIR/other"
    pkill -P "$other" || true
    wait "$other" || true
    lxc-stop -P "$LXCPATH" -n "$N" -k || true
    # A misspelt name is no new file.
    for missing in /nosuch/tty "$BATS_TEST_TMPDIR/nosuch"; do
        run_apart start "lxc.console.path=$missing"
        assert_equal "$status" 1
        assert_contains "$stderr" "$missing      ((command line) lxc.console.path)"
        assert_contains "$stderr" "hint: lxc.console.path names no terminal or file; create it"
        [ ! -e "$missing" ]
    done
}

@test "foreground in a terminal: window size, exit code, modes as before" {
    run -4 terminal "$BATS_TEST_TMPDIR/typed" \
        "lxc-start -P $LXCPATH -n $N -F -- /bin/sh -c 'stty size; echo \$0-ran; exit 4'"
    assert_contains "$(tr -d '\r' <"$BATS_TEST_TMPDIR/typed")" "37 91"
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
    run terminal "$BATS_TEST_TMPDIR/typed" \
        "lxc-start -P $LXCPATH -n $N -F -s lxc.init.cmd=/bin/nope"
    cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "foreground into a pipe: everything arrives" {
    lxc-start -P "$LXCPATH" -n "$N" -F -- /bin/sh -c 'seq 1 50000' </dev/null | tr -d '\r' \
        >"$BATS_TEST_TMPDIR/all"
    cmp "$BATS_TEST_TMPDIR/all" <(seq 1 50000)
}

@test "ttys: container_ttys, device nodes, and one that works" {
    start lxc.tty.max=3
    names=$(tr '\0' '\n' <"/proc/$(lxc-info -P "$LXCPATH" -n "$N" -pH)/environ" |
        sed -n 's/^container_ttys=//p')
    assert_equal "$(wc -w <<<"$names")" 3
    [[ $names =~ ^pts/[0-9]+\ pts/[0-9]+\ pts/[0-9]+$ ]]
    for k in 1 2 3; do
        in_container "$N" test -c "/dev/tty$k"
        assert_equal "$(in_container "$N" sh -c "stat -c '%t:%T' /dev/tty$k")" \
            "$(in_container "$N" sh -c "stat -c '%t:%T' /dev/$(cut -d' ' -f"$k" <<<"$names")")"
    done
    run -1 in_container "$N" test -e /dev/tty4
    in_container "$N" sh -c 'echo hello >/dev/tty1'
    # The template's inittab has a getty on tty1.
    wait_until 5 in_container "$N" sh -c 'ps | grep -q "[g]etty"'
}

@test "lxc.tty.dir" {
    start lxc.tty.dir=lxc lxc.tty.max=2
    assert_equal "$(in_container "$N" readlink /dev/tty1)" lxc/tty1
    in_container "$N" test -c /dev/lxc/tty2
    in_container "$N" test -c /dev/lxc/console
    in_container "$N" test -c /dev/console
}

# A line of the log: prefix, name, UTC time, level in 8 columns, category, place, text.
line="^lxc-start $N [0-9]{14}\.[0-9]{3} (TRACE|DEBUG|INFO|NOTICE|WARN|ERROR) +[a-z_]+ - [^ ]+ - ."

@test "lxc.log.file and lxc.log.level; -o wins; the shape of a line" {
    log=$BATS_TEST_TMPDIR/deep/er/own.log
    start "lxc.log.level=TRACE" "lxc.log.file=$log"
    [ -s "$log" ]
    assert_equal "$(stat -c %a "$log")" 640
    assert_equal "$(grep -cvE "$line" "$log")" 0
    lxc-stop -P "$LXCPATH" -n "$N" -k
    : >"$log"
    lxc-start -P "$LXCPATH" -n "$N" -o "$BATS_TEST_TMPDIR/o.log" -l TRACE -s "lxc.log.file=$log"
    [ -s "$BATS_TEST_TMPDIR/o.log" ]
    [ ! -s "$log" ]
}

@test "-l alone: LXCPATH/NAME/NAME.log, never making the directory; -o none; an -o that fails" {
    lxc-start -P "$LXCPATH" -n "$N" -l DEBUG
    [ -s "$LXCPATH/$N/$N.log" ]
    lxc-stop -P "$LXCPATH" -n "$N" -k
    rm "$LXCPATH/$N/$N.log"
    lxc-start -P "$LXCPATH" -n "$N" -l DEBUG -o none
    [ ! -e "$LXCPATH/$N/$N.log" ]
    lxc-stop -P "$LXCPATH" -n "$N" -k
    run -1 lxc-start -P "$LXCPATH" -n "no$N" -l DEBUG
    [ ! -e "$LXCPATH/no$N" ]
    run_apart lxc-start -P "$LXCPATH" -n "$N" -o /proc/nosuch/x.log
    assert_equal "$status" 1
    assert_contains "$stderr" /proc/nosuch/x.log
    is_stopped
}

@test "the log of a failed start in the background ends with the cause at ERROR (Incus)" {
    log=$BATS_TEST_TMPDIR/lxc.log
    run -1 lxc-start -P "$LXCPATH" -n "$N" -o "$log" -l ERROR \
        -s "lxc.mount.entry=/nosuch x none bind 0 0"
    grep -qE "^lxc-start $N [0-9]{14}\.[0-9]{3} ERROR    [a-z_]+ - .*" "$log"
    assert_equal "$(grep -cvE "$line" "$log")" 0
    assert_contains "$(<"$log")" /nosuch
    assert_contains "$(<"$log")" "No such file or directory"
}
