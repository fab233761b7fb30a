/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Logging, as LXC does it (spec/runtime.md §23): a file, the standard error output, syslog.
 *
 *	#define LOG_CATEGORY "conf"
 *	...
 *	log_warn("%s: key is deprecated", key);
 *	log_error_errno(-r, "cannot open \"%s\"", path);
 *
 * The file gets what the level in force lets pass. The standard error output gets ERROR and above
 * whatever the level is, unless quiet. A message is one line in each of them: control characters
 * and bytes that are not UTF-8 become escapes, so that nobody can forge a line or drive a terminal.
 *
 * There is one sink for the process. Every function may be called by any thread; but not by the
 * child of a fork of a program with several threads before it executes something.
 */

#include <stdatomic.h>
#include <stdbool.h>

enum log_level {
	LOG_LEVEL_TRACE,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_FATAL,
	LOG_LEVEL_NOTSET, /* as a setting: nobody has chosen; as a threshold: nothing passes */
};

enum {
	LOG_LINE_MAX = 4096,  /* bytes of a line; what is longer is cut and ends in "…" */
	LOG_PROGRAM_MAX = 31, /* longer program names are cut */
};

struct log_settings {
	const char *program;              /* begins each line; NULL = "lxc" */
	const char *container;            /* or NULL: its lines have no name */
	const char *file;                 /* the program's explicit file, "none" or NULL */
	const char *const *default_files; /* without `file`: the first that opens; ends in NULL */
	enum log_level level;             /* NOTSET = ERROR */
	bool quiet;                       /* nothing to the standard error output */

	/*
	 * One word without blanks to stand between the container's name and the message on the
	 * standard error output, or NULL. lxc-start needs one: Proxmox VE strips the word that
	 * follows the name (spec/contracts.md PVE-03).
	 */
	const char *stderr_word;
};

/* Where a message comes from. */
struct log_place {
	const char *category;
	const char *file;
	const char *function;
	int line;
};

/* A number 0 … 8 or a name in any case (NOTSET is none). Returns 0 or -EINVAL. */
int log_level_parse(const char *text, enum log_level *ret);

/* "TRACE" … "FATAL", "NOTSET"; NULL for anything else. */
const char *log_level_name(enum log_level level);

/*
 * Start logging. Until then nothing is written but ERROR and above to the standard error output, as
 * program "lxc". A second call, before log_close(), does nothing and returns 0.
 *
 * The file is made with mode 0640 if it is missing, together with missing directories (0755), and
 * appended to. "/dev/stderr" and "/dev/stdout" stand for the descriptors as they are. "none" is no
 * file, also none that the configuration names.
 *
 * Returns 0 or the -errno of opening `file`, in which case logging has not started. -ENXIO: a FIFO
 * that nobody reads. Of one that is read too slowly, or no longer, lines are lost: none is waited
 * for, and there is no SIGPIPE.
 */
int log_init(const struct log_settings *settings);

/* Close file and syslog, forget all settings. log_init() works again then. */
void log_close(void);

/*
 * The configuration's file, opened at once as log_init() opens one. It takes the place of the
 * default files, and yields to an explicit one. NULL or "" = the configuration has none. Returns 0
 * or -errno, in which case nothing has changed.
 */
int log_open_config_file(const char *path);

/* The configuration's level, which goes before the program's unless it is NOTSET. */
void log_set_config_level(enum log_level level);

/* Copy what the level in force lets pass to syslog too, with a facility of syslog(3). */
void log_open_syslog(int facility);

/* The container that the lines are about from now on; NULL = none. The name is copied. */
void log_set_container(const char *name);

/* What another process needs to go on logging in our place. */
struct log_handover {
	int fd;               /* of the file, close-on-exec, the caller's; -EBADF = no file */
	enum log_level level; /* in force */
	bool quiet;
	char program[LOG_PROGRAM_MAX + 1];
	char stderr_word[LOG_PROGRAM_MAX + 1];
};

/* The descriptor is `lowest_fd` or above. Returns 0 or -errno (ret is untouched then). */
int log_hand_over(int lowest_fd, struct log_handover *ret);

/*
 * The other side of it: go on logging with what was handed over. The descriptor is owned by the log
 * from now on, as an explicit file; settings made before are gone.
 */
void log_adopt(const struct log_handover *handover, const char *container);

/* Whether the standard error output gets nothing. */
void log_set_quiet(bool quiet);

/* The lowest level that anything listens to. Read it by log_is_enabled(). */
extern _Atomic int log_threshold;

static inline bool log_is_enabled(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&log_threshold, memory_order_relaxed);
}

/*
 * Write one message. `errnum` (positive, 0 = none) puts "No such file or directory - " before it.
 * errno is left as it was. Failures to write are nobody's business.
 */
void log_write(enum log_level level, const struct log_place *place, int errnum, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));

/* Arguments are evaluated only when the level is enabled. */
#define log_at(level, errnum, ...)                                                            \
	do {                                                                                  \
		static const struct log_place log_place_ = {LOG_CATEGORY, __FILE__, __func__, \
							    __LINE__};                        \
		if (log_is_enabled(level))                                                    \
			log_write((level), &log_place_, (errnum), __VA_ARGS__);               \
	} while (0)

#define log_error(...)  log_at(LOG_LEVEL_ERROR, 0, __VA_ARGS__)
#define log_warn(...)   log_at(LOG_LEVEL_WARN, 0, __VA_ARGS__)
#define log_notice(...) log_at(LOG_LEVEL_NOTICE, 0, __VA_ARGS__)
#define log_info(...)   log_at(LOG_LEVEL_INFO, 0, __VA_ARGS__)
#define log_debug(...)  log_at(LOG_LEVEL_DEBUG, 0, __VA_ARGS__)
#define log_trace(...)  log_at(LOG_LEVEL_TRACE, 0, __VA_ARGS__)

/* With the positive errno value of the call that failed. */
#define log_error_errno(errnum, ...) log_at(LOG_LEVEL_ERROR, (errnum), __VA_ARGS__)
#define log_warn_errno(errnum, ...)  log_at(LOG_LEVEL_WARN, (errnum), __VA_ARGS__)
#define log_info_errno(errnum, ...)  log_at(LOG_LEVEL_INFO, (errnum), __VA_ARGS__)
#define log_debug_errno(errnum, ...) log_at(LOG_LEVEL_DEBUG, (errnum), __VA_ARGS__)
