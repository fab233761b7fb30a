/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of users and groups. The program is static, so there are no name services inside of it:
 * /etc/passwd and /etc/group are read here, and for what they lack getent(1) is asked, a program of
 * its own that knows nsswitch.conf. It runs as root and with none of the caller's environment: one
 * with his ids he could trace, and answer himself.
 */

#include "helpers/user_nic.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "sys/file.h"

enum {
	FILE_MAX = 32 << 20,
	ANSWER_MAX = 64 << 10, /* of getent: one line, with all members of a group */
};

static const char *const getent_places[] = {"/usr/bin/getent", "/bin/getent", NULL};

/* "NAME:PASSWORD:ID:…": name and id of a line, if it has both. */
static bool read_line(const char *line, size_t length, size_t *ret_name, uint32_t *ret_id)
{
	const char *end = line + length, *colon = memchr(line, ':', length), *at;
	uint64_t number;

	if (!colon)
		return false;
	at = memchr(colon + 1, ':', (size_t)(end - colon) - 1);
	if (!at)
		return false;
	at++;
	/* What ends the number is no digit: a colon, or the end of the text. */
	if (num_take_u64(&at, &number) < 0 || at > end || (at < end && *at != ':') ||
	    number >= UINT32_MAX)
		return false;
	*ret_name = (size_t)(colon - line);
	*ret_id = (uint32_t)number;
	return true;
}

/* A name that a line of the database can hold. */
static bool is_usable(const char *name, size_t length)
{
	if (length == 0 || length >= USER_NIC_OWNER_MAX || name[0] == '@')
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)name[i] <= ' ' || name[i] == '\x7f')
			return false;
	}
	return true;
}

static size_t line_length(const char *line)
{
	return strcspn(line, "\n");
}

static const char *line_next(const char *line)
{
	line += line_length(line);
	return *line ? line + 1 : line;
}

bool user_nic_names_find_id(const char *text, uint32_t id, char ret[USER_NIC_OWNER_MAX])
{
	for (const char *line = text; *line; line = line_next(line)) {
		size_t length;
		uint32_t found;

		if (!read_line(line, line_length(line), &length, &found) || found != id)
			continue;
		if (!is_usable(line, length))
			return false;
		memcpy(ret, line, length);
		ret[length] = '\0';
		return true;
	}
	return false;
}

bool user_nic_names_find_name(const char *text, const char *name, uint32_t *ret)
{
	for (const char *line = text; *line; line = line_next(line)) {
		size_t length;
		uint32_t found;

		if (!read_line(line, line_length(line), &length, &found) ||
		    length != strlen(name) || memcmp(line, name, length) != 0)
			continue;
		*ret = found;
		return true;
	}
	return false;
}

/* The answer on the heap, or NULL. */
static char *ask_getent(const char *database, const char *key)
{
	const char *const words[] = {"getent", database, key, NULL};
	char *answer = malloc(ANSWER_MAX);

	if (answer && user_nic_program_run(getent_places, words, true, answer, ANSWER_MAX) == 0)
		return answer;
	free(answer);
	return NULL;
}

bool user_nic_names_user(uint32_t uid, char ret[USER_NIC_OWNER_MAX])
{
	autofree char *text = NULL;
	autofree char *answer = NULL;
	char key[16];

	if (file_read_all(AT_FDCWD, "/etc/passwd", FILE_MAX, &text, NULL) == 0 &&
	    user_nic_names_find_id(text, uid, ret))
		return true;
	snprintf(key, sizeof(key), "%u", uid);
	answer = ask_getent("passwd", key);
	return answer && user_nic_names_find_id(answer, uid, ret);
}

bool user_nic_names_group(const char *name, uint32_t *ret)
{
	autofree char *text = NULL;
	autofree char *answer = NULL;

	if (file_read_all(AT_FDCWD, "/etc/group", FILE_MAX, &text, NULL) == 0 &&
	    user_nic_names_find_name(text, name, ret))
		return true;
	/* No option, and no number, which getent would take for an id: the line found must have the
	 * name. */
	if (name[0] == '-')
		return false;
	answer = ask_getent("group", name);
	return answer && user_nic_names_find_name(answer, name, ret);
}
