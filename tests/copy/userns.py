#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies by root of a user namespace, as an ordinary user's containers are copied: what such a root
may do is done exactly, what it may not is told.

	userns.py COPY-TREE
"""

import errno
import os
import pathlib
import shutil
import stat
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "faults")]
sys.dont_write_bytecode = True

import tree  # noqa: E402
from compare import compare  # noqa: E402
from tap import Report  # noqa: E402
from world import World, enter  # noqa: E402

FIRST, COUNT = 100000, 65536
SHIFT = f"0:{FIRST}:{COUNT}"
# What only the host's root sees or may set.
OF_THE_HOST = ("attribute trusted.", "attribute security.tare")


def build(world, place):
    """A container's tree: every kind of file that it can have, owned by its ids."""
    made, source = place / "made", place / "source"
    t = tree.Tree(made)
    for part in (tree.contents, tree.symbolic_links, tree.modes, tree.attributes, tree.names):
        part(t)
    tree.links(t, 50)
    tree.special(t)
    for name in ("null", "disk"):
        os.unlink(made / "special" / name)
    copied = world.copy(made, source, "-u", SHIFT, "-g", SHIFT)
    shutil.rmtree(made)
    return source, copied.problems()


def target_for(place):
    target = place / "target"
    target.mkdir()
    os.chown(target, FIRST, FIRST)
    return target


def is_of_the_host(line):
    return any(what in line for what in OF_THE_HOST)


def exact(report, world, kind, place):
    place.mkdir(exist_ok=True)
    os.chmod(place, 0o755)
    source, wrong = build(world, place)
    target = target_for(place)
    copied = world.copy_inside(FIRST, COUNT, source, target)
    differences, count = compare(source, target)
    wrong += copied.problems() + [line for line in differences if not is_of_the_host(line)]
    if count < 350:
        wrong.append(f"only {count} entries were compared")
    if sum("security.tare" in line for line in differences) != 1:
        wrong.append("security.tare was not lost once")
    if copied.said.get("lost") != 1 or copied.said.get("lost_name") != "security.tare":
        wrong.append(f"said {copied.said}")
    report.point(f"{kind}: an exact copy, but for what is the host's", wrong[:20])
    ping = {name: os.getxattr(target / "attributes" / name, "security.capability")
            for name in ("ping", "ping-inside")}
    report.point(f"{kind}: capabilities are those of the container's root and of a nested one's",
                 [f"{name}: {value}" for name, value in ping.items()
                  if value != tree.capability(FIRST + (42 if name == "ping-inside" else 0))])
    shutil.rmtree(target)
    return source


def refused(world, place, source, number, *texts):
    """The copy fails with this number and these words, and nothing of the source is changed."""
    names = ("st_mode", "st_uid", "st_gid", "st_size", "st_mtime_ns", "st_nlink", "st_ctime_ns")
    before = {path: os.lstat(path) for path in source.rglob("*")}
    copied = world.copy_inside(FIRST, COUNT, source, target_for(place))
    wrong = copied.problems(number)
    wrong += [f"{text!r} is not in: {copied.errors}" for text in texts
              if text not in copied.errors]
    wrong += [f"{path} was changed" for path, status in before.items() for name in names
              if getattr(os.lstat(path), name) != getattr(status, name)]
    shutil.rmtree(place / "target")
    return wrong


def refusals(report, world, place, source):
    os.mknod(source / "special/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    report.point("a device node, which a container's root can't make, is told with its place",
                 refused(world, place, source, errno.EPERM, "special/null", "need root's rights"))
    os.unlink(source / "special/null")
    os.mkdir(source / "hidden", 0o700)
    report.point("and a directory of the host's that it can't read",
                 refused(world, place, source, errno.EACCES, '"hidden"', "only root"))
    os.rmdir(source / "hidden")


def main():
    enter()
    world, report = World(sys.argv[1]), Report()
    try:
        os.chmod(world.top, 0o711)
        places = {"the host's file system": world.top / "host", "tmpfs": world.memory("memory"),
                  "ext4": world.image("ext4", "ext4", 100),
                  "btrfs": world.image("btrfs", "btrfs", 200)}
        for kind, place in places.items():
            if not place:
                report.skip(f"{kind}: an exact copy", f"mkfs.{kind} is missing")
                continue
            source = exact(report, world, kind, place)
            if kind == "tmpfs":
                refusals(report, world, place, source)
            shutil.rmtree(source)
    finally:
        world.finish()
    return report.finish()


sys.exit(main())
