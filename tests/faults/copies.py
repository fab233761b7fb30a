#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of lxc-copy while it copies, snapshots and renames, and of the command that finds what it
left, on storage of the kinds dir, overlay, btrfs and loop.

	copies.py --rounds N [--seed S] [--only NAME]

Each round kills at a moment that is chosen evenly over the measured time. Then somebody looks, and
there is the old state or the new one: the original as it was, byte by byte, dependency files that
fit, no mount and no loop device; and the same once more works.
"""

import argparse
import hashlib
import os
import pathlib
import random
import stat
import subprocess
import time

import sandbox
import tap

DEADLINE = 30   # seconds, for whatever must end
BEYOND = 1.2    # kills come up to this part of the measured time

TEMPLATE = """#!/bin/sh
for word; do case $word in --rootfs=*) root=${word#*=};; esac; done
mkdir -p "$root/bin" "$root/etc" "$root/usr/lib" || exit 1
echo original > "$root/etc/hostname"
for i in 1 2 3 4 5 6 7 8; do
    mkdir "$root/usr/lib/$i"
    for k in 1 2 3 4 5 6 7 8 9; do echo "$i $k" > "$root/usr/lib/$i/$k"; done
    head -c 200000 /dev/urandom > "$root/bin/program$i"
done
ln "$root/bin/program1" "$root/bin/again"
"""

HOOK = """#!/bin/sh
[ -f "$LXC_ROOTFS_MOUNT/etc/hostname" ] || exit 1
echo "$LXC_NAME" > "$LXC_ROOTFS_MOUNT/etc/hooked"
"""


def run(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    return done.returncode, done.stdout + done.stderr


def must(words):
    code, said = run(words)
    if code != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {code}: {said}")


def things(top):
    """Path → what it is, of all that is below."""
    found = {}
    for path in sorted(top.rglob("*")):
        status = path.lstat()
        text = b""
        if stat.S_ISREG(status.st_mode):
            text = hashlib.sha256(path.read_bytes()).digest()
        found[str(path)] = (status.st_mode, status.st_uid, text)
    return found


def differences(before, now):
    return ([f"gone: {path}" for path in before if path not in now] +
            [f"changed: {path}" for path, thing in before.items()
             if path in now and now[path] != thing] +
            [f"left behind: {path}" for path in now if path not in before])


class World:
    """Two file systems in files, and the containers that are copied."""

    def __init__(self, work):
        self.work = work
        self.btrfs, self.plain = work / "tree", work / "plain"
        for folder, command in ((self.btrfs, ["mkfs.btrfs", "-q"]),
                                (self.plain, ["mkfs.ext4", "-q"])):
            image = folder.with_suffix(".img")
            with open(image, "wb") as file:
                file.truncate(300 << 20)
            must([*command, image])
            folder.mkdir()
            must(["mount", "-o", "loop", image, folder])
        template, self.hook = work / "template", work / "hook"
        template.write_text(TEMPLATE)
        self.hook.write_text(HOOK)
        settings = work / "settings"
        settings.write_text("lxc.net.0.type = empty\n")
        for script in (template, self.hook):
            script.chmod(0o755)
        must(["lxc-create", "-P", self.plain, "-n", "dir", "-f", settings, "-t", template])
        with open(self.plain / "dir/config", "a", encoding="ascii") as file:
            file.write(f"lxc.hook.clone = {self.hook}\n"
                       f"lxc.hook.stop = {self.plain}/dir/own\n")
        (self.plain / "dir/own").write_text("#!/bin/sh\n")
        for words in (["dir", "-N", "over", "-s"], ["dir", "-N", "loop", "-B", "loop", "-L", "8M"],
                      ["dir", "-N", "btrfs", "-B", "btrfs", "-p", self.btrfs]):
            must(["lxc-copy", "-P", self.plain, "-n", *words])
        snapshots = self.plain / "over/snaps"
        snapshots.mkdir()
        must(["lxc-copy", "-P", self.plain, "-n", "over", "-N", "snap0", "-s", "-p", snapshots])

    def things(self):
        return things(self.plain) | things(self.btrfs)

    def remains(self):
        """Mounts and loop devices that somebody has left."""
        mounts = [line.split(" ")[4] for line in
                  pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
        found = [f"mounted: {path}" for path in mounts
                 if path.startswith((f"{self.btrfs}/", f"{self.plain}/"))]
        for device in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
            try:
                file = device.read_text().strip()
            except OSError:
                continue
            if "/rootdev" in file and str(self.work.name) in file:
                found.append(f"loop device of {file}")
        return found


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


class Subject:
    """One operation on one kind of storage."""

    def __init__(self, world, name, lxcpath, source, arguments):
        self.world, self.name, self.lxcpath, self.source = world, name, lxcpath, source
        self.arguments = arguments
        self.is_renaming = "-R" in arguments
        self.new = lxcpath / "new"

    def words(self, tool, *more):
        return [tool, "-P", str(self.lxcpath), "-n", *more]

    def act(self):
        return self.words("lxc-copy", self.source, "-N", "new", *self.arguments)

    def measure(self):
        begin = time.monotonic()
        must(self.act())
        seconds = time.monotonic() - begin
        self.take_back()
        return seconds

    def take_back(self):
        if self.is_renaming:
            must(self.words("lxc-copy", "new", "-N", self.source, "-R"))
        else:
            must(self.words("lxc-destroy", "new"))

    def is_new(self):
        return (self.new / "config").exists()

    def problems_of_new(self):
        """It is complete."""
        found = [f"there is {name}" for name in ("partial", ".config-renamed")
                 if (self.new / name).exists()]
        config = (self.new / "config").read_text()
        if "lxc.uts.name = new" not in config:
            found.append("the host name is not the new one")
        if f"/{self.source}/" in config.replace(f"{self.world.plain}/dir/rootfs:", ""):
            found.append(f"its configuration leads to the original: {config}")
        if not (self.new / "own").exists():
            found.append("the hook's file is missing")
        snapshot = self.new / "snaps/snap0/config"
        if snapshot.exists() and f"/{self.source}/" in snapshot.read_text():
            found.append("its snapshot leads to the original")
        if self.is_renaming and (self.lxcpath / self.source).exists():
            found.append("both names are there")
        return found

    def changes(self, before):
        """What hooks of a renaming write, before it happens, can't be taken back."""
        ignored = ("/etc/hostname", "/etc/hooked", "/rootdev") if self.is_renaming else ()
        return [problem for problem in differences(before, self.world.things())
                if not problem.endswith(ignored)]

    def settle(self, before):
        """Somebody looks. What is not as it was or as it should be."""
        deadline = time.monotonic() + 5
        while True:
            for name in ("new", self.source):
                run(self.words("lxc-info", name))
            problems = self.world.remains()
            if self.is_new():
                problems += self.problems_of_new()
            else:
                problems += self.changes(before)
            if not problems or time.monotonic() > deadline:
                return problems
            time.sleep(0.02)

    def round(self, chance, seconds, kills_twice):
        before = self.world.things()
        told = strike(self.act(), chance.random() * BEYOND * seconds)
        if kills_twice:
            told += "; lxc-info " + strike(self.words("lxc-info", "new"), chance.random() * 0.02)
        problems = self.settle(before)
        if problems:
            return told, problems
        if not self.is_new():
            must(self.act())
            problems = self.problems_of_new()
        self.take_back()
        return told, problems + self.changes(before)


def make_subjects(world):
    rows = [
        ("copy of dir", world.plain, "dir", []),
        ("snapshot of dir", world.plain, "dir", ["-s"]),
        ("copy of dir to loop", world.plain, "dir", ["-B", "loop", "-L", "8M"]),
        ("snapshot of overlay", world.plain, "over", ["-s"]),
        ("copy of overlay", world.plain, "over", []),
        ("copy of loop", world.plain, "loop", []),
        ("snapshot of loop", world.plain, "loop", ["-s"]),
        ("snapshot of btrfs", world.btrfs, "btrfs", []),
        ("copy of btrfs to dir", world.btrfs, "btrfs", ["-B", "dir"]),
        ("renaming of overlay", world.plain, "over", ["-R"]),
        ("renaming of loop", world.plain, "loop", ["-R"]),
        ("renaming of btrfs", world.btrfs, "btrfs", ["-R"]),
    ]
    return [Subject(world, *row) for row in rows]


def main(work, _prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args(words)
    chance = random.Random(arguments.seed)
    report = tap.Report()
    world = World(work)
    subjects = [subject for subject in make_subjects(world) if arguments.only in subject.name]
    seconds = {subject.name: subject.measure() for subject in subjects}
    report.note(f"{arguments.rounds} rounds, seed {arguments.seed}")
    for number in range(arguments.rounds):
        subject = subjects[number % len(subjects)]
        twice = number // len(subjects) % 2 == 1
        try:
            told, problems = subject.round(chance, seconds[subject.name], twice)
        except (RuntimeError, subprocess.TimeoutExpired, OSError) as error:
            told, problems = "it did not get on", [str(error)]
        report.point(f"round {number}: {subject.name}: {told}", problems)
        if problems:  # what follows would stumble over it
            break
    for folder in (world.btrfs, world.plain):
        must(["umount", folder])
    return report.finish()


if __name__ == "__main__":
    os.umask(0o022)
    sandbox.run_inside(main)
