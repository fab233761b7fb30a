#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host full of containers of the busybox template: all of them run, are listed and stopped, and
nothing is left. What each start, list and stop takes is printed: nothing should grow with the number.

	crowd.py --count N [--peer]

What grows in the kernel grows for everybody: the floor of a start (tests/bench/floor.h) is measured
beside the first and beside all of them, in turn with ours. --peer: the same with the LXC that the
machine has, to compare.
"""

import argparse
import collections
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

import containers
import rounds
import sandbox
import snapshot
import tap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import memory  # noqa: E402
import world  # noqa: E402

TEMPLATE = pathlib.Path(__file__).resolve().parents[2] / "share/templates/lxc-busybox"
GROUP = 10           # starts at the beginning and at the end whose times are compared
LISTS = 20
STARTS = 20          # of ours and of the floor, in turn
TIMEOUT = 600


def processor_time():
    """Seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Crowd:
    def __init__(self, work, lxcpath, names, tools=""):
        self.lxcpath, self.names, self.tools = lxcpath, names, tools
        self.base = work / "base.conf"
        self.base.write_text(f"lxc.net.0.type = empty\nlxc.rootfs.mount = {work}/rootfs-mount\n")
        self.problems = []

    def run(self, tool, *options):
        """A tool's output; what it says besides, or its failing, is a problem."""
        done = subprocess.run([self.tools + tool, "-P", str(self.lxcpath), *options], text=True,
                              check=False, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=TIMEOUT)
        if done.returncode or done.stderr:
            self.problems.append(f"{tool} {' '.join(options)}: {done.returncode}: {done.stderr}")
        return done.stdout

    def each(self, tool, *options):
        """Run it about each of them: the milliseconds that each took."""
        times = []
        for name in self.names:
            begin = time.monotonic()
            self.run(tool, "-n", name, *options)
            times.append((time.monotonic() - begin) * 1000)
        return times

    def time_of(self, tool, *options):
        """Medians of milliseconds as text, and what it printed."""
        times, out = [], ""
        for _ in range(LISTS):
            begin = time.monotonic(), processor_time()
            out = self.run(tool, *options)
            times.append((time.monotonic() - begin[0], processor_time() - begin[1]))
        wall, processor = (statistics.median(column) * 1000 for column in zip(*times))
        return f"{wall:.2f} ms, processor time {processor:.2f} ms", out

    def take_problems(self):
        problems, self.problems = self.problems[:10], []
        return problems


class Floor:
    """Starts of one more container, ours and the floor's, while the others are there."""

    def __init__(self, work, prefix):
        self.world = world.World(os.environ["TARE_BUILD_ROOT"])
        self.world.prefix = f"{prefix}-floor-"
        self.is_built = (self.world.bench / "floor-start").exists()
        shutil.rmtree(self.world.folder)
        self.world.folder = work / "floor"
        self.world.root, self.world.at = work / "floor/root", work / "floor/at"
        self.world.user_root = work / "floor/user-root"
        self.world.at.mkdir(parents=True)
        if self.is_built:
            self.world.make_roots()
            name = self.world.container("tare", "one")
            layout = self.world.layout(name)
            self.words = {
                "lxc-start": self.world.tare("lxc-start", name, "-F", "--", "/bin/true"),
                "floor": self.world.floor_start(name, "busybox", layout, "/bin/true"),
            }

    def measure(self):
        """Medians: {name: (milliseconds, milliseconds of processor time)}"""
        times = {name: [] for name in self.words}
        for _ in range(STARTS):
            for name, words in self.words.items():
                begin = time.monotonic()
                child = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL)
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                times[name].append((time.monotonic() - begin, usage.ru_utime + usage.ru_stime))
                if child.returncode:
                    raise RuntimeError(f"{words[0]} returned {child.returncode}")
        return {name: [statistics.median(column) * 1000 for column in zip(*rows)]
                for name, rows in times.items()}

    def compare(self, before, after):
        """Lines: how much longer each takes now."""
        for i, what in enumerate(("time", "processor time")):
            yield f"one more start, {what}: " + ", ".join(
                f"{name} {before[name][i]:.2f} -> {after[name][i]:.2f} ms, last/first "
                f"{after[name][i] / max(before[name][i], 0.001):.2f}" for name in before)


def things(work, prefix):
    """What stays after a stop would be too much; the containers' own files are theirs."""
    found = snapshot.take(work, prefix)
    found["file"] = {name: count for name, count in found["file"].items()
                     if f"{work}/lxc/" not in name and f"{work}/floor/" not in name}
    return {kind: collections.Counter(rows) for kind, rows in found.items()}


def first_and_last(times):
    return (f"the first {GROUP}: {statistics.median(times[:GROUP]):.1f} ms, "
            f"the last: {statistics.median(times[-GROUP:]):.1f} ms, last/first "
            f"{statistics.median(times[-GROUP:]) / statistics.median(times[:GROUP]):.2f}")


def check_lists(crowd, report):
    times, out = crowd.time_of("lxc-ls", "-1")
    report.note(f"lxc-ls -1: {times}")
    if out.split() != crowd.names:
        crowd.problems.append(f"lxc-ls lists {len(out.split())}")
    report.note(f"lxc-ls -f: {crowd.time_of('lxc-ls', '-f')[0]}")
    rows = json.loads(crowd.run("lxc-ls", "-f", "--format", "json"))
    wrong = [row for row in rows if row["state"] != "RUNNING" or int(row["pid"]) <= 0]
    if len(rows) != len(crowd.names) or wrong:
        crowd.problems.append(f"lxc-ls -f lists {len(rows)}, not running: {wrong[:3]}")
    report.point("all of them are listed, and run", crowd.take_problems())


def memory_of(crowd):
    """kB that the supervisors share with nobody, each; that the kernel holds."""
    pids = [pid for pid, what in snapshot.processes() if "[lxc monitor]" in what]
    return statistics.mean(map(rounds.anonymous, pids)), rounds.kernel_memory()


def held_by_cgroups(crowd):
    """kB that the memory controller holds against each: its supervisor's and its own."""
    prefix = crowd.names[0].rpartition("-")[0]
    return sum(memory.cgroup_usage(sandbox.cgroup_bases(), prefix, len(crowd.names)).values())


def run_all(report, crowd, floor, alone):
    """Start them and look at them. `alone`: what the floor measured before."""
    kernel = rounds.kernel_memory()
    # A host has some 3,000 terminals (kernel.pty.max) for all.
    times = crowd.each("lxc-start", "-s", "lxc.tty.max=1")
    report.note(f"lxc-start: {first_and_last(times)}")
    report.point(f"{len(crowd.names)} containers are started", crowd.take_problems())
    own, full = memory_of(crowd)
    report.note(f"each container: {own:.0f} kB of the supervisor's own, "
                f"{(full - kernel) / len(crowd.names):.0f} kB of the kernel's")
    if alone:
        for line in floor.compare(alone, floor.measure()):
            report.note(line)
    check_lists(crowd, report)


def stop_all(report, crowd):
    begin = time.monotonic()
    times = crowd.each("lxc-stop", "-k")
    report.note(f"lxc-stop -k: {first_and_last(times)}; all: {time.monotonic() - begin:.1f} s")
    report.point("all of them are stopped", crowd.take_problems())
    report.point("no process is left", snapshot.remaining_processes())


def run_peer(report, crowd):
    """The machine's LXC: what it takes, and nothing else."""
    bases = set(sandbox.cgroup_bases())
    pivots = [path for base in bases
              if not (path := pathlib.Path(base) / "lxc.pivot").exists()]
    times = crowd.each("lxc-start", "-s", "lxc.tty.max=1")
    report.note(f"LXC, lxc-start: {first_and_last(times)}")
    own, _ = memory_of(crowd)
    report.note(f"LXC, lxc-ls -f: {crowd.time_of('lxc-ls', '-f')[0]}")
    report.note(f"LXC: {own:.0f} kB of each supervisor's own, {held_by_cgroups(crowd):.0f} kB held "
                "by each container's cgroups")
    report.note(f"LXC, lxc-stop -k: {first_and_last(crowd.each('lxc-stop', '-k'))}")
    report.point("LXC did the same", crowd.take_problems())
    left = snapshot.remaining_processes()
    for path in pivots:
        if path.exists():
            path.rmdir()
    report.point("no process of LXC is left", left)


def main(work, prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--peer", action="store_true")
    arguments = parser.parse_args(words)
    count = arguments.count
    report = tap.Report()
    lxcpath = containers.Host(work, prefix).lxcpath
    names = [f"{prefix}-{number:04}" for number in range(count)]
    crowd, floor = Crowd(work, lxcpath, names), Floor(work, prefix)
    times = crowd.each("lxc-create", "-f", str(crowd.base), "-t", str(TEMPLATE))
    report.note(f"lxc-create: {first_and_last(times)}")
    report.point(f"{count} containers are created", crowd.take_problems())
    # The first start makes directories that stay.
    crowd.run("lxc-start", "-n", crowd.names[0])
    crowd.run("lxc-stop", "-n", crowd.names[0], "-k")
    report.point("no process is left of the first one", snapshot.remaining_processes())
    alone = floor.measure() if floor.is_built else None
    before, sockets = things(work, prefix), snapshot.take_sockets()
    run_all(report, crowd, floor, alone)
    report.note(f"{held_by_cgroups(crowd):.0f} kB held by each container's cgroups")
    stop_all(report, crowd)
    report.point("no link, mount, cgroup, file is left",
                 snapshot.differences(before, things(work, prefix)) +
                 snapshot.differences(sockets, snapshot.take_sockets()))
    if arguments.peer:
        run_peer(report, Crowd(work, lxcpath, names, "/usr/bin/"))
    crowd.each("lxc-destroy")
    left = sorted(path.name for path in lxcpath.iterdir())
    report.point("all of them are destroyed", crowd.take_problems() + left[:10])
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
