# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For the bats files here: `load ../bats/helpers; load ../bats/containers; load stage`. Containers
# with small root file systems around one busybox and the intruder (intruder.h), privileged ("p…")
# or in a user namespace ("u…").

FIRST_ID=100000

# In setup_file.
set_stage() {
    make_lxcpath
    INTRUDER=$TARE_BUILD_ROOT/tests/security/intruder
    export INTRUDER
}

# Kernels before 6.2 have no switch for it, and allow it.
needs_tiocsti() {
    local allowed=1

    [ ! -e /proc/sys/dev/tty/legacy_tiocsti ] || allowed=$(</proc/sys/dev/tty/legacy_tiocsti)
    [ "$allowed" = 1 ] || skip "the kernel refuses TIOCSTI itself"
}

# make_root DIRECTORY OWNER
make_root() {
    local applet

    mkdir -p "$1"/{bin,sbin,dev,proc,sys,etc,tmp,root,mnt,usr/bin}
    cp "$(command -v busybox)" "$1/bin/busybox"
    for applet in sh ls cat id mount umount sleep true grep ln mkdir rm touch chmod kill mknod head; do
        ln -s busybox "$1/bin/$applet"
    done
    cp "$INTRUDER" "$1/bin/intruder"
    echo 'root:x:0:0::/root:/bin/sh' >"$1/etc/passwd"
    chown -hR "$2:$2" "$1"
}

# stage NAME [LINE…]: a container, privileged or (u…) with mapped ids, with further lines.
stage() {
    local name=$1 owner=0
    local directory=$LXCPATH/$name

    shift
    [[ $name != u* ]] || owner=$FIRST_ID
    mkdir "$directory"
    make_root "$directory/rootfs" "$owner"
    {
        echo "lxc.uts.name = $name"
        echo "lxc.rootfs.path = dir:$directory/rootfs"
        echo "lxc.rootfs.mount = $LXCPATH/.mount"
        echo "lxc.net.0.type = empty"
        echo "lxc.init.cmd = /bin/sleep 1000"
        echo "lxc.signal.halt = SIGKILL"
        if [ "$owner" -ne 0 ]; then
            echo "lxc.idmap = u 0 $FIRST_ID 65536"
            echo "lxc.idmap = g 0 $FIRST_ID 65536"
        fi
        printf '%s\n' "$@"
    } >"$directory/config"
}

# script NAME PATH: standard input becomes an executable file of the container.
script() {
    cat >"$LXCPATH/$1/rootfs$2"
    chmod 755 "$LXCPATH/$1/rootfs$2"
}

# once NAME COMMAND…: start it in the foreground with this command in place of init.
once() {
    local name=$1

    shift
    lxc-start -P "$LXCPATH" -n "$name" -F -- "$@" </dev/null | tr -d '\r'
    return "${PIPESTATUS[0]}"
}

start() {
    lxc-start -P "$LXCPATH" -n "$1"
}

finish() {
    lxc-stop -P "$LXCPATH" -n "$1" -k || true
}

# The file system of the host is as it was: nothing stands in a directory that nobody may reach.
assert_untouched() {
    assert_equal "$(find "$1" -mindepth 1)" ""
}

# In a sanitizer's tree the supervisor is large, and needs an interpreter that no container has.
is_release() {
    ! ldd "$TARE_HELPERS"/lxc-supervisor-*[0-9] >/dev/null 2>&1
}
