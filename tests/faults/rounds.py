#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many starts, attaches and stops: at the end everything is as at the beginning.

	rounds.py --rounds N

One container is started, entered and stopped in each round (every tenth with a network). Another one
runs all the time and is asked, entered, frozen and now and then rebooted: its supervisor must have
the same descriptors and no more memory of its own in the end. Kernel memory and the namespaces that
the kernel counts are the whole machine's: their limits are wide, and they count from 500 rounds on.
"""

import argparse
import os
import pathlib
import re
import time

import containers
import sandbox
import snapshot
import tap

WARM_UP = 5
NETWORK_EVERY = 10
FREEZE_EVERY = 5
REBOOT_EVERY = 50
MACHINE_ROUNDS = 500             # fewer tell nothing about the machine
ANONYMOUS_GROWTH = 16            # kB that the supervisor that stays may grow
KERNEL_GROWTH = (64 << 10, 16)   # kB: at once, and for each round
COUNTED = ("net_namespace", "mnt_cache", "pid_namespace", "user_namespace")
DEADLINE = 60


def supervisor_of(container):
    """Its pid: the one whose command line names the container (spec/wire.md §13)."""
    title = f"[lxc monitor] {container.host.lxcpath} {container.name}"
    pid = next((pid for pid, what in snapshot.processes() if title in what), None)
    if pid is None:
        raise RuntimeError(f"the supervisor of {container.name} is gone")
    return pid


def descriptors(pid):
    """What each of them is: numbers may change, and so do those of sockets and nameless files."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            found.append(re.sub(r":.*|#\d+ \(deleted\)$", "", target))
        except OSError:
            pass  # closed meanwhile
    return sorted(found)


def anonymous(pid):
    """kB of memory that it shares with nobody and no file."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1])
    return 0


def kernel_memory():
    """kB that the kernel can't give back when asked."""
    wanted = {"SUnreclaim:", "KernelStack:", "PageTables:", "Percpu:"}
    rows = (line.split() for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return sum(int(row[1]) for row in rows if row[0] in wanted)


def kernel_objects():
    """Kind of kernel object → how many of them the machine has."""
    rows = (line.split() for line in pathlib.Path("/proc/slabinfo").read_text().splitlines())
    return {row[0]: int(row[1]) for row in rows if row[0] in COUNTED}


class Rounds:
    def __init__(self, host):
        self.host = host
        self.plain = host.make("privileged")
        self.networked = host.make("network")
        self.resident = host.make("console")
        self.must(self.resident.start("-d"))
        self.problems = []

    def must(self, result):
        code, out, errors = result
        if code != 0 or errors:
            raise RuntimeError(f"exit code {code}: {out}{errors}")
        return out.strip()

    def one(self, number):
        container = self.networked if number % NETWORK_EVERY == 0 else self.plain
        self.must(container.start("-d"))
        self.must(container.run("lxc-attach", tail=("--", "/bin/true")))
        self.must(container.run("lxc-stop", "-k"))
        self.must(self.resident.run("lxc-attach", tail=("--", "/bin/true")))
        if number % FREEZE_EVERY == 0:
            self.must(self.resident.run("lxc-freeze"))
            self.must(self.resident.run("lxc-unfreeze"))
        if number % REBOOT_EVERY == 0:
            self.reboot()
        state = self.must(self.resident.run("lxc-info", "-s", "-H"))
        if state != "RUNNING":
            raise RuntimeError(f"the other container is {state}")

    def reboot(self):
        old = self.resident.run("lxc-info", "-p", "-H")[1]
        self.resident.run("lxc-attach", tail=("--", "/bin/reboot", "-f"))
        deadline = time.monotonic() + DEADLINE
        while self.resident.state() != "RUNNING" or \
                self.resident.run("lxc-info", "-p", "-H")[1] in (old, "-1\n", ""):
            if time.monotonic() > deadline:
                raise RuntimeError("the reboot does not end")
            time.sleep(0.001)

    def settle(self):
        """Wait for supervisors on their way out: the resident and its processes remain."""
        deadline = time.monotonic() + DEADLINE
        while any(self.plain.name in what or self.networked.name in what
                  for _, what in snapshot.processes()):
            if time.monotonic() > deadline:
                raise RuntimeError("a supervisor does not end")
            time.sleep(0.001)

    def measure(self):
        self.settle()
        pid = supervisor_of(self.resident)
        return {
            "host": snapshot.take(self.host.work, self.host.prefix),
            "sockets": snapshot.take_sockets(),
            "processes": len(list(snapshot.processes())),
            "descriptors": descriptors(pid),
            "own descriptors": descriptors(os.getpid()),
            "anonymous": anonymous(pid),
            "kernel": kernel_memory(),
            "objects": kernel_objects(),
        }


def compare(before, after):
    problems = snapshot.differences(before["host"], after["host"])
    problems += snapshot.differences(before["sockets"], after["sockets"])
    for what in ("processes", "descriptors", "own descriptors"):
        if before[what] != after[what]:
            problems.append(f"{what}: {before[what]} became {after[what]}")
    grown = after["anonymous"] - before["anonymous"]
    if grown > ANONYMOUS_GROWTH:
        problems.append(f"the supervisor's own memory has grown by {grown} kB")
    return problems


def compare_machine(before, after, rounds):
    problems = []
    limit = KERNEL_GROWTH[0] + rounds * KERNEL_GROWTH[1]
    grown = after["kernel"] - before["kernel"]
    if grown > limit:
        problems.append(f"kernel memory has grown by {grown} kB, more than {limit} kB")
    for kind, count in after["objects"].items():
        more = count - before["objects"].get(kind, count)
        if more > rounds / 4:
            problems.append(f"there are {more} more of {kind}")
    return problems


def main(work, prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    count = parser.parse_args(words).rounds
    report = tap.Report()
    rounds = Rounds(containers.Host(work, prefix))
    for number in range(WARM_UP):
        rounds.one(number)
    before, begin = rounds.measure(), time.monotonic()
    problems = []
    try:
        for number in range(count):
            rounds.one(number)
    except RuntimeError as error:
        problems.append(f"round {number}: {error}")
        for container in (rounds.plain, rounds.networked):
            container.run("lxc-stop", "-k")
    after, seconds = rounds.measure(), time.monotonic() - begin
    report.note(f"{seconds / count * 1000:.1f} ms per round; the supervisor's own memory "
                f"{before['anonymous']} → {after['anonymous']} kB; kernel memory "
                f"{before['kernel']} → {after['kernel']} kB")
    report.point(f"{count} rounds of start, attach and stop", problems)
    report.point("everything is as at the beginning", compare(before, after))
    if count >= MACHINE_ROUNDS:
        report.point("the kernel holds no more than at the beginning",
                     compare_machine(before, after, count))
    rounds.must(rounds.resident.run("lxc-stop", "-k"))
    report.point("nothing runs in the end", snapshot.remaining_processes())
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
