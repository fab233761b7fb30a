/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc_log_init() and lxc_log_close(): where the process logs to (spec/runtime.md §23).
 */

#include <lxc/lxccontainer.h>
#include <tare/tare.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "container/container.h"
#include "tare_paths.h"

/* The default places of a container's log, the better one first. The one beside the configuration
 * counts only when the container's directory exists: a log must not make it. */
static void find_places(struct arena *a, const char *name, const char *lxcpath,
			const char *places[3])
{
	const char *path = lxcpath ? lxcpath : container_system_item("lxc.lxcpath");
	const char *directory = arena_printf(a, "%s/%s", path, name);
	const char *beside = arena_printf(a, "%s/%s/%s.log", path, name, name);
	const char *common = arena_printf(a, PATH_LOG "/%s.log", name);
	bool is_default = geteuid() == 0 && strcmp(path, PATH_LXC) == 0;
	struct stat status;
	size_t n = 0;

	if (!directory || !beside || !common)
		return;
	if (is_default)
		places[n++] = common;
	if (stat(directory, &status) == 0)
		places[n++] = beside;
	if (!is_default)
		places[n++] = common;
}

int lxc_log_init(struct lxc_log *log)
{
	struct log_settings settings = {.level = LOG_LEVEL_NOTSET};
	const char *places[3] = {NULL};
	struct arena a = {0};
	int r;

	if (!log)
		return -EINVAL;
	settings.program = log->prefix;
	settings.container = log->name;
	settings.file = log->file;
	settings.quiet = log->quiet;
	if (log->level && log_level_parse(log->level, &settings.level) < 0)
		settings.level = LOG_LEVEL_FATAL; /* LXC's way with words it does not know */
	if (!log->file && log->name) {
		find_places(&a, log->name, log->lxcpath, places);
		settings.default_files = places;
	}
	r = log_init(&settings);
	arena_finish(&a);
	return r < 0 ? -1 : 0;
}

int tare_log_init(const struct tare_log *log, struct err *e)
{
	struct log_settings settings = {
		.program = log->program,
		.container = log->container,
		.file = log->file,
		.level = log->level,
		.quiet = log->quiet,
		.stderr_word = log->word,
	};
	const char *places[3] = {NULL};
	struct arena a = {0};
	int r;

	if (!log->file && log->container && log->level != LOG_LEVEL_NOTSET) {
		find_places(&a, log->container, log->lxcpath, places);
		settings.default_files = places;
	}
	r = log_init(&settings);
	if (r < 0)
		r = err_set(e, ERR_FILE_OPEN, -r, "Failed to open log file \"%s\"", log->file);
	arena_finish(&a);
	return r;
}

void lxc_log_close(void)
{
	log_close();
}
