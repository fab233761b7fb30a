/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a kernel's configuration is, and what is in it. Its head names the version it is for
 * ("# Linux/x86 6.18.44 Kernel Configuration"); each option that is set is a line of its own.
 *
 * A compressed file is handed to the program that unpacks it: every distribution has gzip.
 */

#include "tools/checkconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONFIG_MAX = 16 << 20, PIECE = 64 << 10, MAGIC_MAX = 6 };

/* How files that are compressed begin, and who unpacks them to the standard output. */
struct unpacker {
	const char *magic;
	const char *program, *options;
};

static const struct unpacker unpackers[] = {
	{"\x1f\x8b", "gzip", "-dc"},
	{"BZh", "bzip2", "-dc"},
	{"\xfd"
	 "7zXZ",
	 "xz", "-dc"},
	{"\x28\xb5\x2f\xfd", "zstd", "-dcq"},
	{"\x04\x22\x4d\x18", "lz4", "-dc"},
};

/* Everything up to the end. 0 or -errno. */
static int read_all(int fd, struct str *out)
{
	autofree char *piece = malloc(PIECE);

	while (piece && out->len <= CONFIG_MAX) {
		ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return str_failed(out) ? -ENOMEM : 0;
		str_add_bytes(out, piece, (size_t)n);
	}
	return piece ? -EFBIG : -ENOMEM;
}

static const struct unpacker *find_unpacker(int fd)
{
	char begin[MAGIC_MAX] = {0};
	ssize_t n = pread(fd, begin, sizeof(begin), 0);

	for (size_t i = 0; n > 0 && i < ARRAY_LENGTH(unpackers); i++) {
		if (strncmp(begin, unpackers[i].magic, strlen(unpackers[i].magic)) == 0)
			return &unpackers[i];
	}
	return NULL;
}

static int spawn(const struct unpacker *u, int from_fd, int to_fd, pid_t *ret)
{
	char *const argv[] = {(char *)u->program, (char *)u->options, NULL};
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, from_fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, to_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnp(ret, u->program, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int unpack(const struct unpacker *u, const char *path, int fd, struct str *out,
		  struct err *e)
{
	int pipe_fds[2], status = 0, r;
	pid_t child = -1;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a pipe");
	r = spawn(u, fd, pipe_fds[1], &child);
	close(pipe_fds[1]);
	if (r < 0) {
		close(pipe_fds[0]);
		r = err_set(e, ERR_EXEC_FAILED, -r, "cannot run %s, which unpacks %s", u->program,
			    path);
		if (r == -ENOENT)
			err_hint(e, "install it, or unpack the file and name it: CONFIG=<path>");
		return r;
	}
	r = read_all(pipe_fds[0], out);
	close(pipe_fds[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && status != 0)
		r = -EIO;
	return r < 0 ? err_set(e, ERR_FILE_READ, -r, "cannot unpack %s with %s", path, u->program)
		     : 0;
}

/* 1: there is no such file. */
static int read_file(const char *path, struct kernel_config *k, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const struct unpacker *u;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (fd < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot open %s", path);
	str_add_char(&k->text, '\n');
	u = find_unpacker(fd);
	if (u)
		return unpack(u, path, fd, &k->text, e);
	r = read_all(fd, &k->text);
	return r < 0 ? err_set(e, ERR_FILE_READ, -r, "cannot read %s", path) : 0;
}

static unsigned take_number(const char **text)
{
	unsigned n = 0;

	for (; **text >= '0' && **text <= '9' && n < 100000; (*text)++)
		n = n * 10 + (unsigned)(**text - '0');
	return n;
}

/* "6.18.44 Kernel Configuration"; older kernels: "# Linux kernel version: 2.6.32". */
static void find_version(struct kernel_config *k)
{
	const char *behind = strstr(str_text(&k->text), " Kernel Configuration\n");
	const char *at = strstr(str_text(&k->text), "\n# Linux kernel version: ");

	if (at) {
		at += strlen("\n# Linux kernel version: ");
	} else if (behind) {
		for (at = behind; at[-1] != ' ' && at[-1] != '\n'; at--)
			;
	} else {
		return;
	}
	k->version[0] = take_number(&at);
	k->has_version = *at == '.';
	if (k->has_version) {
		at++;
		k->version[1] = take_number(&at);
	}
}

static int not_found(struct err *e)
{
	return err_set(e, ERR_FILE_OPEN, ENOENT, "unable to retrieve kernel configuration");
}

int kernel_config_read(const char *wanted, struct kernel_config *ret, struct err *e)
{
	static const char *const places[][2] = {{"/boot/config-", ""},
						{"/lib/modules/", "/build/.config"}};
	struct utsname name;
	int r;

	*ret = (struct kernel_config){.has_version = false};
	if (uname(&name) == 0)
		memcpy(ret->release, name.release, sizeof(ret->release));
	if (!wanted || !*wanted)
		wanted = "/proc/config.gz";
	str_add(&ret->path, wanted);
	r = read_file(wanted, ret, e);
	if (r == 1)
		str_addf(&ret->searched, "Kernel configuration not found at %s; searching...\n",
			 wanted);
	for (size_t i = 0; r == 1 && i < ARRAY_LENGTH(places); i++) {
		str_reset(&ret->path);
		str_addf(&ret->path, "%s%s%s", places[i][0], ret->release, places[i][1]);
		r = read_file(str_text(&ret->path), ret, e);
		if (r == 0)
			str_addf(&ret->searched, "Kernel configuration found at %s\n",
				 str_text(&ret->path));
	}
	if (r == 1)
		return not_found(e);
	if (r == 0)
		find_version(ret);
	return r;
}

void kernel_config_finish(struct kernel_config *k)
{
	str_finish(&k->text);
	str_finish(&k->path);
	str_finish(&k->searched);
}

char kernel_config_option(const struct kernel_config *k, const char *name)
{
	autostr line = {0};
	const char *at;

	str_addf(&line, "\nCONFIG_%s=", name);
	at = str_failed(&line) ? NULL : strstr(str_text(&k->text), str_text(&line));
	if (!at)
		return '\0';
	at += line.len;
	return (*at == 'y' || *at == 'm') && (at[1] == '\n' || at[1] == '\0') ? *at : '\0';
}

bool kernel_config_is_before(const struct kernel_config *k, unsigned major, unsigned minor)
{
	if (!k->has_version)
		return false;
	return k->version[0] != major ? k->version[0] < major : k->version[1] < minor;
}
