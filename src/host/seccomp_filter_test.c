/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policies become programs: what these say for single system calls is read off by a small
 * interpreter of classic BPF, for all architectures; and the shipped kind of deny list is loaded
 * in a child for real. The cache: hits, and everything that must not be one.
 */

#include "host/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/str.h"
#include "host/library.h"
#include "host/seccomp_cache.h"

/* What distributions ship as common.seccomp. */
static const char deny_list[] = "2\n"
				"denylist\n"
				"reject_force_umount  # comment this to allow umount -f\n"
				"[all]\n"
				"kexec_load errno 1\n"
				"open_by_handle_at errno 1\n"
				"init_module errno 1\n"
				"finit_module errno 1\n"
				"delete_module errno 1\n";

static int compile(const char *text, const char *cache, struct arena *arena, struct sock_fprog *ret,
		   struct err *e)
{
	struct seccomp_policy policy;
	const void *program;
	uint32_t size;
	int r;

	assert_int_equal(seccomp_policy_parse("policy", text, strlen(text), arena, &policy, NULL),
			 0);
	r = seccomp_filter_compile(&policy, text, strlen(text), cache, arena, &program, &size, e);
	if (r == 0)
		*ret = (struct sock_fprog){.len = (unsigned short)(size / 8),
					   .filter = (struct sock_filter *)program};
	return r;
}

static uint32_t load(const struct seccomp_data *data, uint32_t at)
{
	uint32_t value;

	assert_true(at + sizeof(value) <= sizeof(*data));
	memcpy(&value, (const char *)data + at, sizeof(value));
	return value;
}

static bool jumps(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	case BPF_JGE:
		return a >= i->k;
	default:
		assert_int_equal(BPF_OP(i->code), BPF_JSET);
		return (a & i->k) != 0;
	}
}

/* What the program answers. */
static uint32_t run(const struct sock_fprog *program, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (unsigned at = 0; at < program->len; at++) {
		const struct sock_filter *i = &program->filter[at];

		if (BPF_CLASS(i->code) == BPF_RET)
			return i->k;
		if (i->code == (BPF_LD | BPF_W | BPF_ABS))
			a = load(data, i->k);
		else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= i->k;
		else if (i->code == (BPF_JMP | BPF_JA))
			at += i->k;
		else if (BPF_CLASS(i->code) == BPF_JMP)
			at += jumps(i, a) ? i->jt : i->jf;
		else
			fail_msg("instruction %#x", i->code);
	}
	fail_msg("the program has no end");
	return 0;
}

static uint32_t ask(const struct sock_fprog *program, uint32_t arch, int nr, uint64_t argument1)
{
	const struct seccomp_data data = {.nr = nr, .arch = arch, .args = {0, argument1}};

	return run(program, &data);
}

static void skip_elsewhere(void)
{
	if (library_seccomp(NULL)->arch_native() != SCMP_ARCH_X86_64)
		skip();
}

enum { X86_GETPID = 20, X86_UMOUNT2 = 52, X32_BIT = 0x40000000 };

static void sections_concern_their_architectures(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;

	(void)state;
	skip_elsewhere();
	assert_int_equal(compile("2\ndenylist\n[x86]\ngetpid errno 5\n[x86_64]\ngetpid errno 6\n"
				 "[x32]\ngetpid errno 7\n[arm64]\ngetpid kill\n",
				 NULL, &arena, &program, NULL),
			 0);
	assert_int_equal(ask(&program, AUDIT_ARCH_I386, X86_GETPID, 0), SECCOMP_RET_ERRNO | 5);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, SYS_getpid, 0), SECCOMP_RET_ERRNO | 6);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, SYS_getpid | X32_BIT, 0),
			 SECCOMP_RET_ERRNO | 7);
	assert_int_equal(ask(&program, AUDIT_ARCH_I386, SYS_getpid, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&program, AUDIT_ARCH_AARCH64, 172, 0), SECCOMP_RET_KILL_THREAD);
	arena_finish(&arena);
}

static void forced_unmounts_are_refused_everywhere(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;

	(void)state;
	skip_elsewhere();
	assert_int_equal(compile(deny_list, NULL, &arena, &program, NULL), 0);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, SYS_umount2, MNT_FORCE),
			 SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, SYS_umount2, MNT_FORCE | MNT_DETACH),
			 SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, SYS_umount2, MNT_DETACH),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&program, AUDIT_ARCH_I386, X86_UMOUNT2, MNT_FORCE),
			 SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, SYS_kexec_load, 0),
			 SECCOMP_RET_ERRNO | EPERM);
	arena_finish(&arena);
}

static void actions_and_conditions(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;
	const uint32_t arch = AUDIT_ARCH_X86_64;

	(void)state;
	skip_elsewhere();
	assert_int_equal(compile("2\nallowlist trap\nread\nwrite allow [1,5,>=]\nclose kill\n"
				 "dup notify\ndup2 errno 4094 [1,16,SCMP_CMP_MASKED_EQ,0xf0]\n"
				 "dup2 trap\nno_such_call\nread allow\n",
				 NULL, &arena, &program, NULL),
			 0);
	assert_int_equal(ask(&program, arch, SYS_read, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&program, arch, SYS_write, 4), SECCOMP_RET_TRAP);
	assert_int_equal(ask(&program, arch, SYS_write, 5), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&program, arch, SYS_close, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(ask(&program, arch, SYS_dup, 0), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(ask(&program, arch, SYS_dup2, 0x1f), SECCOMP_RET_ERRNO | 4094);
	assert_int_equal(ask(&program, arch, SYS_dup2, 0x2f), SECCOMP_RET_TRAP);
	assert_int_equal(ask(&program, arch, SYS_getpid, 0), SECCOMP_RET_TRAP);
	arena_finish(&arena);
}

static void numbers_of_version_1_are_native(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;

	(void)state;
	skip_elsewhere();
	assert_int_equal(compile("1\nallowlist\n0\n39\n", NULL, &arena, &program, NULL), 0);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, 39, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&program, AUDIT_ARCH_X86_64, 40, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(ask(&program, AUDIT_ARCH_I386, 39, 0), SECCOMP_RET_KILL_THREAD);
	arena_finish(&arena);
}

static int load_program(const struct sock_fprog *program)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program);
}

static int errno_of(long result)
{
	return result < 0 ? errno : 0;
}

/* The child's steps: the number of the first that went wrong, 0 when none did. */
static int try_deny_list(const struct sock_fprog *program)
{
	if (load_program(program) < 0)
		return 1;
	if (errno_of(syscall(SYS_kexec_load, 0, 0, NULL, 0)) != EPERM)
		return 2;
	if (errno_of(syscall(SYS_open_by_handle_at, -1, NULL, O_CLOEXEC)) != EPERM)
		return 3;
	if (errno_of(syscall(SYS_umount2, "/no/such/mount", MNT_FORCE)) != EACCES)
		return 4;
	if (errno_of(syscall(SYS_umount2, "/no/such/mount", 0)) == EACCES)
		return 5;
	return syscall(SYS_getpid) > 0 ? 0 : 6;
}

static int status_of_child(int (*steps)(const struct sock_fprog *), struct sock_fprog *program)
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(steps(program));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void the_deny_list_for_real(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;
	struct err e = {};

	(void)state;
	assert_int_equal(compile(deny_list, NULL, &arena, &program, &e), 0);
	assert_int_equal(status_of_child(try_deny_list, &program), 0);
	arena_finish(&arena);
}

static int try_allow_list(const struct sock_fprog *program)
{
	if (load_program(program) < 0)
		return 1;
	return syscall(SYS_getppid) > 0 ? 2 : 3;
}

static void the_allow_list_for_real(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;
	int status;

	(void)state;
	assert_int_equal(compile("2\nallowlist\n[all]\nexit_group\nexit\n", NULL, &arena, &program,
				 NULL),
			 0);
	status = status_of_child(try_allow_list, &program);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	arena_finish(&arena);
}

static int try_notify(const struct sock_fprog *program)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       program) >= 0
		       ? 0
		       : 2;
}

static void a_notifying_policy_has_a_listener(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;

	(void)state;
	assert_int_equal(compile("2\ndenylist\nmknod notify\nmknodat notify\n", NULL, &arena,
				 &program, NULL),
			 0);
	assert_int_equal(status_of_child(try_notify, &program), 0);
	arena_finish(&arena);
}

/* A directory of our own below $TMPDIR. */
static int make_directory(void **state)
{
	const char *parent = getenv("TMPDIR");
	autostr path = {};

	str_addf(&path, "%s/tare-seccomp-XXXXXX", parent ? parent : "/tmp");
	*state = str_take(&path);
	return *state && mkdtemp(*state) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int remove_directory(void **state)
{
	nftw(*state, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

/* The only file of the cache. */
static void path_of_file(const char *cache, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%016llx", cache,
		 (unsigned long long)hash_add(HASH_START, deny_list, strlen(deny_list)));
}

static void the_cache_gives_back_what_it_got(void **state)
{
	struct arena arena = {};
	struct sock_fprog compiled, cached;
	const void *found;
	char cache[1024], path[PATH_MAX];
	struct stat st;
	uint32_t size;

	snprintf(cache, sizeof(cache), "%s/seccomp", (const char *)*state);
	assert_false(
		seccomp_cache_find(cache, deny_list, strlen(deny_list), &arena, &found, &size));
	assert_int_equal(compile(deny_list, cache, &arena, &compiled, NULL), 0);
	assert_int_equal(stat(cache, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	path_of_file(cache, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	assert_true(seccomp_cache_find(cache, deny_list, strlen(deny_list), &arena, &found, &size));
	assert_int_equal(size, compiled.len * 8);
	assert_memory_equal(found, compiled.filter, size);
	assert_int_equal(compile(deny_list, cache, &arena, &cached, NULL), 0);
	assert_int_equal(cached.len, compiled.len);
	assert_false(
		seccomp_cache_find(cache, deny_list, strlen(deny_list) - 1, &arena, &found, &size));
	arena_finish(&arena);
}

static bool is_hit(const char *cache)
{
	struct arena arena = {};
	const void *found;
	uint32_t size;
	bool hit;

	hit = seccomp_cache_find(cache, deny_list, strlen(deny_list), &arena, &found, &size);
	arena_finish(&arena);
	return hit;
}

static void a_cache_that_is_not_ours_alone_is_passed_over(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;
	char cache[1024], path[PATH_MAX], other[PATH_MAX];

	snprintf(cache, sizeof(cache), "%s/seccomp", (const char *)*state);
	assert_int_equal(compile(deny_list, cache, &arena, &program, NULL), 0);
	path_of_file(cache, path);
	assert_true(is_hit(cache));

	assert_int_equal(chmod(path, 0640), 0);
	assert_false(is_hit(cache));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(cache, 0755), 0);
	assert_false(is_hit(cache));
	assert_int_equal(chmod(cache, 0700), 0);
	assert_true(is_hit(cache));

	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, 1), 0);
		assert_false(is_hit(cache));
		assert_int_equal(chown(path, 0, 0), 0);
	}
	snprintf(other, sizeof(other), "%s/other", (const char *)*state);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_false(is_hit(cache));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(is_hit(cache));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(other, path), 0);
	assert_true(is_hit(cache));

	/* What can't be used doesn't keep a start from happening. */
	assert_int_equal(compile(deny_list, "/proc/no/such/place", &arena, &program, NULL), 0);
	assert_int_equal(compile(deny_list, path, &arena, &program, NULL), 0);
	arena_finish(&arena);
}

/* Every byte of the head, and some behind it, is spoilt in turn; and the file is cut everywhere. */
static void a_damaged_file_is_no_hit(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;
	char cache[1024], path[PATH_MAX];
	struct stat st;
	autoclose int fd = -EBADF;

	snprintf(cache, sizeof(cache), "%s/seccomp", (const char *)*state);
	assert_int_equal(compile(deny_list, cache, &arena, &program, NULL), 0);
	path_of_file(cache, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += at < 64 ? 1 : 97) {
		unsigned char byte, spoilt;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		spoilt = byte ^ 0x41;
		assert_int_equal(pwrite(fd, &spoilt, 1, at), 1);
		/* Four bytes of the head are unused. */
		assert_true(!is_hit(cache) || (at >= 20 && at < 24));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_true(is_hit(cache));
	assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
	assert_false(is_hit(cache));
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_false(is_hit(cache));
	/* It is written anew. */
	assert_int_equal(compile(deny_list, cache, &arena, &program, NULL), 0);
	assert_true(is_hit(cache));
	arena_finish(&arena);
}

/* Last of all: nothing can be opened behind it. */
static void behind_closing_nothing_is_opened(void **state)
{
	struct arena arena = {};
	struct sock_fprog program;
	struct err e = {};

	(void)state;
	library_close_all();
	assert_true(compile(deny_list, NULL, &arena, &program, &e) < 0);
	assert_int_equal(e.id, ERR_SECCOMP_FAILED);
	library_close_all();
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_concern_their_architectures),
		cmocka_unit_test(forced_unmounts_are_refused_everywhere),
		cmocka_unit_test(actions_and_conditions),
		cmocka_unit_test(numbers_of_version_1_are_native),
		cmocka_unit_test(the_deny_list_for_real),
		cmocka_unit_test(the_allow_list_for_real),
		cmocka_unit_test(a_notifying_policy_has_a_listener),
		cmocka_unit_test_setup_teardown(the_cache_gives_back_what_it_got, make_directory,
						remove_directory),
		cmocka_unit_test_setup_teardown(a_cache_that_is_not_ours_alone_is_passed_over,
						make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_no_hit, make_directory,
						remove_directory),
		cmocka_unit_test(behind_closing_nothing_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
