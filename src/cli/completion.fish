# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The fixed part of tare's completion for fish; the rows of the tables stand below it.

# Containers, selected by an option of lxc-ls, in the -P of the command line.
function __tare_containers
	set -l words (commandline -opc)
	set -l lxcpath
	for i in (seq (count $words))
		switch $words[$i]
			case -P --lxcpath
				set lxcpath -P $words[(math $i + 1)]
			case '-P?*'
				set lxcpath -P (string sub -s 3 -- $words[$i])
			case '--lxcpath=*'
				set lxcpath -P (string sub -s 11 -- $words[$i])
		end
	end
	type -q lxc-ls; and lxc-ls -1 $lxcpath $argv 2>/dev/null | string trim --right
end

# The part of a list joined by '|' that is being typed, with each of the given words at its end.
function __tare_choices
	set -l typed (commandline -ct | string replace -r '^--[^=]*=|^-[^-]|^["\']' '')
	string replace -r '^' (string replace -r '[^|]*$' '' -- "$typed") -- $argv
end

# Whether tare is called for this command.
function __tare_is_called_for
	set -l words (commandline -opc)
	test (count $words) -ge 2; and contains -- $words[2] $argv
end

function __tare_has_no_command
	test (count (commandline -opc)) -eq 1
end
