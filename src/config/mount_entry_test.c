/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of mount entries: the grammar against glibc's own getmntent_r(3), every problem that the
 * check tells, whole files, printing, and the lines that Proxmox VE, Incus, Waydroid and libvirt
 * users have (spec/contracts.md).
 */

#include "config/mount_entry.h"

#include <errno.h>
#include <limits.h>
#include <mntent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "config/arena_fixture.h"

static struct mount_entry parse(void **state, const char *line)
{
	struct mount_entry entry;
	struct err e = {0};

	memset(&entry, 0xff, sizeof(entry));
	assert_int_equal(mount_entry_parse(line, *state, &entry, &e), 0);
	assert_false(err_is_set(&e));
	return entry;
}

static void assert_fields(const struct mount_entry *entry, const char *source, const char *target,
			  const char *fstype)
{
	assert_string_equal(entry->source, source);
	assert_string_equal(entry->target, target);
	assert_string_equal(entry->fstype, fstype);
}

static void assert_prints(const struct mount_entry *entry, const char *expected)
{
	autostr out = {0};

	mount_entry_print(entry, &out);
	assert_false(str_failed(&out));
	assert_string_equal(str_text(&out), expected);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a && b)
		assert_string_equal(a, b);
}

static void assert_same_entry(const struct mount_entry *a, const struct mount_entry *b)
{
	assert_fields(a, b->source, b->target, b->fstype);
	assert_int_equal(a->dump, b->dump);
	assert_int_equal(a->pass, b->pass);
	assert_same_text(a->excess, b->excess);
	assert_int_equal(a->options.set, b->options.set);
	assert_int_equal(a->options.clear, b->options.clear);
	assert_int_equal(a->options.propagation, b->options.propagation);
	assert_int_equal(a->options.propagation_recursive, b->options.propagation_recursive);
	assert_int_equal(a->options.create, b->options.create);
	assert_int_equal(a->options.ignored, b->options.ignored);
	assert_int_equal(a->options.optional, b->options.optional);
	assert_int_equal(a->options.relative, b->options.relative);
	assert_int_equal(a->options.idmap, b->options.idmap);
	assert_same_text(a->options.idmap_path, b->options.idmap_path);
	assert_same_text(a->options.data, b->options.data);
}

static void six_fields_are_read(void **state)
{
	struct mount_entry entry = parse(state, "/dev/sda1 mnt/data ext4 ro,noatime 1 2");

	assert_fields(&entry, "/dev/sda1", "mnt/data", "ext4");
	assert_int_equal(entry.options.set, MOUNT_RO | MOUNT_NOATIME);
	assert_int_equal(entry.dump, 1);
	assert_int_equal(entry.pass, 2);
	assert_null(entry.excess);
	assert_int_equal(entry.line, 0);
}

static void fields_may_be_missing_at_the_end(void **state)
{
	struct mount_entry entry = parse(state, "a b c d");

	assert_fields(&entry, "a", "b", "c");
	assert_string_equal(entry.options.data, "d");
	assert_int_equal(entry.dump, 0);
	entry = parse(state, "a b c");
	assert_fields(&entry, "a", "b", "c");
	assert_null(entry.options.data);
	entry = parse(state, "a b");
	assert_fields(&entry, "a", "b", "none");
	entry = parse(state, "a");
	assert_fields(&entry, "a", "", "none");
}

static void blank_lines_and_comments_hold_nothing(void **state)
{
	static const char *const lines[] = {"", " ", " \t ", "#", "# a b c d", "\t #a"};

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct mount_entry entry = {.line = 77};
		struct err e = {0};

		assert_int_equal(mount_entry_parse(lines[i], *state, &entry, &e), MOUNT_ENTRY_NONE);
		assert_false(err_is_set(&e));
		assert_int_equal(entry.line, 77);
	}
}

static void a_hash_inside_a_line_is_data(void **state)
{
	struct mount_entry entry = parse(state, "a #b # #d");

	assert_fields(&entry, "a", "#b", "#");
	assert_string_equal(entry.options.data, "#d");
}

static void the_four_octal_escapes_and_the_doubled_backslash_are_read(void **state)
{
	struct mount_entry entry =
		parse(state, "/a\\040b c\\011d e\\012f x=\\134,bind,y=\\\\040,z=\\040");

	assert_fields(&entry, "/a b", "c\td", "e\nf");
	assert_int_equal(entry.options.set, MOUNT_BIND);
	assert_string_equal(entry.options.data, "x=\\,y=\\040,z= ");
}

static void other_backslashes_are_data(void **state)
{
	struct mount_entry entry = parse(state, "\\043a \\101 \\04 \\0,\\");

	assert_fields(&entry, "\\043a", "\\101", "\\04");
	assert_string_equal(entry.options.data, "\\0,\\");
}

static void a_line_break_is_refused(void **state)
{
	struct mount_entry entry = {.line = 77};
	struct err e = {0};

	assert_int_equal(mount_entry_parse("a b c d\n", *state, &entry, &e), -EINVAL);
	assert_string_equal(err_cause(&e), "A mount entry cannot hold a line break");
	assert_int_equal(entry.line, 77);
}

static void errors_of_options_are_passed_on(void **state)
{
	struct mount_entry entry;
	struct err e = {0};

	assert_int_equal(mount_entry_parse("/a b none bind,idmap= 0 0", *state, &entry, &e),
			 -EINVAL);
	assert_string_equal(err_cause(&e),
			    "Missing idmap path for \"idmap=<path>\" LXC specific mount option");
	assert_int_equal(mount_entry_parse("a b c idmap=", *state, &entry, NULL), -EINVAL);
}

struct number_case {
	const char *line;
	int dump, pass;
	const char *excess;
};

static void malformed_numbers_are_zero_and_the_excess_is_kept(void **state)
{
	static const struct number_case cases[] = {
		{"a b c d 1", 1, 0, NULL},
		{"a b c d \t 1 \t 2 \t ", 1, 2, NULL},
		{"a b c d -1 +2", -1, 2, NULL},
		{"a b c d 010 0x10", 10, 0, "x10"},
		{"a b c d x y", 0, 0, "x y"},
		{"a b c d x 5", 0, 0, "x 5"},
		{"a b c d 1x 2", 1, 0, "x 2"},
		{"a b c d 1 2 3 4", 1, 2, "3 4"},
		{"a b c d 1-2", 1, -2, NULL},
		{"a b c d 99999999999 -99999999999", INT_MAX, INT_MIN, NULL},
		{"a b c d 99999999999999999999999 -99999999999999999999999", INT_MAX, INT_MIN,
		 NULL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct mount_entry entry = parse(state, cases[i].line);

		assert_int_equal(entry.dump, cases[i].dump);
		assert_int_equal(entry.pass, cases[i].pass);
		assert_same_text(entry.excess, cases[i].excess);
	}
}

static const char *const odd_lines[] = {
	"a",
	"a b",
	"  \t a   b\tc  d",
	"a b # c",
	"a b c d",
	"a b c d 1",
	"a b c d x y",
	"a b c d 1x 2",
	"a b c d 1 2 3 4",
	"a b c d -1 0x10",
	"a b c d1 2,",
	"a b c d +3 4",
	"a b c d 1-2",
	"a b c d\r",
	"a\vb c\fd e\rf",
	"a\\040b c\\011d e\\012f g\\134h\\\\i 1 2",
	"a\\043b \\101 \\04 \\0 \\",
	"a\\\\040b \\\\\\040",
	"\\ \\\\ \\\\\\ \\134\\134040",
	"a b c d x 5",
};

static void lines_are_read_as_glibc_reads_them(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(odd_lines); i++) {
		autofclose FILE *stream = fmemopen((char *)odd_lines[i], strlen(odd_lines[i]), "r");
		struct mount_entry entry = parse(state, odd_lines[i]);
		struct mount_options options;
		struct mntent expected;
		char buffer[512];

		assert_non_null(stream);
		assert_non_null(getmntent_r(stream, &expected, buffer, sizeof(buffer)));
		assert_string_equal(entry.source, expected.mnt_fsname);
		assert_string_equal(entry.target, expected.mnt_dir);
		assert_string_equal(entry.fstype, *expected.mnt_type ? expected.mnt_type : "none");
		assert_int_equal(mount_options_parse(expected.mnt_opts, *state, &options, NULL), 0);
		assert_same_text(entry.options.data, options.data);
		assert_int_equal(entry.dump, expected.mnt_freq);
		assert_int_equal(entry.pass, expected.mnt_passno);
	}
}

static void printed_lines_are_canonical(void **state)
{
	struct mount_entry entry = parse(state, " a\\040b\tc\\\\d ");

	assert_prints(&entry, "a\\040b c\\134d none defaults 0 0");
	entry = parse(state, "a");
	assert_prints(&entry, "a");
	entry = parse(state, "shm dev/shm tmpfs size=1G,create=dir,nosuid,rw,x=\\012\\011 1");
	assert_prints(&entry, "shm dev/shm tmpfs rw,nosuid,create=dir,size=1G,x=\\012\\011 1 0");
	entry = parse(state, "/my dir mnt none bind 0 0");
	assert_prints(&entry, "/my dir mnt none 0 0 bind 0 0");
}

static void parsing_a_printed_line_gives_the_same_entry(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(odd_lines); i++) {
		struct mount_entry entry = parse(state, odd_lines[i]);
		struct mount_entry again;
		autostr line = {0};

		mount_entry_print(&entry, &line);
		again = parse(state, str_text(&line));
		assert_same_entry(&again, &entry);
		assert_prints(&again, str_text(&line));
	}
}

struct problem_case {
	const char *line;
	enum mount_entry_problem problem;
	const char *cause;
	const char *object;
};

static const struct problem_case problem_cases[] = {
	{"/a", MOUNT_ENTRY_BROKEN, "The mount entry has no target", "/a"},
	{"/a b none bind,create=dir,create=file", MOUNT_ENTRY_BROKEN,
	 "\"create=dir\" and \"create=file\" exclude each other", "b"},
	{"a b tmpfs create=folder", MOUNT_ENTRY_DOUBTFUL, "\"create=\" takes \"dir\" or \"file\"",
	 "create=folder"},
	{"a b tmpfs size=1,create=,mode=2", MOUNT_ENTRY_DOUBTFUL,
	 "\"create=\" takes \"dir\" or \"file\"", "create=,mode=2"},
	{"/a b none bind,slave,shared", MOUNT_ENTRY_BROKEN,
	 "A mount has only one kind of propagation", "b"},
	{"a b tmpfs idmap=container", MOUNT_ENTRY_BROKEN,
	 "Only bind mounts can currently be idmapped", "b"},
	{"/a b ext4 bind,idmap=/ns", MOUNT_ENTRY_BROKEN,
	 "Only bind mounts can currently be idmapped", "b"},
	{"/a b none rbind,idmap=container,mode=1", MOUNT_ENTRY_BROKEN,
	 "Bind mounts don't support non-generic mount options", "mode=1"},
	{"/a b none bind,move", MOUNT_ENTRY_DOUBTFUL, "\"move\" has no effect beside \"bind\"",
	 "b"},
	{"/a b none bind,creat=dir", MOUNT_ENTRY_DOUBTFUL,
	 "Options of a file system have no effect on a bind mount", "creat=dir"},
	{"a b none ro", MOUNT_ENTRY_DOUBTFUL,
	 "The type \"none\" can only be mounted with \"bind\", \"rbind\" or \"move\"", "b"},
	{"a b none bind", MOUNT_ENTRY_DOUBTFUL,
	 "The source depends on the directory in which the container is started", "a"},
	{"a b tmpfs lazytime", MOUNT_ENTRY_DOUBTFUL,
	 "The options sync, async, dirsync, lazytime, mand, nomand and remount have no effect",
	 "b"},
	{"a b tmpfs ro 0 0 tail", MOUNT_ENTRY_DOUBTFUL,
	 "Text behind the fields of a mount entry has no effect", "tail"},
};

/* The first problem of each case is the one named; the check then comes to an end. */
static void every_problem_is_told(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(problem_cases); i++) {
		const struct problem_case *expected = &problem_cases[i];
		struct mount_entry entry = parse(state, expected->line);
		struct err e = {0};
		unsigned next = 0;

		assert_int_equal(mount_entry_check(&entry, &next, &e), expected->problem);
		assert_string_equal(err_cause(&e), expected->cause);
		assert_string_equal(err_text_at(&e, e.frames[0].object), expected->object);
		for (int more = 0; mount_entry_check(&entry, &next, &e) > 0; more++)
			assert_true(more < 20);
		assert_int_equal(mount_entry_check(&entry, &next, NULL), 0);
	}
}

static void all_problems_of_an_entry_are_told(void **state)
{
	struct mount_entry entry =
		parse(state, "/a b ext4 create=dir,create=file,idmap=container,size=1,sync 0 0 x");
	unsigned next = 0;
	int broken = 0;
	int doubtful = 0;
	struct err e;
	int problem;

	while ((problem = mount_entry_check(&entry, &next, &e)) > 0) {
		broken += problem == MOUNT_ENTRY_BROKEN;
		doubtful += problem == MOUNT_ENTRY_DOUBTFUL;
	}
	assert_int_equal(broken, 3);
	assert_int_equal(doubtful, 2);
}

static void assert_no_problem(const struct mount_entry *entry)
{
	unsigned next = 0;
	struct err e = {0};

	assert_int_equal(mount_entry_check(entry, &next, &e), 0);
	assert_false(err_is_set(&e));
}

static void good_entries_have_no_problem(void **state)
{
	static const char *const lines[] = {
		"/a b none rbind,idmap=container,ro,optional,create=dir 0 0",
		"/a b none bind,rslave",
		"/a b none move",
		"a b none bind,relative",
		"overlay mnt overlay lowerdir=/l,upperdir=/srv/optional/create=dir,workdir=/w",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct mount_entry entry = parse(state, lines[i]);

		assert_no_problem(&entry);
	}
}

static void a_file_gives_its_entries_with_their_lines(void **state)
{
	static const char text[] = "# comment\n"
				   "proc proc proc nodev 0 0\r\n"
				   "\n"
				   "\r\n"
				   "  /a b none bind\r\n"
				   "tmpfs run tmpfs size=1\rx";
	struct mount_entry_list list;
	struct err e = {0};

	assert_int_equal(fstab_parse("fstab", text, LITERAL_LENGTH(text), *state, &list, &e), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].line, 2);
	assert_fields(&list.items[0], "proc", "proc", "proc");
	assert_null(list.items[0].excess);
	assert_int_equal(list.items[1].line, 5);
	assert_int_equal(list.items[1].options.set, MOUNT_BIND);
	assert_null(list.items[1].options.data);
	assert_int_equal(list.items[2].line, 6);
	assert_string_equal(list.items[2].options.data, "size=1\rx");
}

static void an_empty_file_gives_no_entries(void **state)
{
	struct mount_entry_list list = {.count = 77};

	assert_int_equal(fstab_parse("fstab", "", 0, *state, &list, NULL), 0);
	assert_int_equal(list.count, 0);
	list.count = 77;
	assert_int_equal(fstab_parse("fstab", "\n#\n\n", 4, *state, &list, NULL), 0);
	assert_int_equal(list.count, 0);
}

static void only_the_given_bytes_of_a_file_are_read(void **state)
{
	struct mount_entry_list list;

	assert_int_equal(fstab_parse("fstab", "a b c d\ne f g h\n", 9, *state, &list, NULL), 0);
	assert_int_equal(list.count, 2);
	assert_fields(&list.items[1], "e", "", "none");
}

static void an_error_in_a_file_names_its_line(void **state)
{
	static const char text[] = "a b c\n\n/a b none bind,idmap= 0 0\nx y z\n";
	struct mount_entry_list list = {.count = 77};
	struct err e = {0};

	assert_int_equal(fstab_parse("/etc/fstab", text, LITERAL_LENGTH(text), *state, &list, &e),
			 -EINVAL);
	assert_string_equal(err_text_at(&e, e.frames[0].origin), "/etc/fstab:3");
	assert_int_equal(list.count, 77);
}

static void a_nul_byte_in_a_file_is_refused(void **state)
{
	struct mount_entry_list list = {.count = 77};
	struct err e = {0};

	assert_int_equal(fstab_parse("/etc/fstab", "a b\0c\n", 6, *state, &list, &e), -EINVAL);
	assert_string_equal(err_cause(&e), "A file of mount entries cannot hold a NUL byte");
	assert_string_equal(err_text_at(&e, e.frames[0].object), "/etc/fstab");
	assert_int_equal(list.count, 77);
}

static void PVE_63_entries_parse(void **state)
{
	struct mount_entry entry = parse(state, "/dev/fuse dev/fuse none bind,create=file 0 0");

	assert_fields(&entry, "/dev/fuse", "dev/fuse", "none");
	assert_int_equal(entry.options.set, MOUNT_BIND);
	assert_int_equal(entry.options.create, MOUNT_CREATE_FILE);
	assert_no_problem(&entry);

	entry = parse(state, "shm dev/shm tmpfs rw,nosuid,nodev,create=dir 0 0");
	assert_fields(&entry, "shm", "dev/shm", "tmpfs");
	assert_int_equal(entry.options.set, MOUNT_NOSUID | MOUNT_NODEV);
	assert_int_equal(entry.options.clear, MOUNT_RO);
	assert_int_equal(entry.options.create, MOUNT_CREATE_DIR);
	assert_null(entry.options.data);
	assert_no_problem(&entry);
}

/* Incus splits the text at blanks: it must find there the fields that we read. */
static void INC_20_fields_are_what_splitting_at_blanks_gives(void **state)
{
	static const char line[] = "mqueue dev/mqueue mqueue rw,relatime,create=dir,optional 0 0";
	struct mount_entry entry = parse(state, line);
	autostr joined = {0};

	str_addf(&joined, "%s %s %s rw,relatime,create=dir,optional %d %d", entry.source,
		 entry.target, entry.fstype, entry.dump, entry.pass);
	assert_string_equal(str_text(&joined), line);
	assert_prints(&entry, line);
}

static const char *const incus_lines[] = {
	"mqueue dev/mqueue mqueue rw,relatime,create=dir,optional 0 0",
	"/sys/kernel/debug sys/kernel/debug none rbind,create=dir,optional 0 0",
	"/sys/firmware/efi/efivars sys/firmware/efi/efivars none rbind,create=dir,optional 0 0",
	"/sys/fs/fuse/connections sys/fs/fuse/connections none rbind,create=dir,optional 0 0",
	"/sys/fs/pstore sys/fs/pstore none rbind,create=dir,optional 0 0",
	"/sys/kernel/config sys/kernel/config none rbind,create=dir,optional 0 0",
	"/sys/kernel/security sys/kernel/security none rbind,create=dir,optional 0 0",
	"/sys/kernel/tracing sys/kernel/tracing none rbind,create=dir,optional 0 0",
	"/dev/mqueue dev/mqueue none rbind,create=dir,optional 0 0",
	"/proc/sys/fs/binfmt_misc proc/sys/fs/binfmt_misc none rbind,create=dir,optional 0 0",
	"/dev/net/tun dev/net/tun none bind,create=file,optional 0 0",
	"/dev/fuse dev/fuse none bind,create=file,optional 0 0",
	"/dev/zfs dev/zfs none bind,create=file,optional 0 0",
	"proc dev/.lxc/proc proc create=dir,optional 0 0",
	"sys dev/.lxc/sys sysfs create=dir,optional 0 0",
};

static void INC_23_entries_parse(void **state)
{
	struct mount_entry entry;

	for (size_t i = 0; i < ARRAY_LENGTH(incus_lines); i++) {
		entry = parse(state, incus_lines[i]);
		assert_true(entry.options.optional);
		assert_true(entry.options.create == MOUNT_CREATE_DIR ||
			    entry.options.create == MOUNT_CREATE_FILE);
		assert_null(entry.options.data);
		assert_no_problem(&entry);
		assert_prints(&entry, incus_lines[i]);
	}
	entry = parse(state, "none run tmpfs mode=755,optional");
	assert_fields(&entry, "none", "run", "tmpfs");
	assert_string_equal(entry.options.data, "mode=755");
	assert_true(entry.options.optional);
	assert_no_problem(&entry);
	entry = parse(state, "/var/lib/c/hosts etc/hosts none bind,create=file");
	assert_int_equal(entry.options.create, MOUNT_CREATE_FILE);
	assert_no_problem(&entry);
	entry = parse(state, "/srv/my\\040data mnt/my\\040data none bind,create=dir 0 0");
	assert_fields(&entry, "/srv/my data", "mnt/my data", "none");
	assert_no_problem(&entry);
}

static void WAY_11_entries_parse(void **state)
{
	struct mount_entry entry = parse(state, "tmpfs dev tmpfs nosuid 0 0");

	assert_int_equal(entry.options.set, MOUNT_NOSUID);
	assert_no_problem(&entry);
	entry = parse(state, "/dev/binder dev/binder none bind,create=file,optional 0 0");
	assert_int_equal(entry.options.set, MOUNT_BIND);
	assert_no_problem(&entry);
	entry = parse(state, "none dev/pts devpts defaults,mode=644,ptmxmode=666,create=dir 0 0");
	assert_string_equal(entry.options.data, "mode=644,ptmxmode=666");
	assert_int_equal(entry.options.create, MOUNT_CREATE_DIR);
	assert_no_problem(&entry);
	entry = parse(state, "tmpfs run tmpfs nodev 0 0");
	assert_int_equal(entry.options.set, MOUNT_NODEV);
	assert_no_problem(&entry);
	entry = parse(state, "/dev/char dev/char none bind,create=dir,optional 0 0");
	assert_int_equal(entry.options.create, MOUNT_CREATE_DIR);
	assert_no_problem(&entry);
	entry = parse(state, "/run/user/1000/wayland-0 run/xdg/wayland-0 none rbind,create=file");
	assert_int_equal(entry.options.set, MOUNT_RBIND);
	assert_no_problem(&entry);
}

/* The start skips this entry, so the check must not call it broken. */
static void WAY_15_an_absolute_target_of_type_none_is_at_most_doubtful(void **state)
{
	struct mount_entry entry = parse(state, "tmpfs /run/xdg none create=dir 0 0");
	unsigned next = 0;
	struct err e;
	int problem;

	assert_fields(&entry, "tmpfs", "/run/xdg", "none");
	assert_int_equal(entry.options.create, MOUNT_CREATE_DIR);
	while ((problem = mount_entry_check(&entry, &next, &e)) > 0)
		assert_int_equal(problem, MOUNT_ENTRY_DOUBTFUL);
	assert_int_equal(problem, 0);
}

static void LV_03_printed_entries_have_at_least_four_fields(void **state)
{
	static const char *const lines[] = {"/a b", "/a b none", "/a b none bind",
					    "tmpfs run tmpfs size=64m 0 0"};

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct mount_entry entry = parse(state, lines[i]);
		autostr line = {0};
		int fields = 1;

		mount_entry_print(&entry, &line);
		for (const char *at = strchr(str_text(&line), ' '); at; at = strchr(at + 1, ' '))
			fields++;
		assert_int_equal(fields, 6);
	}
	assert_string_equal(parse(state, lines[3]).options.data, "size=64m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(six_fields_are_read),
		ARENA_TEST(fields_may_be_missing_at_the_end),
		ARENA_TEST(blank_lines_and_comments_hold_nothing),
		ARENA_TEST(a_hash_inside_a_line_is_data),
		ARENA_TEST(the_four_octal_escapes_and_the_doubled_backslash_are_read),
		ARENA_TEST(other_backslashes_are_data),
		ARENA_TEST(a_line_break_is_refused),
		ARENA_TEST(errors_of_options_are_passed_on),
		ARENA_TEST(malformed_numbers_are_zero_and_the_excess_is_kept),
		ARENA_TEST(lines_are_read_as_glibc_reads_them),
		ARENA_TEST(printed_lines_are_canonical),
		ARENA_TEST(parsing_a_printed_line_gives_the_same_entry),
		ARENA_TEST(every_problem_is_told),
		ARENA_TEST(all_problems_of_an_entry_are_told),
		ARENA_TEST(good_entries_have_no_problem),
		ARENA_TEST(a_file_gives_its_entries_with_their_lines),
		ARENA_TEST(an_empty_file_gives_no_entries),
		ARENA_TEST(only_the_given_bytes_of_a_file_are_read),
		ARENA_TEST(an_error_in_a_file_names_its_line),
		ARENA_TEST(a_nul_byte_in_a_file_is_refused),
		ARENA_TEST(PVE_63_entries_parse),
		ARENA_TEST(INC_20_fields_are_what_splitting_at_blanks_gives),
		ARENA_TEST(INC_23_entries_parse),
		ARENA_TEST(WAY_11_entries_parse),
		ARENA_TEST(WAY_15_an_absolute_target_of_type_none_is_at_most_doubtful),
		ARENA_TEST(LV_03_printed_entries_have_at_least_four_fields),
	};

	return cmocka_run_group_tests_name("mount_entry", tests, NULL, NULL);
}
