#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-copy, lxc-clone and lxc-start-ephemeral (spec/cli.md §3.8, §5; storage.md §6, §7, §8, §10):
# kinds of storage, what changes in a configuration, hooks, dependency files, renaming, and copies
# that run for a while. Other file systems are mounted in a namespace of the test's own.

load helpers
load containers

setup_file() {
    make_lxcpath
    make_container b1
}

teardown_file() {
    remove_lxcpath
}

setup() {
    P=$BATS_TEST_TMPDIR/lxc
    mkdir "$P"
    chmod 755 "$BATS_TEST_TMPDIR" "$P"
    export P
}

teardown() {
    stop_all
    find "/run/lxc/lock$P" -depth -delete 2>/dev/null || true
}

# make_source NAME [LINE…]: a container with a few files, which nobody starts.
make_source() {
    local name=$1

    shift
    mkdir -p "$P/$name/rootfs/etc" "$P/$name/rootfs/bin"
    echo "$name" >"$P/$name/rootfs/etc/hostname"
    echo program >"$P/$name/rootfs/bin/program"
    ln "$P/$name/rootfs/bin/program" "$P/$name/rootfs/bin/again"
    printf '%s\n' "# a comment" "lxc.rootfs.path = dir:$P/$name/rootfs" \
        "lxc.uts.name = $name" "$@" >"$P/$name/config"
}

copy() { run_apart lxc-copy -P "$P" "$@"; }

# copies WORD…: it must succeed, without a word.
copies() {
    copy "$@"
    [ "$status" -eq 0 ] || fail "lxc-copy $*: $stderr" || return 1
    assert_equal "$stdout$stderr" ""
}

# refuses TEXT WORD…: it must fail, say that, and leave nothing called "new".
refuses() {
    local text=$1

    shift
    copy "$@"
    assert_equal "$status" 1
    assert_contains "$stderr" "$text"
    [ ! -e "$P/new" ]
}

rootfs_of() { sed -n 's/^lxc.rootfs.path = //p' "$1/config"; }

# apart SCRIPT: in a mount namespace with the file systems $B and $C (btrfs) and $E (ext4).
apart() {
    local mounts

    for tool in mkfs.btrfs mkfs.ext4; do
        command -v $tool >/dev/null || skip "$tool is not there"
    done
    mounts='set -eu
mount --make-rprivate /
make() {
    truncate -s "$2" "$1.img"
    "mkfs.$3" -q "$1.img" >/dev/null 2>&1
    mkdir -p "$1"
    mount -o loop "$1.img" "$1"
}
make "$B" 200M btrfs
make "$C" 200M btrfs
make "$E" 100M ext4
finish() {
    code=$?
    cd /
    umount "$B" "$C" "$E"
    exit $code
}
trap finish EXIT
copy() { lxc-copy -P "$@"; }
says() {
    said=$1
    shift
    if "$@" >"$P/.said" 2>&1; then
        echo "it succeeded: $*"
        exit 1
    fi
    grep -qF -e "$said" "$P/.said" || { cat "$P/.said"; exit 1; }
}
is() { [ "$(sed -n "s/^lxc.rootfs.path = //p" "$1/config")" = "$2" ] || { cat "$1/config"; exit 1; }; }
'
    printf '%s\n' "$mounts" "$1" >"$BATS_TEST_TMPDIR/script"
    run_apart env B="$P/b" C="$P/c" E="$P/e" unshare -m bash "$BATS_TEST_TMPDIR/script"
    [ "$status" -eq 0 ] || fail "$stdout" "$stderr"
}

@test "a copy has all that the original has, under its own name" {
    make_source a "lxc.net.0.type = veth" "lxc.net.0.hwaddr = 00:16:3e:11:22:33" \
        "lxc.start.auto = 1" "lxc.net.1.type = veth" "lxc.net.1.hwaddr = 00:16:3e:xx:xx:xx"
    copies -n a -N new
    diff -r --exclude hostname "$P/a/rootfs" "$P/new/rootfs"
    [ "$P/new/rootfs/bin/program" -ef "$P/new/rootfs/bin/again" ]
    assert_equal "$(cat "$P/new/rootfs/etc/hostname")" new
    assert_equal "$(cat "$P/a/rootfs/etc/hostname")" a
    assert_equal "$(sed 's/\(1:66:6a\|3e\):.*/\1/; s/10:66:6a:.*/random/' "$P/new/config")" \
        "# a comment
lxc.rootfs.path = dir:$P/new/rootfs
lxc.uts.name = new
lxc.net.0.type = veth
lxc.net.0.hwaddr = random
lxc.start.auto = 1
lxc.net.1.type = veth
lxc.net.1.hwaddr = 00:16:3e"
    assert_equal "$(stat -c %a "$P/new")" 770
    assert_equal "$(ls -A "$P/new")" "config
rootfs"
}

@test "what is kept when somebody asks for it: -K, -M" {
    make_source a "lxc.net.0.type = veth" "lxc.net.0.hwaddr = 00:16:3e:11:22:33"
    copies -n a -N new -K -M
    sed "s,$P/new/,$P/a/," "$P/new/config" | diff "$P/a/config" -
    assert_equal "$(cat "$P/new/rootfs/etc/hostname")" a
}

@test "files of the container that its configuration names go along, others do not" {
    make_source a "lxc.mount.fstab = $P/a/fstab" "lxc.hook.start-host = $P/a/hooks/start one two" \
        "lxc.include = $P/a/more.conf" \
        "lxc.mount.entry = /srv srv overlay lowerdir=/srv,upperdir=$P/a/u,workdir=$P/a/w 0 0" \
        "lxc.hook.stop = /bin/true $P/a/x" "lxc.hook.destroy = $P/a/rootfs/bin/program"
    mkdir "$P/a/hooks"
    echo "# none" >"$P/a/fstab"
    echo "#!/bin/sh" >"$P/a/hooks/start"
    chmod 755 "$P/a/hooks/start"
    echo "lxc.environment = A=1" >"$P/a/more.conf"
    echo private >"$P/a/notes"
    copies -n a -N new
    assert_equal "$(LC_ALL=C sort "$P/new/config")" "# a comment
lxc.hook.destroy = $P/new/rootfs/bin/program
lxc.hook.start-host = $P/new/hooks/start one two
lxc.hook.stop = /bin/true $P/a/x
lxc.include = $P/new/more.conf
lxc.mount.entry = /srv srv overlay lowerdir=/srv,upperdir=$P/new/u,workdir=$P/new/w 0 0
lxc.mount.fstab = $P/new/fstab
lxc.rootfs.path = dir:$P/new/rootfs
lxc.uts.name = new"
    assert_equal "$(stat -c '%a' "$P/new/hooks/start")" 755
    cmp "$P/a/fstab" "$P/new/fstab"
    cmp "$P/a/more.conf" "$P/new/more.conf"
    [ ! -e "$P/new/notes" ]
}

@test "clone hooks see the copy, mounted for them alone" {
    make_source a "lxc.hook.clone = $P/hook first" "lxc.hook.clone = $P/a/own"
    cat >"$P/hook" <<EOF
#!/bin/sh
printf '<%s>' "\$@"
env | grep ^LXC_ | sort
cat "\$LXC_ROOTFS_MOUNT/etc/hostname"
echo changed >"\$LXC_ROOTFS_MOUNT/bin/hooked"
grep -c "^lxc.uts.name = new" "\$LXC_CONFIG_FILE"
grep -q " \$LXC_ROOTFS_MOUNT " /proc/self/mountinfo && echo mounted
true
EOF
    sed "1a exec >>$P/said" "$P/hook" >"$P/a/own"
    cp "$P/a/own" "$P/hook"
    chmod 755 "$P/hook" "$P/a/own"
    copies -n a -N new -- x 'y z'
    assert_equal "$(head -9 "$P/said")" "<first><new><lxc><clone><x><y z>LXC_CONFIG_FILE=$P/new/config
LXC_NAME=new
LXC_ROOTFS_MOUNT=$P/new/rootfs
LXC_ROOTFS_PATH=dir:$P/new/rootfs
LXC_SRC_NAME=a
a
1
<new><lxc><clone><x><y z>LXC_CONFIG_FILE=$P/new/config
LXC_NAME=new"
    [ -e "$P/new/rootfs/bin/hooked" ]
    rm "$P/said"
    copies -n a -N over -s
    assert_equal "$(grep -c ^mounted "$P/said")" 2
    [ -e "$P/over/overlay/delta/bin/hooked" ]
    run ! grep -q "$P" /proc/self/mountinfo
}

@test "a clone hook that fails leaves nothing of the copy" {
    make_source a "lxc.hook.clone = /bin/false"
    refuses "Script exited with status 1" -n a -N new
    refuses "Script exited with status 1" -n a -N new -s
    [ ! -e "$P/a/lxc_snapshots" ]
}

@test "what stands in the way is said" {
    make_source a
    refuses "You must provide a NEWNAME for the clone" -n a
    refuses "Container nix is not defined" -n nix -N new
    refuses "error: clone: $P/a/config exists" -n a -N a
    refuses "the lxcpath \"/nonexistent\" does not exist" -n a -N new -p /nonexistent
    refuses "nonsense is not a valid backing storage type" -n a -N new -B nonsense
    refuses 'Invalid blockdev unit "X"' -n a -N new -L 10X
    refuses "invalid mount type 'foo'" -n a -N new -e -m foo=/x
    refuses "neither ro nor rw" -n a -N new -e -m bind=/etc:/x:rx
    refuses "no absolute path is the source" -n a -N new -e -m bind=etc
    refuses "A container can only be placed on a tmpfs when the overlay" -n a -N new -e -t -D
    refuses "A container can only be placed on a tmpfs when the overlay" -n a -N new -e -t -B btrfs
    refuses "only an ephemeral copy" -n a -N new -t
    mkdir "$P/full"
    touch "$P/full/something"
    refuses "is there already, without a container" -n a -N full
    [ -e "$P/full/something" ]
    mkdir "$P/new"
    copies -n a -N new
}

@test "kinds of storage: from a directory" {
    make_source a
    refuses "The overlay storage driver can only be used for snapshots" -n a -N new -B overlay
    refuses "Directories cannot be snapshotted" -n a -N new -s -B dir
    refuses "btrfs snapshot from dir backing store is not supported" -n a -N new -s -B btrfs
    refuses "loop" -n a -N new -s -B loop
    refuses "btrfs" -n a -N new -B btrfs
    mkdir "$P/there"
    copies -n a -N new -s -B over
    assert_equal "$(rootfs_of "$P/new")" "overlay:$P/a/rootfs:$P/new/overlay/delta"
    copies -n a -N x -p "$P/there" -s
    assert_equal "$(rootfs_of "$P/there/x")" "overlay:$P/a/rootfs:$P/there/x/overlay/delta"
    copies -n a -N y -p "$P/there"
    assert_equal "$(rootfs_of "$P/there/y")" "dir:$P/there/y/rootfs"
}

@test "kinds of storage: from an overlay" {
    make_source a
    copies -n a -N o -s
    echo more >"$P/o/overlay/delta/more"
    rm -f "$P/o/rootfs/bin"
    copies -n o -N new
    assert_equal "$(rootfs_of "$P/new")" "dir:$P/new/rootfs"
    cmp "$P/o/overlay/delta/more" "$P/new/rootfs/more"
    cmp "$P/a/rootfs/bin/program" "$P/new/rootfs/bin/program"
    copies -n o -N o2 -s
    assert_equal "$(rootfs_of "$P/o2")" "overlay:$P/a/rootfs:$P/o2/overlay/delta"
    cmp "$P/o/overlay/delta/more" "$P/o2/overlay/delta/more"
    assert_equal "$(cat "$P/o2/overlay/delta/etc/hostname")" o2
}

@test "kinds of storage: btrfs, loop, and between file systems" {
    make_source a
    apart '
copy "$P" -n a -N s -p "$B" -B btrfs
is "$B/s" "btrfs:$B/s/rootfs"
copy "$B" -n s -N c1
copy "$B" -n s -N c2 -s
[ "$(btrfs subvolume list -q "$B" | grep -c "parent_uuid [0-9a-f]")" = 2 ]
copy "$B" -n s -N d -B dir
is "$B/d" "dir:$B/d/rootfs"
cmp "$P/a/rootfs/bin/program" "$B/d/rootfs/bin/program"
copy "$B" -n s -N o -s -B overlay
is "$B/o" "overlay:$B/s/rootfs:$B/o/overlay/delta"
says "can only be used for snapshots" copy "$B" -n s -N x -B overlay
copy "$B" -n s -N other -p "$C"
is "$C/other" "btrfs:$C/other/rootfs"
btrfs subvolume list "$C" | grep -q " path other/rootfs$"
says "not on the same btrfs file system" copy "$B" -n s -N x -p "$C" -s
copy "$B" -n s -N plain -p "$E"
is "$E/plain" "dir:$E/plain/rootfs"
copy "$B" -n d -N sub -B btrfs
btrfs subvolume list "$B" | grep -q " path sub/rootfs$"
says "btrfs snapshot from dir backing store is not supported" copy "$B" -n d -N x -s -B btrfs
copy "$B" -n s -N l -B loop -L 40M
is "$B/l" "loop:$B/l/rootdev"
[ "$(stat -c %s "$B/l/rootdev")" = 41943040 ]
copy "$B" -n l -N l2
[ "$(stat -c %s "$B/l2/rootdev")" = 41943040 ]
copy "$B" -n l -N l3 -s
is "$B/l3" "loop:$B/l3/rootdev"
copy "$B" -n l3 -N back -B dir
cmp "$P/a/rootfs/bin/program" "$B/back/rootfs/bin/program"
[ "$(cat "$B/back/rootfs/etc/hostname")" = back ]
[ "$(ls "$B" | grep -c "^x$")" = 0 ]
for name in o $(ls "$B"); do
    [ ! -e "$B/$name" ] || lxc-destroy -P "$B" -n "$name"
done
[ -z "$(ls -A "$B")$(btrfs subvolume list "$B")" ]
! losetup -a | grep -F "$P/b/"
'
}

@test "a full disk is said, and nothing of the copy stays" {
    make_source a
    head -c 150M /dev/urandom >"$P/a/rootfs/big"
    apart '
says "No space left on device" copy "$P" -n a -N new -p "$E"
[ "$(ls "$E")" = lost+found ]
says "No space left on device" copy "$P" -n a -N new -p "$B" -B loop -L 20M
[ -z "$(ls -A "$B")" ]
mount -o remount,ro "$E"
says "Read-only file system" copy "$P" -n a -N new -p "$E"
'
    [ ! -e "$P/a/partial" ]
    copies -n a -N new
    cmp "$P/a/rootfs/big" "$P/new/rootfs/big"
}

@test "who needs whom is written down, and respected" {
    make_source a
    copies -n a -N o -s
    assert_equal "$(cat "$P/o/lxc_rdepends")" "$P
a"
    assert_equal "$(cat "$P/a/lxc_snapshots")" "$P
o"
    copies -n o -N o2 -s
    assert_equal "$(cat "$P/o2/lxc_rdepends")" "$P
a"
    assert_equal "$(sort "$P/a/lxc_snapshots" | tr '\n' ' ')" "$P $P o o2 "
    run_apart lxc-destroy -P "$P" -n a
    assert_equal "$status" 1
    assert_contains "$stderr" "a has clones"
    lxc-destroy -P "$P" -n o
    assert_equal "$(cat "$P/a/lxc_snapshots")" "$P
o2"
    lxc-destroy -P "$P" -n o2
    [ ! -e "$P/a/lxc_snapshots" ]
    copies -n a -N full
    [ ! -e "$P/full/lxc_rdepends" ]
    lxc-destroy -P "$P" -n a
}

@test "dependency files of old versions, and of containers that are gone" {
    make_source a
    echo 2 >"$P/a/lxc_snapshots"
    copies -n a -N o -s
    assert_equal "$(cat "$P/a/lxc_snapshots")" 3
    lxc-destroy -P "$P" -n o
    assert_equal "$(cat "$P/a/lxc_snapshots")" 2
    printf '%s\n' "$P" gone /nowhere else >"$P/a/lxc_snapshots"
    copies -n a -N o -s
    assert_equal "$(cat "$P/a/lxc_snapshots")" "$P
o"
}

@test "an interrupted copy removes its target, and dies of the signal" {
    make_source a
    for i in 1 2 3 4 5 6 7 8; do head -c 30M /dev/urandom >"$P/a/rootfs/$i"; done
    for signal in INT TERM; do
        lxc-copy -P "$P" -n a -N new &
        pid=$!
        wait_until 5 test -e "$P/new/partial"
        kill -$signal $pid
        code=0
        wait $pid || code=$?
        # bash has its jobs ignore Ctrl-C: then it must go on.
        if [ $signal = TERM ]; then
            assert_equal $code 143
            [ ! -e "$P/new" ]
        else
            assert_equal $code 0
            lxc-destroy -P "$P" -n new
        fi
    done
}

@test "a stopped original can be neither destroyed nor started while it is copied" {
    make_source a "lxc.hook.clone = $P/hook"
    printf '%s\n' '#!/bin/sh' "lxc-destroy -P $P -n a >>$P/said 2>&1 && touch $P/destroyed" \
        "lxc-start -P $P -n a >>$P/said 2>&1 && touch $P/started" "exit 0" >"$P/hook"
    chmod 755 "$P/hook"
    copies -n a -N new
    [ ! -e "$P/destroyed" ] || fail "it was destroyed" || return 1
    [ ! -e "$P/started" ] || fail "it was started" || return 1
    assert_contains "$(cat "$P/said")" "a is running"
    diff -r --exclude hostname "$P/a/rootfs" "$P/new/rootfs"
    # Two copies at once are no harm to each other.
    printf '%s\n' '#!/bin/sh' '[ "$LXC_NAME" = two ] || lxc-copy -P '"$P"' -n a -N two' >"$P/hook"
    copies -n a -N one
    diff -r "$P/one/rootfs/bin" "$P/two/rootfs/bin"
    # Somebody removes it behind our back.
    printf '%s\n' '#!/bin/sh' "rm -rf $P/a" >"$P/hook"
    lxc-destroy -P "$P" -n new
    refuses "container a was destroyed or changed while it was copied" -n a -N new
}

@test "a copy that was moved away before it was complete is told" {
    make_source a "lxc.hook.clone = $P/hook"
    printf '%s\n' '#!/bin/sh' "mv $P/new $P/moved" >"$P/hook"
    chmod 755 "$P/hook"
    refuses "somebody has moved or removed \"$P/new\" while it was created" -n a -N new
}

@test "a copy of a stopped container that lacks files is none" {
    make_source a
    mkdir "$P/a/rootfs/big"
    for i in 1 2 3 4 5 6 7 8; do head -c 30M /dev/urandom >"$P/a/rootfs/big/$i"; done
    lxc-copy -P "$P" -n a -N new 2>"$P/said" &
    pid=$!
    while kill -0 $pid && [ -z "$(ls -A "$P/new/rootfs/big" 2>/dev/null)" ]; do :; done
    kill -STOP $pid
    rm -r "$P/a/rootfs/big"
    kill -CONT $pid
    code=0
    wait $pid || code=$?
    assert_equal $code 1
    assert_contains "$(cat "$P/said")" "files vanished while they were copied, the first is"
    [ ! -e "$P/new" ]
}

@test "progress is shown when somebody asks" {
    make_source a
    copy -n a -N new --progress
    assert_equal "$status" 0
    assert_equal "$stdout" ""
    assert_contains "$stderr" "new: "
    assert_contains "$stderr" " files"
    copy -n a -N json --json
    assert_equal "$stderr" ""
    printf '%s\n' "$stdout" | python3 -c 'import json, sys
events = [json.loads(line) for line in sys.stdin]
assert events[-1]["files"] == 3, events'
}

@test "a renamed container is the same one" {
    make_source a "lxc.hook.start-host = $P/a/hook" "lxc.console.logfile = $P/a/log" \
        "lxc.net.0.type = veth" "lxc.net.0.hwaddr = 00:16:3e:11:22:33" \
        "lxc.hook.clone = $P/a/hook" "lxc.mount.entry = $P/a/data mnt none bind 0 0"
    printf '%s\n' '#!/bin/sh' "echo \"\$LXC_SRC_NAME \$LXC_NAME \$* \$LXC_ROOTFS_MOUNT\" >>$P/said" \
        "grep -c \"uts.name = new\" \"\$LXC_CONFIG_FILE\" >>$P/said" >"$P/a/hook"
    chmod 755 "$P/a/hook"
    inode=$(stat -c %i "$P/a/rootfs/bin/program")
    copies -n a -N new -R -- word
    assert_equal "$(stat -c %i "$P/new/rootfs/bin/program")" "$inode"
    [ ! -e "$P/a" ]
    assert_equal "$(cat "$P/said")" "a new new lxc clone word $P/a/rootfs
1"
    assert_equal "$(cat "$P/new/config")" "# a comment
lxc.rootfs.path = dir:$P/new/rootfs
lxc.uts.name = new
lxc.hook.start-host = $P/new/hook
lxc.console.logfile = $P/new/log
lxc.net.0.type = veth
lxc.net.0.hwaddr = 00:16:3e:11:22:33
lxc.hook.clone = $P/new/hook
lxc.mount.entry = $P/new/data mnt none bind 0 0"
    assert_equal "$(cat "$P/new/rootfs/etc/hostname")" new
    assert_equal "$(ls -A "$P/new")" "config
hook
rootfs"
}

@test "renaming keeps snapshots and dependencies, and refuses who is needed" {
    make_source a
    copies -n a -N o -s
    mkdir -p "$P/o/snaps"
    copy -n o -N snap0 -p "$P/o/snaps" -s
    assert_equal "$status" 0
    copies -n o -N new -R
    assert_equal "$(rootfs_of "$P/new")" "overlay:$P/a/rootfs:$P/new/overlay/delta"
    assert_equal "$(rootfs_of "$P/new/snaps/snap0")" \
        "overlay:$P/a/rootfs:$P/new/snaps/snap0/overlay/delta"
    assert_equal "$(sort "$P/a/lxc_snapshots" | tr '\n' ' ')" "$P $P/new/snaps new snap0 "
    copy -n a -N x -R
    assert_equal "$status" 1
    assert_contains "$stderr" "Renaming container a to x failed"
    assert_contains "$stderr" "a is needed by: new snap0"
    [ -e "$P/a/config" ]
    copy -n new -N a -R
    assert_equal "$status" 1
    assert_contains "$stderr" "error: clone: $P/a/config exists"
    copy -n new -N x -R -p "$P/elsewhere"
    assert_contains "$stderr" "can't be renamed into another lxcpath"
    lxc-destroy -P "$P/new/snaps" -n snap0
    rmdir "$P/new/snaps"
    lxc-destroy -P "$P" -n new
    lxc-destroy -P "$P" -n a
}

# renames ROOTFS-LINE [LXCPATH]: container r gets the name new, and its root file system comes along.
renames() {
    make_source r
    sed -i "s|^lxc.rootfs.path = .*|$1|" "$P/r/config"
    run_apart lxc-copy -P "${2:-$P}" -n r -N new -R
    [ "$status" -eq 0 ] || fail "$1: $stderr" || return 1
    [ ! -e "$P/new/partial" ]
    [ "$(lxc-info -P "$P" -n new -c lxc.rootfs.path | sed 's/.* = //; s/^dir://')" -ef "$P/new/rootfs" ] ||
        fail "$1: $(cat "$P/new/config")" || return 1
    assert_equal "$(cat "$P/new/rootfs/etc/hostname")" new
    lxc-destroy -P "$P" -n new
}

@test "renaming finds the root file system however it is written" {
    renames "lxc.rootfs.path = dir:$P//r/rootfs"
    renames "lxc.rootfs.path = $P/../lxc/r/rootfs/"
    renames "lxc.rootfs = $P/r/rootfs"
    ln -s "$P" "$BATS_TEST_TMPDIR/link"
    renames "lxc.rootfs.path = dir:$P/r/rootfs" "$BATS_TEST_TMPDIR/link"
    renames "lxc.rootfs.path = dir:$BATS_TEST_TMPDIR/link/r/rootfs"
    echo "lxc.rootfs.path = dir:$P/r/rootfs" >"$BATS_TEST_TMPDIR/included"
    renames "lxc.include = $BATS_TEST_TMPDIR/included"
    (cd "$BATS_TEST_TMPDIR" && renames "lxc.rootfs = lxc/r/rootfs")
}

@test "a renaming that would lose the root file system is refused before it begins" {
    make_source a
    mkdir "$P/a/delta"
    echo "lxc.rootfs.path = overlay:$P/a/rootfs:$P/a/delta" >"$P/a/more"
    sed -i "s|^lxc.rootfs.path.*|lxc.include = $P/a/more|" "$P/a/config"
    refuses "would be lost" -n a -N new -R
    assert_equal "$(ls -A "$P/a")" "config
delta
more
rootfs"
}

@test "a host name that can't be written does not stop a renaming" {
    make_source a
    chattr +i "$P/a/rootfs/etc/hostname" || skip "no immutable files here"
    copy -n a -N new -R
    chattr -i "$P"/*/rootfs/etc/hostname
    assert_equal "$status" 0
    [ ! -e "$P/new/partial" ]
    lxc-destroy -P "$P" -n new
}

@test "renaming leaves root file systems of others alone" {
    make_source a
    mv "$P/a/rootfs" "$P/elsewhere"
    sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$P/elsewhere|" "$P/a/config"
    copies -n a -N new -R
    assert_equal "$(cat "$P/elsewhere/etc/hostname")" a
    # A link that a container's root may have put there leads where he likes.
    ln -s "$P/elsewhere" "$P/new/rootfs"
    chown -h 100000:100000 "$P/new/rootfs"
    sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$P/new/rootfs|" "$P/new/config"
    copy -n new -N b -R
    assert_equal "$(cat "$P/elsewhere/etc/hostname")" a
    copy -n b -N c
    assert_equal "$status" 1
    assert_contains "$stderr" "is a symbolic link of user 100000"
    [ ! -e "$P/c" ]
    chown -h 0:0 "$P/b/rootfs"
    copies -n b -N c
    assert_equal "$(cat "$P/c/rootfs/etc/hostname")" c
}

@test "renaming refuses while a snapshot is being made" {
    make_source a
    # An unfinished one, of which nothing but its held marker tells.
    mkdir -p "$P/a/snaps/snap0"
    touch "$P/a/snaps/snap0/partial"
    python3 -c 'import fcntl, struct, sys, time
marker = open(sys.argv[1], "r+")
fcntl.flock(marker, fcntl.LOCK_EX)
fcntl.fcntl(marker, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
open(sys.argv[2], "w")
time.sleep(60)' "$P/a/snaps/snap0/partial" "$P/locked" 3>&- &
    pid=$!
    wait_until 5 test -e "$P/locked"
    refuses "Ongoing container creation detected" -n a -N new -R
    kill $pid
    [ -e "$P/a/config" ]
}

@test "a renaming whose hook fails leaves the container as it was" {
    make_source a "lxc.hook.clone = /bin/false"
    refuses "Script exited with status 1" -n a -N new -R
    assert_equal "$(ls -A "$P/a")" "config
rootfs"
}

@test "of a running container: refused, and copied when somebody insists" {
    lxc-start -P "$LXCPATH" -n b1
    run_apart lxc-copy -P "$LXCPATH" -n b1 -N new
    assert_equal "$status" 1
    assert_contains "$stderr" "error: Original container (b1) is running. Use --allowrunning if you want to force a snapshot of the running container."
    run_apart lxc-copy -P "$LXCPATH" -n b1 -N new -R
    assert_contains "$stderr" "b1 is running"
    lxc-copy -P "$LXCPATH" -n b1 -N new -a
    lxc-destroy -P "$LXCPATH" -n new
}

@test "an ephemeral copy runs, and is gone when it stops" {
    run_apart lxc-copy -P "$LXCPATH" -n b1 -e -N e1
    assert_equal "$status" 0
    assert_equal "$stdout$stderr" "Created e1 as clone of b1"
    grep -qx "lxc.ephemeral = 1" "$LXCPATH/e1/config"
    assert_equal "$(in_container e1 hostname)" e1
    in_container e1 sh -c 'echo x >/written'
    [ -e "$LXCPATH/e1/overlay/delta/written" ]
    [ ! -e "$LXCPATH/b1/rootfs/written" ]
    lxc-stop -P "$LXCPATH" -n e1 -k
    wait_until 5 test ! -e "$LXCPATH/e1"
    [ ! -e "$LXCPATH/b1/lxc_snapshots" ]
}

@test "a command in an ephemeral copy: its output, its exit code, and no copy behind it" {
    run_apart lxc-copy -P "$LXCPATH" -n b1 -e -- sh -c 'echo inside; exit 7'
    assert_equal "$status" 7
    [[ $stdout =~ ^Created\ (b1_[A-Za-z0-9]{6})\ as\ clone\ of\ b1$'\n'inside$ ]] || fail "$stdout"
    [ ! -e "$LXCPATH/${BASH_REMATCH[1]}" ]
    run_apart lxc-copy -P "$LXCPATH" -n b1 -e -N e2 -D -- touch /kept
    assert_equal "$status" 0
    run ! grep -q ephemeral "$LXCPATH/e2/config"
    [ -e "$LXCPATH/e2/overlay/delta/kept" ]
    lxc-destroy -P "$LXCPATH" -n e2
}

@test "mounts of an ephemeral copy" {
    mkdir "$BATS_TEST_TMPDIR/data"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/data"
    echo one >"$BATS_TEST_TMPDIR/data/file"
    run_apart lxc-copy -P "$LXCPATH" -n b1 -e -N e3 \
        -m "bind=$BATS_TEST_TMPDIR/data:/mnt/ro:ro,bind=$BATS_TEST_TMPDIR/data/file:/mnt/file" \
        -m "overlay=$BATS_TEST_TMPDIR/data:/mnt/over"
    assert_equal "$status" 0
    assert_equal "$(tail -4 "$LXCPATH/e3/config" | sed 's/#[A-Za-z0-9]\{6\}/#X/g')" \
        "lxc.mount.entry = $BATS_TEST_TMPDIR/data mnt/ro none bind,optional,ro,create=dir 0 0
lxc.mount.entry = $BATS_TEST_TMPDIR/data/file mnt/file none bind,optional,rw,create=file 0 0
lxc.mount.entry = $BATS_TEST_TMPDIR/data mnt/over overlay lowerdir=$BATS_TEST_TMPDIR/data,upperdir=$LXCPATH/e3/delta#X,workdir=$LXCPATH/e3/work#X,create=dir
lxc.ephemeral = 1"
    in_container e3 sh -c '! touch /mnt/ro/x 2>/dev/null && cat /mnt/file && echo two >/mnt/over/file'
    assert_equal "$(cat "$BATS_TEST_TMPDIR/data/file")" one
    assert_equal "$(in_container e3 cat /mnt/over/file)" two
}

@test "an ephemeral copy in memory" {
    run_apart lxc-copy -P "$LXCPATH" -n b1 -e -N e4 -t
    assert_equal "$status" 0
    assert_equal "$stdout" "Created e4 as clone of b1
Container is placed on tmpfs.
Rebooting will cause all changes made to it to be lost!"
    assert_equal "$(in_container e4 cat /etc/hostname)" e4
    in_container e4 touch /written
    [ -z "$(find "$LXCPATH/e4" -name written)" ]
    lxc-copy -P "$LXCPATH" -n b1 -N base -s
    echo changed >"$LXCPATH/base/overlay/delta/changed"
    assert_equal "$(lxc-copy -P "$LXCPATH" -n base -e -t -q -- cat /changed)" changed
    lxc-destroy -P "$LXCPATH" -n base
}

@test "ids that are mapped own the copy" {
    make_source a "lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536"
    chown -R 100000:100000 "$P/a/rootfs"
    chown 100123:100124 "$P/a/rootfs/bin/program"
    copies -n a -N new
    assert_equal "$(stat -c %u:%g "$P/new/rootfs" "$P/new/rootfs/bin/program" | tr '\n' ' ')" \
        "100000:100000 100123:100124 "
    assert_equal "$(stat -c %u "$P/new" "$P/new/config" | tr '\n' ' ')" "100000 0 "
    copies -n a -N o -s
    assert_equal "$(stat -c %u:%g "$P/o/overlay/delta" "$P/o/rootfs" | tr '\n' ' ')" \
        "100000:100000 100000:100000 "
}

@test "lxc-clone, for old scripts" {
    make_source a
    run_apart lxc-clone -p "$P" a b -s
    assert_equal "$status" 0
    assert_equal "$stdout" "Created container b as snapshot of a"
    assert_equal "$stderr" "lxc-clone is deprecated in favor of lxc-copy."
    mkdir "$P/there"
    run_apart lxc-clone --lxcpath "$P" --orig a --new c --newpath "$P/there" -H
    assert_equal "$stdout" "Created container c as copy of a"
    [ -e "$P/there/c/config" ]
    run_apart lxc-clone -p "$P" -R b d
    assert_equal "$status$stdout" 0
    [ -e "$P/d/config" ]
    run_apart lxc-clone -p "$P" nix x
    assert_equal "$status" 1
    assert_contains "$stderr" "Error: container nix is not defined"
    run_apart lxc-clone -p "$P" a d
    assert_contains "$stderr" "clone failed"
    run_apart lxc-clone -p "$P" -R a x
    assert_contains "$stderr" "Error: Renaming container a to x failed"
    run_apart lxc-clone -p "$P" -v g a x
    assert_contains "$stderr" "Error: vgname not supported"
}

@test "lxc-start-ephemeral, for old scripts" {
    run_apart lxc-start-ephemeral -P "$LXCPATH" -o b1 -n s1 sh -c 'exit 3'
    assert_equal "$status" 3
    [ ! -e "$LXCPATH/s1" ]
    run_apart lxc-start-ephemeral -P "$LXCPATH" -o b1 -n s2 -u 12 id -u
    assert_equal "$stdout" 12
    mkdir "$BATS_TEST_TMPDIR/d"
    touch "$BATS_TEST_TMPDIR/d/file"
    run_apart lxc-start-ephemeral -P "$LXCPATH" -o b1 -n s3 -d -b "$BATS_TEST_TMPDIR/d" -k
    assert_equal "$status" 0
    in_container s3 test -e "$BATS_TEST_TMPDIR/d/file"
    lxc-stop -P "$LXCPATH" -n s3 -k
    lxc-destroy -P "$LXCPATH" -n s3
    run_apart lxc-start-ephemeral -P "$LXCPATH" -o b1 -d id
    assert_equal "$status" 1
    assert_contains "$stderr" "a command can't be run in the background"
}
