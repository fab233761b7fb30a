#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 at every single step: of a start, of a stop, of undoing a start, of undoing after a crash.

	deaths.py KIND [--every N] [--only STEP]

Where the supervisor dies, the next command (lxc-start itself in the background; else lxc-ls,
lxc-info or lxc-start by turns) must leave nothing of it and tell STOPPED; where init dies, the start
ends as if a step had failed.
"""

import functools
import signal

import containers
import sandbox
import trial

DIED = "died before it could say why"
COMMANDS = ("lxc-ls", "lxc-info", "lxc-start")
FAILURES_TOLD = 4  # of a kind; each costs time


def deadly(row, place):
    """The options that kill who gets to that step."""
    return ("--fault-in", place, "--fault-step", str(row.step["step"]),
            f"--fault-errno=-{int(signal.SIGKILL)}")


class Deaths(trial.Trial):
    def listed(self):
        """The state that lxc-ls shows."""
        code, out, errors = self.container.run("lxc-ls", "-f", "-F", "NAME,STATE")
        states = [line.split()[1] for line in out.split("\n")
                  if line.split()[:1] == [self.container.name]]
        return " ".join(states) if code == 0 else f"lxc-ls: {code} {errors}"

    def next_command(self, number):
        """Run one of the commands that meet what a crash left: problems."""
        command = COMMANDS[number % len(COMMANDS)]
        if command == "lxc-start":
            code, out, errors = self.container.start("-d")
            problems = [] if code == 0 else [f"lxc-start: exit code {code}: {out}{errors}"]
            code, out, errors = self.container.run("lxc-stop", "-k")
            return problems + ([] if code == 0 else [f"lxc-stop: {code}: {out}{errors}"])
        state = self.listed() if command == "lxc-ls" else self.container.state()
        return [] if state == "STOPPED" else [f"{command} says {state}"]

    def start_step(self, row, number):
        """A step of START, the supervisor dies in it."""
        return self.die_starting(row, number, "-d")

    def late_step(self, row, number):
        """A step that comes when the container runs: it has started then."""
        code, out, errors = self.container.start("-d", *deadly(row, "start"))
        problems = [] if code == 0 else [f"exit code {code}: {out}{errors}"]
        if not trial.becomes(lambda: self.container.state() == "STOPPED"):
            problems.append("it has not died")
        return problems + self.next_command(number) + self.leftovers()

    def start_step_in_front(self, row, number):
        return self.die_starting(row, number, self.foreground)

    def die_starting(self, row, number, mode):
        place = "prelude" if row.in_prelude else "start"
        code, out, errors = self.container.start(*filter(None, [mode]), *deadly(row, place))
        problems = []
        if mode == "-d" and (code != 1 or DIED not in errors):
            problems.append(f"exit code {code}: {out}{errors}")
        if mode != "-d" and code != -signal.SIGKILL:
            problems.append(f"it was not killed, but gave {code}: {out}{errors}")
        if mode != "-d":
            problems += self.next_command(number)
        return problems + self.leftovers()

    def start_step_of_init(self, row, number):
        """A step of START in which init ends without a word."""
        code, out, errors = self.container.start("-d", *deadly(row, "start"))
        problems = []
        if code != 1 or "init exited with status 9 between step" not in errors:
            problems.append(f"exit code {code}: {out}{errors}")
        return problems + self.leftovers()

    def stop_step(self, row, number):
        code, out, errors = self.container.start("-d", *deadly(row, "stop"))
        problems = [] if code == 0 else [f"exit code {code}: {out}{errors}"]
        code, out, errors = self.container.run("lxc-stop", "-k")
        if code != 0:
            problems.append(f"lxc-stop: exit code {code}: {out}{errors}")
        return problems + self.next_command(number) + self.leftovers()

    def undo_step(self, row, number):
        """The start fails in a hook, and the supervisor dies undoing it."""
        hook = ("-s", f"lxc.hook.start-host={self.host.work}/hook-fails")
        code, out, errors = self.container.start("-d", *hook, *deadly(row, "undo"))
        problems = []
        if code != 1 or DIED not in errors:
            problems.append(f"exit code {code}: {out}{errors}")
        return problems + self.leftovers()

    def crash_step(self, row, number):
        """A hook kills the supervisor, and what undoes that is killed, too."""
        hook = ("-s", f"lxc.hook.start-host={self.host.work}/hook-kills")
        code, out, errors = self.container.start("-d", *hook, *deadly(row, "undo"))
        problems = []
        if code != 1 or (DIED if row.step["live"] else "could not undo") not in errors:
            problems.append(f"exit code {code}: {out}{errors}")
        return problems + self.next_command(number) + self.leftovers()


def try_all(report, subject, title, rows, function):
    problems, failures = [], 0
    for number, row in enumerate(rows):
        found, step = function(row, number), row.step
        prefix = "the prelude's " if row.in_prelude else ""
        problems += [f"{prefix}step {step['step']} ({step['op']} {step['object']}): {text}"
                     for text in found]
        failures += bool(found)
        if failures == FAILURES_TOLD:
            problems.append("… and so on: no more steps were tried")
            break
        if found:
            subject.recover()
    report.point(f"{title} ({len(rows)} tried)", problems)


def try_kind(report, host, arguments):
    kind = arguments.kind
    subject = Deaths(host, kind)
    problems = subject.begin()
    report.point(f"{kind}: starts and stops and leaves nothing", problems)
    if problems:
        return

    def rows(section, mode="-d", *options, lanes=("host", "both"), late=False):
        # An optional step may have nothing to do, and is passed over then.
        found = [row for row in subject.read_plan(mode, *options, section=section)
                 if row.step["lane"] in lanes and not row.step["optional"]
                and row.is_late() == late]
        if late:
            return found
        if arguments.only:
            return [row for row in found if row.step["step"] == arguments.only]
        return containers.part(kind, arguments.every, found)

    hook = ("-s", f"lxc.hook.start-host={host.work}/hook-fails")
    try_all(report, subject, f"{kind}: the supervisor dies in a step of a start", rows("start"),
            subject.start_step)
    try_all(report, subject, f"{kind}: it dies in a late step", rows("start", late=True),
            subject.late_step)
    try_all(report, subject, f"{kind}: it dies in a step of a start in the foreground",
            rows("start", subject.foreground), subject.start_step_in_front)
    try_all(report, subject, f"{kind}: init dies in a step of a start",
            rows("start", lanes=("init",)), subject.start_step_of_init)
    try_all(report, subject, f"{kind}: the supervisor dies in a step of a stop", rows("stop"),
            subject.stop_step)
    try_all(report, subject, f"{kind}: the supervisor dies undoing a start", rows("undo", "-d", *hook),
            subject.undo_step)
    try_all(report, subject, f"{kind}: what undoes a crash dies", rows("undo", "-d", *hook),
            subject.crash_step)
    subject.monitor.states()
    report.point(f"{kind}: starts and stops and leaves nothing afterwards", subject.begin())


if __name__ == "__main__":
    sandbox.run_inside(functools.partial(containers.try_one, try_kind))
