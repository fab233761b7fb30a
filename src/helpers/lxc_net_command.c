/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes in and comes out lies in memory files, so that nobody waits for a pipe that a daemon
 * keeps open. A program dies with us (prctl(2): PR_SET_PDEATHSIG); its daemon does not.
 */

#include "helpers/lxc_net_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"
#include "sys/process.h"

int command_find(const char *name, char **ret)
{
	static const char places[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *path = getenv("PATH");
	autostr list = {0};

	str_addf(&list, "%s:%s", path ? path : "", places);
	if (str_failed(&list))
		return -ENOMEM;
	for (const char *at = str_text(&list); *at;) {
		const size_t len = strcspn(at, ":");
		autostr file = {0};

		str_add_bytes(&file, at, len);
		str_addf(&file, "/%s", name);
		if (str_failed(&file))
			return -ENOMEM;
		/* A relative place would be somebody else's tomorrow. */
		if (at[0] == '/' && access(str_text(&file), X_OK) == 0) {
			*ret = str_take(&file);
			return 0;
		}
		at += len + (at[len] == ':');
	}
	return -ENOENT;
}

/* A memory file with this text, to be read from its start. */
static int text_file(const char *text)
{
	autoclose int fd = memfd_create("lxc-net", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = text ? file_write_fd(fd, text, strlen(text)) : 0;
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : take_fd(fd);
}

static int read_back(int fd, char **ret)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno
					  : file_read_fd(fd, COMMAND_OUTPUT_MAX, ret, NULL);
}

static void print_command(const struct command *command, struct str *out)
{
	for (const char *const *word = command->argv; *word; word++)
		str_addf(out, "%s%s", word == command->argv ? "" : " ", *word);
}

/* Its last line of words, which programs use for the reason. */
static const char *last_line(char *text)
{
	size_t len = strlen(text);
	char *line;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	/* nft repeats the line in question and points into it, behind its words. */
	line = strstr(text, "Error:");
	if (line) {
		line[strcspn(line, "\n")] = '\0';
		return line;
	}
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

static int explain(const struct command *command, int status, int errors_fd, struct err *e)
{
	char how[64];
	autofree char *words = NULL;
	autostr line = {0};
	int r = WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;

	print_command(command, &line);
	process_print_status(status, how, sizeof(how));
	if (read_back(errors_fd, &words) == 0 && words && *words)
		err_set(e, ERR_EXEC_FAILED, 0, "%s", last_line(words));
	else
		err_set(e, ERR_EXEC_FAILED, 0, "it said nothing");
	err_wrap(e, -EIO, "\"%s\" %s", str_text(&line), how);
	return r;
}

/* Ours, with messages in the language in which they are looked at. */
static char **make_environment(void)
{
	static const char language[] = "LC_ALL=C";
	size_t count = 0, kept = 0;
	char **ret;

	while (environ[count])
		count++;
	ret = calloc(count + 2, sizeof(*ret));
	for (size_t i = 0; ret && i < count; i++) {
		if (!text_starts(environ[i], "LC_ALL="))
			ret[kept++] = environ[i];
	}
	if (ret)
		ret[kept] = (void *)language; /* execve(2) changes nothing */
	return ret;
}

static int spawn(const struct command *command, const char *path, const int streams[3])
{
	autofree char **environment = make_environment();
	/* execve(2) wants them so, and changes nothing. */
	char *const *argv = (void *)command->argv;
	const uint64_t ignored = process_ignored_signals() & ~(UINT64_C(1) << (SIGCHLD - 1));
	const struct process_program program = {
		.path = path,
		.argv = argv,
		.environment = environment,
		.input = streams[0],
		.output = streams[1],
		.error_output = streams[2],
		.ignored_signals = ignored,
		.death_signal = SIGKILL,
	};
	pid_t pid;
	int r;

	if (!environment)
		return -ENOMEM;
	if (command->kept_fd >= 0 && fcntl(command->kept_fd, F_SETFD, 0) < 0)
		return -errno;
	r = process_spawn(&program, &pid);
	if (command->kept_fd >= 0 && fcntl(command->kept_fd, F_SETFD, FD_CLOEXEC) < 0 && r >= 0) {
		close(r);
		return -errno;
	}
	return r;
}

static int wait_for(const struct command *command, int pidfd, int *ret_status, struct err *e)
{
	int r = process_poll(pidfd, COMMAND_SECONDS * 1000);

	if (r == 0) {
		process_signal(pidfd, SIGKILL);
		process_wait(pidfd, ret_status);
		return err_set(e, ERR_NO_ANSWER, ETIMEDOUT, "\"%s\" did not end in %d seconds",
			       command->argv[0], COMMAND_SECONDS);
	}
	if (r > 0)
		r = process_wait(pidfd, ret_status);
	return r < 0 ? err_set(e, ERR_SYSTEM, -r, "cannot wait for \"%s\"", command->argv[0]) : 0;
}

int command_run(const struct command *command, struct err *e)
{
	autoclose int input = text_file(command->input), output = text_file(NULL),
		      errors = text_file(NULL), pidfd = -EBADF;
	const int streams[3] = {input, output, errors};
	autofree char *path = NULL, *printed = NULL;
	int r = command_find(command->argv[0], &path), status = 0;

	if (r < 0) {
		err_set(e, ERR_EXEC_FAILED, -r, "there is no program \"%s\"", command->argv[0]);
		return r;
	}
	if (input < 0 || output < 0 || errors < 0)
		return err_set(e, ERR_SYSTEM, EMFILE, "no memory files for \"%s\"", path);
	pidfd = spawn(command, path, streams);
	if (pidfd < 0)
		return err_set(e, ERR_EXEC_FAILED, -pidfd, "cannot run \"%s\"", path);
	r = wait_for(command, pidfd, &status, e);
	if (r < 0)
		return r;
	if (status != 0)
		return explain(command, status, errors, e);
	if (command->output) {
		r = read_back(output, &printed);
		if (r < 0)
			return err_set(e, ERR_FILE_READ, -r, "cannot read what \"%s\" printed",
				       path);
		str_add(command->output, printed);
	}
	return 0;
}
