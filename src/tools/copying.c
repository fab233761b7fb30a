/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies as commands make them: progress, interrupts, and the small languages of -B and -m.
 */

#include "tools/copying.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cli/interrupt.h"
#include "cli/progress.h"

/* Shared with the helper process that copies files of mapped ids. */
struct display {
	struct progress progress;
	struct interrupt interrupt;
};

static bool show(void *data, const struct tare_counts *counts)
{
	struct display *display = data;

	progress_show(&display->progress,
		      &(struct progress_counts){
			      .bytes = counts->bytes,
			      .shared_bytes = counts->shared_bytes,
			      .files = counts->files,
			      .directories = counts->directories,
			      .total_bytes = counts->total_bytes,
			      .total_files = counts->total_files,
		      },
		      time_now());
	return interrupt_look(&display->interrupt) == 0;
}

int copying_clone(const struct copying *c, struct err *e)
{
	struct display *display = mmap(NULL, sizeof(*display), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tare_clone clone = c->clone;
	int r;

	if (display == MAP_FAILED)
		return err_set(e, ERR_NO_MEMORY, errno, "out of memory");
	clone.progress = show;
	clone.progress_data = display;
	interrupt_hold(&display->interrupt);
	progress_begin(&display->progress,
		       progress_choose(c->shows_progress, c->prints_json,
				       c->session->common->quiet),
		       clone.name, time_now());
	r = tare_clone(c->session->c, &clone, e);
	progress_end(&display->progress, NULL, r < 0 ? e : NULL, time_now());
	interrupt_release(&display->interrupt);
	munmap(display, sizeof(*display));
	return r;
}

const char *copying_type(const struct session *s, const char *typed)
{
	if (!typed || !typed[0])
		return NULL;
	if (strcmp(typed, "aufs") == 0) {
		session_say(s, "warning: aufs does not exist any more: overlay is used");
		return "overlay";
	}
	return text_starts("overlayfs", typed) ? "overlay" : typed;
}

static int refuse_mount(const char *word, const char *why, struct err *e)
{
	int r = err_set(e, ERR_USAGE, 0, "%s in the mount '%s'", why, word);

	err_hint(e, "bind=SOURCE[:TARGET][:ro|rw] and overlay=SOURCE[:TARGET] are known, with "
		    "absolute paths, separated by commas");
	return r;
}

/* One word, which is taken apart. */
static int take_mount(const struct session *s, char *word, struct tare_mount *ret, struct err *e)
{
	autofree char *whole = strdup(word);
	char *rest = strchr(word, '=');
	char *part;

	if (!whole)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (rest)
		*rest++ = '\0';
	*ret = (struct tare_mount){.is_overlay = strcmp(word, "bind") != 0};
	if (strcmp(word, "aufs") == 0)
		session_say(s, "warning: aufs does not exist any more: overlay is used");
	else if (ret->is_overlay && strcmp(word, "overlay") != 0)
		return err_set(e, ERR_USAGE, 0, "invalid mount type '%s'", word);
	ret->source = rest ? strsep(&rest, ":") : "";
	if (ret->source[0] != '/')
		return refuse_mount(whole, "no absolute path is the source", e);
	part = rest ? strsep(&rest, ":") : NULL;
	if (part && strcmp(part, "ro") != 0 && strcmp(part, "rw") != 0) {
		ret->target = part;
		part = rest ? strsep(&rest, ":") : NULL;
		if (!ret->target[strspn(ret->target, "/")])
			return refuse_mount(whole, "no path is the target", e);
	}
	if (rest || (part && strcmp(part, "ro") != 0 && strcmp(part, "rw") != 0))
		return refuse_mount(whole, "there is something that is neither ro nor rw", e);
	if (part && ret->is_overlay)
		return refuse_mount(whole, "an overlay can always be written to", e);
	ret->is_read_only = part && strcmp(part, "ro") == 0;
	return 0;
}

static size_t count_words(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

int copying_take_mounts(const struct session *s, const struct cli_strings *lists,
			struct copying_mounts *ret, struct err *e)
{
	autostr all = {0};
	char *rest;

	for (size_t i = 0; i < lists->count; i++)
		str_addf(&all, "%s%s", i > 0 ? "," : "", lists->items[i]);
	if (lists->count == 0)
		return 0;
	ret->items = calloc(count_words(str_text(&all)), sizeof(*ret->items));
	ret->text = str_failed(&all) ? NULL : str_take(&all);
	if (!ret->items || !ret->text)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	rest = ret->text;
	while (rest) {
		int r = take_mount(s, strsep(&rest, ","), &ret->items[ret->count++], e);

		if (r < 0)
			return r;
	}
	return 0;
}

void copying_finish_mounts(struct copying_mounts *mounts)
{
	free(mounts->items);
	free(mounts->text);
}
