/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Root file systems that are more than a directory: who mounts them, and from what (spec/storage.md
 * §4). A source (storage/source.h) says what; it was looked at before.
 *
 * What is on a block device only HOST may mount, before the clone. The container gets a descriptor,
 * or, when it has a user namespace, the way of id-mapped trees (c_idmapped.c), which keeps the
 * options locked. An overlay is INIT's, behind the pre-mount hooks, which may mount what lies below
 * it; but of an id-mapped container of root's it is HOST's: marks of removed files are then the
 * trusted ones that the directory has had from the host. In a user namespace they are attributes
 * user.overlay.*, which nobody mixes with those (source.h).
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>

static const struct storage_source *source_of(const struct compiler *c)
{
	return &c->facts->rootfs.source;
}

/* Only an upper directory without trusted marks, that a hook may bring, is left to INIT. */
static bool is_overlay_of_host(const struct compiler *c)
{
	if (!c->in_user_ns || !c->facts->caller.is_root || !c->facts->caller.in_initial_user_ns)
		return false;
	return c->values->hooks[HOOK_PRE_MOUNT].count == 0 || source_of(c)->has_trusted_marks;
}

int compile_source_decide(struct compiler *c, struct err *e)
{
	const struct storage_source *source = source_of(c);
	const struct facts_caller *caller = &c->facts->caller;
	const char *origin = compile_key_origin(c, "lxc.rootfs.path");

	if (source->kind == SOURCE_TREE)
		return 0;
	if (source_is_overlay(source)) {
		c->root_is_host_made = is_overlay_of_host(c);
		return 0;
	}
	c->root_is_host_made = true;
	if (caller->is_root && caller->in_initial_user_ns)
		return 0;
	err_set(e, ERR_PERMISSION, EPERM,
		"Only root of the host can mount the root file system \"%s\"",
		c->facts->rootfs.path);
	err_origin(e, "%s", origin);
	err_hint(e, "containers of ordinary users have root file systems of the types dir, btrfs "
		    "and overlay");
	return -EPERM;
}

/* -- options */

static bool needs_user_attributes(const struct compiler *c)
{
	if (source_of(c)->has_user_marks)
		return true;
	return !c->root_is_host_made && (c->in_user_ns || !c->facts->caller.in_initial_user_ns);
}

/* Those of the source, and "userxattr" where the marks are such. */
static const char *const *options_of(struct compiler *c)
{
	const char *const *options = source_of(c)->options;
	const char **words;
	size_t count = 0;

	if (!source_is_overlay(source_of(c)) || !needs_user_attributes(c))
		return options;
	while (options && options[count])
		count++;
	words = arena_alloc(&c->arena, (count + 2) * sizeof(*words));
	if (!words) {
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
		return options;
	}
	if (count > 0)
		memcpy(words, options, count * sizeof(*words));
	words[count] = "userxattr";
	return words;
}

static uint32_t list_of(struct compiler *c)
{
	const char *const *options = options_of(c);

	return options ? plan_build_list(&c->b, options) : 0;
}

/* -- HOST */

static void make_directory(struct compiler *c, struct about about, const char *path)
{
	uint32_t text = plan_build_text(&c->b, path);
	struct plan_step *step;

	if (!path)
		return;
	step = STEP(c, SECTION_START, OP_MAKE_DIRECTORY_HOST, path, about.origin);
	step->arg[0] = text;
	step->arg[1] = 0755;
	step->arg[2] = c->root_uid;
	step->arg[3] = c->root_gid;
}

/* "/dev/loop" and the number. */
static const char *open_loop(struct compiler *c, struct about about)
{
	const struct storage_source *source = source_of(c);
	uint32_t path = plan_build_text(&c->b, source->device);
	uint16_t number;
	struct plan_step *step;

	c->r_loop = plan_build_register(&c->b, REGISTER_FD, "loop device");
	number = plan_build_register(&c->b, REGISTER_NUMBER, "number of the loop device");
	step = STEP(c, SECTION_START, OP_LOOP_OPEN, source->device, about.origin);
	step->out = c->r_loop;
	step->arg[0] = number;
	step->arg[1] = path;
	step->arg[2] = source->is_read_only;
	return compile_textf(c, "/dev/loop%s", compile_reference(c, number));
}

static const char *connect_nbd(struct compiler *c, struct about about)
{
	const struct storage_source *source = source_of(c);
	uint32_t path = plan_build_text(&c->b, source->device);
	struct plan_step *step;

	c->r_nbd = plan_build_register(&c->b, REGISTER_NAME, "network block device");
	step = STEP(c, SECTION_START, OP_NBD_CONNECT, source->device, about.origin);
	step->out = c->r_nbd;
	step->arg[0] = path;
	step->arg[1] = source->is_read_only;
	step->arg[2] = source->partition;
	return source->partition == 0 ? compile_reference(c, c->r_nbd)
				      : compile_textf(c, "%sp%u", compile_reference(c, c->r_nbd),
						      source->partition);
}

static const char *device_of(struct compiler *c, struct about about)
{
	switch (source_of(c)->kind) {
	case SOURCE_LOOP:
		return open_loop(c, about);
	case SOURCE_NETWORK:
		return connect_nbd(c, about);
	case SOURCE_TREE:
	case SOURCE_MOUNT:
		break;
	}
	return compile_literal(c, source_of(c)->device);
}

void compile_source_mount(struct compiler *c, struct about about, uint16_t out)
{
	const struct storage_source *source = source_of(c);
	const struct attributes attributes = compile_mount_attributes(&c->root_options, false);
	uint32_t type, device, options;
	struct plan_step *step;

	make_directory(c, about, source->upper);
	make_directory(c, about, source->work);
	device = plan_build_text(&c->b, device_of(c, about));
	options = list_of(c);
	if (!source->fstype) {
		step = STEP(c, SECTION_START, OP_FS_OPEN_FOUND, about.object, about.origin);
		step->arg[0] = device;
		step->arg[1] = options;
		step->arg[2] = attributes.set;
	} else {
		type = plan_build_text(&c->b, source->fstype);
		step = STEP(c, SECTION_START,
			    source->is_long ? OP_FS_OPEN_LONG_HOST : OP_FS_OPEN_HOST, about.object,
			    about.origin);
		step->arg[0] = type;
		step->arg[1] = device;
		step->arg[2] = options;
		step->arg[3] = attributes.set;
	}
	step->out = out;
	compile_fd_close(c, SECTION_START, "loop device", c->r_loop);
}

/* Without an id map or a user namespace the descriptor is inherited. */
int compile_source_host(struct compiler *c, struct err *e)
{
	struct about about = {compile_textf(c, "%s on %s", c->facts->rootfs.path,
					    c->values->rootfs_mount.mount),
			      compile_key_origin(c, "lxc.rootfs.path"), 0};

	if (!c->root_is_host_made || c->root_mount.entry)
		return 0;
	c->r_source = plan_build_register(&c->b, REGISTER_FD, "root file system");
	compile_source_mount(c, about, c->r_source);
	return 0;
}

/* -- INIT */

static void make_directory_inside(struct compiler *c, struct about about, const char *path)
{
	about.object = path;
	if (path)
		compile_make_directory(c, about, (struct place){PLAN_NO_REGISTER, path});
}

void compile_source_mount_inside(struct compiler *c, struct about about, uint16_t out)
{
	const struct storage_source *source = source_of(c);
	const struct attributes attributes = compile_mount_attributes(&c->root_options, false);
	const struct file_system fs = {source->fstype, source->device, options_of(c),
				       attributes.set, source->is_long};

	make_directory_inside(c, about, source->upper);
	make_directory_inside(c, about, source->work);
	compile_fs_open(c, about, out, &fs);
}

/* -- the end */

static void close_live(struct compiler *c, enum plan_section s, const char *object, uint16_t in)
{
	struct plan_step *step;

	if (in == PLAN_NO_REGISTER)
		return;
	step = STEP(c, s, OP_FD_CLOSE, object, "");
	step->in = in;
	step->flags = STEP_LIVE;
}

void compile_source_close(struct compiler *c, enum plan_section s)
{
	if (s != SECTION_UNDO)
		return;
	close_live(c, s, "loop device", c->r_loop);
	close_live(c, s, "root file system", c->r_source);
}

void compile_source_end(struct compiler *c, enum plan_section s)
{
	const char *origin = compile_key_origin(c, "lxc.rootfs.path");
	uint32_t path;
	struct plan_step *step;

	if (c->r_nbd == PLAN_NO_REGISTER)
		return;
	path = plan_build_text(&c->b, source_of(c)->device);
	step = STEP(c, s, OP_NBD_DISCONNECT, source_of(c)->device, origin);
	step->in = c->r_nbd;
	step->arg[0] = path;
}
