/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The difference of two texts, for the eyes of whoever broke a golden test.
 */

/*
 * Print to stdout, as comments of TAP, the lines that only one of the texts has ('-' the expected
 * one, '+' the other), each group behind the line that both have before it.
 */
void text_diff_print(const char *expected, const char *got);
