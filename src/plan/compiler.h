/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the compiler: the state that the concerns (c_*.c) share. compile.c is the table of
 * contents; each concern is one function or a few that add steps where compile.c calls them.
 */

#include <stdbool.h>

#include "plan/build.h"
#include "plan/compile.h"

/* A mount of lxc.mount.fstab, lxc.mount.entry or of what other keys add, as it will be made. */
struct compiler_mount {
	const struct mount_entry *entry;
	const char *target;  /* below the root, without a slash before it; "" = the root itself */
	const char *object;  /* "SOURCE on TARGET" */
	const char *origin;  /* "FILE:LINE KEY" */
	bool is_directory;   /* of the source */
	bool is_left_out;    /* optional, and can't be made */
	bool is_shared_tree; /* of lxc.mount.auto = shmounts: dependent once it is inside */
	const char *fstype;  /* id-mapped: of the file system that holds the source, or NULL */
	uint16_t r_user_ns;  /* id-mapped: whose map; else PLAN_NO_REGISTER */
	uint16_t r_made;     /* id-mapped: the tree that HOST makes */
	uint16_t r_tree;     /* id-mapped: the tree inside */
	uint32_t place;      /* id-mapped file: number of the place where HOST puts it */
};
struct compiler_idmapped {
	struct compiler_mount *mount;
};
struct compiler_mounts {
	VEC_OF(struct compiler_mount)
};

/* An interface of the container: one for each of values.nets, by its index; behind them further
 * ones that a pattern of type phys matches. */
struct compiler_link {
	const struct config_net *net;
	const struct facts_phys *phys; /* type phys: which one; else NULL */
};

struct compiler {
	const struct plan_request *request;
	const struct config *config;
	const struct config_values *values; /* config->values */
	const struct facts *facts;          /* NULL in a prelude */
	struct plan_build b;
	struct arena arena; /* texts while compiling */

	/* Decided once, by compile_decide() (c_ids.c). */
	uint32_t made;         /* CLONE_NEW* of all namespaces that are made, now and later */
	uint32_t clone_now;    /* CLONE_NEW* that clone makes */
	bool owes_net_gate;    /* INIT does not know yet that its interfaces are there */
	bool has_net_inside;   /* the steps that set them up are in the plan */
	uint32_t unshare_net;  /* CLONE_NEWNET when init makes it itself, after the maps */
	uint32_t unshare_late; /* CLONE_NEWCGROUP, CLONE_NEWTIME */
	bool has_user_ns, has_net_ns, has_cgroup_ns, has_mount_ns, has_pid_ns, has_ipc_ns,
		has_uts_ns;                /* made */
	bool in_user_ns;                   /* made or joined: container root is not the host's */
	bool has_root;                     /* a root file system of its own */
	bool binds_host_root;              /* the host's root must be made one that can go */
	bool root_is_host_made;            /* HOST mounts the root: see c_source.c */
	bool has_prelude;                  /* STARTING and the pre-start hooks are behind us */
	bool has_autodev;                  /* /dev is a tmpfs of ours */
	bool has_console;                  /* lxc.console.path is not `none` */
	bool console_is_inside;            /* its terminal comes from the container's devpts */
	bool restores;                     /* criu makes the processes and their interfaces */
	bool has_transient_pts;            /* terminals come from a devpts that nobody will see */
	bool joins;                        /* some namespace is shared */
	bool keeps_ns;                     /* namespaces are kept open for hooks of the end */
	bool has_inside_hooks;             /* hooks of the INIT lane: there is a hook pipe */
	uint64_t bounding;                 /* capabilities that stay */
	uint32_t root_uid, root_gid;       /* host ids of container root (ID_INVALID: unmapped) */
	uint32_t inside_uid, inside_gid;   /* the same inside: 0, or lxc.init.uid, gid */
	const char *uid_map, *gid_map;     /* of lxc.idmap, as /proc/PID/uid_map takes it */
	uint32_t tty_count;                /* 0 for application starts */
	struct compiler_mounts mounts;     /* in their order */
	struct mount_options root_options; /* lxc.rootfs.options */
	struct compiler_mount root_mount;  /* id-mapped root: its place */
	struct {
		VEC_OF(struct compiler_idmapped)
	} idmapped; /* those of both that are id-mapped */
	uint32_t idmapped_files;

	/* Registers, PLAN_NO_REGISTER while there are none. */
	uint16_t r_pid, r_pidfd, r_root, r_tree, r_console, r_console_index, r_devpts;
	uint16_t r_monitor, r_limit, r_payload, r_born_in; /* r_born_in: FD for CLONE_INTO_CGROUP */
	uint16_t r_entered; /* NUMBER: in which hierarchies the supervisor is in its own */
	uint16_t r_hook_read, r_hook_write, r_address_socket, r_procfs, r_mount_ns, r_pin,
		r_user_ns;
	uint16_t r_ns[NAMESPACE_COUNT];    /* namespaces kept open for hooks */
	uint16_t r_share[NAMESPACE_COUNT]; /* namespaces to join */
	uint16_t r_veth[64];  /* NAME of each of `links`: of the host's end, or inside */
	uint16_t r_port[64];  /* NAME of a port of Open vSwitch, which outlives its interface */
	uint16_t r_proxy[64]; /* NUMBER, l2proxy: what its link answers for */
	uint16_t r_outer;     /* FD of the mount namespace that lxc.monitor.unshare left */
	uint16_t r_net;       /* FD: the network namespace, in which interfaces are deleted */
	uint16_t r_tty, r_tty_index; /* of tty1; the others follow */
	uint16_t r_ready;            /* first of those that go up at the gate `handover` … */
	uint32_t ready_count;        /* … one behind the other */
	uint16_t r_stash, r_park, r_console_tree, r_pts;
	uint16_t r_source;  /* FD: the root file system that HOST has mounted */
	uint16_t r_loop;    /* FD: its loop device, until it is mounted */
	uint16_t r_nbd;     /* NAME: its network block device */
	uint16_t r_node[8]; /* host's device nodes, opened before /dev is covered */
	struct compiler_link links[64];
	size_t link_count;
	struct {
		struct origin origin;
		const char *key, *text;
	} last; /* what compile_origin() said */
};

/* What a step says about itself. */
struct about {
	const char *object, *origin;
	unsigned flags; /* enum plan_step_flag */
};

/* c_prelude.c: r_outer, when it is needed: the first register of the prelude and of the plan
 * proper, which finds there what the prelude has put into it. */
void compile_outer_mounts(struct compiler *c);

/* c_*.c: each 0, or negative with e set. In the order of compile.c. */
int compile_decide(struct compiler *c, struct err *e);             /* c_ids.c */
int compile_refuse_unsupported(struct compiler *c, struct err *e); /* c_unsupported.c */
int compile_console_host(struct compiler *c, struct err *e);       /* c_console.c */
int compile_cgroup_monitor(struct compiler *c, struct err *e);     /* c_cgroup.c: create, enter */
int compile_cgroup_monitor_beside(struct compiler *c, struct err *e); /* … when INIT works */
int compile_cgroup_payload(struct compiler *c, struct err *e);        /* create, init, open */
int compile_cgroup_limits(struct compiler *c, struct err *e);  /* before init enters: limits */
int compile_cgroup_enter(struct compiler *c, struct err *e);   /* moves, chown: before gate ids */
int compile_cgroup_devices(struct compiler *c, struct err *e); /* between ready and go */
int compile_cgroup_mounts(struct compiler *c, struct err *e);  /* INIT: lxc.mount.auto cgroup */
int compile_cgroup_end(struct compiler *c, enum plan_section s, struct err *e); /* STOP, UNDO */
int compile_net_host(struct compiler *c, struct err *e);   /* c_net.c: before gate net */
int compile_net_inside(struct compiler *c, struct err *e); /* INIT, before mounts */
int compile_net_end(struct compiler *c, enum plan_section s, struct err *e);
int compile_process_limits(struct compiler *c, struct err *e); /* prlimit, proc: attach's too */
int compile_limits(struct compiler *c, struct err *e);  /* c_limits.c: prlimit, proc, core-sched */
int compile_sysctls(struct compiler *c, struct err *e); /* INIT: lxc.sysctl.*, below r_procfs */
int compile_capabilities(struct compiler *c, struct err *e); /* c_caps.c: INIT */
int compile_seccomp(struct compiler *c, struct err *e);      /* c_seccomp.c: INIT */
/* compile_decide() makes r_address_socket when there is a network namespace; compile_network()
 * makes the step. */

int compile_pid_file(struct compiler *c, struct err *e);    /* c_end.c: and the state */
int compile_root_decide(struct compiler *c, struct err *e); /* c_root.c: no steps */
/* The name of a file system that can't be id-mapped; NULL for all others. */
const char *compile_unmappable(const char *fstype);
int compile_source_decide(struct compiler *c, struct err *e); /* c_source.c: no steps */
/* Before the clone, for a container without id map; HOST's descriptor stays until INIT is done. */
int compile_source_host(struct compiler *c, struct err *e);
/* The steps by which HOST mounts the root, into `out`. */
void compile_source_mount(struct compiler *c, struct about about, uint16_t out);
/* The same by INIT, of overlays. */
void compile_source_mount_inside(struct compiler *c, struct about about, uint16_t out);
/* What of it STOP and UNDO give back: descriptors, and what outlives us. */
void compile_source_close(struct compiler *c, enum plan_section s);
void compile_source_end(struct compiler *c, enum plan_section s);
int compile_root_pin(struct compiler *c, struct err *e);
int compile_root_mount(struct compiler *c, struct err *e); /* and r_root */
int compile_root_check(struct compiler *c, struct err *e);
int compile_pivot(struct compiler *c, struct err *e);
int compile_collect_mounts(struct compiler *c, struct err *e); /* c_entries.c: no steps */
int compile_idmapped_host(struct compiler *c, struct err *e);  /* c_idmapped.c: before clone */
int compile_idmapped_leave(struct compiler *c, struct err *e); /* … and behind it */
int compile_idmapped_open(struct compiler *c, struct err *e);  /* INIT, before the root */
/* What the tree that HOST makes is called, of c->idmapped. */
const char *compile_idmapped_name(const struct compiler *c, size_t i);
int compile_entries(struct compiler *c, struct err *e);      /* c_entries.c */
int compile_shared_trees(struct compiler *c, struct err *e); /* after the pivot */
int compile_mounts_slave(struct compiler *c, struct err *e); /* c_mounts.c */
int compile_automounts(struct compiler *c, struct err *e);   /* proc and sys */
int compile_dev_open(struct compiler *c, struct err *e);     /* c_dev.c: what /dev will hide */
int compile_dev_tmpfs(struct compiler *c, struct err *e);
int compile_dev_nodes(struct compiler *c, struct err *e);
int compile_transient_devpts(struct compiler *c, struct err *e); /* before the root */
int compile_devpts(struct compiler *c, struct err *e);
int compile_dev_links(struct compiler *c, struct err *e);
int compile_boot_id(struct compiler *c, struct err *e);
int compile_console_inside(struct compiler *c, struct err *e); /* c_console.c */
int compile_ttys(struct compiler *c, struct err *e);
int compile_console_connect(struct compiler *c, struct err *e); /* HOST */
int compile_stdio(struct compiler *c, struct err *e);
/* The standard streams that are the console: mask of 1, 2, 4. */
uint32_t compile_console_streams(const struct compiler *c);
int compile_shared_namespaces(struct compiler *c, struct err *e); /* c_clone.c: open them */
int compile_clone(struct compiler *c, struct err *e);
int compile_id_maps(struct compiler *c, struct err *e);     /* c_ids.c: HOST */
int compile_become_root(struct compiler *c, struct err *e); /* INIT */
/* The step that enters a hierarchy of version 1, by the register of the directory. `op`: of INIT
 * (OP_CGROUP_JOIN) or of the process in between (OP_CGROUP_JOIN_BETWEEN). */
void compile_cgroup_join(struct compiler *c, enum plan_op op, const struct facts_hierarchy *h,
			 uint16_t directory);
bool compile_raises_ambient(const struct compiler *c);
int compile_network(struct compiler *c, struct err *e); /* c_clone.c: both lanes */
int compile_network_gate(struct compiler *c, struct err *e);
int compile_address_socket(struct compiler *c, struct err *e);
int compile_late_namespaces(struct compiler *c, struct err *e);
int compile_kept_late_namespaces(struct compiler *c, struct err *e);
int compile_identity(struct compiler *c, struct err *e); /* c_exec.c: host name, keyring */
int compile_personality(struct compiler *c, struct err *e);
int compile_no_new_privs(struct compiler *c, struct err *e);
int compile_cwd(struct compiler *c, struct err *e);
int compile_exec(struct compiler *c, struct err *e);
int compile_stop(struct compiler *c, struct err *e); /* c_end.c: STOP and UNDO */
int compile_undo(struct compiler *c, struct err *e);
void compile_gate(struct compiler *c, enum plan_gate gate); /* c_clone.c */

/* c_hooks.c: one kind each, and the list in the plan's header. */
int compile_hook_pipe(struct compiler *c, struct err *e);
int compile_pre_start_hooks(struct compiler *c, struct err *e);
int compile_pre_mount_hooks(struct compiler *c, struct err *e);
int compile_mount_hooks(struct compiler *c, struct err *e);
int compile_autodev_hooks(struct compiler *c, struct err *e);
int compile_start_hook_check(struct compiler *c, struct err *e);
int compile_start_hooks(struct compiler *c, struct err *e);
int compile_start_host_hooks(struct compiler *c, struct err *e);
int compile_stop_hooks(struct compiler *c, enum plan_section s, struct err *e);
int compile_post_stop_hooks(struct compiler *c, enum plan_section s, struct err *e);
int compile_hook_environment(struct compiler *c, struct err *e);

/* compile.c: an empty compiler, and its end. */
void compiler_init(struct compiler *c, const struct plan_request *request,
		   const struct config *config, const struct facts *facts);
void compiler_finish(struct compiler *c);
/* What the supervisor asks the plan for: roles, flags, signals. */
void compile_header(struct compiler *c);

/* c_steps.c: steps that many concerns make. */
/* A path below a register's directory; PLAN_NO_REGISTER: of the lane's root directory. */
struct place {
	uint16_t base;
	const char *path;
	bool has_references; /* in `path`; else all of it is meant as it is */
};
struct file_system {
	const char *type, *source;
	const char *const *options; /* or NULL */
	uint64_t attributes;        /* MOUNT_ATTR_* */
	bool is_long;               /* mount(2) alone takes the options, short as they may be */
};
struct attributes {
	uint64_t set, clear;  /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_*; 0 = as it is */
	bool is_recursive;
	uint16_t user_ns; /* id map, or PLAN_NO_REGISTER */
};
/* Below the root of the container. */
struct place compile_inside(const struct compiler *c, const char *path);
/* The register for a tree between its opening and its attaching. */
uint16_t compile_tree_register(struct compiler *c);
void compile_tree_open(struct compiler *c, struct about about, uint16_t out, struct place from,
		       bool is_recursive);
void compile_tree_attributes(struct compiler *c, struct about about, uint16_t in,
			     const struct attributes *attributes);
void compile_tree_attach(struct compiler *c, struct about about, uint16_t in, struct place to);
void compile_fs_open(struct compiler *c, struct about about, uint16_t out,
		     const struct file_system *fs);
void compile_make_directory(struct compiler *c, struct about about, struct place at);
void compile_make_file(struct compiler *c, struct about about, struct place at);
void compile_make_link(struct compiler *c, struct about about, struct place at, const char *text);
void compile_path_open(struct compiler *c, struct about about, uint16_t out, struct place at);
void compile_umount(struct compiler *c, struct about about, struct place at);
/* The host's terminal or device that a target of ours, never a symbolic link, gets. */
void compile_attach_file(struct compiler *c, struct about about, uint16_t in, struct place to);
void compile_fd_close(struct compiler *c, enum plan_section s, const char *object, uint16_t in);
/* MOUNT_ATTR_* of options, for a bind mount or for a new file system. */
struct attributes compile_mount_attributes(const struct mount_options *options, bool is_bind);
/* The steps for them, if any. Of `rbind,ro,rslave` the first mount alone becomes read-only. */
void compile_tree_options(struct compiler *c, struct about about, uint16_t in,
			  struct attributes attributes);
/* What is left of a path below a directory, without slashes before it ("" for the directory
 * itself); NULL when it is not below. */
const char *compile_path_below(const char *path, const char *directory);

/* One net script (c_hooks.c); `extra` and `environment` end in NULL (or are NULL) and may hold
 * references. type: "up", "down". */
int compile_script(struct compiler *c, enum plan_section s, const char *text, const char *type,
		   const char *origin, const char *const *extra, const char *const *environment,
		   unsigned step_flags, struct err *e);
/* LXC_<NS>_NS=… of every namespace kept open, for script.down, stop and post-stop; appended to a
 * NULL-terminated list in the arena; and keeps them open in the first place. */
const char *const *compile_ns_environment(struct compiler *c);

/* "FILE:LINE KEY" in the arena; "" for a default. */
const char *compile_origin(struct compiler *c, struct origin origin, const char *key);
/* The same for a scalar key, by its name. */
const char *compile_key_origin(struct compiler *c, const char *key);

/* A start that needs what is not built yet: ERR_CONFIG_UNSUPPORTED. */
int compile_unsupported(struct compiler *c, const char *key, const char *origin, const char *what,
			struct err *e);

/* c_text.c: texts in the arena. Running out of memory is remembered by the builder; "" then. */
const char *compile_textf(struct compiler *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A reference to a register as a text of its own; "" for PLAN_NO_REGISTER. */
const char *compile_reference(struct compiler *c, uint16_t register_number);
/* A text of the configuration or of a caller, for a place where references may stand: nothing in it
 * counts as one. Itself, or a copy in the arena. */
const char *compile_literal(struct compiler *c, const char *literal);
/* The words of a list between commas or blanks, ending in NULL. */
const char *const *compile_words(struct compiler *c, const char *list);

/* c_caps.c: the capabilities that stay in the bounding set: by lxc.cap.drop and lxc.cap.keep, of
 * those that the kernel knows. */
uint64_t compile_bounding(const struct compiler *c);

#define STEP(c, section, op, object, origin) \
	plan_build_step(&(c)->b, (section), (op), (object), (origin))
