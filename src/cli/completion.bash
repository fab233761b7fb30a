# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The fixed part of tare's completion for bash. The tables that stand above it in the finished
# script answer in the variable REPLY:
#
#   __tare_options TOOL          its options, one per word
#   __tare_argument TOOL OPTION  how the option's argument is completed: nothing (it has none), or
#                                [optional] any|words W…|choices W…|file|directory|command|
#                                container [FILTER…]|output COMMAND…
#   __tare_words TOOL            the same for words that are no options, behind what is special
#                                about the tool: [name [FILTER];][stops;]KIND …
#   __tare_commands              the commands of tare, without the 'lxc-'
#   __tare_tool COMMAND          the tool that a command of tare is
#
# Nothing that a command or a directory says is ever expanded by the shell.

# Offer those of the given words that begin like $cur; $prefix goes before each.
__tare_offer() {
	local word
	for word; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$prefix$word")
	done
}

# What $cur stands for: a half typed word still has its quote or its backslashes.
__tare_unquote() {
	if [[ $cur == [\'\"]* ]]; then
		cur=${cur:1}
	elif [[ $cur == *\\* ]]; then
		# shellcheck disable=SC2162 # taking the backslashes away is what it is for
		IFS= read cur <<<"$cur"
	fi
}

# The lines that a command prints, quoted where the shell needs it.
__tare_offer_output() {
	local line lines quoted
	mapfile -t lines < <("$@" 2>/dev/null)
	for line in "${lines[@]}"; do
		printf -v quoted %q "${line%"${line##*[! ]}"}"
		__tare_offer "$quoted"
	done
}

__tare_offer_kind() {
	local kind=$1
	shift
	case $kind in
	words)
		__tare_offer "$@"
		;;
	choices)
		cur=${cur#[\'\"]}
		[[ $cur == *'|'* ]] && prefix=${cur%'|'*}'|' cur=${cur##*'|'}
		__tare_offer "$@"
		;;
	file | command)
		__tare_unquote
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	directory)
		__tare_unquote
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	container)
		__tare_offer_output lxc-ls -1 ${lxcpath:+-P "$lxcpath"} "$@"
		;;
	output)
		__tare_offer_output "$@"
		;;
	esac
}

# Walk the words before the one that is completed. Sets lxcpath, named, ended and command (the place
# of the first word of a command to run) of the caller.
__tare_walk() {
	local tool=$1 i=$2 word option stops=''
	__tare_words "$tool"
	[[ $REPLY == *'stops;'* ]] && stops=1
	[[ $REPLY == name* ]] || named=1
	for (( ; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--)
			ended=1
			command=$((i + 1))
			return
			;;
		-?*)
			option=$word
			[[ $word == --* ]] || option=${word:0:2}
			__tare_argument "$tool" "$option"
			[[ $option == -n || $option == --name ]] && named=1
			if [[ $option != "$word" || ! $REPLY || $REPLY == optional* ]]; then
				[[ $option == -P && $word != -P ]] && lxcpath=${word:2}
				[[ ${COMP_WORDS[i + 1]-} == = ]] && ((i += 2))
				continue
			fi
			((i++))
			[[ ${COMP_WORDS[i]} == = ]] && ((i++))
			[[ $option == -P || $option == --lxcpath ]] && lxcpath=${COMP_WORDS[i]}
			;;
		*)
			if [[ $named && $stops ]]; then
				ended=1
				command=$i
				return
			fi
			named=1
			;;
		esac
	done
}

# Complete for a tool whose own words begin at place $2.
__tare_complete() {
	local tool=$1 first=$2 cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
	local lxcpath='' named='' ended='' command='' prefix='' attached='' REPLY=''
	if [[ $cur == = ]]; then
		cur= attached=1
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]} attached=1
	elif [[ $cur == --*=* ]]; then
		option=${cur%%=*} prefix=$option= cur=${cur#*=} attached=1
	fi
	__tare_walk "$tool" "$first"

	if [[ ! $ended && $option == -* ]]; then
		__tare_argument "$tool" "$option"
		if [[ $REPLY && ($attached || $REPLY != optional*) ]]; then
			IFS=' ' read -ra REPLY <<<"${REPLY#optional }"
			__tare_offer_kind "${REPLY[@]}"
			return
		fi
	fi
	if [[ ! $ended && $cur == -* ]]; then
		__tare_options "$tool"
		IFS=' ' read -ra REPLY <<<"$REPLY"
		__tare_offer "${REPLY[@]}"
		return
	fi
	__tare_words "$tool"
	if [[ $command && $REPLY == *command && $(type -t _command_offset) == function ]]; then
		_command_offset "$command"
		return
	fi
	if [[ ! $named ]]; then
		REPLY=${REPLY#name}
		IFS=' ' read -ra REPLY <<<"container ${REPLY%%;*}"
	else
		IFS=' ' read -ra REPLY <<<"${REPLY##*;}"
	fi
	__tare_offer_kind "${REPLY[@]}"
}

_lxc() {
	local name=${COMP_WORDS[0]##*/} cur=${COMP_WORDS[COMP_CWORD]} prefix='' REPLY=''
	COMPREPLY=()
	if [[ $name == lxc-* ]]; then
		__tare_complete "$name" 1
	elif ((COMP_CWORD == 1)); then
		__tare_commands
		IFS=' ' read -ra REPLY <<<"$REPLY"
		__tare_offer "${REPLY[@]}"
	else
		__tare_tool "${COMP_WORDS[1]}"
		__tare_complete "$REPLY" 2
	fi
}
