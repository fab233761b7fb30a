# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks' own test: each must fail on bad examples, naming the place, and pass on good ones.

cases/CHECK.txt holds small trees:

	=== case: what the example shows
	expect: text that the output must contain (none: the check must pass)
	build: yes                      (compile the tree's src/ first, as the real build does)
	installed: NAME SOURCES         (link these sources and tell the check that they get installed)
	--- src/base/x.c
	lines of the file; a line "@repeat 90 text" stands for 90 lines
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPILE = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-fPIC", "-fdata-sections", "-fno-common"]


def cases(path):
    """(title, directives, files) of each case of one file."""
    for block in re.split(r"^=== case: ", path.read_text(), flags=re.M)[1:]:
        head, *files = re.split(r"^--- ", block, flags=re.M)
        title, *directives = head.strip().split("\n")
        tree = {}
        for file in files:
            name, _, content = file.partition("\n")
            content = re.sub(r"^@repeat (\d+) (.*\n)", lambda m: m.group(2) * int(m.group(1)),
                             content, flags=re.M)
            tree[name] = content
        yield title, [line.split(": ", 1) for line in directives], tree


def compile_tree(root, build):
    rows = []
    for source in sorted((root / "src").rglob("*.c")):
        output = f"{source.stem}.o"
        command = [*COMPILE, f"-I{root}/src", "-c", str(source), "-o", output]
        subprocess.run(command, cwd=build, check=True)
        rows.append({"directory": str(build), "file": str(source), "output": output,
                     "command": " ".join(command)})
    (build / "compile_commands.json").write_text(json.dumps(rows))


def link(root, build, name, sources):
    subprocess.run(["gcc", "-Wl,-z,pack-relative-relocs", "-fPIE", "-pie", "-o", build / name,
                    *(root / source for source in sources)], check=True)
    (build / "meson-info/intro-installed.json").write_text(
        json.dumps({str(build / name): f"/usr/bin/{name}"}))


def run_case(check, directives, tree):
    """None when the check does what the case expects, else what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        build = root / "build"
        (build / "meson-info").mkdir(parents=True)
        for name, content in tree.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.replace("@ROOT@", str(root)))
        expected = [value for key, value in directives if key == "expect"]
        for key, value in directives:
            if key == "build":
                compile_tree(root, build)
            elif key == "installed":
                link(root, build, value.split()[0], value.split()[1:])
            elif key != "expect":
                return f"unknown directive {key}"
        result = subprocess.run(
            [sys.executable, HERE / f"check_{check}.py", "--root", root, "--build", build],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    wrong = [f"the output lacks: {text}" for text in expected if text not in result.stdout]
    if result.returncode != (1 if expected else 0):
        wrong.append(f"exit status {result.returncode}")
    return "\n".join([*wrong, result.stdout]) if wrong else None


def main():
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    number, failed = 0, False

    def point(title, wrong):
        nonlocal number, failed
        number += 1
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {title}".replace("#", "\\#"))
        if wrong:
            print("#   " + wrong.rstrip().replace("\n", "\n#   "))

    for program in sorted(HERE.glob("check_*.py")):
        check = program.stem.removeprefix("check_")
        path = HERE / "cases" / f"{check}.txt"
        found = list(cases(path)) if path.exists() else []
        kinds = {any(key == "expect" for key, _ in directives) for _, directives, _ in found}
        point(f"{check}: has a bad and a good example",
              None if kinds == {True, False} else f"{path.name} shows only {kinds}")
        for title, directives, tree in found:
            point(f"{check}: {title}", run_case(check, directives, tree))
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


main()
