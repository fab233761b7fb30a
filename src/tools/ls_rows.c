/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of lxc-ls: which containers, and the cells that were asked for. States, pids and
 * addresses come from run records, without a round trip; configurations are read only for columns
 * and filters that need them.
 */

#include "tools/ls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tare/tare.h>

const char *const ls_column_names[LS_COLUMN_COUNT] = {
	[LS_NAME] = "NAME",
	[LS_STATE] = "STATE",
	[LS_PID] = "PID",
	[LS_RAM] = "RAM",
	[LS_SWAP] = "SWAP",
	[LS_AUTOSTART] = "AUTOSTART",
	[LS_GROUPS] = "GROUPS",
	[LS_INTERFACE] = "INTERFACE",
	[LS_IPV4] = "IPV4",
	[LS_IPV6] = "IPV6",
	[LS_UNPRIVILEGED] = "UNPRIVILEGED",
};

bool ls_columns_have(const struct ls_columns *columns, enum ls_column column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->list[i] == column)
			return true;
	return false;
}

static void row_finish(struct ls_row *row)
{
	for (size_t i = 0; i < LS_COLUMN_COUNT; i++)
		free(row->cells[i]);
	*row = (struct ls_row){0};
}

void ls_rows_finish(struct ls_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		row_finish(&rows->items[i]);
	vec_finish(rows);
}

static bool needs_config(const struct ls_query *query)
{
	return query->groups || ls_columns_have(&query->columns, LS_AUTOSTART) ||
	       ls_columns_have(&query->columns, LS_GROUPS) ||
	       ls_columns_have(&query->columns, LS_UNPRIVILEGED);
}

/* A list with one element per line as "a, b"; NULL when it is empty. */
static char *join_lines(const char *text)
{
	autostr joined = {0};

	for (const char *at = text; *at;) {
		size_t n = strcspn(at, "\n");

		if (n > 0)
			str_addf(&joined, "%s%.*s", joined.len ? ", " : "", (int)n, at);
		at += n;
		at += *at == '\n';
	}
	return joined.len ? str_take(&joined) : NULL;
}

/* A value of the configuration (heap), NULL when it is unset. */
static char *config_item(struct lxc_container *c, const char *key)
{
	int length = c->get_config_item(c, key, NULL, 0);
	char *text = length > 0 ? malloc((size_t)length + 1) : NULL;

	if (text && c->get_config_item(c, key, text, length + 1) != length) {
		free(text);
		return NULL;
	}
	return text;
}

/* Whether a container with these groups ("a, b" or NULL) is in all that are asked for. */
static bool is_in_groups(const char *wanted, const char *groups)
{
	autofree char *copy = strdup(wanted);
	char *rest = copy;
	const char *word;

	while (rest && (word = strsep(&rest, ","))) {
		size_t n = strlen(word);
		const char *at = groups;
		bool found = false;

		while (at && *at && !found) {
			size_t k = strcspn(at, ",");

			found = k == n && strncmp(at, word, n) == 0;
			at += k;
			at += strspn(at, ", ");
		}
		if (n > 0 && !found)
			return false;
	}
	return true;
}

/* Cells of the configuration. False: the container is not wanted. */
static bool add_config_cells(const struct ls_query *query, struct lxc_container *c,
			     struct ls_row *row)
{
	autofree char *groups = config_item(c, "lxc.group");
	autofree char *idmap = config_item(c, "lxc.idmap");
	autofree char *automatic = config_item(c, "lxc.start.auto");

	row->cells[LS_GROUPS] = groups ? join_lines(groups) : NULL;
	if (query->groups && !is_in_groups(query->groups, row->cells[LS_GROUPS]))
		return false;
	row->cells[LS_AUTOSTART] = strdup(automatic && strcmp(automatic, "0") != 0 ? "1" : "0");
	row->cells[LS_UNPRIVILEGED] = strdup(idmap ? "true" : "false");
	return true;
}

static void add_unique(struct str *list, const char *word)
{
	const char *at = str_text(list);
	size_t n = strlen(word);

	while (*at) {
		size_t k = strcspn(at, ",");

		if (k == n && strncmp(at, word, n) == 0)
			return;
		at += k;
		at += strspn(at, ", ");
	}
	str_addf(list, "%s%s", list->len ? ", " : "", word);
}

static void add_address_cells(const struct tare_run *run, struct ls_row *row)
{
	autostr ipv4 = {0}, ipv6 = {0}, interfaces = {0};

	for (size_t i = 0; i < run->address_count; i++) {
		const struct tare_address *address = &run->addresses[i];

		add_unique(&interfaces, address->interface);
		if (address->is_ipv6 && !address->is_link_local)
			add_unique(&ipv6, address->text);
		else if (!address->is_ipv6)
			add_unique(&ipv4, address->text);
	}
	row->cells[LS_IPV4] = ipv4.len ? str_take(&ipv4) : NULL;
	row->cells[LS_IPV6] = ipv6.len ? str_take(&ipv6) : NULL;
	row->cells[LS_INTERFACE] = interfaces.len ? str_take(&interfaces) : NULL;
}

/* A size of a cgroup file in MiB; NULL when it can't be read. */
static char *size_cell(struct lxc_container *c, const char *file)
{
	autostr text = {0};
	char number[64];

	if (c->get_cgroup_item(c, file, number, sizeof(number)) <= 0)
		return NULL;
	str_addf(&text, "%.2fMB", (double)strtoull(number, NULL, 10) / 1048576);
	return str_failed(&text) ? NULL : str_take(&text);
}

static bool state_is_wanted(const struct ls_query *query, const char *state)
{
	bool stopped = strcmp(state, "STOPPED") == 0;

	if (query->active && stopped)
		return false;
	if (query->running && strcmp(state, "RUNNING") != 0)
		return false;
	if (query->frozen && strcmp(state, "FROZEN") != 0)
		return false;
	return !query->stopped || stopped;
}

static void add_run_cells(const struct ls_query *query, struct lxc_container *c,
			  const struct tare_run *run, struct ls_row *row)
{
	autostr pid = {0};

	row->cells[LS_STATE] = strdup(run->state);
	if (run->pid > 0) {
		str_addf(&pid, "%d", (int)run->pid);
		row->cells[LS_PID] = str_take(&pid);
	}
	add_address_cells(run, row);
	if (strcmp(run->state, "STOPPED") == 0)
		return;
	if (ls_columns_have(&query->columns, LS_RAM))
		row->cells[LS_RAM] = size_cell(c, "memory.current");
	if (ls_columns_have(&query->columns, LS_SWAP))
		row->cells[LS_SWAP] = size_cell(c, "memory.swap.current");
}

/* One container: its row, when it is wanted, and those inside it. */
static int add_container(const struct ls_query *query, struct lxc_container *c, unsigned depth,
			 struct ls_rows *rows, struct err *e)
{
	struct ls_row row = {.depth = depth};
	struct tare_run run;
	struct ls_row *slot;
	bool active;
	int r = tare_look(c, &run, e);

	if (r < 0)
		run = (struct tare_run){.state = "INVALID STATE"};
	active = strcmp(run.state, "STOPPED") != 0;
	if (!state_is_wanted(query, run.state) ||
	    (needs_config(query) && !add_config_cells(query, c, &row))) {
		row_finish(&row);
		return 0;
	}
	row.cells[LS_NAME] = strdup(c->name);
	add_run_cells(query, c, &run, &row);
	slot = row.cells[LS_NAME] ? vec_push(rows) : NULL;
	if (!slot) {
		row_finish(&row);
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	*slot = row;
	if (active && depth < query->nesting)
		return ls_add_nested(query, c, depth, rows);
	return 0;
}

static int add_name(const struct ls_query *query, const char *name, unsigned depth,
		    struct ls_rows *rows, struct err *e)
{
	struct lxc_container *c;
	struct err problem = {0};
	int r;

	if (query->pattern && regexec(query->pattern, name, 0, NULL, 0) != 0)
		return 0;
	c = needs_config(query) ? tare_container_new_to_look(name, query->lxcpath, &problem)
				: tare_container_new_bare(name, query->lxcpath, &problem);
	if (!c) {
		err_wrap(&problem, problem.code, "Failed to load config for %s", name);
		cli_print_error("lxc-ls", NULL, &problem);
		return 0;
	}
	r = query->defined && !c->is_defined(c) ? 0 : add_container(query, c, depth, rows, e);
	lxc_container_put(c);
	return r;
}

int ls_gather(const struct ls_query *query, unsigned depth, struct ls_rows *rows, struct err *e)
{
	bool only_active = query->active || query->running || query->frozen;
	char **names = NULL;
	int count, r = 0;

	if (only_active)
		count = list_active_containers(query->lxcpath, &names, NULL);
	else if (query->defined)
		count = list_defined_containers(query->lxcpath, &names, NULL);
	else
		count = list_all_containers(query->lxcpath, &names, NULL);
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = add_name(query, names[i], depth, rows, e);
		free(names[i]);
	}
	free(names);
	return r;
}
