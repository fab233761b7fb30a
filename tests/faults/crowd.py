#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host full of containers of the busybox template: all of them run, are listed and stopped, and
nothing is left. What each start, list and stop takes is printed: nothing should grow with the number.

	crowd.py --count N
"""

import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import time

import containers
import rounds
import sandbox
import snapshot
import tap

TEMPLATE = pathlib.Path(__file__).resolve().parents[2] / "share/templates/lxc-busybox"
GROUP = 10           # starts at the beginning and at the end whose times are compared
LISTS = 20
TIMEOUT = 600


class Crowd:
    def __init__(self, work, prefix, count):
        self.host = containers.Host(work, prefix)
        self.names = [f"{prefix}-{number:04}" for number in range(count)]
        self.base = work / "base.conf"
        self.base.write_text(f"lxc.net.0.type = empty\nlxc.rootfs.mount = {work}/rootfs-mount\n")
        self.problems = []

    def run(self, tool, *options):
        """A tool's output; what it says besides, or its failing, is a problem."""
        done = subprocess.run([tool, "-P", str(self.host.lxcpath), *options], text=True, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
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
        """Median of milliseconds, and what it printed."""
        times, out = [], ""
        for _ in range(LISTS):
            begin = time.monotonic()
            out = self.run(tool, *options)
            times.append((time.monotonic() - begin) * 1000)
        return statistics.median(times), out

    def take_problems(self):
        problems, self.problems = self.problems[:10], []
        return problems


def things(work, prefix):
    """What stays after a stop would be too much; the containers' own files are theirs."""
    found = snapshot.take(work, prefix)
    found["file"] = {name: count for name, count in found["file"].items()
                     if f"{work}/lxc/" not in name}
    return {kind: collections.Counter(rows) for kind, rows in found.items()}


def first_and_last(times):
    return (f"the first {GROUP}: {statistics.median(times[:GROUP]):.1f} ms, "
            f"the last: {statistics.median(times[-GROUP:]):.1f} ms")


def check_lists(crowd, report):
    milliseconds, out = crowd.time_of("lxc-ls", "-1")
    report.note(f"lxc-ls -1: {milliseconds:.2f} ms")
    if out.split() != crowd.names:
        crowd.problems.append(f"lxc-ls lists {len(out.split())}")
    milliseconds, _ = crowd.time_of("lxc-ls", "-f")
    report.note(f"lxc-ls -f: {milliseconds:.2f} ms")
    rows = json.loads(crowd.run("lxc-ls", "-f", "--format", "json"))
    wrong = [row for row in rows if row["state"] != "RUNNING" or int(row["pid"]) <= 0]
    if len(rows) != len(crowd.names) or wrong:
        crowd.problems.append(f"lxc-ls -f lists {len(rows)}, not running: {wrong[:3]}")
    report.point("all of them are listed, and run", crowd.take_problems())


def memory_of(crowd):
    """kB that the supervisors share with nobody, each; that the kernel holds."""
    pids = [pid for pid, what in snapshot.processes() if "[lxc monitor]" in what]
    return statistics.mean(map(rounds.anonymous, pids)), rounds.kernel_memory()


def main(work, prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=12)
    count = parser.parse_args(words).count
    report = tap.Report()
    crowd = Crowd(work, prefix, count)
    times = crowd.each("lxc-create", "-f", str(crowd.base), "-t", str(TEMPLATE))
    report.note(f"lxc-create: {first_and_last(times)}")
    report.point(f"{count} containers are created", crowd.take_problems())
    # The first start makes directories that stay.
    crowd.run("lxc-start", "-n", crowd.names[0])
    crowd.run("lxc-stop", "-n", crowd.names[0], "-k")
    report.point("no process is left of the first one", snapshot.remaining_processes())
    before, sockets = things(work, prefix), snapshot.take_sockets()
    kernel = rounds.kernel_memory()
    # A host has some 3,000 terminals (kernel.pty.max) for all.
    times = crowd.each("lxc-start", "-s", "lxc.tty.max=1")
    report.note(f"lxc-start: {first_and_last(times)}")
    report.point(f"{count} containers are started", crowd.take_problems())
    own, full = memory_of(crowd)
    report.note(f"each container: {own:.0f} kB of the supervisor's own, "
                f"{(full - kernel) / count:.0f} kB of the kernel's")
    check_lists(crowd, report)
    begin = time.monotonic()
    times = crowd.each("lxc-stop", "-k")
    report.note(f"lxc-stop -k: {first_and_last(times)}; all: {time.monotonic() - begin:.1f} s")
    report.point("all of them are stopped", crowd.take_problems())
    report.point("no process is left", snapshot.remaining_processes())
    report.point("no link, mount, cgroup, file is left",
                 snapshot.differences(before, things(work, prefix)) +
                 snapshot.differences(sockets, snapshot.take_sockets()))
    crowd.each("lxc-destroy")
    left = sorted(path.name for path in crowd.host.lxcpath.iterdir())
    report.point("all of them are destroyed", crowd.take_problems() + left[:10])
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
