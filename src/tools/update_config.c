/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * lxc-update-config: rewrite configuration files of LXC 1 and 2 in present names, in place, with
 * the original kept beside them. Tare reads the old names all the same: this is for people who want
 * to read present ones, and for going back to LXC.
 */

#include "tools/tools.h"

#include <string.h>
#include <unistd.h>

#include <tare/tare.h>

struct update_values {
	const char *file;
	const char *name;
	const char *lxcpath;
	bool all;
	bool check;
	bool dry_run;
};

struct update_run {
	const struct cli_tool *tool;
	const struct update_values *values;
	struct str out;
	struct str messages; /* for the standard error output */
	bool prints_text;    /* the updated text goes to the standard output */
	bool outdated;       /* --check: a file would change */
	bool failed;
};

/*
 * Lines that lose their effect are part of the result, not a failure: they go where the summary
 * goes. Beside an updated text they are for people only.
 */
static void report(void *context, enum tare_severity severity, const struct err *problem)
{
	struct update_run *u = context;
	const char *origin = err_text_at(problem, problem->frames[0].origin);
	bool is_error = severity == TARE_ERROR;
	struct str *out = is_error || u->prints_text ? &u->messages : &u->out;

	if (is_error)
		u->failed = true;
	else if (u->prints_text && !isatty(STDERR_FILENO))
		return;
	str_addf(out, "%s: %s: %s\n", origin, is_error ? "error" : "warning", err_cause(problem));
}

static void summarize(struct update_run *u, const char *path, const char *verb,
		      const struct tare_config_update *update)
{
	str_addf(&u->out, "%s: %s%u renamed, %u translated, %u commented out\n", path, verb,
		 update->renamed, update->translated, update->commented);
}

static int replace(struct update_run *u, const char *path, const struct str *text,
		   const struct tare_config_update *update, struct err *e)
{
	autofree char *backup = NULL;
	int r = tare_config_replace(path, text, &backup, e);

	if (r < 0)
		return r;
	summarize(u, path, "", update);
	str_addf(&u->out, "%s: the original is %s\n", path, backup);
	return 0;
}

static int update_file(struct update_run *u, const char *path, struct err *e)
{
	const struct update_values *values = u->values;
	struct tare_config_update update;
	autostr differences = {};
	autostr text = {};
	int r = tare_config_update(path, report, u, &text, &differences, &update, e);

	if (r < 0)
		return r;
	if (u->prints_text) {
		str_add_bytes(&u->out, str_text(&text), text.len);
		return 0;
	}
	if (!update.changed)
		return 0;
	u->outdated = true;
	if (values->check)
		summarize(u, path, "not up to date: ", &update);
	else if (values->dry_run)
		str_addf(&u->out, "--- %s\n+++ %s\n%s", path, path, str_text(&differences));
	else
		return replace(u, path, &text, &update, e);
	return 0;
}

/* One file of several: a failure is told and the others are still done. */
static int take_file(void *context, const char *path)
{
	struct update_run *u = context;
	struct err e = {};

	if (update_file(u, path, &e) < 0) {
		str_addf(&u->messages, "%s: ", u->tool->name);
		err_render_text(&e, &u->messages);
		str_add_char(&u->messages, '\n');
		u->failed = true;
	}
	return 0;
}

static int take_container(struct update_run *u, const char *lxcpath)
{
	autostr path = {};

	str_addf(&path, "%s/%s/config", lxcpath, u->values->name);
	return take_file(u, str_text(&path));
}

/* Options that need each other or exclude each other. */
static int check_usage(const struct update_run *u, struct err *e)
{
	const struct update_values *values = u->values;
	int r;

	if (!!values->file + !!values->name + values->all != 1) {
		r = err_set(e, ERR_USAGE, 0, "name what to update by one of -c, -n and --all");
		err_hint(e, "%s -c FILE", u->tool->name);
		return r;
	}
	if (values->file && values->lxcpath)
		return err_set(e, ERR_USAGE, 0,
			       "-P goes with -n and --all; -c names the file itself");
	if (values->check && values->dry_run)
		return err_set(e, ERR_USAGE, 0, "--check and --dry-run exclude each other");
	if (values->name && (values->name[0] == '\0' || strchr(values->name, '/')))
		return err_set(e, ERR_USAGE, 0, "'%s' is no name of a container", values->name);
	return 0;
}

static int run_update(struct update_run *u, struct err *e)
{
	const struct update_values *values = u->values;
	const char *lxcpath = values->lxcpath;
	int r = check_usage(u, e);

	if (r < 0)
		return r;
	u->prints_text = values->file && strcmp(values->file, "-") == 0 && !values->check &&
			 !values->dry_run;
	if (values->file)
		return take_file(u, values->file);
	if (!lxcpath)
		r = tare_system_value("lxc.lxcpath", &lxcpath, e);
	if (r < 0)
		return r;
	if (values->name)
		return take_container(u, lxcpath);
	return tare_config_each(lxcpath, take_file, u, e);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct update_values values = {};
	struct update_run u = {.tool = tool, .values = &values};
	autoarguments arguments = {};
	struct err e = {};
	int code;
	int r;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (arguments.count > 0)
		r = err_set(&e, ERR_USAGE, 0, "unexpected argument '%s'", arguments.words[0]);
	else
		r = run_update(&u, &e);
	code = cli_print(tool->name, &u.out);
	cli_write(STDERR_FILENO, str_text(&u.messages), u.messages.len);
	if (r < 0)
		cli_print_error(tool->name, NULL, &e);
	if (r < 0 || u.failed || (values.check && u.outdated))
		code = 1;
	str_finish(&u.out);
	str_finish(&u.messages);
	return code;
}

#define AT(member) .offset = offsetof(struct update_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'c',
		.name = "config",
		.placeholder = "FILE",
		.kind = CLI_STRING,
		AT(file),
		.help = "configuration file to update; - reads the standard input and prints",
		.complete = {CLI_COMPLETE_FILE},
	},
	{
		.letter = 'n',
		.name = "name",
		.placeholder = "NAME",
		.kind = CLI_STRING,
		AT(name),
		.help = "container whose configuration to update",
		.complete = {CLI_COMPLETE_CONTAINER},
	},
	{
		.letter = 'P',
		.name = "lxcpath",
		.placeholder = "PATH",
		.kind = CLI_PATH,
		AT(lxcpath),
		.help = "directory of the containers",
		.complete = {CLI_COMPLETE_DIRECTORY},
	},
	{
		.letter = 'a',
		.name = "all",
		.kind = CLI_FLAG,
		AT(all),
		.help = "update the configurations of all containers",
	},
	{
		.name = "check",
		.kind = CLI_FLAG,
		AT(check),
		.help = "change nothing; exit with 1 when a file is not up to date",
	},
	{
		.name = "dry-run",
		.kind = CLI_FLAG,
		AT(dry_run),
		.help = "change nothing; print what would change",
	},
	{0},
};

const struct cli_tool tool_update_config = {
	.name = "lxc-update-config",
	.summary = "rewrite old configuration files in present names",
	.synopsis = "-c FILE [--check | --dry-run]\n-n NAME [-P PATH] [--check | --dry-run]\n"
		    "--all [-P PATH] [--check | --dry-run]",
	.description =
		"Replaces the key names of LXC 1 and 2 by present ones, in comments too, gives "
		"lxc.network.* keys their numbers, puts lxc.rootfs.backend before the path, and "
		"adds the lxc.cgroup2 counterparts of lxc.cgroup settings, which become comments. "
		"All other lines stay as they are.\n"
		"The original stays beside the file as FILE.backup; an older backup is never "
		"overwritten, the new one is FILE.backup.1 then. A file that is up to date is not "
		"touched.\n"
		"Tare reads the old names as well: nothing has to be updated.",
	.options = options,
	.run = run,
};
