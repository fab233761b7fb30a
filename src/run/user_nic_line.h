/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What lxc-user-nic prints: "CONTAINERNIC:IFINDEX:HOSTNIC:HOSTIFINDEX". Names in it have come
 * through a container's network namespace, so nothing is taken that is not such a line.
 */

#include <stddef.h>
#include <stdint.h>

enum { USER_NIC_NAME_ROOM = 16 };

struct user_nic_made {
	char inside[USER_NIC_NAME_ROOM], host[USER_NIC_NAME_ROOM];
	uint32_t inside_index, host_index; /* never 0 */
};

/* One line with its newline, and nothing else. 0 or -EPROTO. */
int user_nic_line_parse(const char *text, size_t length, struct user_nic_made *ret);

/*
 * What it says when it fails, made one line in place: without its own name, with ";" between what
 * were lines. `text` is terminated; nothing that cannot be printed is left in it.
 */
void user_nic_words_join(char *text);
