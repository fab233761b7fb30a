/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The main of a fuzz target when libFuzzer is not there: gives it every file of the corpus folders
 * that are named on the command line, and the empty input. Prints one TAP point for each folder.
 *
 * Each input is copied into memory of exactly its size, so that the address sanitizer sees a read
 * behind it. The name is printed before the call: after a crash it is the last line.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Replay one file. False when it cannot be read. */
static bool replay_file(const char *path)
{
	autofclose FILE *file = fopen(path, "re");
	autofree uint8_t *data = NULL;
	long size;

	if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0)
		return false;
	rewind(file);
	data = malloc((size_t)size);
	if ((!data && size > 0) || fread(data, 1, (size_t)size, file) != (size_t)size)
		return false;
	printf("# %s\n", path);
	if (fflush(stdout) != 0)
		return false;
	LLVMFuzzerTestOneInput(data, (size_t)size);
	return true;
}

/* Replay every file of a folder. Returns how many there were, or -1 when one cannot be read. */
static int replay_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_input, alphasort);
	bool readable = count >= 0;

	for (int i = 0; i < count; i++) {
		char path[4096];
		int len = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);

		readable = readable && len > 0 && (size_t)len < sizeof(path) && replay_file(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return readable ? count : -1;
}

int main(int argc, char **argv)
{
	int failed = 0;

	printf("1..%d\n", argc - 1);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		int count = replay_folder(argv[i]);

		if (count > 0) {
			printf("ok %d - %d inputs of %s\n", i, count, argv[i]);
		} else {
			printf("not ok %d - %s is %s\n", i, argv[i],
			       count == 0 ? "empty" : "not readable");
			failed = 1;
		}
	}
	return failed;
}
