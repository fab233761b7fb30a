# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the programs of this folder run: in namespaces of their own.

Mounts, network, processes and /run are private, so that whatever a broken start leaves there ends
with the program, however it ends; that process 1 of the namespace sees every orphan; and that two
programs don't meet. Cgroups and loop devices are the host's: the program outside, which waits,
removes what has this run's names in the cgroup hierarchies.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tap

INSIDE = "TARE_FAULTS_INSIDE"
UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child",
           "--propagation", "private"]


def cgroup_roots():
    """Mount points of all hierarchies."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        if fields[fields.index("-") + 1] in ("cgroup", "cgroup2"):
            yield fields[4]


def cgroup_bases():
    """Where containers' directories are made: at the root of each hierarchy, or where we are."""
    ours = {line.split(":", 2)[2] for line in
            pathlib.Path("/proc/self/cgroup").read_text().splitlines()}
    for root in sorted(set(cgroup_roots())):
        yield root
        yield from (root + path for path in sorted(ours)
                    if path != "/" and os.path.isdir(root + path))


def cgroups_of(prefix):
    """Directories of ours, the outer ones first."""
    for base in cgroup_bases():
        for entry in os.scandir(base):
            if entry.is_dir(follow_symlinks=False) and prefix in entry.name:
                for folder, _, _ in os.walk(entry.path):
                    yield folder


def remove_cgroups(prefix):
    """After a failure: what the tested programs left is still to go."""
    deadline = time.monotonic() + 10
    while True:
        found = list(cgroups_of(prefix))
        for folder in reversed(found):
            try:
                os.rmdir(folder)
            except OSError:
                pass  # its processes are dying: all of them were killed with the pid namespace
        if not found or time.monotonic() > deadline:
            return
        time.sleep(0.01)


def be_process_1(function):
    """Fork the program proper, collect every orphan meanwhile, end with its status."""
    worker = os.fork()
    if worker == 0:
        sys.exit(function())
    while True:
        pid, status = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(status)


def leave_mounts_of_others(work):
    """What other programs of the machine have mounted goes, here: a folder that they remove takes
    such a mount away everywhere, which would look like a deed of ours."""
    needed = ("/proc", "/sys", "/dev", "/run", "/etc", "/usr/bin", sys.executable, __file__, work,
              os.getcwd(), os.environ["TARE_BUILD_ROOT"])
    for line in reversed(pathlib.Path("/proc/self/mountinfo").read_text().splitlines()):
        target = line.split(" ")[4]
        is_needed = target == "/" or target.startswith(("/proc/", "/sys/", "/dev/")) or any(
            path == target or path.startswith(target + "/") for path in needed)
        if not is_needed:
            subprocess.run(["umount", "--lazy", target], check=False, stderr=subprocess.DEVNULL)


def hide_settings(folder):
    """An empty /etc/lxc, where there may be none: the machine's own settings are none of ours."""
    if not os.path.isdir("/etc/lxc"):
        for name in "etc", "etc.work":
            (folder / name).mkdir()
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir=/etc,upperdir={folder}/etc,"
                        f"workdir={folder}/etc.work", "overlay", "/etc"], check=True)
        os.mkdir("/etc/lxc")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/etc/lxc"], check=True)


def make_private(work):
    """Returns the work folder's name inside, where everybody may enter its parents: init of a
    container with its own user namespace has to get to its root file system."""
    leave_mounts_of_others(work)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"], check=True)
    folder = pathlib.Path("/run/work")
    folder.mkdir()
    subprocess.run(["mount", "--bind", work, folder], check=True)
    hide_settings(folder.parent)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    build = pathlib.Path(os.environ["TARE_BUILD_ROOT"])
    os.environ.update(
        PATH=f"{build}/src/tools/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        TARE_HELPERS=str(build / "src/helpers"), LC_ALL="C.UTF-8")
    for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "LISTEN_FDS"):
        os.environ.pop(name, None)
    return folder


def run_inside(main):
    """main(work folder, prefix of container names, arguments) inside; its exit status."""
    inside = os.environ.pop(INSIDE, None)
    if inside:
        work, prefix = inside.split(" ")

        def worker():
            return main(make_private(work), prefix, sys.argv[1:])

        sys.exit(be_process_1(worker))
    if os.geteuid() != 0:
        tap.skip_all("containers of root need root")
    if "TARE_BUILD_ROOT" not in os.environ:
        sys.exit("TARE_BUILD_ROOT is the build folder; meson sets it")
    tools = pathlib.Path(os.environ["TARE_BUILD_ROOT"]) / "src/tools/bin"
    if not (tools / "lxc-start").exists():
        sys.exit(f"{tools} has no lxc-start: that of the machine is not what is tested")
    work = tempfile.mkdtemp(prefix="tare-faults-")
    os.chmod(work, 0o755)
    prefix = f"faults{os.getpid()}"
    child = subprocess.Popen([*UNSHARE, sys.executable, "-B", *sys.argv],
                             env=dict(os.environ, **{INSIDE: f"{work} {prefix}"}))
    signal.signal(signal.SIGTERM, lambda *_: child.kill())
    status = 1
    try:
        status = child.wait()
    finally:
        child.kill()
        child.wait()
        remove_cgroups(prefix)
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(status if status >= 0 else 1)
