# SPDX-License-Identifier: LGPL-2.1-or-later
"""No writable globals: what lands in .data, .bss or thread-local storage of an object of ours.

Looks at the objects of the build, so that a missing `const` counts as what it is. The few that are
wanted (log sink, dlopen tables, per-thread system configuration) are waivers with a reason. What is
built into a test program only is free to have its own.
"""

import re
import subprocess

from house import Finding, House

WRITABLE = re.compile(r"\.(data|bss|tdata|tbss)(\.|$)|\*COM\*")


def globals_of(inner, built):
    listing = subprocess.run(["nm", "--format=sysv", "--defined-only", built],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in listing.split("\n"):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and WRITABLE.match(fields[6]) and \
                not fields[6].startswith(".data.rel.ro"):
            name = re.sub(r"\.\d+$", "", fields[0])
            yield Finding(inner, 0, name, f"writable global in {fields[6]}")


def main():
    house = House("globals")
    findings, count = [], 0
    for inner, _, built in house.compile_commands():
        if inner.endswith("_test.c") or built.parent.name.endswith("-test.p"):
            continue
        if not built.exists():
            findings.append(Finding(inner, 0, "object", f"{built} is not built"))
            continue
        count += 1
        findings.extend(globals_of(inner, built))
    if not count:
        findings.append(Finding("compile_commands.json", 0, "object", "no object of src/"))
    house.report(f"no writable globals in {count} objects", findings)
    house.finish()


main()
