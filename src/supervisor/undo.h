/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * `lxc-supervisor --undo FD`: what a run has left behind whose supervisor died. The caller holds
 * the record's lock. Returns what to exit with: 0 when nothing is left.
 */
int undo_main(const char *number);
