#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill_at.py N PROGRAM ARGUMENTS...: SIGKILL at its Nth system call (ptrace(2)).

Its children are not followed. Exit status: 0 it was killed, 1 it had ended before. With 0 for N it
is left alone, and its stops (two for a call) are counted and printed.
"""

import ctypes
import os
import signal
import sys

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
EXITKILL = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) < 0:
        sys.exit(f"ptrace {request}: {os.strerror(ctypes.get_errno())}")


def main():
    count, pid = int(sys.argv[1]), os.fork()
    if pid == 0:
        # A sanitizer that looks for leaks wants to trace the program itself.
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        ptrace(TRACEME, 0)
        os.execv(sys.argv[2], sys.argv[2:])
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, EXITKILL)
    pending = stops = 0
    while count == 0 or stops < 2 * count:  # before the call and behind it
        ptrace(SYSCALL, pid, pending)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if count == 0:
                print(stops)
            sys.exit(1)
        stops += 1
        pending = os.WSTOPSIG(status) if os.WSTOPSIG(status) != signal.SIGTRAP else 0
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


main()
