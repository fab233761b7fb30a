#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether one tree is an exact copy of another: prints what differs, one line each; 1 if anything.

	compare.py [--shift FROM:TO:COUNT] [--no-holes] SOURCE COPY

Looks at all that stat(2) shows of an entry but its place and change time, at contents, holes (as
SEEK_DATA shows them), extended attributes of every namespace, and at which names are one file. It
shares nothing with the copy engine. Nothing is changed by looking, access times included.
"""

import argparse
import os
import stat
import struct
import sys

CHUNK = 1 << 20
ACL_WITH_ID = (2, 8)
SHADOW = "trusted.SGI_ACL_"  # what xfs shows of access lists beside system.posix_acl_*


def open_below(fd, name, flags):
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NOATIME, dir_fd=fd)
    except PermissionError:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=fd)


def attributes(fd, name):
    """Of anything, links and devices too, without opening it."""
    place = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=fd)
    try:
        path = f"/proc/self/fd/{place}"
        return {key: os.getxattr(path, key) for key in os.listxattr(path)
                if not key.startswith(SHADOW)}
    except OSError as error:
        if error.errno == 95:  # no such thing on this file system
            return {}
        raise
    finally:
        os.close(place)


def data_map(fd, size):
    """(begin, end) of each piece of data."""
    pieces, at = [], 0
    while at < size:
        try:
            begin = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        at = min(os.lseek(fd, begin, os.SEEK_HOLE), size)
        pieces.append((begin, at))
    return pieces


def first_difference(a, b, pieces):
    for begin, end in pieces:
        while begin < end:
            length = min(CHUNK, end - begin)
            if os.pread(a, length, begin) != os.pread(b, length, begin):
                return begin
            begin += length
    return None


class Shift:
    """Ids on their way; attributes, too."""

    def __init__(self, text=None):
        self.range = tuple(map(int, text.split(":"))) if text else None

    def id(self, number):
        if not self.range:
            return number
        begin, to, count = self.range
        return number - begin + to if begin <= number < begin + count else None

    def attribute(self, key, value):
        if self.range and key.startswith("system.posix_acl_"):
            head, entries = value[:4], list(struct.iter_unpack("<HHI", value[4:]))
            return head + b"".join(
                struct.pack("<HHI", tag, bits, self.id(who) if tag in ACL_WITH_ID else who)
                for tag, bits, who in entries)
        if self.range and key == "security.capability":
            words = struct.unpack("<5I", value[:20])
            root = self.id(struct.unpack("<I", value[20:])[0] if len(value) > 20 else 0)
            version = 0x03000000 if root else 0x02000000
            packed = struct.pack("<5I", words[0] & 0xffffff | version, *words[1:])
            return packed + struct.pack("<I", root) if root else packed
        return value


class Comparison:
    def __init__(self, shift, holes=True):
        self.shift, self.holes = shift, holes
        self.differences = []
        self.pairs, self.back = {}, {}  # files with several names: source → copy and back
        self.count = 0

    def tell(self, path, text):
        self.differences.append(f"{os.fsdecode(path)[-200:]!r}: {text}")

    def status(self, path, a, b):
        if stat.S_IFMT(a.st_mode) != stat.S_IFMT(b.st_mode):
            self.tell(path, f"type {a.st_mode:o}, copy {b.st_mode:o}")
            return False
        rows = [("mode", a.st_mode, b.st_mode), ("owner", self.shift.id(a.st_uid), b.st_uid),
                ("group", self.shift.id(a.st_gid), b.st_gid),
                ("mtime", a.st_mtime_ns, b.st_mtime_ns), ("atime", a.st_atime_ns, b.st_atime_ns)]
        if not stat.S_ISDIR(a.st_mode):
            rows += [("size", a.st_size, b.st_size), ("links", a.st_nlink, b.st_nlink),
                     ("device", a.st_rdev, b.st_rdev)]
        for what, is_a, is_b in rows:
            if is_a != is_b:
                self.tell(path, f"{what} {is_a}, copy {is_b}")
        return True

    def identity(self, path, a, b):
        """Names of one file are names of one file, and of no other."""
        one, other = (a.st_dev, a.st_ino), (b.st_dev, b.st_ino)
        if one == other:
            self.tell(path, "source and copy are the same file")
        seen = one in self.pairs
        if self.pairs.setdefault(one, other) != other or self.back.setdefault(other, one) != one:
            self.tell(path, "is a name of another file")
        return not seen

    def content(self, path, a_fd, b_fd, name, size):
        a, b = (open_below(fd, name, os.O_RDONLY) for fd in (a_fd, b_fd))
        try:
            maps = data_map(a, size), data_map(b, size)
            if self.holes and maps[0] != maps[1]:
                self.tell(path, f"data at {maps[0][:4]}, copy {maps[1][:4]}")
            at = first_difference(a, b, sorted(set(maps[0] + maps[1])))
            if at is not None:
                self.tell(path, f"content differs at or after {at}")
        finally:
            os.close(a)
            os.close(b)

    def values(self, path, a_fd, b_fd, name):
        a = {key: self.shift.attribute(key, value)
             for key, value in attributes(a_fd, name).items()}
        b = attributes(b_fd, name)
        for key in sorted(a.keys() | b.keys()):
            if a.get(key) != b.get(key):
                self.tell(path, f"attribute {key} {a.get(key)!r:.60}, copy {b.get(key)!r:.60}")

    def entry(self, path, a_fd, b_fd, name):
        self.count += 1
        a, b = (os.stat(name, dir_fd=fd, follow_symlinks=False) for fd in (a_fd, b_fd))
        if not self.status(path, a, b):
            return
        is_new = True
        if not stat.S_ISDIR(a.st_mode):
            is_new = self.identity(path, a, b)
        if not is_new:
            return
        self.values(path, a_fd, b_fd, name)
        if stat.S_ISLNK(a.st_mode):
            texts = [os.readlink(name, dir_fd=fd) for fd in (a_fd, b_fd)]
            if texts[0] != texts[1]:
                self.tell(path, f"leads to {texts[0]!r:.60}, copy {texts[1]!r:.60}")
        elif stat.S_ISREG(a.st_mode) and a.st_size == b.st_size:
            self.content(path, a_fd, b_fd, name, a.st_size)
        elif stat.S_ISDIR(a.st_mode):
            self.folder(path, a_fd, b_fd, name)

    def folder(self, path, a_fd, b_fd, name):
        a, b = (open_below(fd, name, os.O_RDONLY | os.O_DIRECTORY) for fd in (a_fd, b_fd))
        try:
            inside = [{os.fsencode(entry) for entry in os.listdir(fd)} for fd in (a, b)]
            for entry in sorted(inside[0] - inside[1]):
                self.tell(path + b"/" + entry, "is missing in the copy")
            for entry in sorted(inside[1] - inside[0]):
                self.tell(path + b"/" + entry, "is in the copy only")
            for entry in sorted(inside[0] & inside[1]):
                self.entry(path + b"/" + entry, a, b, entry)
        finally:
            os.close(a)
            os.close(b)


def compare(source, copy, shift=None, holes=True):
    """What differs, and how many entries were looked at."""
    comparison = Comparison(Shift(shift), holes)
    # From the directories above: the tops are looked at as all the others are.
    a, b = (os.open(top, os.O_PATH | os.O_DIRECTORY) for top in (source, copy))
    try:
        comparison.entry(b"", a, b, b".")
    finally:
        os.close(a)
        os.close(b)
    return comparison.differences, comparison.count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shift")
    parser.add_argument("--no-holes", action="store_true")
    parser.add_argument("source")
    parser.add_argument("copy")
    arguments = parser.parse_args()
    differences, count = compare(arguments.source, arguments.copy, arguments.shift,
                                 not arguments.no_holes)
    for line in differences:
        print(line)
    print(f"{count} entries, {len(differences)} differences", file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
