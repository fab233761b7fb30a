#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts and reboots among troubles that no step has: programs that are missing, broken or die,
records of another boot, commands that meet a start, an end or the undoing of a crash."""

import fcntl
import os
import pathlib
import shutil
import struct
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
BOOT_ID_AT = 40  # run/record.h
F_OFD_GETLK = 36  # linux/fcntl.h; Python 3.11 has no name for it
AT_ONCE, AT_ONCE_ROUNDS = 4, 3

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


def compiler_logs(subject, _):
    """What it notices stands in the container's log, at a reboot as at the first start."""
    noticed = "Ignoring mount point \"/elsewhere\""
    option = ("-s", "lxc.mount.entry=/tmp /elsewhere none bind 0 0")
    code, out, errors = subject.start(*option)
    problems = [f"exit code {code}: {out}{errors}"] if code else []
    if noticed not in subject.container.log.read_text():
        problems.append(f"the start's log does not say it: {subject.container.log.read_text()}")
    subject.clear_log()
    old = subject.container.run("lxc-info", "-p", "-H")[1]
    subject.container.run("lxc-attach", tail=("--", "/bin/reboot", "-f"))
    if not wait_until(lambda: subject.container.state() == "RUNNING" and
                      subject.container.run("lxc-info", "-p", "-H")[1] not in (old, "-1\n", "")):
        problems.append("it does not reboot")
    if noticed not in subject.container.log.read_text():
        problems.append(f"the reboot's log does not say it: {subject.container.log.read_text()}")
    subject.container.run("lxc-stop", "-k")
    return problems + subject.leftovers() + subject.run_afterwards()


def patch_boot_id(subject):
    """The record's: as if it had been written before the machine was booted."""
    path = record_of(subject)
    with open(path, "r+b") as file:
        file.seek(BOOT_ID_AT)
        file.write(b"00000000-0000-0000-0000-000000000000")


def record_of(subject):
    return next(pathlib.Path("/run/lxc/runs").glob(f"*/{subject.container.name}"))


def after_a_reboot(subject, _):
    """A record of another boot: what has its numbers and names now is others', and stays."""
    pid_file = subject.host.work / "pid"
    container = subject.container
    command = [*container.start_words("-d"), "--pidfile", str(pid_file),
               "-s", "lxc.monitor.signal.pdeath=0"]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
    init = int(container.run("lxc-info", "-p", "-H")[1])
    os.kill(int(pid_file.read_text()), 9)
    wait_until(lambda: os.stat(record_of(subject)) and supervisor_is_gone(subject))
    patch_boot_id(subject)
    had = snapshot.take(subject.host.work, subject.host.prefix)
    problems = [f"it is told to be {state}" for state in (container.state(),) if state != "STOPPED"]
    if not os.path.exists(f"/proc/{init}"):
        problems.append("the process with init's number was killed")
    now = snapshot.take(subject.host.work, subject.host.prefix)
    for kind in ("cgroup", "mount", "network link"):
        problems += snapshot.differences({kind: had[kind]}, now)
    if pid_file.exists():
        problems.append("the pid file is still there")
    os.kill(init, 9)
    problems += snapshot.remaining_processes()
    if kind_has_links(had):
        wait_until(lambda: not kind_has_links(snapshot.take(subject.host.work, "")))
    sandbox.remove_cgroups(subject.host.prefix)
    return problems + subject.leftovers() + subject.run_afterwards()


def kind_has_links(taken):
    return any(name.startswith("veth") for name in taken["network link"])


def supervisor_is_gone(subject):
    """Nobody has its record's lock any more."""
    with open(record_of(subject), "r+b") as file:
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        lock = fcntl.fcntl(file, F_OFD_GETLK, lock)
        return struct.unpack("hhqqi4x", lock)[0] == fcntl.F_UNLCK


def undo_takes_long(subject, helpers):
    """Meanwhile the dead run is STOPPED for everybody, and a start waits."""
    go, container = subject.host.work / "go", subject.container
    begun = subject.host.work / "begun"  # the shell has opened its script
    go.unlink(missing_ok=True)
    begun.unlink(missing_ok=True)
    container.start("-d")
    supervisor = next(pid for pid, what in snapshot.processes() if "[lxc monitor]" in what)
    helpers.replace(SUPERVISOR, f"#!/bin/sh\n: >{begun}\n"
                                f"while ! test -e {go}; do sleep 0.01; done\n"
                                f"exec {helpers.original}/{SUPERVISOR} \"$@\"\n")
    os.kill(supervisor, 9)
    wait_until(lambda: supervisor_is_gone(subject))
    undoing = subprocess.Popen(container.words("lxc-info"), stdout=subprocess.DEVNULL)
    wait_until(begun.exists)
    problems = []
    for words, expected in ((("lxc-info", "-s", "-H"), "STOPPED"), (("lxc-ls", "--active"), "")):
        begin = time.monotonic()
        done = container.run(*words)
        seconds = time.monotonic() - begin
        if done != (0, expected and expected + "\n", "") or seconds > 1:
            problems.append(f"{words} says {done} behind {seconds:.3f} s")
    helpers.restore(SUPERVISOR)
    start = subprocess.Popen(container.start_words("-d"), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        start.wait(0.5)
        problems.append("the start did not wait")
    except subprocess.TimeoutExpired:
        pass
    go.write_text("")
    said, _ = start.communicate(timeout=DEADLINE)
    undoing.wait(DEADLINE)
    if start.returncode != 0 or said:
        problems.append(f"the start: exit code {start.returncode}: {said}")
    if container.state() != "RUNNING":
        problems.append(f"behind the start the state is {container.state()}")
    container.run("lxc-stop", "-k")
    go.unlink()
    begun.unlink()
    return problems + snapshot.remaining_processes() + subject.leftovers()


def init_outlives_its_supervisor(subject, _):
    """With pdeath = 0 it goes on; the next command ends it, for nobody can reach it any more."""
    problems = []
    for command in ("lxc-info", "lxc-start"):
        subject.container.start("-d", "-s", "lxc.monitor.signal.pdeath=0")
        init = int(subject.container.run("lxc-info", "-p", "-H")[1])
        supervisor = next(pid for pid, what in snapshot.processes() if "[lxc monitor]" in what)
        os.kill(supervisor, 9)
        wait_until(lambda: supervisor_is_gone(subject))
        if not os.path.exists(f"/proc/{init}"):
            problems.append(f"{command}: init has died with its supervisor")
        if command == "lxc-start":
            code, out, errors = subject.container.start("-d")
            if code or subject.container.state() != "RUNNING":
                problems.append(f"{command}: exit code {code}: {out}{errors}")
            subject.container.run("lxc-stop", "-k")
        elif subject.container.state() != "STOPPED":
            problems.append(f"{command}: the state is {subject.container.state()}")
        if os.path.exists(f"/proc/{init}"):
            problems.append(f"{command}: init is still there")
        problems += [f"{command}: {line}" for line in
                     snapshot.remaining_processes() + subject.leftovers()]
    return problems + subject.run_afterwards()


def begin_start(subject, *options, hook="start-host"):
    """A start that stands in a hook until the file "go" is there."""
    folder = subject.host.work
    (folder / "go").unlink(missing_ok=True)
    (folder / "waits").unlink(missing_ok=True)
    (folder / "hook-waits").write_text(
        f"#!/bin/sh\n: > {folder}/waits\nwhile ! test -e {folder}/go; do sleep 0.01; done\n")
    (folder / "hook-waits").chmod(0o755)
    words = subject.container.start_words("-d", *options,
                                          "-s", f"lxc.hook.{hook}={folder}/hook-waits")
    first = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    wait_until((folder / "waits").exists)
    return first


def end_start(subject):
    for name in ("go", "waits", "hook-waits"):
        (subject.host.work / name).unlink(missing_ok=True)


def supervisor_dies_in_hooks_of_init(subject, _):
    """Neither init, which waits for its hook, nor the hook may live on and hold the lock."""
    problems = []
    for hook in ("pre-mount", "mount", "start-host"):
        first = begin_start(subject, hook=hook)
        supervisor = next(pid for pid, what in snapshot.processes() if "[lxc monitor]" in what)
        os.kill(supervisor, 9)
        said, _ = first.communicate(timeout=DEADLINE)
        if first.returncode != 1 or "died before it could say why" not in said:
            problems.append(f"{hook}: exit code {first.returncode}: {said}")
        end_start(subject)
        problems += [f"{hook}: {line}" for line in
                     snapshot.remaining_processes() + subject.leftovers()]
    return problems + subject.run_afterwards()


def hook_leaves_a_process(subject, _):
    """It goes on, in the cgroup above the supervisor's, which goes; behind a crash, too."""
    hook, pid_file = subject.host.work / "hook-leaves", subject.host.work / "left"
    hook.write_text(f"#!/bin/sh\nsleep 1000 <&- >&- 2>&- &\necho $! > {pid_file}\n")
    hook.chmod(0o755)
    problems = []
    for crashes in (False, True):
        code, out, errors = subject.start("-s", f"lxc.hook.start-host={hook}")
        problems += [f"exit code {code}: {out}{errors}"] if code else []
        if crashes:
            supervisor = next(pid for pid, what in snapshot.processes() if "[lxc monitor]" in what)
            os.kill(supervisor, 9)
            wait_until(lambda: supervisor_is_gone(subject))
            code, out, errors = subject.container.run("tare repair")
            problems += [f"tare repair: {code}: {out}{errors}"] if code else []
        else:
            subject.container.run("lxc-stop", "-k")
            wait_until(lambda: not any("[lxc monitor]" in what for _, what in snapshot.processes()))
        left = int(pid_file.read_text())
        if not os.path.exists(f"/proc/{left}"):
            problems.append("the hook's process is gone")
        else:
            os.kill(left, 9)
        pid_file.unlink()
        problems += [f"there is a record {path}" for path in snapshot.ended_records()]
        text = hook.read_text()
        hook.unlink()
        problems += snapshot.remaining_processes() + subject.leftovers()
        hook.write_text(text)
        hook.chmod(0o755)
    hook.unlink()
    return problems + subject.run_afterwards()


def others_meet_a_start(subject, _):
    """A second start, lxc-destroy and lxc-stop while the first start is under way."""
    container, go = subject.container, subject.host.work / "go"
    first = begin_start(subject)
    code, out, errors = container.start("-d")
    problems = [] if code == 0 and "already running" in errors.lower() else [
        f"the second start: exit code {code}: {out}{errors}"]
    # The states that it asks for are told when the start is over.
    destroy = subprocess.Popen(container.words("lxc-destroy"), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    time.sleep(0.2)
    go.write_text("")
    said, _ = destroy.communicate(timeout=DEADLINE)
    if destroy.returncode != 1 or "running" not in said:
        problems.append(f"lxc-destroy: exit code {destroy.returncode}: {said}")
    if not (subject.host.lxcpath / container.name / "rootfs/bin/busybox").exists():
        problems.append("lxc-destroy has removed something")
    said, _ = first.communicate(timeout=DEADLINE)
    if first.returncode != 0 or said or container.state() != "RUNNING":
        problems.append(f"the start: exit code {first.returncode}, {container.state()}: {said}")
    container.run("lxc-stop", "-k")
    end_start(subject)
    return problems + subject.leftovers() + stop_meets_a_start(subject)


def stop_meets_a_start(subject):
    """lxc-stop waits for the start, or ends it: afterwards the container does not run."""
    first = begin_start(subject)
    stop = subprocess.Popen(subject.container.words("lxc-stop", "-k"), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    time.sleep(0.2)
    (subject.host.work / "go").write_text("")
    first.communicate(timeout=DEADLINE)
    said, _ = stop.communicate(timeout=DEADLINE)
    problems = [] if stop.returncode == 0 else [
        f"lxc-stop while it starts: exit code {stop.returncode}: {said}"]
    if subject.container.state() != "STOPPED":
        problems.append(f"behind lxc-stop the state is {subject.container.state()}")
        subject.container.run("lxc-stop", "-k")
    end_start(subject)
    return problems + subject.leftovers() + subject.run_afterwards()


def many_start_at_once(subject, _):
    """One of them starts it; the others say that it runs. Nothing is left of them."""
    problems = []
    for _ in range(AT_ONCE_ROUNDS):
        starts = [subprocess.Popen(subject.container.start_words("-d"), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                  for _ in range(AT_ONCE)]
        said = [start.communicate(timeout=DEADLINE)[0] for start in starts]
        silent = sum(start.returncode == 0 and not text for start, text in zip(starts, said))
        told = sum(start.returncode == 0 and "already running" in text.lower()
                   for start, text in zip(starts, said))
        if silent != 1 or told != AT_ONCE - 1 or subject.container.state() != "RUNNING":
            problems.append(f"{silent} started, {told} found it running, the state is "
                            f"{subject.container.state()}: {said}")
        subject.container.run("lxc-stop", "-k")
        problems += snapshot.remaining_processes() + subject.leftovers()
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
    ("lxc-compile logs", "privileged", compiler_logs),
    ("the supervisor is no program", "privileged", supervisor_is_broken),
    ("the supervisor is no program and would be sealed", "hooks", supervisor_is_broken),
    ("a start meets the end of the run before it", "privileged", start_waits_for_the_end),
    ("a hook kills the supervisor", "network", hook_kills_the_supervisor),
    ("the machine was booted behind a crash", "network", after_a_reboot),
    ("undoing takes long", "network", undo_takes_long),
    ("init outlives its supervisor", "privileged", init_outlives_its_supervisor),
    ("the supervisor dies in hooks of init", "privileged", supervisor_dies_in_hooks_of_init),
    ("a hook leaves a process", "privileged", hook_leaves_a_process),
    ("others meet a start", "privileged", others_meet_a_start),
    ("many start at once", "network", many_start_at_once),
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
