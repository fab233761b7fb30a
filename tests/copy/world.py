# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where copies are tried: a mount namespace of the program's own, and file systems of every kind in
files, on loop devices that go with their mounts."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MAKERS = {"ext4": ["mkfs.ext4", "-q", "-F", "-b", "4096"],
          "xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}


def enter():
    """The program again, where what it mounts is nobody else's."""
    if os.geteuid() != 0:
        print("1..0 # skip needs root")
        sys.exit(0)
    if "TARE_COPY_APART" not in os.environ:
        os.environ["TARE_COPY_APART"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                              "-B", *sys.argv])


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, **options)


def must(*words):
    done = run(*words)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")


class Copied:
    """What one run of the engine said."""

    def __init__(self, done):
        self.status, self.errors = done.returncode, done.stderr
        self.said = json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def problems(self, status=0):
        return [] if self.status == status else [f"status {self.status}: {self.errors}"]


class World:
    def __init__(self, program):
        self.program = program
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="tare-copy-"))
        self.mounted = []
        self.mount("--bind", self.top, at=self.top)
        must("mount", "-o", "remount,bind,noatime", self.top)

    def mount(self, *words, at):
        if not at.exists():
            at.mkdir()
        must("mount", *words, at)
        self.mounted.append(at)
        return at

    def unmount(self, at):
        must("umount", at)
        self.mounted.remove(at)

    def image(self, kind, name, megabytes):
        """A file system in a file, mounted; None: the program that makes it is missing."""
        if not shutil.which(MAKERS[kind][0]):
            return None
        path = self.top / f"{name}.image"
        with path.open("wb") as out:
            out.truncate(megabytes << 20)
        must(*MAKERS[kind], path)
        return self.mount("-o", "loop,noatime", path, at=self.top / name)

    def memory(self, name, kind="tmpfs", options="noatime"):
        return self.mount("-t", kind, "-o", options, "none", at=self.top / name)

    def copy(self, source, target, *words):
        return Copied(run(self.program, *words, source, target, timeout=300))

    def copy_inside(self, first, count, source, target):
        """By root of a user namespace with these ids."""
        return Copied(run(sys.executable, "-B", HERE / "inside.py", first, count, self.program,
                          source, target, timeout=300))

    def finish(self):
        for at in reversed(self.mounted):
            if run("umount", at).returncode:
                run("umount", "--lazy", at)
        shutil.rmtree(self.top)
