#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tare config-check: all problems of a file at once, each with its line, for people and as JSON, and
# an exit code that scripts can trust. What is a problem is tested in src/config/; here one of each
# kind is seen on its way out.

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR"
}

# The text output without hints.
problems() {
    grep -v '^  hint: ' <<<"$stdout"
}

check() {
    run_apart tare config-check "$@"
}

@test "a file without problems is told by silence" {
    printf '%s\n' '# c' '' 'foreign = 1' 'lxc.tty.max = 4' 'lxc.uts.name = c1' >good.conf
    : >empty.conf
    check good.conf empty.conf
    assert_equal "$status $stdout $stderr" "0  "
    check --strict good.conf
    assert_equal "$status $stdout $stderr" "0  "
}

@test "all errors of a file are told, each with file, line and stable name" {
    cat >bad.conf <<'EOF'
lxc.tty.max = 4 # four
lxc.uts.nme = web
lxc.idmap = u 0 x 1
lxc.net.0.type = vth
lxc.net.1.type = veth
lxc.net.1.macvlan.mode = bridge
lxc.net.x.type = veth
lxc.cap.drop = mknod
lxc.cap.keep = chown
lxc.environment = TARE_TEST_NOWHERE
lxc.net.2.link = a-name-that-is-too-long
lxc.mount.entry = /a b none bind,create=dir,create=file
lxc.cgroup2.devices.allow = c 1:3
lxc.prlimit.nosuch = 1
lxc.log.level = loud
EOF
    unset TARE_TEST_NOWHERE
    check bad.conf
    assert_equal "$status $stderr" "1 "
    for expected in "1: error: * [config-value-invalid]" "2: error: * [config-key-unknown]" \
        "3: error: * [id-map-invalid]" "4: error: * [config-value-invalid]" \
        "6: error: * [config-key-unsuited]" "7: error: * [config-key-malformed]" \
        "9: error: * [config-conflict]" "10: error: * [config-environment-missing]" \
        "11: error: * [config-value-too-long]" "12: error: * [mount-entry-invalid]" \
        "13: error: * [device-rule-invalid]" "14: error: * [config-key-unknown]" \
        "15: error: * [config-value-invalid]"; do
        line=$(problems | grep "^bad.conf:${expected%% *} ") || fail "nothing about ${expected%%:*}"
        # shellcheck disable=SC2053 # a pattern; its brackets are meant literally
        [[ $line == bad.conf:${expected%%\**}*"${expected##*\*}" ]] ||
            fail "got: $line" "expected: bad.conf:$expected"
    done
    assert_equal "$(problems | grep -vc '^bad\.conf:[0-9]*: \(error\|warning\): .* \[[a-z-]*\]$')" 0
    assert_contains "$stdout" 'did you mean "lxc.uts.name"?'
}

@test "what a problem is about is told" {
    echo 'lxc.mount.entry = /only/a/source' >c.conf
    check c.conf
    assert_contains "$stdout" "c.conf:1: error: The mount entry has no target: /only/a/source ["
}

@test "a line without = is told with its place" {
    printf '%s\n' '# c' 'lxc.tty.max' >c.conf
    check c.conf
    assert_equal "$status" 1
    assert_contains "$stdout" "c.conf:2: error: Invalid configuration line: lxc.tty.max [config-syntax]"
}

@test "an include that is missing is told with the line that wants it" {
    printf '%s\n' 'lxc.tty.max = 1' 'lxc.include = nosuch.conf' 'lxc.pty.max = x' >c.conf
    check c.conf
    assert_equal "$status" 1
    assert_contains "$stdout" 'c.conf:2: error: Failed to open config file "nosuch.conf"'
    assert_contains "$stdout" "c.conf:3: error: "
}

@test "a problem of an included file has that file's line" {
    mkdir more
    echo 'lxc.include = more' >c.conf
    printf '\nlxc.tty.max = x\n' >more/b.conf
    echo 'lxc.pty.max = y' >more/a.conf
    echo 'lxc.pty.max = z' >more/not-included
    check c.conf
    assert_equal "$status" 1
    assert_equal "$(problems | cut -d: -f1,2)" "more/a.conf:1
more/b.conf:2"
}

@test "an include loop is named and does not hang" {
    printf '%s\n' '' 'lxc.include = b.conf' >a.conf
    echo 'lxc.include = a.conf' >b.conf
    run_apart timeout 20 tare config-check a.conf
    assert_equal "$status $stderr" "1 "
    assert_contains "$stdout" "b.conf:1: error: Include loop: "
    assert_contains "$stdout" "a.conf:2 includes b.conf:1 includes a.conf"
    assert_contains "$stdout" "[config-include-loop]"
    echo 'lxc.include = self.conf' >self.conf
    run_apart timeout 20 tare config-check self.conf
    assert_equal "$status" 1
    assert_contains "$stdout" "self.conf:1"
}

@test "warnings alone are no failure, but for --strict" {
    printf '%s\n' 'lxc.utsname = old' 'lxc.console.rotate = 1' 'lxc.cgroup.cpu.shares = 512' >c.conf
    check c.conf
    assert_equal "$status $stderr" "0 "
    assert_contains "$stdout" "c.conf:1: warning: lxc.utsname is the old name of lxc.uts.name [config-deprecated]"
    assert_contains "$stdout" "c.conf:2: warning: "
    assert_contains "$stdout" "c.conf:3: warning: lxc.cgroup.cpu.shares = 512 is for cgroup v1; for v2 it is lxc.cgroup2.cpu.weight = 59"
    for strict in -s --strict; do
        check "$strict" c.conf
        assert_equal "$status $stderr" "1 "
    done
}

@test "the seccomp policy and the fstab that the file names are read" {
    printf '%s\n' 2 allowlist 'read foo' >policy
    printf '%s\n' '# c' '/a' >fstab
    printf '%s\n' 'lxc.seccomp.profile = policy' 'lxc.mount.fstab = fstab' >c.conf
    check c.conf
    assert_equal "$status" 1
    assert_contains "$stdout" 'policy:3: error: Unrecognized seccomp action "foo" [seccomp-policy-invalid]'
    assert_contains "$stdout" "fstab:2: error: The mount entry has no target"
    rm policy fstab
    check c.conf
    assert_equal "$status" 1
    assert_contains "$stdout" 'c.conf:1: error: Failed to read "policy", which lxc.seccomp.profile names'
    assert_contains "$stdout" 'c.conf:2: error: Failed to read "fstab", which lxc.mount.fstab names'
}

@test "several files: each is checked, one bad one is enough for 1" {
    echo 'lxc.tty.max = 1' >good.conf
    echo 'lxc.tty.max = x' >bad.conf
    check good.conf bad.conf good.conf
    assert_equal "$status" 1
    assert_equal "$(problems | cut -d: -f1,2)" "bad.conf:1"
    check bad.conf bad.conf
    assert_equal "$(problems | cut -d: -f1,2)" "bad.conf:1
bad.conf:1"
}

@test "files do not see each other's keys" {
    echo 'lxc.cap.drop = mknod' >a.conf
    echo 'lxc.cap.keep = chown' >b.conf
    check a.conf b.conf
    assert_equal "$status $stdout" "0 "
}

@test "a file that can't be read is a problem of its own" {
    mkdir d
    check nosuch.conf
    assert_equal "$status $stderr" "1 "
    assert_contains "$stdout" 'error: Failed to open config file "nosuch.conf": No such file or directory [file-open-failed]'
    check d
    assert_equal "$status" 1
    assert_contains "$stdout" "Is a directory [file-read-failed]"
    echo 'lxc.tty.max = x' >bad.conf
    check nosuch.conf bad.conf
    assert_contains "$stdout" "bad.conf:1: error"
    if [ "$(id -u)" -ne 0 ]; then
        chmod 0 bad.conf
        check bad.conf
        assert_equal "$status" 1
        assert_contains "$stdout" "Permission denied"
    fi
}

@test "a file's name with blanks is told whole" {
    printf '%s\n' 'lxc.tty.max = x' 'lxc.foo bar = 1' >'my lxc. file.conf'
    check 'my lxc. file.conf'
    assert_equal "$(problems | sed 's/: error.*//')" "my lxc. file.conf:1
my lxc. file.conf:2"
}

@test "JSON is one document with an object for each file" {
    printf '%s\n' 'lxc.tty.max = x' 'lxc.utsname = "q\"' 'lxc.mount.entry = /a' >bad.conf
    : >good.conf
    check --format=json bad.conf good.conf nosuch.conf
    assert_equal "$status $stderr" "1 "
    assert_equal "$(jq -s length <<<"$stdout")" 1
    assert_equal "$(jq -c '[.[] | [.file, .errors, .warnings]]' <<<"$stdout")" \
        '[["bad.conf",2,2],["good.conf",0,0],["nosuch.conf",1,0]]'
    assert_equal "$(jq -c '.[0].problems[0]' <<<"$stdout")" \
        '{"severity":"error","name":"config-value-invalid","origin":"bad.conf:1 lxc.tty.max","message":"Invalid value \"x\" for lxc.tty.max","object":null,"errno":0,"hint":"lxc.tty.max takes a number, 0 or more"}'
    assert_equal "$(jq -r '.[0].problems[] | select(.name == "mount-entry-invalid") | .object' \
        <<<"$stdout" | head -n 1)" /a
    assert_equal "$(jq -c '.[1].problems' <<<"$stdout")" '[]'
    assert_equal "$(jq -r '.[2].problems[0] | "\(.name) \(.errno) \(.origin)"' <<<"$stdout")" \
        "file-open-failed 2 null"
}

@test "JSON of good files is exit code 0, of warnings with --strict 1" {
    echo 'lxc.utsname = a' >c.conf
    check --format=json c.conf
    assert_equal "$status $(jq '.[0].warnings' <<<"$stdout")" "0 1"
    check --format=json -s c.conf
    assert_equal "$status $(jq '.[0].warnings' <<<"$stdout")" "1 1"
}

@test "bytes that are no text reach neither terminal nor JSON as they are" {
    printf 'lxc.tty.max = \033[31m\377\n' >c.conf
    check c.conf
    assert_equal "$(tr -d '\n' <<<"$stdout" | LC_ALL=C tr -d '[:print:]')" ""
    check --format=json c.conf
    assert_equal "$(jq length <<<"$stdout")" 1
}

@test "no log file is opened, nothing is changed" {
    printf '%s\n' "lxc.log.file = $PWD/logs/c.log" 'lxc.log.level = TRACE' 'lxc.log.syslog = daemon' \
        'lxc.net.0.type = veth' 'lxc.net.0.hwaddr = 10:66:6a:xx:xx:xx' >c.conf
    cp c.conf before
    check c.conf
    assert_equal "$status $stdout $stderr" "0  "
    cmp c.conf before
    rm before
    assert_equal "$(find . -mindepth 1 -printf '%P ')" "c.conf "
}

@test "/dev/stdin can be checked" {
    check /dev/stdin <<<'lxc.tty.max = x'
    assert_equal "$status" 1
    assert_contains "$stdout" "/dev/stdin:1: error: "
}

@test "without a file, and with a format that does not exist" {
    check
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "tare config-check: no file given"
    check --format=xml c.conf
    assert_equal "$status $stdout" "1 "
    assert_contains "$stderr" "xml"
}
