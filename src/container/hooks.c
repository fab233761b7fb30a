/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Running hooks from the library: `/bin/sh -c "exec TEXT ARGUMENTS"` with the caller's environment
 * and a few variables, output logged at DEBUG.
 */

#include "container/hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "child/child.h"

#define LOG_CATEGORY "hooks"
#include "base/log.h"

struct variables {
	VEC_OF(char *) /* heap each; ends in NULL when it is complete */
	bool failed;
};

static void add_variable(struct variables *v, const char *name, const char *value)
{
	struct str text = {};
	char **place;

	if (!value || !value[0])
		return;
	str_addf(&text, "%s=%s", name, value);
	place = vec_push(v);
	if (place && !str_failed(&text))
		*place = str_take(&text);
	else
		v->failed = true;
	str_finish(&text);
}

/* Whether ours takes the place of an inherited variable. */
static bool is_replaced(const struct variables *v, size_t count, const char *inherited)
{
	size_t len = strcspn(inherited, "=");

	for (size_t i = 0; i < count; i++)
		if (strncmp(v->items[i], inherited, len) == 0 && v->items[i][len] == '=')
			return true;
	return false;
}

static void finish_variables(struct variables *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i]);
	vec_finish(v);
}

static const char *either(const char *first, const char *second)
{
	return first ? first : second;
}

static int make_variables(const struct container *c, const struct hook_call *call,
			  struct variables *ret)
{
	const struct config_values *values = &c->config->values;
	size_t ours;

	add_variable(ret, "LXC_NAME", c->name);
	add_variable(ret, "LXC_SRC_NAME", call->source_name);
	add_variable(ret, "LXC_CONFIG_FILE", either(call->config_file, c->config->first_file));
	add_variable(ret, "LXC_ROOTFS_MOUNT", either(call->root, values->rootfs_mount.mount));
	add_variable(ret, "LXC_ROOTFS_PATH", either(call->storage, values->rootfs.path));
	add_variable(ret, "LXC_CONSOLE", values->console.path);
	add_variable(ret, "LXC_CONSOLE_LOGPATH", values->console.logfile);
	if (values->hook_version == 1) {
		add_variable(ret, "LXC_HOOK_TYPE", call->type);
		add_variable(ret, "LXC_HOOK_SECTION", "lxc");
	}
	ours = ret->count;
	for (char **at = environ; !ret->failed && at && *at; at++) {
		char **place = is_replaced(ret, ours, *at) ? NULL : vec_push(ret);

		if (place)
			*place = strdup(*at);
		ret->failed = ret->failed || (place && !*place);
	}
	if (ret->failed || !vec_push(ret))
		return -ENOMEM;
	return 0;
}

struct shell {
	const char *command;
	char *const *environment;
};

static int execute(void *argument)
{
	const struct shell *shell = argument;
	char *argv[] = {"sh", "-c", (char *)shell->command, NULL};

	execve("/bin/sh", argv, shell->environment);
	return -errno;
}

static void log_output(void *context, const char *text, size_t len)
{
	const struct shell *shell = context;

	log_debug("Script %s produced output: %.*s", shell->command, (int)len, text);
}

static int explain_status(int status, const char *text, const char *type, struct err *e)
{
	int r;

	if (WIFEXITED(status))
		r = err_set(e, ERR_HOOK_FAILED, 0, "Script exited with status %d",
			    WEXITSTATUS(status));
	else
		r = err_set(e, ERR_HOOK_FAILED, 0, "Script terminated by signal %d",
			    WTERMSIG(status));
	return err_wrap(e, r, "the %s hook \"%s\" failed", type, text);
}

/* Words of a caller's are handed on as they are, whatever is in them. */
static void add_arguments(const struct container *c, const struct hook_call *call, struct str *out)
{
	if (c->config->values.hook_version == 0) {
		str_add_char(out, ' ');
		str_add_quoted(out, c->name);
		str_addf(out, " 'lxc' '%s'", call->type);
	}
	for (char *const *at = call->arguments; at && *at; at++) {
		str_add_char(out, ' ');
		str_add_quoted(out, *at);
	}
}

static int run_hook(const struct container *c, const char *text, const struct hook_call *call,
		    char *const *environment, struct err *e)
{
	const char *type = call->type;
	autostr command = {};
	struct shell shell = {.environment = environment};
	const struct child_work work = {
		.function = execute,
		.argument = &shell,
		.kept_fd = -EBADF,
		.heard_stream = STDOUT_FILENO,
		.hear = log_output,
		.context = &shell,
	};
	int status, r;

	str_addf(&command, "exec %s", text);
	add_arguments(c, call, &command);
	if (str_failed(&command))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	shell.command = str_text(&command);
	log_info("Executing script \"%s\" for container \"%s\"", text, c->name);
	r = child_run(&work, &status);
	if (r < 0)
		return err_set(e, ERR_HOOK_FAILED, -r, "cannot run the %s hook \"%s\"", type, text);
	return status == 0 ? 0 : explain_status(status, text, type, e);
}

int hooks_run(const struct container *c, const struct hook_call *call, struct err *e)
{
	const struct config_items *hooks = &c->config->values.hooks[call->kind];
	struct variables variables = {};
	int r = 0;

	if (hooks->count == 0)
		return 0;
	if (make_variables(c, call, &variables) < 0)
		r = err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < hooks->count; i++) {
		r = run_hook(c, hooks->items[i].text, call, variables.items, e);
		if (r < 0) {
			char place[256];

			err_origin(e, "%s lxc.hook.%s",
				   config_origin(c->config, hooks->items[i].origin, place,
						 sizeof(place)),
				   call->type);
		}
	}
	finish_variables(&variables);
	return r;
}
