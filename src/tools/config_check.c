/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * tare config-check: tell everything that is wrong with configuration files, in the form in which
 * compilers do ("FILE:LINE: error: …"), so that editors can jump there; or as JSON.
 */

#include "tools/tools.h"

#include <string.h>

#include <tare/tare.h>

struct check_values {
	int format; /* enum cli_format */
	bool strict;
};

/* Problems of one file on their way out; one of the two is used. */
struct check_output {
	struct str *text;
	struct json *json;
	unsigned warnings;
};

static const char *severity_word(enum tare_severity severity)
{
	switch (severity) {
	case TARE_NOTE:
		return "note";
	case TARE_WARNING:
		return "warning";
	case TARE_ERROR:
		break;
	}
	return "error";
}

/* Who adds an origin or a hint does not always stand at the cause: those nearest to it count. */
static void find_nearest(const struct err *problem, const char **origin, const char **hint)
{
	*origin = "";
	*hint = "";
	for (unsigned i = problem->frame_count; i-- > 0;) {
		const struct err_frame *frame = &problem->frames[i];

		if (frame->origin)
			*origin = err_text_at(problem, frame->origin);
		if (frame->hint)
			*hint = err_text_at(problem, frame->hint);
	}
}

/* Bytes of the FILE:LINE of "FILE:LINE KEY". A file's name may hold blanks. */
static size_t place_length(const char *origin)
{
	size_t len = strlen(origin);

	for (size_t i = len; i-- > 1;)
		if (text_starts(origin + i, " lxc.") && origin[i - 1] >= '0' &&
		    origin[i - 1] <= '9')
			return i;
	return len;
}

static void add_text(struct str *out, enum tare_severity severity, const struct err *problem)
{
	const struct err_frame *cause = &problem->frames[0];
	const char *object = err_text_at(problem, cause->object);
	char room[ERRNO_TEXT_MAX];
	const char *origin;
	const char *hint;

	find_nearest(problem, &origin, &hint);
	/* The key stands in the message already. */
	str_addf(out, "%.*s%s%s: %s", (int)place_length(origin), origin, *origin ? ": " : "",
		 severity_word(severity), err_text_at(problem, cause->what));
	if (*object)
		str_addf(out, ": %s", object);
	if (cause->errnum)
		str_addf(out, ": %s", errno_text(cause->errnum, room));
	str_addf(out, " [%s]\n", err_name(problem->id));
	if (*hint)
		str_addf(out, "  hint: %s\n", hint);
}

static void add_json_text(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_add_string(j, *text ? text : NULL);
}

static void add_json(struct json *j, enum tare_severity severity, const struct err *problem)
{
	const struct err_frame *cause = &problem->frames[0];
	const char *origin;
	const char *hint;

	find_nearest(problem, &origin, &hint);
	json_open_object(j);
	add_json_text(j, "severity", severity_word(severity));
	add_json_text(j, "name", err_name(problem->id));
	add_json_text(j, "origin", origin);
	add_json_text(j, "message", err_text_at(problem, cause->what));
	add_json_text(j, "object", err_text_at(problem, cause->object));
	json_name(j, "errno");
	json_add_int(j, cause->errnum);
	add_json_text(j, "hint", hint);
	json_close_object(j);
}

static void report(void *context, enum tare_severity severity, const struct err *problem)
{
	struct check_output *output = context;

	if (severity == TARE_WARNING)
		output->warnings++;
	if (output->json)
		add_json(output->json, severity, problem);
	else
		add_text(output->text, severity, problem);
}

/* Check one file. Returns whether it is in order, or a negative number with e set. */
static int check_file(const char *path, bool strict, struct check_output *output, struct err *e)
{
	int errors;

	output->warnings = 0;
	if (output->json) {
		json_open_object(output->json);
		json_name(output->json, "file");
		json_add_string(output->json, path);
		json_name(output->json, "problems");
		json_open_array(output->json);
	}
	errors = tare_config_check(path, report, output, e);
	if (errors < 0)
		report(output, TARE_ERROR, e);
	if (output->json) {
		json_close_array(output->json);
		json_name(output->json, "errors");
		json_add_int(output->json, errors < 0 ? 1 : errors);
		json_name(output->json, "warnings");
		json_add_uint(output->json, output->warnings);
		json_close_object(output->json);
	}
	return errors == 0 && !(strict && output->warnings > 0);
}

static int check_files(const struct cli_tool *tool, const struct check_values *values,
		       const struct cli_arguments *arguments)
{
	bool is_json = values->format == CLI_FORMAT_JSON;
	autostr out = {};
	struct json j = {0};
	struct check_output output = {.text = &out, .json = is_json ? &j : NULL};
	bool in_order = true;
	int code;

	if (is_json) {
		json_init(&j, &out, 2);
		json_open_array(&j);
	}
	for (size_t i = 0; i < arguments->count; i++) {
		struct err e = {};

		if (!check_file(arguments->words[i], values->strict, &output, &e))
			in_order = false;
	}
	if (is_json) {
		json_close_array(&j);
		json_finish(&j);
		str_add_char(&out, '\n');
	}
	code = cli_print(tool->name, &out);
	return code ? code : !in_order;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct check_values values = {};
	autoarguments arguments = {};
	struct err e;
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (arguments.count > 0)
		return check_files(tool, &values, &arguments);
	err_set(&e, ERR_USAGE, 0, "no file given");
	err_hint(&e, "%s FILE…; the file of a container is LXCPATH/NAME/config", tool->name);
	cli_print_error(tool->name, NULL, &e);
	return 1;
}

static const struct cli_option options[] = {
	{
		.letter = 's',
		.name = "strict",
		.kind = CLI_FLAG,
		.offset = offsetof(struct check_values, strict),
		.help = "exit with 1 for warnings, too",
	},
	CLI_OPTION_FORMAT(struct check_values, format),
	{0},
};

const struct cli_tool tool_config_check = {
	.name = "tare config-check",
	.summary = "tell all problems of a container's configuration file",
	.synopsis = "[-s] [--format=FORMAT] FILE…",
	.description =
		"Reads each file as a start of the container would, with the files it includes, "
		"goes on behind errors, and looks for keys that contradict or need others, and "
		"for mistakes in the seccomp policy and fstab that it names. Nothing is changed, "
		"no log file is opened.\n"
		"A problem is one line: FILE:LINE: error|warning|note: MESSAGE [NAME]. NAME is "
		"stable: programs may compare it. A hint follows on a line of its own.\n"
		"The exit code is 0 when no file has an error, else 1.",
	.options = options,
	.arguments = {CLI_COMPLETE_FILE},
	.run = run,
};
