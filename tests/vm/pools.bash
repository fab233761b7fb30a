# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files about storage that only the guest "storage" has: `load pools`, behind helpers and
# containers. Volume groups, pools and clusters are made on the guest's own empty disks, which bear
# the serial numbers tare-0, tare-1 …: nothing else is ever written to. Who makes one removes it.

# LVM warns about every descriptor that it inherits from bats.
export LVM_SUPPRESS_FD_WARNINGS=1

# disk NUMBER: its device; fails when there is none.
disk() {
    local entry

    for entry in /sys/block/vd*; do
        # In a teardown, which is a trap handler, a plain return is that of the test that failed.
        [ "$(cat "$entry/serial" 2>/dev/null)" != "tare-$1" ] ||
            { echo "/dev/${entry##*/}"; return 0; }
    done
    return 1
}

# In setup: needs PROGRAM…
needs_pools() {
    local program

    disk 0 >/dev/null || skip "the disks of the storage guest are not here"
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "there is no $program here"
    done
}

# In setup_file, for what is typed as the tutorials do: the build installed where it belongs, and a
# configuration that asks for no network.
install_build() {
    mkdir -p /etc/lxc
    if [ ! -e /usr/share/lxc/templates/lxc-busybox ]; then
        meson install -C "$TARE_BUILD_ROOT" --no-rebuild --quiet >"$BATS_FILE_TMPDIR/install" 2>&1 ||
            { cat "$BATS_FILE_TMPDIR/install" >&2; return 1; }
    fi
    echo 'lxc.net.0.type = empty' >/etc/lxc/default.conf
    LXCPATH=/var/lib/lxc
    export LXCPATH
}

# In teardown: no container is left, whatever it was.
destroy_all() {
    local name

    stop_all
    for name in $(lxc-ls -P "$LXCPATH" -1); do
        lxc-destroy -P "$LXCPATH" -s -n "$name" || true
    done
    # Clones before what they came from.
    for name in $(lxc-ls -P "$LXCPATH" -1); do
        lxc-destroy -P "$LXCPATH" -s -n "$name" || true
    done
}

# wipe DEVICE: nothing is found on it any more, and its blocks are the host's again.
wipe() {
    udevadm settle
    wipefs -qaf "$1"
    blkdiscard -qf "$1" 2>/dev/null || true
}

# make_group NAME DEVICE [POOL SIZE]: a volume group, and a thin pool in it.
make_group() {
    pvcreate -qq --yes "$2"
    vgcreate -qq "$1" "$2"
    [ $# -lt 4 ] || lvcreate -qq --yes --type thin-pool -L "$4" -n "$3" "$1"
}

remove_group() {
    vgremove -qq -f -y "$1"
    pvremove -qq -f -y "$2"
    wipe "$2"
}

make_zpool() {
    modprobe zfs
    # The pool's own root is of no use here, and would be a mount.
    zpool create -f -O mountpoint=none "$1" "$2"
}

remove_zpool() {
    zpool destroy -f "$1"
    zpool labelclear -f "${2}1" 2>/dev/null || true
    wipe "$2"
}

# make_faulty NAME DEVICE [SECTORS]: /dev/mapper/NAME, which is that device until it breaks. It begins
# behind the device's beginning, where LVM would find what is on it a second time.
FAULTY_BEGIN=2048

make_faulty() {
    local size=${3:-$(($(blockdev --getsz "$2") - FAULTY_BEGIN))}

    dmsetup create "$1" --table "0 $size linear $2 $FAULTY_BEGIN"
    udevadm settle
}

# replace_faulty NAME <TABLE: without waiting for what is under way, which then fails.
replace_faulty() {
    dmsetup suspend --noflush --nolockfs "$1"
    dmsetup load "$1"
    dmsetup resume "$1"
}

# break_faulty NAME DEVICE [FROM SECTORS]: from now on reading and writing fails, everywhere or there.
break_faulty() {
    local size from=${3:-0} count end

    size=$(blockdev --getsz "/dev/mapper/$1")
    count=${4:-$size}
    end=$((from + count))
    {
        [ "$from" -eq 0 ] || echo "0 $from linear $2 $FAULTY_BEGIN"
        echo "$from $count error"
        [ "$end" -ge "$size" ] || echo "$end $((size - end)) linear $2 $((FAULTY_BEGIN + end))"
    } | replace_faulty "$1"
}

mend_faulty() {
    echo "0 $(blockdev --getsz "/dev/mapper/$1") linear $2 $FAULTY_BEGIN" | replace_faulty "$1"
}

remove_faulty() {
    dmsetup remove --retry "$1"
}

# make_ceph DIR: a monitor and one disk of memory, without keys, with a pool "lxc"; /etc/ceph.
make_ceph() {
    local dir=$1 fsid osd

    fsid=$(</proc/sys/kernel/random/uuid)
    osd=$(</proc/sys/kernel/random/uuid)
    mkdir -p "$dir"/{mon,osd,run,log} /etc/ceph
    # The two "update on start" would ask a cluster that is not up yet, one time in two in vain.
    cat >/etc/ceph/ceph.conf <<-END
	[global]
	fsid = $fsid
	mon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
	public addr = 127.0.0.1
	cluster addr = 127.0.0.1
	auth cluster required = none
	auth service required = none
	auth client required = none
	osd pool default size = 1
	osd pool default min size = 1
	osd pool default pg num = 8
	osd crush chooseleaf type = 0
	osd class update on start = false
	osd crush update on start = false
	osd objectstore = memstore
	memstore device bytes = 1610612736
	mon allow pool size one = true
	mon warn on pool no redundancy = false
	rbd default features = 1
	mon data = $dir/mon
	osd data = $dir/osd
	run dir = $dir/run
	admin socket = $dir/run/\$name.asok
	pid file = $dir/run/\$name.pid
	log file = $dir/log/\$name.log
	mon cluster log file = $dir/log/cluster.log
	END
    ip link set lo up
    monmaptool --create --fsid "$fsid" --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' \
        "$dir/monmap" >/dev/null
    ceph-mon --mkfs -i a --monmap "$dir/monmap"
    ceph-mon -i a
    ceph osd new "$osd" 0 >/dev/null
    ceph osd crush add-bucket host1 host root=default 2>/dev/null
    ceph osd crush add osd.0 1 host=host1 2>/dev/null
    ceph-osd -i 0 --mkfs --osd-uuid "$osd" >/dev/null 2>&1
    ceph-osd -i 0 >/dev/null 2>&1
    ceph osd pool create lxc 8 8 >/dev/null 2>&1
    modprobe rbd
    timeout 60 rbd pool init lxc
}

# remove_ceph DIR
remove_ceph() {
    local file

    for file in "$1"/run/*.pid; do
        kill -KILL "$(<"$file")" || true
    done
    rm -rf "$1" /etc/ceph/ceph.conf
}

# What the kernel has open: the names of volumes of dm, of images of rbd and of disks of nbd.
open_devices() {
    cat /sys/block/dm-*/dm/name /sys/bus/rbd/devices/*/name 2>/dev/null
    find /sys/block/nbd*/pid 2>/dev/null || true
}

# squeezed COMMAND…: its table with one space between columns.
squeezed() {
    "$@" | sed 's/^ *//; s/  */ /g; s/ *$//'
}

# inside NAME COMMAND…: in a container that does not run.
inside() {
    local name=$1

    shift
    lxc-execute -P "$LXCPATH" -n "$name" -- "$@"
}

# write_inside NAME TEXT, read_inside NAME: a file of the container.
write_inside() {
    inside "$1" /bin/sh -c "echo '$2' >/root/text; sync"
}

read_inside() {
    inside "$1" /bin/cat /root/text
}

# runs_well NAME: it starts, is attached to, stops.
runs_well() {
    lxc-start -P "$LXCPATH" -n "$1"
    assert_equal "$(in_container "$1" cat /proc/sys/kernel/hostname)" "$1"
    assert_equal "$(lxc-info -P "$LXCPATH" -n "$1" -sH)" RUNNING
    lxc-stop -P "$LXCPATH" -n "$1" -k
}

# Kills in the middle of what programs of others do. watch_programs PROGRAM…: from now on each of them
# tells its calls; unwatch_programs. They are found by PATH alone.
watch_programs() {
    local program real

    WATCHED=$BATS_TEST_TMPDIR/watched
    mkdir -p "$WATCHED/bin"
    for program; do
        real=$(command -v "$program")
        cat >"$WATCHED/bin/$program" <<-END
	#!/bin/bash
	exec 8>>"$WATCHED/running" 9>>"$WATCHED/lock"
	flock 9
	echo "$program \$*" >>"$WATCHED/calls"
	count=\$(wc -l <"$WATCHED/calls")
	exec 9>&-
	die_at() {
	    [ "\$(<"$WATCHED/moment")" = "\$1 \$count" ] || return 0
	    touch "$WATCHED/killed"
	    kill -KILL "\$(<"$WATCHED/pid")"
	}
	die_at before
	"$real" "\$@"
	status=\$?
	die_at behind
	exit \$status
	END
        chmod 755 "$WATCHED/bin/$program"
    done
}

# kill_at MOMENT NUMBER COMMAND…: 0 = it was killed "before" or "behind" the watched program's call of
# that number; 1 = it had less calls. What the program does it does to its end.
kill_at() {
    local moment=$1 number=$2

    shift 2
    rm -f "$WATCHED/calls" "$WATCHED/killed"
    echo "$moment $number" >"$WATCHED/moment"
    PATH=$WATCHED/bin:$PATH bash -c 'echo $$ >"$0/pid"; exec "$@"' "$WATCHED" "$@" \
        >"$WATCHED/output" 2>&1 3>&- </dev/null || true
    [ -e "$WATCHED/killed" ]
}

# each_kill PREPARE CHECK COMMAND…: for every moment at which COMMAND calls a watched program: PREPARE,
# kill it there, `tare repair`, CHECK, which finds the old state or the new one and tidies up.
each_kill() {
    local prepare=$1 check=$2 number=1 moment

    shift 2
    while :; do
        for moment in before behind; do
            "$prepare"
            if ! kill_at "$moment" "$number" "$@"; then
                [ "$number" -gt 1 ] || { cat "$WATCHED/output" >&2; fail "no call: $*"; return 1; }
                "$check"
                return 0
            fi
            wait_until 20 watched_ended
            echo "# killed $moment $(sed -n "${number}p" "$WATCHED/calls")"
            tare repair >"$WATCHED/repair" || { cat "$WATCHED/repair" >&2; return 1; }
            assert_equal "$(tare repair)" "nothing to repair"
            "$check"
        done
        number=$((number + 1))
    done
}

# Nothing of what was killed runs any more: its program may outlive it.
watched_ended() {
    ! fuser -s "$WATCHED/running"
}
