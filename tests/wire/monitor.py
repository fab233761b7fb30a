#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""lxc-monitor and lxc-monitord: the fifo, the socket, who may connect, how long it lives
(spec/wire.md §12)."""

import os
import pathlib
import resource
import select
import signal
import socket
import subprocess
import threading
import time

import client as c
import events
import subject

CROWD = 500
FLOOD, STEP = 10000, 100
ROUNDS = 150


def record(name, value, kind=0):
    return c.MESSAGE.pack(kind, name.encode(), value)


def tell(path, *records):
    """As a supervisor does; the fifo has a reader."""
    fd = os.open(events.fifo(path), os.O_WRONLY | os.O_CLOEXEC)
    for each in records:
        os.write(fd, each)
    os.close(fd)


def addresses(world):
    """PVE-27: hard-coded there."""
    assert events.address("/var/lib/lxc") == b"\0lxc/ad055575fe28ddd5//var/lib/lxc"
    for length in 84, 85, 200:
        path = "/run/work/" + "d" * (length - 10)
        with events.Daemon(path):
            sock = events.connect(path)
            name = events.address(path)
            assert len(name) == min(1 + 21 + length, 106), len(name)
            with open("/proc/net/unix", "rb") as table:
                assert b" @" + name[1:] + b"\n" in table.read()
            tell(path, record("a", c.RUNNING))
            assert c.message(sock) == (0, "a", c.RUNNING)
            sock.close()
        assert not os.path.exists(events.fifo(path))


def a_life_is_printed(world):
    box = world.make("life", "lxc.signal.halt = SIGTERM\n")
    with events.Monitor(world, "-n", box.name) as monitor:
        box.start()
        monitor.expect(box, "STARTING", "RUNNING")
        assert box.tool("lxc-freeze").returncode == 0
        monitor.expect(box, "FREEZING", "FROZEN")
        assert box.tool("lxc-unfreeze").returncode == 0
        monitor.expect(box, "THAWED", "RUNNING")
        os.kill(box.pid(), signal.SIGINT)
        monitor.expect(box, 0, "STOPPING", "STOPPED", "STARTING", "RUNNING")
        box.await_init()
        assert box.tool("lxc-stop", "-t", "10").returncode == 0
        monitor.expect(box, 0, "STOPPING", "STOPPED")
        box = world.make("life", 'lxc.init.cmd = /bin/sh -c "exit 7"\n')
        box.tool("lxc-start", "-F")
        monitor.expect(box, "STARTING", "RUNNING", 7, "STOPPING", "STOPPED")
        box = world.make("life", "lxc.init.cmd = /nowhere\n")
        assert box.tool("lxc-start").returncode == 1
        monitor.expect(box, "STARTING", "ABORTING", "ABORTING", "STOPPING", "STOPPED")


def whole_names_match(world):
    path = world.lxcpath
    with events.Monitor(world, "-n", "foo|bar") as some, events.Monitor(world, "-n", "[f|b].*") \
            as more, events.Monitor(world) as everything, events.Monitor(world, "x+") as plus:
        for name in "foo", "xfoo", "bar", "bary", "xx":
            tell(path, record(name, c.RUNNING))
        tell(path, record("foo", c.STOPPED), record("xx", c.STOPPED))
        some.lines("'foo' changed state to [RUNNING]", "'bar' changed state to [RUNNING]",
                   "'foo' changed state to [STOPPED]")
        more.lines("'foo' changed state to [RUNNING]", "'bar' changed state to [RUNNING]",
                   "'bary' changed state to [RUNNING]", "'foo' changed state to [STOPPED]")
        assert len(everything.read(7)) == 7
        plus.lines("'xx' changed state to [RUNNING]", "'xx' changed state to [STOPPED]")
    bad = subject.run(["lxc-monitor", "-P", path, "-n", "["])
    assert bad.returncode == 1 and "Failed to compile the regex '['" in bad.stderr, bad


def several_lxcpaths(world):
    one, two = world.work / "one", world.work / "two"
    boxes = [world.make("=same", lxcpath=one), world.make("=same", lxcpath=two)]
    with events.Monitor(world, "-P", two, "--format", "json", lxcpath=one) as monitor:
        events.await_clients(two, 1)
        for box in boxes:
            box.start()
            box.kill()
        seen = [(line["path"], line["event"], line["value"], line.get("signal"))
                for line in monitor.json(10)]
    for path in one, two:
        assert [row[1:] for row in seen if row[0] == str(path)] == [
            ("state", "STARTING", None), ("state", "RUNNING", None), ("exit", None, 9),
            ("state", "STOPPING", None), ("state", "STOPPED", None)], seen
    for path in one, two:
        assert subject.run(["lxc-monitor", "-Q", "-P", path]).returncode == 0


def odd_events_do_no_harm(world):
    """States that don't exist, names without an end, pieces of events."""
    path = world.lxcpath
    with events.Monitor(world) as monitor:
        tell(path, record("a", 9), record("b", -1), record("c", 0, kind=1), record("d", 5, kind=77),
             c.MESSAGE.pack(0, b"e" * 256, c.RUNNING), record("f\n\x1b[2J", c.FROZEN),
             record("g", 9, kind=2), record("g", 1792, kind=2))
        monitor.lines("'a' changed state to [9]", "'b' changed state to [-1]",
                      f"'{'e' * 255}' changed state to [RUNNING]",
                      "'f\\n\\x1b[2J' changed state to [FROZEN]",
                      "'g' exited with status [0]", "'g' exited with status [7]")
        tell(path, b"nonsense")
        assert subject.await_true(lambda: not events.waiting(path))
        tell(path, record("h", c.RUNNING))
        monitor.lines("'h' changed state to [RUNNING]")


def it_ends_once_a_state_was_there(world):
    with events.Monitor(world, "--once", "FROZEN") as monitor:
        tell(world.lxcpath, *(record("a", state) for state in (1, 2, 6, 7)))
        assert monitor.wait() == 0
        assert monitor.rest() == "".join(f"'a' changed state to [{word}]\n" for word in (
            "STARTING", "RUNNING", "FROZEN"))


def quit_ends_the_daemon_and_its_monitors_in_peace(world):
    path = world.lxcpath
    with events.Monitor(world) as one, events.Monitor(world) as two:
        pid = events.daemon(path)
        done = subject.run(["lxc-monitor", "-Q", "-P", path])
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
        assert not os.path.exists(events.fifo(path)), "the fifo stays"
        assert (one.wait(), two.wait()) == (0, 0)
        assert not one.errors() and not two.errors()
    assert subject.await_true(lambda: not os.path.exists(f"/proc/{pid}"))
    assert not os.path.exists(os.path.dirname(events.fifo(path))), "its directory stays"
    done = subject.run(["lxc-monitor", "-Q", "-P", path])
    assert done.returncode == 1 and "no lxc-monitord serves" in done.stderr, done


def a_killed_daemon_is_noticed_and_replaced(world):
    path = world.lxcpath
    for number, remains in (signal.SIGKILL, True), (signal.SIGTERM, False):
        with events.Monitor(world) as monitor:
            os.kill(events.daemon(path), number)
            assert monitor.wait() == 1
            assert "Failed to receive message. Did monitord die?" in monitor.errors()
        assert subject.await_true(lambda: os.path.exists(events.fifo(path)) == remains)
        box = world.make("unheard").start()
        box.kill()
        with events.Monitor(world) as monitor:
            box.start()
            monitor.expect(box, "STARTING", "RUNNING")
            box.kill()


def a_lost_fifo_is_made_again(world):
    path = world.lxcpath
    with events.Monitor(world):
        os.unlink(events.fifo(path))
        with events.Monitor(world) as second:
            tell(path, record("a", c.RUNNING))
            second.lines("'a' changed state to [RUNNING]")
        os.unlink(events.fifo(path))
        os.rmdir(os.path.dirname(events.fifo(path)))
        with events.Monitor(world) as third:
            tell(path, record("b", c.RUNNING))
            third.lines("'b' changed state to [RUNNING]")


def there_is_one_daemon_only(world):
    path = world.lxcpath
    crowd = [events.Monitor(world) for _ in range(12)]
    events.await_clients(path, 12)
    pid = events.daemon(path)
    tell(path, record("a", c.RUNNING))
    for monitor in crowd:
        monitor.lines("'a' changed state to [RUNNING]")
    reader, writer = os.pipe()
    program = f"{os.environ['TARE_HELPERS']}/lxc-monitord"
    second = subprocess.run([program, path, str(writer)], pass_fds=[writer], check=False)
    os.close(writer)
    assert second.returncode == 0 and os.read(reader, 1) == b"", "a second daemon is ready"
    os.close(reader)
    second = subject.run([program, "--daemon", path])
    assert second.returncode == 1, second
    assert "already" in second.stderr and f"process {pid}" in second.stderr, second.stderr
    for monitor in crowd:
        monitor.close()


def neighbours_come_and_go(world):
    """Daemons of several lxcpaths have directories in common, which the last one removes."""
    program = f"{os.environ['TARE_HELPERS']}/lxc-monitord"
    answers = []

    def begin_and_end(path):
        for _ in range(ROUNDS):
            reader, writer = os.pipe()
            with subprocess.Popen([program, path, str(writer)], pass_fds=[writer]) as daemon:
                os.close(writer)
                answers.append(os.read(reader, 1))
                daemon.terminate()
            os.close(reader)

    threads = [threading.Thread(target=begin_and_end, args=(f"/run/work/common/{name}",))
               for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"S"] * (3 * ROUNDS), f"{len(answers) - answers.count(b'S')} could not begin"
    assert not os.path.exists("/run/lxc/run/work/common")


def the_daemon_keeps_nothing_of_who_started_it(world):
    path = world.lxcpath
    with open(world.work / "held", "wb") as held:
        os.set_inheritable(held.fileno(), True)
        with events.Monitor(world, close_fds=False, cwd=path):
            pid = events.daemon(path)
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
            places = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            others = [place for place in places if not place.startswith(
                ("/dev/null", "socket:", "anon_inode:", events.fifo(path)))]
            assert not others, others
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            assert int(fields[3]) == pid, "not a session of its own"
            assert events.command(pid)[1] == str(path)


def nobody_misses_what_comes_after_connecting(world):
    """Without a pause: what is written behind connect() reaches the client."""
    path = str(world.lxcpath)
    with events.Daemon(path):
        for i in range(300):
            sock = events.connect(path)
            tell(path, record(f"n{i}", c.RUNNING))
            while (got := c.message(sock)) != (0, f"n{i}", c.RUNNING):
                assert got == (0, f"n{i - 1}", c.RUNNING), got
            sock.close()


def a_slow_client_is_dropped_and_holds_nobody_up(world):
    path = str(world.lxcpath)
    with events.Daemon(path) as daemon:
        slow, quick = events.connect(path), events.connect(path)
        for first in range(0, FLOOD, STEP):
            tell(path, *(record("f", i) for i in range(first, first + STEP)))
            got = [c.message(quick) for _ in range(STEP)]
            assert got == [(0, "f", i) for i in range(first, first + STEP)], first
        values = []
        while (message := c.message(slow)) != c.GONE:
            values.append(message[2])
        assert values == list(range(len(values))) and len(values) < FLOOD, len(values)
        assert daemon.poll() is None
        slow.close()
        quick.close()


def a_crowd_of_clients(world):
    path = str(world.lxcpath)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CROWD + 200), max(hard, CROWD + 200)))
    with events.Daemon(path):
        socks = [events.connect(path) for _ in range(CROWD)]
        tell(path, record("a", c.RUNNING), record("b", c.STOPPED))
        for sock in socks:
            assert c.message(sock) == (0, "a", c.RUNNING)
            assert c.message(sock) == (0, "b", c.STOPPED)
        for sock in socks:
            sock.close()
        events.await_clients(path, 0)


def without_descriptors_it_waits(world):
    """A limit of few: who has no room is served later, and the daemon does not spin."""
    path = str(world.lxcpath)
    with events.Daemon(path, limit=20) as daemon:
        socks = [events.connect(path) for _ in range(30)]
        tell(path, record("a", c.RUNNING))
        assert c.message(socks[0]) == (0, "a", c.RUNNING)
        begin = events.processor_time(daemon.pid)
        time.sleep(0.5)
        assert events.processor_time(daemon.pid) - begin < 0.1, "it spins"
        for sock in socks[:20]:
            sock.close()
        assert subject.await_true(
            lambda: not events.queued(path) and len(events.clients(path)) == 10)
        tell(path, record("b", c.RUNNING))
        for sock in socks[20:]:
            while (got := c.message(sock)) != (0, "b", c.RUNNING):
                assert got == (0, "a", c.RUNNING), got
            sock.close()


def words_of_clients(world):
    path = str(world.lxcpath)
    with events.Daemon(path) as daemon:
        other, sock = events.connect(path), events.connect(path)
        for word in b"QUIT", b"stop", b"\0\0\0\0", b"qui", b"t":
            sock.send(word)
            events.await_read(sock)
        tell(path, record("a", c.RUNNING))
        assert c.message(other) == c.message(sock) == (0, "a", c.RUNNING)
        sock.send(b"quit")
        assert c.at_end(sock) and c.at_end(other)
        sock.close()
        other.close()
        assert daemon.wait(10) == 0
        assert not os.path.exists(events.fifo(path))


def apart(function):
    """Its result, of a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(function()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        return answer.read()


def strangers_are_turned_away(world):
    """LXC's daemon ends for all when one connects."""
    path = str(world.lxcpath)

    def ask():
        os.setgroups([])
        os.setresgid(65001, 65001, 65001)
        os.setresuid(65001, 65001, 65001)
        sock = events.connect(path)
        c.send(sock, b"quit")
        return c.at_end(sock, 5)

    with events.Daemon(path) as daemon:
        friend = events.connect(path)
        assert apart(ask) == "True", "a stranger's connection stays"
        tell(path, record("a", c.RUNNING))
        assert c.message(friend) == (0, "a", c.RUNNING)
        assert daemon.poll() is None
        program = "import sys; sys.path.insert(0, sys.argv[1]); import client as c, events\n" \
            "s = events.connect(sys.argv[2]); c.send(s, b'quit'); print(c.at_end(s, 5))"
        done = subject.run(["unshare", "--pid", "--fork", "python3", "-B", "-c", program,
                            os.path.dirname(__file__), path])
        assert done.stdout == "True\n", done
        assert c.is_silent(friend, 0.1) and daemon.poll() is None, "a contained process ended it"
        friend.close()


def who_has_ended_leaves_nobody_behind(world):
    """A request of one who has gone counts, but no connection that others of a container keep."""
    path = str(world.lxcpath)
    program = """if True:
        import os, sys; sys.path.insert(0, sys.argv[1]); import client as c, events
        first = os.fork()
        if first == 0:
            sock = events.connect(sys.argv[2])
            if os.fork() == 0:
                print(c.at_end(sock, 5), flush=True)
            os._exit(0)
        os.waitpid(first, 0)
        print("ready", flush=True)
        os.wait()
    """
    with events.Daemon(path) as daemon:
        daemon.send_signal(signal.SIGSTOP)
        with subprocess.Popen(["unshare", "--pid", "--fork", "python3", "-B", "-c", program,
                               os.path.dirname(__file__), path], stdout=subprocess.PIPE,
                              text=True) as contained:
            assert contained.stdout.readline() == "ready\n"
            daemon.send_signal(signal.SIGCONT)
            assert contained.stdout.readline() == "True\n", "it hears what happens"
        daemon.send_signal(signal.SIGSTOP)
        assert apart(lambda: c.send(events.connect(path), b"quit")) is not None
        daemon.send_signal(signal.SIGCONT)
        assert daemon.wait(10) == 0


def who_holds_the_address_is_looked_at(world):
    path = str(world.lxcpath)
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.setresuid(65001, 65001, 65001)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(events.address(path))
        sock.listen(5)
        os.write(go, b"x")
        time.sleep(60)
        os._exit(0)
    try:
        os.read(ready, 1)
        for option in (), ("-Q",):
            done = subject.run(["lxc-monitor", "-P", path, *option])
            assert done.returncode == 1 and "held by user 65001" in done.stderr, done
        done = subject.run([f"{os.environ['TARE_HELPERS']}/lxc-monitord", "--daemon", path])
        assert done.returncode == 1 and "is taken" in done.stderr, done
        assert f"process {child} of user 65001" in done.stderr, done.stderr
        assert not os.path.exists(events.fifo(path)), "a fifo that nobody reads stays"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(go)


def root_of_a_container_is_not_believed(world):
    """One that shares the host's network could tell of states that nobody has."""
    path = str(world.lxcpath)
    program = "import sys, time; sys.path.insert(0, sys.argv[1]); import events, socket\n" \
        "s = socket.socket(socket.AF_UNIX); s.bind(events.address(sys.argv[2])); s.listen(5)\n" \
        "print(flush=True); sys.stdin.read()"
    with subprocess.Popen(["unshare", "--pid", "--fork", "python3", "-B", "-c", program,
                           os.path.dirname(__file__), path], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as squatter:
        squatter.stdout.read(1)
        for option in ("--once", "RUNNING"), ("-Q",):
            done = subject.run(["timeout", "10", "lxc-monitor", "-P", path, *option])
            assert done.returncode == 1 and "held by a process of a container" in done.stderr, done
        squatter.stdin.close()
        assert squatter.wait(10) == 0


def who_leaves_a_listener_to_a_child_is_no_daemon(world):
    """The process that has listened is gone, and nobody could say where it was."""
    path = str(world.lxcpath)
    program = "import os, sys; sys.path.insert(0, sys.argv[1]); import events, socket\n" \
        "s = socket.socket(socket.AF_UNIX); s.bind(events.address(sys.argv[2]))\n" \
        "pid = os.fork()\n" \
        "if pid == 0: s.listen(5); os._exit(0)\n" \
        "os.waitpid(pid, 0); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(["unshare", "--pid", "--fork", "python3", "-B", "-c", program,
                           os.path.dirname(__file__), path], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as squatter:
        squatter.stdout.read(1)
        done = subject.run(["timeout", "20", "lxc-monitor", "-P", path, "--once", "RUNNING"])
        assert done.returncode == 1 and "does not answer" in done.stderr, done
        squatter.stdin.close()
        assert squatter.wait(10) == 0


def the_lxcpath_of_the_host_is_the_default(world):
    path = str(world.work / "default")
    settings = pathlib.Path("/etc/lxc/lxc.conf")
    settings.write_text(f"lxc.lxcpath = {path}\n")
    try:
        with events.Daemon(path, names_path=False):
            process = subprocess.Popen(["lxc-monitor", "--once", "RUNNING"], text=True,
                                       stdout=subprocess.PIPE)
            events.await_clients(path, 1)
            tell(path, record("a", c.RUNNING))
            assert process.communicate(timeout=c.TIMEOUT)[0] == \
                "'a' changed state to [RUNNING]\n"
            assert subject.run(["lxc-monitor", "-Q"]).returncode == 0
    finally:
        settings.unlink()


def what_stands_in_its_way_is_named(world):
    path = str(world.lxcpath)
    folder = pathlib.Path(events.fifo(path)).parent
    folder.mkdir(parents=True)
    pathlib.Path(events.fifo(path)).write_text("no fifo")
    done = subject.run(["lxc-monitor", "-P", path])
    assert done.returncode == 1 and "is no fifo" in done.stderr, done
    assert "cannot start lxc-monitord" in done.stderr and "remove it" in done.stderr, done.stderr
    pathlib.Path(events.fifo(path)).unlink()
    folder.rmdir()
    folder.symlink_to("/tmp")
    done = subject.run(["lxc-monitor", "-P", path])
    assert done.returncode == 1 and str(folder) in done.stderr, done
    folder.unlink()
    done = subject.run([f"{os.environ['TARE_HELPERS']}/lxc-monitord"])
    assert done.returncode == 1 and done.stderr.startswith("Usage: lxc-monitord LXCPATH FD"), done


def nobody_slow_holds_a_container_up(world):
    """The daemon is stopped, and its fifo full."""
    path = str(world.lxcpath)
    with events.Daemon(path) as daemon:
        os.kill(daemon.pid, signal.SIGSTOP)
        fd = os.open(events.fifo(path), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            while True:
                os.write(fd, record("x", 0))
        except BlockingIOError:
            pass
        os.close(fd)
        box = world.make("unhurt").start()
        box.kill()
        os.kill(daemon.pid, signal.SIGCONT)


def an_idle_daemon_ends(world):
    """30 seconds after its last client, and leaves nothing."""
    path = str(world.work / "idle")
    with events.Daemon(path, stays=False) as daemon:
        sock = events.connect(path)
        time.sleep(1)
        left = time.monotonic()
        sock.close()
        pidfd = os.pidfd_open(daemon.pid)
        assert select.select([pidfd], [], [], 40)[0], "it does not end"
        os.close(pidfd)
        assert 29.5 < time.monotonic() - left < 35, time.monotonic() - left
        assert daemon.wait(1) == 0
        assert not os.path.exists(os.path.dirname(events.fifo(path)))


subject.main([
    addresses,
    a_life_is_printed,
    whole_names_match,
    several_lxcpaths,
    odd_events_do_no_harm,
    it_ends_once_a_state_was_there,
    quit_ends_the_daemon_and_its_monitors_in_peace,
    a_killed_daemon_is_noticed_and_replaced,
    a_lost_fifo_is_made_again,
    there_is_one_daemon_only,
    neighbours_come_and_go,
    the_daemon_keeps_nothing_of_who_started_it,
    nobody_misses_what_comes_after_connecting,
    a_slow_client_is_dropped_and_holds_nobody_up,
    a_crowd_of_clients,
    without_descriptors_it_waits,
    words_of_clients,
    strangers_are_turned_away,
    who_has_ended_leaves_nobody_behind,
    who_holds_the_address_is_looked_at,
    root_of_a_container_is_not_believed,
    who_leaves_a_listener_to_a_child_is_no_daemon,
    the_lxcpath_of_the_host_is_the_default,
    what_stands_in_its_way_is_named,
    nobody_slow_holds_a_container_up,
    an_idle_daemon_ends,
])
