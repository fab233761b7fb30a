#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-checkconfig (spec/cli.md §3.4), with configurations of our own making.

load helpers

setup() {
    CONFIG=$BATS_TEST_TMPDIR/config
    export CONFIG
    make_config 6.1.0
}

# What every line of the sample needs; then without the options named.
make_config() {
    local option

    printf '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 %s Kernel Configuration\n#\n' \
        "$1" >"$CONFIG"
    shift
    for option in NAMESPACES UTS_NS IPC_NS PID_NS USER_NS NET_NS CGROUPS CGROUP_DEVICE \
        CGROUP_SCHED CGROUP_CPUACCT MEMCG CPUSETS SMP VETH MACVLAN VLAN_8021Q BRIDGE \
        NETFILTER_ADVANCED IP_NF_TARGET_MASQUERADE IP6_NF_TARGET_MASQUERADE \
        NETFILTER_XT_TARGET_CHECKSUM NETFILTER_XT_MATCH_COMMENT FUSE_FS CHECKPOINT_RESTORE FHANDLE \
        EVENTFD EPOLL UNIX_DIAG INET_DIAG PACKET_DIAG NETLINK_DIAG; do
        if [[ " $* " == *" $option "* ]]; then
            echo "# CONFIG_$option is not set"
        else
            echo "CONFIG_$option=y"
        fi
    done >>"$CONFIG"
}

# Without what depends on the machine.
stable() {
    lxc-checkconfig | sed -e '/^ - /d; /^  [a-z]*: [0-9]*$/d; /controller: missing/d' \
        -e '/clone_children/d; /new[ug]idmap/d; s/, not loaded$//; s/, loaded$//'
}

@test "the sample" {
    assert_equal "$(stable)" "LXC version $(lxc-info --version)

--- Namespaces ---
Namespaces: enabled
Utsname namespace: enabled
Ipc namespace: enabled
Pid namespace: enabled
User namespace: enabled
Network namespace: enabled
Namespace limits:

--- Control groups ---
Cgroups: enabled
Cgroup namespace: enabled
Cgroup v1 mount points: 
Cgroup v2 mount points: 
Cgroup device: enabled
Cgroup sched: enabled
Cgroup cpu account: enabled
Cgroup memory controller: enabled
Cgroup cpuset: enabled

--- Misc ---
Veth pair device: enabled
Macvlan: enabled
Vlan: enabled
Bridges: enabled
Advanced netfilter: enabled
CONFIG_IP_NF_TARGET_MASQUERADE: enabled
CONFIG_IP6_NF_TARGET_MASQUERADE: enabled
CONFIG_NETFILTER_XT_TARGET_CHECKSUM: enabled
CONFIG_NETFILTER_XT_MATCH_COMMENT: enabled
FUSE (for use with lxcfs): enabled

--- Checkpoint/Restore ---
checkpoint restore: enabled
CONFIG_FHANDLE: enabled
CONFIG_EVENTFD: enabled
CONFIG_EPOLL: enabled
CONFIG_UNIX_DIAG: enabled
CONFIG_INET_DIAG: enabled
CONFIG_PACKET_DIAG: enabled
CONFIG_NETLINK_DIAG: enabled
File capabilities: enabled

Note: Before booting a new kernel, you can check its configuration with:

  CONFIG=/path/to/config $TARE_BIN/lxc-checkconfig"
    # Two newlines end it.
    assert_equal "$(lxc-checkconfig | tail -c 2 | od -An -c | tr -d ' ')" '\n\n'
    run_apart lxc-checkconfig ignored
    assert_equal "$status:$stderr" "0:"
}

@test "what is missing, and what is required; modules count" {
    make_config 6.1.0 PID_NS UTS_NS VETH SMP
    sed -i 's/CONFIG_BRIDGE=y/CONFIG_BRIDGE=m/; s/CONFIG_MACVLAN=y/CONFIG_MACVLAN=no/' "$CONFIG"
    run_apart lxc-checkconfig
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "Pid namespace: required"
    assert_contains "$stdout" "Utsname namespace: missing"
    assert_contains "$stdout" "Veth pair device: missing"
    assert_contains "$stdout" "Bridges: enabled"
    assert_contains "$stdout" "Macvlan: missing"
    refute_contains "$stdout" "Cgroup cpuset"
    run_apart lxc-checkconfig --quiet
    assert_equal "$status:$stdout:$stderr" "1::"
    make_config 6.1.0 VETH
    run_apart lxc-checkconfig -q
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "what is loaded: modules that are, and what is built in" {
    [ "$(id -u)" -eq 0 ] || skip "needs mounts of its own"
    make_config 6.1.0 VLAN_8021Q
    sed -i 's/CONFIG_\(MACVLAN\|BRIDGE\)=y/CONFIG_\1=m/' "$CONFIG"
    cat >"$BATS_TEST_TMPDIR/script" <<-'SCRIPT'
	mount -t tmpfs none /lib/modules 2>/dev/null || true
	mount -t tmpfs none "$1"
	[ "$2" = without ] || echo "macvlan 28672 0 - Live 0x0000000000000000" >"$1/modules"
	mount --move "$1" /proc
	# A sanitizer complains that it finds neither its options nor its process in /proc.
	lxc-checkconfig 2>/dev/null | sed -n '/^Veth/,/^Advanced/p'
	SCRIPT
    mkdir "$BATS_TEST_TMPDIR/proc"
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script" "$BATS_TEST_TMPDIR/proc" with
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "Veth pair device: enabled, loaded
Macvlan: enabled, loaded
Vlan: missing
Bridges: enabled, not loaded
Advanced netfilter: enabled, not loaded"
    echo CONFIG_NF_TABLES=y >>"$CONFIG"
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script" "$BATS_TEST_TMPDIR/proc" with
    assert_equal "${stdout##*$'\n'}" "Advanced netfilter: enabled, loaded"
    # A kernel without modules has nothing to load.
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script" "$BATS_TEST_TMPDIR/proc" without
    assert_equal "$stdout" "Veth pair device: enabled
Macvlan: enabled
Vlan: missing
Bridges: enabled
Advanced netfilter: enabled"
}

@test "colours on a terminal alone" {
    make_config 6.1.0 PID_NS UTS_NS
    esc=$'\033'
    refute_contains "$(lxc-checkconfig)" "$esc"
    script -qec lxc-checkconfig "$BATS_TEST_TMPDIR/typed" </dev/null >/dev/null
    typed=$(tr -d '\r' <"$BATS_TEST_TMPDIR/typed")
    assert_contains "$typed" "Namespaces: $esc[1;32menabled$esc[0;39m"
    assert_contains "$typed" "Pid namespace: $esc[1;31mrequired$esc[0;39m"
    assert_contains "$typed" "Utsname namespace: $esc[1;33mmissing$esc[0;39m"
}

@test "lines that depend on the version" {
    for version in 2.6.32 3.5.0 3.6.0 3.10.0 4.6.1 4.7.0 4.19.0 5.0.0 6.18.44; do
        make_config "$version"
        got=$(lxc-checkconfig | grep -E '^(Multiple|CONFIG_NF_NAT_IPV4|Cgroup memory|File)' |
            tr '\n' ';')
        case $version in
        2.6.32) expected="Multiple /dev/pts instances: missing;Cgroup memory controller: missing;File capabilities: missing;" ;;
        3.5.0) expected="Multiple /dev/pts instances: missing;Cgroup memory controller: missing;File capabilities: enabled;" ;;
        3.6.0) expected="Multiple /dev/pts instances: missing;Cgroup memory controller: enabled;File capabilities: enabled;" ;;
        3.10.0 | 4.6.1) expected="Multiple /dev/pts instances: missing;Cgroup memory controller: enabled;CONFIG_NF_NAT_IPV4: missing;File capabilities: enabled;" ;;
        4.7.0 | 4.19.0) expected="Cgroup memory controller: enabled;CONFIG_NF_NAT_IPV4: missing;File capabilities: enabled;" ;;
        *) expected="Cgroup memory controller: enabled;File capabilities: enabled;" ;;
        esac
        assert_equal "$version $got" "$version $expected"
    done
    sed -i '/^#/d' "$CONFIG"
    assert_contains "$(lxc-checkconfig | head -n 3)" \
        "WARNING: Unable to detect version from configuration, assuming latest"
    printf '# Linux kernel version: 3.5.0\nCONFIG_CGROUP_MEM_RES_CTLR=y\n' >"$CONFIG"
    assert_contains "$(lxc-checkconfig)" "Cgroup memory controller: enabled"
}

@test "compressed files are known by their content" {
    make_config 6.1.0 PID_NS
    lxc-checkconfig >"$BATS_TEST_TMPDIR/plain"
    for program in gzip bzip2 xz zstd; do
        command -v "$program" >/dev/null || continue
        "$program" -c <"$CONFIG" >"$CONFIG.packed"
        CONFIG=$CONFIG.packed lxc-checkconfig >"$BATS_TEST_TMPDIR/packed"
        cmp "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/packed"
    done
    gzip -c <"$CONFIG" | head -c 200 >"$CONFIG.packed"
    CONFIG=$CONFIG.packed run_apart lxc-checkconfig
    assert_equal "$status" 1
    assert_contains "$stderr" "cannot unpack $CONFIG.packed with gzip"
    run_apart env PATH=/nosuch "CONFIG=$CONFIG.packed" "$TARE_BIN/lxc-checkconfig"
    assert_equal "$status" 1
    assert_contains "$stderr" "cannot run gzip, which unpacks $CONFIG.packed"
}

@test "a compressed file that can't be unpacked" {
    gzip <"$CONFIG" | head -c 100 >"$CONFIG.gz"
    # Whatever our caller thinks of the end of its children.
    CONFIG=$CONFIG.gz run_apart env --ignore-signal=CHLD lxc-checkconfig -q
    assert_equal "$status:$stdout" "1:"
    assert_contains "$stderr" "lxc-checkconfig: cannot unpack $CONFIG.gz with gzip"
    CONFIG=$CONFIG.gz run_apart env PATH=/nonexistent "$TARE_BIN/lxc-checkconfig" -q
    assert_equal "$status:$stdout" "1:"
    assert_contains "$stderr" "lxc-checkconfig: cannot run gzip, which unpacks $CONFIG.gz"
    assert_contains "$stderr" "install it, or unpack the file"
    refute_contains "$stderr" "Try recompiling"
}

@test "no configuration, or one that was found elsewhere" {
    [ "$(id -u)" -eq 0 ] || skip "needs mounts of its own"
    kernel=$(uname -r)
    cat >"$BATS_TEST_TMPDIR/script" <<-'SCRIPT'
	mount -t tmpfs none /boot
	mount -t tmpfs none /lib/modules 2>/dev/null || true
	CONFIG=/nosuch lxc-checkconfig
	echo "status $?"
	cp "$CONFIG" "/boot/config-$(uname -r)"
	CONFIG=/nosuch lxc-checkconfig | head -n 5
	SCRIPT
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script"
    assert_equal "$stderr" "lxc-checkconfig: unable to retrieve kernel configuration

Try recompiling with IKCONFIG_PROC, installing the kernel headers,
or specifying the kernel configuration path with:
  CONFIG=<path> lxc-checkconfig"
    version=$(lxc-info --version)
    assert_equal "$stdout" "LXC version $version
Kernel configuration not found at /nosuch; searching...
status 1
LXC version $version
Kernel configuration not found at /nosuch; searching...
Kernel configuration found at /boot/config-$kernel

--- Namespaces ---"
}

@test "mount points and helpers: what the system has" {
    [ "$(id -u)" -eq 0 ] || skip "needs mounts of its own"
    cat >"$BATS_TEST_TMPDIR/script" <<-'SCRIPT'
	umount -R /sys/fs/cgroup
	mount -t cgroup2 none /sys/fs/cgroup
	lxc-checkconfig | sed -n '/^Cgroup namespace/,/^Cgroup device/p'
	mkdir -p "$1/a b"
	mount -t cgroup2 none "$1/a b"
	lxc-checkconfig | sed -n '/^Cgroup v2/,/^Cgroup device/p'
	mkdir "$1/bin"
	cp "$(command -v newuidmap || echo /bin/true)" "$1/bin/newuidmap"
	chmod 755 "$1/bin/newuidmap"
	PATH=$1/bin "$TARE_BIN/lxc-checkconfig" >"$1/out"
	sed -n '/^User namespace/,/^Network/p' "$1/out"
	SCRIPT
    run_apart unshare -m sh "$BATS_TEST_TMPDIR/script" "$BATS_TEST_TMPDIR"
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "Cgroup namespace: enabled
Cgroup v1 mount points: 
Cgroup v2 mount points: 
 - /sys/fs/cgroup
Cgroup device: enabled
Cgroup v2 mount points: 
 - /sys/fs/cgroup
 - $BATS_TEST_TMPDIR/a b
Cgroup v1 systemd controller: missing
Cgroup v1 freezer controller: missing
Cgroup device: enabled
User namespace: enabled
Warning: newuidmap is not setuid-root
newgidmap is not installed
Network namespace: enabled"
}

@test "as JSON" {
    make_config 6.1.0 PID_NS
    lxc-checkconfig --format json | python3 -c '
import json, sys
all = json.load(sys.stdin)
states = {check["name"]: check["state"] for check in all["checks"]}
assert states["Pid namespace"] == "required" and states["Namespaces"] == "enabled", states
assert all["config"] == sys.argv[1] and all["version"], all
assert all["namespace_limits"]["user"] > 0
assert isinstance(all["cgroup_v2_mounts"], list) and isinstance(all["warnings"], list)
assert {check["section"] for check in all["checks"]} >= {"Misc", "Control groups"}
' "$CONFIG"
}
