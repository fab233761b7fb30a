/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk along argv. It knows which word is an option, an option's argument or neither; what an
 * option is called is found in lookup.c, what becomes of its argument in value.c.
 */

#include "cli/parse.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "cli/lookup.h"
#include "cli/value.h"

struct parser {
	const struct cli_tool *tool;
	char **argv;
	int argc;
	int at; /* the word to look at next */
	void *values;
	struct cli_arguments *ret;
	struct err *e;
};

static struct cli_common *common_values(const struct parser *p)
{
	return p->tool->flags & CLI_CONTAINER_OPTIONS ? p->values : NULL;
}

static bool takes_name(const struct cli_tool *tool)
{
	return tool->flags & (CLI_TAKES_NAME | CLI_NEEDS_NAME);
}

static int complain(struct parser *p, enum cli_complaint complaint, int code)
{
	p->ret->complaint = complaint;
	return code;
}

/* Act on an option whose argument, if it has one, is known. */
static int take_option(struct parser *p, const struct cli_option *o, const char *argument)
{
	switch (o->kind) {
	case CLI_HELP:
		return o->constant ? CLI_SHOW_HELP_AS_ERROR : CLI_SHOW_HELP;
	case CLI_USAGE:
		return CLI_SHOW_USAGE;
	case CLI_VERSION:
		return CLI_SHOW_VERSION;
	case CLI_END:
	case CLI_FLAG:
	case CLI_CONSTANT:
	case CLI_STRING:
	case CLI_STRING_LIST:
	case CLI_PATH:
	case CLI_PATH_LIST:
	case CLI_INT:
	case CLI_UNSIGNED:
	case CLI_CHOICE:
	case CLI_CHOICES:
	case CLI_CALL:
		break;
	}
	return complain(p, CLI_COMPLAINT_VALUE,
			cli_value_store(o, argument, p->values, &p->ret->arena, p->e));
}

/*
 * Complete an option that was found: its argument is `attached` (NULL: nothing is), else the next
 * word. `letter` is the option as a letter, or 0 when it was given by its long name.
 */
static int take_found(struct parser *p, const struct cli_option *o, const char *attached,
		      char letter)
{
	if (!o->placeholder && attached)
		return complain(p, CLI_COMPLAINT_OPTION,
				err_set(p->e, ERR_USAGE, 0,
					"option '--%s' doesn't allow an argument",
					letter ? (char[]){letter, 0} : o->name));
	if (!o->placeholder || attached || (o->flags & CLI_ARGUMENT_OPTIONAL))
		return take_option(p, o, attached);
	if (p->at < p->argc)
		return take_option(p, o, p->argv[p->at++]);
	if (letter)
		return complain(p, CLI_COMPLAINT_OPTION,
				err_set(p->e, ERR_USAGE, 0, "option requires an argument -- '%c'",
					letter));
	return complain(p, CLI_COMPLAINT_OPTION,
			err_set(p->e, ERR_USAGE, 0, "option '--%s' requires an argument", o->name));
}

/* `typed` is what stands behind the two dashes. */
static int parse_long(struct parser *p, const char *typed)
{
	size_t length = strcspn(typed, "=");
	const char *attached = typed[length] == '=' ? typed + length + 1 : NULL;
	struct cli_option o;
	int r;

	if (length == 1 && cli_find_letter(p->tool, typed[0], &o, NULL) == 0)
		return take_found(p, &o, attached, typed[0]);
	r = cli_find_name(p->tool, typed, length, &o, p->e);
	if (r)
		return complain(p, CLI_COMPLAINT_OPTION, r);
	return take_found(p, &o, attached, 0);
}

/* `letters` is what stands behind the dash: options without arguments may share it. */
static int parse_letters(struct parser *p, const char *letters)
{
	while (*letters) {
		char letter = *letters++;
		struct cli_option o;
		int r = cli_find_letter(p->tool, letter, &o, p->e);

		if (r)
			return complain(p, CLI_COMPLAINT_OPTION, r);
		if (o.placeholder)
			return take_found(p, &o, *letters ? letters : NULL, letter);
		r = take_found(p, &o, NULL, letter);
		if (r)
			return r;
	}
	return 0;
}

/* Whether a word that is no option is the first word of a command to run. */
static bool begins_command(const struct parser *p)
{
	const struct cli_common *common = common_values(p);

	if (!(p->tool->flags & CLI_STOPS_AT_COMMAND))
		return false;
	return !takes_name(p->tool) || common->name || p->ret->count > 0;
}

static void add_word(struct parser *p, char *word)
{
	p->ret->words[p->ret->count++] = word;
}

static void add_rest(struct parser *p)
{
	while (p->at < p->argc)
		add_word(p, p->argv[p->at++]);
}

/* "-1" is a value, unless the tool has an option 1. */
static bool is_number(const struct parser *p, const char *word)
{
	struct cli_option o;

	return word[1] >= '0' && word[1] <= '9' && cli_find_letter(p->tool, word[1], &o, NULL) < 0;
}

static int parse_words(struct parser *p)
{
	bool separated = false;
	int r = 0;

	while (p->at < p->argc && r == 0) {
		char *word = p->argv[p->at++];

		if (strcmp(word, "--") == 0) {
			separated = true;
			p->ret->separator = p->ret->count;
			add_rest(p);
		} else if (word[0] == '-' && word[1] == '-') {
			r = parse_long(p, word + 2);
		} else if (word[0] == '-' && word[1] && !is_number(p, word)) {
			r = parse_letters(p, word + 1);
		} else {
			bool stop = begins_command(p);

			add_word(p, word);
			if (stop)
				add_rest(p);
		}
	}
	if (!separated)
		p->ret->separator = p->ret->count;
	return r;
}

/* Without -n, the first word is the name. */
static int settle_name(struct parser *p, struct cli_common *common)
{
	struct cli_arguments *ret = p->ret;

	if (!takes_name(p->tool))
		return 0;
	if (!common->name && ret->count > 0) {
		common->name = ret->words[0];
		ret->words++;
		ret->count--;
		if (ret->separator > 0)
			ret->separator--;
	}
	if ((common->name && *common->name) || !(p->tool->flags & CLI_NEEDS_NAME))
		return 0;
	return complain(p, CLI_COMPLAINT_VALUE,
			err_set(p->e, ERR_USAGE, 0, "No container name specified"));
}

static int settle_common(struct parser *p)
{
	struct cli_common *common = common_values(p);

	if (!common)
		return 0;
	if (common->paths.count > 1 && !(p->tool->flags & CLI_SEVERAL_PATHS))
		return complain(p, CLI_COMPLAINT_BARE,
				err_set(p->e, ERR_USAGE, 0,
					"This command only accepts 1 -P,--lxcpath arguments"));
	return settle_name(p, common);
}

int cli_parse(const struct cli_tool *tool, int argc, char **argv, void *values,
	      struct cli_arguments *ret, struct err *e)
{
	struct parser p = {.tool = tool,
			   .argv = argv,
			   .argc = argc,
			   .at = 1,
			   .values = values,
			   .ret = ret,
			   .e = e};
	int r;

	*ret = (struct cli_arguments){0};
	if (common_values(&p))
		common_values(&p)->log_level = LOG_LEVEL_NOTSET;
	ret->words = arena_alloc(&ret->arena, ((size_t)argc + 1) * sizeof(*ret->words));
	if (!ret->words)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "cannot read the command line");
	r = parse_words(&p);
	if (r)
		return r;
	return settle_common(&p);
}

void cli_arguments_finish(struct cli_arguments *a)
{
	arena_finish(&a->arena);
	*a = (struct cli_arguments){0};
}
