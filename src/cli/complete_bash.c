/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completion for bash: the tables as functions of a case statement each, and completion.bash, which
 * reads them. The words they answer with are described there.
 */

#include "cli/generate.h"

#include "base/str.h"
#include "cli/cli.h"
#include "cli/completion_bash.h"

static void add_kind(const struct cli_completion *c, struct str *text)
{
	static const char *const kinds[] = {
		[CLI_COMPLETE_NONE] = "any",        [CLI_COMPLETE_WORDS] = "words",
		[CLI_COMPLETE_FILE] = "file",       [CLI_COMPLETE_DIRECTORY] = "directory",
		[CLI_COMPLETE_COMMAND] = "command", [CLI_COMPLETE_CONTAINER] = "container",
		[CLI_COMPLETE_OUTPUT] = "output",
	};

	str_add(text, kinds[c->kind]);
	if (c->source)
		str_addf(text, " %s", c->source);
}

static void add_option_kind(const struct cli_tool *tool, const struct cli_option *o,
			    struct str *text)
{
	struct cli_completion c = o->complete;

	if (o->flags & CLI_ARGUMENT_OPTIONAL)
		str_add(text, "optional ");
	if (c.kind == CLI_COMPLETE_WORDS) {
		str_add(text, o->kind == CLI_CHOICES ? "choices" : "words");
		for (const struct cli_word *w = o->words; w && w->name; w++)
			if (!w->hidden)
				str_addf(text, " %s", w->name);
		if (c.source)
			str_addf(text, " %s", c.source);
		return;
	}
	if (c.kind == CLI_COMPLETE_CONTAINER && !c.source)
		c.source = tool->containers;
	add_kind(&c, text);
}

static void add_case(const char *what, const char *option, const struct str *answer,
		     struct str *out)
{
	autostr pattern = {0};

	str_add(&pattern, what);
	if (option)
		str_addf(&pattern, " %s", option);
	str_add_char(out, '\t');
	str_add_quoted(out, str_text(&pattern));
	str_add(out, ") REPLY=");
	str_add_quoted(out, str_text(answer));
	str_add(out, " ;;\n");
}

static void add_options_of(const struct cli_tool *tool, struct str *out)
{
	autostr names = {0};
	struct cli_option o;
	size_t cursor = 0;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.flags & CLI_HIDDEN)
			continue;
		if (o.letter)
			str_addf(&names, "%s-%c", names.len ? " " : "", o.letter);
		if (o.name)
			str_addf(&names, "%s--%s", names.len ? " " : "", o.name);
	}
	add_case(tool->name, NULL, &names, out);
}

static void add_arguments_of(const struct cli_tool *tool, struct str *out)
{
	autostr spelling = {0};
	autostr answer = {0};
	struct cli_option o;
	size_t cursor = 0;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if ((o.flags & CLI_HIDDEN) || !o.placeholder)
			continue;
		str_reset(&answer);
		add_option_kind(tool, &o, &answer);
		if (o.letter)
			add_case(tool->name, (char[]){'-', o.letter, 0}, &answer, out);
		if (!o.name)
			continue;
		str_reset(&spelling);
		str_addf(&spelling, "--%s", o.name);
		add_case(tool->name, str_text(&spelling), &answer, out);
	}
}

static void add_words_of(const struct cli_tool *tool, struct str *out)
{
	autostr answer = {0};

	if (tool->flags & (CLI_TAKES_NAME | CLI_NEEDS_NAME))
		str_addf(&answer, "name%s%s;", tool->containers ? " " : "",
			 tool->containers ? tool->containers : "");
	if (tool->flags & CLI_STOPS_AT_COMMAND)
		str_add(&answer, "stops;");
	add_kind(&tool->arguments, &answer);
	add_case(tool->name, NULL, &answer, out);
}

static void add_function(const struct cli_registry *registry, const char *name, const char *subject,
			 void (*add)(const struct cli_tool *tool, struct str *out), struct str *out)
{
	str_addf(out, "%s() {\n\tcase %s in\n", name, subject);
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (!((*t)->flags & CLI_HIDDEN_TOOL))
			add(*t, out);
	str_add(out, "\t*) REPLY= ;;\n\tesac\n}\n\n");
}

static void add_commands(const struct cli_registry *registry, struct str *out)
{
	str_add(out, "__tare_commands() {\n\tREPLY='--help --version");
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (!((*t)->flags & CLI_HIDDEN_TOOL))
			str_addf(out, " %s", cli_short_name(registry, (*t)->name));
	str_add(out, "'\n}\n\n__tare_tool() {\n\tcase $1 in\n");
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (!((*t)->flags & CLI_HIDDEN_TOOL))
			str_addf(out, "\t%s) REPLY='%s' ;;\n", cli_short_name(registry, (*t)->name),
				 (*t)->name);
	str_add(out, "\t*) REPLY=$1 ;;\n\tesac\n}\n\n");
}

void cli_add_bash_completion(const struct cli_registry *registry, struct str *out)
{
	str_addf(out, "# Completion of %s and the lxc-* commands for bash.\n\n", registry->program);
	add_function(registry, "__tare_options", "$1", add_options_of, out);
	add_function(registry, "__tare_argument", "\"$1 $2\"", add_arguments_of, out);
	add_function(registry, "__tare_words", "$1", add_words_of, out);
	add_commands(registry, out);
	str_add(out, completion_bash);

	str_addf(out, "\ncomplete -F _lxc %s", registry->program);
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (text_starts((*t)->name, "lxc-"))
			str_addf(out, " %s", (*t)->name);
	str_add_char(out, '\n');
}
