/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The floor of a command's start-up: a dynamically linked program that does nothing.
 */

int main(void)
{
	return 0;
}
