/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Creations that are killed, and creating and destroying in applications that treat their children
 * in their own way: what was there before stays, and what is told is true.
 */

#include "container/container.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "container/container_fixture.h"
#include "container/partial.h"

static const char slow_template[] =
	"#!/bin/sh\n"
	"for a in \"$@\"; do case $a in --rootfs=*) r=${a#--rootfs=};; --path=*) p=${a#--path=};;"
	" esac; done\n"
	"mkdir \"$r/bin\"; echo lxc.uts.name = slow >> \"$p/config\"\n"
	"echo $$ > $0.pid; touch $0.up; sleep 20; touch $0.late\n";

static int create(struct container *c, const struct create_options *options, struct err *e)
{
	return container_create(c, options, e);
}

static void wait_for(const char *below)
{
	for (int i = 0; i < 1000 && !fixture_exists(below); i++)
		usleep(10000);
	assert_true(fixture_exists(below));
}

static bool is_alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

/* What remains of a creation that is killed while its template runs, which has to end, too. */
static void kill_a_creation(const char *name, const char *config, const char *directory)
{
	autofree char *number = NULL;
	pid_t template_pid;
	pid_t pid;

	unlink(fixture_path("slow.up"));
	fixture_write("slow", 0755, slow_template);
	pid = fork();
	if (pid == 0) {
		const struct create_options options = {.template_name = fixture_path("slow"),
						       .directory = directory};
		struct container *c = NULL;

		if (container_open_bare(name, fixture_lxcpath, &c, NULL) == 0 &&
		    (!config || container_load_config(c, config, NULL) == 0))
			create(c, &options, NULL);
		_exit(0);
	}
	wait_for("slow.up");
	number = fixture_read("slow.pid");
	template_pid = (pid_t)strtol(number, NULL, 10);
	assert_true(is_alive(template_pid));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* Its lock goes with the last of the template's processes. */
	for (int i = 0; i < 1000 && is_alive(template_pid); i++)
		usleep(10000);
	if (is_alive(template_pid)) {
		kill(template_pid, SIGKILL);
		fail_msg("the template outlives its creator");
	}
	for (int i = 0; i < 1000; i++) {
		struct container *c = NULL;
		int look;

		assert_int_equal(container_open_bare(name, fixture_lxcpath, &c, NULL), 0);
		look = partial_look(c, NULL);
		container_free(c);
		if (look != PARTIAL_HELD)
			return;
		usleep(10000);
	}
	fail_msg("the marker stays locked");
}

static void a_killed_creation_leaves_nothing_of_its_own(void **state)
{
	struct container *c;

	kill_a_creation("new", NULL, NULL);
	assert_true(fixture_exists("lxc/new/rootfs/bin"));
	c = fixture_open("new");
	assert_false(fixture_exists("lxc/new"));
	container_free(c);

	kill_a_creation("new", NULL, fixture_path("chosen/place"));
	assert_true(fixture_exists("chosen/place/bin"));
	c = fixture_open("new");
	assert_false(fixture_exists("lxc/new"));
	assert_false(fixture_exists("chosen/place"));
	container_free(c);
}

/* The directory, its root file system and its configuration were there before. */
static void a_killed_creation_leaves_what_was_there(void **state)
{
	struct container *c;
	autofree char *config = NULL;
	autofree char *kept = NULL;
	autostr text = {};

	assert_int_equal(mkdir(fixture_lxcpath, 0755) == 0 || errno == EEXIST, 1);
	assert_int_equal(mkdir(fixture_path("lxc/old"), 0770), 0);
	assert_int_equal(mkdir(fixture_path("lxc/old/rootfs"), 0755), 0);
	fixture_write("lxc/old/rootfs/precious", 0644, "work of years\n");
	str_addf(&text, "lxc.rootfs.path = dir:%s/old/rootfs\n", fixture_lxcpath);
	fixture_write("with-rootfs", 0644, str_text(&text));
	kill_a_creation("old", fixture_path("with-rootfs"), NULL);
	c = fixture_open("old");
	kept = fixture_read("lxc/old/rootfs/precious");
	assert_string_equal(kept, "work of years\n");
	assert_false(fixture_exists("lxc/old/partial"));
	assert_false(container_is_defined(c));
	container_free(c);
	assert_int_equal(unlink(fixture_path("lxc/old/rootfs/precious")), 0);
	assert_int_equal(rmdir(fixture_path("lxc/old/rootfs/bin")), 0);
	assert_int_equal(rmdir(fixture_path("lxc/old/rootfs")), 0);

	/* Defined, and waiting for its root file system. */
	fixture_write("lxc/old/config", 0600, "# mine\nlxc.uts.name = old\n");
	fixture_write("lxc/old/notes", 0644, "notes\n");
	kill_a_creation("old", NULL, NULL);
	assert_true(fixture_exists("lxc/old/rootfs/bin"));
	c = fixture_open("old");
	config = fixture_read("lxc/old/config");
	assert_string_equal(config, "# mine\nlxc.uts.name = old\n");
	assert_true(fixture_exists("lxc/old/notes"));
	assert_false(fixture_exists("lxc/old/rootfs"));
	assert_false(fixture_exists("lxc/old/partial"));
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

/* As genuine LXC leaves it: nobody knows what of it was there before. */
static void a_marker_without_notes_removes_nothing(void **state)
{
	struct container *c;

	assert_int_equal(mkdir(fixture_path("lxc/lxc5"), 0770), 0);
	fixture_write("lxc/lxc5/config", 0644, "lxc.uts.name = lxc5\n");
	fixture_write("lxc/lxc5/partial", 0000, "");
	c = fixture_open("lxc5");
	assert_true(container_is_defined(c));
	assert_false(fixture_exists("lxc/lxc5/partial"));
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

/* The container's directory belongs to container root, who must not say what we remove. */
static void a_marker_of_a_stranger_is_not_believed(void **state)
{
	struct container *c;
	struct stat status;
	struct err e = {};
	autostr text = {};

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(fixture_path("lxc/evil"), 0770), 0);
	assert_int_equal(mkdir(fixture_path("victim"), 0755), 0);
	fixture_write("victim/file", 0644, "");
	assert_int_equal(stat(fixture_path("victim"), &status), 0);
	str_addf(&text, "tare 1\nmade-directory\nmade %s\nmade %llu:%llu %s\n",
		 fixture_path("victim"), (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino, fixture_path("victim"));
	fixture_write("lxc/evil/config", 0644, "lxc.uts.name = evil\n");
	fixture_write("lxc/evil/partial", 0000, str_text(&text));
	assert_int_equal(chown(fixture_path("lxc/evil/partial"), 100000, 100000), 0);
	c = fixture_open("evil");
	assert_true(fixture_exists("victim/file"));
	assert_true(fixture_exists("lxc/evil/config"));
	assert_true(container_destroy(c, &e) < 0);
	assert_string_equal(err_name(e.id), "not-permitted");
	assert_int_equal(unlink(fixture_path("lxc/evil/partial")), 0);
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

/* Somebody has put a directory of the same name there since. */
static void a_directory_that_is_not_the_noted_one_stays(void **state)
{
	struct container *c;

	kill_a_creation("moved", NULL, fixture_path("mine"));
	assert_int_equal(rename(fixture_path("mine"), fixture_path("mine.taken")), 0);
	assert_int_equal(mkdir(fixture_path("mine"), 0755), 0);
	fixture_write("mine/file", 0644, "");
	c = fixture_open("moved");
	assert_false(fixture_exists("lxc/moved"));
	assert_true(fixture_exists("mine/file"));
	container_free(c);
}

/* Who finds a marker finds it locked, as long as its creator lives. */
static void a_marker_is_never_seen_unlocked(void **state)
{
	struct container *c = NULL;
	unsigned held = 0;
	pid_t pid;

	fixture_write("quick", 0755, "#!/bin/sh\nmkdir ${3#--rootfs=}/x\n");
	assert_int_equal(container_open_bare("brief", fixture_lxcpath, &c, NULL), 0);
	pid = fork();
	if (pid == 0) {
		const struct create_options options = {.template_name = fixture_path("quick")};
		int failures = 0;

		for (int i = 0; i < 40; i++) {
			failures += create(c, &options, NULL) < 0 ||
				    container_destroy(c, NULL) != 0;
			container_clear_config(c);
		}
		_exit(failures);
	}
	for (;;) {
		struct err e = {};
		int look = partial_look(c, &e);
		int status;

		if (look < 0 || look == PARTIAL_ABANDONED)
			kill(pid, SIGKILL);
		assert_true(look >= 0);
		assert_int_not_equal(look, PARTIAL_ABANDONED);
		held += look == PARTIAL_HELD;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			assert_int_equal(status, 0);
			break;
		}
	}
	assert_true(held > 0);
	container_free(c);
}

static void a_configuration_that_cannot_be_read_leaves_no_marker(void **state)
{
	const struct create_options options = {.template_name = fixture_path("quick")};
	struct container *c = NULL;
	struct err e = {};

	assert_int_equal(mkdir(fixture_path("lxc/big"), 0770), 0);
	fixture_write("lxc/big/config", 0644, "# very long\n");
	assert_int_equal(truncate(fixture_path("lxc/big/config"), 17 << 20), 0);
	assert_int_equal(container_open_bare("big", fixture_lxcpath, &c, NULL), 0);
	assert_true(create(c, &options, &e) < 0);
	assert_false(fixture_exists("lxc/big/partial"));
	assert_true(fixture_exists("lxc/big/config"));
	container_free(c);
	assert_int_equal(unlink(fixture_path("lxc/big/config")), 0);
	assert_int_equal(rmdir(fixture_path("lxc/big")), 0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A list of 1.2 MB, and one that is no file: nobody may conclude that it is empty. */
static void dependency_files_that_cannot_be_read_stand_in_the_way(void **state)
{
	struct container *c;
	struct err e = {};
	FILE *list;

	assert_int_equal(mkdir(fixture_path("lxc/base"), 0770), 0);
	assert_int_equal(mkdir(fixture_path("lxc/needs"), 0770), 0);
	fixture_write("lxc/base/config", 0644, "lxc.uts.name = base\n");
	fixture_write("lxc/needs/config", 0644, "lxc.uts.name = needs\n");
	list = fopen(fixture_path("lxc/needs/lxc_rdepends"), "we");
	assert_non_null(list);
	fprintf(list, "%s\nbase\n", fixture_lxcpath);
	assert_int_equal(fclose(list), 0);
	list = fopen(fixture_path("lxc/base/lxc_snapshots"), "we");
	assert_non_null(list);
	while (ftell(list) < 1200000)
		fprintf(list, "%s\nneeds\n", fixture_lxcpath);
	assert_int_equal(fclose(list), 0);
	c = fixture_open("base");
	assert_int_equal(container_destroy(c, &e), DESTROY_HAS_CLONES);
	assert_true(fixture_exists("lxc/base/config"));

	assert_int_equal(unlink(fixture_path("lxc/base/lxc_snapshots")), 0);
	assert_int_equal(mkdir(fixture_path("lxc/base/lxc_snapshots"), 0755), 0);
	assert_true(container_destroy(c, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "lxc_snapshots"));
	assert_true(fixture_exists("lxc/base/config"));
	assert_int_equal(rmdir(fixture_path("lxc/base/lxc_snapshots")), 0);

	assert_int_equal(symlink("snaps", fixture_path("lxc/base/snaps")), 0);
	assert_true(container_destroy(c, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "snaps"));
	assert_true(fixture_exists("lxc/base/config"));
	assert_int_equal(unlink(fixture_path("lxc/base/snaps")), 0);

	assert_int_equal(mkdir(fixture_path("lxc/base/lxc_rdepends"), 0755), 0);
	assert_true(container_destroy(c, &e) < 0);
	assert_true(fixture_exists("lxc/base/config"));
	assert_int_equal(rmdir(fixture_path("lxc/base/lxc_rdepends")), 0);
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
	c = fixture_open("needs");
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

/* DESIGN §6: nobody waits for ever for whoever holds the disk lock. */
static void a_held_disk_lock_hinders_no_reading_and_is_named_when_writing(void **state)
{
	struct container *c = fixture_open("locked");
	struct err e = {};
	autostr text = {};
	double begin;
	char number[16];
	int lock_fd;

	assert_done(container_set_item(c, "lxc.uts.name", "locked", "(API)", &fixture_error));
	assert_done(container_save_config(c, NULL, &fixture_error));
	lock_fd = container_lock_disk(c, &fixture_error);
	assert_true(lock_fd >= 0);
	begin = seconds();
	container_clear_config(c);
	assert_done(container_load_config(c, NULL, &fixture_error));
	assert_string_equal(c->config->values.uts_name, "locked");
	assert_true(seconds() - begin < 1);
	begin = seconds();
	assert_true(container_save_config(c, NULL, &e) < 0);
	assert_true(seconds() - begin < 15);
	snprintf(number, sizeof(number), "process %d", (int)getpid());
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), number));
	close(lock_fd);
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_creation_leaves_nothing_of_its_own),
		cmocka_unit_test(a_killed_creation_leaves_what_was_there),
		cmocka_unit_test(a_marker_without_notes_removes_nothing),
		cmocka_unit_test(a_marker_of_a_stranger_is_not_believed),
		cmocka_unit_test(a_directory_that_is_not_the_noted_one_stays),
		cmocka_unit_test(a_marker_is_never_seen_unlocked),
		cmocka_unit_test(a_configuration_that_cannot_be_read_leaves_no_marker),
		cmocka_unit_test(dependency_files_that_cannot_be_read_stand_in_the_way),
		cmocka_unit_test(a_held_disk_lock_hinders_no_reading_and_is_named_when_writing),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
