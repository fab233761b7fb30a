/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-checkconfig: whether a kernel has what containers need (spec/cli.md §3.4). It reads how the
 * kernel was configured; what a start really needs of the running one, the start itself tries.
 */

#include "tools/checkconfig.h"

#include <limits.h>
#include <lxc/lxccontainer.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tools.h"

struct checkconfig_values {
	int format; /* enum cli_format */
	bool quiet;
};

static const struct {
	const char *word, *colour;
} states[] = {
	[CHECK_ENABLED] = {"enabled", "\033[1;32m"},
	[CHECK_MISSING] = {"missing", "\033[1;33m"},
	[CHECK_REQUIRED] = {"required", "\033[1;31m"},
};

static void print_option(const struct check_entry *entry, bool colours, struct str *out)
{
	static const char *const modules[] = {
		[MODULE_NONE] = "",
		[MODULE_LOADED] = ", loaded",
		[MODULE_NOT_LOADED] = ", not loaded",
	};

	str_addf(out, "%s: %s%s%s%s\n", entry->name, colours ? states[entry->state].colour : "",
		 states[entry->state].word, colours ? "\033[0;39m" : "", modules[entry->module]);
}

static void print_entry(const struct check_entry *entry, bool colours, struct str *out)
{
	switch (entry->kind) {
	case CHECK_SECTION:
		str_addf(out, "\n--- %s ---\n", entry->name);
		break;
	case CHECK_OPTION:
		print_option(entry, colours, out);
		break;
	case CHECK_LIMIT:
		str_addf(out, "  %s: %llu\n", entry->name, (unsigned long long)entry->value);
		break;
	case CHECK_MOUNT_V1:
	case CHECK_MOUNT_V2:
		str_addf(out, " - %s\n", entry->name);
		break;
	case CHECK_WARNING:
	case CHECK_HEADING:
		str_addf(out, "%s\n", entry->name);
		break;
	}
}

/* How this program can be called again. */
static void add_own_name(struct str *out)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0) {
		str_add(out, "lxc-checkconfig");
		return;
	}
	path[n] = '\0';
	str_addf(out, "%s%s", path, text_ends(path, "/tare") ? " checkconfig" : "");
}

static void print_text(const struct kernel_config *k, const struct check_list *list,
		       struct str *out)
{
	bool colours = isatty(STDOUT_FILENO);

	if (!k->has_version)
		str_add(out, "WARNING: Unable to detect version from configuration, assuming "
			     "latest\n\n");
	for (size_t i = 0; i < list->count; i++)
		print_entry(&list->items[i], colours, out);
	str_add(out, "\nNote: Before booting a new kernel, you can check its configuration with:\n"
		     "\n  CONFIG=/path/to/config ");
	add_own_name(out);
	str_add(out, "\n\n");
}

static void add_names(struct json *j, const char *member, const struct check_list *list,
		      enum check_kind kind)
{
	json_name(j, member);
	json_open_array(j);
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == kind)
			json_add_string(j, list->items[i].name);
	json_close_array(j);
}

static void add_checks(struct json *j, const struct check_list *list)
{
	json_name(j, "checks");
	json_open_array(j);
	for (size_t i = 0; i < list->count; i++) {
		const struct check_entry *entry = &list->items[i];

		if (entry->kind != CHECK_OPTION)
			continue;
		json_open_object(j);
		json_name(j, "section");
		json_add_string(j, entry->section);
		json_name(j, "name");
		json_add_string(j, entry->name);
		json_name(j, "state");
		json_add_string(j, states[entry->state].word);
		json_name(j, "loaded");
		if (entry->module == MODULE_NONE)
			json_add_null(j);
		else
			json_add_bool(j, entry->module == MODULE_LOADED);
		json_close_object(j);
	}
	json_close_array(j);
}

static void print_json(const struct kernel_config *k, const struct check_list *list,
		       struct str *out)
{
	struct json j;

	json_init(&j, out, 2);
	json_open_object(&j);
	json_name(&j, "version");
	json_add_string(&j, lxc_get_version());
	json_name(&j, "config");
	json_add_string(&j, str_text(&k->path));
	add_checks(&j, list);
	json_name(&j, "namespace_limits");
	json_open_object(&j);
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].kind != CHECK_LIMIT)
			continue;
		json_name(&j, list->items[i].name);
		json_add_uint(&j, list->items[i].value);
	}
	json_close_object(&j);
	add_names(&j, "cgroup_v1_mounts", list, CHECK_MOUNT_V1);
	add_names(&j, "cgroup_v2_mounts", list, CHECK_MOUNT_V2);
	add_names(&j, "warnings", list, CHECK_WARNING);
	json_close_object(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}

/* The module that shows the configuration in /proc, where it is one. */
static bool has_module(const struct kernel_config *k, const char *module)
{
	autostr path = {0};

	str_addf(&path, "/lib/modules/%s/kernel/kernel/%s.ko", k->release, module);
	for (size_t i = 0; i < 4; i++) {
		static const char *const suffixes[] = {"", ".xz", ".zst", ".gz"};
		size_t len = path.len;

		str_add(&path, suffixes[i]);
		if (!str_failed(&path) && access(str_text(&path), F_OK) == 0)
			return true;
		str_truncate(&path, len);
	}
	return false;
}

/* As LXC has it: a sentence, an empty line, what to do. */
static int fail(const struct cli_tool *tool, const struct kernel_config *k, const struct err *e)
{
	const char *module = getenv("MODNAME");
	autostr text = {0};

	if (e->id != ERR_FILE_OPEN || e->code != -ENOENT) {
		cli_print_error(tool->name, NULL, e);
		return 1;
	}
	if (!module || !*module)
		module = "configs";
	str_addf(&text, "%s: %s\n\n", tool->name, err_cause(e));
	if (has_module(k, module))
		str_addf(&text, "Try loading the module %s: modprobe %s; or\n", module, module);
	str_add(&text, "Try recompiling with IKCONFIG_PROC, installing the kernel headers,\n"
		       "or specifying the kernel configuration path with:\n"
		       "  CONFIG=<path> lxc-checkconfig\n");
	(void)cli_write(STDERR_FILENO, str_text(&text), text.len);
	return 1;
}

static bool lacks_required(const struct check_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == CHECK_OPTION && list->items[i].state == CHECK_REQUIRED)
			return true;
	return false;
}

static int check(const struct cli_tool *tool, const struct checkconfig_values *values,
		 struct kernel_config *k, struct check_list *list)
{
	bool is_text = values->format == CLI_FORMAT_TEXT && !values->quiet;
	autostr out = {0};
	struct err e = {0};
	int r = kernel_config_read(getenv("CONFIG"), k, &e);

	if (is_text)
		str_addf(&out, "LXC version %s\n%s", lxc_get_version(), str_text(&k->searched));
	if (r < 0) {
		(void)cli_print(tool->name, &out);
		return fail(tool, k, &e);
	}
	check_all(k, list);
	if (values->quiet)
		return list->failed || lacks_required(list);
	if (is_text)
		print_text(k, list, &out);
	else
		print_json(k, list, &out);
	if (list->failed)
		out.failed = true;
	return cli_print(tool->name, &out);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct checkconfig_values values = {0};
	autoarguments arguments = {0};
	struct kernel_config k = {0};
	struct check_list list = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	code = check(tool, &values, &k, &list);
	check_list_finish(&list);
	kernel_config_finish(&k);
	return code;
}

static const struct cli_option options[] = {
	{
		.letter = 'q',
		.name = "quiet",
		.kind = CLI_FLAG,
		.offset = offsetof(struct checkconfig_values, quiet),
		.help = "print nothing: exit with 1 when something is missing that is required",
	},
	CLI_OPTION_FORMAT(struct checkconfig_values, format),
	{0},
};

const struct cli_tool tool_checkconfig = {
	.name = "lxc-checkconfig",
	.summary = "tell whether the kernel has what containers need",
	.synopsis = "[--quiet] [--format=FORMAT]",
	.description =
		"Reads the running kernel's configuration, or the file that the variable CONFIG "
		"names, and tells of each option that containers use whether it is enabled. "
		"Options without which there are no containers are called required when they are "
		"missing. Exits with 0 even then, unless --quiet is given.",
	.options = options,
	.run = run,
};
