/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * `lxc-start --plan`: what a start would execute now, without doing any of it. A plan behind a
 * prelude is compiled with the facts of this moment; the start will look again when the prelude's
 * hooks have run, and in a scope of systemd's, which is only expected here.
 */

#include "container/start.h"

#include <errno.h>

#include "base/json.h"
#include "base/macros.h"
#include "container/gather.h"
#include "plan/print.h"

enum { JSON_INDENT = 2 };

static int compile_both(const struct plan_request *request, const struct config *config,
			struct str *prelude, struct str *plan, struct err *e)
{
	struct facts facts = {};
	int r = 0;

	if (plan_needs_prelude(request, config))
		r = plan_compile_prelude(request, config, prelude, e);
	if (r == 0)
		r = gather_facts(request, config, &facts, e);
	if (r == 0)
		r = gather_expect_scope(request, &facts, e);
	if (r == 0)
		r = plan_compile(request, config, &facts, plan, e);
	facts_finish(&facts);
	return r;
}

static const struct plan *plan_of(const struct str *bytes)
{
	return (const struct plan *)bytes->data;
}

static void print_text(const struct str *prelude, const struct str *plan, struct str *out)
{
	if (prelude->len > 0) {
		plan_print_text(plan_of(prelude), out);
		str_add_char(out, '\n');
	}
	plan_print_text(plan_of(plan), out);
}

static void print_json(const struct container *c, const struct str *prelude, const struct str *plan,
		       struct str *out)
{
	struct json j;

	json_init(&j, out, JSON_INDENT);
	json_open_object(&j);
	json_name(&j, "name");
	json_add_string(&j, c->name);
	json_name(&j, "lxcpath");
	json_add_string(&j, c->lxcpath);
	if (prelude->len > 0) {
		json_name(&j, "prelude");
		plan_print_json(plan_of(prelude), &j);
	}
	json_name(&j, "plan");
	plan_print_json(plan_of(plan), &j);
	json_close_object(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}

int container_print_plan(struct container *c, const struct start_options *options,
			 enum plan_form form, struct str *out, struct err *e)
{
	struct plan_request request;
	struct log_handover log;
	autostr prelude = {};
	autostr plan = {};
	int r;

	if (!c->config)
		return err_set(e, ERR_NOT_DEFINED, 0, "container %s has no configuration", c->name);
	start_make_request(c, options, &request);
	request.needs_scope = gather_needs_scope(c->config);
	r = log_hand_over(STDERR_FILENO + 1, &log);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot look at the log");
	cleanup_close(&log.fd);
	request.log_level = log_level_name(log.level);
	r = compile_both(&request, c->config, &prelude, &plan, e);
	if (r < 0)
		return err_wrap(e, r, "no plan can be made for container %s", c->name);
	if (form == PLAN_AS_JSON)
		print_json(c, &prelude, &plan, out);
	else
		print_text(&prelude, &plan, out);
	return str_failed(out) ? err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory") : 0;
}
