# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every descriptor is close-on-exec from its creation on.

A row says what a call's arguments must contain; None forbids the call, because it has no way to ask
for the flag. An argument may also be a variable that was given the flag in the same function. dup2 is
for the standard streams alone, which an exec is meant to keep.
"""

import re

from house import Finding, House, blank, calls, functions, line_at

# call: (what must be there, or None; what to do instead)
RULES = {
    "accept": (None, "accept4"),
    "accept4": ("SOCK_CLOEXEC", ""),
    "creat": (None, "open"),
    "dup": (None, "fcntl F_DUPFD_CLOEXEC"),
    "dup2": (None, "dup3"),
    "dup3": ("O_CLOEXEC", ""),
    "epoll_create": (None, "epoll_create1"),
    "epoll_create1": ("EPOLL_CLOEXEC", ""),
    "eventfd": ("EFD_CLOEXEC", ""),
    "fanotify_init": ("FAN_CLOEXEC", ""),
    "fsmount": ("FSMOUNT_CLOEXEC", ""),
    "fsopen": ("FSOPEN_CLOEXEC", ""),
    "fspick": ("FSPICK_CLOEXEC", ""),
    "inotify_init": (None, "inotify_init1"),
    "inotify_init1": ("IN_CLOEXEC", ""),
    "memfd_create": ("MFD_CLOEXEC", ""),
    "memfd_secret": ("O_CLOEXEC", ""),
    "mkostemp": ("O_CLOEXEC", ""),
    "mkstemp": (None, "mkostemp"),
    "mq_open": ("O_CLOEXEC", ""),
    "open": ("O_CLOEXEC", ""),
    "open_by_handle_at": ("O_CLOEXEC", ""),
    "open_tree": ("OPEN_TREE_CLOEXEC", ""),
    "openat": ("O_CLOEXEC", ""),
    "openat2": ("O_CLOEXEC", ""),
    "openpty": (None, "posix_openpt and TIOCGPTPEER"),
    "perf_event_open": ("PERF_FLAG_FD_CLOEXEC", ""),
    "pipe": (None, "pipe2"),
    "pipe2": ("O_CLOEXEC", ""),
    "posix_openpt": ("O_CLOEXEC", ""),
    "recvmmsg": ("MSG_CMSG_CLOEXEC", ""),
    "recvmsg": ("MSG_CMSG_CLOEXEC", ""),
    "signalfd": ("SFD_CLOEXEC", ""),
    "socket": ("SOCK_CLOEXEC", ""),
    "socketpair": ("SOCK_CLOEXEC", ""),
    "timerfd_create": ("TFD_CLOEXEC", ""),
    "tmpfile": (None, "memfd_create"),
    "userfaultfd": ("O_CLOEXEC", ""),
}
STANDARD = {"0", "1", "2", "STDIN_FILENO", "STDOUT_FILENO", "STDERR_FILENO"}
STREAMS = ("fopen", "freopen", "setmntent")


def given(flag, arguments, body):
    """Whether an argument has the flag, or is a variable (of a number or a struct) that got it."""
    for argument in arguments:
        if re.search(rf"\b{flag}\b", argument):
            return True
        for name in re.findall(r"[A-Za-z_]\w*", argument):
            if re.search(rf"\b{name}(\.\w+)?\s*\|?=(\s*\{{[^;]*|[^;,=]*)\b{flag}\b", body):
                return True
    return False


def missing(name, arguments, body):
    """Why a call is wrong, or None."""
    joined = ", ".join(arguments)
    if name in STREAMS:
        mode = arguments[1] if len(arguments) > 1 else ""
        return None if mode.startswith('"') and "e" in mode else 'its mode lacks "e"'
    if name == "dup2" and STANDARD & set(arguments[1:]):
        return None
    if name == "fcntl":
        return "F_DUPFD without CLOEXEC" if "F_DUPFD" in joined.split(", ") else None
    if name == "ioctl":
        peer = "TIOCGPTPEER" in joined and "O_CLOEXEC" not in joined
        return "TIOCGPTPEER without O_CLOEXEC" if peer else None
    if name == "syscall":
        name = arguments[0].removeprefix("SYS_").removeprefix("__NR_")
        if name not in RULES:
            return None
    flag, instead = RULES[name]
    if flag is None:
        return f"{name} cannot ask for it: use {instead}"
    return None if given(flag, arguments, body) else f"without {flag}"


def main():
    house = House("cloexec")
    findings = []
    names = [*RULES, *STREAMS, "fcntl", "ioctl", "syscall"]
    for path in house.files(".c", ".h"):
        inner = house.relative(path)
        text = path.read_text()
        plain = blank(text)
        bodies = list(functions(plain))
        for name, offset, arguments in calls(plain, names):
            line = line_at(plain, offset)
            function = next((f for f in bodies if f.start <= line <= f.end), None)
            if not function:
                continue  # a declaration
            if name in STREAMS:
                arguments = next(calls(text[offset:], [name]))[2]
            wrong = missing(name, arguments, function.body)
            if wrong:
                findings.append(Finding(inner, line, f"{function.name}: {name}",
                                        f"a descriptor that an exec would keep: {wrong}"))
    house.report("every descriptor is close-on-exec at creation", findings)
    house.finish()


main()
