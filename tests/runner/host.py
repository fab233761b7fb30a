# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a host holds that a test could leave behind: taken before and after the tests, compared.

Only kinds of things that this project makes. Files count when they stand where containers keep
theirs, or in /tmp and /run when their names are ours; what systemd does meanwhile does not count.
"""

import collections
import os
import pathlib
import re

OURS = re.compile(r"lxc|tare|bats-run|_test\.")
SYSTEMD_UNIT = re.compile(r"\.(scope|service|slice|mount|socket)$")
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock")
# What the first container on a machine makes, and stays.
KEPT = frozenset({"/run/lxc", "/run/lxc/lock", "/run/lxc/runs", "/run/lxc/seccomp"})
RECORDS = "/run/lxc/runs"  # of runs, and empty directories that stay
OWN_FOLDERS = ("/run/lxc", "/run/lock/lxc", "/var/lib/lxc", "/var/cache/lxc", "/var/log/lxc")


def mounts():
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        kind = fields[fields.index("-") + 1]
        yield f"{fields[4]} ({kind})"


def cgroup_is_foreign(folder, name, beside):
    """Made by systemd, or by whoever put this process into a cgroup of its own beside that one."""
    return bool(SYSTEMD_UNIT.search(name)) or any(folder.endswith(parent) for parent in beside)


def cgroups():
    own = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    beside = {os.path.dirname(line.split(":", 2)[2]) for line in own} - {"/", ""}
    for folder, inner, _ in os.walk("/sys/fs/cgroup"):
        for name in inner:
            if OURS.search(name) or not cgroup_is_foreign(folder, name, beside):
                yield f"{folder}/{name}"


def network_links():
    yield from sorted(os.listdir("/sys/class/net"))


def loop_devices():
    for path in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            yield f"/dev/{path.parts[3]} on {path.read_text().strip()}"
        except OSError:
            pass  # detached meanwhile


def volumes():
    """Open block devices of other kinds: of the device mapper, rbd and nbd."""
    for kind, pattern, root in (("dm", "dm-*/dm/name", "/sys/block"),
                                ("rbd", "*/name", "/sys/bus/rbd/devices"),
                                ("nbd", "nbd*/pid", "/sys/block")):
        for path in pathlib.Path(root).glob(pattern):
            try:
                yield f"{kind} {path.parts[3] if kind == 'nbd' else path.read_text().strip()}"
            except OSError:
                pass  # gone meanwhile


def abstract_sockets():
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        name = line.split(" ")[-1]
        if name.startswith("@") and (name.endswith("/command") or OURS.search(name)):
            yield name


def files(scratch):
    for folder in SHARED_FOLDERS:
        if os.path.isdir(folder):
            yield from (f"{folder}/{name}" for name in os.listdir(folder) if OURS.search(name))
    for folder in (*OWN_FOLDERS, scratch):
        if os.path.isdir(folder):
            yield from (f"{folder}/{name}" for name in os.listdir(folder))
    for folder, _, names in os.walk(RECORDS):
        yield from (f"{folder}/{name}" for name in names)


def processes(build):
    """Running programs of our build, by pid."""
    for entry in pathlib.Path("/proc").glob("[0-9]*/exe"):
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith(f"{build}/"):
            yield f"{target} (pid {entry.parts[2]})"


def snapshot(build, scratch):
    """Kind of thing → what there is of it. `scratch` is the TMPDIR that the tests are given."""
    return {
        "mount": collections.Counter(mounts()),
        "cgroup": collections.Counter(cgroups()),
        "network link": collections.Counter(network_links()),
        "loop device": collections.Counter(loop_devices()),
        "volume": collections.Counter(volumes()),
        "abstract socket": collections.Counter(abstract_sockets()),
        "file": collections.Counter(path for path in files(scratch) if path not in KEPT),
        "process": collections.Counter(processes(build)),
    }


def leftovers(before, after):
    """One line for each thing that is there now and was not, or that is gone."""
    lines = []
    for kind, had in before.items():
        more, less = (after[kind] - had).elements(), (had - after[kind]).elements()
        lines += [f"left behind: {kind} {thing}" for thing in sorted(more)]
        if kind not in ("file", "process"):
            lines += [f"gone: {kind} {thing}" for thing in sorted(less)]
    return lines
