# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the time of a start goes: each moment of the wall clock is somebody's.

The kernel's tracer (tracefs) tells system calls and who has a processor, for the command and what
it forks. A moment belongs to the process that runs then, to the youngest when several do: while
init works nobody waits for the supervisor. When none runs, it belongs to "nobody": waking up, the
kernel's own threads, other programs of the machine. Tracing itself costs about a tenth.
"""

import collections
import os
import pathlib
import re
import subprocess
import time

from world import Missing

TRACEFS = pathlib.Path("/sys/kernel/tracing")
EVENTS = ("raw_syscalls/sys_enter", "raw_syscalls/sys_exit", "sched/sched_switch",
          "sched/sched_wakeup", "sched/sched_process_fork", "sched/sched_process_exec", "exceptions/page_fault_user")
PAUSE = 0.05  # seconds between two rounds
LEAST = 20  # microseconds of a row that is printed

# What a system call is part of; what is not named here is "other calls".
KINDS = {
    "exec": "execve",
    "clone3": "clone3 clone fork vfork",
    "mounts": "fsopen fsconfig fsmount move_mount open_tree mount_setattr mount umount2 pivot_root",
    "names and devices": "openat2 mkdirat mknodat symlinkat symlink mknod mkdir statx ioctl dup3 "
                         "fchmodat unlink rmdir unlinkat openat open",
    "gates and events": "sendmsg recvmsg poll ppoll epoll_wait epoll_pwait epoll_ctl epoll_create1 "
                        "signalfd4 socketpair wait4 waitid",
    "exit": "exit_group exit",
}
KIND_OF = {call: kind for kind, calls in KINDS.items() for call in calls.split()}
USER = "program code, page faults"
WAITS = "waits for a processor"
ASLEEP = "asleep: "
LINE = re.compile(r"^ *.*?-(\d+) +\[\d+\] \S+ +([\d.]+): (\w+): (.*)$")
SWITCH = re.compile(r"prev_pid=(\d+) .*prev_state=(\S+) ==> .*next_pid=(\d+) ")
WAKEUP = re.compile(r" pid=(\d+) ")


def call_names():
    """Names of system calls by number, as the compiler's headers have them."""
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return {int(number): name
            for name, number in re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.M)}


class Trace:
    """An instance of the tracer, of our own."""

    def __init__(self):
        self.folder = TRACEFS / "instances" / f"tare-bench-{os.getpid()}"
        if not (TRACEFS / "events/raw_syscalls").exists():
            raise Missing(f"{TRACEFS} has no system calls to trace")
        self.folder.mkdir()
        try:
            self.write("buffer_size_kb", "2048")
            self.write("trace_clock", "mono")
            self.write("options/event-fork", "1")
            for event in EVENTS:
                if (self.folder / "events" / event).exists():
                    self.write(f"events/{event}/enable", "1")
        except OSError:
            self.close()
            raise

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def close(self):
        self.folder.rmdir()

    def run(self, argv):
        """Lines of a run of the command, and the pid that it had."""
        self.write("tracing_on", "0")
        self.write("trace", "")
        child = subprocess.Popen(
            ["/bin/sh", "-c", 'echo $$ >"$0/set_event_pid"; echo 1 >"$0/tracing_on"; exec "$@"',
             self.folder, *map(str, argv)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status = child.wait()
        self.write("tracing_on", "0")
        self.write("set_event_pid", "")
        if status:
            raise Missing(f"{argv[0]} ends with status {status}")
        return (self.folder / "trace").read_text().splitlines(), child.pid


class Walk:
    """One run, moment by moment."""

    def __init__(self, main, names):
        self.main = main
        self.names = names
        self.role = {main: 0}  # the main process's programs are roles 0, 1 …
        self.order = [main]  # pids, the youngest last
        self.call = {}  # what each is in
        self.running = {main}
        self.sleeping = set()
        self.begun = self.last = None
        self.micros = collections.Counter()  # by (role, call)
        self.calls = collections.Counter()
        self.faults = 0
        self.ended = False

    def owner(self):
        for pid in reversed(self.order):
            if pid in self.running:
                return self.role[pid], self.call.get(pid, USER)
        for pid in reversed(self.order):
            if pid in self.sleeping:
                return self.role[pid], ASLEEP + self.call.get(pid, USER)
            return self.role[pid], WAITS

    def advance(self, now):
        if self.begun is not None:
            self.micros[self.owner()] += (now - self.last) * 1e6
        self.last = now

    def switch(self, text):
        previous, state, following = SWITCH.search(text).groups()
        previous, following = int(previous), int(following)
        self.running.discard(previous)
        if previous in self.role and state[0] != "R":
            self.sleeping.add(previous)
        if following in self.role:
            self.running.add(following)
            self.sleeping.discard(following)
        if state[0] in "ZX" and previous in self.role:
            self.ended = previous == self.main
            self.order.remove(previous)

    def enter(self, pid, text, now):
        name = self.names.get(int(text.split()[1]), "?")
        self.call[pid] = name
        if self.begun is None and name == "execve":
            self.begun = self.last = now
        if self.begun is not None:
            self.calls[self.role[pid], name] += 1

    def fork(self, text):
        child = int(re.search(r"child_pid=(\d+)", text).group(1))
        self.role[child] = "init"
        self.order.append(child)
        self.call[child] = "clone3"

    def take(self, line):
        found = LINE.match(line)
        if not found or self.ended:
            return
        pid, now, event, text = int(found[1]), float(found[2]), found[3], found[4]
        self.advance(now)
        if event == "sched_switch":
            self.switch(text)
        elif event == "sched_wakeup":
            self.sleeping.discard(int(WAKEUP.search(" " + text)[1]))
        elif pid not in self.role:
            return
        elif event == "sys_enter":
            self.enter(pid, text, now)
        elif event == "sys_exit":
            self.call.pop(pid, None)
        elif event == "sched_process_fork":
            self.fork(text)
        elif event == "sched_process_exec":
            self.role[pid] = self.role[pid] + 1 if pid == self.main else "program"
        elif event == "page_fault_user":
            self.faults += self.begun is not None


def roles_of(walks):
    """What the main process's programs are called: the last one supervises."""
    last = max(role for walk in walks for role, _ in walk.micros if isinstance(role, int))
    return {role: {last: "supervisor", 0: "exec of the command"}.get(role, "starter")
            for role in range(last + 1)}


def walks_of(trace, commands, rounds):
    """The faster half of the runs of each command, which take turns."""
    names = call_names()
    walks = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            time.sleep(PAUSE)
            lines, pid = trace.run(argv)
            walk = Walk(pid, names)
            for line in lines:
                walk.take(line)
            walks[name].append(walk)
    return {name: sorted(found, key=lambda walk: sum(walk.micros.values()))[:(rounds + 1) // 2]
            for name, found in walks.items()}


def print_rows(title, by_name):
    """{name: {row: (micros, calls)}}, a column each; the dearest rows of the first come first."""
    first = next(iter(by_name.values()))
    rows = {row for table in by_name.values() for row in table}
    print(f"  {title:34}" + "".join(f"{name:>26}" for name in by_name))
    for row in sorted(rows, key=lambda row: -first.get(row, (0, 0))[0]):
        cells = [table.get(row, (0, 0)) for table in by_name.values()]
        if max(micros for micros, _ in cells) >= LEAST:
            print(f"  {row:34}" + "".join(
                f"{micros:12.0f} us {calls:5.0f} calls" for micros, calls in cells))


def sum_up(walks, name_of):
    """Means over the walks: {name_of(role, call): (micros, calls)}."""
    result = {}
    for walk in walks:
        for what in walk.micros.keys() | walk.calls.keys():
            micros, calls = result.get(name_of(*what), (0, 0))
            result[name_of(*what)] = (micros + walk.micros[what] / len(walks),
                                      calls + walk.calls[what] / len(walks))
    return result


def tell(commands, rounds):
    """Print the tables of the commands, {name: argv}."""
    trace = Trace()
    try:
        found = walks_of(trace, commands, rounds)
    finally:
        trace.close()
    for name, walks in found.items():
        wall = sum(sum(walk.micros.values()) for walk in walks) / len(walks)
        calls = sum(sum(walk.calls.values()) for walk in walks) / len(walks)
        faults = sum(walk.faults for walk in walks) / len(walks)
        waits = sum(micros for walk in walks for (_, call), micros in walk.micros.items()
                    if call == WAITS or call.startswith(ASLEEP)) / len(walks)
        print(f"{name}: {wall:.0f} us, {wall - waits:.0f} of it on a processor; {calls:.0f} system "
              f"calls, {faults:.0f} page faults (mean of the faster {len(walks)} of {rounds} "
              "rounds, traced)")
    roles = {name: roles_of(walks) for name, walks in found.items()}

    def table(name_of):
        return {name: sum_up(walks, lambda role, call, name=name: name_of(
            roles[name].get(role, role), call)) for name, walks in found.items()}

    def kind(role, call):
        if call == USER or call == WAITS or call.startswith(ASLEEP):
            return call
        if call in ("mkdirat", "unlinkat", "fchmodat", "mkdir", "rmdir") and role != "init":
            return "cgroup directories"
        return KIND_OF.get(call, "other calls")

    print_rows("who", table(lambda role, call: role))
    print_rows("what", table(kind))
    print_rows("which call", table(lambda role, call: f"{role}: {call}"))
