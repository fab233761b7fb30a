# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions that nobody calls here, each with what to use instead.

Comments that switch a check off are not used either: waivers stand in waivers.toml and need a
reason.
"""

import re

from house import Finding, House, blank, calls, functions, line_at

FORBIDDEN = {
    "alloca": "an array of fixed size, or the heap",
    "asctime": "strftime",
    "atof": "num_parse_*",
    "atoi": "num_parse_*",
    "atol": "num_parse_*",
    "atoll": "num_parse_*",
    "ctime": "strftime",
    "getpwnam": "getpwnam_r",
    "getpwuid": "getpwuid_r",
    "getgrnam": "getgrnam_r",
    "getgrgid": "getgrgid_r",
    "gets": "getline",
    "gmtime": "gmtime_r",
    "localtime": "localtime_r",
    "longjmp": "a return value",
    "mktemp": "mkostemp",
    "popen": "the process runner of sys",
    "rand": "getrandom",
    "random": "getrandom",
    "setenv": "an environment made for the exec: the caller may have threads",
    "putenv": "an environment made for the exec: the caller may have threads",
    "sprintf": "str_addf, or snprintf with its result checked",
    "sscanf": "num_take_* and text_after",
    "stpcpy": "str_add",
    "strcat": "str_add",
    "strcpy": "str_add, arena_strdup or memcpy",
    "strerror": "err_render_* or strerror_r: strerror is not thread-safe",
    "strncat": "str_add",
    "strncpy": "memcpy with a checked length",
    "strtok": "strchrnul or strsep",
    "system": "the process runner of sys",
    "tmpnam": "mkostemp",
    "vfork": "the process runner of sys",
    "vsprintf": "str_vaddf",
}
SWITCHES = re.compile(r"NOLINT|cppcheck-suppress|#\s*pragma\s+(GCC|clang)\s+diagnostic")
# Tests are single-threaded programs of their own: they may prepare their environment, run commands
# and take printed text apart.
TESTS_MAY = {"setenv", "putenv", "popen", "sscanf"}


def is_parameter(bodies, name, line):
    """Whether what is called at this line is the enclosing function's own parameter."""
    return any(function.start <= line <= function.end and
               re.search(rf"\b{name}\s*[,)]", function.signature) for function in bodies)


def main():
    house = House("forbidden")
    findings, switches = [], []
    for path in house.files(".c", ".h"):
        inner = house.relative(path)
        test = inner.startswith("tests/") or inner.endswith("_test.c")
        raw = path.read_text()
        switches += [Finding(inner, line_at(raw, m.start()), m.group(), "waivers stand in one file")
                     for m in SWITCHES.finditer(raw)]
        text = blank(raw)
        bodies = list(functions(text))
        for name, offset, _ in calls(text, FORBIDDEN):
            line = line_at(text, offset)
            if not (test and name in TESTS_MAY) and not is_parameter(bodies, name, line):
                findings.append(Finding(inner, line, name,
                                        f"{name} is not used here: take {FORBIDDEN[name]}"))
    house.report("no forbidden function is called", findings)
    house.report("no comment switches a check off", switches)
    house.finish()


main()
