/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each test is a child that filters itself.
 */

#include "sys/seccomp_load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/child_fixture.h"

static int give_up_new_rights(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? 1 : 0;
}

static const struct sock_filter program[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int filtered(void)
{
	expect(seccomp_load(program, sizeof(program), 0) == 0);
	expect(syscall(SYS_getpriority, 0, 0) < 0 && errno == EDOM);
	return 0;
}

static void a_filter_is_loaded(void **state)
{
	in_child(give_up_new_rights, filtered);
}

static int listening(void)
{
	int fd = seccomp_load(program, sizeof(program), SECCOMP_FILTER_FLAG_NEW_LISTENER);

	expect(fd >= 0 && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	expect(seccomp_load(program, sizeof(program), SECCOMP_FILTER_FLAG_NEW_LISTENER) == -EBUSY);
	return 0;
}

static void a_listener_is_returned(void **state)
{
	in_child(give_up_new_rights, listening);
}

static int malformed(void)
{
	static const struct sock_filter none[BPF_MAXINSNS + 1];

	expect(seccomp_load(program, 0, 0) == -EINVAL);
	expect(seccomp_load(program, sizeof(program) - 1, 0) == -EINVAL);
	expect(seccomp_load(none, sizeof(none), 0) == -EINVAL);
	expect(seccomp_load(program, sizeof(program[0]), 0) == -EINVAL); /* no return */
	expect(seccomp_load(program, sizeof(program), 1U << 30) == -EINVAL);
	return 0;
}

static void what_is_no_program_is_refused(void **state)
{
	in_child(give_up_new_rights, malformed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_is_loaded),
		cmocka_unit_test(a_listener_is_returned),
		cmocka_unit_test(what_is_no_program_is_refused),
	};

	return cmocka_run_group_tests_name("sys/seccomp_load", tests, NULL, NULL);
}
