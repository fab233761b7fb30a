# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user at a terminal: terminal.py STEP... -- COMMAND...

Runs the command in a terminal of its own (37 lines, 91 columns) and does step by step:

    expect=TEXT     wait until this came out (what came before it is forgotten)
    send=TEXT       type; \\r, \\x01 and the like as Python writes them
    size=ROWSxCOLS  resize the window
    signal=NUMBER   send the command a signal
    run=COMMAND     run a shell command on the host
    command=WORDS   the command line, as others see it, is this
    end=STATUS      wait for the end: its exit status, or -SIGNAL

Fails when a step takes longer than ten seconds, and when the terminal's modes are not in the end
what they were in the beginning.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

DEADLINE = 10


class Terminal:
    def __init__(self, command):
        self.master, self.slave = pty.openpty()
        self.resize(37, 91)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.all = b""
        self.child = os.fork()
        if self.child == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            # bats keeps its own descriptors open.
            os.closerange(3, 64)
            os.execvp(command[0], command)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def fail(self, what):
        sys.exit(f"{what}; came out: {self.all!r}")

    def read(self, wait):
        if select.select([self.master], [], [], wait)[0]:
            piece = os.read(self.master, 65536)
            self.seen += piece
            self.all += piece

    def expect(self, text):
        wanted, deadline = decode(text), time.monotonic() + DEADLINE
        while wanted not in self.seen:
            if time.monotonic() > deadline:
                self.fail(f"never seen: {wanted!r}")
            self.read(0.1)
        self.seen = self.seen[self.seen.index(wanted) + len(wanted):]

    def end(self, status):
        deadline = time.monotonic() + DEADLINE
        while True:
            self.read(0.05)
            pid, got = os.waitpid(self.child, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                os.kill(self.child, 9)
                os.waitpid(self.child, 0)
                self.fail("never ended")
        if os.waitstatus_to_exitcode(got) != int(status):
            self.fail(f"ended with {os.waitstatus_to_exitcode(got)} instead of {status}")
        if termios.tcgetattr(self.slave) != self.before:
            self.fail("the terminal is not as it was")


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        return file.read().rstrip("\0").replace("\0", " ")


def decode(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def main():
    at = sys.argv.index("--")
    terminal = Terminal(sys.argv[at + 1:])
    for step in sys.argv[1:at]:
        verb, _, value = step.partition("=")
        if verb == "expect":
            terminal.expect(value)
        elif verb == "send":
            os.write(terminal.master, decode(value))
        elif verb == "size":
            terminal.resize(*map(int, value.split("x")))
        elif verb == "signal":
            os.kill(terminal.child, int(value))
        elif verb == "run":
            subprocess.run(value, shell=True, check=True)
        elif verb == "command":
            if command_line(terminal.child) != value:
                terminal.fail(f"the command is {command_line(terminal.child)!r}")
        elif verb == "end":
            terminal.end(value)
        else:
            sys.exit(f"no such step: {step}")


main()
