/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that commands share, and the view of all options of one command. The view is made
 * anew at each step instead of being stored: the tables stay const and nothing is allocated.
 */

#include "cli/option.h"

#include <string.h>

#include "base/log.h"
#include "base/macros.h"

const struct cli_word cli_format_words[] = {
	{"text", CLI_FORMAT_TEXT},
	{"json", CLI_FORMAT_JSON},
	{0},
};

static const struct cli_word log_levels[] = {
	{"TRACE", LOG_LEVEL_TRACE}, {"DEBUG", LOG_LEVEL_DEBUG},
	{"INFO", LOG_LEVEL_INFO},   {"NOTICE", LOG_LEVEL_NOTICE},
	{"WARN", LOG_LEVEL_WARN},   {"ERROR", LOG_LEVEL_ERROR},
	{"CRIT", LOG_LEVEL_CRIT},   {"ALERT", LOG_LEVEL_ALERT},
	{"FATAL", LOG_LEVEL_FATAL}, {0},
};

static const struct cli_option container_options[] = {
	{
		.letter = 'n',
		.name = "name",
		.placeholder = "NAME",
		.kind = CLI_STRING,
		.offset = offsetof(struct cli_common, name),
		.help = "name of the container",
		.complete = {CLI_COMPLETE_CONTAINER},
	},
	{
		.letter = 'P',
		.name = "lxcpath",
		.placeholder = "PATH",
		.kind = CLI_PATH_LIST,
		.offset = offsetof(struct cli_common, paths),
		.noun = "container path",
		.help = "directory that holds the containers",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = 'o',
		.name = "logfile",
		.placeholder = "FILE",
		.kind = CLI_STRING,
		.offset = offsetof(struct cli_common, log_file),
		.help = "write log lines to FILE",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'l',
		.name = "logpriority",
		.placeholder = "LEVEL",
		.kind = CLI_CHOICE,
		.flags = CLI_ANY_CASE,
		.offset = offsetof(struct cli_common, log_level),
		.words = log_levels,
		.noun = "log priority",
		.help = "lowest level that is written to the log file",
		.complete = {CLI_COMPLETE_WORDS},
	},
	{
		.letter = 'q',
		.name = "quiet",
		.kind = CLI_FLAG,
		.offset = offsetof(struct cli_common, quiet),
		.help = "no log lines on standard error",
	},
	{
		.name = "rcfile",
		.placeholder = "FILE",
		.kind = CLI_PATH,
		.offset = offsetof(struct cli_common, rcfile),
		.noun = "configuration file",
		.help = "load FILE instead of the container's own configuration",
		.complete = {CLI_COMPLETE_FILE},
	},
	{0},
};

static const struct cli_option standard_options[] = {
	{
		.letter = 'h',
		.name = "help",
		.kind = CLI_HELP,
		.help = "print this help",
	},
	{
		.letter = '?',
		.kind = CLI_HELP,
		.flags = CLI_HIDDEN,
		.constant = 1,
	},
	{
		.name = "usage",
		.kind = CLI_USAGE,
		.help = "print a short list of the options",
	},
	{
		.name = "version",
		.kind = CLI_VERSION,
		.help = "print the version",
	},
	{0},
};

static bool tool_has_letter(const struct cli_tool *tool, char letter)
{
	for (const struct cli_option *o = tool->options; o && o->kind != CLI_END; o++)
		if (letter && o->letter == letter)
			return true;
	return false;
}

static bool tool_has_name(const struct cli_tool *tool, const char *name)
{
	for (const struct cli_option *o = tool->options; o && o->kind != CLI_END; o++)
		if (name && o->name && strcmp(o->name, name) == 0)
			return true;
	return false;
}

/* Row number `at` of the tables one behind the other, or NULL behind the last. */
static const struct cli_option *row_at(const struct cli_tool *tool, size_t at, bool *ret_shared)
{
	const struct cli_option *const tables[] = {
		tool->options,
		tool->flags & CLI_CONTAINER_OPTIONS ? container_options : NULL,
		standard_options,
	};

	for (size_t t = 0; t < ARRAY_LENGTH(tables); t++) {
		for (const struct cli_option *o = tables[t]; o && o->kind != CLI_END; o++) {
			if (at-- > 0)
				continue;
			*ret_shared = t > 0;
			return o;
		}
	}
	return NULL;
}

bool cli_option_next(const struct cli_tool *tool, size_t *cursor, struct cli_option *ret,
		     bool *ret_shared)
{
	const struct cli_option *row;
	bool shared;

	while ((row = row_at(tool, *cursor, &shared))) {
		struct cli_option o = *row;

		++*cursor;
		if (shared && tool_has_name(tool, o.name))
			continue;
		if (shared && tool_has_letter(tool, o.letter))
			o.letter = 0;
		if (!o.letter && !o.name)
			continue;
		*ret = o;
		if (ret_shared)
			*ret_shared = shared;
		return true;
	}
	return false;
}

bool cli_option_is_same(const struct cli_option *a, const struct cli_option *b)
{
	return a->kind == b->kind && a->offset == b->offset && a->constant == b->constant &&
	       a->take == b->take && !a->placeholder == !b->placeholder;
}
