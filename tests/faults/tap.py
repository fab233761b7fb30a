# SPDX-License-Identifier: LGPL-2.1-or-later
"""TAP points for the programs of this folder: a name, and what was wrong, line by line."""

import sys


class Report:
    def __init__(self):
        self.points = 0
        self.failed = False

    def point(self, name, problems):
        """One point: passes when there are no problems. All of them are shown."""
        self.points += 1
        print(f"{'not ok' if problems else 'ok'} {self.points} - {name}".replace("#", "\\#"))
        for problem in problems:
            self.note(problem)
        self.failed = self.failed or bool(problems)

    def skip(self, name, reason):
        self.points += 1
        print(f"ok {self.points} - {name} # skip {reason}", flush=True)

    def note(self, text):
        print("#   " + text.rstrip("\n").replace("\n", "\n#   "), flush=True)

    def finish(self):
        """Print the plan; the exit status."""
        print(f"1..{self.points}", flush=True)
        return 1 if self.failed else 0


def skip_all(reason):
    print(f"1..0 # skip {reason}")
    sys.exit(0)
