/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The forms of lxc-ls: names, table, JSON. See ls.h.
 */

#include "tools/ls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_ROOM = 32 };

static void add_padded(struct str *out, const char *text, size_t width)
{
	str_add(out, text);
	for (size_t n = strlen(text); n < width; n++)
		str_add_char(out, ' ');
}

static void add_depth(struct str *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		str_add_char(out, '\\');
}

static size_t widest_name(const struct ls_rows *rows)
{
	size_t widest = 0;

	for (size_t i = 0; i < rows->count; i++) {
		size_t n = strlen(rows->items[i].cells[LS_NAME]) + rows->items[i].depth;

		widest = n > widest ? n : widest;
	}
	return widest;
}

void ls_print_names(const struct ls_rows *rows, size_t width, struct str *out)
{
	size_t widest = widest_name(rows);
	size_t per_line = width / (widest + 1);
	size_t at = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct ls_row *row = &rows->items[i];

		add_depth(out, row->depth);
		if (per_line < 2) {
			str_addf(out, "%s\n", row->cells[LS_NAME]);
			continue;
		}
		add_padded(out, row->cells[LS_NAME], widest - row->depth + 1);
		if (++at == per_line || i + 1 == rows->count) {
			str_add_char(out, '\n');
			at = 0;
		}
	}
}

static bool is_size(enum ls_column column)
{
	return column == LS_RAM || column == LS_SWAP;
}

/* As the table shows it: sizes in MiB. */
static const char *cell(const struct ls_row *row, enum ls_column column, char room[SIZE_ROOM])
{
	const char *text = row->cells[column];

	if (text && is_size(column)) {
		snprintf(room, SIZE_ROOM, "%.2fMB", (double)strtoull(text, NULL, 10) / 1048576);
		return room;
	}
	return text ? text : "-";
}

static size_t column_width(const struct ls_rows *rows, enum ls_column column)
{
	size_t width = strlen(ls_column_names[column]);
	char room[SIZE_ROOM];

	/* Room for the unit of sizes. */
	if (is_size(column))
		width += 2;
	for (size_t i = 0; i < rows->count; i++) {
		size_t n = strlen(cell(&rows->items[i], column, room));

		if (column == LS_NAME)
			n += rows->items[i].depth;
		width = n > width ? n : width;
	}
	return width;
}

static void add_cell(struct str *out, const struct ls_row *row, enum ls_column column, size_t width)
{
	char room[SIZE_ROOM];
	const char *text = cell(row, column, room);

	if (column == LS_NAME) {
		add_depth(out, row->depth);
		add_padded(out, text, width - row->depth);
	} else if (is_size(column) && row->cells[column]) {
		for (size_t n = strlen(text); n < width; n++)
			str_add_char(out, ' ');
		str_add(out, text);
	} else {
		add_padded(out, text, width);
	}
	str_add_char(out, ' ');
}

void ls_print_table(const struct ls_rows *rows, const struct ls_columns *columns, struct str *out)
{
	size_t widths[LS_COLUMN_COUNT];

	for (size_t i = 0; i < columns->count; i++) {
		enum ls_column column = columns->list[i];

		widths[column] = column_width(rows, column);
		add_padded(out, ls_column_names[column], widths[column] + 1);
	}
	str_add_char(out, '\n');
	for (size_t i = 0; i < rows->count; i++) {
		for (size_t k = 0; k < columns->count; k++)
			add_cell(out, &rows->items[i], columns->list[k], widths[columns->list[k]]);
		str_add_char(out, '\n');
	}
}

/* "a, b" as an array. */
static void add_json_list(struct json *j, const char *text)
{
	autofree char *copy = strdup(text ? text : "");
	char *rest = copy;
	char *word;

	json_open_array(j);
	while (rest && *rest && (word = strsep(&rest, ",")))
		json_add_string(j, word + (*word == ' '));
	json_close_array(j);
}

static void add_json_size(struct json *j, const char *text)
{
	if (text)
		json_add_uint(j, strtoull(text, NULL, 10));
	else
		json_add_null(j);
}

static void add_json_cell(struct json *j, const struct ls_row *row, enum ls_column column)
{
	const char *text = row->cells[column];

	switch (column) {
	case LS_RAM:
	case LS_SWAP:
		add_json_size(j, text);
		return;
	case LS_GROUPS:
	case LS_INTERFACE:
	case LS_IPV4:
	case LS_IPV6:
		add_json_list(j, text);
		return;
	case LS_PID:
		if (text)
			json_add_int(j, strtoll(text, NULL, 10));
		else
			json_add_null(j);
		return;
	case LS_AUTOSTART:
		json_add_bool(j, text && strcmp(text, "1") == 0);
		return;
	case LS_UNPRIVILEGED:
		json_add_bool(j, text && strcmp(text, "true") == 0);
		return;
	case LS_NAME:
	case LS_STATE:
	case LS_COLUMN_COUNT:
		break;
	}
	json_add_string(j, text);
}

void ls_print_json(const struct ls_rows *rows, const struct ls_columns *columns, struct str *out)
{
	struct json j;

	json_init(&j, out, 2);
	json_open_array(&j);
	for (size_t i = 0; i < rows->count; i++) {
		json_open_object(&j);
		for (size_t k = 0; k < columns->count; k++) {
			autofree char *key = strdup(ls_column_names[columns->list[k]]);

			for (char *at = key; at && *at; at++)
				*at = text_lower(*at);
			json_name(&j, key ? key : "");
			add_json_cell(&j, &rows->items[i], columns->list[k]);
		}
		if (rows->items[i].depth) {
			json_name(&j, "depth");
			json_add_uint(&j, rows->items[i].depth);
		}
		json_close_object(&j);
	}
	json_close_array(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}
