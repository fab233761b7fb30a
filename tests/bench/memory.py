# SPDX-License-Identifier: LGPL-2.1-or-later
"""What running containers cost in memory: supervisors, cgroups, the system as a whole."""

import pathlib
import re
import statistics
import time

SYSTEM = ("AnonPages", "Shmem", "Slab", "KernelStack", "PageTables", "Percpu")
SUPERVISOR = ("Rss", "Pss", "Anonymous")


def kilobytes(text, names):
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.M))
    return {name: int(found.get(name, 0)) for name in names}


def system():
    """kB that are used, by two accounts: what the kernel names (in sum: "named"; page cache is
    not among it), and what is not available, in which all of the machine counts."""
    samples = []
    for _ in range(7):
        text = pathlib.Path("/proc/meminfo").read_text()
        row = kilobytes(text, ("MemTotal", "MemAvailable", *SYSTEM))
        samples.append({"named": sum(row[name] for name in SYSTEM),
                        **{name: row[name] for name in SYSTEM},
                        "unavailable": row["MemTotal"] - row["MemAvailable"]})
        time.sleep(0.1)
    return {name: statistics.median(sample[name] for sample in samples) for name in samples[0]}


def parent(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return int(text.rpartition(")")[2].split()[1])


def supervisors(init_pids):
    """Means over the supervisors of these containers, in kB."""
    rows = []
    for pid in init_pids:
        text = pathlib.Path(f"/proc/{parent(pid)}/smaps_rollup").read_text()
        rows.append(kilobytes(text, SUPERVISOR))
    return {name: statistics.mean(row[name] for row in rows) for name in SUPERVISOR}


def cgroup_usage(bases, prefix, count):
    """kB for each container that the memory controller holds against it, by cgroup ("monitor",
    "payload"); empty without that controller. `bases`: where the containers' cgroups begin."""
    sums = {}
    for base in bases:
        for pattern in ("memory.usage_in_bytes", "memory.current"):
            for path in pathlib.Path(base).glob(f"lxc.*.{prefix}*/{pattern}"):
                kind = path.parent.name.split(".")[1]
                sums[kind] = sums.get(kind, 0) + int(path.read_text()) / 1024
    return {kind: value / count for kind, value in sums.items()}


def per_container(before, full, after, count):
    """The difference that the containers made, against the mean of before and after them."""
    return {name: (full[name] - (before[name] + after[name]) / 2) / count for name in full}
