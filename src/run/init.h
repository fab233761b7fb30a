/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The INIT lane's inside: what its files share. Everything here runs between clone and exec, also
 * in a child forked off a program with threads: it takes no memory from the heap, formats nothing,
 * calls nothing but system calls and mem*. tests/checks/check_init_lane.py looks at the objects.
 *
 * An op is a function of struct init_lane. It returns 0, INIT_EMPTY when a register that it reads
 * is empty, or -errno, with init_lane.call naming the system call and, where that says more, the
 * note; INIT_EXPLAINED where the note says all.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/run.h"
#include "sys/netlink.h"

enum {
	INIT_EMPTY = 1,
	INIT_EXPLAINED = -4096, /* no errno says more than the note does */
};

struct init_lane {
	struct run *run;
	const struct plan *plan;
	const struct plan_step *step;
	uint32_t index; /* of the step in START */
	uint32_t call;  /* __NR_* of the call that was made last */
	int gate_fd;
	bool has_umask;          /* the umask is 0 now … */
	unsigned umask;          /* … and was this */
	struct netlink *netlink; /* &socket when it is open */
	struct netlink socket;
	char note[RUN_NOTE_MAX];
	/* Descriptors as they are in this process: the record's are the supervisor's, which are the
	 * same for what was there at the clone. -EBADF = empty. */
	int fds[PLAN_REGISTERS_MAX];
	bool is_own[PLAN_REGISTERS_MAX]; /* filled by this lane */
	bool is_hidden;                  /* init_hide() was called */
};

/* -- init.c: registers, notes, messages */

/* A descriptor register: 0, or INIT_EMPTY. */
int init_get_fd(const struct init_lane *l, uint64_t register_number, int *ret);
/* A base: the same, and -EBADF for PLAN_NO_REGISTER. */
int init_get_base(const struct init_lane *l, uint64_t register_number, int *ret);
int init_get_number(const struct init_lane *l, uint64_t register_number, uint64_t *ret);
/* Fill the step's `out` register, closing what it held; without one the descriptor is closed. */
void init_set_fd(struct init_lane *l, int fd);
/* Close what a descriptor register holds. */
void init_empty_fd(struct init_lane *l, uint64_t register_number);
/* Numbers are shared with HOST: they go into the record. */
void init_set_number(struct init_lane *l, uint64_t register_number, uint64_t value);

/* Begin the note, and continue it; what does not fit is left out. */
void init_note(struct init_lane *l, const char *text);
void init_note_add(struct init_lane *l, const char *text);
void init_note_number(struct init_lane *l, uint64_t number);

/* Tell HOST. Ends the process when HOST is gone. */
void init_tell(struct init_lane *l, enum gate_kind kind, int errnum, int fd);

/* Make the umask 0 for what the step creates; give the caller's back. */
void init_umask_clear(struct init_lane *l);
void init_umask_restore(struct init_lane *l);

/* Bytes of a text without its NUL. */
size_t init_text_length(const char *text);
/* Decimal digits, without NUL: how many. Room for 20. */
size_t init_decimal(uint64_t number, char *ret);

/* -- init_words.c: arguments and environments of programs */

enum { INIT_WORDS_ROOM = 8192 };

/*
 * A NULL-terminated array of texts under construction, for execve. It lives in its own room, on its
 * owner's stack, or, when that is too small, in pages of its own, which are never given back: an
 * exec follows.
 */
struct init_words {
	const char **words; /* NULL-terminated */
	size_t count;
	char *text; /* room for texts that had references or are copied */
	size_t left;
	bool copies; /* every text is copied: the plan will be unmapped */
	_Alignas(void *) char room[INIT_WORDS_ROOM];
};

/* Make room for what is in the plan's lists of these offsets and in `more` (NULL = nothing). 0 or
 * -errno. */
int init_words_open(struct init_lane *l, struct init_words *ret, bool copies,
		    const uint64_t lists[static 3], char *const *more);
/* Append a list's texts, with the registers' values in them; one that names an empty register is
 * left out. */
int init_words_add_list(struct init_lane *l, struct init_words *w, uint64_t list);
/* The same for "NAME=value" texts: a later one takes the place of an earlier one of its name. */
int init_words_add_environment(struct init_lane *l, struct init_words *w, uint64_t list);
void init_words_add_caller(struct init_words *w, char *const *environment);

/* A text with the values of its registers: itself when it names none, else in buf. NULL:
 * *ret_error says why, negative or INIT_EMPTY. */
const char *init_text(struct init_lane *l, uint64_t offset, char *buf, size_t len, int *ret_error);

/* -- init_path.c: names below a base, or of the lane's own root when base is -EBADF */

int init_open(struct init_lane *l, int base, const char *path, int flags);

/* The directory that holds a path's last name, and that name. */
struct init_place {
	int fd; /* borrowed when it is the base itself */
	bool is_owned;
	char name[256];
};
/* With `make`, missing directories are made, with mode 0755. Paths that end in "." or ".." have no
 * last name: -EINVAL. */
int init_place_open(struct init_lane *l, int base, const char *path, bool make,
		    struct init_place *ret);
void init_place_close(const struct init_place *place);

/* A directory and those above it. Fine when it is there. */
int init_make_directory(struct init_lane *l, int base, const char *path, uint32_t mode);
/* An empty file, and the directories above it. Fine when there is something that is no directory;
 * a symbolic link that leads nowhere is not. */
int init_make_file(struct init_lane *l, int base, const char *path, uint32_t mode);

/* -- init_process.c */

/* Signals as the caller had them: the last thing before a program runs. */
void init_restore_signals(const struct run *run);

/*
 * execve, searching PATH of the new environment when `program` has no slash, and giving what has no
 * known format to /bin/sh, both as execvp(3). Returns only with -errno: -EACCES when a candidate
 * was found that may not be run.
 */
int init_exec(const char *program, const char *const *argv, const char *const *environment);

/* -- init_hide.c */

/* Once, before programs of the container's run: the record becomes a private copy, descriptors that
 * are neither this lane's own nor the step's are closed, and we can't be looked at. */
int init_hide(struct init_lane *l);
/* Close all but what is in registers: the supervisor may have more descriptors open than we may. */
void init_leave_connections(struct init_lane *l);

/* -- the ops, by file */

int init_op_gate(struct init_lane *l);

/* init_process.c */
int init_op_death_signal(struct init_lane *l);
int init_op_unshare(struct init_lane *l);
int init_op_enter(struct init_lane *l);
int init_op_become_root(struct init_lane *l);
int init_op_time_offsets(struct init_lane *l);
int init_op_hostname(struct init_lane *l);
int init_op_keyring(struct init_lane *l);
int init_op_core_join(struct init_lane *l);
int init_op_personality(struct init_lane *l);
int init_op_caps_bound(struct init_lane *l);
int init_op_caps_ambient(struct init_lane *l);
int init_op_no_new_privs(struct init_lane *l);
int init_op_seccomp(struct init_lane *l);
int init_op_chdir(struct init_lane *l);
int init_op_groups(struct init_lane *l);
int init_op_set_gid(struct init_lane *l);
int init_op_set_uid(struct init_lane *l);
int init_op_close_others(struct init_lane *l);

/* init_exec.c */
int init_op_exec(struct init_lane *l);
int init_op_run_init(struct init_lane *l);
/* The end of a plan that has no such op: the callback, if there is one. */
int init_finish(struct init_lane *l);

/* init_hook.c */
int init_op_hook_inside(struct init_lane *l);

/* init_file.c */
int init_op_check_access(struct init_lane *l);
int init_op_path_open(struct init_lane *l);
int init_op_path_check(struct init_lane *l);
int init_op_make_directory(struct init_lane *l);
int init_op_make_file(struct init_lane *l);
int init_op_make_node(struct init_lane *l);
int init_op_make_link(struct init_lane *l);
int init_op_cgroup_join(struct init_lane *l);
int init_op_write(struct init_lane *l);

/* init_mount.c */
int init_op_mounts_slave(struct init_lane *l);
int init_op_tree_open(struct init_lane *l);
int init_op_tree_attributes(struct init_lane *l);
int init_op_tree_attach(struct init_lane *l);
int init_op_tree_take(struct init_lane *l);
int init_op_fs_open(struct init_lane *l);
int init_op_fs_open_long(struct init_lane *l);
int init_op_umount(struct init_lane *l);
int init_op_boot_id(struct init_lane *l);
int init_op_root_check(struct init_lane *l);
int init_op_pivot(struct init_lane *l);

/* init_terminal.c */
int init_op_console_bind(struct init_lane *l);
int init_op_tty_make(struct init_lane *l);
int init_op_stdio_console(struct init_lane *l);
int init_op_stdio_null(struct init_lane *l);
int init_op_stdio_fds(struct init_lane *l);
int init_op_stdio_chown(struct init_lane *l);
int init_op_setsid(struct init_lane *l);

/* init_net.c */
int init_op_address_socket(struct init_lane *l);
int init_op_link_up_inside(struct init_lane *l);
int init_op_link_mac_inside(struct init_lane *l);
int init_op_address_add(struct init_lane *l);
int init_op_route_default(struct init_lane *l);
