# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes the control address of a container, DIRECTORY, and answers as its supervisor would: running,
with itself for init, as user 65001. Says "request" when somebody has spoken to it."""

import os
import socket
import struct
import sys

GET_STATE, GET_INIT_PID, GET_INIT_PIDFD = 3, 4, 18
RUNNING = 2


def answer(connection):
    """One request."""
    header = connection.recv(16)
    if len(header) < 16:
        return
    print("request", flush=True)
    command = struct.unpack("=iiQ", header)[0]
    data = {GET_STATE: RUNNING, GET_INIT_PID: os.getpid()}.get(command, 0)
    fds = [os.pidfd_open(os.getpid())] if command == GET_INIT_PIDFD else []
    socket.send_fds(connection, [struct.pack("=iiQ", 0, 0, data)], fds)


def main():
    os.setgroups([])
    os.setresgid(65001, 65001, 65001)
    os.setresuid(65001, 65001, 65001)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(b"\0" + os.fsencode(sys.argv[1]) + b"/command")
    listener.listen(16)
    print("ready", flush=True)
    while True:
        connection = listener.accept()[0]
        try:
            answer(connection)
        except OSError:
            pass
        connection.close()


main()
