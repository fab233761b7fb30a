/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container object: what the library and the commands do with one container.
 *
 * A container is a name below an lxcpath; it need not exist. Its configuration is kept in memory
 * (NULL until one is loaded or an item is set). Functions that explain take `struct err *e` last
 * (may be NULL) and return 0, a documented positive outcome, or a negative number.
 *
 * Not thread-safe: the API layer locks (api/object.h). Nothing here prints; warnings go to
 * base/log.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/config.h"
#include "copy/copy.h"
#include "run/record.h"

struct container_path {
	struct container_path *next;
	char *text;
};

struct container {
	char *name;            /* heap */
	char *lxcpath;         /* heap: absolute or as given, without slashes at its end */
	char *config_file;     /* heap: LXCPATH/NAME/config, or what replaces it */
	struct config *config; /* heap, or NULL */
	bool is_looked_at;     /* by container_open_to_look() */

	/* Called once by the functions that may last (start, attach, shutdown, reboot), as soon as
	 * they have read all they need from the configuration; NULL = not wanted. For locks of the
	 * API layer. */
	void (*release)(void *context);
	void *release_context;

	/* Former values of lxcpath (heap), until the object's end: questions of other threads take
	 * no lock. */
	struct container_path *former;
};

/* What those functions call then. */
void container_release(struct container *c);

/* object.c ------------------------------------------------------------------------------------ */

/*
 * An object for a name. lxcpath NULL = lxc.lxcpath of lxc.conf. Loads the configuration when the
 * file exists; an abandoned creation ("partial" marker that nobody holds) is undone here. On
 * failure *ret is untouched.
 */
int container_open(const char *name, const char *lxcpath, struct container **ret, struct err *e);
/* The same for looking only: what the configuration says about logging is left alone, because the
 * lxcpath may be another user's, who would have root open any file of the host; no lock is waited
 * for. */
int container_open_to_look(const char *name, const char *lxcpath, struct container **ret,
			   struct err *e);
/* The same without loading anything. */
int container_open_bare(const char *name, const char *lxcpath, struct container **ret,
			struct err *e);
void container_free(struct container *c);

/* Whether the configuration file exists. */
bool container_is_defined(const struct container *c);
/* Another lxcpath: config_file follows, nothing is loaded. The former text stays until the end of
 * the object. */
int container_set_lxcpath(struct container *c, const char *lxcpath, struct err *e);
/* Add a file (NULL = config_file) to the configuration, which is made when there is none. */
int container_load_config(struct container *c, const char *path, struct err *e);
/* Write it (NULL = config_file), making the container's directory (0770). Without a configuration
 * lxc.default_config is loaded first. */
int container_save_config(struct container *c, const char *path, struct err *e);
/* lxc.default_config, when there is no configuration yet; a missing file means the defaults. */
int container_load_default(struct container *c, struct err *e);
void container_clear_config(struct container *c);
/* Set an item ("(API)", "(command line)"), making a configuration when there is none. */
int container_set_item(struct container *c, const char *key, const char *value, const char *source,
		       struct err *e);

/* lxc.lxcpath and the like: an item of lxc.conf; NULL = unset. Thread-lifetime text. */
const char *container_system_item(const char *key);

/* "LXCPATH/NAME" + suffix ("", "/config", "/rootfs", "/partial"); heap, NULL when memory is out. */
char *container_path(const struct container *c, const char *suffix);

/* The disk lock RUNDIR/lxc/lock/LXCPATH/.NAME (OFD write lock), for writing; waits 10 seconds.
 * Returns its descriptor, to be closed to unlock, or negative, saying who holds it. */
int container_lock_disk(const struct container *c, struct err *e);
/* By whoever holds it, behind a destruction; who waits for it takes the next one. */
void container_remove_lock(const struct container *c);
/* For reading, which is possible without it, too: tries for 100 ms. -errno. */
int container_lock_to_read(const struct container *c);

/* "/run" when the effective user or group owns it, else XDG_RUNTIME_DIR, else ~/.cache/lxc/run.
 * Heap. */
int container_run_directory(char **ret, struct err *e);

/* start.c ------------------------------------------------------------------------------------- */

struct start_options {
	bool application; /* useinit */
	bool daemonise;
	bool close_fds;
	char *const *argv;     /* the command, NULL = of the configuration */
	const char *pid_file;  /* absolute, or NULL */
	bool explain_in_place; /* exec: the supervisor prints errors, for foreground commands */
	bool command_status;   /* exec: exit as the command did */
	bool trace;
	uint32_t fault_step; /* tests: see record.h */
	int fault_errno;
	int fault_place;
	/* Foreground commands: the tool's own argv, shown by ps for the supervisor. */
	char *const *title;
};

struct start_result {
	int exit_status; /* foreground: wait status of init */
	pid_t init_pid;  /* daemonised */
};

/*
 * Start. Daemonised: returns when RUNNING. Else: when the container has ended. Positive outcome
 * START_ALREADY_RUNNING: nothing was done.
 */
enum { START_ALREADY_RUNNING = 1 };
int container_start(struct container *c, const struct start_options *options,
		    struct start_result *ret, struct err *e);

/* Foreground, in place: the calling process becomes the supervisor (execve). Returns only on
 * failure, or with START_ALREADY_RUNNING. */
int container_start_exec(struct container *c, const struct start_options *options, struct err *e);

/* The plan that a start would execute now (both, when it begins with a prelude), as text or JSON.
 * Changes nothing. */
enum plan_form { PLAN_AS_TEXT, PLAN_AS_JSON };
int container_print_plan(struct container *c, const struct start_options *options,
			 enum plan_form form, struct str *out, struct err *e);

/* control.c: a running container ---------------------------------------------------------------*/

/* `timeout`: seconds, 0 or less = that of all requests; a supervisor that doesn't answer is
 * -ETIMEDOUT with e set, never "stopped". */
int container_state(struct container *c, int timeout, enum container_state *ret, struct err *e);
/* Host pid of init as seen here; 0 = not running. */
int container_init_pid(struct container *c, pid_t *ret, struct err *e);
/* New descriptors; -ECONNREFUSED when stopped, -EBADF when there is none. */
int container_init_pidfd(struct container *c, struct err *e);
int container_devpts_fd(struct container *c, struct err *e);
int container_seccomp_fd(struct container *c, struct err *e);
/* Value of a running item, appended. Positive 1: unknown, unset or not running. */
int container_running_item(struct container *c, const char *key, struct str *out, struct err *e);
/* 0 allowed (also when not running), -EPERM. */
int container_may_control(struct container *c, struct err *e);
/* lxc.signal.stop, and wait until the supervisor is gone. 0 also when not running. */
int container_stop(struct container *c, struct err *e);
/* seconds; 0 = only ask; -1 = for ever. Positive 1: the time was over. 0 when not running. */
int container_shutdown(struct container *c, int timeout, struct err *e);
/* wait: for RUNNING of the next run within `timeout` seconds (-1 = for ever). Positive 1: time
 * over; 2: not running. */
int container_reboot(struct container *c, bool wait, int timeout, struct err *e);
int container_freeze(struct container *c, struct err *e);
int container_unfreeze(struct container *c, struct err *e);
/* states: "STOPPED|RUNNING"; seconds, -1 = for ever. Positive 1: time over. */
int container_wait(struct container *c, const char *states, int timeout, struct err *e);
/* The same, but that the state which the container is in does not count: one of them has to be
 * entered. For STOPPED, a run has to end. */
int container_wait_for_change(struct container *c, const char *states, int timeout, struct err *e);
/* A cgroup file of the limit directory, by v1 or v2 name. -ESRCH: not running. */
int container_get_cgroup_item(struct container *c, const char *file, struct str *out,
			      struct err *e);
int container_set_cgroup_item(struct container *c, const char *file, const char *value,
			      struct err *e);

/* console.c ------------------------------------------------------------------------------------*/

/*
 * A tty: 0 = the console, 1 …, or -1 = the first free one; *tty becomes its number. Returns the
 * lease, a descriptor to be closed to give the tty back, with the pty's master in *ret_master_fd;
 * or negative: -ENXIO there is no such tty, -EBUSY somebody has it, -ESRCH not running.
 */
int container_console_fd(struct container *c, int *tty, int *ret_master_fd, struct err *e);

enum { CONSOLE_ESCAPE_MAX = 26 };

struct console_look {
	int tty;
	int input_fd;   /* a terminal becomes raw; negative: nothing goes in */
	int output_fd;  /* negative: what comes out is thrown away */
	int message_fd; /* where to say how to leave; negative: nowhere */
	int escape;     /* 1 = Ctrl+a … 26 = Ctrl+z, then `q`: leave; others: there is no way */
	bool owns_process; /* see struct relay */
};
/*
 * Look at a tty until the user leaves, the input or the container ends. Returns 0, the number of
 * the signal that asked for the end, or negative with e set.
 */
int container_console(struct container *c, const struct console_look *how, struct err *e);

struct console_log_query {
	bool clear, read; /* empty the buffer; first read (and take) what is in it */
	uint64_t max;     /* bytes to read, the oldest ones; 0 = all */
};
/* What lxc.console.buffer.size keeps, appended. 0; -ENODATA nothing to read; -EFAULT no buffer;
 * -ESRCH not running. */
int container_console_log(struct container *c, const struct console_log_query *query,
			  struct str *out, struct err *e);

/* attach.c -------------------------------------------------------------------------------------*/

struct lxc_attach_options_t; /* include/lxc/attach_options.h */

/*
 * Attach with a function that runs in the new process (LXC's contract). options NULL = defaults;
 * namespaces of -1 are replaced in the caller's struct. *ret_pid: a direct child of the caller.
 */
int container_attach(struct container *c, int (*function)(void *payload), void *payload,
		     struct lxc_attach_options_t *options, pid_t *ret_pid, struct err *e);

/* For lxc-attach: the calling process becomes the relay (execve of the static program, sealed when
 * the container is privileged), which exits as the command did. argv NULL = the user's shell.
 * Returns only on failure. */
struct attach_command {
	char *const *argv;
	const char *pty_log; /* file, or NULL */
	char *const *title;  /* the tool's argv */
};
int container_attach_exec(struct container *c, const struct attach_command *command,
			  struct lxc_attach_options_t *options, struct err *e);

/* create.c, destroy.c --------------------------------------------------------------------------*/

struct create_options {
	const char *template_name; /* name or absolute path; NULL = none */
	const char *backend;       /* NULL = dir; a type, "none" = dir, "best", or a comma list */
	const char *directory;     /* dir: place of the root file system, or NULL */
	/* Kinds with a file system of their own: NULL = ext4, 0 = 1 GiB. */
	const char *fstype;
	uint64_t size; /* bytes */
	/* NULL: those of lxc.conf; names: the container's. */
	const char *lvm_group, *lvm_volume, *lvm_thin_pool;
	const char *zfs_root;
	const char *rbd_pool, *rbd_image, *rbd_user;
	bool quiet;
	char *const *argv; /* of the template, or NULL */
};
int container_create(struct container *c, const struct create_options *options, struct err *e);

/* Positive outcomes: what stands in the way. */
enum { DESTROY_NOT_DEFINED = 1, DESTROY_RUNNING, DESTROY_HAS_SNAPSHOTS, DESTROY_HAS_CLONES };
int container_destroy(struct container *c, struct err *e);

/*
 * The same with its snapshots, or with the containers that need its storage as well (and their
 * snapshots). Nothing is touched when one of those that would go runs or is needed by others, who
 * are named in e then (DESTROY_HAS_CLONES).
 */
enum { DESTROY_WITH_SNAPSHOTS = 1, DESTROY_WITH_CLONES = 2 };
int container_destroy_with(struct container *c, unsigned flags, struct err *e);

/* clone.c, rename.c ----------------------------------------------------------------------------*/

struct clone_options {
	const char *name;       /* of the copy; NULL = the same */
	bool is_hidden;         /* it may begin with a dot */
	const char *lxcpath;    /* where it is put, which must exist; NULL = beside the source */
	unsigned flags;         /* LXC_CLONE_* */
	const char *type;       /* kind of storage; NULL = chosen (spec/storage.md §6) */
	const char *fstype;     /* of kinds with a file system of their own; NULL = the source's */
	uint64_t size;          /* of these, in bytes; 0 = the source's */
	char *const *arguments; /* further ones for lxc.hook.clone, or NULL */
	/* Called when the copy's storage is there and `copy->config` is its configuration, which
	 * is saved behind it: for what else is to be in it, or in its directory. May be NULL. */
	int (*prepare)(void *data, struct container *copy, struct err *e);
	void *prepare_data;
	copy_progress_fn progress; /* of a full copy; NULL */
	void *progress_data;
	const atomic_bool *cancel; /* ends it with -ECANCELED; NULL */
};

/*
 * Copy a container: configuration, storage, files that its configuration names in its directory,
 * dependencies. Journalled: what fails, is cancelled or killed leaves nothing. `ret` (may be NULL)
 * gets an object for the copy. 0 or negative: ERR_NOT_DEFINED, ERR_ALREADY_RUNNING,
 * ERR_ALREADY_DEFINED; -EOPNOTSUPP: there is no such copy or snapshot.
 */
int container_clone(struct container *c, const struct clone_options *options,
		    struct container **ret, struct err *e);

/*
 * Another name in the same lxcpath. Nothing is copied: storage keeps its place on the disk, MAC
 * addresses, snapshots and dependencies stay. lxc.uts.name and /etc/hostname become the new name
 * unless `keep_name`; clone hooks run before anything has changed. Journalled: behind a kill it is
 * undone, or finished. The object keeps the old name. Refused while it runs and while others need
 * its storage.
 */
struct rename_options {
	bool keep_name;
	char *const *arguments; /* further ones for lxc.hook.clone, or NULL */
};
int container_rename(struct container *c, const char *name, const struct rename_options *options,
		     struct err *e);

/* list.c ---------------------------------------------------------------------------------------*/

struct container_names {
	VEC_OF(char *) /* heap each, sorted, unique */
};
void container_names_finish(struct container_names *names);
/* lxcpath NULL = the default one. A missing lxcpath is no container. */
int container_list_defined(const char *lxcpath, struct container_names *ret, struct err *e);
int container_list_active(const char *lxcpath, struct container_names *ret, struct err *e);
/* Both. Of the defined ones nobody looks whether they run. */
int container_list_all(const char *lxcpath, struct container_names *ret, struct err *e);

/* interfaces.c: of a running container, sorted. 0, 1 = not running, or negative. */
int container_interfaces(struct container *c, struct container_names *ret, struct err *e);

/* device_node.c, interface_move.c: for root, about a running container (-ESRCH when it isn't).
 * ---*/

/* A node like the host's `source` at `target` inside (NULL = the same path), which its device
 * cgroup then allows. One that is there is no error; a file with content or a directory is, and
 * a directory of the host's at the same path. */
int container_add_device_node(struct container *c, const char *source, const char *target,
			      struct err *e);
/* The node at `target` (NULL = source) goes, and the device is denied: that of the host's `source`,
 * when there is one, even if the node can't be removed. */
int container_remove_device_node(struct container *c, const char *source, const char *target,
				 struct err *e);
/* Move an interface of the caller's network namespace into the container's, or back; `new_name`
 * NULL = it keeps its name. -ENODEV: there is none; -EEXIST: the name is taken there;
 * -EINVAL: both have the same namespace, or the kernel doesn't move such interfaces. */
int container_attach_interface(struct container *c, const char *name, const char *new_name,
			       struct err *e);
int container_detach_interface(struct container *c, const char *name, const char *new_name,
			       struct err *e);

/* What listing shows of a run, without talking to anybody. */
struct container_run {
	enum container_state state;
	pid_t init_pid, supervisor_pid;
	size_t address_count;
	struct record_address addresses[RECORD_ADDRESSES_MAX];
};
/* From the run record, or over the wire for containers of genuine LXC. 0; 1 = not running. */
int container_look(const struct container *c, struct container_run *ret, struct err *e);
/*
 * Call the function for each container below lxcpath (NULL: the default one) that is not stopped,
 * in no order; the state is STATE_COUNT of one that holds its address and does not answer. A
 * negative value of the function's ends the walk. 0, or negative with e set.
 */
typedef int (*container_run_fn)(void *payload, const char *name, const struct container_run *run,
				struct err *e);
int container_each_run(const char *lxcpath, container_run_fn function, void *payload,
		       struct err *e);
