/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The line of lxc-user-nic, read in the supervisor: no memory, every length checked.
 */

#include "run/user_nic_line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct line {
	const char *at, *end;
};

static bool take_end(struct line *line, char end)
{
	if (line->at == line->end || *line->at != end)
		return false;
	line->at++;
	return true;
}

static bool take_name(struct line *line, char ret[USER_NIC_NAME_ROOM])
{
	size_t length = 0;

	memset(ret, 0, USER_NIC_NAME_ROOM);
	while (line->at < line->end && length < USER_NIC_NAME_ROOM - 1 && *line->at > ' ' &&
	       *line->at <= '~' && *line->at != ':' && *line->at != '/')
		ret[length++] = *line->at++;
	return length > 0 && strcmp(ret, ".") != 0 && strcmp(ret, "..") != 0 && take_end(line, ':');
}

static bool take_index(struct line *line, char end, uint32_t *ret)
{
	uint64_t number = 0;

	while (line->at < line->end && *line->at >= '0' && *line->at <= '9' && number <= INT32_MAX)
		number = number * 10 + (uint64_t)(*line->at++ - '0');
	*ret = (uint32_t)number;
	return number > 0 && number <= INT32_MAX && take_end(line, end);
}

int user_nic_line_parse(const char *text, size_t length, struct user_nic_made *ret)
{
	struct line line = {text, text + length};
	struct user_nic_made made;

	if (!take_name(&line, made.inside) || !take_index(&line, ':', &made.inside_index) ||
	    !take_name(&line, made.host) || !take_index(&line, '\n', &made.host_index) ||
	    line.at != line.end)
		return -EPROTO;
	*ret = made;
	return 0;
}

void user_nic_words_join(char *text)
{
	static const char own_name[] = "lxc-user-nic: ";
	const char *from = text;
	char *to = text;

	if (strncmp(text, own_name, sizeof(own_name) - 1) == 0)
		from += sizeof(own_name) - 1;
	while (*from) {
		if (*from != '\n') {
			*to++ = *from < ' ' || *from > '~' ? '?' : *from;
			from++;
			continue;
		}
		from += strspn(from, "\n ");
		if (!*from)
			break;
		*to++ = ';';
		/* Lines that go on are indented, so there is room. */
		if (from - to > 0)
			*to++ = ' ';
	}
	*to = '\0';
}
