# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of at most 800 lines, functions of at most 100, at most 30 #if in the tree.

Parameters (5) and levels (4) are a guide: what is above is told, and passes.
"""

import re

from house import Finding, House, arguments_at, blank, functions, line_at

FILE_LINES, FUNCTION_LINES, CONDITIONS = 800, 100, 30
PARAMETERS, LEVELS = 5, 4
GUARD = re.compile(r"\A\s*#ifndef (\w+)\n#define \1\b")


def depth(body):
    """How many blocks stand inside each other in a function's body."""
    deepest = level = 0
    for c in body:
        if c in "{}":
            level += 1 if c == "{" else -1
            deepest = max(deepest, level)
    return deepest


def conditions(inner, text):
    """Lines of #if, without the include guards of public headers."""
    guarded = inner.startswith("include/") and GUARD.match(text)
    found = re.finditer(r"^[ \t]*#[ \t]*(if|ifdef|ifndef)\b", text, re.M)
    return [line_at(text, m.start()) for m in found][1 if guarded else 0:]


def guides(house, inner, function):
    opening = function.signature.find(function.name + "(") + len(function.name)
    count = len(arguments_at(function.signature, opening)) if opening > 0 else 0
    place = f"guide: {inner}:{function.start}: {function.name}"
    if count > PARAMETERS:
        house.note(f"{place} has {count} parameters")
    if depth(function.body) > LEVELS:
        house.note(f"{place} is {depth(function.body)} levels deep")


def main():
    house = House("sizes")
    long_files, long_functions, count, where = [], [], 0, []
    for path in house.files(".c", ".h"):
        inner = house.relative(path)
        text = path.read_text()
        lines = text.count("\n")
        if lines > FILE_LINES:
            long_files.append(Finding(inner, 0, "file", f"{lines} lines, at most {FILE_LINES}"))
        text = blank(text)
        for function in functions(text):
            size = function.end - function.start + 1
            if size > FUNCTION_LINES:
                long_functions.append(Finding(inner, function.start, function.name,
                                              f"{size} lines, at most {FUNCTION_LINES}"))
            guides(house, inner, function)
        found = conditions(inner, text)
        count += len(found)
        if found:
            where.append(Finding(inner, found[0], "if", f"{len(found)} #if"))
    house.report(f"no file has more than {FILE_LINES} lines", long_files)
    house.report(f"no function has more than {FUNCTION_LINES} lines", long_functions)
    house.report(f"{count} preprocessor conditions in the tree, at most {CONDITIONS}",
                 where if count > CONDITIONS else [])
    house.finish()


main()
