# SPDX-License-Identifier: LGPL-2.1-or-later
"""clang-tidy, with the short list of .clang-tidy, over every C file that the build compiles.

Results are kept in the build folder under a hash of what the compiler sees of the file (comments
included) and of the list, so that a second run looks only at what changed. Unit tests are spared the
analyzer, which does not know that cmocka's assertions end a function.
"""

import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess

from house import Finding, House, PROJECT

# What clang 14 gets wrong about this code base as a whole; single places go to waivers.toml.
MISTAKEN = re.compile(
    r"Potential leak of memory"  # the analyzer does not model the cleanup attribute
)
LIST = PROJECT / ".clang-tidy"
WARNING = re.compile(r"^(/[^:\n]+):(\d+):\d+: (?:warning|error): (.*) \[([\w.,-]+)\]$", re.M)


def seen_by_compiler(row):
    """A hash of the preprocessed file."""
    command = shlex.split(row["command"])
    kept, skip = [], False
    for word in command:
        if not skip and word not in ("-o", "-MF", "-MQ", "-MD", "-c"):
            kept.append(word)
        skip = word in ("-o", "-MF", "-MQ")
    result = subprocess.run([*kept, "-E", "-C", "-o", "-"], cwd=row["directory"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return hashlib.sha256(LIST.read_bytes() + row["command"].encode() + result.stdout).hexdigest()


def examine(house, row):
    """clang-tidy's output about one file; from the cache when nothing changed."""
    kept = house.build / "tidy" / seen_by_compiler(row)
    if kept.exists():
        return kept.read_text()
    source = (pathlib.Path(row["directory"]) / row["file"]).resolve()
    fewer = ["--checks=-clang-analyzer-*"] if source.name.endswith("_test.c") else []
    result = subprocess.run(
        ["clang-tidy-14", "--quiet", *fewer, f"--config-file={LIST}", "-p", house.build,
         "--header-filter=.*/(src|include)/.*",
         "--extra-arg=-Wno-unknown-warning-option", source],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode and not WARNING.search(result.stdout):
        return f"{source}:1:1: error: {result.stderr.strip()[-2000:]} [clang-tidy]\n"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(result.stdout)
    return result.stdout


def main():
    house = House("tidy")
    rows = {}
    for row in json.loads((house.build / "compile_commands.json").read_text()):
        source = (pathlib.Path(row["directory"]) / row["file"]).resolve()
        if source.is_relative_to(house.root / "src"):
            rows.setdefault(source, row)
    findings = set()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for output in pool.map(lambda row: examine(house, row), rows.values()):
            for path, line, message, rule in WARNING.findall(output):
                path = pathlib.Path(path).resolve()
                inner = house.relative(path) if path.is_relative_to(house.root) else str(path)
                if not MISTAKEN.match(message):
                    findings.add(Finding(inner, int(line), rule, message))
    if not rows:
        findings.add(Finding("compile_commands.json", 0, "clang-tidy", "no file of src/"))
    house.report(f"clang-tidy is content with {len(rows)} files", sorted(findings))
    house.finish()


main()
