/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console and the ttys (spec/runtime.md §10), and what init's standard streams are.
 *
 * The console is a terminal of the container's devpts, or of one that exists only while terminals
 * are made (c_dev.c); HOST gets it at the gate `handover` and connects it behind that. One of the
 * host's would do with less, but a bind of it leads to the host's devpts: a privileged container
 * that remounts what it sees read-only when it goes down (`umount -a -r`) would take the terminals
 * of the whole host along. That is left to containers without any place for a devpts.
 *
 * The ops that bind terminals make targets that are missing, with the directories above them.
 */

#include "plan/compiler.h"

int compile_console_host(struct compiler *c, struct err *e)
{
	struct plan_step *step;

	if (!c->has_console)
		return 0;
	c->r_console_index = plan_build_register(&c->b, REGISTER_NUMBER, "index of the console");
	if (c->console_is_inside)
		return 0;
	c->r_console = plan_build_register(&c->b, REGISTER_FD, "console");
	step = STEP(c, SECTION_START, OP_CONSOLE_OPEN, "the console",
		    compile_key_origin(c, "lxc.console.path"));
	step->out = c->r_console;
	step->arg[0] = c->r_console_index;
	step->arg[1] = c->in_user_ns ? c->root_uid : ID_INVALID;
	step->arg[2] = c->in_user_ns ? c->root_gid : ID_INVALID;
	return 0;
}

static void make_tty(struct compiler *c, const char *target, const char *origin, uint16_t out,
		     uint16_t index)
{
	uint32_t text = plan_build_text(&c->b, target);
	struct plan_step *step = STEP(c, SECTION_START, OP_TTY_MAKE, target, origin);

	step->in = c->r_pts;
	step->out = out;
	step->arg[0] = c->r_root;
	step->arg[1] = text;
	step->arg[2] = index;
}

static void bind_console(struct compiler *c, const char *target, const char *origin)
{
	struct about about = {target, origin, 0};
	uint32_t text = plan_build_text(&c->b, target);
	struct plan_step *step;

	if (!c->has_autodev)
		compile_umount(c, about, compile_inside(c, target));
	if (c->console_is_inside) {
		make_tty(c, target, origin, c->r_console, c->r_console_index);
	} else if (c->r_console_tree != PLAN_NO_REGISTER) {
		compile_make_file(c, about, compile_inside(c, target));
		compile_attach_file(c, about, c->r_console_tree, compile_inside(c, target));
	} else {
		step = STEP(c, SECTION_START, OP_CONSOLE_BIND, target, origin);
		step->in = c->r_console_index;
		step->arg[0] = c->r_root;
		step->arg[1] = text;
	}
}

int compile_console_inside(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.console.path");
	const char *dir = c->values->tty.dir, *first;
	struct about about = {"dev/console", origin, 0};

	if (!c->has_console)
		return 0;
	if (!dir) {
		bind_console(c, "dev/console", origin);
		return 0;
	}
	first = compile_textf(c, "dev/%s/console", dir);
	bind_console(c, first, origin);
	compile_make_file(c, about, compile_inside(c, "dev/console"));
	if (!c->has_autodev)
		compile_umount(c, about, compile_inside(c, "dev/console"));
	compile_tree_open(c, about, compile_tree_register(c), compile_inside(c, first), false);
	compile_attach_file(c, about, c->r_tree, compile_inside(c, "dev/console"));
	return 0;
}

static void add_tty(struct compiler *c, uint32_t i, const char *origin)
{
	const char *dir = c->values->tty.dir;
	const char *name = compile_textf(c, "tty%u", (unsigned)i + 1);
	const char *plain = compile_textf(c, "dev/%s", name);
	const char *target = dir ? compile_textf(c, "dev/%s/%s", dir, name) : plain;

	make_tty(c, target, origin, (uint16_t)(c->r_tty + i), (uint16_t)(c->r_tty_index + i));
	if (dir)
		compile_make_link(c, (struct about){plain, origin, 0}, compile_inside(c, plain),
				  compile_textf(c, "%s/%s", dir, name));
}

int compile_ttys(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.tty.max");

	for (uint32_t i = 0; i < c->tty_count; i++)
		add_tty(c, i, origin);
	/* With a root of its own the pivot takes it away. */
	if (c->has_transient_pts && !c->has_root) {
		const char *path = c->values->rootfs_mount.mount;

		compile_umount(c, (struct about){path, origin, 0},
			       (struct place){PLAN_NO_REGISTER, path});
	}
	return 0;
}

static void connect_peer(struct compiler *c)
{
	const char *path = c->values->console.path;
	uint32_t text = plan_build_text(&c->b, path);

	if (!path && !c->request->is_foreground)
		return;
	STEP(c, SECTION_START, OP_CONSOLE_PEER, path ? path : "the terminal",
	     compile_key_origin(c, "lxc.console.path"))
		->arg[0] = text;
}

int compile_console_connect(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	uint32_t text = plan_build_text(&c->b, v->console.logfile);
	struct plan_step *step;

	if (!c->has_console)
		return 0;
	connect_peer(c);
	if (v->console.logfile) {
		step = STEP(c, SECTION_START, OP_CONSOLE_LOG, v->console.logfile,
			    compile_key_origin(c, "lxc.console.logfile"));
		step->arg[0] = text;
		step->arg[1] = v->console.size;
		step->arg[2] = v->console.rotate;
	}
	if (v->console.buffer_size) {
		step = STEP(c, SECTION_START, OP_CONSOLE_BUFFER, "the console",
			    compile_key_origin(c, "lxc.console.buffer.size"));
		step->arg[0] = v->console.buffer_size;
	}
	return 0;
}

uint32_t compile_console_streams(const struct compiler *c)
{
	const struct facts *f = c->facts;

	if (!c->has_console)
		return 0;
	if (!c->request->is_application || !c->request->is_foreground)
		return 1 | 2 | 4;
	return (f->streams.stdin_is_tty ? 1 : 0) | (f->streams.stdout_is_tty ? 2 : 0) |
	       (f->streams.stderr_is_tty ? 4 : 0);
}

int compile_stdio(struct compiler *c, struct err *e)
{
	const char *origin = compile_key_origin(c, "lxc.console.path");
	uint32_t streams = compile_console_streams(c);
	uint32_t path = plan_build_text(&c->b, "dev/console");
	struct plan_step *step;

	if (streams) {
		step = STEP(c, SECTION_START, OP_STDIO_CONSOLE, "/dev/console", origin);
		step->arg[0] = c->r_root;
		step->arg[1] = path;
		step->arg[2] = streams;
	} else if (!c->has_console && !c->request->is_foreground) {
		STEP(c, SECTION_START, OP_STDIO_NULL, "/dev/null", origin);
	}
	/* Start hooks have made one already. */
	if (c->values->hooks[HOOK_START].count == 0)
		STEP(c, SECTION_START, OP_SETSID, "init", "");
	return 0;
}
