/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Creating with small shell templates, what happens when they fail or are killed, destroying.
 */

#include "container/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "container/client.h"
#include "container/container_fixture.h"
#include "container/paths.h"

static const char good_template[] =
	"#!/bin/sh\n"
	"for a in \"$@\"; do case $a in --rootfs=*) r=${a#--rootfs=};; --path=*) p=${a#--path=};;"
	" esac; done\n"
	"mkdir \"$r/bin\"; umask > \"$r/umask\"; echo \"$@\" > \"$r/arguments\"\n"
	"echo 'lxc.uts.name = made' >> \"$p/config\"\n";

static int create(struct container *c, const char *template, char *const *argv, struct err *e)
{
	const struct create_options options = {.template_name = template, .argv = argv};

	return container_create(c, &options, e);
}

static void assert_gone(const char *name)
{
	struct container *c = fixture_open(name);
	autofree char *below = NULL;

	assert_int_equal(asprintf(&below, "lxc/%s", name) > 0, 1);
	assert_false(fixture_exists(below));
	assert_false(container_is_defined(c));
	container_free(c);
}

static void a_template_fills_a_container(void **state)
{
	struct container *c = fixture_open("c1");
	autofree char *config = NULL;
	autofree char *arguments = NULL;
	autofree char *mask = NULL;
	autostr expected = {};
	struct stat status;

	fixture_write("good", 0755, good_template);
	assert_done(create(c, fixture_path("good"), (char *[]){"-a", "b\nlxc.x = y", NULL},
			   &fixture_error));
	assert_int_equal(stat(fixture_path("lxc/c1"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0770);
	assert_int_equal(stat(fixture_path("lxc/c1/rootfs"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_false(fixture_exists("lxc/c1/partial"));
	config = fixture_read("lxc/c1/config");
	str_addf(&expected,
		 "# Template used to create this container: %s/good\n"
		 "# Parameters passed to the template: -a b\\x0alxc.x = y\n"
		 "# For additional config options, please look at lxc.container.conf(5)\n",
		 fixture_top);
	assert_true(text_starts(config, str_text(&expected)));
	str_reset(&expected);
	str_addf(&expected, "\nlxc.rootfs.path = dir:%s/lxc/c1/rootfs\nlxc.uts.name = made\n",
		 fixture_top);
	assert_true(text_ends(config, str_text(&expected)));
	assert_string_equal(c->config->values.uts_name, "made");
	mask = fixture_read("lxc/c1/rootfs/umask");
	assert_string_equal(mask, "0022\n");
	arguments = fixture_read("lxc/c1/rootfs/arguments");
	str_reset(&expected);
	str_addf(&expected, "--path=%s/lxc/c1 --name=c1 --rootfs=%s/lxc/c1/rootfs -a b",
		 fixture_top, fixture_top);
	assert_true(text_starts(arguments, str_text(&expected)));
	container_free(c);

	c = fixture_open("c1");
	{
		struct err e = {};

		assert_int_equal(create(c, fixture_path("good"), NULL, &e), -EINVAL);
		assert_non_null(strstr(err_cause(&e), "Container \"c1\" already exists in"));
	}
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
	assert_gone("c1");
}

static void a_failed_template_leaves_nothing(void **state)
{
	struct container *c = fixture_open("c2");
	struct err e = {};
	autostr text = {};

	fixture_write("bad", 0755, "#!/bin/sh\nmkdir -p ${3#--rootfs=}/a/b\nexit 3\n");
	assert_true(create(c, fixture_path("bad"), NULL, &e) < 0);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), "Failed to create container c2"));
	assert_non_null(strstr(str_text(&text), "Failed to create container from template"));
	assert_non_null(strstr(str_text(&text), "status 3"));
	container_free(c);
	assert_gone("c2");

	fixture_write("empty", 0755, "#!/bin/sh\nexit 0\n");
	c = fixture_open("c2");
	assert_true(create(c, fixture_path("empty"), NULL, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "installed nothing"));
	container_free(c);
	assert_gone("c2");

	c = fixture_open("c2");
	assert_true(create(c, "nosuch", NULL, &e) < 0);
	assert_string_equal(err_cause(&e), "bad template: nosuch");
	container_free(c);
	assert_gone("c2");
}

static void help_of_a_template_creates_nothing(void **state)
{
	struct container *c = fixture_open("c3");

	fixture_write("helper", 0755, "#!/bin/sh\ntouch $0.ran\n");
	assert_done(create(c, fixture_path("helper"), (char *[]){"--help", NULL}, &fixture_error));
	assert_true(fixture_exists("helper.ran"));
	container_free(c);
	assert_gone("c3");
}

static void a_directory_of_ones_own_is_filled_and_removed(void **state)
{
	const struct create_options options = {.template_name = fixture_path("good"),
					       .directory = fixture_path("elsewhere/c4")};
	struct container *c = fixture_open("c4");

	assert_done(container_create(c, &options, &fixture_error));
	assert_true(fixture_exists("elsewhere/c4/bin"));
	assert_true(fixture_exists("lxc/c4/rootfs"));
	assert_done(container_destroy(c, &fixture_error));
	assert_false(fixture_exists("elsewhere/c4"));
	container_free(c);
	assert_gone("c4");
}

static void directories_of_the_host_are_not_filled(void **state)
{
	char inside[] = "/proc/self/../../etc/.";
	const char *const refused[] = {
		"/", "/etc", "//usr/", "/home", inside, "/dev/none", fixture_lxcpath, fixture_top,
	};

	fixture_write("fails", 0755, "#!/bin/sh\nexit 1\n");
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		const struct create_options options = {.template_name = fixture_path("fails"),
						       .directory = refused[i]};
		struct container *c = fixture_open("c11");
		struct err e = {};
		autostr text = {};

		assert_int_equal(container_create(c, &options, &e), -EINVAL);
		err_render_text(&e, &text);
		assert_non_null(strstr(str_text(&text), "the root file system can't be in \""));
		assert_non_null(strstr(str_text(&text), "hint: name a directory of its own"));
		container_free(c);
		assert_gone("c11");
	}
}

/* 0660, less what the caller's umask takes away, as in LXC. */
static void the_umask_decides_who_reads_the_configuration(void **state)
{
	static const struct {
		mode_t mask, mode;
	} cases[] = {{0022, 0640}, {0077, 0600}, {0002, 0660}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct container *c = fixture_open("c12");
		mode_t before = umask(cases[i].mask);
		struct stat status;
		autofree char *mask = NULL;

		assert_done(create(c, fixture_path("good"), NULL, &fixture_error));
		umask(before);
		assert_int_equal(stat(fixture_path("lxc/c12/config"), &status), 0);
		assert_int_equal(status.st_mode & 07777, cases[i].mode);
		assert_int_equal(stat(fixture_path("lxc/c12/rootfs"), &status), 0);
		assert_int_equal(status.st_mode & 07777, 0755);
		mask = fixture_read("lxc/c12/rootfs/umask");
		assert_string_equal(mask, "0022\n");
		assert_done(container_destroy(c, &fixture_error));
		container_free(c);
	}
}

/* Mapped ids: the template is root inside, the files belong to the host's id. */
static void mapped_ids_own_what_the_template_makes(void **state)
{
	struct container *c;
	struct stat status;
	autofree char *arguments = NULL;

	if (geteuid() != 0)
		skip();
	c = fixture_open("c5");
	assert_done(
		container_set_item(c, "lxc.idmap", "u 0 100000 65536", "(API)", &fixture_error));
	assert_done(
		container_set_item(c, "lxc.idmap", "g 0 100000 65536", "(API)", &fixture_error));
	assert_done(create(c, fixture_path("good"), NULL, &fixture_error));
	assert_int_equal(stat(fixture_path("lxc/c5/rootfs/bin"), &status), 0);
	assert_int_equal(status.st_uid, 100000);
	assert_int_equal(stat(fixture_path("lxc/c5"), &status), 0);
	assert_int_equal(status.st_uid, 100000);
	arguments = fixture_read("lxc/c5/rootfs/arguments");
	assert_non_null(strstr(arguments, " --mapped-uid 65536 --mapped-gid 65536\n"));
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
	assert_gone("c5");
}

static pid_t start_creation(const char *name, const char *template)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct container *c = fixture_open(name);

		create(c, template, NULL, NULL);
		_exit(0);
	}
	return pid;
}

static void wait_for(const char *below)
{
	for (int i = 0; i < 1000 && !fixture_exists(below); i++)
		usleep(10000);
	assert_true(fixture_exists(below));
}

/* The creator dies by SIGKILL, its template a little later. */
static void an_interrupted_creation_is_removed_when_it_is_found(void **state)
{
	struct container *c;
	struct err e = {};
	pid_t pid;

	fixture_write("slow", 0755,
		      "#!/bin/sh\nmkdir ${3#--rootfs=}/x\ntouch ${1#--path=}/up\n"
		      "while ! test -e ${1#--path=}/go; do sleep 0.05; done\n");
	pid = start_creation("c6", fixture_path("slow"));
	wait_for("lxc/c6/up");
	/* While it lives, nobody touches it. */
	c = fixture_open("c6");
	assert_true(fixture_exists("lxc/c6/rootfs/x"));
	assert_true(create(c, fixture_path("good"), NULL, &e) < 0);
	assert_string_equal(err_name(e.id), "creation-in-progress");
	assert_true(container_destroy(c, &e) < 0);
	assert_string_equal(err_name(e.id), "creation-in-progress");
	container_free(c);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	fixture_write("lxc/c6/go", 0644, "");
	usleep(200000);
	assert_gone("c6");
}

static void a_configuration_alone_is_a_container(void **state)
{
	struct container *c = fixture_open("c7");
	autofree char *config = NULL;

	assert_done(container_set_item(c, "lxc.uts.name", "seven", "(API)", &fixture_error));
	assert_done(create(c, NULL, NULL, &fixture_error));
	assert_true(container_is_defined(c));
	config = fixture_read("lxc/c7/config");
	assert_string_equal(config, "lxc.uts.name = seven\n");
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
	assert_gone("c7");
}

static void what_stands_in_the_way_is_told(void **state)
{
	struct container *c = fixture_open("c8");
	struct sockaddr_un address;
	socklen_t length = client_address(fixture_lxcpath, "c8", &address);
	struct err e = {};
	autofree char *list = NULL;
	int fd;

	assert_int_equal(container_destroy(c, &e), DESTROY_NOT_DEFINED);
	assert_done(create(c, fixture_path("good"), NULL, &fixture_error));

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(container_destroy(c, &e), DESTROY_RUNNING);
	close(fd);

	assert_int_equal(mkdir(fixture_path("lxc/c8/snaps"), 0755), 0);
	assert_int_equal(mkdir(fixture_path("lxc/c8/snaps/snap0"), 0755), 0);
	assert_int_equal(container_destroy(c, &e), DESTROY_HAS_SNAPSHOTS);
	assert_int_equal(rmdir(fixture_path("lxc/c8/snaps/snap0")), 0);

	assert_int_equal(mkdir(fixture_path("lxc/clone"), 0755), 0);
	fixture_write("lxc/clone/config", 0644, "lxc.uts.name = clone\n");
	assert_true(asprintf(&list, "%s\nclone\n", fixture_lxcpath) > 0);
	fixture_write("lxc/c8/lxc_snapshots", 0644, list);
	free(list);
	assert_true(asprintf(&list, "%s\nc8\n", fixture_lxcpath) > 0);
	fixture_write("lxc/clone/lxc_rdepends", 0644, list);
	assert_int_equal(container_destroy(c, &e), DESTROY_HAS_CLONES);
	assert_string_equal(err_cause(&e), "c8 is needed by: clone");

	/* The clone goes, and is no obstacle any more. */
	{
		struct container *clone = fixture_open("clone");

		assert_done(container_destroy(clone, &fixture_error));
		container_free(clone);
	}
	assert_false(fixture_exists("lxc/c8/lxc_snapshots"));
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
	assert_gone("c8");
}

static void destroying_keeps_to_its_own(void **state)
{
	struct container *victim = fixture_open("victim");
	struct container *c = fixture_open("c9");
	struct err e = {};
	autostr path = {};

	assert_done(create(victim, fixture_path("good"), NULL, &fixture_error));
	str_addf(&path, "%s/victim/rootfs", fixture_lxcpath);
	assert_done(
		container_set_item(c, "lxc.rootfs.path", str_text(&path), "(API)", &fixture_error));
	assert_done(container_save_config(c, NULL, &fixture_error));
	assert_true(container_destroy(c, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "container victim uses it"));
	assert_done(container_set_item(c, "lxc.rootfs.path", "/usr", "(API)", &fixture_error));
	assert_true(container_destroy(c, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "directory of the system"));
	assert_done(container_set_item(c, "lxc.rootfs.managed", "0", "(API)", &fixture_error));
	assert_done(container_destroy(c, &fixture_error));
	assert_true(container_is_defined(c));
	assert_done(container_set_item(c, "lxc.rootfs.managed", "1", "(API)", &fixture_error));
	assert_done(container_set_item(c, "lxc.rootfs.path", "", "(API)", &fixture_error));
	assert_done(container_destroy(c, &fixture_error));
	assert_done(container_destroy(victim, &fixture_error));
	container_free(victim);
	container_free(c);
}

static void destroy_hooks_run_first_and_may_refuse(void **state)
{
	struct container *c = fixture_open("c10");
	struct err e = {};
	autofree char *said = NULL;
	autostr hook = {};

	fixture_write("hook", 0755,
		      "#!/bin/sh\necho \"$@ $LXC_NAME\" > $0.said\nexit $HOOK_EXIT\n");
	str_addf(&hook, "%s", fixture_path("hook"));
	assert_done(create(c, fixture_path("good"), NULL, &fixture_error));
	assert_done(container_set_item(c, "lxc.hook.destroy", str_text(&hook), "(API)",
				       &fixture_error));
	assert_int_equal(putenv((char[]){"HOOK_EXIT=4"}), 0);
	assert_true(container_destroy(c, &e) < 0);
	assert_string_equal(err_cause(&e), "Script exited with status 4");
	assert_true(fixture_exists("lxc/c10/rootfs/bin"));
	said = fixture_read("hook.said");
	assert_string_equal(said, "c10 lxc destroy c10\n");
	assert_int_equal(putenv((char[]){"HOOK_EXIT=0"}), 0);
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
	assert_gone("c10");
}

static void names_that_cannot_be_are_refused(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", ".x", "a\nb", "a\x7f"};
	char longest[66];

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(path_check_name(bad[i], NULL), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[65] = '\0';
	assert_int_equal(path_check_name(longest, NULL), -EINVAL);
	longest[64] = '\0';
	assert_int_equal(path_check_name(longest, NULL), 0);
	assert_int_equal(path_check_name("web-1.example_x", NULL), 0);
}

static void listing_finds_the_defined_and_the_active(void **state)
{
	struct container_names names = {};
	struct sockaddr_un address;
	socklen_t length = client_address(fixture_lxcpath, "foreign", &address);
	struct container *c = fixture_open("l1");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_done(create(c, NULL, NULL, &fixture_error));
	assert_int_equal(mkdir(fixture_path("lxc/no-config"), 0755), 0);
	assert_done(container_list_defined(fixture_lxcpath, &names, &fixture_error));
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], "l1");
	container_names_finish(&names);
	/* Reserved is not running. */
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_done(container_list_active(fixture_lxcpath, &names, &fixture_error));
	assert_int_equal(names.count, 0);
	container_names_finish(&names);
	assert_int_equal(listen(fd, 1), 0);
	assert_done(container_list_active(fixture_lxcpath, &names, &fixture_error));
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], "foreign");
	container_names_finish(&names);
	assert_done(container_list_defined(fixture_path("nowhere"), &names, &fixture_error));
	assert_int_equal(names.count, 0);
	close(fd);
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_fills_a_container),
		cmocka_unit_test(a_failed_template_leaves_nothing),
		cmocka_unit_test(help_of_a_template_creates_nothing),
		cmocka_unit_test(a_directory_of_ones_own_is_filled_and_removed),
		cmocka_unit_test(directories_of_the_host_are_not_filled),
		cmocka_unit_test(the_umask_decides_who_reads_the_configuration),
		cmocka_unit_test(mapped_ids_own_what_the_template_makes),
		cmocka_unit_test(an_interrupted_creation_is_removed_when_it_is_found),
		cmocka_unit_test(a_configuration_alone_is_a_container),
		cmocka_unit_test(what_stands_in_the_way_is_told),
		cmocka_unit_test(destroying_keeps_to_its_own),
		cmocka_unit_test(destroy_hooks_run_first_and_may_refuse),
		cmocka_unit_test(names_that_cannot_be_are_refused),
		cmocka_unit_test(listing_finds_the_defined_and_the_active),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
