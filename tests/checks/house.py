# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the house checks share: the tree, a light view of C, waivers, TAP.

A check is a program `check_NAME.py --root TREE [--build BUILD]`. It collects findings, hands them
to House.report() rule by rule and ends with House.finish(). A finding that a waiver of
tests/checks/waivers.toml covers is not counted; a waiver that covers nothing is a finding itself.
No C parser lives here: comments and strings are blanked, the rest is matched by pattern, which the
enforced format makes reliable.
"""

import argparse
import json
import pathlib
import re
import sys
import tomllib
from typing import NamedTuple

PROJECT = pathlib.Path(__file__).resolve().parents[2]
C_FOLDERS = ("src", "include", "tests")


class Finding(NamedTuple):
    path: str     # relative to the root
    line: int     # 0 = the whole file
    subject: str  # what a waiver names: a function, a symbol, a header, a rule of a tool
    message: str

    def __str__(self):
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message} [{self.subject}]"


class House:
    """One check: its arguments, the tree it looks at, its waivers and its TAP output."""

    def __init__(self, name):
        parser = argparse.ArgumentParser()
        parser.add_argument("--root", default=str(PROJECT))
        parser.add_argument("--build", help="build folder, for checks of what was compiled")
        arguments = parser.parse_args()
        self.name = name
        self.root = pathlib.Path(arguments.root).resolve()
        self.build = pathlib.Path(arguments.build).resolve() if arguments.build else None
        self.points = 0
        self.failed = False
        self.waivers = []
        waivers = self.root / "tests/checks/waivers.toml"
        if waivers.exists():
            rows = tomllib.loads(waivers.read_text()).get("waiver", [])
            self.waivers = [dict(row, used=False) for row in rows if row.get("check") == name]

    def files(self, *suffixes, folders=C_FOLDERS):
        """Paths of the tree's own files, sorted, without those of the checks."""
        found = []
        for folder in folders:
            for path in (self.root / folder).rglob("*"):
                inner = path.relative_to(self.root).parts
                if path.suffix in suffixes and path.is_file() and inner[:2] != ("tests", "checks"):
                    found.append(path)
        return sorted(found)

    def relative(self, path):
        return str(pathlib.Path(path).relative_to(self.root))

    def compile_commands(self):
        """(source path relative to the root, absolute source, object) of everything under src/."""
        rows = json.loads((self.build / "compile_commands.json").read_text())
        for row in rows:
            source = (pathlib.Path(row["directory"]) / row["file"]).resolve()
            if source.is_relative_to(self.root / "src"):
                yield self.relative(source), source, pathlib.Path(row["directory"]) / row["output"]

    def _waived(self, finding):
        for waiver in self.waivers:
            if waiver["place"] == finding.path and waiver["subject"] == finding.subject:
                waiver["used"] = True
                return True
        return False

    def report(self, title, findings):
        """One TAP point: passes when no finding is left that is not waived."""
        left = [f for f in dict.fromkeys(findings) if not self._waived(f)]
        self.points += 1
        print(f"{'not ok' if left else 'ok'} {self.points} - {title}".replace("#", "\\#"))
        for finding in left:
            print(f"#   {finding}".replace("\n", "\n#   "))
        self.failed = self.failed or bool(left)

    def note(self, text):
        print(f"# {text}")

    def finish(self):
        """The closing point about the waivers, the plan, and the exit."""
        bad = []
        for waiver in self.waivers:
            place = f"{waiver['place']} {waiver['subject']}"
            if not waiver["used"]:
                bad.append(Finding("tests/checks/waivers.toml", 0, self.name,
                                   f"nothing needs the waiver of {place}: remove it"))
            if len(waiver.get("reason", "").split()) < 3:
                bad.append(Finding("tests/checks/waivers.toml", 0, self.name,
                                   f"the waiver of {place} gives no reason"))
        self.waivers = []
        self.report("every waiver of this check is used and says why", bad)
        print(f"1..{self.points}")
        sys.exit(1 if self.failed else 0)


_TOKENS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def blank(text, strings=True):
    """The C text with comments (and what strings hold) as blanks: offsets and lines stay."""

    def cover(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[-1] if strings else token

    return _TOKENS.sub(cover, text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


class Function(NamedTuple):
    name: str
    signature: str
    start: int  # line of the opening brace
    end: int    # line of the closing brace
    body: str


def functions(text):
    """The functions of a blanked C text. Kernel braces: each body stands between ^{ and ^}."""
    for match in re.finditer(r"^\{\n(.*?)^\}", text, re.S | re.M):
        head = re.split(r"[;}]|^#.*\n", text[:match.start()], flags=re.M)[-1].strip()
        name = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", head))
        yield Function(name.group(1) if name else "?", head, line_at(text, match.start()),
                       line_at(text, match.end()), match.group(1))


def arguments_at(text, opening):
    """The text between the parenthesis at `opening` and its counterpart, split at its commas."""
    depth, parts, begin = 0, [], opening + 1
    for i in range(opening, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if depth == 0 or (depth == 1 and c == ","):
            parts.append(text[begin:i].strip())
            begin = i + 1
        if depth == 0:
            break
    return parts


def calls(text, names):
    """(name, offset, arguments) of each call of one of the names, but not of members."""
    pattern = r"(?<![\w.])(?<!->)(" + "|".join(map(re.escape, names)) + r")\s*(\()"
    for match in re.finditer(pattern, text):
        yield match.group(1), match.start(), arguments_at(text, match.start(2))
