#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Genuine LXC's commands on a container of ours, and ours on one of genuine LXC (spec/wire.md §11
and §15): a host that changes over has both. Skipped where /usr/bin has no genuine LXC."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import client as c
import events
import subject

TOOLS = "/usr/bin"
DAEMON = "/usr/libexec/lxc/lxc-monitord"


def genuine(container, tool, *options, timeout=60):
    """Run one of LXC's own commands: (exit code, output, errors)."""
    done = subject.run([f"{TOOLS}/{tool}", *container.words(tool, *options)[1:]], timeout)
    return done.returncode, done.stdout, done.stderr


def ours(container, tool, *options):
    done = container.tool(tool, *options)
    return done.returncode, done.stdout, done.stderr


def missing():
    """Why there is nothing to be tested, or None. Our own commands do not load the library."""
    if not os.path.exists(f"{TOOLS}/lxc-start"):
        return "genuine LXC is not installed"
    needed = subject.run(["readelf", "-dW", f"{TOOLS}/lxc-start"]).stdout
    if "liblxc.so.1" not in needed:
        return f"{TOOLS}/lxc-start is not genuine LXC's"
    return None


def start_genuine(world, name, text=""):
    container = world.make(name, text)
    code, _, errors = genuine(container, "lxc-start")
    assert code == 0, errors
    container.await_init()
    return container


def expect(result, code=0, out=None):
    assert result[0] == code and (out is None or re.fullmatch(out, result[1])), result


def check_info(container, run):
    expect(run(container, "lxc-info", "-s", "-H"), out="RUNNING\n")
    expect(run(container, "lxc-info", "-p", "-H"), out=f"{container.pid()}\n")
    expect(run(container, "lxc-info", "-c", "lxc.uts.name"), out="lxc.uts.name = w1\n")
    code, out, _ = run(container, "lxc-info")
    assert code == 0 and re.search(r"^State: +RUNNING$", out, re.M), out


def check_list(container, run):
    folder = container.lxcpath
    tool = f"{TOOLS}/lxc-ls" if run is genuine else "lxc-ls"
    names = subject.run([tool, "-P", folder, "--active", "-1"]).stdout.split()
    assert names == [container.name], names
    names = subject.run([tool, "-P", folder, "--running", "-1"]).stdout.split()
    assert names == [container.name], names


def check_freezer(container, run):
    for one, other in ((run, run), (run, ours), (ours, run)):
        expect(one(container, "lxc-freeze"))
        for each in ours, genuine:
            expect(each(container, "lxc-info", "-s", "-H"), out="FROZEN\n")
        assert is_frozen(container.pid()), "told frozen, but it runs"
        expect(other(container, "lxc-unfreeze"))
        for each in ours, genuine:
            expect(each(container, "lxc-info", "-s", "-H"), out="RUNNING\n")
        assert not is_frozen(container.pid()), "told thawed, but it does not run"


def cgroup_places(pid):
    """The directories that a process is in, one of each hierarchy."""
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            mount = f"/sys/fs/cgroup/{controllers.removeprefix('name=') or 'unified'}"
            if not controllers and not os.path.exists(mount):
                mount = "/sys/fs/cgroup"
            yield os.path.normpath(f"{mount}/{path}")


def is_frozen(pid):
    """v2: its cgroup says so; v1: the freezer of its cgroup."""
    for place in cgroup_places(pid):
        for name, word in ("freezer.state", "FROZEN"), ("cgroup.events", "frozen 1"):
            try:
                with open(f"{place}/{name}", encoding="ascii") as state:
                    if word in state.read():
                        return True
            except OSError:
                continue
    return False


class Pivots:
    """Where genuine LXC's monitors go to die: it leaves these directories behind."""

    def __init__(self):
        places = (f"{place}/lxc.pivot" for place in cgroup_places("self"))
        self.new = [place for place in places if not os.path.exists(place)]

    def remove(self):
        """Whether they are gone, once the last monitor is."""
        for place in self.new:
            try:
                os.rmdir(place)
            except FileNotFoundError:
                continue
            except OSError:
                return False
        return True


def check_attach(container, run):
    expect(run(container, "lxc-attach", "--", "sh", "-c", "exit 7"), 7)
    expect(run(container, "lxc-attach", "--", "hostname"), out="w1\n")
    expect(run(container, "lxc-attach", "--clear-env", "--", "sh", "-c", "echo $container"),
           out="lxc\n")
    expect(run(container, "lxc-attach", "--", "no-such-command"), 127)
    out = run(container, "lxc-attach", "--", "cat", "/proc/self/cgroup")[1]
    with open(f"/proc/{container.pid()}/cgroup", encoding="ascii") as file:
        lines = len(file.readlines())
    assert len(out.splitlines()) == lines and "lxc.monitor" not in out, out


def told_as_running(result):
    """LXC takes it for success."""
    assert result[0] == 0 and "already running" in result[2], result


def genuine_commands_ask_ours(world):
    box = world.make("ours").start()
    check_info(box, genuine)
    check_list(box, genuine)
    expect(genuine(box, "lxc-wait", "-s", "RUNNING", "-t", "5"))
    told_as_running(genuine(box, "lxc-start"))


def genuine_commands_freeze_ours(world):
    check_freezer(world.make("ours").start(), genuine)


def genuine_commands_attach_to_ours(world):
    check_attach(world.make("ours").start(), genuine)
    user = world.make("user", "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n")
    user.start()
    expect(genuine(user, "lxc-attach", "--", "id", "-u"), out="0\n")


def genuine_commands_set_limits_of_ours(world):
    box = world.make("ours").start()
    for name, value in ("memory.limit_in_bytes", "67108864"), ("pids.max", "77"):
        if name.startswith("memory") and not os.path.exists("/sys/fs/cgroup/memory"):
            name = "memory.max"
        expect(genuine(box, "lxc-cgroup", name, value))
        expect(genuine(box, "lxc-cgroup", name), out=f"{value}\n+")


def connections(container):
    """How many are open to its control socket."""
    name = "@" + c.address(container.lxcpath, container.name)[1:].decode()
    with open("/proc/net/unix", encoding="utf-8") as table:
        rows = [line.split() for line in table]
    return sum(row[-1] == name and row[5] == "03" for row in rows)


def genuine_commands_stop_ours(world):
    box = world.make("ours").start()
    waiter = subprocess.Popen([f"{TOOLS}/lxc-wait", *box.words("", "-s", "STOPPED")[1:]])
    assert subject.await_true(lambda: connections(box) == 1)
    expect(genuine(box, "lxc-stop", "-t", "20"))
    assert waiter.wait(10) == 0
    assert box.state() == "STOPPED"
    box.start()
    begin = time.monotonic()
    expect(genuine(box, "lxc-stop", "-k"))
    assert time.monotonic() - begin < 10
    expect(genuine(box, "lxc-info", "-s", "-H"), out="STOPPED\n")
    box.start()
    expect(genuine(box, "lxc-freeze"))
    expect(genuine(box, "lxc-stop", "-k"))
    assert box.state() == "STOPPED"
    box.start()
    before = box.pid()
    expect(genuine(box, "lxc-stop", "-r"))
    assert subject.await_true(lambda: box.pid() not in (0, before)), "it did not reboot"


def read_until(fd, word, wait=10):
    """What comes from a terminal until this word, or until time is over."""
    data, deadline = b"", time.monotonic() + wait
    while word not in data and time.monotonic() < deadline:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                data += os.read(fd, 4096)
            except OSError:
                break
    return data


def genuine_commands_take_a_console_of_ours(world):
    box = world.make("ours", "lxc.tty.max = 1\n").start()
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(f"{TOOLS}/lxc-console", box.words("lxc-console", "-t", "1"))
    try:
        told = read_until(fd, b"Connected to tty 1")
        assert b"Connected to tty 1" in told, told
        expect(ours(box, "lxc-attach", "--", "sh", "-c", "echo from inside >/dev/tty1"))
        assert b"from inside" in (seen := read_until(fd, b"from inside")), seen
        os.write(fd, b"\x01q")
        assert subject.await_true(lambda: is_free(box)), "the terminal was not given back"
    finally:
        os.close(fd)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def is_free(box):
    sock = c.connect(box)
    answer = c.ask(box, c.GET_TTY_FD, data=1, sock=sock)
    answer.close()
    sock.close()
    return answer.ret == 0


def our_commands_ask_genuine_ones(world):
    box = start_genuine(world, "theirs")
    check_info(box, ours)
    check_list(box, ours)
    told_as_running(ours(box, "lxc-start"))
    code, _, errors = ours(box, "lxc-destroy")
    assert code == 1 and "running" in errors, errors
    folder = subject.run(["lxc-ls", "-P", box.lxcpath, "-f", "-F", "NAME,STATE,PID"]).stdout
    assert re.search(rf"^{box.name} +RUNNING +{box.pid()}", folder, re.M), folder


def our_commands_freeze_genuine_ones(world):
    check_freezer(start_genuine(world, "theirs"), ours)


def our_commands_attach_to_genuine_ones(world):
    check_attach(start_genuine(world, "theirs"), ours)
    for name in "subuid", "subgid":  # what its newuidmap asks, also for root
        ids = world.work / name
        ids.write_text("root:100000:65536\n")
        subprocess.run(["mount", "--bind", ids, f"/etc/{name}"], check=True)
    user = start_genuine(world, "user",
                         "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n")
    expect(ours(user, "lxc-attach", "--", "id", "-u"), out="0\n")


def our_commands_stop_genuine_ones(world):
    box = start_genuine(world, "theirs")
    expect(ours(box, "lxc-stop", "-t", "20"))
    assert box.state() == "STOPPED"
    expect(genuine(box, "lxc-start"))
    expect(ours(box, "lxc-stop", "-k"))
    assert box.state() == "STOPPED"
    expect(genuine(box, "lxc-start"))
    expect(ours(box, "lxc-freeze"))
    expect(ours(box, "lxc-stop", "-k"))
    assert box.state() == "STOPPED"


def our_wait_sees_genuine_ones(world):
    """Also of runs that begin later, which leave no record."""
    box = world.make("theirs")

    def step(tool, *options):
        waiter = subprocess.Popen(box.words("lxc-wait", "-t", "20", *options))
        assert subject.await_true(lambda: is_polling(waiter.pid))
        expect(genuine(box, *tool))
        assert waiter.wait(25) == 0, (tool, options)

    step(("lxc-start",), "-s", "RUNNING")
    for state in "FREEZING", "FROZEN":
        step(("lxc-freeze",), "-s", state, "--change")
        expect(genuine(box, "lxc-unfreeze"))
    for state in "STOPPED", "RUNNING":
        box.await_init()
        step(("lxc-stop", "-r"), "-s", state, "--change")
    step(("lxc-stop", "-k"), "-s", "STOPPED")


def is_polling(pid):
    """In poll(2) or ppoll(2): its registration is sent, or nothing runs."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as call:
        return call.read().split()[0] in ("7", "271")


def check_monitors(world, make, run, daemon):
    """What both lxc-monitors print of a container, by this daemon. On cgroup v1 lxc-freeze of LXC
    5.0 tells FROZEN and THAWED twice."""
    box = make(world)
    with events.Daemon(str(world.lxcpath), stays=False, program=daemon), \
            events.Monitor(world, repeats=True) as own, \
            events.Monitor(world, repeats=True, program=f"{TOOLS}/lxc-monitor") as theirs:
        def both(*what):
            for monitor in own, theirs:
                monitor.expect(box, *what)

        expect(run(box, "lxc-start"))
        both("STARTING", "RUNNING")
        for one in ours, genuine:
            expect(one(box, "lxc-freeze"))
            both("FREEZING", "FROZEN")
            expect(one(box, "lxc-unfreeze"))
            both("THAWED", "RUNNING")
        expect(run(box, "lxc-stop", "-k"))
        both(0, "STOPPING", "STOPPED")


def both_monitors_hear_of_ours(world):
    for daemon in None, DAEMON:
        check_monitors(world, lambda world: world.make("ours"), ours, daemon)


def both_monitors_hear_of_genuine_ones(world):
    for daemon in None, DAEMON:
        check_monitors(world, lambda world: world.make("theirs"), genuine, daemon)


def each_ends_the_other_s_daemon(world):
    path = str(world.lxcpath)
    for daemon, tool in (None, f"{TOOLS}/lxc-monitor"), (DAEMON, "lxc-monitor"):
        with events.Daemon(path, stays=False, program=daemon) as process:
            done = subject.run([tool, "-Q", "-P", path])
            assert done.returncode == 0, done
            assert process.wait(10) == 0
            assert not os.path.exists(events.fifo(path))


TESTS = [
    genuine_commands_ask_ours,
    genuine_commands_freeze_ours,
    genuine_commands_attach_to_ours,
    genuine_commands_set_limits_of_ours,
    genuine_commands_stop_ours,
    genuine_commands_take_a_console_of_ours,
    our_commands_ask_genuine_ones,
    our_commands_freeze_genuine_ones,
    our_commands_attach_to_genuine_ones,
    our_commands_stop_genuine_ones,
    our_wait_sees_genuine_ones,
    both_monitors_hear_of_ours,
    both_monitors_hear_of_genuine_ones,
    each_ends_the_other_s_daemon,
]

reason = missing()
if reason:
    subject.tap.skip_all(reason)
pivots = Pivots()
try:
    subject.main(TESTS)
finally:
    subject.await_true(pivots.remove)
