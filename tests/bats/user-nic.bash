# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files about lxc-user-nic: `load helpers; load containers; load user-nic` (with their
# paths). The helpers are copied, with lxc-user-nic set-user-ID, to a directory of the test's own;
# scripts run as root in network, process and mount namespaces of their own, with a /run, /etc/lxc,
# /etc/passwd … of their own, and the bridges br0 (10.9.0.1/24) and br1.

USER_ID=54321 # "tester", in the group "crew", with subordinate ids from 400000 on
OTHER_ID=54322 # "other", in the same group
LARGE_ID=70000 # "large", in the same group
STRANGER_ID=54999 # in no file
CREW_ID=5555

# In setup_file, behind make_lxcpath.
make_stage() {
    STAGE=$LXCPATH/.stage
    export STAGE USER_ID OTHER_ID LARGE_ID STRANGER_ID CREW_ID
    grep -q " $(df --output=target "$LXCPATH" | tail -1) [^ ]* [^ ]*nosuid" /proc/mounts &&
        skip "set-user-ID programs need a directory without nosuid"
    mkdir -p "$STAGE"/{etc,helpers,build,templates}
    mkdir -p /etc/lxc
    find "$TARE_HELPERS" -maxdepth 1 -type f -name 'lxc-*' -perm -100 -exec cp {} "$STAGE/helpers" \;
    chown root:root "$STAGE/helpers/lxc-user-nic"
    chmod 4755 "$STAGE/helpers/lxc-user-nic"
    for user in tester:$USER_ID other:$OTHER_ID large:$LARGE_ID; do
        name=${user%:*} id=${user#*:}
        install -d -o "$id" -g "$id" "$STAGE/$name" "$STAGE/$name/run" "$STAGE/$name/lxc"
        echo "$name:x:$id:$id::$STAGE/$name:/bin/sh" >>"$STAGE/etc/users"
        echo "$name:x:$id:" >>"$STAGE/etc/groups"
    done
    cat /etc/passwd "$STAGE/etc/users" >"$STAGE/etc/passwd"
    { cat /etc/group "$STAGE/etc/groups" && echo "crew:x:$CREW_ID:tester"; } >"$STAGE/etc/group"
    echo "tester:400000:65536" | tee "$STAGE/etc/subuid" >"$STAGE/etc/subgid"
    cat >"$STAGE/prologue" <<'SCRIPT'
set -e
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none /etc/lxc
mount -t tmpfs -o mode=755 none /usr/local/bin
mount --bind "$TARE_BUILD_ROOT/src" "$STAGE/build"
mount --bind "$TARE_SOURCE_ROOT/share/templates" "$STAGE/templates"
for file in passwd group subuid subgid; do
    [ -e "/etc/$file" ] || continue
    mount --bind "$STAGE/etc/$file" "/etc/$file"
done
cd /
ip link set lo up
ip link add br0 type bridge
ip addr add 10.9.0.1/24 dev br0
ip link set br0 mtu 1400 up
ip link add br1 type bridge
ip link set br1 up
NIC=$STAGE/helpers/lxc-user-nic
NICS=/run/lxc/nics

# as USER[+GROUP…] COMMAND…
as() {
    local groups=$1 id=${1%%+*}

    shift
    setpriv --reuid "$id" --regid "$id" --groups "${groups//+/,}" -- "$@"
}

# namespace USER: a network namespace of the user's, held by a process whose number is $held.
namespace() {
    local i

    setpriv --reuid "$1" --regid "$1" --clear-groups -- unshare -Urn sleep 1000 3>&- &
    held=$!
    for ((i = 0; i < 500; i++)); do
        [ "$(cat "/proc/$held/comm" 2>/dev/null)" != sleep ] || return 0
        sleep 0.02
    done
    echo "there is no namespace of user $1" >&2
    return 1
}

# allow LINE…: the whole of lxc-usernet.
allow() {
    printf '%s\n' "$@" >/etc/lxc/lxc-usernet
}

# create USER PID BRIDGE [NAME]
create() {
    local user=$1 pid=$2

    shift 2
    as "$user" "$NIC" create /x c1 "$pid" veth "$@"
}

# fails COMMAND…: its exit status and all it says.
fails() {
    local status=0

    "$@" 2>&1 || status=$?
    echo "status $status"
}

# inside PID COMMAND…: as root of that process's user and network namespace.
inside() {
    local pid=$1

    shift
    nsenter -t "$pid" -U -n -- "$@"
}

# lines: the database with the random part of names replaced.
lines() {
    sed 's/_[0-9a-zA-Z]*$/_XXXX/' $NICS 2>/dev/null || true
}

veths() {
    ip -o link show type veth | wc -l
}

# gone: until no interface of a user's is left.
gone() {
    for ((i = 0; i < 250; i++)); do
        [ "$(veths)" -ne 0 ] || return 0
        sleep 0.02
    done
    ip -o link show type veth
    return 1
}

# tool COMMAND…: as tester, with the build's commands.
tool() {
    as $USER_ID env HOME="$STAGE/tester" XDG_RUNTIME_DIR="$STAGE/tester/run" \
        TARE_HELPERS="$STAGE/helpers" PATH="$STAGE/build/tools/bin:$PATH" "$@"
}
SCRIPT
}

# on_stage [PART…]: standard input is the script; parts are functions that print what comes before
# it. Sets status, stdout, stderr.
on_stage() {
    local part

    cat "$STAGE/prologue" >"$BATS_TEST_TMPDIR/script"
    for part; do
        "$part" >>"$BATS_TEST_TMPDIR/script"
    done
    cat >>"$BATS_TEST_TMPDIR/script"
    run_apart unshare --net --mount --pid --fork --kill-child --propagation private \
        bash "$BATS_TEST_TMPDIR/script"
    # bats shows it when the test fails.
    [ "$status" -eq 0 ] || echo "$stdout"
}
