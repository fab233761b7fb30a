# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files about containers: `load helpers; load containers`. Each file gets an lxcpath of its
# own with a busybox root that its containers share; what runs at the end of a test is killed by its
# name below that lxcpath. Containers need root and namespaces.

: "${TARE_HELPERS:=$TARE_BUILD_ROOT/src/helpers}"
export TARE_HELPERS

# In setup_file: $LXCPATH with a container "b1" from the busybox template.
make_lxcpath() {
    [ "$(id -u)" -eq 0 ] || skip "containers need root here"
    LXCPATH=$(mktemp -d "${TMPDIR:-/tmp}/tare-bats-XXXXXX")
    export LXCPATH
    chmod 755 "$LXCPATH"
    TEMPLATE=$TARE_SOURCE_ROOT/share/templates/lxc-busybox
    EMPTY_NET=$LXCPATH/.empty.conf
    export TEMPLATE EMPTY_NET
    # The default is made by an installation, which there need not be.
    mkdir "$LXCPATH/.mount"
    printf "%s\n" "lxc.rootfs.mount = $LXCPATH/.mount" "lxc.net.0.type = empty" >"$EMPTY_NET"
}

# make_container NAME [LINE…]: a busybox container with further lines in its configuration.
make_container() {
    local name=$1

    shift
    lxc-create -P "$LXCPATH" -n "$name" -f "$EMPTY_NET" -t "$TEMPLATE"
    printf '%s\n' "$@" >>"$LXCPATH/$name/config"
}

# In teardown and teardown_file: kill what runs.
stop_all() {
    local name

    for name in $(lxc-ls -P "$LXCPATH" --active -1); do
        lxc-stop -P "$LXCPATH" -n "$name" -k || true
    done
}

remove_lxcpath() {
    stop_all
    rm -rf "${LXCPATH:?}"
    find "/run/lxc/lock$LXCPATH" -depth -delete 2>/dev/null || true
}

needs_v1() {
    mountpoint -q /sys/fs/cgroup/memory || skip "no v1 hierarchies here"
}

# wait_until SECONDS COMMAND…: run it until it succeeds.
wait_until() {
    local deadline=$((SECONDS + $1))

    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "this never became true: $*" || return 1
        sleep 0.02
    done
}

in_container() {
    local name=$1

    shift
    lxc-attach -P "$LXCPATH" -n "$name" -- "$@"
}
