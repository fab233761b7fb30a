#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-snapshot, lxc-destroy -s and tare repair about them (spec/cli.md §3.10, §3.17; storage.md §9).

load helpers
load snapshots

cycle() {
    in_world "$1" <<-'SCRIPT'
	hook=$P/c/hook.sh
	make c "lxc.hook.pre-start = $hook"
	echo old >"$hook"
	write c file one
	try snap -n c --print
	equal "$status:$stdout:$stderr" "0:snap0:"
	write c file two
	echo new >"$hook"
	echo "lxc.environment = LATER=1" >>"$P/c/config"
	snap -n c
	equal "$(snap -n c -L | sed 's/) .*/)/')" "snap0 ($P/c/snaps)
	snap1 ($P/c/snaps)"
	[[ $(snap -n c -L) =~ \)\ 20[0-9][0-9]:[01][0-9]:[0-3][0-9]\ [0-2][0-9]:[0-5][0-9]:[0-5][0-9] ]]
	equal "$(stat -c %a "$P/c/snaps/snap0") $(stat -c %a "$P/c/snaps/snap0/config")" "770 640"
	contains "$(<"$P/c/snaps/snap0/config")" "lxc.uts.name = c"
	contains "$(<"$P/c/snaps/snap0/config")" "00:16:3e:12:34:56"
	contains "$(<"$P/c/snaps/snap0/config")" "$P/c/snaps/snap0/hook.sh"
	equal "$(<"$P/c/snaps/snap0/hook.sh")" old
	equal "$(within "$P/c/snaps/snap0" cat file)" one

	# In place: content, configuration and hooks of then; name, addresses and snapshots stay.
	path=$(grep lxc.rootfs.path "$P/c/config")
	size=$(stat -c %s "$P/c/rootdev" 2>/dev/null || true)
	write c file three
	echo notes >"$P/c/notes"
	sed -i 's/^lxc.uts.name.*/lxc.uts.name = other/' "$P/c/config"
	try snap -n c -r snap0
	equal "$status:$stdout:$stderr" "0::"
	equal "$(see c file)" one
	equal "$(<"$hook")" old
	equal "$(<"$P/c/notes")" notes
	equal "$(grep lxc.rootfs.path "$P/c/config")" "$path"
	equal "$(stat -c %s "$P/c/rootdev" 2>/dev/null || true)" "$size"
	contains "$(<"$P/c/config")" "lxc.uts.name = c"
	contains "$(<"$P/c/config")" "00:16:3e:12:34:56"
	contains "$(<"$P/c/config")" "lxc.hook.pre-start = $hook"
	! grep -q LATER "$P/c/config"
	equal "$(snap -n c -L | wc -l)" 2
	equal "$(ls -A "$P/c/snaps")" "snap0
	snap1"
	snap -n c -r snap1 -N c
	equal "$(see c file)" two
	contains "$(<"$P/c/config")" LATER

	# As a new container: this one stays.
	try snap -n c -r snap0 -N copy
	equal "$status:$stdout:$stderr" "0::"
	equal "$(see copy file):$(see c file)" one:two
	contains "$(<"$P/copy/config")" "lxc.uts.name = copy"
	! grep -q 00:16:3e:12:34:56 "$P/copy/config"
	snap copy -r snap0 2>/dev/null && exit 1
	snap c -r snap1 positional
	equal "$(see positional file)" two

	# The number is used again; ALL takes the directory, too.
	snap -n c -d snap0
	equal "$(ls "$P/c/snaps")" snap1
	equal "$(snap -n c --print)" snap0
	try lxc-destroy -P "$P" -n c
	equal "$status:$stdout:$stderr" "1::lxc-destroy: c: Destroying c failed: c has snapshots"
	snap -n c -d ALL
	[ ! -e "$P/c/snaps" ]
	equal "$(snap -n c -L)" "No snapshots"
	snap -n c
	try lxc-destroy -P "$P" -n c -s
	equal "$status:$stdout:$stderr" "0::"
	lxc-destroy -P "$P" -n copy
	lxc-destroy -P "$P" -n positional
	rm -rf "$P"/base.*
	equal "$(ls -A "$P")" ""
	[ "$TYPE" != btrfs ] || equal "$(btrfs subvolume list "$P/..")" ""
	SCRIPT
}

@test "a directory: made, listed, restored in place and as new, destroyed" {
    cycle dir
}

@test "a subvolume of btrfs: the same, sharing its blocks" {
    cycle btrfs
    in_world btrfs <<-'SCRIPT'
	make c
	write c file one
	snap -n c
	snap -n c -r snap0
	equal "$(btrfs subvolume list "$P/.." | sed 's/.* path //')" "lxc/c/snaps/snap0/rootfs
	lxc/c/rootfs"
	equal "$(btrfs subvolume list -q "$P/.." | grep -c 'parent_uuid -')" 0
	SCRIPT
}

@test "an overlay: its upper directory; the lower one stays" {
    cycle overlay
    in_world overlay <<-'SCRIPT'
	make c
	mkdir "$P/c/overlay/work"
	touch "$P/c/overlay/work/of-the-old-upper"
	snap -n c
	equal "$(grep rootfs.path "$P/c/snaps/snap0/config")" \
	    "lxc.rootfs.path = overlay:$P/base.c:$P/c/snaps/snap0/overlay/delta"
	inode=$(stat -c %i "$P/base.c")
	snap -n c -r snap0
	equal "$(stat -c %i "$P/base.c")" "$inode"
	[ ! -e "$P/c/overlay/work" ]
	# One that was made as an overlay has its lower directory, which restored copies need.
	mkdir -p "$P/own/rootfs/etc" "$P/own/overlay/delta"
	echo "lxc.rootfs.path = overlay:$P/own/rootfs:$P/own/overlay/delta" >"$P/own/config"
	snap -n own
	snap -n own -r snap0
	[ -d "$P/own/rootfs/etc" ]
	snap -n own -r snap0 -N needs
	equal "$(<"$P/own/lxc_snapshots")" "$P
	needs"
	try snap -n own -r snap0
	equal "$status" 1
	contains "$stderr" "container rootfs has dependent snapshots: needs"
	try lxc-destroy -P "$P" -n own -s
	equal "$status" 1
	contains "$stderr" "own is needed by: needs"
	[ -d "$P/own/snaps/snap0" ]
	lxc-destroy -P "$P" -n needs
	lxc-destroy -P "$P" -n own -s
	SCRIPT
}

@test "a loop file: its content; the restored file has the old one's size" {
    cycle loop
    in_world loop <<-'SCRIPT'
	make c
	write c file one
	snap -n c
	equal "$(grep rootfs.path "$P/c/snaps/snap0/config")" \
	    "lxc.rootfs.path = dir:$P/c/snaps/snap0/rootfs"
	equal "$(cat "$P/c/snaps/snap0/rootfs/file")" one
	SCRIPT
}

@test "lists: by number, without a time, of unfinished ones, as JSON" {
    in_world dir <<-'SCRIPT'
	make c
	for name in snap10 snap2 snap0 before; do
	    mkdir -p "$P/c/snaps/$name"
	    touch "$P/c/snaps/$name/config"
	    printf '2026:11:22 02:58:49' >"$P/c/snaps/$name/ts"
	done
	mkdir "$P/c/snaps/snap3" "$P/c/snaps/.hidden"
	rm "$P/c/snaps/snap2/ts"
	printf 'why\tnot\n\033[31mred' >"$P/c/snaps/snap0/comment"
	at="($P/c/snaps)"
	equal "$(TZ=UTC snap -n c -LC)" "snap0 $at 2026:11:22 02:58:49
	why	not
	\\x1b[31mred
	snap2 $at 
	snap10 $at 2026:11:22 02:58:49
	before $at 2026:11:22 02:58:49"
	json=$(TZ=EST5 snap -n c -L --format json)
	equal "$(jq -r '.[] | .name + " " + .time' <<<"$json")" "snap0 2026-11-22T07:58:49Z
	snap2 
	snap10 2026-11-22T07:58:49Z
	before 2026-11-22T07:58:49Z"
	equal "$(jq -c '[.[0].comment, .[1].comment, .[0].lxcpath]' <<<"$json")" \
	    "[\"why\\tnot\\n\\u001b[31mred\",null,\"$P/c/snaps\"]"
	# The first free number, whatever is there without being complete.
	equal "$(snap -n c --print)" snap1
	equal "$(snap -n c --print)" snap4
	equal "$(snap -n c -N mine --print)" mine
	try snap -n c -N mine
	equal "$status" 1
	contains "$stderr" "there is a snapshot mine already"
	# What is no snapshot stops the removal of all.
	try snap -n c -d ALL
	equal "$status" 1
	contains "$stderr" "\"$P/c/snaps/snap3\" is no complete snapshot"
	[ -e "$P/c/snaps/snap0" ]
	SCRIPT
}

@test "comments: a file, the standard input; one that can't be read leaves no snapshot" {
    in_world dir <<-'SCRIPT'
	make c
	echo "before the upgrade" >"$W/why"
	snap -n c -c "$W/why"
	echo "typed" | snap -n c -c -
	cat "$P"/c/snaps/snap?/comment >"$W/all"
	equal "$(<"$W/all")" "before the upgrade
	typed"
	for bad in "$W/nowhere" "$W"; do
	    try snap -n c -c "$bad"
	    equal "$status" 1
	    contains "$stderr" "lxc-snapshot: c: Error creating a snapshot"
	    contains "$stderr" "cannot read the comment file \"$bad\""
	done
	equal "$(ls -A "$P/c/snaps")" "snap0
	snap1"
	SCRIPT
}

@test "what is asked in vain: messages, exit code 1, nothing done" {
    in_world dir <<-'SCRIPT'
	make c
	snap -n c
	refused() {
	    local text=$1
	    shift
	    try snap "$@"
	    equal "$*: $status:$stdout" "$*: 1:"
	    contains "$stderr" "$text"
	}
	refused "lxc-snapshot: none: No container config specified" -n none
	refused "lxc-snapshot: none: No container config specified" -n none -L
	refused "Could not open snapshot snap7" -n c -r snap7
	refused "Error restoring snapshot snap7" -n c -r snap7 -N new
	refused "Error destroying snapshot snap7" -n c -d snap7
	for name in A AL ALLE "" . .. .restore ../c a/b; do
	    refused "Error destroying snapshot $name" -n c -d "$name"
	done
	refused "Too many arguments" -n c one
	refused "Too many arguments" -n c -r snap0 one two
	refused "only one of -L, -r and -d" -n c -L -d snap0
	refused "add -L" -n c -C
	refused "\"a/b\" can't be a container's name" -n c -r snap0 -N a/b
	refused "snap0" -n c -r snap0 -N ""
	mkdir "$P/taken"
	touch "$P/taken/config"
	refused "taken/config exists" -n c -r snap0 -N taken
	equal "$(ls "$P/c/snaps") $(ls "$P" | tr '\n' ' ')" "snap0 c taken "
	# Storage without snapshots.
	for root in nbd:/x nbd:/x:1; do
	    echo "lxc.rootfs.path = $root" >"$P/taken/config"
	    refused "taken's backing store cannot be backed up" -n taken
	    contains "$stderr" "Your container must use another backing store type"
	done
	[ ! -e "$P/taken/snaps" ]
	SCRIPT
}

@test "a copy of a directory is told on a terminal and in the log, and nowhere else" {
    in_world dir <<-'SCRIPT'
	make c
	try snap -n c -o "$W/log" -l WARN
	equal "$status:$stdout:$stderr" "0::"
	equal "$(grep -c "Snapshot of directory-backed container requested" "$W/log")" 1
	said=$(script -qec "lxc-snapshot -P $P -n c" /dev/null | tr -d '\r')
	contains "$said" "lxc-snapshot: c: Snapshot of directory-backed container requested: making a copy"
	equal "$(script -qec "lxc-snapshot -P $P -n c -q" /dev/null)" ""
	SCRIPT
}

@test "a full disk: the container is as it was, and nothing is left" {
    in_world dir 40M <<-'SCRIPT'
	make c
	within "$P/c" head -c 8M /dev/urandom >"$P/c/rootfs/data"
	snap -n c
	write c file two
	before=$(cd "$P" && find . -newermt 1970-01-01 -printf '%p %i %s\n' | grep -v '^\./c [0-9]\|^\./c/snaps [0-9]' | sort)
	head -c 15M /dev/zero >"$P/fill" 2>/dev/null || true
	for words in "-r snap0" "-r snap0 -N new" ""; do
	    # shellcheck disable=SC2086
	    try snap -n c $words
	    equal "$words: $status" "$words: 1"
	    contains "$stderr" "No space left on device"
	    [ ! -e "$P/new" ]
	    equal "$(leftovers)" ""
	done
	rm "$P/fill"
	equal "$(cd "$P" && find . -printf '%p %i %s\n' | grep -v '^\./c [0-9]\|^\./c/snaps [0-9]' | sort)" "$before"
	equal "$(see c file)" two
	snap -n c -r snap0
	SCRIPT
}

@test "something is mounted on the root file system: restoring leaves it as it was" {
    in_world dir <<-'SCRIPT'
	make c
	write c file one
	snap -n c
	config=$(<"$P/c/config")
	mount --bind "$P/c/rootfs" "$P/c/rootfs"
	write c file two
	try snap -n c -r snap0
	umount "$P/c/rootfs"
	equal "$status" 1
	contains "$stderr" "something is mounted there: unmount it first"
	equal "$(see c file):$(<"$P/c/config")" "two:$config"
	equal "$(leftovers)" ""
	snap -n c -r snap0
	equal "$(see c file)" one
	SCRIPT
}

@test "a root file system elsewhere comes back to the container's directory" {
    in_world dir <<-'SCRIPT'
	make c
	mv "$P/c/rootfs" "$W/mnt/chosen"
	mkdir "$P/c/rootfs"
	sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$W/mnt/chosen|" "$P/c/config"
	echo one >"$W/mnt/chosen/file"
	snap -n c
	echo two >"$W/mnt/chosen/file"
	touch "$P/c/rootfs/precious"
	try snap -n c -r snap0
	equal "$status:$(<"$W/mnt/chosen/file")" 1:two
	contains "$stderr" "\"$P/c/rootfs\" is in the way"
	rm "$P/c/rootfs/precious"
	snap -n c -r snap0
	equal "$(see c file)" one
	contains "$(<"$P/c/config")" "lxc.rootfs.path = dir:$P/c/rootfs"
	[ ! -e "$W/mnt/chosen" ]
	# What is not managed is not replaced.
	echo "lxc.rootfs.managed = 0" >>"$P/c/config"
	try snap -n c -r snap0
	equal "$status" 1
	contains "$stderr" "is not managed"
	SCRIPT
}

@test "mapped ids: owners stay what they were" {
    in_world dir <<-'SCRIPT'
	make c "lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536"
	chown -R 100000:100000 "$P/c/rootfs"
	chown 100000 "$P/c"
	write c file one
	chown 100033:100044 "$P/c/rootfs/file"
	snap -n c
	rm "$P/c/rootfs/file"
	snap -n c -r snap0
	equal "$(stat -c %u:%g "$P/c/rootfs/file" "$P/c/rootfs")" "100033:100044
	100000:100000"
	equal "$(stat -c %u "$P/c" "$P/c/snaps" "$P/c/snaps/snap0/rootfs" "$P/c/config" | tr '\n' ' ')" \
	    "100000 0 100000 0 "
	SCRIPT
}

@test "many at once: each gets a number of its own, without a gap" {
    in_world dir <<-'SCRIPT'
	make c
	for i in 1 2 3 4 5 6; do
	    snap -n c --print >"$W/name$i" &
	done
	wait
	equal "$(sort "$W"/name? | tr '\n' ' ')" "snap0 snap1 snap2 snap3 snap4 snap5 "
	equal "$(snap -n c -L | wc -l)" 6
	SCRIPT
}

@test "where LXC before 1.1 has put them they are found" {
    in_world dir <<-'SCRIPT'
	make c
	write c file one
	snap -n c
	mkdir -p "${P}snaps"
	mv "$P/c/snaps" "${P}snaps/c"
	sed -i "s|$P/c/snaps|${P}snaps/c|" "${P}snaps/c/snap0/config"
	write c file two
	equal "$(snap -n c -L | sed 's/) .*/)/')" "snap0 (${P}snaps/c)"
	equal "$(snap -n c --print)" snap1
	snap -n c -r snap0
	equal "$(see c file)" one
	try lxc-destroy -P "$P" -n c
	equal "$status" 1
	lxc-destroy -P "$P" -n c -s
	equal "$(ls -A "$P" "${P}snaps" | tr '\n' ' ')" "$P:  ${P}snaps: "
	SCRIPT
}

@test "restoring in place never removes a root file system that is another container's" {
    in_world dir <<-'SCRIPT'
	make z
	write z file precious
	make a
	sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$P/z/rootfs|" "$P/a/config"
	snap -n a
	try snap -n a -r snap0
	equal "$(see z file)" precious
	equal "$status" 1
	contains "$stderr" "$P/z/rootfs"
	equal "$(leftovers)" ""
	SCRIPT
}

@test "what somebody else has put among the snapshots is not obeyed" {
    in_world dir <<-'SCRIPT'
	make q
	snap -n q
	victim=$W/mnt/victim
	mkdir "$victim"
	touch "$victim/precious"
	mkdir "$P/q/snaps/.restore"
	echo "lxc.rootfs.path = dir:$victim" >"$P/q/snaps/.restore/config"
	chown -R 100000:100000 "$P/q/snaps/.restore"
	try tare repair -P "$P" q
	[ -e "$victim/precious" ]
	contains "$stdout$stderr" "somebody else's"
	try snap -n q -r snap0
	equal "$status" 1
	[ -e "$victim/precious" ]
	contains "$stderr" "somebody else's"
	rm -r "$P/q/snaps/.restore"
	# A link in its place, and one in place of the snapshots' directory.
	ln -s "$victim" "$P/q/snaps/.restore"
	try snap -n q -r snap0
	equal "$status:$(ls "$victim")" 1:precious
	rm "$P/q/snaps/.restore"
	make s
	mv "$P/q/snaps" "$W/mnt/moved"
	ln -s "$W/mnt/moved" "$P/s/snaps"
	for arguments in -L "-d snap0" "-r snap0" "-d ALL" ""; do
	    # shellcheck disable=SC2086
	    try snap -n s $arguments
	    equal "$arguments:$status" "$arguments:1"
	    contains "$stderr" "symbolic link"
	    equal "$(ls -A "$W/mnt/moved")" snap0
	done
	SCRIPT
}

@test "a snapshot whose root file system is elsewhere is not destroyed" {
    in_world dir <<-'SCRIPT'
	make a
	snap -n a
	make b
	write b file precious
	snap -n b
	sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$P/b/snaps/snap0/rootfs|" \
	    "$P/a/snaps/snap0/config"
	for command in "lxc-snapshot -P $P -n a -d snap0" "lxc-snapshot -P $P -n a -d ALL" \
	    "lxc-destroy -P $P -n a -s"; do
	    # shellcheck disable=SC2086
	    try $command
	    equal "$command:$status" "$command:1"
	    contains "$stderr" "is not in \"$P/a/snaps/snap0\""
	    equal "$(<"$P/b/snaps/snap0/rootfs/file")" precious
	    [ -e "$P/a/snaps/snap0/config" ]
	done
	# The lxcpath by another name is the same place.
	sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$W/mnt//lxc/a/snaps/snap0/rootfs|" \
	    "$P/a/snaps/snap0/config"
	snap -n a -d snap0
	[ ! -e "$P/a/snaps/snap0" ]
	SCRIPT
}

@test "lxc-destroy -s keeps the snapshots of a container that it can't destroy" {
    in_world dir <<-'SCRIPT'
	make z
	make a
	snap -n a
	sed -i "s|^lxc.rootfs.path.*|lxc.rootfs.path = dir:$P/z/rootfs|" "$P/a/config"
	try lxc-destroy -P "$P" -n a -s
	equal "$status:$(ls "$P/a/snaps")" 1:snap0
	contains "$stderr" "$P/z/rootfs"
	SCRIPT
}

@test "subvolumes inside a subvolume: snapshots have them empty, which is told; they are not lost" {
    in_world btrfs <<-'SCRIPT'
	make c
	within "$P/c" mkdir var
	btrfs subvolume create "$P/c/rootfs/var/nested" >/dev/null
	write c var/nested/file precious
	try snap -n c -o "$W/log" -l WARN
	equal "$status:$stdout:$stderr" "0::"
	contains "$(<"$W/log")" "\"$P/c/rootfs/var/nested\" is a subvolume"
	said=$(script -qec "lxc-snapshot -P $P -n c" /dev/null | tr -d '\r')
	contains "$said" "\"$P/c/rootfs/var/nested\" is a subvolume"
	try snap -n c -r snap0
	equal "$(see c var/nested/file)" precious
	equal "$status" 1
	contains "$stderr" "\"$P/c/rootfs/var/nested\" is a subvolume"
	equal "$(leftovers)" ""
	snap -n c -r snap0 -N other
	btrfs subvolume delete "$P/c/rootfs/var/nested" >/dev/null
	snap -n c -r snap0
	SCRIPT
}
