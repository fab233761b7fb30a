# SPDX-License-Identifier: LGPL-2.1-or-later
"""Between clone and exec nothing is called but system calls and mem*.

The INIT lane is src/run/init*.c and every object that these need. What all of them together leave
undefined must be mem* or __stack_chk_fail: system calls are made inline (sys/syscall.h), so that
nothing of the C library, no lock and no errno is touched in a child of a program with threads. On
machines without inline calls syscall(2) and its errno remain. Looks at the build's objects; those of
a sanitizer's build call the sanitizer and say nothing.
"""

import platform
import re
import subprocess

from house import Finding, House

LANE = re.compile(r"src/run/init(_\w+)?\.c$")
# The compiler's own: position-independent code, and -D_FORTIFY_SOURCE's mem*.
ALLOWED = re.compile(r"mem\w+|__mem\w+_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_")
FALLBACK = {"syscall", "__errno_location"}
INLINE_MACHINES = {"x86_64", "aarch64"}


def symbols(built):
    """What an object defines for others, and what it needs."""
    listing = subprocess.run(["nm", "--format=posix", built], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    defined, needed = set(), set()
    for line in listing.splitlines():
        name, kind = line.split()[:2]
        if kind in "Uwv":
            needed.add(name)
        elif kind.isupper():
            defined.add(name)
    return defined, needed


def lane_of(objects):
    """The sources of the lane, and what they leave undefined: (source, symbol)."""
    providers = {name: source for source, (defined, _) in objects.items() for name in defined}
    waiting = [source for source in objects if LANE.search(source)]
    lane, left = set(), set()
    while waiting:
        source = waiting.pop()
        if source in lane:
            continue
        lane.add(source)
        for name in objects[source][1]:
            if name in providers:
                waiting.append(providers[name])
            else:
                left.add((source, name))
    return lane, left


def main():
    house = House("init_lane")
    objects, sanitized = {}, False
    for inner, _, built in house.compile_commands():
        if inner.endswith("_test.c") or built.parent.name.endswith("-test.p"):
            continue
        if built.exists() and inner.startswith(("src/base/", "src/sys/", "src/run/", "src/plan/")):
            objects[inner] = symbols(built)
            sanitized = sanitized or any(name.startswith(("__asan_", "__ubsan_", "__tsan_"))
                                         for name in objects[inner][1])
    lane, left = lane_of(objects)
    findings = []
    if sanitized:
        house.note("these objects are a sanitizer's")
    else:
        allowed = set() if platform.machine() in INLINE_MACHINES else FALLBACK
        findings = [Finding(source, 0, name, f"the INIT lane needs {name}: only system calls and "
                            "mem* may be called between clone and exec")
                    for source, name in sorted(left)
                    if not ALLOWED.fullmatch(name) and name not in allowed]
    if not any(LANE.search(source) for source in lane):
        findings.append(Finding("src/run", 0, "object", "no object of the INIT lane is built"))
    house.note("the INIT lane: " + " ".join(sorted(lane)))
    house.report(f"{len(lane)} objects of the INIT lane need nothing but system calls and mem*",
                 findings)
    house.finish()


main()
