/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Times commands against each other in one run, in turn (A B C A B C …), so that what the machine
 * does meanwhile hits all alike. Only the ratios mean something from one machine to another.
 *
 *	compare [-r ROUNDS] [-t SECONDS] [-p MILLISECONDS] NAME PROGRAM [ARGUMENT…] [, NAME …]…
 *
 * With -p it pauses before each sample, so that none profits from what the one before left behind
 * (caches, but above all the kernel's: the first process that is moved between cgroups waits for a
 * grace period of RCU, those that follow shortly after do not).
 *
 * The word "then" in a command begins another program that belongs to the same sample, the word
 * "after" one that does not, such as what ends the thing whose beginning is measured. One line
 * for each command: medians of the time that passed and of the processor time (with the children it
 * waited for), the 10th (quiet moments of a busy machine) and 90th percentiles, the ratio of its
 * median to the first one's. A command that fails is told on stderr, with what it said, and left
 * out from then on; the status is then 1. What the commands print is thrown away.
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	COMMANDS_MAX = 32,
	PARTS_MAX = 4,
	WARM_ROUNDS = 3, /* not counted */
	ROUNDS_MIN = 5,  /* whatever the time */
};

struct command {
	const char *name;
	char **parts[PARTS_MAX];      /* argument vectors */
	unsigned part_count, counted; /* those behind the counted ones belong to no sample */
	int64_t *wall, *cpu;          /* nanoseconds, one for each round */
	bool has_failed;
};

struct comparison {
	struct command commands[COMMANDS_MAX];
	unsigned count;
	size_t rounds;  /* wanted */
	double seconds; /* at most, about */
	struct timespec pause;
	int null_fd, errors_fd;
};

static int64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t cpu_nsec(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * INT64_C(1000000000) +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * INT64_C(1000);
}

/* Run one program to its end; the wait status, or -errno. Adds its processor time. */
static int run_program(const struct comparison *c, char *const argv[], int64_t *cpu)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage = {};
	int status = 0;
	int error;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, c->null_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, c->null_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, c->errors_fd, STDERR_FILENO);
	error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return -error;
	if (wait4(pid, &status, 0, &usage) < 0)
		return -errno;
	*cpu += cpu_nsec(&usage);
	return status;
}

/* Why it failed, and its first words about that. */
static void tell_failure(const struct comparison *c, const struct command *command, int status)
{
	char words[512];
	ssize_t length = pread(c->errors_fd, words, sizeof(words) - 1, 0);

	words[length > 0 ? length : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	fprintf(stderr, "compare: %s is left out: ", command->name);
	if (status < 0)
		fprintf(stderr, "cannot run it (errno %d)\n", -status);
	else if (WIFSIGNALED(status))
		fprintf(stderr, "killed by signal %d: %s\n", WTERMSIG(status), words);
	else
		fprintf(stderr, "status %d: %s\n", WEXITSTATUS(status), words);
}

/* One sample of one command, into the slot of the round. */
static void run_command(const struct comparison *c, struct command *command, size_t slot)
{
	int64_t cpu = 0;
	int64_t start = now_nsec();

	for (unsigned i = 0; i < command->part_count; i++) {
		int64_t not_counted = 0;
		int status = run_program(c, command->parts[i],
					 i < command->counted ? &cpu : &not_counted);

		if (i + 1 == command->counted)
			command->wall[slot] = now_nsec() - start;

		if (status == 0)
			continue;
		command->has_failed = true;
		tell_failure(c, command, status);
		return;
	}
	command->cpu[slot] = cpu;
}

static void run_round(const struct comparison *c, struct command *commands, size_t slot)
{
	for (unsigned i = 0; i < c->count; i++) {
		if (commands[i].has_failed)
			continue;
		if (ftruncate(c->errors_fd, 0) == 0)
			lseek(c->errors_fd, 0, SEEK_SET);
		nanosleep(&c->pause, NULL);
		run_command(c, &commands[i], slot);
	}
}

/* Returns how many rounds were counted. */
static size_t run_all(struct comparison *c)
{
	int64_t end;
	size_t done = 0;

	for (unsigned i = 0; i < WARM_ROUNDS; i++)
		run_round(c, c->commands, 0);
	end = now_nsec() + (int64_t)(c->seconds * 1e9);
	while (done < c->rounds && (done < ROUNDS_MIN || now_nsec() < end))
		run_round(c, c->commands, done++);
	return done;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* In microseconds; the samples get sorted. */
static double quantile(int64_t *samples, size_t count, double part)
{
	qsort(samples, count, sizeof(*samples), by_value);
	return (double)samples[(size_t)((double)(count - 1) * part)] / 1000;
}

/* Returns how many commands failed. */
static unsigned print_rows(struct comparison *c, size_t rounds)
{
	double first = 0;
	unsigned failures = 0;

	printf("%10s %8s %8s %8s %7s %6s  %s\n", "median us", "p10 us", "p90 us", "cpu us", "ratio",
	       "rounds", "command");
	for (unsigned i = 0; i < c->count; i++) {
		struct command *command = &c->commands[i];
		double median;

		if (command->has_failed) {
			failures++;
			continue;
		}
		median = quantile(command->wall, rounds, 0.5);
		if (first == 0)
			first = median;
		printf("%10.0f %8.0f %8.0f %8.0f %7.2f %6zu  %s\n", median,
		       quantile(command->wall, rounds, 0.1), quantile(command->wall, rounds, 0.9),
		       quantile(command->cpu, rounds, 0.5), median / first, rounds, command->name);
	}
	return failures;
}

/* Between two programs of a command. */
static bool is_joint(const char *word)
{
	return strcmp(word, "then") == 0 || strcmp(word, "after") == 0;
}

/* The commands from the words behind the options, which are cut into vectors where they are. */
static bool take_commands(struct comparison *c, char **words)
{
	while (*words) {
		struct command *command = &c->commands[c->count];

		if (c->count == COMMANDS_MAX || !words[1])
			return false;
		*command = (struct command){.name = *words++};
		command->wall = calloc(c->rounds, sizeof(int64_t));
		command->cpu = calloc(c->rounds, sizeof(int64_t));
		if (!command->wall || !command->cpu)
			return false;
		c->count++;
		for (bool more = true; more;) {
			if (command->part_count == PARTS_MAX || !*words)
				return false;
			command->parts[command->part_count++] = words;
			while (*words && strcmp(*words, ",") != 0 && !is_joint(*words))
				words++;
			more = *words && is_joint(*words);
			if (command->counted == 0 && (!more || strcmp(*words, "after") == 0))
				command->counted = command->part_count;
			if (*words)
				*words++ = NULL;
		}
	}
	return c->count > 0;
}

int main(int argc, char **argv)
{
	struct comparison c = {.rounds = 1000, .seconds = 10};
	size_t rounds;
	int letter;

	while ((letter = getopt(argc, argv, "+r:t:p:")) >= 0) {
		if (letter == 'r')
			c.rounds = strtoul(optarg, NULL, 10);
		else if (letter == 't')
			c.seconds = strtod(optarg, NULL);
		else if (letter == 'p')
			c.pause.tv_nsec = strtol(optarg, NULL, 10) % 1000 * 1000000;
	}
	c.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	c.errors_fd = memfd_create("errors", MFD_CLOEXEC);
	if (c.rounds < 1 || c.null_fd < 0 || c.errors_fd < 0 || !take_commands(&c, argv + optind)) {
		fprintf(stderr, "usage: compare [-r ROUNDS] [-t SECONDS] [-p MILLISECONDS] "
				"NAME PROGRAM [ARGUMENT...] [, NAME ...]...\n");
		return 2;
	}
	rounds = run_all(&c);
	return print_rows(&c, rounds) ? 1 : 0;
}
