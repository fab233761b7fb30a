/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * cpu.shares of cgroup v1 and cpu.weight of v2: the conversion that runc (1.3.2 and later) and crun
 * (1.23 and later) agreed on, which keeps both ranges' ends and both defaults:
 *
 *	weight = ceil(10 ^ ((l² + 125 l) / 612 - 7/34)), l = log2(shares)
 *
 * 2 ↔ 1, 1024 ↔ 100, 262144 ↔ 10000. Integers only: no libm in a program that starts containers.
 */

#include <stdint.h>

enum {
	CPU_SHARES_MIN = 2,
	CPU_SHARES_MAX = 262144,
	CPU_WEIGHT_MIN = 1,
	CPU_WEIGHT_MAX = 10000,
};

/* Numbers outside the range count as its ends, as the kernel takes cpu.shares. */
uint32_t cpu_weight_of_shares(uint64_t shares);
uint32_t cpu_shares_of_weight(uint64_t weight);

/* The weight to show for shares: the one from which they came, when they did, else as above. */
uint32_t cpu_weight_behind_shares(uint64_t shares);
