/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said about progress, without clock or terminal. Sizes are in powers of 1024, as lxc-info
 * has them.
 */

#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/str.h"

enum {
	PART_ROOM = PROGRESS_LABEL_ROOM,
	GAP = 3, /* blanks between two parts */
};

enum part {
	PART_LABEL,
	PART_PERCENT,
	PART_SIZE,
	PART_FILES,
	PART_RATE,
	PART_TIME,
	PARTS,
};

static void write_size(uint64_t bytes, const char *behind, char *ret, size_t room)
{
	static const char units[][4] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1, tenths;
	size_t i = 0;

	while (i + 1 < ARRAY_LENGTH(units) && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
	if (i == 0 || tenths >= 1000)
		snprintf(ret, room, "%" PRIu64 " %s%s", (tenths + 5) / 10, units[i], behind);
	else
		snprintf(ret, room, "%" PRIu64 ".%" PRIu64 " %s%s", tenths / 10, tenths % 10,
			 units[i], behind);
}

/* Above a minute nobody counts tenths. */
static void write_time(usec_t time, const char *behind, char *ret, size_t room)
{
	const uint64_t seconds = (time + USEC_PER_SEC / 2) / USEC_PER_SEC;

	if (seconds >= 3600)
		snprintf(ret, room, "%" PRIu64 " h %02" PRIu64 " min%s", seconds / 3600,
			 seconds / 60 % 60, behind);
	else if (seconds >= 60)
		snprintf(ret, room, "%" PRIu64 " min %02" PRIu64 " s%s", seconds / 60, seconds % 60,
			 behind);
	else
		snprintf(ret, room, "%" PRIu64 " s%s", seconds, behind);
}

static uint64_t percent(uint64_t done, uint64_t total)
{
	return done >= total ? 100 : (uint64_t)((double)done * 100 / (double)total);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void write_done(const struct progress_counts *c, char *ret, size_t room)
{
	char done[32], total[32];
	size_t number;

	write_size(c->bytes, "", done, sizeof(done));
	write_size(c->total_bytes, "", total, sizeof(total));
	number = strcspn(done, " ");
	if (c->total_bytes == 0 || c->bytes > c->total_bytes)
		snprintf(ret, room, "%s", done);
	else if (strcmp(done + number, total + strcspn(total, " ")) == 0)
		snprintf(ret, room, "%.*s of %s", (int)number, done, total);
	else
		snprintf(ret, room, "%s of %s", done, total);
}

static void write_parts(const struct progress_view *v, char parts[PARTS][PART_ROOM])
{
	const struct progress_counts *c = &v->counts;

	memset(parts, 0, (size_t)PARTS * PART_ROOM);
	snprintf(parts[PART_LABEL], PART_ROOM, "%s", v->label);
	if (c->total_bytes || c->total_files)
		snprintf(parts[PART_PERCENT], PART_ROOM, "%" PRIu64 "%%",
			 c->total_bytes ? percent(c->bytes, c->total_bytes)
					: percent(c->files, c->total_files));
	write_done(c, parts[PART_SIZE], PART_ROOM);
	if (c->total_files == 0 || c->files > c->total_files)
		snprintf(parts[PART_FILES], PART_ROOM, "%" PRIu64 " file%s", c->files,
			 plural(c->files));
	else
		snprintf(parts[PART_FILES], PART_ROOM, "%" PRIu64 " of %" PRIu64 " file%s",
			 c->files, c->total_files, plural(c->total_files));
	if (v->rate)
		write_size(v->rate, "/s", parts[PART_RATE], PART_ROOM);
	if (v->left != USEC_INFINITY)
		write_time(v->left, " left", parts[PART_TIME], PART_ROOM);
	else
		write_time(v->elapsed, "", parts[PART_TIME], PART_ROOM);
}

/* More than it takes on a screen when the label is not ASCII. */
static size_t columns_of(char parts[PARTS][PART_ROOM])
{
	size_t columns = 0;

	for (size_t i = 0; i < PARTS; i++)
		if (parts[i][0])
			columns += strlen(parts[i]) + (columns ? GAP : 0);
	return columns;
}

void progress_format_line(const struct progress_view *view, unsigned width, struct str *out)
{
	static const enum part dispensable[] = {PART_FILES, PART_LABEL, PART_RATE,
						PART_SIZE,  PART_TIME,  PART_PERCENT};
	char parts[PARTS][PART_ROOM];
	bool is_first = true;

	write_parts(view, parts);
	for (size_t i = 0; i < ARRAY_LENGTH(dispensable) && columns_of(parts) >= width; i++)
		parts[dispensable[i]][0] = '\0';
	for (size_t i = 0; i < PARTS; i++) {
		if (!parts[i][0])
			continue;
		str_addf(out, "%*s%s", is_first ? 0 : GAP, "", parts[i]);
		is_first = false;
	}
}

void progress_format_summary(const struct progress_view *view, struct str *out)
{
	const struct progress_counts *c = &view->counts;
	char bytes[32], shared[32], rate[32], time[32];

	write_size(c->bytes, "", bytes, sizeof(bytes));
	write_size(c->shared_bytes, "", shared, sizeof(shared));
	write_size(view->rate, "/s", rate, sizeof(rate));
	if (view->elapsed < 10 * USEC_PER_SEC)
		snprintf(time, sizeof(time), "%.2f s", (double)view->elapsed / USEC_PER_SEC);
	else
		write_time(view->elapsed, "", time, sizeof(time));
	str_addf(out, "%s: %s", view->label, bytes);
	if (c->shared_bytes)
		str_addf(out, " (%s shared)", shared);
	str_addf(out, ", %" PRIu64 " file%s, %s", c->files, plural(c->files), time);
	if (view->rate)
		str_addf(out, ", %s", rate);
}

static void add_number(struct json *j, const char *name, uint64_t value)
{
	json_name(j, name);
	json_add_uint(j, value);
}

static void add_total(struct json *j, const char *name, uint64_t value)
{
	json_name(j, name);
	if (value)
		json_add_uint(j, value);
	else
		json_add_null(j);
}

void progress_format_event(const struct progress_view *view, const char *event, const struct err *e,
			   struct str *out)
{
	const struct progress_counts *c = &view->counts;
	struct json j;

	json_init(&j, out, 0);
	json_open_object(&j);
	json_name(&j, "event");
	json_add_string(&j, event);
	json_name(&j, "name");
	json_add_string(&j, view->label);
	add_number(&j, "bytes", c->bytes);
	add_number(&j, "shared_bytes", c->shared_bytes);
	add_number(&j, "files", c->files);
	add_number(&j, "directories", c->directories);
	add_total(&j, "total_bytes", c->total_bytes);
	add_total(&j, "total_files", c->total_files);
	add_number(&j, "rate", view->rate);
	json_name(&j, "seconds");
	json_add_thousandths(&j, view->elapsed / USEC_PER_MSEC);
	if (e) {
		json_name(&j, "error");
		err_add_json(e, &j);
	}
	json_close_object(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}
