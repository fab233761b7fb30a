/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Help texts. Widths are counted in bytes: names and placeholders are ASCII.
 */

#include "cli/help.h"

#include <string.h>

#include "base/macros.h"
#include "base/str.h"

enum {
	OPTION_WIDTH_MAX = 34, /* options longer than this push their text to the right */
	USAGE_PER_LINE = 4,
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void add_upper(struct str *out, const char *text)
{
	while (*text)
		str_add_char(out, upper(*text++));
}

static void add_blanks(struct str *out, size_t count)
{
	while (count-- > 0)
		str_add_char(out, ' ');
}

void cli_add_synopsis(const struct cli_tool *tool, struct str *out)
{
	const char *form = tool->synopsis;

	str_add(out, "Usage: ");
	for (;;) {
		size_t length = strcspn(form, "\n");

		str_addf(out, "%s%s%.*s\n", tool->name, length ? " " : "", (int)length, form);
		if (!form[length])
			return;
		form += length + 1;
		str_add(out, "       ");
	}
}

/* One paragraph; `length` bytes without a newline. */
static void add_paragraph(const char *text, size_t length, size_t width, struct str *out)
{
	size_t column = 0;

	while (length > 0) {
		size_t word = 0;

		while (word < length && text[word] != ' ')
			word++;
		if (column > 0 && column + 1 + word > width) {
			str_add_char(out, '\n');
			column = 0;
		} else if (column > 0) {
			str_add_char(out, ' ');
			column++;
		}
		str_add_bytes(out, text, word);
		column += word;
		word += word < length;
		text += word;
		length -= word;
	}
	str_add_char(out, '\n');
}

void cli_add_wrapped(const char *text, size_t width, struct str *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		add_paragraph(text, length, width, out);
		text += length + (text[length] == '\n');
	}
}

/* "-l, --list", "    --format=FORMAT", "-e, --elevated[=WHAT]", "-m MAP". */
static void add_spelling(const struct cli_option *o, struct str *out)
{
	bool optional = o->flags & CLI_ARGUMENT_OPTIONAL;

	if (o->letter)
		str_addf(out, "-%c%s", o->letter, o->name ? ", " : "");
	else
		str_add(out, "    ");
	if (o->name)
		str_addf(out, "--%s", o->name);
	if (o->placeholder)
		str_addf(out, "%s%s%s%s", optional ? "[" : "",
			 o->name    ? "="
			 : optional ? ""
				    : " ",
			 o->placeholder, optional ? "]" : "");
}

static size_t spelling_width(const struct cli_tool *tool)
{
	autostr spelling = {0};
	struct cli_option o;
	size_t cursor = 0, width = 0;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.flags & CLI_HIDDEN)
			continue;
		str_reset(&spelling);
		add_spelling(&o, &spelling);
		if (spelling.len > width && spelling.len <= OPTION_WIDTH_MAX)
			width = spelling.len;
	}
	return width;
}

static void add_option_lines(const struct cli_tool *tool, bool shared, size_t width,
			     struct str *out)
{
	struct cli_option o;
	size_t cursor = 0;
	bool is_shared;
	bool first = true;

	while (cli_option_next(tool, &cursor, &o, &is_shared)) {
		size_t begin;

		if (is_shared != shared || (o.flags & CLI_HIDDEN))
			continue;
		if (first)
			str_add(out, shared ? "\nCommon options:\n" : "\nOptions:\n");
		first = false;
		str_add(out, "  ");
		begin = out->len;
		add_spelling(&o, out);
		if (out->len - begin < width)
			add_blanks(out, width - (out->len - begin));
		str_addf(out, "  %s\n", o.help);
	}
}

void cli_add_help(const struct cli_tool *tool, struct str *out)
{
	size_t width = spelling_width(tool);

	cli_add_synopsis(tool, out);
	str_addf(out, "\n%c%s.\n", upper(tool->summary[0]), tool->summary + 1);
	if (tool->description) {
		str_add_char(out, '\n');
		cli_add_wrapped(tool->description, CLI_HELP_WIDTH, out);
	}
	add_option_lines(tool, false, width, out);
	add_option_lines(tool, true, width, out);
}

/* "[-t|--timeout=TIMEOUT]" */
static void add_usage_option(const struct cli_option *o, struct str *out)
{
	bool optional = o->flags & CLI_ARGUMENT_OPTIONAL;

	str_add_char(out, '[');
	if (o->letter)
		str_addf(out, "-%c%s", o->letter, o->name ? "|" : "");
	if (o->name)
		str_addf(out, "--%s", o->name);
	if (o->placeholder) {
		str_add(out, optional ? "[" : "");
		str_add(out, o->name ? "=" : optional ? "" : " ");
		add_upper(out, o->name ? o->name : o->placeholder);
		str_add(out, optional ? "]" : "");
	}
	str_add_char(out, ']');
}

void cli_add_usage(const struct cli_tool *tool, struct str *out)
{
	struct cli_option o;
	size_t cursor = 0;
	unsigned shown = 0;

	str_addf(out, "Usage: %s ", tool->name);
	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.flags & CLI_HIDDEN)
			continue;
		if (shown > 0)
			str_add(out, shown % USAGE_PER_LINE ? " " : "\n\t");
		add_usage_option(&o, out);
		shown++;
	}
	str_add_char(out, '\n');
}

void cli_add_tool_list(const struct cli_registry *registry, struct str *out)
{
	size_t width = 0;

	for (const struct cli_tool *const *t = registry->tools; *t; t++)
		if (!((*t)->flags & CLI_HIDDEN_TOOL) && strlen((*t)->name) > width)
			width = strlen((*t)->name);

	for (const struct cli_tool *const *t = registry->tools; *t; t++) {
		if ((*t)->flags & CLI_HIDDEN_TOOL)
			continue;
		str_addf(out, "  %-*s  %s\n", (int)width, (*t)->name, (*t)->summary);
	}
}
