#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who a container is: id maps as root and as an ordinary user, id-mapped files, namespaces, init's
# ids and capabilities (spec/runtime.md §4, §6, §15). The ordinary user is one of a private
# /etc/passwd, /etc/subuid and /etc/subgid.

load helpers
load containers

USER_ID=54321

setup_file() {
    make_lxcpath
    make_container p1
    export MAPPED=$LXCPATH/.mapped.conf OWN=$LXCPATH/user SHARED=$LXCPATH/shared ETC=$LXCPATH/.etc
    # Inside, 1000 is 5000 of the host; all others lie between 300000 and 365535.
    cat >"$MAPPED" <<CONFIG
lxc.rootfs.mount = $LXCPATH/.mount
lxc.net.0.type = empty
lxc.idmap = u 0 300000 1000
lxc.idmap = u 1000 5000 1
lxc.idmap = u 1001 301001 64535
lxc.idmap = g 0 300000 65536
CONFIG
    lxc-create -P "$LXCPATH" -n u1 -f "$MAPPED" -t "$TEMPLATE"
    mkdir "$SHARED" "$ETC" "$LXCPATH/.build" "$LXCPATH/.templates"
    chmod 1777 "$SHARED"
    install -d -o $USER_ID -g $USER_ID "$OWN" "$OWN/run" "$OWN/lxc"
    { cat /etc/passwd && echo "tester:x:$USER_ID:$USER_ID::$OWN:/bin/sh"; } >"$ETC/passwd"
    { cat /etc/group && echo "tester:x:$USER_ID:"; } >"$ETC/group"
    echo "tester:400000:65536" | tee "$ETC/subuid" >"$ETC/subgid"
    cat >"$OWN/default.conf" <<CONFIG
lxc.rootfs.mount = $LXCPATH/.mount
lxc.net.0.type = empty
lxc.idmap = u 0 400000 65536
lxc.idmap = g 0 400000 65536
CONFIG
}

teardown_file() {
    as_user lxc-stop -P "$OWN/lxc" -n own -k 2>/dev/null || true
    remove_lxcpath
}

teardown() {
    stop_all
    umount "$LXCPATH/strict" "$SHARED/queues" 2>/dev/null || true
}

# as_user COMMAND…: as the ordinary user, who has subordinate ids from 400000 on, and need not be able
# to reach a checkout below /root.
as_user() {
    unshare --mount --propagation private -- sh -euc '
        etc=$1 user=$2 home=$3
        shift 3
        mount --bind "$TARE_BUILD_ROOT/src" "$LXCPATH/.build"
        mount --bind "$TARE_SOURCE_ROOT/share/templates" "$LXCPATH/.templates"
        touch /etc/subuid /etc/subgid
        for file in passwd group subuid subgid; do
            mount --bind "$etc/$file" "/etc/$file"
        done
        cd "$home"
        exec setpriv --reuid "$user" --regid "$user" --clear-groups env HOME="$home" \
            XDG_RUNTIME_DIR="$home/run" TARE_HELPERS="$LXCPATH/.build/helpers" \
            PATH="$LXCPATH/.build/tools/bin:$PATH" "$@"' sh "$ETC" $USER_ID "$OWN" "$@"
}

# inside NAME [LINE…] -- SCRIPT: what the script prints in a container that has these lines too.
inside() {
    local name=$1 definitions=()

    shift
    while [ "$1" != -- ]; do
        definitions+=(-s "$1")
        shift
    done
    run_apart lxc-execute -P "$LXCPATH" -n "$name" "${definitions[@]}" -- /bin/sh -c "$2"
}

@test "lxc-create gives the root file system to the mapped root" {
    assert_equal "$(stat -c %u:%g "$LXCPATH/u1" "$LXCPATH/u1/rootfs")" "300000:300000
300000:300000"
    assert_equal "$(stat -c %u:%g "$LXCPATH/u1/rootfs/bin/busybox")" 300000:300000
}

@test "lxc.idmap as root: the maps as they are written, files on both sides" {
    inside u1 "lxc.mount.entry = $SHARED mnt none bind 0 0" -- '
        cat /proc/self/uid_map /proc/self/gid_map
        touch /mnt/by-root /mnt/by-1000
        chown 1000:7 /mnt/by-1000
        stat -c %u:%g /bin/busybox /mnt/by-1000 /mnt/.'
    assert_equal "$status" 0
    assert_equal "$(tr -s ' ' <<<"$stdout")" " 0 300000 1000
 1000 5000 1
 1001 301001 64535
 0 300000 65536
0:0
1000:7
65534:65534"
    assert_equal "$(stat -c %u:%g "$SHARED/by-root" "$SHARED/by-1000")" "300000:300000
5000:300007"
    rm "$SHARED"/by-*
}

@test "a mapped container: its processes from outside, devices, console, attach, stop" {
    lxc-start -P "$LXCPATH" -n u1
    init=$(lxc-info -P "$LXCPATH" -n u1 -pH)
    assert_equal "$(awk '/^[UG]id:/ {print $2}' "/proc/$init/status")" "300000
300000"
    assert_equal "$(in_container u1 sh -c 'id -u; stat -c %u:%g:%F /dev/console /dev/tty1 |
        cut -d: -f1,3; echo x >/dev/null && head -c 2 /dev/zero | wc -c')" "0
0:character special file
0:character special file
2"
    assert_equal "$(in_container u1 hostname)" u1
    lxc-attach -P "$LXCPATH" -n u1 -u 1000 -g 1000 -- /bin/sleep 1000 \
        </dev/null >/dev/null 2>&1 3>&- &
    wait_until 5 pgrep -u 5000 -f '^/bin/sleep 1000$'
    run -0 lxc-stop -P "$LXCPATH" -n u1 -k
    [ ! -e "/proc/$init" ]
}

@test "maps that cannot be written are told with their lines" {
    make_container bad "lxc.idmap = u 0 300000 10" "lxc.idmap = u 5 400000 10" \
        "lxc.idmap = g 0 300000 10"
    run_apart lxc-start -P "$LXCPATH" -n bad
    assert_equal "$status" 1
    assert_contains "$stderr" "lxc.idmap"
    assert_contains "$stderr" "hint: "
    lxc-destroy -P "$LXCPATH" -n bad
}

@test "lxc.rootfs.options = idmap=container: files stay root's on disk, inside root owns them" {
    inside p1 "lxc.idmap = u 0 300000 65536" "lxc.idmap = g 0 300000 65536" \
        "lxc.rootfs.options = idmap=container" -- '
        stat -c %u:%g /bin/busybox; echo x >/opt-written; mkdir /opt-dir; chown 33:33 /opt-dir
        sed 1q /proc/self/uid_map | tr -s " "'
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "0:0
 0 300000 65536"
    assert_equal "$(stat -c %u:%g "$LXCPATH/p1/rootfs/opt-written" "$LXCPATH/p1/rootfs/opt-dir")" \
        "0:0
33:33"
    rm -r "$LXCPATH/p1/rootfs/opt-"*
}

@test "lxc.rootfs.options = idmap=container: the template's container starts, attaches, stops" {
    make_container i1 "lxc.idmap = u 0 300000 65536" "lxc.idmap = g 0 300000 65536" \
        "lxc.rootfs.options = idmap=container"
    # As lxc-create leaves it without maps: the files are root's.
    chown -R 0:0 "$LXCPATH/i1/rootfs"
    chmod 711 "$LXCPATH/i1"
    before=$(</proc/self/mountinfo)
    run_apart lxc-start -P "$LXCPATH" -n i1
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(in_container i1 sh -c 'id -u; stat -c %u /bin/busybox; ls -a /.. | wc -l
        ls -a / | wc -l; grep -c " - tmpfs tmpfs " /proc/self/mountinfo')" "0
0
$(ls -a "$LXCPATH/i1/rootfs" | wc -l)
$(ls -a "$LXCPATH/i1/rootfs" | wc -l)
0"
    [ -e "$LXCPATH/i1/rootfs/usr/lib" ]
    in_container i1 sh -c 'ls /usr/lib' | grep -q .
    run_apart lxc-stop -P "$LXCPATH" -n i1
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(</proc/self/mountinfo)" "$before"
    lxc-destroy -P "$LXCPATH" -n i1
}

@test "a bind of what lies above lxc.rootfs.mount, alone and with all below, beside id-mapped trees" {
    place=$(lxc-info -P "$LXCPATH" -n p1 -c lxc.rootfs.mount | cut -d= -f2 | tr -d ' ')
    above=$(dirname "$place")
    mkdir "$SHARED/d1" "$SHARED/d2" "$SHARED/d3"
    echo one >"$SHARED/d1/file"
    echo two >"$SHARED/d2/file"
    echo three >"$SHARED/d3/file"
    for kind in bind rbind; do
        inside u1 "lxc.mount.entry = $above mnt none $kind 0 0" \
            "lxc.mount.entry = $SHARED/d1 a none bind,idmap=container,create=dir 0 0" \
            "lxc.mount.entry = $SHARED/d2/file b none bind,idmap=container,create=file 0 0" \
            "lxc.mount.entry = $SHARED/d3 c none bind,idmap=container,create=dir 0 0" \
            "lxc.mount.entry = $SHARED/d1/file d none bind,idmap=container,create=file 0 0" -- "
            cat /a/file /b /c/file /d; stat -c %u /a /b /c /d | sort -u; ls -d /mnt/$(basename "$place")
            grep -c ' - tmpfs none rw *\$' /proc/self/mountinfo || true"
        assert_equal "$status:$stderr" "0:"
        assert_equal "$stdout" "one
two
three
one
0
/mnt/$(basename "$place")
0"
    done
    rm -r "$SHARED"/d?
}

@test "an id-mapped entry whose file system can't be id-mapped is told, or left out if optional" {
    mkdir -p "$SHARED/queues"
    mount -t mqueue queues "$SHARED/queues"
    entry="$SHARED/queues mnt none bind,idmap=container"
    inside u1 "lxc.mount.entry = $entry 0 0" -- true
    assert_equal "$status" 1
    assert_contains "$stderr" "$SHARED/queues on mnt"
    assert_contains "$stderr" mqueue
    assert_contains "$stderr" "hint: "
    assert_contains "$stderr" "idmap="
    echo mine >"$SHARED/file"
    inside u1 "lxc.mount.entry = $SHARED/file b none bind,idmap=container,create=file 0 0" \
        "lxc.mount.entry = $entry,optional 0 0" \
        "lxc.mount.entry = $SHARED tmp none bind,idmap=container 0 0" -- '
        grep -c " /mnt " /proc/self/mountinfo; cat /b /tmp/file; stat -c %u /b'
    umount "$SHARED/queues"
    rm -r "$SHARED/queues" "$SHARED/file"
    assert_equal "$status:$stdout" "0:0
mine
mine
0"
}

@test "idmap=container on an entry" {
    echo theirs >"$SHARED/file"
    chmod 600 "$SHARED/file"
    inside u1 "lxc.mount.entry =" "lxc.mount.entry = $SHARED mnt none bind,idmap=container 0 0" -- '
        stat -c %u /mnt/file; cat /mnt/file; touch /mnt/new; chown 7 /mnt/new'
    assert_equal "$status:$stdout" "0:0
theirs"
    assert_equal "$(stat -c %u:%g "$SHARED/new")" 7:0
    inside u1 "lxc.mount.entry = $SHARED mnt none bind 0 0" -- \
        'cat /mnt/file 2>/dev/null || echo no'
    assert_equal "$stdout" no
    rm "$SHARED/file" "$SHARED/new"
    inside u1 "lxc.mount.entry = x mnt tmpfs idmap=container 0 0" -- 'true'
    [ "$status" -ne 0 ]
    assert_contains "$stderr" "Only bind mounts can currently be idmapped"
}

@test "a mapped container keeps and cannot clear what the host set on a mount" {
    mkdir -p "$LXCPATH/strict"
    mount -t tmpfs -o nosuid,nodev,noexec,noatime strict "$LXCPATH/strict"
    inside u1 "lxc.mount.entry = $LXCPATH/strict mnt none bind,rw,exec,suid 0 0" -- '
        grep " /mnt " /proc/self/mountinfo | cut -d" " -f6
        for flag in exec suid dev strictatime; do
            mount -o "remount,bind,$flag" /mnt 2>/dev/null && echo "$flag"
        done; true'
    umount "$LXCPATH/strict"
    assert_equal "$status:$stdout" "0:rw,nosuid,nodev,noexec,noatime"
}

@test "lxc.init.uid, lxc.init.gid, lxc.init.groups" {
    inside p1 "lxc.init.uid = 1000" "lxc.init.gid = 1001" "lxc.init.groups = 5,6" \
        -- 'id -u; id -g; grep Groups: /proc/self/status'
    assert_equal "$stdout" "1000
1001
Groups:	5 6 "
    inside p1 -- 'grep Groups: /proc/self/status'
    assert_equal "$stdout" "Groups:	 "
    inside u1 "lxc.init.uid = 1000" -- 'id -u; touch /tmp/mine'
    assert_equal "$status:$stdout:$(stat -c %u "$LXCPATH/u1/rootfs/tmp/mine")" "0:1000:5000"
}

@test "namespaces: all of them, lxc.namespace.keep, lxc.namespace.clone" {
    list='for ns in cgroup ipc mnt net pid uts user; do readlink /proc/self/ns/$ns; done'
    outside=$(sh -c "$list")
    inside p1 -- "$list"
    assert_equal "$(comm -12 <(sort <<<"$outside") <(sort <<<"$stdout"))" \
        "$(readlink /proc/self/ns/user)"
    inside p1 "lxc.net =" "lxc.namespace.keep = user net ipc" -- "$list"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(comm -12 <(sort <<<"$outside") <(sort <<<"$stdout") | cut -d: -f1)" "ipc
net
user"
    # Without a cgroup namespace there is no unified hierarchy inside.
    inside p1 "lxc.net =" "lxc.mount.auto =" "lxc.mount.auto = proc" \
        "lxc.namespace.clone = mnt pid uts" -- "$list"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(comm -12 <(sort <<<"$outside") <(sort <<<"$stdout") | cut -d: -f1)" "cgroup
ipc
net
user"
}

@test "lxc.time.offset.boot and .monotonic move the clocks inside" {
    [ -e /proc/self/ns/time ] || skip "the kernel has no time namespaces"
    inside p1 "lxc.time.offset.boot = 10h" -- 'cut -d. -f1 /proc/uptime'
    difference=$((stdout - $(cut -d. -f1 /proc/uptime)))
    [ "$difference" -ge 35998 ]
    [ "$difference" -le 36002 ]
    inside p1 "lxc.time.offset.monotonic = 100s" -- 'tr -s " " </proc/self/timens_offsets'
    assert_equal "$stdout" "monotonic 100 0
boottime 0 0"
    inside p1 "lxc.time.offset.boot = 10h" "lxc.namespace.keep = user time" -- 'true'
    [ "$status" -ne 0 ]
    assert_contains "$stderr" "A clock offset needs a time namespace of the container's own"
}

@test "lxc.cap.drop and lxc.cap.keep bound what init can have" {
    bound() {
        inside p1 "$@" -- 'sed -n "s/^CapBnd:.//p" /proc/self/status'
    }
    own=$((16#$(sed -n 's/^CapBnd:.//p' /proc/self/status)))
    bound "lxc.cap.drop = net_raw 0"
    # The template's sys_module, sys_time, mac_override and mac_admin; net_raw and chown.
    dropped=$((1 << 16 | 1 << 25 | 1 << 32 | 1 << 33 | 1 << 13 | 1))
    assert_equal "$((16#$stdout))" "$((own & ~dropped))"
    bound "lxc.cap.drop =" "lxc.cap.keep = chown setuid"
    assert_equal "$stdout" 0000000000000081
    bound "lxc.cap.drop =" "lxc.cap.keep = none"
    assert_equal "$stdout" 0000000000000000
}

@test "lxc.no_new_privs holds for init and for what attaches" {
    inside p1 "lxc.no_new_privs = 1" -- 'grep NoNewPrivs /proc/self/status'
    assert_equal "$stdout" "NoNewPrivs:	1"
    lxc-start -P "$LXCPATH" -n p1 -s "lxc.no_new_privs = 1"
    assert_equal "$(in_container p1 grep NoNewPrivs /proc/1/status /proc/self/status)" \
        "/proc/1/status:NoNewPrivs:	1
/proc/self/status:NoNewPrivs:	1"
}

@test "lxc.keyring.session = 1 keeps the caller's session keyring, 0 makes a new one" {
    serial=(perl -e 'print syscall(250, 0, -3, 0)')
    [ "$(uname -m)" = x86_64 ] || skip "keyctl's number is that of x86_64"
    outside=$("${serial[@]}")
    [ "$outside" -gt 0 ] || skip "the kernel has no keyrings"
    run_apart lxc-execute -P "$LXCPATH" -n keys -s lxc.keyring.session=1 -- "${serial[@]}"
    assert_equal "$stdout" "$outside"
    run_apart lxc-execute -P "$LXCPATH" -n keys -- "${serial[@]}"
    [ "$stdout" -gt 0 ]
    [ "$stdout" != "$outside" ]
}

@test "an ordinary user: create, start, attach, stop, destroy" {
    command -v newuidmap newgidmap >/dev/null || skip "newuidmap is not installed"
    run_apart as_user lxc-create -P "$OWN/lxc" -n own -f "$OWN/default.conf" -t "$LXCPATH/.templates/lxc-busybox"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(stat -c %u "$OWN/lxc/own/rootfs/bin/busybox")" 400000
    run_apart as_user lxc-start -P "$OWN/lxc" -n own
    assert_equal "$status:$stderr" "0:"
    init=$(as_user lxc-info -P "$OWN/lxc" -n own -pH)
    assert_equal "$(awk '/^Uid:/ {print $2}' "/proc/$init/status")" 400000
    supervisor=$(awk '{print $4}' "/proc/$init/stat")
    assert_equal "$(awk '/^Uid:/ {print $2}' "/proc/$supervisor/status")" $USER_ID
    run_apart as_user lxc-attach -P "$OWN/lxc" -n own -- /bin/sh -c 'id -u; hostname; touch /new'
    assert_equal "$status:$stdout:$stderr" "0:0
own:"
    assert_equal "$(stat -c %u "$OWN/lxc/own/rootfs/new")" 400000
    run_apart as_user lxc-stop -P "$OWN/lxc" -n own
    assert_equal "$status:$stdout:$stderr" "0::"
    run_apart as_user lxc-destroy -P "$OWN/lxc" -n own
    assert_equal "$status:$stdout:$stderr" "0::"
    [ ! -e "$OWN/lxc/own" ]
}

@test "an ordinary user: copy, snapshot, rename" {
    command -v newuidmap newgidmap >/dev/null || skip "newuidmap is not installed"
    as_user lxc-create -P "$OWN/lxc" -n own -f "$OWN/default.conf" -t "$LXCPATH/.templates/lxc-busybox"
    printf '%s\n' '#!/bin/sh' 'id -u >"$LXC_ROOTFS_MOUNT/etc/hooked"' >"$OWN/lxc/own/hook"
    chmod 755 "$OWN/lxc/own/hook"
    echo "lxc.hook.clone = $OWN/lxc/own/hook" >>"$OWN/lxc/own/config"
    run_apart as_user lxc-copy -P "$OWN/lxc" -n own -N full
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(stat -c %u "$OWN/lxc/full" "$OWN/lxc/full/rootfs" "$OWN/lxc/full/config" |
        tr '\n' ' ')" "400000 400000 $USER_ID "
    assert_equal "$(cat "$OWN/lxc/full/rootfs/etc/hooked" "$OWN/lxc/full/rootfs/etc/hostname")" "0
full"
    cmp "$OWN/lxc/own/rootfs/bin/busybox" "$OWN/lxc/full/rootfs/bin/busybox"
    run_apart as_user lxc-copy -P "$OWN/lxc" -n own -N over -s
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(cat "$OWN/lxc/over/overlay/delta/etc/hostname")" over
    run_apart as_user lxc-execute -P "$OWN/lxc" -n over -- cat /etc/hostname /etc/hooked
    assert_equal "$status:$stdout" "0:over
0"
    run_apart as_user lxc-copy -P "$OWN/lxc" -n over -N again -R
    assert_equal "$status:$stdout:$stderr" "0::"
    assert_equal "$(cat "$OWN/lxc/again/overlay/delta/etc/hostname")" again
    run_apart as_user lxc-copy -P "$OWN/lxc" -n own -e -- sh -c 'hostname; exit 4'
    assert_equal "$status" 4
    run_apart as_user lxc-copy -P "$OWN/lxc" -n own -N no -B loop
    assert_equal "$status" 1
    assert_contains "$stderr" 'Unsupported snapshot type "loop" for unprivileged users'
    for name in again full own; do
        run_apart as_user lxc-destroy -P "$OWN/lxc" -n "$name"
        assert_equal "$status:$stderr" "0:"
    done
    [ -z "$(ls -A "$OWN/lxc")" ]
}

@test "an ordinary user whose own ids are the whole map: create, start, destroy" {
    command -v newuidmap newgidmap >/dev/null || skip "newuidmap is not installed"
    printf '%s\n' "$(<"$EMPTY_NET")" "lxc.idmap = u 0 $USER_ID 1" \
        "lxc.idmap = g 0 $USER_ID 1" >"$OWN/self.conf"
    run_apart as_user lxc-create -P "$OWN/lxc" -n self -f "$OWN/self.conf" -t "$LXCPATH/.templates/lxc-busybox"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(stat -c %u "$OWN/lxc/self/rootfs/bin/busybox")" $USER_ID
    run_apart as_user lxc-execute -P "$OWN/lxc" -n self -- id -u
    assert_equal "$status:$stdout" "0:0"
    run_apart as_user lxc-destroy -P "$OWN/lxc" -n self
    assert_equal "$status:$stderr" "0:"
}

@test "a directory that is closed to container root is named" {
    owner=$(stat -c %u:%g "$LXCPATH/u1")
    mode=$(stat -c %a "$LXCPATH/u1")
    chown 0:0 "$LXCPATH/u1"
    chmod 770 "$LXCPATH/u1"
    run_apart lxc-start -P "$LXCPATH" -n u1
    chown "$owner" "$LXCPATH/u1"
    chmod "$mode" "$LXCPATH/u1"
    assert_equal "$status" 1
    assert_contains "$stderr" "Permission denied: $LXCPATH/u1 is closed"
}

@test "an ordinary user: no maps, and maps of somebody else's ids, are told with what to do" {
    command -v newuidmap newgidmap >/dev/null || skip "newuidmap is not installed"
    mkdir -p "$OWN/lxc/alien/rootfs"
    chown -R $USER_ID "$OWN/lxc/alien"
    sed s/400000/700000/ "$OWN/default.conf" >"$OWN/lxc/alien/config"
    echo "lxc.rootfs.path = $OWN/lxc/alien/rootfs" >>"$OWN/lxc/alien/config"
    run_apart as_user lxc-start -P "$OWN/lxc" -n alien
    assert_equal "$status" 1
    assert_contains "$stderr" "newuidmap"
    assert_contains "$stderr" "/etc/subuid"
    assert_contains "$stderr" "lxc.idmap"
    sed -i /idmap/d "$OWN/lxc/alien/config"
    run_apart as_user lxc-start -P "$OWN/lxc" -n alien
    assert_equal "$status" 1
    assert_contains "$stderr" "You must either run as root, or define uid mappings"
    assert_contains "$stderr" "/etc/subuid"
}
