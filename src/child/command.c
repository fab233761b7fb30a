/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Running programs of the host. Their streams are files in memory of a fixed size (memfd_create(2),
 * F_SEAL_GROW), not pipes: a program that outlives us must not die of SIGPIPE.
 */

#include "child/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/vec.h"
#include "child/child.h"
#include "sys/process.h"

#define LOG_CATEGORY "command"
#include "base/log.h"

enum { STREAM_MAX = 1 << 20 };

static const char more_places[] = "/usr/local/sbin:/usr/sbin:/sbin";

void command_words_finish(struct command_words *words)
{
	str_finish(&words->output);
	str_finish(&words->said);
}

static void print_places(struct str *out)
{
	const char *path = getenv("PATH");

	str_addf(out, "%s:%s", path && path[0] ? path : "/usr/local/bin:/usr/bin:/bin",
		 more_places);
}

/* The program's path, heap; NULL: there is none. What has slashes is a path already. */
static char *find(const char *name)
{
	autostr places = {};
	autostr path = {};
	const char *at;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? strdup(name) : NULL;
	print_places(&places);
	for (at = str_text(&places); *at; at += *at == ':') {
		size_t len = strcspn(at, ":");
		struct stat status;

		str_reset(&path);
		/* An empty part of PATH is the working directory, which nobody means. */
		str_add_bytes(&path, at, len);
		str_addf(&path, "/%s", name);
		at += len;
		if (len > 0 && stat(str_text(&path), &status) == 0 && S_ISREG(status.st_mode) &&
		    access(str_text(&path), X_OK) == 0)
			return str_take(&path);
	}
	return NULL;
}

bool command_is_there(const char *name)
{
	autofree char *path = find(name);

	return path != NULL;
}

/* What the child needs; it makes system calls only. */
struct program {
	char *path;
	const char *const *argv;
	struct {
		VEC_OF(char *) /* heap: the first OWN_VARIABLES */
	} environment;
	int output_fd, error_fd;
};

enum { OWN_VARIABLES = 3 };

static bool is_own(const char *variable)
{
	return text_starts(variable, "PATH=") || text_starts(variable, "LC_ALL=") ||
	       text_starts(variable, "LANGUAGE=") ||
	       text_starts(variable, "LVM_SUPPRESS_FD_WARNINGS=");
}

static int make_environment(struct program *program)
{
	struct str texts[OWN_VARIABLES] = {};
	bool failed = false;

	str_add(&texts[0], "PATH=");
	print_places(&texts[0]);
	str_add(&texts[1], "LC_ALL=C");
	str_add(&texts[2], "LVM_SUPPRESS_FD_WARNINGS=1");
	for (size_t i = 0; i < OWN_VARIABLES; i++) {
		char **place = vec_push(&program->environment);

		failed = failed || !place || str_failed(&texts[i]);
		if (place)
			*place = str_failed(&texts[i]) ? NULL : str_take(&texts[i]);
		str_finish(&texts[i]);
	}
	for (char **at = environ; !failed && at && *at; at++) {
		char **place = is_own(*at) ? NULL : vec_push(&program->environment);

		if (place)
			*place = *at;
		failed = !is_own(*at) && !place;
	}
	return failed || !vec_push(&program->environment) ? -ENOMEM : 0;
}

static int make_stream(int *ret)
{
	autoclose int fd = memfd_create("output", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, STREAM_MAX) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0)
		return -errno;
	*ret = take_fd(fd);
	return 0;
}

static int prepare(const struct command *command, struct program *program)
{
	int r = make_environment(program);

	program->argv = command->argv;
	if (r == 0)
		r = make_stream(&program->output_fd);
	return r == 0 ? make_stream(&program->error_fd) : r;
}

static void finish(struct program *program)
{
	for (size_t i = 0; i < program->environment.count && i < OWN_VARIABLES; i++)
		free(program->environment.items[i]);
	vec_finish(&program->environment);
	free(program->path);
	cleanup_close(&program->output_fd);
	cleanup_close(&program->error_fd);
}

static int put(int fd, int stream)
{
	if (dup3(fd, stream, O_CLOEXEC) < 0)
		return -errno;
	return fcntl(stream, F_SETFD, 0) < 0 ? -errno : 0;
}

/* The descriptors may be 0 … 2 themselves, when we were started without. */
static int execute(void *argument)
{
	const struct program *program = argument;
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int high[] = {fcntl(input, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		      fcntl(program->output_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		      fcntl(program->error_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};

	for (int stream = 0; stream <= STDERR_FILENO; stream++) {
		int r = high[stream] < 0 ? -errno : put(high[stream], stream);

		if (r < 0)
			return r;
	}
	umask(0022);
	execve(program->path, (char *const *)program->argv, program->environment.items);
	return -errno;
}

/* What was written stands before the common offset. */
static void read_stream(int fd, struct str *ret)
{
	off_t length = lseek(fd, 0, SEEK_CUR);
	off_t at = 0;
	char piece[4096];

	str_reset(ret);
	if (length > STREAM_MAX)
		length = STREAM_MAX;
	while (at < length) {
		size_t want = (size_t)(length - at) < sizeof(piece) ? (size_t)(length - at)
								    : sizeof(piece);
		ssize_t got = pread(fd, piece, want, at);

		if (got <= 0)
			return;
		str_add_bytes(ret, piece, (size_t)got);
		at += got;
	}
}

static bool is_warning(const char *line)
{
	return text_starts(line, "WARNING") || text_starts(line, "warning") ||
	       text_starts(line, "File descriptor ");
}

/* The lines in one, warnings only when asked for. Carriage returns begin a line, too: progress. */
static void join_lines(const struct str *text, bool warnings, struct str *ret)
{
	const char *at = str_text(text);

	while (*at) {
		size_t len = strcspn(at, "\r\n");
		const char *line = at + strspn(at, " \t");
		size_t line_len = len > (size_t)(line - at) ? len - (size_t)(line - at) : 0;

		while (line_len > 0 && strchr(" \t\b", line[line_len - 1]))
			line_len--;
		if (line_len > 0 && (warnings || !is_warning(line))) {
			if (ret->len > 0)
				str_add(ret, "; ");
			str_add_bytes(ret, line, line_len);
		}
		at += len;
		at += *at != '\0';
	}
}

/* What explains the failure: errors, else warnings, else the output. */
static void pick_words(const struct command_words *words, struct str *ret)
{
	join_lines(&words->said, false, ret);
	if (ret->len == 0)
		join_lines(&words->said, true, ret);
	if (ret->len == 0)
		join_lines(&words->output, true, ret);
}

static void print_argv(const struct command *command, struct str *ret)
{
	for (const char *const *at = command->argv; *at; at++) {
		bool plain = (*at)[0] && strspn(*at, "abcdefghijklmnopqrstuvwxyz"
						     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						     "0123456789-_./=:,@+%") == strlen(*at);

		if (ret->len > 0)
			str_add_char(ret, ' ');
		if (plain)
			str_add(ret, *at);
		else
			str_add_quoted(ret, *at);
	}
}

static void log_words(const char *name, const struct command_words *words)
{
	autostr lines = {};

	join_lines(&words->output, true, &lines);
	if (lines.len > 0)
		log_info("%s: %s", name, str_text(&lines));
	str_reset(&lines);
	join_lines(&words->said, true, &lines);
	if (lines.len > 0)
		log_info("%s says: %s", name, str_text(&lines));
}

static int explain_missing(const struct command *command, struct err *e)
{
	int r = err_set(e, ERR_EXEC_FAILED, ENOENT, "the program %s is not installed",
			command->argv[0]);

	if (command->package)
		err_hint(e, "install the package %s", command->package);
	return r;
}

static int judge(const struct command *command, int status, const struct command_words *words,
		 struct err *e)
{
	autostr text = {};
	char ending[64];
	int r;

	if (status == 0)
		return 0;
	pick_words(words, &text);
	process_print_status(status, ending, sizeof(ending));
	if (text.len > 0 && WIFEXITED(status))
		r = err_set(e, ERR_STORAGE, 0, "%s: %s", command->argv[0], str_text(&text));
	else
		r = err_set(e, ERR_STORAGE, 0, "%s %s%s%s", command->argv[0], ending,
			    text.len > 0 ? ": " : "", str_text(&text));
	return WIFEXITED(status) ? WEXITSTATUS(status) : r;
}

int command_run(const struct command *command, struct command_words *words, struct err *e)
{
	struct program program = {.output_fd = -EBADF, .error_fd = -EBADF};
	struct command_words own = {};
	const struct child_work work = {
		.function = execute,
		.argument = &program,
		.kept_fd = command->lock_fd > 0 ? command->lock_fd : -EBADF,
		.finishes = command->finishes,
	};
	autostr line = {};
	int status = 0;
	int r;

	print_argv(command, &line);
	log_info("running %s", str_text(&line));
	program.path = find(command->argv[0]);
	r = program.path ? prepare(command, &program) : explain_missing(command, e);
	if (program.path && r == 0)
		r = child_run(&work, &status);
	if (program.path && r < 0)
		r = err_set(e, ERR_EXEC_FAILED, -r, "cannot run %s", program.path);
	if (r == 0) {
		if (!words)
			words = &own;
		read_stream(program.output_fd, &words->output);
		read_stream(program.error_fd, &words->said);
		log_words(command->argv[0], words);
		r = judge(command, status, words, e);
	}
	finish(&program);
	command_words_finish(&own);
	return r;
}
