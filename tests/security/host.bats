#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Other users of the host: what they can plant, take, read and say.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    stage p1 "lxc.mount.auto = proc:mixed"
    start p1
}

teardown_file() {
    remove_lxcpath
}

# As somebody who is nobody here.
stranger() {
    setpriv --reuid 65001 --regid 65001 --clear-groups "$@"
}

# planted COMMAND…: in a mount namespace with an empty /run, where $PLANT is run first.
planted() {
    unshare --mount --propagation private bash -ec \
        'mount -t tmpfs -o mode=755 none /run; eval "$PLANT"; "$@"' bash "$@"
}

@test "CVE-2015-1331: a link in the place of run, lock or record directories is not followed" {
    mkdir -p "$LXCPATH/.evil"
    stage p2
    for name in /run/lxc /run/lxc/lock /run/lxc/runs "/run/lxc/lock${LXCPATH%/*}"; do
        export PLANT="mkdir -p '${name%/*}'; ln -s '$LXCPATH/.evil' '$name'"
        run planted lxc-start -P "$LXCPATH" -n p2 -F -- /bin/true </dev/null
        assert_equal "$(find "$LXCPATH/.evil" -mindepth 1)" ""
        run planted lxc-create -P "$LXCPATH" -n p3 -f "$EMPTY_NET" -t none
        assert_equal "$(find "$LXCPATH/.evil" -mindepth 1)" ""
        rm -rf "$LXCPATH/p3"
    done
    export PLANT="ln -s '$LXCPATH/.evil' /run/lxc"
    run planted lxc-start -P "$LXCPATH" -n p2 -F -- /bin/true </dev/null
    assert_equal "$status" 1
    assert_contains "$output" "symbolic link"
}

@test "CVE-2015-1331: a run directory, lock or record of somebody else's is refused" {
    stage p4
    for name in /run/lxc /run/lxc/runs; do
        export PLANT="mkdir -p '$name'; chown 65001 '$name'"
        run planted lxc-start -P "$LXCPATH" -n p4 -F -- /bin/true </dev/null
        assert_equal "$status" 1
        assert_contains "$output" "somebody else"
    done
    # The lock file: a link, a pipe that nobody writes, a directory.
    lock=/run/lxc/lock$LXCPATH/.p4
    for how in "ln -s '$LXCPATH/.evil/file' '$lock'" "mkfifo '$lock'" "mkdir '$lock'"; do
        export PLANT="mkdir -p '${lock%/*}'; $how"
        run planted timeout 20 lxc-create -P "$LXCPATH" -n p4 -f "$EMPTY_NET" -t none
        [ "$status" -ne 124 ]
        assert_equal "$(find "$LXCPATH/.evil" -mindepth 1)" ""
    done
}

@test "an ordinary user's run directory that others may write to is not theirs alone" {
    chmod 755 "$LXCPATH"
    mkdir -m 1777 "$LXCPATH/.shared"
    mkdir "$LXCPATH/.shared/lxc"
    chown 65002 "$LXCPATH/.shared/lxc"
    maps=(-s "lxc.idmap = u 0 65001 1" -s "lxc.idmap = g 0 65001 1")
    run stranger env XDG_RUNTIME_DIR="$LXCPATH/.shared" HOME=/nonexistent \
        "$TARE_BIN/lxc-execute" -P "$LXCPATH" -n x "${maps[@]}" -- /bin/true
    assert_equal "$status" 1
    assert_contains "$output" "\"$LXCPATH/.shared/lxc\""
    assert_contains "$output" "it belongs to somebody else"
    assert_equal "$(find "$LXCPATH/.shared/lxc" -mindepth 1)" ""
    # Whoever has become somebody else and kept the home of who they were.
    run stranger env -u XDG_RUNTIME_DIR HOME=/proc/1 \
        "$TARE_BIN/lxc-execute" -P "$LXCPATH" -n x "${maps[@]}" -- /bin/true
    assert_equal "$status" 1
    assert_contains "$output" 'the run directory "/proc/1/.cache/lxc/run"'
    assert_contains "$output" "XDG_RUNTIME_DIR, or below HOME"
    rm -r "$LXCPATH/.shared"
}

@test "others can't read run records, nor enter their directory" {
    [ -e /run/lxc/runs ]
    run stranger ls /run/lxc/runs
    [ "$status" -ne 0 ]
    run find /run/lxc/runs -perm /077
    assert_equal "$output" ""
    run stranger lxc-info -P "$LXCPATH" -n p1 -p
    refute_contains "$output" "$(lxc-info -P "$LXCPATH" -n p1 -pH)"
    run stranger lxc-attach -P "$LXCPATH" -n p1 -- /bin/id
    [ "$status" -ne 0 ]
    run stranger lxc-stop -P "$LXCPATH" -n p1 -k
    [ "$status" -ne 0 ]
    assert_equal "$(lxc-info -P "$LXCPATH" -n p1 -sH)" RUNNING
}

@test "the supervisor's /proc is closed to others, its descriptors to everybody inside" {
    supervisor=$(awk '{print $4}' "/proc/$(lxc-info -P "$LXCPATH" -n p1 -pH)/stat")
    for name in fd exe environ mem map_files; do
        run stranger ls -l "/proc/$supervisor/$name/"
        [ "$status" -ne 0 ] || assert_equal "$output" "total 0"
    done
    run -0 lxc-attach -P "$LXCPATH" -n p1 -- /bin/sh -c "ls /proc/$supervisor 2>&1; true" </dev/null
    assert_contains "$output" "No such file"
}

# Whoever binds a stopped container's address first must not be believed.
@test "an address that a stranger has taken is told, and gives root nothing to enter" {
    mkdir -p "$LXCPATH/squat"
    cp "$LXCPATH/p1/config" "$LXCPATH/squat/config"
    chmod 755 "$LXCPATH" "$LXCPATH/squat"
    python3 "$TARE_SOURCE_ROOT/tests/security/squatter.py" "$LXCPATH/squat" \
        >"$BATS_TEST_TMPDIR/squatter" 3>&- &
    squatter=$!
    wait_until 10 grep -q ready "$BATS_TEST_TMPDIR/squatter"
    run timeout 20 lxc-attach -P "$LXCPATH" -n squat -- /bin/id </dev/null
    assert_equal "$status" 1
    run timeout 20 lxc-freeze -P "$LXCPATH" -n squat
    assert_equal "$status" 1
    assert_contains "$output" "held by user 65001"
    run timeout 20 lxc-info -P "$LXCPATH" -n squat
    refute_contains "$output" RUNNING
    run timeout 20 lxc-start -P "$LXCPATH" -n squat
    [ "$status" -ne 0 ] || assert_contains "$output" running
    run -0 timeout 20 lxc-ls -P "$LXCPATH" -f
    assert_contains "$output" p1
    kill "$squatter"
    wait "$squatter" || true
    refute_contains "$(<"$BATS_TEST_TMPDIR/squatter")" request
    rm -r "$LXCPATH/squat"
}

# Root of a container that shares the host's network is root, and may bind what is free.
@test "an address that root of a container has taken is told, and gives root nothing to enter" {
    mkdir -p "$LXCPATH/squat"
    cp "$LXCPATH/p1/config" "$LXCPATH/squat/config"
    stage pnet
    sed -i 's/^lxc.net.0.type = .*/lxc.net.0.type = none/' "$LXCPATH/pnet/config"
    for way in stays leaves; do
        start pnet
        lxc-attach -P "$LXCPATH" -n pnet -- /bin/intruder squat "$LXCPATH/squat/command" "$way" \
            </dev/null >"$BATS_TEST_TMPDIR/$way" 3>&- &
        attached=$!
        wait_until 10 grep -q ready "$BATS_TEST_TMPDIR/$way"
        for command in "lxc-info -n squat" "lxc-stop -n squat -k" "lxc-freeze -n squat" \
            "lxc-attach -n squat -- /bin/id" "lxc-start -n squat"; do
            # shellcheck disable=SC2086 # several words
            run timeout 20 ${command/ / -P $LXCPATH } </dev/null
            assert_equal "$status" 1
            assert_contains "$output" "held by a process of a container"
            # What lxc-start says of states are LXC's words: no "RUNNING".
            refute_contains "${output//instead of \"RUNNING\"/}" RUNNING
        done
        run -0 timeout 20 lxc-ls -P "$LXCPATH" -f
        refute_contains "$(grep squat <<<"$output")" RUNNING
        finish pnet
        wait "$attached" || true
    done
    rm -r "$LXCPATH/squat" "$LXCPATH/pnet"
}
