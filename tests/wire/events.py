# SPDX-License-Identifier: LGPL-2.1-or-later
"""lxc-monitor and lxc-monitord as programs, and a client of the latter that knows nothing of ours
(spec/wire.md §12)."""

import array
import fcntl
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import termios
import threading

import client as c
import subject


def address(lxcpath):
    """The daemon's abstract address, with its leading NUL."""
    number = c.fnv1a64(f"lxc/{lxcpath}/monitor-sock".encode())
    return b"\0" + (b"lxc/%016x/" % number + os.fsencode(lxcpath))[:105]


def fifo(lxcpath):
    return f"/run/lxc{lxcpath}/monitor-fifo"


def connect(lxcpath):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    sock.connect(address(lxcpath))
    sock.settimeout(c.TIMEOUT)
    return sock


def connections(lxcpath, state):
    name = "@" + address(lxcpath)[1:].decode()
    with open("/proc/net/unix", encoding="utf-8") as table:
        rows = [line.split() for line in table]
    return {row[6] for row in rows if row[-1] == name and row[5] == state}


def clients(lxcpath):
    """The connections that the daemon has taken in, as numbers."""
    return connections(lxcpath, "03")


def queued(lxcpath):
    """Those that it has not yet."""
    return connections(lxcpath, "02")


def await_clients(lxcpath, count):
    assert subject.await_true(lambda: len(clients(lxcpath)) == count), \
        f"{len(clients(lxcpath))} clients instead of {count}"


def command(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def daemon(lxcpath):
    """The pid of the one that serves a lxcpath."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = command(pid)
        except OSError:
            continue
        if words[0].endswith("/lxc-monitord") and str(lxcpath) in words[1:]:
            return int(pid)
    raise AssertionError(f"no daemon serves {lxcpath}")


def waiting(lxcpath):
    """Bytes in the fifo."""
    fd = os.open(fifo(lxcpath), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    os.close(fd)
    return count[0]


def await_read(sock):
    """Until the other end has read all."""
    count = array.array("i", [0])

    def is_read():
        fcntl.ioctl(sock, termios.TIOCOUTQ, count)
        return count[0] == 0

    assert subject.await_true(is_read)


def processor_time(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_daemon(lxcpath):
    """One that lxc-monitor has started, if any."""
    subject.run(["lxc-monitor", "-q", "-Q", "-P", lxcpath])


class Daemon(subprocess.Popen):
    """lxc-monitord, ready; ended with its block, unless it has by itself."""

    def __init__(self, lxcpath, stays=True, limit=None, program=None, names_path=True):
        program = program or f"{os.environ['TARE_HELPERS']}/lxc-monitord"
        end_daemon(lxcpath)
        reader, writer = os.pipe()
        words = [program, lxcpath, str(writer)]
        if stays:
            words = [program, "--daemon", *([lxcpath] if names_path else [])]

        def lower_limit():
            if limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

        super().__init__(words, pass_fds=[] if stays else [writer], stdin=subprocess.DEVNULL,
                         preexec_fn=lower_limit)
        os.close(writer)
        if stays:
            assert subject.await_true(lambda: is_listening(lxcpath)), "it does not listen"
        else:
            assert os.read(reader, 1) == b"S"
        os.close(reader)

    def __exit__(self, *_):
        if self.poll() is None:
            self.send_signal(signal.SIGTERM)
            self.wait(10)


def is_listening(lxcpath):
    try:
        connect(lxcpath).close()
        return True
    except ConnectionRefusedError:
        return False


class Monitor:
    """lxc-monitor, connected. `repeats`: lines that come twice in a row count once."""

    def __init__(self, world, *options, lxcpath=None, program="lxc-monitor", repeats=False,
                 **more):
        self.repeats, self.last = repeats, None
        lxcpath = lxcpath or world.lxcpath
        before = clients(lxcpath)
        self.process = subprocess.Popen(
            [program, "-P", lxcpath, *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        assert subject.await_true(
            lambda: clients(lxcpath) - before or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.communicate()

    def read_one(self):
        line = self.process.stdout.readline().rstrip("\n")
        while self.repeats and line and line == self.last:
            line = self.process.stdout.readline().rstrip("\n")
        self.last = line
        return line

    def read(self, count):
        """So many lines; empty ones when nothing comes."""
        limit = threading.Timer(c.TIMEOUT, self.process.kill)
        limit.start()
        try:
            return [self.read_one() for _ in range(count)]
        finally:
            limit.cancel()

    def lines(self, *wanted):
        found = self.read(len(wanted))
        assert found == list(wanted), found

    def expect(self, container, *what):
        """A word is a state, a number init's exit status."""
        self.lines(*(f"'{container.name}' changed state to [{item}]" if isinstance(item, str) else
                     f"'{container.name}' exited with status [{item}]" for item in what))

    def json(self, count):
        return [json.loads(line) for line in self.read(count)]

    def wait(self):
        return self.process.wait(c.TIMEOUT)

    def rest(self):
        return self.process.stdout.read()

    def errors(self):
        return self.process.stderr.read()
