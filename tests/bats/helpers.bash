# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files: `load helpers`. Puts the tools of the build first in PATH and shields the test from
# the machine's own configuration; $BATS_TEST_TMPDIR is the place for files.
#
# Beyond bats' own `run` (which mixes both streams) there is run_apart: $status, $stdout, $stderr.

bats_require_minimum_version 1.5.0

: "${TARE_BIN:?set by meson; by hand: TARE_BIN=build/gcc/src/tools/bin bats tests/bats}"
: "${TARE_SOURCE_ROOT:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"

PATH="$TARE_BIN:$PATH"
HOME="${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}"
LC_ALL=C.UTF-8
export PATH HOME LC_ALL TARE_SOURCE_ROOT
unset XDG_CONFIG_HOME XDG_RUNTIME_DIR XDG_CACHE_HOME

# run_apart COMMAND…: as bats' run, but with the two streams apart. Sets status, stdout and stderr
# (without trailing newlines).
run_apart() {
    local errors="$BATS_TEST_TMPDIR/.stderr"

    status=0
    stdout=$("$@" 2>"$errors") || status=$?
    stderr=$(<"$errors")
    rm -f "$errors"
}

# fail TEXT…: end the test with this explanation.
fail() {
    printf '%s\n' "$@" >&2
    return 1
}

# assert_equal GOT EXPECTED
assert_equal() {
    [ "$1" = "$2" ] || fail "got:" "$1" "expected:" "$2"
}

# assert_contains TEXT PART
assert_contains() {
    [[ $1 == *"$2"* ]] || fail "this text:" "$1" "does not contain:" "$2"
}

# refute_contains TEXT PART
refute_contains() {
    [[ $1 != *"$2"* ]] || fail "this text:" "$1" "must not contain:" "$2"
}
