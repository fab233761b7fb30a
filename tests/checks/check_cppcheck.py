# SPDX-License-Identifier: LGPL-2.1-or-later
"""cppcheck: errors, warnings, performance and portability, over src/.

Without the unit tests: cppcheck does not know that cmocka's assertions end a function.
"""

import re
import subprocess
import tempfile

from house import Finding, House

# What cppcheck 2.10 gets wrong about this code base as a whole; single places go to waivers.toml.
SUPPRESSED = {
    "missingIncludeSystem": "the libraries' headers are not looked at, on purpose",
    "checkersReport": "information, not a finding",
    "memleak": "does not know the cleanup attribute; leaks are LeakSanitizer's and clang-tidy's",
    "resourceLeak": "the same",
    "readdirCalled": "readdir is safe on streams that are not shared; readdir_r is deprecated",
}
TEMPLATE = "{file}|{line}|{id}|{severity}: {message}"


def main():
    house = House("cppcheck")
    sources = [path for path in house.files(".c", folders=("src",))
               if not path.name.endswith("_test.c")]
    with tempfile.TemporaryDirectory() as scratch:
        cache = house.build / "cppcheck" if house.build else scratch
        if house.build:
            cache.mkdir(exist_ok=True)
        result = subprocess.run(
            ["cppcheck", "-j2", "--quiet", "--std=c11", "--library=posix", "--library=gnu",
             "--enable=warning,performance,portability",
             f"--cppcheck-build-dir={cache}", f"--template={TEMPLATE}",
             *(f"--suppress={name}" for name in SUPPRESSED),
             "-D_GNU_SOURCE", "-D__GNUC__=12", "-D__x86_64__", "-D__linux__",
             f"-I{house.root / 'src'}", f"-I{house.root / 'include'}", *sources],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    findings = []
    for path, line, rule, message in re.findall(r"^([^|\n]*)\|(\d+)\|(\w+)\|(.*)$", result.stderr,
                                                re.M):
        inner = house.relative(path) if path.startswith(str(house.root)) else path
        findings.append(Finding(inner, int(line), rule, message))
    if result.returncode and not findings:
        findings.append(Finding("cppcheck", 0, "cppcheck", result.stderr + result.stdout))
    house.report(f"cppcheck is content with {len(sources)} files", sorted(set(findings)))
    house.finish()


main()
