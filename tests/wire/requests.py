#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests to a real supervisor: the dumps of spec/wire.md §10 byte for byte, framing, lengths
that no client of good will sends, and strangers (§2, §3, §9, §15)."""

import os
import socket
import stat
import struct
import threading
import time

import client as c
import subject

ZERO = bytes(16)
MINUS_1 = b"\xff" * 4 + bytes(12)
CLONE_FLAGS = 0x6e020000
LINES = "lxc.tty.max = 2\nlxc.pty.max = 8\nlxc.console.buffer.size = 64kB\n"


def error(number):
    return struct.pack("=iiq", -number, 0, 0)


def expect(answer, wanted, fds=0):
    """These bytes exactly, and so many descriptors, which are closed."""
    wanted = bytes(wanted)
    assert answer.bytes == wanted, f"{answer} instead of {wanted.hex(' ')}"
    assert len(answer.fds) == fds, f"{len(answer.fds)} descriptors instead of {fds}"
    answer.close()


def once(container, *arguments, **more):
    """An answer on a connection that is closed behind it."""
    sock = c.connect(container)
    answer = c.ask(container, *arguments, sock=sock, **more)
    assert c.at_end(sock), "the connection stays open"
    sock.close()
    return answer


def box(world):
    return world.make("box", LINES).start()


def is_alive(container):
    return once(container, c.GET_STATE).bytes == struct.pack("=iiq", 0, 0, c.RUNNING)


def state_and_pid(world):
    box_ = box(world)
    expect(once(box_, c.GET_STATE), bytes.fromhex("00000000 00000000 02000000 00000000"))
    expect(once(box_, c.GET_INIT_PID), struct.pack("=iiq", 0, 0, box_.pid()))
    expect(once(box_, c.GET_CLONE_FLAGS), struct.pack("=iiq", 0, 0, CLONE_FLAGS))
    expect(once(box_, c.GET_SYSTEMD_SCOPE), error(22))
    expect(once(box_, 27), bytes.fromhex("daffffff 00000000 00000000 00000000"))
    expect(once(box_, -1), error(38))
    assert once(box_, c.TERMINAL_WINCH).bytes == b""


def configuration_items(world):
    box_ = box(world)
    expect(once(box_, c.GET_CONFIG_ITEM, b"lxc.uts.name\0"),
           bytes.fromhex("00000000 03000000 00000000 00000000 773100"))
    expect(once(box_, c.GET_CONFIG_ITEM, b"lxc.nosuch\0"), MINUS_1)
    expect(once(box_, c.GET_CONFIG_ITEM, b"lxc.init.cwd\0"), MINUS_1)  # known, but empty
    expect(once(box_, c.GET_CONFIG_ITEM, b"lxc.net\0"), struct.pack("=iiq", 0, 7, 0) + b"empty\n\0")
    expect(once(box_, c.GET_CONFIG_ITEM, b"lxc.uts.name"), error(22))
    expect(once(box_, c.GET_CONFIG_ITEM, b"lxc.uts.name\0\0"), error(22))
    for number, text in (c.GET_NAME, box_.name), (c.GET_LXCPATH, box_.lxcpath):
        text = text.encode() + b"\0"
        expect(once(box_, number), struct.pack("=iiq", 0, len(text), 0) + text)


def freezing_as_lxc_and_as_proxmox_ask_for_it(world):
    box_ = box(world)
    for freeze, payload, data in ((c.FREEZE, b"", 0xffffffff), (c.FREEZE, b"", 0),
                                  (c.FREEZE, struct.pack("=q", 30), 0),
                                  (c.FREEZE, struct.pack("=i", 30), 0)):
        expect(once(box_, freeze, payload, data=data), ZERO)
        assert subject.await_true(lambda: once(box_, c.GET_STATE).data == c.FROZEN)
        expect(once(box_, c.UNFREEZE, payload, data=data), ZERO)
        assert subject.await_true(lambda: once(box_, c.GET_STATE).data == c.RUNNING)
    for length in 1, 7, 9:
        expect(once(box_, c.FREEZE, bytes(length)), error(22))
    assert is_alive(box_)


def terminals_are_leased(world):
    box_ = box(world)
    lease = c.connect(box_)
    expect(c.ask(box_, c.GET_TTY_FD, data=1, sock=lease),
           bytes.fromhex("00000000 00000000 01000000 00000000"), fds=1)
    assert c.is_silent(lease), "the lease is not kept"
    expect(once(box_, c.GET_TTY_FD, data=1), error(9))
    expect(once(box_, c.GET_TTY_FD, data=99), bytes.fromhex("f7ffffff 00000000 00000000 00000000"))
    # One lease a connection.
    expect(c.ask(box_, c.GET_TTY_FD, data=2, sock=lease), error(22))
    lease.close()
    assert subject.await_true(lambda: tty_is_free(box_, 1)), "the slot stays taken"
    any_tty = c.connect(box_)
    answer = c.ask(box_, c.GET_TTY_FD, data=0xffffffff, sock=any_tty)
    assert answer.ret == 0 and answer.data in (1, 2) and len(answer.fds) == 1, answer
    assert stat.S_ISCHR(os.fstat(answer.fds[0]).st_mode)
    answer.close()
    any_tty.close()


def tty_is_free(container, number):
    sock = c.connect(container)
    answer = c.ask(container, c.GET_TTY_FD, data=number, sock=sock)
    answer.close()
    sock.close()
    return answer.ret == 0


def the_console_has_one_client(world):
    box_ = box(world)
    lease = c.connect(box_)
    expect(c.ask(box_, c.GET_TTY_FD, data=0, sock=lease), ZERO, fds=1)
    expect(once(box_, c.GET_TTY_FD, data=0), error(9))
    lease.close()
    assert subject.await_true(lambda: tty_is_free(box_, 0))


def console_log_is_consumed(world):
    lines = 'lxc.init.cmd = /bin/sh -c "echo hello; exec sleep 1000"\n'
    box_ = world.make("box", LINES + lines)
    subject.run(box_.words("lxc-start"))
    read = bytes.fromhex("0001000000000000 0000000000000000 0000000000000000")
    clear = bytes.fromhex("0100000000000000 0000000000000000 0000000000000000")
    answers = []

    def has_output():
        answers.append(once(box_, c.CONSOLE_LOG, read))
        return answers[-1].ret != -61

    assert subject.await_true(has_output)
    expect(answers[-1], struct.pack("=iiq", 0, 7, 0) + b"hello\r\n")
    expect(once(box_, c.CONSOLE_LOG, read), error(61))
    expect(once(box_, c.CONSOLE_LOG, clear), ZERO)
    for length in 0, 1, 16, 23, 25, 8192:
        expect(once(box_, c.CONSOLE_LOG, bytes(length)), error(22))
    plain = world.make("plain").start()
    expect(once(plain, c.CONSOLE_LOG, read), error(14))


def state_clients_are_told_once(world):
    box_ = box(world)
    sock = c.connect(box_)
    expect(c.ask(box_, c.ADD_STATE_CLIENT, c.interest(RUNNING=1), sock=sock),
           bytes.fromhex("02000000 00000000 02000000 00000000"))
    assert c.is_silent(sock)
    waiting = c.connect(box_)
    expect(c.ask(box_, c.ADD_STATE_CLIENT, c.interest(STOPPING=1), sock=waiting),
           bytes.fromhex("08000000 00000000 08000000 00000000"))
    for length in 0, 1, 31, 33, 8192:
        expect(once(box_, c.ADD_STATE_CLIENT, bytes(length)), error(22))
    box_.kill()
    data, _ = c.receive(waiting, 264)
    wanted = struct.pack("=i256si", 0, box_.name.encode(), c.STOPPING)
    assert data == wanted, data.hex(" ")
    assert c.at_end(waiting) and c.at_end(sock)


def descriptors_are_handed_out(world):
    box_ = box(world)
    layout = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
    for number in c.GET_INIT_PIDFD, c.GET_DEVPTS_FD:
        expect(once(box_, number), ZERO, fds=1)
    expect(once(box_, c.GET_SECCOMP_FD), bytes.fromhex("f7ffffff 00000000 00000000 00000000"))
    for number in c.GET_CGROUP2_FD, c.GET_LIMIT_CGROUP2_FD:
        expect(once(box_, number), ZERO if layout else error(22), fds=1 if layout else 0)
    plain = world.make("plain").start()
    expect(once(plain, c.GET_DEVPTS_FD), error(9))


def cgroups_are_described(world):
    box_ = box(world)
    name = f"lxc.payload.{box_.name}".encode() + b"\0"  # below what this host gives us
    for number in c.GET_CGROUP, c.GET_LIMIT_CGROUP:
        for payload in b"memory\0", b"", b"memory\0\1":
            answer = once(box_, number, payload)
            assert (answer.ret, answer.data) == (0, 0), answer
            assert (b"/" + answer.payload).endswith(b"/" + name), answer
            assert not answer.payload.startswith(b"/"), answer
        expect(once(box_, number, b"memory"), error(22))
        expect(once(box_, number, b"mem\0ory\0"), error(22))
        assert once(box_, number, b"nonsense\0").bytes == b"", "an answer about no controller"
        assert once(box_, number, b"unified\0").bytes == b"", "unified is no controller"
    for size in 96, 12, 92:
        answer = once(box_, c.GET_CGROUP_CTX, (b"\0" * 12 + b"\xf7\xff\xff\xff" * 21)[:size])
        assert answer.ret == 0 and answer.length == size and answer.data == 0, answer
        layout, _, count = struct.unpack_from("=iII", answer.payload)
        assert layout in (0, 1, 2) and count == len(answer.fds) > 0, answer
        answer.close()
    expect(once(box_, c.GET_CGROUP_CTX, bytes(96) + b"\1"), error(22))
    for number in c.GET_CGROUP_FD, c.GET_LIMIT_CGROUP_FD:
        request = struct.pack("=iIii64s", 0, 0, 0, -9, b"memory")
        answer = once(box_, number, request)
        assert answer.ret == 0 and len(answer.fds) == 1 and answer.length == 80, answer
        assert answer.payload[16:80].rstrip(b"\0") == b"memory", answer
        magic = struct.unpack_from("=i", answer.payload, 8)[0]
        assert magic in (0x63677270, 0x0027e0eb), hex(magic)
        answer.close()
        expect(once(box_, number, struct.pack("=iIii64s", 0, 0, 0x1234, -9, b"memory")), error(22))
        expect(once(box_, number, struct.pack("=iIii64s", 0, 0, 0, -9, b"")), error(22))
        expect(once(box_, number, struct.pack("=iIii64s", 0, 0, 0, -9, b"nonsense")), error(2))
        expect(once(box_, number, struct.pack("=iIii64s", 0, 0, 0, -9, b"x" * 64)), error(22))
        expect(once(box_, number, request + b"\1"), error(22))


def states_are_not_served_out_of_turn(world):
    box_ = box(world)
    for value in 8, 100, 0xffffffff, c.STOPPED, c.STARTING, c.STOPPING, c.ABORTING:
        expect(once(box_, c.SERVE_STATE_CLIENTS, data=value), error(22))
        assert is_alive(box_), value


def device_rules_are_checked(world):
    box_ = box(world)

    def rule(kind, access, length=40):
        packed = struct.pack("=c3xii4si", kind, 1, 3, access, 1)
        return packed + bytes(length - len(packed))

    for payload in rule(b"x", b"rwm\0"), rule(b"c", b"rwmx"), rule(b"c", b"rq\0\0"):
        answer = once(box_, c.ADD_BPF_DEVICE, payload)
        assert answer.ret < 0, answer
    for length in 0, 1, 39, 41, 8192:
        expect(once(box_, c.ADD_BPF_DEVICE, bytes(length)), error(22))
    assert is_alive(box_)


def a_header_may_come_byte_by_byte(world):
    box_ = box(world)
    sock = c.connect(box_)
    for byte in c.header(c.GET_CONFIG_ITEM, 13) + b"lxc.uts.name\0":
        sock.send(bytes([byte]))
        time.sleep(0.001)
    assert c.Answer(sock).payload == b"w1\0"
    sock.close()
    sock = c.connect(box_)
    sock.send(c.header(c.GET_CONFIG_ITEM, 13) + b"lxc.uts.name\0")
    assert c.Answer(sock).payload == b"w1\0"


def a_missing_payload_holds_nobody_up(world):
    box_ = box(world)
    slow, half = c.connect(box_), c.connect(box_)
    begin = time.monotonic()
    slow.send(c.header(c.GET_CONFIG_ITEM, 100))
    half.send(b"\3\0\0")
    assert is_alive(box_)
    assert time.monotonic() - begin < 2, "another client had to wait"
    assert c.at_end(slow) and c.at_end(half)
    assert 4 < time.monotonic() - begin < 9, "the deadline is 5 s"
    assert is_alive(box_)


# Size of the struct that a command takes; None: a string, or nothing.
SIZES = {c.ADD_STATE_CLIENT: 32, c.CONSOLE_LOG: 24, c.ADD_BPF_DEVICE: 40, c.GET_CGROUP_CTX: 96,
         c.GET_CGROUP_FD: 80, c.GET_LIMIT_CGROUP_FD: 80, c.FREEZE: 8, c.UNFREEZE: 8}


def no_length_hurts(world):
    """Every command with every odd length and content; other connections live through it."""
    box_ = box(world)
    idle = c.connect(box_)
    for number in (*range(27), 27, 1000, -5):
        size = SIZES.get(number, 13)
        for length in (-1, -2**31, 2**31 - 1, 8193):
            sock = c.connect(box_)
            c.send(sock, c.header(number, length) + b"x" * 20)
            head, fds = c.receive(sock, 16)
            assert not fds
            # Nothing, but for those that are refused before their length counts.
            assert head == b"" or struct.unpack_from("=i", head)[0] < 0, (number, length, head)
            sock.close()
        for length in () if number == c.STOP else (0, 1, size - 1, size + 1, 8192):
            for fill in b"x", b"\0":
                sock = c.connect(box_)
                answer = c.ask(box_, number, fill * length, data=2**31, sock=sock)
                answer.close()
                sock.close()
        for text in b"lxc.uts.name", b"\0\0", b"a\0b\0", b"\xff" * 300:
            if number != c.STOP:
                c.ask(box_, number, text).close()
        c.ask(box_, c.UNFREEZE)
        assert is_alive(box_), f"dead after command {number}"
    expect(c.ask(box_, c.GET_STATE, sock=idle), struct.pack("=iiq", 0, 0, c.RUNNING))


def stray_descriptors_are_closed(world):
    box_ = box(world)
    before = descriptors(box_.supervisor())
    with open("/dev/null", "rb") as null:
        for number in c.GET_STATE, c.GET_CONFIG_ITEM, c.ADD_STATE_CLIENT, c.GET_CGROUP, 99:
            c.ask(box_, number, b"lxc.uts.name\0", fds=[null.fileno()] * 5).close()
        # A listener is taken only with a proxy, and a header alone waits for nobody.
        sock = c.connect(box_)
        c.send(sock, c.header(c.SECCOMP_ADD_LISTENER))
        assert is_alive(box_)
        c.send(sock, b"x", [null.fileno()])
        expect(c.Answer(sock), error(22))
        sock.close()
    assert subject.await_true(lambda: descriptors(box_.supervisor()) == before), \
        f"{before} descriptors became {descriptors(box_.supervisor())}"


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def proxmox_is_always_answered(world):
    """Header and payload apart, no credentials, while others keep the supervisor busy."""
    box_ = box(world)
    done = threading.Event()

    def keep_busy():
        while not done.is_set():
            c.ask(box_, c.GET_STATE)

    threads = [threading.Thread(target=keep_busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            sock = c.connect(box_)
            sock.send(struct.pack("iiL", c.GET_CGROUP, 7, 0))
            sock.send(b"memory\0")
            answer = c.Answer(sock)
            assert answer.ret == 0, answer
            sock.close()
    finally:
        done.set()
        for thread in threads:
            thread.join()


def as_user(uid, function):
    """Run it in a process of that user; what it returned."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        try:
            os.write(writer, repr(function()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text


def strangers_are_refused(world):
    box_ = box(world)
    for number, payload in ((c.GET_STATE, b""), (c.GET_INIT_PIDFD, b""), (c.STOP, b""),
                            (c.GET_CONFIG_ITEM, b"lxc.uts.name\0"), (c.GET_TTY_FD, b"")):
        def ask(number=number, payload=payload):
            sock = c.connect(box_)
            answer = c.ask(box_, number, payload, sock=sock)
            return answer.head.hex(), len(answer.fds), c.at_end(sock)

        told = as_user(1234, ask)
        assert told == repr((MINUS_1.hex(), 0, True)), told

    def claim():
        sock = c.connect(box_)
        creds = struct.pack("3i", os.getpid(), 0, 0)
        try:
            sock.sendmsg([c.header(c.GET_STATE)],
                         [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, creds)])
        except PermissionError:
            return "refused"
        return c.Answer(sock)

    assert as_user(1234, claim) == "'refused'"
    assert is_alive(box_)


def names_of_any_length(world):
    """The longest direct address, and the shortest that is hashed."""
    assert c.address("/var/lib/lxc", "a" * 84) == b"\0/var/lib/lxc/" + b"a" * 84 + b"/command"
    assert c.address("/var/lib/lxc", "a" * 85) == b"\0lxc/a807244bea323305/command"
    folder = world.work / "n"
    folder.mkdir()
    for length in 105, 106:
        name = world.prefix + "-"
        name += "a" * (length - len(f"{folder}/{name}/command"))
        box_ = world.make("=" + name, lxcpath=folder)
        is_hashed = c.address(box_.lxcpath, name).startswith(b"\0lxc/")
        assert is_hashed == (length == 106), length
        box_.start()
        assert is_alive(box_)
        with open("/proc/net/unix", "rb") as table:
            assert b" @" + c.address(box_.lxcpath, name)[1:] + b"\n" in table.read()
        names = subject.run(["lxc-ls", "-P", folder, "--active", "-1"]).stdout.split()
        assert names == [name], names
        assert box_.state() == "RUNNING"
        box_.kill()
        assert box_.state() == "STOPPED"


subject.main([
    state_and_pid,
    configuration_items,
    freezing_as_lxc_and_as_proxmox_ask_for_it,
    terminals_are_leased,
    the_console_has_one_client,
    console_log_is_consumed,
    state_clients_are_told_once,
    descriptors_are_handed_out,
    cgroups_are_described,
    states_are_not_served_out_of_turn,
    device_rules_are_checked,
    a_header_may_come_byte_by_byte,
    a_missing_payload_holds_nobody_up,
    no_length_hurts,
    stray_descriptors_are_closed,
    proxmox_is_always_answered,
    strangers_are_refused,
    names_of_any_length,
])
