/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completion for zsh: one function per tool that hands its rows to _arguments, and completion.zsh,
 * which finds the function.
 */

#include "cli/generate.h"

#include "base/str.h"
#include "cli/cli.h"
#include "cli/completion_zsh.h"

/* Text inside a spec: colons and brackets mean something there. */
static void add_escaped(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (*text == ':' || *text == '[' || *text == ']' || *text == '\\')
			str_add_char(out, '\\');
		str_add_char(out, *text);
	}
}

/* A function's name for a tool: "tare completion" has a blank. */
static void add_function_name(const struct cli_tool *tool, struct str *out)
{
	str_add(out, "_tare_");
	for (const char *c = tool->name; *c; c++)
		str_add_char(out, *c == ' ' ? '-' : *c);
}

static void add_word_list(const struct cli_option *o, const char *separator, struct str *spec)
{
	bool first = true;

	for (const struct cli_word *w = o->words; w && w->name; w++) {
		if (w->hidden)
			continue;
		str_addf(spec, "%s%s", first ? "" : separator, w->name);
		first = false;
	}
	if (o->complete.source)
		str_addf(spec, "%s%s", first ? "" : separator, o->complete.source);
}

/* ":message:action" */
static void add_action(const struct cli_completion *c, const struct cli_tool *tool,
		       struct str *spec)
{
	const char *source = c->source ? c->source : "";

	switch (c->kind) {
	case CLI_COMPLETE_FILE:
		str_add(spec, "_files");
		break;
	case CLI_COMPLETE_DIRECTORY:
		str_add(spec, "_files -/");
		break;
	case CLI_COMPLETE_COMMAND:
		str_add(spec, "_normal");
		break;
	case CLI_COMPLETE_CONTAINER:
		if (!c->source && tool->containers)
			source = tool->containers;
		str_addf(spec, " __tare_containers%s%s", *source ? " " : "", source);
		break;
	case CLI_COMPLETE_OUTPUT:
		str_addf(spec, " __tare_output %s", source);
		break;
	case CLI_COMPLETE_WORDS:
		str_addf(spec, "(%s)", source);
		break;
	case CLI_COMPLETE_NONE:
		str_add(spec, " ");
		break;
	}
}

static void add_argument(const struct cli_tool *tool, const struct cli_option *o, struct str *spec)
{
	if (!o->placeholder)
		return;
	str_add(spec, o->flags & CLI_ARGUMENT_OPTIONAL ? "::" : ":");
	add_escaped(o->placeholder, spec);
	str_add_char(spec, ':');
	if (o->complete.kind != CLI_COMPLETE_WORDS) {
		add_action(&o->complete, tool, spec);
	} else if (o->kind == CLI_CHOICES) {
		str_add(spec, "_values -s \"|\" value ");
		add_word_list(o, " ", spec);
	} else {
		str_add_char(spec, '(');
		add_word_list(o, " ", spec);
		str_add_char(spec, ')');
	}
}

static bool is_repeatable(const struct cli_option *o)
{
	return o->kind == CLI_STRING_LIST || o->kind == CLI_PATH_LIST || o->kind == CLI_CALL;
}

/* One spelling of an option: "(-l --list)-l[list the items]". */
static void add_spec(const struct cli_tool *tool, const struct cli_option *o, bool as_letter,
		     struct str *out)
{
	const char *mark = !o->placeholder                    ? ""
			   : o->flags & CLI_ARGUMENT_OPTIONAL ? (as_letter ? "-" : "=-")
							      : (as_letter ? "+" : "=");
	autostr spec = {0};

	if (is_repeatable(o))
		str_add_char(&spec, '*');
	else if (o->letter && o->name)
		str_addf(&spec, "(-%c --%s)", o->letter, o->name);
	if (as_letter)
		str_addf(&spec, "-%c%s[", o->letter, mark);
	else
		str_addf(&spec, "--%s%s[", o->name, mark);
	add_escaped(o->help, &spec);
	str_add_char(&spec, ']');
	add_argument(tool, o, &spec);

	str_add(out, " \\\n\t\t");
	str_add_quoted(out, str_text(&spec));
}

static void add_words(const struct cli_tool *tool, struct str *out)
{
	static const struct cli_completion container = {CLI_COMPLETE_CONTAINER, NULL};
	autostr spec = {0};

	if (tool->flags & (CLI_TAKES_NAME | CLI_NEEDS_NAME)) {
		str_add(&spec, "(-n --name)1:container:");
		add_action(&container, tool, &spec);
		str_add(out, " \\\n\t\t");
		str_add_quoted(out, str_text(&spec));
	}
	if (tool->arguments.kind == CLI_COMPLETE_NONE)
		return;
	str_reset(&spec);
	str_add(&spec, tool->arguments.kind == CLI_COMPLETE_COMMAND ? "*:::command:" : "*:word:");
	add_action(&tool->arguments, tool, &spec);
	str_add(out, " \\\n\t\t");
	str_add_quoted(out, str_text(&spec));
}

static void add_function(const struct cli_tool *tool, struct str *out)
{
	struct cli_option o;
	size_t cursor = 0;

	add_function_name(tool, out);
	str_add(out, "() {\n\t_arguments -s -S");
	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.flags & CLI_HIDDEN)
			continue;
		if (o.letter)
			add_spec(tool, &o, true, out);
		if (o.name)
			add_spec(tool, &o, false, out);
	}
	add_words(tool, out);
	str_add(out, "\n}\n\n");
}

static void add_commands(const struct cli_registry *registry, struct str *out)
{
	str_add(out, "__tare_commands() {\n\tlocal -a commands\n\tcommands=(");
	for (const struct cli_tool *const *t = registry->tools; *t; t++) {
		autostr line = {0};

		if ((*t)->flags & CLI_HIDDEN_TOOL)
			continue;
		str_addf(&line, "%s:", cli_short_name(registry, (*t)->name));
		add_escaped((*t)->summary, &line);
		str_add(out, "\n\t\t");
		str_add_quoted(out, str_text(&line));
	}
	str_add(out, "\n\t)\n\t_describe command commands\n}\n\n__tare_tool() {\n\tcase $1 in\n");
	for (const struct cli_tool *const *t = registry->tools; *t; t++) {
		if ((*t)->flags & CLI_HIDDEN_TOOL)
			continue;
		str_addf(out, "\t%s) ", cli_short_name(registry, (*t)->name));
		add_function_name(*t, out);
		str_add(out, " ;;\n");
	}
	str_add(out, "\tesac\n}\n\n");
}

static void add_names(const struct cli_registry *registry, struct str *out)
{
	str_add(out, registry->program);
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (text_starts((*t)->name, "lxc-"))
			str_addf(out, " %s", (*t)->name);
}

void cli_add_zsh_completion(const struct cli_registry *registry, struct str *out)
{
	str_add(out, "#compdef ");
	add_names(registry, out);
	str_addf(out, "\n# Completion of %s and the lxc-* commands for zsh.\n\n__tare_names=(",
		 registry->program);
	add_names(registry, out);
	str_add(out, ")\n\n");
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (!((*t)->flags & CLI_HIDDEN_TOOL))
			add_function(*t, out);
	add_commands(registry, out);
	str_add(out, completion_zsh);
}
