#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The completion scripts as the build makes them, loaded by their shells.

load helpers

in_bash() {
    bash --norc --noprofile -c '
        source "$1"
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        _lxc
        printf "%s\n" "${COMPREPLY[@]}"' bash "$TARE_BUILD_ROOT/share/completion/bash/_lxc" "$@"
}

in_fish() {
    fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
        "$TARE_BUILD_ROOT/share/completion/fish/lxc.fish" "$1" | cut -f1
}

in_zsh() {
    zsh -f "$TARE_SOURCE_ROOT/src/cli/complete_test.zsh" \
        "$TARE_BUILD_ROOT/share/completion/zsh/_lxc" "$@"
}

@test "bash completes options, values and items" {
    assert_equal "$(in_bash lxc-config --f)" --format
    assert_equal "$(in_bash lxc-config --format = j)" json
    assert_equal "$(in_bash lxc-config lxc.bdev.lvm)" "lxc.bdev.lvm.vg
lxc.bdev.lvm.thin_pool"
    assert_equal "$(in_bash tare config lxc.l)" lxc.lxcpath
    assert_equal "$(in_bash tare completion f)" fish
    assert_contains "$(in_bash tare c)" config
}

@test "bash-completion loads the script by the command's name" {
    [ -r /usr/share/bash-completion/bash_completion ] || skip "bash-completion is not installed"
    DESTDIR="$BATS_TEST_TMPDIR" meson install -C "$TARE_BUILD_ROOT" --no-rebuild --quiet
    local data
    data=$(dirname "$(dirname "$(find "$BATS_TEST_TMPDIR" -name _lxc -path '*bash*')")")
    for name in tare $(tare tool-names); do
        [ "$data/completions/$name" -ef "$data/completions/_lxc" ]
    done
    run bash --norc --noprofile -c '
        BASH_COMPLETION_USER_DIR=$1
        source /usr/share/bash-completion/bash_completion
        _completion_loader lxc-config || [ $? -eq 124 ]
        complete -p lxc-config' bash "$data"
    assert_contains "$output" "complete -F _lxc lxc-config"
}

@test "zsh completes options and items" {
    assert_equal "$(in_zsh 'lxc-config --form' 'lxc-config lxc.lx' 'tare conf' \
        'lxc-config --format=j')" "lxc-config --format=
lxc-config lxc.lxcpath
tare config
lxc-config --format=json"
}

@test "zsh loads the script from fpath, without a complaint" {
    mkdir "$BATS_TEST_TMPDIR/functions"
    cp "$TARE_BUILD_ROOT/share/completion/zsh/_lxc" "$BATS_TEST_TMPDIR/functions/"
    run zsh -f -c '
        fpath=($1 $fpath)
        autoload -U compinit
        compinit -D -u
        print $_comps[lxc-config] $_comps[tare]' zsh "$BATS_TEST_TMPDIR/functions"
    assert_equal "$output" "_lxc _lxc"
    run zsh -n "$TARE_BUILD_ROOT/share/completion/zsh/_lxc"
    assert_equal "$status $output" "0 "
}

@test "fish completes options, values and items" {
    assert_equal "$(in_fish 'lxc-config --f')" --format
    assert_equal "$(in_fish 'lxc-config --format j')" json
    assert_equal "$(in_fish 'lxc-config lxc.bdev.z')" lxc.bdev.zfs.root
    assert_equal "$(in_fish 'tare conf' | head -1)" config
    assert_equal "$(in_fish 'tare completion z')" zsh
}

@test "tare completion wants the name of a shell" {
    run_apart tare completion tcsh
    assert_equal "$status $stdout" "1 "
    assert_equal "$stderr" "tare completion: name one of the shells bash, zsh, fish"
}
