/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Printing. A reader that went away (EPIPE) ends a command by its signal, as everywhere; where the
 * signal is ignored, the failed write is told like any other.
 */

#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

int cli_write(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

int cli_print(const char *tool, const struct str *text)
{
	struct err e;
	int r;

	if (str_failed(text)) {
		err_set(&e, ERR_NO_MEMORY, ENOMEM, "cannot print the result");
		cli_print_error(tool, NULL, &e);
		return 1;
	}
	r = cli_write(STDOUT_FILENO, str_text(text), text->len);
	if (r) {
		err_set(&e, ERR_FILE_WRITE, -r, "cannot write to the standard output");
		cli_print_error(tool, NULL, &e);
		return 1;
	}
	return 0;
}

void cli_print_error(const char *tool, const char *container, const struct err *e)
{
	char visible[1024];
	autostr text = {0};

	str_addf(&text, "%s: ", tool);
	/* A line break in a name would make two messages of one. */
	if (container) {
		utf8_copy_visible(visible, sizeof(visible), container);
		str_addf(&text, "%s: ", visible);
	}
	err_render_text(e, &text);
	str_add_char(&text, '\n');
	(void)cli_write(STDERR_FILENO, str_text(&text), text.len);
}

char *cli_visible(const char *text)
{
	const char *end = text + strlen(text);
	struct str visible = {0};
	char piece[UTF8_VISIBLE_MAX];

	while (text < end)
		str_add_bytes(&visible, piece, utf8_take_visible(&text, end, piece));
	if (!str_failed(&visible))
		return str_take(&visible);
	str_finish(&visible);
	return NULL;
}
