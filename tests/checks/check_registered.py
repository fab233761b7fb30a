# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing lies about unused: every C file is compiled, every bats file and check is run by meson.

Also holds the waivers together: each row belongs to a check that exists.
"""

import json
import os
import tomllib

from house import Finding, House


def known_to_meson(build):
    """Sources of all targets, and every word of every test's command line."""
    words = set()
    for target in json.loads((build / "meson-info/intro-targets.json").read_text()):
        for group in target["target_sources"]:
            words.update(group.get("sources", []))
    for name in ("intro-tests.json", "intro-benchmarks.json"):
        path = build / "meson-info" / name
        for test in json.loads(path.read_text()) if path.exists() else []:
            words.update(os.path.normpath(build / word) for word in test["cmd"])
    return words


def main():
    house = House("registered")
    known = known_to_meson(house.build)
    sources = house.files(".c", ".bats", folders=("src", "tests"))
    checks = sorted((house.root / "tests/checks").glob("check_*.py"))
    missing = [Finding(house.relative(path), 0, "meson", "no meson.build uses this file")
               for path in [*sources, *checks] if str(path) not in known]
    house.report(f"meson uses all of {len(sources)} C and bats files and {len(checks)} checks",
                 missing)

    waivers = house.root / "tests/checks/waivers.toml"
    rows = tomllib.loads(waivers.read_text()).get("waiver", []) if waivers.exists() else []
    names = {path.stem.removeprefix("check_") for path in checks}
    house.report(f"{len(rows)} waivers belong to checks that exist",
                 [Finding("tests/checks/waivers.toml", 0, "waiver", f"no check reads {row}")
                  for row in rows if row.get("check") not in names
                  or not {"place", "subject", "reason"} <= set(row)])
    house.finish()


main()
