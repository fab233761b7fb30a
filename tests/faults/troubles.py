#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts and reboots among troubles that no step has: programs that are missing, broken or die, and
a start that meets the end of the run before it."""

import os
import pathlib
import shutil
import subprocess
import time

import containers
import sandbox
import snapshot
import tap
import trial

DEADLINE = 60
COMPILE = "lxc-compile"
SUPERVISOR = "lxc-supervisor-1"

# What may stand in the place of a program; None: nothing.
BROKEN = {
    "is missing": (None, "No such file or directory"),
    "says nothing": ("#!/bin/sh\nexit 3\n", "ended with status 3 and did not say why"),
    "says nonsense": ("#!/bin/sh\necho nonsense >&$2\n", "the new plan is unusable"),
    "dies": ("#!/bin/sh\nkill -9 $$\n", "was killed by signal 9"),
    "is no program": ("nonsense", "Exec format error"),
}


def wait_until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


class Helpers:
    """A folder of helper programs of its own, in which programs can be broken."""

    def __init__(self, work):
        self.original = pathlib.Path(os.environ["TARE_HELPERS"])
        self.folder = work / "helpers"
        self.folder.mkdir()
        for program in self.original.iterdir():
            if program.is_file() and os.access(program, os.X_OK):
                shutil.copy(program, self.folder)
        os.environ["TARE_HELPERS"] = str(self.folder)

    def replace(self, name, text):
        path = self.folder / name
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
            path.chmod(0o755)

    def restore(self, name):
        self.replace(name, None)
        shutil.copy(self.original / name, self.folder)


def start_fails(subject, helpers, program, text, told):
    """Starts with a broken program, which must fail and say so, and leave nothing: problems."""
    problems = []
    for mode in ("-d", "-F"):
        helpers.replace(program, text)
        code, out, errors = subject.container.start(mode)
        helpers.restore(program)
        problems += [f"{mode}: {line}" for line in check_failure(subject, told, code, out, errors)]
    return problems


def check_failure(subject, told, code, out, errors):
    problems = []
    if code != 1 or told not in errors:
        problems.append(f"exit code {code} instead of 1 with \"{told}\": {out}{errors}")
    return problems + subject.leftovers()


def compiler_fails_at_start(subject, helpers):
    problems = []
    for what, (text, told) in BROKEN.items():
        problems += [f"{what}, {line}"
                     for line in start_fails(subject, helpers, COMPILE, text, told)]
    return problems + subject.run_afterwards()


def compiler_fails_at_reboot(subject, helpers):
    """The container ends, and its log says why."""
    problems = []
    for what, (text, told) in BROKEN.items():
        code, out, errors = subject.start()
        found = [f"exit code {code}: {out}{errors}"] if code else []
        helpers.replace(COMPILE, text)
        subject.container.run("lxc-attach", tail=("--", "/bin/reboot", "-f"))
        if not wait_until(lambda: subject.container.state() == "STOPPED"):
            found.append(f"the state stays {subject.container.state()}")
        helpers.restore(COMPILE)
        found += snapshot.remaining_processes() + subject.leftovers()
        if told not in subject.container.log.read_text():
            found.append(f"the log does not say \"{told}\": {subject.container.log.read_text()}")
        problems += [f"{what}: {line}" for line in found]
    return problems + subject.run_afterwards()


def supervisor_is_broken(subject, helpers):
    problems = start_fails(subject, helpers, SUPERVISOR, "nonsense", "cannot run the supervisor")
    return problems + subject.run_afterwards()


def start_waits_for_the_end(subject, _):
    """A start while the run before it is in its stop hook begins when that is over."""
    folder = subject.host.work
    (folder / "go").unlink(missing_ok=True)
    (folder / "hook-waits").write_text(
        f"#!/bin/sh\nwhile ! test -e {folder}/go; do sleep 0.01; done\n")
    (folder / "hook-waits").chmod(0o755)
    subject.container.start("-d", "-s", f"lxc.hook.stop={folder}/hook-waits")
    init = int(subject.container.run("lxc-info", "-p", "-H")[1])
    os.kill(init, 9)
    if not wait_until(lambda: subject.container.state() == "STOPPING"):
        return [f"the state is {subject.container.state()}, not STOPPING"]
    second = subprocess.Popen(subject.container.start_words("-d"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        second.wait(0.3)
        problems = [f"the second start did not wait: {second.stdout.read()}"]
    except subprocess.TimeoutExpired:
        problems = []
    (folder / "go").write_text("")
    said, _ = second.communicate(timeout=DEADLINE)
    if second.returncode != 0 or said:
        problems.append(f"the second start: exit code {second.returncode}: {said}")
    if subject.container.state() != "RUNNING":
        problems.append(f"the state is {subject.container.state()}, not RUNNING")
    subject.container.run("lxc-stop", "-k")
    (folder / "go").unlink()
    (folder / "hook-waits").unlink()
    return problems + subject.leftovers()


def hook_kills_the_supervisor(subject, _):
    """At every kind of hook that the supervisor runs."""
    problems = []
    for hook in ("pre-start", "start-host", "stop", "post-stop"):
        option = ("-s", f"lxc.hook.{hook}={subject.host.work}/hook-kills")
        code, out, errors = subject.container.start("-d", *option)
        if hook.endswith("stop"):
            subject.container.run("lxc-stop", "-k")
        elif code != 1 or "died before it could say why" not in errors:
            problems.append(f"{hook}: exit code {code}: {out}{errors}")
        if subject.container.state() != "STOPPED":
            problems.append(f"{hook}: the state is {subject.container.state()}")
        problems += [f"{hook}: {line}" for line in subject.leftovers()]
    return problems + subject.run_afterwards()


class Subject(trial.Trial):
    def run_afterwards(self):
        self.monitor.states()
        return [f"afterwards: {line}" for line in self.run_once() + self.leftovers()]


TROUBLES = (
    ("lxc-compile fails at a start", "prelude", compiler_fails_at_start),
    ("lxc-compile fails at a reboot", "privileged", compiler_fails_at_reboot),
    ("the supervisor is no program", "privileged", supervisor_is_broken),
    ("the supervisor is no program and would be sealed", "hooks", supervisor_is_broken),
    ("a start meets the end of the run before it", "privileged", start_waits_for_the_end),
    ("a hook kills the supervisor", "network", hook_kills_the_supervisor),
)


def main(work, prefix, _):
    report = tap.Report()
    host = containers.Host(work, prefix)
    helpers = Helpers(work)
    subjects = {kind: None for _, kind, _ in TROUBLES}
    for kind in subjects:
        subjects[kind] = Subject(host, kind)
        report.point(f"{kind}: starts and stops and leaves nothing", subjects[kind].begin())
    for title, kind, function in TROUBLES:
        subjects[kind].monitor.states()
        subjects[kind].remember()
        report.point(f"{kind}: {title}", function(subjects[kind], helpers))
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
