#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-console (spec/cli.md §3.7): who looks at a terminal of a container, and how that ends.

load helpers
load containers

setup_file() {
    make_lxcpath
    N=lc$$
    export N
    make_container "$N" "lxc.tty.max = 3"
    # Root needs no password.
    sed -i 's/^root:[^:]*:/root::/' "$LXCPATH/$N/rootfs/etc/passwd" \
        "$LXCPATH/$N/rootfs/etc/shadow"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
}

start() {
    lxc-start -P "$LXCPATH" -n "$N" "$@"
}

# look [OPTION…] -- STEP…: lxc-console at a terminal, as terminal.py does its steps.
look() {
    local options=()

    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    python3 "$BATS_TEST_DIRNAME/terminal.py" "$@" -- \
        lxc-console -P "$LXCPATH" -n "$N" "${options[@]}"
}

# In the words of LXC, the letter being $2.
greeting() {
    printf '%s' '\r\n' "Connected to tty $1" '\r\n' \
        "Type <Ctrl+$2 q> to exit the console, <Ctrl+$2 Ctrl+$2> to enter Ctrl+$2 itself" '\r\n'
}

# A shell on the console that waits for nobody.
SHELL_INIT=(-- /bin/sh -c 'PS1="prompt> " exec sh -i')

@test "the first free tty; Ctrl+a q leaves; the greeting" {
    start
    look -- "expect=$(greeting 1 a)" 'send=\x01q' end=0
    look -t -1 -- "expect=$(greeting 1 a)" 'send=\x01q' end=0
    look --tty=3 -- "expect=$(greeting 3 a)" 'send=\x01q' end=0
    look -t 0 -- "expect=$(greeting 0 a)" 'send=\x01q' end=0
}

@test "other escapes: ^b, B, none" {
    start
    look -e ^b -- "expect=$(greeting 1 b)" 'send=\x01q' 'run=sleep 0.3' \
        "command=lxc-console -P $LXCPATH -n $N -e ^b" 'send=\x02q' end=0
    look -e B -- "expect=$(greeting 1 b)" 'send=\x02q' end=0
    # Who has left has no command line any more.
    look -e -1 -- 'send=\r' "expect=: " 'send=\x01q' 'run=sleep 0.3' \
        "command=lxc-console -P $LXCPATH -n $N -e -1" signal=15 end=0
    for wrong in ab 1 ^ ''; do
        run_apart lxc-console -P "$LXCPATH" -n "$N" -e "$wrong"
        assert_equal "$status" 1
        assert_contains "$stderr" "invalid escape character '$wrong'"
    done
}

@test "the escape twice is itself, before another character it is nothing" {
    start "${SHELL_INIT[@]}"
    look -t 0 -- 'send=\r' 'expect=prompt> ' \
        'send=stty -icanon -echo; echo rea""dy; head -c 2 | od -An -c; echo e""nd\r' \
        'expect=ready' 'send=\x01\x01\x01x' 'expect=001   x' 'expect=end' 'send=\x01q' end=0
}

@test "who was logged in still is: no hang-up, no new login" {
    start
    look -t 1 -- 'send=\r' "expect=login:" 'send=root\r' 'expect=# ' \
        'send=KEPT=it; echo t""here\r' 'expect=there' 'send=\x01q' end=0
    look -t 1 -- 'send=echo $KEPT is""kept\r' 'expect=it iskept' 'send=\x01q' end=0
    # Nor by an end without farewell.
    look -t 1 -- 'send=\r' 'expect=# ' signal=9 end=-9 2>/dev/null || true
    look -t 1 -- 'send=echo $KEPT still\r' 'expect=it still' 'send=\x01q' end=0
}

@test "the console: a shell is there again, and one looks at a time" {
    start "${SHELL_INIT[@]}"
    busy="lxc-console -P $LXCPATH -n $N -t 0 2>&1 >/dev/null </dev/null"
    look -t 0 -- 'send=KEPT=it\r' 'expect=prompt> ' \
        "run=$busy | grep -q 'Denied access to tty'" \
        "run=$busy | grep -q 'the console of container .* is in use'" 'send=\x01q' end=0
    look -t 0 -- 'send=echo $KEPT there\r' 'expect=it there' 'send=\x01q' end=0
}

@test "a tty that somebody has, or nobody" {
    start
    look -t 1 -- "expect=$(greeting 1 a)" \
        "run=lxc-console -P $LXCPATH -n $N -t 1 2>&1 </dev/null | grep -q 'tty 1 .* is in use'" \
        "run=! lxc-console -P $LXCPATH -n $N -t 1 2>/dev/null </dev/null" \
        "run=sleep 0.1 | lxc-console -P $LXCPATH -n $N 2>&1 | grep -q 'Connected to tty 2'" \
        'send=\x01q' end=0
    run_apart lxc-console -P "$LXCPATH" -n "$N" -t 9
    assert_equal "$status" 1
    assert_equal "$stderr" "lxc-console: $N: Denied access to tty
  container \"$N\" has no tty 9
  No such device or address
  hint: it has the ttys 1 to 3, as lxc.tty.max says; its console is number 0"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    start -s lxc.tty.max=0 -s lxc.console.path=none
    run_apart lxc-console -P "$LXCPATH" -n "$N"
    assert_equal "$status" 1
    assert_contains "$stderr" "container \"$N\" has no ttys"
    run_apart lxc-console -P "$LXCPATH" -n "$N" -t 0
    assert_equal "$status" 1
    assert_contains "$stderr" "container \"$N\" has no console"
    run_apart lxc-console -P "$LXCPATH" -n "$N" -t -2
    assert_equal "$status:$stderr" "1:lxc-console: $N: invalid tty '-2'"
}

@test "a container that does not run" {
    run_apart lxc-console -P "$LXCPATH" -n "$N"
    assert_equal "$status:$stderr" "1:lxc-console: $N: $N is not running"
}

@test "the container ends while somebody looks: by itself, stopped, without its supervisor" {
    start
    look -- "expect=$(greeting 1 a)" "run=lxc-stop -P $LXCPATH -n $N -k" end=0
    start
    look -t 0 -- "expect=$(greeting 0 a)" "run=lxc-stop -P $LXCPATH -n $N -k" end=0
    for tty in 0 1; do
        start
        supervisor=$(awk '{ print $4 }' "/proc/$(lxc-info -P "$LXCPATH" -n "$N" -pH)/stat")
        look -t "$tty" -- "expect=$(greeting "$tty" a)" "run=kill -9 $supervisor" end=0
        wait_until 5 stopped
    done
    start "${SHELL_INIT[@]}"
    look -t 0 -- 'send=\r' 'expect=prompt> ' 'send=echo last w""ords; exit\r' \
        'expect=last words' end=0
}

stopped() {
    [ "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" = STOPPED ]
}

@test "signals: SIGTERM is a way to leave, others kill; the terminal is as it was" {
    start
    look -- "expect=$(greeting 1 a)" signal=15 end=0
    for signal in 1 2 3; do
        look -- "expect=$(greeting 1 a)" signal=$signal end=-$signal
    done
    look -- "expect=$(greeting 1 a)" 'send=\x01q' end=0
}

@test "the window's size, from the beginning and when it changes" {
    start "${SHELL_INIT[@]}"
    look -t 0 -- 'send=\r' 'expect=prompt> ' 'send=stty size\r' 'expect=37 91' size=50x132 \
        'run=sleep 0.3' \
        "run=lxc-attach -P $LXCPATH -n $N -- sh -c 'stty size </dev/console' | grep -qx '50 132'" \
        'send=\x01q' end=0
    look -t 2 -- "expect=$(greeting 2 a)" \
        "run=lxc-attach -P $LXCPATH -n $N -- sh -c 'stty size </dev/tty2' | grep -qx '37 91'" \
        size=50x132 'run=sleep 0.3' \
        "run=lxc-attach -P $LXCPATH -n $N -- sh -c 'stty size </dev/tty2' | grep -qx '50 132'" \
        'send=\x01q' end=0
}

@test "a standard input that is no terminal: a pipe and a file are typed, others refused" {
    start "${SHELL_INIT[@]}"
    (printf 'echo from a pi""pe\r'; sleep 1) |
        lxc-console -P "$LXCPATH" -n "$N" -t 0 >"$BATS_TEST_TMPDIR/out" 2>/dev/null
    assert_contains "$(<"$BATS_TEST_TMPDIR/out")" "from a pipe"
    printf 'echo >/tmp/from-a-file\r' >"$BATS_TEST_TMPDIR/in"
    lxc-console -P "$LXCPATH" -n "$N" -t 0 <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1
    wait_until 5 in_container "$N" test -e /tmp/from-a-file
    run_apart lxc-console -P "$LXCPATH" -n "$N" </dev/null
    assert_equal "$status" 1
    assert_contains "$stderr" "lxc-console: $N: Failed to add stdin handler"
    assert_contains "$stderr" "hint: the standard input is neither a terminal nor a file or pipe"
    # Nobody holds the tty.
    look -t 1 -- "expect=$(greeting 1 a)" 'send=\x01q' end=0
}

@test "100 MB arrive from a tty, 20 from the console" {
    start
    for tty in tty2 console; do
        number=${tty#tty}
        [ $tty = console ] && bytes=$((20 << 20)) || bytes=$((100 << 20))
        mkfifo "$BATS_TEST_TMPDIR/$tty"
        lxc-console -P "$LXCPATH" -n "$N" -t "${number/console/0}" \
            <"$BATS_TEST_TMPDIR/$tty" 2>"$BATS_TEST_TMPDIR/words.$tty" | tr -cd x | wc -c \
            >"$BATS_TEST_TMPDIR/count" &
        exec 4>"$BATS_TEST_TMPDIR/$tty"
        wait_until 5 grep -qs Connected "$BATS_TEST_TMPDIR/words.$tty"
        in_container "$N" sh -c "head -c $bytes /dev/zero | tr '\\0' x >/dev/$tty"
        sleep 0.5
        exec 4>&-
        wait $!
        assert_equal "$(<"$BATS_TEST_TMPDIR/count")" "$bytes"
    done
}

@test "what ps shows is what was typed (Proxmox VE)" {
    start
    look -- "expect=$(greeting 1 a)" \
        "command=lxc-console -P $LXCPATH -n $N" \
        'send=\x01q' end=0
}

@test "a reboot is an end, too; a frozen container, and one in a user namespace" {
    start
    look -t 1 -- "expect=$(greeting 1 a)" "run=lxc-stop -P $LXCPATH -n $N -r -t 10" end=0
    wait_until 5 running
    look -t 1 -- 'send=\r' 'expect=login:' 'send=\x01q' end=0
    lxc-freeze -P "$LXCPATH" -n "$N"
    look -t 2 -- "expect=$(greeting 2 a)" 'send=\x01q' end=0
    lxc-stop -P "$LXCPATH" -n "$N" -k
    start -s "lxc.idmap=u 0 100000 65536" -s "lxc.idmap=g 0 100000 65536" \
        -s lxc.rootfs.options=idmap=container
    look -t 1 -- 'send=\r' 'expect=login:' 'send=\x01q' end=0
    look -t 0 -- 'send=\r' 'expect=# ' 'send=echo user-$(id -u)\r' 'expect=user-0' 'send=\x01q' \
        end=0
}

running() {
    [ "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" = RUNNING ]
}
