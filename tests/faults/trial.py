# SPDX-License-Identifier: LGPL-2.1-or-later
"""One container that is started again and again, and what its host looks like when it isn't."""

import json
import os
import signal
import struct
import time
import typing

import snapshot

STATES = ("STOPPED", "STARTING", "RUNNING", "STOPPING", "ABORTING", "FREEZING", "FROZEN", "THAWED")
LATE = 5  # seconds: by then late steps have been done
MESSAGE = struct.Struct("=i256si")  # spec/wire.md §7


def becomes(true):
    """Whether that becomes true in the time that late steps have."""
    end = time.monotonic() + LATE
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


class Monitor:
    """The fifo that supervisors tell their states to (spec/wire.md §12)."""

    def __init__(self, lxcpath):
        folder = f"/run/lxc{lxcpath}"
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(f"{folder}/monitor-fifo"):
            os.mkfifo(f"{folder}/monitor-fifo")
        self.fd = os.open(f"{folder}/monitor-fifo", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def states(self):
        """What has come since the last call."""
        found, data = [], b""
        try:
            while True:
                data += os.read(self.fd, 1 << 16)
        except BlockingIOError:
            pass
        for kind, _, value in MESSAGE.iter_unpack(data):
            if kind == 0:
                found.append(STATES[value])
        return found


class Row(typing.NamedTuple):
    """A step, and where it stands."""

    in_prelude: bool
    total: int         # steps of the prelude, or of the plan
    is_starting: bool  # STARTING has been told before
    step: dict         # as in the JSON

    def is_lenient(self):
        return self.step["optional"] or self.step["warn"]

    def is_late(self):
        """It is done when the container runs."""
        return self.step["late"]

    def states(self):
        """What a failure goes through. LXC says ABORTING twice, except when a pre-start hook
        failed (spec/wire.md §12)."""
        once = self.in_prelude and self.step["op"] == "hook"
        return [*["STARTING"] * self.is_starting, *["ABORTING"] * (1 if once else 2), "STOPPING",
                "STOPPED"]


class Trial:
    """One container, and what its host looks like when it doesn't run."""

    def __init__(self, host, kind):
        self.container = host.make(kind)
        self.monitor = Monitor(host.lxcpath)
        self.host = host
        self.before = self.sockets = None
        # In the foreground the supervisor takes the place of the command, and tells errors itself.
        self.foreground = "" if self.container.kind.command else "-F"

    def begin(self):
        """Two undisturbed runs, the first of which may make what stays: problems."""
        problems = self.run_once()
        self.remember()
        return problems + self.run_once() + self.leftovers()

    def remember(self):
        self.before = snapshot.take(self.host.work, self.host.prefix)
        self.sockets = snapshot.take_sockets()

    def leftovers(self):
        found = snapshot.differences(self.before,
                                     snapshot.take(self.host.work, self.host.prefix))
        found += snapshot.remaining_processes()
        return found + snapshot.differences(self.sockets, snapshot.take_sockets())

    def recover(self):
        """Behind a failure: nothing of it must be told again."""
        self.container.run("lxc-stop", "-k")
        for pid, _ in snapshot.processes():
            os.kill(pid, signal.SIGKILL)
        snapshot.remaining_processes()
        self.monitor.states()
        self.remember()

    def clear_log(self):
        self.container.log.write_text("")

    def run_once(self):
        """A start without faults, and a stop: problems."""
        return self.check_running(*self.start(), expected_log=None)

    def start(self, *options):
        """A start in the background."""
        self.clear_log()
        options = ("-d", "-l", "info", "-o", str(self.container.log), *options)
        return self.container.start(*options)

    def check_running(self, code, out, errors, expected_log):
        """Problems of a start that must have worked; the container is stopped then."""
        problems = []
        state = self.container.state()
        if code != 0 or out or errors:
            problems.append(f"exit code {code}; it said: {out}{errors}")
        if state != "RUNNING":
            problems.append(f"the state is {state}, not RUNNING")
        log = self.container.log.read_text()
        if expected_log and not any(all(part in line for part in expected_log)
                                    for line in log.split("\n")):
            problems.append(f"the log has no line with {expected_log}: {log}")
        code, out, errors = self.container.run("lxc-stop", "-k")
        if code != 0 or out or errors:
            problems.append(f"lxc-stop: exit code {code}; it said: {out}{errors}")
        problems += self.check_states(["STARTING", "RUNNING", "STOPPING", "STOPPED"])
        return problems

    def check_states(self, expected):
        found = self.monitor.states()
        return [] if found == expected else [f"states {found}, expected {expected}"]

    def read_plan(self, mode, *options, section="start"):
        """A section's steps as --plan=json has them, START with the prelude's before the plan's.
        `mode` is an option, or ""."""
        code, out, errors = self.container.start("--plan=json", *filter(None, [mode]), *options)
        if code != 0:
            raise RuntimeError(f"no plan: {errors}")
        plans, rows, is_starting = json.loads(out), [], False
        for name in ("prelude", "plan") if section == "start" else ("plan",):
            steps = plans[name][section] if name in plans else []
            for step in steps:
                rows.append(Row(name == "prelude", len(steps), is_starting, step))
                is_starting = is_starting or step["op"] == "state"
        return rows
