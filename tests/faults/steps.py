#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every step of a start is made to fail in turn; nothing may be left, and the message must tell.

	steps.py KIND [--every N] [--only STEP]

For one kind of container (containers.py): a step that must work ends the start with exit code 1, a
message that names its number, object and origin, and the states ABORTING … STOPPED; behind it the
host is as it was before. With an OPTIONAL or WARN step the container runs. Then every step of a stop
fails, and every step of undoing a start: what that leaves is removed by the next command. --every N
tries every Nth step only.
"""

import errno
import functools
import os

import containers
import sandbox
import snapshot
import trial

# Which errno a step fails with must not matter; several, because some have a meaning somewhere.
ERRNOS = (errno.EIO, errno.EPERM, errno.ENOENT, errno.EBUSY, errno.ENOSPC, errno.EAGAIN,
          errno.EINVAL, errno.ENODEV)
PLACES = {"host": "on the host", "init": "inside the container", "both": "on the host",
          "join": "on the way into shared namespaces"}
FAILURES_TOLD = 4  # of a kind; each costs time
START_AGAIN = 9  # how often the container is started properly behind a failure


class Steps(trial.Trial):
    """Lets steps fail."""

    def check_failure(self, row, errnum, done):
        """Problems of a start that must have failed in that step."""
        code, out, errors = done
        step, total = row.step, row.total
        problems = []
        if code != 1 or out:
            problems.append(f"exit code {code}, standard output {out!r}")
        lines = errors.split("\n")
        named = [line for line in lines
                 if line.startswith(f"  step {step['step']} of {total}, {PLACES[step['lane']]}: ")]
        if len(named) != 1 or step["object"] not in named[0]:
            problems.append(f"the message does not name step {step['step']} of {total} and "
                            f"\"{step['object']}\"")
        elif step.get("origin", "") not in named[0]:
            problems.append(f"the message does not name its origin {step['origin']}")
        # The process in between has room for an errno only.
        cause = "" if step["lane"] == "join" else ": a fault that a test asked for"
        if os.strerror(errnum) + cause not in errors:
            problems.append(f"the message does not say \"{os.strerror(errnum)}{cause}\"")
        return problems + [f"it said: {errors}"] if problems else []

    def fail(self, row, mode):
        """Let one step fail: problems. `mode` is an option of the starter, or "" for none."""
        errnum = ERRNOS[row.step["step"] % len(ERRNOS)]
        options = ["--fault-step", str(row.step["step"]), "--fault-errno", str(errnum)]
        if row.in_prelude:
            options += ["--fault-in", "prelude"]
        if row.is_lenient():
            done = self.start(*options)
            problems = self.check_running(
                *done, expected_log=("a fault that a test asked for", os.strerror(errnum)))
        else:
            done = self.container.start(*filter(None, [mode]), *options)
            problems = self.check_failure(row, errnum, done)
            problems += self.check_states(row.states())
        return problems + self.leftovers()

    def fail_ending(self, row, place):
        """A step of STOP or UNDO fails in a supervisor that lives: the record stays, the log tells,
        and the next command gives back what is left. Problems."""
        options = ["--fault-in", place, "--fault-step", str(row.step["step"]), "--fault-errno",
                   str(errno.EIO)]
        problems = []
        if place == "stop":
            code, out, errors = self.start(*options)
            problems += [f"exit code {code}: {out}{errors}"] if code else []
            code, out, errors = self.container.run("lxc-stop", "-k")
            problems += [f"lxc-stop: exit code {code}: {out}{errors}"] if code else []
        else:
            hook = ("-s", f"lxc.hook.start-host={self.host.work}/hook-fails")
            code, out, errors = self.start(*hook, *options)
            problems += [] if code == 1 else [f"exit code {code}: {out}{errors}"]
        problems += snapshot.remaining_processes()
        if not snapshot.ended_records():
            problems.append("there is no record of what is left")
        log = self.container.log.read_text()
        problems += [f"the log does not say \"{text}\": {log}"
                     for text in ("a fault that a test asked for", "tries again") if text not in log]
        if row.step["step"] % 2:
            code, out, errors = self.container.run("tare repair")
            told = f"{self.container.name}: 1 run undone\n"
            problems += [] if (code, out) == (0, told) else [
                f"tare repair: exit code {code}: {out}{errors}"]
        else:
            self.container.run("lxc-ls")
        problems += [f"there still is {path}" for path in snapshot.ended_records()]
        self.monitor.states()
        return problems + self.leftovers()

    def fail_late(self, row):
        """Let a step fail that comes when the container runs, which it goes on doing: problems."""
        step = row.step
        code, out, errors = self.start("--fault-step", str(step["step"]), "--fault-errno",
                                       str(errno.EIO))
        problems = [] if trial.becomes(lambda: "a fault that a test asked for" in
                                       self.container.log.read_text()) else ["the log is silent"]
        return problems + self.check_running(code, out, errors, expected_log=None) \
            + self.leftovers()


def try_late(report, steps, rows):
    problems = [f"step {row.step['step']}: {text}" for row in rows for text in steps.fail_late(row)]
    if rows:
        report.point(f"it runs on when a late step fails ({len(rows)} tried)", problems)


def try_endings(report, subject, kind, arguments):
    hook = ("-s", f"lxc.hook.start-host={subject.host.work}/hook-fails")
    for place, options in (("stop", ()), ("undo", hook)):
        rows = [row for row in subject.read_plan("-d", *options, section=place)
                if not row.is_lenient() and not row.step["live"]]
        rows = containers.part(kind, arguments.every, rows)
        problems = []
        for row in rows:
            found = subject.fail_ending(row, place)
            problems += [f"step {row.step['step']} ({row.step['op']} {row.step['object']}): {text}"
                         for text in found]
            if found:
                subject.recover()
        report.point(f"{kind}: what a step of {place} leaves is removed by the next command "
                     f"({len(rows)} tried)", problems)


def try_steps(report, steps, title, chosen, mode):
    problems, again, failures = [], [], 0
    for count, row in enumerate(chosen):
        found, step = steps.fail(row, mode), row.step
        prefix = "the prelude's " if row.in_prelude else ""
        problems += [f"{prefix}step {step['step']} ({step['op']} {step['object']}): {text}"
                     for text in found]
        failures += bool(found)
        if failures == FAILURES_TOLD:
            problems.append("… and so on: no more steps were tried")
            break
        if found:
            steps.recover()
        elif count % START_AGAIN == 0:
            again += [f"behind step {step['step']}: {text}"
                      for text in steps.run_once() + steps.leftovers()]
    report.point(f"{title} ({len(chosen)} tried)", problems)
    return again


def try_kind(report, host, arguments):
    kind = arguments.kind
    subject = Steps(host, kind)
    problems = subject.begin()
    report.point(f"{kind}: starts and stops and leaves nothing", problems)
    if problems:
        return
    again = []
    for mode, way in (("-d", "in the background"), (subject.foreground, "in the foreground")):
        rows = [row for row in subject.read_plan(mode)
                if arguments.only in (None, row.step["step"])]
        late = [row for row in rows if row.is_late()]
        rows = [row for row in rows if not row.is_late()]
        strict = containers.part(kind, arguments.every,
                                 [row for row in rows if not row.is_lenient()])
        lenient = containers.part(kind, arguments.every, [row for row in rows if row.is_lenient()])
        again += try_steps(report, subject, f"{kind}, {way}: a step that fails is named and undone",
                           strict, mode)
        if mode == "-d":
            again += try_steps(report, subject, f"{kind}: it runs without an optional step",
                               lenient, mode)
            try_late(report, subject, late)
    report.point(f"{kind}: it starts properly behind a failure", again)
    if arguments.only is None:
        try_endings(report, subject, kind, arguments)


if __name__ == "__main__":
    sandbox.run_inside(functools.partial(containers.try_one, try_kind))
