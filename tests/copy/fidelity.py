#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trees with every kind of file, copied on four file systems and compared with their source.

	fidelity.py COPY-TREE
"""

import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "faults")]
sys.dont_write_bytecode = True

import tree  # noqa: E402
from compare import compare  # noqa: E402
from tap import Report  # noqa: E402
from world import World, enter  # noqa: E402

SHIFT = "0:100000:70000"
SIZE = 400  # megabytes of a file system: xfs wants 300


def checked(world, source, target, *words, shift=None, said=None):
    """Copy, compare; the problems."""
    copied = world.copy(source, target, *words)
    if copied.status:
        return copied.problems()
    differences, count = compare(source, target, shift)
    wrong = [f"{key} is {copied.said[key]}" for key in ("vanished", "mounts", "lost")
             if copied.said[key]]
    if count < 12000:
        wrong.append(f"only {count} entries were compared")
    wrong += said(copied.said) if said else []
    shutil.rmtree(target)
    return (differences + wrong)[:20]


def all_shared(said):
    return [] if said["shared"] == said["bytes"] > 0 else [f"shared {said['shared']} bytes"]


def none_shared(said):
    return [f"shared {said['shared']} bytes"] if said["shared"] else []


def on_file_system(report, world, kind, place, shares):
    source, target = place / "source", place / "target"
    # btrfs shows allocated space as data once it is shared.
    tree.build(source, has_allocated=kind != "btrfs")
    report.point(f"{kind}: an exact copy",
                 checked(world, source, target, "-s", said=all_shared if shares else none_shared))
    report.point(f"{kind}: every block is written anew",
                 checked(world, source, target, "-r", "never", said=none_shared))
    report.point(f"{kind}: by one thread, and by many",
                 checked(world, source, target, "-j", "1") +
                 checked(world, source, target, "-j", "7"))
    report.point(f"{kind}: with other ids",
                 checked(world, source, target, "-u", SHIFT, "-g", SHIFT, shift=SHIFT))
    return source


def shifted_back(report, world, source):
    """There and back again: as if nothing had happened."""
    there, back = source.parent / "there", source.parent / "back"
    first = world.copy(source, there, "-u", SHIFT, "-g", SHIFT)
    other = "100000:0:70000"
    second = world.copy(there, back, "-u", other, "-g", other)
    report.point("ids shifted there and back are what they were", first.problems() +
                 second.problems() + compare(source, back)[0][:20])
    shutil.rmtree(there)
    shutil.rmtree(back)


def seeded(top):
    """(what, change) of each difference that a comparison must find."""
    def put(name, at, turned):
        """One byte, its bits turned by a mask: contents are random, a fixed byte may stand there."""
        def change():
            status = os.stat(top / name)
            with (top / name).open("r+b") as file:
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ turned]))
            os.utime(top / name, ns=(status.st_atime_ns, status.st_mtime_ns))
        return change

    def again(name):
        content, status = (top / name).read_bytes(), os.stat(top / name)
        (top / name).unlink()
        (top / name).write_bytes(content)
        os.utime(top / name, ns=(status.st_atime_ns, status.st_mtime_ns))

    def relink():
        times = os.lstat(top / "symbolic/up")
        (top / "symbolic/up").unlink()
        os.symlink("../../x", top / "symbolic/up")
        os.utime(top / "symbolic/up", ns=(times.st_atime_ns, times.st_mtime_ns),
                 follow_symlinks=False)

    some, heirs = top / "attributes/some", top / "attributes/heirs"
    yield "content", put("contents/300000", 299999, 0xff)
    yield "data at", put("holes/middle", 3 << 20, 0)
    yield "mode", lambda: os.chmod(top / "contents/1", 0o600)
    yield "owner", lambda: os.chown(top / "contents/4095", 5, -1)
    yield "group", lambda: os.chown(top / "special/pipe", -1, 5)
    yield "mtime", lambda: os.utime(top / "crowd/1", ns=(os.stat(top / "crowd/1").st_atime_ns, 1))
    yield "atime", lambda: os.utime(top / "empty", ns=(1, os.stat(top / "empty").st_mtime_ns))
    yield "attribute user.text", lambda: os.setxattr(some, "user.text", b"texT")
    yield "attribute trusted.secret", lambda: os.removexattr(some, "trusted.secret")
    yield "attribute user.more", lambda: os.setxattr(some, "user.more", b"")
    yield "attribute system.posix_acl_default", lambda: os.setxattr(
        heirs, "system.posix_acl_default", tree.named_list(33, 35))
    yield "attribute security.capability", lambda: os.setxattr(
        top / "attributes/ping", "security.capability", tree.capability(9))
    yield "attribute trusted.link", lambda: os.setxattr(
        top / "symbolic/dangling", "trusted.link", b"x", follow_symlinks=False)
    yield "leads to", relink
    yield "size", lambda: os.truncate(top / "contents/65536", 65535)
    yield "links", lambda: again("links/0/7")
    yield "is missing", lambda: os.unlink(top / "names/x...")
    yield "copy only", lambda: (top / "names/more").touch()


def finds_differences(report, world, source):
    """The test of the test: one difference at a time in a copy, each found and named."""
    target = source.parent / "target"
    wrong = world.copy(source, target).problems()
    known = 0
    for what, change in seeded(target):
        change()
        found = compare(source, target)[0]
        if len(found) <= known or not any(what in line for line in found):
            wrong.append(f"not found: {what}")
        known = len(found)
    report.point("the comparison finds what was changed", wrong)
    shutil.rmtree(target)


def main():
    enter()
    world, report = World(sys.argv[1]), Report()
    try:
        places = {"the host's file system": world.top / "host", "tmpfs": world.memory("memory"),
                  "ext4": world.image("ext4", "ext4", SIZE), "xfs": world.image("xfs", "xfs", SIZE),
                  "btrfs": world.image("btrfs", "btrfs", SIZE)}
        for kind, place in places.items():
            if not place:
                report.skip(f"{kind}: an exact copy", f"mkfs.{kind} is missing")
                continue
            place.mkdir(exist_ok=True)
            source = on_file_system(report, world, kind, place, kind in ("xfs", "btrfs"))
            if kind == "tmpfs":
                shifted_back(report, world, source)
                finds_differences(report, world, source)
            shutil.rmtree(source)
    finally:
        world.finish()
    return report.finish()


sys.exit(main())
