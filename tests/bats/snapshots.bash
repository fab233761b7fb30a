# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files about snapshots. `in_world TYPE` runs a script (standard input) in a mount
# namespace of its own, with an lxcpath in $P on a file system that suits the type of storage, and
# these functions. Containers are made by hand: they are never started.

in_world() {
    local fstype=ext4

    [ "$(id -u)" -eq 0 ] || skip "file systems need root"
    [ "$1" = btrfs ] && fstype=btrfs
    command -v "mkfs.$fstype" >/dev/null || skip "no mkfs.$fstype here"
    mkdir -p "$BATS_TEST_TMPDIR/world"
    chmod 755 "$BATS_TEST_TMPDIR"
    cat >"$BATS_TEST_TMPDIR/script"
    run_apart env TYPE="$1" FSTYPE="$fstype" W="$BATS_TEST_TMPDIR/world" SIZE="${2:-160M}" \
        unshare -m bash "$BATS_TEST_DIRNAME/snapshots.bash" "$BATS_TEST_TMPDIR/script"
    find "/run/lxc/lock$BATS_TEST_TMPDIR" -depth -delete 2>/dev/null || true
    [ "$status" -eq 0 ] || fail "$stdout" "$stderr"
}

[ -n "${W:-}" ] || return 0

equal() {
    [ "$1" = "$2" ] || { printf 'got:\n%s\nexpected:\n%s\n' "$1" "$2" && exit 1; }
}

contains() {
    [[ $1 == *"$2"* ]] || { printf 'this text:\n%s\ndoes not contain:\n%s\n' "$1" "$2" && exit 1; }
}

# try COMMAND…: sets status, stdout, stderr.
try() {
    status=0
    stdout=$("$@" 2>"$W/.errors") || status=$?
    stderr=$(<"$W/.errors")
}

snap() {
    lxc-snapshot -P "$P" "$@"
}

# make NAME [LINE…]: a container of that type, with further lines in its configuration.
make() {
    local name=$1 where=$P/$1 root

    shift
    mkdir -m 770 "$where"
    case $TYPE in
    dir)
        mkdir "$where/rootfs"
        root=dir:$where/rootfs
        ;;
    btrfs)
        btrfs subvolume create "$where/rootfs" >/dev/null
        root=btrfs:$where/rootfs
        ;;
    overlay)
        mkdir -p "$P/base.$name/etc" "$where/overlay/delta" "$where/rootfs"
        root=overlay:$P/base.$name:$where/overlay/delta
        ;;
    loop)
        mkdir "$where/rootfs" "$W/content"
        truncate -s 24M "$where/rootdev"
        mkfs.ext4 -q "$where/rootdev"
        rmdir "$W/content"
        root=loop:$where/rootdev
        ;;
    esac
    printf '%s\n' "lxc.net.0.type = veth" "lxc.net.0.hwaddr = 00:16:3e:12:34:56" \
        "lxc.uts.name = $name" "lxc.rootfs.path = $root" "$@" >"$where/config"
    chmod 640 "$where/config"
}

# within DIRECTORY COMMAND…: with the root file system of what is there (a container or snapshot) in
# the working directory.
within() {
    local where=$1 result=0

    shift
    if [ -f "$where/rootdev" ]; then
        mkdir -p "$W/loop"
        mount -o loop "$where/rootdev" "$W/loop"
        (cd "$W/loop" && "$@") || result=$?
        umount "$W/loop"
    elif [ -d "$where/overlay/delta" ]; then
        (cd "$where/overlay/delta" && "$@") || result=$?
    else
        (cd "$where/rootfs" && "$@") || result=$?
    fi
    return "$result"
}

# write CONTAINER FILE TEXT
write() {
    within "$P/$1" sh -c 'echo "$1" >"$0"' "$2" "$3"
}

# see CONTAINER FILE
see() {
    within "$P/$1" cat "$2"
}

# What is in an lxcpath, loop devices and mounts: nothing of it may change.
leftovers() {
    find "$P" -name '.restore*' -o -name partial -o -name '.*.tare-*' -o -name swap
    losetup -l -n -O BACK-FILE | grep "^$P" || true
}

set -eu -o pipefail
rm -f "$W/disk"
truncate -s "$SIZE" "$W/disk"
"mkfs.$FSTYPE" -q "$W/disk"
mkdir -p "$W/mnt"
mount -o loop "$W/disk" "$W/mnt"
chmod 755 "$W/mnt"
P=$W/mnt/lxc
mkdir "$P"
trap 'umount -l "$W/mnt"' EXIT
# shellcheck disable=SC1090
. "$1"
equal "$(leftovers)" ""
