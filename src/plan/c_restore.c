/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Restoring a checkpoint: the beginning and the ends are those of a start, and criu takes the place
 * of the clone and of everything inside (spec/runtime.md §22).
 *
 * Nothing runs such plans yet. What a real one needs besides: the payload's cgroup under a name
 * that is not the first choice, the terminal's number of the dump, labels, and the end of the
 * interfaces that criu makes.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"

struct words {
	VEC_OF(const char *)
};

static void add(struct compiler *c, struct words *argv, const char *word)
{
	const char **item = vec_push_in(argv, &c->arena);

	if (item)
		*item = word;
	else if (c->b.problem == 0)
		c->b.problem = -ENOMEM;
}

static int add_net(struct compiler *c, struct words *argv, size_t i, struct err *e)
{
	const struct config_net *net = &c->values->nets.items[i];
	const char *name = net->name ? net->name : compile_textf(c, "eth%zu", i);

	if (net->type != NET_VETH)
		return 0;
	if (!net->veth.pair)
		return compile_unsupported(
			c, compile_textf(c, "lxc.net.%u.veth.pair", (unsigned)net->index), "",
			"restoring an interface whose host end has no fixed name", e);
	add(c, argv, "--external");
	add(c, argv,
	    compile_textf(c, "veth[%s]:%s%s%s", name, net->veth.pair, net->link ? "@" : "",
			  net->link ? net->link : ""));
	return 0;
}

static int build_argv(struct compiler *c, const char *directory, struct words *argv, struct err *e)
{
	static const char *const fixed[] = {
		"criu",
		"restore",
		"--tcp-established",
		"--file-locks",
		"--link-remap",
		"--manage-cgroups=full",
		"--ext-mount-map",
		"auto",
		"--enable-external-sharing",
		"--enable-external-masters",
		"--enable-fs",
		"hugetlbfs",
		"--enable-fs",
		"tracefs",
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(fixed); i++)
		add(c, argv, fixed[i]);
	add(c, argv, "-D");
	add(c, argv, directory);
	add(c, argv, "-o");
	add(c, argv, compile_textf(c, "%s/restore.log", directory));
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct compiler_mount *m = &c->mounts.items[i];

		if (!mount_options_is_bind(&m->entry->options))
			continue;
		add(c, argv, "--ext-mount-map");
		add(c, argv, compile_textf(c, "%s:%s", m->target, m->entry->source));
	}
	add(c, argv, "--root");
	add(c, argv, c->values->rootfs_mount.mount);
	add(c, argv, "--restore-detached");
	add(c, argv, "--restore-sibling");
	for (size_t i = 0; i < c->values->nets.count && r >= 0; i++)
		r = add_net(c, argv, i, e);
	add(c, argv, NULL);
	return r;
}

/* The root where criu looks for it, in a mount namespace of criu's own. */
static void mount_root(struct compiler *c)
{
	const char *source = c->facts->rootfs.path, *target = c->values->rootfs_mount.mount;
	const char *origin = compile_key_origin(c, "lxc.rootfs.path");
	const char *object = compile_textf(c, "%s on %s", source, target);
	uint32_t texts[] = {plan_build_text(&c->b, source), plan_build_text(&c->b, target)};
	uint16_t tree = compile_tree_register(c);
	struct plan_step *step;

	c->r_mount_ns = plan_build_register(&c->b, REGISTER_FD, "mount namespace");
	STEP(c, SECTION_START, OP_MOUNT_NS_ENTER, "criu", "")->out = c->r_mount_ns;
	step = STEP(c, SECTION_START, OP_TREE_OPEN_HOST, object, origin);
	step->out = tree;
	step->arg[1] = texts[0];
	step->arg[2] = 1;
	step = STEP(c, SECTION_START, OP_TREE_ATTACH_HOST, object, origin);
	step->in = tree;
	step->arg[1] = texts[1];
}

static int run_criu(struct compiler *c, const char *directory, struct err *e)
{
	struct words argv = {};
	int r = build_argv(c, directory, &argv, e);
	struct plan_step *step;
	uint32_t list;

	if (r < 0 || c->b.problem)
		return r;
	list = plan_build_list(&c->b, argv.items);
	c->r_pidfd = plan_build_register(&c->b, REGISTER_FD, "init");
	c->r_pid = plan_build_register(&c->b, REGISTER_NUMBER, "pid of init");
	step = STEP(c, SECTION_START, OP_CLONE, c->request->name, "");
	step->out = c->r_pidfd;
	step->arg[0] = c->r_pid;
	step->arg[2] = 0;
	step->arg[3] = CLONE_RESTORE;
	STEP(c, SECTION_START, OP_RESTORE, directory, "")->arg[0] = list;
	STEP(c, SECTION_START, OP_MOUNT_NS_LEAVE, "criu", "")->in = c->r_mount_ns;
	return 0;
}

static int compile_steps(struct compiler *c, const char *directory, struct err *e)
{
	static int (*const before[])(struct compiler * c, struct err * e) = {
		compile_refuse_unsupported, compile_decide,         compile_root_decide,
		compile_collect_mounts,     compile_pid_file,       compile_pre_start_hooks,
		compile_console_host,       compile_cgroup_monitor, compile_cgroup_payload,
		compile_cgroup_limits,
	};
	static int (*const after[])(struct compiler * c, struct err * e) = {
		compile_cgroup_devices, compile_console_connect,  compile_stop,
		compile_undo,           compile_hook_environment,
	};
	int r = 0;

	/* Everything is one plan: what a prelude would do stands in it. */
	c->has_prelude = false;
	c->restores = true;
	for (size_t i = 0; i < ARRAY_LENGTH(before) && r >= 0; i++)
		r = before[i](c, e);
	if (r < 0)
		return r;
	if (!c->has_root) {
		r = err_set(e, ERR_CONFIG_INCOMPLETE, 0,
			    "Restoring a checkpoint needs lxc.rootfs.path");
		return r;
	}
	if (c->facts->rootfs.source.kind != SOURCE_TREE)
		return compile_unsupported(c, "lxc.rootfs.path",
					   compile_key_origin(c, "lxc.rootfs.path"),
					   "restoring into a root file system that is no directory",
					   e);
	/* Nobody is inside who could open or hand up any of these. */
	c->r_address_socket = c->r_devpts = c->r_tty = PLAN_NO_REGISTER;
	c->tty_count = 0;
	compile_fd_close(c, SECTION_START, "cgroup", c->r_born_in);
	mount_root(c);
	r = run_criu(c, directory, e);
	for (size_t i = 0; i < ARRAY_LENGTH(after) && r >= 0; i++)
		r = after[i](c, e);
	if (r >= 0)
		compile_header(c);
	return r;
}

int plan_compile_restore(const struct plan_request *request, const struct config *config,
			 const struct facts *facts, const char *directory, struct str *ret,
			 struct err *e)
{
	struct compiler c;
	int r;

	compiler_init(&c, request, config, facts);
	r = compile_steps(&c, directory, e);
	if (r >= 0)
		r = plan_build_finish(&c.b, ret, e);
	compiler_finish(&c);
	return r < 0 ? r : 0;
}
