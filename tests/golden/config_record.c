/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Describes one configuration as text. Nothing here decides what is right: that is what the golden
 * files say. Effects are written down instead of happening; a log file whose path begins with
 * "refused/" cannot be opened.
 */

#include "config_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "base/num.h"
#include "config/check.h"
#include "sys/file.h"

enum { FILE_SIZE_MAX = 1 << 20 };

static const char directive[] = "#golden: ";

/* Where the effects and commands of one run write to. */
struct record {
	struct config *config;
	const char *path;
	struct str reports, effects, commands;
};

int config_record_random(void *buf, size_t len)
{
	memset(buf, 0x5a, len);
	return 0;
}

int config_record_other_random(void *buf, size_t len)
{
	memset(buf, 0xc3, len);
	return 0;
}

/* Add text as lines that begin with `prefix`. */
static void add_lines(struct str *out, const char *prefix, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		str_addf(out, "%s%.*s\n", prefix, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void add_section(struct str *out, const char *title, const char *prefix, const char *text)
{
	if (*text == '\0')
		return;
	str_addf(out, "%s:\n", title);
	add_lines(out, prefix, text);
}

/* As a string of C, so that line breaks and blanks at the end can be seen. */
static void add_quoted(struct str *out, const char *text)
{
	str_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '\n')
			str_add(out, "\\n");
		else if (*text == '"' || *text == '\\')
			str_addf(out, "\\%c", *text);
		else
			str_add_char(out, *text);
	}
	str_add_char(out, '"');
}

static void add_result(struct str *out, int result, const struct err *e)
{
	autostr text = {};

	if (result == 0) {
		str_add(out, "0\n");
		return;
	}
	str_add(out, strerrorname_np(-result));
	if (err_is_set(e))
		str_addf(out, " %s", err_name(e->id));
	str_add_char(out, '\n');
	err_render_text(e, &text);
	add_lines(out, "  ", str_text(&text));
}

static const char *severity_name(enum config_severity severity)
{
	switch (severity) {
	case CONFIG_NOTE:
		return "note";
	case CONFIG_WARNING:
		return "warning";
	case CONFIG_ERROR:
		return "error";
	}
	return "?";
}

static void add_report(struct str *out, enum config_severity severity, const struct err *problem)
{
	autostr text = {};

	str_addf(out, "%s %s\n", severity_name(severity), err_name(problem->id));
	err_render_text(problem, &text);
	add_lines(out, "  ", str_text(&text));
}

static void report(void *context, enum config_severity severity, const struct err *problem)
{
	struct record *r = context;

	add_report(&r->reports, severity, problem);
}

static int open_log(void *context, const char *path)
{
	struct record *r = context;

	str_addf(&r->effects, "open log file %s\n", path);
	return text_starts(path, "refused/") ? -EACCES : 0;
}

static void set_log_level(void *context, int level)
{
	struct record *r = context;

	str_addf(&r->effects, "log from level %d on\n", level);
}

static void open_syslog(void *context, int facility)
{
	struct record *r = context;

	str_addf(&r->effects, "log to syslog facility %d\n", facility);
}

static void add_finding(void *context, enum config_severity severity, const struct err *problem)
{
	add_report(context, severity, problem);
}

void config_record_values(const struct config *c, struct str *out)
{
	autostr dump = {};
	const char *at;

	config_dump(c, &dump);
	for (at = str_text(&dump); *at;) {
		size_t len = strcspn(at, "\n");

		/* Behind a tab stands a value, else a key with its type and, in parentheses, place.
		 */
		str_addf(out, "%.*s\n", (int)(*at == '\t' ? len : strcspn(at, "(\n")), at);
		at += len + (at[len] == '\n');
	}
}

static void command_get(struct record *r, const char *key)
{
	autostr text = {};
	int result = config_get(r->config, key, &text);

	str_addf(&r->commands, "get %s: ", key);
	if (result < 0)
		str_add(&r->commands, strerrorname_np(-result));
	else
		add_quoted(&r->commands, str_text(&text));
	str_add_char(&r->commands, '\n');
}

static void command_buffer(struct record *r, const char *arguments)
{
	char buf[256] = "";
	uint64_t size = 0;
	int result;

	if (num_take_u64(&arguments, &size) < 0 || size > sizeof(buf) || *arguments != ' ')
		abort();
	result = config_get_buffer(r->config, arguments + 1, buf, size);
	str_addf(&r->commands, "buffer of %u bytes for %s: %d ", (unsigned)size, arguments + 1,
		 result);
	add_quoted(&r->commands, buf);
	str_add_char(&r->commands, '\n');
}

/* KEY [VALUE], with \n for a line break. */
static void command_set(struct record *r, const char *arguments)
{
	size_t key_len = strcspn(arguments, " ");
	autofree char *key = strndup(arguments, key_len);
	const char *at = arguments + key_len + (arguments[key_len] == ' ');
	autostr value = {};
	struct err e = {};
	int result;

	for (; *at; at++) {
		if (text_starts(at, "\\n")) {
			str_add_char(&value, '\n');
			at++;
		} else {
			str_add_char(&value, *at);
		}
	}
	result = config_set(r->config, key, str_text(&value), "(API)", &e);
	str_addf(&r->commands, "set %s: ", arguments);
	add_result(&r->commands, result, &e);
}

static void command_clear(struct record *r, const char *key)
{
	struct err e = {};
	int result = config_clear(r->config, key, &e);

	str_addf(&r->commands, "clear %s: ", key);
	add_result(&r->commands, result, &e);
}

static void command_keys(struct record *r, const char *prefix)
{
	autostr names = {};
	int result = config_list_keys(r->config, *prefix ? prefix : NULL, &names);

	str_addf(&r->commands, "keys %s: ", prefix);
	if (result < 0)
		str_addf(&r->commands, "%s\n", strerrorname_np(-result));
	else
		str_addf(&r->commands, "%zu bytes\n", names.len);
	add_lines(&r->commands, "  ", str_text(&names));
}

static void command_supported(struct record *r, const char *key)
{
	str_addf(&r->commands, "supported %s: %s\n", key,
		 config_key_is_supported(key) ? "yes" : "no");
}

/* FILE UMASK: the file is written where tests may write and removed again. */
static void command_save(struct record *r, const char *arguments)
{
	size_t len = strcspn(arguments, " ");
	autofree char *name = strndup(arguments, len);
	const char *folder = getenv("TMPDIR");
	mode_t mask = (mode_t)strtoul(arguments + len, NULL, 8);
	autofree char *text = NULL;
	autostr path = {};
	struct err e = {};
	struct stat st = {};
	size_t size = 0;
	int result;

	str_addf(&path, "%s/golden-%d-%s", folder ? folder : "/tmp", (int)getpid(), name);
	mask = umask(mask);
	result = config_save(r->config, str_text(&path), &e);
	umask(mask);
	str_addf(&r->commands, "save %s: ", arguments);
	add_result(&r->commands, result, &e);
	if (stat(str_text(&path), &st) == 0)
		str_addf(&r->commands, "  mode %o\n", (unsigned)(st.st_mode & 07777));
	if (file_read_all(AT_FDCWD, str_text(&path), FILE_SIZE_MAX, &text, &size) == 0)
		add_lines(&r->commands, "  |", text);
	unlink(str_text(&path));
}

static void command_reload(struct record *r)
{
	const struct config_effects effects = {.random = config_record_other_random};
	autostr text = {}, values = {}, values_again = {};
	struct config again;
	struct err e = {};
	int result;

	config_text(r->config, &text);
	if (config_init(&again, &effects) < 0)
		abort();
	result = config_load_text(&again, r->path, str_text(&text), text.len, &e);
	config_record_values(r->config, &values);
	config_record_values(&again, &values_again);
	str_add(&r->commands, "reload: ");
	add_result(&r->commands, result, &e);
	if (strcmp(str_text(&values), str_text(&values_again)) == 0)
		str_add(&r->commands, "  the same values\n");
	else
		add_section(&r->commands, "  other values", "    ", str_text(&values_again));
	config_finish(&again);
}

static void command_also(struct record *r, const char *path)
{
	struct err e = {};
	int result = config_load(r->config, path, &e);

	str_addf(&r->commands, "also %s: ", path);
	add_result(&r->commands, result, &e);
}

static void run_command(struct record *r, const char *command)
{
	const struct {
		const char *name;
		void (*run)(struct record *r, const char *arguments);
	} commands[] = {
		{"also", command_also}, {"buffer", command_buffer},       {"clear", command_clear},
		{"get", command_get},   {"keys", command_keys},           {"save", command_save},
		{"set", command_set},   {"supported", command_supported},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
		const char *rest = text_after(command, commands[i].name);

		if (rest && (*rest == ' ' || *rest == '\0')) {
			commands[i].run(r, rest + (*rest == ' '));
			return;
		}
	}
	if (strcmp(command, "reload") == 0)
		command_reload(r);
	else if (strcmp(command, "first-file") == 0)
		str_addf(&r->commands, "first-file: %s\n", r->config->first_file);
	else if (strcmp(command, "keep-going") != 0 && strcmp(command, "check-files") != 0 &&
		 strcmp(command, "whole-table") != 0)
		str_addf(&r->commands, "%s: THERE IS NO SUCH COMMAND\n", command);
}

static void run_commands(struct record *r, const char *text)
{
	while ((text = strstr(text, directive))) {
		autofree char *command = NULL;
		size_t len;

		text += LITERAL_LENGTH(directive);
		len = strcspn(text, "\r\n");
		command = strndup(text, len);
		if (!command)
			abort();
		run_command(r, command);
		text += len;
	}
}

static void add_check(const struct config *c, unsigned flags, struct str *out)
{
	autostr findings = {};
	unsigned errors = config_check(c, flags, add_finding, &findings);

	str_addf(out, "check: %u %s\n", errors, errors == 1 ? "error" : "errors");
	add_lines(out, "  ", str_text(&findings));
}

int config_record(struct config *c, const char *path, struct str *out)
{
	struct record r = {.config = c, .path = path};
	const struct config_effects effects = {
		.report = report,
		.open_log = open_log,
		.set_log_level = set_log_level,
		.open_syslog = open_syslog,
		.random = config_record_random,
		.context = &r,
	};
	autofree char *text = NULL;
	autostr dump = {}, saved = {};
	size_t len;
	struct err e = {};
	int result;

	if (file_read_all(AT_FDCWD, path, FILE_SIZE_MAX, &text, &len) < 0 ||
	    config_init(c, &effects) < 0)
		abort();
	c->keep_going = strstr(text, "#golden: keep-going");
	result = config_load(c, path, &e);
	str_add(out, "load: ");
	add_result(out, result, &e);
	run_commands(&r, text);
	add_section(out, "reports", "  ", str_text(&r.reports));
	add_section(out, "effects", "  ", str_text(&r.effects));
	add_section(out, "commands", "  ", str_text(&r.commands));
	config_dump(c, &dump);
	add_section(out, "values", "  ", str_text(&dump));
	config_text(c, &saved);
	add_section(out, "text", "  |", str_text(&saved));
	add_check(c, strstr(text, "#golden: check-files") ? CONFIG_CHECK_FILES : 0, out);
	c->effects = (struct config_effects){.random = config_record_other_random};
	str_finish(&r.reports);
	str_finish(&r.effects);
	str_finish(&r.commands);
	return result;
}
