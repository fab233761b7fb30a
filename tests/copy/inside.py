# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program as root of a user namespace whose ids are COUNT from FIRST on.

	inside.py FIRST COUNT PROGRAM [ARGUMENT]...
"""

import ctypes
import os
import pathlib
import sys

CLONE_NEWUSER = 0x10000000


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    made, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        if libc.unshare(CLONE_NEWUSER):
            sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
        os.write(made[1], b"x")
        os.read(mapped[0], 1)
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        os.execv(sys.argv[3], sys.argv[3:])
    os.read(made[0], 1)
    for name in ("uid_map", "gid_map"):
        pathlib.Path(f"/proc/{child}/{name}").write_text(f"0 {sys.argv[1]} {sys.argv[2]}\n")
    os.write(mapped[1], b"x")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


sys.exit(main())
