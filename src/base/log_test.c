/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: the shape of a line in each sink, which level and which file win, and that no message
 * can forge a line. syslog(3), openlog(3) and clock_gettime(2) are wrapped at link time.
 */

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

#define LOG_CATEGORY "test"

void __wrap_openlog(const char *ident, int option, int facility);
void __wrap_syslog(int priority, const char *fmt, ...);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

static char syslog_ident[64];
static int syslog_facility;
static char syslog_lines[8192];

void __wrap_openlog(const char *ident, int option, int facility)
{
	assert_int_equal(option, LOG_PID);
	snprintf(syslog_ident, sizeof(syslog_ident), "%s", ident);
	syslog_facility = facility;
}

void __wrap_syslog(int priority, const char *fmt, ...)
{
	size_t used = strlen(syslog_lines);
	va_list ap;

	va_start(ap, fmt);
	used += (size_t)snprintf(syslog_lines + used, sizeof(syslog_lines) - used, "<%d>",
				 priority);
	vsnprintf(syslog_lines + used, sizeof(syslog_lines) - used, fmt, ap);
	va_end(ap);
}

/* 2026-11-22 03:14:10.005 UTC: the milliseconds that LXC prints as 500. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	assert_int_equal(clock, CLOCK_REALTIME);
	*ret = (struct timespec){.tv_sec = 1795317250, .tv_nsec = 5999999};
	return 0;
}

static char top[64];
static int real_stderr = -EBADF;

/* The standard error output goes to TOP/stderr during each test. */
static int setup(void **state)
{
	int fd;

	snprintf(top, sizeof(top), "/tmp/tare-log-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
	umask(022);
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	fflush(stderr);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	fd = open("stderr", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	syslog_lines[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = {"stderr", "a", "b", "c", "made/by/log"};

	log_close();
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
		unlink(files[i]);
	rmdir("made/by");
	rmdir("made");
	assert_int_equal(chdir("/"), 0);
	return rmdir(top);
}

static void assert_file(const char *path, const char *expected)
{
	char content[16384] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, content, sizeof(content) - 1) >= 0);
	close(fd);
	assert_string_equal(content, expected);
}

static void write_one(enum log_level level, const char *message)
{
	static const struct log_place place = {"start", "src/run/start.c", "run_start", 42};

	log_write(level, &place, 0, "%s", message);
}

static void levels_are_numbers_or_names(void **state)
{
	enum log_level level = LOG_LEVEL_NOTSET;

	for (int i = 0; i <= 8; i++) {
		char number[4];

		snprintf(number, sizeof(number), "%d", i);
		assert_int_equal(log_level_parse(number, &level), 0);
		assert_int_equal(level, i);
		assert_int_equal(log_level_parse(log_level_name((enum log_level)i), &level), 0);
		assert_int_equal(level, i);
	}
	assert_int_equal(log_level_parse("notice", &level), 0);
	assert_int_equal(level, LOG_LEVEL_NOTICE);
	assert_int_equal(log_level_parse("9", &level), -EINVAL);
	assert_int_equal(log_level_parse("NOTSET", &level), -EINVAL);
	assert_int_equal(log_level_parse("-1", &level), -EINVAL);
	assert_int_equal(log_level_parse("", &level), -EINVAL);
	assert_int_equal(log_level_parse("WARNING", &level), -EINVAL);
	assert_int_equal(level, LOG_LEVEL_NOTICE);
	assert_string_equal(log_level_name(LOG_LEVEL_NOTSET), "NOTSET");
	assert_null(log_level_name((enum log_level)10));
}

static void a_line_has_lxcs_shape(void **state)
{
	const struct log_settings settings = {
		.program = "lxc-start", .container = "a1", .file = "a", .level = LOG_LEVEL_INFO};

	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_INFO, "the message");
	write_one(LOG_LEVEL_ERROR, "another");
	log_set_container(NULL);
	write_one(LOG_LEVEL_NOTICE, "nobody's");
	assert_file("a", "lxc-start a1 20261122031410.005 INFO     start - "
			 "src/run/start.c:run_start:42 - the message\n"
			 "lxc-start a1 20261122031410.005 ERROR    start - "
			 "src/run/start.c:run_start:42 - another\n"
			 "lxc-start 20261122031410.005 NOTICE   start - "
			 "src/run/start.c:run_start:42 - nobody's\n");
	assert_file("stderr", "lxc-start: a1: another\n");
}

static void macros_know_their_place_and_errno(void **state)
{
	const struct log_settings settings = {.file = "a", .level = LOG_LEVEL_TRACE, .quiet = true};
	char expected[512];
	int line;

	assert_int_equal(log_init(&settings), 0);
	errno = EXDEV;
	line = __LINE__ + 1;
	log_error_errno(ENOENT, "Failed to open \"%s\"", "x");
	assert_int_equal(errno, EXDEV);
	snprintf(expected, sizeof(expected),
		 "lxc 20261122031410.005 ERROR    test - %s:%s:%d - "
		 "No such file or directory - Failed to open \"x\"\n",
		 __FILE__, __func__, line);
	assert_file("a", expected);
	assert_file("stderr", "");
}

static void every_level_has_its_macro(void **state)
{
	const struct log_settings settings = {.file = "a", .level = LOG_LEVEL_TRACE, .quiet = true};
	static const char *const words[] = {"ERROR", "WARN", "NOTICE", "INFO", "DEBUG",
					    "TRACE", "WARN", "INFO",   "DEBUG"};
	char *text = NULL;
	char buffer[4096] = "";
	int fd;

	assert_int_equal(log_init(&settings), 0);
	log_error("m");
	log_warn("m");
	log_notice("m");
	log_info("m");
	log_debug("m");
	log_trace("m");
	log_warn_errno(EIO, "m");
	log_info_errno(EIO, "m");
	log_debug_errno(EIO, "m");
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, buffer, sizeof(buffer) - 1) > 0);
	close(fd);
	text = buffer;
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		char *line = strsep(&text, "\n");
		char level[16];

		assert_int_equal(sscanf(line, "%*s %*s %15s", level), 1);
		assert_string_equal(level, words[i]);
		assert_true(text_ends(line, i < 6 ? " - m" : "Input/output error - m"));
	}
	assert_string_equal(text, "");
}

static void no_message_forges_a_line(void **state)
{
	const struct log_settings settings = {
		.program = "lxc\nstart", .container = "c\n1", .file = "a", .level = LOG_LEVEL_INFO};

	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_ERROR, "bad\nlxc 20261122031410.005 ERROR forged\r\x1b[2J\x9b\xc2\x9b");
	assert_file("a", "lxc\\nstart c\\n1 20261122031410.005 ERROR    start - "
			 "src/run/start.c:run_start:42 - bad\\n"
			 "lxc 20261122031410.005 ERROR forged\\r\\x1b[2J\\x9b\\xc2\\x9b\n");
	assert_file("stderr", "lxc\\nstart: c\\n1: bad\\n"
			      "lxc 20261122031410.005 ERROR forged\\r\\x1b[2J\\x9b\\xc2\\x9b\n");
}

static void long_messages_are_cut_at_4096_bytes(void **state)
{
	const struct log_settings settings = {.file = "a", .level = LOG_LEVEL_INFO};
	char content[2 * LOG_LINE_MAX];
	char message[2 * LOG_LINE_MAX];
	ssize_t len;
	int fd;

	memset(message, 'm', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	assert_int_equal(log_init(&settings), 0);
	log_open_syslog(LOG_DAEMON);
	write_one(LOG_LEVEL_ERROR, message);
	for (int i = 0; i < 2; i++) {
		fd = open(i ? "stderr" : "a", O_RDONLY | O_CLOEXEC);
		len = read(fd, content, sizeof(content) - 1);
		close(fd);
		assert_int_equal(len, LOG_LINE_MAX);
		content[len] = '\0';
		assert_true(text_ends(content, "mmm…\n"));
	}
	assert_true(text_ends(syslog_lines, "mmm…"));
}

static void a_long_program_name_is_cut(void **state)
{
	const struct log_settings settings = {.program = "a-name-that-has-many-more-than-31-bytes"};

	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_FATAL, "x");
	assert_file("stderr", "a-name-that-has-many-more-th…: x\n");
}

static void stderr_gets_errors_whatever_the_level(void **state)
{
	const struct log_settings settings = {
		.program = "lxc-ls", .file = "a", .level = LOG_LEVEL_FATAL};

	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_WARN, "warning");
	write_one(LOG_LEVEL_ERROR, "error");
	write_one(LOG_LEVEL_ALERT, "alert");
	write_one(LOG_LEVEL_NOTSET, "nothing");
	assert_file("a", "");
	assert_file("stderr", "lxc-ls: error\nlxc-ls: alert\n");
}

/* spec/contracts.md PVE-03 */
static void lxc_start_puts_a_word_before_the_message(void **state)
{
	const struct log_settings settings = {
		.program = "lxc-start", .container = "100", .stderr_word = "error:"};

	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_ERROR, "cannot start");
	assert_file("stderr", "lxc-start: 100: error: cannot start\n");
}

static void without_init_errors_go_to_stderr_only(void **state)
{
	assert_false(log_is_enabled(LOG_LEVEL_WARN));
	assert_true(log_is_enabled(LOG_LEVEL_ERROR));
	write_one(LOG_LEVEL_WARN, "warning");
	write_one(LOG_LEVEL_ERROR, "error");
	assert_file("stderr", "lxc: error\n");
}

static void disabled_levels_are_known_by_one_compare(void **state)
{
	struct log_settings settings = {.level = LOG_LEVEL_TRACE, .quiet = true};
	int evaluated = 0;

	assert_int_equal(log_init(&settings), 0);
	assert_false(log_is_enabled(LOG_LEVEL_FATAL));
	log_error("%d", ++evaluated);
	assert_int_equal(evaluated, 0);
	assert_int_equal(log_open_config_file("a"), 0);
	assert_true(log_is_enabled(LOG_LEVEL_TRACE));
	assert_int_equal(log_open_config_file(NULL), 0);
	assert_false(log_is_enabled(LOG_LEVEL_FATAL));
	log_open_syslog(LOG_DAEMON);
	assert_true(log_is_enabled(LOG_LEVEL_TRACE));
}

static void the_level_of_the_configuration_goes_before(void **state)
{
	const struct log_settings settings = {
		.file = "a", .level = LOG_LEVEL_NOTSET, .quiet = true};

	assert_int_equal(log_init(&settings), 0);
	assert_false(log_is_enabled(LOG_LEVEL_WARN));
	assert_true(log_is_enabled(LOG_LEVEL_ERROR));
	log_set_config_level(LOG_LEVEL_DEBUG);
	assert_true(log_is_enabled(LOG_LEVEL_DEBUG));
	log_set_config_level(LOG_LEVEL_FATAL);
	assert_false(log_is_enabled(LOG_LEVEL_ERROR));
	log_set_config_level(LOG_LEVEL_NOTSET);
	assert_true(log_is_enabled(LOG_LEVEL_ERROR));
}

static void a_second_init_does_nothing_until_close(void **state)
{
	const struct log_settings first = {.program = "one", .file = "a"};
	const struct log_settings second = {.program = "two", .file = "b"};

	assert_int_equal(log_init(&first), 0);
	assert_int_equal(log_init(&second), 0);
	write_one(LOG_LEVEL_ERROR, "x");
	assert_int_equal(access("b", F_OK), -1);
	log_close();
	log_close();
	assert_int_equal(log_init(&second), 0);
	write_one(LOG_LEVEL_ERROR, "y");
	assert_int_equal(access("b", F_OK), 0);
	assert_file("stderr", "one: x\ntwo: y\n");
}

static void files_are_appended_to_and_made_with_their_directories(void **state)
{
	const struct log_settings settings = {.file = "made/by/log", .quiet = true};
	struct stat status;

	umask(0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(log_init(&settings), 0);
		write_one(LOG_LEVEL_ERROR, "x");
		log_close();
	}
	umask(022);
	assert_int_equal(stat("made/by/log", &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0640);
	assert_int_equal(stat("made/by", &status), 0);
	assert_int_equal(status.st_mode, S_IFDIR | 0755);
	assert_file("made/by/log", "lxc 20261122031410.005 ERROR    start - "
				   "src/run/start.c:run_start:42 - x\n"
				   "lxc 20261122031410.005 ERROR    start - "
				   "src/run/start.c:run_start:42 - x\n");
}

static void the_descriptor_is_above_the_standard_ones_and_not_inherited(void **state)
{
	const struct log_settings settings = {.file = "a", .quiet = true};
	struct stat file;
	struct stat found;
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	bool seen = false;

	close(STDIN_FILENO);
	assert_int_equal(log_init(&settings), 0);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	if (saved >= 0) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
	assert_int_equal(stat("a", &file), 0);
	for (int fd = 3; fd < 64; fd++) {
		if (fstat(fd, &found) < 0 || found.st_ino != file.st_ino)
			continue;
		seen = true;
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND);
	}
	assert_true(seen);
}

/* spec/contracts.md PVE-02 */
static void dev_stderr_is_the_stream_as_it_is(void **state)
{
	const struct log_settings settings = {.program = "lxc-start",
					      .file = "/dev/stderr",
					      .level = LOG_LEVEL_DEBUG,
					      .quiet = true};

	assert_int_equal(write(STDERR_FILENO, "before\n", 7), 7);
	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_DEBUG, "x");
	assert_int_equal(write(STDERR_FILENO, "after\n", 6), 6);
	assert_file("stderr", "before\nlxc-start 20261122031410.005 DEBUG    start - "
			      "src/run/start.c:run_start:42 - x\nafter\n");
}

static void dev_stdout_is_the_stream_as_it_is(void **state)
{
	const struct log_settings settings = {.file = "/dev/stdout", .quiet = true};
	int saved;
	int fd;

	fflush(stdout);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	fd = open("b", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_ERROR, "x");
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_file("b",
		    "lxc 20261122031410.005 ERROR    start - src/run/start.c:run_start:42 - x\n");
}

static void a_file_that_cannot_be_opened_is_an_error(void **state)
{
	const struct log_settings settings = {.program = "p", .file = "/dev/null/x/y"};
	const struct log_settings good = {.program = "q", .file = "a"};

	assert_int_equal(log_init(&settings), -ENOTDIR);
	assert_int_equal(log_open_config_file("/dev/null/x/y"), -ENOTDIR);
	assert_int_equal(log_open_config_file("."), -EISDIR);
	assert_int_equal(log_open_config_file("missing/"), -EISDIR);
	rmdir("missing");
	write_one(LOG_LEVEL_ERROR, "x");
	assert_file("stderr", "lxc: x\n");
	assert_int_equal(log_init(&good), 0);
}

static void a_fifo_neither_hangs_the_opening_nor_a_message(void **state)
{
	const struct log_settings settings = {.file = "a", .quiet = true};
	char message[LOG_LINE_MAX / 2];
	char line[LOG_LINE_MAX];
	ssize_t len;
	int fd;

	memset(message, 'm', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	alarm(30); /* a test that hangs fails */
	assert_int_equal(mkfifo("a", 0600), 0);
	assert_int_equal(log_init(&settings), -ENXIO);
	assert_int_equal(log_open_config_file("a"), -ENXIO);

	fd = open("a", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_ERROR, "x");
	len = read(fd, line, sizeof(line) - 1);
	assert_true(len > 0);
	line[len] = '\0';
	assert_true(text_ends(line, " - x\n"));
	for (int i = 0; i < 1000; i++)
		write_one(LOG_LEVEL_ERROR, message);
	close(fd);
	alarm(0);
}

static int broken_pipes;

static void count_broken_pipe(int signal)
{
	broken_pipes++;
}

static bool broken_pipe_is_pending(void)
{
	sigset_t pending;

	assert_int_equal(sigpending(&pending), 0);
	return sigismember(&pending, SIGPIPE) == 1;
}

/* A library never kills its caller: neither by its log nor by the standard error output. */
static void nobody_at_the_other_end_is_no_signal(void **state)
{
	const struct log_settings fifo = {.file = "a"}, stream = {.file = "/dev/stderr"};
	struct log_handover handover = {.level = LOG_LEVEL_ERROR};
	void (*before)(int) = signal(SIGPIPE, count_broken_pipe);
	int reader_fd, pair[2];
	sigset_t signals;

	assert_int_equal(mkfifo("a", 0600), 0);
	reader_fd = open("a", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	handover.fd = open("a", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(reader_fd >= 0 && handover.fd >= 0);
	assert_int_equal(log_init(&fifo), 0);
	close(reader_fd);
	write_one(LOG_LEVEL_ERROR, "lost");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(dup2(pair[0], STDERR_FILENO), STDERR_FILENO);
	close(pair[0]);
	close(pair[1]);
	log_adopt(&handover, NULL);
	write_one(LOG_LEVEL_ERROR, "lost");
	log_close();
	assert_int_equal(log_init(&stream), 0);
	write_one(LOG_LEVEL_ERROR, "lost");
	assert_int_equal(broken_pipes, 0);

	/* Nothing stays pending of ours; one of the caller's own does. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	write_one(LOG_LEVEL_ERROR, "lost");
	assert_false(broken_pipe_is_pending());
	raise(SIGPIPE);
	write_one(LOG_LEVEL_ERROR, "lost");
	assert_true(broken_pipe_is_pending());
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	assert_int_equal(broken_pipes, 1);
	signal(SIGPIPE, before);
}

static void assert_mentions(const char *path, const char *word)
{
	char content[8192] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, content, sizeof(content) - 1) >= 0);
	close(fd);
	assert_non_null(strstr(content, word));
}

static void the_default_file_is_the_first_that_opens(void **state)
{
	static const char *const files[] = {"/dev/null/x", "b", "c", NULL};
	static const char *const none[] = {"/dev/null/x", NULL};
	const struct log_settings settings = {.default_files = files, .quiet = true};
	const struct log_settings hopeless = {.default_files = none, .quiet = true};

	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_ERROR, "to-default");
	assert_mentions("b", "to-default");
	assert_int_equal(access("c", F_OK), -1);

	/* The configuration's file takes its place, and gives it back. */
	assert_int_equal(log_open_config_file("c"), 0);
	write_one(LOG_LEVEL_ERROR, "to-config");
	assert_mentions("c", "to-config");
	assert_int_equal(log_open_config_file(""), 0);
	write_one(LOG_LEVEL_ERROR, "to-default-again");
	assert_mentions("b", "to-default-again");
	log_close();

	assert_int_equal(log_init(&hopeless), 0);
	assert_false(log_is_enabled(LOG_LEVEL_ERROR));
}

static void an_explicit_file_wins_over_the_configurations(void **state)
{
	const struct log_settings settings = {.file = "a", .quiet = true};

	assert_int_equal(log_open_config_file("b"), 0);
	write_one(LOG_LEVEL_ERROR, "early");
	assert_int_equal(log_init(&settings), 0);
	write_one(LOG_LEVEL_ERROR, "late");
	assert_mentions("b", "early");
	assert_mentions("a", "late");
	assert_int_equal(log_open_config_file("/dev/null/x"), -ENOTDIR);
	assert_int_equal(log_open_config_file("c"), 0);
	write_one(LOG_LEVEL_ERROR, "latest");
	assert_mentions("a", "latest");
	assert_file("c", "");
}

static void none_is_no_file_at_all(void **state)
{
	static const char *const files[] = {"b", NULL};
	const struct log_settings none = {.file = "none", .quiet = true};
	const struct log_settings with_default = {.default_files = files, .quiet = true};

	assert_int_equal(log_init(&none), 0);
	assert_int_equal(log_open_config_file("a"), 0);
	write_one(LOG_LEVEL_ERROR, "x");
	assert_file("a", "");
	assert_int_equal(access("none", F_OK), -1);
	log_close();

	assert_int_equal(log_init(&with_default), 0);
	assert_int_equal(log_open_config_file("none"), 0);
	write_one(LOG_LEVEL_ERROR, "x");
	assert_file("b", "");
}

static void syslog_gets_the_line_with_a_priority(void **state)
{
	const struct log_settings settings = {
		.program = "lxc-start", .container = "c1", .level = LOG_LEVEL_INFO, .quiet = true};

	assert_int_equal(log_init(&settings), 0);
	log_open_syslog(LOG_LOCAL3);
	assert_string_equal(syslog_ident, "lxc-start");
	assert_int_equal(syslog_facility, LOG_LOCAL3);
	write_one(LOG_LEVEL_DEBUG, "no");
	write_one(LOG_LEVEL_WARN, "100%s\n");
	log_set_container("");
	write_one(LOG_LEVEL_FATAL, "no terminal hears this");
	assert_string_equal(syslog_lines,
			    "<4>c1:start - src/run/start.c:run_start:42 - 100%s\\n"
			    "<1>start - src/run/start.c:run_start:42 - no terminal hears this");
}

enum {
	THREADS = 4,
	LINES = 200,
};

static void *log_much(void *argument)
{
	for (int i = 0; i < LINES; i++) {
		log_info("from a thread that writes a line of some length, number %d", i);
		log_set_container(i % 2 ? "c1" : "c2");
	}
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	const struct log_settings settings = {.file = "a", .level = LOG_LEVEL_INFO, .quiet = true};
	pthread_t threads[THREADS];
	char line[512];
	int count = 0;
	FILE *f;

	assert_int_equal(log_init(&settings), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_much, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	f = fopen("a", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		count++;
		assert_true(text_starts(line, "lxc "));
		assert_non_null(strstr(line, "from a thread that writes a line of some length"));
	}
	fclose(f);
	assert_int_equal(count, THREADS * LINES);
}

static void a_log_that_was_handed_over_goes_on(void **state)
{
	const struct log_settings settings = {.program = "lxc-start",
					      .container = "c1",
					      .file = "a",
					      .level = LOG_LEVEL_INFO,
					      .stderr_word = "error:"};
	struct log_handover handover;
	char content[4096] = "";
	int fd;

	assert_int_equal(log_init(&settings), 0);
	assert_int_equal(log_hand_over(20, &handover), 0);
	assert_true(handover.fd >= 20);
	assert_int_equal(handover.level, LOG_LEVEL_INFO);
	log_close();
	log_adopt(&handover, "c2");
	log_info("still there");
	log_debug("not wanted");
	log_error("to both");
	log_set_quiet(true);
	log_error("to the file");
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, content, sizeof(content) - 1) > 0);
	close(fd);
	assert_true(text_starts(content, "lxc-start c2 "));
	assert_non_null(strstr(content, "still there"));
	assert_null(strstr(content, "not wanted"));
	assert_non_null(strstr(content, "to the file"));
	assert_file("stderr", "lxc-start: c2: error: to both\n");
	/* The descriptor is the log's. */
	log_close();
	assert_int_equal(fcntl(handover.fd, F_GETFD), -1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(levels_are_numbers_or_names),
		test(a_line_has_lxcs_shape),
		test(macros_know_their_place_and_errno),
		test(every_level_has_its_macro),
		test(no_message_forges_a_line),
		test(long_messages_are_cut_at_4096_bytes),
		test(a_long_program_name_is_cut),
		test(stderr_gets_errors_whatever_the_level),
		test(lxc_start_puts_a_word_before_the_message),
		test(without_init_errors_go_to_stderr_only),
		test(disabled_levels_are_known_by_one_compare),
		test(the_level_of_the_configuration_goes_before),
		test(a_second_init_does_nothing_until_close),
		test(files_are_appended_to_and_made_with_their_directories),
		test(the_descriptor_is_above_the_standard_ones_and_not_inherited),
		test(dev_stderr_is_the_stream_as_it_is),
		test(dev_stdout_is_the_stream_as_it_is),
		test(a_file_that_cannot_be_opened_is_an_error),
		test(a_fifo_neither_hangs_the_opening_nor_a_message),
		test(nobody_at_the_other_end_is_no_signal),
		test(the_default_file_is_the_first_that_opens),
		test(an_explicit_file_wins_over_the_configurations),
		test(none_is_no_file_at_all),
		test(syslog_gets_the_line_with_a_priority),
		test(lines_of_threads_do_not_mix),
		test(a_log_that_was_handed_over_goes_on),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
