/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-ls --nesting: a process of ours goes into each running container, lists what is there, and
 * writes the rows into a pipe. Inside, everything is the container's: the files that are read, a
 * program that repairs a dead run, and, when it is privileged, our process itself. So it has
 * nothing of the host's but the pipe (CVE-2016-10124, CVE-2024-21626), runs from a sealed copy
 * (tare_run_sealed(), CVE-2019-5736), and what comes out is bounded in size, depth and time.
 */

#include "tools/ls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tare/tare.h>

enum {
	PIPE_FD = STDERR_FILENO + 1,
	ROWS_MAX = 1 << 20, /* bytes */
	TIME_MAX = 5000,    /* milliseconds */
};

struct nested {
	const struct ls_query *query;
	unsigned depth;
	pid_t parent;
	int null_fd, fd;
};

static int64_t now(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What comes until the end, the deadline, or as much as we take. */
static void read_rows(int fd, struct str *ret)
{
	const int64_t deadline = now() + TIME_MAX;
	char piece[4096];

	while (ret->len < ROWS_MAX) {
		const int64_t left = deadline - now();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		n = ready > 0 ? read(fd, piece, sizeof(piece)) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		str_add_bytes(ret, piece, (size_t)n);
	}
}

/* The next text with its NUL; NULL: there is no whole one. */
static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = memchr(text, '\0', (size_t)(end - text));

	if (nul)
		*at = nul + 1;
	return nul ? text : NULL;
}

/* One row, complete and of the depth that a container at `outside` may tell of: 1; 0: there is
 * none; -ENOMEM. */
static int take_row(const struct ls_query *query, unsigned outside, const char **at,
		    const char *end, struct ls_rows *rows)
{
	const char *cells[LS_COLUMN_COUNT];
	const char *text = take_text(at, end);
	unsigned long depth = text ? strtoul(text, NULL, 10) : 0;
	struct ls_row *row;

	for (size_t i = 0; text && i < LS_COLUMN_COUNT; i++)
		text = cells[i] = take_text(at, end);
	if (!text || depth <= outside || depth > query->nesting)
		return 0;
	row = vec_push(rows);
	if (!row)
		return -ENOMEM;
	*row = (struct ls_row){.depth = (unsigned)depth};
	for (size_t i = 0; i < LS_COLUMN_COUNT; i++)
		/* The first byte tells a text from none. */
		row->cells[i] = cells[i][0] == '+' ? strdup(cells[i] + 1) : NULL;
	if (!row->cells[LS_NAME])
		row->cells[LS_NAME] = strdup("");
	return row->cells[LS_NAME] ? 1 : -ENOMEM;
}

static int take_rows(const struct ls_query *query, unsigned outside, const struct str *text,
		     struct ls_rows *rows)
{
	const char *at = str_text(text), *end = at + text->len;
	int r = str_failed(text) ? -ENOMEM : 1;

	while (r > 0)
		r = take_row(query, outside, &at, end, rows);
	return r;
}

/* The terminal is in the session even when no descriptor leads to it. */
static bool leave_host(const struct nested *nested)
{
	pid_t parent;

	lxc_log_close();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before; 0: it is outside our namespace, and still there. */
	parent = getppid();
	if (parent != nested->parent && parent != 0)
		return false;
	if (setsid() < 0 || dup2(nested->null_fd, STDIN_FILENO) < 0 ||
	    dup2(nested->null_fd, STDOUT_FILENO) < 0 || dup2(nested->null_fd, STDERR_FILENO) < 0)
		return false;
	if (nested->fd == PIPE_FD ? fcntl(PIPE_FD, F_SETFD, FD_CLOEXEC) < 0
				  : dup3(nested->fd, PIPE_FD, O_CLOEXEC) < 0)
		return false;
	return syscall(SYS_close_range, PIPE_FD + 1, ~0U, 0) == 0;
}

/* Runs inside the container: list what is there, and write the rows down. */
static int list_nested(void *payload)
{
	const struct nested *nested = payload;
	struct ls_query query = *nested->query;
	struct ls_rows rows = {0};
	autostr out = {0};

	query.lxcpath = NULL;
	if (!leave_host(nested) || ls_gather(&query, nested->depth, &rows, NULL) < 0)
		return 1;
	for (size_t i = 0; i < rows.count; i++) {
		str_addf(&out, "%u", rows.items[i].depth);
		str_add_char(&out, '\0');
		for (size_t k = 0; k < LS_COLUMN_COUNT; k++) {
			if (rows.items[i].cells[k])
				str_addf(&out, "+%s", rows.items[i].cells[k]);
			str_add_char(&out, '\0');
		}
	}
	(void)cli_write(PIPE_FD, str_text(&out), out.len);
	ls_rows_finish(&rows);
	return 0;
}

int ls_add_nested(const struct ls_query *query, struct lxc_container *c, unsigned depth,
		  struct ls_rows *rows)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct nested nested = {
		.query = query, .depth = depth + 1, .parent = getpid(), .null_fd = null_fd};
	autoclose int from = -EBADF;
	autostr text = {0};
	int ends[2];
	pid_t pid;
	int r;

	if (null_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -ENOMEM;
	from = ends[0];
	nested.fd = ends[1];
	options.env_policy = LXC_ATTACH_CLEAR_ENV;
	r = c->attach(c, list_nested, &nested, &options, &pid);
	close(ends[1]);
	if (r < 0)
		return 0;
	read_rows(from, &text);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return take_rows(query, depth, &text, rows);
}
