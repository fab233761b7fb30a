#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of lxc-create, of lxc-destroy, and of the command that finds what they left.

	creations.py --rounds N [--seed S]

Each round kills at a moment that is chosen evenly over the measured time. Then one command more,
and the container is as it was before or complete; what was there before has not changed by a byte;
no process of the template lives, no loop device is left; and creating it works. Behind a killed
lxc-destroy the container is there or gone.
"""

import argparse
import os
import random
import shutil
import stat
import subprocess
import time

import sandbox
import tap

DEADLINE = 20   # seconds, for whatever must end
BEYOND = 1.2    # kills come up to this part of the measured time
PHASES = ("create", "again", "undo", "destroy", "finish")

# A root file system of a few files, made slowly enough to be met in the middle of it.
TEMPLATE = """#!/bin/sh
for word; do case $word in --rootfs=*) root=${word#*=};; --path=*) path=${word#*=};; esac; done
mkdir -p "$root/bin" "$root/etc" || exit 1
for file in a b c d; do
    echo $file > "$root/etc/$file"
    sleep 0.005 &
    wait
done
echo "lxc.environment = FROM=template" >> "$path/config"
echo complete > "$root/etc/complete"
"""


STORAGE = {"loop": ["--fssize", "8m"], "overlay": [], "btrfs": []}


class Kind:
    """What is there before, and how it is created."""

    def __init__(self, world, name):
        self.world, self.name = world, f"c-{name}"
        self.lxcpath = world.btrfs / "lxc" if name == "btrfs" else world.lxcpath
        self.folder = self.lxcpath / self.name
        self.place = self.folder / "rootfs"
        self.config = world.work / f"{name}.conf"
        self.arguments = []
        if name in STORAGE:
            self.arguments = ["-B", name, *STORAGE[name]]
        text = "lxc.net.0.type = empty\n"
        if name == "mapped":
            text += "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"
        if name == "dir":
            self.place = world.work / "places" / "chosen"
            self.place.parent.mkdir(exist_ok=True)
            self.arguments = ["--dir", str(self.place)]
        if name == "before":
            (self.place / "home").mkdir(parents=True)
            (self.place / "home/precious").write_text("work of years\n")
            (self.folder / "notes").write_text("not ours\n")
            text += f"lxc.rootfs.path = dir:{self.place}\n"
        self.config.write_text(text)

    def words(self, tool, *more):
        return [tool, "-P", str(self.lxcpath), "-n", self.name, *more]

    def create(self):
        return self.words("lxc-create", "-f", str(self.config), "-t", str(self.world.template),
                          *self.arguments)

    def is_filled(self):
        if self.name != "c-loop":
            return (self.place / "etc/complete").exists()
        code, said = run(["debugfs", "-R", "stat /etc/complete", str(self.folder / "rootdev")])
        return code == 0 and "Type: regular" in said

    def is_complete(self):
        """Created: with all that the template made and said, and without a marker."""
        config = self.folder / "config"
        return (config.exists() and not (self.folder / "partial").exists() and
                self.is_filled() and "# Template used" in config.read_text() and
                "FROM=template" in config.read_text())


class World:
    def __init__(self, work):
        self.work = work
        self.lxcpath = work / "lxc"
        self.lxcpath.mkdir()
        self.template = work / "template"
        self.template.write_text(TEMPLATE)
        self.template.chmod(0o755)
        self.btrfs = work / "btrfs"
        names = ["new", "dir", "before", "mapped", "overlay", "loop"]
        if self.mount_btrfs():
            names.append("btrfs")
        self.kinds = [Kind(self, name) for name in names]
        neighbour = self.lxcpath / "neighbour"
        neighbour.mkdir()
        (neighbour / "config").write_text("lxc.uts.name = neighbour\n")

    def mount_btrfs(self):
        """In our mount namespace: it goes with that."""
        self.btrfs.mkdir()
        image = self.work / "btrfs.image"
        with open(image, "wb") as file:
            file.truncate(256 << 20)
        if run(["mkfs.btrfs", "-q", str(image)])[0] != 0 or \
           run(["mount", "-o", "loop", str(image), str(self.btrfs)])[0] != 0:
            return False
        (self.btrfs / "lxc").mkdir()
        return True

    def loop_devices(self):
        """Those that containers left: the file system of the test has one, too."""
        code, said = run(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"])
        return [f"left behind: a loop device on {line}" for line in said.splitlines()
                if code == 0 and line.startswith(str(self.lxcpath))]

    def things(self):
        """Path → what it is, of all that is there."""
        found = {}
        for top in (self.lxcpath, self.work / "places", self.btrfs / "lxc"):
            for path in sorted(top.rglob("*")):
                status = path.lstat()
                text = path.read_bytes() if stat.S_ISREG(status.st_mode) and \
                    path.name != "rootdev" else b""
                found[str(path)] = (status.st_mode, status.st_uid, status.st_ino, text)
        return found


def run(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    return done.returncode, done.stdout + done.stderr


def must(words):
    code, said = run(words)
    if code != 0:
        raise RuntimeError(f"{' '.join(words)}: exit code {code}: {said}")


def seconds_of(words):
    begin = time.monotonic()
    must(words)
    return time.monotonic() - begin


def strike(words, delay):
    """Begin it, kill it at that time. What came of it, in words."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(delay)
    ended = process.poll() is not None
    if not ended:
        process.kill()
    process.wait(DEADLINE)
    return "it had ended" if ended else f"killed after {delay * 1000:.1f} ms"


def template_processes(world):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if str(world.template).encode() in words[:3]:
            found.append(f"process {pid} of the template lives: {words}")
    return found


class Subject:
    """A kind of creation, whose processes are killed."""

    def __init__(self, world, kind):
        self.world, self.kind = world, kind
        self.seconds = {"create": seconds_of(kind.create())}
        self.seconds["destroy"] = self.destroy_measured()
        self.seconds["undo"] = 0.02
        if kind.name == "c-before":  # destroying it takes what was there before, too
            Kind.__init__(kind, world, "before")

    def destroy_measured(self):
        return seconds_of(self.kind.words("lxc-destroy"))

    def changes(self, before):
        """What of it is gone or not as it was. What was made in a root file system that was there
        can't be taken back, but may not have changed anything else."""
        now = self.world.things()
        return [f"{'changed' if path in now else 'gone'}: {path}" for path, thing in before.items()
                if now.get(path) != thing]

    def additions(self, before):
        made = [path for path in self.world.things() if path not in before]
        return [path for path in made if self.kind.name != "c-before" or
                not path.startswith(str(self.kind.place))]

    def look(self):
        """Commands that anybody may run next."""
        run(self.kind.words("lxc-info"))
        code, said = run(["lxc-ls", "-P", str(self.world.lxcpath), "-f"])
        if code != 0 or "neighbour" not in said:
            return [f"lxc-ls: exit code {code}: {said}"]
        return []

    def settle(self, before):
        """Until it is as before or complete: those that a killed creator leaves end at once, but
        not in no time. Problems."""
        deadline = time.monotonic() + 5
        while True:
            problems = self.look() + self.changes(before) + template_processes(self.world) + \
                self.world.loop_devices()
            added = self.additions(before)
            if added and not self.kind.is_complete():
                problems += [f"left behind: {path}" for path in added]
            if not problems or time.monotonic() > deadline:
                return problems
            time.sleep(0.01)

    def create_again(self, before):
        """The next command is the same one. The template's end takes a moment."""
        deadline = time.monotonic() + 5
        while True:
            code, said = run(self.kind.create())
            if code == 0 or "already exists" in said:
                break
            if "Ongoing" not in said or time.monotonic() > deadline:
                return [f"the next lxc-create: exit code {code}: {said}"]
            time.sleep(0.01)
        return self.settle(before)

    def check_creation(self, before):
        """It can be created, is complete, and can be destroyed."""
        if not self.kind.is_complete():
            must(self.kind.create())
        if not self.kind.is_complete():
            return ["the next creation is not complete"]
        problems = self.changes(before)
        if self.kind.name != "c-before":
            must(self.kind.words("lxc-destroy"))
            problems += [f"not destroyed: {path}" for path in self.additions(before)]
        return problems

    def restore(self):
        """For the next round of what was there before."""
        if self.kind.name == "c-before":
            must(self.kind.words("lxc-destroy"))
            Kind.__init__(self.kind, self.world, "before")

    def round(self, phase, chance):
        before = self.world.things()
        if phase in ("destroy", "finish"):
            return self.round_destroy(phase, chance)
        told = strike(self.kind.create(), chance.random() * BEYOND * self.seconds["create"])
        if phase == "undo":
            told += "; the next command: " + strike(
                self.kind.words("lxc-info"), chance.random() * self.seconds["undo"])
        problems = self.create_again(before) if phase == "again" else self.settle(before)
        if not problems:
            problems = self.check_creation(before)
            self.restore()
        return told, problems

    def round_destroy(self, phase, chance):
        neighbour = {path: thing for path, thing in self.world.things().items()
                     if not path.startswith(str(self.kind.folder))}
        must(self.kind.create())
        told = strike(self.kind.words("lxc-destroy"),
                      chance.random() * BEYOND * self.seconds["destroy"])
        if phase == "finish":
            told += "; the next command: " + strike(
                self.kind.words("lxc-info"), chance.random() * self.seconds["undo"])
        problems = self.look() + self.changes(neighbour) + self.world.loop_devices()
        if (self.kind.folder / "partial").exists():
            problems.append("a marker is left")
        if (self.kind.folder / "config").exists() and not self.kind.is_complete():
            problems.append("it is neither there nor gone")
        if (self.kind.folder / "config").exists():
            must(self.kind.words("lxc-destroy"))
        if (self.kind.folder / "rootfs").exists() or list(self.kind.folder.glob("*")):
            problems.append("it is not destroyed")
        shutil.rmtree(self.kind.folder, ignore_errors=True)
        if self.kind.name == "c-before":
            Kind.__init__(self.kind, self.world, "before")
        return told, problems


def main(work, _prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(words)
    chance = random.Random(arguments.seed)
    report = tap.Report()
    world = World(work)
    subjects = [Subject(world, kind) for kind in world.kinds]
    report.note(f"{arguments.rounds} rounds, seed {arguments.seed}")
    for number in range(arguments.rounds):
        subject = subjects[number % len(subjects)]
        phase = PHASES[number // len(subjects) % len(PHASES)]
        try:
            told, problems = subject.round(phase, chance)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            told, problems = "it did not get on", [str(error)]
        report.point(f"round {number}: {subject.kind.name}, {phase}: {told}", problems)
        if problems:  # what follows would stumble over it
            break
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
