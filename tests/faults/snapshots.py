#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of lxc-snapshot and lxc-destroy at a system call of theirs, on each kind of storage.

	snapshots.py --rounds N [--seed S] [--only KIND:DEED]

Each round begins with a container that has two snapshots and has changed since, kills one command,
and runs another one: then the container, and each of its snapshots, is as before or as after the
deed, nothing else is there, and `tare repair` finds nothing more to do.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import time

import sandbox
import tap

KILL_AT = pathlib.Path(__file__).parent.parent / "bats/kill_at.py"
DEADLINE = 60  # seconds, for whatever must end
KINDS = ("dir", "overlay", "btrfs", "loop")
DEEDS = {
    "make": ["lxc-snapshot", "-n", "c", "-c", "@comment"],
    "restore": ["lxc-snapshot", "-n", "c", "-r", "snap0"],
    "beside": ["lxc-snapshot", "-n", "c", "-r", "snap1", "-N", "new"],
    "destroy": ["lxc-snapshot", "-n", "c", "-d", "snap0"],
    "all": ["lxc-snapshot", "-n", "c", "-d", "ALL"],
    "with": ["lxc-destroy", "-n", "c", "-s"],
}
# Of these every snapshot goes for itself.
PIECEMEAL = ("all", "with")


def run(*words, check=True):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=DEADLINE, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{words}: exit code {done.returncode}: {done.stdout}{done.stderr}")
    return done.returncode, done.stdout + done.stderr


class World:
    def __init__(self, work):
        self.disk = work / "disk"
        self.top = work / "mnt"
        self.top.mkdir()
        run("truncate", "-s", "400M", self.disk)
        run("mkfs.btrfs", "-q", self.disk)
        run("mount", "-o", "loop", self.disk, self.top)
        self.lxcpath = self.top / "lxc"
        self.comment = work / "comment"
        self.comment.write_text("why\n")
        self.loop_image = work / "image"
        tree = work / "tree"
        (tree / "etc").mkdir(parents=True)
        (tree / "file").write_text("one\n")
        run("truncate", "-s", "6M", self.loop_image)
        run("mkfs.ext4", "-q", "-d", tree, self.loop_image)

    def words(self, deed):
        tool, *rest = [str(self.comment) if word == "@comment" else word for word in DEEDS[deed]]
        return [shutil.which(tool), "-P", str(self.lxcpath), *rest]

    def clear(self):
        for line in run("btrfs", "subvolume", "list", self.top)[1].splitlines()[::-1]:
            run("btrfs", "subvolume", "delete", self.top / line.split(" path ")[1])
        shutil.rmtree(self.lxcpath, ignore_errors=True)
        self.lxcpath.mkdir()

    def write(self, kind, text):
        """Change the container's content."""
        place = self.lxcpath / "c"
        if kind == "loop":
            source = self.lxcpath.parent / "content"
            source.write_text(text)
            run("debugfs", "-w", "-R", "rm file", place / "rootdev", check=False)
            run("debugfs", "-w", "-R", f"write {source} file", place / "rootdev")
            source.unlink()
        else:
            (place / ("overlay/delta" if kind == "overlay" else "rootfs") / "file").write_text(text)

    def make(self, kind):
        """A container with snapshots of three days."""
        self.clear()
        place = self.lxcpath / "c"
        (place / "rootfs").mkdir(parents=True)
        path = f"{kind}:{place}/rootfs"
        if kind == "btrfs":
            (place / "rootfs").rmdir()
            run("btrfs", "subvolume", "create", place / "rootfs")
        elif kind == "overlay":
            (self.lxcpath / "lower").mkdir()
            (place / "overlay/delta").mkdir(parents=True)
            path = f"overlay:{self.lxcpath}/lower:{place}/overlay/delta"
        elif kind == "loop":
            shutil.copy(self.loop_image, place / "rootdev")
            path = f"loop:{place}/rootdev"
        hook = place / "hook"
        for day in ("one", "two", "three"):
            (place / "config").write_text(
                f"lxc.uts.name = c\nlxc.rootfs.path = {path}\nlxc.hook.pre-start = {hook}\n"
                f"lxc.environment = DAY={day}\n")
            hook.write_text(f"{day}\n")
            if not (kind == "loop" and day == "one"):
                self.write(kind, f"{day}\n")
            if day != "three":
                run("lxc-snapshot", "-P", self.lxcpath, "-n", "c")

    def content(self, place):
        """What is in a root file system."""
        if (place / "rootdev").exists():
            text = run("debugfs", "-R", "cat file", place / "rootdev")[1].split("\n", 1)[1]
            check, said = run("e2fsck", "-fn", place / "rootdev", check=False)
            return text if check == 0 else said
        root = place / "overlay/delta"
        root = root if root.exists() else place / "rootfs"
        files = {path.name: path.read_text() for path in root.rglob("*") if path.is_file()}
        return files.pop("file", None) if set(files) <= {"file"} else repr(files)

    def look(self, place):
        """One container: what is in its directory. Times are of the moment."""
        found = {"root": self.content(place)}
        for path in sorted(place.iterdir()):
            if path.is_file() and path.name != "rootdev":
                found[path.name] = "" if path.name == "ts" else path.read_text()
            elif path.name not in ("snaps", "rootdev"):
                found[path.name] = "directory" if path.is_dir() else "?"
        return found

    def picture(self):
        """Container or snapshot → what it is. What is no container counts, too."""
        found = {}
        for place in sorted(self.lxcpath.iterdir()):
            if place.name == "lower":
                continue
            found[place.name] = self.look(place) if place.is_dir() else place.read_text()
            snaps = place / "snaps"
            for snapshot in sorted(snaps.iterdir()) if snaps.exists() else ():
                found[f"{place.name}/{snapshot.name}"] = self.look(snapshot)
        return found

    def loops(self):
        """Files of ours that loop devices have."""
        return [line for line in run("losetup", "-l", "-n", "-O", "BACK-FILE")[1].splitlines()
                if str(self.lxcpath) in line]


class Subject:
    """A deed on a kind of storage."""

    def __init__(self, world, kind, deed):
        self.world, self.kind, self.deed = world, kind, deed
        world.make(kind)
        self.old = world.picture()
        run(*world.words(deed))
        self.new = world.picture()
        world.make(kind)
        done = subprocess.run([sys.executable, "-B", KILL_AT, "0", *world.words(deed)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              check=False)
        self.calls = int(done.stdout.split()[-1]) // 2
        if self.old == self.new:
            raise RuntimeError(f"{kind}: {deed} changes nothing")

    def is_whole(self, picture):
        if picture in (self.old, self.new):
            return True
        if self.deed not in PIECEMEAL:
            return False
        # Whichever snapshots are there are as they were, and so is the container.
        return all(self.old.get(name) == thing for name, thing in picture.items()) and (
            "c" in picture or not picture)

    def next_command(self, chance):
        """What anybody may run next; processes that a killed one had begun take a moment to end."""
        words = chance.choice((
            ["tare", "repair", "-P", self.world.lxcpath],
            ["lxc-info", "-P", self.world.lxcpath, "-n", "c"],
            ["lxc-snapshot", "-P", self.world.lxcpath, "-n", "c", "-L"],
        ))
        deadline = time.monotonic() + 10
        run(*words, check=False)
        # The rest, of other containers than that one.
        while True:
            code, said = run("tare", "repair", "-P", self.world.lxcpath, check=False)
            again, more = run("tare", "repair", "-P", self.world.lxcpath, check=False)
            problems = []
            if code != 0 or again != 0 or more != "nothing to repair\n":
                problems = [f"{words[0]}, then tare repair: {code}: {said}; again: {again}: {more}"]
            picture = self.world.picture()
            if not self.is_whole(picture):
                problems += [f"{name}: {thing}" for name, thing in picture.items()
                             if thing not in (self.old.get(name), self.new.get(name))]
                problems += [f"neither old nor new: {sorted(picture)}"]
            problems += [f"loop device left: {line}" for line in self.world.loops()]
            if not problems or time.monotonic() > deadline:
                return problems
            time.sleep(0.05)

    def round(self, chance):
        self.world.make(self.kind)
        count = chance.randint(1, self.calls)
        done = subprocess.run([sys.executable, "-B", KILL_AT, str(count),
                               *self.world.words(self.deed)], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        problems = self.next_command(chance)
        if not problems and self.world.picture() == self.old:
            code, said = run(*self.world.words(self.deed), check=False)
            if code != 0 or self.world.picture() != self.new:
                problems = [f"afterwards it does not work: {code}: {said}"]
        ending = "killed at" if done.returncode == 0 else "had ended before"
        return f"{ending} call {count} of {self.calls}", problems


def main(work, _prefix, words):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    arguments = parser.parse_args(words)
    chance = random.Random(arguments.seed)
    report = tap.Report()
    if not shutil.which("mkfs.btrfs"):
        tap.skip_all("no mkfs.btrfs here")
    world, subjects = World(work), {}
    wanted = [arguments.only.split(":")] if arguments.only else [
        [kind, deed] for deed in DEEDS for kind in KINDS]
    for number in range(arguments.rounds):
        kind, deed = wanted[number % len(wanted)]
        try:
            if (kind, deed) not in subjects:
                subjects[kind, deed] = Subject(world, kind, deed)
            told, problems = subjects[kind, deed].round(chance)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            told, problems = "it did not get on", [str(error)]
        report.point(f"round {number}: {kind}, {deed}: {told}", problems)
    return report.finish()


if __name__ == "__main__":
    sandbox.run_inside(main)
