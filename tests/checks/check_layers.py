# SPDX-License-Identifier: LGPL-2.1-or-later
"""Includes: who may include whom (layers.toml), no cycles, own header first.

Tests beside the code may include what their layer may. Programs under tests/ belong to no layer.
"""

import re
import tomllib

from house import Finding, House, PROJECT, blank, line_at

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"\n]+)[>"]', re.M)


def includes(path):
    """(line, '<' or '"', name) of each include of a file."""
    text = blank(path.read_text(), strings=False)
    return [(line_at(text, m.start()), m.group(1), m.group(2)) for m in INCLUDE.finditer(text)]


def locate(root, generated, kind, name):
    """The node of the include graph that a name stands for, and its layer; None if not ours."""
    if (root / "include" / name).exists():
        return f"include/{name}", "public"
    if kind == "<":
        return None
    if (root / "src" / name).exists() and "/" in name:
        return f"src/{name}", name.split("/")[0]
    if name in generated:
        return name, name.split("/")[0] if "/" in name else "generated"
    return name, "unknown"


def layer_findings(table, inner, layer, line, name, target):
    if target == "unknown":
        yield Finding(inner, line, name, f'"{name}" is no file below src/ or include/: '
                      "includes are written relative to these")
    elif layer not in table:
        yield Finding(inner, line, layer, f"layers.toml has no layer {layer}")
    elif target not in (layer, "generated") and not {target, name} & set(table[layer]["may"]):
        yield Finding(inner, line, name, f"{layer} may not include {name}")


def order_findings(root, inner, found):
    """Own header first, then the system's, then the project's.

    A file without a header of its name may begin with the one of its folder that declares it.
    """
    own = inner.removeprefix("src/").removesuffix(".c") + ".h"
    if inner.endswith(".c") and (root / "src" / own).exists():
        if not found or found[0][2] != own:
            yield Finding(inner, found[0][0] if found else 1, own,
                          f'the own header "{own}" comes first')
        found = found[1:]
    elif inner.endswith(".c") and found and found[0][2].startswith(own.rpartition("/")[0] + "/"):
        found = found[1:]
    project = False
    for line, kind, name in found:
        if kind == '"':
            project = True
        elif project:
            yield Finding(inner, line, name, f"the system's <{name}> comes before the project's")


def cycles(graph):
    """One finding for each include cycle, told from where it was entered."""
    state, trail = {}, []

    def visit(node):
        state[node] = "open"
        trail.append(node)
        for line, target in graph.get(node, []):
            if state.get(target) == "open":
                loop = trail[trail.index(target):] + [target]
                yield Finding(node, line, target, "include cycle: " + " -> ".join(loop))
            elif target not in state:
                yield from visit(target)
        trail.pop()
        state[node] = "done"

    for node in sorted(graph):
        if node not in state:
            yield from visit(node)


def main():
    house = House("layers")
    table = tomllib.loads((PROJECT / "tests/checks/layers.toml").read_text())
    layers, order, graph = [], [], {}
    for path in house.files(".c", ".h", folders=("src", "include")):
        inner = house.relative(path)
        found = includes(path)
        order.extend(order_findings(house.root, inner, found))
        for line, kind, name in found:
            target = locate(house.root, table["generated"], kind, name)
            if not target:
                continue
            graph.setdefault(inner, []).append((line, target[0]))
            if inner.startswith("src/"):
                layer = inner.split("/")[1]
                layers.extend(layer_findings(table["layer"], inner, layer, line, name, target[1]))
    for layer, row in table["layer"].items():
        unknown = {item.split("/")[0] for item in row["may"]} - set(table["layer"]) - {"public"}
        layers.extend(Finding("tests/checks/layers.toml", 0, layer, f"no layer is called {name}")
                      for name in sorted(unknown))
    house.report("each layer includes only what it may", layers)
    house.report("includes have no cycles", cycles(graph))
    house.report("includes stand in order: own, the system's, the project's", order)
    house.finish()


main()
