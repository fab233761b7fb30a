/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Steps that many concerns of the compiler make, and the translation of mount options into what
 * mount_setattr(2) takes.
 */

#include "plan/compiler.h"

#include <linux/mount.h>
#include <string.h>

#include "base/macros.h"

enum { MOUNT_OPTION_MAX = 255 };

struct place compile_inside(const struct compiler *c, const char *path)
{
	return (struct place){c->r_root, path};
}

uint16_t compile_tree_register(struct compiler *c)
{
	if (c->r_tree == PLAN_NO_REGISTER)
		c->r_tree = plan_build_register(&c->b, REGISTER_FD, "tree");
	return c->r_tree;
}

static struct plan_step *add(struct compiler *c, enum plan_op op, struct about about)
{
	struct plan_step *step = STEP(c, SECTION_START, op, about.object, about.origin);

	step->flags = (uint8_t)about.flags;
	return step;
}

/* A step whose first arguments are a base and a path. */
static struct plan_step *add_at(struct compiler *c, enum plan_op op, struct about about,
				struct place at)
{
	bool is_read = plan_op_rows[op].arguments[1].references && !at.has_references;
	const char *text = is_read ? compile_literal(c, at.path) : at.path;
	uint32_t path = plan_build_text(&c->b, text);
	struct plan_step *step = add(c, op, about);

	step->arg[0] = at.base;
	step->arg[1] = path;
	return step;
}

void compile_tree_open(struct compiler *c, struct about about, uint16_t out, struct place from,
		       bool is_recursive)
{
	struct plan_step *step = add_at(c, OP_TREE_OPEN, about, from);

	step->out = out;
	step->arg[2] = is_recursive;
}

void compile_tree_attributes(struct compiler *c, struct about about, uint16_t in,
			     const struct attributes *attributes)
{
	struct plan_step *step = add(c, OP_TREE_ATTRIBUTES, about);

	step->in = in;
	step->arg[0] = attributes->set;
	step->arg[1] = attributes->clear;
	step->arg[2] = attributes->propagation;
	step->arg[3] = attributes->is_recursive;
	step->arg[4] = attributes->user_ns;
}

void compile_tree_attach(struct compiler *c, struct about about, uint16_t in, struct place to)
{
	add_at(c, OP_TREE_ATTACH, about, to)->in = in;
}

void compile_attach_file(struct compiler *c, struct about about, uint16_t in, struct place to)
{
	struct plan_step *step = add_at(c, OP_TREE_ATTACH, about, to);

	step->in = in;
	step->arg[2] = 1;
}

/* Lower directories of an overlay, as a rule: fsconfig(2) takes no more. */
static bool has_long_option(const char *const *options)
{
	for (size_t i = 0; options && options[i]; i++)
		if (strlen(options[i]) > MOUNT_OPTION_MAX)
			return true;
	return false;
}

void compile_fs_open(struct compiler *c, struct about about, uint16_t out,
		     const struct file_system *fs)
{
	uint32_t options = fs->options ? plan_build_list(&c->b, fs->options) : 0;
	bool is_long = fs->is_long || has_long_option(fs->options);
	enum plan_op op = is_long ? OP_FS_OPEN_LONG : OP_FS_OPEN;
	uint32_t type = plan_build_text(&c->b, fs->type);
	uint32_t source = plan_build_text(&c->b, fs->source);
	struct plan_step *step = add(c, op, about);

	step->out = out;
	step->arg[0] = type;
	step->arg[1] = source;
	step->arg[2] = options;
	step->arg[3] = fs->attributes;
}

void compile_make_directory(struct compiler *c, struct about about, struct place at)
{
	add_at(c, OP_MAKE_DIRECTORY, about, at)->arg[2] = 0755;
}

void compile_make_file(struct compiler *c, struct about about, struct place at)
{
	add_at(c, OP_MAKE_FILE, about, at)->arg[2] = 0;
}

void compile_make_link(struct compiler *c, struct about about, struct place at, const char *text)
{
	uint32_t offset = plan_build_text(&c->b, text);

	add_at(c, OP_MAKE_LINK, about, at)->arg[2] = offset;
}

void compile_path_open(struct compiler *c, struct about about, uint16_t out, struct place at)
{
	add_at(c, OP_PATH_OPEN, about, at)->out = out;
}

void compile_umount(struct compiler *c, struct about about, struct place at)
{
	add_at(c, OP_UMOUNT, about, at);
}

void compile_fd_close(struct compiler *c, enum plan_section s, const char *object, uint16_t in)
{
	if (in != PLAN_NO_REGISTER)
		STEP(c, s, OP_FD_CLOSE, object, "")->in = in;
}

static uint64_t propagation_of(uint32_t bits)
{
	static const struct {
		uint32_t bit;
		uint64_t propagation;
	} kinds[] = {
		{MOUNT_SHARED, MS_SHARED},
		{MOUNT_SLAVE, MS_SLAVE},
		{MOUNT_PRIVATE, MS_PRIVATE},
		{MOUNT_UNBINDABLE, MS_UNBINDABLE},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (bits & kinds[i].bit)
			return kinds[i].propagation;
	return 0;
}

/*
 * A bind mount keeps what its source has (LXC adds the options to the flags of the source file
 * system), with one exception: `dev` takes nodev away.
 */
struct attributes compile_mount_attributes(const struct mount_options *options, bool is_bind)
{
	static const struct {
		uint32_t flag;
		uint64_t attribute;
	} flags[] = {
		{MOUNT_RO, MOUNT_ATTR_RDONLY},
		{MOUNT_NOSUID, MOUNT_ATTR_NOSUID},
		{MOUNT_NODEV, MOUNT_ATTR_NODEV},
		{MOUNT_NOEXEC, MOUNT_ATTR_NOEXEC},
		{MOUNT_NODIRATIME, MOUNT_ATTR_NODIRATIME},
		{MOUNT_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
	};
	const uint32_t atime = MOUNT_NOATIME | MOUNT_RELATIME | MOUNT_STRICTATIME;
	struct attributes a = {
		.propagation = propagation_of(options->propagation),
		.is_recursive = options->propagation_recursive,
		.user_ns = PLAN_NO_REGISTER,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
		if (options->set & flags[i].flag)
			a.set |= flags[i].attribute;
	if (options->set & MOUNT_NOATIME)
		a.set |= MOUNT_ATTR_NOATIME;
	else if (options->set & MOUNT_STRICTATIME)
		a.set |= MOUNT_ATTR_STRICTATIME;
	if (is_bind && (options->set & atime))
		a.clear |= MOUNT_ATTR__ATIME;
	if (is_bind && (options->clear & MOUNT_NODEV))
		a.clear |= MOUNT_ATTR_NODEV;
	return a;
}

void compile_tree_options(struct compiler *c, struct about about, uint16_t in, struct attributes a)
{
	struct attributes top = a;

	if (a.is_recursive && (a.set || a.clear)) {
		top.propagation = 0;
		top.is_recursive = false;
		compile_tree_attributes(c, about, in, &top);
		a.set = a.clear = 0;
	}
	if (a.set || a.clear || a.propagation)
		compile_tree_attributes(c, about, in, &a);
}

const char *compile_path_below(const char *path, const char *directory)
{
	size_t length = directory ? strlen(directory) : 0;
	const char *rest;

	while (length > 0 && directory[length - 1] == '/')
		length--;
	if (!directory || strncmp(path, directory, length) != 0)
		return NULL;
	rest = path + length;
	if (*rest != '/' && *rest != '\0')
		return NULL;
	return rest + strspn(rest, "/");
}
