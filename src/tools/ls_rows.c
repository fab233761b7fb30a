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

static bool has_column(const struct ls_columns *columns, enum ls_column column)
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
	return query->groups || has_column(&query->columns, LS_AUTOSTART) ||
	       has_column(&query->columns, LS_GROUPS) ||
	       has_column(&query->columns, LS_UNPRIVILEGED);
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
	autostr ipv4 = {0}, ipv6 = {0};

	for (size_t i = 0; i < run->address_count; i++) {
		const struct tare_address *address = &run->addresses[i];

		if (address->is_ipv6 && !address->is_link_local)
			add_unique(&ipv6, address->text);
		else if (!address->is_ipv6)
			add_unique(&ipv4, address->text);
	}
	row->cells[LS_IPV4] = ipv4.len ? str_take(&ipv4) : NULL;
	row->cells[LS_IPV6] = ipv6.len ? str_take(&ipv6) : NULL;
}

/* A size of a cgroup file in bytes; NULL when it can't be read. */
static char *size_cell(struct lxc_container *c, const char *file)
{
	char number[64];

	if (c->get_cgroup_item(c, file, number, sizeof(number)) <= 0)
		return NULL;
	number[strcspn(number, "\n")] = '\0';
	return strdup(number);
}

/* All interfaces, those without addresses too. */
static char *interfaces_cell(struct lxc_container *c)
{
	char **names = c->get_interfaces(c);
	autostr list = {0};

	for (char **name = names; name && *name; name++) {
		autofree char *visible = cli_visible(*name);

		if (visible)
			add_unique(&list, visible);
		free(*name);
	}
	free(names);
	return list.len && !str_failed(&list) ? str_take(&list) : NULL;
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

static void add_run_cells(const struct tare_run *run, struct ls_row *row)
{
	autostr pid = {0};

	row->cells[LS_STATE] = strdup(run->state);
	if (run->pid > 0) {
		str_addf(&pid, "%d", (int)run->pid);
		row->cells[LS_PID] = str_take(&pid);
	}
	add_address_cells(run, row);
}

/* The object of a container, with its configuration when that is needed. NULL was told. */
static struct lxc_container *open_container(const struct ls_query *query, const char *name)
{
	struct err problem = {0};
	struct lxc_container *c =
		needs_config(query) ? tare_container_new_to_look(name, query->lxcpath, &problem)
				    : tare_container_new_bare(name, query->lxcpath, &problem);

	if (!c) {
		err_wrap(&problem, problem.code, "Failed to load config for %s", name);
		cli_print_error("lxc-ls", NULL, &problem);
	}
	return c;
}

static bool needs_object(const struct ls_query *query, bool active, unsigned depth)
{
	return needs_config(query) ||
	       (active && (query->defined || has_column(&query->columns, LS_RAM) ||
			   has_column(&query->columns, LS_SWAP) ||
			   has_column(&query->columns, LS_INTERFACE) || depth < query->nesting));
}

/* Cells that only running containers have. */
static void add_active_cells(const struct ls_query *query, struct lxc_container *c,
			     struct ls_row *row)
{
	if (has_column(&query->columns, LS_RAM))
		row->cells[LS_RAM] = size_cell(c, "memory.current");
	if (has_column(&query->columns, LS_SWAP))
		row->cells[LS_SWAP] = size_cell(c, "memory.swap.current");
	if (has_column(&query->columns, LS_INTERFACE))
		row->cells[LS_INTERFACE] = interfaces_cell(c);
}

/* A configuration that can't be read is an error to look at, and no reason to hide a container. */
static int mark_broken(struct ls_row *row, bool active, struct err *e)
{
	char *state = active ? NULL : strdup("ERROR");

	if (!active && !state)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (state) {
		free(row->cells[LS_STATE]);
		row->cells[LS_STATE] = state;
	}
	return 0;
}

/* Take a row, whose cells of the run are there, and those inside it, when they are wanted. */
static int add_row(const struct ls_query *query, struct ls_row *row, unsigned depth,
		   struct ls_rows *rows, struct err *e)
{
	bool active = strcmp(row->cells[LS_STATE], "STOPPED") != 0;
	struct lxc_container *c = NULL;
	struct ls_row *slot;
	int r = 0;

	if (!state_is_wanted(query, row->cells[LS_STATE]))
		return 0;
	if (needs_object(query, active, depth)) {
		c = open_container(query, row->cells[LS_NAME]);
		if (!c && query->groups)
			return 0;
		if (!c)
			r = mark_broken(row, active, e);
		if (c && ((query->defined && !c->is_defined(c)) ||
			  (needs_config(query) && !add_config_cells(query, c, row)))) {
			lxc_container_put(c);
			return 0;
		}
	}
	if (active && c)
		add_active_cells(query, c, row);
	slot = r == 0 ? vec_push(rows) : NULL;
	if (slot) {
		*slot = *row;
		*row = (struct ls_row){0};
	} else {
		r = err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	if (r == 0 && active && c && depth < query->nesting)
		r = ls_add_nested(query, c, depth, rows);
	if (c)
		lxc_container_put(c);
	return r;
}

/* Those that are not stopped. */
struct active {
	const struct ls_query *query;
	unsigned depth;
	struct ls_rows rows;
};

static bool is_wanted_name(const struct ls_query *query, const char *name)
{
	return !query->pattern || regexec(query->pattern, name, 0, NULL, 0) == 0;
}

static int start_row(struct ls_rows *rows, const char *name, const struct tare_run *run,
		     unsigned depth, struct err *e)
{
	struct ls_row *row = vec_push(rows);

	if (row) {
		*row = (struct ls_row){.depth = depth};
		row->cells[LS_NAME] = strdup(name);
		add_run_cells(run, row);
	}
	if (!row || !row->cells[LS_NAME] || !row->cells[LS_STATE])
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	return 0;
}

static int add_active(void *payload, const char *name, const struct tare_run *run, struct err *e)
{
	struct active *active = payload;

	if (!is_wanted_name(active->query, name))
		return 0;
	return start_row(&active->rows, name, run, active->depth, e);
}

static int by_name(const void *a, const void *b)
{
	const struct ls_row *first = a, *second = b;

	return strcmp(first->cells[LS_NAME], second->cells[LS_NAME]);
}

/* Rows of those that do not run, in the order of their names, behind the others. */
static int add_stopped(struct active *active, char **names, int count, struct err *e)
{
	static const struct tare_run stopped = {.state = "STOPPED"};
	const struct ls_rows *rows = &active->rows;
	size_t running = rows->count, k = 0;
	int r = 0;

	for (int i = 0; i < count && r == 0; i++) {
		int order = 1;

		while (k < running && (order = strcmp(rows->items[k].cells[LS_NAME], names[i])) < 0)
			k++;
		if ((k == running || order != 0) && is_wanted_name(active->query, names[i]))
			r = start_row(&active->rows, names[i], &stopped, active->depth, e);
	}
	return r;
}

static int add_defined(struct active *active, struct err *e)
{
	char **names = NULL;
	int count = list_defined_containers(active->query->lxcpath, &names, NULL);
	int r = add_stopped(active, names, count, e);

	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return r;
}

/* Whether it is enough to know which containers there are: how they are costs more to find out. */
static bool is_about_names(const struct ls_query *query)
{
	for (size_t i = 0; i < query->columns.count; i++)
		if (query->columns.list[i] != LS_NAME)
			return false;
	return !query->active && !query->running && !query->frozen && !query->stopped &&
	       !query->groups && query->nesting == 0;
}

static int gather_names(const struct ls_query *query, struct ls_rows *rows, struct err *e)
{
	char **names = NULL;
	int count = tare_list_names(query->lxcpath, query->defined, &names, e);
	int r = count < 0 ? count : 0;

	for (int i = 0; i < count; i++) {
		struct ls_row *row = NULL;

		if (r == 0 && is_wanted_name(query, names[i])) {
			row = vec_push(rows);
			if (!row)
				r = err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
		}
		if (row)
			row->cells[LS_NAME] = names[i];
		else
			free(names[i]);
	}
	free(names);
	return r;
}

int ls_gather(const struct ls_query *query, unsigned depth, struct ls_rows *rows, struct err *e)
{
	struct active active = {.query = query, .depth = depth};
	struct ls_rows *found = &active.rows;
	int r;

	if (is_about_names(query))
		return gather_names(query, rows, e);
	r = tare_each_run(query->lxcpath, add_active, &active, e);
	if (r == 0 && found->count > 0)
		qsort(found->items, found->count, sizeof(*found->items), by_name);
	if (r == 0 && !query->active && !query->running && !query->frozen) {
		r = add_defined(&active, e);
		if (r == 0 && found->count > 0)
			qsort(found->items, found->count, sizeof(*found->items), by_name);
	}
	for (size_t i = 0; i < found->count && r == 0; i++)
		r = add_row(query, &found->items[i], depth, rows, e);
	ls_rows_finish(found);
	return r;
}
