#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 at random moments: of the supervisor, the starter, lxc-compile, init, and the undoing.

	kills.py --rounds N [--seed S] [--only ROUND] [--kind KIND]

Each round brings a container into one of the phases, kills one process at a moment that is chosen
evenly over the phase's measured time, and runs a next command. Behind that the listing must tell
the truth, nothing of a container that is said to be stopped may be left, and the next start works.
The seed decides on everything but the scheduler; it is printed, and so is what each round did.
"""

import argparse
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import time

import containers
import sandbox
import snapshot
import tap

KINDS = ("network", "interfaces", "prelude", "id-mapped-rootfs", "privileged")
DEADLINE = 60      # seconds, for whatever must end
MEASURED = 3       # how often a phase is measured
BEYOND = 1.2       # kills come up to this part of the measured time
ENOUGH = 10        # rounds of a pair in which one kill must come in time, …
LASTING = ("supervisor", "undo")  # … of those who are there all the time

# Which processes are there to be killed in which phase.
PAIRS = (
    ("start", "supervisor"), ("start", "starter"), ("start", "compile"), ("start", "init"),
    ("foreground start", "starter"), ("foreground start", "init"),
    ("run", "supervisor"), ("run", "init"),
    ("stop", "supervisor"), ("stop", "starter"), ("stop", "init"),
    ("reboot", "supervisor"), ("reboot", "compile"), ("reboot", "init"),
    ("undo", "undo"),
)
# Those are there for a part of it: moments are chosen over their own time.
GUESTS = ("compile", "undo")
COMMANDS = ("lxc-ls", "lxc-info", "lxc-start")


class Stuck(Exception):
    """Something that must be or end doesn't."""


def has_victim(kind, phase, victim):
    """Only a prelude needs lxc-compile at the first start."""
    return (phase, victim) != ("start", "compile") or kind == "prelude"


def program_of(pid):
    """(name of its program, parent, whether it is in a PID namespace of its own) or None."""
    try:
        program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            parent = int(file.read().rpartition(")")[2].split()[1])
        inside = os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid")
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            undoes = b"--undo" in file.read().split(b"\0")
    except OSError:
        return None
    return program, parent, inside, undoes


def find(victim):
    """Its pid, or 0. The starter is known to who started it."""
    table = {}
    for name in os.listdir("/proc"):
        found = program_of(int(name)) if name.isdigit() else None
        if found:
            table[int(name)] = found
    for pid, (program, parent, inside, undoes) in table.items():
        is_ours = "lxc-supervisor" in program
        if victim == "undo" and undoes:
            return pid
        if victim == "supervisor" and is_ours and not inside and not undoes:
            return pid
        if victim == "compile" and program == "lxc-compile":
            return pid
        if victim == "init" and inside and "lxc-supervisor" in table.get(parent, ("",))[0]:
            return pid
    return 0


def kill(pid):
    """True when it was there to be killed. It is gone when this returns."""
    if pid <= 0:
        raise Stuck("the process that is to be killed does not exist")
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    wait_until(lambda: is_gone(pid), f"process {pid} does not die")
    return True


def is_gone(pid):
    """Also a zombie is: its descriptors and locks are given back."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def wait_until(condition, complaint):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise Stuck(complaint)
        time.sleep(0.0005)


def catches_signals(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^SigCgt:\s*(\w+)", status, re.M).group(1), 16) >> (signal.SIGPWR - 1) & 1


class Subject:
    """A container whose processes are killed."""

    def __init__(self, host, kind):
        self.host, self.kind = host, kind
        self.container = host.make(kind)
        self.before = self.sockets = None
        self.seconds = {}
        self.hits = dict.fromkeys(PAIRS, 0)

    def remember(self):
        self.before = snapshot.take(self.host.work, self.host.prefix)
        self.sockets = snapshot.take_sockets()

    def spawn(self, words):
        """What it says goes to a file: a pipe would be held by whatever outlives it."""
        with open(self.host.work.parent / "said", "wb") as said:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self):
        return (self.host.work.parent / "said").read_text(errors="replace")

    def operation(self, phase):
        """The command line that brings the phase about, or None: it is only looked at."""
        c = self.container
        return {
            "start": c.start_words("-d"),
            "foreground start": c.start_words("-F"),
            "run": None,
            "stop": c.words("lxc-stop"),
            "reboot": c.words("lxc-attach", tail=("--", "/bin/reboot", "-f")),
            "undo": c.words("tare repair"),
        }[phase]

    def must(self, code, out, errors):
        if code != 0:
            raise Stuck(f"exit code {code}: {out}{errors}")

    def state(self):
        return self.container.state()

    def init_pid(self):
        return self.container.run("lxc-info", "-p", "-H")[1].strip()

    def is_settled(self):
        return self.state() in ("RUNNING", "STOPPED")

    def has_rebooted(self, old):
        return self.state() == "RUNNING" and self.init_pid() not in ("", "-1", old)

    def is_over(self, phase, process, old):
        """`old`: the pid of init when it began."""
        if phase == "reboot":
            return self.has_rebooted(old) or self.state() == "STOPPED"
        return process.poll() is not None

    def prepare(self, phase):
        """What must be so before the phase begins. An init without its trap yet hears nothing."""
        if not phase.endswith("start"):
            self.must(*self.container.start("-d"))
            wait_until(lambda: catches_signals(self.init_pid()), "init sets no trap")

    def measure(self, phase):
        """Seconds that the phase takes when nobody disturbs it."""
        self.prepare(phase)
        old = self.init_pid()
        if phase == "undo":
            kill(find("supervisor"))
        begin = time.monotonic()
        if phase == "run":
            return 0.01
        process = self.spawn(self.operation(phase))
        if phase == "foreground start":
            wait_until(lambda: self.state() == "RUNNING", "the start does not end")
        else:
            process.wait(DEADLINE)
        if phase == "reboot":
            wait_until(lambda: self.has_rebooted(old), "the reboot does not end")
        seconds = time.monotonic() - begin
        self.container.run("lxc-stop", "-k")
        process.wait(DEADLINE)
        wait_until(lambda: not find("supervisor"), "the supervisor does not end")
        return seconds

    def measure_life(self, phase, victim):
        """Seconds that a process lives which is there for a part of the phase only."""
        self.prepare(phase)
        old = self.init_pid()
        if phase == "undo":
            kill(find("supervisor"))
        process = self.spawn(self.operation(phase))
        # One that was too quick to be seen is not there when this ends.
        wait_until(lambda: find(victim) or self.is_over(phase, process, old), "it hangs")
        begin = time.monotonic()
        wait_until(lambda: not find(victim), f"{victim} does not end")
        seconds = time.monotonic() - begin
        self.wait(process)
        wait_until(self.is_settled, "the phase does not end")
        self.container.run("lxc-stop", "-k")
        wait_until(lambda: not find("supervisor"), "the supervisor does not end")
        return seconds

    def measure_all(self):
        for phase in dict.fromkeys(phase for phase, _ in PAIRS):
            self.seconds[phase] = statistics.median(self.measure(phase) for _ in range(MEASURED))
        for phase, victim in PAIRS:
            if victim in GUESTS and has_victim(self.kind, phase, victim):
                self.seconds[phase, victim] = self.measure_life(phase, victim)

    def leftovers(self):
        """A supervisor that is on its way out may still tidy up; then nothing is left."""
        wait_until(lambda: not find("supervisor"), "the supervisor does not end")
        found = snapshot.remaining_processes()
        found += snapshot.differences(self.before,
                                      snapshot.take(self.host.work, self.host.prefix))
        return found + snapshot.differences(self.sockets, snapshot.take_sockets())

    def strike(self, phase, victim, delay):
        """Go through the phase with a kill in it. What was done, in words."""
        self.prepare(phase)
        old = self.init_pid()
        if phase == "undo":
            kill(find("supervisor"))
        begin = time.monotonic()
        words = self.operation(phase)
        process = self.spawn(words) if words else None
        if victim in GUESTS:
            wait_until(lambda: find(victim) or self.is_over(phase, process, old), "it hangs")
            begin = time.monotonic()
        time.sleep(max(0.0, begin + delay - time.monotonic()))
        hit = False
        while not hit:
            pid = process.pid if victim == "starter" else find(victim)
            ended = process is None or process.poll() is not None
            hit = bool(pid) and not (victim == "starter" and ended) and kill(pid)
            if ended or victim in GUESTS:
                break
        self.hits[phase, victim] += hit
        told = f"killed it after {time.monotonic() - begin:.4f} s" if hit else "found it ended"
        if phase == "foreground start":
            wait_until(lambda: process.poll() is not None or self.is_settled(), "it hangs")
        elif process:
            self.wait(process)
        return process, told

    def wait(self, process):
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired as expired:
            process.kill()
            raise Stuck(f"the command does not end: {self.said()}") from expired

    def next_command(self, command):
        """The state that the listing tells, and problems."""
        code, out, errors = {
            "lxc-ls": lambda: self.container_listed(),
            "lxc-info": lambda: self.container.run("lxc-info", "-s", "-H"),
            "lxc-start": lambda: self.container.start("-d"),
        }[command]()
        problems = []
        if command == "lxc-start":
            out = errors
        if code != 0:
            problems.append(f"{command}: exit code {code}: {out}{errors}")
        return out.strip(), problems

    def container_listed(self):
        code, out, errors = self.container.run("lxc-ls", "-f", "-F", "NAME,STATE")
        states = [line.split()[1] for line in out.split("\n")
                  if line.split()[:1] == [self.container.name]]
        return code, " ".join(states), errors

    def check(self, victim, command):
        """Behind the kill: problems."""
        was_alive = find("supervisor") > 0
        told, problems = self.next_command(command)
        # What a starter has cloned before it died becomes a supervisor behind that first look.
        if victim == "starter" and not was_alive and told != "STOPPED":
            was_alive = find("supervisor") > 0
        if command != "lxc-start" and not was_alive:
            if told == "STOPPED":
                problems += self.leftovers()
            else:
                problems.append(f"it is told to be {told}, but there is no supervisor")
        wait_until(self.is_settled, f"the state stays {self.state()}")
        # A container whose end nobody has noticed yet is "already running" for a start.
        if command == "lxc-start" and not told and self.state() != "RUNNING":
            problems.append(f"the start has worked, but the state is {self.state()}")
        if self.state() != "STOPPED":
            code, out, errors = self.container.run("lxc-stop", "-k")
            # 2: it has ended meanwhile. A reboot may be under way, too: nothing of it goes on.
            if code not in (0, 2):
                problems.append(f"lxc-stop: exit code {code}: {out}{errors}")
        if self.state() != "STOPPED":
            problems.append(f"behind lxc-stop the state is {self.state()}")
        problems += [f"in the end {text}" for text in self.leftovers()]
        return problems + self.check_next_start()

    def check_next_start(self):
        problems = []
        for words in (("start",), ("lxc-attach",), ("lxc-stop", "-k")):
            if words == ("start",):
                code, out, errors = self.container.start("-d")
            elif words == ("lxc-attach",):
                code, out, errors = self.container.run(*words, tail=("--", "/bin/true"))
            else:
                code, out, errors = self.container.run(*words)
            if code != 0 or out or errors:
                problems.append(f"afterwards {words}: exit code {code}: {out}{errors}")
        return problems + [f"afterwards {text}" for text in self.leftovers()]

    def recover(self):
        for pid, _ in snapshot.processes():
            kill(pid)
        self.container.run("lxc-ls")
        sandbox.remove_cgroups(self.host.prefix)
        self.remember()

    def round(self, phase, victim, command, part):
        """(what was done, problems)"""
        if victim in GUESTS:  # half of them as soon as they are seen
            delay = max(0.0, 2 * part - 1) * self.seconds[phase, victim]
        else:
            delay = part * BEYOND * self.seconds[phase]
        told, problems = f"planned for {delay:.4f} s", []
        try:
            process, told = self.strike(phase, victim, delay)
            problems = self.check(victim, command)
            if process:
                self.wait(process)
        except Stuck as stuck:
            problems.append(str(stuck))
        if problems:
            problems.append(f"the command said: {self.said()}")
            self.recover()
        return told, problems


def plan_rounds(count, seed, kinds):
    """(phase, victim, kind, next command, part of the time) of each round."""
    chance = random.Random(seed)
    for number in range(count):
        phase, victim = PAIRS[number % len(PAIRS)]
        able = [kind for kind in kinds if has_victim(kind, phase, victim)]
        if not able:
            continue
        kind = chance.choice(able)
        yield phase, victim, kind, chance.choice(COMMANDS), chance.random()


def main(work, prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--kind", choices=KINDS)
    arguments = parser.parse_args(words)
    report = tap.Report()
    host = containers.Host(work, prefix)
    kinds = [arguments.kind] if arguments.kind else KINDS
    subjects = {kind: Subject(host, kind) for kind in kinds}
    report.note(f"{arguments.rounds} rounds, seed {arguments.seed}")
    for kind, subject in subjects.items():
        subject.measure_all()
        report.note(f"{kind}: " + ", ".join(
            f"{what if isinstance(what, str) else ', '.join(what)} {seconds * 1000:.0f} ms"
            for what, seconds in subject.seconds.items()))
    problems = {pair: [] for pair in PAIRS}
    tried = dict.fromkeys(PAIRS, 0)
    for number, chosen in enumerate(plan_rounds(arguments.rounds, arguments.seed, kinds)):
        phase, victim, kind, command, part = chosen
        if arguments.only not in (None, number):
            continue
        subjects[kind].remember()
        told, found = subjects[kind].round(phase, victim, command, part)
        tried[phase, victim] += 1
        title = f"round {number}: {kind}, {phase}, {victim}: {told}; then {command}"
        report.note(title)
        problems[phase, victim] += [f"{title}: {text}" for text in found]
    for (phase, victim), found in problems.items():
        hits = sum(subject.hits[phase, victim] for subject in subjects.values())
        if victim in LASTING and tried[phase, victim] >= ENOUGH and not hits:
            found.append(f"none of {tried[phase, victim]} rounds has met a {victim} to kill")
        report.point(f"{phase}: kill -9 of {victim} ({hits} of {tried[phase, victim]} hit)", found)
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
