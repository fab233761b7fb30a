# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of the control socket that knows nothing of ours: bytes as spec/wire.md has them."""

import array
import contextlib
import os
import pathlib
import socket
import struct
import time

(GET_TTY_FD, TERMINAL_WINCH, STOP, GET_STATE, GET_INIT_PID, GET_CLONE_FLAGS, GET_CGROUP,
 GET_CONFIG_ITEM, GET_NAME, GET_LXCPATH, ADD_STATE_CLIENT, CONSOLE_LOG, SERVE_STATE_CLIENTS,
 SECCOMP_ADD_LISTENER, ADD_BPF_DEVICE, FREEZE, UNFREEZE, GET_CGROUP2_FD, GET_INIT_PIDFD,
 GET_LIMIT_CGROUP, GET_LIMIT_CGROUP2_FD, GET_DEVPTS_FD, GET_SECCOMP_FD, GET_CGROUP_CTX,
 GET_CGROUP_FD, GET_LIMIT_CGROUP_FD, GET_SYSTEMD_SCOPE) = range(27)

STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN, THAWED, NO_STATE = range(9)

HEADER = struct.Struct("=iiq")   # command or result, length of the payload, data
MESSAGE = struct.Struct("=i256si")
TIMEOUT = 20.0                   # seconds: more than anything here may take

GONE = "gone"                    # the end, or a reset: nobody is there any more


def fnv1a64(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return value


def address(lxcpath, name):
    """The abstract address, with its leading NUL."""
    direct = f"{lxcpath}/{name}/command".encode()
    if len(direct) <= 105:
        return b"\0" + direct
    return b"\0lxc/%016x/command" % fnv1a64(f"{lxcpath}/{name}".encode())


def header(command, length=0, data=0):
    return HEADER.pack(command, length, data)


def connect(container):
    """A connection: one try, which waits while the backlog is full."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    sock.connect(address(container.lxcpath, container.name))
    sock.settimeout(TIMEOUT)
    return sock


def receive(sock, size):
    """Exactly this many bytes and the descriptors that came with them; fewer bytes at the end."""
    data, fds = b"", []
    while len(data) < size:
        try:
            part, control, flags, _ = sock.recvmsg(
                size - len(data), socket.CMSG_SPACE(253 * 4), socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            break
        for level, kind, content in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(content[:len(content) - len(content) % 4])
                fds += numbers
        assert not flags & socket.MSG_CTRUNC
        if not part:
            break
        data += part
    return data, fds


def at_end(sock, wait=TIMEOUT):
    """Whether nothing more comes but the end."""
    sock.settimeout(wait)
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def is_silent(sock, wait=0.05):
    """Open, and not a byte to be read."""
    sock.settimeout(wait)
    try:
        sock.recv(1, socket.MSG_PEEK)
        return False
    except (TimeoutError, BlockingIOError):
        return True
    except ConnectionResetError:
        return False
    finally:
        sock.settimeout(TIMEOUT)


class Answer:
    """What came back: header fields, payload, descriptors; `stays`: the connection is open."""

    def __init__(self, sock):
        head, self.fds = receive(sock, HEADER.size)
        self.head = head
        self.ret = self.length = self.data = None
        self.payload = b""
        if len(head) == HEADER.size:
            self.ret, self.length, self.data = HEADER.unpack(head)
            if self.length > 0:
                self.payload, _ = receive(sock, self.length)

    @property
    def bytes(self):
        return self.head + self.payload

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def __repr__(self):
        return f"{self.bytes.hex(' ')} +{len(self.fds)} fds"


def send(sock, data, fds=()):
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        sock.sendmsg([data], control, socket.MSG_NOSIGNAL)


def ask(container, command, payload=b"", data=0, length=None, sock=None, fds=()):
    """One request with the payload in a second send, as genuine clients do; its answer."""
    own = sock is None
    sock = sock or connect(container)
    try:
        send(sock, header(command, len(payload) if length is None else length, data), fds)
        if payload:
            send(sock, payload)
        return Answer(sock)
    finally:
        if own:
            sock.close()


def interest(**states):
    """The payload of ADD_STATE_CLIENT: interest(RUNNING=2)."""
    numbers = [0] * 8
    for name, value in states.items():
        numbers[globals()[name]] = value
    return struct.pack("=8i", *numbers)


def watch(container, **states):
    """A state client: (connection, the state that was answered)."""
    sock = connect(container)
    answer = ask(container, ADD_STATE_CLIENT, interest(**states), sock=sock)
    return sock, answer.ret


def message(sock):
    """The next lxc_msg as (type, name, value); GONE at the end."""
    data, _ = receive(sock, MESSAGE.size)
    if not data:
        return GONE
    if len(data) != MESSAGE.size:
        return f"{len(data)} bytes only: {data.hex(' ')}"
    kind, name, value = MESSAGE.unpack(data)
    return kind, name.rstrip(b"\0").decode(), value


class Fifo:
    """The reader that lxc-monitord would be (wire.md §12)."""

    def __init__(self, lxcpath):
        folder = pathlib.Path(f"/run/lxc/{lxcpath}")
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "monitor-fifo"
        os.mkfifo(self.path, 0o600)
        self.fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self):
        os.close(self.fd)
        self.path.unlink()

    def records(self, name, count, wait=TIMEOUT):
        """The next `count` records of a container, as (type, value); fewer when time is over. Then
        a little longer, for one too many."""
        found, deadline = [], time.monotonic() + wait
        while time.monotonic() < deadline:
            try:
                data = os.read(self.fd, MESSAGE.size)
            except BlockingIOError:
                time.sleep(0.005)
                continue
            assert len(data) == MESSAGE.size, f"a record of {len(data)} bytes"
            kind, who, value = MESSAGE.unpack(data)
            if who.rstrip(b"\0").decode() == name:
                found.append((kind, value))
            if len(found) == count:
                deadline = min(deadline, time.monotonic() + 0.1)
        return found
