# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every header compiles alone, and twice, with gcc and clang; public ones also as C99 and C++17."""

import concurrent.futures
import subprocess

from house import Finding, House

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]
OWN = [["gcc", "-x", "c", "-std=gnu17", "-D_GNU_SOURCE"],
       ["clang-14", "-x", "c", "-std=gnu17", "-D_GNU_SOURCE"]]
PUBLIC = [["gcc", "-x", "c", "-std=c99", "-D_GNU_SOURCE", "-Wpedantic"],
          ["clang-14", "-x", "c", "-std=c99", "-D_GNU_SOURCE", "-Wpedantic"],
          ["g++", "-x", "c++", "-std=c++17"],
          ["clang++-14", "-x", "c++", "-std=c++17"]]


def compile_alone(house, header, compiler):
    inner = house.relative(header)
    folders = [f"-iquote{house.root / 'src'}", f"-I{house.root / 'include'}"]
    if house.build:  # generated headers
        folders += [f"-iquote{house.build}", f"-iquote{house.build / 'src'}"]
    name = inner.split("/", 1)[1]
    result = subprocess.run(
        [*compiler, *WARNINGS, "-fsyntax-only", *folders, "-"],
        input=f'#include "{name}"\n#include "{name}"\nextern int not_empty;\n', text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode == 0:
        return None
    command = f"{compiler[0]} {compiler[3]}"
    return Finding(inner, 1, command, f"does not compile alone:\n{result.stdout.strip()}")


def main():
    house = House("headers")
    own = house.files(".h", folders=("src",))
    public = house.files(".h", folders=("include",))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [(header, compiler) for header in own for compiler in OWN]
        found = list(pool.map(lambda job: compile_alone(house, *job), jobs))
        house.report(f"{len(own)} headers of src/ compile alone", filter(None, found))
        jobs = [(header, compiler) for header in public for compiler in PUBLIC]
        found = list(pool.map(lambda job: compile_alone(house, *job), jobs))
        house.report(f"{len(public)} public headers compile alone as C99 and C++17",
                     filter(None, found))
    house.finish()


main()
