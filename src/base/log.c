/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: which file, which level, which shape a line has. Where default log files lie is decided
 * by the callers; this file knows no paths.
 *
 * The sink below is the one writable global of base. A mutex guards all of it, so that a file is
 * not closed under a writer; beside it stands log_threshold, an atomic copy of what the settings
 * come down to, so that a message nobody wants costs one load and one compare. A line is one
 * write(2) on a descriptor with O_APPEND: lines of several processes do not mix.
 */

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/names.h"
#include "base/utf8.h"
#include "base/words.h"

enum {
	/* More than a line holds: what is cut here is cut again, visibly. */
	RAW_MAX = LOG_LINE_MAX + 1,
};

/* A file that was chosen may have no descriptor: that is "none". */
struct log_file {
	bool chosen;
	int fd;
};

struct sink {
	pthread_mutex_t mutex;
	bool started;
	bool quiet;
	bool syslog;
	enum log_level program_level;
	enum log_level config_level;
	struct log_file explicit_file;
	struct log_file config_file;
	struct log_file default_file;
	char program[LOG_PROGRAM_MAX + 1]; /* openlog(3) keeps a pointer to it */
	char stderr_word[LOG_PROGRAM_MAX + 1];
	char container[NAME_MAX + 1];
};

#define FILE_CLOSED          \
	{                    \
		.fd = -EBADF \
	}

static struct sink sink = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.program_level = LOG_LEVEL_NOTSET,
	.config_level = LOG_LEVEL_NOTSET,
	.explicit_file = FILE_CLOSED,
	.config_file = FILE_CLOSED,
	.default_file = FILE_CLOSED,
	.program = "lxc",
};

_Atomic int log_threshold = LOG_LEVEL_ERROR;

static const char *const level_names[] = {
	[LOG_LEVEL_TRACE] = "TRACE",   [LOG_LEVEL_DEBUG] = "DEBUG", [LOG_LEVEL_INFO] = "INFO",
	[LOG_LEVEL_NOTICE] = "NOTICE", [LOG_LEVEL_WARN] = "WARN",   [LOG_LEVEL_ERROR] = "ERROR",
	[LOG_LEVEL_CRIT] = "CRIT",     [LOG_LEVEL_ALERT] = "ALERT", [LOG_LEVEL_FATAL] = "FATAL",
	[LOG_LEVEL_NOTSET] = "NOTSET",
};

int log_level_parse(const char *text, enum log_level *ret)
{
	int level = words_find(level_names, LOG_LEVEL_NOTSET, text, true);

	if (level < 0)
		level = words_parse_number(text);
	if (level < 0 || level >= (int)LOG_LEVEL_NOTSET)
		return -EINVAL;
	*ret = (enum log_level)level;
	return 0;
}

const char *log_level_name(enum log_level level)
{
	return (size_t)level < ARRAY_LENGTH(level_names) ? level_names[level] : NULL;
}

/* The functions below, up to the public ones, need the mutex. */

static int line_fd(void)
{
	if (sink.explicit_file.chosen)
		return sink.explicit_file.fd;
	if (sink.config_file.chosen)
		return sink.config_file.fd;
	return sink.default_file.fd;
}

static enum log_level level_in_force(void)
{
	if (sink.config_level != LOG_LEVEL_NOTSET)
		return sink.config_level;
	return sink.program_level != LOG_LEVEL_NOTSET ? sink.program_level : LOG_LEVEL_ERROR;
}

static void update_threshold(void)
{
	int threshold = sink.quiet ? LOG_LEVEL_NOTSET : LOG_LEVEL_ERROR;

	if ((line_fd() >= 0 || sink.syslog) && (int)level_in_force() < threshold)
		threshold = (int)level_in_force();
	atomic_store_explicit(&log_threshold, threshold, memory_order_relaxed);
}

static void close_file(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	*file = (struct log_file)FILE_CLOSED;
}

/*
 * A FIFO must not hang us: opening one that nobody reads is -ENXIO, and lines that one has no room
 * for are lost. Everything else is waited for, as a terminal that was stopped.
 */
static int open_anew(const char *path, int more_flags)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	autoclose int fd = open(path, flags | more_flags | O_NONBLOCK, 0640);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISFIFO(status.st_mode) && fcntl(fd, F_SETFL, O_APPEND) < 0)
		return -errno;
	return take_fd(fd);
}

/*
 * A standard stream is duplicated: opening it anew fails on sockets, which is what service managers
 * hand out, and on a file its lines would overwrite those of the other descriptor.
 */
static int open_path(const char *path)
{
	int stream_fd = -EBADF;
	int r;

	if (strcmp(path, "/dev/stderr") == 0)
		stream_fd = STDERR_FILENO;
	else if (strcmp(path, "/dev/stdout") == 0)
		stream_fd = STDOUT_FILENO;
	if (stream_fd >= 0) {
		r = fcntl(stream_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return r < 0 ? -errno : r;
	}

	r = open_anew(path, 0);
	if (r != -ENOENT)
		return r;
	r = directory_make_parents(path, 0755);
	return r < 0 ? r : open_anew(path, 0);
}

/*
 * A place that nobody has named may be in the directory of a container's root or another user's,
 * who could have put a link there (CVE-2015-1331's kind): it must be a file of its own.
 */
static int open_default(const char *path)
{
	struct stat status;
	autoclose int fd = open_anew(path, O_NOFOLLOW);

	if (fd == -ENOENT && directory_make_parents(path, 0755) == 0)
		fd = open_anew(path, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) && status.st_nlink == 1 ? take_fd(fd) : -EINVAL;
}

/* Not as 0 … 2, which may be closed: what others print there must not end up in the log. */
static int keep_file(int opened_fd, struct log_file *ret)
{
	autoclose int fd = opened_fd;
	int high_fd;

	if (fd < 0)
		return fd;
	if (fd > STDERR_FILENO) {
		*ret = (struct log_file){.chosen = true, .fd = take_fd(fd)};
		return 0;
	}
	high_fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (high_fd < 0)
		return -errno;
	*ret = (struct log_file){.chosen = true, .fd = high_fd};
	return 0;
}

static int open_file(const char *path, struct log_file *ret)
{
	if (strcmp(path, "none") != 0)
		return keep_file(open_path(path), ret);
	*ret = (struct log_file){.chosen = true, .fd = -EBADF};
	return 0;
}

static void copy_name(char *out, size_t room, const char *name)
{
	utf8_copy_visible(out, room, name ? name : "");
}

/* Failures to write are dropped: there is nobody left to tell. True: SIGPIPE was sent. */
static bool write_bytes(int fd, const char *bytes, size_t len)
{
	ssize_t written;

	do
		written = write(fd, bytes, len);
	while (written < 0 && errno == EINTR);
	return written < 0 && errno == EPIPE;
}

static bool has_other_end(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

/*
 * SIGPIPE would end the application that the library is part of. The one that write(2) sends is
 * this thread's: blocked and collected, unless one waited before, nobody hears of it.
 */
static void write_without_signal(int fd, const char *bytes, size_t len)
{
	const struct timespec at_once = {0};
	sigset_t broken_pipe, pending, before;

	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
	if (write_bytes(fd, bytes, len) && !sigismember(&pending, SIGPIPE)) {
		while (sigtimedwait(&broken_pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void write_line(int fd, const char *raw)
{
	char line[LOG_LINE_MAX];
	size_t len = utf8_copy_visible(line, sizeof(line), raw); /* its end makes room for \n */

	line[len++] = '\n';
	if (has_other_end(fd))
		write_without_signal(fd, line, len);
	else
		write_bytes(fd, line, len);
}

static void write_to_file(enum log_level level, const struct log_place *place, const char *message)
{
	char raw[RAW_MAX];
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	snprintf(raw, sizeof(raw), "%s%s%s %04d%02d%02d%02d%02d%02d.%03ld %-8s %s - %s:%s:%d - %s",
		 sink.program, sink.container[0] ? " " : "", sink.container, utc.tm_year + 1900,
		 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		 now.tv_nsec / 1000000, log_level_name(level), place->category, place->file,
		 place->function, place->line, message);
	write_line(line_fd(), raw);
}

static void write_to_stderr(const char *message)
{
	char raw[RAW_MAX];

	snprintf(raw, sizeof(raw), "%s: %s%s%s%s%s", sink.program, sink.container,
		 sink.container[0] ? ": " : "", sink.stderr_word, sink.stderr_word[0] ? " " : "",
		 message);
	write_line(STDERR_FILENO, raw);
}

/* FATAL is no LOG_EMERG: syslog daemons show that on every terminal of the host. */
static int syslog_priority(enum log_level level)
{
	static const int priorities[] = {
		[LOG_LEVEL_TRACE] = LOG_DEBUG,  [LOG_LEVEL_DEBUG] = LOG_DEBUG,
		[LOG_LEVEL_INFO] = LOG_INFO,    [LOG_LEVEL_NOTICE] = LOG_NOTICE,
		[LOG_LEVEL_WARN] = LOG_WARNING, [LOG_LEVEL_ERROR] = LOG_ERR,
		[LOG_LEVEL_CRIT] = LOG_CRIT,    [LOG_LEVEL_ALERT] = LOG_ALERT,
		[LOG_LEVEL_FATAL] = LOG_ALERT,
	};

	return priorities[level];
}

static void write_to_syslog(enum log_level level, const struct log_place *place,
			    const char *message)
{
	char raw[RAW_MAX];
	char line[LOG_LINE_MAX];

	snprintf(raw, sizeof(raw), "%s%s%s - %s:%s:%d - %s", sink.container,
		 sink.container[0] ? ":" : "", place->category, place->file, place->function,
		 place->line, message);
	utf8_copy_visible(line, sizeof(line), raw);
	syslog(syslog_priority(level), "%s", line);
}

static int open_program_file(const struct log_settings *settings)
{
	if (settings->file)
		return open_file(settings->file, &sink.explicit_file);
	for (size_t i = 0; settings->default_files && settings->default_files[i]; i++) {
		if (keep_file(open_default(settings->default_files[i]), &sink.default_file) == 0)
			break;
	}
	return 0;
}

int log_init(const struct log_settings *settings)
{
	int r = 0;

	pthread_mutex_lock(&sink.mutex);
	if (!sink.started) {
		r = open_program_file(settings);
		if (r == 0) {
			sink.started = true;
			sink.quiet = settings->quiet;
			sink.program_level = settings->level;
			copy_name(sink.program, sizeof(sink.program),
				  settings->program ? settings->program : "lxc");
			copy_name(sink.stderr_word, sizeof(sink.stderr_word),
				  settings->stderr_word);
			copy_name(sink.container, sizeof(sink.container), settings->container);
		}
		update_threshold();
	}
	pthread_mutex_unlock(&sink.mutex);
	return r;
}

void log_close(void)
{
	pthread_mutex_lock(&sink.mutex);
	close_file(&sink.explicit_file);
	close_file(&sink.config_file);
	close_file(&sink.default_file);
	if (sink.syslog)
		closelog();
	sink.syslog = false;
	sink.started = false;
	sink.quiet = false;
	sink.program_level = LOG_LEVEL_NOTSET;
	sink.config_level = LOG_LEVEL_NOTSET;
	copy_name(sink.program, sizeof(sink.program), "lxc");
	copy_name(sink.stderr_word, sizeof(sink.stderr_word), NULL);
	copy_name(sink.container, sizeof(sink.container), NULL);
	update_threshold();
	pthread_mutex_unlock(&sink.mutex);
}

int log_open_config_file(const char *path)
{
	struct log_file file = FILE_CLOSED;
	int r = 0;

	pthread_mutex_lock(&sink.mutex);
	if (path && path[0])
		r = open_file(path, &file);
	if (r == 0) {
		close_file(&sink.config_file);
		sink.config_file = file;
		update_threshold();
	}
	pthread_mutex_unlock(&sink.mutex);
	return r;
}

void log_set_config_level(enum log_level level)
{
	pthread_mutex_lock(&sink.mutex);
	sink.config_level = level;
	update_threshold();
	pthread_mutex_unlock(&sink.mutex);
}

void log_open_syslog(int facility)
{
	pthread_mutex_lock(&sink.mutex);
	openlog(sink.program, LOG_PID, facility);
	sink.syslog = true;
	update_threshold();
	pthread_mutex_unlock(&sink.mutex);
}

void log_set_container(const char *name)
{
	pthread_mutex_lock(&sink.mutex);
	copy_name(sink.container, sizeof(sink.container), name);
	pthread_mutex_unlock(&sink.mutex);
}

int log_hand_over(int lowest_fd, struct log_handover *ret)
{
	struct log_handover handover = {.fd = -EBADF};
	int r = 0;

	pthread_mutex_lock(&sink.mutex);
	if (line_fd() >= 0)
		handover.fd = fcntl(line_fd(), F_DUPFD_CLOEXEC, lowest_fd);
	if (line_fd() >= 0 && handover.fd < 0)
		r = -errno;
	handover.level = level_in_force();
	handover.quiet = sink.quiet;
	copy_name(handover.program, sizeof(handover.program), sink.program);
	copy_name(handover.stderr_word, sizeof(handover.stderr_word), sink.stderr_word);
	pthread_mutex_unlock(&sink.mutex);
	if (r == 0)
		*ret = handover;
	return r;
}

void log_adopt(const struct log_handover *handover, const char *container)
{
	log_close();
	pthread_mutex_lock(&sink.mutex);
	sink.started = true;
	sink.quiet = handover->quiet;
	sink.program_level = handover->level;
	sink.explicit_file = (struct log_file){.chosen = true, .fd = handover->fd};
	copy_name(sink.program, sizeof(sink.program),
		  handover->program[0] ? handover->program : "lxc");
	copy_name(sink.stderr_word, sizeof(sink.stderr_word), handover->stderr_word);
	copy_name(sink.container, sizeof(sink.container), container);
	update_threshold();
	pthread_mutex_unlock(&sink.mutex);
}

void log_set_quiet(bool quiet)
{
	pthread_mutex_lock(&sink.mutex);
	sink.quiet = quiet;
	update_threshold();
	pthread_mutex_unlock(&sink.mutex);
}

static void format_message(char message[LOG_LINE_MAX], int errnum, const char *fmt, va_list ap)
{
	char room[ERRNO_TEXT_MAX];
	int len = 0;

	message[0] = '\0';
	if (errnum > 0)
		len = snprintf(message, LOG_LINE_MAX, "%s - ", errno_text(errnum, room));
	vsnprintf(message + len, LOG_LINE_MAX - (size_t)len, fmt, ap);
}

void log_write(enum log_level level, const struct log_place *place, int errnum, const char *fmt,
	       ...)
{
	char message[LOG_LINE_MAX];
	int saved = errno;
	va_list ap;

	if (!log_is_enabled(level) || level >= LOG_LEVEL_NOTSET)
		return;

	va_start(ap, fmt);
	format_message(message, errnum, fmt, ap);
	va_end(ap);

	pthread_mutex_lock(&sink.mutex);
	if (level >= level_in_force()) {
		if (line_fd() >= 0)
			write_to_file(level, place, message);
		if (sink.syslog)
			write_to_syslog(level, place, message);
	}
	if (level >= LOG_LEVEL_ERROR && !sink.quiet)
		write_to_stderr(message);
	pthread_mutex_unlock(&sink.mutex);
	errno = saved;
}
