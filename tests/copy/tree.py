# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tree with every kind of file that a copy may meet, and the calls that Python lacks."""

import ctypes
import errno
import os
import socket
import stat
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2

ACL_USER_OBJ, ACL_USER, ACL_GROUP_OBJ, ACL_GROUP, ACL_MASK, ACL_OTHER = 1, 2, 4, 8, 16, 32
NOBODY = 0xffffffff


def exchange(a, b):
    """Two names change their places at once; nothing happens when one is missing."""
    LIBC.renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE)


def access_list(*entries):
    """system.posix_acl_*: (tag, permissions, id) each."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def named_list(uid, gid):
    return access_list((ACL_USER_OBJ, 7, NOBODY), (ACL_USER, 6, uid), (ACL_GROUP_OBJ, 5, NOBODY),
                       (ACL_GROUP, 4, gid), (ACL_MASK, 7, NOBODY), (ACL_OTHER, 1, NOBODY))


def capability(root=None):
    """security.capability: version 2, or 3 with a root's id."""
    words = (1 << 10 | 1 << 13, 0, 0, 0)
    if root is None:
        return struct.pack("<5I", 0x02000001, *words)
    return struct.pack("<6I", 0x03000001, *words, root)


class Tree:
    """Makes files below a directory; names are bytes."""

    def __init__(self, top):
        self.top = os.fsencode(top)
        os.makedirs(self.top, exist_ok=True)

    def path(self, name):
        return os.path.join(self.top, os.fsencode(name))

    def folder(self, name, mode=0o755):
        os.mkdir(self.path(name))
        os.chmod(self.path(name), mode)
        return self.path(name)

    def file(self, name, content=b"content\n", mode=0o644):
        with open(self.path(name), "wb") as out:
            out.write(content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def sparse(self, name, size, *islands):
        """Data of the given length at the given places."""
        with open(self.path(name), "wb") as out:
            out.truncate(size)
            for at, length in islands:
                out.seek(at)
                out.write(os.urandom(length))

    def owner(self, name, uid, gid):
        os.chown(self.path(name), uid, gid, follow_symlinks=False)

    def times(self, name, atime, mtime):
        os.utime(self.path(name), ns=(atime, mtime), follow_symlinks=False)

    def attribute(self, name, key, value):
        os.setxattr(self.path(name), key, value, follow_symlinks=False)


def contents(t):
    t.folder("contents")
    for size in (0, 1, 4095, 4096, 4097, 65536, 300000, 3 << 20):
        t.file(f"contents/{size}", os.urandom(size))
    t.folder("holes")
    t.sparse("holes/all", 1 << 20)
    t.sparse("holes/less-than-a-block", 100)
    t.sparse("holes/begin", 1 << 20, ((1 << 20) - 4096, 4096))
    t.sparse("holes/end", 5 << 20, (0, 8192))
    t.sparse("holes/middle", 5 << 20, (0, 2 << 20), (4 << 20, 1 << 20))
    t.sparse("holes/odd", 1000001, (300001, 77), (700000, 12345))
    t.sparse("holes/huge", 1 << 40, (0, 4096), (1 << 39, 4096), ((1 << 40) - 5, 5))


def allocated(t):
    """Space without data."""
    with open(t.path("holes/allocated"), "wb") as out:
        os.posix_fallocate(out.fileno(), 0, 1 << 20)
        out.write(b"x" * 5000)


def links(t, count):
    t.folder("links")
    first = t.file("links/first", b"one of many")
    for i in range(count):
        if i % 500 == 0:
            t.folder(f"links/{i // 500}")
        os.link(first, t.path(f"links/{i // 500}/{i}"))
    os.symlink("nowhere at all", t.path("links/symbolic"))
    os.link(t.path("links/symbolic"), t.path("links/0/symbolic"), follow_symlinks=False)
    os.mkfifo(t.path("links/pipe"))
    os.link(t.path("links/pipe"), t.path("links/0/pipe"))


def symbolic_links(t):
    t.folder("symbolic")
    for name, text in (("dangling", "nothing"), ("absolute", "/etc/passwd"), ("up", "../.."),
                       ("loop", "loop"), ("folder", "../contents")):
        os.symlink(text, t.path(f"symbolic/{name}"))
    for length in (4095, 3900, 1023):  # btrfs and xfs want shorter ones
        try:
            os.symlink("x" * length, t.path("symbolic/long"))
            break
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
    t.owner("symbolic/dangling", 1234, 4321)
    t.times("symbolic/dangling", 10**18 + 1, 10**18 + 2)
    t.attribute("symbolic/dangling", "trusted.link", b"of a link")


def special(t):
    t.folder("special")
    os.mkfifo(t.path("special/pipe"), 0o622)
    s = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(t.path("special"))
    s.bind("socket")
    s.close()
    os.chdir(here)
    os.chmod(t.path("special/socket"), 0o777)
    for name, kind, device in (("null", stat.S_IFCHR, (1, 3)), ("whiteout", stat.S_IFCHR, (0, 0)),
                               ("disk", stat.S_IFBLK, (259, 70000))):
        os.mknod(t.path(f"special/{name}"), kind | 0o660, os.makedev(*device))
    for name in ("pipe", "socket", "null", "disk"):
        t.owner(f"special/{name}", 7, 8)
        t.attribute(f"special/{name}", "trusted.special", name.encode())
        t.times(f"special/{name}", 999999999, 1234567890123456789)
    t.attribute("special/null", "system.posix_acl_access", named_list(1, 2))


def modes(t):
    t.folder("modes")
    for mode in (0o000, 0o400, 0o4755, 0o2755, 0o6711, 0o1777, 0o7777):
        t.file(f"modes/file-{mode:o}")
        t.folder(f"modes/folder-{mode:o}")
        t.file(f"modes/folder-{mode:o}/inside")
        for kind in ("file", "folder"):
            t.owner(f"modes/{kind}-{mode:o}", 1000 + mode, 65534)
            os.chmod(t.path(f"modes/{kind}-{mode:o}"), mode)
    t.file("modes/root-suid", mode=0o4755)


def attributes(t):
    t.folder("attributes")
    t.file("attributes/some")
    for key, value in (("user.text", b"text"), ("user.empty", b""), ("user.binary", bytes(range(256))),
                       ("trusted.secret", b"\0\1\2"), ("user." + "n" * 200, b"long name"),
                       ("user.large", os.urandom(1500)), ("security.tare", b"label")):
        t.attribute("attributes/some", key, value)
    t.file("attributes/ping", mode=0o755)
    t.attribute("attributes/ping", "security.capability", capability())
    t.file("attributes/ping-inside", mode=0o755)
    t.owner("attributes/ping-inside", 42, 43)
    t.attribute("attributes/ping-inside", "security.capability", capability(42))
    t.file("attributes/listed", mode=0o640)
    t.attribute("attributes/listed", "system.posix_acl_access", named_list(1000, 100))
    t.folder("attributes/heirs", 0o2750)
    t.owner("attributes/heirs", 1000, 100)
    t.attribute("attributes/heirs", "system.posix_acl_default", named_list(33, 34))
    t.attribute("attributes/heirs", "system.posix_acl_access", named_list(35, 36))
    t.attribute("attributes/heirs", "user.folder", b"of a folder")
    t.file("attributes/heirs/inherited")
    t.folder("attributes/heirs/inside")


def names(t):
    t.folder("names")
    for byte in range(1, 256):
        if byte not in b"/.":
            t.file(b"names/" + bytes([byte]), b"")
    for name in (b"n" * 255, b"\xff" * 255, b"-rf", b"...", b" ", b"a\nb", "ü€".encode(), b"\xc3",
                 b"a" * 254 + b"\n"):
        t.file(b"names/x" + name[:254], name)


def depth(t, levels):
    """Longer than a path can be; at the bottom a file with a second name at the top."""
    t.folder("deep")
    fd = os.open(t.path("deep"), os.O_DIRECTORY)
    for level in range(levels):
        name = f"{level}-{'d' * 200}"
        os.mkdir(name, dir_fd=fd)
        if level % 40 == 0:
            os.mkdir("beside", dir_fd=fd)
            os.symlink("x", "beside/link", dir_fd=fd)
        below = os.open(name, os.O_DIRECTORY, dir_fd=fd)
        os.utime(name, ns=(level, level + 5), dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.link("bottom", t.path("deep/bottom-too"), src_dir_fd=fd)
    os.close(fd)


def build(top, many_links=10000, levels=300, has_allocated=True):
    """All of it. Directories get their times last."""
    t = Tree(top)
    contents(t)
    if has_allocated:
        allocated(t)
    links(t, many_links)
    symbolic_links(t)
    special(t)
    modes(t)
    attributes(t)
    names(t)
    depth(t, levels)
    t.folder("empty", 0o555)
    t.folder("crowd")
    for i in range(2000):
        t.file(f"crowd/{i}", b"%d" % i)
    for name, second in (("before-1970", -1000000000), ("epoch", 0), ("after-2038", 3000000000)):
        t.file(f"crowd/{name}")
        t.times(f"crowd/{name}", second * 10**9 + 123456789, second * 10**9 + 987654321)
    for i, name in enumerate(("contents", "crowd", "attributes/heirs", "links", "empty")):
        t.times(name, 10**18 + i, 2 * 10**18 + i)
    t.owner(".", 12, 34)
    os.chmod(t.top, 0o2751)
    t.attribute(".", "user.top", b"of the top")
    t.times(".", 1111111111111111111, 2222222222222222222)
