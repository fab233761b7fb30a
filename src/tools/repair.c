/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tare repair: finish or undo what killed commands and crashes have left, of all containers at
 * once. Every command that touches a container does it for that one.
 */

#include "tools/tools.h"

#include <string.h>

#include "tools/session.h"

struct repair_values {
	struct cli_common common;
	int format;
};

struct report {
	const struct cli_tool *tool;
	const char *lxcpath; /* of the containers that are named without it; or NULL */
	bool quiet;
	struct str lines;
	struct str items; /* JSON */
	struct json json;
	unsigned count;
};

/* Containers by their names, snapshots by their paths. */
static void add_name(const struct report *report, const struct tare_repaired *repaired,
		     struct str *out)
{
	if (strcmp(report->lxcpath, repaired->lxcpath) != 0)
		str_addf(out, "%s%s", repaired->lxcpath, repaired->name ? "/" : "");
	if (repaired->name)
		str_add(out, repaired->name);
}

static void add_member(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_add_string(j, text);
}

static void add_item(struct report *report, const struct tare_repaired *repaired)
{
	struct json *j = &report->json;
	autostr problem = {0};

	json_open_object(j);
	add_member(j, "name", repaired->name);
	add_member(j, "lxcpath", repaired->lxcpath);
	add_member(j, "repaired", repaired->what);
	json_name(j, "count");
	json_add_uint(j, repaired->count);
	if (repaired->problem)
		err_render_text(repaired->problem, &problem);
	add_member(j, "problem", repaired->problem ? str_text(&problem) : NULL);
	json_close_object(j);
}

static void tell(void *context, const struct tare_repaired *repaired)
{
	struct report *report = context;
	autostr name = {0};
	autofree char *visible = NULL;

	add_name(report, repaired, &name);
	add_item(report, repaired);
	if (repaired->problem) {
		if (!report->quiet)
			cli_print_error(report->tool->name, name.len > 0 ? str_text(&name) : NULL,
					repaired->problem);
		return;
	}
	visible = cli_visible(str_text(&name));
	if (!visible)
		report->lines.failed = true;
	else if (strcmp(repaired->what, "run") == 0)
		str_addf(&report->lines, "%s%s%u %s\n", visible, visible[0] ? ": " : "",
			 repaired->count, repaired->text);
	else
		str_addf(&report->lines, "%s: %s\n", visible, repaired->text);
}

static int print(struct report *report, const struct repair_values *values, int r)
{
	json_close_array(&report->json);
	json_finish(&report->json);
	str_add_char(&report->items, '\n');
	if (r == 0)
		str_add(&report->lines, "nothing to repair\n");
	return cli_print(report->tool->name,
			 values->format == CLI_FORMAT_JSON ? &report->items : &report->lines);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct repair_values values = {0};
	autoarguments arguments = {0};
	struct report report = {.tool = tool};
	struct err e = {0};
	int code, r;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	report.quiet = values.common.quiet;
	if (values.common.paths.count > 0)
		report.lxcpath = values.common.paths.items[0];
	else if (tare_system_value("lxc.lxcpath", &report.lxcpath, &e) < 0)
		return cli_print_error(tool->name, NULL, &e), 1;
	json_init(&report.json, &report.items, 2);
	json_open_array(&report.json);
	r = tare_repair(report.lxcpath, values.common.name, tell, &report, &e);
	code = print(&report, &values, r);
	str_finish(&report.lines);
	str_finish(&report.items);
	return r < 0 ? 1 : code;
}

static const struct cli_option options[] = {
	CLI_OPTION_FORMAT(struct repair_values, format),
	{0},
};

const struct cli_tool tool_repair = {
	.name = "tare repair",
	.summary = "finish or undo what killed commands and crashes have left",
	.synopsis = "[[-n] NAME] [--format json]",
	.description =
		"Looks for what was interrupted, by kill -9 or a crash, and finishes or undoes it: "
		"runs whose supervisor has died (cgroups, links, mounts, sockets), creations, "
		"copies, renamings, restorations and destructions, also those of snapshots; "
		"entries of dependency files about containers that are gone; temporary files; "
		"ephemeral containers that have run and are stopped. Without NAME, of all "
		"containers.\n"
		"Each thing is printed; what can't be repaired is named, tried again the next "
		"time, and makes the exit code 1. What runs, or is being made by a process that "
		"lives, is not touched. Commands that deal with one container do most of this for "
		"it by themselves.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME,
	.containers = "--defined",
	.run = run,
};
