/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Start-up cost of a command against the floor: whole processes, spawned in turn, so that what the
 * machine does meanwhile hits both alike. Only the ratio means something.
 *
 *	start-up FLOOR ROUNDS TARGET COMMAND [ARGUMENT…]
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Run a program to its end with its output thrown away; nanoseconds, or -1. */
static int64_t run_once(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int64_t start = now_nsec();
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	return status == 0 ? now_nsec() - start : -1;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double median_usec(int64_t *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), compare);
	return (double)samples[count / 2] / 1000;
}

int main(int argc, char **argv)
{
	char *floor_argv[] = {argc > 1 ? argv[1] : NULL, NULL};
	size_t rounds = argc > 4 ? strtoul(argv[2], NULL, 10) : 0;
	int64_t *floor_samples = calloc(rounds + 1, sizeof(*floor_samples));
	int64_t *samples = calloc(rounds + 1, sizeof(*samples));
	double floor_usec;
	double usec;

	if (rounds == 0 || !floor_samples || !samples) {
		fprintf(stderr, "usage: start-up FLOOR ROUNDS TARGET COMMAND [ARGUMENT…]\n");
		return 2;
	}
	for (size_t i = 0; i < rounds; i++) {
		floor_samples[i] = run_once(floor_argv);
		samples[i] = run_once(argv + 4);
		if (floor_samples[i] < 0 || samples[i] < 0) {
			fprintf(stderr, "start-up: %s failed\n",
				samples[i] < 0 ? argv[4] : argv[1]);
			return 1;
		}
	}
	floor_usec = median_usec(floor_samples, rounds);
	usec = median_usec(samples, rounds);
	printf("start-up:");
	for (int i = 4; i < argc; i++)
		printf(" %s", strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i]);
	printf(": %.0f us, empty dynamic program: %.0f us, ratio %.2f "
	       "(target %s; medians of %zu)\n",
	       usec, floor_usec, usec / floor_usec, argv[3], rounds);
	free(floor_samples);
	free(samples);
	return 0;
}
