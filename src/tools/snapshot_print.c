/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The forms of a list of snapshots: see snapshot.h.
 */

#include "tools/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum { COMMENT_MAX = 16 << 20, READ_ROOM = 4096 };

/* The content of a comment file; false when there is none, or none that can be read. */
static bool read_comment(const struct lxc_snapshot *snapshot, struct str *ret)
{
	char room[READ_ROOM];
	ssize_t n = -1;
	autoclose int fd = open(snapshot->comment_pathname,
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	while (fd >= 0 && ret->len < COMMENT_MAX &&
	       ((n = read(fd, room, sizeof(room))) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			str_add_bytes(ret, room, (size_t)n);
	return n >= 0 && !str_failed(ret);
}

/* Line by line, so that no comment drives the terminal. */
static void add_visible(const char *text, struct str *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n\t");
		autofree char *piece = strndup(text, length);
		autofree char *visible = piece ? cli_visible(piece) : NULL;

		if (!visible) {
			out->failed = true;
			return;
		}
		str_add(out, visible);
		str_add_char(out, text[length] == '\t' ? '\t' : '\n');
		text += length + (text[length] != '\0');
	}
}

void snapshot_print_lines(const struct lxc_snapshot *snapshots, size_t count, bool comments,
			  struct str *out)
{
	if (count == 0)
		str_add(out, "No snapshots\n");
	for (size_t i = 0; i < count; i++) {
		autostr comment = {0};
		autofree char *name = cli_visible(snapshots[i].name);
		autofree char *lxcpath = cli_visible(snapshots[i].lxcpath);
		autofree char *time =
			cli_visible(snapshots[i].timestamp ? snapshots[i].timestamp : "");

		if (!name || !lxcpath || !time)
			out->failed = true;
		else
			str_addf(out, "%s (%s) %s\n", name, lxcpath, time);
		if (comments && read_comment(&snapshots[i], &comment))
			add_visible(str_text(&comment), out);
	}
}

/* Two digits and what stands behind them. */
static bool take_number(const char **at, size_t digits, char end, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	*ret = value;
	return *(*at)++ == end;
}

/* "2026:11:22 02:58:49" of the local time as "2026-11-22T01:58:49Z". False: it is no such text. */
static bool make_utc(const char *text, char *ret, size_t room)
{
	struct tm local = {.tm_isdst = -1};
	struct tm utc;
	time_t moment;

	if (!text || !take_number(&text, 4, ':', &local.tm_year) ||
	    !take_number(&text, 2, ':', &local.tm_mon) ||
	    !take_number(&text, 2, ' ', &local.tm_mday) ||
	    !take_number(&text, 2, ':', &local.tm_hour) ||
	    !take_number(&text, 2, ':', &local.tm_min) ||
	    !take_number(&text, 2, '\0', &local.tm_sec))
		return false;
	local.tm_year -= 1900;
	local.tm_mon -= 1;
	moment = mktime(&local);
	return moment != -1 && gmtime_r(&moment, &utc) &&
	       strftime(ret, room, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0;
}

static void add_object(struct json *j, const struct lxc_snapshot *snapshot)
{
	autostr comment = {0};
	char moment[32];

	json_open_object(j);
	json_name(j, "name");
	json_add_string(j, snapshot->name);
	json_name(j, "lxcpath");
	json_add_string(j, snapshot->lxcpath);
	json_name(j, "time");
	json_add_string(j, make_utc(snapshot->timestamp, moment, sizeof(moment)) ? moment : NULL);
	json_name(j, "comment");
	json_add_string(j, read_comment(snapshot, &comment) ? str_text(&comment) : NULL);
	json_close_object(j);
}

void snapshot_print_json(const struct lxc_snapshot *snapshots, size_t count, struct str *out)
{
	struct json j;

	json_init(&j, out, 2);
	json_open_array(&j);
	for (size_t i = 0; i < count; i++)
		add_object(&j, &snapshots[i]);
	json_close_array(&j);
	json_finish(&j);
	str_add_char(out, '\n');
}
