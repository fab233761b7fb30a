/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lists of names: what they find, and what they leave alone. A shell script takes the part of the
 * supervisor that undoes a run.
 */

#include "container/list.h"

#include <fcntl.h>

#include "container/client.h"
#include "container/container_fixture.h"
#include "container/runs.h"

/* A record that passes record_check(): a header, empty parts. Whoever has the descriptor is its
 * supervisor. */
static int create_run(const char *name)
{
	const size_t size = RECORD_PARTS_AT + 64;
	autofree struct record_header *r = calloc(1, size);
	struct err e = {};
	int fd;

	assert_non_null(r);
	memcpy(r->magic, RECORD_MAGIC, sizeof(RECORD_MAGIC));
	r->format = RECORD_FORMAT;
	r->program = SUPERVISOR_NUMBER;
	atomic_store(&r->state, STATE_RUNNING);
	fd = runs_create(fixture_lxcpath, name, r, size, &e);
	if (fd < 0)
		fixture_fail("runs_create", &e);
	return fd;
}

static bool has_record(const char *name)
{
	autofree char *directory = NULL;
	autofree char *path = NULL;

	assert_int_equal(runs_directory(fixture_lxcpath, &directory, NULL), 0);
	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	return access(path, F_OK) == 0;
}

static void define(const char *name)
{
	autofree char *directory = NULL;
	autofree char *file = NULL;

	assert_true(asprintf(&directory, "lxc/%s", name) > 0);
	assert_true(asprintf(&file, "lxc/%s/config", name) > 0);
	mkdir(fixture_path("lxc"), 0755);
	assert_int_equal(mkdir(fixture_path(directory), 0755), 0);
	fixture_write(file, 0644, "lxc.uts.name = x\n");
}

static int listen_as(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = client_address(fixture_lxcpath, name, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void set_supervisor(void)
{
	static char variable[128];

	assert_int_equal(mkdir(fixture_path("helpers"), 0755), 0);
	fixture_write("helpers/lxc-supervisor-1", 0755, "#!/bin/sh\nexit 0\n");
	snprintf(variable, sizeof(variable), "TARE_HELPERS=%s/helpers", fixture_top);
	assert_int_equal(putenv(variable), 0);
}

static void assert_names(struct container_names *names, const char *const *expected, size_t count)
{
	assert_int_equal(names->count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(names->items[i], expected[i]);
	container_names_finish(names);
}

/* How the defined ones are is nobody's question: their records and sockets cost nothing. */
static void a_list_of_all_looks_at_those_alone_that_are_not_defined(void **state)
{
	static const char *const all[] = {"defined", "foreign", "idle", "volatile"};
	static const char *const active[] = {"defined", "foreign", "volatile"};
	struct container_names names = {};
	autoclose int living = -EBADF;
	autoclose int foreign = -EBADF;
	autoclose int answering = -EBADF;

	set_supervisor();
	define("idle");
	define("defined");
	living = create_run("volatile");
	close(create_run("dead"));
	close(create_run("defined"));
	foreign = listen_as("foreign");
	answering = listen_as("defined");
	assert_done(container_list_all(fixture_lxcpath, &names, &fixture_error));
	assert_names(&names, all, ARRAY_LENGTH(all));
	assert_false(has_record("dead"));
	assert_true(has_record("defined"));
	/* Whoever asks what runs looks. */
	assert_done(container_list_active(fixture_lxcpath, &names, &fixture_error));
	assert_names(&names, active, ARRAY_LENGTH(active));
	assert_false(has_record("defined"));
	assert_done(container_list_all(fixture_path("nowhere"), &names, &fixture_error));
	assert_names(&names, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_all_looks_at_those_alone_that_are_not_defined),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
