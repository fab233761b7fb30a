# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Thin on purpose: meson builds, tests/run tests. Each target is one command to look up.

PREFIX ?= /usr
DESTDIR ?=

.PHONY: all setup demo demo-debian test test-long test-vm bench install check fuzz coverage format

all: setup
	@test -e build/release/build.ninja || \
		meson setup build/release --buildtype=release -Dtests=disabled
	@meson configure build/release -Dprefix=$(PREFIX)
	ninja -C build/release

setup:
	@scripts/setup

test: setup
	@tests/run

check: setup
	@tests/run checks

bench: setup
	@test -e build/bench/build.ninja || meson setup build/bench --buildtype=release
	ninja -C build/bench
	meson test -C build/bench --benchmark --verbose --num-processes 1

fuzz: setup
	@tests/fuzz/run.sh

coverage: setup
	@tests/coverage

format: setup
	clang-format-14 -i $$(find src include tests -name '*.[ch]')

install: all
	DESTDIR=$(DESTDIR) meson install -C build/release --no-rebuild

demo: setup
	@scripts/demo

demo-debian: setup
	@scripts/demo-debian

test-long: setup
	@tests/run long

test-vm: setup
	@tests/run vm
