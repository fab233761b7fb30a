/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Making snapshots: a copy of the container below itself, which keeps its name and addresses. Where
 * the storage has snapshots of its own it is one of those.
 */

#include "container/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

#include "base/macros.h"
#include "container/creation.h"
#include "container/paths.h"
#include "storage/storage.h"
#include "sys/file.h"

#define LOG_CATEGORY "snapshot"
#include "base/log.h"

enum { COMMENT_SIZE_MAX = 16 << 20 };

/* What is to become a snapshot, and what is to stand beside its configuration. */
struct making {
	struct container *container;
	const struct snapshot_options *options;
	char *lxcpath; /* heap */
	const char *type;
	char *comment; /* heap, or NULL */
	size_t comment_length;
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

/* Before anything is made: a comment that can't be read leaves no snapshot. */
static int read_comment(struct making *m, struct err *e)
{
	const char *path = m->options->comment_file;
	int r;

	if (!path)
		return 0;
	if (strcmp(path, "-") == 0)
		r = file_read_fd(STDIN_FILENO, COMMENT_SIZE_MAX, &m->comment, &m->comment_length);
	else
		r = file_read_all(AT_FDCWD, path, COMMENT_SIZE_MAX, &m->comment,
				  &m->comment_length);
	if (r == 0)
		return 0;
	r = err_set(e, ERR_FILE_READ, -r, "cannot read the comment file \"%s\"", path);
	err_hint(e, "-c takes a file, whose content becomes the comment; \"-\" is the standard "
		    "input");
	return r;
}

static int refuse_type(const struct container *c, const char *type, struct err *e)
{
	int r = err_set(e, ERR_UNSUPPORTED, 0,
			"%s's backing store cannot be backed up: there are no snapshots of the "
			"type %s",
			c->name, type);

	err_hint(e, "Your container must use another backing store type; a copy is made by "
		    "lxc-copy");
	return r;
}

static void tell_copy(const struct making *m)
{
	static const char text[] =
		"Snapshot of directory-backed container requested: making a copy. If you do want "
		"snapshots, then create an overlay clone first (lxc-copy -s), snapshot that and "
		"keep the original container pristine";

	log_warn("%s: %s", m->container->name, text);
	if (m->options->tell)
		m->options->tell(m->options->data, text);
}

static void tell_inside(const struct making *m, const struct storage_volume *volume)
{
	autostr path = {}, text = {};
	struct err why = {};
	int r = storage_inside(volume, &path, &why);

	if (r < 0)
		log_warn("%s: %s", m->container->name, err_cause(&why));
	if (r <= 0)
		return;
	str_addf(&text, "\"%s\" is a subvolume, whose content is not in the snapshot",
		 str_text(&path));
	log_warn("%s: %s", m->container->name, str_text(&text));
	if (m->options->tell)
		m->options->tell(m->options->data, str_text(&text));
}

/* Snapshots of thin volumes are worth more than what LXC allows: 1, 0 or negative. */
static int backs_up(const struct storage_volume *volume, struct err *e)
{
	if (volume->type == ROOTFS_LVM)
		return storage_snapshots_last(volume, e);
	return storage_type(volume->type)->backs_up;
}

/* Whether there are snapshots of such storage, and of which type they are. */
static int choose_type(struct making *m, struct err *e)
{
	const struct config_rootfs *rootfs = &m->container->config->values.rootfs;
	struct storage_volume volume = {};
	const struct storage_type *type;
	int r;

	if (!rootfs->path)
		return 0;
	r = storage_detect(rootfs, &volume, e);
	if (r < 0)
		return r;
	type = storage_type(volume.type);
	r = backs_up(&volume, e);
	if (r > 0)
		tell_inside(m, &volume);
	storage_volume_finish(&volume);
	if (r == 0)
		return refuse_type(m->container, type->name, e);
	if (r < 0)
		return r;
	/* A loop file's snapshot is a directory: it takes the place that it needs, no more. */
	m->type = type->type == ROOTFS_LOOP ? "dir" : type->name;
	if (type->type == ROOTFS_DIR)
		tell_copy(m);
	return 0;
}

static int write_beside(const struct container *snapshot, const char *suffix, const void *bytes,
			size_t length, struct err *e)
{
	autofree char *path = container_path(snapshot, suffix);
	int r;

	if (!path)
		return no_memory(e);
	r = file_replace(AT_FDCWD, path, bytes, length, 0644);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot write \"%s\"", path) : 0;
}

/* Before the copy counts. */
static int prepare(void *data, struct container *snapshot, struct err *e)
{
	const struct making *m = data;
	const time_t now = time(NULL);
	struct tm local;
	char stamp[64];
	size_t length;
	int r;

	if (!localtime_r(&now, &local))
		return err_set(e, ERR_SYSTEM, errno, "cannot tell the local time");
	length = strftime(stamp, sizeof(stamp), "%Y:%m:%d %H:%M:%S", &local);
	r = write_beside(snapshot, "/ts", stamp, length, e);
	if (r == 0 && m->comment)
		r = write_beside(snapshot, "/comment", m->comment, m->comment_length, e);
	return r;
}

static int copy(struct making *m, const char *name, struct err *e)
{
	const struct clone_options options = {
		.name = name,
		.lxcpath = m->lxcpath,
		.flags = LXC_CLONE_SNAPSHOT | LXC_CLONE_KEEPMACADDR | LXC_CLONE_KEEPNAME |
			 LXC_CLONE_KEEPBDEVTYPE | LXC_CLONE_MAYBE_SNAPSHOT,
		.type = m->type,
		.progress = m->options->progress,
		.progress_data = m->options->data,
		.prepare = prepare,
		.prepare_data = m,
	};

	return container_clone(m->container, &options, NULL, e);
}

/* Whether something has that name; what an interrupted command has left goes. */
static int is_taken(const struct making *m, const char *name, struct err *e)
{
	struct container *c = NULL;
	autofree char *path = NULL;
	struct stat status;
	int r = container_open_bare(name, m->lxcpath, &c, e);

	if (r < 0)
		return r;
	path = container_path(c, "");
	/* Somebody may be making it: then it is taken. */
	creation_clear(c, NULL);
	container_free(c);
	if (!path)
		return no_memory(e);
	return lstat(path, &status) == 0;
}

static bool was_overtaken(const struct making *m, const char *name, const struct err *e)
{
	return (e->id == ERR_CREATING || e->id == ERR_ALREADY_DEFINED) && is_taken(m, name, NULL);
}

/* The smallest free number, or negative. */
static int make_numbered(struct making *m, struct str *name, struct err *e)
{
	struct err why = {};
	int r = 1;

	for (int i = 0;; i++) {
		str_reset(name);
		str_addf(name, "snap%d", i);
		r = str_failed(name) ? no_memory(e) : is_taken(m, str_text(name), e);
		if (r > 0)
			continue;
		if (r == 0)
			r = copy(m, str_text(name), &why);
		/* Somebody else was quicker. */
		if (r < 0 && was_overtaken(m, str_text(name), &why))
			continue;
		if (r < 0 && e && err_is_set(&why))
			*e = why;
		return r < 0 ? r : i;
	}
}

static int make_named(struct making *m, struct str *name, struct err *e)
{
	int r = path_check_name(m->options->name, e);

	if (r == 0 && strcmp(m->options->name, "ALL") == 0)
		r = err_set(e, ERR_USAGE, 0,
			    "no snapshot can be called ALL: lxc-snapshot -d ALL "
			    "means all of them");
	str_add(name, m->options->name);
	if (r == 0 && str_failed(name))
		r = no_memory(e);
	if (r == 0)
		r = is_taken(m, str_text(name), e);
	if (r > 0) {
		r = err_set(e, ERR_ALREADY_DEFINED, EEXIST, "there is a snapshot %s already",
			    m->options->name);
		err_hint(e,
			 "choose another name, or destroy that one first: lxc-snapshot -n %s "
			 "-d %s",
			 m->container->name, m->options->name);
		return r;
	}
	return r == 0 ? copy(m, str_text(name), e) : r;
}

int snapshot_check_stopped(struct container *c, struct err *e)
{
	enum container_state state = STATE_STOPPED;
	int r = container_state(c, 0, &state, e);

	if (r < 0 || state == STATE_STOPPED)
		return r;
	r = err_set(e, ERR_ALREADY_RUNNING, 0, "container %s is running", c->name);
	err_hint(e, "stop it first: lxc-stop -P \"%s\" -n %s", c->lxcpath, c->name);
	return r;
}

static int make(struct making *m, char **ret_name, struct err *e)
{
	autostr name = {};
	int r;

	m->lxcpath = snapshot_lxcpath(m->container);
	if (!m->lxcpath)
		return no_memory(e);
	r = read_comment(m, e);
	if (r == 0)
		r = choose_type(m, e);
	if (r == 0)
		r = snapshot_make_lxcpath(m->lxcpath, e);
	if (r == 0)
		r = m->options->name ? make_named(m, &name, e) : make_numbered(m, &name, e);
	/* A first one that failed leaves an empty directory. */
	if (r < 0)
		rmdir(m->lxcpath);
	else if (ret_name)
		*ret_name = str_take(&name);
	return r;
}

int container_snapshot(struct container *c, const struct snapshot_options *options, char **ret_name,
		       struct err *e)
{
	struct making m = {.container = c, .options = options};
	int r = creation_clear(c, e);

	if (r < 0)
		return r;
	if (!container_is_defined(c))
		return err_set(e, ERR_NOT_DEFINED, 0, "container %s is not defined", c->name);
	r = c->config ? 0 : container_load_config(c, NULL, e);
	if (r == 0)
		r = snapshot_check_stopped(c, e);
	if (r == 0)
		r = make(&m, ret_name, e);
	free(m.lxcpath);
	free(m.comment);
	return r;
}
