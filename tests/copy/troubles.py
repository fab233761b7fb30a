#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies of trees that somebody changes meanwhile, onto disks that are full or read-only, of what
cannot be copied: what is told, and that nothing outside is touched.

	troubles.py COPY-TREE
"""

import errno
import fcntl
import os
import pathlib
import shutil
import struct
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "faults")]
sys.dont_write_bytecode = True

import tree  # noqa: E402
from compare import compare  # noqa: E402
from tap import Report  # noqa: E402
from world import World, enter, must, run  # noqa: E402

SECONDS = 2  # of each race
FIBMAP = 1


class Meanwhile:
    """Calls a function again and again in a thread of its own."""

    def __init__(self, change):
        self.change, self.over, self.rounds = change, threading.Event(), 0
        self.thread = threading.Thread(target=self.loop)

    def loop(self):
        while not self.over.is_set():
            try:
                self.change(self.rounds)
            except OSError:
                pass  # it is a race
            self.rounds += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def expect(copied, number, *texts):
    """It failed with this number and these words; the problems."""
    wrong = copied.problems(number)
    return wrong + [f"{text!r} is not in: {copied.errors}" for text in texts
                    if text not in copied.errors]


def small_tree(top, files=200):
    t = tree.Tree(top)
    for folder in ("a", "b", "a/c"):
        t.folder(folder)
        for i in range(files):
            t.file(f"{folder}/{i}", os.urandom(2000 + i))
    return t


def full_disks(report, world):
    source = world.top / "source"
    tree.build(source, many_links=100, levels=20)
    small = world.image("ext4", "small", 8)
    if small:
        copied = world.copy(source, small / "target", "-s")
        report.point("a full disk is told with the file's place and what to do",
                     expect(copied, errno.ENOSPC, "cannot write the copy",
                            "file system is full", "No space left"))
        shutil.rmtree(small / "target")
        # Its lost+found is no obstacle.
        for name in ("contents", "holes", "crowd"):
            shutil.rmtree(source / name)
        tree.Tree(source).folder("lost+found", 0o700)
        copied = world.copy(source, small)
        report.point("a new file system with its lost+found is a target",
                     copied.problems() + compare(source, small)[0][:10])
        for path in small.iterdir():
            if path.name != "lost+found":
                shutil.rmtree(path)
        must("mount", "-o", "remount,ro", small)
        report.point("a read-only disk is told", expect(
            world.copy(source, small), errno.EROFS, "Read-only file system"))
    few = world.memory("few", options="nr_inodes=50")
    report.point("too few inodes are told",
                 expect(world.copy(source, few / "target"), errno.ENOSPC, "cannot make the"))
    shutil.rmtree(source)


def place_on_disk(path):
    """The byte of its file system's image where a file begins (FIBMAP)."""
    with path.open("rb") as file:
        found = fcntl.ioctl(file, FIBMAP, struct.pack("I", 0))
        return struct.unpack("I", found)[0] * os.fstatvfs(file.fileno()).f_bsize


def broken_disks(report, world):
    """What the loop device's file lacks, because it was cut or has no room, the device can't read or
    write: EIO."""
    source, target = world.top / "source", world.top / "target"
    old = world.image("ext4", "old", 40)
    if not old:
        report.skip("a disk that can't be read is told", "mkfs.ext4 is missing")
        return
    small_tree(old / "tree", 20)
    lost = old / "tree/a/c/lost"
    lost.write_bytes(os.urandom(8 << 20))
    os.sync()
    end = place_on_disk(lost) + (64 << 10)
    tried = {path.relative_to(old / "tree"): place_on_disk(path) + path.stat().st_size
             for path in (old / "tree").rglob("*") if path.is_file()}
    before = sorted((path, os.lstat(path)) for path in (old / "tree").rglob("*"))
    world.unmount(old)
    image = world.top / "old.image"
    world.mount("-o", "loop,ro,noload", image, at=old)  # nothing of it is in memory now
    list(old.rglob("*"))
    os.truncate(image, end)
    copied = world.copy(old / "tree", target, "-s")
    wrong = expect(copied, errno.EIO, "cannot read", "Input/output error", "dmesg")
    # Small files may lie behind the large one.
    if not any(f'cannot read "{name}"' in copied.errors for name in tried if tried[name] > end):
        wrong.append(f"none of the files that are lost is named: {copied.errors}")
    if sorted((path, os.lstat(path)) for path in (old / "tree").rglob("*")) != before:
        wrong.append("the source was changed")
    report.point("a disk that can't be read is told with the file's place", wrong)
    shutil.rmtree(target)
    world.unmount(old)
    thin = world.memory("thin", options="size=12m")
    small_tree(source, 20)
    (source / "large").write_bytes(os.urandom(20 << 20))
    with (thin / "image").open("wb") as out:
        out.truncate(100 << 20)
    must("mkfs.ext4", "-q", "-F", "-b", "4096", thin / "image")
    place = world.mount("-o", "loop", thin / "image", at=world.top / "inside")
    copied = world.copy(source, place / "target", "-s")
    # The file system may have noticed before we ask: then it has made itself read-only.
    number = copied.status if copied.status in (errno.EIO, errno.EROFS, errno.ENOSPC) else errno.EIO
    report.point("a disk that can't be written, too",
                 expect(copied, number, "cannot ", os.strerror(number), "hint"))
    world.unmount(place)
    shutil.rmtree(source)


def refusals(report, world):
    source, target = world.top / "source", world.top / "target"
    t = small_tree(source, 3)
    t.owner("a/c/1", 5, 5)
    report.point("an id that the map lacks is told with its file",
                 expect(world.copy(source, target, "-u", "0:1000:1"), errno.EOVERFLOW,
                        'shift the owner of "a/c/1"', "no counterpart"))
    shutil.rmtree(target)
    t.owner("a/c/1", 0, 0)
    t.attribute("a/c/1", "system.posix_acl_access", tree.named_list(7, 7))
    report.point("an id in an access list that the map lacks, too",
                 expect(world.copy(source, target, "-u", "0:1000:1"), errno.EOVERFLOW,
                        'attribute of "a/c/1"', "access list"))
    report.point("a target that is not empty is refused, and stays as it was",
                 expect(world.copy(source, target), errno.ENOTEMPTY, "choose another"))
    shutil.rmtree(target)
    report.point("a tree is not copied into itself",
                 expect(world.copy(source, source / "b/inside"), errno.EINVAL, "inside the source"))
    shutil.rmtree(source / "b/inside")
    report.point("nor onto itself", expect(world.copy(source, source), errno.EINVAL, "the same"))
    report.point("blocks that cannot be shared are an error when they must be",
                 expect(world.copy(source, world.memory("elsewhere") / "t", "-r", "always"),
                        errno.EXDEV, "share the blocks of"))
    report.point("ranges that overlap are refused",
                 expect(world.copy(source, target, "-u", "0:10:5", "-u", "4:100:5"), errno.EINVAL,
                        "overlap"))
    shutil.rmtree(target)
    report.point("one that is cancelled says so",
                 expect(world.copy(source, target, "-n", "0"), errno.ECANCELED, "cancelled"))
    shutil.rmtree(target)
    shutil.rmtree(source)


def losses(report, world):
    """ramfs knows no attributes: told, but no error, as with cp -a."""
    source = world.top / "source"
    t = small_tree(source, 3)
    t.attribute("a/c/1", "user.text", b"text")
    t.attribute("b", "user.text", b"text")
    copied = world.copy(source, world.memory("plain", "ramfs") / "target")
    wrong = copied.problems()
    if copied.said.get("lost") != 2 or copied.said.get("lost_name") != "user.text":
        wrong.append(f"said {copied.said}")
    lines = compare(source, world.top / "plain/target")[0]
    report.point("attributes that a file system cannot have are counted",
                 wrong + [line for line in lines if "attribute user.text" not in line])
    shutil.rmtree(source)


def mounts(report, world):
    source, target = world.top / "source", world.top / "target"
    t = small_tree(source, 3)
    t.folder("mounted", 0o700)
    inner = world.mount("-t", "tmpfs", "-o", "mode=1751,uid=77", "none", at=source / "mounted")
    (inner / "hidden").touch()
    bound = source / "a/place"
    bound.touch()
    (world.memory("other") / "file").write_text("mounted")
    world.mount("--bind", world.top / "other/file", at=bound)
    copied = world.copy(source, target, "-x")
    wrong = copied.problems()
    status = os.stat(target / "mounted")
    if os.listdir(target / "mounted") or status.st_uid != 77 or status.st_mode & 0o7777 != 0o1751:
        wrong.append(f"mounted: {os.listdir(target / 'mounted')} {status}")
    if (target / "a/place").stat().st_size:
        wrong.append("a mounted file was copied")
    if copied.said.get("mounts") != 2:
        wrong.append(f"said {copied.said}")
    report.point("mounts are left out where that is asked for", wrong)
    shutil.rmtree(target)
    copied = world.copy(source, target)
    report.point("and copied where it is not", copied.problems() + compare(source, target)[0])
    shutil.rmtree(target)
    world.unmount(bound)
    world.unmount(inner)
    shutil.rmtree(source)


def changing(report, world):
    """Files come, go, grow, shrink and become something else while they are copied."""
    source, target = world.top / "source", world.top / "target"
    t = small_tree(source)
    t.folder("quiet")
    for i in range(100):
        t.file(f"quiet/{i}", os.urandom(5000))
    t.file("a/long", os.urandom(20 << 20))

    def change(i):
        name = source / ("a", "b", "a/c")[i % 3] / str(i * 7 % 200)
        kind = i % 8
        if kind == 0:
            os.unlink(name)
        elif kind == 1:
            os.rename(name, str(name) + "x")
        elif kind == 2:
            with open(name, "ab") as out:
                out.write(b"more" * 5000)
        elif kind == 3:
            os.truncate(name, 10)
        elif kind == 4:
            os.unlink(name)
            os.mkdir(name)
        elif kind == 5:
            shutil.rmtree(name) if name.is_dir() else name.write_bytes(b"again")
        elif kind == 6:
            os.link(name, str(name) + "l")
            os.unlink(name)
            os.rename(str(name) + "l", name)
        else:
            os.truncate(source / "a/long", i % 20 << 20)

    wrong, count, vanished = [], 0, 0
    end = time.monotonic() + SECONDS
    with Meanwhile(change) as race:
        while time.monotonic() < end or count < 3:
            copied = world.copy(source, target)
            wrong += copied.problems()
            vanished += copied.said.get("vanished", 0)
            wrong += compare(source / "quiet", target / "quiet")[0]
            shutil.rmtree(target)
            count += 1
    report.note(f"{count} copies, {race.rounds} changes, {vanished} entries vanished")
    report.point("what changes meanwhile is no error, and what does not is exact", wrong[:10])
    shutil.rmtree(source)


def very_deep(report, world):
    """Deeper than directories stay open, with branches, and names of one file at both ends."""
    source, target = world.top / "source", world.top / "target"
    tree.depth(tree.Tree(source), 3000)
    copied = world.copy(source, target)
    wrong = copied.problems()
    if copied.said.get("directories") != 3076:
        wrong.append(f"said {copied.said}")
    first = os.stat(target / "deep/bottom-too")
    if first.st_nlink != 2:
        wrong.append(f"{first.st_nlink} links")
    report.point("a very deep tree", wrong)
    for top in (source, target):
        run("rm", "-rf", top)


def state_of(top):
    """Everything about a tree that must not be touched."""
    return [(path, os.lstat(path), path.read_bytes() if path.is_file() else b"")
            for path in sorted(top.rglob("*"))] + [os.lstat(top).st_mtime_ns]


def is_secret(path):
    return path.is_file() and not path.is_symlink() and b"SECRET" in path.read_bytes()


def attacks(report, world):
    """Links to the outside and pipes, exchanged with what is copied: in both trees."""
    outside, source, target = (world.top / name for name in ("outside", "source", "target"))
    tree.Tree(outside).folder("folder", 0o700)
    (outside / "folder/secret").write_text("SECRET")
    (outside / "file").write_text("SECRET")
    t = small_tree(source, 50)
    for i in range(20):
        t.folder(f"b/folder{i}")
        t.file(f"b/folder{i}/inside")
    os.symlink(outside / "folder", source / "link")
    os.symlink(outside / "file", source / "link2")
    link = world.top / "link"
    os.symlink(outside / "folder", link)
    os.mkfifo(source / "pipe")
    before = state_of(outside)

    def change(i):
        name = source / "b" / f"folder{i % 20}"
        tree.exchange(source / "link", name)
        tree.exchange(source / "link2", source / "b" / str(i % 50))
        tree.exchange(source / "pipe", source / "a" / str(i % 50))
        tree.exchange(source / "link", name)
        tree.exchange(source / "link2", source / "b" / str(i % 50))
        tree.exchange(source / "pipe", source / "a" / str(i % 50))
        # Root can do this to the target, nobody else gets in.
        tree.exchange(link, target / "b")
        tree.exchange(link, target / "b")

    wrong, count = [], 0
    end = time.monotonic() + SECONDS
    with Meanwhile(change) as race:
        while time.monotonic() < end or count < 3:
            world.copy(source, target)
            # Out of the attacker's reach, who would have us read what is outside.
            copy = target.rename(world.top / "copy")
            for folder, _, names in os.walk(copy):
                wrong += [f"{folder}/{name} is from outside" for name in names
                          if is_secret(pathlib.Path(folder, name))]
            shutil.rmtree(copy)
            count += 1
    report.note(f"{count} copies, {race.rounds} rounds of the attacker")
    if state_of(outside) != before:
        wrong.append("the outside was changed")
    report.point("links that are put in the way lead nowhere", wrong[:10])
    shutil.rmtree(target, ignore_errors=True)
    shutil.rmtree(source)
    shutil.rmtree(outside)


def main():
    enter()
    world, report = World(sys.argv[1]), Report()
    try:
        for part in (full_disks, broken_disks, refusals, losses, mounts, very_deep, changing, attacks):
            part(report, world)
    finally:
        world.finish()
    return report.finish()


sys.exit(main())
