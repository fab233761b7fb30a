# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container can leave behind, taken in a few milliseconds and compared.

Looks from inside the sandbox: all processes, links, abstract sockets and files below /run that are
seen there are ours. Of cgroups and loop devices only those with our names count.
"""

import collections
import json
import os
import pathlib
import subprocess
import time

import sandbox


def processes():
    """(pid, what it is) of everything but process 1, ourselves and zombies. One that is on its way
    out has no program any more, but may still hold descriptors."""
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in (1, os.getpid()):
            continue
        try:
            stat = pathlib.Path(f"/proc/{name}/stat").read_text(errors="replace")
            words = pathlib.Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        comm, _, rest = stat.partition("(")[2].rpartition(")")
        if rest.split()[0] not in "ZX":
            yield int(name), comm + " " + b" ".join(words).decode(errors="replace")


def mounts():
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        yield f"{fields[4]} ({fields[fields.index('-') + 1]})"


def links():
    """With all that an interface must have again which was in a container."""
    found = subprocess.run(["ip", "-j", "link"], check=True, capture_output=True).stdout
    for link in json.loads(found):
        yield " ".join(str(link.get(key)) for key in ("ifname", "mtu", "ifalias", "altnames")) + (
            f" {link['address']} {link['ifindex']}" if link["ifname"] == "phys0" else "")


def neighbours():
    """Addresses that interfaces answer for."""
    yield from subprocess.run(["ip", "neigh", "show", "proxy"], check=True, capture_output=True,
                              text=True).stdout.splitlines()


def loop_devices(work):
    for path in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            file = path.read_text().strip()
        except OSError:
            continue  # detached meanwhile
        # Other sandboxes have a folder of this name, too, and other files in it.
        if file.startswith(str(work)) and os.path.exists(file.removesuffix(" (deleted)")):
            yield f"/dev/{path.parts[3]} on {file}"


def abstract_sockets():
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        name = line.split(" ")[-1]
        if name.startswith("@"):
            yield name


def files(folder):
    """Everything below, with kind, mode and owner; not what logs and fifos hold."""
    for inner, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(inner, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue
            yield f"{path} {status.st_mode:o} {status.st_uid}:{status.st_gid}"


def ended_records():
    """Those of runs that have given their address back, and those that were set aside."""
    runs = pathlib.Path("/run/lxc/runs")
    beside = [path for path in runs.glob("*/.*") if path.name != ".ended"]
    return sorted([*runs.glob("*/.ended/*"), *beside])


def take_sockets():
    """These are compared when all processes are gone: a dying one closes its descriptors in an
    order of the kernel's."""
    return {"abstract socket": collections.Counter(abstract_sockets())}


def take(work, prefix):
    """Kind of thing → what there is of it."""
    return {kind: collections.Counter(things) for kind, things in {
        "cgroup": sandbox.cgroups_of(prefix),
        "mount": mounts(),
        "network link": links(),
        "proxy neighbour": neighbours(),
        "loop device": loop_devices(work),
        "file": files("/run"),
    }.items()}


def differences(before, after):
    """One line for each thing that is there now and was not, or that is gone."""
    lines = []
    for kind, had in before.items():
        lines += [f"left behind: {kind} {thing}" for thing in (after[kind] - had).elements()]
        lines += [f"gone: {kind} {thing}" for thing in (had - after[kind]).elements()]
    return lines


def remaining_processes(seconds=10.0):
    """Processes that don't end within that time: a supervisor may still be on its way out."""
    deadline = time.monotonic() + seconds
    while True:
        found = [f"left behind: process {pid} {what}" for pid, what in processes()]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.001)
