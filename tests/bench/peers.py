# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other programs: whether each is here and works on this layout, and its nearest equal command.

LXC gets the same configuration files. crun and runc get a bundle with the same namespaces, mounts,
devices and capabilities, no seccomp filter and no limits, and are compared with our configuration
`plain`: they make no terminals. Ours makes more even then (a writable /proc/sys/net, its own boot
id, the supervisor's cgroup), crun less than it could (no terminal, no seccomp, no hooks). systemd-nspawn and
bubblewrap are further off: nspawn has no cgroups here (--keep-unit) and its own idea of /dev,
bubblewrap makes no cgroups, no terminals and no supervisor.
"""

import json
import os
import pathlib
import re
import subprocess

from world import BINDS, DROPPED, run


def capabilities():
    """Names of what this process may hand on, without what the configuration drops."""
    status = pathlib.Path("/proc/self/status").read_text()
    bound = int(re.search(r"^CapBnd:\s*([0-9a-f]+)", status, re.M).group(1), 16)
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    names = CAPABILITIES.split()[:last + 1]
    return [f"CAP_{name.upper()}" for number, name in enumerate(names)
            if bound >> number & 1 and name not in DROPPED]


# By number, from <linux/capability.h>.
CAPABILITIES = """chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"""


def bundle(root, name, program):
    """An OCI configuration that is the busybox one as far as the format can say it."""
    given = capabilities()

    def mount(destination, kind, source, *options):
        return {"destination": destination, "type": kind, "source": source, "options": [*options]}

    return {
        "ociVersion": "1.0.2",
        "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "args": program,
                    "env": ["container=oci"], "cwd": "/", "noNewPrivileges": False,
                    "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), given)},
        "root": {"path": str(root), "readonly": False},
        "hostname": name,
        "mounts": [
            mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            mount("/dev", "tmpfs", "tmpfs", "mode=755", "size=500000"),
            mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
                  "ptmxmode=0666", "mode=0620", "gid=5"),
            mount("/dev/shm", "tmpfs", "shm"),
            mount("/dev/mqueue", "mqueue", "mqueue"),
            mount("/sys", "sysfs", "sysfs", "ro"),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev"),
            *(mount(path, "bind", path, "bind", "ro") for path in BINDS),
        ],
        "linux": {
            "cgroupsPath": f"/{name}",
            "namespaces": [{"type": kind} for kind in
                           ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"],
            "resources": {},
        },
    }


class Peers:
    """Those that work here; `missing` has one line about each other one."""

    def __init__(self, world):
        self.world = world
        self.missing = []
        self.works = set()
        self._try("LXC", "/usr/bin/lxc-start", self.start("LXC"))
        for name, path in (("crun", "/usr/bin/crun"), ("runc", "/usr/sbin/runc"),
                           ("systemd-nspawn", "/usr/bin/systemd-nspawn"),
                           ("bubblewrap", "/usr/bin/bwrap")):
            self._try(name, path, self.start(name))

    def _try(self, name, path, argv):
        if not os.access(path, os.X_OK):
            self.missing.append(f"{name}: {path} is not installed")
        elif name == "LXC" and "--plan" in run([path, "--help"]).stdout:
            self.missing.append(f"{name}: {path} is ours")
        else:
            done = run(argv)
            if done.returncode == 0:
                self.works.add(name)
            else:
                words = (done.stderr or done.stdout).strip().splitlines() or [""]
                self.missing.append(f"{name}: fails here (status {done.returncode}): {words[-1]}")

    def bundle(self, program, name="run"):
        folder = self.world.folder / f"oci-{name}"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(
            bundle(self.world.root, f"{self.world.prefix}{name}", program)))
        return folder

    def oci(self, name):
        """The command and its global options."""
        state = ["--root", self.world.folder / f"state-{name}"]
        if name == "crun":
            return ["/usr/bin/crun", *state, "--cgroup-manager=cgroupfs"]
        return ["/usr/sbin/runc", *state]

    def start(self, name):
        """The argv that runs /bin/true in a container and waits."""
        world = self.world
        if name == "LXC":
            return world.tare("lxc-start", world.container("lxc", "start"), "-F", "--", "/bin/true",
                              kind="lxc")
        if name in ("crun", "runc"):
            return [*self.oci(name), "run", "-b", self.bundle(["/bin/true"]),
                    f"{world.prefix}{name}"]
        if name == "systemd-nspawn":
            return ["/usr/bin/systemd-nspawn", "-q", "-D", world.root, "--register=no",
                    "--keep-unit", "--private-network", "/bin/true"]
        return ["/usr/bin/bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc",
                "--unshare-uts", "--unshare-cgroup", "--hostname", "bench", "--bind", world.root,
                "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm", "--mqueue",
                "/dev/mqueue", "--ro-bind", "/sys", "/sys",
                *(word for path in BINDS for word in ("--ro-bind", path, path)), "/bin/true"]

    def start_running(self, name):
        """A container of crun or runc that stays; returns what ends it."""
        full = f"{self.world.prefix}stay-{name}"
        folder = self.bundle(["/bin/sleep", "1000000"], f"stay-{name}")
        with (folder / "log").open("w") as log:  # the container keeps it open
            status = subprocess.run([str(word) for word in
                                     (*self.oci(name), "run", "-d", "-b", folder, full)],
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    check=False).returncode
        if status:
            self.missing.append(f"{name} run -d: {(folder / 'log').read_text().strip()}")
            return None
        return [*self.oci(name), "delete", "-f", full]

    def execute_in(self, name):
        return [*self.oci(name), "exec", f"{self.world.prefix}stay-{name}", "/bin/true"]
