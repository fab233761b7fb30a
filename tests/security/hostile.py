# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speaks to a running supervisor as nobody should: impossible lengths, numbers, texts without ends,
descriptors that nobody asked for, half requests, floods. ADDRESS is LXCPATH/NAME.

Ends with a question that is to be answered, and prints "alive".
"""

import os
import random
import socket
import struct
import sys

COMMANDS = [*range(-2, 34), 255, 2**31 - 1, -(2**31)]
# Those that end or stop the container are not for here.
STOP, FREEZE, SERVE_STATES = 2, 15, 12
HARMLESS = [c for c in COMMANDS if c not in (STOP, FREEZE, SERVE_STATES)]
LENGTHS = [0, 1, 2, 4, 7, 8, 15, 16, 31, 32, 33, 255, 256, 4096, 8191, 8192, 8193, 65536,
           2**31 - 1, -1, -2, -8192, -(2**31)]
DATA = [0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1]
GET_STATE, RUNNING = 3, 2


def connect():
    """A connection; answers are waited for, but not for ever."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(b"\0" + os.fsencode(sys.argv[1]) + b"/command")
    connection.settimeout(8)
    return connection


def header(command, length, data):
    """struct wire_request."""
    return struct.pack("=iiQ", command, length, data)


def read_some(connection):
    """What comes at once; what it is does not matter."""
    connection.settimeout(0.02)
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def exchange(pieces, fds=()):
    """Send and forget."""
    with connect() as connection:
        try:
            for piece in pieces:
                if fds:
                    socket.send_fds(connection, [piece], list(fds))
                else:
                    connection.sendall(piece)
        except OSError:
            return
        read_some(connection)


def lengths():
    """Every command with every length, with as much payload as fits, too little and too much."""
    for command in HARMLESS:
        for length in LENGTHS:
            body = b"A" * max(0, min(length, 9000))
            with connect() as connection:
                try:
                    connection.sendall(header(command, length, random.choice(DATA)))
                    if body and length % 2:
                        connection.sendall(body[:-1])
                    elif body:
                        connection.sendall(body + b"B" * 40)
                except OSError:
                    pass


def payloads():
    """Right lengths, wrong content: no terminator, numbers out of range."""
    for size in (1, 2, 8, 12, 16, 20, 24, 32, 64, 276, 300, 8192):
        for byte in (0x00, 0x01, 0x41, 0x7f, 0x80, 0xff):
            for command in HARMLESS:
                with connect() as connection:
                    try:
                        connection.sendall(header(command, size, 2**64 - 1) + bytes([byte]) * size)
                    except OSError:
                        pass


def descriptors():
    """With descriptors, as many as a message takes."""
    null = os.open("/dev/null", os.O_RDWR)
    for count in (1, 3, 30, 250):
        for command in (0, 3, 7, 13, 18, 23):
            exchange([header(command, 8, 0), b"A" * 8], [null] * count)
    os.close(null)


def halves():
    """Requests that never come to their end, and floods of connections."""
    held = []
    for i in range(300):
        connection = connect()
        connection.setblocking(False)
        try:
            connection.send(header(7, 100, 0)[:i % 17])
        except OSError:
            pass
        held.append(connection)
    for connection in held:
        connection.close()
    for _ in range(50):
        with connect() as connection:
            try:
                connection.sendall(random.randbytes(random.randrange(1, 4000)))
            except OSError:
                pass


def ask():
    """A proper question."""
    with connect() as connection:
        connection.sendall(header(GET_STATE, 0, 0))
        answer = connection.recv(16)
    result, length, state = struct.unpack("=iiQ", answer)
    assert (result, length, state) == (0, 0, RUNNING), (result, length, state)


def main():
    random.seed(1)
    for attack in (lengths, payloads, descriptors, halves):
        attack()
        ask()
    print("alive")


main()
