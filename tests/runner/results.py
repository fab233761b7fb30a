# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests said: reads meson's testlog.json, counts TAP points, tells failures and skips.

Reads the programs' own TAP instead of meson's junit file, because that one drops what happens after
the last point: a leak report, a crash in the tear-down, an exit status.
"""

import fnmatch
import json
import pathlib
import re
from typing import NamedTuple

POINT = re.compile(r"^(not )?ok\b\s*(\d+)?\s*(?:- )?(.*)$")
SKIP = re.compile(r"\s*(?<!\\)#\s*skip\S*\s*(.*)$", re.I)
PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*skip\S*\s*(.*))?$", re.I)


class Outcome(NamedTuple):
    test: str     # "TREE NAME: POINT"
    verdict: str  # passed, failed or skipped
    reason: str   # of a skip
    output: str   # what belongs to a failure


def read_points(output):
    """(points, planned, reason): (verdict, name, reason, lines) each; the plan's number or None."""
    points, planned, whole = [], None, None
    for line in output.split("\n"):
        plan, point = PLAN.match(line), POINT.match(line)
        if plan:
            planned, whole = int(plan.group(1)), plan.group(2)
        elif point:
            skip = SKIP.search(point.group(3))
            name = SKIP.sub("", point.group(3)) if skip else point.group(3)
            verdict = "skipped" if skip else "failed" if point.group(1) else "passed"
            # cmocka says "not ok 2 # SKIP name": the name is all the reason that it gives
            points.append([verdict, name or (skip.group(1) if skip else "?"),
                           skip.group(1) if skip else "", [line]])
        elif points:
            points[-1][3].append(line)
    return points, planned, whole


def trouble(record, points, planned):
    """What is wrong with a run besides its points, or None."""
    failed = any(point[0] == "failed" for point in points)
    if record["result"] in ("TIMEOUT", "INTERRUPT"):
        return f"ended by {record['result'].lower()} after {record['duration']:.0f} s"
    if planned is None:
        return "printed no TAP plan"
    if planned != len(points):
        return f"planned {planned} points, ran {len(points)}"
    if record["returncode"] and not failed:
        return f"exit status {record['returncode']} though no point failed"
    return None


def read_record(tree, record):
    """The outcomes of one test program."""
    name = f"{tree} {record['name'].split(' / ')[-1]}"
    output, errors = record.get("stdout") or "", record.get("stderr") or ""
    points, planned, whole = read_points(output)
    if planned == 0 and not points and record["returncode"] == 0:
        return [Outcome(name, "skipped", whole or "no reason given", "")]
    outcomes = []
    for verdict, point, reason, lines in points:
        told = "\n".join([*lines, errors]) if verdict == "failed" else ""
        outcomes.append(Outcome(f"{name}: {point}", verdict, reason, told))
    wrong = trouble(record, points, planned)
    if wrong:
        outcomes.append(Outcome(f"{name}: {wrong}", "failed", "", output + "\n" + errors))
    return outcomes


def read_log(tree, path):
    """All outcomes of one `meson test` run, and (seconds, test) of each program."""
    outcomes, times = [], []
    for line in pathlib.Path(path).read_text().splitlines():
        record = json.loads(line)
        outcomes.extend(read_record(tree, record))
        times.append((record["duration"], f"{tree} {record['name'].split(' / ')[-1]}"))
    return outcomes, times


def read_allowed(path):
    """Rows "TEST | REASON" (shell patterns) of tests/allowed-skips."""
    rows = []
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            test, _, reason = line.partition(" | ")
            rows.append((test.strip(), reason.strip()))
    return rows


def skip_is_allowed(outcome, allowed):
    match = fnmatch.fnmatchcase
    return any(match(outcome.test, test) and match(outcome.reason, reason)
               for test, reason in allowed)


def judge(outcomes, allowed, strict):
    """The outcomes with unwanted skips (strict) and an empty run turned into failures."""
    judged = []
    for outcome in outcomes:
        if outcome.verdict == "skipped" and strict and not skip_is_allowed(outcome, allowed):
            outcome = outcome._replace(
                verdict="failed",
                output=f"skipped ({outcome.reason}), which tests/allowed-skips does not allow")
        judged.append(outcome)
    if not any(outcome.verdict in ("passed", "failed") for outcome in judged):
        judged.append(Outcome("the run", "failed", "", "no test passed"))
    return judged


def tell(outcomes):
    """Print failures, skips and the closing line; return the exit status."""
    counts = {verdict: [o for o in outcomes if o.verdict == verdict]
              for verdict in ("passed", "failed", "skipped")}
    for outcome in counts["skipped"]:
        print(f"SKIPPED {outcome.test}: {outcome.reason}")
    for outcome in counts["failed"]:
        print(f"\nFAILED {outcome.test}")
        print("    " + outcome.output.strip().replace("\n", "\n    "))
    print(", ".join(f"{len(found)} {verdict}" for verdict, found in counts.items()), flush=True)
    return 1 if counts["failed"] else 0
