# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every C file is as clang-format-14 writes it (`make format` repairs), in at most 100 columns.

Tables of rows may lay themselves out between clang-format off and on; functions may not.
"""

import re
import subprocess

from house import Finding, House, PROJECT, blank, functions, line_at

COLUMNS = 100
SWITCHED_OFF = re.compile(r"/\* clang-format off \*/(.*?)(/\* clang-format on \*/|\Z)", re.S)


def wide_lines(inner, text):
    for number, line in enumerate(text.split("\n"), 1):
        width = len(line.expandtabs(8))
        if width > COLUMNS:
            yield Finding(inner, number, "columns", f"{width} columns, at most {COLUMNS}")


def freely_formatted(inner, text):
    """What stands between off and on, and must not."""
    for match in SWITCHED_OFF.finditer(text):
        line = line_at(text, match.start())
        if not match.group(2):
            yield Finding(inner, line, "off", "clang-format is never switched on again")
        for function in functions(blank(match.group(1))):
            yield Finding(inner, line + function.start - 1, function.name,
                          "only tables are laid out by hand")


def main():
    house = House("format")
    files = house.files(".c", ".h")
    result = subprocess.run(
        ["clang-format-14", "--dry-run", f"--style=file:{PROJECT / '.clang-format'}", *files],
        stderr=subprocess.PIPE, text=True, check=False)
    findings = {}
    for path, line in re.findall(r"^(/[^:\n]+):(\d+):\d+: warning:", result.stderr, re.M):
        inner = house.relative(path)
        findings.setdefault(inner, Finding(inner, int(line), "format", "run `make format`"))
    if result.returncode and not findings:
        findings[""] = Finding("clang-format-14", 0, "format", result.stderr.strip())
    house.report(f"{len(files)} files are formatted", findings.values())
    texts = [(house.relative(path), path.read_text()) for path in files]
    house.report(f"no line has more than {COLUMNS} columns",
                 [finding for text in texts for finding in wide_lines(*text)])
    house.report("only tables are laid out by hand",
                 [finding for text in texts for finding in freely_formatted(*text)])
    house.finish()


main()
