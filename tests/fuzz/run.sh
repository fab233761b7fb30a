#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Bounded fuzzing of all targets with libFuzzer, ASan and UBSan: `make fuzz`.
#
#	FUZZ_RUNS      executions over all targets (10000000)
#	FUZZ_TARGETS   names of targets (all)
#
# Two targets run at a time. New inputs go to build/fuzz/work/, findings to build/fuzz/crash-*; the
# source tree is only read. Prints the executions of each target, and a closing total.

set -euo pipefail
cd "$(dirname "$0")/../.."

build=$PWD/build/fuzz
source=$PWD/tests/fuzz
runs=${FUZZ_RUNS:-10000000}
read -ra targets <<<"${FUZZ_TARGETS:-config control idmap mount_entry plan system_config usernet seccomp_policy user_nic}"

# Parts that a target gets: about what it can run in the same time, the slowest first.
declare -A parts=([config]=3 [control]=2 [idmap]=12 [mount_entry]=12 [plan]=12 [system_config]=20 [user_nic]=15 [usernet]=20
    [seccomp_policy]=33)
all_parts=0
for name in "${targets[@]}"; do
    all_parts=$((all_parts + ${parts[$name]:-10}))
done

configure() {
    local again=()

    [ ! -e "$build/build.ninja" ] || again=(--reconfigure)
    CC=clang-14 meson setup "$build" "${again[@]}" -Dfuzz=true -Db_lundef=false -Dwerror=false \
        -Db_sanitize=address,undefined -Doptimization=2 \
        -Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=all'
}

# fuzz_one TARGET: run it; the log's end tells what happened.
fuzz_one() {
    local name=$1 options=() status=0 dictionary
    local share=$(((runs * ${parts[$name]:-10} + all_parts - 1) / all_parts))
    local log=$build/$name.log

    mkdir -p "$build/work/$name"
    for dictionary in "$source/$name.dict" "$build/tests/fuzz/$name.dict"; do
        [ ! -e "$dictionary" ] || options=("-dict=$dictionary")
    done
    "$build/tests/fuzz/fuzz-$name" -runs="$share" -timeout=10 -rss_limit_mb=4096 \
        -print_final_stats=1 -artifact_prefix="$build/crash-$name-" "${options[@]}" \
        "$build/work/$name" "$source/corpus/$name" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        echo "$name: a finding, kept as $build/crash-$name-*; the end of $log:"
        tail -n 40 "$log"
    fi
    return "$status"
}

executed() {
    sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log"
}

mkdir -p "$build"
configure >"$build-setup.log" 2>&1 || { cat "$build-setup.log"; exit 1; }
ninja -C "$build" fuzz-programs >"$build/ninja.log" || { cat "$build/ninja.log"; exit 1; }
rm -f "$build"/crash-* "$build"/*.log
for name in "${targets[@]}"; do
    [ -x "$build/tests/fuzz/fuzz-$name" ] || { echo "fuzz: no target is called $name"; exit 1; }
done

failed=0
running=0
for name in "${targets[@]}"; do
    if [ "$running" -eq 2 ]; then
        wait -n || failed=1
        running=1
    fi
    fuzz_one "$name" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
done

total=0
for name in "${targets[@]}"; do
    count=$(executed "$name")
    printf '%-16s %12d executions\n' "$name" "${count:-0}"
    total=$((total + ${count:-0}))
done
if compgen -G "$build/crash-*" >/dev/null; then
    failed=1
fi
if [ "$failed" -ne 0 ]; then
    echo "$total executions, with findings: see $build/crash-*"
    exit 1
fi
echo "$total executions, no finding"
