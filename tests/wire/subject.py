# SPDX-License-Identifier: LGPL-2.1-or-later
"""The containers of this folder's programs, in the sandbox of tests/faults: a busybox root file
system that all share, and the commands of the build."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))

import sandbox  # noqa: E402
import tap  # noqa: E402

BUSYBOX = shutil.which("busybox", path="/bin:/usr/bin")
APPLETS = ("sh", "sleep", "true", "cat", "id", "reboot", "echo", "hostname", "stty", "kill")
FOLDERS = ("bin", "sbin", "dev", "proc", "sys", "etc", "tmp", "root", "run", "mnt")

INIT = """#!/bin/sh
trap 'exit 0' PWR TERM
trap 'reboot -f' INT
while :; do sleep 1000 & wait $!; done
"""

CONFIG = """lxc.uts.name = w1
lxc.rootfs.path = dir:{root}
lxc.rootfs.mount = {at}
lxc.net.0.type = empty
lxc.mount.auto = proc:mixed
"""


class World:
    def __init__(self, work, prefix):
        self.work, self.prefix = work, prefix
        self.lxcpath = work / "lxc"
        self.root = work / "root"
        self.at = work / "at"
        for folder in (self.lxcpath, self.at, *(self.root / name for name in FOLDERS)):
            folder.mkdir(parents=True)
        shutil.copy(BUSYBOX, self.root / "bin/busybox")
        for applet in APPLETS:
            (self.root / "bin" / applet).symlink_to("busybox")
        (self.root / "sbin/init").write_text(INIT)
        (self.root / "sbin/init").chmod(0o755)

    def make(self, name, text="", lxcpath=None):
        """A container of that name, behind our prefix; an exact one begins with "="."""
        full = name[1:] if name.startswith("=") else f"{self.prefix}-{name}"
        folder = pathlib.Path(lxcpath or self.lxcpath) / full
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config").write_text(CONFIG.format(root=self.root, at=self.at) + text)
        return Container(full, str(lxcpath or self.lxcpath), self)

    def script(self, name, text):
        path = self.work / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path


def run(words, timeout=60, **more):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout, check=False, **more)


def await_true(condition, wait=20.0):
    """Until it is; whether it became so."""
    deadline = time.monotonic() + wait
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


class Container:
    def __init__(self, name, lxcpath, world):
        self.name, self.lxcpath, self.world = name, lxcpath, world

    def words(self, tool, *options):
        return [tool, "-P", self.lxcpath, "-n", self.name, *options]

    def tool(self, tool, *options, timeout=60):
        return run(self.words(tool, *options), timeout)

    def start(self, *options):
        done = self.tool("lxc-start", *options)
        assert done.returncode == 0, f"lxc-start: {done.stderr}"
        self.await_init()
        return self

    def start_aside(self, *options):
        return subprocess.Popen(self.words("lxc-start", *options), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def kill(self):
        done = self.tool("lxc-stop", "-k")
        assert done.returncode == 0, f"lxc-stop: {done.stderr}"

    def state(self):
        return self.tool("lxc-info", "-s", "-H").stdout.strip()

    def pid(self):
        text = self.tool("lxc-info", "-p", "-H").stdout.strip()
        return int(text) if text else 0

    def supervisor(self):
        return status(self.pid(), "PPid")

    def await_init(self):
        """Until its traps are set: before, process 1 ignores these signals."""
        pid = self.pid()
        await_true(lambda: int(status(pid, "SigCgt", 16) or 0) & 1 << 29, 5)


def status(pid, field, base=10):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1], base)
    return 0


def places(error):
    """Where in this folder it happened, outermost first."""
    frame = error.__traceback__
    while frame:
        code = frame.tb_frame.f_code
        if "/wire/" in code.co_filename:
            yield f"{pathlib.Path(code.co_filename).name}:{frame.tb_lineno} {code.co_name}"
        frame = frame.tb_next


class Points:
    """TAP points by function: each raises AssertionError with what is wrong."""

    def __init__(self, world):
        self.world, self.report = world, tap.Report()

    def run(self, tests):
        for test in tests:
            name = test.__name__.replace("_", " ")
            try:
                reason = test(self.world)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                self.report.point(name, [f"{type(error).__name__}: {error}", *places(error)])
            else:
                if reason:
                    self.report.skip(name, reason)
                else:
                    self.report.point(name, [])
            self.stop_all()
        return self.report.finish()

    def stop_all(self):
        for name in run(["lxc-ls", "-P", self.world.lxcpath, "--active", "-1"]).stdout.split():
            run(["lxc-stop", "-P", self.world.lxcpath, "-n", name, "-k"])


def main(tests):
    def inside(work, prefix, arguments):
        os.environ["LC_ALL"] = "C.UTF-8"
        wanted = [test for test in tests if not arguments or test.__name__ in arguments]
        return Points(World(work, prefix)).run(wanted)

    sandbox.run_inside(inside)
