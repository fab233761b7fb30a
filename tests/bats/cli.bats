#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What all commands have in common (spec/cli.md §1), tried on every command that there is; and the
# program behind them.

load helpers

# Run a test on each command, by its name as a file or as a command of tare.
commands() {
    tare tool-names
    tare --help | sed -n 's/^  \(tare [a-z-]*\)  .*/\1/p'
}

for_each_command() {
    local name count=0

    while read -r name; do
        # shellcheck disable=SC2086 # "tare config-check" is two words
        "$1" "$name" $name || fail "(for $name)"
        count=$((count + 1))
    done < <(commands)
    [ "$count" -ge 2 ]
}

version_alone_on_stdout() {
    run_apart "${@:2}" --version
    assert_equal "$status $stdout $stderr" "0 7.0.0 "
}

help_by_word() {
    run_apart "${@:2}" --help
    assert_equal "$status $stderr" "0 "
    assert_contains "$stdout" "Usage: $1"
    assert_contains "$stdout" "  -h, --help"
    local help=$stdout
    run_apart "${@:2}" -h
    assert_equal "$status $stdout" "0 $help"
    run_apart "${@:2}" "-?"
    assert_equal "$status $stdout $stderr" "1  $help"
}

usage_in_lxc_form() {
    run_apart "${@:2}" --usage
    assert_equal "$status $stdout" "0 "
    assert_contains "$stderr" "Usage: $1 ["
    assert_contains "$stderr" "[--version]"
    # Four options per line, further lines behind a tab.
    awk -v first="Usage: $1 [" '
        NR == 1 && index($0, first) != 1 || NR > 1 && !/^\t\[/ { exit 1 }
        short { exit 1 }
        { short = gsub(/\] \[/, "") != 3 }
        END { if (NR < 1) exit 1 }' <<<"$stderr" || fail "$stderr"
}

unknown_option_is_told() {
    run_apart "${@:2}" --versoin
    assert_equal "$status $stdout" "1 "
    assert_equal "$stderr" "$1: unrecognized option '--versoin'
  hint: did you mean '--version'?
Try '$1 --help' for more information."
    run_apart "${@:2}" -Z
    assert_equal "$status $stderr" "1 $1: invalid option -- 'Z'
Try '$1 --help' for more information."
}

@test "every command tells its version" {
    for_each_command version_alone_on_stdout
}

@test "every command has help, on stdout when it is asked for" {
    for_each_command help_by_word
}

@test "every command has the short list on stderr" {
    for_each_command usage_in_lxc_form
}

@test "every command tells an unknown option with the nearest one" {
    for_each_command unknown_option_is_told
}

@test "every name is a hard link to the program" {
    for name in $(tare tool-names); do
        [ "$TARE_BIN/$name" -ef "$TARE_BIN/tare" ]
        [ ! -L "$TARE_BIN/$name" ]
    done
}

@test "the program alone and its --help list the commands" {
    run_apart tare
    assert_equal "$status $stderr" "0 "
    assert_equal "$(tare --help)" "$stdout"
    for name in $(tare tool-names); do
        assert_contains "$stdout" "  $name "
    done
    refute_contains "$stdout" "tool-names"
}

@test "a command is found by either name" {
    assert_equal "$(tare config -l)" "$(lxc-config -l)"
    assert_equal "$(tare lxc-config -l)" "$(lxc-config -l)"
    cp "$TARE_BIN/tare" "$BATS_TEST_TMPDIR/renamed"
    assert_equal "$("$BATS_TEST_TMPDIR/renamed" config -l)" "$(lxc-config -l)"
    assert_equal "$(cd "$TARE_BIN" && ./lxc-config -l)" "$(lxc-config -l)"
}

@test "tare --version tells both versions" {
    run_apart tare --version
    assert_equal "$status $stderr" "0 "
    [[ $stdout =~ ^tare\ [0-9.]+,\ compatible\ with\ LXC\ 7\.0\.0$ ]]
}

@test "an unknown command is told with the nearest one" {
    run_apart tare confgi
    assert_equal "$status $stdout" "1 "
    assert_equal "$stderr" "tare: unknown command 'confgi'
  hint: did you mean 'config'?
Try 'tare --help' for more information."
    ln -s "$TARE_BIN/tare" "$BATS_TEST_TMPDIR/lxc-nothing"
    run_apart "$BATS_TEST_TMPDIR/lxc-nothing"
    assert_equal "$status $stderr" "1 lxc-nothing: tare has no command of this name"
}

@test "an unknown command reaches the terminal as text" {
    run_apart tare $'\e[31mred\n'
    assert_equal "$status $stdout" "1 "
    assert_equal "$(head -n 1 <<<"$stderr")" "tare: unknown command '\x1b[31mred\n'"
}

@test "files are never opened in place of a closed standard descriptor" {
    # A file that is a pipe without an end keeps the command alive while /proc is read.
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    exec 9<>"$BATS_TEST_TMPDIR/pipe"
    tare config-check "$BATS_TEST_TMPDIR/pipe" 3>&- 9>&- <&- >&- 2>&- &
    local pid=$! open='' standard=''
    for _ in $(seq 100); do
        # Before the program runs, the shell itself has the pipe open.
        [ "$(cat /proc/$pid/comm)" = tare ] || { sleep 0.02; continue; }
        open=$(readlink /proc/$pid/fd/*) || true
        standard=$(readlink /proc/$pid/fd/[012]) || true
        [[ $open == *"$BATS_TEST_TMPDIR/pipe"* ]] && break
        sleep 0.02
    done
    kill "$pid"
    wait "$pid" || true
    exec 9>&-
    assert_contains "$open" "$BATS_TEST_TMPDIR/pipe"
    assert_equal "$standard" "/dev/null
/dev/null
/dev/null"
}

@test "what cannot be said because the standard output is closed is an error" {
    run_apart sh -c 'lxc-config -l >&-'
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "Bad file descriptor"
}

@test "argv stays as it was typed" {
    # A reader that never comes keeps the command alive while /proc is read.
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    exec 9<>"$BATS_TEST_TMPDIR/pipe"
    dd if=/dev/zero of="$BATS_TEST_TMPDIR/pipe" bs=4096 count=64 oflag=nonblock 2>/dev/null || true
    lxc-config --format=text -l 3>&- 9>&- >"$BATS_TEST_TMPDIR/pipe" &
    local pid=$! line=
    for _ in $(seq 100); do
        line=$(tr '\0' ' ' <"/proc/$pid/cmdline")
        [[ $line == lxc-config* ]] && break
        sleep 0.02
    done
    kill "$pid"
    wait "$pid" || true
    exec 9>&-
    assert_equal "$line" "lxc-config --format=text -l "
}

@test "output that cannot be written is an error" {
    run_apart sh -c 'lxc-config -l >/dev/full'
    assert_equal "$status" 1
    assert_contains "$stderr" "lxc-config: cannot write to the standard output"
    assert_contains "$stderr" "No space left on device"
}

@test "the manual pages render without a complaint and know every option" {
    for page in "$TARE_BUILD_ROOT"/man/*.[1-8]; do
        run mandoc -Tlint "$page"
        assert_equal "$output" ""
        assert_equal "$status" 0
    done
    page=$(mandoc -Tascii "$TARE_BUILD_ROOT/man/lxc-config.1" | col -b)
    for option in $(lxc-config --usage 2>&1 | grep -o -- '--[a-z]*'); do
        assert_contains "$page" "$option"
    done
    for item in $(lxc-config -l); do
        assert_contains "$page" "$item"
    done
    page=$(mandoc -Tascii "$TARE_BUILD_ROOT/man/tare.1" | col -b)
    for name in $(tare tool-names); do
        assert_contains "$page" "$name"
    done
}
