# SPDX-License-Identifier: LGPL-2.1-or-later
"""What loading a binary costs: its NEEDED list and its dynamic relocations, against budget.toml.

A binary above its budget fails; so does one far below, because a budget that is not lowered guards
nothing. Every installed ELF file has a row, and every row a file.
"""

import json
import pathlib
import re
import subprocess
import tomllib

from house import Finding, House

ROOM = 0.8  # a binary below this part of its budget gets a smaller one …
SLACK = 16  # … unless the difference is only a few relocations


def elf_files(build):
    """Installed name → built file, for each ELF file that `meson install` would install."""
    found = {}
    installed = json.loads((build / "meson-info/intro-installed.json").read_text())
    for source, target in installed.items():
        path = pathlib.Path(source)
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
            found[pathlib.Path(target).name] = path
    return found


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def count_relocations(path):
    """Entries of .rela.dyn and .rela.plt, and the addresses that .relr.dyn packs."""
    listing = readelf("-r", path)
    total = 0
    sections = re.findall(r"Relocation section '([^']+)'.* contains (\d+) entr", listing)
    for section, count in sections:
        if section != ".relr.dyn":
            total += int(count)
    packed = re.search(r"'\.relr\.dyn'.*\n\s*(\d+) offsets", listing)
    return total + (int(packed.group(1)) if packed else 0)


def findings_of(name, path, row):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", path))
    for library in needed:
        if library not in row["needed"]:
            yield Finding(name, 0, library, f"needs {library}, which its budget does not list")
    for library in row["needed"]:
        if library not in needed:
            yield Finding(name, 0, library, f"no longer needs {library}: shorten its budget")
    count, limit = count_relocations(path), row["relocations"]
    if count > limit:
        yield Finding(name, 0, "relocations", f"{count} dynamic relocations, at most {limit}")
    elif count < limit * ROOM and limit - count > SLACK:
        yield Finding(name, 0, "relocations",
                      f"only {count} dynamic relocations: lower its budget of {limit}")


def main():
    house = House("budget")
    budget = tomllib.loads((house.root / "tests/checks/budget.toml").read_text())
    files = elf_files(house.build)
    findings = [Finding(name, 0, "row", "budget.toml has no row for this installed binary")
                for name in files if name not in budget]
    findings += [Finding("tests/checks/budget.toml", 0, name, f"nothing installs {name}")
                 for name in budget if name not in files]
    for name, path in files.items():
        if name in budget:
            findings.extend(findings_of(name, path, budget[name]))
            house.note(f"{name}: {count_relocations(path)} dynamic relocations")
    house.report(f"{len(files)} installed binaries keep to their budgets", findings)
    house.finish()


main()
