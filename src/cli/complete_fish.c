/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completion for fish: completion.fish with its few functions, then one `complete` line per option
 * and command; for a command of tare a second one with the condition that tare runs it.
 */

#include "cli/generate.h"

#include "base/str.h"
#include "cli/cli.h"
#include "cli/completion_fish.h"

/* `complete -c COMMAND` for one tool, or for it as a command of the program. */
struct place {
	const char *command;
	const char *condition; /* NULL: none */
};

static void add_place(const struct place *place, struct str *out)
{
	str_addf(out, "complete -c %s", place->command);
	if (place->condition) {
		str_add(out, " -n ");
		str_add_quoted(out, place->condition);
	}
}

static void add_words(const struct cli_option *o, struct str *words)
{
	for (const struct cli_word *w = o->words; w && w->name; w++)
		if (!w->hidden)
			str_addf(words, "%s%s", words->len ? " " : "", w->name);
	if (o->complete.source)
		str_addf(words, "%s%s", words->len ? " " : "", o->complete.source);
}

/* The switches that say what an argument is completed with; files unless they say otherwise. */
static void add_candidates(const struct cli_completion *c, const struct cli_tool *tool,
			   struct str *out)
{
	autostr list = {0};
	const char *source = c->source ? c->source : tool->containers;

	switch (c->kind) {
	case CLI_COMPLETE_FILE:
		str_add(out, " -F");
		return;
	case CLI_COMPLETE_DIRECTORY:
		str_add(&list, "(__fish_complete_directories (commandline -ct))");
		break;
	case CLI_COMPLETE_COMMAND:
		str_add(&list, "(__fish_complete_subcommand)");
		break;
	case CLI_COMPLETE_CONTAINER:
		str_addf(&list, "(__tare_containers%s%s)", source ? " " : "", source ? source : "");
		break;
	case CLI_COMPLETE_OUTPUT:
		str_addf(&list, "(%s 2>/dev/null)", source);
		break;
	case CLI_COMPLETE_WORDS:
		str_add(&list, c->source ? c->source : "");
		break;
	case CLI_COMPLETE_NONE:
		break;
	}
	str_add(out, " -f");
	if (!list.len)
		return;
	str_add(out, " -a ");
	str_add_quoted(out, str_text(&list));
}

static void add_argument(const struct cli_tool *tool, const struct cli_option *o, struct str *out)
{
	autostr words = {0};
	autostr list = {0};

	if (!o->placeholder)
		return;
	if (!(o->flags & CLI_ARGUMENT_OPTIONAL))
		str_add(out, " -r");
	if (o->complete.kind != CLI_COMPLETE_WORDS) {
		add_candidates(&o->complete, tool, out);
		return;
	}
	add_words(o, &words);
	str_addf(&list, o->kind == CLI_CHOICES ? "(__tare_choices %s)" : "%s", str_text(&words));
	str_add(out, " -f -a ");
	str_add_quoted(out, str_text(&list));
}

static void add_tool(const struct cli_tool *tool, const struct place *place, struct str *out)
{
	struct cli_option o;
	size_t cursor = 0;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.flags & CLI_HIDDEN)
			continue;
		add_place(place, out);
		if (o.letter)
			str_addf(out, " -s %c", o.letter);
		if (o.name)
			str_addf(out, " -l %s", o.name);
		add_argument(tool, &o, out);
		str_add(out, " -d ");
		str_add_quoted(out, o.help);
		str_add_char(out, '\n');
	}
	if (tool->flags & (CLI_TAKES_NAME | CLI_NEEDS_NAME)) {
		add_place(place, out);
		add_candidates(&(struct cli_completion){CLI_COMPLETE_CONTAINER}, tool, out);
		str_add_char(out, '\n');
	}
	add_place(place, out);
	add_candidates(&tool->arguments, tool, out);
	str_add(out, "\n\n");
}

/* fish reads the script again for each command that is typed: rows must not pile up. */
static void add_erasures(const struct cli_registry *registry, struct str *out)
{
	str_addf(out, "\ncomplete -e -c %s\n", registry->program);
	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (text_starts((*t)->name, "lxc-"))
			str_addf(out, "complete -e -c %s\n", (*t)->name);
}

void cli_add_fish_completion(const struct cli_registry *registry, struct str *out)
{
	str_addf(out, "# Completion of %s and the lxc-* commands for fish.\n\n", registry->program);
	str_add(out, completion_fish);
	add_erasures(registry, out);
	str_addf(out, "\ncomplete -c %s -n __tare_has_no_command -f\n", registry->program);
	for (const struct cli_tool *const *t = registry->tools; *t; t++) {
		const char *name = cli_short_name(registry, (*t)->name);
		autostr condition = {0};

		if ((*t)->flags & CLI_HIDDEN_TOOL)
			continue;
		str_addf(out, "complete -c %s -n __tare_has_no_command -f -a %s -d ",
			 registry->program, name);
		str_add_quoted(out, (*t)->summary);
		str_add_char(out, '\n');

		str_addf(&condition, "__tare_is_called_for %s lxc-%s", name, name);
		add_tool(*t, &(struct place){registry->program, str_text(&condition)}, out);
		if (text_starts((*t)->name, "lxc-"))
			add_tool(*t, &(struct place){(*t)->name, NULL}, out);
	}
}
