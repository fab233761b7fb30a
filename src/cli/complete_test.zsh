# SPDX-License-Identifier: LGPL-2.1-or-later
# Complete half-typed lines in an interactive zsh on a pseudo terminal and print what became of each:
# zsh -f complete_test.zsh SCRIPT LINE…. lxc-ls answers with what it was asked.
zmodload zsh/zpty
zpty shell zsh -f -i

# Send a line and wait for its marker.
ask() {
	local output
	zpty -w shell "$1"
	zpty -r -m shell output "*$2*" || exit 1
}

ask 'PS1= PROMPT= RPROMPT= LISTMAX=0; unsetopt zle_bracketed_paste; print ready-$((1))' ready-1
ask "autoload -U compinit; compinit -D -u; source ${(q)1}; print loaded-\$((2))" loaded-2
ask 'lxc-ls() { print asked:${(j.:.)@} }; list-numbers() { print 12 }; print set-$((3))' set-3
# The line is not run: a key shows the editor's buffer instead.
ask 'show() { print -r -- "<<$BUFFER>>"; BUFFER= }; zle -N show; bindkey "^X" show; print key-$((4))' key-4
for typed in "${@:2}"; do
	zpty -w -n shell "$typed"$'\t\x18'
	zpty -r -m shell line '*<<*>>*'
	line=${line##*'<<'}
	print -r -- "${${line%%'>>'*}% }"
done
zpty -d shell
