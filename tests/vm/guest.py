#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one command in a QEMU guest with Debian's kernel, systemd and pure cgroup v2.

	tests/vm/guest.py [OPTION…] [--] COMMAND [ARGUMENT…]

The command sees the folders of --share (default: this checkout) under their own paths, has its
working directory in the first, and prints to our standard output (its standard error, too). Each run
begins with the same root file system; what it writes there is thrown away. Exits with the command's
status, 124 when the time was over, 125 when the guest did not boot or died.
"""

import argparse
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VIRTIOFSD = ["/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd"]
KERNEL_WORDS = ["console=ttyS0", "loglevel=4", "panic=-1", "mitigations=off", "random.trust_cpu=on",
                "no_timer_check", "cryptomgr.notests", "raid6_pq.benchmark=0", "apparmor=0", "selinux=0",
                "systemd.unit=vm-run.target", "systemd.show_status=0"]
# Of each guest, for tests/vm/pools.bash: sizes that cost nothing as long as nothing is written.
DISKS = {"plain": [], "storage": ["8G", "8G", "4G", "4G"]}
TIMED_OUT, DIED = 124, 125


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", action="append", metavar="DIRECTORY",
                        help="folder of the host, may be repeated (default: this checkout)")
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS")
    parser.add_argument("--memory", default="3G", metavar="SIZE")
    parser.add_argument("--guest", choices=DISKS, default="plain",
                        help="storage has LVM, ZFS, Ceph and some disks (default: %(default)s)")
    parser.add_argument("--disk", action="append", default=[], metavar="SIZE",
                        help="an empty disk more (/dev/vdb …; serial number tare-0 …), may be repeated")
    # A /dev/kvm may be there and not work (nested machines), and that shows as a guest that hangs.
    parser.add_argument("--kvm", action="store_true", default=os.environ.get("TARE_VM_KVM") == "1",
                        help="with KVM instead of emulation (also: TARE_VM_KVM=1)")
    parser.add_argument("--append", default="", metavar="WORDS", help="for the kernel's command line")
    parser.add_argument("--console", default=os.devnull, metavar="FILE",
                        help="where kernel and systemd write")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    values = parser.parse_args()
    if values.command[:1] == ["--"]:
        values.command = values.command[1:]
    if not values.command:
        parser.error("which command?")
    values.share = [os.path.realpath(folder) for folder in values.share or [ROOT]]
    return values


class Guest:
    """One boot: its folder of sockets and pipes, the servers of shared folders, QEMU."""

    def __init__(self, values, image):
        self.values = values
        self.image = image
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="tare-vm-"))
        self.programs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.kill()
            program.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    def initrd(self):
        """The prepared one and behind it a second archive with the command and the folders."""
        folder = self.work / "archive/vm"
        folder.mkdir(parents=True)
        words = " ".join(shlex.quote(word) for word in self.values.command)
        command = folder / "command"
        command.write_text(f"#!/bin/bash\ncd {shlex.quote(self.values.share[0])} && exec {words}\n")
        command.chmod(0o755)
        (folder / "shares").write_text(
            "".join(f"share{i} {path}\n" for i, path in enumerate(self.values.share)))
        archive = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=folder.parent,
                                 input=b"vm\nvm/command\nvm/shares\n", stdout=subprocess.PIPE,
                                 check=True)
        whole = self.work / "initrd"
        whole.write_bytes((self.image / "initrd").read_bytes() + archive.stdout)
        return whole

    def serve(self, path, i):
        """Starts the server of one folder. Returns QEMU's words for it."""
        program = next((name for name in VIRTIOFSD if os.access(name, os.X_OK)), None)
        if not program:
            sys.exit("vm: no virtiofsd here; on Debian it comes with qemu-system-common")
        socket = self.work / f"share{i}.sock"
        self.programs.append(subprocess.Popen(
            [program, f"--socket-path={socket}", "-o", f"source={path}", "-o", "cache=auto"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return ["-chardev", f"socket,id=share{i},path={socket}",
                "-device", f"vhost-user-fs-pci,chardev=share{i},tag=share{i}"]

    def disks(self):
        words = ["-drive", f"file={self.image}/rootfs.ext4,format=raw,if=none,id=root,snapshot=on,"
                           "cache=unsafe", "-device", "virtio-blk-pci,drive=root"]
        for i, size in enumerate([*DISKS[self.values.guest], *self.values.disk]):
            disk = self.work / f"disk{i}"
            subprocess.run(["truncate", "-s", size, disk], check=True)
            words += ["-drive", f"file={disk},format=raw,if=none,id=disk{i},cache=unsafe,"
                                "discard=unmap",
                      "-device", f"virtio-blk-pci,drive=disk{i},serial=tare-{i}"]
        return words

    def words(self):
        kvm = self.values.kvm
        words = ["qemu-system-x86_64", "-M", "q35", "-nodefaults", "-nographic", "-no-reboot",
                 "-accel", "kvm" if kvm else "tcg,thread=multi,tb-size=1024",
                 "-cpu", "host" if kvm else "max", "-smp", "2", "-m", self.values.memory,
                 # A card for containers that get one; it leads nowhere.
                 "-netdev", "user,id=nic,restrict=on", "-monitor", "none",
                 "-device", "virtio-net-pci,netdev=nic,mac=52:54:00:74:61:72",
                 "-object", f"memory-backend-memfd,id=memory,size={self.values.memory},share=on",
                 "-numa", "node,memdev=memory", "-device", "virtio-rng-pci",
                 "-kernel", str(self.image / "kernel"), "-initrd", str(self.initrd()),
                 "-append", " ".join([*KERNEL_WORDS, self.values.append]),
                 "-serial", f"file:{self.values.console}", "-device", "virtio-serial"]
        # Standard input at its end would count as a peer that has gone, and stop the guest's writes.
        for name in "out", "rc":
            words += ["-chardev", f"file,id={name},path={self.work / name}",
                      "-device", f"virtserialport,chardev={name},name={name}"]
        for i, path in enumerate(self.values.share):
            words += self.serve(path, i)
        return words + self.disks()

    def show(self):
        """Copies what the command prints as it comes, until the pipe's last writer has gone."""
        with (self.work / "out").open("rb", buffering=0) as out:
            while piece := out.read(1 << 16):
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()

    def run(self):
        os.mkfifo(self.work / "out")
        words = self.words()
        deadline = time.monotonic() + self.values.timeout
        qemu = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        self.programs.append(qemu)
        reader = threading.Thread(target=self.show, daemon=True)
        reader.start()
        try:
            qemu.wait(deadline - time.monotonic())
        except subprocess.TimeoutExpired:
            print(f"vm: not done after {self.values.timeout:.0f} s", file=sys.stderr)
            return TIMED_OUT
        reader.join(10)
        status = self.work / "rc"
        text = status.read_text().strip() if status.exists() else ""
        if not text.isdigit():
            print("vm: the guest did not boot or died (--console FILE shows more)", file=sys.stderr)
            return DIED
        return int(text)


def main():
    values = parse()
    # So that QEMU and the servers end with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    kind = [] if values.guest == "plain" else [values.guest]
    prepared = subprocess.run([HERE / "prepare", *kind], stdout=subprocess.PIPE, text=True,
                              check=False)
    if prepared.returncode:
        return DIED
    with Guest(values, pathlib.Path(prepared.stdout.strip())) as guest:
        return guest.run()


if __name__ == "__main__":
    sys.exit(main())
