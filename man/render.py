#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Complete a manual page: render.py PAGE.1.in TARE MANUAL-KEYS NAME=VALUE… writes it to standard
output.

Lines with INSERT become the tables of MANUAL-KEYS (keys.c), @OPTIONS@ becomes what `TARE
manual-options PAGE` prints ("tare x" for a page tare-x), @NAME@ the value given for it. A name that
nobody gave a value is an error.
"""
import pathlib
import re
import subprocess
import sys


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def main(source, tare, manual_keys, *settings):
    values = dict(setting.split("=", 1) for setting in settings)
    tool = pathlib.Path(source).name.split(".")[0].replace("tare-", "tare ")
    values["OPTIONS"] = output(tare, "manual-options", tool).rstrip("\n")
    text = output(manual_keys, source)
    sys.stdout.write(re.sub(r"@(\w+)@", lambda match: values[match[1]], text))


main(*sys.argv[1:])
