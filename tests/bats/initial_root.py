#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""initial_root.py COMMAND…: run it where "/" is the initial ramdisk, as on hosts that never leave it.

Every mount namespace keeps that root below the real one. Here the real one goes, in a namespace of
the test's own, and its directories are bound on the initial one, so that all paths stay true. What
is made there for that is removed again. Exit status 77: this machine's root can't be taken away.
"""

import ctypes
import os
import subprocess
import sys

CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2
OPEN_TREE, MOVE_MOUNT, OPEN_TREE_CLONE, AT_RECURSIVE, FROM_EMPTY = 428, 429, 1, 0x8000, 4
HOST = "/.tare-host"
libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), what)
    return result


def clone_tree(path):
    return check(libc.syscall(OPEN_TREE, -100, path.encode(), OPEN_TREE_CLONE | AT_RECURSIVE), path)


def attach(tree, path):
    check(libc.syscall(MOVE_MOUNT, tree, b"", -100, path.encode(), FROM_EMPTY), path)
    os.close(tree)


def go_to_the_initial_root():
    check(libc.unshare(CLONE_NEWNS), "unshare")
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "/")
    namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    host = clone_tree("/")
    check(libc.umount2(b"/", MNT_DETACH), "/")
    check(libc.setns(namespace, CLONE_NEWNS), "setns")
    os.close(namespace)
    return host


def furnish(host, made):
    os.mkdir(HOST)
    made.append(HOST)
    attach(host, HOST)
    for entry in os.scandir(HOST):
        target = f"/{entry.name}"
        if entry.is_symlink() and not os.path.lexists(target):
            os.symlink(os.readlink(entry.path), target)
            made.append(target)
        elif entry.is_dir(follow_symlinks=False):
            if not os.path.isdir(target):
                os.mkdir(target)
                made.append(target)
            attach(clone_tree(entry.path), target)


def clear(made):
    for path in reversed(made):
        if os.path.islink(path):
            os.unlink(path)
        else:
            libc.umount2(path.encode(), MNT_DETACH)
            os.rmdir(path)


def main():
    made = []
    try:
        host = go_to_the_initial_root()
    except OSError as error:
        print(error, file=sys.stderr)
        return 77
    mode = os.stat("/").st_mode & 0o7777  # as the archive had it, from a private folder perhaps
    try:
        os.chmod("/", 0o755)
        furnish(host, made)
        return subprocess.run(sys.argv[1:], check=False).returncode
    finally:
        os.chmod("/", mode)
        clear(made)


if __name__ == "__main__":
    sys.exit(main())
