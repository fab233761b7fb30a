/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading configuration files: lines, quotes, failures and what they leave behind, includes with
 * their loops and depth, generated hardware addresses.
 */

#include "config/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_fixture.h"

static void lines_end_in_lf_crlf_or_cr(void **state)
{
	static const char text[] = "a\nb\r\nc\rd\n\re";
	static const char *const expected[] = {"a", "b", "c", "d", "", "e"};
	const char *at = text;
	const char *line;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		assert_true(config_next_line(&at, text + sizeof(text) - 1, &line, &len));
		assert_int_equal(len, strlen(expected[i]));
		assert_memory_equal(line, expected[i], len);
	}
	assert_false(config_next_line(&at, text + sizeof(text) - 1, &line, &len));
}

static void a_nul_byte_ends_the_text(void **state)
{
	static const char text[] = "one\0two\n";
	const char *at = text;
	const char *line;
	size_t len;

	(void)state;
	assert_true(config_next_line(&at, text + sizeof(text) - 1, &line, &len));
	assert_int_equal(len, 3);
	assert_false(config_next_line(&at, text + sizeof(text) - 1, &line, &len));
	at = text;
	assert_false(config_next_line(&at, text, &line, &len));
}

static void lines_are_taken_apart(void **state)
{
	static const struct {
		const char *line;
		enum config_line_kind kind;
		const char *key;
		const char *value;
	} cases[] = {
		{"", LINE_BLANK, NULL, NULL},
		{" \t\f ", LINE_BLANK, NULL, NULL},
		{"# lxc.tty.max = 4", LINE_FOREIGN, NULL, NULL},
		{" \t#x", LINE_FOREIGN, NULL, NULL},
		{"LXC.tty.max = 4", LINE_FOREIGN, NULL, NULL},
		{"lxc", LINE_FOREIGN, NULL, NULL},
		{"\flxc.tty.max = 4", LINE_FOREIGN, NULL, NULL},
		{"arch: amd64", LINE_FOREIGN, NULL, NULL},
		{"lxc.tty.max", LINE_MALFORMED, NULL, NULL},
		{"lxc.tty.max=4", LINE_ASSIGNMENT, "lxc.tty.max", "4"},
		{" \tlxc.tty.max \t=\t 4 \t", LINE_ASSIGNMENT, "lxc.tty.max", "4"},
		{"lxc.tty.max =", LINE_ASSIGNMENT, "lxc.tty.max", ""},
		{"lxc.tty.max = \t ", LINE_ASSIGNMENT, "lxc.tty.max", ""},
		{"lxc.tty.max = 4 # x", LINE_ASSIGNMENT, "lxc.tty.max", "4 # x"},
		{"lxc.environment = A=b=c", LINE_ASSIGNMENT, "lxc.environment", "A=b=c"},
		{"lxc.a = \"x y\"", LINE_ASSIGNMENT, "lxc.a", "x y"},
		{"lxc.a = 'x \"y\"'", LINE_ASSIGNMENT, "lxc.a", "x \"y\""},
		{"lxc.a = \"\"x\"\"", LINE_ASSIGNMENT, "lxc.a", "\"x\""},
		{"lxc.a = \" x \"", LINE_ASSIGNMENT, "lxc.a", " x "},
		{"lxc.a = \"\"", LINE_ASSIGNMENT, "lxc.a", ""},
		{"lxc.a = \"", LINE_ASSIGNMENT, "lxc.a", "\""},
		{"lxc.a = \"x'", LINE_ASSIGNMENT, "lxc.a", "\"x'"},
		{"lxc.a = \"x", LINE_ASSIGNMENT, "lxc.a", "\"x"},
		{"lxc.a = x\"", LINE_ASSIGNMENT, "lxc.a", "x\""},
		{"lxc.a b = c", LINE_ASSIGNMENT, "lxc.a b", "c"},
		{"lxc. = x", LINE_ASSIGNMENT, "lxc.", "x"},
		{"lxc.a = x\\", LINE_ASSIGNMENT, "lxc.a", "x\\"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct config_assignment got = {};
		char line[64];

		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(config_line_split(line, &got), cases[i].kind);
		if (!cases[i].key)
			continue;
		assert_string_equal(got.key, cases[i].key);
		assert_string_equal(got.value, cases[i].value);
	}
}

static void comments_and_foreign_lines_are_kept_blank_lines_are_not(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "# head\n\n \t\nforeign = 1\r\n  lxc.tty.max = 4  \n\t# tail");
	assert_text(&f, "# head\nforeign = 1\n  lxc.tty.max = 4  \n\t# tail\n");
	assert_get(&f, "lxc.tty.max", "4");
	assert_string_equal(str_text(&f.reports), "");
	fixture_finish(&f);
}

static void text_is_added_to_what_is_there(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.group = a\nlxc.tty.max = 1");
	assert_loads(&f, "lxc.group = b\nlxc.tty.max = 2");
	assert_get(&f, "lxc.group", "a\nb\n");
	assert_get(&f, "lxc.tty.max", "2");
	assert_text(&f, "lxc.group = a\nlxc.tty.max = 1\nlxc.group = b\nlxc.tty.max = 2\n");
	fixture_finish(&f);
}

static void text_behind_a_nul_byte_is_not_read(void **state)
{
	static const char text[] = "lxc.tty.max = 1\0\nlxc.tty.max = 2\n";
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(config_load_text(&f.config, "(test)", text, sizeof(text) - 1, &f.error),
			 0);
	assert_get(&f, "lxc.tty.max", "1");
	fixture_finish(&f);
}

static void lines_before_a_failure_stay_and_those_behind_are_only_kept(void **state)
{
	static const char text[] = "lxc.tty.max = 1\n"
				   "lxc.pty.max = 7 # seven\n"
				   "lxc.tty.max = 2\n"
				   "lxc.broken\n"
				   "# tail\n";
	struct fixture f;
	autostr shown = {};

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_load(&f, text), -EINVAL);
	assert_cause(&f, ERR_CONFIG_VALUE_INVALID, "Invalid value \"7 # seven\" for lxc.pty.max");
	assert_get(&f, "lxc.tty.max", "1");
	assert_get(&f, "lxc.pty.max", "0");
	assert_text(&f, text);
	err_render_text(&f.error, &shown);
	assert_non_null(
		strstr(str_text(&shown), "Failed to parse config file \"(test)\" at line \"2\""));
	assert_non_null(strstr(str_text(&shown), "(test):2 lxc.pty.max"));
	fixture_finish(&f);
}

static void lines_without_equals_sign_and_unknown_keys_fail(void **state)
{
	struct fixture f;
	autostr shown = {};

	(void)state;
	fixture_init(&f);
	assert_int_equal(fixture_load(&f, "\n lxc.tty.max 4\n"), -EINVAL);
	assert_cause(&f, ERR_CONFIG_SYNTAX, "Invalid configuration line:  lxc.tty.max 4");
	assert_int_equal(fixture_load(&f, "lxc.tty.maxx = 4"), -EINVAL);
	assert_cause(&f, ERR_CONFIG_KEY_UNKNOWN, "Unsupported config key \"lxc.tty.maxx\"");
	err_render_text(&f.error, &shown);
	assert_non_null(strstr(str_text(&shown), "did you mean \"lxc.tty.max\"?"));
	fixture_finish(&f);
}

static void failures_need_no_error_chain(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(config_load_text(&f.config, "(x)", "lxc.arch = z80\n", 15, NULL), -EINVAL);
	assert_int_equal(config_load(&f.config, "/nonexistent/config", NULL), -ENOENT);
	fixture_finish(&f);
}

static void a_checker_hears_of_every_error(void **state)
{
	char directory[64];
	char inner[128];
	struct fixture f;
	autostr text = {};

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "inner.conf", inner, "lxc.inner = 1\nlxc.tty.max = 3\n");
	str_addf(&text,
		 "lxc.wrong\nlxc.arch = z80\nlxc.include = %s\nlxc.include = /none\n"
		 "lxc.pty.max = 4\n",
		 inner);
	fixture_init(&f);
	f.config.keep_going = true;
	assert_loads(&f, str_text(&text));
	assert_int_equal(f.config.errors_skipped, 4);
	assert_false(err_is_set(&f.error));
	assert_get(&f, "lxc.tty.max", "3");
	assert_get(&f, "lxc.pty.max", "4");
	assert_text(&f, str_text(&text));
	assert_non_null(strstr(str_text(&f.reports), "Invalid configuration line: lxc.wrong"));
	assert_non_null(strstr(str_text(&f.reports), "Unsupported personality \"z80\""));
	assert_non_null(strstr(str_text(&f.reports), "Unsupported config key \"lxc.inner\""));
	assert_non_null(strstr(str_text(&f.reports), "Failed to open config file \"/none\""));
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void files_that_cannot_be_read_are_named(void **state)
{
	char directory[64];
	char path[128];
	struct fixture f;

	(void)state;
	fixture_directory(directory);
	fixture_init(&f);
	assert_int_equal(config_load(&f.config, "/nonexistent/config", &f.error), -ENOENT);
	assert_cause(&f, ERR_FILE_OPEN, "Failed to open config file \"/nonexistent/config\"");
	assert_int_equal(config_load(&f.config, directory, &f.error), -EISDIR);
	assert_cause(&f, ERR_FILE_READ, "Failed to read config file \"/tmp/");
	assert_null(f.config.first_file);
	fixture_file(directory, "huge", path, "");
	assert_int_equal(truncate(path, CONFIG_FILE_SIZE_MAX + 1), 0);
	assert_int_equal(config_load(&f.config, path, &f.error), -EFBIG);
	assert_cause(&f, ERR_FILE_TOO_LARGE, "Excessively large config file \"/tmp/");
	assert_int_equal(truncate(path, CONFIG_FILE_SIZE_MAX), 0);
	assert_int_equal(config_load(&f.config, path, &f.error), 0);
	assert_string_equal(f.config.first_file, path);
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void the_first_file_gives_the_name(void **state)
{
	char directory[64];
	char first[128];
	char second[128];
	struct fixture f;

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "second", second, "lxc.tty.max = 2\n");
	fixture_file(directory, "first", first, "lxc.include = @/second\n");
	fixture_init(&f);
	assert_int_equal(config_load(&f.config, first, &f.error), 0);
	assert_int_equal(config_load(&f.config, second, &f.error), 0);
	assert_string_equal(f.config.first_file, first);
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void an_included_file_acts_without_leaving_text(void **state)
{
	char directory[64];
	char inner[128];
	struct fixture f;
	autostr text = {};
	char *cwd = getcwd(NULL, 0);

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "inner", inner, "# inner\nlxc.tty.max = 3\nforeign\n");
	str_addf(&text, "lxc.tty.max = 1\nlxc.include = %s\nlxc.include =\n", inner);
	fixture_init(&f);
	assert_loads(&f, str_text(&text));
	assert_get(&f, "lxc.tty.max", "3");
	assert_text(&f, str_text(&text));
	assert_get_fails(&f, "lxc.include", -ENOSYS);
	assert_string_equal(f.config.first_file, inner);

	/* Relative to the working directory, not to the file. */
	assert_int_equal(chdir(directory), 0);
	assert_loads(&f, "lxc.tty.max = 9\nlxc.include = inner\nlxc.include = ./inner\n");
	assert_int_equal(chdir(cwd), 0);
	assert_get(&f, "lxc.tty.max", "3");
	free(cwd);
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void an_included_directory_is_read_in_order_of_names(void **state)
{
	static const char *const names[] = {"20-b.conf", "10-a.conf", "x.conf",  ".conf",
					    "30.config", "conf",      "a.conf~", "deep"};
	char directory[64];
	char path[128];
	struct fixture f;
	autostr text = {};

	(void)state;
	fixture_directory(directory);
	for (size_t i = 0; i < ARRAY_LENGTH(names) - 1; i++) {
		autostr line = {};

		str_addf(&line, "lxc.group = %s\n", names[i]);
		fixture_file(directory, names[i], path, str_text(&line));
	}
	snprintf(path, sizeof(path), "%s/deep", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	fixture_file(directory, "deep/deep.conf", path, "lxc.group = deep\n");

	fixture_init(&f);
	str_addf(&text, "lxc.include = %s\n", directory);
	assert_loads(&f, str_text(&text));
	assert_get(&f, "lxc.group", "10-a.conf\n20-b.conf\nx.conf\n");
	str_reset(&text);
	str_addf(&text, "lxc.group =\nlxc.include = %s/\n", directory);
	assert_loads(&f, str_text(&text));
	assert_get(&f, "lxc.group", "10-a.conf\n20-b.conf\nx.conf\n");
	assert_loads(&f, "lxc.include = /nonexistent/directory/\n");
	assert_int_equal(fixture_load(&f, "lxc.include = /nonexistent/directory\n"), -ENOENT);
	assert_cause(&f, ERR_FILE_OPEN, "Failed to open config file \"/nonexistent/directory\"");
	assert_int_equal(fixture_load(&f, "lxc.include = /dev/null/\n"), -ENOTDIR);
	assert_cause(&f, ERR_FILE_OPEN, "Failed to open config directory \"/dev/null/\"");
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void a_failure_in_an_include_is_told_once_a_level(void **state)
{
	char directory[64];
	char path[128];
	struct fixture f;
	autostr shown = {};
	autostr expected = {};

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "c", path, "\n\nlxc.tty.max = x\nlxc.pty.max = 1\n");
	fixture_file(directory, "b", path, "\nlxc.include = @/c\n");
	fixture_file(directory, "a", path, "lxc.include = @/b\nlxc.pty.max = 2\n");
	fixture_init(&f);
	assert_int_equal(config_load(&f.config, path, &f.error), -EINVAL);
	err_render_text(&f.error, &shown);
	str_addf(&expected,
		 "Failed to parse config file \"%s/a\" at line \"1\"\n"
		 "  Failed to parse config file \"%s/b\" at line \"2\"\n"
		 "  Failed to parse config file \"%s/c\" at line \"3\"\n"
		 "  Invalid value \"x\" for lxc.tty.max",
		 directory, directory, directory);
	assert_memory_equal(str_text(&shown), str_text(&expected), expected.len);
	assert_get(&f, "lxc.pty.max", "0");
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void include_loops_are_named(void **state)
{
	char directory[64];
	char path[128];
	struct fixture f;
	autostr expected = {};

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "self", path, "\nlxc.include = @/self\n");
	fixture_init(&f);
	assert_int_equal(config_load(&f.config, path, &f.error), -ELOOP);
	str_addf(&expected, "Include loop: %s:2 includes %s", path, path);
	assert_string_equal(err_cause(&f.error), str_text(&expected));
	assert_int_equal(f.error.id, ERR_CONFIG_INCLUDE_LOOP);

	/* Through a link and a directory; the way into the loop is no part of it. */
	fixture_file(directory, "b.conf", path, "lxc.include = @/link\n");
	fixture_file(directory, "a", path, "#\nlxc.include = @/b.conf\n");
	snprintf(path, sizeof(path), "%s/link", directory);
	assert_int_equal(symlink("a", path), 0);
	fixture_file(directory, "start", path, "lxc.include = @/a\n");
	assert_int_equal(config_load(&f.config, path, &f.error), -ELOOP);
	str_reset(&expected);
	str_addf(&expected, "Include loop: %s/a:2 includes %s/b.conf:1 includes %s/link", directory,
		 directory, directory);
	assert_string_equal(err_cause(&f.error), str_text(&expected));

	/* The same file twice, side by side, is no loop. */
	fixture_file(directory, "leaf", path, "lxc.group = leaf\n");
	fixture_file(directory, "twice", path, "lxc.include = @/leaf\nlxc.include = @/leaf\n");
	assert_int_equal(config_load(&f.config, path, &f.error), 0);
	assert_get(&f, "lxc.group", "leaf\nleaf\n");
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

/* Few levels suffice for more files than anybody could read. */
static void includes_are_limited_in_number(void **state)
{
	char directory[64];
	char path[128];
	struct fixture f;

	(void)state;
	fixture_directory(directory);
	for (int i = 0; i <= 20; i++) {
		autostr text = {};
		char name[16];

		for (int k = 0; i < 20 && k < 2; k++)
			str_addf(&text, "lxc.include = @/f%d\n", i + 1);
		snprintf(name, sizeof(name), "f%d", i);
		fixture_file(directory, name, path, str_text(&text));
	}
	fixture_init(&f);
	snprintf(path, sizeof(path), "%s/f0", directory);
	assert_int_equal(config_load(&f.config, path, &f.error), -EINVAL);
	assert_int_equal(f.error.id, ERR_CONFIG_INCLUDE_DEPTH);
	assert_non_null(strstr(err_cause(&f.error), "More than 4096 files are included"));
	/* Each load counts anew. */
	err_clear(&f.error);
	snprintf(path, sizeof(path), "%s/f12", directory);
	assert_int_equal(config_load(&f.config, path, &f.error), 0);
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void includes_are_limited_in_depth(void **state)
{
	char directory[64];
	char path[128];
	struct fixture f;

	(void)state;
	fixture_directory(directory);
	/* f1 begins a chain of as many includes as there may be, f0 is one more. */
	for (int i = 0; i <= CONFIG_INCLUDE_DEPTH_MAX + 1; i++) {
		autostr text = {};
		char name[16];

		str_addf(&text, "lxc.group = g%d\n", i);
		if (i <= CONFIG_INCLUDE_DEPTH_MAX)
			str_addf(&text, "lxc.include = @/f%d\n", i + 1);
		snprintf(name, sizeof(name), "f%d", i);
		fixture_file(directory, name, path, str_text(&text));
	}
	fixture_init(&f);
	snprintf(path, sizeof(path), "%s/f1", directory);
	assert_int_equal(config_load(&f.config, path, &f.error), 0);
	snprintf(path, sizeof(path), "%s/f0", directory);
	assert_int_equal(config_load(&f.config, path, &f.error), -EINVAL);
	assert_cause(&f, ERR_CONFIG_INCLUDE_DEPTH, "Includes are nested more than 32 deep at \"/");
	assert_true(err_is_valid(&f.error));
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

static void generated_addresses_stay_in_the_text(void **state)
{
	static const struct {
		const char *line;
		const char *kept;
		const char *address;
	} cases[] = {
		{"lxc.net.0.hwaddr = 00:16:3e:xx:xX:Xx", "lxc.net.0.hwaddr = 00:16:3e:bb:bb:bb",
		 "00:16:3e:bb:bb:bb"},
		{"lxc.net.0.hwaddr=xx:xx:xx:xx:xx:xx", "lxc.net.0.hwaddr=ba:bb:bb:bb:bb:bb",
		 "ba:bb:bb:bb:bb:bb"},
		{"\tlxc.net.0.hwaddr = \"00:16:3e:xx:xx:xx\" ",
		 "\tlxc.net.0.hwaddr = \"00:16:3e:bb:bb:bb\" ", "00:16:3e:bb:bb:bb"},
		{"lxc.network.hwaddr = 00:16:3e:xx:xx:xx\t",
		 "lxc.network.hwaddr = 00:16:3e:bb:bb:bb\t", "00:16:3e:bb:bb:bb"},
		/* What is no address will be refused: as it was written. */
		{"lxc.net.0.hwaddr = :0x ", "lxc.net.0.hwaddr = :0x ", ":0x"},
		{"lxc.net.0.hwaddr = zz:xx", "lxc.net.0.hwaddr = zz:xx", "zz:xx"},
		{"lxc.net.0.hwaddr = =x:xx", "lxc.net.0.hwaddr = =x:xx", "=x:xx"},
		{"lxc.net.0.hwaddr = 00:16:3e:00:00:00", "lxc.net.0.hwaddr = 00:16:3e:00:00:00",
		 "00:16:3e:00:00:00"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct fixture f;
		autostr expected = {};

		fixture_init(&f);
		assert_loads(&f, "lxc.net.0.type = veth\n");
		f.config.legacy_net = 0;
		assert_loads(&f, cases[i].line);
		assert_get(&f, "lxc.net.0.hwaddr", cases[i].address);
		str_addf(&expected, "lxc.net.0.type = veth\n%s\n", cases[i].kept);
		assert_text(&f, str_text(&expected));
		assert_text_means_model(&f);
		fixture_finish(&f);
	}
}

static int no_entropy(void *buf, size_t len)
{
	(void)buf;
	(void)len;
	return -ENOSYS;
}

static void missing_randomness_is_an_error(void **state)
{
	const struct config_effects effects = {.random = no_entropy};
	struct config c;
	struct err e = {};

	(void)state;
	assert_int_equal(config_init(&c, &effects), 0);
	assert_int_equal(config_set(&c, "lxc.net.0.hwaddr", "00:xx:00:00:00:00", "(API)", &e),
			 -ENOSYS);
	assert_int_equal(c.values.nets.count, 0);
	config_finish(&c);
}

static void large_files_load_fast(void **state)
{
	enum { LINES = 20000 };
	static const char *const lines[] = {
		"lxc.net.%d.type = veth\n",
		"lxc.network.type = veth\n# %d\n",
		"lxc.mount.entry = /a%d b none bind\n",
		"lxc.cgroup2.memory.max = %d\n",
	};

	(void)state;
	for (size_t kind = 0; kind < ARRAY_LENGTH(lines); kind++) {
		struct fixture f;
		autostr text = {};

		fixture_init(&f);
		f.config.effects.report = NULL;
		for (int i = 0; i < LINES; i++) {
			char line[64];

			snprintf(line, sizeof(line), "%d", i);
			str_add_bytes(&text, lines[kind], strcspn(lines[kind], "%"));
			str_add(&text, line);
			str_add(&text, strchr(lines[kind], '%') + 2);
		}
		alarm(20); /* a minute where it was quadratic, with sanitizers */
		assert_loads(&f, str_text(&text));
		alarm(0);
		fixture_finish(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_in_lf_crlf_or_cr),
		cmocka_unit_test(a_nul_byte_ends_the_text),
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(comments_and_foreign_lines_are_kept_blank_lines_are_not),
		cmocka_unit_test(text_is_added_to_what_is_there),
		cmocka_unit_test(text_behind_a_nul_byte_is_not_read),
		cmocka_unit_test(lines_before_a_failure_stay_and_those_behind_are_only_kept),
		cmocka_unit_test(lines_without_equals_sign_and_unknown_keys_fail),
		cmocka_unit_test(failures_need_no_error_chain),
		cmocka_unit_test(a_checker_hears_of_every_error),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(the_first_file_gives_the_name),
		cmocka_unit_test(an_included_file_acts_without_leaving_text),
		cmocka_unit_test(an_included_directory_is_read_in_order_of_names),
		cmocka_unit_test(a_failure_in_an_include_is_told_once_a_level),
		cmocka_unit_test(include_loops_are_named),
		cmocka_unit_test(includes_are_limited_in_depth),
		cmocka_unit_test(includes_are_limited_in_number),
		cmocka_unit_test(generated_addresses_stay_in_the_text),
		cmocka_unit_test(missing_randomness_is_an_error),
		cmocka_unit_test(large_files_load_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
