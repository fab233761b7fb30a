#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-destroy with what depends on a container, ephemeral ones that are stopped, and tare repair
# (spec/cli.md §3.10; storage.md §10, §13).

load helpers
load containers
load snapshots

teardown() {
    [ -z "${LXCPATH:-}" ] || remove_lxcpath
}

# A chain: base <- top <- top/snaps/snap0, base <- side.
chain='
	TYPE=dir make base
	mkdir "$P/clone.d"
	for name in top side; do
	    lxc-copy -P "$P" -n base -N "$name" -s
	done
	snap -n top
	rmdir "$P/clone.d"
'

@test "lxc-destroy -s: own snapshots go; who is needed by others stays, with all of its own" {
    in_world dir <<-SCRIPT
	$chain
	snap -n base
	try lxc-destroy -P "\$P" -n base
	equal "\$status:\$stderr" "1:lxc-destroy: base: Destroying base failed: base has snapshots"
	try lxc-destroy -P "\$P" -n base -s
	equal "\$status" 1
	contains "\$stderr" "base is needed by: "
	for name in top snap0 side; do
	    contains "\$stderr" "\$name"
	done
	[ -d "\$P/base/snaps/snap0/rootfs" ]
	snap -n base -d ALL
	try lxc-destroy -P "\$P" -n base
	equal "\$status:\${stderr%%\$'\n'*}" "1:lxc-destroy: base: Destroying base failed: base has clones"
	contains "\$stderr" "lxc-destroy: base: base is needed by: top side snap0"
	case "\$stderr" in *"resource busy"*) false ;; esac
	lxc-destroy -P "\$P" -n top -s
	[ ! -e "\$P/top" ]
	equal "\$(<"\$P/base/lxc_snapshots")" "\$P
	side"
	lxc-destroy -P "\$P" -n side
	[ ! -e "\$P/base/lxc_snapshots" ]
	lxc-destroy -P "\$P" -n base -s
	equal "\$(ls -A "\$P")" ""
	SCRIPT
}

@test "lxc-destroy --clones: those go, too; not when they have snapshots and nobody said -s" {
    in_world dir <<-SCRIPT
	$chain
	lxc-copy -P "\$P" -n side -N third -s
	try lxc-destroy -P "\$P" -n base --clones
	equal "\$status" 1
	contains "\$stderr" "has snapshots"
	equal "\$(lxc-ls -P "\$P" -1 | tr '\\n' ' ')" "base side third top "
	try lxc-destroy -P "\$P" -n base -s --clones
	equal "\$status:\$stdout:\$stderr" "0::"
	equal "\$(ls -A "\$P")" ""
	SCRIPT
}

@test "lxc-destroy -s: a snapshot that others need stays, and so does everything" {
    in_world dir <<-'SCRIPT'
	make c
	snap -n c
	snap -n c
	lxc-copy -P "$P/c/snaps" -n snap1 -p "$P" -N user -s
	equal "$(<"$P/c/snaps/snap1/lxc_snapshots")" "$P
	user"
	for words in "lxc-destroy -n c -s" "lxc-snapshot -n c -d snap1" "lxc-snapshot -n c -d ALL"; do
	    try $words -P "$P"
	    equal "$words: $status" "$words: 1"
	    contains "$stderr" "is needed by: user"
	    equal "$(ls "$P/c/snaps" | tr '\n' ' ')" "snap0 snap1 "
	done
	lxc-destroy -P "$P" -n c -s --clones
	equal "$(ls -A "$P")" ""
	SCRIPT
}

@test "a stopped ephemeral container is destroyed by lxc-destroy" {
    in_world dir <<-'SCRIPT'
	make c "lxc.ephemeral = 1"
	try lxc-destroy -P "$P" -n c
	equal "$status:$stdout:$stderr" "0::"
	[ ! -e "$P/c" ]
	SCRIPT
}

@test "tare repair: ephemeral containers that have run go, others stay" {
    in_world dir <<-'SCRIPT'
	make fresh "lxc.ephemeral = 1"
	make ran "lxc.ephemeral = 1"
	make plain
	touch "$P/ran/started" "$P/plain/started"
	try tare repair -P "$P"
	equal "$status:$stdout:$stderr" \
	    "0:ran: destroyed the ephemeral container, which had run:"
	equal "$(ls "$P" | tr '\n' ' ')" "fresh plain "
	equal "$(tare repair -P "$P")" "nothing to repair"
	SCRIPT
}

@test "what runs has no snapshots made, is not restored, and goes with nobody" {
    make_lxcpath
    N=runs$$
    make_container "$N"
    lxc-snapshot -P "$LXCPATH" -n "$N"
    lxc-start -P "$LXCPATH/$N/snaps" -n snap0
    for words in "-r snap0" "-r snap0 -N new" "-d snap0" "-d ALL"; do
        # shellcheck disable=SC2086
        run_apart lxc-snapshot -P "$LXCPATH" -n "$N" $words
        assert_equal "$words: $status" "$words: 1"
        assert_contains "$stderr" "snap0 is running"
    done
    run_apart lxc-destroy -P "$LXCPATH" -n "$N" -s
    assert_equal "$status:$stderr" "1:lxc-destroy: $N: snap0 is running"
    lxc-stop -P "$LXCPATH/$N/snaps" -n snap0 -k
    lxc-start -P "$LXCPATH" -n "$N"
    for words in "" "-r snap0"; do
        # shellcheck disable=SC2086
        run_apart lxc-snapshot -P "$LXCPATH" -n "$N" $words
        assert_equal "$words: $status" "$words: 1"
        assert_contains "$stderr" "container $N is running"
        assert_contains "$stderr" "hint: stop it first: lxc-stop"
    done
    lxc-snapshot -P "$LXCPATH" -n "$N" -r snap0 -N new
    lxc-stop -P "$LXCPATH" -n "$N" -k
    lxc-start -P "$LXCPATH" -n new
    lxc-stop -P "$LXCPATH" -n new -k
    lxc-destroy -P "$LXCPATH" -n "$N" -s
    assert_equal "$(lxc-ls -P "$LXCPATH" -1)" new
}

@test "tare repair: an ephemeral container whose supervisor is killed has run" {
    make_lxcpath
    N=ephemeral$$
    make_container "$N" "lxc.ephemeral = 1"
    assert_equal "$(tare repair -P "$LXCPATH")" "nothing to repair"
    lxc-start -P "$LXCPATH" -n "$N"
    assert_equal "$(tare repair -P "$LXCPATH")" "nothing to repair"
    kill -KILL "$(ps -o ppid= -p "$(lxc-info -P "$LXCPATH" -n "$N" -pH)" | tr -d ' ')"
    wait_until 5 eval '[ -z "$(lxc-ls -P "$LXCPATH" --active -1)" ]'
    [ -d "$LXCPATH/$N/rootfs" ]
    assert_contains "$(tare repair -P "$LXCPATH")" \
        "$N: destroyed the ephemeral container, which had run"
    [ ! -e "$LXCPATH/$N" ]
    assert_equal "$(tare repair -P "$LXCPATH")" "nothing to repair"
}

@test "tare repair: stale lines, temporary files, what is told and how" {
    in_world dir <<-'SCRIPT'
	make c
	make d
	snap -n c
	printf '%s\n' "$P" gone "$P" d "$P/gone/snaps" snap0 /not/mounted/now e >"$P/c/lxc_snapshots"
	printf '%s\n' "$P" gone "$P" c >"$P/d/lxc_rdepends"
	printf '%s\n' "$P" gone >"$P/c/snaps/snap0/lxc_rdepends"
	touch "$P/c/.config.tare-abcdef" "$P/c/.mine" "$P/c/snaps/snap0/.ts.tare-012345"
	mkdir -m 1770 "$P/half"
	json=$(cp -a "$P" "$W/mnt/other" && tare repair -P "$W/mnt/other" --format json)
	equal "$(jq -r '.[] | .name + " " + .repaired' <<<"$json" | sort | uniq -c | tr -s ' ')" \
	    " 1 c dependency
	 1 c file
	 1 d dependency
	 1 half creation
	 1 snap0 dependency
	 1 snap0 file"
	try tare repair -P "$P"
	equal "$status:$stderr" "0:"
	equal "$(sort <<<"$stdout")" "$P/c/snaps/snap0: removed a dependency on what is gone
	$P/c/snaps/snap0: removed a temporary file
	c: removed a temporary file
	c: removed dependencies on what is gone
	d: removed a dependency on what is gone
	half: undid an interrupted creation"
	equal "$(<"$P/c/lxc_snapshots")" "$P
	d
	/not/mounted/now
	e"
	equal "$(<"$P/d/lxc_rdepends")" "$P
	c"
	[ ! -e "$P/c/snaps/snap0/lxc_rdepends" ]
	[ -e "$P/c/.mine" ]
	equal "$(tare repair -P "$P")" "nothing to repair"
	equal "$(tare repair -P "$P" --format json)" "[]"
	equal "$(tare repair -P "$W/none")" "nothing to repair"
	SCRIPT
}

@test "tare repair: what can't be repaired is named, and keeps nothing else from it" {
    in_world dir <<-'SCRIPT'
	make a
	make b
	mkdir "$P/a/lxc_rdepends"
	touch "$P/b/.config.tare-abcdef"
	try tare repair -P "$P"
	equal "$status" 1
	contains "$stderr" "tare repair: a: cannot read \"$P/a/lxc_rdepends\""
	equal "$stdout" "b: removed a temporary file"
	json=$(tare repair -P "$P" --format json 2>/dev/null) && exit 1
	equal "$(jq -r '.[0].name, .[0].repaired' <<<"$json")" "a
	null"
	contains "$json" "cannot read"
	SCRIPT
}

@test "lxc-destroy --clones: who is only named in the list, and needs nothing, is left alone" {
    local p=$BATS_TEST_TMPDIR/p name

    for name in o victim below; do
	mkdir -p "$p/$name/rootfs"
	echo "lxc.rootfs.path = dir:$p/$name/rootfs" >"$p/$name/config"
    done
    printf '%s\nvictim\n' "$p" >"$p/o/lxc_snapshots"
    run_apart lxc-destroy -P "$p" -n o --clones
    assert_equal "$status:$stderr" "0:"
    [ ! -e "$p/o" ]
    [ -d "$p/victim/rootfs" ]
}

@test "lxc-destroy: a pipe in the place of a list of who needs whom is refused" {
    local p=$BATS_TEST_TMPDIR/p list

    for list in lxc_snapshots lxc_rdepends; do
	mkdir -p "$p/v/rootfs"
	echo "lxc.rootfs.path = dir:$p/v/rootfs" >"$p/v/config"
	mkfifo "$p/v/$list"
	run_apart timeout 10 lxc-destroy -P "$p" -n v
	assert_equal "$status" 1
	assert_contains "$stderr" "$list\": it is no regular file"
	[ -e "$p/v/config" ]
	rm "$p/v/$list"
    done
}

@test "lxc-destroy: links that container root has put in the directory are not followed" {
    local p=$BATS_TEST_TMPDIR/p victim=$BATS_TEST_TMPDIR/victim

    mkdir -p "$p/a" "$p/ov/rootfs" "$victim/delta"
    echo "lxc.rootfs.path = dir:$p/a/rootfs" >"$p/a/config"
    ln -s "$victim" "$p/a/rootfs"
    chown -h 100000 "$p/a/rootfs"
    run_apart lxc-destroy -P "$p" -n a
    assert_equal "$status" 1
    assert_contains "$stderr" "\"$p/a/rootfs\" is a symbolic link of uid 100000's"
    [ -d "$victim/delta" ]
    echo "lxc.rootfs.path = overlay:$p/ov/rootfs:$p/ov/overlay/delta" >"$p/ov/config"
    ln -s "$victim" "$p/ov/overlay"
    chown -h 100000 "$p/ov/overlay"
    run_apart lxc-destroy -P "$p" -n ov
    assert_equal "$status" 1
    assert_contains "$stderr" "\"$p/ov/overlay\" is a symbolic link of uid 100000's"
    [ -d "$victim/delta" ]
    # Elsewhere they are just removed.
    rm "$p/ov/overlay" "$p/a/rootfs"
    mkdir "$p/a/rootfs"
    ln -s "$victim" "$p/a/other"
    chown -h 100000 "$p/a/other"
    run_apart lxc-destroy -P "$p" -n a
    assert_equal "$status:$stderr" "0:"
    [ -d "$victim/delta" ]
}

@test "lxc-destroy: a snapshot made by a hook of lxc.hook.destroy is not lost" {
    local p=$BATS_TEST_TMPDIR/p

    mkdir -p "$p/c/rootfs"
    printf '#!/bin/sh\nmkdir -p %s/c/snaps/snap0\n' "$p" >"$p/hook"
    chmod +x "$p/hook"
    printf '%s\n' "lxc.rootfs.path = dir:$p/c/rootfs" "lxc.hook.destroy = $p/hook" >"$p/c/config"
    run_apart lxc-destroy -P "$p" -n c
    assert_equal "$status" 1
    assert_contains "$stderr" "Destroying c failed: c has snapshots"
    [ -d "$p/c/snaps/snap0" ]
    [ -d "$p/c/rootfs" ]
}

@test "lxc-destroy: says who the clones are, and gives no error number as the reason" {
    local p=$BATS_TEST_TMPDIR/p name

    for name in o a b; do
	mkdir -p "$p/$name/rootfs"
	echo "lxc.rootfs.path = dir:$p/$name/rootfs" >"$p/$name/config"
	[ "$name" = o ] || printf '%s\no\n' "$p" >"$p/$name/lxc_rdepends"
    done
    printf '%s\na\n%s\nb\n' "$p" "$p" >"$p/o/lxc_snapshots"
    run_apart lxc-destroy -P "$p" -n o
    assert_equal "$status" 1
    assert_equal "${stderr%%$'\n'*}" "lxc-destroy: o: Destroying o failed: o has clones"
    assert_contains "$stderr" "o is needed by: a b"
    run_apart lxc-destroy -P "$p" -n o -s
    assert_equal "$status" 1
    assert_contains "$stderr" "o is needed by: a b"
    refute_contains "$stderr" "resource busy"
}

@test "lxc-destroy: another container's root file system, or a layer of it, in the directory" {
    local p=$BATS_TEST_TMPDIR/p user

    mkdir -p "$p/o/rootfs" "$p/dir" "$p/ov/delta" "$p/all"
    echo "lxc.rootfs.path = dir:$p/o/rootfs" | tee "$p/o/config" >"$p/dir/config"
    echo "lxc.rootfs.path = overlay:/usr:$p/o/rootfs:$p/ov/delta" >"$p/ov/config"
    # Neither a root above it nor a configuration that can't be read stands in the way.
    echo "lxc.rootfs.path = dir:/" >"$p/all/config"
    mkdir -p "$p/broken/config"
    for user in dir ov; do
	run_apart lxc-destroy -P "$p" -n o
	assert_equal "$status" 1
	assert_contains "$stderr" "root file system of container $user is in \"$p/o\""
	[ -d "$p/o/rootfs" ]
	rm -r "${p:?}/$user"
    done
    run_apart lxc-destroy -P "$p" -n o
    assert_equal "$status:$stderr" "0:"
    [ ! -e "$p/o" ]
}
