/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The version of LXC that this library stands for. Programs compare it to know what they may use;
 * Tare's own version is another one.
 */

#define LXC_DEVEL         0
#define LXC_VERSION_MAJOR 7
#define LXC_VERSION_MINOR 0
#define LXC_VERSION_MICRO 0
#define LXC_VERSION_ABI   "1.9.0"
#define LXC_VERSION       "7.0.0"
