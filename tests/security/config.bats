#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CVE-2026-23953: a line break in a value, a name or an argument would become a line of its own in a
# configuration: a hook, say, that runs on the host.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
}

teardown_file() {
    remove_lxcpath
}

setup() {
    victim=$LXCPATH/.victim
    # Read by whoever takes the second line for one.
    line="lxc.hook.pre-start = touch $victim"
}

teardown() {
    stop_all
    rm -rf "$LXCPATH"/[pu]*
    [ ! -e "$victim" ]
}

# No file below the lxcpath has the line.
assert_no_line() {
    run grep -rlE '^[[:space:]]*lxc\.hook' "$LXCPATH" --include=config
    assert_equal "$output" ""
    [ ! -e "$victim" ]
}

@test "CVE-2026-23953: -s KEY=VALUE" {
    stage p1
    for break in $'\n' $'\r' $'\r\n'; do
        for key in lxc.uts.name lxc.environment lxc.init.cwd lxc.mount.entry lxc.log.file; do
            run lxc-start -P "$LXCPATH" -n p1 -F -s "$key = x$break$line" -- /bin/true </dev/null
            assert_equal "$status" 1
            run lxc-execute -P "$LXCPATH" -n p1 -s "$key = x$break$line" -- /bin/true </dev/null
            assert_equal "$status" 1
            [ ! -e "$victim" ]
        done
    done
}

@test "CVE-2026-23953: names of containers" {
    for tool in lxc-create lxc-start lxc-execute lxc-attach lxc-info lxc-stop lxc-destroy; do
        for name in $'p1\nlxc.hook.pre-start=x' $'p1\r' $'p1\x1b[2J' ../p1 p1/../p1 . .. ""; do
            run timeout 20 "$tool" -P "$LXCPATH" -n "$name" </dev/null
            [ "$status" -ne 0 ] || fail "$tool took the name '$name'"
        done
    done
    assert_no_line
    assert_equal "$(find "$LXCPATH" -mindepth 1 -maxdepth 1 -not -name '.*')" ""
}

@test "CVE-2026-23953: lxcpath and --dir" {
    broken=$LXCPATH/.broken$'\n'"lxc.hook.pre-start = touch x"$'\n'
    mkdir "$broken"
    run lxc-create -P "$broken" -n p1 -f "$EMPTY_NET" -t "$TEMPLATE"
    assert_equal "$status" 1
    assert_equal "$(find "$broken" -mindepth 1)" ""
    run lxc-create -P "$LXCPATH" -n p1 -f "$EMPTY_NET" --dir "$LXCPATH/p2"$'\n'"lxc.hook.stop = x" \
        -t "$TEMPLATE"
    assert_equal "$status" 1
    assert_no_line
    rm -r "$broken"
}

@test "CVE-2026-23953: template names and their arguments" {
    run lxc-create -P "$LXCPATH" -n p1 -f "$EMPTY_NET" -t $'busybox\n'"$line"
    assert_equal "$status" 1
    # A template that takes any argument; what was given stands in a comment of the configuration.
    mkdir "$LXCPATH/.templates"
    template=$LXCPATH/.templates/any$'\n'"lxc.hook.stop = x"
    printf '#!/bin/sh\nmkdir -p "%s/p1/rootfs/bin"\n' "$LXCPATH" >"$template"
    chmod 755 "$template"
    for argument in $'--release=x\n'"$line" $'\n'"$line"$'\n' $'\r'"$line" "--a"$'\n\n\n'"$line"; do
        run -0 lxc-create -P "$LXCPATH" -n p1 -f "$EMPTY_NET" -t "$template" -- "$argument"
        assert_no_line
        lxc-destroy -P "$LXCPATH" -n p1
    done
    rm -r "$LXCPATH/.templates"
}

# liblxc itself, as python3-lxc or a daemon would use it.
@test "CVE-2026-23953: set_config_item, save_config and create of the API" {
    stage p1
    run -0 "$TARE_BUILD_ROOT/tests/security/newline" "$LXCPATH" p1 "$line"
    assert_equal "$output" ""
    assert_no_line
}
