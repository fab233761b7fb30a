/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-ls: list containers (spec/cli.md §3.15). Rows and forms are in ls_rows.c and ls_print.c.
 */

#include "tools/ls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <tare/tare.h>

#include "tools/tools.h"

struct ls_values {
	struct cli_common common;
	bool line, fancy;
	const char *columns;
	bool active, running, frozen, stopped, defined;
	uint32_t nesting;
	const char *groups, *filter;
	int format;
};

enum { DEFAULT_NESTING = 5 };

static int fail(const struct cli_tool *tool, const struct err *e)
{
	cli_print_error(tool->name, NULL, e);
	return 1;
}

/* Names of columns that LXC 1 had. "memory" stands for two. */
static void add_column(struct ls_columns *columns, enum ls_column column)
{
	if (columns->count < ARRAY_LENGTH(columns->list))
		columns->list[columns->count++] = column;
}

static int parse_column(const char *word, struct ls_columns *columns, struct err *e)
{
	if (text_equals_any_case(word, "memory")) {
		add_column(columns, LS_RAM);
		add_column(columns, LS_SWAP);
		return 0;
	}
	if (text_equals_any_case(word, "interfaces"))
		word = "interface";
	for (int i = 0; i < LS_COLUMN_COUNT; i++) {
		if (text_equals_any_case(word, ls_column_names[i])) {
			add_column(columns, (enum ls_column)i);
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, 0, "Invalid key: %s", word);
}

static int parse_columns(const char *list, struct ls_columns *columns, struct err *e)
{
	autofree char *copy = strdup(list);
	char *rest = copy;
	const char *word;
	int r = copy ? 0 : err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");

	while (r == 0 && rest && (word = strsep(&rest, ",")))
		if (*word)
			r = parse_column(word, columns, e);
	if (r == 0 && columns->count == 0) {
		r = err_set(e, ERR_USAGE, 0, "no column is named in '%s'", list);
		err_hint(e, "without -F it is the default: name,state,autostart,groups,ipv4,ipv6,"
			    "unprivileged");
	}
	return r;
}

static void set_default_columns(struct ls_columns *columns)
{
	static const enum ls_column list[] = {
		LS_NAME, LS_STATE, LS_AUTOSTART, LS_GROUPS, LS_IPV4, LS_IPV6, LS_UNPRIVILEGED,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(list); i++)
		add_column(columns, list[i]);
}

/* Which columns to gather: for the plain list the name alone. */
static int choose_columns(const struct ls_values *values, struct ls_columns *columns, struct err *e)
{
	if (!values->fancy && values->format == CLI_FORMAT_TEXT) {
		add_column(columns, LS_NAME);
		return 0;
	}
	if (values->columns)
		return parse_columns(values->columns, columns, e);
	if (values->format != CLI_FORMAT_JSON) {
		set_default_columns(columns);
		return 0;
	}
	for (int i = 0; i < LS_COLUMN_COUNT; i++)
		add_column(columns, (enum ls_column)i);
	return 0;
}

/* Columns of the terminal; 0 when the standard output is none. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Texts for people and lines. -ENOMEM when it could not be done. */
static int make_visible(struct ls_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t k = 0; k < LS_COLUMN_COUNT; k++) {
			char **cell = &rows->items[i].cells[k];
			char *visible = *cell ? cli_visible(*cell) : NULL;

			if (*cell && !visible)
				return -ENOMEM;
			free(*cell);
			*cell = visible;
		}
	}
	return 0;
}

static int print(const struct cli_tool *tool, const struct ls_values *values,
		 const struct ls_query *query)
{
	struct ls_rows rows = {0};
	autostr out = {0};
	struct err e = {0};
	int code = 1;

	if (ls_gather(query, 0, &rows, &e) < 0) {
		fail(tool, &e);
	} else if (values->format != CLI_FORMAT_JSON && make_visible(&rows) < 0) {
		err_set(&e, ERR_NO_MEMORY, ENOMEM, "cannot print the list");
		fail(tool, &e);
	} else {
		if (values->format == CLI_FORMAT_JSON)
			ls_print_json(&rows, &query->columns, &out);
		else if (values->fancy)
			ls_print_table(&rows, &query->columns, &out);
		else
			ls_print_names(&rows, values->line ? 0 : terminal_width(), &out);
		code = cli_print(tool->name, &out);
	}
	ls_rows_finish(&rows);
	return code;
}

/* What may not be looked at is not taken for empty. */
static bool may_look(const struct cli_tool *tool, const char *lxcpath)
{
	struct err e = {0};

	if (!lxcpath && tare_system_value("lxc.lxcpath", &lxcpath, &e) < 0)
		return fail(tool, &e), false;
	if (access(lxcpath, R_OK | X_OK) == 0 || errno != EACCES)
		return true;
	err_set(&e, ERR_PERMISSION, EACCES, "You lack access to %s", lxcpath);
	err_hint(&e, "its containers are another user's: be root, or who made them");
	return fail(tool, &e), false;
}

static int list(const struct cli_tool *tool, const struct ls_values *values, const char *filter)
{
	struct ls_query query = {
		.lxcpath = values->common.paths.count ? values->common.paths.items[0] : NULL,
		.active = values->active,
		.running = values->running,
		.frozen = values->frozen,
		.stopped = values->stopped,
		.defined = values->defined,
		.groups = values->groups,
		.nesting = values->nesting,
	};
	char reason[256];
	struct err e = {0};
	regex_t pattern;
	int code;

	if (!may_look(tool, query.lxcpath))
		return 1;
	if (choose_columns(values, &query.columns, &e) < 0)
		return fail(tool, &e);
	if (!filter)
		return print(tool, values, &query);
	code = regcomp(&pattern, filter, REG_EXTENDED | REG_NOSUB);
	if (code) {
		regerror(code, &pattern, reason, sizeof(reason));
		err_set(&e, ERR_USAGE, 0, "invalid expression '%s': %s", filter, reason);
		return fail(tool, &e);
	}
	query.pattern = &pattern;
	code = print(tool, values, &query);
	regfree(&pattern);
	return code;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct ls_values values = {0};
	autoarguments arguments = {0};
	struct err e = {0};
	const char *filter;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	/* Containers may get at the program that lists inside them. */
	if (values.nesting > 0 && tare_run_sealed(tool->name, argv, &e) < 0)
		return fail(tool, &e);
	filter = values.filter;
	if (!filter && arguments.count > 0)
		filter = arguments.words[0];
	if (tare_log_init(&(struct tare_log){.program = tool->name,
					     .file = values.common.log_file,
					     .level = values.common.log_level,
					     .quiet = values.common.quiet},
			  &e) < 0)
		return fail(tool, &e);
	return list(tool, &values, filter);
}

#define AT(member) .offset = offsetof(struct ls_values, member)

static const struct cli_option options[] = {
	{
		.letter = '1',
		.name = "line",
		.kind = CLI_FLAG,
		AT(line),
		.help = "one name per line",
	},
	{
		.letter = 'f',
		.name = "fancy",
		.kind = CLI_FLAG,
		AT(fancy),
		.help = "a table",
	},
	{
		.letter = 'F',
		.name = "fancy-format",
		.placeholder = "COLUMNS",
		.kind = CLI_STRING,
		AT(columns),
		.help = "with -f: comma list of columns: name state pid ram swap autostart groups "
			"interface ipv4 ipv6 unprivileged",
	},
	{
		.name = "active",
		.kind = CLI_FLAG,
		AT(active),
		.help = "only containers that are not stopped",
	},
	{
		.name = "running",
		.kind = CLI_FLAG,
		AT(running),
		.help = "only running ones",
	},
	{
		.name = "frozen",
		.kind = CLI_FLAG,
		AT(frozen),
		.help = "only frozen ones",
	},
	{
		.name = "stopped",
		.kind = CLI_FLAG,
		AT(stopped),
		.help = "only stopped ones",
	},
	{
		.name = "defined",
		.kind = CLI_FLAG,
		AT(defined),
		.help = "only those with a configuration file",
	},
	{
		.name = "nesting",
		.placeholder = "LEVELS",
		.kind = CLI_UNSIGNED,
		.flags = CLI_ARGUMENT_OPTIONAL,
		AT(nesting),
		.constant = DEFAULT_NESTING,
		.help = "also containers inside running ones, so many levels deep (default 5)",
	},
	{
		.letter = 'g',
		.name = "groups",
		.placeholder = "GROUPS",
		.kind = CLI_STRING,
		AT(groups),
		.help = "only containers that are in all of these groups (comma list)",
	},
	{
		.name = "filter",
		.placeholder = "REGEX",
		.kind = CLI_STRING,
		AT(filter),
		.help = "only names that match an extended regular expression",
	},
	CLI_OPTION_FORMAT(struct ls_values, format),
	{0},
};

const struct cli_tool tool_ls = {
	.name = "lxc-ls",
	.summary = "list containers",
	.synopsis = "[-1] [--active] [--running] [--frozen] [--stopped] [--defined] [REGEX]\n"
		    "-f [-F COLUMNS] [--nesting[=LEVELS]] [-g GROUPS] [REGEX]\n"
		    "--format json",
	.description =
		"Lists the containers below the lxcpath: those that have a configuration, and "
		"those that run without one. Filters are combined: a container must pass all.\n"
		"A table shows NAME, STATE, AUTOSTART, GROUPS, IPV4, IPV6 and UNPRIVILEGED unless "
		"-F names other columns.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS,
	.run = run,
};
