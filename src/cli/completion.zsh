# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The fixed part of tare's completion for zsh; the functions _tare_TOOL, which call the ones below
# and _arguments, stand above it.

# The lines that a command prints.
__tare_output() {
	local -a lines
	lines=(${(f)"$("$@" 2>/dev/null)"})
	lines=("${lines[@]%% #}")
	compadd -a lines
}

# Containers, selected by an option of lxc-ls, in the -P of the command line.
__tare_containers() {
	setopt localoptions extendedglob
	local lxcpath=${opt_args[-P]:-${opt_args[--lxcpath]}}
	__tare_output lxc-ls -1 ${lxcpath:+-P} ${lxcpath:+$lxcpath} "$@"
}

# The words of a tool that is named by the first argument.
__tare_program() {
	local curcontext=$curcontext state line
	_arguments -C '(- *)'{-h,--help}'[list the commands]' '(- *)--version[print the version]' \
		'1:command:__tare_commands' '*:: :->words'
	[[ $state == words ]] && __tare_tool "$words[1]"
}

_lxc() {
	if [[ $service == lxc-* ]]; then
		_tare_$service "$@"
	else
		__tare_program "$@"
	fi
}

# Loaded by the completion system, this file is the body of _lxc; read by 'source', it is not.
if [[ $funcstack[1] == _lxc ]]; then
	_lxc "$@"
else
	compdef _lxc "${__tare_names[@]}"
fi
