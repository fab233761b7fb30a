#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What lxc-info and lxc-ls print (spec/cli.md §3.14, §3.15), which many programs parse.

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container b1 "lxc.group = onboot" "lxc.group = web" "lxc.start.auto = 1"
    make_container s1
    make_container u1 "lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536"
    lxc-start -P "$LXCPATH" -n b1
}

teardown_file() {
    remove_lxcpath
}

@test "lxc-info: labels, and nothing of them when stopped" {
    run_apart lxc-info -P "$LXCPATH" -n b1
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed -n 1,2p <<<"$stdout")" "Name:           b1
State:          RUNNING"
    grep -qE '^PID:            [0-9]+$' <<<"$stdout"
    run_apart lxc-info -P "$LXCPATH" -n s1
    assert_equal "$stdout" "Name:           s1
State:          STOPPED"
}

@test "lxc-info -H: one value alone; numbers plain" {
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -sH)" RUNNING
    assert_equal "$(lxc-info -P "$LXCPATH" -n s1 -sH)" STOPPED
    [[ $(lxc-info -P "$LXCPATH" -n b1 -pH) =~ ^[0-9]+$ ]]
    run_apart lxc-info -P "$LXCPATH" -n s1 -p
    assert_equal "$status:$stdout:$stderr" "0::"
    lxc-info -P "$LXCPATH" -n b1 -H | grep -qE '^CPU use:        [0-9]+$'
    lxc-info -P "$LXCPATH" -n b1 -H | grep -qE '^Memory use:     [0-9]+$'
}

@test "lxc-info -c: values, empty ones, unknown keys" {
    run_apart lxc-info -P "$LXCPATH" -n b1 -c lxc.uts.name -c lxc.tty.max
    assert_equal "$stdout" "lxc.uts.name = b1
lxc.tty.max = 5"
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -c lxc.uts.name -H)" b1
    assert_equal "$(lxc-info -P "$LXCPATH" -n b1 -c lxc.utsname -H)" b1
    assert_equal "$(lxc-info -P "$LXCPATH" -n s1 -c lxc.hook.mount)" "lxc.hook.mount ="
    run_apart lxc-info -P "$LXCPATH" -n b1 -c arch
    assert_equal "$status:$stdout:$stderr" "0::arch invalid"
}

@test "lxc-info: unknown containers, the old -t, JSON" {
    run_apart lxc-info -P "$LXCPATH" -n nosuch
    assert_equal "$status:$stderr" "1:nosuch doesn't exist"
    run -0 lxc-info -P "$LXCPATH" -n b1 -t RUNNING
    run -1 lxc-info -P "$LXCPATH" -n b1 -t STOPPED
    run_apart lxc-info -P "$LXCPATH" -n b1 --format json
    assert_equal "$(jq -r .state <<<"$stdout")" RUNNING
    assert_equal "$(jq -r '.pid > 0' <<<"$stdout")" true
    run_apart lxc-info -P "$LXCPATH" -n s1 --format json
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(jq -c '[.state, .pid, .ips, .memory_bytes, .cpu_nanoseconds, .links]' <<<"$stdout")" \
        '["STOPPED",null,[],null,null,[]]'
}

@test "lxc-ls: names, one per line when the output is no terminal" {
    assert_equal "$(lxc-ls -P "$LXCPATH")" "b1
s1
u1"
    assert_equal "$(lxc-ls -P "$LXCPATH" -1)" "b1
s1
u1"
    assert_equal "$(lxc-ls -P "$LXCPATH" '^[su]')" "s1
u1"
    run_apart lxc-ls -P /nonexistent
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "lxc-ls: what may not be looked at is not taken for empty" {
    local user=(setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent)

    mkdir -m 711 "$LXCPATH/.closed"
    "${user[@]}" test -x "$LXCPATH/.closed" || skip "the scratch directory is closed to others"
    for option in -1 -f --format=json --active; do
        run_apart "${user[@]}" lxc-ls -P "$LXCPATH/.closed" "$option"
        assert_equal "$status:$stdout" "1:"
        assert_contains "$stderr" "You lack access to $LXCPATH/.closed"
    done
}

@test "lxc-ls: filters" {
    assert_equal "$(lxc-ls -P "$LXCPATH" --active)" b1
    assert_equal "$(lxc-ls -P "$LXCPATH" --running)" b1
    for none in --frozen "--running --stopped" "-g web,other"; do
        # shellcheck disable=SC2086 # several words
        run_apart lxc-ls -P "$LXCPATH" $none
        assert_equal "$status:$stdout:$stderr" "0::"
    done
    assert_equal "$(lxc-ls -P "$LXCPATH" --stopped)" "s1
u1"
    assert_equal "$(lxc-ls -P "$LXCPATH" -g web,onboot)" b1
    assert_equal "$(lxc-ls -P "$LXCPATH" --filter 1 --defined)" "b1
s1
u1"
}

@test "lxc-ls and lxc-info -s wait for nobody" {
    python3 -c '
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(30)' "/run/lxc/lock/$LXCPATH/.s1" >"$BATS_TEST_TMPDIR/said" &
    holder=$!
    for _ in $(seq 100); do [ -s "$BATS_TEST_TMPDIR/said" ] && break; sleep 0.05; done
    run timeout 5 lxc-ls -P "$LXCPATH" -f
    listed=$status
    run timeout 5 lxc-info -P "$LXCPATH" s1 -s -H
    shown="$listed $status $output"
    # Whoever wants to change it waits: the lock is the right one.
    run timeout 1 lxc-destroy -P "$LXCPATH" s1
    kill "$holder"
    assert_equal "$shown $status" "0 0 STOPPED 124"
}

@test "lxc-info: state and pid need no configuration that can be read" {
    mkdir -p "$LXCPATH/torn"
    echo "lxc.bogus = 1" >"$LXCPATH/torn/config"
    run_apart lxc-info -P "$LXCPATH" torn -s
    rm -r "$LXCPATH/torn"
    assert_equal "$stdout" "State:          STOPPED"
    assert_equal "$stderr" ""
}

@test "lxc-ls -f: the table" {
    run_apart lxc-ls -P "$LXCPATH" -f
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "NAME STATE   AUTOSTART GROUPS      IPV4 IPV6 UNPRIVILEGED 
b1   RUNNING 1         onboot, web -    -    false        
s1   STOPPED 0         -           -    -    false        
u1   STOPPED 0         -           -    -    true         "
    run_apart lxc-ls -P "$LXCPATH" -f -F name,state,pid
    assert_equal "$(sed -n 1p <<<"$stdout")" "NAME STATE   PID$(printf '%*s' $(($(lxc-info -P "$LXCPATH" -n b1 -pH | tr -d '\n' | wc -c) - 3)) '') "
    run_apart lxc-ls -P "$LXCPATH" -f -F bogus
    assert_equal "$status" 1
    assert_contains "$stderr" "Invalid key: bogus"
    run_apart lxc-ls -P "$LXCPATH" -f -F ''
    assert_equal "$status:$stdout" "1:"
    assert_contains "$stderr" "no column is named in ''"
    run_apart lxc-ls -P "$LXCPATH" -f -F ,
    assert_equal "$status:$stdout" "1:"
}

# The others' directories are closed to them.
@test "listing for a user with another one's HOME" {
    local closed=$BATS_TEST_TMPDIR/closed

    mkdir -m 700 "$closed"
    run_apart env -u XDG_RUNTIME_DIR HOME="$closed" setpriv --reuid 65533 --regid 65533 \
        --clear-groups lxc-ls -P "$LXCPATH" -1
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" b1
}

@test "lxc-ls: interfaces without addresses; sizes in bytes in JSON" {
    assert_equal "$(lxc-ls -P "$LXCPATH" -f -F name,interface --running)" "NAME INTERFACE 
b1   lo        "
    run_apart lxc-ls -P "$LXCPATH" --format json --running -F name,ram,interface
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(jq -c '.[0].interface' <<<"$stdout")" '["lo"]'
    assert_equal "$(jq '.[0].ram % 4096' <<<"$stdout")" 0
    lxc-ls -P "$LXCPATH" -f -F name,ram --running | grep -qE '^b1 +[0-9]+\.[0-9]{2}MB $'
}

@test "lxc-ls: a container with a broken configuration is listed, and the error told" {
    mkdir "$LXCPATH/broken"
    echo "lxc.nonsense = 1" >"$LXCPATH/broken/config"
    run_apart lxc-ls -P "$LXCPATH" -f -F name,state,autostart
    assert_equal "$status" 0
    assert_contains "$stdout" "broken ERROR   -         "
    assert_contains "$stderr" "Failed to load config for broken"
    run_apart lxc-ls -P "$LXCPATH" -g web -1
    rm -r "$LXCPATH/broken"
    assert_equal "$stdout" "b1"
    assert_contains "$stderr" "Failed to load config for broken"
}

@test "lxc-ls --format json" {
    run_apart lxc-ls -P "$LXCPATH" --format json
    assert_equal "$(jq -r 'map(.name) | join(" ")' <<<"$stdout")" "b1 s1 u1"
    assert_equal "$(jq -r '.[0].groups | join(" ")' <<<"$stdout")" "onboot web"
    assert_equal "$(jq -r '.[2].unprivileged' <<<"$stdout")" true
    assert_equal "$(jq -r '.[1].pid' <<<"$stdout")" null
}

@test "volatile containers are listed while they run" {
    lxc-execute -P "$LXCPATH" -n volatile -- sleep 100 &
    wait_until 10 sh -c "lxc-ls -P '$LXCPATH' --active | grep -qx volatile"
    refute_contains "$(lxc-ls -P "$LXCPATH" --defined)" volatile
    lxc-stop -P "$LXCPATH" -n volatile -k
    wait || true
    refute_contains "$(lxc-ls -P "$LXCPATH")" volatile
    [ ! -e "$LXCPATH/volatile" ]
}
