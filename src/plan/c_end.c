/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ends: STOP, in the order of spec/runtime.md §18, and UNDO, the same behind a start that
 * failed; and what they take back of the beginning, the pid file and the state.
 *
 * A record that is undone after a crash has no supervisor, no descriptors and no hooks any more:
 * these steps are STEP_LIVE. What stays is what is on the host: links, cgroups, the pid file.
 */

#include "plan/compiler.h"

#include "base/container_state.h"

static void state(struct compiler *c, enum plan_section s, enum container_state number)
{
	struct plan_step *step = STEP(c, s, OP_STATE, container_state_name(number), "");

	step->arg[0] = number;
	if (s != SECTION_START)
		step->flags = STEP_LIVE;
}

static void pid_file(struct compiler *c, enum plan_section s, enum plan_op op)
{
	uint32_t path = plan_build_text(&c->b, c->request->pid_file);

	if (c->request->pid_file)
		STEP(c, s, op, c->request->pid_file, "")->arg[0] = path;
}

int compile_pid_file(struct compiler *c, struct err *e)
{
	if (c->has_prelude && c->facts)
		return 0;
	pid_file(c, SECTION_START, OP_PID_FILE_WRITE);
	state(c, SECTION_START, STATE_STARTING);
	return 0;
}

static void close_live(struct compiler *c, enum plan_section s, const char *object, uint16_t in)
{
	struct plan_build_steps *steps = &c->b.steps[s];
	size_t before = steps->count;

	compile_fd_close(c, s, object, in);
	if (steps->count > before)
		steps->items[before].flags = STEP_LIVE;
}

/* Everything that leads into the root, so that post-stop hooks can unmount it. */
static void close_container(struct compiler *c, enum plan_section s)
{
	close_live(c, s, "root pin", c->r_pin);
	compile_source_close(c, s);
	if (c->r_devpts != PLAN_NO_REGISTER)
		close_live(c, s, "devpts", c->r_devpts);
	for (uint32_t i = 0; i < c->tty_count; i++)
		close_live(c, s, compile_textf(c, "tty%u", (unsigned)i + 1),
			   (uint16_t)(c->r_tty + i));
	close_live(c, s, "address socket", c->r_address_socket);
	close_live(c, s, "hook output", c->r_hook_read);
}

static void close_namespaces(struct compiler *c, enum plan_section s)
{
	for (unsigned k = 0; k < NAMESPACE_COUNT; k++)
		close_live(c, s,
			   compile_textf(c, "%s namespace", namespace_name((enum namespace_kind)k)),
			   c->r_ns[k]);
}

static void live(struct compiler *c, enum plan_section s, enum plan_op op, const char *object,
		 const char *origin)
{
	STEP(c, s, op, object, origin)->flags = STEP_LIVE;
}

/* From the death of init on. */
static int compile_end(struct compiler *c, enum plan_section s, struct err *e)
{
	const char *name = c->request->name;
	int r = 0;

	if (c->facts && !c->restores)
		r = compile_net_end(c, s, e);
	state(c, s, STATE_STOPPING);
	if (r >= 0 && c->facts)
		r = compile_stop_hooks(c, s, e);
	if (r >= 0 && c->facts)
		r = compile_cgroup_end(c, s, e);
	if (r < 0)
		return r;
	close_container(c, s);
	state(c, s, STATE_STOPPED);
	close_namespaces(c, s);
	compile_source_end(c, s);
	r = compile_post_stop_hooks(c, s, e);
	if (c->has_console && c->facts)
		live(c, s, OP_CONSOLE_CLOSE, name, "");
	if (c->values->ephemeral)
		live(c, s, OP_DESTROY, name, compile_key_origin(c, "lxc.ephemeral"));
	pid_file(c, s, OP_PID_FILE_REMOVE);
	return r;
}

static void kill_child(struct compiler *c, enum plan_section s)
{
	if (c->r_pidfd != PLAN_NO_REGISTER)
		STEP(c, s, OP_KILL, c->request->name, "")->in = c->r_limit;
}

int compile_stop(struct compiler *c, struct err *e)
{
	/* Init is dead as a rule; nothing of what follows is for a living one. */
	kill_child(c, SECTION_STOP);
	live(c, SECTION_STOP, OP_EXIT_EVENT, c->request->name, "");
	return compile_end(c, SECTION_STOP, e);
}

/* A failure between entering the scratch mount namespace and leaving it leaves it now. */
int compile_undo(struct compiler *c, struct err *e)
{
	struct plan_step *step;

	state(c, SECTION_UNDO, STATE_ABORTING);
	kill_child(c, SECTION_UNDO);
	if (c->r_mount_ns != PLAN_NO_REGISTER) {
		step = STEP(c, SECTION_UNDO, OP_MOUNT_NS_LEAVE, "id-mapped mounts", "");
		step->in = c->r_mount_ns;
		step->flags = STEP_LIVE | STEP_OPTIONAL;
		for (size_t i = 0; i < c->idmapped.count; i++)
			close_live(c, SECTION_UNDO, compile_idmapped_name(c, i),
				   c->idmapped.items[i].mount->r_made);
		close_live(c, SECTION_UNDO, "places", c->r_stash);
		close_live(c, SECTION_UNDO, "user namespace", c->r_user_ns);
	}
	return compile_end(c, SECTION_UNDO, e);
}
