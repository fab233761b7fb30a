# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files in which systemd is PID 1 of a container: `load boot`, behind helpers and containers.

: "${PATIENCE:=60}" # seconds that booting and shutting down may take

# What systemd says of itself, once it has booted.
booted() {
    local state

    state=$(in_container "$1" systemctl is-system-running 2>/dev/null) || true
    [ "$state" = running ] || [ "$state" = degraded ]
}

# check_boot NAME [OPTION…]: it boots without a unit that fails, and shuts down when it is asked.
check_boot() {
    local name=$1

    shift
    lxc-start -P "$LXCPATH" -n "$name" "$@"
    wait_until "$PATIENCE" booted "$name"
    assert_equal "$(in_container "$name" systemctl --failed --no-legend --plain)" ""
    assert_equal "$(in_container "$name" systemctl is-system-running)" running
    assert_equal "$(in_container "$name" systemd-detect-virt)" lxc
    lxc-stop -P "$LXCPATH" -n "$name" --nokill -t "$PATIENCE"
    assert_equal "$(lxc-info -P "$LXCPATH" -n "$name" -s -H)" STOPPED
}

# Every way, for a container that exists.
check_all_mounts() {
    local mounts

    check_boot "$1"
    for mounts in cgroup2:force cgroup:mixed:force cgroup:rw:force cgroup-full:mixed:force; do
        echo "with lxc.mount.auto = $mounts" >&2
        check_boot "$1" -s "lxc.mount.auto = proc:mixed sys:mixed $mounts"
    done
}
