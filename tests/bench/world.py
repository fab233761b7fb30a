# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the containers' benchmark works with: a folder with root file systems, lxcpaths and bundles,
all of its own, and the commands that are compared.

Five configurations: `bare` (a root file system, proc, sys, /dev), `busybox` (what the template of
that name writes, without its comments), `veth` (the same on a bridge), `user` (with an id map) and
`plain` (busybox without terminals, which a bundle of crun and runc can't ask for either). LXC and ours read the same
text; the other programs get the nearest thing they have.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

FIRST_ID, IDS = 100000, 65536
BRIDGE = "bench0"
TERMINALS = 5
DROPPED = ("sys_module", "mac_admin", "mac_override", "sys_time")
BINDS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")
APPLETS = ("sh", "true", "sleep", "cat", "ls", "grep", "hostname")

BARE = """lxc.rootfs.path = dir:{root}
lxc.rootfs.mount = {at}
lxc.uts.name = {name}
lxc.net.0.type = empty
lxc.mount.auto = proc:rw sys:rw
lxc.tty.max = 0
lxc.console.path = none
lxc.init.cmd = /bin/sleep 1000000
"""
BUSYBOX = """lxc.rootfs.path = dir:{root}
lxc.rootfs.mount = {at}
lxc.uts.name = {name}
lxc.net.0.type = empty
lxc.autodev = 1
lxc.tty.max = {terminals}
lxc.pty.max = 1
lxc.cap.drop = {dropped}
lxc.mount.auto = cgroup:mixed proc:mixed sys:ro
lxc.mount.entry = shm dev/shm tmpfs defaults,create=dir 0 0
lxc.mount.entry = mqueue dev/mqueue mqueue defaults,optional,create=dir 0 0
{binds}lxc.init.cmd = /bin/sleep 1000000
"""
VETH = BUSYBOX.replace("lxc.net.0.type = empty", """lxc.net.0.type = veth
lxc.net.0.link = {bridge}
lxc.net.0.flags = up""")
USER = BUSYBOX + "lxc.idmap = u 0 {first} {ids}\nlxc.idmap = g 0 {first} {ids}\n"
PLAIN = BUSYBOX.replace("{terminals}", "0") + "lxc.console.path = none\n"
CONFIGURATIONS = {"bare": BARE, "busybox": BUSYBOX, "user": USER, "plain": PLAIN,
                  "veth": VETH}

# What a process of a container finds: the floors must leave it with the same.
DESCRIBE = """#!/bin/sh
exec >/tmp/described
echo "host name $(hostname)"
cat /proc/self/mountinfo
ls -ln /dev
grep -E 'Cap(Bnd|Eff)|NoNewPrivs|Seccomp:' /proc/self/status
for name in cgroup ipc mnt net pid user uts; do ls -l /proc/self/ns/$name; done
cat /proc/self/cgroup
echo "lo $(cat /sys/class/net/lo/flags)"
"""


class Missing(Exception):
    """Something that the whole benchmark needs is not there."""


def run(argv, **more):
    return subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          stdin=subprocess.DEVNULL, **more)


class World:
    """The folder, and the programs of the build."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.tools = self.build / "src/tools/bin"
        self.bench = self.build / "tests/bench"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tare-bench-"))
        self.folder.chmod(0o755)
        self.prefix = f"bench{os.getpid()}-"
        os.environ["TARE_HELPERS"] = str(self.build / "src/helpers")
        self.root = self.folder / "root"
        self.user_root = self.folder / "root-user"
        self.at = self.folder / "at"
        self.at.mkdir()
        self.bases = []  # of the containers' cgroups, once layout() has looked
        self.new_pivots = []  # where LXC parks its monitors and leaves the directory behind

    def make_roots(self):
        busybox = shutil.which("busybox")
        if not busybox:
            raise Missing("no busybox is installed (Debian: busybox-static)")
        for name in ("bin", "dev/pts", "etc", "lib", "lib64", "mnt", "proc", "root", "run", "sys",
                     "tmp", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "var"):
            (self.root / name).mkdir(parents=True)
        (self.root / "tmp").chmod(0o1777)
        (self.root / "etc/os-release").write_text("ID=bench\n")
        shutil.copy(busybox, self.root / "bin/busybox")
        for name in APPLETS:
            (self.root / "bin" / name).symlink_to("busybox")
        (self.root / "bin/describe").write_text(DESCRIBE)
        (self.root / "bin/describe").chmod(0o755)
        if run(["chroot", self.root, "/bin/true"]).returncode:
            raise Missing(f"{busybox} is not linked statically (Debian: busybox-static)")
        shutil.copytree(self.root, self.user_root, symlinks=True)
        for folder, inner, files in os.walk(self.user_root):
            for path in [folder, *(os.path.join(folder, name) for name in inner + files)]:
                os.lchown(path, FIRST_ID, FIRST_ID)

    def lxcpath(self, kind):
        return self.folder / kind

    def make_bridge(self):
        """In the network namespace that the benchmark has for itself."""
        for words in (["link", "add", BRIDGE, "type", "bridge"],
                      ["addr", "replace", "10.99.0.1/24", "dev", BRIDGE],
                      ["link", "set", BRIDGE, "up"]):
            done = run(["ip", *words])
            if done.returncode and "File exists" not in done.stderr:
                raise Missing(f"ip {' '.join(words)}: {done.stderr.strip()}")

    def container(self, kind, name, configuration="busybox"):
        """Make a container below the lxcpath of `kind` ("tare", "lxc"); returns its name."""
        full = f"{self.prefix}{name}"
        folder = self.lxcpath(kind) / full
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config").write_text(CONFIGURATIONS[configuration].format(
            root=self.root_of(configuration), at=self.at, name=full, terminals=TERMINALS,
            dropped=" ".join(DROPPED), bridge=BRIDGE, first=FIRST_ID, ids=IDS,
            binds="".join(f"lxc.mount.entry = {path} {path[1:]} none ro,bind 0 0\n"
                          for path in BINDS)))
        return full

    def root_of(self, configuration):
        return self.user_root if configuration == "user" else self.root

    def tare(self, command, name, *words, kind="tare"):
        """Our command, or LXC's (kind "lxc") on its own lxcpath."""
        program = self.tools / command if kind == "tare" else pathlib.Path("/usr/bin") / command
        return [program, "-P", self.lxcpath(kind), *(["-n", name] if name else []), *words]

    def plan(self, name):
        done = run(self.tare("lxc-start", name, "--plan=json"))
        if done.returncode:
            raise Missing(f"lxc-start --plan fails: {done.stderr.strip()}")
        return json.loads(done.stdout)["plan"]

    def layout(self, name):
        """Which cgroups there are, and the floors' options for them."""
        plan = self.plan(name)
        versions = {row["version"] for row in plan["hierarchies"]}
        self.bases = [os.path.normpath(f"{row['mount']}/{row.get('base', '')}")
                      for row in plan["hierarchies"]]
        pivots = (pathlib.Path(base) / "lxc.pivot" for base in self.bases)
        self.new_pivots = [path for path in pivots if not path.exists()]
        words = [word for base in self.bases for word in ("-c", base)]
        given = re.search(r'controllers="([^"]+)"', run(
            self.tare("lxc-start", name, "--plan")).stdout)
        if given:
            words += ["-k", given.group(1)]
        return {frozenset((1, 2)): "hybrid", frozenset((1,)): "v1"}.get(
            frozenset(versions), "v2"), words

    def floor_start(self, name, configuration, layout, *program, init=False):
        """The floor of a start of this configuration, behind one dynamic exec."""
        kind, cgroups = layout
        words = [self.bench / "floor-tool", self.bench / "floor-start",
                 "-r", self.root_of(configuration), "-m", self.at, "-n", name, *cgroups]
        if configuration != "bare":
            words += ["-x", "-s", "-t", str(TERMINALS)]
            for path in BINDS:
                words += ["-b", path]
            words += ["-g"] if kind == "v2" else []
        words += ["-u", str(FIRST_ID)] if configuration == "user" else []
        words += ["-i"] if init else []
        return [*words, *program]

    def floor_attach(self, name, pid, layout, *program):
        words = [word for word in layout[1]]
        if "-k" in words:
            del words[words.index("-k"):words.index("-k") + 2]
        return [self.bench / "floor-tool", self.bench / "floor-attach", "-p", str(pid), "-n", name,
                *words, *program]

    def described(self, argv, configuration):
        """What a container that runs /bin/describe found: lines without what differs by nature."""
        result = self.root_of(configuration) / "tmp/described"
        result.unlink(missing_ok=True)
        done = run(argv)
        if not result.exists():
            raise Missing(f"{argv[0]} ran nothing: {done.stderr.strip()}")
        return {normal_line(line) for line in result.read_text().splitlines()}

    def stop_all(self):
        """Whatever of ours still runs is killed, by the cgroups that carry our prefix."""
        for procs in self._cgroups("lxc.payload.", "**/cgroup.procs"):
            for pid in procs.read_text().split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for _ in range(100):
            left = self._cgroups("", "**/")
            for folder in [*reversed(left), *self.new_pivots]:
                try:
                    folder.rmdir()
                except OSError:
                    pass
            if not left:
                break
            time.sleep(0.05)

    def _cgroups(self, kind, pattern):
        """What matches below our cgroups in all hierarchies, parents first."""
        found = []
        for base in self.bases:
            for folder in pathlib.Path(base).glob(f"{kind}*{self.prefix}*"):
                found += folder.glob(pattern)
        return sorted(found)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def normal_line(line):
    """Without ids of mounts, devices of anonymous file systems, peer groups, times and inodes."""
    fields = line.split(" ")
    if "-" in fields and fields[0].isdigit():
        rest = fields[fields.index("-") + 1:]
        shared = "shared" if any(word.startswith("shared:") for word in fields) else "private"
        options = sorted(word for word in rest[2].split(",") if not word.startswith("max="))
        return " ".join(["mount", *fields[3:6], shared, rest[0], ",".join(options)])
    listed = re.match(
        r"([bclds-][rwxst-]+) +\d+ +(\d+) +(\d+) +(.*?) \w{3} +\d+ +[\d:]+ (.*)$", line)
    if not listed:
        return line
    mode, uid, gid, device, name = listed.groups()
    space = re.search(r"-> (\w+):\[(\d+)\]$", line)
    if space:
        own = os.readlink(f"/proc/self/ns/{space.group(1)}")
        same = own == f"{space.group(1)}:[{space.group(2)}]"
        return f"namespace {space.group(1)} {'shared with the host' if same else 'its own'}"
    return " ".join(["device", mode, uid, gid, device if mode[0] == "c" else "", name])
