#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-user-nic, the one set-user-ID program, and callers who mean ill: what it has been in LXC a CVE
# for, and what a caller hands over to it.

load ../bats/helpers
load ../bats/containers
load ../bats/user-nic

setup_file() {
    make_lxcpath
    make_stage
}

teardown_file() {
    remove_lxcpath
}

# everybody: both users may make interfaces, and have network namespaces: $mine and $theirs.
everybody() {
    cat <<'SCRIPT'
allow "tester veth br0 50" "other veth br0 50" "root veth br0 50" "@crew veth br0 50"
namespace $OTHER_ID
theirs=$held
namespace $USER_ID
mine=$held
trap 'kill $mine $theirs' EXIT
SCRIPT
}

@test "CVE-2017-5985: a network namespace that is not the caller's is left alone" {
    on_stage everybody <<'SCRIPT'
# Another user's, the host's (init, and a process of his own), one of root's.
unshare -n sleep 1000 3>&- &
roots=$!
as $USER_ID sleep 1000 3>&- &
own=$!
# His user namespace with the host's network; a namespace of root's that he is in.
as $USER_ID unshare -Ur sleep 1000 3>&- &
half=$!
unshare -n setpriv --reuid $USER_ID --regid $USER_ID --clear-groups sleep 1000 3>&- &
given=$!
sleep 0.3
for pid in $theirs 1 $own $roots $half $given; do
    fails create $USER_ID $pid br0 | sed "s/pid $pid\$/pid PID/"
done | sort | uniq -c | sed 's/^ *//'
veths
inside $theirs ip -o link | wc -l
cat $NICS 2>/dev/null || true
# The other way round each may do what is his.
create $OTHER_ID $theirs br0 | cut -d: -f1
create 0 $mine br0 | cut -d: -f1
kill $roots $own $half $given
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "6   hint: the network namespace must belong to a user namespace of the \
same user's: lxc-start makes both
6 lxc-user-nic: User tester may not modify netns for pid PID
6 status 1
0
1
eth0
eth0"
}

@test "a process that is gone, is another's by now, or is a zombie" {
    on_stage everybody <<'SCRIPT'
as $USER_ID unshare -Urn true &
gone=$!
wait $gone
fails create $USER_ID $gone br0 | sed -n 1p
# A number that is handed out again: to another user's namespace.
old=$mine
kill $mine
wait $mine 2>/dev/null || true
# Others on this machine take numbers, too.
for try in {1..50}; do
    echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
    as $OTHER_ID unshare -Urn sleep 1000 3>&- &
    [ $! != $old ] || break
    kill $!
    wait $! 2>/dev/null || true
done
[ $! = $old ] || echo "not the same number"
sleep 0.3
fails create $USER_ID $old br0 | sed "s/$old/OLD/"
kill $old
namespace $USER_ID
mine=$held
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "User tester may not modify netns for pid"
    assert_contains "$stdout" "pid OLD"
    refute_contains "$stdout" "not the same number"
}

@test "CVE-2022-47952: what may not be looked at and what is not there are told in the same words" {
    on_stage everybody <<'SCRIPT'
mkdir -m 700 /run/secret
touch /run/secret/here
# Processes that are there and that are not; descriptors of others; paths.
for pid in $theirs 1 4194303; do
    fails create $USER_ID $pid br0 | sed "s/pid $pid\$/pid PID/" | sum
    for place in ns/net fd/0 fd/999; do
        fails as $USER_ID "$NIC" delete /x c1 /proc/$pid/$place veth br0 veth0 |
            sed "s/pid $pid\$/pid PID/" | sum
    done
done | sort -u | wc -l
for path in /run/secret/here /run/secret/missing /proc/$mine/root/run/secret/here \
    /proc/$mine/cwd/run/secret/missing /proc/$mine/fd/../../secret; do
    fails as $USER_ID "$NIC" delete /x c1 "$path" veth br0 veth0 | sum
    fails as $USER_ID "$NIC" delete "$path" "$path" /proc/1/ns/net veth br0 veth0 | sum
done | sort | uniq -c | wc -l
# Whether somebody's interface or line exists.
nic=$(create $OTHER_ID $theirs br0 | cut -d: -f3)
for name in $nic br0 veth54322_none lo; do
    fails as $USER_ID "$NIC" delete /x c1 /proc/$mine/ns/net veth br0 $name | sed "s/\"$name\"/NAME/" | sum
done | sort -u | wc -l
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "1
2
1"
}

# watch_opens FILE COMMAND…: says how often the file was opened while the command ran.
watch_opens() {
    cat <<'SCRIPT'
watch_opens() {
    /usr/bin/python3 - "$@" <<'PYTHON'
import ctypes, os, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
assert libc.inotify_add_watch(watch, sys.argv[1].encode(), 0x20) > 0
subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
try:
    print("opens", len(os.read(watch, 4096)) // 16)
except BlockingIOError:
    print("opens 0")
PYTHON
}
SCRIPT
}

@test "CVE-2018-6556: delete opens no file of the caller's choice" {
    on_stage everybody watch_opens <<'SCRIPT'
touch /run/victim
chmod 600 /run/victim
install -m 666 /dev/null $STAGE/tester/own
delete() {
    watch_opens "$1" setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \
        sh -c 'exec 9<"$3"; exec "$1" delete /x c1 "$2" veth br0 veth0' sh "$NIC" "$2" "$3"
}
delete /run/victim /run/victim /dev/null
delete /run/victim /proc/$mine/root/run/victim /dev/null
delete /run/victim /proc/self/fd/../../../run/victim /dev/null
# Descriptors of his own, which are no namespaces: he opens them himself, once.
cat >$STAGE/tester/holder <<'HOLDER'
exec 9<"$1"
exec "$2" delete /x c1 /proc/$$/fd/9 veth br0 veth0
HOLDER
watch_opens $STAGE/tester/own setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \
    sh $STAGE/tester/holder $STAGE/tester/own $NIC
# The check itself: a file that is opened is seen.
watch_opens /run/victim cat /run/victim
# Another kind of namespace is none either.
as $USER_ID sh -c 'exec 9</proc/$1/ns/mnt; exec "$2" delete /x c1 /proc/$$/fd/9 veth br0 veth0' \
    sh $mine "$NIC" 2>&1 | sed -n '1s/pid .*/pid/p'
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "opens 0
opens 0
opens 0
opens 1
opens 1
lxc-user-nic: User tester may not modify netns for pid"
}

@test "CVE-2026-39402: ports of others, also of the same group's, are not deleted" {
    on_stage everybody <<'SCRIPT'
cat >/usr/local/bin/ovs-vsctl <<'FAKE'
#!/bin/sh
echo "$1" >>/run/ports
FAKE
chmod 755 /usr/local/bin/ovs-vsctl
ip tuntap add ovs0 mode tap
allow "tester veth ovs0 2" "@crew veth ovs0 9" "@crew veth br0 9" "other veth ovs0 0"
theirs_nic=$(create $OTHER_ID+$CREW_ID $theirs ovs0 | cut -d: -f3)
namespace $LARGE_ID
large=$held
large_nic=$(create $LARGE_ID+$CREW_ID $large ovs0 | cut -d: -f3)
own_nic=$(create $USER_ID+$CREW_ID $mine ovs0 | cut -d: -f3)
namespace $USER_ID
second=$held
bridge_nic=$(create $USER_ID+$CREW_ID $mine br0 | cut -d: -f3)
: >/run/ports
delete() {
    fails as $USER_ID+$CREW_ID "$NIC" delete /x c1 /proc/$1/ns/net veth $2 $3 |
        sed -n "1s/$3/NAME/; 1p"
}
delete $mine ovs0 $theirs_nic           # another member's
delete $mine ovs0 $large_nic            # … whose name does not tell
delete $mine ovs0 ${own_nic%?}          # a beginning of his own
delete $second ovs0 $own_nic            # through a namespace of his in which it is not
delete $mine br0 $own_nic               # on another bridge
delete $mine ovs0 $bridge_nic           # not of Open vSwitch
delete $theirs ovs0 $theirs_nic | sed 's/pid .*/pid PID/'
delete $mine ovs0 ovs0
cat /run/ports
veths
# A large id may delete its own, and nobody else's of that shape.
fails as $LARGE_ID+$CREW_ID "$NIC" delete /x c1 /proc/$large/ns/net veth ovs0 $own_nic | tail -1
fails as $LARGE_ID+$CREW_ID "$NIC" delete /x c1 /proc/$large/ns/net veth ovs0 $large_nic
as $USER_ID+$CREW_ID "$NIC" delete /x c1 /proc/$mine/ns/net veth ovs0 $own_nic
cat /run/ports
lines | sort
kill $large $second
SCRIPT
    assert_equal "$status:$stderr" "0:"
    refused="lxc-user-nic: Caller is not allowed to delete network device \"NAME\""
    assert_equal "$stdout" "$refused
$refused
$refused
$refused
$refused
$refused
lxc-user-nic: User tester may not modify netns for pid PID
$refused
4
status 1
status 0
del-port
del-port
@crew veth br0 veth54321_XXXX
@crew veth ovs0 veth54322_XXXX"
}

@test "the environment says nothing to it" {
    on_stage everybody <<'SCRIPT'
mkdir -m 777 /run/evil
for name in ovs-vsctl getent; do
    printf '#!/bin/sh\ntouch /run/evil/was-run\n' >/run/evil/$name
    chmod 755 /run/evil/$name
done
ip tuntap add ovs0 mode tap
allow "tester veth ovs0 2" "@unknown veth br0 1" "tester veth br0 2"
evil() {
    as $USER_ID env -i PATH=/run/evil HOME=/run/evil TARE_HELPERS=/run/evil TMPDIR=/run/evil \
        LD_PRELOAD=/run/evil/x.so LD_LIBRARY_PATH=/run/evil MALLOC_TRACE=/run/evil/trace \
        GCONV_PATH=/run/evil NLSPATH=/run/evil/%N LOCPATH=/run/evil IFS=/ BASH_ENV=/run/evil/getent \
        ENV=/run/evil/getent TARE_RECORD=9 "$NIC" create /x c1 $mine veth "$1"
}
fails evil ovs0 | tail -1
evil br0 | cut -d: -f1
ls /run/evil
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "status 1
eth0
getent
ovs-vsctl"
}

@test "streams that are closed, signals that are ignored or blocked, limits: nothing is spoilt" {
    on_stage everybody <<'SCRIPT'
create $USER_ID $mine br0 >/dev/null
cp $NICS /run/before
# Messages go nowhere, and not into the database.
as $USER_ID sh -c '"$1" create /x c1 1 veth br0 2>&- >&- <&-' sh "$NIC" || true
as $USER_ID sh -c '"$1" create /x c1 $2 veth br0 lo 2>&- >&- <&-' sh "$NIC" $mine || true
cmp $NICS /run/before
# Without a standard output nobody learns of the interface: the C library puts something in its
# place, which may not be written to; then there is no interface.
as $USER_ID sh -c '"$1" create /x c1 $2 veth br0 >&- 2>&-' sh "$NIC" $mine || true
nics=$(veths)
for prepare in 'trap "" CHLD HUP INT TERM PIPE XFSZ XCPU' 'ulimit -c unlimited' 'umask 0' \
    'cd /proc/self/fd' 'exec 3</etc/passwd 9</'; do
    as $USER_ID sh -c "$prepare"'; exec "$1" create /x c1 $2 veth br0' sh "$NIC" $mine | cut -d: -f1
done | xargs
# Where root may lift limits they do not matter, elsewhere they end the call and nothing else.
for prepare in 'ulimit -f 0' 'ulimit -n 3' 'ulimit -n 5' 'ulimit -v 300'; do
    as $USER_ID sh -c "$prepare"'; exec "$1" create /x c1 $2 veth br0' sh "$NIC" $mine \
        >>/run/limited 2>&1 || true
done
limited=$(grep -c '^eth' /run/limited || true)
if (((0x$(sed -n 's/^CapBnd:.//p' /proc/self/status) >> 24 & 1) == 1)); then [ $limited -ge 2 ]; fi
as $USER_ID /usr/bin/python3 -c '
import os, resource, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.nice(19)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
os.execv(sys.argv[1], ["x", "create", "/x", "c1", sys.argv[2], "veth", "br0"])' "$NIC" $mine | cut -d: -f1
stat -c '%a %u %g' $NICS
[ "$(lines | grep -c '^tester veth br0 veth54321_XXXX$')" = "$(veths)" ]
[ "$(lines | wc -l)" = "$(veths)" ]
echo $(($(veths) - limited - nics))
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(sed 's/eth[0-9]*/ethN/g' <<<"$stdout")" "ethN ethN ethN ethN ethN
ethN
600 0 0
6"
}

@test "nobody but root signals, stops, traces or looks into it while it waits" {
    on_stage everybody <<'SCRIPT'
mkdir -m 755 /run/lxc
/usr/bin/python3 - <<'PYTHON' &
import fcntl, os, time
table = os.open("/run/lxc/nics", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(table, fcntl.LOCK_EX)
open("/run/locked", "w").close()
while not os.path.exists("/run/done"):
    time.sleep(0.02)
PYTHON
until [ -e /run/locked ]; do sleep 0.02; done
create $USER_ID $mine br0 >/run/out &
caller=$!
sleep 0.5
pid=$(pgrep -x lxc-user-nic -P $caller || echo $caller)
[ "$(readlink /proc/$pid/exe)" = "$NIC" ] || readlink /proc/$pid/exe
for number in 9 15 19 0; do
    as $USER_ID sh -c 'kill -$1 $2' sh $number $pid 2>&1 | grep -o "Operation not permitted"
done | uniq -c | xargs
for file in mem environ fd/0 ns/net root; do
    ! as $USER_ID cat /proc/$pid/$file 2>/dev/null || echo "$file"
done
as $USER_ID /usr/bin/python3 -c '
import ctypes, sys
print(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0))' $pid
as $USER_ID prlimit --pid $pid --fsize=0 2>&1 | grep -o "Operation not permitted"
grep '^[UG]id\|^Groups' /proc/$pid/status | xargs
touch /run/done
wait $caller
cut -d: -f1 /run/out
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "4 Operation not permitted
-1
Operation not permitted
Uid: 0 0 0 0 Gid: 0 0 0 0 Groups:
eth0"
}

@test "in a user namespace of the caller's, and with no_new_privs, it has no rights and says so" {
    on_stage everybody <<'SCRIPT'
fails as $USER_ID unshare -Ur "$NIC" create /x c1 $mine veth br0
fails setpriv --reuid $USER_ID --regid $USER_ID --clear-groups --no-new-privs \
    "$NIC" create /x c1 $mine veth br0
fails nsenter -t $mine -U -n "$NIC" create /x c1 $mine veth br0 | tail -1
veths
[ ! -e $NICS ]
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_contains "$stdout" "it must belong to root and be set-user-ID"
    assert_equal "$(grep -c '^status 1' <<<"$stdout"):$(tail -1 <<<"$stdout")" "3:0"
}

@test "a database, a directory or an lxc-usernet that somebody has planted" {
    on_stage everybody <<'SCRIPT'
echo "precious" >/run/precious
chmod 600 /run/precious
attempt() {
    fails create $USER_ID $mine br0 | sed -n '1p;$p' | xargs
    grep -v precious /run/precious || true
    rm -rf /run/lxc
}
mkdir /run/lxc && ln -s /run/precious $NICS && attempt
mkdir /run/lxc && ln /run/precious $NICS && attempt
mkdir /run/lxc && mkfifo $NICS && attempt
mkdir -p $NICS && attempt
mkdir -m 777 /run/lxc && attempt
mkdir /run/lxc && chown $USER_ID /run/lxc && attempt
mkdir /run/lxc && install -m 666 /dev/null $NICS && attempt
mkdir -m 777 /run/other && ln -s /run/other /run/lxc && attempt
chmod 666 /etc/lxc/lxc-usernet && attempt
chmod 644 /etc/lxc/lxc-usernet && chown $USER_ID /etc/lxc/lxc-usernet && attempt
rm /etc/lxc/lxc-usernet && mkfifo /etc/lxc/lxc-usernet && attempt
find /run/other -mindepth 1
veths
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$(grep -c 'lxc-user-nic: .*status 1$' <<<"$stdout")" 11
    assert_equal "$(tail -1 <<<"$stdout"):$(wc -l <<<"$stdout")" "0:12"
}

@test "killed at any moment: no interface without its line, and the quota holds" {
    on_stage everybody <<'SCRIPT'
allow "tester veth br0 30"
check() {
    local nic

    for nic in $(ls /sys/class/net | grep '^veth'); do
        grep -q "^tester veth br0 $nic\$" $NICS || echo "$nic has no line"
    done
}
for i in $(seq 60); do
    create $USER_ID $mine br0 >/dev/null 2>&1 &
    call=$!
    sleep 0.00$((i % 10))$((RANDOM % 10))
    kill -9 $call 2>/dev/null || true
    wait $call 2>/dev/null || true
    check
    # Lines come and go in between, so that the file is rewritten.
    [ $((i % 3)) -ne 0 ] || ip link del "$(awk 'NR == 1 { print $4 }' $NICS)" 2>/dev/null || true
done
while create $USER_ID $mine br0 >/dev/null 2>&1; do :; done
check
veths
lines | sort | uniq -c | xargs
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "30
30 tester veth br0 veth54321_XXXX"
}

@test "inside, somebody renames the interface while it is being told" {
    on_stage everybody <<'SCRIPT'
inside $mine /usr/bin/python3 - <<'PYTHON' 2>/dev/null 3>&- &
import fcntl, os, socket, struct, time
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names = [b"\x1b[31mred", b"x\xff", b"ok", b"a%d"]
i = 0
end = time.time() + 4
while time.time() < end and not os.path.exists("/run/done"):
    for _, name in socket.if_nameindex():
        if name == "lo":
            continue
        i += 1
        try:
            fcntl.ioctl(asker, 0x8923, struct.pack("16s16s", os.fsencode(name), names[i % 4]))
        except OSError:
            pass
PYTHON
hostile=$!
for i in $(seq 25); do
    create $USER_ID $mine br0 2>&1 || true
done >/run/all
touch /run/done
wait $hostile || true
grep -cvE '^[!-9;-~]{1,15}:[0-9]+:veth54321_[0-9a-zA-Z]{4}:[0-9]+$|was renamed|Invalid or incomplete|^lxc-user-nic: Failed to find the interface|No such device|  hint:' /run/all || true
grep -c '^' /run/all | grep -v '^0$' >/dev/null
SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "0"
}
