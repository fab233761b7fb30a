/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose a socket is: our own, one of another user's, one that is gone.
 */

#include "sys/socket_owner.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return (uint32_t)status.st_ino;
}

static void the_maker_is_told(void **state)
{
	enum { SOMEBODY = 54321 };
	int mine = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), other;
	uint32_t gone;
	struct netlink n;
	uid_t uid = 0;

	assert_int_equal(socket_owner_open(&n), 0);
	assert_int_equal(socket_owner(&n, inode_of(mine), &uid), 0);
	assert_int_equal(uid, geteuid());
	if (geteuid() == 0) {
		assert_int_equal(seteuid(SOMEBODY), 0);
		other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(socket_owner(&n, inode_of(other), &uid), 0);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(uid, SOMEBODY);
		close(other);
	}
	gone = inode_of(mine);
	close(mine);
	assert_int_equal(socket_owner(&n, gone, &uid), -ENOENT);
	netlink_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_maker_is_told),
	};

	return cmocka_run_group_tests_name("socket_owner", tests, NULL, NULL);
}
