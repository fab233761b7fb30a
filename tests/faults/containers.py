# SPDX-License-Identifier: LGPL-2.1-or-later
"""The containers that are started here: one class of subject each, with all of its kinds of steps.

Each has a root file system of its own around one busybox, and init programs that need no time.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

import tap

BUSYBOX = shutil.which("busybox", path="/bin:/usr/bin")
APPLETS = ("sh", "sleep", "true", "false", "reboot", "cat", "mount", "id", "test")
FOLDERS = ("bin", "sbin", "dev", "proc", "sys", "etc", "tmp", "root", "run", "mnt", "sys2")

# PID 1: ends on the signals of lxc-stop, or at once when asked to run a command.
INIT = """#!/bin/sh
trap 'exit 0' PWR TERM INT
while :; do sleep 1000 & wait $!; done
"""

COMMON = """lxc.uts.name = box
lxc.rootfs.path = dir:{rootfs}
lxc.rootfs.mount = {work}/rootfs-mount
lxc.net.0.type = empty
"""

IDMAP = """lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
"""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of container. `text` is its configuration behind COMMON; {words} are replaced."""

    text: str
    common: str = COMMON
    needs: str = ""            # a file of the kernel without which it can't be run
    links: tuple = ()          # kinds of interfaces that the kernel must know
    starter: tuple = ("lxc-start",)
    command: tuple = ()        # of lxc-execute
    wrapper: tuple = ()        # before all tools: the view of the host that they get
    arguments: tuple = ()      # further ones of the starter
    owner: int = 0             # of the root file system
    bridge: bool = False
    image: str = ""            # a file with this file system holds the root, {rootfs}.image


# Tools see one cgroup hierarchy of version 2 and no others.
PURE_V2 = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
           "mount -t cgroup2 none /sys/fs/cgroup && exec \"$@\"", "sh")

KINDS = {
    "privileged": Kind("""
lxc.mount.auto = proc:mixed sys:ro cgroup:mixed
lxc.mount.entry = none tmp tmpfs size=64k,nodev 0 0
lxc.mount.entry = {work}/shared mnt none bind,ro 0 0
lxc.mount.entry = mqueue dev/mqueue mqueue optional,create=dir 0 0
lxc.mount.entry = {work}/missing dev/missing none bind,optional,create=dir 0 0
lxc.tty.max = 2
lxc.cap.drop = sys_module mac_admin sys_time
lxc.cgroup.devices.deny = b *:* rwm
lxc.environment = A=1
lxc.hook.version = 1
"""),
    "user-namespace": Kind(IDMAP + """
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.mount.entry = none tmp tmpfs size=64k 0 0
lxc.mount.entry = {work}/shared mnt none bind,ro 0 0
lxc.tty.max = 2
lxc.init.uid = 1000
lxc.init.gid = 1000
lxc.init.groups = 4,5
""", owner=100000),
    "hooks": Kind("""
lxc.hook.pre-mount = {work}/hook
lxc.hook.mount = {work}/hook one
lxc.hook.mount = {work}/hook two
lxc.hook.autodev = {work}/hook
lxc.hook.start = /bin/true
lxc.hook.start-host = {work}/hook
lxc.hook.stop = {work}/hook
lxc.hook.post-stop = {work}/hook
lxc.mount.auto = proc:rw
lxc.pty.max = 8
"""),
    "network": Kind("""
lxc.net.0.type = veth
lxc.net.0.link = {bridge}
lxc.net.0.flags = up
lxc.net.0.name = eth0
lxc.net.0.hwaddr = 02:00:00:00:00:07
lxc.net.0.mtu = 1400
lxc.net.0.ipv4.address = 10.9.8.7/24
lxc.net.0.ipv4.gateway = 10.9.8.1
lxc.net.0.ipv6.address = fd00:9::7/64
lxc.net.0.ipv6.gateway = fd00:9::1
lxc.net.0.script.up = {work}/hook up
lxc.net.0.script.down = {work}/hook down
lxc.net.1.type = veth
lxc.net.1.link = {bridge}
lxc.net.1.flags = up
lxc.net.1.veth.pair = {prefix}
lxc.mount.auto = proc:mixed sys:mixed
""", common=COMMON.replace("lxc.net.0.type = empty\n", ""), bridge=True),
    "interfaces": Kind("""
lxc.net.0.type = phys
lxc.net.0.link = phys0
lxc.net.0.name = eth0
lxc.net.0.flags = up
lxc.net.0.mtu = 1400
lxc.net.0.hwaddr = 02:00:00:00:00:08
lxc.net.0.ipv4.address = 10.9.7.6/24
lxc.net.0.script.up = {work}/hook up
lxc.net.0.script.down = {work}/hook down
lxc.net.1.type = macvlan
lxc.net.1.link = lower0
lxc.net.1.macvlan.mode = passthru
lxc.net.1.l2proxy = 1
lxc.net.1.ipv4.address = 10.9.7.7/24
lxc.net.1.ipv6.address = fd00:7::7/64
lxc.net.2.type = veth
lxc.net.2.veth.mode = router
lxc.net.2.flags = up
lxc.net.2.ipv4.address = 192.0.2.7/32
lxc.net.2.ipv4.gateway = 169.254.0.1
lxc.net.2.veth.ipv4.route = 198.51.100.0/24
lxc.net.3.type = veth
lxc.net.3.link = switch0
lxc.net.3.veth.vlan.id = 5
lxc.net.3.script.down = {work}/hook down
lxc.mount.auto = proc:mixed sys:mixed
""", common=COMMON.replace("lxc.net.0.type = empty\n", "")),
    "no-rootfs": Kind("""lxc.net.0.type = none
lxc.autodev = 0
lxc.mount.auto = proc:rw
""", common="lxc.uts.name = box\n", starter=("lxc-execute",), command=("sleep", "1000")),
    "v1-limits": Kind("""
lxc.cgroup.memory.limit_in_bytes = 256M
lxc.cgroup.pids.max = 200
lxc.cgroup.cpu.shares = 512
lxc.cgroup.cpuset.cpus = 0
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c *:* m
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup.devices.allow = c 5:* rwm
lxc.cgroup.devices.allow = c 136:* rwm
lxc.prlimit.nofile = 1000:2000
lxc.prlimit.core = 0
lxc.proc.oom_score_adj = 100
lxc.sysctl.kernel.domainname = example
lxc.mount.auto = proc:mixed cgroup-full:mixed
lxc.cgroup.dir.monitor = {prefix}-m
lxc.cgroup.dir.container = {prefix}-c
lxc.cgroup.dir.container.inner = inside
""", needs="/sys/fs/cgroup/memory"),
    "v2-limits": Kind("""
lxc.cgroup2.cgroup.max.descendants = 50
lxc.cgroup2.cgroup.max.depth = 4
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 5:* rwm
lxc.cgroup2.devices.allow = c 136:* rwm
lxc.mount.auto = proc:mixed cgroup:rw
""" + IDMAP, wrapper=PURE_V2, owner=100000),
    "id-mapped-rootfs": Kind(IDMAP + """
lxc.rootfs.options = idmap=container
lxc.mount.auto = proc:mixed sys:mixed
lxc.mount.entry = {work}/shared mnt none bind,idmap=container 0 0
lxc.tty.max = 1
"""),
    "overlay": Kind(IDMAP + """
lxc.rootfs.options = nosuid
lxc.mount.auto = proc:mixed
""", common=COMMON.replace("dir:{rootfs}", "overlay:{work}/shared:{rootfs}:{folder}/overlay/delta"),
                    owner=100000),
    "loop": Kind("""
lxc.rootfs.options = noatime,data=ordered
lxc.mount.auto = proc:mixed
lxc.hook.pre-mount = {work}/hook
""", common=COMMON.replace("dir:{rootfs}", "loop:{rootfs}.image"), image="ext4"),
    "loop-id-mapped": Kind(IDMAP + """
lxc.rootfs.options = idmap=container
lxc.mount.auto = proc:mixed
""", common=COMMON.replace("dir:{rootfs}", "loop:{rootfs}.image"), image="ext4"),
    "console": Kind("""
lxc.console.logfile = {work}/console.log
lxc.console.buffer.size = 64kB
lxc.console.size = 1MB
lxc.console.rotate = 1
lxc.tty.max = 4
lxc.tty.dir = ttys
lxc.mount.auto = proc:mixed
"""),
    "execute": Kind(IDMAP + """
lxc.mount.auto = proc:mixed
lxc.init.cwd = /tmp
lxc.init.uid = 7
lxc.init.gid = 8
lxc.no_new_privs = 1
lxc.cap.keep = chown kill
lxc.seccomp.profile = {work}/policy
lxc.keyring.session = 0
lxc.time.offset.monotonic = 10s
lxc.sched.core = 0
""", starter=("lxc-execute",), command=("/bin/sleep", "1000"), owner=100000),
    "prelude": Kind("""
lxc.monitor.unshare = 1
lxc.hook.pre-start = {work}/hook one
lxc.hook.pre-start = {work}/mount-hook
lxc.hook.post-stop = {work}/hook
lxc.mount.auto = proc:mixed
lxc.mount.entry = {work}/mounted-by-hook mnt none bind 0 0
lxc.net.0.type = veth
lxc.net.0.link = {bridge}
lxc.net.0.flags = up
""", common=COMMON.replace("lxc.net.0.type = empty\n", ""), bridge=True,
                    arguments=("--pidfile", "{work}/pid")),
    "shared-namespaces": Kind("""
lxc.namespace.share.ipc = /proc/{sleeper}/ns/ipc
lxc.namespace.share.net = {sleeper}
lxc.mount.auto = proc:mixed
""", common=COMMON.replace("lxc.net.0.type = empty\n", "")),
    "upper-interfaces": Kind("""
lxc.net.0.type = ipvlan
lxc.net.0.link = lower0
lxc.net.0.flags = up
lxc.net.0.ipvlan.mode = l3s
lxc.net.0.ipvlan.isolation = vepa
lxc.net.0.l2proxy = 1
lxc.net.0.ipv4.address = 10.9.7.7/32
lxc.net.0.ipv4.gateway = dev
lxc.net.0.script.up = {work}/hook up
lxc.net.1.type = vlan
lxc.net.1.link = switch0
lxc.net.1.vlan.id = 7
lxc.net.1.name = eth7
lxc.net.1.mtu = 1400
lxc.net.1.hwaddr = 02:00:00:00:00:09
lxc.net.1.flags = up
lxc.net.1.ipv4.address = 10.9.6.7/24
lxc.mount.auto = proc:mixed sys:mixed
""", common=COMMON.replace("lxc.net.0.type = empty\n", ""), links=("ipvlan", "vlan")),
}


def make_rootfs(folder, owner):
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, folder / "bin/busybox")
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to("busybox")
    (folder / "sbin/init").write_text(INIT)
    (folder / "sbin/init").chmod(0o755)
    if owner:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, owner, owner, follow_symlinks=False)


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Host:
    """What containers find: a bridge, hooks, a process whose namespaces can be shared."""

    def __init__(self, work, prefix):
        self.work, self.prefix = work, prefix
        self.lxcpath = work / "lxc"
        self.bridge = "br0"
        for name in ("lxc", "shared", "rootfs-mount", "mounted-by-hook"):
            (work / name).mkdir()
        (work / "hook").write_text("#!/bin/sh\nexit 0\n")
        (work / "hook").chmod(0o755)
        (work / "mount-hook").write_text(
            f"#!/bin/sh\nexec mount -t tmpfs none {work}/mounted-by-hook\n")
        (work / "mount-hook").chmod(0o755)
        (work / "hook-fails").write_text("#!/bin/sh\nexit 1\n")
        (work / "hook-fails").chmod(0o755)
        (work / "hook-kills").write_text("#!/bin/sh\nkill -9 $PPID\n")
        (work / "hook-kills").chmod(0o755)
        (work / "policy").write_text("2\ndenylist\nkexec_load errno 1\nreboot errno 1\n")
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "addr", "add", "10.9.8.1/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        self.make_interfaces()

    def make_interfaces(self):
        """One to be given away, one to stand on, and one that is taken for a bridge of Open vSwitch,
        whose command notes the ports that there are."""
        for name in ("phys0", "lower0", "switch0"):
            run("ip", "link", "add", name, "type", "veth", "peer", f"{name}-peer")
            if name != "phys0":
                run("ip", "link", "set", name, "up")
        run("ip", "link", "set", "phys0", "alias", "the uplink", "mtu", "1450")
        run("ip", "link", "property", "add", "dev", "phys0", "altname", "uplink", "altname", "wan")
        for setting in ("ipv4/conf/lower0/forwarding", "ipv6/conf/lower0/forwarding",
                        "ipv6/conf/lower0/proxy_ndp"):
            pathlib.Path("/proc/sys/net", setting).write_text("1")
        (self.work / "fake").mkdir()
        (self.work / "fake/ovs-vsctl").write_text(
            "#!/bin/sh\ncase $1 in\nadd-port) mkdir -p /run/ports && : >/run/ports/$3 ;;\n"
            "--if-exists) rm -f /run/ports/$3 ;;\nesac\n")
        (self.work / "fake/ovs-vsctl").chmod(0o755)
        os.environ["PATH"] = f"{self.work}/fake:{os.environ['PATH']}"

    def make(self, kind_name, text=""):
        """A container of that kind; `text` is added to its configuration."""
        kind = KINDS[kind_name]
        folder = self.lxcpath / f"{self.prefix}-{kind_name}"
        folder.mkdir()
        make_rootfs(folder / "rootfs", kind.owner)
        if kind.image:
            run(f"mkfs.{kind.image}", "-q", "-d", str(folder / "rootfs"),
                f"{folder}/rootfs.image", "16M")
        words = {"work": self.work, "folder": folder, "rootfs": folder / "rootfs", "bridge": self.bridge,
                 "prefix": self.prefix, "sleeper": os.getpid()}

        def expand(line):
            return re.sub(r"\{(\w+)\}", lambda found: str(words[found[1]]), line)

        (folder / "config").write_text(expand(kind.common + kind.text + text))
        return Container(self, kind, folder.name, tuple(expand(a) for a in kind.arguments))


class Container:
    def __init__(self, host, kind, name, arguments):
        self.host, self.kind, self.name, self.arguments = host, kind, name, arguments
        self.log = host.work / "log"

    def words(self, tool, *options, tail=()):
        """The command line of a tool ("lxc-start", "tare repair") about this container."""
        return [*self.kind.wrapper, *tool.split(), "-P", str(self.host.lxcpath), "-n", self.name, *options,
                *tail]

    def run(self, tool, *options, tail=(), timeout=60):
        """Run a tool to its end: (exit code, its standard output, its error output)."""
        done = subprocess.run(self.words(tool, *options, tail=tail), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False)
        return done.returncode, done.stdout, done.stderr

    def start_words(self, *options):
        kind = self.kind
        tail = ("--", *kind.command) if kind.command else ()
        return self.words(kind.starter[0], *self.arguments, *options, tail=tail)

    def start(self, *options, timeout=60):
        done = subprocess.run(self.start_words(*options), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False)
        return done.returncode, done.stdout, done.stderr

    def state(self):
        """The word that lxc-info prints."""
        code, out, errors = self.run("lxc-info", "-s", "-H")
        return out.strip() if code == 0 else f"lxc-info: {code} {errors.strip()}"


def missing(kind):
    """Why a kind of container can't be run on this machine, or None."""
    if kind.needs and not pathlib.Path(kind.needs).exists():
        return f"there is no {kind.needs}"
    for link in kind.links:
        # The loopback interface carries none of them: nothing is made in any case.
        if "Unknown device type" in subprocess.run(
                ["ip", "link", "add", "link", "lo", "name", "trial", "type", link,
                 *(("id", "1") if link == "vlan" else ())],
                capture_output=True, text=True, check=False).stderr:
            return f"the kernel has no {link}"
    return None


def part(kind_name, every, rows):
    """Every so many-th row, beginning elsewhere for each kind."""
    return rows[list(KINDS).index(kind_name) % every::every]


def try_one(try_kind, work, prefix, words):
    """The main function of a program about one kind: KIND [--every N] [--only STEP]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", type=int)
    arguments = parser.parse_args(words)
    why = missing(KINDS[arguments.kind])
    if why:
        tap.skip_all(why)
    report = tap.Report()
    try_kind(report, Host(work, prefix), arguments)
    return report.finish()
