#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""liblxc.so.1 as packagers and linkers see it: names, symbols, and a program built from an
installation.

	library.py SOURCE_ROOT BUILD_ROOT LIBRARY

Symbols and names: spec/api.md §1 and §2. What it needs and its relocations: tests/checks.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Public ones, and what python3-lxc and the old bindings link besides.
SYMBOLS = set("""
lxc_container_new lxc_container_get lxc_container_put lxc_get_wait_states
lxc_get_global_config_item lxc_get_version list_defined_containers list_active_containers
list_all_containers lxc_log_init lxc_log_close lxc_config_item_is_supported lxc_has_api_extension
lxc_attach_run_command lxc_attach_run_shell
lxc_config_parse_arch
""".split())

PROGRAM = """
#include <lxc/lxccontainer.h>
#include <lxc/version.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct lxc_container *c = lxc_container_new("sample", "/nowhere");
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;

	if (!c || c->is_defined(c) || options.stdout_fd != 1)
		return 1;
	if (strcmp(c->state(c), "STOPPED") != 0 || strcmp(lxc_get_version(), LXC_VERSION) != 0)
		return 2;
	printf("%s %s\\n", c->name, lxc_get_version());
	return lxc_container_put(c) == 1 ? 0 : 3;
}
"""


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}")
    return done.stdout


def symbols_are_the_public_ones(library):
    found = set()
    for line in run("nm", "-D", "--defined-only", library).splitlines():
        kind, name = line.split()[-2:]
        found.add(name)
        if kind != "T":
            yield f"{name} is no function ({kind})"
    yield from (f"{name} is exported" for name in sorted(found - SYMBOLS))
    yield from (f"{name} is not exported" for name in sorted(SYMBOLS - found))


def names_are_lxcs(library):
    dynamic = run("readelf", "-dW", library)
    if "Library soname: [liblxc.so.1]" not in dynamic:
        yield "the soname is not liblxc.so.1"
    if library.name != "liblxc.so.1.9.0":
        yield f"the file is called {library.name}"
    if re.search(r"\(VERDEF\)", dynamic):
        yield "the symbols have versions: clients link against unversioned ones"
    if re.search(r"\(TEXTREL\)|R(UN)?PATH", dynamic):
        yield "the library has text relocations or a search path"


def headers_declare_them(root):
    text = "".join((root / "include/lxc" / name).read_text()
                   for name in ("lxccontainer.h", "attach_options.h"))
    yield from (f"no header declares {name}" for name in sorted(SYMBOLS)
                if not re.search(rf"\b{name}\(", text))


def programs_are_built_from_an_installation(build):
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", place)
        file = next(iter(place.rglob("lxc.pc")), None)
        if not file:
            yield "lxc.pc is not installed"
            return
        environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(file.parent),
                           PKG_CONFIG_SYSROOT_DIR=str(place))
        version = run("pkg-config", "--modversion", "lxc", env=environment).strip()
        if version != "7.0.0":
            yield f"pkg-config says version {version}"
        flags = run("pkg-config", "--cflags", "--libs", "lxc", env=environment).split()
        library = next(iter(place.rglob("liblxc.so.1")), None)
        if not library or not (library.parent / "liblxc.so").exists():
            yield "liblxc.so.1 or liblxc.so is not installed"
            return
        archive = library.parent / "liblxc.a"
        listed = run("nm", "--defined-only", "--extern-only", archive).splitlines()
        named = {line.split()[-1] for line in listed if len(line.split()) == 3}
        yield from (f"liblxc.a shows {name}" for name in sorted(named - SYMBOLS))
        yield from (f"liblxc.a lacks {name}" for name in sorted(SYMBOLS - named))
        (place / "sample.c").write_text(PROGRAM)
        for compiler in (["gcc", "-std=c99", "-x", "c"], ["g++", "-std=c++17", "-x", "c++"]):
            run(*compiler, "-Wall", "-Wextra", "-Werror", "-o", place / "sample",
                place / "sample.c", "-x", "none", *flags)
            told = run(place / "sample", env=dict(os.environ, LD_LIBRARY_PATH=str(library.parent)))
            if told != "sample 7.0.0\n":
                yield f"{compiler[0]}'s program says {told}"
        flags = run("pkg-config", "--static", "--cflags", "--libs", "lxc", env=environment).split()
        static = [str(archive) if flag == "-llxc" else flag for flag in flags]
        needed = run("readelf", "-dW", library)
        sanitizers = [f"-fsanitize={kind}" for kind, name in
                      (("address", "libasan"), ("undefined", "libubsan")) if name in needed]
        run("gcc", "-o", place / "sample", place / "sample.c", *static, *sanitizers)
        if run(place / "sample") != "sample 7.0.0\n":
            yield "the program with liblxc.a says something else"


def main():
    root, build, library = (pathlib.Path(argument) for argument in sys.argv[1:4])
    missing = [tool for tool in ("nm", "gcc", "g++", "pkg-config") if not shutil.which(tool)]
    if missing:
        print(f"1..0 # skip there is no {missing[0]} here")
        return 0
    points = [
        ("the library exports the public functions and no others",
         symbols_are_the_public_ones(library)),
        ("it is called as LXC's is", names_are_lxcs(library)),
        ("headers declare what it exports", headers_declare_them(root)),
        ("programs in C99 and C++17 are built from an installation by pkg-config",
         programs_are_built_from_an_installation(build)),
    ]
    failed = False
    for number, (title, problems) in enumerate(points, 1):
        try:
            found = list(problems)
        except RuntimeError as error:
            found = [str(error)]
        failed = failed or bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {title}")
        for problem in found:
            print("#   " + problem.replace("\n", "\n#   "))
    print(f"1..{len(points)}")
    return 1 if failed else 0


sys.exit(main())
