#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What connections see while a container starts, freezes, reboots, fails and ends (spec/wire.md §6
and §7), and what the monitor fifo gets (§12)."""

import os
import pathlib
import resource
import signal
import subprocess
import time

import client as c
import subject

IDLE = 1000
SLOW = 0.3  # seconds that a slow hook takes


def reboots(world, name="reboots", text=""):
    return world.make(name, text).start()


def reboot(container):
    os.kill(container.pid(), signal.SIGINT)


def is_sanitized(pid):
    return "/libasan" in pathlib.Path(f"/proc/{pid}/maps").read_text()


def idle_connections_end_after_post_stop(world):
    """Proxmox VE unmounts a root file system when it sees the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 200), max(hard, IDLE + 200)))
    ended = world.work / "post-stop-ended"
    ended.unlink(missing_ok=True)
    stop = world.script("slow-stop", f"sleep {SLOW}")
    post = world.script("slow-post", f"sleep {SLOW}; : >{ended}")
    box = world.make("idle", f"lxc.hook.stop = {stop}\nlxc.hook.post-stop = {post}\n").start()
    supervisor = box.supervisor()
    socks = [c.connect(box) for _ in range(IDLE)]
    assert c.ask(box, c.GET_STATE).data == c.RUNNING, "nobody is served beside idle connections"
    peak = 0 if is_sanitized(supervisor) else subject.status(supervisor, "VmHWM")
    stopper = subprocess.Popen(box.words("lxc-stop", "-k"))
    early, data = [], []
    deadline = time.monotonic() + c.TIMEOUT
    left = dict.fromkeys(socks)
    for sock in socks:
        sock.setblocking(False)
    while left and time.monotonic() < deadline:
        for sock in list(left):
            try:
                part = sock.recv(16)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                part = b""
            if part:
                data.append(part)
            if not ended.exists():
                early.append(sock)
            del left[sock]
        time.sleep(0.002)
    stopper.wait()
    for sock in socks:
        sock.close()
    assert not data, f"{len(data)} connections got bytes: {data[0].hex()}"
    assert not early, f"{len(early)} connections ended before post-stop did"
    assert not left, f"{len(left)} connections never ended"
    assert peak < 4096, f"the supervisor's memory grew to {peak} kB"


def the_listener_is_gone_before_post_stop(world):
    """During post-stop: refused, STOPPED, and a new start works (INC-09)."""
    begun, go = world.work / "post-begun", world.work / "post-go"
    for path in begun, go:
        path.unlink(missing_ok=True)
    post = world.script("gated-post", f": >{begun}; while ! [ -e {go} ]; do sleep 0.01; done")
    box = world.make("gated", f"lxc.hook.post-stop = {post}\n").start()
    idle = c.connect(box)
    os.kill(box.pid(), signal.SIGKILL)
    assert subject.await_true(begun.exists)
    try:
        c.connect(box).close()
        raise AssertionError("somebody listens during post-stop")
    except ConnectionRefusedError:
        pass
    assert box.state() == "STOPPED"
    assert c.is_silent(idle)
    again = box.tool("lxc-start")
    assert again.returncode == 0, again.stderr
    second = box.pid()
    assert box.state() == "RUNNING" and c.is_silent(idle)
    go.touch()
    assert c.at_end(idle)
    assert box.state() == "RUNNING" and box.pid() == second, "the end of one run hurt the next"
    box.kill()


def requests_during_the_stop_hook_end_without_an_answer(world):
    begun, go = world.work / "stop-begun", world.work / "stop-go"
    for path in begun, go:
        path.unlink(missing_ok=True)
    stop = world.script("gated-stop", f": >{begun}; while ! [ -e {go} ]; do sleep 0.01; done")
    box = world.make("stops", f"lxc.hook.stop = {stop}\n").start()
    os.kill(box.pid(), signal.SIGKILL)
    assert subject.await_true(begun.exists)
    waiting = c.connect(box)
    waiting.send(c.header(c.GET_CGROUP, 7) + b"memory\0")
    asked = c.connect(box)
    answer = c.ask(box, c.GET_STATE, sock=asked) if answers_states(asked, box) else None
    assert answer is None or answer.data == c.STOPPING, answer
    assert c.is_silent(waiting)
    go.touch()
    assert c.at_end(waiting), "an answer came"


def answers_states(sock, box):
    """LXC answers nothing while it stops; GET_STATE may be answered with STOPPING."""
    probe = c.connect(box)
    probe.send(c.header(c.GET_STATE))
    silent = c.is_silent(probe, 0.2)
    probe.close()
    return not silent


def requests_during_a_start_are_answered_when_it_runs(world):
    begun = world.work / "pre-begun"
    begun.unlink(missing_ok=True)
    pre = world.script("slow-pre", f": >{begun}; sleep {2 * SLOW}")
    box = world.make("slow", f"lxc.hook.pre-start = {pre}\n")
    starter = box.start_aside()
    assert subject.await_true(begun.exists)
    begin = time.monotonic()
    first, second = c.connect(box), c.connect(box)
    second.send(c.header(c.GET_INIT_PID))
    watcher = c.connect(box)
    watcher.send(c.header(c.ADD_STATE_CLIENT, 32) + c.interest(RUNNING=1))
    assert c.ask(box, c.GET_STATE, sock=first).data == c.RUNNING
    assert time.monotonic() - begin > SLOW, "an answer came before RUNNING"
    assert c.Answer(second).data == box.pid()
    assert c.Answer(watcher).ret in (c.RUNNING, c.NO_STATE)
    assert starter.wait(20) == 0


def a_start_that_fails_ends_the_connections(world):
    begun = world.work / "fail-begun"
    for name, lines in (
            ("prefails", lambda hook: f"lxc.hook.pre-start = {hook}\n"),
            ("laterfails", lambda hook: f"lxc.hook.pre-start = {hook}\nlxc.init.cmd = /nowhere\n")):
        begun.unlink(missing_ok=True)
        hook = world.script(name, f": >{begun}; sleep {SLOW}; exit {int(name == 'prefails')}")
        box = world.make(name, lines(hook))
        starter = box.start_aside()
        assert subject.await_true(begun.exists)
        idle, asked = c.connect(box), c.connect(box)
        asked.send(c.header(c.GET_STATE))
        assert c.at_end(idle), name
        assert c.at_end(asked), name
        assert starter.wait(20) == 1
        assert box.state() == "STOPPED"


def state_clients_over_reboots_and_the_end(world):
    box = reboots(world)
    stopping, _ = c.watch(box, STOPPING=1)
    stopped, _ = c.watch(box, STOPPED=1)
    again, state = c.watch(box, RUNNING=2)
    assert state == c.NO_STATE, "2 means the next time"
    both, state = c.watch(box, RUNNING=1)
    assert state == c.RUNNING
    idle = c.connect(box)
    lease = c.connect(box)
    c.ask(box, c.GET_TTY_FD, data=0, sock=lease).close()
    reboot(box)
    assert c.message(stopping) == (0, box.name, c.STOPPING) and c.at_end(stopping)
    assert c.message(stopped) == (0, box.name, c.STOPPED) and c.at_end(stopped)
    assert c.message(again) == (0, box.name, c.RUNNING) and c.at_end(again)
    assert c.at_end(lease), "the terminals of the last run are gone"
    assert c.is_silent(idle), "idle connections live through reboots"
    assert c.ask(box, c.GET_STATE).data == c.RUNNING

    final, _ = c.watch(box, STOPPED=1)
    ending, _ = c.watch(box, STOPPING=1)
    next_run, _ = c.watch(box, RUNNING=2)
    os.kill(box.pid(), signal.SIGKILL)
    assert c.message(ending) == (0, box.name, c.STOPPING)
    assert c.message(final) == c.GONE, "the end is the message"
    assert c.message(next_run) == c.GONE
    assert c.at_end(both) and c.at_end(idle)


def a_post_stop_hook_can_refuse_a_reboot(world):
    """PVE-83: the container stops for good, and the connections end."""
    post = world.script("refuse", "[ \"$LXC_TARGET\" != reboot ]")
    box = reboots(world, "refused", f"lxc.hook.post-stop = {post}\n")
    idle = c.connect(box)
    again, _ = c.watch(box, RUNNING=2)
    reboot(box)
    assert c.message(again) == c.GONE and c.at_end(idle)
    assert box.state() == "STOPPED"


def a_stop_beats_a_reboot(world):
    box = world.make("beaten", f"lxc.hook.stop = {world.script('slowly', f'sleep {SLOW}')}\n")
    for delay in 0, 0.02, SLOW / 2, SLOW + 0.02:
        box.start()
        sock, idle = c.connect(box), c.connect(box)
        reboot(box)
        time.sleep(delay)
        sock.send(c.header(c.STOP))
        assert c.at_end(sock) and c.at_end(idle), delay
        assert box.state() == "STOPPED", delay


def freezing_is_told(world):
    box = world.make("frozen").start()
    freezing, _ = c.watch(box, FREEZING=1)
    frozen, _ = c.watch(box, FROZEN=1)
    thawed, _ = c.watch(box, THAWED=1)
    running, state = c.watch(box, RUNNING=2)
    assert state == c.NO_STATE
    assert box.tool("lxc-freeze").returncode == 0
    assert c.message(freezing) == (0, box.name, c.FREEZING)
    assert c.message(frozen) == (0, box.name, c.FROZEN)
    assert c.is_silent(thawed) and c.is_silent(running)
    assert box.tool("lxc-unfreeze").returncode == 0
    assert c.message(thawed) == (0, box.name, c.THAWED)
    assert c.message(running) == (0, box.name, c.RUNNING)


def a_second_request_ends_the_registration(world):
    """LXC wrote the message into whoever had got the number of the descriptor."""
    box = world.make("twice").start()
    sock, state = c.watch(box, STOPPING=1)
    assert state == c.NO_STATE
    answer = c.ask(box, c.GET_STATE, sock=sock)
    assert answer.data == c.RUNNING, answer
    kept, _ = c.watch(box, RUNNING=1)
    assert c.ask(box, c.GET_INIT_PID, sock=kept).data == box.pid()
    others = [c.connect(box) for _ in range(5)]
    box.kill()
    for other in others:
        assert c.at_end(other), "stray bytes"
    sock.settimeout(5)
    left = sock.recv(4096)
    assert left == b"" or len(left) == 264, left


def a_killed_supervisor_ends_everything(world):
    box = world.make("killed").start()
    socks = [c.connect(box), c.watch(box, STOPPED=1)[0], c.watch(box, RUNNING=1)[0]]
    os.kill(box.supervisor(), signal.SIGKILL)
    for sock in socks:
        assert c.at_end(sock)
    assert box.state() == "STOPPED"


def wait_and_stop_use_it_well(world):
    """The commands, as clients of the same supervisor."""
    box = world.make("tools").start()
    waiter = subprocess.Popen(box.words("lxc-wait", "-s", "STOPPED")) if has_tool("lxc-wait") \
        else None
    assert box.tool("lxc-stop", "-t", "10").returncode == 0
    if waiter:
        assert waiter.wait(10) == 0
    assert box.state() == "STOPPED"


def has_tool(name):
    return os.path.exists(f"{os.environ['TARE_BUILD_ROOT']}/src/tools/bin/{name}")


def the_fifo_gets_every_change(world):
    fifo = c.Fifo(str(world.lxcpath))
    try:
        box = world.make("told").start()
        expect(fifo, box, (0, 1), (0, 2))
        assert box.tool("lxc-freeze").returncode == 0
        expect(fifo, box, (0, 5), (0, 6))
        assert box.tool("lxc-unfreeze").returncode == 0
        expect(fifo, box, (0, 7), (0, 2))
        box.await_init()
        reboot(box)
        expect(fifo, box, (2, 1), (0, 3), (0, 0), (0, 1), (0, 2))
        box.kill()
        expect(fifo, box, (2, 9), (0, 3), (0, 0))
        box = world.make("ends", 'lxc.init.cmd = /bin/sh -c "exit 7"\n')
        assert box.tool("lxc-start").returncode in (0, 1)
        records = fifo.records(box.name, 5)
        assert records[-3:] == [(2, 1792), (0, 3), (0, 0)], records
        pre = world.script("fails", "exit 1")
        box = world.make("fails", f"lxc.hook.pre-start = {pre}\n")
        assert box.tool("lxc-start").returncode == 1
        expect(fifo, box, (0, 1), (0, 4), (0, 3), (0, 0))
        box = world.make("later", "lxc.init.cmd = /nowhere\n")
        assert box.tool("lxc-start").returncode == 1
        expect(fifo, box, (0, 1), (0, 4), (0, 4), (0, 3), (0, 0))
    finally:
        fifo.close()


def expect(fifo, container, *wanted):
    found = fifo.records(container.name, len(wanted))
    assert found == list(wanted), f"{found} instead of {list(wanted)}"


def a_fifo_that_nobody_empties_holds_nobody_up(world):
    fifo = c.Fifo(str(world.lxcpath))
    try:
        with open(fifo.path, "wb", buffering=0, opener=lambda p, f: os.open(
                p, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)) as filler:
            try:
                while filler.write(bytes(264)):
                    pass
            except BlockingIOError:
                pass
        box = world.make("full").start()
        box.kill()
        assert box.state() == "STOPPED"
    finally:
        fifo.close()
    assert pathlib.Path("/run/lxc").is_dir()


subject.main([
    idle_connections_end_after_post_stop,
    the_listener_is_gone_before_post_stop,
    requests_during_the_stop_hook_end_without_an_answer,
    requests_during_a_start_are_answered_when_it_runs,
    a_start_that_fails_ends_the_connections,
    state_clients_over_reboots_and_the_end,
    a_post_stop_hook_can_refuse_a_reboot,
    a_stop_beats_a_reboot,
    freezing_is_told,
    a_second_request_ends_the_registration,
    a_killed_supervisor_ends_everything,
    wait_and_stop_use_it_well,
    the_fifo_gets_every_change,
    a_fifo_that_nobody_empties_holds_nobody_up,
])
