# SPDX-License-Identifier: LGPL-2.1-or-later
"""How files begin and what they are called.

The first line (the second, below #!) names the licence; a C file opens with a head comment of at
most 12 lines of text, a header, behind #pragma once, with its contract (at most 20); no C file is
called util, misc, common or helper.
"""

import re

from house import Finding, House

LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
VAGUE = re.compile(r"(?:^|[_-])(utils?|misc|common|helpers?)(?:$|[_-])")
LINES = {".c": 12, ".h": 20}
SCRIPT_FOLDERS = ("src", "tests", "scripts", ".ci", "share")


def scripts(house):
    """Python, shell and bats files, with or without a suffix."""
    for folder in SCRIPT_FOLDERS:
        for path in sorted((house.root / folder).rglob("*")):
            if not path.is_file() or {"golden", "corpus"} & set(path.parts):
                continue
            if path.suffix in (".py", ".sh", ".bats", ".bash") or \
                    (not path.suffix and path.read_bytes()[:2] == b"#!"):
                yield path


def head_comment(text):
    """Lines of text in the comment that stands alone behind the licence, 0 when there is none."""
    match = re.match(r"/\* SPDX[^\n]*\n(?:#pragma once\n)?(?:#ifndef \w+\n#define \w+\n)?\n*"
                     r"/\*\n(.*?)^ \*/\n", text, re.S | re.M)
    return sum(1 for line in match.group(1).split("\n") if line.strip(" *")) if match else 0


def main():
    house = House("heads")
    sources = house.files(".c", ".h")
    licence, comments, pragma, names = [], [], [], []
    for path in sources:
        inner = house.relative(path)
        text = path.read_text()
        if not text.startswith(f"/* {LICENCE} */\n"):
            licence.append(Finding(inner, 1, "licence", f"the first line is not /* {LICENCE} */"))
            continue
        lines = head_comment(text)
        most = LINES[path.suffix]
        if not 1 <= lines <= most:
            comments.append(Finding(inner, 2, "head", "no head comment" if not lines else
                                    f"the head comment has {lines} lines, at most {most}"))
        if path.suffix == ".h" and not inner.startswith("include/") and \
                text.split("\n")[1] != "#pragma once":
            pragma.append(Finding(inner, 2, "pragma", "the second line is not #pragma once"))
        if VAGUE.search(path.stem):
            names.append(Finding(inner, 0, "name", "the name says nothing about the content"))
    for path in scripts(house):
        first = path.read_text().split("\n")[:2]
        if not any(line == f"# {LICENCE}" for line in first):
            licence.append(Finding(house.relative(path), 1, "licence", f"no line # {LICENCE}"))
    house.report("every source file names its licence", licence)
    house.report("every C file has a head comment", comments)
    house.report("every header of ours says #pragma once", pragma)
    house.report("no file has a name that says nothing", names)
    house.finish()


main()
