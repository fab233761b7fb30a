# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For bats files about what lies in share/: `load share`. Templates, configurations and hooks as an
# installation has them, with paths that lead to this copy.

# stage_share DIR: $SHARE = DIR/lxc with config, hooks and templates.
stage_share() {
    local source=$TARE_SOURCE_ROOT/share target

    SHARE=$1/lxc
    export SHARE
    mkdir -p "$SHARE"
    cp -r "$source/config" "$source/hooks" "$source/templates" "$SHARE"
    mkdir "$SHARE/config/userns.conf.d"
    for name in debian ubuntu; do
        for kind in common userns; do
            sed "s|@DISTRIBUTION@|$name|" "$source/config/distribution.$kind.conf.in" \
                >"$SHARE/config/$name.$kind.conf.in"
        done
    done
    find "$SHARE" -name '*.in' | while read -r file; do
        target=${file%.in}
        sed -e "s|@DATADIR@|$1|g" -e "s|@LIBEXECDIR@|$1/libexec|g" "$file" >"$target"
        case $target in
        */templates/* | */hooks/*) chmod 755 "$target" ;;
        esac
    done
    ln -s lxc-debian "$SHARE/templates/lxc-ubuntu"
}
