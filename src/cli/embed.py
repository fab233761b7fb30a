#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turn a text file into a C array: embed.py FILE NAME writes it to standard output.

The first comment block's text stays: it explains the finished script to who reads it.
"""
import sys

ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t"}


def main(path, name):
    with open(path, encoding="utf-8") as source:
        lines = source.read().splitlines()
    print("/* Made from {} by embed.py. */".format(path.rsplit("/", 1)[-1]))
    print("static const char {}[] =".format(name))
    for line in lines:
        escaped = "".join(ESCAPES.get(c, c) for c in line)
        print('\t"{}\\n"'.format(escaped))
    print("\t;")


main(*sys.argv[1:])
