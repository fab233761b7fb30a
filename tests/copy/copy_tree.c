/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The copy engine as a command, for the tests and the benchmark:
 *
 *	copy-tree [-j THREADS] [-r auto|never|always] [-x] [-s] [-t] [-n MILLISECONDS]
 *	          [-u FROM:TO:COUNT]… [-g FROM:TO:COUNT]… SOURCE TARGET
 *
 * Prints what was done as one line of JSON; the error chain goes to stderr, and its number is the
 * exit status. -x stays on one file system, -s syncs, -t counts meanwhile, -n cancels after that
 * many milliseconds (0: before it begins). TARGET is made when it is missing. Without a TARGET the
 * source is counted.
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/str.h"
#include "copy/copy.h"

enum { RANGES_MAX = 16 };

struct arguments {
	struct copy_options options;
	struct copy_range uids[RANGES_MAX], gids[RANGES_MAX];
	long cancel_after; /* -1: never */
	atomic_bool cancel;
	uint64_t calls; /* of the progress function */
};

static int usage(void)
{
	fputs("usage: copy-tree [-j N] [-r auto|never|always] [-x] [-s] [-t] [-n MS] "
	      "[-u F:T:C] [-g F:T:C] SOURCE [TARGET]\n",
	      stderr);
	return 200;
}

static void add_range(struct copy_ranges *ranges, struct copy_range *items, const char *text)
{
	struct copy_range *range = &items[ranges->count];

	if (ranges->count == RANGES_MAX ||
	    sscanf(text, "%u:%u:%u", &range->from.value, &range->to.value, &range->count) != 3)
		exit(usage());
	ranges->items = items;
	ranges->count++;
}

static enum copy_reflink reflink_of(const char *text)
{
	if (strcmp(text, "never") == 0)
		return COPY_REFLINK_NEVER;
	return strcmp(text, "always") == 0 ? COPY_REFLINK_ALWAYS : COPY_REFLINK_AUTO;
}

static void read_arguments(struct arguments *a, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "j:r:xstn:u:g:")) != -1) {
		if (c == 'j')
			a->options.threads = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'r')
			a->options.reflink = reflink_of(optarg);
		else if (c == 'x')
			a->options.one_file_system = true;
		else if (c == 's')
			a->options.sync = true;
		else if (c == 't')
			a->options.count = true;
		else if (c == 'n')
			a->cancel_after = strtol(optarg, NULL, 10);
		else if (c == 'u')
			add_range(&a->options.uids, a->uids, optarg);
		else if (c == 'g')
			add_range(&a->options.gids, a->gids, optarg);
		else
			exit(usage());
	}
	if (argc - optind != 1 && argc - optind != 2)
		exit(usage());
}

static void *cancel_later(void *data)
{
	struct arguments *a = data;

	usleep((useconds_t)a->cancel_after * 1000);
	atomic_store(&a->cancel, true);
	return NULL;
}

static void count_call(void *data, const struct copy_progress *progress)
{
	struct arguments *a = data;

	a->calls++;
}

static void add_number(struct json *j, const char *name, uint64_t value)
{
	json_name(j, name);
	json_add_uint(j, value);
}

static void add_note(struct json *j, const char *name, const struct copy_note *note)
{
	add_number(j, name, note->count);
	if (note->count == 0)
		return;
	json_name(j, "first");
	json_add_string(j, note->path);
}

static void print_result(const struct arguments *a, const struct copy_result *result)
{
	autostr text = {};
	struct json j;

	json_init(&j, &text, 0);
	json_open_object(&j);
	add_number(&j, "bytes", result->done.bytes);
	add_number(&j, "shared", result->done.shared_bytes);
	add_number(&j, "files", result->done.files);
	add_number(&j, "directories", result->done.directories);
	add_number(&j, "total_bytes", result->done.total_bytes);
	add_number(&j, "total_files", result->done.total_files);
	add_number(&j, "calls", a->calls);
	add_note(&j, "vanished", &result->vanished);
	add_note(&j, "mounts", &result->mounts);
	add_note(&j, "lost", &result->lost);
	json_name(&j, "lost_name");
	json_add_string(&j, result->lost_name);
	json_close_object(&j);
	json_finish(&j);
	puts(str_text(&text));
}

static int open_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(201);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct arguments a = {.cancel_after = -1};
	struct copy_result result = {};
	autostr text = {};
	struct err e = {};
	pthread_t canceller = 0;
	int r, source, target = -1;

	read_arguments(&a, argc, argv);
	a.options.progress = count_call;
	a.options.progress_data = &a;
	a.options.cancel = &a.cancel;
	source = open_directory(argv[optind]);
	if (argv[optind + 1]) {
		mkdir(argv[optind + 1], 0755);
		target = open_directory(argv[optind + 1]);
	}
	if (a.cancel_after == 0)
		atomic_store(&a.cancel, true);
	else if (a.cancel_after > 0 && pthread_create(&canceller, NULL, cancel_later, &a) != 0)
		return 202;
	r = target < 0 ? copy_count(source, &a.options, &result.done, &e)
		       : copy_tree(source, target, &a.options, &result, &e);
	print_result(&a, &result);
	if (a.cancel_after > 0)
		pthread_join(canceller, NULL);
	close(source);
	if (target >= 0)
		close(target);
	if (r == 0)
		return 0;
	err_render_text(&e, &text);
	fprintf(stderr, "%s\n", str_text(&text));
	return -r < 200 ? -r : 199;
}
