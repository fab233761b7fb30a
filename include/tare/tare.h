/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What Tare's own commands need beside the public interface: answers with the whole error chain,
 * and tables for people. Not installed, and no promise to anybody.
 */

#include <lxc/lxccontainer.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct str;

/* An item of lxc.conf. */
struct tare_system_item {
	const char *name;
	const char *summary; /* one line, no full stop */
};

/* The item at a place of the list that lxc-config prints, or false behind its end. */
bool tare_system_item_at(size_t at, struct tare_system_item *ret);

enum tare_system_value {
	TARE_SYSTEM_VALUE_SET,
	TARE_SYSTEM_VALUE_UNSET,   /* known, but has no value */
	TARE_SYSTEM_VALUE_UNKNOWN, /* no such item */
};

/*
 * As lxc_get_global_config_item(), but tells when lxc.conf exists and can't be read. Returns an
 * enum tare_system_value (with *ret for SET, valid as long as the thread lives), or a negative
 * number with e set.
 */
int tare_system_value(const char *name, const char **ret, struct err *e);

enum tare_severity { TARE_NOTE, TARE_WARNING, TARE_ERROR };

/* A problem: one chain, whose innermost frame says what and where ("FILE:LINE"). */
typedef void (*tare_report_fn)(void *context, enum tare_severity severity,
			       const struct err *problem);

/*
 * Read a configuration file as a start would, but go on behind errors and open no log; then look
 * for what keys say together and in the files they name. Every problem is reported. Returns the
 * number of errors, or a negative number with e set: the file can't be read.
 */
int tare_config_check(const char *path, tare_report_fn report, void *context, struct err *e);

struct tare_config_update {
	unsigned renamed;    /* lines whose key got its present name */
	unsigned translated; /* cgroup v1 lines that got a v2 counterpart */
	unsigned commented;  /* lines that became comments without one */
	bool changed;        /* the new text differs from the old one */
};

/*
 * Bring the text of a configuration file up to date (lxc-update-config). `path` "-" is the standard
 * input. The new text is appended to `text`, the differences, as a list of "-" and "+" lines, to
 * `differences` (may be NULL). Returns 0, or a negative number with e set.
 */
int tare_config_update(const char *path, tare_report_fn report, void *context, struct str *text,
		       struct str *differences, struct tare_config_update *ret, struct err *e);

/*
 * Replace a configuration file by its updated text. The old content stays under the name that
 * ret_backup gets (heap): PATH.backup, or PATH.backup.N when there are older ones. Returns 0, or a
 * negative number with e set, in which case the file is as it was.
 */
int tare_config_replace(const char *path, const struct str *text, char **ret_backup, struct err *e);

/*
 * The configuration files of the containers below a directory, sorted by name, one a call of
 * `take`; stops when it returns other than 0. Returns what it returned, 0, or a negative number
 * with e set.
 */
int tare_config_each(const char *lxcpath, int (*take)(void *context, const char *path),
		     void *context, struct err *e);

/* Where a command logs to. */
struct tare_log {
	const char *program;   /* begins each line */
	const char *container; /* or NULL */
	const char *lxcpath;   /* NULL: the default */
	const char *file;      /* -o, or NULL */
	int level;             /* -l: enum log_level; LOG_LEVEL_NOTSET: none was given */
	bool quiet;
	const char *word; /* stands behind the name on the standard error output, or NULL */
};

/* Start logging: into `file`; without one, but with a level, into the container's default place.
 * 0, or negative with e set: the file can't be opened. */
int tare_log_init(const struct tare_log *log, struct err *e);

/* lxc_container_new() with the reason why not. */
struct lxc_container *tare_container_new(const char *name, const char *lxcpath, struct err *e);

/* The same for looking only: the logs that the configuration names are not opened. */
struct lxc_container *tare_container_new_to_look(const char *name, const char *lxcpath,
						 struct err *e);

/* An object whose configuration file (may be missing) is not read. */
struct lxc_container *tare_container_new_bare(const char *name, const char *lxcpath, struct err *e);

/* Why the last call on the object failed: the chain behind error_string. Valid until its next call.
 */
const struct err *tare_last_error(struct lxc_container *c);

/* set_config_item() for an item that `source` asked for, "(command line)" in messages. */
int tare_set_item(struct lxc_container *c, const char *key, const char *value, const char *source,
		  struct err *e);

struct tare_start {
	bool application;    /* under an init of ours (lxc-execute) */
	bool command_status; /* in place: exit as the command did */
	bool close_fds;
	bool in_background;   /* tare_start_plan(): the plan of tare_start() */
	bool trace;           /* tell every step and its time */
	char *const *argv;    /* the command, or NULL */
	char *const *title;   /* in place: what ps shows: the tool's own argv */
	const char *pid_file; /* absolute, or NULL */
	uint32_t fault_step;  /* tests: this step of the plan, from 1, … */
	int fault_errno;      /* … fails with this errno; 0 = none */
	int fault_place;      /* … in this part: enum fault_place */
};

enum { TARE_ALREADY_RUNNING = 1 };

/* A daemonised start. 0 when it runs, TARE_ALREADY_RUNNING, or negative with e set. */
int tare_start(struct lxc_container *c, const struct tare_start *start, struct err *e);

/* A start in the foreground, in place of the calling program: returns only TARE_ALREADY_RUNNING, or
 * negative with e set. */
int tare_start_exec(struct lxc_container *c, const struct tare_start *start, struct err *e);

/* What such a start would do, step by step, appended as text or as JSON. 0, or negative with e. */
int tare_start_plan(struct lxc_container *c, const struct tare_start *start, bool json,
		    struct str *out, struct err *e);

/* lxc-attach: the calling program becomes the relay and exits as the command does. argv NULL: the
 * user's shell; pty_log NULL: none. Returns only negative, with e set. */
int tare_attach_exec(struct lxc_container *c, char *const *argv, const char *pty_log,
		     char *const *title, lxc_attach_options_t *options, struct err *e);

/*
 * lxc-console: look at a tty (-1: the first free one, 0: the console) with the standard streams
 * until the user leaves by Ctrl+LETTER (escape 1 = Ctrl+a; -1: not at all) and `q`, or the
 * container ends. Signals that would end the process meanwhile end this. 0; the number of such a
 * signal; or negative with e set.
 */
int tare_console(struct lxc_container *c, int tty, int escape, struct err *e);

/* The beginning of the key that configures a cgroup file: "lxc.cgroup." or "lxc.cgroup2.". */
const char *tare_cgroup_prefix(const char *file);

/* The key for the other version that says the same, and that would win where a host has that: on
 * the heap; NULL when there is none, or none that stands for this file alone. */
char *tare_cgroup_counterpart(const char *file);

/*
 * For what does more than one exec near processes of containers, whose root may reach its program
 * through /proc/PID/exe: execute it again, with these arguments and `name` as the first, as a
 * sealed copy in memory (CVE-2019-5736). 0: that is what runs already; negative with e set.
 */
int tare_run_sealed(const char *name, char **argv, struct err *e);

/* Why a container can't be destroyed now. */
enum tare_destroy {
	TARE_DESTROYED,
	TARE_DESTROY_NOT_DEFINED,
	TARE_DESTROY_RUNNING,
	TARE_DESTROY_HAS_SNAPSHOTS,
	TARE_DESTROY_HAS_CLONES,
};
/* An enum tare_destroy, or negative with e set. */
int tare_destroy(struct lxc_container *c, struct err *e);

enum { TARE_DESTROY_SNAPSHOTS = 1, TARE_DESTROY_CLONES = 2 };
/*
 * The same `with` its own snapshots, or with the containers that need its storage. What stands in
 * the way may be another one: then e is set for an enum tare_destroy above 0, too.
 */
int tare_destroy_with(struct lxc_container *c, unsigned with, struct err *e);

struct tare_snapshot {
	const char *name;         /* NULL: snap0, snap1 … */
	const char *comment_file; /* "-" = standard input; NULL = none */
	/* What people should know before it begins. May be NULL. */
	void (*tell)(void *data, const char *text);
	void *data;
};
/* Make a snapshot, whose name ret_name gets (heap). 0, or negative with e set. */
int tare_snapshot(struct lxc_container *c, const struct tare_snapshot *how, char **ret_name,
		  struct err *e);

/* How far a copy is. */
struct tare_counts {
	uint64_t bytes, shared_bytes; /* of files; those that are shared blocks */
	uint64_t files, directories;
	uint64_t total_bytes, total_files; /* 0 = unknown */
};
/* Called ten times a second, by a helper process when ids are mapped; false = give up. */
typedef bool (*tare_progress_fn)(void *data, const struct tare_counts *counts);

struct tare_mount {
	bool is_overlay;    /* what is written goes into the copy's directory */
	const char *source; /* absolute, on the host */
	const char *target; /* inside; NULL = the same */
	bool is_read_only;
};

struct tare_clone {
	const char *name;       /* of the copy */
	const char *lxcpath;    /* NULL = beside the source */
	unsigned flags;         /* LXC_CLONE_* */
	const char *type;       /* kind of storage; NULL = chosen */
	uint64_t size;          /* bytes; 0 = the source's */
	char *const *arguments; /* of clone hooks, or NULL */
	/* For a while only: */
	bool is_ephemeral;
	bool keeps_data; /* it does not destroy itself */
	bool on_tmpfs;   /* what it writes stays in memory */
	const struct tare_mount *mounts;
	size_t mount_count;
	tare_progress_fn progress; /* NULL = none */
	void *progress_data;
};
/* Copy a container. 0, or negative with e set; then there is no copy. */
int tare_clone(struct lxc_container *c, const struct tare_clone *clone, struct err *e);
/* "NAME_XXXXXX" that is free below lxcpath, heap. 0, or negative with e set. */
int tare_choose_name(const char *name, const char *lxcpath, char **ret, struct err *e);
/* Another name for a container; `arguments` of clone hooks or NULL. 0, or negative with e set. */
int tare_rename(struct lxc_container *c, const char *name, bool keep_name, char *const *arguments,
		struct err *e);

/* What is known of a container's run without asking it. */
struct tare_address {
	char interface[16];
	char text[46];
	bool is_ipv6;
	bool is_link_local;
};
struct tare_run {
	const char *state; /* a state word */
	pid_t pid;         /* of init, 0 = none */
	size_t address_count;
	struct tare_address addresses[32]; /* of all interfaces but lo */
};
/* Call the function for each container below lxcpath (NULL: the default) that is not stopped, in no
 * order; "INVALID STATE" is one that does not answer. A negative value of the function's ends the
 * walk. 0, or negative with e set. */
typedef int (*tare_run_fn)(void *payload, const char *name, const struct tare_run *run,
			   struct err *e);
int tare_each_run(const char *lxcpath, tare_run_fn function, void *payload, struct err *e);
/* The names (heap, sorted) of all containers below lxcpath (NULL: the default), stopped or not,
 * or of those alone that have a configuration. Their count, or negative with e set. */
int tare_list_names(const char *lxcpath, bool only_defined, char ***ret, struct err *e);

/* What was repaired, or could not be. */
struct tare_repaired {
	const char *lxcpath, *name; /* the container; name NULL: all of the lxcpath */
	const char *what;           /* a stable word */
	const char *text;           /* the same for people */
	unsigned count;             /* how many of these */
	const struct err *problem;  /* why it could not be repaired; what, text NULL */
};
typedef void (*tare_repair_fn)(void *context, const struct tare_repaired *repaired);
/*
 * Finish or undo what killed commands and crashes have left of one container or (name NULL) of all
 * below lxcpath (NULL: the default). Returns how many things were done, or negative with e set: the
 * first of the problems, which were all told.
 */
int tare_repair(const char *lxcpath, const char *name, tare_repair_fn tell, void *context,
		struct err *e);

/* Undo dead runs of one container by the way: waits for nobody, and only logs what goes wrong. */
void tare_tidy(const char *lxcpath, const char *name);

/* What lxc-monitor hears of: a change of state, or how init ended. */
struct tare_event {
	bool is_exit;
	int value;         /* wait status of init, or the state's number on the wire */
	const char *state; /* a state word; NULL: how init ended, or no state that we know */
	char name[256];    /* as the sender chose it */
};

/*
 * A connection to the lxc-monitord of a lxcpath (NULL: the default), which is started when there is
 * none. Every event after the return can be received. Returns a descriptor, to be polled for input
 * and closed, or negative with e set.
 */
int tare_monitor_connect(const char *lxcpath, struct err *e);
/* The next event, waited for: 1; 0: the daemon was asked to end, by tare_monitor_quit(); or
 * negative with e set. */
int tare_monitor_receive(int fd, struct tare_event *ret, struct err *e);
/* End the daemon. 0 when it has ended, or negative with e set, also when there is none. */
int tare_monitor_quit(const char *lxcpath, struct err *e);

/*
 * wait() with the reason why not. With `change`, the state that the container is in does not count:
 * one of `states` has to be entered. 0, 1 when the time is over, or negative with e set.
 */
int tare_wait(struct lxc_container *c, const char *states, int timeout, bool change, struct err *e);
