#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Cgroups of a running container (spec/cgroup1.md, spec/runtime.md §11): on a host with v1
# hierarchies, and with nothing but the unified one, which a mount namespace shows here.

load helpers
load containers

setup_file() {
    make_lxcpath
    N=cg$$
    export N
    make_container "$N"
}

teardown_file() {
    remove_lxcpath
}

teardown() {
    stop_all
    # A test that failed may leave more than stop_all knows of.
    for directory in $MADE; do
        find /sys/fs/cgroup -mindepth 2 -depth -type d -path "*/$directory*" \
            -exec rmdir {} + || true
    done
}

# start KEY=VALUE…
start() {
    lxc-start -P "$LXCPATH" -n "$N" "${@/#/-s}"
}

# group PID CONTROLLER: the cgroup's path below the hierarchy.
group() {
    awk -F: -v c="$2" '$2 == c { print $3 }' "/proc/$1/cgroup"
}

init_pid() {
    lxc-info -P "$LXCPATH" -n "$N" -pH
}

supervisor_pid() {
    awk '{ print $4 }' "/proc/$(init_pid)/stat"
}

# Every directory of the host's hierarchies with this test's container in its path.
left() {
    find /sys/fs/cgroup -mindepth 2 -type d -path "*$N*"
}

# make_cgroup DIRECTORY…: below each hierarchy's root; removed by teardown.
make_cgroup() {
    for directory; do
        MADE="$MADE ${directory%%/*}"
        for hierarchy in /sys/fs/cgroup/*/; do
            mkdir -p "$hierarchy$directory"
        done
    done
}

# limit CONTROLLER FILE
limit() {
    cat "/sys/fs/cgroup/$1/$(group "$(init_pid)" "$1")/$2"
}

@test "payload and monitor directories in every hierarchy, none after the stop" {
    needs_v1
    start
    for hierarchy in /sys/fs/cgroup/*/; do
        [ -d "$hierarchy/lxc.payload.$N" ] || fail "no payload in $hierarchy"
        [ -d "$hierarchy/lxc.monitor.$N" ] || fail "no monitor in $hierarchy"
        grep -qx "$(init_pid)" "$hierarchy/lxc.payload.$N/cgroup.procs"
        # In the unified hierarchy it comes a while later.
        wait_until 5 grep -qx "$(supervisor_pid)" "$hierarchy/lxc.monitor.$N/cgroup.procs"
    done
    assert_equal "$(in_container "$N" cut -d: -f3 /proc/1/cgroup | sort -u)" /
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(left)" ""
}

# late: whether the supervisor is still where it was started, in the unified hierarchy.
late() {
    [ "$(awk -F: '$1 == 0 { print $3 }' "/proc/$(supervisor_pid)/cgroup")" != "/lxc.monitor.$N" ]
}

@test "the supervisor enters its cgroup of version 2 late, and leaves nothing either way" {
    needs_v1
    start
    late
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(left)" ""
    start
    wait_until 5 not late
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(left)" ""
}

not() {
    ! "$@"
}

@test "killed before or behind that, the supervisor leaves nothing" {
    needs_v1
    for when in late early; do
        start
        [ $when = late ] && late || wait_until 5 not late
        kill -9 "$(supervisor_pid)"
        wait_until 5 stopped
        assert_equal "$(left)" ""
    done
}

stopped() {
    [ "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" = STOPPED ]
}

@test "in the background it leaves the starter's cgroup at once, not in the foreground" {
    needs_v1
    make_cgroup "ses$N"
    unified=/sys/fs/cgroup/unified
    (
        echo "$BASHPID" >"$unified/ses$N/cgroup.procs"
        start
    )
    assert_equal "$(cat "$unified/ses$N/cgroup.procs")" ""
    assert_equal "$(awk -F: '$1 == 0 { print $3 }' "/proc/$(supervisor_pid)/cgroup")" /
    wait_until 5 not late
    lxc-stop -P "$LXCPATH" -n "$N" -k
    # A hook runs, then in the cgroup of the supervisor.
    (
        echo "$BASHPID" >"$unified/ses$N/cgroup.procs"
        start "lxc.hook.start-host=/bin/true"
    )
    not late
    lxc-stop -P "$LXCPATH" -n "$N" -k
    (
        echo "$BASHPID" >"$unified/ses$N/cgroup.procs"
        exec lxc-start -P "$LXCPATH" -n "$N" -F </dev/null >/dev/null 2>&1
    ) &
    wait_until 5 running
    assert_equal "$(awk -F: '$1 == 0 { print $3 }' "/proc/$(supervisor_pid)/cgroup")" "/ses$N"
    wait_until 5 not late
    lxc-stop -P "$LXCPATH" -n "$N" -k
    wait
    assert_equal "$(left | grep -v "/ses$N$")" ""
}

running() {
    [ "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" = RUNNING ]
}

@test "what a hook leaves running survives the stop, the monitor's directory doesn't" {
    needs_v1
    hook=$BATS_TEST_TMPDIR/hook
    printf '#!/bin/sh\nsleep 30 </dev/null >/dev/null 2>&1 &\necho $! >%s/pid\n' \
        "$BATS_TEST_TMPDIR" >"$hook"
    chmod 755 "$hook"
    start "lxc.hook.start-host=$hook"
    pid=$(<"$BATS_TEST_TMPDIR/pid")
    assert_equal "$(cut -d: -f3 "/proc/$pid/cgroup" | sort -u)" "/lxc.monitor.$N"
    run_apart lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(left)" ""
    assert_equal "$(cut -d: -f3 "/proc/$pid/cgroup" | sort -u)" /
    # The same where the supervisor can't do it any more.
    kill "$pid"
    start "lxc.hook.start-host=$hook"
    pid=$(<"$BATS_TEST_TMPDIR/pid")
    kill -9 "$(supervisor_pid)"
    wait_until 5 stopped
    assert_equal "$(left)" ""
    kill "$pid"
}

@test "the longest name that a container can have" {
    needs_v1
    long=$(printf "$N%0$((239 - ${#N}))d" 0)
    mkdir "$LXCPATH/$long"
    # The kernel takes shorter host names only.
    sed "/uts.name/d; s/$N/$long/g" "$LXCPATH/$N/config" >"$LXCPATH/$long/config"
    cp -al "$LXCPATH/$N/rootfs" "$LXCPATH/$long/rootfs"
    lxc-start -P "$LXCPATH" -n "$long"
    pid=$(lxc-info -P "$LXCPATH" -n "$long" -pH)
    assert_equal "$(cut -d: -f3 "/proc/$pid/cgroup" | sort -u)" "/lxc.payload.$long"
    lxc-stop -P "$LXCPATH" -n "$long" -k
    rm -r "${LXCPATH:?}/$long"
    assert_equal "$(left)" ""
}

@test "a taken name gives the suffix -1, in all hierarchies" {
    needs_v1
    MADE=lxc.payload.$N
    mkdir "/sys/fs/cgroup/freezer/lxc.payload.$N"
    start
    assert_equal "$(cut -d: -f3 "/proc/$(init_pid)/cgroup" | sort -u)" "/lxc.payload.$N-1"
    assert_equal "$(group "$(supervisor_pid)" memory)" "/lxc.monitor.$N"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(left)" "/sys/fs/cgroup/freezer/lxc.payload.$N"
}

@test "lxc.cgroup.dir" {
    needs_v1
    start "lxc.cgroup.dir=grp$N/x"
    assert_equal "$(group "$(init_pid)" cpu)" "/grp$N/x/lxc.payload.$N"
    assert_equal "$(group "$(supervisor_pid)" cpu)" "/grp$N/x/lxc.monitor.$N"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(find /sys/fs/cgroup -mindepth 2 -type d -path "*lxc.*$N*")" ""
    MADE=grp$N
}

@test "Proxmox VE's layout: .container, .inner, .monitor; limits on the outer directory" {
    needs_v1
    MADE=lxc/$N
    start "lxc.cgroup.dir.container=lxc/$N" "lxc.cgroup.dir.container.inner=ns" \
        "lxc.cgroup.dir.monitor=lxc.monitor/$N" "lxc.cgroup.cpu.shares=300"
    assert_equal "$(group "$(init_pid)" cpu)" "/lxc/$N/ns"
    assert_equal "$(group "$(supervisor_pid)" cpu)" "/lxc.monitor/$N"
    assert_equal "$(<"/sys/fs/cgroup/cpu/lxc/$N/cpu.shares")" 300
    assert_equal "$(<"/sys/fs/cgroup/cpu/lxc/$N/ns/cpu.shares")" 1024
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(left)" ""
}

@test "a fixed name that exists is used when it is empty, and refused with others' processes" {
    needs_v1
    make_cgroup "lxc$N/x"
    start "lxc.cgroup.dir.container=lxc$N/x" "lxc.cgroup.dir.monitor=lxc.monitor$N/x"
    assert_equal "$(cut -d: -f3 "/proc/$(init_pid)/cgroup" | sort -u)" "/lxc$N/x"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    make_cgroup "lxc$N/x"
    sleep 100 &
    echo $! >"/sys/fs/cgroup/memory/lxc$N/x/cgroup.procs"
    run_apart start "lxc.cgroup.dir.container=lxc$N/x" "lxc.cgroup.dir.monitor=lxc.monitor$N/x"
    kill -0 $!
    kill $!
    wait $! || true
    assert_equal "$status" 1
    assert_contains "$stderr" "lxc$N/x"
    assert_equal "$(find /sys/fs/cgroup -mindepth 2 -type d -path "*lxc.monitor$N*")" ""
}

@test "only one of the fixed names is an error" {
    run_apart start "lxc.cgroup.dir.container=lxc/$N"
    assert_equal "$status" 1
    assert_contains "$stderr" "must both be set"
    assert_equal "$(left)" ""
}

@test "lxc.cgroup.pattern of lxc.conf" {
    needs_v1
    cat >"$BATS_TEST_TMPDIR/script" <<-SCRIPT
	set -e
	# There need not be an /etc/lxc.
	mount -t tmpfs none "$BATS_TEST_TMPDIR"
	mkdir -p "$BATS_TEST_TMPDIR/upper/lxc" "$BATS_TEST_TMPDIR/work"
	mount -t overlay -o "lowerdir=/etc,upperdir=$BATS_TEST_TMPDIR/upper,workdir=$BATS_TEST_TMPDIR/work" none /etc
	echo "lxc.cgroup.pattern = pat$N/%n" >/etc/lxc/lxc.conf
	lxc-start -P "$LXCPATH" -n "$N"
	cut -d: -f3 "/proc/\$(lxc-info -P "$LXCPATH" -n "$N" -pH)/cgroup" | sort -u
	lxc-stop -P "$LXCPATH" -n "$N"
	SCRIPT
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script"
    assert_equal "$status:$stdout:$stderr" "0:/pat$N/$N/payload:"
    assert_equal "$(left)" ""
}

@test "lxc.cgroup.relative: below the starter's own cgroups" {
    needs_v1
    make_cgroup "rel$N"
    for hierarchy in /sys/fs/cgroup/*/; do
        [ "$hierarchy" = /sys/fs/cgroup/cpuset/ ] || continue
        cat "$hierarchy/cpuset.cpus" >"$hierarchy/rel$N/cpuset.cpus"
        cat "$hierarchy/cpuset.mems" >"$hierarchy/rel$N/cpuset.mems"
    done
    (
        for hierarchy in /sys/fs/cgroup/*/; do
            echo "$BASHPID" >"$hierarchy/rel$N/cgroup.procs"
        done
        start lxc.cgroup.relative=1
    )
    assert_equal "$(cut -d: -f3 "/proc/$(init_pid)/cgroup" | sort -u)" "/rel$N/lxc.payload.$N"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    assert_equal "$(find /sys/fs/cgroup -mindepth 2 -type d -path "*lxc.payload.$N*")" ""
}

@test "v1 limits are set: memory before memory+swap, cpu, pids, cpuset" {
    needs_v1
    start "lxc.cgroup.memory.memsw.limit_in_bytes=96M" "lxc.cgroup.memory.limit_in_bytes=64M" \
        "lxc.cgroup.cpu.shares=512" "lxc.cgroup.pids.max=77" "lxc.cgroup.cpuset.cpus=0"
    assert_equal "$(limit memory memory.limit_in_bytes)" 67108864
    assert_equal "$(limit memory memory.memsw.limit_in_bytes)" 100663296
    assert_equal "$(limit cpu cpu.shares)" 512
    assert_equal "$(limit pids pids.max)" 77
    assert_equal "$(limit cpuset cpuset.cpus)" 0
    assert_equal "$(in_container "$N" grep Cpus_allowed_list /proc/self/status)" \
        "Cpus_allowed_list:	0"
}

@test "keys of v2 are translated where the controller is on v1; lines of v1 win" {
    needs_v1
    start "lxc.cgroup2.memory.max=128M" "lxc.cgroup2.cpu.weight=200" \
        "lxc.cgroup2.cpu.max=50000 100000" "lxc.cgroup2.pids.max=99" "lxc.cgroup.pids.max=88"
    assert_equal "$(limit memory memory.limit_in_bytes)" 134217728
    [ "$(limit cpu cpu.shares)" -gt 1024 ]
    assert_equal "$(limit cpu cpu.cfs_quota_us)" 50000
    assert_equal "$(limit cpu cpu.cfs_period_us)" 100000
    assert_equal "$(limit pids pids.max)" 88
}

@test "device rules are in force" {
    needs_v1
    start "lxc.cgroup.devices.deny=a" "lxc.cgroup.devices.allow=c 1:3 rwm" \
        "lxc.cgroup.devices.allow=/dev/zero r" "lxc.cgroup.devices.allow=c 5:* rwm" \
        "lxc.cgroup.devices.allow=c 136:* rwm"
    in_container "$N" sh -c 'echo x >/dev/null'
    in_container "$N" head -c 1 /dev/zero >/dev/null
    run_apart in_container "$N" sh -c 'echo x >/dev/zero'
    assert_contains "$stderr" "Operation not permitted"
    run_apart in_container "$N" head -c 1 /dev/urandom
    assert_equal "$status" 1
    assert_contains "$stderr" "Operation not permitted"
    run_apart in_container "$N" mknod /tmp/x c 1 9
    assert_contains "$stderr" "Operation not permitted"
    assert_contains "$(limit devices devices.list)" "c 1:3 rwm"
    assert_contains "$(limit devices devices.list)" "c 1:5 r"
}

@test "freezer.state = FROZEN in the configuration freezes what runs" {
    needs_v1
    run_apart timeout 10 lxc-start -P "$LXCPATH" -n "$N" -s lxc.cgroup.freezer.state=FROZEN
    assert_equal "$status" 0
    wait_until 3 grep -qx FROZEN \
        "/sys/fs/cgroup/freezer/$(group "$(init_pid)" freezer)/freezer.state"
    lxc-unfreeze -P "$LXCPATH" -n "$N"
    in_container "$N" true
}

@test "what can't be set fails the start and leaves nothing" {
    needs_v1
    run_apart start "lxc.cgroup.nosuch.limit=1"
    assert_equal "$status" 1
    assert_contains "$stderr" 'nosuch'
    assert_equal "$(left)" ""
    run_apart start "lxc.cgroup.memory.nosuch=1"
    assert_equal "$status" 1
    assert_contains "$stderr" "No such file or directory"
    assert_contains "$stderr" "set the cgroup limit memory.nosuch = 1"
    assert_contains "$stderr" "hint: there is no such file"
    run_apart start "lxc.cgroup.pids.max=lots"
    assert_equal "$status" 1
    assert_contains "$stderr" "Invalid argument"
    assert_contains "$stderr" "set the cgroup limit pids.max = lots"
    run_apart start "lxc.cgroup.devices.allow=zz"
    assert_equal "$status" 1
    assert_equal "$(left)" ""
    assert_equal "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" STOPPED
}

@test "lxc-attach runs in the payload, in every hierarchy" {
    needs_v1
    start
    in_container "$N" sleep 100 &
    wait_until 5 sh -c "in=\$(cat /sys/fs/cgroup/memory/lxc.payload.$N/cgroup.procs) &&
        for p in \$in; do grep -sqz '^sleep' /proc/\$p/cmdline && exit 0; done; exit 1"
    pid=$(for p in $(<"/sys/fs/cgroup/memory/lxc.payload.$N/cgroup.procs"); do
        if grep -sqz '^sleep' "/proc/$p/cmdline"; then echo "$p"; fi
    done)
    assert_equal "$(grep -v ^0: "/proc/$pid/cgroup" | cut -d: -f3 | sort -u)" "/lxc.payload.$N"
    assert_equal "$(awk -F: '$1 == 0 { print $3 }' "/proc/$pid/cgroup")" "/lxc.payload.$N/.lxc"
    lxc-stop -P "$LXCPATH" -n "$N" -k
    wait || true
    assert_equal "$(left)" ""
}

# Init and who attaches say the same of where they are.
@test "lxc-attach gets into a container that may have no more processes" {
    needs_v1
    start
    for places in 1 2 3 1000; do
        echo "$places" >"/sys/fs/cgroup/pids/lxc.payload.$N/pids.max"
        run -0 in_container "$N" grep -h pids /proc/1/cgroup /proc/self/cgroup
        assert_equal "${#lines[@]}" 2
        assert_equal "${lines[0]}" "${lines[1]}"
    done
}

# in_v2 SCRIPT: run it where /sys/fs/cgroup is nothing but the unified hierarchy.
in_v2() {
    {
        echo 'set -e; umount -R /sys/fs/cgroup; mkdir -p /sys/fs/cgroup'
        echo 'mount -t cgroup2 none /sys/fs/cgroup'
        cat
    } >"$BATS_TEST_TMPDIR/script"
    run_apart env N="$N" LXCPATH="$LXCPATH" unshare -m bash "$BATS_TEST_TMPDIR/script"
}

@test "v2 alone: start, device rules by BPF, freeze, attach in .lxc, stop" {
    in_v2 <<-'SCRIPT'
	lxc-start -P "$LXCPATH" -n "$N" -s "lxc.cgroup2.devices.deny=a" \
	    -s "lxc.cgroup2.devices.allow=c 1:3 rwm" -s "lxc.cgroup2.devices.allow=c 5:* rwm" \
	    -s "lxc.cgroup2.devices.allow=c 136:* rwm"
	init=$(lxc-info -P "$LXCPATH" -n "$N" -pH)
	at=/sys/fs/cgroup/lxc.payload.$N
	grep '^0:' /proc/$init/cgroup
	lxc-attach -P "$LXCPATH" -n "$N" -- sh -c 'echo x >/dev/null && echo null'
	lxc-attach -P "$LXCPATH" -n "$N" -- sh -c 'cat /dev/zero 2>&1; true'
	lxc-attach -P "$LXCPATH" -n "$N" -- grep ^0: /proc/self/cgroup
	lxc-freeze -P "$LXCPATH" -n "$N"
	cat $at/cgroup.freeze
	lxc-info -P "$LXCPATH" -n "$N" -sH
	lxc-unfreeze -P "$LXCPATH" -n "$N"
	cat $at/cgroup.freeze
	lxc-freeze -P "$LXCPATH" -n "$N"
	lxc-stop -P "$LXCPATH" -n "$N" -k
	lxc-info -P "$LXCPATH" -n "$N" -sH
	find /sys/fs/cgroup -type d -name "lxc.*$N*"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "0::/lxc.payload.$N
null
cat: can't open '/dev/zero': Operation not permitted
0::/.lxc
1
FROZEN
0
STOPPED"
}

@test "v2 alone: devices.list shows what devices.allow and deny have changed, until a reboot" {
    cat >"$BATS_TEST_TMPDIR/items.py" <<-'END'
	# items.py LIBRARY LXCPATH NAME [FILE VALUE]...: set these, then print devices.list. The offsets
	# of get_cgroup_item and set_cgroup_item are those of spec/api.md.
	import ctypes, sys
	library = ctypes.CDLL(sys.argv[1])
	library.lxc_container_new.restype = ctypes.c_void_p
	c = library.lxc_container_new(sys.argv[3].encode(), sys.argv[2].encode())
	text, this = ctypes.c_char_p, ctypes.c_void_p
	member = lambda at, kind: kind(ctypes.c_void_p.from_address(c + at).value)
	get = member(312, ctypes.CFUNCTYPE(ctypes.c_int, this, text, text, ctypes.c_int))
	put = member(320, ctypes.CFUNCTYPE(ctypes.c_bool, this, text, text))
	for file, value in zip(sys.argv[4::2], sys.argv[5::2]):
	    assert put(c, file.encode(), value.encode()), (file, value)
	buffer = ctypes.create_string_buffer(4096)
	assert get(c, b"devices.list", buffer, 4096) >= 0
	print(buffer.value.decode(), end="")
	END
    cp "$TARE_BUILD_ROOT/src/api/liblxc.so.1" "$BATS_TEST_TMPDIR/library"
    # A library with a sanitizer wants that to be loaded first; Python's leaks are not ours.
    ITEMS="env LD_PRELOAD=$(ldd "$BATS_TEST_TMPDIR/library" | awk '/asan/ { print $3 }')"
    ITEMS+=" ASAN_OPTIONS=detect_leaks=0 python3 $BATS_TEST_TMPDIR/items.py"
    ITEMS+=" $BATS_TEST_TMPDIR/library $LXCPATH $N"
    export ITEMS
    in_v2 <<-'SCRIPT'
	trap 'lxc-stop -P "$LXCPATH" -n "$N" -k' EXIT
	lxc-start -P "$LXCPATH" -n "$N" -s "lxc.cgroup2.devices.deny=a" \
	    -s "lxc.cgroup2.devices.allow=c 1:3 rwm" -s "lxc.cgroup2.devices.allow=c 5:* rwm" \
	    -s "lxc.signal.reboot=SIGINT"
	init=$(lxc-info -P "$LXCPATH" -n "$N" -pH)
	$ITEMS
	$ITEMS devices.allow "c 10:200 rw" devices.deny "c 1:3 m"
	lxc-info -P "$LXCPATH" -n "$N" -sH
	$ITEMS devices.allow a
	lxc-stop -P "$LXCPATH" -n "$N" -r
	while [ "$(lxc-info -P "$LXCPATH" -n "$N" -pH)" = "$init" ] ||
	    [ "$(lxc-info -P "$LXCPATH" -n "$N" -sH)" != RUNNING ]; do sleep 0.05; done
	$ITEMS
	$ITEMS devices.deny "c 5:* rwm"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "c 1:3 rwm
c 5:* rwm
c 1:3 rw
c 5:* rwm
c 10:200 rw
RUNNING
a *:* rwm
c 1:3 rwm
c 5:* rwm
c 1:3 rwm"
}

@test "v2 alone: cgroup:rw is mounted without a word of v1; what is left over is killed" {
    in_v2 <<-'SCRIPT'
	lxc-start -P "$LXCPATH" -n "$N" -s "lxc.mount.auto=" -s "lxc.mount.auto=proc cgroup:rw:force"
	lxc-attach -P "$LXCPATH" -n "$N" -- grep /sys/fs/cgroup /proc/mounts
	lxc-attach -P "$LXCPATH" -n "$N" -- mkdir /sys/fs/cgroup/own
	lxc-attach -P "$LXCPATH" -n "$N" -- sh -c \
	    'echo $$ >/sys/fs/cgroup/own/cgroup.procs; setsid sleep 1000 </dev/null >/dev/null 2>&1 &'
	lxc-stop -P "$LXCPATH" -n "$N" -k
	find /sys/fs/cgroup -type d -name "lxc.*$N*"
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(cut -d' ' -f2,3 <<<"$stdout")" "/sys/fs/cgroup cgroup2"
    assert_contains "$stdout" " rw,"
}
