#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers come and go at an even pace, for as long as it is told: latency, descriptors, memory,
cgroups and mounts are at the end what they were at the beginning.

	soak.py --rounds N --seconds S

A round creates a container of the busybox template, starts it, stops and destroys it. The N rounds
begin evenly over S seconds; 0 is as fast as it goes. Beside them one container runs all the time
(rounds.py). Latency is printed; whether it grows depends on who else uses the machine.
"""

import argparse
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
TIMEOUT = 120


class Soak:
    def __init__(self, host):
        self.host = host
        self.rounds = rounds.Rounds(host)
        self.base = host.work / "base.conf"
        self.base.write_text(f"lxc.net.0.type = empty\nlxc.rootfs.mount = {host.work}/rootfs-mount\n")
        self.times = {"create": [], "start": [], "stop": [], "destroy": []}

    def tool(self, name, verb, *options):
        begin = time.monotonic()
        done = subprocess.run([f"lxc-{verb}", "-P", str(self.host.lxcpath), "-n", name, *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        if done.returncode or done.stderr:
            raise RuntimeError(f"lxc-{verb}: {done.returncode}: {done.stderr}")
        self.times[verb].append((time.monotonic() - begin) * 1000)

    def one(self, number):
        name = f"{self.host.prefix}-soak-{number}"
        self.tool(name, "create", "-f", str(self.base), "-t", str(TEMPLATE))
        self.tool(name, "start")
        self.tool(name, "stop", "-k")
        self.tool(name, "destroy")

    def settle(self):
        """Wait for supervisors on their way out."""
        deadline = time.monotonic() + TIMEOUT
        while any("-soak-" in what for _, what in snapshot.processes()):
            if time.monotonic() > deadline:
                raise RuntimeError("a supervisor does not end")
            time.sleep(0.001)


def print_latency(report, times):
    tenth = max(len(next(iter(times.values()))) // 10, 1)
    for verb, row in times.items():
        report.note(f"lxc-{verb}: median of the first tenth {statistics.median(row[:tenth]):.1f} ms, "
                    f"of the last {statistics.median(row[-tenth:]):.1f} ms, longest {max(row):.0f} ms")


def main(work, prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0)
    arguments = parser.parse_args(words)
    report = tap.Report()
    soak = Soak(containers.Host(work, prefix))
    for number in range(rounds.WARM_UP):
        soak.one(number)
    soak.settle()
    before, begin = soak.rounds.measure(), time.monotonic()
    problems = []
    for row in soak.times.values():
        row.clear()
    for number in range(arguments.rounds):
        time.sleep(max(begin + arguments.seconds * number / arguments.rounds - time.monotonic(), 0))
        try:
            soak.one(number)
        except RuntimeError as error:
            problems.append(f"round {number}: {error}")
            break
    soak.settle()
    after = soak.rounds.measure()
    print_latency(report, soak.times)
    report.note(f"{time.monotonic() - begin:.0f} s; the resident supervisor's own memory "
                f"{before['anonymous']} → {after['anonymous']} kB; kernel memory "
                f"{before['kernel']} → {after['kernel']} kB")
    report.point(f"{arguments.rounds} rounds of create, start, stop and destroy", problems)
    report.point("everything is as at the beginning", rounds.compare(before, after))
    if arguments.rounds >= rounds.MACHINE_ROUNDS:
        report.point("the kernel holds no more than at the beginning",
                     rounds.compare_machine(before, after, arguments.rounds))
    soak.rounds.must(soak.rounds.resident.run("lxc-stop", "-k"))
    report.point("nothing runs in the end", snapshot.remaining_processes())
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
