/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Templates: scripts that install a root file system and complete the configuration. They run with
 * umask 0022, as root in a mount namespace of their own, with mapped ids as root of a user
 * namespace. The download of images for names without a script comes later.
 */

#include "container/template.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "child/child.h"
#include "container/paths.h"
#include "child/userns.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"

#include "tare_paths.h"

#define LOG_CATEGORY "template"
#include "base/log.h"

enum { CONFIG_SIZE_MAX = 16 << 20, CONFIG_MODE = 0640 };

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

int template_find(const char *name, char **ret, struct err *e)
{
	autofree char *path = NULL;
	autostr script = {};
	int r;

	str_addf(&script, "lxc-%s", name);
	if (str_failed(&script))
		return no_memory(e);
	path = name[0] == '/' ? strdup(name) : path_join(PATH_TEMPLATES, str_text(&script));
	if (!path)
		return no_memory(e);
	if ((name[0] == '/' || !strchr(name, '/')) && access(path, X_OK) == 0) {
		*ret = take_ptr(path);
		return 0;
	}
	if (name[0] == '/' && access(path, F_OK) == 0) {
		r = err_set(e, ERR_TEMPLATE_FAILED, errno, "%s is no program that may be run",
			    name);
		err_hint(e, "chmod +x makes it one, if it is a template");
		return err_wrap(e, r, "Template \"%s\" not found", name);
	}
	r = err_set(e, ERR_TEMPLATE_FAILED, 0, "bad template: %s", name);
	if (name[0] == '/')
		return err_wrap(e, r, "Template \"%s\" not found", name);
	err_object(e, path);
	err_hint(e,
		 "templates are programs lxc-NAME in \"%s\"; taking the name for an image to "
		 "download is not built yet",
		 PATH_TEMPLATES);
	return err_wrap(e, r, "Template \"%s\" not found", name);
}

bool template_only_informs(const char *name, char *const *argv)
{
	bool downloads = text_ends(name, "lxc-download") || strcmp(name, "download") == 0;

	for (; argv && *argv; argv++) {
		if (strcmp(*argv, "-h") == 0 || strcmp(*argv, "--help") == 0 ||
		    strcmp(*argv, "--list") == 0 || (downloads && strcmp(*argv, "-l") == 0))
			return true;
	}
	return false;
}

/* Everything is made before the fork; the child makes system calls only. */
struct program {
	char **argv;
	const char *path;
	const char *rootfs;
	int root_fd;
	bool quiet;
	bool own_mounts;
	bool maps_ids;
};

/* What the template leaves mounted goes with it, and nobody else sees where it installs. */
static int make_mounts(const struct program *program)
{
	int target, r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return -errno;
	if (program->root_fd < 0)
		return 0;
	target = open(program->rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = target < 0 ? -errno : mount_attach(program->root_fd, target, "");
	cleanup_close(&target);
	return r;
}

static void close_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int stream = 0; fd >= 0 && stream <= STDERR_FILENO; stream++)
		if (fd == stream || dup3(fd, stream, O_CLOEXEC) >= 0)
			fcntl(stream, F_SETFD, 0);
}

/* Only on failure does it return. */
static int execute(void *argument)
{
	const struct program *program = argument;
	int r = program->own_mounts ? make_mounts(program) : 0;

	if (r < 0)
		return r;
	/* The caller's own ids are mapped, too: a set-user-id program of the host's root, mount(8)
	 * for one, would become that user inside, who may do nothing there. */
	if (program->maps_ids && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	umask(0022);
	if (program->quiet)
		close_streams();
	execv(program->path, program->argv);
	return -errno;
}

struct words {
	VEC_OF(char *) /* heap each */
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void add_word(struct words *w, const char *fmt, ...)
{
	struct str text = {};
	char **place = vec_push(w);
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	if (place && !str_failed(&text))
		*place = str_take(&text);
	else
		w->failed = true;
	str_finish(&text);
}

static void finish_words(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i]);
	vec_finish(w);
}

static int make_argv(const struct template_run *run, struct words *ret)
{
	const struct container *c = run->container;
	const struct config_idmaps *maps = &c->config->values.idmaps;
	const char *slash = strrchr(run->path, '/');

	add_word(ret, "%s", slash ? slash + 1 : run->path);
	add_word(ret, "--path=%s/%s", c->lxcpath, c->name);
	add_word(ret, "--name=%s", c->name);
	if (run->rootfs)
		add_word(ret, "--rootfs=%s", run->rootfs);
	for (char *const *at = run->argv; at && *at; at++)
		add_word(ret, "%s", *at);
	if (maps->count > 0) {
		struct userns_own own;

		userns_own_ids(maps, &own);
		add_word(ret, "--mapped-uid");
		add_word(ret, "%u", (unsigned)own.uid);
		add_word(ret, "--mapped-gid");
		add_word(ret, "%u", (unsigned)own.gid);
	}
	return ret->failed || !vec_push(ret) ? -ENOMEM : 0;
}

/* A script whose interpreter is not there is "not there" itself for execve(2). */
static void hint_at_interpreter(const char *path, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char text[256];
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *word;

	if (len < 3 || text[0] != '#' || text[1] != '!')
		return;
	text[len] = '\0';
	word = text + 2 + strspn(text + 2, " \t");
	word[strcspn(word, " \t\n")] = '\0';
	if (access(word, X_OK) < 0)
		err_hint(e, "its first line asks for \"%s\", which can't be run here", word);
}

/* 0 with its wait status, or negative. */
static int run_program(struct program *program, const struct template_run *run, int *ret_status,
		       struct err *e)
{
	const struct config_idmaps *maps = &run->container->config->values.idmaps;
	const struct userns_call call = {execute, program, run->marker_fd};
	const struct child_work work = {
		.function = execute,
		.argument = program,
		.kept_fd = run->marker_fd,
	};
	int r;

	program->maps_ids = maps->count > 0;
	program->own_mounts = geteuid() == 0 || program->maps_ids;
	r = maps->count > 0 ? userns_run(maps, &call, ret_status, e) : child_run(&work, ret_status);
	if (r == USERNS_CALL_FAILED)
		r = -*ret_status;
	else if (maps->count > 0)
		return r;
	if (r == 0)
		return 0;
	r = err_set(e, ERR_TEMPLATE_FAILED, -r, "cannot run the template \"%s\"", run->path);
	hint_at_interpreter(run->path, e);
	return r;
}

int template_run(const struct template_run *run, struct err *e)
{
	struct words words = {};
	struct program program = {
		.path = run->path,
		.rootfs = run->rootfs,
		.root_fd = run->root_fd,
		.quiet = run->quiet,
	};
	char ending[64];
	int status;
	int r = make_argv(run, &words);

	if (r < 0) {
		finish_words(&words);
		return no_memory(e);
	}
	program.argv = words.items;
	log_info("running the template \"%s\"", run->path);
	r = run_program(&program, run, &status, e);
	finish_words(&words);
	if (r == 0 && status == 0)
		return 0;
	if (r == 0) {
		process_print_status(status, ending, sizeof(ending));
		r = err_set(e, ERR_TEMPLATE_FAILED, 0, "the template \"%s\" %s", run->path, ending);
		err_hint(e, "what it printed says more");
	}
	return err_wrap(e, r, "Failed to create container from template");
}

/* A line break in an argument would become a line of the configuration (CVE-2026-23953). */
static void add_visible(struct str *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else
			str_add_char(out, (char)c);
	}
}

/* Where the old key told it, for those who look for it (spec/storage.md §11). */
static void add_config(const char *config, const char *backend, struct str *out)
{
	const char *line = text_starts(config, "lxc.rootfs.path") ? config : NULL;

	if (!line) {
		line = strstr(config, "\nlxc.rootfs.path");
		line = line ? line + 1 : NULL;
	}
	if (!line || !backend) {
		str_add(out, config);
		return;
	}
	str_add_bytes(out, config, (size_t)(line - config));
	str_addf(out, "# lxc.rootfs.backend = %s\n%s", backend, line);
}

int template_mark_config(const struct template_run *run, struct err *e)
{
	const char *path = run->container->config_file;
	autofree char *old = NULL;
	autostr text = {};
	size_t len;
	int r = file_read_all(AT_FDCWD, path, CONFIG_SIZE_MAX, &old, &len);

	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "cannot read \"%s\"", path);
	str_add(&text, "# Template used to create this container: ");
	add_visible(&text, run->path);
	str_add(&text, "\n# Parameters passed to the template:");
	for (char *const *at = run->argv; at && *at; at++) {
		str_add_char(&text, ' ');
		add_visible(&text, *at);
	}
	str_add(&text, "\n# For additional config options, please look at lxc.container.conf(5)\n\n"
		       "# Uncomment the following line to support nesting containers:\n"
		       "#lxc.include = " PATH_SHARE "/config/nesting.conf\n"
		       "# (Be aware this has security implications)\n\n");
	add_config(old, run->backend, &text);
	if (str_failed(&text))
		return no_memory(e);
	r = file_replace(AT_FDCWD, path, str_text(&text), text.len, CONFIG_MODE);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot write \"%s\"", path) : 0;
}
