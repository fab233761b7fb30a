/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Run records: made, seen, locked, undone when dead; and directories that somebody prepared for us.
 * A shell script takes the part of the supervisor.
 */

#include "container/runs.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "container/container_fixture.h"
#include "sys/lock.h"

/* A record that passes record_check(): a header, empty parts. */
static struct record_header *make_record(size_t *ret_size)
{
	size_t size = RECORD_PARTS_AT + 64;
	struct record_header *r = calloc(1, size);

	assert_non_null(r);
	memcpy(r->magic, RECORD_MAGIC, sizeof(RECORD_MAGIC));
	r->format = RECORD_FORMAT;
	r->program = SUPERVISOR_NUMBER;
	atomic_store(&r->state, STATE_RUNNING);
	r->items = (struct record_part){.offset = RECORD_PARTS_AT,
					.size = sizeof(struct record_items)};
	r->name = r->lxcpath = r->run_path = RECORD_PARTS_AT + 16;
	memcpy((char *)r + r->name, "n", 2);
	*ret_size = size;
	return r;
}

static int create_run(const char *name)
{
	size_t size;
	autofree struct record_header *record = make_record(&size);
	struct err e = {};
	int fd = runs_create(fixture_lxcpath, name, record, size, &e);

	if (fd < 0)
		fixture_fail("runs_create", &e);
	return fd;
}

static char *run_path(const char *name)
{
	autofree char *directory = NULL;
	char *path = NULL;

	assert_int_equal(runs_directory(fixture_lxcpath, &directory, NULL), 0);
	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	return path;
}

/* Make a record of that name, and give its address back: its path. */
static char *end_run(const char *name, const char *file)
{
	autofree char *directory = run_path(RECORD_ENDED);
	autofree char *path = run_path(name);
	char *ended = NULL;

	close(create_run(name));
	mkdir(directory, 0700);
	assert_true(asprintf(&ended, "%s/%s", directory, file) > 0);
	assert_int_equal(rename(path, ended), 0);
	return ended;
}

/* A helper directory whose supervisor notes how it was called and ends with a status. */
static void set_supervisor(const char *status)
{
	static char variable[128];
	autostr script = {};

	str_addf(&script,
		 "#!/bin/sh\necho \"$1\" >> %s/undone\n"
		 "test -e /proc/self/fd/$2 && readlink /proc/self/fd/$2 >> %s/undone\nexit %s\n",
		 fixture_top, fixture_top, status);
	mkdir(fixture_path("helpers"), 0755);
	fixture_write("helpers/lxc-supervisor-1", 0755, str_text(&script));
	snprintf(variable, sizeof(variable), "TARE_HELPERS=%s/helpers", fixture_top);
	assert_int_equal(putenv(variable), 0);
	unlink(fixture_path("undone"));
}

static void a_living_run_is_seen(void **state)
{
	autoclose int fd = create_run("alive");
	autofree char *path = run_path("alive");
	struct run_view view;
	struct stat status;
	struct err e = {};
	size_t size;
	autofree struct record_header *record = make_record(&size);

	assert_true(fd >= 0);

	/* Registers that nobody used take no room, until somebody looks at them. */
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_blocks * 512 < (off_t)size);
	assert_done(runs_view(fixture_lxcpath, "alive", &view, &fixture_error));
	assert_true(view.is_alive);
	assert_int_equal(atomic_load(&view.record->state), STATE_RUNNING);
	assert_memory_equal(view.record, record, size);
	runs_view_close(&view);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, size);
	assert_int_equal(runs_repair(fixture_lxcpath, NULL, &e), 0);
	assert_int_equal(runs_view(fixture_lxcpath, "other", &view, &e), 1);
	assert_int_equal(runs_view("/nowhere", "alive", &view, &e), 1);
	assert_int_equal(unlink(path), 0);
}

static void a_dead_run_is_undone_by_whoever_finds_it(void **state)
{
	autofree char *path = run_path("dead");
	autofree char *undone = NULL;
	struct run_view view;
	autostr expected = {};

	set_supervisor("0");
	close(create_run("dead"));
	assert_int_equal(runs_view(fixture_lxcpath, "dead", &view, NULL), 1);
	assert_int_equal(access(path, F_OK), -1);
	undone = fixture_read("undone");
	str_addf(&expected, "--undo\n%s\n", path);
	assert_string_equal(undone, str_text(&expected));
}

static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* A child of the supervisor that has not reached its exec yet, lxc-compile. */
static void a_lock_that_survives_its_supervisor_is_waited_for(void **state)
{
	int32_t supervisor = dead_pid();
	struct run_view view;
	pid_t holder;
	int fd;

	set_supervisor("0");
	fd = create_run("orphan");
	assert_int_equal(pwrite(fd, &supervisor, sizeof(supervisor),
				offsetof(struct record_header, supervisor_pid)),
			 sizeof(supervisor));
	holder = fork();
	if (holder == 0) {
		usleep(100000);
		_exit(0);
	}
	close(fd);
	assert_int_equal(runs_view(fixture_lxcpath, "orphan", &view, NULL), 1);
	assert_true(fixture_exists("undone"));
	assert_int_equal(waitpid(holder, NULL, 0), holder);
}

static void a_run_that_is_between_two_lives_is_starting(void **state)
{
	uint32_t stopped = STATE_STOPPED;
	struct run_view view;
	int fd = create_run("reboots");
	autofree char *path = run_path("reboots");

	assert_int_equal(pwrite(fd, &stopped, sizeof(stopped),
				offsetof(struct record_header, state)),
			 sizeof(stopped));
	assert_int_equal(runs_view(fixture_lxcpath, "reboots", &view, NULL), 0);
	assert_int_equal(runs_view_state(&view), STATE_STARTING);
	runs_view_close(&view);
	assert_int_equal(unlink(path), 0);
	close(fd);
}

static void a_new_run_takes_the_place_of_a_dead_one(void **state)
{
	autofree char *path = run_path("again");
	int fd;

	set_supervisor("0");
	close(create_run("again"));
	fd = create_run("again");
	assert_int_equal(lock_is_held(fd), 0); /* by nobody but us */
	assert_true(fixture_exists("undone"));
	assert_int_equal(unlink(path), 0);
	close(fd);
}

static void what_cannot_be_undone_is_told_and_kept(void **state)
{
	autofree char *path = run_path("stuck");
	struct run_view view;
	struct err e = {};

	set_supervisor("7");
	close(create_run("stuck"));
	assert_true(runs_view(fixture_lxcpath, "stuck", &view, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "could not undo the run \"stuck\": status 7"));
	assert_int_equal(access(path, F_OK), 0);
	set_supervisor("0");
	assert_int_equal(runs_repair(fixture_lxcpath, "stuck", &e), 1);
	assert_int_equal(access(path, F_OK), -1);
}

static void write_rubbish(const char *path)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs("no record\n", file);
	fclose(file);
}

static void runs_that_have_ended_and_rubbish_are_repaired(void **state)
{
	autofree char *ended = NULL;
	autofree char *other = NULL;
	autofree char *rubbish = run_path("rubbish");
	autofree char *odd = run_path(RECORD_ENDED "/odd");

	set_supervisor("0");
	ended = end_run("c", "c.123");
	other = end_run("c", "c.x.123");
	assert_int_equal(runs_repair(fixture_lxcpath, "c", NULL), 1);
	assert_int_equal(access(ended, F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
	write_rubbish(rubbish);
	write_rubbish(odd);
	assert_int_equal(runs_repair(fixture_lxcpath, NULL, NULL), 3);
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(access(rubbish, F_OK), -1);
	assert_int_equal(access(odd, F_OK), -1);
}

/* Whether a directory itself was read since the last time; files below it do not count. */
static bool was_read(int notify_fd)
{
	struct inotify_event event;
	char events[4096];
	ssize_t size = read(notify_fd, events, sizeof(events));
	bool found = false;

	for (ssize_t at = 0; at < size; at += (ssize_t)(sizeof(event) + event.len)) {
		memcpy(&event, events + at, sizeof(event));
		found = found || event.len == 0;
	}
	return found;
}

/* A run that is over, under its name and among those that have ended, is found without a look at
 * the others: there may be thousands. */
static void a_start_does_not_read_the_names_of_others(void **state)
{
	autofree char *directory = run_path("");
	autofree char *ended = NULL;
	int notify_fd;

	set_supervisor("0");
	ended = end_run("c", "c.7");
	close(create_run("c"));
	notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	assert_true(inotify_add_watch(notify_fd, directory, IN_ACCESS | IN_ONLYDIR) >= 0);
	assert_int_equal(runs_make_way(fixture_lxcpath, "c", NULL), 2);
	assert_int_equal(access(ended, F_OK), -1);
	assert_false(was_read(notify_fd));
	assert_int_equal(runs_repair(fixture_lxcpath, NULL, NULL), 0);
	assert_true(was_read(notify_fd));
	close(notify_fd);
}

/* A full disk is met before the start, not by a signal in the middle of it. */
static void registers_of_the_plan_have_their_room(void **state)
{
	autofree char *path = run_path("room");
	const size_t size = RECORD_PARTS_AT + sizeof(struct plan);
	autofree struct record_header *record = calloc(1, size);
	struct plan *plan = (void *)((char *)record + RECORD_PARTS_AT);
	off_t room[2];

	assert_non_null(record);
	for (int i = 0; i < 2; i++) {
		struct stat status;
		int fd;

		plan->registers.count = i == 0 ? 0 : PLAN_REGISTERS_MAX;
		record->plan =
			(struct record_part){.offset = RECORD_PARTS_AT, .size = sizeof(*plan)};
		fd = runs_create(fixture_lxcpath, "room", record, size, NULL);
		assert_int_equal(fstat(fd, &status), 0);
		assert_int_equal(unlink(path), 0);
		close(fd);
		room[i] = status.st_blocks * 512;
	}
	assert_true(room[1] - room[0] >=
		    PLAN_REGISTERS_MAX * (off_t)sizeof(struct record_register) - 2 * 4096);
}

/* It is looked at by those who want it; state and pid are told all the same. */
static void a_damaged_plan_is_no_plan(void **state)
{
	autofree char *path = run_path("damaged");
	size_t size;
	autofree struct record_header *record = make_record(&size);
	struct run_view view;
	int fd;

	record->plan = (struct record_part){.offset = RECORD_PARTS_AT, .size = 64};
	fd = runs_create(fixture_lxcpath, "damaged", record, size, NULL);
	assert_true(fd >= 0);
	assert_int_equal(runs_view(fixture_lxcpath, "damaged", &view, NULL), 0);
	assert_int_equal(runs_view_state(&view), STATE_RUNNING);
	assert_non_null(record_plan(view.record));
	assert_null(runs_view_plan(&view));
	assert_null(runs_view_plan(&view));
	runs_view_close(&view);
	assert_int_equal(unlink(path), 0);
	close(fd);
}

static int note_run(void *payload, const char *name, const struct container_run *run, struct err *e)
{
	str_addf(payload, "%s %d %d;", name, (int)run->state, (int)run->init_pid);
	return strcmp(name, "stop") == 0 ? -ECANCELED : 0;
}

static void walking_finds_those_that_live(void **state)
{
	autofree char *one = run_path("one");
	autofree char *stop = run_path("stop");
	int fd = create_run("one");
	autostr found = {};
	int32_t pid = 77;

	assert_int_equal(pwrite(fd, &pid, sizeof(pid), offsetof(struct record_header, init_pid)),
			 sizeof(pid));
	set_supervisor("0");
	close(create_run("dead"));
	assert_int_equal(container_each_run(fixture_lxcpath, note_run, &found, NULL), 0);
	assert_string_equal(str_text(&found), "one 2 77;");
	assert_int_equal(container_each_run("/nowhere", note_run, &found, NULL), 0);
	assert_string_equal(str_text(&found), "one 2 77;");
	assert_int_equal(unlink(one), 0);
	close(fd);
	fd = create_run("stop");
	assert_int_equal(container_each_run(fixture_lxcpath, note_run, &found, NULL), -ECANCELED);
	assert_int_equal(unlink(stop), 0);
	close(fd);
}

/* The directory's name is nobody's, nor is that of a file beside it that begins with a dot. */
static void those_that_have_ended_are_no_container(void **state)
{
	autofree char *path = run_path("c");
	autofree char *odd = run_path(".c.123");
	autofree char *ended = NULL;
	autostr found = {};
	struct run_view view;
	struct err e = {};

	set_supervisor("0");
	assert_int_equal(runs_create(fixture_lxcpath, RECORD_ENDED, "", 1, &e), -EINVAL);
	assert_non_null(strstr(err_cause(&e), "\".ended\" can't be the name of a run"));
	assert_int_equal(runs_view(fixture_lxcpath, RECORD_ENDED, &view, NULL), 1);
	assert_int_equal(runs_make_way(fixture_lxcpath, RECORD_ENDED, NULL), 0);
	ended = end_run("c", "c.5");
	close(create_run("c"));
	assert_int_equal(rename(path, odd), 0);
	assert_int_equal(container_each_run(fixture_lxcpath, note_run, &found, NULL), 0);
	assert_string_equal(str_text(&found), "");
	/* Listing has undone it. */
	assert_int_equal(access(ended, F_OK), -1);
	assert_int_equal(runs_repair(fixture_lxcpath, "c", NULL), 0);
	assert_int_equal(runs_repair(fixture_lxcpath, NULL, NULL), 1);
	assert_int_equal(access(odd, F_OK), -1);
}

/* What was set aside, below the directory of records: 1 file, which is removed. */
static void expect_aside(const char *name)
{
	autofree char *path = NULL;
	autofree char *file = NULL;

	assert_true(asprintf(&file, ".%s.invalid.%d", name, (int)getpid()) > 0);
	path = run_path(file);
	assert_int_equal(access(path, F_OK), 0);
	/* Nobody takes it for a run. */
	assert_int_equal(runs_repair(fixture_lxcpath, NULL, NULL), 0);
	runs_tidy(fixture_lxcpath, NULL);
	assert_int_equal(runs_repair(fixture_lxcpath, name, NULL), 0);
	assert_int_equal(unlink(path), 0);
}

static int create_changed(const char *name, uint32_t format, uint32_t text)
{
	size_t size;
	autofree struct record_header *record = make_record(&size);

	if (format != RECORD_FORMAT)
		record->program = format;
	record->format = format;
	record->name = text;
	return runs_create(fixture_lxcpath, name, record, size, NULL);
}

/* Neither a damaged record nor one of a version that is not here keeps a name for ever. */
static void what_nobody_can_undo_is_set_aside(void **state)
{
	autofree char *path = run_path("odd");
	struct run_view view;
	char longest[RECORD_RUN_NAME_MAX];
	int fd;

	set_supervisor("0");
	close(create_changed("odd", RECORD_FORMAT, UINT32_MAX));
	fd = create_run("odd");
	assert_true(fd >= 0);
	close(fd);
	assert_false(fixture_exists("undone"));
	assert_int_equal(runs_repair(fixture_lxcpath, "odd", NULL), 1);
	expect_aside("odd");

	close(create_changed("odd", RECORD_FORMAT + 77, RECORD_PARTS_AT + 16));
	assert_int_equal(runs_view(fixture_lxcpath, "odd", &view, NULL), 1);
	assert_int_equal(access(path, F_OK), -1);
	expect_aside("odd");

	/* The longest name has room for what is added. */
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	close(create_changed(longest, RECORD_FORMAT, UINT32_MAX));
	assert_int_equal(runs_repair(fixture_lxcpath, longest, NULL), 1);
	longest[200] = '\0';
	expect_aside(longest);
}

/* The program of the version that wrote it is still there: it is run. */
static void another_version_undoes_its_own_runs(void **state)
{
	autofree char *path = run_path("older");
	autofree char *undone = NULL;

	set_supervisor("0");
	assert_int_equal(rename(fixture_path("helpers/lxc-supervisor-1"),
				fixture_path("helpers/lxc-supervisor-77")),
			 0);
	close(create_changed("older", 77, UINT32_MAX));
	assert_int_equal(runs_repair(fixture_lxcpath, "older", NULL), 1);
	undone = fixture_read("undone");
	assert_true(text_after(undone, "--undo\n") != NULL);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(unlink(fixture_path("helpers/lxc-supervisor-77")), 0);
}

static void put(int fd, size_t at, const void *bytes, size_t size)
{
	assert_int_equal(pwrite(fd, bytes, size, (off_t)at), size);
}

/* Its control socket answers; the record is neither believed nor called damaged. */
static void a_living_run_of_another_version_is_not_misread(void **state)
{
	autofree char *path = run_path("newer");
	struct run_view view;
	struct err e = {};
	int fd;

	set_supervisor("0");
	fd = create_changed("newer", RECORD_FORMAT + 1, RECORD_PARTS_AT + 16);
	assert_true(runs_view(fixture_lxcpath, "newer", &view, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "container newer is run by another version"));
	assert_int_equal(runs_repair(fixture_lxcpath, "newer", NULL), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_false(fixture_exists("undone"));
	assert_int_equal(unlink(path), 0);
	close(fd);
}

/* Whoever undoes a dead run holds its lock: that is no life, and is waited for. */
static void a_run_that_is_being_undone_is_dead(void **state)
{
	autofree char *path = run_path("undoing");
	const uint32_t dead = 1;
	struct run_view view;
	struct err e = {};
	int32_t self = getpid();
	pid_t other;
	int fd;

	set_supervisor("0");
	fd = create_run("undoing");
	put(fd, offsetof(struct record_header, supervisor_pid), &self, sizeof(self));
	assert_int_equal(runs_view(fixture_lxcpath, "undoing", &view, NULL), 0);
	runs_view_close(&view);
	put(fd, offsetof(struct record_header, dead), &dead, sizeof(dead));
	assert_int_equal(runs_view(fixture_lxcpath, "undoing", &view, &e), 1);
	assert_false(fixture_exists("undone"));
	other = fork();
	if (other == 0) {
		usleep(100000);
		_exit(unlink(path) < 0);
	}
	close(fd);
	/* It has waited until the other one was done. */
	assert_int_equal(runs_make_way(fixture_lxcpath, "undoing", &e), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(waitpid(other, NULL, 0), other);
	assert_false(fixture_exists("undone"));
}

/* Whatever has its pid now, and whoever has its lock (a network file system's may be another
 * machine's). */
static void a_run_of_another_boot_is_dead(void **state)
{
	static const char other_boot[] = "00000000-0000-0000-0000-000000000000";
	autofree char *path = run_path("boots");
	int32_t self = getpid();
	struct run_view view;
	int fd;

	set_supervisor("0");
	fd = create_run("boots");
	put(fd, offsetof(struct record_header, supervisor_pid), &self, sizeof(self));
	put(fd, offsetof(struct record_header, boot_id), other_boot, sizeof(other_boot));
	assert_int_equal(runs_view(fixture_lxcpath, "boots", &view, NULL), 1);
	assert_false(fixture_exists("undone"));
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	assert_int_equal(runs_view(fixture_lxcpath, "boots", &view, NULL), 1);
	assert_true(fixture_exists("undone"));
	assert_int_equal(access(path, F_OK), -1);
}

/* It has no address any more. */
static void a_run_that_has_ended_and_cannot_be_undone_is_in_nobodys_way(void **state)
{
	autofree char *ended = NULL;
	struct err e = {};

	set_supervisor("7");
	ended = end_run("way", "way.12");
	runs_tidy(fixture_lxcpath, "way");
	runs_tidy(fixture_lxcpath, NULL);
	assert_int_equal(access(ended, F_OK), 0);
	assert_true(runs_repair(fixture_lxcpath, "way", &e) < 0);
	assert_int_equal(access(ended, F_OK), 0);
	/* A new run may use its names: it is never undone from then on. */
	err_clear(&e);
	assert_int_equal(runs_make_way(fixture_lxcpath, "way", &e), 1);
	assert_false(err_is_set(&e));
	assert_int_equal(access(ended, F_OK), -1);
	set_supervisor("0");
	expect_aside("way.12");
	assert_false(fixture_exists("undone"));
}

/* The application has taken the helper's status: success is what the record says. */
static void an_undo_whose_status_is_lost_is_not_believed(void **state)
{
	autofree char *path = run_path("lost");
	struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
	struct err e = {};

	set_supervisor("7");
	close(create_run("lost"));
	assert_int_equal(sigaction(SIGCHLD, &ignored, &before), 0);
	assert_true(runs_repair(fixture_lxcpath, "lost", &e) < 0);
	assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
	assert_non_null(strstr(err_cause(&e), "did not undo the run \"lost\""));
	assert_int_equal(access(path, F_OK), 0);
	set_supervisor("0");
	assert_int_equal(runs_repair(fixture_lxcpath, "lost", NULL), 1);
}

/* A run that was finished before its supervisor went needs no program. */
static void a_finished_run_is_only_removed(void **state)
{
	size_t size;
	autofree struct record_header *record = make_record(&size);
	struct run_view view;
	int fd;

	set_supervisor("0");
	atomic_store(&record->finished, 1);
	fd = runs_create(fixture_lxcpath, "over", record, size, NULL);
	assert_true(fd >= 0);
	assert_int_equal(runs_view(fixture_lxcpath, "over", &view, NULL), 1);
	close(fd);
	assert_int_equal(runs_view(fixture_lxcpath, "over", &view, NULL), 1);
	assert_false(fixture_exists("undone"));
}

/* CVE-2015-1331: nothing of ours is made or locked where a link leads. */
static void links_on_the_way_are_refused(void **state)
{
	struct err e = {};
	autostr run = {};
	autostr kept = {};
	autostr below = {};
	struct container *c;
	int fd;

	str_addf(&run, "%s/lxc", fixture_run);
	str_addf(&kept, "%s/lxc.kept", fixture_run);
	assert_int_equal(rename(str_text(&run), str_text(&kept)), 0);
	assert_int_equal(mkdir(fixture_path("trap"), 0777), 0);
	assert_int_equal(symlink(fixture_path("trap"), str_text(&run)), 0);
	c = NULL;
	assert_int_equal(container_open_bare("c", fixture_lxcpath, &c, NULL), 0);
	assert_true(container_lock_disk(c, &e) < 0);
	assert_true(runs_create(fixture_lxcpath, "c", "", 1, &e) < 0);
	assert_int_equal(rmdir(fixture_path("trap")), 0); /* empty */
	assert_int_equal(unlink(str_text(&run)), 0);
	assert_int_equal(rename(str_text(&kept), str_text(&run)), 0);

	/* The lock file itself. */
	fd = container_lock_disk(c, &e);
	assert_true(fd >= 0);
	close(fd);
	str_addf(&below, "%s/lxc/lock/%s/.c", fixture_run, fixture_lxcpath);
	assert_int_equal(unlink(str_text(&below)), 0);
	assert_int_equal(symlink(fixture_path("victim"), str_text(&below)), 0);
	assert_true(container_lock_disk(c, &e) < 0);
	assert_false(fixture_exists("victim"));
	assert_int_equal(unlink(str_text(&below)), 0);
	container_free(c);
}

/* Nobody but us can put something there; it is not followed all the same. */
static void a_link_to_runs_that_have_ended_is_refused(void **state)
{
	autofree char *ended = run_path(RECORD_ENDED);
	autofree char *undone = NULL;
	struct err e = {};

	set_supervisor("0");
	rmdir(ended);
	close(create_run("c"));
	assert_int_equal(mkdir(fixture_path("trap"), 0700), 0);
	fixture_write("trap/c.1", 0600, "no record\n");
	assert_int_equal(symlink(fixture_path("trap"), ended), 0);
	assert_true(runs_make_way(fixture_lxcpath, "c", &e) < 0);
	assert_non_null(strstr(err_cause(&e), "/.ended\""));
	assert_true(fixture_exists("trap/c.1"));
	/* What is under the name is undone all the same. */
	undone = fixture_read("undone");
	assert_true(text_after(undone, "--undo\n") != NULL);
	assert_int_equal(unlink(ended), 0);
	assert_int_equal(unlink(fixture_path("trap/c.1")), 0);
	assert_int_equal(rmdir(fixture_path("trap")), 0);
}

static void directories_of_strangers_are_refused(void **state)
{
	autofree char *directory = NULL;
	struct err e = {};

	if (geteuid() != 0)
		skip();
	close(create_run("x"));
	assert_int_equal(runs_directory(fixture_lxcpath, &directory, NULL), 0);
	assert_int_equal(chown(directory, 12345, 0), 0);
	assert_true(runs_create(fixture_lxcpath, "y", "", 1, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "cannot use the directory"));
	assert_int_equal(chown(directory, 0, 0), 0);
	set_supervisor("0");
	assert_int_equal(runs_repair(fixture_lxcpath, NULL, NULL), 1);
}

static void the_lock_excludes_and_lives_with_its_descriptor(void **state)
{
	struct container *c = fixture_open("locked");
	int fd = container_lock_disk(c, NULL);
	autostr path = {};
	int other;

	assert_true(fd >= 0);
	str_addf(&path, "%s/lxc/lock/%s/.locked", fixture_run, fixture_lxcpath);
	other = open(str_text(&path), O_RDWR | O_CLOEXEC);
	assert_int_equal(lock_is_held(other), 1);
	assert_int_equal(lock_take(other, 0), -EAGAIN);
	close(fd);
	assert_int_equal(lock_is_held(other), 0);
	close(other);
	container_free(c);
}

static void *take_lock(void *container)
{
	int *fd = malloc(sizeof(*fd));

	*fd = container_lock_disk(container, NULL);
	return fd;
}

/* Containers come and go, and each would leave a file otherwise. */
static void a_removed_lock_excludes_nobody(void **state)
{
	struct container *c = fixture_open("gone");
	int fd = container_lock_disk(c, NULL), *other;
	autostr path = {};
	struct stat status;
	pthread_t waiter;

	assert_true(fd >= 0);
	assert_int_equal(pthread_create(&waiter, NULL, take_lock, c), 0);
	usleep(20000); /* it waits by now, or comes too late to */
	container_remove_lock(c);
	str_addf(&path, "%s/lxc/lock/%s/.gone", fixture_run, fixture_lxcpath);
	close(fd);
	assert_int_equal(pthread_join(waiter, (void **)&other), 0);
	assert_true(*other >= 0);
	assert_int_equal(fstat(*other, &status), 0);
	assert_int_equal(status.st_nlink, 1);
	fd = open(str_text(&path), O_RDWR | O_CLOEXEC);
	assert_int_equal(lock_is_held(fd), 1);
	close(fd);
	close(*other);
	free(other);
	container_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_living_run_is_seen),
		cmocka_unit_test(a_dead_run_is_undone_by_whoever_finds_it),
		cmocka_unit_test(a_lock_that_survives_its_supervisor_is_waited_for),
		cmocka_unit_test(a_run_that_is_between_two_lives_is_starting),
		cmocka_unit_test(a_new_run_takes_the_place_of_a_dead_one),
		cmocka_unit_test(what_cannot_be_undone_is_told_and_kept),
		cmocka_unit_test(runs_that_have_ended_and_rubbish_are_repaired),
		cmocka_unit_test(a_start_does_not_read_the_names_of_others),
		cmocka_unit_test(registers_of_the_plan_have_their_room),
		cmocka_unit_test(a_damaged_plan_is_no_plan),
		cmocka_unit_test(walking_finds_those_that_live),
		cmocka_unit_test(those_that_have_ended_are_no_container),
		cmocka_unit_test(what_nobody_can_undo_is_set_aside),
		cmocka_unit_test(another_version_undoes_its_own_runs),
		cmocka_unit_test(a_living_run_of_another_version_is_not_misread),
		cmocka_unit_test(a_run_that_is_being_undone_is_dead),
		cmocka_unit_test(a_run_of_another_boot_is_dead),
		cmocka_unit_test(a_run_that_has_ended_and_cannot_be_undone_is_in_nobodys_way),
		cmocka_unit_test(an_undo_whose_status_is_lost_is_not_believed),
		cmocka_unit_test(a_finished_run_is_only_removed),
		cmocka_unit_test(links_on_the_way_are_refused),
		cmocka_unit_test(a_link_to_runs_that_have_ended_is_refused),
		cmocka_unit_test(directories_of_strangers_are_refused),
		cmocka_unit_test(the_lock_excludes_and_lives_with_its_descriptor),
		cmocka_unit_test(a_removed_lock_excludes_nobody),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
