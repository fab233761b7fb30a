#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manual pages of the build: well-formed, complete against the tables of the code, and with
# examples that load.

load helpers

setup() {
    pages="$TARE_BUILD_ROOT/man"
    container="$pages/lxc.container.conf.5"
    keys="$TARE_SOURCE_ROOT/src/config/keys.c"
    net_keys="$TARE_SOURCE_ROOT/src/config/net_keys.c"
    cd "$BATS_TEST_TMPDIR"
}

# A page as text: one line a paragraph, so that no name is broken at its hyphens.
page_text() {
    mandoc -Tascii -O width=990 "$1" | sed 's/.\x08//g'
}

# row_names FILE: the names of the rows of a key table.
row_names() {
    sed -n 's/^\tROW("\([^"]*\)".*/\1/p' "$1"
}

# examples MARK: write the blocks that stand behind the comment MARK to MARK-1, MARK-2 …, as text.
examples() {
    awk -v mark="$1" '
        $0 == ".\\\" " mark { file = mark "-" ++count; next }
        file && /^\.nf/ { copies = 1; next }
        /^\.fi/ { file = ""; copies = 0 }
        copies { print > file }' "$container"
    sed -i 's/\\(dq/"/g; s/\\(aq/'"'"'/g; s/\\(ti/~/g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g' "$1"-*
}

@test "mandoc finds nothing to say about any page" {
    count=0
    for page in "$pages"/*.[1-8]; do
        run mandoc -Tlint "$page"
        assert_equal "$status $output" "0 "
        count=$((count + 1))
    done
    [ "$count" -ge 8 ]
}

@test "every page is installed whose source there is, and none has an unfilled name" {
    for source in "$TARE_SOURCE_ROOT"/man/*.in; do
        page=$(basename "$source" .in)
        [ -s "$pages/$page" ] || fail "$page was not made"
        assert_equal "$(grep -nE '@[A-Za-z]+@|INSERT' "$pages/$page")" ""
    done
}

@test "every command has a page, and the page all of its options" {
    { tare tool-names; tare --help | sed -n 's/^  tare \([a-z-]*\)  .*/tare \1/p'; } >commands
    grep -q . commands
    while read -r command; do
        page="$pages/${command/ /-}.1"
        # A command without options of its own is told in tare(1).
        [ -e "$page" ] || page="$pages/tare.1"
        page_text "$page" >text
        grep -q -- "$command" text || fail "nothing about $command in $page"
        [ "$page" != "$pages/tare.1" ] || continue
        tare manual-options "$command" | sed -n 's/^.*\\fB\(\\-\\-[^ ]*\)\\fR.*/\1/p' |
            sed 's/\\-/-/g; s/\\fR.*//' >options
        grep -q . options
        while read -r option; do
            grep -q -- "$option" text || fail "$page lacks $option"
        done <options
    done <commands
}

@test "every key of the table is in lxc.container.conf(5)" {
    page_text "$container" >text
    row_names "$keys" >names
    [ "$(wc -l <names)" -ge 85 ]
    while read -r name; do
        [ "$name" != lxc.net. ] || name=lxc.net
        grep -qE "^ +${name//./\\.}(\.?(FILE|NAME|RESOURCE|NAMESPACE))? =" text ||
            fail "$name is not in the list of keys"
    done <names
}

@test "every key of an interface is in lxc.container.conf(5)" {
    page_text "$container" | sed -n '/^NETWORK KEYS/,/^INIT/p' >text
    row_names "$net_keys" >names
    [ "$(wc -l <names)" -ge 25 ]
    while read -r name; do
        grep -qE "^ +${name//./\\.} =" text || fail "$name is not in the list"
    done <names
}

@test "defaults and what an empty value means are told" {
    page_text "$container" >text
    for expected in "lxc.autodev = 0 or 1|Default: 1. +An empty value means 0." \
        "lxc.monitor.signal.pdeath = signal|Default: 9. +An empty value means 0." \
        "lxc.arch = architecture|An empty value is an error." \
        "lxc.rootfs.managed = 0 or 1|Default: 1.$" "veth.mode = word|Default: bridge." \
        "lxc.mount.fstab = path|An empty value clears it and is an error"; do
        grep -A 1 -F "${expected%%|*}" text | grep -qE "${expected##*|}" || fail "$expected"
    done
}

@test "every old name is in lxc.container.conf(5), with its present one" {
    page_text "$container" | sed -n '/^OLD NAMES/,/^DIAGNOSTICS/p' >text
    sed -n 's/^\t{"\(lxc\.[^"]*\)", *\("[^"]*"\|NULL\).*/\1 \2/p' \
        "$TARE_SOURCE_ROOT/src/config/legacy.c" | tr -d '"' >rows
    [ "$(wc -l <rows)" -ge 20 ]
    while read -r old now; do
        [ "$now" != NULL ] || now="Has no effect."
        assert_equal "$(grep -A 1 -xE " +${old//./\\.}" text | tail -n 1 | sed 's/^ *//')" "$now"
    done <rows
}

@test "every kind of value that a key takes is explained" {
    page_text "$container" | sed -n '/^VALUES/,/^KEYS/p' >text
    page_text "$container" | sed -n '/^KEYS/,/^INIT/s/^ \{7\}[a-z][^ ]* = \(.*\)/\1/p' |
        sed 's/, list$//' | sort -u >types
    [ "$(wc -l <types)" -ge 30 ]
    while read -r type; do
        case "$type" in
        # Said by the key's own line.
        word | "interface type" | up | "text for "*) continue ;;
        esac
        grep -qF -- "$type" text || fail "VALUES says nothing about \"$type\""
    done <types
}

@test "every stable name that a configuration can be told is in DIAGNOSTICS" {
    page_text "$container" | sed -n '/^DIAGNOSTICS/,/^FILES/p' >text
    sed -n 's/.*X(ERR_[A-Z_]*, "\([a-z-]*\)").*/\1/p' "$TARE_SOURCE_ROOT/src/base/err.h" |
        grep -E '^(config|mount|seccomp|device|id-map|file)-' |
        grep -v 'file-write-failed' >names
    [ "$(wc -l <names)" -ge 20 ]
    while read -r name; do
        grep -qw -- "$name" text || fail "$name is not explained"
    done <names
}

@test "every mount option and architecture of seccomp is named" {
    page_text "$container" | sed -n '/^MOUNTS/,/^NETWORK/p' >text
    sed -n 's/^\t{"\([a-z=]*\)", WORD_.*/\1/p' "$TARE_SOURCE_ROOT/src/config/mount_options.c" >words
    [ "$(wc -l <words)" -ge 35 ]
    while read -r word; do
        case "$word" in
        rprivate | rshared | rslave | runbindable) word=${word#r} ;;
        esac
        grep -qE "(^|[ ,])$word([ ,;.A-Z]|$)" text || fail "$word is not named"
    done <words
    page_text "$container" | sed -n '/^SECCOMP/,/^LOGGING/p' >text
    sed -n 's/^\tX(SECCOMP_ARCH_[A-Z0-9_]*, *"\([a-z0-9_]*\)").*/\1/p' \
        "$TARE_SOURCE_ROOT/src/config/seccomp_policy.h" >words
    [ "$(wc -l <words)" -ge 17 ]
    while read -r word; do
        grep -qw -- "$word" text || fail "$word is not named"
    done <words
}

@test "every item of lxc.conf is in both of its pages, with its default" {
    [ "$(lxc-config -l | wc -l)" -ge 9 ]
    for page in lxc-config.1 lxc.system.conf.5; do
        page_text "$pages/$page" >text
        while read -r name; do
            grep -A 1 -xE " +${name//./\\.}" text >found || fail "$name is missing in $page"
            case "$name" in
            lxc.default_config) default='for root, ~/.config/lxc/default.conf for other users' ;;
            lxc.lxcpath) default='for root, ~/.local/share/lxc for other users' ;;
            lxc.cgroup.* | *.rbduser) default='Not set by default' ;;
            *) default='Default: lxc' ;;
            esac
            grep -qF " $default." found || fail "$page says of $name:" "$(<found)"
        done < <(lxc-config -l)
    done
}

@test "the words of values are listed" {
    page_text "$container" | sed -n '/^VALUES/,/^KEYS/p' >text
    grep -qx ' *One of daemon local0 local1 .* local7' text
    grep -qx ' *Names, separated by blanks: user mnt pid uts ipc net cgroup time' text
}

@test "all examples load without a remark" {
    examples EXAMPLE
    [ -e EXAMPLE-4 ]
    for example in EXAMPLE-*; do
        [ "$(grep -c '^lxc\.' "$example")" -ge 5 ]
        run tare config-check --strict "$example"
        assert_equal "$status $output" "0 "
    done
}

@test "the example of a seccomp policy loads" {
    examples POLICY
    echo 'lxc.seccomp.profile = POLICY-1' >c.conf
    run tare config-check --strict c.conf
    assert_equal "$status $output" "0 "
    # The test would see a mistake.
    echo 'nosuch action' >>POLICY-1
    run tare config-check c.conf
    assert_equal "$status" 1
}
