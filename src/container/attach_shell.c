/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The login shell of a user inside: of the container's /etc/passwd, else what its getent(1) says
 * (users of name services), else /bin/sh. The file is the container's to forge; it decides about
 * nothing but what runs inside.
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/time.h"
#include "container/spawn.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/resolve.h"

enum {
	PASSWD_MAX = 1 << 20,
	LINE_MAX_LENGTH = 4096,
	GETENT_TIMEOUT = 5, /* seconds: name services may hang */
};
static const char default_shell[] = "/bin/sh";

/* The n-th field of a line, or NULL; *ret_len without the colon. */
static const char *field(const char *line, size_t line_len, unsigned n, size_t *ret_len)
{
	const char *end = line + line_len;

	for (; n > 0; n--) {
		line = memchr(line, ':', (size_t)(end - line));
		if (!line)
			return NULL;
		line++;
	}
	*ret_len = 0;
	while (line + *ret_len < end && line[*ret_len] != ':')
		++*ret_len;
	return line;
}

/* passwd(5): NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL */
char *attach_shell_of(const char *passwd, uint32_t uid)
{
	for (const char *line = passwd; *line;) {
		size_t len = strcspn(line, "\n"), uid_len, shell_len;
		const char *uid_text = field(line, len, 2, &uid_len);
		const char *shell = field(line, len, 6, &shell_len);
		uint64_t n;

		if (uid_text && shell && shell_len > 0 && shell[0] == '/' &&
		    num_take_u64(&uid_text, &n) == 0 && *uid_text == ':' && n == uid)
			return strndup(shell, shell_len);
		line += len + (line[len] == '\n');
	}
	return NULL;
}

/* Below a root directory, as a regular file: a device could do something by being opened. */
static char *read_passwd(int root_fd)
{
	autoclose int place = resolve_open(root_fd, "/etc/passwd", O_PATH | O_CLOEXEC, 0);
	autoclose int fd = -EBADF;
	struct stat status;
	char path[32], *text;

	if (place < 0 || fstat(place, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || file_read_fd(fd, PASSWD_MAX, &text, NULL) < 0)
		return NULL;
	return text;
}

static char *shell_below(const char *root, uint32_t uid)
{
	autoclose int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofree char *passwd = root_fd < 0 ? NULL : read_passwd(root_fd);

	return passwd ? attach_shell_of(passwd, uid) : NULL;
}

/* What getent(1) prints, read with a deadline. */
static char *read_answer(int fd)
{
	usec_t deadline = time_deadline(GETENT_TIMEOUT * USEC_PER_SEC);
	char *line = calloc(1, LINE_MAX_LENGTH);
	size_t len = 0;

	while (line && len < LINE_MAX_LENGTH - 1) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, (int)(time_left(deadline) / USEC_PER_MSEC)) <= 0)
			break;
		n = read(fd, line + len, LINE_MAX_LENGTH - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return line;
}

/* As lxc-attach itself: the container's getent may be a link to the program that executes it, which
 * must be none of the host's (CVE-2019-5736). */
_Noreturn static void become_getent(const struct attach *a, uint32_t uid, int null_fd, int out_fd)
{
	char program[] = "getent", database[] = "passwd", number[16];
	char *const argv[] = {program, database, number, NULL};
	const struct attach_command command = {.argv = argv};
	struct lxc_attach_options_t options = *a->options;

	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	options.attach_flags &= ~LXC_ATTACH_TERMINAL;
	if (dup2(null_fd, STDIN_FILENO) >= 0 && dup2(null_fd, STDERR_FILENO) >= 0 &&
	    dup2(out_fd, STDOUT_FILENO) >= 0)
		(void)container_attach_exec(a->c, &command, &options, NULL);
	_exit(ATTACH_NOT_FOUND);
}

static char *shell_by_getent(const struct attach *a, uint32_t uid)
{
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	autofree char *line = NULL;
	int pipe_fds[2];
	pid_t pid;

	if (null_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		become_getent(a, uid, null_fd, pipe_fds[1]);
	close(pipe_fds[1]);
	if (pid > 0) {
		line = read_answer(pipe_fds[0]);
		(void)kill(pid, SIGKILL);
		(void)process_reap(pid);
	}
	close(pipe_fds[0]);
	return line ? attach_shell_of(line, uid) : NULL;
}

const char *attach_find_shell(struct attach *a)
{
	uint32_t uid = a->options->uid;
	autofree char *shell = NULL;
	char root[64];

	if (uid == ID_INVALID)
		uid = a->facts.root_is_mapped ? 0 : a->facts.init_uid;
	snprintf(root, sizeof(root), "/proc/%d/root", (int)a->init);
	shell = shell_below(a->namespaces & CLONE_NEWNS ? root : "/", uid);
	if (!shell)
		shell = shell_by_getent(a, uid);
	return arena_strdup(&a->arena, shell ? shell : default_shell);
}
