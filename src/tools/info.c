/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-info: state, pid, addresses, usage and configuration values of a container (spec/cli.md
 * §3.14). Labels and widths are read by many programs.
 */

#include "tools/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/session.h"
#include "tools/tools.h"

struct info_values {
	struct cli_common common;
	bool state, pid, ips, stats, raw;
	struct cli_strings keys;
	const char *state_is;
	int format;
};

struct info {
	struct session *s;
	const struct info_values *values;
	bool all;  /* nothing was selected */
	bool bare; /* one thing was, and -H: values without labels */
	struct str out;
	struct json *json; /* or NULL: text */
};

static void add_text(struct info *info, const char *label, const char *value)
{
	if (info->bare)
		str_addf(&info->out, "%s\n", value);
	else
		str_addf(&info->out, "%-15s %s\n", label, value);
}

static void add_size(struct info *info, const char *label, uint64_t bytes)
{
	autostr text = {0};

	if (info->values->raw)
		str_addf(&text, "%llu", (unsigned long long)bytes);
	else if (bytes > UINT64_C(1) << 30)
		str_addf(&text, "%.2f GiB", (double)bytes / (1 << 30));
	else if (bytes > UINT64_C(1) << 20)
		str_addf(&text, "%.2f MiB", (double)bytes / (1 << 20));
	else if (bytes > UINT64_C(1) << 10)
		str_addf(&text, "%.2f KiB", (double)bytes / (1 << 10));
	else
		str_addf(&text, "%llu bytes", (unsigned long long)bytes);
	add_text(info, label, str_text(&text));
}

static void add_ips(struct info *info)
{
	struct lxc_container *c = info->s->c;
	char **ips = c->get_ips(c, NULL, NULL, 0);

	if (info->json) {
		json_name(info->json, "ips");
		json_open_array(info->json);
	}
	for (char **ip = ips; ip && *ip; ip++) {
		if (info->json)
			json_add_string(info->json, *ip);
		else
			add_text(info, "IP:", *ip);
		free(*ip);
	}
	free(ips);
	if (info->json)
		json_close_array(info->json);
}

static void add_usage_json(struct json *j, const struct info_usage *usage)
{
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{"cpu_nanoseconds", usage->cpu},
		{"blkio_bytes", usage->blkio},
		{"memory_bytes", usage->memory},
		{"kernel_memory_bytes", usage->kernel},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		json_name(j, rows[i].name);
		if (rows[i].value == INFO_UNKNOWN)
			json_add_null(j);
		else
			json_add_int(j, rows[i].value);
	}
}

static void add_cpu(struct info *info, int64_t nanoseconds)
{
	autostr text = {0};

	if (info->values->raw)
		str_addf(&text, "%lld", (long long)nanoseconds);
	else
		str_addf(&text, "%.2f seconds", (double)nanoseconds / 1e9);
	add_text(info, "CPU use:", str_text(&text));
}

static void add_usage(struct info *info)
{
	struct info_usage usage;

	info_read_usage(info->s->c, &usage);
	if (info->json) {
		add_usage_json(info->json, &usage);
		return;
	}
	if (usage.cpu != INFO_UNKNOWN)
		add_cpu(info, usage.cpu);
	if (usage.blkio != INFO_UNKNOWN)
		add_size(info, "BlkIO use:", (uint64_t)usage.blkio);
	if (usage.memory != INFO_UNKNOWN)
		add_size(info, "Memory use:", (uint64_t)usage.memory);
	if (usage.kernel != INFO_UNKNOWN)
		add_size(info, "KMem use:", (uint64_t)usage.kernel);
}

static void add_link_json(struct json *j, const struct info_link *link)
{
	json_open_object(j);
	json_name(j, "link");
	json_add_string(j, link->name);
	json_name(j, "tx_bytes");
	json_add_int(j, (int64_t)link->tx);
	json_name(j, "rx_bytes");
	json_add_int(j, (int64_t)link->rx);
	json_close_object(j);
}

static void add_links(struct info *info)
{
	unsigned count = info_count_links(info->s->c);
	struct info_link link;

	if (info->json) {
		json_name(info->json, "links");
		json_open_array(info->json);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!info_read_link(info->s->c, i, &link))
			continue;
		if (info->json) {
			add_link_json(info->json, &link);
			continue;
		}
		add_text(info, "Link:", link.name);
		add_size(info, " TX bytes:", link.tx);
		add_size(info, " RX bytes:", link.rx);
		add_size(info, " Total bytes:", link.tx + link.rx);
	}
	if (info->json)
		json_close_array(info->json);
}

/* A key's value: of the running container, else of the file. False: there is no such key. */
static bool find_value(struct session *s, const char *key, char **ret)
{
	int length;

	*ret = s->c->get_running_config_item(s->c, key);
	if (*ret)
		return true;
	length = s->c->get_config_item(s->c, key, NULL, 0);
	if (length < 0)
		return false;
	*ret = malloc((size_t)length + 1);
	if (!*ret)
		return false;
	(*ret)[0] = '\0';
	return length == 0 || s->c->get_config_item(s->c, key, *ret, length + 1) == length;
}

static void add_key(struct info *info, const char *key)
{
	autofree char *value = NULL;
	autostr complaint = {0};

	if (!find_value(info->s, key, &value)) {
		str_addf(&complaint, "%s invalid\n", key);
		(void)cli_write(STDERR_FILENO, str_text(&complaint), complaint.len);
	} else if (info->json) {
		json_name(info->json, key);
		json_add_string(info->json, value);
	} else if (info->bare) {
		str_addf(&info->out, "%s\n", value);
	} else {
		str_addf(&info->out, "%s =%s%s\n", key, *value ? " " : "", value);
	}
}

static void add_keys(struct info *info)
{
	if (info->json && info->values->keys.count > 0) {
		json_name(info->json, "config");
		json_open_object(info->json);
	}
	for (size_t i = 0; i < info->values->keys.count; i++)
		add_key(info, info->values->keys.items[i]);
	if (info->json && info->values->keys.count > 0)
		json_close_object(info->json);
}

static void add_pid(struct info *info)
{
	pid_t pid = info->s->c->init_pid(info->s->c);
	char text[24];

	if (info->json) {
		json_name(info->json, "pid");
		if (pid > 0)
			json_add_int(info->json, pid);
		else
			json_add_null(info->json);
	} else if (pid > 0) {
		snprintf(text, sizeof(text), "%d", (int)pid);
		add_text(info, "PID:", text);
	}
}

static void add_word(struct info *info, const char *name, const char *label, const char *value)
{
	if (info->json) {
		json_name(info->json, name);
		json_add_string(info->json, value);
	} else {
		add_text(info, label, value);
	}
}

static void add_all(struct info *info, const char *state)
{
	const struct info_values *values = info->values;
	/* In JSON what is unknown has its key, too. */
	bool has_usage = info->json || strcmp(state, "STOPPED") != 0;

	if (info->all)
		add_word(info, "name", "Name:", values->common.name);
	if (info->all || values->state)
		add_word(info, "state", "State:", state);
	if (info->all || values->pid)
		add_pid(info);
	if (has_usage && (info->all || values->ips))
		add_ips(info);
	if (has_usage && (info->all || values->stats)) {
		add_usage(info);
		add_links(info);
	}
	add_keys(info);
}

static int show(struct session *s, const struct info_values *values)
{
	const char *state = session_state(s);
	unsigned selected = values->state + values->pid + values->ips + values->stats +
			    (unsigned)values->keys.count;
	struct info info = {
		.s = s,
		.values = values,
		.all = selected == 0,
		.bare = selected == 1 && values->raw && !values->stats,
	};
	struct json j;
	int code;

	if (values->format == CLI_FORMAT_JSON) {
		json_init(&j, &info.out, 2);
		json_open_object(&j);
		info.json = &j;
	}
	add_all(&info, state);
	if (info.json) {
		json_close_object(&j);
		json_finish(&j);
		str_add_char(&info.out, '\n');
	}
	code = cli_print(s->tool->name, &info.out);
	str_finish(&info.out);
	return code;
}

/* State, pid and addresses are the run's: the configuration is not read for them. */
static bool needs_config(const struct info_values *values)
{
	bool run_alone = values->state || values->pid || values->ips || values->state_is;

	return values->common.rcfile || values->stats || values->keys.count > 0 || !run_alone;
}

static bool begin(struct session *s, const struct cli_tool *tool, const struct info_values *values)
{
	return needs_config(values) ? session_begin(s, tool, &values->common, values->common.rcfile)
				    : session_begin_bare(s, tool, &values->common);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct info_values values = {0};
	autoarguments arguments = {0};
	autosession s = {.only_looks = true};
	autostr text = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!begin(&s, tool, &values)) {
		if (!s.c)
			session_say(&s, "Failure to retrieve information on %s:%s",
				    s.lxcpath ? s.lxcpath : "", values.common.name);
		return 1;
	}
	if (!s.c->is_defined(s.c) && !s.c->is_running(s.c)) {
		str_addf(&text, "%s doesn't exist\n", values.common.name);
		(void)cli_write(STDERR_FILENO, str_text(&text), text.len);
		return 1;
	}
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	if (values.state_is)
		return strcmp(s.c->state(s.c), values.state_is) == 0 ? 0 : 1;
	return show(&s, &values);
}

#define AT(member) .offset = offsetof(struct info_values, member)

static const struct cli_option options[] = {
	{
		.letter = 's',
		.name = "state",
		.kind = CLI_FLAG,
		AT(state),
		.help = "show the state",
	},
	{
		.letter = 'p',
		.name = "pid",
		.kind = CLI_FLAG,
		AT(pid),
		.help = "show the process id of the container's init",
	},
	{
		.letter = 'i',
		.name = "ips",
		.kind = CLI_FLAG,
		AT(ips),
		.help = "show the addresses",
	},
	{
		.letter = 'S',
		.name = "stats",
		.kind = CLI_FLAG,
		AT(stats),
		.help = "show the use of processor, storage, memory and network",
	},
	{
		.letter = 'H',
		.name = "no-humanize",
		.kind = CLI_FLAG,
		AT(raw),
		.help = "show plain numbers; with one thing selected, its value alone",
	},
	{
		.letter = 'c',
		.name = "config",
		.placeholder = "KEY",
		.kind = CLI_STRING_LIST,
		AT(keys),
		.help = "show a configuration value; may be repeated",
	},
	{
		.letter = 't',
		.name = "state-is",
		.placeholder = "STATE",
		.kind = CLI_STRING,
		.flags = CLI_HIDDEN,
		AT(state_is),
		.help = "exit with 0 when the state is this one, else with 1",
	},
	CLI_OPTION_FORMAT(struct info_values, format),
	{0},
};

const struct cli_tool tool_info = {
	.name = "lxc-info",
	.summary = "show what is known about a container",
	.synopsis = "[-n] NAME [-s] [-p] [-i] [-S] [-H] [-c KEY]… [--format FORMAT]",
	.description =
		"Shows a container's state, the process id of its init, its addresses, and what it "
		"uses; or the parts that are selected. Configuration values are those of the "
		"running container where it has other ones than the file.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--defined",
	.run = run,
};
