/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The control socket's layouts (spec/wire.md §3–§7, §12), for both sides. ABI: numbers and offsets
 * never change.
 */

#include <stdint.h>

enum wire_command {
	WIRE_GET_TTY_FD,
	WIRE_TERMINAL_WINCH,
	WIRE_STOP,
	WIRE_GET_STATE,
	WIRE_GET_INIT_PID,
	WIRE_GET_CLONE_FLAGS,
	WIRE_GET_CGROUP,
	WIRE_GET_CONFIG_ITEM,
	WIRE_GET_NAME,
	WIRE_GET_LXCPATH,
	WIRE_ADD_STATE_CLIENT,
	WIRE_CONSOLE_LOG,
	WIRE_SERVE_STATE_CLIENTS,
	WIRE_SECCOMP_NOTIFY_ADD_LISTENER,
	WIRE_ADD_BPF_DEVICE_CGROUP,
	WIRE_FREEZE,
	WIRE_UNFREEZE,
	WIRE_GET_CGROUP2_FD,
	WIRE_GET_INIT_PIDFD,
	WIRE_GET_LIMIT_CGROUP,
	WIRE_GET_LIMIT_CGROUP2_FD,
	WIRE_GET_DEVPTS_FD,
	WIRE_GET_SECCOMP_NOTIFY_FD,
	WIRE_GET_CGROUP_CTX,
	WIRE_GET_CGROUP_FD,
	WIRE_GET_LIMIT_CGROUP_FD,
	WIRE_GET_SYSTEMD_SCOPE,
	WIRE_COMMAND_COUNT,
};

enum {
	WIRE_PAYLOAD_MAX = 8192,
	WIRE_FDS_MAX = 32,      /* that our client takes; servers send at most one per hierarchy */
	WIRE_ADDRESS_MAX = 105, /* bytes of a direct address; longer ones are hashed */
	WIRE_STATES = 8,
	WIRE_DEADLINE = 5000, /* milliseconds, from a request's first byte */
};

struct wire_request {
	int32_t command;
	int32_t length; /* of the payload */
	uint64_t data;  /* a small number in the low 32 bits; else meaningless */
};
_Static_assert(sizeof(struct wire_request) == 16, "wire.md §3");

struct wire_answer {
	int32_t ret; /* 0 or more, or -errno */
	int32_t length;
	uint64_t data;
};
_Static_assert(sizeof(struct wire_answer) == 16, "wire.md §3");

enum wire_message_type { WIRE_MESSAGE_STATE, WIRE_MESSAGE_PRIORITY, WIRE_MESSAGE_EXIT };

/* To state clients, and on the monitor fifo. */
struct wire_message {
	int32_t type;
	char name[256];
	int32_t value;
};
_Static_assert(sizeof(struct wire_message) == 264, "wire.md §7");

struct wire_console_log {
	uint8_t clear, read;
	uint8_t unused[6];
	uint64_t read_max;
	uint8_t write_logfile;
	uint8_t unused_too[7];
};
_Static_assert(sizeof(struct wire_console_log) == 24, "wire.md §5");

struct wire_device {
	char type;
	int32_t major, minor;
	char access[4];
	int32_t allow;
	int32_t unused;
	uint64_t pointers[2];
};
_Static_assert(sizeof(struct wire_device) == 40, "wire.md §5");

enum { WIRE_CGROUP_FDS = 20 };

struct wire_cgroup_context {
	int32_t layout;     /* -1 unknown, 0 legacy, 1 hybrid, 2 unified */
	uint32_t utilities; /* 1 devices, 2 freezer work on the unified hierarchy */
	uint32_t fd_count;
	int32_t fds[WIRE_CGROUP_FDS];
	int32_t unused;
};
_Static_assert(sizeof(struct wire_cgroup_context) == 96, "wire.md §5");

struct wire_cgroup_fd {
	int32_t layout;
	uint32_t utilities;
	int32_t type; /* file system magic */
	int32_t fd;
	char controller[64];
};
_Static_assert(sizeof(struct wire_cgroup_fd) == 80, "wire.md §5");
