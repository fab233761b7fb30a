#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lxc-net is killed at any of its system calls (other ones in each run), by kill -9 or by a request to
# end: the next start works, the next stop works, and then nothing is left.

load helpers
load lxc-net

setup() {
    need_host
}

@test "kill -9 anywhere in start: start and stop work, and nothing is left" {
    in_host <<-'SCRIPT'
	at=$((30 + RANDOM % 37)) killed=0
	while "$KILL_AT" "$at" "$LXC_NET" start >/dev/null; do
	    killed=$((killed + 1))
	    if [ $((killed % 2)) = 0 ]; then
	        # Killed behind the flag, it had come up.
	        [ ! -e /run/lxc/network_up ] || break
	        net start
	    fi
	    net stop >/dev/null || [ ! -e /run/lxc/lxc-net.record ] || echo "stop failed at $at"
	    remains >/run/remains
	    [ ! -s /run/remains ] || { echo "at $at:"; cat /run/remains; }
	    at=$((at + 37))
	done
	[ "$killed" -gt 8 ] || echo "killed $killed times only"
	net stop >/dev/null || true
	remains
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "kill -9 anywhere in stop: stop and start work, and nothing is left" {
    in_host <<-'SCRIPT'
	at=$((20 + RANDOM % 19)) killed=0
	net start
	while "$KILL_AT" "$at" "$LXC_NET" stop >/dev/null; do
	    killed=$((killed + 1))
	    if [ -e /run/lxc/network_up ]; then
	        net stop
	        remains
	        net start
	    elif [ $((killed % 2)) = 0 ]; then
	        net start
	        [ "$(net status | head -1)" = "lxc-net: running" ] || echo "not running at $at"
	    else
	        net stop >/dev/null || [ ! -e /run/lxc/lxc-net.record ] || echo "failed at $at"
	        remains
	        net start
	    fi
	    at=$((at + 19))
	done
	[ "$killed" -gt 8 ] || echo "killed $killed times only"
	net stop >/dev/null || true
	remains
	SCRIPT
    assert_equal "$status:$stdout:$stderr" "0::"
}

@test "kill -9 while iptables is being told: no rule is left, and none of others is gone" {
    in_host <<-'SCRIPT'
	settings 'LXC_USE_NFT="false"' 'LXC_IPV6_ENABLE=false'
	# Keeps rules in a file, as iptables would; the fifth addition takes its time.
	cat >/run/fakes/iptables <<-'FAKE'
	#!/bin/bash
	words=" $* "
	rule=$(sed 's/ -w / /; s/ -[IADC] \(INPUT\|FORWARD\|POSTROUTING\) / \1 /' <<<"$words")
	case $words in
	*" -L "*) ;;
	*" -C "*) grep -qxF -- "$rule" /run/rules ;;
	*" -D "*) line=$(grep -nxF -- "$rule" /run/rules | head -1 | cut -d: -f1)
	    sed -i "${line:?}d" /run/rules ;;
	*) [ "$(wc -l </run/rules)" -lt 5 ] || [ ! -e /run/slow ] || { echo >/run/here; exec sleep 60; }
	    echo "$rule" >>/run/rules ;;
	esac
	FAKE
	chmod 755 /run/fakes/iptables
	PATH=/run/fakes:$PATH
	echo " INPUT -i lxcbr0 -p udp --dport 67 -j ACCEPT " >/run/rules
	cp /run/rules /run/before
	touch /run/slow
	"$LXC_NET" start &
	while [ ! -e /run/here ]; do sleep 0.02; done
	kill -9 $!
	wait $! || true
	rm /run/slow
	wc -l </run/rules
	net start
	wc -l </run/rules
	net stop
	cmp /run/rules /run/before
	remains
	SCRIPT
    assert_equal "$status" 0
    assert_equal "$stdout" "5
9"
}

@test "a request to end in the middle undoes what was begun" {
    in_host <<-'SCRIPT'
	fake dnsmasq 'case "$*" in *" --test") exit ;; esac
	echo >/run/here; while [ -e /run/slow ]; do sleep 0.02; done
	exec env -i PATH=/usr/sbin:/usr/bin dnsmasq "$@"'
	for signal in TERM INT HUP; do
	    touch /run/slow
	    rm -f /run/here
	    "$LXC_NET" start 2>/run/errors &
	    while [ ! -e /run/here ]; do sleep 0.02; done
	    kill -s $signal $!
	    rm /run/slow
	    wait $! || echo "exit $?"
	    tail -n 1 /run/errors
	    grep -c 'told to end by a signal' /run/errors
	    remains
	done
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "exit 1
Failed to setup lxc-net.
1
exit 1
Failed to setup lxc-net.
1
exit 1
Failed to setup lxc-net.
1"
}

@test "a request to end while another lxc-net holds the lock is heard at once" {
    in_host <<-'SCRIPT'
	fake dnsmasq 'case "$*" in *" --test") exit ;; esac
	echo >/run/here; while [ -e /run/slow ]; do sleep 0.02; done
	exec env -i PATH=/usr/sbin:/usr/bin dnsmasq "$@"'
	touch /run/slow
	"$LXC_NET" start &
	first=$!
	while [ ! -e /run/here ]; do sleep 0.02; done
	for signal in TERM INT HUP; do
	    "$LXC_NET" stop 2>/run/errors &
	    sleep 0.3
	    kill -s $signal $!
	    wait $! || echo "exit $?"
	    grep -c 'told to end by a signal' /run/errors
	done
	[ -e /run/slow ] && rm /run/slow
	wait $first
	net stop
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "exit 1
1
exit 1
1
exit 1
1"
}

@test "a record of another boot is nothing but a file" {
    in_host <<-'SCRIPT'
	net start
	cp -a /run/lxc/network_up /run/lxc/lxc-net.record /run
	net stop
	cp -a /run/network_up /run/lxc-net.record /run/lxc
	sed -i "s/^LXC_NET_BOOT=.*/LXC_NET_BOOT='another'/" /run/lxc/lxc-net.record
	net status | head -1
	net stop || echo "exit $?"
	remains
	cp -a /run/network_up /run/lxc-net.record /run/lxc
	sed -i "s/^LXC_NET_BOOT=.*/LXC_NET_BOOT='another'/" /run/lxc/lxc-net.record
	net start
	net status | head -1
	net stop
	remains
	SCRIPT
    assert_equal "$status:$stderr" "0:"
    assert_equal "$stdout" "lxc-net: stopped
lxc-net isn't running
exit 1
lxc-net: running"
}
