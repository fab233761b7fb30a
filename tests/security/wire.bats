#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The control socket of a running supervisor: unchecked lengths (2026) end to end, and strangers.

load ../bats/helpers
load ../bats/containers
load stage

setup_file() {
    set_stage
    stage p1 "lxc.tty.max = 2" "lxc.pty.max = 4" "lxc.console.buffer.size = 65536"
    start p1
}

teardown_file() {
    remove_lxcpath
}

supervisor_of() {
    awk '{print $4}' "/proc/$(lxc-info -P "$LXCPATH" -n "$1" -pH)/stat"
}

memory_of() {
    awk '/^(RssAnon|VmRSS)/ {sum += $2} END {print sum}' "/proc/$1/status"
}

# has_descriptors PID MAX
has_descriptors() {
    [ "$(ls "/proc/$1/fd" | wc -l)" -le "$2" ]
}

@test "unchecked lengths on the control socket: hostile requests change nothing" {
    supervisor=$(supervisor_of p1)
    descriptors=$(ls "/proc/$supervisor/fd" | wc -l)
    run -0 timeout 100 python3 "$TARE_SOURCE_ROOT/tests/security/hostile.py" "$LXCPATH/p1"
    assert_equal "$output" alive
    assert_equal "$(supervisor_of p1)" "$supervisor"
    assert_equal "$(lxc-info -P "$LXCPATH" -n p1 -sH)" RUNNING
    run -0 lxc-attach -P "$LXCPATH" -n p1 -- /bin/id </dev/null
    # What was half received goes when its time is over.
    wait_until 10 has_descriptors "$supervisor" "$descriptors"
    ! is_release || [ "$(memory_of "$supervisor")" -lt 3000 ] || fail "it has grown to $(memory_of "$supervisor") kB"
}

@test "a stranger's requests are denied, whatever they ask and claim" {
    run -0 python3 - "$LXCPATH/p1" <<'PY'
import os, socket, struct, sys

os.setgroups([])
os.setresgid(65001, 65001, 65001)
os.setresuid(65001, 65001, 65001)
for command in range(0, 28):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(8)
    s.connect(b"\0" + os.fsencode(sys.argv[1]) + b"/command")
    s.sendall(struct.pack("=iiQ", command, 0, 0))
    data, fds, _, _ = socket.recv_fds(s, 4096, 64)
    result = struct.unpack("=iiQ", data)
    assert result[0] == -1 and not fds, (command, result, fds)
    assert s.recv(1) == b"", command
    s.close()
# Credentials of others can't be claimed.
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.connect(b"\0" + os.fsencode(sys.argv[1]) + b"/command")
try:
    s.sendmsg([b"x" * 16], [(socket.SOL_SOCKET, 2, struct.pack("=iII", os.getpid(), 0, 0))])
    raise SystemExit("root's credentials were accepted")
except PermissionError:
    pass
# Many who say nothing don't keep others out.
held = []
for i in range(200):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.setblocking(False)
    try:
        s.connect(b"\0" + os.fsencode(sys.argv[1]) + b"/command")
    except OSError:
        pass
    held.append(s)
print("denied")
PY
    assert_equal "$output" denied
    assert_equal "$(lxc-info -P "$LXCPATH" -n p1 -sH)" RUNNING
    run -0 timeout 20 lxc-info -P "$LXCPATH" -n p1 -c lxc.uts.name
}

@test "root of a container that shares the host's network is a stranger, too, when it is mapped" {
    stage u2
    # With a network of its own there is not even an address.
    run -0 once u2 /bin/intruder ask "$LXCPATH/p1/command"
    assert_equal "$output" "no way there"
    sed -i 's/^lxc.net.0.type = .*/lxc.net.0.type = none/' "$LXCPATH/u2/config"
    run -0 once u2 /bin/intruder ask "$LXCPATH/p1/command"
    assert_equal "$output" "answer -1, no descriptors"
}

# It is root as far as the kernel's credentials go, and could give itself devices and cgroups.
@test "so is root of a privileged container, also to its own supervisor" {
    stage p2
    sed -i 's/^lxc.net.0.type = .*/lxc.net.0.type = none/' "$LXCPATH/p2/config"
    run -0 once p2 /bin/intruder ask "$LXCPATH/p1/command"
    assert_equal "$output" "answer -1, no descriptors"
    start p2
    run -0 lxc-attach -P "$LXCPATH" -n p2 -- /bin/intruder ask "$LXCPATH/p2/command" </dev/null
    assert_equal "$output" "answer -1, no descriptors"
    # Who has gone meanwhile is not taken for somebody else.
    run -0 lxc-attach -P "$LXCPATH" -n p2 -- /bin/intruder leave "$LXCPATH/p2/command" </dev/null
    assert_equal "$(lxc-info -P "$LXCPATH" -n p2 -sH)" RUNNING
    finish p2
}

@test "root of a container that shares the network can't take all connections" {
    supervisor=$(supervisor_of p1)
    descriptors=$(ls "/proc/$supervisor/fd" | wc -l)
    unshare -p -f --kill-child --mount-proc python3 - "$LXCPATH/p1" 3>&- >"$BATS_TEST_TMPDIR/crowd" <<'PY' &
import resource, select, socket, sys

resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
crowd = []
for _ in range(600):
    one = socket.socket(socket.AF_UNIX)
    one.connect("\0" + sys.argv[1] + "/command")
    crowd.append(one)
print("connected", flush=True)
select.select([], [], [], 60)
PY
    crowd=$!
    wait_until 20 grep -q connected "$BATS_TEST_TMPDIR/crowd"
    assert_equal "$(lxc-info -P "$LXCPATH" -n p1 -sH)" RUNNING
    run -0 lxc-attach -P "$LXCPATH" -n p1 -- /bin/id </dev/null
    open=$(ls "/proc/$supervisor/fd" | wc -l)
    kill -KILL "$crowd"
    wait "$crowd" || true
    [ "$open" -lt $((descriptors + 150)) ] || fail "$open descriptors are open"
}
