/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The C interface of liblxc. Names, types, offsets and meanings are those of LXC 7.0, so that
 * programs written for it compile and run unchanged; Tare adds that error_string is filled.
 *
 * A container is an object made by lxc_container_new() and given back by lxc_container_put(). Its
 * functions are members: c->start(c, …). Unless said otherwise, bool members return whether it
 * worked and pointers returned as char * are to be freed with free(). A NULL container makes every
 * member return its failure value.
 */

#include <lxc/attach_options.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define LXC_CLONE_KEEPNAME       (1 << 0) /* don't set lxc.uts.name to the new name */
#define LXC_CLONE_KEEPMACADDR    (1 << 1)
#define LXC_CLONE_SNAPSHOT       (1 << 2) /* snapshot the storage instead of copying it */
#define LXC_CLONE_KEEPBDEVTYPE   (1 << 3)
#define LXC_CLONE_MAYBE_SNAPSHOT (1 << 4) /* … where the storage can */
#define LXC_CLONE_MAXFLAGS       (1 << 5)
#define LXC_CLONE_ALLOW_RUNNING  (1 << 6)
#define LXC_CREATE_QUIET         (1 << 0) /* the template's streams are /dev/null */
#define LXC_CREATE_MAXFLAGS      (1 << 1)
#define LXC_MOUNT_API_V1         1

struct bdev_specs;
struct lxc_conf;
struct lxc_console_log;
struct lxc_lock;
struct lxc_mount;
struct lxc_snapshot;
struct migrate_opts;

struct lxc_container {
	char *name;
	char *configfile; /* full path of the configuration file */
	char *pidfile;    /* where the supervisor writes its pid; heap, freed by the library */
	struct lxc_lock *slock;
	struct lxc_lock *privlock;
	int numthreads;            /* references */
	struct lxc_conf *lxc_conf; /* NULL while there is no configuration in memory */

	/* Why the last call that failed did: several lines, the intent first. Owned by the object,
	 * valid until its next call; NULL before the first failure. */
	char *error_string;
	/* Of the last start: 1 after a failure and after a daemonised start; after one in the
	 * foreground the exit code << 8, or signal << 8 | 0x7f. */
	int error_num;
	bool daemonize;    /* use want_daemonize() */
	char *config_path; /* lxcpath */

	bool (*is_defined)(struct lxc_container *c); /* the configuration file exists */
	/* One of the words of lxc_get_wait_states(), static; "INVALID STATE" when the supervisor
	 * does not answer. */
	const char *(*state)(struct lxc_container *c);
	bool (*is_running)(struct lxc_container *c); /* the state is not STOPPED */
	bool (*freeze)(struct lxc_container *c);
	bool (*unfreeze)(struct lxc_container *c);
	pid_t (*init_pid)(
		struct lxc_container *c); /* as the caller's pid namespace has it, or -1 */
	/* Add a file (NULL: configfile) to the configuration in memory. */
	bool (*load_config)(struct lxc_container *c, const char *alt_file);
	/* useinit: run argv under an init of ours, as lxc-execute does. argv ends in NULL; NULL:
	 * what the configuration says. */
	bool (*start)(struct lxc_container *c, int useinit, char *const argv[]);
	bool (*startl)(struct lxc_container *c, int useinit, ...);
	bool (*stop)(struct lxc_container *c); /* kill, and wait until it is gone */
	bool (*want_daemonize)(struct lxc_container *c, bool state);
	bool (*want_close_all_fds)(struct lxc_container *c, bool state);
	char *(*config_file_name)(struct lxc_container *c);
	/* states: words joined by '|'; timeout in seconds, -1: none. */
	bool (*wait)(struct lxc_container *c, const char *state, int timeout);
	bool (*set_config_item)(struct lxc_container *c, const char *key, const char *value);
	bool (*destroy)(struct lxc_container *c);
	bool (*save_config)(struct lxc_container *c, const char *alt_file);
	bool (*create)(struct lxc_container *c, const char *t, const char *bdevtype,
		       struct bdev_specs *specs, int flags, char *const argv[]);
	bool (*createl)(struct lxc_container *c, const char *t, const char *bdevtype,
			struct bdev_specs *specs, int flags, ...);
	bool (*rename)(struct lxc_container *c, const char *newname);
	bool (*reboot)(struct lxc_container *c); /* only ask */
	/* Ask for a shutdown and wait so many seconds; 0: don't wait, -1: for ever. */
	bool (*shutdown)(struct lxc_container *c, int timeout);
	void (*clear_config)(struct lxc_container *c);
	bool (*clear_config_item)(struct lxc_container *c, const char *key);
	/* Returns the length of the value; copies at most inlen bytes with the NUL. retv NULL and
	 * inlen 0 ask for the length. Negative: no such key. */
	int (*get_config_item)(struct lxc_container *c, const char *key, char *retv, int inlen);
	char *(*get_running_config_item)(struct lxc_container *c, const char *key);
	int (*get_keys)(struct lxc_container *c, const char *key, char *retv, int inlen);
	/* Lists of malloced strings that end in NULL, or NULL. */
	char **(*get_interfaces)(struct lxc_container *c);
	char **(*get_ips)(struct lxc_container *c, const char *interface, const char *family,
			  int scope);
	int (*get_cgroup_item)(struct lxc_container *c, const char *subsys, char *retv, int inlen);
	bool (*set_cgroup_item)(struct lxc_container *c, const char *subsys, const char *value);
	const char *(*get_config_path)(struct lxc_container *c); /* lxcpath; not to be freed */
	bool (*set_config_path)(struct lxc_container *c, const char *path);
	struct lxc_container *(*clone)(struct lxc_container *c, const char *newname,
				       const char *lxcpath, int flags, const char *bdevtype,
				       const char *bdevdata, uint64_t newsize, char **hookargs);
	int (*console_getfd)(struct lxc_container *c, int *ttynum, int *ptxfd);
	int (*console)(struct lxc_container *c, int ttynum, int stdinfd, int stdoutfd, int stderrfd,
		       int escape);
	/* 0 and the pid of a child of the caller, or negative. options NULL: defaults. */
	int (*attach)(struct lxc_container *c, lxc_attach_exec_t exec_function, void *exec_payload,
		      lxc_attach_options_t *options, pid_t *attached_process);
	/* The wait status, or -1. */
	int (*attach_run_wait)(struct lxc_container *c, lxc_attach_options_t *options,
			       const char *program, const char *const argv[]);
	int (*attach_run_waitl)(struct lxc_container *c, lxc_attach_options_t *options,
				const char *program, const char *arg, ...);
	int (*snapshot)(struct lxc_container *c, const char *commentfile);
	int (*snapshot_list)(struct lxc_container *c, struct lxc_snapshot **snapshots);
	bool (*snapshot_restore)(struct lxc_container *c, const char *snapname,
				 const char *newname);
	bool (*snapshot_destroy)(struct lxc_container *c, const char *snapname);
	bool (*may_control)(struct lxc_container *c);
	bool (*add_device_node)(struct lxc_container *c, const char *src_path,
				const char *dest_path);
	bool (*remove_device_node)(struct lxc_container *c, const char *src_path,
				   const char *dest_path);
	bool (*attach_interface)(struct lxc_container *c, const char *dev, const char *dst_dev);
	bool (*detach_interface)(struct lxc_container *c, const char *dev, const char *dst_dev);
	bool (*checkpoint)(struct lxc_container *c, char *directory, bool stop, bool verbose);
	bool (*restore)(struct lxc_container *c, char *directory, bool verbose);
	bool (*destroy_with_snapshots)(struct lxc_container *c);
	bool (*snapshot_destroy_all)(struct lxc_container *c);
	int (*migrate)(struct lxc_container *c, unsigned int cmd, struct migrate_opts *opts,
		       unsigned int size);
	int (*console_log)(struct lxc_container *c, struct lxc_console_log *log);
	bool (*reboot2)(struct lxc_container *c, int timeout); /* and wait until it runs again */
	int (*mount)(struct lxc_container *c, const char *source, const char *target,
		     const char *filesystemtype, unsigned long mountflags, const void *data,
		     struct lxc_mount *mnt);
	int (*umount)(struct lxc_container *c, const char *target, unsigned long mountflags,
		      struct lxc_mount *mnt);
	int (*seccomp_notify_fd)(struct lxc_container *c);
	int (*seccomp_notify_fd_active)(struct lxc_container *c);
	int (*init_pidfd)(struct lxc_container *c); /* a new descriptor, or -errno */
	int (*devpts_fd)(struct lxc_container *c);
	int rcv_timeout;                                           /* use set_timeout() */
	bool (*set_timeout)(struct lxc_container *c, int timeout); /* seconds for state() */
};

struct lxc_snapshot {
	char *name;
	char *comment_pathname;
	char *timestamp; /* may be NULL */
	char *lxcpath;
	void (*free)(struct lxc_snapshot *s); /* frees what the members point at */
};

struct bdev_specs {
	char *fstype;
	uint64_t fssize; /* bytes */
	struct {
		char *zfsroot;
	} zfs;
	struct {
		char *vg;
		char *lv;
		char *thinpool;
	} lvm;
	char *dir;
	struct {
		char *rbdname;
		char *rbdpool;
		char *rbduser;
	} rbd;
};

struct lxc_mount {
	int version; /* LXC_MOUNT_API_V1 */
};

enum {
	MIGRATE_PRE_DUMP,
	MIGRATE_DUMP,
	MIGRATE_RESTORE,
	MIGRATE_FEATURE_CHECK,
};

#define FEATURE_MEM_TRACK  (1ULL << 0)
#define FEATURE_LAZY_PAGES (1ULL << 1)

struct migrate_opts {
	char *directory;
	bool verbose;
	bool stop;
	char *predump_dir;
	char *pageserver_address;
	char *pageserver_port;
	bool preserves_inodes;
	char *action_script;
	bool disable_skip_in_flight;
	uint64_t ghost_limit;
	uint64_t features_to_check;
};

struct lxc_console_log {
	bool clear;
	bool read;
	uint64_t *read_max;
	char *data;
};

struct lxc_log {
	const char *name;
	const char *lxcpath;
	const char *file; /* "none": no file; NULL: the default place */
	const char *level;
	const char *prefix; /* the program's name */
	bool quiet;         /* nothing on the standard error output */
};

/*
 * A container by name; it need not exist. configpath NULL: lxc.lxcpath of lxc.conf. Loads its
 * configuration when there is one; NULL when that fails.
 */
struct lxc_container *lxc_container_new(const char *name, const char *configpath);
/* One more reference: 1, or 0 when the object is being freed. */
int lxc_container_get(struct lxc_container *c);
/* One less: 1 when that freed it, 0 when not, -1 on failure. */
int lxc_container_put(struct lxc_container *c);

/* The state words; returns how many (8). states NULL: only that. The strings are static. */
int lxc_get_wait_states(const char **states);

/*
 * The value of an item of lxc.conf, as it is for the calling user: from the file, or the default.
 * Read once per thread; the text is valid as long as the thread lives. NULL with errno EINVAL: no
 * such item; NULL with errno 0: the item has no value. "lxc.lxcpath" and "lxc.default_config"
 * always have one, also when lxc.conf can't be read.
 */
const char *lxc_get_global_config_item(const char *key);

/* The version of LXC that the library stands for, "7.0.0". Static. */
const char *lxc_get_version(void);

/*
 * The containers below lxcpath (NULL: lxc.lxcpath): those with a configuration, those that run, or
 * both; sorted by name. names and cret may be NULL; both arrays are malloced and not terminated,
 * containers need lxc_container_put(). Returns their number, or -1.
 */
int list_defined_containers(const char *lxcpath, char ***names, struct lxc_container ***cret);
int list_active_containers(const char *lxcpath, char ***names, struct lxc_container ***cret);
int list_all_containers(const char *lxcpath, char ***names, struct lxc_container ***cret);

/* Start logging: 0, also when it was started before; negative when `file` can't be opened. */
int lxc_log_init(struct lxc_log *log);
void lxc_log_close(void);

/*
 * Whether a configuration key exists: the exact names of LXC's table, so "lxc.net" and
 * "lxc.prlimit", but not "lxc.net.0.type" or "lxc.prlimit.nofile".
 */
bool lxc_config_item_is_supported(const char *key);

/* Whether the library has an extension of LXC's interface, by its name. NULL: true. */
bool lxc_has_api_extension(const char *extension);

/* For bindings: the personality (PER_LINUX, PER_LINUX32) of an architecture's name: 0 or -1. */
int lxc_config_parse_arch(const char *arch, signed long *persona);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
