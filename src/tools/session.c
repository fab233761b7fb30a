/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One container for one command: see session.h. Nothing here decides what a command does.
 */

#include "tools/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int session_fail(const struct session *s, const struct err *e)
{
	autostr prefix = {0};

	if (s->common->quiet)
		return 1;
	str_addf(&prefix, "%s%s%s", s->common->name ? s->common->name : "", s->word ? ": " : "",
		 s->word ? s->word : "");
	/* The word ends in a colon of its own when it has one. */
	if (s->word && text_ends(s->word, ":"))
		str_truncate(&prefix, prefix.len - 1);
	cli_print_error(s->tool->name, prefix.len > 0 ? str_text(&prefix) : NULL, e);
	return 1;
}

int session_say(const struct session *s, const char *fmt, ...)
{
	autostr text = {0};
	struct err e = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	err_set(&e, ERR_USAGE, 0, "%s", str_text(&text));
	return session_fail(s, &e);
}

int session_refuse(const struct session *s)
{
	struct err e = *tare_last_error(s->c);

	err_wrap(&e, e.code, "Insufficient privileges to control %s", s->common->name);
	return session_fail(s, &e);
}

/* Everything before the object. */
static bool begin(struct session *s, const struct cli_tool *tool, const struct cli_common *common)
{
	struct err e = {0};

	s->tool = tool;
	s->common = common;
	if (common->paths.count > 0)
		s->lxcpath = common->paths.items[0];
	else if (tare_system_value("lxc.lxcpath", &s->lxcpath, &e) < 0)
		return session_fail(s, &e), false;
	if (tare_log_init(&(struct tare_log){.program = tool->name,
					     .container = common->name,
					     .lxcpath = s->lxcpath,
					     .file = common->log_file,
					     .level = common->log_level,
					     .quiet = common->quiet,
					     .word = s->word},
			  &e) < 0)
		return session_fail(s, &e), false;
	if (access(s->lxcpath, R_OK) < 0 && errno == EACCES)
		return session_say(s, "You lack access to %s", s->lxcpath), false;
	return true;
}

/* What can't be looked at must not pass for what isn't there. */
static bool can_look(struct session *s)
{
	autostr path = {0};
	struct err e = {0};

	str_addf(&path, "%s/%s/config", s->lxcpath, s->common->name);
	if (str_failed(&path) || access(str_text(&path), F_OK) == 0 || errno != EACCES)
		return true;
	err_set(&e, ERR_PERMISSION, EACCES, "You lack access to %s/%s", s->lxcpath,
		s->common->name);
	err_hint(&e, "the container is another user's: be root, or who made it");
	return session_fail(s, &e), false;
}

bool session_begin_bare(struct session *s, const struct cli_tool *tool,
			const struct cli_common *common)
{
	struct err e = {0};

	if (!begin(s, tool, common))
		return false;
	s->c = tare_container_new_bare(common->name, s->lxcpath, &e);
	if (!s->c)
		session_fail(s, &e);
	return s->c;
}

bool session_begin(struct session *s, const struct cli_tool *tool, const struct cli_common *common,
		   const char *rcfile)
{
	struct err e = {0};
	char *path;

	if (rcfile) {
		if (!session_begin_bare(s, tool, common))
			return false;
		if (!s->c->load_config(s->c, rcfile)) {
			e = *tare_last_error(s->c);
			err_wrap(&e, e.code, "Failed to load rcfile");
			session_fail(s, &e);
			return false;
		}
		path = strdup(rcfile);
		if (path) {
			free(s->c->configfile);
			s->c->configfile = path;
		}
		return true;
	}
	if (!begin(s, tool, common) || !can_look(s))
		return false;
	s->c = s->only_looks ? tare_container_new_to_look(common->name, s->lxcpath, &e)
			     : tare_container_new(common->name, s->lxcpath, &e);
	if (!s->c) {
		err_wrap(&e, e.code, "Failed to load config for %s", common->name);
		session_fail(s, &e);
	}
	return s->c;
}

void session_finish(struct session *s)
{
	if (s->c)
		lxc_container_put(s->c);
	s->c = NULL;
}

/* One KEY=VALUE. */
static bool define(struct session *s, const char *text)
{
	const char *equals = strchr(text, '=');
	autofree char *key = NULL;
	struct err e = {0};
	const char *value;
	size_t end;

	if (!equals)
		return session_say(s, "'%s' is no definition: KEY=VALUE is needed", text), false;
	end = (size_t)(equals - text);
	while (end > 0 && text[end - 1] == ' ')
		end--;
	key = strndup(text, end);
	if (!key)
		return session_say(s, "out of memory"), false;
	if (!text_starts(key, "lxc."))
		return session_say(s, "Unsupported config key \"%s\"", key), false;
	value = equals + 1;
	while (*value == ' ')
		value++;
	if (tare_set_item(s->c, key, value, "(command line)", &e) < 0) {
		err_origin(&e, "command line: %s", key);
		return session_fail(s, &e), false;
	}
	return true;
}

bool session_define(struct session *s, const struct cli_strings *defines)
{
	for (size_t i = 0; i < defines->count; i++)
		if (!define(s, defines->items[i]))
			return false;
	return true;
}

static bool share(struct session *s, const char *key, const char *with)
{
	struct err e = {0};

	if (!with || tare_set_item(s->c, key, with, "(command line)", &e) >= 0)
		return true;
	session_fail(s, &e);
	return false;
}

bool session_share(struct session *s, const struct session_shares *shares)
{
	return share(s, "lxc.namespace.share.net", shares->net) &&
	       share(s, "lxc.namespace.share.ipc", shares->ipc) &&
	       share(s, "lxc.namespace.share.uts", shares->uts) &&
	       share(s, "lxc.namespace.share.pid", shares->pid);
}

char *session_item(const struct session *s, const char *key)
{
	int length = s->c->get_config_item(s->c, key, NULL, 0);
	char *text;

	if (length <= 0)
		return NULL;
	text = malloc((size_t)length + 1);
	if (text && s->c->get_config_item(s->c, key, text, length + 1) != length) {
		free(text);
		return NULL;
	}
	return text;
}

const char *session_state(struct session *s)
{
	const char *state = s->c->state(s->c);

	if (strcmp(state, "STOPPED") == 0)
		tare_tidy(s->lxcpath, s->common->name);
	return state;
}

void session_set_fault(struct tare_start *start, const struct session_fault *fault)
{
	if (fault->step == 0)
		return;
	start->fault_step = fault->step;
	start->fault_errno = fault->errnum;
	start->fault_place = fault->place;
}

/* As enum fault_place has them. */
const struct cli_word session_fault_words[] = {
	{"start", 0}, {"prelude", 1}, {"stop", 2}, {"undo", 3}, {NULL},
};

const struct cli_word session_plan_words[] = {
	{"text", SESSION_PLAN_TEXT},
	{"json", SESSION_PLAN_JSON},
	{NULL},
};

int session_print_plan(struct session *s, const struct tare_start *start, enum session_plan form)
{
	autostr text = {0};
	struct err e = {0};

	if (tare_start_plan(s->c, start, form == SESSION_PLAN_JSON, &text, &e) < 0)
		return session_fail(s, &e);
	return cli_print(s->tool->name, &text);
}
