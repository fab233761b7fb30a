/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-config: print items of the system configuration, lxc.conf. Scripts read what it prints, also
 * the two sentences about items without a value and unknown ones, which is why these go to the
 * standard output (spec/cli.md §3.6). It writes nothing.
 */

#include "tools/tools.h"

#include <string.h>

#include <tare/tare.h>

#include "cli/help.h"

struct config_values {
	bool list;
	int format; /* enum cli_format */
};

/* The first item, in the order of the list, that begins with what was typed. */
static bool find_item(const char *typed, struct tare_system_item *ret)
{
	for (size_t i = 0; tare_system_item_at(i, ret); i++)
		if (*typed && text_starts(ret->name, typed))
			return true;
	return false;
}

/* One item as a JSON object. 0, or negative with e set. */
static int add_item_json(const struct tare_system_item *item, struct json *j, struct err *e)
{
	const char *value = NULL;
	int r = tare_system_value(item->name, &value, e);

	if (r < 0)
		return r;
	json_open_object(j);
	json_name(j, "name");
	json_add_string(j, item->name);
	json_name(j, "value");
	json_add_string(j, value);
	json_name(j, "summary");
	json_add_string(j, item->summary);
	json_close_object(j);
	return 0;
}

static int add_list_json(struct str *out, struct err *e)
{
	struct tare_system_item item;
	struct json j;

	json_init(&j, out, 2);
	json_open_array(&j);
	for (size_t i = 0; tare_system_item_at(i, &item); i++) {
		int r = add_item_json(&item, &j, e);

		if (r)
			return r;
	}
	json_close_array(&j);
	json_finish(&j);
	str_add_char(out, '\n');
	return 0;
}

static int print_list(const struct cli_tool *tool, enum cli_format format)
{
	struct tare_system_item item;
	autostr out = {0};
	struct err e = {0};

	if (format == CLI_FORMAT_JSON) {
		if (add_list_json(&out, &e) == 0)
			return cli_print(tool->name, &out);
		cli_print_error(tool->name, NULL, &e);
		return 1;
	}
	for (size_t i = 0; tare_system_item_at(i, &item); i++)
		str_addf(&out, "%s\n", item.name);
	return cli_print(tool->name, &out);
}

static int print_item(const struct cli_tool *tool, const char *typed, enum cli_format format)
{
	struct tare_system_item item;
	const char *value = NULL;
	autostr out = {0};
	struct err e = {0};
	struct json j;
	int r;

	if (!find_item(typed, &item)) {
		str_addf(&out, "Unknown configuration item: %s\n", typed);
		(void)cli_print(tool->name, &out);
		return 1;
	}
	if (format == CLI_FORMAT_JSON) {
		json_init(&j, &out, 2);
		r = add_item_json(&item, &j, &e);
		if (r == 0)
			json_finish(&j);
		str_add_char(&out, '\n');
	} else {
		r = tare_system_value(item.name, &value, &e);
		if (r == TARE_SYSTEM_VALUE_SET)
			str_addf(&out, "%s\n", value);
		else
			str_addf(&out, "%s is not set.\n", item.name);
	}
	if (r < 0) {
		cli_print_error(tool->name, NULL, &e);
		return 1;
	}
	return cli_print(tool->name, &out);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct config_values values = {0};
	autoarguments arguments = {0};
	autostr out = {0};
	struct err e;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (values.list && arguments.count > 0) {
		err_set(&e, ERR_USAGE, 0, "-l lists all items, '%s' is too much",
			arguments.words[0]);
		cli_print_error(tool->name, NULL, &e);
		return 1;
	}
	if (values.list)
		return print_list(tool, values.format);
	if (arguments.count == 0 || strcmp(arguments.words[0], "-") == 0) {
		cli_add_synopsis(tool, &out);
		return cli_print(tool->name, &out);
	}
	if (arguments.count > 1) {
		err_set(&e, ERR_USAGE, 0, "one item at a time, '%s' is too much",
			arguments.words[1]);
		cli_print_error(tool->name, NULL, &e);
		return 1;
	}
	return print_item(tool, arguments.words[0], values.format);
}

static const struct cli_option options[] = {
	{
		.letter = 'l',
		.name = "list",
		.kind = CLI_FLAG,
		.offset = offsetof(struct config_values, list),
		.help = "list the names of all items",
	},
	CLI_OPTION_FORMAT(struct config_values, format),
	{0},
};

const struct cli_tool tool_config = {
	.name = "lxc-config",
	.summary = "print a value of the system configuration",
	.synopsis = "-l [--format=FORMAT]\nITEM [--format=FORMAT]",
	.description = "ITEM is the name of an item of lxc.conf, or the beginning of one; the "
		       "first item of the list that begins so is printed.",
	.options = options,
	.arguments = {CLI_COMPLETE_OUTPUT, "lxc-config -l"},
	.run = run,
};
