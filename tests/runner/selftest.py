# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runner's own test: it must see every kind of failure, and count right."""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

import host
import results


def log_of(**fields):
    """The outcomes of a log with one test program."""
    record = {"name": "tare:unit / base-x", "result": "OK", "returncode": 0, "duration": 0.1,
              "stdout": "", "stderr": ""}
    record.update(fields)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "testlog.json"
        path.write_text(json.dumps(record) + "\n")
        return results.read_log("gcc", path)[0]


def verdicts(outcomes):
    return [outcome.verdict for outcome in outcomes]


class Results(unittest.TestCase):
    def test_points_count_one_by_one(self):
        found = log_of(stdout="1..2\nok 1 - a\nok 2 - b\n")
        self.assertEqual(verdicts(found), ["passed", "passed"])
        self.assertEqual(found[1].test, "gcc base-x: b")

    def test_a_failure_keeps_its_output(self):
        found = log_of(stdout="1..1\nnot ok 1 - a\n# 1 != 2\n", returncode=1, result="FAIL")
        self.assertEqual(verdicts(found), ["failed"])
        self.assertIn("1 != 2", found[0].output)

    def test_an_exit_status_after_the_last_point_fails(self):
        found = log_of(stdout="1..1\nok 1 - a\n", stderr="LeakSanitizer", returncode=23)
        self.assertEqual(verdicts(found), ["passed", "failed"])
        self.assertIn("LeakSanitizer", found[1].output)

    def test_a_missing_point_fails(self):
        self.assertEqual(verdicts(log_of(stdout="1..2\nok 1 - a\n")), ["passed", "failed"])

    def test_no_plan_fails(self):
        self.assertEqual(verdicts(log_of(stdout="")), ["failed"])

    def test_a_timeout_fails(self):
        found = log_of(stdout="1..1\nok 1 - a\n", result="TIMEOUT")
        self.assertEqual(verdicts(found), ["passed", "failed"])

    def test_skips_of_bats_cmocka_and_whole_programs(self):
        found = log_of(stdout="1..2\nok 1 two # hash # skip no root\nnot ok 2 # SKIP name\n")
        self.assertEqual(verdicts(found), ["skipped", "skipped"])
        self.assertEqual(found[0].reason, "no root")
        self.assertEqual(found[0].test, "gcc base-x: two # hash")
        found = log_of(stdout="1..0 # SKIP no loop devices\n")
        self.assertEqual([(o.verdict, o.reason) for o in found], [("skipped", "no loop devices")])

    def test_an_unwanted_skip_fails_only_when_strict(self):
        skipped = [results.Outcome("gcc x: a", "skipped", "no root", ""),
                   results.Outcome("gcc x: b", "passed", "", "")]
        self.assertEqual(verdicts(results.judge(skipped, [], False)), ["skipped", "passed"])
        self.assertEqual(verdicts(results.judge(skipped, [], True)), ["failed", "passed"])
        self.assertEqual(verdicts(results.judge(skipped, [("gcc x: *", "no root")], True)),
                         ["skipped", "passed"])
        self.assertEqual(verdicts(results.judge(skipped, [("gcc x: *", "no loop")], True)),
                         ["failed", "passed"])

    def test_a_run_without_a_pass_fails(self):
        self.assertEqual(verdicts(results.judge([], [], False)), ["failed"])

    def test_the_closing_line(self):
        outcomes = [results.Outcome("a", "passed", "", ""), results.Outcome("b", "failed", "", "x"),
                    results.Outcome("c", "skipped", "why", "")]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = results.tell(outcomes)
        self.assertEqual(status, 1)
        self.assertEqual(printed.getvalue().splitlines()[-1], "1 passed, 1 failed, 1 skipped")
        self.assertIn("SKIPPED c: why", printed.getvalue())


class Host(unittest.TestCase):
    def test_a_file_left_behind_is_named(self):
        with tempfile.TemporaryDirectory() as scratch:
            before = host.snapshot("/nowhere", scratch)
            (pathlib.Path(scratch) / "forgotten").touch()
            lines = host.leftovers(before, host.snapshot("/nowhere", scratch))
        self.assertIn(f"left behind: file {scratch}/forgotten", lines)

    def test_a_record_left_behind_is_named(self):
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.object(host, "RECORDS", f"{folder}/runs"):
            before = host.snapshot("/nowhere", "/nowhere")
            ended = pathlib.Path(folder) / "runs/0123/.ended"
            ended.mkdir(parents=True)
            empty = host.leftovers(before, host.snapshot("/nowhere", "/nowhere"))
            names = [ended / "c1.12", ended.parent / ".c1.invalid.12", ended.parent / "c1"]
            for name in names:
                name.touch()
            lines = host.leftovers(before, host.snapshot("/nowhere", "/nowhere"))
        self.assertEqual([], [line for line in empty if folder in line])
        for name in names:
            self.assertIn(f"left behind: file {name}", lines)

    def test_a_thing_that_is_gone_is_named(self):
        before = host.snapshot("/nowhere", "/nowhere")
        self.assertEqual([], [line for line in host.leftovers(before, before)])
        after = dict(before)
        after["network link"] = before["network link"].__class__()
        self.assertTrue(host.leftovers(before, after)[0].startswith("gone: network link"))

    def test_cgroups_of_others_do_not_count(self):
        foreign = host.cgroup_is_foreign
        self.assertTrue(foreign("/sys/fs/cgroup/user.slice", "session-1.scope", set()))
        self.assertTrue(foreign("/sys/fs/cgroup/memory/jobs", "17", {"/jobs"}))
        self.assertFalse(foreign("/sys/fs/cgroup/memory", "forgotten", {"/jobs"}))

    def test_a_process_of_the_build_is_seen(self):
        folder = os.path.dirname(os.readlink("/proc/self/exe"))
        found = list(host.processes(folder))
        self.assertTrue(any(f"(pid {os.getpid()})" in line for line in found))


class Tap(unittest.TextTestResult):
    """unittest's results as TAP on standard output."""

    number = 0

    def point(self, test, trouble=None):
        self.number += 1
        title = test.id().split(".", 1)[1].replace("_", " ")
        print(f"{'not ok' if trouble else 'ok'} {self.number} - {title}")
        if trouble:
            print("# " + self._exc_info_to_string(trouble, test).strip().replace("\n", "\n# "))

    def addSuccess(self, test):
        self.point(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.point(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.point(test, err)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}")
    outcome = unittest.TextTestRunner(stream=io.StringIO(), resultclass=Tap).run(suite)
    sys.exit(0 if outcome.wasSuccessful() else 1)
