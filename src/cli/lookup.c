/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Option lookup. The tables are walked each time: they have a few dozen rows, and a command line
 * names a handful of them.
 */

#include "cli/lookup.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/suggest.h"

int cli_find_letter(const struct cli_tool *tool, char letter, struct cli_option *ret, struct err *e)
{
	struct cli_option o;
	size_t cursor = 0;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.letter != letter)
			continue;
		*ret = o;
		return 0;
	}
	return err_set(e, ERR_USAGE, 0, "invalid option -- '%c'", letter);
}

static int unrecognized(const struct cli_tool *tool, const char *typed, size_t length,
			struct err *e)
{
	autostr name = {0};
	struct suggestion nearest;
	struct cli_option o;
	size_t cursor = 0;
	int r = err_set(e, ERR_USAGE, 0, "unrecognized option '--%s'", typed);

	str_add_bytes(&name, typed, length);
	suggest_init(&nearest, str_text(&name));
	while (cli_option_next(tool, &cursor, &o, NULL))
		if (o.name && !(o.flags & CLI_HIDDEN))
			suggest_offer(&nearest, o.name);
	if (suggest_best(&nearest))
		err_hint(e, "did you mean '--%s'?", suggest_best(&nearest));
	return r;
}

static int ambiguous(const struct cli_tool *tool, const char *typed, size_t length, struct err *e)
{
	autostr names = {0};
	struct cli_option o;
	size_t cursor = 0;

	while (cli_option_next(tool, &cursor, &o, NULL))
		if (o.name && !(o.flags & CLI_HIDDEN) && strncmp(o.name, typed, length) == 0)
			str_addf(&names, " '--%s'", o.name);
	return err_set(e, ERR_USAGE, 0, "option '--%s' is ambiguous; possibilities:%s", typed,
		       str_text(&names));
}

/*
 * The option that the typed letters begin, among the shown ones or among the old spellings. 1 when
 * there is one, 0 when none, -EINVAL when several different ones.
 */
static int find_beginning(const struct cli_tool *tool, const char *typed, size_t length,
			  bool hidden, struct cli_option *ret)
{
	struct cli_option o;
	size_t cursor = 0;
	int found = 0;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (!o.name || strncmp(o.name, typed, length) != 0 ||
		    !(o.flags & CLI_HIDDEN) == hidden)
			continue;
		if (found && !cli_option_is_same(ret, &o))
			return -EINVAL;
		if (!found)
			*ret = o;
		found = 1;
	}
	return found;
}

int cli_find_name(const struct cli_tool *tool, const char *typed, size_t length,
		  struct cli_option *ret, struct err *e)
{
	struct cli_option o;
	size_t cursor = 0;
	int found;

	while (cli_option_next(tool, &cursor, &o, NULL)) {
		if (o.name && strlen(o.name) == length && strncmp(o.name, typed, length) == 0) {
			*ret = o;
			return 0;
		}
	}
	if (length == 0)
		return unrecognized(tool, typed, length, e);

	found = find_beginning(tool, typed, length, false, &o);
	if (found < 0)
		return ambiguous(tool, typed, length, e);
	if (found == 0)
		found = find_beginning(tool, typed, length, true, &o);
	if (found <= 0)
		return unrecognized(tool, typed, length, e);
	*ret = o;
	return 0;
}
